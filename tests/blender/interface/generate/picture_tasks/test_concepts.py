"""Concept images and the background removed by PiAPI, through the panel's operators and the test service."""

import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts
from drawings import on_tiles
from paper import drawn
from PIL import Image
from service import Fault, Piapi


@pytest.fixture
def settings(addon: Any) -> Any:
    return bpy.context.scene.trellis


def current() -> Any:
    from trellis_blender.interface.state import session

    return session.current()


def newest() -> Any:
    current().drain()
    return max(current().generations.values(), key=lambda generation: generation.created_at)


def made_concepts(settings: Any, prompt: str = "a green jar") -> tuple[Any, list[Path]]:
    """The generation, and the pictures that it has made."""
    from trellis_blender.generation.files import pictures_in

    settings.source, settings.prompt = 'TEXT', prompt
    assert bpy.ops.trellis.make_concepts() == {'FINISHED'}
    generation = current().wait_for(newest().id)
    return generation, pictures_in(current().queue.folder / generation.folder_name)


def line(generation: Any) -> Any:
    from trellis_blender.interface.monitor import monitor

    return monitor.line_of(generation)


def rest_of(count: int) -> list[Any]:
    from trellis_blender.interface.monitor import arrival

    found = sorted(current().generations.values(), key=lambda each: each.created_at)[-count:]
    return [arrival.place(current().wait_for(each.id)) for each in found]


def test_from_words_to_pictures_to_models(settings: Any, piapi: Piapi) -> None:
    before = counts()
    settings.model = "Qubico/trellis2"
    settings.concept_wording = "on white, whole"
    generation, paths = made_concepts(settings)
    assert counts() == before, "pictures are no objects"
    assert len(paths) == 4
    assert piapi.creates[0]["input"]["prompt"] == "a green jar, on white, whole"
    assert settings.show_concepts
    assert line(generation).stage == "Ready"
    assert generation.id not in current().lively
    for path in (paths[1], paths[3], paths[0], paths[0]):
        assert bpy.ops.trellis.choose_concept(path=str(path)) == {'FINISHED'}
    assert bpy.ops.trellis.generate_from_concepts() == {'FINISHED'}
    models = rest_of(2)
    assert [create["model"] for create in piapi.creates[1:]] == ["Qubico/trellis2"] * 2
    assert [each.request.picture_path for each in models] == [str(paths[1]), str(paths[3])]
    assert {each.request.name for each in models} == {"a green jar"}
    places = sorted(bpy.data.objects[each.object_name].location.x for each in models)
    assert places == pytest.approx([0.0, 1.2])
    assert not bpy.ops.trellis.generate_from_concepts.poll(), "each is chosen once"
    assert len(piapi.creates) == 3


def test_they_can_be_used_again(settings: Any, piapi: Piapi) -> None:
    first, paths = made_concepts(settings, "an old lamp")
    made_concepts(settings, "a new lamp")
    assert bpy.ops.trellis.show_concepts(generation=first.id) == {'FINISHED'}
    bpy.ops.trellis.choose_concept(path=str(paths[2]))
    assert bpy.ops.trellis.generate_from_concepts() == {'FINISHED'}
    (model,) = rest_of(1)
    assert model.request.name == "an old lamp"
    assert [create["task_type"] for create in piapi.creates] == ["txt2img", "txt2img", "image-to-3d"]


def test_a_picture_chosen_by_hand_has_the_name_of_what_it_shows(settings: Any, generate: Any, piapi: Piapi) -> None:
    _, paths = made_concepts(settings, "a clay owl")
    generate(image=str(paths[0]))
    assert bpy.context.object.name == "a clay owl"


def test_a_picture_that_is_gone_sends_nothing(settings: Any, piapi: Piapi) -> None:
    _, paths = made_concepts(settings)
    for path in paths[:2]:
        bpy.ops.trellis.choose_concept(path=str(path))
    paths[1].unlink()
    with pytest.raises(RuntimeError, match="There is no file"):
        bpy.ops.trellis.generate_from_concepts()
    assert len(piapi.creates) == 1


