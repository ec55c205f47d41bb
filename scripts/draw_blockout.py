#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes README's second picture: a block-out of 30 boxes, and the scene that one press makes of it.

    .venv/blender-5.3.0/bin/python scripts/draw_blockout.py [--out DIR]

draws a picture of each kind of thing, blocks a glade out with boxes that are called after them, has the add-on fill
them with the offline preview, renders before and after with the same camera, and writes both as one into
scripts/demo/blockout.png. Its parts stay in dist/blockout.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
from math import cos, pi, radians, sin
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy
import draw_demo_pictures as drawing
from demo_stage import set_cycles, sky, surface
from mathutils import Vector
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SIZE_PX = (720, 450)
SIDE_PX = 512
"""Of the pictures that the models are made from."""
SAMPLES = 24
GAP_PX = 8
COLOURS = 200
GRASS, SKY, BOX, INK = "#7FB069", "#EAF3FF", "#B9BECB", "#3B3F57"


class Box(NamedTuple):
    """Of the block-out: whose name it has, where its floor's middle is, width, depth and height in metres, and turn."""

    kind: str
    place: tuple[float, float]
    size: tuple[float, float, float]
    turn: float = 0.0


def draw_fir() -> None:
    """Four tiers on a trunk."""
    greens = [surface("Needles", colour, 0.8) for colour in ("#1F6B3A", "#2F8F4A")]
    drawing.lathe([(0.16, -0.9), (0.2, -1.5), (0, -1.5)], surface("Trunk", "#7A4A25", 0.8))
    for tier in range(4):
        foot, radius = -0.95 + 0.55 * tier, 0.95 - 0.2 * tier
        profile = [
            (0, foot + 0.95),
            (radius * 0.45, foot + 0.5),
            (radius, foot),
            (radius * 0.7, foot - 0.06),
            (0, foot),
        ]
        drawing.lathe(profile, greens[tier % 2], waves=11, depth=0.03)


def draw_apple_tree() -> None:
    """A round crown with apples."""
    green, red = surface("Leaves", "#4C9F38", 0.8), surface("Apple", "#D8261C", 0.3)
    drawing.lathe([(0.15, 0), (0.17, -0.9), (0.32, -1.2), (0, -1.2)], surface("Trunk", "#8A5A33", 0.8))
    for x, z, radius in ((0, 0.5, 0.7), (-0.5, 0.25, 0.5), (0.5, 0.25, 0.5), (-0.3, 0.75, 0.45), (0.35, 0.75, 0.45)):
        drawing.blob(Vector((x, 0, z)), (radius, radius, radius), green)
    for x, z in ((-0.55, 0.3), (-0.15, 0.1), (0.4, 0.15), (0.62, 0.5), (-0.3, 0.75), (0.15, 0.6), (0.3, 1.0)):
        drawing.blob(Vector((x, -0.68, z)), (0.11, 0.11, 0.11), red)


def draw_cottage() -> None:
    """Round walls under a pointed roof."""
    roof, wall = surface("Thatch", "#D9772B", 0.8), surface("Wall", "#FFF1D6", 0.8)
    wood, glass = surface("Wood", "#7A3F1D", 0.7), surface("Window", "#5BA7D9", 0.2)
    drawing.lathe([(0.85, 0.1), (0.88, -0.85), (0.92, -1.0), (0, -1.0)], wall)
    drawing.lathe(
        [(0, 1.15), (0.12, 1.0), (0.6, 0.45), (1.2, 0.02), (1.16, -0.1), (0.8, 0.0)], roof, waves=24, depth=0.02
    )
    drawing.blob(Vector((0, -0.9, -0.55)), (0.24, 0.1, 0.44), wood)
    for x in (-0.52, 0.52):
        drawing.blob(Vector((x, -0.75, -0.35)), (0.17, 0.06, 0.19), wood)
        drawing.blob(Vector((x, -0.8, -0.35)), (0.12, 0.06, 0.14), glass)


