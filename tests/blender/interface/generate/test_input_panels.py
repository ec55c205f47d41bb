"""What the panel holds, and what its buttons make of it."""

import os
import struct
import time
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import pytest
from models import box_glb, picture_png
from paper import Paper, context
from service import Fault, Piapi


@pytest.fixture
def settings(addon: Any) -> Any:
    return bpy.context.scene.trellis


@pytest.fixture
def press(addon: Any) -> Any:
    """Presses a button of the panel, waits for what was submitted, places it."""
    from trellis_blender.interface.state import session

    def press_and_wait(operator: Any = bpy.ops.trellis.generate_from_panel) -> list[Any]:
        from trellis_blender.interface.monitor import arrival

        found = session.current()
        before = set(found.generations)
        assert operator() == {'FINISHED'}
        made = [found.wait_for(number) for number in list(found.generations) if number not in before]
        assert {generation.state.value for generation in made} == {"ready"}
        return [arrival.place(generation) for generation in made]

    return press_and_wait


def seeds_sent(piapi: Piapi) -> list[int]:
    return [create["input"]["seed"] for create in piapi.creates]


# Quality and seed


def test_a_preset_sets_the_parameters_and_other_numbers_are_custom(settings: Any) -> None:
    assert settings.quality == 'FINE'
    settings.ss_guidance_strength = 2.0
    assert settings.quality == 'CUSTOM'
    settings.quality = 'CUSTOM'
    assert settings.ss_guidance_strength == 2.0
    settings.quality = 'DRAFT'
    assert (settings.ss_sampling_steps, settings.slat_sampling_steps) == (12, 12)
    assert (settings.ss_guidance_strength, settings.slat_guidance_strength) == (7.5, 3.0)
    settings.slat_sampling_steps = 25
    settings.ss_sampling_steps = 25
    assert settings.quality == 'STANDARD'


def test_random_each_time_is_a_seed_of_0(settings: Any) -> None:
    assert settings.is_seed_random
    settings.is_seed_random = False
    drawn = settings.seed
    assert drawn > 0
    settings.is_seed_random = False
    assert settings.seed == drawn
    bpy.ops.trellis.new_seed()
    assert settings.seed not in {0, drawn}
    settings.is_seed_random = True
    assert settings.seed == 0


# Variations


def test_variations_have_seeds_of_their_own_and_stand_in_a_row(settings: Any, press: Any, piapi: Piapi) -> None:
    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    bpy.context.scene.cursor.location = (3.0, 1.0, 0.5)
    settings.prompt = "a bear"
    settings.variations = 3
    settings.longest_side = 2.0
    settings.seed = 42
    made = press()
    assert sorted(seeds_sent(piapi)) == [42, 43, 44]
    by_seed = {each.request.seed: bpy.data.objects[each.object_name] for each in made}
    assert [list(by_seed[seed].location) for seed in (42, 43, 44)] == [
        pytest.approx([3.0 + step, 1.0, 0.5], abs=1e-5) for step in (0.0, 2.4, 4.8)
    ]
    settings.seed = 0
    press()
    first, second, third = sorted(seeds_sent(piapi)[3:])
    assert third - second > 1 < second - first


def test_a_script_gets_one_unless_it_asks_for_more(settings: Any, generate: Any, piapi: Piapi) -> None:
    settings.variations = 4
    generate(prompt="a bear")
    assert len(piapi.creates) == 1
    assert generate(prompt="a fox", seed=7, variations=2) == {'FINISHED'}
    assert sorted(seeds_sent(piapi)[1:]) == [7, 8]
    assert {"a fox", "a fox.001"} <= set(bpy.data.objects.keys())
    with pytest.raises(RuntimeError, match="variations is 9; 1 to 8"):
        generate(prompt="a fox", variations=9)
    assert len(piapi.creates) == 3


def test_a_variation_that_fails_raises_and_the_others_are_placed(generate: Any, piapi: Piapi) -> None:
    piapi.fail("create", Fault(402, {"message": "insufficient credits"}))
    with pytest.raises(RuntimeError, match="out of credits"):
        generate(prompt="a bear", variations=2)
    assert "a bear" in bpy.data.objects


