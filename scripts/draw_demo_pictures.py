#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the demo's two input pictures with Cycles, out of nothing but this code: a toadstool and a fish.

    .venv/blender-5.3.0/bin/python scripts/draw_demo_pictures.py

writes scripts/demo/toadstool.png (on a transparent background) and scripts/demo/fish.png (on one plain colour). The
pictures are dedicated to the public domain (CC0 1.0). Both show a whole, compact thing from the front in even light,
which is what image-to-3D models read best.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from math import cos, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
import numpy as np
from demo_stage import set_cycles, sky, surface
from mathutils import Matrix, Vector

FOLDER = Path(__file__).resolve().parent / "demo"
SIDE_PX = 1024
FILLED = 0.86
"""How much of the picture's side the subject takes."""
PLAIN = "#CFE8F3"
UP = Vector((0, 0, 1))


def main() -> None:
    """Draws both pictures."""
    FOLDER.mkdir(exist_ok=True)
    empty_scene()
    build_toadstool()
    draw(FOLDER / "toadstool.png", from_below=radians(8))
    empty_scene()
    build_fish()
    draw(FOLDER / "fish.png", background=PLAIN)


def build_toadstool() -> None:
    """Red cap with white dots and gills, a plump stem with a skirt, on a mound with leaves."""
    cream, red = surface("Cream", "#FFE6B8", 0.6), surface("Cap", "#D60C07", 0.3)
    white, gills = surface("Dots", "#FFF8E8", 0.5), surface("Gills", "#FFDFA6", 0.7)
    greens = [surface("Green", colour, 0.7) for colour in ("#4FA32B", "#7CC23A")]
    dome = [(0, 0.86), (0.3, 0.83), (0.6, 0.7), (0.84, 0.47), (0.98, 0.17), (1, -0.02)]
    lathe([*dome, (0.95, -0.13), (0.86, -0.13), (0.83, -0.06)], red)
    lathe([(0.85, -0.09), (0.78, -0.115), (0.6, -0.11), (0.2, -0.06)], gills, waves=40, depth=0.015)
    lathe([(0, -1.25), (0.3, -1.2), (0.47, -1.05), (0.47, -0.88), (0.39, -0.62), (0.32, -0.3), (0.31, 0)], cream)
    skirt = [(0.28, -0.2), (0.36, -0.23), (0.46, -0.34), (0.52, -0.46), (0.49, -0.52), (0.42, -0.45), (0.3, -0.34)]
    lathe(skirt, cream, waves=10, depth=0.016)
    for azimuth, height, radius in (
        (-8, 38, 0.2), (34, 60, 0.13), (-42, 62, 0.14), (31, 21, 0.16), (-42, 24, 0.17), (66, 34, 0.15),
        (-76, 34, 0.13), (-10, 6, 0.11), (66, 4, 0.12), (-70, 2, 0.11), (20, 88, 0.13),
    ):  # fmt: skip
        around, up = radians(azimuth), radians(height)
        outwards = Vector((sin(around) * cos(up), -cos(around) * cos(up), sin(up)))
        place = Vector((outwards.x, outwards.y, 0.86 * outwards.z))
        blob(place, (radius, radius, 0.07), white, Vector((outwards.x, outwards.y, outwards.z / 0.86)))
    blob(Vector((0, 0, -1.22)), (0.72, 0.5, 0.16), greens[0])
    fan(Vector((0, -0.4, -1.38)), (143, 107, 73, 37), (0.42, 0.36, 0.36, 0.42), greens)
    fan(Vector((-0.42, -0.45, -1.38)), (170, 140, 110, 80), (0.4, 0.5, 0.54, 0.4), greens)
    fan(Vector((0.44, -0.45, -1.38)), (10, 40, 70, 100), (0.4, 0.5, 0.54, 0.4), greens)


