"""What a press costs: four in a row, the question above the limit, what is there already; and the narrowest sidebar."""

import os
import subprocess

import bpy
import drive
from before import GENERATE, generated, redraw, settings

SETTLED_S = 4.0
"""Blender moves the panels that make room for others little by little, which takes its time in software."""


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    settings().prompt = "a bear"
    settings().image = os.environ["TEST_IMAGE"]
    yield from variations()
    yield from the_price_question()
    yield from already_made()
    yield from narrow()


def variations() -> drive.Steps:
    bpy.ops.mesh.primitive_plane_add(size=40, location=(0, 0, -2))
    bpy.context.scene.cursor.location = (0, 4, 3)
    settings().target = 'SURFACE'
    yield from drive.enter("trellis.variations", "4")
    yield from redraw()
    drive.shot("01-four")
    yield from generated(4)
    models = [bpy.data.objects[each.object_name] for each in reversed(drive.generations()[:4])]
    assert [round(model.location.x, 4) for model in models] == [0.0, 1.2, 2.4, 3.6]
    assert {tuple(round(value, 3) for value in model.location[1:]) for model in models} == {(4.0, -2.0)}
    assert len({each.request.seed for each in drive.generations()[:4]}) == 4
    drive.shot("02-four-in-a-row")
    settings().target = 'CURSOR'


def the_price_question() -> drive.Steps:
    settings().source = 'IMAGE'
    settings().model = 'Qubico/pixal3d'
    settings().variations = 8
    yield from redraw()
    count = len(drive.generations())
    yield from drive.press(GENERATE, wait_s=1.2)
    drive.shot("10-price-question")
    yield from drive.key("Escape", 1.0)
    assert len(drive.generations()) == count
    # A double click asks and does not answer.
    yield from drive.find(GENERATE)
    subprocess.run(["xdotool", "click", "--repeat", "2", "--delay", "150", "1"], check=True)
    yield 1.0
    assert len(drive.generations()) == count
    drive.shot("11-double-click")
    yield from drive.key("Escape", 1.0)
    assert len(drive.generations()) == count
    yield from drive.press(GENERATE, wait_s=1.2)
    yield from drive.key("Return", 1.0)
    assert len(drive.generations()) == count + 8
    yield from drive.until(lambda: all(each.state.value == "placed" for each in drive.generations()), "the eight", 60)
    yield from drive.over_viewport()
    drive.shot("12-eight")
    settings().source = 'TEXT'
    settings().model = 'Qubico/trellis'
    settings().variations = 1


def already_made() -> drive.Steps:
    settings().seed = 4711
    drive.tell_service("slowly")
    yield from redraw()
    yield from drive.press(GENERATE)
    yield from drive.over_viewport()
    yield 0.6
    drive.shot("20-being-made")
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    yield 0.6
    drive.shot("21-already-made")
    model = bpy.data.objects[drive.generations()[0].object_name]
    model.select_set(False)
    yield from drive.press("trellis.show")
    assert model.select_get()
    drive.shot("22-shown")
    bpy.data.objects.remove(model)
    yield from drive.press("trellis.show")
    yield from drive.until(lambda: drive.generations()[0].object_name in bpy.data.objects, "the model again")
    count = len(drive.generations())
    yield from drive.press(GENERATE)
    yield from drive.until(lambda: len(drive.generations()) == count + 1, "one more")
    settings().seed = 0
    yield from drive.until(lambda: drive.state() == "placed", "the model")


def narrow() -> drive.Steps:
    """The sidebar three quarters as wide as Blender opens it; Blender lets it be drawn until nothing is left."""
    settings().seed = 4711
    settings().variations = 8
    _, _, sidebar = drive.viewport()
    x, y, width = sidebar.x - 3, sidebar.y + 100, sidebar.width
    drive.move(x - 20, y)
    yield 0.3
    drive.move(x, y)
    yield 0.3
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    for step in range(1, 9):
        drive.move(x + step * width / 32, y)
        yield 0.1
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield from drive.over_viewport()
    yield 1.0
    assert sidebar.width < 0.8 * width
    drive.shot("30-narrow")
    settings().variations = 1
    yield from redraw(SETTLED_S)
    drive.shot("31-narrow-already-made")
    settings().source = 'IMAGE'
    settings().model = 'offline-preview'
    yield from redraw(SETTLED_S)
    drive.shot("32-narrow-offline")
    key = os.environ.pop("PIAPI_API_KEY")
    settings().model = 'Qubico/pixal3d'
    yield from redraw(SETTLED_S)
    drive.shot("33-narrow-no-key")
    os.environ["PIAPI_API_KEY"] = key