def test_of_variations_a_script_is_told_which_one_failed_and_where_the_others_stand(
    generate: Any, piapi: Piapi
) -> None:
    """ "Nothing was charged" is true of the one that it names; the others are where they belong by then."""
    bpy.context.scene.cursor.location = (3.0, 2.0, 0.0)
    piapi.behaviour.model = box_glb()
    piapi.fail("create", Fault(402, {"message": "insufficient credits"}))
    with pytest.raises(RuntimeError, match="out of credits") as raised:
        generate(prompt="a bear", seed=7, variations=3)
    failed = ({7, 8, 9} - set(seeds_sent(piapi))).pop()
    said = str(raised.value)
    assert "2 of 3 are in the scene, for $0.08." in said
    assert said.count("“a bear”") == 1
    assert f"“a bear” with seed {failed}: " in said
    places = sorted(item.matrix_world.translation.x for item in bpy.data.objects if item.name.startswith("a bear"))
    assert places == pytest.approx([3.0 + 1.2 * (seed - 7) for seed in sorted(seeds_sent(piapi))])


def test_a_script_is_told_of_all_that_failed(generate: Any, piapi: Piapi) -> None:
    piapi.fail_always("create", Fault(402, {"message": "insufficient credits"}))
    with pytest.raises(RuntimeError, match=r"None of 2 .+\. “a bear” with seed 7, “a bear” with seed 8: "):
        generate(prompt="a bear", seed=7, variations=2)


# Placement


