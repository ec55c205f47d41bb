"""What the artist reads when things go wrong; a double click; cancelling; an image."""

import os
import subprocess

import bpy
import drive


def press_and_wait(word: str, *states: str) -> drive.Steps:
    count = len(drive.generations())
    drive.tell_service(word)
    yield 0.4
    yield from drive.press("trellis.generate")
    yield from drive.until(lambda: len(drive.generations()) == count + 1, word)
    yield from drive.until(lambda: drive.state() in states or drive.generations()[0].parked, f"{word} to end")
    yield 1.2


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    drive.shot("01-nothing-entered")
    yield from drive.enter("trellis.prompt", "a bear")

    yield from press_and_wait("wrong-key", "failed")
    assert "PiAPI refused the API key (401)" in drive.line().detail
    yield from press_and_wait("no-credits", "failed")
    yield from press_and_wait("web-page", "outcome unknown")
    yield from press_and_wait("task-fails", "failed")
    assert "the prompt was refused by the filter" in drive.line().detail
    yield from drive.over_viewport()
    drive.shot("02-failures")
    yield from press_and_wait("broken-model")
    assert drive.generations()[0].parked
    yield from drive.over_viewport()
    drive.shot("03-broken-model")

    # The file arrives when it is asked for again, at no cost.
    drive.tell_service("well-again")
    yield 0.4
    yield from drive.press("trellis.resume", column=0.65)
    yield from drive.until(lambda: drive.state() == "placed", "the model after Resume")

    # A double click submits once.
    count = len(drive.generations())
    yield from drive.find("trellis.generate")
    subprocess.run(["xdotool", "click", "--repeat", "2", "--delay", "150", "1"], check=True)
    yield 1.5
    assert len(drive.generations()) == count + 1
    yield from drive.until(lambda: drive.state() == "placed", "the model")

    drive.tell_service("slow")
    yield 0.4
    yield from drive.press("trellis.generate")
    yield from drive.until(lambda: drive.state() == "waiting", "waiting")
    yield from drive.press("trellis.cancel", column=0.81)
    yield from drive.until(lambda: drive.state() == "cancelled", "cancelled")
    yield from drive.over_viewport()
    drive.shot("04-cancelled")

    bpy.context.scene.trellis.source = 'IMAGE'
    yield 0.5
    drive.shot("05-image")
    drive.tell_service("well-again")
    bpy.context.scene.trellis.image = os.environ["TEST_IMAGE"]
    bpy.context.scene.trellis.model = 'Qubico/trellis2'
    yield 0.5
    yield from drive.press("trellis.generate")
    yield from drive.until(lambda: drive.state() == "placed", "the model from an image")
    yield 0.5
    drive.shot("06-image-placed")
    bpy.context.scene.trellis.image = "/nowhere/at-all.png"
    yield 0.5
    yield from drive.press("trellis.generate")
    yield 0.5
    drive.shot("07-no-such-image")
    yield from drive.over_viewport()

    with bpy.context.temp_override(window=drive.window()):
        bpy.ops.preferences.addon_show(module="bl_ext.user_default.trellis_blender")
    yield 2.0
    drive.shot("08-preferences")
