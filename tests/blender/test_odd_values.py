"""Values from elsewhere, a store of another version, a file of somebody else's, a service: nothing that is drawn or
pressed raises for them.
"""

import math
import time
from dataclasses import replace
from typing import Any

import bpy
import pytest
from paper import drawn

HALF = "\ud83da\udfff"
"""Half characters, as JSON can hold them."""
ODD_NUMBERS = [2**31, -1, 10**400, 99999999999, math.nan, math.inf, -math.inf, 1e300, None, "7", True]
ODD_TIMES = [-1e12, -1.0, 0.0, 1e11, 1e300, math.inf, math.nan]


@pytest.fixture
def found(addon: Any) -> Any:
    from trellis_blender.interface.state import session

    found = session.current()
    found.is_loaded = found.knows_all = True
    return found


def a_row(found: Any, **changes: Any) -> Any:
    """A generation in the list, as if the store had told of it. What stands in its request is changed there."""
    from trellis_blender.generation.record.generation import new_generation
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.generation.states import State
    from trellis_blender.scene.arrival.place import here

    request = compose_request(
        model="Qubico/trellis", prompt="a bear", picture=None, picture_name="", parameters={"seed": 5},
        placement=here(bpy.context, 1.0, found.file.blend_load),
    )  # fmt: skip
    generation = replace(new_generation(request, "https://api", time.time()), state=State.READY, parked=True)
    ours = {name: changes.pop(name) for name in list(changes) if name in request.__dataclass_fields__}
    generation = replace(generation, request=replace(request, **ours), **changes)
    found.take_over(generation)
    return generation


def use_settings(generation: Any) -> Any:
    return bpy.ops.trellis.use_settings(generation=generation.id)


