"""What an artist sets before Generate is pressed, with real clicks: prompt, picture, model, quality, seed, place."""

import os
import subprocess
from typing import Any

import bpy
import drive
from looks import light_theme, narrow

LONG = (
    "a friendly old lighthouse keeper's cottage with a crooked chimney, mossy roof tiles, a red door and a small "
    "garden with sunflowers in front of it"
)
GENERATE = "trellis.generate_from_panel"
LAST_COLUMN = 0.82
"""Where a small button at the end of a row is."""
FIRST_HEADER_PX = 16
"""From the lower edge of a button to the middle of the header below it."""
HEADER_PX = 21 if bpy.app.version >= (5, 0, 0) else 25
NOTE_PX = 22


def settings() -> Any:
    return bpy.context.scene.trellis


def redraw(wait_s: float = 0.6) -> drive.Steps:
    drive.viewport()[0].tag_redraw()
    yield wait_s


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from what_is_missing()
    yield from prompts()
    yield from quality()
    yield from seed_and_place()
    yield from unfolded()


def explained(name: str) -> drive.Steps:
    """The tooltip of the button, which says why it cannot be pressed; and clicking it does nothing."""
    count = len(drive.generations())
    yield from redraw()
    yield from drive.find(GENERATE)
    yield 1.5
    drive.shot(name)
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield 0.5
    assert len(drive.generations()) == count
    yield from drive.over_viewport()


def generated(count: int) -> drive.Steps:
    """Presses the button, and waits for the models."""
    before = len(drive.generations())
    yield from drive.press(GENERATE)
    yield from drive.until(lambda: len(drive.generations()) == before + count, f"{count} generations", 5)
    yield from drive.until(lambda: all(each.state.value == "placed" for each in drive.generations()), "the models")
    yield from drive.over_viewport()
    # Past the second in which a double click counts once.
    yield 1.0


def what_is_missing() -> drive.Steps:
    yield from explained("01-no-prompt")
    yield from drive.press("trellis.source", column=0.75)
    assert settings().source == 'IMAGE'
    yield from explained("02-no-image")
    settings().image = "/nowhere/at-all.png"
    yield from redraw(1.0)
    yield from explained("03-no-such-image")
    settings().image = os.environ["TEST_IMAGE"]
    yield from redraw(1.5)
    drive.shot("04-image")
    key = os.environ.pop("PIAPI_API_KEY")
    yield from explained("05-no-key")
    os.environ["PIAPI_API_KEY"] = key
    url = os.environ.pop("PIAPI_API_URL")
    yield from explained("06-online-access-off")
    os.environ["PIAPI_API_URL"] = url
    yield from drive.press("trellis.source", column=0.25)
    assert settings().source == 'TEXT'
    settings().model = 'Qubico/trellis2'
    settings().prompt = "a bear"
    yield from redraw()
    yield from drive.find("trellis.make_concepts")
    yield 1.5
    drive.shot("07-pictures-first-with-this-model")
    yield from drive.over_viewport()
    settings().model = 'Qubico/trellis'


def prompts() -> drive.Steps:
    """A long prompt, and an earlier one taken up again."""
    if "textbox" in bpy.types.UILayout.bl_rna.functions:
        yield from drive.press("trellis.prompt")
        yield from drive.key("ctrl+a", 0.2)
        yield from drive.type_text(LONG)
        drive.shot("10-long-prompt")
        yield from drive.key("Return")
    else:
        yield from drive.press("trellis.edit_prompt", column=0.78)
        yield from drive.key("ctrl+a", 0.2)
        yield from drive.type_text(LONG)
        yield from drive.key("Return", 0.6)
        drive.shot("10-long-prompt")
        yield from drive.key("Return", 0.6)
    assert settings().prompt == LONG, settings().prompt
    yield from redraw()
    drive.shot("11-long-prompt-taken")
    yield from generated(1)
    yield from drive.enter("trellis.prompt", "a bear")
    yield from generated(1)
    yield from open_earlier_prompts()
    drive.shot("12-earlier-prompts")
    # The newest comes first.
    yield from drive.key("Down", 0.2)
    yield from drive.key("Down", 0.2)
    yield from drive.key("Return", 0.6)
    assert settings().prompt == LONG, settings().prompt
    settings().prompt = "a bear"


