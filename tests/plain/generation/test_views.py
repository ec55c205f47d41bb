"""Several pictures of one thing through the queue: sent together, known again, and refused at no cost."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from helpers import PLACEMENT, Driver, service_of
from PIL import Image
from service import Fault, Piapi

from trellis_blender.generation.record.echoes import same_pictures
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.record.history import already_made, sameness
from trellis_blender.generation.record.provenance import from_group, made_by, to_group
from trellis_blender.generation.record.request import GenerationRequest, View, compose_request
from trellis_blender.generation.states import State
from trellis_blender.generation.store.stored import from_json, to_json
from trellis_blender.imaging.picture import Picture
from trellis_blender.imaging.png import encode_png
from trellis_blender.interface.text import rows
from trellis_blender.piapi.client import ANSWER_LIMIT_BYTES
from trellis_blender.piapi.models import MODELS, VIEWS_LIMIT, InputUnusable
from trellis_blender.piapi.timings import Timings

NAMES = ("front", "right", "back", "left", "top", "bottom", "one too many")


def picture(number: int) -> Picture:
    """Of another size each."""
    return Picture(8 + number, 8, bytes([30 * number, 90, 160, 255]) * 8 * (8 + number))


def views_request(count: int = 3, model: str = "Qubico/trellis", seed: int = 5) -> GenerationRequest:
    return compose_request(
        model=model,
        prompt="",
        picture=picture(0),
        picture_name="chair",
        picture_path="/chair/front.png",
        picture_changed_ns=10,
        views=[View(f"/chair/{NAMES[number]}.png", 10 + number, picture(number)) for number in range(1, count)],
        parameters={"seed": seed},
        placement=PLACEMENT,
    )


@pytest.fixture
def timings() -> Timings:
    return Timings(look_after_s=(0.0, 0.05, 0.1))


def sizes_of(images: list[str]) -> list[tuple[int, int]]:
    contents = [base64.b64decode(image.split(",", 1)[1]) for image in images]
    return [Image.open(io.BytesIO(content)).size for content in contents]


def files_of(driver: Driver, generation: Generation) -> list[str]:
    return sorted(path.name for path in (driver.queue.folder / generation.folder_name).glob("input*"))


def test_several_are_sent_as_images_and_kept(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    assert (made.state, made.problem, made.charged_usd) == (State.READY, "", 0.04)
    (create,) = piapi.creates
    assert "image" not in create["input"]
    assert sizes_of(create["input"]["images"]) == [(8, 8), (9, 8), (10, 8)]
    assert files_of(driver, made) == ["input-2.png", "input-3.png", "input.png"]
    assert made.views_sha256 not in {"", made.picture_sha256}
    assert (made.views_taken, rows.why_not_all_views(made)) == (3, "")


def test_those_in_the_folder_are_sent_again(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(status=402, body={"code": 402, "message": "no credits", "data": None}))
    failed = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    driver.queue.submit_again(failed, service_of(piapi))
    driver.until(lambda: driver.latest[failed.id].state is State.READY)
    assert len(piapi.creates[0]["input"]["images"]) == 3


def test_where_one_is_gone_nothing_is_sent(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(status=402, body={"code": 402, "message": "no credits", "data": None}))
    failed = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    (driver.queue.folder / failed.folder_name / "input-2.png").unlink()
    driver.queue.submit_again(failed, service_of(piapi))
    driver.until(lambda: "no longer there" in driver.latest[failed.id].problem)
    assert driver.latest[failed.id].problem.endswith("Nothing was sent and nothing charged.")
    assert piapi.creates == []


def test_an_answer_may_repeat_six_of_nothing_but_noise() -> None:
    noise = Picture(1024, 1024, Random(7).randbytes(1024 * 1024 * 4))
    assert VIEWS_LIMIT * len(base64.b64encode(encode_png(noise))) + 100_000 < ANSWER_LIMIT_BYTES


def test_several_are_uploaded_one_by_one(driver: Driver, piapi: Piapi) -> None:
    service = replace(service_of(piapi), upload_images=True)
    made = driver.rest(driver.queue.submit(views_request(2), service))
    assert made.state is State.READY
    assert [upload["file_name"] for upload in piapi.uploads] == ["input.png", "input-2.png"]
    assert len(piapi.creates[0]["input"]["images"]) == 2


def test_that_only_the_first_was_taken_is_said_and_the_model_kept(driver: Driver, piapi: Piapi) -> None:
    piapi.uses_first_only = True
    made = driver.rest(driver.queue.submit(views_request(4), service_of(piapi)))
    assert (made.state, made.views_taken, made.charged_usd) == (State.READY, 1, 0.04)
    said = rows.describe(made, 0.0, here=True, in_scene=False, waits_for="").detail
    assert said == "PiAPI took only 1 of the 4 pictures, which it does not promise."


def test_a_service_that_echoes_no_pictures_says_nothing_about_them(driver: Driver, piapi: Piapi) -> None:
    piapi.echoes_pictures = False
    made = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    assert (made.state, made.views_taken, rows.why_not_all_views(made)) == (State.READY, 0, "")


def test_a_refusal_costs_nothing_and_is_remembered_for_the_account(
    make_driver: Callable[..., Driver], piapi: Piapi, tmp_path: Path
) -> None:
    piapi.takes_views = False
    service, first = service_of(piapi), make_driver()
    made = first.rest(first.queue.submit(views_request(), service))
    assert made.state is State.FAILED
    assert made.problem == (
        "PiAPI refused several pictures for one model. Remove all but one and try again. "
        "It said: “image is required”. Nothing was charged."
    )
    assert piapi.creates == []
    assert first.queue.refused_views.is_refused(service)
    assert not first.queue.refused_views.is_refused(replace(service, api_key="another-key"))
    assert first.queue.close(5.0)
    second = make_driver()
    second.queue.load()
    second.until(lambda: second.queue.has_loaded)
    assert second.queue.refused_views.is_refused(service)
    assert service.api_key.encode() not in (tmp_path / "generations" / "generations.sqlite3").read_bytes()
    second.queue.allow_views(service)
    second.until(lambda: not second.queue.refused_views.is_refused(service))


def test_a_refusal_of_something_else_says_nothing_about_several(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(status=400, body={"code": 400, "message": "seed out of range", "data": None}))
    made = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    assert made.problem.startswith("PiAPI refused the input (400).")
    assert not driver.queue.refused_views.is_refused(service_of(piapi))


def test_a_task_that_fails_with_several_may_do_with_one(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.fail_with = "cannot read images"
    made = driver.rest(driver.queue.submit(views_request(), service_of(piapi)))
    assert made.problem.endswith("PiAPI does not promise that it takes several pictures: try it with one.")


def test_a_lost_answer_is_found_by_its_pictures(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(reset=True, after=True))
    made = driver.rest(driver.queue.submit(views_request(seed=1), service_of(piapi)))
    assert (made.state, len(piapi.creates)) == (State.READY, 1)


@pytest.mark.parametrize(
    ("sent", "inputs", "is_same"),
    [
        ([b"one", b"two"], {"images": ("b25l", "dHdv")}, True),
        ([b"one", b"two"], {"images": ("b25l",)}, True),
        ([b"one", b"two"], {"image": "b25l"}, True),
        ([b"one", b"two"], {"images": ("b25l", "b3RoZXI=")}, False),
        ([b"one"], {"images": ("b25l", "dHdv")}, False),
        ([b"one", b"two"], {"images": ("https://a.example/1.png", "https://a.example/2.png")}, None),
        ([b"one", b"two"], {}, None),
    ],
)
def test_whose_pictures_are_echoed(sent: list[bytes], inputs: dict[str, object], is_same: bool | None) -> None:
    assert same_pictures(sent, (), inputs) is is_same


def test_addresses_that_went_out_are_known_again() -> None:
    addresses = ("https://a.example/1.png", "https://a.example/2.png")
    assert same_pictures([b"one", b"two"], addresses, {"images": addresses}) is True


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: views_request(VIEWS_LIMIT + 1),
            "These are 7 pictures; one model is made from 6 at most. Remove some.",
        ),
        (
            lambda: views_request(2, "Qubico/trellis2"),
            "TRELLIS 2 makes a model from one picture; these are 2. Remove the others, or choose TRELLIS.",
        ),
        (
            lambda: compose_request(
                model="Qubico/trellis", prompt="", picture=picture(1), picture_name="a", picture_path="/a/front.png",
                views=[View("", 0, picture(2)), View("C:\\b\\copy.png", 1, picture(1))], parameters={},
                placement=PLACEMENT,
            ),
            "The pictures 1 and 3 are the same (“front.png”, “copy.png”). Remove one of them.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_together(make: Callable[[], GenerationRequest], said: str) -> None:
    with pytest.raises(InputUnusable) as raised:
        make()
    assert str(raised.value) == said


def test_the_record_keeps_the_views_and_not_their_pixels() -> None:
    generation = replace(new_generation(views_request(), "https://api.piapi.ai", 3.0), views_sha256="ab", views_taken=1)
    text = to_json(generation)
    assert "rgba" not in text
    views = (View("/chair/right.png", 11), View("/chair/back.png", 12))
    kept = from_json(text)
    assert (kept.request.views, kept.views_sha256, kept.views_taken) == (views, "ab", 1)
    later = text.replace('"path": "/chair/right.png"', '"angle": 90, "path": "/chair/right.png"')
    assert from_json(later).request.views == views


@pytest.mark.parametrize(
    "views", ['"all"', "7", '[{"path": 5}]', "[[]]", "[{},{},{},{},{},{}]", '[{"changed_ns": 1.5}]']
)
def test_a_record_with_other_things_for_views_is_none(views: str) -> None:
    text = to_json(new_generation(views_request(1), "https://api.piapi.ai", 3.0))
    assert from_json(text).request.views == ()
    with pytest.raises(ValueError, match="TypeError"):
        from_json(text.replace('"views": []', f'"views": {views}'))


def test_a_model_says_how_many_pictures_it_is_from() -> None:
    generation = replace(
        new_generation(views_request(), "https://api.piapi.ai", 3.0), picture_sha256="a" * 64, views_sha256="b" * 64
    )
    group = to_group(made_by(generation, "1"))
    assert (group["views"], group["views_sha256"]) == (2, "b" * 64)
    again = from_group(group)
    assert again is not None
    assert (again.views, again.views_sha256) == (2, "b" * 64)
    for absurd in (-1, 6, 10**9, "two", float("nan"), True):
        read = from_group({**group, "views": absurd})
        assert read is not None
        assert read.views == 0


def test_other_views_make_another_model() -> None:
    made = replace(new_generation(views_request(), "https://api.piapi.ai", 3.0), state=State.READY)
    views = [("/chair/right.png", 11), ("/chair/back.png", 12)]

    def same(its_views: list[tuple[str, int]]) -> bool:
        wanted = sameness(MODELS["Qubico/trellis"], "", "/chair/front.png", 10, {"seed": 5}, views=its_views)
        return already_made([made], wanted, [5]) is not None

    assert same(views)
    assert not same([])
    assert not same(views[::-1])
