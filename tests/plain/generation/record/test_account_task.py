"""A task made elsewhere with this account, as a generation here."""

import pytest
from helpers import PLACEMENT

from trellis_blender.generation.record.account_task import generation_of
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.piapi.answers import Status, Task
from trellis_blender.piapi.models import IMAGE, MODELS, TEXT, InputUnusable
from trellis_blender.piapi.task_lists import ListedTask

API_URL = "https://api.example"
MODEL = MODELS["Qubico/trellis"]


def listed(kind: str, prompt: object, model: str = MODEL.id, made_at: float | None = 1000.0) -> ListedTask:
    task = Task("task-1", next(iter(Status)), charged_usd=0.03, created_at=made_at)
    return ListedTask(task, model, kind, {"prompt": prompt})


def test_all_that_is_known_of_a_task_comes_along() -> None:
    generation = generation_of(listed(TEXT, " a\n brown  bear "), PLACEMENT, API_URL, 2000.0)
    assert generation == Generation(
        id=generation.id,
        request=GenerationRequest(
            model=MODEL.id,
            task_type=TEXT,
            prompt="a brown bear",
            name="a brown bear",
            parameters=tuple((each.name, each.default) for each in MODEL.parameters),
            price_usd=MODEL.price_usd,
            placement=PLACEMENT,
        ),
        state=State.WAITING,
        created_at=1000.0,
        api_url=API_URL,
        task_id="task-1",
        charged_usd=0.03,
        wanted=False,
        fetched=True,
    )
    assert len(generation.id) == 32


def test_a_task_that_does_not_say_when_it_was_made_is_as_old_as_its_arrival() -> None:
    assert generation_of(listed(TEXT, "a bear", made_at=None), PLACEMENT, API_URL, 2000.0).created_at == 2000.0


@pytest.mark.parametrize(
    ("said", "prompt", "kind"),
    [(TEXT, "", TEXT), (IMAGE, "a bear", IMAGE), ("", "a bear", TEXT), ("", "", IMAGE), ("", 7, IMAGE)],
)
def test_what_it_was_made_from_is_what_the_task_says_else_what_it_has(said: str, prompt: object, kind: str) -> None:
    assert generation_of(listed(said, prompt), PLACEMENT, API_URL, 2000.0).request.task_type == kind


@pytest.mark.parametrize(("model", "more"), [("luma", " It is a task of “luma”."), ("", "")])
def test_a_task_of_something_else_is_refused_by_name(model: str, more: str) -> None:
    with pytest.raises(InputUnusable) as refused:
        generation_of(listed(TEXT, "a bear", model), PLACEMENT, API_URL, 2000.0)
    assert str(refused.value) == f"This task makes no 3D model that can be placed.{more}"
