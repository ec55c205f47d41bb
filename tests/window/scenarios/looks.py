"""The list in all its states, in Blender's dark and light theme, at twice the size and in a narrow sidebar."""

import os
from pathlib import Path

import bpy
import drive


def light_theme() -> None:
    paths = (Path(folder, "Blender_Light.xml") for folder in bpy.utils.preset_paths("interface_theme"))
    theme = next(path for path in paths if path.exists())
    with bpy.context.temp_override(window=drive.window()):
        bpy.ops.script.execute_preset(filepath=str(theme), menu_idname="USERPREF_MT_interface_theme_presets")


def narrow(height: float = 0.5) -> drive.Steps:
    """Drags the sidebar's edge until it is two thirds as wide. A mouse that comes from outside takes the edge up.

    `height` is a share of the sidebar's: below the last panel there is no edge, and a panel's header closes it.
    """
    _, _, sidebar = drive.viewport()
    width = sidebar.width
    for outwards in (3, 5, 1, 7, -1):
        x, y = sidebar.x - outwards, sidebar.y + sidebar.height * height
        yield from drive.over_viewport()
        drive.move(x - 20, y)
        yield 0.4
        yield from drive.drag(x, y, x + width / 3, y)
        yield 0.6
        if sidebar.width < 0.8 * width:
            return
    raise AssertionError(f"the sidebar is {sidebar.width} wide still")


def photograph(name: str) -> drive.Steps:
    yield from drive.over_viewport()
    yield 0.6
    drive.shot(name)


def scenario() -> drive.Steps:
    picture = os.environ["TEST_IMAGE"]
    settings = bpy.context.scene.trellis
    yield from drive.open_sidebar()
    settings.prompt = "a small wooden chair"
    yield 0.3
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "placed", "the chair")
    settings.source, settings.image = 'IMAGE', picture
    settings.model = 'Qubico/trellis2'
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "placed", "the model from a picture")
    drive.tell_service("refused")
    settings.source, settings.model = 'TEXT', 'Qubico/trellis'
    settings.prompt = "a lighthouse on a rock, with a red door"
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "failed", "the refusal")
    drive.tell_service("slow")
    yield 0.5
    settings.prompt, settings.variations = "an old copper kettle", 4
    bpy.context.scene.cursor.location = (-2, -2, 0)
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(
        lambda: sum(found.state.value == "running" for found in drive.generations()) == 4, "four running"
    )
    yield 4.0
    yield from photograph("01-four-running-one-failed-two-done")
    yield from drive.press("trellis.cancel_all", column=0.7, wait_s=1.0)
    drive.shot("02-cancel-all")
    yield from drive.key("Escape", 0.5)
    assert all(found.state.value == "running" for found in drive.generations()[:4]), "Esc is no answer"
    yield from drive.find("trellis.show", column=0.4)
    yield 1.6
    drive.shot("02-hovered")
    light_theme()
    yield from photograph("03-light")
    drive.tell_service("done")
    yield from drive.until(
        lambda: all(found.state.value in {"placed", "failed"} for found in drive.generations()), "all"
    )
    yield 2.5
    yield from photograph("04-light-done")
    with drive.in_viewport():
        bpy.ops.preferences.reset_default_theme()
    yield 0.5
    yield from photograph("05-done")
    yield from drive.press("trellis.more", column=0.82)
    yield 0.8
    drive.shot("06-menu")
    yield from drive.key("Escape", 0.5)
    yield from narrow()
    yield 0.6
    yield from photograph("07-narrow")
    bpy.context.preferences.view.ui_scale = 2.0
    yield 1.0
    yield from photograph("08-twice-the-size")