# Use These Settings


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_numbers_that_cannot_be_sent_are_not_taken_up(
    found: Any, number: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = bpy.context.scene.trellis
    settings.seed, settings.ss_sampling_steps, settings.slat_guidance_strength = 9, 20, 4.0
    names = ("seed", "ss_sampling_steps", "slat_guidance_strength", "another one")
    generation = a_row(found, parameters=tuple((name, number) for name in names))
    assert use_settings(generation) == {'FINISHED'}
    assert (settings.seed, settings.ss_sampling_steps, settings.slat_guidance_strength) == (0, 20, 4.0)
    said = capfd.readouterr().out
    assert "Its seed cannot be sent again, so a new one is drawn." in said
    assert "Its Shape Steps cannot be sent, so yours stays." in said


def test_what_can_be_sent_is_taken_up(found: Any) -> None:
    settings = bpy.context.scene.trellis
    parameters = (("seed", 2**31 - 1), ("ss_sampling_steps", 12.0), ("slat_guidance_strength", 10))
    assert use_settings(a_row(found, parameters=parameters)) == {'FINISHED'}
    assert (settings.seed, settings.ss_sampling_steps, settings.slat_guidance_strength) == (2**31 - 1, 12, 10.0)


def test_a_model_that_is_no_longer_known_is_a_sentence(found: Any) -> None:
    bpy.context.scene.trellis.prompt = "mine"
    generation = a_row(found, model="Qubico/trellis9")
    with pytest.raises(RuntimeError, match="There is no model “Qubico/trellis9”"):
        use_settings(generation)
    assert bpy.context.scene.trellis.prompt == "mine", "nothing was taken up"


@pytest.mark.parametrize("side", [math.nan, math.inf, -3.0])
def test_a_finish_and_a_size_of_another_version(found: Any, side: float) -> None:
    settings = bpy.context.scene.trellis
    generation = a_row(found)
    placement = replace(generation.request.placement, finish="POLISHED", longest_side_m=side)
    found.take_over(replace(generation, request=replace(generation.request, placement=placement)))
    assert use_settings(generation) == {'FINISHED'}
    assert (settings.finish, settings.longest_side) == ('SCENE', 1.0)


def test_a_prompt_that_no_field_holds(found: Any) -> None:
    assert use_settings(a_row(found, prompt=HALF + "x" * 3_000_000)) == {'FINISHED'}
    assert len(bpy.context.scene.trellis.prompt) <= 2000
    with pytest.raises(RuntimeError, match="at most 1,000 are sent"):
        bpy.ops.trellis.generate_from_panel()


# What is drawn


def panels() -> list[Any]:
    from trellis_blender.interface.generate import panel as input_panels
    from trellis_blender.interface.generate import prompts
    from trellis_blender.interface.generate.picture_tasks import concepts
    from trellis_blender.interface.generations import panel
    from trellis_blender.interface.preferences import account

    return [
        panel.TRELLIS_PT_generations,
        input_panels.TRELLIS_PT_generate,
        account.TRELLIS_PT_account,
        prompts.TRELLIS_MT_prompts,
        concepts.TRELLIS_MT_concepts,
    ]


@pytest.mark.parametrize("at", ODD_TIMES)
def test_times_that_no_system_can_show(found: Any, at: float) -> None:
    from trellis_blender.interface.generations import row_menu
    from trellis_blender.interface.preferences import bug_report

    generation = a_row(found, created_at=at, submitted_at=-5.0, finished_at=at, task_id="t", task_type="txt2img")
    a_row(found, created_at=at, task_type="txt2img")
    for each in panels():
        drawn(each)
    said = row_menu.TRELLIS_OT_show.description(bpy.context, type("Named", (), {"generations": generation.id}))
    assert ("at some time" in said) == (at != at or not 0 < at < 3e10)
    assert "txt2img" in "\n".join(bug_report._generations())


@pytest.mark.parametrize(
    "text", [HALF, "nul \0 in it", "\x1b[31m\r\n\t", "x" * 3_000_000, "\u202e\u200b", "\udcff.png"]
)
def test_texts_that_blender_does_not_take(found: Any, text: str) -> None:
    from trellis_blender.interface.generations import row_menu
    from trellis_blender.interface.text import captions, formats

    for changes in (
        {"problem": text},
        {"state": "FAILED", "problem": text, "parked": False},
        {"state": "PLACED", "where": text, "object_name": text},
        {"stage": text, "state": "RUNNING", "parked": False, "progress": 0.5, "expected_s": 1e300},
    ):
        from trellis_blender.generation.states import State

        state = State[changes.pop("state", "READY")]
        generation = a_row(found, **changes, state=state, name=text, prompt=text, task_id=text, model="of later")
        took_s: list[float] = []
        for _ in range(3):  # the first time also loads what is drawn with
            begun = time.process_time()
            for each in panels():
                drawn(each)
            line = captions.status_line([generation], None, time.time(), "")
            formats.plain(line.text).encode()
            shown = type("Named", (), {"generations": generation.id})
            row_menu.TRELLIS_OT_show.description(bpy.context, shown).encode()
            took_s.append(time.process_time() - begun)
        assert min(took_s) < 0.2, took_s


@pytest.mark.parametrize("number", [10**400, math.nan, math.inf, -math.inf, 1e300, -1.0])
def test_numbers_that_are_none(found: Any, number: Any) -> None:
    from trellis_blender.interface.generations import row_menu

    parameters = tuple((f"p{n}", number) for n in range(1000))
    for charged in (number, None):
        generation = a_row(
            found, parameters=parameters, charged_usd=charged, task_id="t", submitted_at=1.0, finished_at=number
        )
        for each in panels():
            drawn(each)
        said = row_menu.TRELLIS_OT_show.description(bpy.context, type("Named", (), {"generations": generation.id}))
        assert len(said) < 2000


GROUPS = [
    {"made_at": "0001-01-01T00:00:00Z"},
    {"made_at": "9999-12-31T23:59:59"},
    {"price_usd": 1e300, "charged_usd": math.nan, "seed": -5},
    {"prompt": "x" * 2_000_000},
    dict.fromkeys(("model", "picture", "task_id", "addon_version", "picture_kept"), "x" * 2000000),
    {"parameters": {f"p{n}": 1e300 for n in range(20_000)}},
    {"parameters": {f"p{n}": float(n) for n in range(20_000)}},
    {"prompt": ["a", "b"], "parameters": "none", "seed": {"a": 1}},
    {"task_type": "image-to-3d", "picture": "../../etc/passwd", "picture_kept": "/etc/passwd"},
]


@pytest.mark.parametrize("group", GROUPS, ids=range(len(GROUPS)))
def test_a_model_out_of_a_strangers_file(found: Any, group: dict[str, Any]) -> None:
    from trellis_blender.interface.generate import model_panel

    model = bpy.data.objects["Cube"]
    bpy.context.view_layer.objects.active = model
    model["trellis"] = {"model": "Qubico/trellis", "task_type": "text-to-3d", "prompt": "a bear", **group}
    took_s: list[float] = []
    for _ in range(10):
        begun = time.process_time()
        assert model_panel.TRELLIS_PT_this_model.poll(bpy.context)
        said = drawn(model_panel.TRELLIS_PT_this_model)
        for operator in ("generate_again", "vary_seed", "show_source"):
            getattr(bpy.ops.trellis, operator).poll()
        took_s.append(time.process_time() - begun)
    assert min(took_s) < 0.2, took_s
    assert max(map(len, said)) < 2100
    if group.get("model") is None:
        assert bpy.ops.trellis.use_model_settings() == {'FINISHED'}


@pytest.mark.parametrize("text", ["\u200b", " ", "a bear ", "/"])
@pytest.mark.parametrize("source", ['TEXT', 'IMAGE'])
def test_fields_of_megabytes_out_of_a_strangers_file(found: Any, text: str, source: str) -> None:
    from trellis_blender.interface.generate import panel

    settings = bpy.context.scene.trellis
    settings.source, settings.seed = source, 5
    settings.prompt = settings.image = settings.concept_wording = text * (2_000_000 // len(text))
    took_s: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        said = drawn(panel.TRELLIS_PT_generate)
        for operator in ("generate_from_panel", "make_concepts", "try_offline"):
            getattr(bpy.ops.trellis, operator).poll()
        took_s.append(time.process_time() - begun)
    assert min(took_s) < 0.2, took_s
    assert max(map(len, said)) < 2100


# What nobody can see


INVISIBLE = [
    "\u200b",
    "\u200b \u2060\ufeff",
    "\u00ad\u034f",
    "\u3164\u2800\u115f",
    "\u202e\u2066",
    "\U000e0041",
    "\u0301",
]


@pytest.mark.parametrize("prompt", INVISIBLE)
def test_a_prompt_of_which_nothing_is_seen_is_none(found: Any, piapi: Any, prompt: str) -> None:
    from trellis_blender.scene.blockout import survey

    settings = bpy.context.scene.trellis
    settings.prompt = prompt
    for operator in (bpy.ops.trellis.generate_from_panel, bpy.ops.trellis.make_concepts):
        with pytest.raises(RuntimeError, match="Write a prompt first"):
            operator()
    with pytest.raises(RuntimeError, match="There is no prompt"):
        bpy.ops.trellis.generate(prompt=prompt)
    cube = bpy.data.objects["Cube"]
    cube.trellis_prompt = prompt
    wishes, left_out = survey.survey([cube], lambda _: False, needs_picture=False)
    assert (wishes, len(left_out)) == ([], 1)
    assert piapi.creates == []


@pytest.mark.parametrize("prompt", ["熊", "🐻", "a", "?", "7", "ｱ", "e\u0301"])
def test_what_can_be_seen_is_a_prompt(found: Any, prompt: str) -> None:
    bpy.context.scene.trellis.prompt = prompt
    assert bpy.ops.trellis.generate_from_panel.poll()


# What a file of a later version, a stranger or a script has set


def choose_unknown(name: str) -> None:
    """As a file of a later version has it: the number of a choice that is not known here."""
    scene: Any = bpy.context.scene
    scene.trellis.seed = 5  # so that there is a group
    hidden = getattr(scene, "bl_system_properties_get", None)
    (hidden() if hidden is not None else scene)["trellis"][name] = 77
    assert getattr(scene.trellis, name) == ""


def test_a_model_of_a_later_version_is_named_and_nothing_is_made(found: Any, piapi: Any) -> None:
    from pathlib import Path

    from paper import Paper, context

    from trellis_blender.interface.generate import drag_and_drop
    from trellis_blender.interface.generate.blockout import blockout, boxes

    settings = bpy.context.scene.trellis
    settings.prompt = "a bear"
    choose_unknown("model")
    for panel in (*panels(), blockout.TRELLIS_PT_blockout):
        drawn(panel)
    drag_and_drop._draw(paper := Paper(), context(), [Path("bear.png")])
    assert "not known here. Choose one." in " ".join(paper.said)
    boxes.draw_question(paper := Paper(), context(), [("Cube", None)])
    assert "not known here. Choose one." in " ".join(paper.said)
    assert not bpy.ops.trellis.generate_from_panel.poll()
    assert not bpy.ops.trellis.generate_from_concepts.poll()
    bpy.data.objects["Cube"].trellis_prompt = "a bear"
    said = "The model that is chosen in this file is not known here"
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.trellis.generate(prompt="a bear")
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.trellis.generate_for_selection()
    assert piapi.creates == []


@pytest.mark.parametrize("name", ["source", "target", "finish", "fit", "renewal"])
def test_another_choice_of_a_later_version_is_as_if_nothing_was_chosen(found: Any, piapi: Any, name: str) -> None:
    choose_unknown(name)
    for panel in panels():
        drawn(panel)
    assert bpy.ops.trellis.generate(prompt="a bear") == {'FINISHED'}


@pytest.mark.parametrize("side", [math.nan, -math.nan])
def test_a_size_that_is_no_number_keeps_the_size_as_delivered(found: Any, piapi: Any, side: float) -> None:
    bpy.context.scene.trellis.longest_side = side
    assert bpy.ops.trellis.generate(prompt="a bear", variations=2) == {'FINISHED'}
    for item in bpy.context.selected_objects:
        assert all(map(math.isfinite, (*item.location, *item.dimensions))), item.name
        assert max(item.dimensions) > 0


BOX_PROPERTIES = [
    "a text",
    5,
    [1.0, 2.0, 3.0],
    {},
    {"pair": 5, "name": {"a": 1}, "box": [1], "model": {}},
    {"pair": "p", "name": "n.001" * 200_000, "box": "b", "model": "m"},
    {f"k{n}": "v" for n in range(20_000)},
]


@pytest.mark.parametrize("name", ["trellis_box", "trellis_in_box", "trellis_was_hidden"])
@pytest.mark.parametrize("value", BOX_PROPERTIES, ids=range(len(BOX_PROPERTIES)))
def test_boxes_and_models_of_a_strangers_file(found: Any, name: str, value: Any) -> None:
    from trellis_blender.interface.generate.blockout import blockout
    from trellis_blender.scene.blockout import swap

    cube = bpy.data.objects["Cube"]
    cube[name] = value
    bpy.context.view_layer.objects.active = cube
    begun = time.process_time()
    drawn(blockout.TRELLIS_PT_blockout)
    swap.show(swap.pairs_of([cube]), boxes=True)
    swap.show(set(), boxes=False)
    swap.hide(cube)
    swap.unhide(cube)
    assert time.process_time() - begun < 1.0
