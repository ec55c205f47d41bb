"""Which of the account's tasks is the one of a generation whose answer was lost, and which one surely is not."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from helpers import PICTURE, PLACEMENT, Driver, image_request, service_of, text_request, work_without_queue
from service import KEY, Behaviour, Fault, Piapi

from trellis_blender.generation import costs
from trellis_blender.generation.adopt import WINDOW_S, is_another, look_for, matches
from trellis_blender.generation.picture_request import background_request, concepts_request
from trellis_blender.generation.problems import FolderUnusable
from trellis_blender.generation.record import Generation, new_generation
from trellis_blender.generation.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.generation.store import Store
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.errors import ConnectionCut
from trellis_blender.piapi.picture_models import WORDING
from trellis_blender.piapi.tasks import ListedTask, read_task_list

AT = 1_700_000_000.0
IMAGE = b"the picture that was sent"
OTHER = b"the picture of another one"


def encoded(image: bytes) -> str:
    return base64.b64encode(image).decode()


def background() -> GenerationRequest:
    return background_request(PICTURE, "A bear", "/somewhere/A bear.png", 7, PLACEMENT)


def submitted(request: GenerationRequest, at: float = AT) -> Generation:
    return replace(new_generation(request, "https://api.piapi.ai", at), submitted_at=at, state=State.SUBMITTING)


def entry(request: GenerationRequest, **change: object) -> ListedTask:
    listed = {"task_id": "t", "model": request.model, "task_type": request.task_type, "status": "pending", **change}
    return read_task_list([listed])[0]


TEXT = text_request(seed=7)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"model": "Qubico/trellis2"}, False),
        ({"task_type": "image-to-3d"}, False),
        ({"input": {"prompt": "a bear", "seed": 8}}, False),
        ({"input": {"prompt": "a fox", "seed": 7}}, False),
        ({"input": {"prompt": " a  bear ", "seed": 7}}, True),
        ({"input": {"prompt": "a bear", "seed": 7, "ss_sampling_steps": 12}}, False),
        ({"input": {"prompt": "a bear"}}, False),
        ({"input": {"seed": 7}}, False),
        ({"meta": {"created_at": "2001-01-01T00:00:00Z"}}, False),
    ],
)
def test_only_the_very_task_matches(change: dict[str, object], fits: bool) -> None:
    listed = entry(TEXT, **{"input": {"prompt": "a bear", "seed": 7}, **change})
    assert matches(submitted(TEXT), listed, b"") is fits


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, False),
        ({"model": "TRELLIS"}, False),
        ({"model": "Qubico/trellis2"}, True),
        ({"task_type": "image-to-3d"}, True),
        ({"input": {"prompt": "a bear"}}, False),
        ({"input": {"seed": 7}}, False),
        ({"input": {"seed": 8}}, True),
        ({"input": {"prompt": "a fox"}}, True),
        ({"input": {"slat_sampling_steps": 12}}, True),
    ],
)
def test_another_task_is_one_that_says_so(change: dict[str, object], told: bool) -> None:
    assert is_another(submitted(TEXT), entry(TEXT, **change), b"") is told


@pytest.mark.parametrize(("off_s", "told"), [(-WINDOW_S, False), (-WINDOW_S - 1, True), (0.0, False)])
def test_a_clock_may_take_another_zones_time_for_its_own(off_s: float, told: bool) -> None:
    listed = entry(TEXT)
    listed = replace(listed, task=replace(listed.task, created_at=AT + off_s))
    assert is_another(submitted(TEXT), listed, b"") is told


@pytest.mark.parametrize(
    ("echo", "shows"),
    [
        ("data:image/png;base64," + encoded(IMAGE), True),
        (encoded(IMAGE), True),
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
        (["a"], None),
    ],
)
def test_a_picture_tells_tasks_apart_only_where_the_whole_of_it_is_echoed(echo: object, shows: bool | None) -> None:
    model = image_request()
    inputs = {"image": echo, "seed": model.seed}
    assert is_another(submitted(model), entry(model, input=inputs), IMAGE) is (shows is False)
    # The seed is enough, where nothing speaks against it.
    assert matches(submitted(model), entry(model, input=inputs), IMAGE) is (shows is not False)
    cut_out = background()
    assert matches(submitted(cut_out), entry(cut_out, input={"image": echo}), IMAGE) is (shows is True)


def test_what_was_sent_is_gone_and_so_nothing_tells_the_task_from_others() -> None:
    cut_out = background()
    listed = entry(cut_out, input={"image": encoded(IMAGE)})
    assert not matches(submitted(cut_out), listed, b"")
    assert not is_another(submitted(cut_out), listed, b"")


# In turn, and not without end


@pytest.fixture
def _one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_blender.generation.adopt.LOOK_AFTER_S", (0.0,))


def create(piapi: Piapi, request: GenerationRequest, inputs: dict[str, object]) -> str:
    payload = {"model": request.model, "task_type": request.task_type, "input": inputs}
    answer = requests.post(f"{piapi.url}/api/v1/task", json=payload, headers={"x-api-key": KEY}, timeout=5)
    return str(answer.json()["data"]["task_id"])


@pytest.mark.usefixtures("_one_look")
@pytest.mark.parametrize("off_s", [-3600.0, 3600.0])
def test_of_several_just_like_it_the_one_made_at_its_time_is_taken(driver: Driver, piapi: Piapi, off_s: float) -> None:
    request = concepts_request("a jar", WORDING, PLACEMENT)

    def others() -> None:
        sent = piapi.creates[0]["input"]
        for _ in range(2):
            piapi.tasks[create(piapi, request, sent)].made_at += off_s

    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail("active tasks", Fault(also=others))
    found = driver.rest(driver.queue.submit(request, service_of(piapi)))
    assert found.task_id == next(iter(piapi.tasks))


@pytest.mark.usefixtures("_one_look")
def test_where_it_cannot_be_looked_for_nobody_says_that_nothing_was_charged(piapi: Piapi, tmp_path: Path) -> None:
    """The disk goes away between the submission and the look for it."""
    blocked = tmp_path / "in the way"
    blocked.touch()
    told: list[Generation] = []
    service = service_of(piapi)
    work = work_without_queue(tmp_path, submitted(TEXT), told, service, store=Store(blocked))
    work.is_submitting = True
    with pytest.raises(FolderUnusable) as caught:
        look_for(work, Client(service), ConnectionCut())
    work.give_up(str(caught.value))
    assert told[-1].problem == f"{caught.value} {costs.unknown(TEXT.price_usd)}"
    assert costs.NOTHING_CHARGED not in told[-1].problem


@pytest.mark.usefixtures("_one_look")
def test_only_so_many_are_asked_after_one_by_one(driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_blender.generation.adopt.ASKED_MAX", 2)
    piapi.bare_lists = True
    for seed in range(1, 5):
        create(piapi, TEXT, {"prompt": "a fox", "seed": seed})
    piapi.fail("create", Fault(reset=True))
    unknown = driver.rest(driver.queue.submit(TEXT, service_of(piapi)))
    assert piapi.asked("get") == 2
    assert unknown.state is State.OUTCOME_UNKNOWN
    assert "One of them may be it, but PiAPI does not say what it was made from." in unknown.problem


@pytest.mark.usefixtures("_one_look")
def test_one_that_cannot_be_looked_at_hides_no_other(driver: Driver, piapi: Piapi) -> None:
    piapi.bare_lists = True
    piapi.behaviour = Behaviour(processing_s=60.0)
    create(piapi, TEXT, {"prompt": "a fox", "seed": 1})
    piapi.behaviour = Behaviour()
    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail("get", Fault(403))
    found = driver.rest(driver.queue.submit(TEXT, service_of(piapi)))
    assert (found.state, found.task_id) == (State.READY, list(piapi.tasks)[1])
