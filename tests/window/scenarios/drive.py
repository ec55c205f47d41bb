"""Drives a real Blender window from inside: real mouse and keys by xdotool, a generator as the script.

A scenario is a generator function given to `run`; each `yield SECONDS` lets Blender's own event loop turn. x and y
count from the lower left corner of the window, as Blender's events do. The first failure ends Blender with exit code 1.
"""

import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bpy

Steps = Iterator[float | None]
OUT = Path(os.environ["OUT"])
CONTROL = Path(os.environ["TEST_CONTROL"])
BUSY = 3.0
"""So many times slower may a machine be that runs other tests as well."""


def window() -> Any:
    return bpy.context.window_manager.windows[0]


def viewport() -> tuple[Any, Any, Any]:
    """Area, main region and sidebar region of the 3D viewport."""
    area = next(area for area in window().screen.areas if area.type == 'VIEW_3D')
    regions = {region.type: region for region in area.regions}
    return area, regions['WINDOW'], regions['UI']


def in_viewport() -> Any:
    area, region, _ = viewport()
    return bpy.context.temp_override(window=window(), area=area, region=region)


def shot(name: str) -> None:
    """A picture of the whole screen, to be looked at. Hardly compressed: that takes three times as long."""
    subprocess.run(["scrot", "-o", "-Z", "1", str(OUT / f"{name}.png")], check=True)


def until(condition: Callable[[], Any], what: str, limit_s: float = 40.0) -> Steps:
    """Goes on as soon as it is so; `limit_s` is what a machine with nothing else to do is allowed."""
    end = time.monotonic() + limit_s * BUSY
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit_s * BUSY} s for: {what}")
        yield 0.1


def open_sidebar() -> Steps:
    """The tab Trellis, wide enough to read."""
    area, _, sidebar = viewport()
    area.spaces.active.show_region_ui = True
    yield 0.8
    sidebar.active_panel_category = "Trellis"
    area.tag_redraw()
    yield 0.8


mouse: tuple[float, float] = (0.0, 0.0)
"""Where it was moved to last."""


def move(x: float, y: float) -> None:
    global mouse  # noqa: PLW0603
    mouse = (x, y)
    subprocess.run(["xdotool", "mousemove", str(int(x)), str(int(window().height - y))], check=True)


def click(x: float, y: float, wait_s: float = 0.4) -> Steps:
    move(x, y)
    yield 0.25
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield wait_s


def drag(x: float, y: float, to_x: float, to_y: float) -> Steps:
    """Presses the left button, moves in steps, lets go."""
    move(x, y)
    yield 0.3
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    for step in range(1, 9):
        move(x + (to_x - x) * step / 8, y + (to_y - y) * step / 8)
        yield 0.1
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield 0.4


def key(name: str, wait_s: float = 0.4) -> Steps:
    """A key as xdotool calls it ("ctrl+z"), to whatever is under the mouse."""
    subprocess.run(["xdotool", "key", name], check=True)
    yield wait_s


def scroll_down() -> Steps:
    """One notch of the wheel, over whatever is under the mouse."""
    subprocess.run(["xdotool", "click", "5"], check=True)
    yield 0.1


def scroll_to_the_end() -> Steps:
    """The sidebar, as far down as it goes."""
    _, _, sidebar = viewport()
    move(sidebar.x + sidebar.width / 2, sidebar.y + sidebar.height / 2)
    yield 0.3
    for _ in range(20):
        yield from scroll_down()
    yield 0.3


def over_viewport() -> Steps:
    _, region, sidebar = viewport()
    move(region.x + (region.width - sidebar.width) / 2, region.y + region.height / 3)
    yield 0.3


def type_text(text: str) -> Steps:
    process = subprocess.Popen(["xdotool", "type", "--delay", "30", text])
    while process.poll() is None:
        yield 0.1
    yield 0.4


def hovered(area: Any = None, region: Any = None) -> str:
    """The Python of the button under the mouse, as its context menu would copy it; "" where there is none.

    In the sidebar, or in another region.
    """
    if area is None:
        area, _, region = viewport()
    bpy.context.window_manager.clipboard = ""
    with bpy.context.temp_override(window=window(), area=area, region=region):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
        elif bpy.ops.ui.copy_data_path_button.poll():
            bpy.ops.ui.copy_data_path_button(full_path=True)
        else:
            return ""
    return bpy.context.window_manager.clipboard


def stands_on(name: str) -> bool:
    """Whether the mouse is on the button `name`, which may go on with its first argument: "trellis.list(on".

    *Cancel* is not *Cancel All*, though one name begins as the other.
    """
    end = "" if "(" in name else r"(?!\w)"
    return re.search(re.escape(name) + end, hovered()) is not None


found_at: dict[tuple[str, float], tuple[float, float]] = {}
"""Where the mouse last found a button, by its name and the column it was looked for in."""
IN_ROWS = ("cancel", "fetch_task", "more", "place", "resume", "show", "submit_again")
"""The operators that every generation's row has: the uppermost is looked for."""