def draw_flower() -> None:
    """A blossom on a strong stem."""
    petals = [surface("Petal", colour, 0.5) for colour in ("#E8488B", "#F77FB0")]
    greens = [surface("Leaf", colour, 0.7) for colour in ("#3E8E35", "#6DB648")]
    drawing.lathe([(0.09, 0.3), (0.1, -1.1), (0.14, -1.25), (0, -1.25)], greens[0])
    for step in range(8):
        way = Vector((cos(step * pi / 4), 0, sin(step * pi / 4)))
        drawing.blob(Vector((0, 0, 0.5)) + way * 0.42, (0.2, 0.14, 0.32), petals[step % 2], way)
    drawing.blob(Vector((0, -0.12, 0.5)), (0.26, 0.14, 0.26), surface("Eye", "#FFC93C", 0.6))
    drawing.fan(Vector((0, 0, -1.15)), (150, 125, 55, 30), (0.6, 0.5, 0.5, 0.6), greens)


def draw_barrel() -> None:
    """Staves and hoops."""
    drawing.lathe([(0, 0.8), (0.5, 0.8), (0.62, 0.35), (0.66, 0), (0.62, -0.35), (0.5, -0.8), (0, -0.8)],
                  surface("Staves", "#B5732F", 0.6))  # fmt: skip
    for height, radius in ((0.55, 0.585), (0.2, 0.66), (-0.2, 0.66), (-0.55, 0.585)):
        profile = [(radius, height + 0.07), (radius + 0.03, height), (radius, height - 0.07)]
        drawing.lathe(profile, surface("Hoop", "#4B4F58", 0.4))


KINDS = {
    "Fir": draw_fir,
    "Apple Tree": draw_apple_tree,
    "Cottage": draw_cottage,
    "Flower": draw_flower,
    "Barrel": draw_barrel,
}


def glade() -> list[Box]:
    """30 boxes around a cottage; those of a kind share a mesh where they have the same proportions."""
    chance = random.Random(7)
    boxes = [Box("Cottage", (0.3, 1.4), (2.6, 2.6, 2.4))]
    boxes += [
        Box("Fir", place, (1.6, 1.6, height), radians(chance.uniform(-25, 25)))
        for place, height in (
            ((-4.6, 3.4), 3.4), ((-3.1, 4.2), 3.8), ((-1.5, 4.8), 3.5), ((2.4, 4.6), 3.7), ((3.9, 3.9), 3.4),
            ((5.2, 2.7), 3.0), ((-5.6, 1.7), 2.7), ((0.6, 5.3), 4.0),
        )
    ]  # fmt: skip
    boxes += [Box("Apple Tree", place, (1.8, 1.8, 2.1)) for place in ((-2.6, 1.6), (3.3, 1.5), (-4.4, -0.1))]
    boxes += [
        Box("Toadstool", place, (side, side, side * 1.05), radians(chance.uniform(-30, 30)))
        for place, side in (
            ((-1.9, -0.3), 0.9), ((-2.7, -1.0), 0.6), ((2.4, -0.5), 1.0), ((3.3, -0.9), 0.65), ((4.4, 0.3), 0.8),
            ((-3.4, -1.9), 0.8), ((1.5, -2.1), 0.55),
        )
    ]  # fmt: skip
    boxes += [Box("Barrel", place, (0.62, 0.62, 0.75)) for place in ((1.9, 0.3), (2.2, 1.0), (-1.25, 0.5))]
    boxes += [
        Box("Flower", place, (0.6, 0.35, 0.85), radians(chance.uniform(-30, 30)))
        for place in (
            (-1.0, -1.5),
            (-0.3, -2.2),
            (0.7, -1.2),
            (2.6, -2.0),
            (-2.2, -2.4),
            (3.9, -1.8),
            (-4.6, -1.6),
            (0.5, -3.0),
        )
    ]
    return boxes


