"""Scene and collection that a model was made for, deleted while it is made: it is offered, and stands elsewhere."""

import bpy
import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    with drive.in_viewport():
        bpy.ops.scene.new(type='EMPTY')
    drive.window().scene.name = "Stage"
    yield 0.5
    yield from drive.ask_for("a lamp")
    with drive.in_viewport():
        bpy.ops.scene.delete()
    yield 0.5
    assert drive.window().scene.name == "Scene"
    assert "Stage" not in bpy.data.scenes
    before = drive.artists_state()
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "the lamp")
    yield 1.0
    drive.assert_untouched(before)
    assert "3D cursor" in drive.line().detail, drive.line()
    drive.shot("01-scene-deleted")
    drive.press_in_row("place")
    yield from drive.until(lambda: drive.models() == ["a lamp"], "the lamp in the other scene", 10)
    drive.assert_untouched(before, "a lamp")

    # A scene that goes with the model in it: the row offers it again.
    with drive.in_viewport():
        bpy.ops.scene.new(type='EMPTY')
    drive.window().scene.name = "Stage"
    yield 0.5
    yield from drive.ask_for("a chair")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the chair")
    assert drive.models() == ["a chair"]
    with drive.in_viewport():
        bpy.ops.scene.delete()
    yield 1.5
    assert drive.is_gone(drive.generations()[0]), drive.line()
    drive.shot("02-scene-deleted-with-the-model")
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.line().stage == "In the scene", "the chair in the other scene", 5)
    # Blender keeps what it deleted, name and all, until the file is saved and opened again.
    assert drive.models() == ["a chair.001", "a lamp"], drive.models()

    collection = bpy.data.collections.new("Props")
    scene = drive.window().scene
    scene.collection.children.link(collection)
    layer = drive.window().view_layer.layer_collection
    drive.window().view_layer.active_layer_collection = layer.children["Props"]
    yield from drive.ask_for("a bench")
    assert drive.generations()[0].request.placement.collection == "Props"
    bpy.data.collections.remove(collection)
    yield 0.5
    before = drive.artists_state()
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "the bench")
    yield 1.0
    drive.assert_untouched(before)
    assert "3D cursor" in drive.line().detail, drive.line()
    drive.press_in_row("place")
    yield from drive.until(lambda: "a bench" in scene.objects, "the bench in the scene", 10)
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("03-collection-deleted")
