"""The artist sculpts, edits, moves things: the model waits, says so, and nothing is taken out of their hands."""

import bpy
import drive

IN_THE_CUBE = "It is inside “Cube”, which hides it."


def generate() -> drive.Steps:
    known = len(drive.generations())
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.generations()) > known and drive.state() != "queued", "the task")
    yield from drive.over_viewport()


def waits(word: str) -> drive.Steps:
    before = drive.artists_state()
    yield from drive.until(lambda: drive.state() == "ready" and word in drive.line().detail, f"waiting for {word}")
    yield 1.0
    assert drive.state() == "ready"
    drive.assert_untouched(before)


def scenario() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.scene.user_activity import IN_OPERATION

    cube = bpy.data.objects["Cube"]
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")

    yield from generate()
    yield from drive.key("Tab", 0.6)
    assert cube.mode == 'EDIT'
    yield from waits("Edit Mode")
    drive.shot("01-waits-in-edit-mode")
    before = drive.artists_state()
    assert before["mode"] == 'EDIT_MESH'
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.state() == "placed", "the model in Edit Mode")
    drive.assert_untouched(before)
    yield from drive.over_viewport()
    drive.shot("02-placed-in-edit-mode")
    yield from drive.key("Tab", 0.6)

    yield from generate()
    with drive.in_viewport():
        bpy.ops.object.mode_set(mode='SCULPT')
    yield from waits("Sculpt Mode")
    assert cube.mode == 'SCULPT'
    drive.shot("03-waits-in-sculpt-mode")
    with drive.in_viewport():
        bpy.ops.object.mode_set(mode='OBJECT')
    before = drive.artists_state()
    yield from drive.until(lambda: drive.state() == "placed", "the arrival after sculpting", 5)
    drive.assert_untouched(before, drive.generations()[0].object_name)

    bpy.ops.object.select_all(action='DESELECT')
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    yield from generate()
    yield from drive.key("g", 0.6)
    yield from waits(IN_OPERATION)
    drive.shot("04-waits-for-the-tool")
    yield from drive.key("Escape", 0.3)
    before = drive.artists_state()
    yield from drive.until(lambda: drive.state() == "placed", "the arrival after the tool", 5)
    drive.assert_untouched(before, drive.generations()[0].object_name)

    # Esc on its own never cancels a generation.
    yield from generate()
    yield from drive.key("Escape", 0.3)
    yield from drive.key("Escape", 0.3)
    yield from drive.until(lambda: drive.state() == "placed", "the arrival after Esc")
    assert len(drive.models()) == 4

    # In local view the placeholder is seen, and the model in its place. In a collection that is excluded it stays, and
    # the row says so.
    bpy.ops.object.select_all(action='DESELECT')
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    with drive.in_viewport():
        bpy.ops.view3d.localview()
    yield from generate()
    yield from drive.until(lambda: drive.state() == "placed", "the arrival in local view")
    area, _, _ = drive.viewport()
    model = bpy.data.objects[drive.generations()[0].object_name]
    assert area.spaces.active.local_view is not None
    yield 1.0
    drive.shot("05-local-view")
    seen = model.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert seen.local_view_get(area.spaces.active)
    assert [item.name for item in model.users_collection] == ["Collection"]
    assert drive.line().detail in {"", IN_THE_CUBE}, drive.line()
    with drive.in_viewport():
        bpy.ops.view3d.localview()
    yield from generate()
    bpy.context.view_layer.layer_collection.children["Collection"].exclude = True
    yield from drive.until(lambda: drive.state() == "placed", "the arrival beside an excluded collection")
    assert not bpy.data.objects[drive.generations()[0].object_name].visible_get()
    assert "“Collection”" in drive.line().detail
    yield 0.5
    drive.shot("06-collection-excluded")

    # Without a 3D viewport.
    bpy.context.view_layer.layer_collection.children["Collection"].exclude = False
    yield from generate()
    area.type = 'TEXT_EDITOR'
    yield from drive.until(lambda: drive.state() == "placed", "the arrival without a viewport")
    assert drive.line().detail in {"", IN_THE_CUBE}, drive.line()
    area.type = 'VIEW_3D'
