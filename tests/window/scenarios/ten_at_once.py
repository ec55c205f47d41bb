"""The add-on switched off and on in the middle of ten generations: none lost, none sent twice, no thread left."""

import subprocess
import threading
import time
from collections import Counter
from itertools import pairwise

import addon_utils
import bpy
import drive

NAME = "bl_ext.user_default.trellis_blender"
COUNT = 10
STOP_LIMIT_S = 3.0
"""The add-on waits two seconds for its threads; the rest is Blender's own part, on a busy machine."""


def counted() -> Counter[str]:
    return Counter(generation.state.value for generation in drive.generations())


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("trellis")]


def workers() -> list[str]:
    """Those that are there for as long as a generation goes on; requests have one more, that of their deadlines."""
    return [name for name in threads() if name != "trellis-deadline"]


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    for number in range(COUNT):
        with drive.in_viewport():
            bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt=f"bear {number}")
    yield from drive.until(lambda: counted()["running"] == 4, "four of them at the service")
    yield 0.5
    assert counted() == {"running": 4, "queued": COUNT - 4}, counted()
    running = {item.id: item.task_id for item in drive.generations() if item.task_id}
    drive.shot("01-four-run-and-six-wait")
    assert len(workers()) == 5, threads()

    begun = time.monotonic()
    addon_utils.disable(NAME)
    took_s = time.monotonic() - begun
    print(f"switched off in {took_s:.2f} s")
    assert took_s < STOP_LIMIT_S, took_s
    yield from drive.until(lambda: not threads(), "the threads to end", 5)
    yield 1.0
    drive.shot("02-switched-off")

    addon_utils.enable(NAME)
    yield from drive.open_sidebar()
    yield from drive.until(lambda: len(drive.generations()) == COUNT, "the rows of before")
    yield from drive.until(lambda: len(workers()) == 5, "the four to be taken up again")
    yield from drive.finish()
    # What was sent goes on by itself with the task that it had, and arrives; what was not stays where it is.
    yield from drive.until(lambda: counted()["ready"] + counted()["placed"] == 4, "the four to be ready")
    assert counted()["queued"] == COUNT - 4, counted()
    assert {item.id: item.task_id for item in drive.generations() if item.task_id} == running
    assert all(item.parked for item in drive.generations() if item.state.value == "queued")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("03-six-paused")
    drive.tell_service("quick")
    # Above the limit a press asks; a double click, which answers unread, submits nothing.
    bpy.context.preferences.addons[NAME].preferences.ask_above = 0.1
    yield from drive.find("trellis.submit_paused")
    subprocess.run(["xdotool", "click", "--repeat", "2", "--delay", "150", "1"], check=True)
    yield 1.0
    yield from drive.key("Escape", 1.0)
    assert counted()["queued"] == COUNT - 4, counted()
    yield from drive.press("trellis.submit_paused", wait_s=1.2)
    drive.shot("04-question")
    yield from drive.key("Return", 1.0)
    drive.shot("05-resumed")
    yield from drive.until(lambda: counted()["ready"] + counted()["placed"] == COUNT, "all ten", 60)
    assert len({item.task_id for item in drive.generations()}) == COUNT
    yield from drive.over_viewport()
    yield 1.5
    drive.shot("06-all-ten")
    yield from drive.until(lambda: counted()["placed"] == COUNT, "all ten in the scene")
    yield from place_all_again()
    yield from find_again()


def find_again() -> drive.Steps:
    """In a list of more than eight: by a word, and by a star."""
    from bl_ext.user_default.trellis_blender.interface.generations import search

    found = drive.generations()
    yield from drive.press("trellis_search.text", column=0.3)
    yield from drive.type_text("bear 7")
    yield from drive.key("Return")
    yield from drive.over_viewport()
    drive.shot("07-searched")
    assert [item.request.name for item in search.found_in(found)] == ["bear 7"]
    yield from drive.press("trellis.more", column=0.82)
    yield 0.6
    drive.shot("08-menu")
    yield from drive.key("Escape", 0.4)
    drive.press_in_row("favourite")
    wanted = search.search()
    wanted.text, wanted.show = "", 'FAVOURITES'
    yield 0.8
    drive.shot("09-favourites")
    assert [item.request.name for item in search.found_in(drive.generations())] == [found[0].request.name]


def place_all_again() -> drive.Steps:
    """At one press: each comes in a turn of its own of Blender's event loop."""
    for name in drive.models():
        bpy.data.objects.remove(bpy.data.objects[name])
    there: list[int] = []

    def look() -> float:
        there.append(len(drive.models()))
        return 0.0

    bpy.app.timers.register(look)
    with drive.in_viewport():
        bpy.ops.trellis.show(generations=" ".join(item.id for item in drive.generations()), may_place=True)
    yield from drive.until(lambda: len(drive.models()) == COUNT, "all ten again")
    bpy.app.timers.unregister(look)
    assert {now - before for before, now in pairwise(there)} == {0, 1}, there
