# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage on which the demo shows models, each on a plinth with the picture or the prompt that it was made from.

`set_stage` builds it around models that already stand in the scene, in a collection of its own; `render` photographs
it with Cycles on the CPU, so that no screen is needed.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi, radians, sin, tan
from pathlib import Path
from typing import Any, NamedTuple

import bpy
from bpy.types import Collection, Image, Material, Object, World
from mathutils import Vector

BACKDROP, PLINTH, FRAME, PAPER, INK, SKY = "#727ED8", "#FBE3C4", "#E59A4A", "#FFFDF8", "#2B2750", "#F2F0FF"
CARD_SIDE_M = 0.72
"""The longer side of a card's picture where the models leave room for it."""
BORDER_M = 0.03
GAP_M = 0.1
LEAN = radians(10)


class Exhibit(NamedTuple):
    """A model that stands in the scene, the picture that it was made from (None where it was text) and its prompt."""

    model: Object
    picture: Path | None
    prompt: str


def set_stage(exhibits: list[Exhibit]) -> None:
    """Builds cards, plinths, backdrop, lights and camera around the models, which stay as they are."""
    stage = bpy.data.collections.new("Stage")
    bpy.context.scene.collection.children.link(stage)
    side = card_side(exhibits)
    shown = [exhibit.model for exhibit in exhibits]
    frame, plinth = surface("Frame", FRAME, 0.4), surface("Plinth", PLINTH, 0.5)
    for exhibit in exhibits:
        card = add_card(stage, exhibit, side, frame)
        shown += [card, add_plinth(stage, [exhibit.model, card], plinth)]
    low, high = bounds(shown)
    add_backdrop(stage, low, high)
    add_lights(stage, low, high)
    set_look()
    add_camera(stage, low, high)


def render(path: Path, samples: int = 4) -> None:
    """Writes a picture of the stage as a PNG. More samples are finer; 4 take about 10 s on two slow cores."""
    set_cycles(samples)
    bpy.ops.render.render()
    bpy.data.images["Render Result"].save_render(str(path))


def bounds(things: list[Object]) -> tuple[Vector, Vector]:
    """Lowest and highest corner of what the objects take up in the scene."""
    bpy.context.view_layer.update()
    corners = [thing.matrix_world @ Vector(corner) for thing in things for corner in thing.bound_box]
    axes = list(zip(*corners, strict=True))
    return Vector([min(axis) for axis in axes]), Vector([max(axis) for axis in axes])


def card_side(exhibits: list[Exhibit]) -> float:
    """How large the cards can be, so that each fits between its model and the neighbour on the left."""
    edges = sorted((low.x, high.x) for low, high in (bounds([exhibit.model]) for exhibit in exhibits))
    rooms = [right[0] - left[1] - 5 * GAP_M for left, right in pairwise(edges)]
    return max(CARD_SIDE_M / 2, min([CARD_SIDE_M, *rooms]))


def add_card(stage: Collection, exhibit: Exhibit, side: float, material: Material) -> Object:
    """A frame on an easel, left of the model, with the picture or else the prompt in it."""
    low, high = bounds([exhibit.model])
    image = bpy.data.images.load(str(exhibit.picture)) if exhibit.picture else None
    width, height = (image.size[0], image.size[1]) if image else (1, 1)
    width, height = width * side / max(width, height), height * side / max(width, height)

    frame = slab(f"Card of {exhibit.model.name}", width + 2 * BORDER_M, height + 2 * BORDER_M, 0.035, material)
    frame.location = (low.x - GAP_M - BORDER_M - width / 2, (low.y + high.y) / 2 + 0.15, 0.035 * sin(LEAN))
    frame.rotation_euler = (pi / 2 - LEAN, 0, radians(6))
    leg = slab("Easel", 0.12, 0.8 * height, 0.02, material)
    distance = 1.6 * tan(LEAN) * height
    leg.location, leg.rotation_euler = (0, distance * sin(LEAN), -distance * cos(LEAN)), (2 * LEAN, 0, 0)
    sheet = panel("Picture", width, height, printed(image) if image else surface("Paper", PAPER, 0.6))
    sheet.location = (0, BORDER_M, 0.001)
    parts = [leg, sheet] if image else [leg, sheet, lettering(exhibit.prompt, width, height)]
    for part in [frame, *parts]:
        stage.objects.link(part)
        part.parent = frame if part in parts else None
    return frame


