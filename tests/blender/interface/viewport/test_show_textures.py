"""The button that has Solid mode show textures: where it is offered, and what it changes."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from models import box_glb
from paper import drawn


def viewports() -> list[Any]:
    """The spaces of all 3D viewports, two at least."""
    screen = bpy.context.window_manager.windows[0].screen
    for area in screen.areas:
        if area.type == 'DOPESHEET_EDITOR':
            area.type = 'VIEW_3D'
    found = [area.spaces.active for area in screen.areas if area.type == 'VIEW_3D']
    assert len(found) == 2
    return found


def settings_of(space: Any) -> dict[str, Any]:
    """All that a viewport's shading is."""
    names = {each.identifier for each in space.shading.bl_rna.properties} - {"rna_type", "selected_studio_light"}
    return {name: str(getattr(space.shading, name)) for name in names} | {"lens": space.lens}


def is_offered(item: Any) -> bool:
    from trellis_blender.interface.viewport.show_textures import draw_show_textures

    offered: list[str] = []
    draw_show_textures(SimpleNamespace(operator=lambda name, **_: offered.append(name)), item)
    return bool(offered)


@pytest.fixture
def model(addon: Any, tmp_path: Path) -> Any:
    from trellis_blender.scene.arrival import place

    path = tmp_path / "box.glb"
    path.write_bytes(box_glb())
    placed = place.place(path, "a box", "id1", place.here(bpy.context, 1.0, "load"))
    return bpy.data.objects[placed.object_name]


def other(kind: str, colour: str) -> Callable[[list[Any]], None]:
    def change(spaces: list[Any]) -> None:
        spaces[1].shading.type = kind
        if kind == 'SOLID':
            spaces[1].shading.color_type = colour

    return change


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda _: None, True),
        (other('SOLID', 'RANDOM'), True),
        (other('WIREFRAME', ''), True),
        (other('SOLID', 'TEXTURE'), False),
        (other('MATERIAL', ''), False),
        (other('RENDERED', ''), False),
    ],
    ids=["as Blender comes", "random colours", "lines", "one shows it", "a preview", "a rendering"],
)
def test_it_is_offered_where_no_viewport_shows_the_texture(model: Any, change: Any, wanted: bool) -> None:
    change(viewports())
    assert is_offered(model) == wanted


def test_it_is_not_offered_for_what_has_no_texture(model: Any) -> None:
    viewports()
    assert not is_offered(None)
    model.data.materials.clear()
    assert not is_offered(model)
    assert not is_offered(bpy.data.objects.new("empty", None))


def test_it_sets_the_colour_of_all_viewports_and_nothing_else(model: Any) -> None:
    spaces = viewports()
    spaces[1].shading.type = 'WIREFRAME'
    before = [settings_of(space) for space in spaces]
    assert bpy.ops.trellis.show_textures() == {'FINISHED'}
    after = [settings_of(space) for space in spaces]
    changed = [{name for name in one if one[name] != now[name]} for one, now in zip(before, after, strict=True)]
    assert changed == [{"color_type"}, {"color_type"}]
    assert {now["color_type"] for now in after} == {'TEXTURE'}
    assert not is_offered(model)


def test_it_is_offered_in_one_place(generate: Any) -> None:
    """In the newest row; in This Model for a model that is in no row."""
    from trellis_blender.interface.generate.model_panel import TRELLIS_PT_this_model
    from trellis_blender.interface.generations.panel import TRELLIS_PT_generations
    from trellis_blender.interface.state import session

    viewports()
    for prompt in ("a bear", "a fox"):
        generate(prompt=prompt)
    button = "Show Textures"
    for name in ("a bear", "a fox"):
        bpy.context.view_layer.objects.active = bpy.data.objects[name]
        assert button in drawn(TRELLIS_PT_generations)
        assert button not in drawn(TRELLIS_PT_this_model)
    session.current().generations.clear()
    session.current().revision += 1
    assert button not in drawn(TRELLIS_PT_generations)
    assert button in drawn(TRELLIS_PT_this_model)
