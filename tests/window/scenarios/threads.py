"""The artist plays, renders and sculpts while thirty generations run, and without: how late is a timer?

Nothing is measured but what goes on in Blender: the script sleeps meanwhile, and the mouse is moved from outside.
"""

import json
import os
import subprocess
import time
from collections import Counter

import bpy
import drive
import rendering
from painting import choose, switch

COUNT = 30
DUE_S = 0.02
SETTLED_S = 0.3
BLOCK_S = float(os.environ["TEST_BLOCK_S"])
COMPARES = "TEST_COMPARES" in os.environ
"""Whether it is measured without generations as well."""
CALLS_MIN = 20
STROKE_S = 0.6
HAND_S = 90.0
"""The hand is taken away when enough is measured; a slow machine takes its time."""


class Meter:
    """A timer that is due every 20 ms. It notes how late it comes, in ms, below the name of what goes on meanwhile."""

    def __init__(self) -> None:
        self.late_ms: dict[str, list[float]] = {}
        self._into: list[float] | None = None
        self._last = time.perf_counter()
        bpy.app.timers.register(self._tick)

    def note(self, what: str) -> None:
        """Begins to note; "" ends it."""
        self._into = self.late_ms.setdefault(what, []) if what else None

    def measure(self, what: str) -> drive.Steps:
        """Notes for `BLOCK_S`, and until there is enough to tell anything by."""
        yield SETTLED_S
        enough = len(self.late_ms.get(what, [])) + CALLS_MIN
        self.note(what)
        yield BLOCK_S
        yield from drive.until(lambda: len(self.late_ms[what]) >= enough, f"a timer while {what}", HAND_S / 2)
        self.note("")

    def _tick(self) -> float:
        now = time.perf_counter()
        if self._into is not None:
            self._into.append(max(now - self._last - DUE_S, 0.0) * 1000)
        self._last = now
        return DUE_S


def scenario() -> drive.Steps:
    # Where Blender would leave its report of a crash.
    bpy.context.preferences.filepaths.temporary_directory = str(drive.CONTROL)
    ask_as_often_as_piapi()
    yield from drive.open_sidebar()
    build_scene()
    rendering.render_for_long()
    yield 1.0
    meter = Meter()
    if COMPARES:
        yield from busy(meter, "at first")
        meter.late_ms.clear()  # whatever Blender does for the first time
        yield from busy(meter, "without")
    yield from thirty()
    yield from busy(meter, "with")
    yield from arrive(meter)
    if COMPARES:
        clear_away()
        yield 1.0
        yield from busy(meter, "without")
    print("late " + json.dumps(meter.late_ms))


def ask_as_often_as_piapi() -> None:
    """A service on this computer is asked far more often, and about a few generations at once."""
    from bl_ext.user_default.trellis_blender.generation import queue
    from bl_ext.user_default.trellis_blender.generation.limits import rate_limit
    from bl_ext.user_default.trellis_blender.interface.state import configuration, session

    assert configuration.at_once() == COUNT
    assert session.current()._queue is None
    session.current()._queue = queue.Queue(configuration.data_folder(), polling=rate_limit.PIAPI)


def build_scene() -> None:
    cube = bpy.data.objects["Cube"]
    cube.location = (-4, 4, 0)
    cube.keyframe_insert("rotation_euler", frame=1)
    cube.rotation_euler.z = 3
    cube.keyframe_insert("rotation_euler", frame=250)
    bpy.context.scene.render.resolution_percentage = 25
    # Not every Linux distribution has Blender's own brushes beside it.
    hand = bpy.data.brushes.new("Hand", mode='SCULPT')
    hand.strength = 0.2
    hand.asset_mark()
    with drive.in_viewport():
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=6, radius=1.5)
        bpy.context.object.name = "Clay"
        bpy.ops.object.mode_set(mode='SCULPT')
        bpy.ops.brush.asset_activate(asset_library_type='LOCAL', relative_asset_identifier="Brush/Hand")
        bpy.ops.object.mode_set(mode='OBJECT')


