"""Pictures from what is in front of the artist: the viewport, the Image Editor, a drop from a File Browser."""

import os
import subprocess
from pathlib import Path
from typing import Any, ClassVar

import bpy
import drive
from before import redraw, settings

MENU_IMAGE_PX = 189
"""Where the menu “Image” stands in the Image Editor's header."""
PHOTOGRAPHS = 12
IMAGE = Path(os.environ["TEST_IMAGE"])


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    settings().source = 'IMAGE'
    yield from redraw()
    yield from the_viewport()
    yield from the_image_editor()
    yield from a_drop()
    yield from a_folder()


def the_viewport() -> drive.Steps:
    before = drive.artists_state()
    yield from drive.find("trellis.image")
    _, _, sidebar = drive.viewport()
    # The menu stands at the end of the field's row.
    for share in (0.84, 0.86, 0.82, 0.88):
        drive.move(sidebar.x + sidebar.width * share, drive.mouse[1])
        yield 0.4
        if not drive.hovered():
            break
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield 0.8
    drive.shot("01-menu")
    yield from drive.key("v")
    yield from drive.until(lambda: settings().image.endswith("Viewport.png"), "the viewport's picture", 60)
    yield 2.5
    drive.shot("02-the-viewport-is-the-picture")
    drive.assert_untouched(before)
    assert drive.generations() == []


def the_image_editor() -> drive.Steps:
    area = second_area()
    area.type = 'IMAGE_EDITOR'
    yield 1.0
    area.spaces.active.image = bpy.data.images.load(str(IMAGE))
    yield 1.0
    header = next(region for region in area.regions if region.type == 'HEADER')
    yield from drive.click(header.x + MENU_IMAGE_PX, header.y + header.height / 2, 0.8)
    drive.shot("03-menu-of-the-image-editor")
    yield from drive.key("g", 1.5)
    yield 2.5
    drive.shot("04-dialog")
    assert drive.generations() == []
    yield from drive.key("Return", 1.0)
    yield from drive.until(lambda: drive.state() == "running", "the generation", 20)
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 1, "the model")


def a_drop() -> drive.Steps:
    area = second_area()
    area.type = 'FILE_BROWSER'
    area.ui_type = 'FILES'
    yield 1.5
    space: Any = area.spaces.active
    space.params.directory = str(IMAGE.parent).encode()
    space.params.use_filter = False
    space.params.display_type = 'LIST_VERTICAL'
    yield 8.0  # Blender lists the folder in a thread of its own, and does not say when it is done
    drive.shot("05-file-browser")
    main = next(region for region in area.regions if region.type == 'WINDOW')
    shown = [path.name for path in IMAGE.parent.iterdir() if not path.name.startswith(".")]
    below = 35 + 22 * sorted(shown, key=str.lower).index(IMAGE.name)
    _, view, sidebar = drive.viewport()
    x, y = view.x + (view.width - sidebar.width) * 0.4, view.y + view.height * 0.45
    yield from drag_file(main.x + 45, main.y + main.height - below, x, y)
    yield 1.5
    drive.shot("06-dropped")
    # Blender offers its own image Empty as well.
    yield from drive.key("g", 3.0)
    drive.shot("07-dialog-of-the-drop")
    count = len(drive.generations())
    yield from drive.key("Return", 1.0)
    yield from drive.until(lambda: len(drive.generations()) == count + 1, "the generation", 10)
    drive.move(x + 150, y - 60)
    yield 0.6
    drive.shot("08-follows-the-mouse")
    where = placeholder().matrix_world.translation.copy()
    drive.move(x + 220, y - 100)
    yield 0.6
    assert (placeholder().matrix_world.translation - where).length > 0.1
    yield from drive.click(*drive.mouse)
    where = placeholder().matrix_world.translation.copy()
    drive.move(x, y)
    yield 0.6
    assert placeholder().matrix_world.translation == where
    drive.shot("09-set-down")
    yield from drive.until(lambda: drive.state() == "running", "the task", 20)
    before = placeholder().matrix_world.to_translation()
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 2, "the model where it was set down")
    model = bpy.data.objects[drive.generations()[0].object_name]
    assert (model.matrix_world.translation - before).xy.length < 1e-4
    drive.shot("10-there")