@pytest.fixture
def floor(addon: Any) -> bpy.types.Object:
    """A floor at z = -2 with a cube of 1 m on it under the cursor, which is at (0.2, 0.1, 5)."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -2))
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, -1.5))
    bpy.context.scene.cursor.location = (0.2, 0.1, 5.0)
    return bpy.context.object


def stand(target: str, beside_m: float = 0.0) -> Any:
    from trellis_blender.scene.placement.target import Target, stand_at

    return pytest.approx(stand_at(bpy.context, Target(target), beside_m), abs=1e-3)


def test_at_the_cursor_on_the_surface_on_the_ground(floor: Any) -> None:
    assert stand('CURSOR') == (0.2, 0.1, 5.0)
    assert stand('SURFACE') == (0.2, 0.1, -1.0)
    assert stand('SURFACE', beside_m=2.0) == (2.2, 0.1, -2.0)
    assert stand('GROUND') == (0.2, 0.1, 0.0)
    bpy.context.scene.cursor.location.x = 50
    assert stand('SURFACE') == (50, 0.1, 5.0)


def test_the_surface_that_the_cursor_is_on_is_found(floor: Any) -> None:
    for height in (-1.0, -1.0 - 1e-6):
        bpy.context.scene.cursor.location.z = height
        assert stand('SURFACE') == (0.2, 0.1, -1.0)
    bpy.context.scene.cursor.location.z = -1.5
    assert stand('SURFACE') == (0.2, 0.1, -2.0)


def test_modifiers_count_and_helpers_and_hidden_objects_do_not(floor: Any) -> None:
    floor.modifiers.new("Mirror", 'ARRAY').relative_offset_displace = (0, 0, 1)
    assert stand('SURFACE') == (0.2, 0.1, 0.0)
    floor.display_type = 'BOUNDS'
    assert stand('SURFACE') == (0.2, 0.1, -2.0)
    floor.display_type = 'TEXTURED'
    floor.hide_set(True)
    assert stand('SURFACE') == (0.2, 0.1, -2.0)


def test_a_model_stands_on_the_surface(settings: Any, floor: Any, generate: Any) -> None:
    settings.target = 'SURFACE'
    generate(prompt="a bear")
    assert tuple(bpy.data.objects["a bear"].location) == pytest.approx((0.2, 0.1, -1.0), abs=1e-3)


# The buttons


def why_refused(operator: Any) -> str:
    assert not operator.poll()
    with pytest.raises(RuntimeError) as caught:
        operator()
    return str(caught.value)


def test_a_button_that_cannot_be_pressed_says_why(
    settings: Any, tmp_path: Path, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    button, offline = bpy.ops.trellis.generate_from_panel, bpy.ops.trellis.try_offline
    assert "Write a prompt first" in why_refused(button)
    settings.prompt = "a bear"
    assert button.poll()
    assert "works from a picture" in why_refused(offline)
    settings.model = 'Qubico/trellis2'
    assert "TRELLIS 2 makes models from images only" in why_refused(button)
    settings.source = 'IMAGE'
    assert "Choose an image first" in why_refused(button)
    settings.image = str(tmp_path / "pear.png")
    assert "There is no file" in why_refused(button)
    (tmp_path / "pear.png").write_bytes(picture_png(20, 20))
    assert button.poll()
    monkeypatch.setenv("PIAPI_API_URL", "https://api.piapi.ai")
    assert "nline access" in why_refused(button)
    monkeypatch.delenv("PIAPI_API_KEY")
    assert "There is no API key yet" in why_refused(button)
    assert offline.poll()
    assert piapi.requests == []


def test_a_picture_that_is_refused_stops_the_button_and_is_not_decoded(
    settings: Any, tmp_path: Path, piapi: Piapi
) -> None:
    from trellis_blender.interface.input_image import preview

    settings.source, settings.image = 'IMAGE', str(tmp_path / "vast.png")
    content = picture_png(20, 20)
    (tmp_path / "vast.png").write_bytes(content[:16] + struct.pack(">II", 30_000, 20_000) + content[24:])
    assert "30,000 × 20,000 pixels" in why_refused(bpy.ops.trellis.generate_from_panel)
    preview._Memory.known.clear()
    preview.look_now(settings.image)
    known = preview._Memory.known[settings.image]
    assert "30,000 × 20,000 pixels" in known.problem
    assert known.changed_ns
    assert preview._Memory.previews._collection is None
    (tmp_path / "vast.png").write_bytes(content)
    preview.look_now(settings.image)
    assert len(preview._Memory.previews._collection) == 1
    assert piapi.requests == []


def test_a_picture_that_blender_cannot_decode_stops_the_button_until_it_is_another(
    settings: Any, tmp_path: Path, piapi: Piapi
) -> None:
    from trellis_blender.interface.input_image import check, preview

    settings.source, settings.image = 'IMAGE', str(tmp_path / "broken.png")
    (tmp_path / "broken.png").write_bytes(picture_png(600, 400)[:60] + b"\0" * 3000)
    assert bpy.ops.trellis.generate_from_panel.poll(), "its header says nothing against it"
    known = preview.look(settings.image)
    key = (known.path, known.changed_ns)
    # As its timer has it judged in a Blender with a window.
    check._Memory.known[key] = ()
    assert check._begin(key) is None
    assert "is not an image that Blender can read" in why_refused(bpy.ops.trellis.generate_from_panel)
    (tmp_path / "broken.png").write_bytes(picture_png(20, 20))
    os.utime(tmp_path / "broken.png", ns=(1, 1))
    assert bpy.ops.trellis.generate_from_panel.poll()
    assert piapi.requests == []


def test_an_empty_panel_stops_no_script(settings: Any, generate: Any) -> None:
    assert not bpy.ops.trellis.generate_from_panel.poll()
    assert generate.poll()
    assert generate(prompt="a bear") == {'FINISHED'}


def test_the_panels_buttons_are_never_repeated_by_blender(addon: Any) -> None:
    for name in ("generate_from_panel", "try_offline", "show"):
        assert not {"REGISTER", "UNDO"} & getattr(bpy.types, f"TRELLIS_OT_{name}").bl_options


def test_the_limit_comes_from_the_preferences(addon: Any) -> None:
    from trellis_blender.interface.state import configuration

    preferences = bpy.context.preferences.addons["trellis_blender"].preferences
    assert configuration.ask_above_usd() == 1.0
    preferences.ask_above = 0.5
    assert configuration.ask_above_usd() == 0.5
    preferences.ask_above = 1.0


def test_try_it_offline_makes_one_whatever_the_panel_says(
    settings: Any, press: Any, tmp_path: Path, piapi: Piapi
) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).ellipse((40, 40, 160, 160), fill="green")
    picture.save(tmp_path / "apple.png")
    settings.source, settings.image, settings.variations = 'IMAGE', str(tmp_path / "apple.png"), 4
    (made,) = press(bpy.ops.trellis.try_offline)
    assert made.request.model == "offline-preview"
    assert piapi.requests == []


def test_a_sample_is_offered_to_newcomers_only(press: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.generate import samples

    assert not samples.are_offered()
    monkeypatch.delenv("PIAPI_API_KEY")
    assert samples.are_offered()
    bpy.ops.mesh.primitive_cube_add()
    (made,) = press(partial(bpy.ops.trellis.try_sample, picture="fish"))
    assert (made.request.model, made.request.name) == ("offline-preview", "fish")
    assert not samples.are_offered()
    assert piapi.requests == []
    assert made.request.placement.location[0] > 1, "not inside of the cube that stands at the cursor"


def test_a_sample_that_is_not_there_says_where_it_was_looked_for(
    addon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.interface.generate import samples

    monkeypatch.setattr(samples, "FOLDER", tmp_path)
    with pytest.raises(RuntimeError, match="Install the add-on again"):
        bpy.ops.trellis.try_sample('INVOKE_DEFAULT')


# What is there already


def already() -> list[str]:
    from trellis_blender.interface.generate import readiness
    from trellis_blender.piapi.models import MODELS

    settings = bpy.context.scene.trellis
    return [generation.id for generation in readiness.already_made(settings, MODELS[settings.model])]


def test_the_same_settings_with_a_fixed_seed_are_known_again(settings: Any, press: Any) -> None:
    settings.prompt = "a badger"
    press()
    assert already() == []
    settings.seed = 42
    assert already() == []
    (made,) = press()
    assert already() == [made.id]
    for name, other in (("prompt", "a fox"), ("seed", 43), ("ss_guidance_strength", 7.0), ("variations", 2)):
        before = getattr(settings, name)
        setattr(settings, name, other)
        assert already() == [], name
        setattr(settings, name, before)
        assert already() == [made.id], name


def test_a_picture_that_was_changed_is_another_one(settings: Any, press: Any, tmp_path: Path) -> None:
    image = tmp_path / "pear.png"
    image.write_bytes(picture_png(20, 20))
    settings.source, settings.image, settings.seed = 'IMAGE', str(image), 5
    (made,) = press()
    assert made.request.picture_path == str(image)
    assert already() == [made.id]
    os.utime(image, ns=(1, 1))
    assert already() == []


def test_show_it_selects_the_model_and_brings_back_one_that_is_gone(settings: Any, press: Any, piapi: Piapi) -> None:
    settings.prompt, settings.seed = "a bear", 6
    (made,) = press()
    model = bpy.data.objects[made.object_name]
    model.select_set(False)
    model.hide_set(True)
    bpy.ops.trellis.show(generations=made.id, may_place=True)
    assert model.select_get()
    assert bpy.context.view_layer.objects.active == model
    bpy.data.objects.remove(model)
    bpy.ops.trellis.show(generations=made.id, may_place=True)
    assert "a bear" in bpy.data.objects
    assert len(piapi.creates) == 1


# Prompts


def test_an_earlier_prompt_is_taken_up_again(settings: Any, generate: Any) -> None:
    bpy.ops.trellis.use_prompt(prompt="a small\nfox")
    assert settings.prompt == "a small\nfox"
    generate()
    from trellis_blender.generation.record.history import earlier_prompts
    from trellis_blender.interface.state import session

    assert earlier_prompts(session.current().generations.values())[0] == "a small fox"


def test_a_thousand_generations_are_compared_in_a_moment(settings: Any, press: Any) -> None:
    """Once for each change; every further draw asks nothing."""
    from dataclasses import replace

    from trellis_blender.interface.state import session

    settings.prompt, settings.seed = "a thousand bears", 5
    (made,) = press()
    found = session.current()
    for number in range(1000):
        found.generations[str(number)] = replace(made, id=str(number), created_at=0.0)
    found.revision += 1
    assert already() == [made.id]
    took_s = []
    for _ in range(20):
        begun = time.perf_counter()
        already()
        took_s.append(time.perf_counter() - begun)
    assert min(took_s) < 0.001


def test_a_text_beside_an_icon_has_less_room(addon: Any) -> None:
    """The end of a long path was cut off."""
    from trellis_blender.interface.text import layouts

    longest = {}
    for icon in ('NONE', 'ERROR'):
        paper = Paper()
        layouts.draw_text(paper, context(), "/" + "picture" * 40, icon)
        longest[icon] = max(map(len, paper.said))
    assert longest['NONE'] - longest['ERROR'] >= 3
