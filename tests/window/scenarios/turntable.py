"""What comes beside a model: its film is watched from the menu of its row, its cut-out becomes the next image."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy
import drive


def film() -> Path:
    """Six small pictures of the scene, one after the other, as PiAPI's films are encoded."""
    scene: Any = bpy.data.scenes.new("Film")
    scene.render.engine = 'CYCLES'
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 160, 80, 100
    scene.frame_end = 6
    scene.camera = bpy.data.objects["Camera"]
    for item in bpy.data.scenes["Scene"].objects:
        scene.collection.objects.link(item)
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = 'VIDEO'
    settings.file_format = 'FFMPEG'
    scene.render.ffmpeg.format = 'MPEG4'
    scene.render.ffmpeg.codec = 'H264'
    scene.render.filepath = str(drive.CONTROL / "film.mp4")
    scene.render.use_file_extension = False
    bpy.ops.render.render(animation=True, scene=scene.name)
    bpy.data.scenes.remove(scene)
    return drive.CONTROL / "film.mp4"


def players() -> list[int]:
    """The processes that play the film."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"-a" in words and any(word.endswith(b"turntable.mp4") for word in words):
                found.append(int(path.parent.name))
    return found


def players_ended() -> drive.Steps:
    for number in players():
        os.kill(number, signal.SIGTERM)
    yield from drive.until(lambda: not players(), "the player to end", 10)


def scenario() -> drive.Steps:
    assert film().stat().st_size > 1000
    yield from drive.tell("filmed")
    yield from drive.open_sidebar()
    settings: Any = bpy.context.scene.trellis
    settings.source, settings.image = 'IMAGE', os.environ["TEST_IMAGE"]
    yield 1.0
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    from bl_ext.user_default.trellis_blender.interface.generations.extras import folder_of

    folder = folder_of(drive.generations()[0])
    yield from drive.until((folder / "turntable.mp4").is_file, "the film")
    assert (folder / "cutout.png").is_file()

    yield 6.0
    yield from drive.press("trellis.more", column=0.82)
    yield 0.6
    drive.shot("01-menu")
    yield from drive.key("Escape", 0.4)
    yield from drive.press("trellis.watch", column=0.735)
    yield from drive.until(players, "Blender's player", 10)
    yield 3.0
    drive.shot("02-watched")
    yield from players_ended()

    # As if Blender had ended between the model and its film.
    (folder / "turntable.mp4").unlink()
    yield from drive.over_viewport()
    drive.press_in_row("watch")
    yield from drive.until(players, "Blender's player", 20)
    assert (folder / "turntable.mp4").is_file()
    yield from players_ended()

    yield from drive.over_viewport()
    with drive.in_viewport():
        bpy.ops.trellis.show_source('INVOKE_DEFAULT')
    yield 1.0
    drive.shot("03-input-and-cut-out")
    yield from drive.key("Escape", 0.4)
    drive.press_in_row("use_cutout")
    yield 1.0
    assert settings.image == str(folder / "cutout.png")
    assert settings.image_before == os.environ["TEST_IMAGE"]
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("04-the-next-image")
    yield from drive.press("trellis.use_original_image")
    assert settings.image == os.environ["TEST_IMAGE"]
    yield from compared()


def compared() -> drive.Steps:
    bpy.context.scene.trellis.variations = 2
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.models()) == 3, "two more models")
    yield 3.0
    yield from drive.over_viewport()
    with drive.in_viewport():
        bpy.ops.trellis.compare('INVOKE_DEFAULT', generation=drive.generations()[0].id)
    yield 1.5
    drive.shot("05-compared")
    yield from keep_the_first()


def keep_the_first() -> drive.Steps:
    """The popup stands with its title at the mouse; its first column's button is the last thing in it."""
    hidden = [item.name for item in bpy.context.scene.objects if item.hide_render]
    assert hidden == []
    (x, y), first = drive.mouse, drive.generations()[1]
    for below in range(244, 284, 6):
        yield from drive.click(x + 60, y - below)
        if hidden := [item for item in bpy.context.scene.objects if item.hide_render]:
            break
    drive.shot("06-kept-one")
    assert [item["trellis_generation"] for item in hidden] == [drive.generations()[0].id], (hidden, x, y, drive.mouse)
    assert first.request.variation == 1