def main() -> None:
    """From the pictures to the picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "blockout")
    out = parser.parse_args().out.resolve()
    pictures = out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    os.environ["BLENDER_USER_RESOURCES"] = str(out / "blender")
    shutil.copy(drawing.FOLDER / "toadstool.png", pictures / "Toadstool.png")
    drawing.SIDE_PX = SIDE_PX
    for kind, build in KINDS.items():
        if not (pictures / f"{kind}.png").is_file():
            drawing.empty_scene()
            build()
            drawing.draw(pictures / f"{kind}.png", from_below=radians(4))
    boxes, labels = block_out()
    photograph(out / "before.png")
    bpy.data.batch_remove(labels)
    fill(boxes, pictures)
    photograph(out / "after.png")
    bpy.ops.wm.save_as_mainfile(filepath=str(out / "blockout.blend"))
    join([out / "before.png", out / "after.png"], ROOT / "scripts" / "demo" / "blockout.png")


def block_out() -> tuple[list[bpy.types.Object], list[bpy.types.Object]]:
    """The glade as boxes on the grass, and the names that stand on them."""
    drawing.empty_scene()
    scene: Any = bpy.context.scene
    scene.world = sky(SKY, 0.6)
    bpy.ops.mesh.primitive_circle_add(vertices=128, radius=200, fill_type='NGON')
    grass: Any = bpy.context.active_object
    grass.data.materials.append(surface("Grass", GRASS, 1.0))
    grey, ink = surface("Box", BOX, 0.9), surface("Ink", INK, 0.9)
    meshes: dict[str, Any] = {}
    boxes: list[bpy.types.Object] = []
    labels: list[bpy.types.Object] = []
    for kind, (x, y), size, turn in glade():
        if kind not in meshes:
            bpy.ops.mesh.primitive_cube_add(size=1)
            cube: Any = bpy.context.active_object
            meshes[kind] = cube.data
            meshes[kind].materials.append(grey)
            bpy.data.objects.remove(cube)
        box = bpy.data.objects.new(kind, meshes[kind])
        box.location, box.scale, box.rotation_euler = (x, y, size[2] / 2), size, (0, 0, turn)
        scene.collection.objects.link(box)
        boxes.append(box)
        labels.append(label(box, size, ink))
    lens: Any = bpy.data.cameras.new("Camera")
    scene.camera = camera = bpy.data.objects.new("Camera", lens)
    lens.lens = 50
    camera.location = (0, -15.0, 7.6)
    camera.rotation_euler = (Vector((-0.1, 0.9, 1.15)) - camera.location).to_track_quat('-Z', 'Y').to_euler()
    scene.collection.objects.link(camera)
    scene.render.resolution_x, scene.render.resolution_y = SIZE_PX
    scene.view_settings.view_transform = 'Khronos PBR Neutral'
    return boxes, labels


def label(box: bpy.types.Object, size: tuple[float, float, float], ink: bpy.types.Material) -> bpy.types.Object:
    """The box's name on its front."""
    font: Any = bpy.data.curves.new("Name", 'FONT')
    font.body, font.align_x, font.align_y = box.name.partition(".")[0], 'CENTER', 'CENTER'
    font.size = min(1.5 * size[0] / len(font.body), 0.45)
    font.materials.append(ink)
    letters = bpy.data.objects.new("Name", font)
    bpy.context.view_layer.update()
    front = Vector((0, -size[1] / 2 - 0.01, 0))
    front.rotate(box.rotation_euler)
    letters.location = box.location + front
    letters.rotation_euler = (pi / 2, 0, box.rotation_euler.z)
    bpy.context.scene.collection.objects.link(letters)
    return letters


def fill(boxes: list[bpy.types.Object], pictures: Path) -> None:
    """One press: the offline preview makes what the pictures show, and each box gets its model."""
    import addon_utils

    addon_utils.enable("trellis_blender", default_set=True)
    settings: Any = bpy.context.scene
    settings.trellis.model = 'offline-preview'
    bpy.ops.object.select_all(action='DESELECT')
    for box in boxes:
        box.select_set(state=True)
    operators: Any = bpy.ops
    operators.trellis.pictures_for_boxes(directory=str(pictures))
    operators.trellis.generate_for_selection()
    models = [item for item in bpy.data.objects if "trellis_generation" in item]
    if len(models) != len(boxes):
        raise RuntimeError(f"{len(models)} models came into {len(boxes)} boxes")
    print(f"{len(boxes)} boxes, {len({item.data for item in models})} generations")


def photograph(path: Path) -> None:
    """Renders what the camera sees."""
    set_cycles(SAMPLES)
    scene: Any = bpy.context.scene
    scene.cycles.max_bounces = 2
    scene.render.film_transparent = False
    scene.render.image_settings.color_mode = 'RGB'
    bpy.ops.render.render()
    bpy.data.images["Render Result"].save_render(str(path))


def join(parts: list[Path], path: Path) -> None:
    """Both beside each other, with few enough colours for a small file."""
    pictures = [Image.open(part).convert("RGB") for part in parts]
    width = sum(picture.width for picture in pictures) + GAP_PX * (len(pictures) - 1)
    whole = Image.new("RGB", (width, pictures[0].height), "white")
    for number, picture in enumerate(pictures):
        whole.paste(picture, (number * (picture.width + GAP_PX), 0))
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}, {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # Blender as a module may crash while it is unloaded
