"""Concept images and background removal through the queue: the promises about money are those of the models."""

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import PLACEMENT, Driver, service_of
from models import data_uri
from PIL import Image
from service import Fault, Piapi

from trellis_blender.generation.files import pictures_in
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.picture_request import concepts_request, tool_price_usd, tool_request
from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.store.spending import Amount, spending, to_csv
from trellis_blender.generation.store.stored import from_json, to_json
from trellis_blender.imaging.picture import Picture
from trellis_blender.piapi.answers import Status, read_task
from trellis_blender.piapi.models import (
    BACKGROUND,
    CONCEPT_WORDING,
    PRICE_KNOWN_LATER,
    SEGMENT,
    UPSCALE,
    InputUnusable,
)
from trellis_blender.piapi.timings import Timings

SQUARE = Picture(8, 8, bytes([255, 255, 255, 255]) * 32 + bytes([20, 90, 160, 255]) * 32)


def concepts(prompt: str = "a jar") -> GenerationRequest:
    return concepts_request(prompt, CONCEPT_WORDING, PLACEMENT)


def background(picture: Picture = SQUARE, task_type: str = BACKGROUND, what: str = "") -> GenerationRequest:
    return tool_request(task_type, picture, "A jar", ("/somewhere/A jar.png", 7), PLACEMENT, what=what)


def enlarged() -> GenerationRequest:
    return background(task_type=UPSCALE)


def kept() -> GenerationRequest:
    return background(task_type=SEGMENT, what="steelblue")


@pytest.fixture
def timings() -> Timings:
    return Timings(look_after_s=(0.0, 0.05, 0.1))


def pictures_of(driver: Driver, generation: Generation) -> list[Path]:
    return pictures_in(driver.queue.folder / generation.folder_name)


def test_concept_images_are_four_and_kept(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(concepts("a green jar."), service_of(piapi)))
    assert (made.state, made.problem, made.charged_usd) == (State.READY, "", 0.008)
    (create,) = piapi.creates
    assert (create["model"], create["task_type"]) == ("Qubico/flux1-schnell", "txt2img")
    wording = "a green jar, a single object, shown whole and centred, seen from a three-quarter view"
    assert create["input"]["prompt"].startswith(wording)
    assert create["input"] | {"prompt": ""} == {"prompt": "", "width": 1024, "height": 1024, "batch_size": 4}
    assert [path.name for path in pictures_of(driver, made)] == [f"picture-{n}.png" for n in (1, 2, 3, 4)]
    images = [Image.open(path) for path in pictures_of(driver, made)]
    assert {image.size for image in images} == {(1024, 1024)}
    assert len({image.tobytes() for image in images}) == 4
    assert made.request.name == "a green jar"


def test_z_image_draws_them_at_a_price_that_is_known_before(driver: Driver, piapi: Piapi) -> None:
    request = concepts_request("a jar", CONCEPT_WORDING, PLACEMENT, "Qubico/z-image")
    assert costs.price(request.price_usd) == "$0.016"
    piapi.fail("create", Fault(reset=True, after=True))
    made = driver.rest(driver.queue.submit(request, service_of(piapi)))
    assert (made.state, made.charged_usd) == (State.READY, pytest.approx(request.price_usd))
    (create,) = piapi.creates
    assert (create["model"], create["task_type"], create["input"]["batch_size"]) == ("Qubico/z-image", "txt2img", 4)
    assert len(pictures_of(driver, made)) == 4
    assert piapi.asked("create") == 1


def test_a_background_is_removed_from_the_picture_that_was_sent(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(background(), service_of(piapi)))
    assert made.state is State.READY, made.problem
    (create,) = piapi.creates
    assert (create["model"], create["task_type"]) == ("Qubico/image-toolkit", "background-remove")
    assert create["input"].keys() == {"image"}
    (path,) = pictures_of(driver, made)
    rgba = Image.open(path).convert("RGBA")
    assert rgba.size == (8, 8)
    assert base64.b64decode(create["input"]["image"].split(",")[1])[:8] == b"\x89PNG\r\n\x1a\n"
    assert (driver.queue.folder / made.folder_name / "input.png").exists()


def test_a_picture_is_enlarged(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(enlarged(), service_of(piapi)))
    assert (made.state, made.charged_usd, made.request.price_usd) == (State.READY, 0.001, 0.001), made.problem
    (create,) = piapi.creates
    assert (create["model"], create["task_type"]) == ("Qubico/image-toolkit", "upscale")
    assert create["input"] | {"image": ""} == {"image": "", "scale": 2}
    with Image.open(pictures_of(driver, made)[0]) as image:
        assert image.size == (16, 16)


