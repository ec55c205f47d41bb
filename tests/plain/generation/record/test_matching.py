"""Which of the account's tasks is the one of a generation whose answer was lost, and which one surely is not."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import requests
from helpers import PICTURE, PLACEMENT, Driver, image_request, service_of, text_request, work_without_queue
from service import KEY, Behaviour, Fault, Piapi

from trellis_blender.generation.problems import FolderUnusable
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.echoes import same_number, same_prompt, same_seed
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.record.matching import CLOCK_OFF_S, SKEW_S, Sent, SentAt, Verdict, judge, sent_at
from trellis_blender.generation.record.picture_request import concepts_request, tool_request
from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.worker.reconcile import NOT_THERE, look_for
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.errors import ConnectionCut
from trellis_blender.piapi.models import CONCEPT_WORDING
from trellis_blender.piapi.task_lists import ListedTask, read_history
from trellis_blender.piapi.timings import Timings

AT = 1_700_000_000.0
IMAGE = b"the picture that was sent"
OTHER = b"the picture of another one"


def encoded(image: bytes) -> str:
    return base64.b64encode(image).decode()


def background() -> GenerationRequest:
    return tool_request("background-remove", PICTURE, "A bear", ("/somewhere/A bear.png", 7), PLACEMENT)


def submitted(request: GenerationRequest, at: float = AT) -> Generation:
    return replace(new_generation(request, "https://api.piapi.ai", at), submitted_at=at, state=State.SUBMITTING)


def entry(request: GenerationRequest, **change: object) -> ListedTask:
    listed = {"task_id": "t", "model": request.model, "task_type": request.task_type, "status": "pending", **change}
    return read_history([listed]).tasks[0]


def verdict(request: GenerationRequest, listed: ListedTask, image: bytes = b"", sent_as: str = "") -> Verdict:
    return judge(
        submitted(request), listed, Sent((image,) * bool(image), (sent_as,) * bool(sent_as)), SentAt(AT, AT - SKEW_S)
    )


TEXT = text_request(seed=7)


OWN, OTHERS, MAYBE = Verdict.ITS_OWN, Verdict.ANOTHERS, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("change", "whose"),
    [
        ({}, MAYBE),
        ({"input": {"prompt": "a bear", "seed": 7}}, OWN),
        ({"input": {"prompt": " a  bear ", "seed": 7}}, OWN),
        ({"input": {"seed": 7}}, OWN),
        ({"model": "TRELLIS", "input": {"seed": 7}}, OWN),
        ({"model": "", "task_model": "trellis-3d", "input": {"seed": 7}}, OWN),
        ({"model": "Qubico/trellis2", "input": {"seed": 7}}, OTHERS),
        ({"model": "kling"}, OTHERS),
        ({"task_type": "image-to-3d"}, OTHERS),
        ({"task_type": "video_generation", "input": {"seed": 7}}, OWN),
        ({"input": {"prompt": "a bear", "seed": 8}}, OTHERS),
        # The seed is the artist's own, and others of the same may be on their way.
        ({"input": {"prompt": "a fox", "seed": 7}}, MAYBE),
        ({"input": {"prompt": "a bear", "seed": 7, "ss_sampling_steps": 12}}, MAYBE),
        # Seed 0 is one that the service draws itself.
        ({"input": {"prompt": "a bear", "seed": 0}}, MAYBE),
        ({"input": {"prompt": "a bear"}}, MAYBE),
        ({"input": {"prompt": "a fox"}}, OTHERS),
        ({"input": {"slat_sampling_steps": 12}}, OTHERS),
        ({"meta": {"created_at": "2001-01-01T00:00:00Z"}, "input": {"seed": 7}}, OTHERS),
        ({"meta": {"created_at": "2099-01-01T00:00:00Z"}, "input": {"seed": 7}}, OWN),
    ],
)
def test_whose_task_it_is(change: dict[str, object], whose: Verdict) -> None:
    assert verdict(TEXT, entry(TEXT, **change)) is whose


@pytest.mark.parametrize(
    ("change", "whose"),
    [
        ({"model": "a word of another year"}, OWN),
        ({"model": "a word of another year", "input": {"seed": 8}}, OTHERS),
        ({"model": "a word of another year", "input": None}, OTHERS),
        ({"model": "Qubico/trellis2"}, OTHERS),
        ({"model": "x", "task_type": "image-to-3d"}, OTHERS),
    ],
)
def test_whatever_a_model_is_called_a_drawn_seed_tells(change: dict[str, object], whose: Verdict) -> None:
    drawn = text_request(seed=123_456_789)
    assert verdict(drawn, entry(drawn, **{"input": {"seed": 123_456_789}, **change})) is whose


@pytest.mark.parametrize(
    ("model", "inputs", "late_s", "whose"),
    [
        ("a word of another year", None, 1.0, MAYBE),
        ("a word of another year", None, SKEW_S + 1, OTHERS),
        ("a word of another year", {"prompt": "a bear"}, 1.0, OTHERS),
        ("Qubico/trellis2", None, 1.0, OTHERS),
        ("flux1-schnell", None, 1.0, OTHERS),
    ],
)
def test_what_was_made_then_is_asked_about_whatever_its_model_is_called(
    model: str, inputs: dict[str, object] | None, late_s: float, whose: Verdict
) -> None:
    """Nobody has seen yet what the lists call each model."""
    listed = entry(TEXT, model=model, input=inputs)
    assert verdict(TEXT, replace(listed, task=replace(listed.task, created_at=AT + late_s))) is whose


@pytest.mark.parametrize(("late_s", "whose"), [(0.0, OWN), (-SKEW_S, OWN), (-SKEW_S - 1, OTHERS), (7200.0, OWN)])
def test_what_was_made_before_it_was_sent_is_anothers(late_s: float, whose: Verdict) -> None:
    listed = entry(TEXT, input={"seed": 7})
    assert verdict(TEXT, replace(listed, task=replace(listed.task, created_at=AT + late_s))) is whose


DAYS_S = 3 * 86400.0


@pytest.mark.parametrize(
    ("submitted_at", "here", "there", "elapsed_s", "likely", "earliest"),
    [
        # From this Blender: the clock that nobody sets tells how long ago it was.
        (AT, AT + 60, AT + 60, 60.0, AT, AT - SKEW_S),
        (AT + DAYS_S, AT + DAYS_S + 60, AT + 60, 60.0, AT, AT - SKEW_S),
        (AT, AT + 60, None, 60.0, AT, AT - SKEW_S),
        # It does not count while the computer sleeps.
        (AT, AT + 7200, AT + 7200, 60.0, AT, AT - SKEW_S),
        # From an earlier one: off by as much as now,
        (AT + DAYS_S, AT + DAYS_S + 60, AT + 60, None, AT, AT - SKEW_S),
        (AT - DAYS_S, AT - DAYS_S + 60, AT + 60, None, AT, AT - DAYS_S - SKEW_S),
        (AT, AT + 60, None, None, AT, AT - SKEW_S),
        # or put right since.
        (AT + DAYS_S, AT + 60, AT + 60, None, AT + 60, AT + 60 - CLOCK_OFF_S),
        (AT - DAYS_S, AT + 60, AT + 60, None, AT - DAYS_S, AT - DAYS_S - SKEW_S),
    ],
)
def test_when_it_was_sent_by_the_services_clock(
    submitted_at: float, here: float, there: float | None, elapsed_s: float | None, likely: float, earliest: float
) -> None:
    assert sent_at(submitted_at, here, there, elapsed_s) == (likely, earliest)


@pytest.mark.parametrize(
    ("echo", "shows"),
    [
        ("data:image/png;base64," + encoded(IMAGE), True),
        (encoded(IMAGE), True),
        (encoded(IMAGE).rstrip("="), True),
        (encoded(IMAGE)[:8] + "\n" + encoded(IMAGE)[8:], True),
        (encoded(IMAGE).replace("=", "%3D"), True),
        ("data:image/png;base64," + encoded(OTHER), False),
        (encoded(OTHER), False),
        ("https://files.example/a,bear", None),
        ("https://files.example/" + encoded(OTHER), None),
        ("data:image/png;base64," + encoded(IMAGE)[:12], None),
        ("data:image/png;base64," + encoded(OTHER)[:10] + "...", None),
        ("<image/png, 1204 bytes>", None),
        ("ä", None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("place", ["image", "images"])
def test_a_picture_tells_tasks_apart_only_where_the_whole_of_it_is_echoed(
    echo: object, shows: bool | None, place: str
) -> None:
    said = {"image": echo} if place == "image" else {"image": "", "images": [echo]}
    cut_out = background()
    told = {True: OWN, False: OTHERS, None: MAYBE}[shows]
    assert verdict(cut_out, entry(cut_out, input=said), IMAGE) is told
    # The seed is enough, where nothing speaks against it; one that was drawn is enough where something does.
    typed = image_request(seed=7)
    assert verdict(typed, entry(typed, input={**said, "seed": 7}), IMAGE) is (MAYBE if shows is False else OWN)
    drawn = image_request(seed=1_234_567_891)
    assert verdict(drawn, entry(drawn, input={**said, "seed": 1_234_567_891}), IMAGE) is OWN


@pytest.mark.parametrize("place", ["image", "images"])
def test_the_address_that_was_sent_is_recognised(place: str) -> None:
    url = "https://upload.example/a.png"
    cut_out = background()
    listed = entry(cut_out, input={place: [url] if place == "images" else url})
    assert verdict(cut_out, listed, IMAGE, url) is OWN
    assert verdict(cut_out, listed, IMAGE, "https://upload.example/b.png") is MAYBE


def test_what_was_sent_is_gone_and_so_nothing_tells_the_task_from_others() -> None:
    cut_out = background()
    assert verdict(cut_out, entry(cut_out, input={"image": encoded(IMAGE)})) is MAYBE


@pytest.mark.parametrize(
    ("echo", "is_same"),
    [
        (1_234_567_891, True),
        (1_234_567_936.0, True),  # as 32 bits hold it
        (1.23457e9, True),
        (1.235e9, True),
        (1_234_567_892, False),
        (1.23458e9, False),
        (7, False),
        (0, None),
        (-1, None),
        (None, None),
        ("x", None),
    ],
)
def test_seeds(echo: object, is_same: bool | None) -> None:
    assert same_seed(1_234_567_891, echo) is is_same


def test_a_small_seed_is_not_rounded() -> None:
    assert same_seed(7, 8) is False
    assert same_seed(12_346, 12_350) is True
    assert same_seed(12_345, 12_346) is False


@pytest.mark.parametrize(("echo", "is_same"), [(7.5, True), (7, True), (8.0, True), (8.6, False), ("x", None)])
def test_numbers_may_be_rounded(echo: object, is_same: bool | None) -> None:
    assert same_number(7.5, echo) is is_same


PROMPT = 'Ein Bär “aus Holz”, 100% Eiche & 日本 Lack; straße'


@pytest.mark.parametrize(
    "echo",
    [
        PROMPT,
        PROMPT.upper(),
        PROMPT.replace("ä", "a\u0308"),
        html.escape(html.escape(PROMPT)),
        json.dumps(PROMPT),
        json.dumps(json.dumps(PROMPT)),
        quote(PROMPT),
        quote_plus(PROMPT),
        PROMPT.encode("ascii", "replace").decode(),
        PROMPT.encode("ascii", "ignore").decode(),
        f"  {PROMPT}\n\n",
        PROMPT[:20] + "…",
        PROMPT[:20] + "...",
        PROMPT[:10] + "[...]" + PROMPT[-10:],
    ],
)
def test_a_prompt_is_known_again_whatever_was_done_to_it(echo: str) -> None:
    assert same_prompt(PROMPT, echo) is True


@pytest.mark.parametrize("echo", [PROMPT[:20], PROMPT[:8], "", "***", "…", None, 7, "(hidden) "[:3]])
def test_a_beginning_of_a_prompt_does_not_tell(echo: object) -> None:
    assert same_prompt(PROMPT, echo) is None


@pytest.mark.parametrize("echo", ["a fox", PROMPT + " und mehr", "Ein Hund “aus Holz”…", "木の熊"])
def test_another_prompt_is_another(echo: object) -> None:
    assert same_prompt(PROMPT, echo) is False


def test_a_prompt_without_latin_letters() -> None:
    assert same_prompt("木の熊", "木の熊") is True
    assert same_prompt("木の熊", "木の狐") is False
    assert same_prompt("木の熊", "???") is None


# In turn, and not without end


@pytest.fixture
def timings() -> Timings:
    return Timings(look_after_s=(0.0,))


def create(piapi: Piapi, request: GenerationRequest, inputs: dict[str, object]) -> str:
    payload = {"model": request.model, "task_type": request.task_type, "input": inputs}
    answer = requests.post(f"{piapi.url}/api/v1/task", json=payload, headers={"x-api-key": KEY}, timeout=5)
    return str(answer.json()["data"]["task_id"])


@pytest.mark.parametrize("off_s", [-3600.0, 3600.0])
def test_of_several_just_like_it_the_one_made_at_its_time_is_taken(driver: Driver, piapi: Piapi, off_s: float) -> None:
    request = concepts_request("a jar", CONCEPT_WORDING, PLACEMENT)

    def others() -> None:
        sent = piapi.creates[0]["input"]
        for _ in range(2):
            piapi.tasks[create(piapi, request, sent)].made_at += off_s

    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail("active tasks", Fault(also=others))
    found = driver.rest(driver.queue.submit(request, service_of(piapi)))
    assert found.task_id == next(iter(piapi.tasks))


def test_where_it_cannot_be_looked_for_nobody_says_that_nothing_was_charged(
    piapi: Piapi, tmp_path: Path, timings: Timings
) -> None:
    """The disk goes away between the submission and the look for it."""
    blocked = tmp_path / "in the way"
    blocked.touch()
    told: list[Generation] = []
    service = service_of(piapi)
    work = work_without_queue(tmp_path, submitted(TEXT), told, service, store=Store(blocked), timings=timings)
    work.is_submitting = True
    with pytest.raises(FolderUnusable) as caught:
        look_for(work, Client(service), ConnectionCut())
    work.give_up(str(caught.value))
    assert told[-1].problem == f"{caught.value} {costs.unknown(work.generation)}"
    assert costs.NOTHING_CHARGED not in told[-1].problem


def test_only_so_many_are_asked_for_one_by_one(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(asked_max=2))
    for seed in range(1, 5):
        create(piapi, TEXT, {"prompt": "a fox", "seed": seed})
    piapi.fail("create", Fault(reset=True))
    unknown = driver.rest(driver.queue.submit(TEXT, service_of(piapi)))
    assert piapi.asked("get") == 2
    assert unknown.state is State.OUTCOME_UNKNOWN
    assert "One of them may be it, but PiAPI does not say what it was made from." in unknown.problem


def test_a_search_goes_on_where_the_last_one_has_ended(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    """Of an account with hundreds of tasks none would ever come to an end, with those of other machines in it."""
    driver = make_driver(timings=timings._replace(asked_max=2, known_after_s=0.0))
    for seed in range(11, 18):
        create(piapi, TEXT, {"prompt": "a fox", "seed": seed})
    piapi.fail("create", Fault(reset=True))
    unknown = driver.rest(driver.queue.submit(TEXT, service_of(piapi)))
    for _ in range(4):
        unknown = driver.rest(driver.queue.resume(unknown, service_of(piapi)))
    assert NOT_THERE.format(name="PiAPI") in unknown.problem
    assert piapi.asked("get") == 7, "each is asked for once"


def test_one_that_cannot_be_looked_at_hides_no_other(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(processing_s=60.0)
    create(piapi, TEXT, {"prompt": "a fox", "seed": 1})
    piapi.behaviour = Behaviour()
    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail("get", Fault(403))
    found = driver.rest(driver.queue.submit(TEXT, service_of(piapi)))
    assert (found.state, found.task_id) == (State.READY, list(piapi.tasks)[1])
