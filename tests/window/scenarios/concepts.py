"""From a prompt to four pictures to two models; a background removed by PiAPI; a picture from the web. Real clicks."""

import os
from typing import Any

import bpy
import drive
from before import redraw, settings


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from pictures_first()
    yield from two_of_four()
    yield from background_removed()
    yield from one_thing_kept()
    yield from enlarged()
    yield from from_the_web()


def pictures_first() -> drive.Steps:
    settings().prompt = "a glass jar with a lid"
    settings().model = 'Qubico/trellis2'
    settings().concept_model = 'Qubico/z-image'
    # The panels below follow a moment later.
    yield from redraw()
    yield from redraw()
    drive.shot("01-pictures-first")
    yield from drive.press("trellis.make_concepts", wait_s=1.2)
    drive.shot("02-dialog")
    assert drive.generations() == [], "nothing is sent before the dialog's button"
    yield from drive.key("Return", 0.5)
    yield from drive.until(lambda: drive.state() == "running", "the pictures to be drawn", 20)
    yield from drive.over_viewport()
    yield from redraw(0.5)
    drive.shot("03-on-their-way")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "the pictures")
    yield from redraw(2.0)
    drive.shot("04-four-pictures")
    assert drive.models() == []
    assert drive.placeholders() == []


def two_of_four() -> drive.Steps:
    yield from press_below("trellis.make_concepts", "picture-2", column=0.75)
    yield from press_below("picture-2", "picture-3", column=0.35)
    yield from redraw(0.3)
    drive.shot("05-two-chosen")
    yield from press_below("picture-3", "trellis.generate_from_concepts", column=0.6)
    yield from drive.until(lambda: len(drive.generations()) == 3, "two generations", 10)
    assert len(drive.placeholders()) == 2
    yield from drive.until(lambda: all(each.task_id for each in drive.generations()), "their tasks", 10)
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 2, "two models")
    yield from drive.over_viewport()
    yield from redraw(1.5)
    drive.shot("06-two-models")


def press_below(above: str, name: str, column: float) -> drive.Steps:
    """Clicks a button that is below one that has been clicked: the way from the top of the sidebar is long."""
    _, _, sidebar = drive.viewport()
    if above not in drive.hovered():
        yield from drive.find(above)
    x, y = sidebar.x + sidebar.width * column, drive.mouse[1]
    while name not in drive.hovered():
        y -= 9
        assert y > sidebar.y, f"no button “{name}” below “{above}”"
        drive.move(x, y)
        yield 0.06
    yield from drive.click(x, y - 4)


def background_removed() -> drive.Steps:
    original = os.environ["TEST_IMAGE"]
    settings().source, settings().image = 'IMAGE', original
    yield from redraw(1.0)
    yield from drive.until(lambda: "BACKGROUND" in findings(), "the finding", 20)
    drive.shot("10-prices")
    count = len(drive.generations())
    yield from drive.press("trellis.remove_background", wait_s=1.0)
    yield from drive.until(lambda: len(drive.generations()) == count + 1 and drive.state() == "running", "the task", 10)
    yield from drive.over_viewport()
    drive.shot("11-piapi-is-at-it")
    yield from drive.finish()
    yield from drive.until(lambda: settings().image != original, "the picture without its background")
    yield from redraw(2.0)
    drive.shot("12-before-and-after")
    assert settings().image_before == original


def one_thing_kept() -> drive.Steps:
    original = settings().image_before
    yield from drive.press("trellis.use_original_image", wait_s=1.0)
    yield from drive.press("trellis.keep_subject", wait_s=1.0)
    count = len(drive.generations())
    yield from drive.type_text("tomato")
    yield from drive.key("Return", 0.6)
    drive.shot("13-what-to-keep")
    assert len(drive.generations()) == count, "nothing is sent before the dialog's button"
    yield from drive.key("Return", 0.6)
    yield from drive.until(lambda: len(drive.generations()) == count + 1 and drive.state() == "running", "the task", 10)
    yield from drive.finish()
    yield from drive.until(lambda: settings().image != original, "the tomato")
    yield from drive.over_viewport()
    yield from redraw(2.0)
    drive.shot("14-kept")


def enlarged() -> drive.Steps:
    before, original = settings().image, settings().image_before
    yield from drive.press("trellis.enlarge_image", wait_s=1.0)
    yield from drive.until(lambda: drive.state() == "running", "the task", 10)
    yield from drive.finish()
    yield from drive.until(lambda: settings().image != before, "the larger picture")
    yield from drive.over_viewport()
    yield from redraw(2.0)
    drive.shot("15-enlarged")
    assert settings().image_before == original


def from_the_web() -> drive.Steps:
    yield from drive.tell("web-picture")
    with drive.in_viewport():
        bpy.ops.trellis.take_from_web('INVOKE_DEFAULT')
    yield 1.0
    yield from drive.type_text(f"{os.environ['PIAPI_API_URL']}/files/chair.png")
    drive.shot("20-address")
    yield from drive.key("Return", 0.4)
    before = settings().image
    yield from drive.key("Return", 0.6)
    yield from drive.until(lambda: settings().image != before, "the picture from the web", 20)
    yield from redraw(2.0)
    drive.shot("21-from-the-web")


def findings() -> list[Any]:
    from checking import findings as found

    return found()
