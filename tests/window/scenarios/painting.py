"""The artist paints and poses: the model waits and says for what, Place puts it there without touching anything."""

import bpy
import drive

PAINTING = {'VERTEX_PAINT': "Vertex Paint", 'WEIGHT_PAINT': "Weight Paint", 'TEXTURE_PAINT': "Texture Paint"}


def choose(name: str) -> None:
    """Selects one object and makes it the active one."""
    layer = drive.window().view_layer
    for item in layer.objects:
        item.select_set(item.name == name)
    layer.objects.active = bpy.data.objects[name]


def switch(mode: str) -> drive.Steps:
    with drive.in_viewport():
        bpy.ops.object.mode_set(mode=mode)
    yield 0.3


def waits(name: str) -> drive.Steps:
    yield from drive.until(lambda: drive.state() == "ready" and name in drive.line().detail, f"to wait for {name}")
    yield 1.0
    assert drive.state() == "ready", drive.state()


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    with drive.in_viewport():
        bpy.ops.object.armature_add(location=(3, 0, 0))
    choose("Cube")
    with drive.in_viewport():
        bpy.ops.paint.add_texture_paint_slot(type='BASE_COLOR')
    yield 0.5

    # One model, waiting through three modes.
    yield from switch('VERTEX_PAINT')
    yield from drive.ask_for("a bear")
    yield from drive.finish()
    for mode, name in PAINTING.items():
        yield from switch(mode)
        before = drive.artists_state()
        yield from waits(name)
        drive.assert_untouched(before)
        drive.shot(f"01-waits-in-{mode.lower()}")
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.state() == "placed", "the bear in Texture Paint", 5)
    yield 0.5
    drive.assert_untouched(before)
    assert drive.models() == ["a bear"]
    yield from drive.over_viewport()
    drive.shot("02-placed-in-texture-paint")
    yield from switch('OBJECT')

    # Pose Mode: placed on demand, and by itself afterwards.
    choose("Armature")
    yield from switch('POSE')
    yield from drive.ask_for("a fox")
    yield from drive.finish()
    before = drive.artists_state()
    yield from waits("Pose Mode")
    drive.assert_untouched(before)
    drive.shot("03-waits-in-pose-mode")
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.state() == "placed", "the fox in Pose Mode", 5)
    yield 0.5
    drive.assert_untouched(before)
    assert bpy.data.objects["Armature"].mode == 'POSE'
    yield from drive.ask_for("a hen")
    yield from drive.finish()
    yield from waits("Pose Mode")
    yield from switch('OBJECT')
    before = drive.artists_state()
    yield from drive.until(lambda: drive.state() == "placed", "the hen after posing", 5)
    yield 0.5
    drive.assert_untouched(before, "a hen")
    yield from drive.over_viewport()
    drive.shot("04-arrived-after-posing")
    assert drive.models() == ["a bear", "a fox", "a hen"]
