"""A block-out becomes a scene: boxes are selected, one button, the price of all, a model in each; one undo for one."""

import bpy
import drive

BOXES = {
    "Chair": ((-3, 0, 1), (0.5, 0.5, 1.0)),
    "Table": ((0, 0, 0.7), (1.2, 0.8, 0.7)),
    "Cube.012": ((3, 0, 1), (0.4, 0.4, 1.0)),
    "Chair.001": ((-5, 0, 1), (0.5, 0.5, 1.0)),
}


def seen() -> list[str]:
    return sorted(item.name for item in drive.window().view_layer.objects if item.visible_get())


def open_this_model() -> drive.Steps:
    """Its header is the one above that of the open panel "Block-out"."""
    yield from drive.find("trellis.generate_for_selection")
    x, top = drive.mouse
    while "generate_for_selection" in drive.hovered():
        top += 2
        drive.move(x, top)
        yield 0.1
    _, _, sidebar = drive.viewport()
    for above in (42, 50, 36, 58):
        yield from drive.click(sidebar.x + sidebar.width * 0.3, top + above, 0.6)
        for below in range(30, 260, 9):
            drive.move(x, top + above - below)
            yield 0.08
            if "trellis.generate_again" in drive.hovered():
                return
    raise AssertionError("the panel “This Model” was not opened")


def scenario() -> drive.Steps:
    for name in ("Cube", "Camera", "Light"):
        bpy.data.objects.remove(bpy.data.objects[name])
    for name, (place, half) in BOXES.items():
        bpy.ops.mesh.primitive_cube_add(location=place)
        item = bpy.context.active_object
        item.name, item.scale = name, half
    chair = bpy.data.objects["Chair"]
    bpy.data.objects["Chair.001"].data = chair.data
    yield from drive.open_sidebar()
    yield from drive.open_last_panel("trellis.generate_for_selection")
    with drive.in_viewport():  # the clicks beside panels went into the scene
        bpy.ops.object.select_all(action='SELECT')
        bpy.context.view_layer.objects.active = chair
        bpy.ops.ed.undo_push(message="Block-out")
    yield 0.5
    drive.shot("01-panel")
    yield from drive.press("trellis.generate_for_selection", wait_s=1.0)
    drive.shot("02-dialog")
    assert drive.generations() == []
    yield from drive.key("Return", 1.0)
    yield from drive.until(lambda: len(drive.generations()) == 2, "two generations")
    assert "trellis_placeholder" not in bpy.data.objects["Cube.012"]
    assert bpy.data.objects["Chair.001"]["trellis_placeholder"] == bpy.data.objects["Chair"]["trellis_placeholder"]
    yield from drive.until(lambda: any((each.progress or 0) > 0.4 for each in drive.generations()), "the boxes to fill")
    yield from drive.over_viewport()
    yield 1.0
    drive.shot("03-the-boxes-fill")
    yield from drive.until(lambda: len(drive.models()) == 3, "the models")
    yield 1.0
    drive.shot("04-models-in-their-boxes")
    assert seen() == ["Chair", "Chair.001", "Cube.012", "Table"], seen()
    assert drive.models() == ["Chair", "Chair.001", "Table"]
    chairs = [bpy.data.objects[name] for name in ("Chair", "Chair.001")]
    assert chairs[0].data == chairs[1].data
    for item, x in zip(chairs, (-3, -5), strict=True):
        assert tuple(round(value, 4) for value in item.location) == (x, 0, 0)

    # One undo takes one arrival back, and its boxes are there again.
    last = max(drive.generations(), key=lambda each: each.finished_at).request.name
    yield from drive.key("ctrl+z", 1.0)
    left = ["Table"] if drive.models() == ["Table"] else ["Chair", "Chair.001"]
    assert drive.models() == left, (last, drive.models())
    assert seen() == ["Chair", "Chair.001", "Cube.012", "Table"], seen()
    drive.shot("05-undone")
    yield from drive.key("ctrl+shift+z", 1.0)
    assert drive.models() == ["Chair", "Chair.001", "Table"]

    with drive.in_viewport():
        bpy.ops.trellis.show_boxes(boxes=True)
    yield 0.5
    assert seen() == ["Chair box", "Chair.001 box", "Cube.012", "Table box"], seen()
    yield from drive.over_viewport()
    drive.shot("06-the-boxes-again")
    with drive.in_viewport():
        bpy.ops.trellis.show_boxes(boxes=False)

    # What made the active one, and another in its place.
    with drive.in_viewport():
        bpy.ops.object.select_all(action='DESELECT')
    table = bpy.data.objects["Table"]
    table.select_set(True)
    bpy.context.view_layer.objects.active = table
    bpy.context.scene.trellis.renewal = 'REPLACE'
    with drive.in_viewport():
        bpy.ops.ed.undo_push(message="Table")
    drive.viewport()[0].tag_redraw()
    yield from open_this_model()
    yield from drive.over_viewport()
    drive.shot("07-this-model")
    mesh = table.data.name
    with drive.in_viewport():
        assert bpy.ops.trellis.vary_seed('INVOKE_DEFAULT') == {'FINISHED'}
    yield from drive.until(lambda: len(drive.generations()) == 3, "another table")
    yield from drive.until(lambda: bpy.data.objects["Table"].data.name != mesh, "the other table")
    assert not bpy.data.objects["Table (before)"].visible_get()
    yield from drive.over_viewport()
    yield from drive.key("ctrl+z", 1.0)
    assert bpy.data.objects["Table"].data.name == mesh
    assert "Table (before)" not in bpy.data.objects
    drive.shot("08-not-replaced")
