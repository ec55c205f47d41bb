"""No key, no network: "Try It Offline" has a model from a picture in seconds, and its process ends with Blender."""

import os
import time

import bpy
import drive


def scenario() -> drive.Steps:
    settings = bpy.context.scene.trellis
    yield from drive.open_sidebar()
    yield from drive.over_viewport()
    drive.shot("01-no-key-no-picture")
    settings.source = 'IMAGE'
    settings.image = os.environ["TEST_IMAGE"]
    drive.viewport()[0].tag_redraw()
    yield 0.5
    drive.shot("02-a-picture")
    bpy.context.scene.cursor.location.x = -2.5  # beside Blender's own cube
    begun = time.monotonic()
    yield from drive.press("trellis.try_offline")
    yield from drive.until(lambda: drive.state() == "placed", "the rough model", limit_s=20)
    print(f"from the press to the model: {time.monotonic() - begun:.1f} s")
    assert drive.line().detail == "Offline preview: a rough stand-in, not Trellis."
    assert len(drive.models()) == 1
    yield from drive.over_viewport()
    yield 1.0
    drive.shot("03-a-model")

    settings.model = 'offline-preview'
    drive.viewport()[0].tag_redraw()
    yield 0.5
    drive.shot("04-chosen-as-the-model")
    bpy.context.scene.cursor.location.x = 1.5
    yield 1.0
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.models()) == 2, "another one", limit_s=20)
    yield from drive.over_viewport()
    drive.shot("05-another")

    # Words alone: the button says why not, and a script hears it.
    settings.source = 'TEXT'
    settings.prompt = "a chair"
    drive.viewport()[0].tag_redraw()
    yield 0.5
    drive.shot("06-words-alone")
    with drive.in_viewport():
        bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt="a chair", model="offline-preview")
    yield from drive.until(lambda: drive.state() == "failed", "the sentence")
    yield 1.0
    drive.shot("07-it-cannot-read")
    from bl_ext.user_default.trellis_blender.interface.state import session
    from bl_ext.user_default.trellis_blender.offline.tasks import NO_PICTURE

    assert NO_PICTURE[:-1] in drive.line().detail

    number = session.current().offline.process_id
    (drive.CONTROL / "process").write_text(str(number))
