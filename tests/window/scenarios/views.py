"""Several pictures of one thing: taken of an object from its sides, looked at and sent, with real clicks."""

import colorsys
from pathlib import Path
from typing import Any

import bpy
import drive
from before import redraw, settings
from mathutils import Vector

HUES = {"Front": 0.0, "Right": 0.33, "Back": 0.67, "Left": 0.17, "Top": 0.5, "Bottom": 0.83}
NORMALS = {
    "Front": (0, -1, 0),
    "Right": (1, 0, 0),
    "Back": (0, 1, 0),
    "Left": (-1, 0, 0),
    "Top": (0, 0, 1),
    "Bottom": (0, 0, -1),
}
SCALES = (1.0, 1000.0, 0.0001)
"""Metres: as usual, a kilometre, and a tenth of a millimetre."""


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from redraw()
    box = a_box()
    yield from the_sides_of(box)
    yield from what_has_no_sides(box)
    yield from in_the_panel()
    yield from generated()
    yield from in_the_dialog()


def a_box() -> bpy.types.Object:
    """Longer than wide, another colour on each side, and not alone in the scene."""
    bpy.ops.mesh.primitive_cube_add(size=8, location=(9, 0, 0))
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.2, -0.1, 0.4))
    box = bpy.context.object
    box.name = "Box.001"
    for name, hue in HUES.items():
        material = bpy.data.materials.new(name)
        material.diffuse_color = (*colorsys.hsv_to_rgb(hue, 1.0, 0.8), 1.0)
        box.data.materials.append(material)
    for face in box.data.polygons:
        face.material_index = next(
            number for number, normal in enumerate(NORMALS.values()) if face.normal.dot(Vector(normal)) > 0.9
        )
    return box


def take(sides: str) -> str:
    """Takes the views; what the operator has against it."""
    try:
        with drive.in_viewport():
            bpy.ops.trellis.take_views(sides=sides)
    except RuntimeError as error:
        return str(error)
    return ""


def pictures() -> list[Path]:
    from bl_ext.user_default.trellis_blender.interface.state.settings import pictures_of

    return [Path(path) for path in pictures_of(settings())]


def read(path: Path) -> Any:
    """Height × width × RGBA, bottom row first."""
    import numpy as np

    image = bpy.data.images.load(str(path))
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    width, height = image.size
    bpy.data.images.remove(image)
    return values.reshape(height, width, 4)


def the_sides_of(box: bpy.types.Object) -> drive.Steps:
    scenes = len(bpy.data.scenes)
    for scale in SCALES:
        box.scale = (scale, 2 * scale, 3 * scale)
        yield 0.3
        before = drive.artists_state()
        assert take('SIX') == ""
        drive.assert_untouched(before)
        names = [path.stem for path in pictures()]
        assert names == ["Box_001", *(f"Box_001_{name}" for name in list(HUES)[1:])], names
        for name, path in zip(HUES, pictures(), strict=True):
            shows_one_side(name, read(path))
    box.scale = (1, 2, 3)
    assert len(bpy.data.scenes) == scenes


def shows_one_side(name: str, pixels: Any) -> None:
    """The side's colour and nothing else, in the middle, as wide and high as that side is, on nothing."""
    import numpy as np

    seen = pixels[..., 3] > 0.5
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    side = pixels.shape[0]
    wide, high = {"Front": (1, 3), "Back": (1, 3), "Right": (2, 3), "Left": (2, 3)}.get(name, (1, 2))
    assert abs(width / height - wide / high) < 0.02, (name, width, height)
    assert abs(max(width, height) / side - 1 / 1.15) < 0.02, (name, width, height)
    assert abs(rows.mean() - side / 2) < 3, name
    assert abs(columns.mean() - side / 2) < 3, name
    red, green, blue = pixels[seen][:, :3].mean(axis=0)
    hue = colorsys.rgb_to_hsv(red, green, blue)[0]
    assert min(abs(hue - HUES[name]), 1 - abs(hue - HUES[name])) < 0.06, (name, hue)
    assert not pixels[0].any(), name


def what_has_no_sides(box: bpy.types.Object) -> drive.Steps:
    for item in bpy.context.selected_objects:
        item.select_set(False)
    assert "Nothing is selected" in take('FOUR')
    bpy.ops.object.empty_add()
    empty = bpy.context.object
    assert "Nothing of the selection can be seen" in take('FOUR')
    bpy.data.objects.remove(empty)
    bpy.context.view_layer.objects.active = box
    box.select_set(True)
    box.scale = (1, 0, 3)
    yield 0.3
    assert take('FOUR') == ""
    assert [path.stem for path in pictures()] == ["Box_001", "Box_001_Back"]
    box.scale = (1, 2, 3)
    with drive.in_viewport():
        bpy.ops.view3d.localview()
    yield 1.0
    assert "Local View" in take('FOUR')
    with drive.in_viewport():
        bpy.ops.view3d.localview()
    yield 1.0
    bpy.ops.object.mode_set(mode='SCULPT')
    assert "Sculpt Mode" in take('FOUR')
    bpy.ops.object.mode_set(mode='OBJECT')


def in_the_panel() -> drive.Steps:
    assert take('FOUR') == ""
    yield from redraw()
    yield 3.0
    drive.shot("01-four-views")
    yield from drive.press("trellis.show_view", column=0.85)
    yield from drive.until(lambda: settings().image.endswith("Right.png"), "the second in the field")
    drive.shot("02-the-second-is-shown")
    yield from drive.press("trellis.remove_view", column=0.75)
    yield from drive.until(lambda: len(pictures()) == 3, "the second to go")
    yield 1.0
    drive.shot("03-three-views")
    settings().model = 'Qubico/trellis2'
    yield from redraw()
    yield 0.5
    drive.shot("04-this-model-takes-one")
    settings().model = 'Qubico/trellis'
    yield from redraw()


def generated() -> drive.Steps:
    yield from drive.tell("refuse views")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "failed", "the refusal")
    yield 1.0
    drive.shot("05-refused")
    assert "refused several pictures" in drive.generations()[0].problem
    yield from drive.tell("take views")
    yield from drive.press("trellis.try_views_again")
    yield 1.0
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.models()) == 1, "the model", 60)
    yield 1.5
    drive.shot("06-only-the-first-was-taken")
    assert drive.generations()[0].views_taken == 1


def in_the_dialog() -> drive.Steps:
    settings().several = 'VIEWS'
    files = [{"name": str(path)} for path in pictures()]
    with drive.in_viewport():
        bpy.ops.trellis.generate_from_files('INVOKE_DEFAULT', files=files)
    yield 1.5
    drive.shot("07-dialog-of-several")
    yield from drive.key("Return", 0.5)
    yield from drive.until(lambda: len(drive.generations()) == 3, "the generation of all of them")
    assert len(drive.generations()[0].request.views) == 2
    yield from drive.key("Escape", 0.5)  # the placeholder follows the mouse, and stays where it was
    yield from drive.until(lambda: len(drive.models()) == 2, "its model", 60)
