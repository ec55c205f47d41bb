"""Text to model with real clicks; the stage changes, the model comes, undo and redo."""

import time

import bpy
import drive


def scenario() -> drive.Steps:
    bpy.context.scene.cursor.location = (1.0, -1.0, 0.5)
    yield from drive.open_sidebar()
    drive.shot("01-empty")
    yield from drive.enter("trellis.prompt", "a bear")
    assert bpy.context.scene.trellis.prompt == "a bear", bpy.context.scene.trellis.prompt
    yield from drive.over_viewport()
    drive.shot("02-ready")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "waiting", "waiting")
    yield 0.5
    drive.shot("03-waiting")
    yield from drive.until(lambda: drive.state() == "running", "running")
    shares = [drive.line().stage]
    begun = time.monotonic()
    with drive.counted_redraws() as asked:
        for _ in range(20):
            yield 0.1
            shares.append(drive.line().stage)
    assert len(set(shares)) > 2, "nothing changed meanwhile"
    took_s = time.monotonic() - begun
    assert len(asked) <= took_s + 1, f"the viewport was redrawn {len(asked)} times in {took_s:.1f} s"
    drive.shot("04-running")
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    yield 1.0
    drive.shot("05-placed")
    model = bpy.data.objects["a bear"]
    assert tuple(model.location) == (1.0, -1.0, 0.5)
    assert model.select_get()
    assert bpy.context.view_layer.objects.active == model
    yield from drive.over_viewport()
    yield from drive.key("ctrl+z", 1.0)
    assert drive.models() == [], drive.models()
    drive.shot("06-undone")
    assert drive.is_gone(drive.generations()[0]), drive.line()
    assert "trellis_placeholder" in bpy.data.objects["a bear"]
    yield from drive.key("ctrl+shift+z", 1.0)
    assert drive.models() == ["a bear"], drive.models()
    assert drive.line().stage == "In the scene"
    drive.shot("07-redone")

    # A script that waits, in a Blender with a window.
    cube = bpy.data.objects["Cube"]
    with drive.in_viewport():
        assert bpy.ops.trellis.generate(prompt="a fox", seed=3) == {'FINISHED'}
    assert drive.models() == ["a bear", "a fox"]
    assert bpy.context.view_layer.objects.active.name == "a fox"
    assert not cube.select_get()
    yield 1.0
    drive.shot("08-from-a-script")
    yield from drive.key("ctrl+z", 1.0)
    assert drive.models() == ["a bear"], drive.models()