STEP = 13
"""Down the sidebar, in pixels: a button has 20."""


def find(name: str, column: float = 0.6) -> Steps:
    """Moves the mouse down the sidebar until it stands on the button whose Python has `name` in it; it stays there.

    `column` is where to look first, as a share of the sidebar's width. What was found before is mostly there still.
    """
    _, _, sidebar = viewport()
    place = found_at.pop((name, column), None)
    if place and not name.removeprefix("trellis.").startswith(IN_ROWS):
        move(place[0], place[1] + 1)
        yield 0.1
        move(*place)
        yield 0.3
        if stands_on(name):
            found_at[name, column] = place
            return
    for share in (column, *(other for other in (0.7, 0.6, 0.8, 0.5) if other != column)):
        x = sidebar.x + sidebar.width * share
        for y in range(sidebar.y + sidebar.height - 8, sidebar.y, -STEP):
            move(x, y)
            yield 0.06
            if not stands_on(name):
                continue
            # A little further down, or up where Blender was a step behind the mouse: what is there once it has caught
            # up is what will be clicked.
            for near in (y - 4, y + STEP - 4):
                move(x, near)
                yield 0.3
                if stands_on(name):
                    found_at[name, column] = mouse
                    return
    shot(f"not-found-{name}")
    raise AssertionError(f"no button “{name}” in the sidebar")


def open_last_panel(name: str) -> Steps:
    """Opens the closed panel at the sidebar's end by clicks below the last button; `name` is a button in it."""
    _, _, sidebar = viewport()
    x, lowest = sidebar.x + sidebar.width * 0.3, sidebar.y + sidebar.height
    for y in range(sidebar.y + sidebar.height - 8, sidebar.y, -12):
        move(x, y)
        yield 0.06
        if hovered():
            lowest = y
    # From below upwards: the last header is the lowest thing there.
    for y in range(max(lowest - 420, sidebar.y + 4), lowest - 16, 14):
        yield from click(x, y, 0.6)
        move(x, y - 26)
        yield 0.4
        for further in range(26, 60, 9):
            move(x, y - further)
            yield 0.1
            if stands_on(name):
                return
    shot("panel-not-opened")
    raise AssertionError(f"no panel with “{name}” at the end of the sidebar")


def press(name: str, column: float = 0.6, wait_s: float = 0.5) -> Steps:
    """Finds a button and clicks it with the real mouse."""
    yield from find(name, column)
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield wait_s


def enter(prop: str, text: str) -> Steps:
    """Types into a text field of the sidebar."""
    yield from press(prop)
    yield from key("ctrl+a", 0.2)
    yield from type_text(text)
    yield from key("Return")


def tell_service(word: str) -> None:
    """Asks the test outside to change how the service behaves; see `test_window.py`."""
    (CONTROL / word).touch()


def tell(word: str) -> Steps:
    """As `tell_service`; goes on when that has been done."""
    tell_service(word)
    yield from until(lambda: not (CONTROL / word).exists(), "the service to hear of it")


def finish() -> Steps:
    """Lets the tasks that are at the service be done: those of LONG_S go on until then."""
    yield from tell("finish")


def addon() -> Any:
    """The add-on's package, as it is installed."""
    return sys.modules["bl_ext.user_default.trellis_blender"]


def generations() -> list[Any]:
    """What the add-on's list holds, the newest first."""
    from bl_ext.user_default.trellis_blender.interface.state import session

    found = session.current().generations.values()
    return sorted(found, key=lambda generation: generation.created_at, reverse=True)


def state() -> str:
    """The newest generation's state."""
    found = generations()
    return found[0].state.value if found else "nothing"


def line() -> Any:
    """What the list says about the newest generation."""
    return line_of(generations()[0])


def line_of(generation: Any) -> Any:
    """What the list says about a generation."""
    from bl_ext.user_default.trellis_blender.interface.monitor import monitor

    return monitor.line_of(generation)


def is_gone(generation: Any) -> bool:
    """Whether the list says that the generation's model is no longer in the scene."""
    from bl_ext.user_default.trellis_blender.interface.text import rows

    return line_of(generation).stage == rows.NO_LONGER_HERE


def models() -> list[str]:
    """The names of the objects that generations made."""
    return sorted(item.name for item in window().scene.objects if _is_model(item))


def placeholders() -> list[str]:
    """The names of the Empties where models will stand."""
    return sorted(item.name for item in window().scene.objects if "trellis_placeholder" in item)


def press_in_row(operator: str) -> None:
    """A button of the newest row, without the way there: the mouse stays over the viewport, where the keys go."""
    with in_viewport():
        getattr(bpy.ops.trellis, operator)('INVOKE_DEFAULT', generation=generations()[0].id)


def ask_for(prompt: str, state: str = "running") -> Steps:
    """Generates without the panel, as a script in a window does; goes on when the generation is in that state."""
    known = {generation.id for generation in generations()}
    with in_viewport():
        assert bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt=prompt) == {'FINISHED'}
    (new,) = (generation.id for generation in generations() if generation.id not in known)
    yield from until(lambda: state_of(new) == state, f"“{prompt}” to be {state}")