def test_without_a_key_or_a_prompt_the_button_says_why(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.prompt = " "
    with pytest.raises(RuntimeError, match="Write a prompt first"):
        bpy.ops.trellis.make_concepts()
    monkeypatch.delenv("PIAPI_API_KEY")
    with pytest.raises(RuntimeError, match="There is no API key yet"):
        bpy.ops.trellis.make_concepts()


def test_an_image_only_model_and_a_prompt_lead_to_pictures_with_both_prices(settings: Any) -> None:
    from trellis_blender.generation.providers import OFFLINE_PREVIEW
    from trellis_blender.interface.generate.picture_tasks import concepts, first_step
    from trellis_blender.piapi.models import MODELS

    settings.source = 'TEXT'
    assert first_step.are_the_way(settings, MODELS["Qubico/trellis2"])
    assert not first_step.are_the_way(settings, MODELS["Qubico/trellis"])
    assert not first_step.are_the_way(settings, OFFLINE_PREVIEW)
    made_concepts(settings)
    assert first_step.both_steps(settings, MODELS["Qubico/pixal3d"]) == (
        "First Flux draws 4 pictures. PiAPI tells their price when they are done. The last ones cost $0.008. "
        "Then Pixal3D makes a model from each that you choose: $0.25."
    )
    settings.model = "Qubico/pixal3d"
    assert "Pictures First, Then $0.25 Each…" in drawn(input_panels())
    settings.concept_model = "Qubico/z-image"
    assert "Pictures First · $0.016 + $0.25 Each…" in drawn(input_panels())
    assert drawn(concepts.TRELLIS_OT_make_concepts)[-1] == "Make 4 · $0.016"
    assert first_step.both_steps(settings, MODELS["Qubico/pixal3d"]) == (
        "First Z-Image draws 4 pictures: $0.016. Then Pixal3D makes a model from each that you choose: $0.25."
    )
    generation, paths = made_concepts(settings)
    assert (generation.request.model, len(paths)) == ("Qubico/z-image", 4)
    assert generation.charged_usd == pytest.approx(0.016)
    settings.source = 'IMAGE'
    assert not first_step.are_the_way(settings, MODELS["Qubico/trellis2"])


def test_pictures_are_not_placed_and_can_be_removed(settings: Any, piapi: Piapi, folder: Path) -> None:
    from trellis_blender.interface.text import rows

    generation, paths = made_concepts(settings)
    assert bpy.ops.trellis.place(generation=generation.id) == {'CANCELLED'}
    assert bpy.ops.trellis.use_settings(generation=generation.id) == {'CANCELLED'}
    assert bpy.ops.trellis.show(generations=generation.id, may_place=True) == {'FINISHED'}
    said = " ".join(rows.removal(generation))
    assert "What was made is deleted from this computer" in said
    assert "$0.008" in said
    assert bpy.ops.trellis.remove(generation=generation.id) == {'FINISHED'}
    end = time.monotonic() + 10
    while generation.id in current().generations:
        assert time.monotonic() < end
        current().drain()
        time.sleep(0.01)
    assert not paths[0].exists()


def test_no_row_speaks_of_infinite_prices(settings: Any, piapi: Piapi) -> None:
    from dataclasses import replace

    from trellis_blender.generation.states import State
    from trellis_blender.interface.generations import row_buttons
    from trellis_blender.interface.text import rows

    generation, _ = made_concepts(settings)
    for state in State:
        for changes in ({}, {"parked": True}, {"wanted": False}):
            changed = replace(generation, state=state, charged_usd=None, **changes)
            texts = [action.text for action in row_buttons.actions_of(changed, line(changed))]
            texts += [rows.facts(changed), rows.settings_in_full(changed, str), *rows.removal(changed)]
            assert not [text for text in texts if "inf" in text.lower().split()], (state, texts)
            assert "$inf" not in " ".join(texts)


# The background removed by PiAPI


@pytest.fixture
def tiles(settings: Any, tmp_path: Path) -> Path:
    path = tmp_path / "Green apple.png"
    Image.fromarray(on_tiles()).save(path)
    settings.source, settings.image = 'IMAGE', str(path)
    return path


def pixels(image: str) -> Any:
    return np.array(Image.open(image).convert("RGBA"))


def test_piapi_removes_the_background(settings: Any, tiles: Path, piapi: Piapi, generate: Any) -> None:
    original = tiles.read_bytes()
    assert bpy.ops.trellis.remove_background() == {'FINISHED'}
    (create,) = piapi.creates
    assert (create["model"], create["task_type"]) == ("Qubico/image-toolkit", "background-remove")
    assert settings.image != str(tiles)
    assert settings.image_before == str(tiles)
    assert pixels(settings.image)[0, 0, 3] == 0
    assert tiles.read_bytes() == original
    generation = newest()
    assert generation.charged_usd == generation.request.price_usd == 0.001
    generate()
    assert bpy.context.object.name == "Green apple"
    bpy.ops.trellis.use_original_image()
    assert settings.image == str(tiles)
    assert bpy.ops.trellis.use_pictures(generation=generation.id) == {'FINISHED'}
    assert settings.image_before == str(tiles)
    assert pixels(settings.image)[0, 0, 3] == 0
    assert len(piapi.creates) == 2


def test_piapi_keeps_what_is_named(settings: Any, tiles: Path, piapi: Piapi) -> None:
    assert bpy.ops.trellis.keep_subject(what="tomato") == {'FINISHED'}
    (create,) = piapi.creates
    assert (create["task_type"], create["input"]["prompt"]) == ("segment", "tomato")
    assert settings.image_before == str(tiles)
    assert 0.1 < (pixels(settings.image)[..., 3] > 0).mean() < 0.4
    bpy.ops.trellis.use_original_image()
    settings.thing_to_keep = "violet"
    with pytest.raises(RuntimeError, match=r"PiAPI found no “violet” in the picture. PiAPI charged \$0.01."):
        bpy.ops.trellis.keep_subject()
    assert settings.image == str(tiles)
    assert "found no “violet”" in line(newest()).detail
    assert "PiAPI found no “violet”" in " ".join(drawn(input_panels()))
    with pytest.raises(RuntimeError, match="found no “violet”"):
        bpy.ops.trellis.use_pictures(generation=newest().id)
    settings.thing_to_keep = ""
    with pytest.raises(RuntimeError, match="What to keep is missing"):
        bpy.ops.trellis.keep_subject()
    assert len(piapi.creates) == 2


def test_a_kept_thing_that_cannot_be_written_is_a_sentence(settings: Any, tiles: Path, piapi: Piapi) -> None:
    assert bpy.ops.trellis.keep_subject(what="tomato") == {'FINISHED'}
    # Of two pictures one is a mask: alone it says what of the picture is written.
    Path(settings.image).unlink()
    assert bpy.ops.trellis.use_pictures(generation=newest().id) == {'FINISHED'}
    kept = Path(settings.image)
    assert kept.name == "kept.png"
    kept.unlink()
    kept.mkdir()
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.trellis.use_pictures(generation=newest().id)
    assert "cannot be used (Is a directory). Check the folder, then try again." in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_piapi_enlarges_a_small_picture_only(settings: Any, tmp_path: Path, piapi: Piapi) -> None:
    for name, side in (("small", 200), ("large", 1500)):
        Image.fromarray(on_tiles()).resize((side, side)).save(tmp_path / f"{name}.png")
    settings.source, settings.image = 'IMAGE', str(tmp_path / "small.png")
    assert bpy.ops.trellis.enlarge_image() == {'FINISHED'}
    assert pixels(settings.image).shape[:2] == (400, 400)
    assert settings.image_before == str(tmp_path / "small.png")
    settings.image = str(tmp_path / "large.png")
    with pytest.raises(RuntimeError, match=r"large already: 1024 × 1024 pixels"):
        bpy.ops.trellis.enlarge_image()
    assert len(piapi.creates) == 1


def test_the_buttons_that_may_help_a_picture_have_prices(
    settings: Any, tiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.imaging.quality import judge
    from trellis_blender.interface.generate.picture_tasks import picture_tools
    from trellis_blender.interface.input_image import check, decode_cache

    picture = decode_cache.decode(tiles, 0, bpy.context.scene)
    monkeypatch.setattr(check, "look", lambda *_: judge(picture))
    monkeypatch.setattr(check, "size_of", lambda *_: (400, 300))
    said = drawn(input_panels())
    assert "Remove the Background by PiAPI · $0.001" in said
    assert "Keep Only · $0.01…" in said
    assert "Enlarge 2× · $0.001" in said
    assert drawn(picture_tools.TRELLIS_OT_keep_subject)[-1] == "Keep It · $0.01"
    monkeypatch.setattr(check, "size_of", lambda *_: (1024, 1024))
    said = drawn(input_panels())
    assert "Keep Only · $0.0105…" in said
    assert not [text for text in said if text.startswith("Enlarge")]


def test_what_it_cost_is_spent(settings: Any, tiles: Path, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    bpy.ops.trellis.remove_background()
    found = current()
    found.ask(Topic.SPENT)
    spent = found.wait_for_answer(Topic.SPENT).spending
    assert spent.month.usd >= 0.001


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(402, {"message": "insufficient credits"}), r"out of credits .* Nothing was charged"),
        (Fault(400, {"message": "image too large"}), r"refused the input .* Nothing was charged"),
    ],
)
def test_what_piapi_refuses_is_said(settings: Any, tiles: Path, piapi: Piapi, fault: Fault, sentence: str) -> None:
    piapi.fail("create", fault)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.trellis.remove_background()
    assert settings.image == str(tiles)
    assert piapi.creates == []
    assert bpy.ops.trellis.remove_background() == {'FINISHED'}