def open_earlier_prompts() -> drive.Steps:
    """The menu is the last thing in the prompt's row. Blender does not tell a menu's name of the button for it."""
    yield from drive.find("trellis.prompt")
    _, _, sidebar = drive.viewport()
    drive.move(sidebar.x + sidebar.width * LAST_COLUMN, drive.mouse[1])
    yield 0.3
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield 0.8


def unfold(below: str, gap_px: float, name: str) -> drive.Steps:
    """Clicks the header that is `gap_px` below a button; afterwards `name` can be found."""
    yield from drive.find(below)
    x, y = drive.mouse
    while below in drive.hovered():
        y -= 2
        drive.move(x, y)
        yield 0.1
    yield from drive.click(x - 60, y - gap_px, 0.6)
    yield from drive.find(name)


def quality() -> drive.Steps:
    """From the bottom up, so that nothing moves."""
    yield from unfold(GENERATE, FIRST_HEADER_PX + 2 * HEADER_PX, "trellis.longest_side_shown")
    yield from unfold(GENERATE, FIRST_HEADER_PX + HEADER_PX, "trellis.is_seed_random")
    yield from unfold(GENERATE, FIRST_HEADER_PX, "trellis.quality")
    yield from unfold("trellis.quality", FIRST_HEADER_PX + NOTE_PX, "trellis.slat_sampling_steps")
    yield from drive.over_viewport()
    drive.shot("20-unfolded")
    yield from drive.press("trellis.quality", column=0.2)
    assert (settings().quality, settings().ss_sampling_steps, settings().slat_sampling_steps) == ('DRAFT', 12, 12)
    yield from drive.press("trellis.quality", column=0.5)
    assert (settings().quality, settings().slat_sampling_steps) == ('STANDARD', 25)
    yield from drive.enter("trellis.slat_sampling_steps", "30")
    assert settings().quality == 'CUSTOM'
    yield from drive.find("trellis.slat_sampling_steps")
    yield 1.5
    drive.shot("21-custom")
    yield from drive.press("trellis.quality", column=0.58)
    assert (settings().quality, settings().ss_sampling_steps, settings().slat_sampling_steps) == ('FINE', 50, 50)


def seed_and_place() -> drive.Steps:
    yield from drive.press("trellis.is_seed_random")
    first = settings().seed
    assert first
    yield from drive.press("trellis.new_seed", column=LAST_COLUMN)
    assert settings().seed not in {0, first}
    yield from drive.over_viewport()
    drive.shot("30-seed")
    yield from drive.press("trellis.is_seed_random")
    assert settings().seed == 0
    yield from drive.press("trellis.target")
    yield 0.5
    drive.shot("31-places")
    # The letter underlined in "On the Surface Below".
    yield from drive.key("o", 0.5)
    yield from drive.until(lambda: settings().target == 'SURFACE', "the place", 10)
    yield from drive.over_viewport()
    drive.shot("32-on-the-surface")


def unfolded() -> drive.Steps:
    """All sections open in the light theme, in a narrow sidebar, and at twice the size in that."""
    _, _, sidebar = drive.viewport()
    light_theme()
    yield from redraw()
    drive.shot("40-light")
    yield from narrow()
    settings().source, settings().model = 'IMAGE', 'Qubico/trellis2'
    yield from redraw(1.5)
    drive.shot("41-narrow-image")
    settings().source, settings().model = 'TEXT', 'Qubico/trellis'
    settings().seed = 4711
    yield from redraw()
    drive.shot("42-narrow-text")
    bpy.context.preferences.view.ui_scale = 2.0
    yield from redraw(1.0)
    drive.shot("43-twice-the-size")
    drive.move(sidebar.x + sidebar.width / 2, sidebar.y + sidebar.height / 2)
    for part in (44, 45):
        for _ in range(10):
            yield from drive.scroll_down()
        yield from redraw()
        drive.shot(f"{part}-further-down")