def test_one_thing_of_a_picture_is_kept(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(kept(), service_of(piapi)))
    assert (made.state, made.charged_usd, made.request.price_usd) == (State.READY, 0.01, 0.01), made.problem
    (create,) = piapi.creates
    sent = {"image": "", "prompt": "steelblue", "negative_prompt": "", "segment_factor": 0}
    assert create["input"] | {"image": ""} == sent
    mask, cutout = (Image.open(path).convert("RGBA") for path in pictures_of(driver, made))
    assert (mask.getpixel((0, 0))[:3], mask.getpixel((0, 7))[:3]) == ((0, 0, 0), (255, 255, 255))
    assert (cutout.getpixel((0, 0))[3], cutout.getpixel((0, 7))) == (0, (20, 90, 160, 255))


def test_of_two_things_of_one_picture_each_gets_its_own(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(at_once=1)
    piapi.fail("create", Fault(reset=True, after=True), Fault(reset=True, after=True))
    requests = [background(task_type=SEGMENT, what=what) for what in ("steelblue", "white")]
    made = [driver.rest(driver.queue.submit(request, service_of(piapi))) for request in requests]
    assert [piapi.tasks[each.task_id].payload["input"]["prompt"] for each in made] == ["steelblue", "white"]
    assert piapi.asked("create") == 2


def test_a_thing_that_is_not_there_is_said_with_what_it_cost(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.no_model_file = True
    failed = driver.rest(driver.queue.submit(kept(), service_of(piapi)))
    assert (failed.state, failed.problem) == (
        State.FAILED,
        "PiAPI found no “steelblue” in the picture. PiAPI charged $0.01. Name it with another word, or keep the "
        "picture as it is.",
    )


@pytest.mark.parametrize(
    ("task_type", "width", "height", "price"),
    [
        (BACKGROUND, 1024, 1024, "$0.001"),
        (UPSCALE, 100, 50, "$0.001"),
        (UPSCALE, 500, 500, "$0.001"),
        (UPSCALE, 1000, 500, "$0.002"),
        (UPSCALE, 1000, 501, "$0.0021"),
        (SEGMENT, 100, 100, "$0.01"),
        (SEGMENT, 1000, 1000, "$0.01"),
        (SEGMENT, 1024, 1024, "$0.0105"),
    ],
)
def test_what_a_tool_costs_is_known_before(task_type: str, width: int, height: int, price: str) -> None:
    assert costs.price(tool_price_usd(task_type, width, height)) == price


def test_an_upload_is_a_choice_here_too(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(background(), replace(service_of(piapi), upload_images=True)))
    assert made.state is State.READY, made.problem
    assert piapi.creates[0]["input"]["image"].startswith(f"{piapi.url}/files/upload")


@pytest.mark.parametrize("request_of", [concepts, background, enlarged, kept])
def test_a_lost_answer_is_looked_for_and_never_repeated(
    driver: Driver, piapi: Piapi, request_of: Callable[[], GenerationRequest]
) -> None:
    piapi.fail("create", Fault(reset=True, after=True))
    made = driver.rest(driver.queue.submit(request_of(), service_of(piapi)))
    assert made.state is State.READY, made.problem
    assert piapi.asked("create") == 1
    assert pictures_of(driver, made)


@pytest.mark.parametrize("request_of", [concepts, background, enlarged, kept])
def test_an_answer_that_was_lost_before_the_task_was_taken_asks_the_artist(
    driver: Driver, piapi: Piapi, request_of: Callable[[], GenerationRequest]
) -> None:
    piapi.fail("create", Fault(reset=True))
    rests = driver.rest(driver.queue.submit(request_of(), service_of(piapi)))
    assert rests.state is State.OUTCOME_UNKNOWN
    assert "It is not among the account's tasks so far" in rests.problem
    assert "charged nothing" not in rests.problem
    assert piapi.creates == []
    again = driver.rest(driver.queue.submit_again(rests, service_of(piapi)))
    assert again.state is State.READY
    assert len(piapi.creates) == 1


def test_two_lost_backgrounds_get_their_own_picture(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    other = Picture(8, 8, bytes([255, 255, 255, 255]) * 16 + bytes([160, 90, 20, 255]) * 48)
    driver = make_driver(at_once=1)
    piapi.fail("create", Fault(reset=True, after=True), Fault(reset=True, after=True))
    first = driver.queue.submit(background(), service_of(piapi))
    second = driver.queue.submit(background(other), service_of(piapi))
    made = [driver.rest(first), driver.rest(second)]
    assert piapi.asked("create") == 2
    for generation, colour in zip(made, [(20, 90, 160), (160, 90, 20)], strict=True):
        (path,) = pictures_of(driver, generation)
        assert Image.open(path).convert("RGBA").getpixel((0, 7))[:3] in {colour, (0, 0, 0)}
        sent = piapi.tasks[generation.task_id].payload["input"]["image"]
        kept = (driver.queue.folder / generation.folder_name / "input.png").read_bytes()
        assert sent == data_uri(kept)


def test_a_background_that_nobody_can_tell_from_another_is_not_adopted(driver: Driver, piapi: Piapi) -> None:
    piapi.echoes_pictures = False
    piapi.fail("create", Fault(reset=True, after=True))
    rests = driver.rest(driver.queue.submit(background(), service_of(piapi)))
    assert rests.state is State.OUTCOME_UNKNOWN
    assert rests.task_id == ""
    assert "Whether PiAPI accepted the task, and charged $0.001, is unknown." in rests.problem
    assert "does not say of which picture" in rests.problem
    assert "charged nothing" not in rests.problem


def test_a_blender_that_died_meanwhile_goes_on(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.6
    first = make_driver()
    generation = first.queue.submit(concepts(), service_of(piapi))
    first.until(lambda: first.latest.get(generation.id, generation).state is State.RUNNING)
    assert first.queue.close(5)
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    made = second.rest(second.queue.resume(second.latest[generation.id], service_of(piapi)))
    assert (made.state, made.request.price_usd) == (State.READY, PRICE_KNOWN_LATER)
    assert len(pictures_of(second, made)) == 4
    assert len(piapi.creates) == 1


def test_cancelled_while_pending_and_too_late(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    waiting = driver.queue.submit(concepts(), service_of(piapi))
    driver.until(lambda: driver.latest[waiting.id].state is State.WAITING)
    driver.queue.cancel(driver.latest[waiting.id], service_of(piapi))
    dropped = driver.rest(waiting)
    assert (dropped.state, dropped.problem) == (State.CANCELLED, "Cancelled at PiAPI. Nothing was charged.")
    piapi.behaviour.pending_s, piapi.behaviour.processing_s = 0.0, 0.5
    running = driver.queue.submit(concepts(), service_of(piapi))
    driver.until(lambda: driver.latest[running.id].state is State.RUNNING)
    driver.queue.cancel(driver.latest[running.id], service_of(piapi))
    kept = driver.rest(running)
    assert (kept.state, kept.wanted) == (State.READY, False)
    assert len(pictures_of(driver, kept)) == 4


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(200, "<html>gone</html>"), "What was delivered cannot be used: it is a web page."),
        (Fault(200, b"GIF89a"), "What was delivered cannot be used: it is no PNG, JPEG or WebP."),
        (Fault(404), "The finished picture is no longer at the address that PiAPI gave."),
    ],
)
def test_what_is_no_picture_is_asked_for_again_then_parked(
    driver: Driver, piapi: Piapi, fault: Fault, said: str
) -> None:
    piapi.fail_always("file", fault)
    parked = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    assert (parked.state, parked.parked) == (State.DOWNLOADING, True)
    assert parked.problem.startswith(said)
    assert parked.problem.endswith("is not lost: Resume takes it up again at no cost.")
    assert pictures_of(driver, parked) == []
    piapi.fail_always("file", None)
    made = driver.rest(driver.queue.resume(parked, service_of(piapi)))
    assert made.state is State.READY
    assert len(piapi.creates) == 1


def test_only_the_picture_that_broke_off_is_fetched_again(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", None, None, Fault(cut_after=500))
    made = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    assert made.state is State.READY, made.problem
    assert piapi.asked("file") == 5
    assert len({path.read_bytes() for path in pictures_of(driver, made)}) == 4


def test_how_far_it_is_is_told_after_each_picture(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", None, Fault(cut_after=500))
    made = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    coming = [each for each in driver.history[made.id] if each.state is State.DOWNLOADING and each.progress]
    assert any(each.problem for each in driver.history[made.id]), "the one that broke off"
    told = dict.fromkeys((each.progress, each.stage, each.problem) for each in coming if not each.problem)
    assert list(told) == [(0.25, "", ""), (0.5, "", ""), (0.75, "", ""), (1.0, "", "")]


def test_a_picture_of_two_gigabytes_is_not_begun(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("file", Fault(announced=2 * 2**30))
    parked = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    assert parked.problem.startswith("What was delivered cannot be used: it is larger than 64 MB.")


def test_a_task_that_is_done_and_names_no_picture(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.no_model_file = True
    parked = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    assert "the task is completed, but names no picture" in parked.problem


def test_a_task_that_fails_says_so_of_a_picture(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.fail_with = "prompt refused"
    failed = driver.rest(driver.queue.submit(concepts(), service_of(piapi)))
    assert failed.problem == (
        "PiAPI could not make this picture: “prompt refused”. PiAPI charged $0.008. Change it and try again."
    )


def test_what_pictures_cost_counts_as_spent(driver: Driver, piapi: Piapi) -> None:
    for request in (concepts(), background()):
        driver.rest(driver.queue.submit(request, service_of(piapi)))
    known = Store(driver.queue.folder).costs()
    assert [cost.charged_usd for cost in known] == [0.008, 0.001]
    assert [cost.price_usd for cost in known] == [PRICE_KNOWN_LATER, 0.001]
    total = spending(known, known[0].at + 1, "")
    assert total.ever == Amount(pytest.approx(0.009), is_exact=True)
    untold = [known[0]._replace(charged_usd=None), known[1]]
    assert spending(untold, known[0].at, "").ever.has_untold
    assert not spending(untold, known[0].at, "").ever.is_exact
    rows = list(csv.reader(io.StringIO(to_csv(untold).decode("utf-8-sig"))))
    assert [row[5:] for row in rows[1:]] == [["", "", "not told"], ["0.0010", "0.0010", "charged"]]


def test_the_record_is_json_that_everybody_reads() -> None:
    generation = Generation("id", concepts())
    text = to_json(generation)
    assert json.loads(text, parse_constant=pytest.fail)["request"]["price_usd"] is None
    assert from_json(text) == generation


def test_no_sentence_speaks_of_a_price_that_nobody_knows() -> None:
    generation = Generation("id", concepts())
    said = [
        costs.price(PRICE_KNOWN_LATER),
        costs.charged(generation),
        costs.paid(generation),
        costs.unknown(generation),
    ]
    assert not [sentence for sentence in said if "inf" in sentence or "$" in sentence]
    assert costs.asks_first(PRICE_KNOWN_LATER, 1000.0)
    assert costs.charged(replace(generation, charged_usd=0.008)) == "PiAPI charged $0.008."


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        ({"image_url": "https://x/1.png"}, ("https://x/1.png",)),
        ({"image_url": "", "image_urls": ["https://x/1.png", "", None, "https://x/2.png"]},
         ("https://x/1.png", "https://x/2.png")),
        ({"image_url": "https://x/1.png", "image_urls": []}, ("https://x/1.png",)),
        ({"image_urls": "https://x/1.png"}, ()),
        ({"image_url": " https://x/1\n.png "}, ("https://x/1.png",)),
        ({"image_url": 5}, ()),
        ([], ()),
    ],
)  # fmt: skip
def test_the_addresses_are_read_from_either_field(output: object, urls: tuple[str, ...]) -> None:
    task = read_task({"data": {"task_id": "t", "status": "completed", "output": output}})
    assert task.picture_urls == urls
    ended = {"task_id": "t", "status": "?", "output": output, "meta": {"ended_at": "2025-11-26T08:18:30.1Z"}}
    assert read_task({"data": ended}).status is (Status.COMPLETED if urls else Status.FAILED)


def test_what_is_too_long_or_empty_is_refused_here() -> None:
    with pytest.raises(InputUnusable, match="There is no prompt"):
        concepts("  ")
    with pytest.raises(InputUnusable, match=r"at most 1,000 are sent"):
        concepts("a jar " * 160)
    assert concepts_request("a jar", " ", PLACEMENT).prompt == "a jar"
    with pytest.raises(InputUnusable, match=r"What to keep is missing.*nothing was sent"):
        background(task_type=SEGMENT, what=" \u200b")
    with pytest.raises(InputUnusable, match=r"at most 100 are sent"):
        background(task_type=SEGMENT, what="an apple " * 20)


def test_a_picture_that_is_large_already_is_not_enlarged() -> None:
    with pytest.raises(InputUnusable, match=r"large already: 1024 × 2 pixels.*Nothing was sent"):
        background(Picture(1024, 2, bytes(8192)), UPSCALE)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, ""),
        ({"batch_size": 5}, "batch_size"),
        ({"width": 2048}, "width*height"),
        ({"guidance_scale": 9}, "guidance_scale"),
        ({"prompt": ""}, "prompt"),
    ],
)
def test_the_service_refuses_what_the_contract_refuses(piapi: Piapi, change: dict[str, object], refused: str) -> None:
    import requests

    inputs = {"prompt": "a jar", "width": 1024, "height": 1024, "batch_size": 4} | change
    body = {"model": "Qubico/flux1-schnell", "task_type": "txt2img", "input": inputs}
    answer = requests.post(f"{piapi.url}/api/v1/task", json=body, headers={"x-api-key": piapi.key}, timeout=5)
    assert answer.status_code == (400 if refused else 200)
    assert refused in answer.json()["message"] or not refused
