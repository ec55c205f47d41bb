# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds that drawing takes, in a Blender with a window: `blender --python window.py -- ROWS PLACEHOLDERS`.

The list with so many generations of an earlier Blender in the store, at rest and with others running on top of it, and
what is drawn over the placeholders of those. Of the main thread's own time: the clock tells what others do as well.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import blf
import bpy
from addon import enable, requests
from steps import WAIT_S, Steps, run, until

DRAWS = 30
WARM_UP = 5
SHOWN = 20
"""More than the list shows rows of."""


def measure(rows: int, count: int) -> Steps:
    """Draws the list, then submits, then draws the list and the placeholders; milliseconds by what was drawn."""
    session = enable()
    from trellis_blender.generation.queue import Queue
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.generations import panel
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import configuration
    from trellis_blender.interface.viewport import overlay

    listed = timed(panel, "draw_list")
    frames = timed_frames(overlay)
    fill_store(rows)
    # The plan of PiAPI that allows so many.
    session._queue = Queue(configuration.data_folder(), at_once=count)
    area, viewport, sidebar = regions()
    area.spaces.active.show_region_ui = True
    yield 1.0
    sidebar.active_panel_category = "Trellis"
    session.load()
    yield from until(lambda: session.drain() or len(session.generations) == rows)
    at_rest = yield from draw(sidebar, listed)
    submission.submit(requests(count), in_place=True)
    monitor.watch()
    spread()
    yield from until(lambda: sum(each.progress is not None for each in session.lively.values()) == count)
    running = yield from draw(sidebar, listed)
    over = yield from draw(viewport, frames)
    session.close()
    ours, blenders = zip(*over, strict=True)
    return {"list at rest": at_rest, "list running": running, "overlay": ours, "letters": blenders}


def timed(owner: Any, name: str) -> list[float]:
    """Puts a clock around a function; what it tells, in milliseconds, comes into the list."""
    took_ms: list[float] = []
    original = getattr(owner, name)

    def measured(*arguments: Any) -> Any:
        begun = time.thread_time()
        try:
            return original(*arguments)
        finally:
            took_ms.append((time.thread_time() - begun) * 1000)

    setattr(owner, name, measured)
    return took_ms


def timed_frames(overlay: Any) -> list[tuple[float, float]]:
    """What drawing over the placeholders takes for each frame, in milliseconds: ours, and Blender's for the letters."""
    boxes, captions, letters = timed(overlay, "draw_boxes"), timed(overlay, "draw_captions"), timed(blf, "draw")
    frames: list[tuple[float, float]] = []
    draw_captions = overlay.draw_captions

    def frame() -> None:
        letters.clear()
        draw_captions()
        frames.append((boxes[-1] + captions[-1] - sum(letters), sum(letters)))

    overlay.draw_captions = frame
    return frames


def draw(region: Any, told: list[Any]) -> Steps:
    """Has a region drawn over and over; what was told of each time."""
    told.clear()
    end = time.monotonic() + WAIT_S
    while len(told) < DRAWS + WARM_UP:
        assert time.monotonic() < end, "nothing is drawn"
        region.tag_redraw()
        yield 0.02
    return told[WARM_UP:]


def regions() -> tuple[Any, Any, Any]:
    """The area of the 3D viewport, its main region and its sidebar."""
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == 'VIEW_3D')
    found = {region.type: region for region in area.regions}
    return area, found['WINDOW'], found['UI']


def fill_store(count: int) -> None:
    """What an earlier Blender left: every second one stands in the scene, of the others every second was refused."""
    from trellis_blender.generation.files import THUMBNAIL_NAME, write_whole
    from trellis_blender.generation.record.generation import new_generation
    from trellis_blender.generation.states import State
    from trellis_blender.generation.store.database import Store
    from trellis_blender.imaging.picture import Picture
    from trellis_blender.imaging.png import encode_png
    from trellis_blender.interface.state import configuration
    from trellis_blender.piapi.errors import OutOfCredits
    from trellis_blender.scene import custom_properties

    folder = configuration.data_folder()
    folder.mkdir(parents=True)
    store = Store(folder)
    shelf = bpy.data.collections.new("made earlier")
    shelf.hide_viewport = True
    bpy.context.scene.collection.children.link(shelf)
    picture = encode_png(Picture(128, 128, bytes(4 * 128 * 128)))
    for number, request in enumerate(requests(count)):
        made = new_generation(request, "https://api.piapi.ai", 1e9 + number)
        submitted = {"task_id": f"task-{number}", "submitted_at": 1e9, "finished_at": 1e9 + 40, "charged_usd": 0.04}
        if number % 2:
            item = bpy.data.objects.new(request.name, None)
            item[custom_properties.ID_PROPERTY] = made.id
            shelf.objects.link(item)
            made = replace(made, state=State.PLACED, object_name=item.name, **submitted)
            if number > count - SHOWN:
                write_whole(folder / made.folder_name / THUMBNAIL_NAME, picture)
        elif number % 4:
            made = replace(made, state=State.READY, wanted=False, **submitted)
        else:
            made = replace(made, state=State.FAILED, problem=f"{OutOfCredits()} It has cost nothing.")
        store.save(made)


def spread() -> None:
    """The placeholders side by side, so that each has its caption, as far as there is room."""
    found = [item for item in bpy.data.objects if "trellis_placeholder" in item]
    for number, item in enumerate(found):
        item.location = (-4 + 1.9 * (number % 5), -5 + 2.4 * (number // 5), 0.5)


if __name__ == "__main__":
    run(measure(*map(int, sys.argv[sys.argv.index("--") + 1 :])))