def counted() -> Counter[str]:
    return Counter(generation.state.value for generation in drive.generations())


def busy(meter: Meter, phase: str) -> drive.Steps:
    """Plays the animation, then renders and sculpts without leaving Sculpt Mode in between.

    "with" generations: while it plays they are polled; when it renders they get done and are downloaded. They wait.
    """
    yield from play()
    yield from meter.measure(f"playing {phase}")
    yield from stop_playing()
    yield from switch('SCULPT')
    if phase == "with":
        assert counted().keys() <= {"waiting", "running"}, counted()
        yield from drive.finish()
    yield from rendering.start_render()
    yield from meter.measure(f"rendering {phase}")
    drive.shot(f"rendering-{phase}")
    assert rendering.works(rendering.RENDER), "the render was over too soon"
    yield from rendering.stop()
    yield from sculpt(meter, phase)
    if phase == "with":
        assert counted()["ready"], counted()
        assert not counted()["placed"], counted()
    else:
        yield from switch('OBJECT')


def play() -> drive.Steps:
    with drive.in_viewport():
        bpy.ops.screen.animation_play()
    yield 0.1


def stop_playing() -> drive.Steps:
    assert drive.window().screen.is_animation_playing
    with drive.in_viewport():
        bpy.ops.screen.animation_cancel(restore_frame=False)
    yield 0.1
    assert not drive.window().screen.is_animation_playing


def sculpt(meter: Meter, phase: str) -> drive.Steps:
    """Strokes with the real mouse, across the clay."""
    before = shape()
    hand = subprocess.Popen(["xdotool", *stroke() * int((BLOCK_S + HAND_S) / STROKE_S)])
    yield from meter.measure(f"sculpting {phase}")
    assert hand.poll() is None, "the hand was done too soon"
    hand.terminate()
    hand.wait()
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield 0.5
    drive.shot(f"sculpting-{phase}")
    assert shape() != before, "nothing was sculpted"


def stroke() -> list[str]:
    """What xdotool is told: a stroke of 25 steps, 20 ms each, and a rest."""
    _, region, _ = drive.viewport()
    x, y = region.x + region.width // 2, drive.window().height - region.y - region.height // 2
    words: list[object] = ["mousemove", x - 50, y, "mousedown", 1]
    for step in range(25):
        words += ["mousemove", x - 50 + 4 * step, y + 20 * (step % 5) - 40, "sleep", 0.02]
    words += ["mouseup", 1, "sleep", STROKE_S - 25 * 0.02]
    return [str(word) for word in words]


def shape() -> list[float]:
    """Where the clay's vertices are."""
    vertices = bpy.data.objects["Clay"].data.vertices
    found = [0.0] * (3 * len(vertices))
    vertices.foreach_get("co", found)
    return found


def thirty() -> drive.Steps:
    """Thirty generations, all of them at the service at once."""
    for number in range(COUNT):
        bpy.context.scene.cursor.location = (number % 6 * 1.5 - 3, 4 + number // 6 * 1.5, 0)
        with drive.in_viewport():
            bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt=f"bear {number}")
        yield 0.05
    yield from drive.until(lambda: all(item.task_id for item in drive.generations()), "all thirty at the service")
    assert len(drive.generations()) == COUNT
    drive.shot("thirty")


def arrive(meter: Meter) -> drive.Steps:
    """They come while the animation plays. Blender's importer holds the thread: counted apart."""
    yield from play()
    yield from switch('OBJECT')
    meter.note("arriving")
    yield from drive.until(lambda: counted() == {"placed": COUNT}, "all thirty in the scene", 200)
    meter.note("")
    yield from stop_playing()
    assert sorted(drive.models()) == sorted(f"bear {number}" for number in range(COUNT))
    assert len({item.task_id for item in drive.generations()}) == COUNT
    drive.shot("arrived")


def clear_away() -> None:
    """What follows has the same scene as what came before."""
    for name in drive.models():
        bpy.data.objects.remove(bpy.data.objects[name])
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    choose("Clay")