def state_of(generation_id: str) -> str:
    """One generation's state."""
    return next(found.state.value for found in generations() if found.id == generation_id)


def artists_state() -> dict[str, Any]:
    """What is the artist's and nobody else's, to be compared with `assert_untouched` later."""
    area, _, _ = viewport()
    scene, layer = window().scene, window().view_layer
    with in_viewport():
        mode = bpy.context.mode
    active = layer.objects.active
    tool = window().workspace.tools.from_space_view3d_mode(mode, create=False)
    found: dict[str, Any] = {
        "mode": mode,
        "active": active.name if active is not None else "",
        "selection": sorted(item.name for item in layer.objects.selected),
        "tool": tool.idname if tool is not None else "",
        "workspace": window().workspace.name,
        "scene": scene.name,
        "scenes": sorted(item.name for item in bpy.data.scenes),
        "view layer": layer.name,
        "collection": layer.active_layer_collection.name,
        "collections": sorted(item.name for item in bpy.data.collections),
        "objects": {item.name: _frozen(item.matrix_basis) for item in scene.objects if not _is_ours(item)},
        "frames": (scene.frame_current, scene.frame_start, scene.frame_end, scene.frame_step),
        "cursor": _frozen(scene.cursor.matrix),
        "view": _frozen(area.spaces.active.region_3d.view_matrix),
    }
    settings = {name: getattr(scene, name, None) for name in ("render", "cycles", "eevee", "view_settings")}
    settings |= {"image": scene.render.image_settings, "tools": scene.tool_settings, "shading": area.spaces[0].shading}
    for name, struct in settings.items():
        found |= {f"{name}.{key}": value for key, value in _values(struct).items()}
    return found


def assert_untouched(before: dict[str, Any], arrived: str = "", but: tuple[str, ...] = ()) -> None:
    """The artist's state is what it was, but for what is named in `but`.

    A model that arrived in Object Mode may be the one selected and active object, as after Add.
    """
    now = artists_state()
    if arrived and now["mode"] == 'OBJECT' and (now["active"], now["selection"]) == (arrived, [arrived]):
        but += ("active", "selection")
    changed = {name: (before.get(name), now.get(name)) for name in before | now if before.get(name) != now.get(name)}
    assert not changed.keys() - set(but), changed


def _is_model(item: Any) -> bool:
    return "trellis_generation" in item


def _is_ours(item: Any) -> bool:
    """A model, or what stands in for one."""
    return _is_model(item) or "trellis_placeholder" in item


def _values(struct: Any) -> dict[str, Any]:
    """The plain settings in one of Blender's structs."""
    if struct is None:
        return {}
    kinds = {'BOOLEAN', 'INT', 'FLOAT', 'STRING', 'ENUM'}
    plain = [item for item in struct.bl_rna.properties if item.type in kinds and not item.is_readonly]
    return {item.identifier: _frozen(getattr(struct, item.identifier)) for item in plain}


def _frozen(value: Any) -> Any:
    """A copy that stays as it is when Blender's own value changes."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return value
    return tuple(_frozen(part) for part in value) if not isinstance(value, set) else frozenset(value)


@contextmanager
def counted_redraws() -> Iterator[list[int]]:
    """How often the add-on asks for a redraw; Blender draws more frames by itself, to smooth the edges."""
    from bl_ext.user_default.trellis_blender.interface.viewport import redraw

    original, asked = redraw.redraw_viewports, []
    redraw.redraw_viewports = lambda: (asked.append(1), original())
    yield asked
    redraw.redraw_viewports = original


def monitored() -> bool:
    """Whether the add-on's modal operator runs."""
    for operator in window().modal_operators:
        # One whose class is gone is still listed until the next event.
        with suppress(ValueError, AttributeError):
            if operator.bl_idname == 'TRELLIS_OT_monitor':
                return True
    return False


def hide_floor() -> None:
    """Its grid is a quarter of what a processor takes to draw the viewport; only in published pictures it is missed."""
    for area in (area for screen in bpy.data.screens for area in screen.areas if area.type == 'VIEW_3D'):
        overlay: Any = area.spaces.active.overlay
        overlay.show_floor = overlay.show_axis_x = overlay.show_axis_y = False


def run(scenario: Callable[[], Steps]) -> None:
    bpy.context.preferences.view.show_splash = False
    # Smooth edges cost eight frames for one, and a third of all the time that a processor needs for a scenario.
    bpy.context.preferences.system.viewport_aa = 'OFF'
    bpy.context.preferences.use_preferences_save = False
    if "TEST_PICTURES" not in os.environ:
        hide_floor()
    steps = scenario()

    def turn() -> float:
        try:
            return max(next(steps) or 0.0, 0.0)
        except StopIteration:
            code = 0
        except BaseException:
            traceback.print_exc()
            code = 1
            shot("error")
        print(f"scenario ended with {code}", flush=True)
        sys.stderr.flush()
        os._exit(code)

    bpy.app.timers.register(turn, first_interval=1.5, persistent=True)