def test_what_is_no_image_is_not_sent(settings: Any, tmp_path: Path, piapi: Piapi) -> None:
    with pytest.raises(RuntimeError, match="Choose an image first"):
        bpy.ops.trellis.remove_background()
    settings.image = str(tmp_path / "gone.png")
    with pytest.raises(RuntimeError, match="There is no file"):
        bpy.ops.trellis.remove_background()
    assert piapi.requests == []


def test_a_removed_rows_picture_is_not_counted(settings: Any, piapi: Piapi) -> None:
    first, old = made_concepts(settings, "an old lamp")
    second, new = made_concepts(settings, "a new lamp")
    for path in (old[0], new[1]):
        bpy.ops.trellis.choose_concept(path=str(path))
    assert bpy.ops.trellis.remove(generation=first.id) == {'FINISHED'}
    settle()
    settings.source, settings.show_concepts = 'TEXT', True
    assert "Generate · $0.04" in drawn(input_panels())
    assert bpy.ops.trellis.generate_from_concepts() == {'FINISHED'}
    (model,) = rest_of(1)
    assert model.request.name == "a new lamp"
    bpy.ops.trellis.choose_concept(path=str(new[0]))
    assert bpy.ops.trellis.remove(generation=second.id) == {'FINISHED'}
    settle()
    assert not bpy.ops.trellis.generate_from_concepts.poll()


def settle() -> None:
    while current().is_busy:
        current().drain()
    current().drain()


def input_panels() -> Any:
    from trellis_blender.interface.generate import panel as input_panels

    return input_panels.TRELLIS_PT_generate


def test_the_better_picture_lands_in_no_other_file(settings: Any, piapi: Piapi, tmp_path: Path) -> None:
    """The same picture may be chosen there: what is its scene and what is not, its name does not tell."""
    from trellis_blender.interface.generate.picture_tasks import picture_tools
    from trellis_blender.interface.input_image.image_field import field_of

    path = tmp_path / "apple.png"
    Image.fromarray(on_tiles()).save(path)
    settings.source, settings.image = 'IMAGE', str(path)
    field = field_of(bpy.context.scene)
    assert bpy.ops.trellis.remove_background() == {'FINISHED'}
    generation = newest()
    assert settings.image != str(path), "taken over in its own file"
    bpy.ops.wm.read_homefile()
    there = bpy.context.scene.trellis
    there.image = str(path)
    picture_tools._Memory.awaited[str(path)] = generation.id
    assert picture_tools._use_when_ready(field, generation.id) is None
    assert there.image == str(path)