def build_fish() -> None:
    """A round fish that swims to the left: smooth face, rows of scales in stripes, fins like petals."""
    skin, white, black = (
        surface("Skin", "#FF9A1F", 0.3),
        surface("White", "#FFFDF5", 0.2),
        surface("Eye", "#1B1430", 0.1),
    )
    lips, cheek = surface("Lips", "#F2552C", 0.4), surface("Cheek", "#FF6F4E", 0.6)
    fins = [surface("Fin", colour, 0.4) for colour in ("#0E8FA8", "#17B9C0")]
    stripes = [surface("Scales", colour, 0.4) for colour in ("#FF7A12", "#FFF0CF", "#EE3B24", "#FFF0CF")]
    body = lathe([(girth(x), x) for x in -np.cos(np.linspace(0, pi, 33))], skin)
    body.matrix_world = Matrix.Diagonal((1, 0.62, 1, 1)) @ Matrix.Rotation(pi / 2, 4, 'Y')
    for row in range(13):
        x = 0.85 - row * 0.1
        for step in range(-9, 10):
            around = (step + row % 2 / 2) * radians(11.5)
            outwards = Vector((0, -cos(around), 0.62 * sin(around))).normalized()
            place = Vector((x, -0.62 * girth(x) * cos(around), girth(x) * sin(around)))
            radii = (0.12, 0.12 * girth(x) + 0.02, 0.035)
            blob(place, radii, stripes[(row + 1) // 2 % 4], outwards + Vector((-0.3, 0, 0)))
    fan(Vector((0.76, 0, 0)), (60, 42, 24, -24, -42, -60), (0.6, 0.75, 0.66, 0.66, 0.75, 0.6), fins)
    fan(Vector((0.12, 0, 0.35)), (140, 118, 96, 74, 52, 34), (0.62, 0.74, 0.8, 0.78, 0.7, 0.62), fins)
    fan(Vector((0.05, 0, -0.4)), (-125, -103, -81, -59), (0.58, 0.68, 0.68, 0.58), fins)
    fan(Vector((-0.02, -0.5, -0.12)), (28, 4, -20, -44), (0.4, 0.5, 0.5, 0.4), fins)
    for place, radii, material in (
        ((-0.62, -0.4, 0.2), (0.2, 0.2, 0.12), white),
        ((-0.65, -0.49, 0.2), (0.135, 0.135, 0.08), black),
        ((-0.71, -0.57, 0.26), (0.045, 0.045, 0.03), white),
        ((-0.59, -0.46, -0.16), (0.11, 0.08, 0.04), cheek),
        ((-0.97, -0.08, -0.13), (0.11, 0.12, 0.06), lips),
        ((-0.95, -0.08, -0.22), (0.1, 0.12, 0.055), lips),
    ):
        outwards = UP if material is lips else Vector((-0.3, -1, 0.1))
        blob(Vector(place), radii, material, outwards)


def girth(x: float) -> float:
    """Half the fish's height at `x`, from its mouth at -1 to its tail at 1."""
    return 0.8 * sqrt(max(0.0, 1 - x * x)) * (1 - 0.32 * x)


def fan(root: Vector, angles: Sequence[float], lengths: Sequence[float], materials: list[bpy.types.Material]) -> None:
    """Petals out of `root` in the picture's plane, at `angles` in degrees, in alternating colours."""
    for number, (angle, length) in enumerate(zip(angles, lengths, strict=True)):
        along = Vector((cos(radians(angle)), 0, sin(radians(angle))))
        layer = Vector((0, -0.05 * (number % 2), 0))
        blob(root + layer + along * length / 2, (0.1, 0.13, length / 2), materials[number % 2], along)


def blob(
    place: Vector, radii: tuple[float, float, float], material: bpy.types.Material, upwards: Vector = UP
) -> bpy.types.Object:
    """An ellipsoid at `place`, its third radius along `upwards`."""
    half_circle = [(sin(angle), cos(angle)) for angle in np.linspace(0, pi, 25)]
    thing = add(turned(half_circle, steps=48), material)
    turn = upwards.to_track_quat('Z', 'Y').to_matrix().to_4x4()
    thing.matrix_world = Matrix.Translation(place.to_tuple()) @ turn @ Matrix.Diagonal((*radii, 1))
    return thing


def lathe(
    profile: Sequence[tuple[float, float]], material: bpy.types.Material, waves: int = 0, depth: float = 0.0
) -> bpy.types.Object:
    """A rounded turned piece, see `turned`."""
    thing = add(turned(profile, 264, waves, depth), material)
    thing.modifiers.new("Subdivision", 'SUBSURF')
    return thing


def turned(profile: Sequence[tuple[float, float]], steps: int, waves: int = 0, depth: float = 0.0) -> bpy.types.Mesh:
    """What `profile`, (radius, height) from top to bottom, sweeps around the Z axis; `waves` ripple its heights."""
    turns = [2 * pi * step / steps for step in range(steps)]
    points = [
        (radius * cos(turn), radius * sin(turn), height + depth * cos(waves * turn))
        for radius, height in profile
        for turn in turns
    ]
    faces = [
        (row + step, row + steps + step, row + steps + (step + 1) % steps, row + (step + 1) % steps)
        for row in range(0, len(points) - steps, steps)
        for step in range(steps)
    ]
    mesh = bpy.data.meshes.new("Turned")
    mesh.from_pydata(points, [], faces)
    mesh.shade_smooth()
    return mesh


def add(mesh: bpy.types.Mesh, material: bpy.types.Material) -> bpy.types.Object:
    """The mesh as an object in the scene."""
    mesh.materials.append(material)
    thing = bpy.data.objects.new(material.name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def empty_scene() -> None:
    """A new file with soft light from the upper left, and nothing else."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.world = sky("#FFFFFF", 0.55)
    for name, energy, direction in (("Key", 1.6, (0.6, 1, -0.9)), ("Fill", 0.5, (-1, 0.8, 0.2))):
        sun: Any = bpy.data.lights.new(name, 'SUN')
        sun.energy, sun.angle = energy, radians(50)
        lamp = bpy.data.objects.new(name, sun)
        lamp.rotation_euler = Vector(direction).to_track_quat('-Z', 'Y').to_euler()
        scene.collection.objects.link(lamp)


def draw(path: Path, from_below: float = 0.0, background: str = "") -> None:
    """Renders all that is in the scene, filling the picture, onto the colour `background` or onto nothing."""
    scene: Any = bpy.context.scene
    scene.camera = camera_in_front(from_below)
    set_cycles(samples=48)
    scene.cycles.max_bounces = 3
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.render.film_transparent = True
    scene.render.dither_intensity = 0  # it is noise, which PNG cannot compress
    scene.view_settings.view_transform = 'Standard'
    scene.render.image_settings.file_format = 'PNG'
    scene.render.image_settings.color_mode = 'RGBA'
    scene.render.image_settings.compression = 100
    bpy.ops.render.render()
    bpy.data.images["Render Result"].save_render(str(path))
    if background:
        lay_on(path, background)


def camera_in_front(from_below: float) -> bpy.types.Object:
    """A camera without perspective that looks along Y, and upwards by `from_below`, at all that is in the scene."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    meshes: list[Any] = [thing.evaluated_get(depsgraph) for thing in bpy.context.scene.objects if thing.type == 'MESH']
    turn = Matrix.Rotation(pi / 2 + from_below, 4, 'X')
    to_camera = turn.inverted()
    points = np.array(
        [to_camera @ thing.matrix_world @ vertex.co for thing in meshes for vertex in thing.data.vertices]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    lens: Any = bpy.data.cameras.new("Camera")
    lens.type, lens.ortho_scale = 'ORTHO', max(high[0] - low[0], high[1] - low[1]) / FILLED
    camera = bpy.data.objects.new("Camera", lens)
    camera.matrix_world = turn @ Matrix.Translation(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2] + 1))
    bpy.context.scene.collection.objects.link(camera)
    return camera


def lay_on(path: Path, colour: str) -> None:
    """Makes the picture opaque, with exactly `colour` behind it."""
    image: Any = bpy.data.images.load(str(path))
    pixels = np.empty((SIDE_PX * SIDE_PX, 4), np.float32)
    image.pixels.foreach_get(pixels.ravel())
    alpha = pixels[:, 3:]
    behind = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    pixels[:, :3] = pixels[:, :3] * alpha + np.array(behind) * (1 - alpha)
    pixels[:, 3] = 1
    image.pixels.foreach_set(pixels.ravel())
    bpy.context.scene.render.image_settings.color_mode = 'RGB'
    image.save_render(str(path), scene=bpy.context.scene)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # Blender as a module may crash while it is unloaded