def add_plinth(stage: Collection, things: list[Object], material: Material) -> Object:
    """A low plinth under things that belong together, its top where they stand."""
    low, high = bounds(things)
    plinth = slab("Plinth", high.x - low.x + 2 * GAP_M, high.y - low.y + 4 * GAP_M, 0.07, material, corner=0.3)
    plinth.location = ((low.x + high.x) / 2, low.y - 2 * GAP_M, 0)
    stage.objects.link(plinth)
    return plinth


def add_backdrop(stage: Collection, low: Vector, high: Vector) -> None:
    """A sheet that is the floor in front, bends up behind the exhibits and fills the picture's background."""
    span = high.x - low.x
    front, back, bend = low.y - 3 * span, high.y + 0.7 * span, 0.6 * span
    arc = [pi / 2 * step / 24 for step in range(25)]
    bent = [(back - bend + bend * sin(turn), bend * (1 - cos(turn))) for turn in arc]
    profile = [(front, 0.0), *bent, (back, 3 * span)]
    points = [(x, y, low.z + z) for y, z in profile for x in (low.x - 4 * span, high.x + 4 * span)]
    mesh = bpy.data.meshes.new("Backdrop")
    mesh.from_pydata(points, [], [(at, at + 1, at + 3, at + 2) for at in range(0, len(points) - 2, 2)])
    mesh.shade_smooth()
    mesh.materials.append(surface("Backdrop", BACKDROP, 1.0))
    stage.objects.link(bpy.data.objects.new("Backdrop", mesh))


def add_lights(stage: Collection, low: Vector, high: Vector) -> None:
    """Key from the upper left, fill from the right, rim from behind; they grow with the stage."""
    centre, span = (low + high) / 2, high.x - low.x
    for name, colour, strength, size, direction in (
        ("Key Light", "#FFF3E2", 1.05, 0.28, (-0.55, -0.75, 0.8)),
        ("Fill Light", "#E3E8FF", 0.16, 0.9, (0.9, -0.8, 0.35)),
        ("Rim Light", "#FFFFFF", 1.2, 0.5, (0.35, 0.35, 0.7)),
    ):
        light: Any = bpy.data.lights.new(name, 'AREA')
        way = Vector(direction) * span
        light.shape, light.size, light.color = 'DISK', size * span, from_hex(colour)[:3]
        light.energy = strength * pi * pi * way.length_squared  # a white surface there looks as bright as `strength`
        lamp = bpy.data.objects.new(name, light)
        lamp.location, lamp.rotation_euler = centre + way, (-way).to_track_quat('-Z', 'Y').to_euler()
        lamp.visible_camera = False
        stage.objects.link(lamp)


def add_camera(stage: Collection, low: Vector, high: Vector) -> None:
    """Looks slightly down on all exhibits, as near as they and a margin allow."""
    lens: Any = bpy.data.cameras.new("Camera")
    lens.lens = 70
    bpy.context.scene.camera = camera = bpy.data.objects.new("Camera", lens)
    camera.rotation_euler = (radians(80), 0, 0)
    stage.objects.link(camera)
    corners = [value for x in (low.x, high.x) for y in (low.y, high.y) for z in (low.z, high.z) for value in (x, y, z)]
    camera.location, _ = camera.camera_fit_coords(bpy.context.evaluated_depsgraph_get(), corners)
    lens.lens *= 0.94


def set_look() -> None:
    """Size, sky, and a view transform that leaves the pictures' colours alone."""
    scene: Any = bpy.context.scene
    scene.world = sky(SKY, 0.25)
    scene.render.resolution_x, scene.render.resolution_y = 1600, 720
    scene.view_settings.view_transform = 'Khronos PBR Neutral'
    set_cycles(samples=64)


