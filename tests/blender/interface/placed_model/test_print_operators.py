"""The operators for printing: what they take, and what they say where something is wrong."""

import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from blender_helpers import counts, cube, little_room, without_faces

OPS: Any = bpy.ops.trellis


@pytest.fixture(autouse=True)
def _empty(addon: Any) -> None:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)


# What the operators say


def test_a_script_gets_an_error_or_the_numbers() -> None:
    model = without_faces(cube(), [0])
    with pytest.raises(RuntimeError, match="It is open: 4 edges"):
        OPS.check_print()
    found = bpy.context.window_manager.trellis_print_check
    assert (found.model, found.closed, found.open_edges) == (model.name, False, 4)
    other = cube()
    assert OPS.check_print(size_mm=20) == {'FINISHED'}
    assert (found.model, found.closed) == (other.name, True)
    assert tuple(found.size_mm) == pytest.approx((20, 20, 20))
    assert found.volume_cm3 == pytest.approx(8)
    bpy.context.scene.trellis_print.size_mm = 30
    assert OPS.check_print(model=other.name) == {'FINISHED'}
    assert found.size_mm[0] == pytest.approx(30)


def hidden(model: Any) -> None:
    model.hide_viewport = True


def excluded(model: Any) -> None:
    home = bpy.data.collections.new("put away")
    bpy.context.scene.collection.children.link(home)
    home.objects.link(model)
    bpy.context.collection.objects.unlink(model)
    bpy.context.view_layer.layer_collection.children[home.name].exclude = True


def elsewhere(model: Any) -> None:
    bpy.data.scenes.new("another").collection.objects.link(model)
    bpy.context.collection.objects.unlink(model)


@pytest.mark.parametrize("put_away", [hidden, excluded, elsewhere])
def test_what_is_not_shown_has_its_modifiers_and_its_size_too(put_away: Any) -> None:
    """Blender does not compute it."""
    model = cube()
    modifier = model.modifiers.new("row", 'ARRAY')
    modifier.count = 3
    modifier.relative_offset_displace = (2, 0, 0)
    put_away(model)
    model.scale = (2, 1, 1)
    before = counts()
    assert OPS.check_print(model=model.name) == {'FINISHED'}
    found = bpy.context.window_manager.trellis_print_check
    assert (found.shells, *found.size_mm) == pytest.approx((3, 1000, 100, 100))
    assert counts() == before


def bad_models() -> dict[str, tuple[Any, str]]:
    empty = bpy.data.objects.new("empty mesh", bpy.data.meshes.new("empty"))
    light = bpy.data.objects.new("light", bpy.data.lights.new("light", 'SUN'))
    zero = bpy.data.objects.new("zero", cube().data)
    zero.scale = (0, 1, 1)
    lost = cube()
    lost.name = "lost"
    lost.data.vertices[0].co.x = float("nan")
    for item in (empty, light, zero):
        bpy.context.collection.objects.link(item)
    return {
        "empty mesh": (empty, "has no faces"),
        "light": (light, "is no mesh"),
        "zero": (zero, "no size that could be printed"),
        "lost": (lost, "invalid coordinates"),
    }


@pytest.mark.parametrize("operator", ["check_print", "make_printable", "export_stl"])
def test_what_cannot_be_printed_is_said_in_a_sentence(operator: str, tmp_path: Path) -> None:
    more = {"filepath": str(tmp_path / "a.stl")} if operator == "export_stl" else {}
    for model, said in bad_models().values():
        bpy.context.view_layer.update()
        before = counts()
        with pytest.raises(RuntimeError, match=said):
            getattr(OPS, operator)(model=model.name, **more)
        assert counts() == before
    with pytest.raises(RuntimeError, match="There is no object “nobody”"):
        getattr(OPS, operator)(model="nobody", **more)
    cube()
    bpy.ops.object.mode_set(mode='EDIT')
    with pytest.raises(RuntimeError, match="Leave the mode you are in first"):
        getattr(OPS, operator)(**more)
    bpy.ops.object.mode_set(mode='OBJECT')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_and_a_folder_that_cannot_be_used_leave_the_old_file(tmp_path: Path) -> None:
    cube()
    path = tmp_path / "cube.stl"
    path.write_bytes(b"old")
    said = ""
    with little_room():
        with suppress(RuntimeError):
            OPS.export_stl(filepath=str(path))
            said = "exported"
        # Blender prints the error into a file: not while there is no room for it.
    assert said == ""
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["cube.stl"]
    with pytest.raises(RuntimeError, match="cannot be used"):
        OPS.export_stl(filepath=str(path / "in a file" / "cube.stl"))
    with pytest.raises(RuntimeError, match="Say in which file"):
        OPS.export_stl(filepath="")


def test_a_linked_model_can_be_exported_and_not_changed(tmp_path: Path) -> None:
    model = cube()
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {model})
    bpy.data.objects.remove(model)
    loading: Any = bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True)
    with loading as (found, wanted):
        wanted.objects = found.objects
    (linked,) = wanted.objects
    bpy.context.collection.objects.link(linked)
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="is linked from another file"):
        OPS.make_printable(model=linked.name)
    assert OPS.export_stl(model=linked.name, filepath=str(tmp_path / "a.stl")) == {'FINISHED'}


def test_make_printable_is_an_operator_too() -> None:
    model = without_faces(cube(), [0])
    bpy.context.scene.trellis_print.detail_mm = 5
    assert OPS.make_printable() == {'FINISHED'}
    assert len(model.data.polygons) == pytest.approx(6 * 20 * 20, rel=0.1)
    assert OPS.check_print(wall_mm=0) == {'FINISHED'}
    assert bpy.data.objects[f"{model.name} (before)"].hide_viewport


def test_a_model_that_was_deleted_meanwhile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.placed_model import print_operators, print_work
    from trellis_blender.scene.printing.shape import CannotPrint

    monkeypatch.setattr(print_work._Running, "results", ["what was made of it"])
    with pytest.raises(CannotPrint, match="“Chair” was deleted meanwhile"):
        print_operators.TRELLIS_OT_make_printable.take(SimpleNamespace(name_shown="Chair"), bpy.context, None)