def a_folder() -> drive.Steps:
    """Many pictures take seconds to read: Blender goes on drawing, Esc ends it, and all come or none."""
    folder = drive.CONTROL / "photographs"
    folder.mkdir()
    photograph = bpy.data.images.new("photograph", 3000, 3000)
    photograph.generated_type = 'COLOR_GRID'
    photograph.filepath_raw = str(folder / "00.png")
    photograph.save()
    for number in range(1, PHOTOGRAPHS):
        (folder / f"{number:02}.png").write_bytes((folder / "00.png").read_bytes())
    known = len(drive.generations())
    yield from ask_for_folder(folder)
    drive.shot("11-dialog-of-a-folder")
    yield from another_model()
    drive.shot("11-dialog-with-another-model")
    yield from drive.key("Return", 0.0)
    yield from drive.until(reads, "the pictures being read")
    yield 1.8
    assert reads()
    drive.shot("12-reading")
    yield from drive.key("Escape", 0.0)
    yield from drive.until(lambda: not reads(), "the end of it")
    drive.shot("13-nothing-submitted")
    assert len(drive.generations()) == known
    (folder / "07.png").write_bytes(b"no picture")
    yield from ask_for_folder(folder)
    yield from drive.key("Return", 0.0)
    yield from drive.until(reads, "the pictures being read again")
    yield from drive.until(lambda: not reads(), "the broken one")
    yield 0.5
    drive.shot("14-a-broken-one")
    assert len(drive.generations()) == known
    (folder / "07.png").unlink()
    yield from ask_for_folder(folder)
    yield from drive.key("Return", 0.0)
    turns = 0
    while len(drive.generations()) == known:
        turns += 1
        assert turns < 1000
        yield 0.02
    assert turns > PHOTOGRAPHS - 1, f"Blender turned {turns} times only while it read"
    assert len(drive.generations()) == known + PHOTOGRAPHS - 1
    assert len(drive.placeholders()) == PHOTOGRAPHS - 1
    yield 1.0
    drive.shot("15-all-of-them")


def ask_for_folder(folder: Path) -> drive.Steps:
    yield from drive.over_viewport()
    with drive.in_viewport():
        bpy.ops.trellis.generate_from_files('INVOKE_DEFAULT', filepath=str(folder), directory=str(folder))
    yield 1.5


def another_model() -> drive.Steps:
    """Chosen with the wheel, in the dialog: it draws itself and its button's price again."""
    x, y = drive.mouse
    chosen = settings().model
    for up in range(-70, 90, 8):
        drive.move(x, y + up)
        yield 0.15
        subprocess.run(["xdotool", "keydown", "ctrl", "click", "5", "keyup", "ctrl"], check=True)
        yield 0.25
        if settings().model != chosen:
            return
    raise AssertionError("the dialog's model did not change")


def reads() -> bool:
    return "TRELLIS_OT_read_pictures" in {operator.bl_idname for operator in drive.window().modal_operators}


def drag_file(x: float, y: float, to_x: float, to_y: float) -> drive.Steps:
    """Blender takes a file up once the mouse has stood on it and is then moved a little with the button down."""
    drive.move(x - 4, y - 3)
    yield 1.0
    drive.move(x, y)
    yield 1.0
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    yield 0.5
    for step in range(1, 13):
        drive.move(x + 3 * step, y - 2 * step)
        yield 0.1
    for step in range(1, 13):
        drive.move(x + 36 + (to_x - x - 36) * step / 12, y - 24 + (to_y - y + 24) * step / 12)
        yield 0.15
    yield 1.0
    drive.shot("05-dragging")
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield 0.5


def placeholder() -> Any:
    """The Empty of the newest generation."""
    return bpy.data.objects[drive.placeholders()[-1]]


def second_area() -> Any:
    """An area beside the 3D viewport, split off from it once."""
    if not _Split.area:
        known = set(drive.window().screen.areas)
        with drive.in_viewport():
            bpy.ops.screen.area_split(direction='VERTICAL', factor=0.35)
        (new,) = set(drive.window().screen.areas) - known
        _Split.area.append(min(new, drive.viewport()[0], key=lambda each: each.x))
    return _Split.area[0]


class _Split:
    area: ClassVar[list[Any]] = []