def set_cycles(samples: int) -> None:
    """Cycles on the CPU, as quick as soft light allows, denoised where this Blender was built with the denoiser."""
    import _cycles  # pyright: ignore[reportMissingImports]

    scene: Any = bpy.context.scene
    scene.render.engine = 'CYCLES'
    scene.cycles.samples, scene.cycles.max_bounces = samples, 1
    scene.cycles.use_adaptive_sampling = scene.cycles.use_light_tree = False
    scene.cycles.use_denoising = _cycles.with_openimagedenoise
    scene.cycles.denoising_quality = scene.cycles.denoising_prefilter = 'FAST'


def panel(name: str, width: float, height: float, material: Material) -> Object:
    """A sheet upwards from the middle of its lower edge, with the whole of an image on it."""
    mesh = bpy.data.meshes.new(name)
    half = width / 2
    mesh.from_pydata([(-half, 0, 0), (half, 0, 0), (half, height, 0), (-half, height, 0)], [], [range(4)])
    mesh.uv_layers.new().data.foreach_set("uv", (0, 0, 1, 0, 1, 1, 0, 1))
    mesh.shade_smooth()
    mesh.materials.append(material)
    return bpy.data.objects.new(name, mesh)


def slab(name: str, width: float, height: float, depth: float, material: Material, *, corner: float = 0.02) -> Object:
    """A board like a thick panel, with its front at z = 0 and with round corners and edges."""
    board = panel(name, width, height, material)
    corners: Any = board.modifiers.new("Round Corners", 'BEVEL')
    corners.affect, corners.width, corners.segments = 'VERTICES', corner, 8
    thick: Any = board.modifiers.new("Thickness", 'SOLIDIFY')
    thick.thickness = depth
    edge: Any = board.modifiers.new("Round Edge", 'BEVEL')
    edge.width, edge.segments, edge.harden_normals = min(0.9 * corner, 0.35 * depth), 4, True
    return board


def lettering(text: str, width: float, height: float) -> Object:
    """The text in the middle of a card, as large as it fits."""
    font: Any = bpy.data.curves.new("Prompt", 'FONT')
    font.body, font.size = f"“{text}”", 0.18 * height
    font.align_x, font.align_y, font.overflow = 'CENTER', 'CENTER', 'SCALE'
    box = font.text_boxes[0]
    box.width, box.height, box.x = 0.84 * width, 0.8 * height, -0.42 * width
    box.y = 0.4 * height - 0.85 * font.size  # the box is measured from the first line's foot
    font.materials.append(surface("Ink", INK, 0.7))
    letters = bpy.data.objects.new("Prompt", font)
    letters.location = (0, BORDER_M + height / 2, 0.002)
    return letters


def printed(image: Image) -> Material:
    """The image on paper, which shows where the image is transparent."""
    material: Any = surface(image.name, PAPER, 1.0)
    nodes, link = material.node_tree.nodes, material.node_tree.links.new
    texture, ink = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeMixRGB")
    texture.image = image
    image.pack()
    image.filepath = f"//{bpy.path.basename(image.filepath)}"  # not where it lies on this computer
    ink.inputs["Color1"].default_value = from_hex(PAPER)
    link(texture.outputs["Alpha"], ink.inputs["Fac"])
    link(texture.outputs["Color"], ink.inputs["Color2"])
    link(ink.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return material


def surface(name: str, colour: str, roughness: float) -> Material:
    """A material of one colour, quite matt where its roughness is 1."""
    material: Any = bpy.data.materials.new(name)
    if material.node_tree is None:  # newer Blenders make it at once
        material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = from_hex(colour)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = 0.5 if roughness < 1 else 0.0  # rendering is quicker without
    return material


def sky(colour: str, strength: float) -> World:
    """A world that shines evenly from everywhere."""
    world: Any = bpy.data.worlds.new("Sky")
    if world.node_tree is None:
        world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = from_hex(colour)
    background.inputs["Strength"].default_value = strength
    return world


def from_hex(colour: str) -> tuple[float, float, float, float]:
    """An sRGB colour ("#F3EEE4") as Blender's lights and nodes take it."""
    srgb = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in srgb)
    return red, green, blue, 1.0
