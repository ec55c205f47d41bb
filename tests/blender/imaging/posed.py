"""Pictures of things, rendered by Cycles with a fault that is known or without one: what the check is measured on.

A seed says all: which kind of picture it is, the thing in it, colours, light, camera and background. Even and odd seeds
have the same kinds.
"""

from collections.abc import Callable
from math import cos, pi, radians, sin
from typing import Any, NamedTuple

import bpy
import numpy as np
from mathutils import Matrix, Vector

Chance = np.random.Generator
SAMPLES = 6


class Posed(NamedTuple):
    """`rgba` is uint8, height × width × 4, top row first; `fault` the name of the fault it has, "" for a good one."""

    kind: str
    fault: str
    rgba: Any


def picture(seed: int) -> Posed:
    """The picture of a seed: about half a second."""
    kind, fault, make = KINDS[seed // 2 % len(KINDS)]
    chance = np.random.default_rng(seed)
    _empty_file()
    rgba = make(chance)
    return Posed(kind, fault, np.clip(rgba * 255 + 0.5, 0, 255).astype(np.uint8))


# Good ones


def _cut_out(chance: Chance) -> Any:
    return _render(chance, _stand(chance), _filled(chance))


def _trimmed(chance: Chance) -> Any:
    """Cut out, and cropped to the last pixel, as stickers are."""
    rgba = _render(chance, _stand(chance), chance.uniform(0.7, 0.95), longer_px=320)
    rows, columns = np.nonzero(rgba[..., 3] > 0.02)
    return rgba[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _plain(chance: Chance) -> Any:
    return _over(_cut_out(chance), _plain_colour(chance))


def _noisy(chance: Chance) -> Any:
    """Plain, with the noise of a camera."""
    rgba = _plain(chance)
    rgba[..., :3] += chance.normal(0, 0.012, (*rgba.shape[:2], 3))
    return rgba


def _gradient(chance: Chance) -> Any:
    """A smooth backdrop: from one side to another, or a vignette."""
    rgba = _cut_out(chance)
    return _over(rgba, _smooth(chance, rgba.shape[:2]))


def _shadowed(chance: Chance) -> Any:
    """On a white table, with a shadow."""
    thing = _stand(chance)
    bpy.ops.mesh.primitive_plane_add(size=30, location=(0, 0, _bounds(thing)[0].z))
    bpy.context.object.is_shadow_catcher = True
    return _over(_render(chance, thing, _filled(chance)), np.full(3, chance.uniform(0.8, 1.0)))


def _spoilt_edges(chance: Chance) -> Any:
    """Plain or smooth, but for the outermost rows or columns of pixels, as image generators leave them."""
    return _with_spoilt_edges(chance, _plain(chance) if chance.random() < 0.6 else _gradient(chance))


# Bad ones


def _texture(chance: Chance) -> Any:
    """In front of a wall with a pattern."""
    rgba = _cut_out(chance)
    rows, columns = np.mgrid[: rgba.shape[0], : rgba.shape[1]] / max(rgba.shape)
    return _over(rgba, _pattern(chance, rows, columns))


def _room(chance: Chance) -> Any:
    """In a room with a floor, walls and other things."""
    thing = _stand(chance)
    low, high = _bounds(thing)
    size = max(high - low)
    floor, wall = _paint(chance, patterned=True), _paint(chance)
    bpy.ops.mesh.primitive_plane_add(size=12 * size, location=(0, 0, low.z))
    bpy.context.object.data.materials.append(floor)
    for turn in range(4):
        angle = chance.uniform(0, 0.4) + turn * pi / 2
        place = Vector((cos(angle), sin(angle), 0)) * size * 3.5
        bpy.ops.mesh.primitive_cube_add(size=1, location=place)
        bpy.context.object.scale = (0.1, 9 * size, 9 * size)
        bpy.context.object.rotation_euler.z = angle
        bpy.context.object.visible_shadow = False
        bpy.context.object.data.materials.append(wall)
    for _ in range(int(chance.integers(4, 9))):
        angle = chance.uniform(0, 2 * pi)
        place = Vector((cos(angle), sin(angle), 0)) * size * chance.uniform(1.6, 3.0)
        bpy.ops.mesh.primitive_cube_add(size=size * chance.uniform(0.3, 1.0), location=place)
        bpy.context.object.location.z = low.z + bpy.context.object.dimensions.z / 2
        bpy.context.object.data.materials.append(_paint(chance))
    return _render(chance, thing, _filled(chance), transparent=False)


def _card(chance: Chance) -> Any:
    """Opaque but for its round corners or a soft rim: alpha is there, and the background as well."""
    rgba = _texture(chance) if chance.random() < 0.5 else _gradient(chance)
    height, width = rgba.shape[:2]
    y, x = np.mgrid[:height, :width]
    away = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    if chance.random() < 0.3:
        rgba[..., 3] = np.clip((away + 1) / 3, 0, 1)
        return rgba
    radius = min(height, width) * chance.uniform(0.04, 0.2)
    corner_x = np.maximum(radius - np.minimum(x, width - 1 - x), 0)
    corner_y = np.maximum(radius - np.minimum(y, height - 1 - y), 0)
    rgba[..., 3] = np.clip(radius - np.hypot(corner_x, corner_y) + 0.5, 0, 1)
    return rgba


def _cut_off(chance: Chance) -> Any:
    """A part of the thing lies beyond the border."""
    thing = _stand(chance)
    rgba = _render(chance, thing, chance.uniform(0.7, 1.0), aside=chance.uniform(0.3, 0.5))
    behind = chance.choice(3)
    if behind == 0:
        return rgba
    return _over(rgba, _plain_colour(chance) if behind == 1 else _smooth(chance, rgba.shape[:2]))


def _cut_off_and_spoilt(chance: Chance) -> Any:
    """A part of the thing lies beyond the border, and the border is spoilt."""
    thing = _stand(chance)
    rgba = _render(chance, thing, chance.uniform(0.7, 1.0), aside=chance.uniform(0.3, 0.5))
    return _with_spoilt_edges(chance, _over(rgba, _plain_colour(chance)))


def _tiny(chance: Chance) -> Any:
    rgba = _render(chance, _stand(chance), chance.uniform(0.1, 0.2), aside=chance.uniform(0, 0.25))
    return rgba if chance.random() < 0.4 else _over(rgba, _plain_colour(chance))


def _several(chance: Chance) -> Any:
    """Two to four things side by side."""
    count = int(chance.integers(2, 5))
    things = []
    for number in range(count):
        before = set(bpy.data.objects)
        thing = _stand(chance, lit=number > 0)
        size = max(_bounds(thing)[1] - _bounds(thing)[0])
        for part in set(bpy.data.objects) - before:
            part.matrix_world = Matrix.Translation((number * 1.5, 0, 0)) @ Matrix.Scale(1 / size, 4) @ part.matrix_world
        things += thing
    rgba = _render(chance, things, _filled(chance), azimuth=chance.uniform(-0.3, 0.3))
    return rgba if chance.random() < 0.4 else _over(rgba, _plain_colour(chance))


def _uniform(chance: Chance) -> Any:
    """A silhouette, or a thing in nearly the colour of its background."""
    rgba = _cut_out(chance)
    colour = chance.uniform(0.05, 0.95, 3)
    if chance.random() < 0.5:
        rgba[..., :3] = colour
        return rgba if chance.random() < 0.5 else _over(rgba, _plain_colour(chance))
    shades = rgba[..., :3] - rgba[..., :3].mean(axis=(0, 1))
    rgba[..., :3] = colour + shades * 0.03
    return _over(rgba, colour)


def _coarse(chance: Chance) -> Any:
    rgba = _render(chance, _stand(chance), _filled(chance), longer_px=int(chance.integers(24, 120)))
    return rgba if chance.random() < 0.5 else _over(rgba, _plain_colour(chance))


def _nothing(chance: Chance) -> Any:
    """Nothing but what is behind."""
    shape = (int(chance.integers(190, 320)), int(chance.integers(190, 320)))
    which = chance.choice(4)
    if which == 0:
        return np.zeros((*shape, 4))
    behind = np.ones((*shape, 4))
    behind[..., :3] = _smooth(chance, shape) if which == 1 else _plain_colour(chance)
    if which == 2:
        behind[..., :3] += chance.normal(0, 0.01, (*shape, 3))
    return behind


KINDS: tuple[tuple[str, str, Callable[[Chance], Any]], ...] = (
    ("cut out", "", _cut_out),
    ("background: a pattern", "BACKGROUND", _texture),
    ("plain", "", _plain),
    ("cut off", "CUT_OFF", _cut_off),
    ("trimmed", "", _trimmed),
    ("tiny", "TINY", _tiny),
    ("a smooth backdrop", "", _gradient),
    ("several", "SEVERAL", _several),
    ("with a shadow", "", _shadowed),
    ("nearly uniform", "UNIFORM", _uniform),
    ("noisy", "", _noisy),
    ("coarse", "LOW_RESOLUTION", _coarse),
    ("cut out again", "", _cut_out),
    ("empty", "EMPTY", _nothing),
    ("plain again", "", _plain),
    ("background: a room", "BACKGROUND", _room),
    ("a smooth backdrop again", "", _gradient),
    ("background: a card", "BACKGROUND", _card),
    ("spoilt edges", "", _spoilt_edges),
    ("cut off, with spoilt edges", "CUT_OFF", _cut_off_and_spoilt),
)


# The thing, and how it is seen


def _stand(chance: Chance, *, lit: bool = False) -> list[bpy.types.Object]:
    """A thing by chance; its objects."""
    before = set(bpy.data.objects)
    if not lit:
        _light(chance)
    THINGS[int(chance.integers(len(THINGS)))](chance)
    made = [found for found in bpy.data.objects if found not in before and found.type in {'MESH', 'FONT', 'CURVE'}]
    paints = [_paint(chance, patterned=chance.random() < 0.4) for _ in range(int(chance.integers(1, 4)))]
    for number, part in enumerate(made):
        part.data.materials.clear()
        part.data.materials.append(paints[number % len(paints)])
    return made


def _box(size: tuple[float, float, float], place: tuple[float, float, float]) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=1, location=place, scale=size)
    return bpy.context.object


def _monkey(chance: Chance) -> None:
    bpy.ops.mesh.primitive_monkey_add()
    bpy.ops.object.shade_smooth()


def _ring(chance: Chance) -> None:
    bpy.ops.mesh.primitive_torus_add(minor_radius=chance.uniform(0.15, 0.45), rotation=chance.uniform(-0.6, 0.6, 3))
    bpy.ops.object.shade_smooth()


def _chair(chance: Chance) -> None:
    height = chance.uniform(0.5, 0.9)
    _box((1, 1, 0.12), (0, 0, height))
    _box((1, 0.12, 1.1), (0, 0.44, height + 0.55))
    for x in (-0.43, 0.43):
        for y in (-0.43, 0.43):
            _box((0.1, 0.1, height), (x, y, height / 2))


def _mug(chance: Chance) -> None:
    bpy.ops.mesh.primitive_cylinder_add(radius=0.6, depth=chance.uniform(1.0, 1.8))
    bpy.ops.object.shade_smooth()
    bpy.ops.mesh.primitive_torus_add(
        major_radius=0.35, minor_radius=0.09, location=(0.62, 0, 0), rotation=(pi / 2, 0, 0)
    )


def _tree(chance: Chance) -> None:
    bpy.ops.mesh.primitive_cylinder_add(radius=0.15, depth=1.0, location=(0, 0, 0.5))
    for number in range(int(chance.integers(2, 5))):
        bpy.ops.mesh.primitive_cone_add(radius1=0.9 - 0.15 * number, depth=0.9, location=(0, 0, 1.2 + 0.45 * number))


def _snowman(chance: Chance) -> None:
    for radius, height in ((0.7, 0.6), (0.5, 1.5), (0.35, 2.15)):
        bpy.ops.mesh.primitive_uv_sphere_add(radius=radius, location=(0, 0, height))
        bpy.ops.object.shade_smooth()
    bpy.ops.mesh.primitive_cone_add(radius1=0.08, depth=0.5, location=(0, -0.5, 2.15), rotation=(pi / 2, 0, 0))


def _rocket(chance: Chance) -> None:
    bpy.ops.mesh.primitive_cylinder_add(radius=0.4, depth=2.0)
    bpy.ops.mesh.primitive_cone_add(radius1=0.4, depth=0.8, location=(0, 0, 1.4))
    for turn in range(3):
        angle = turn * 2 * pi / 3
        fin = _box((0.7, 0.08, 0.7), (0.5 * cos(angle), 0.5 * sin(angle), -0.9))
        fin.rotation_euler.z = angle


def _letter(chance: Chance) -> None:
    bpy.ops.object.text_add(rotation=(pi / 2, 0, 0))
    letter = bpy.context.object.data
    letter.body, letter.extrude, letter.bevel_depth = str(chance.choice(list("RSWQA&8"))), 0.15, 0.02


def _lamp(chance: Chance) -> None:
    bpy.ops.mesh.primitive_cylinder_add(radius=0.6, depth=0.1)
    bpy.ops.mesh.primitive_cylinder_add(radius=0.06, depth=2.0, location=(0, 0, 1.0))
    bpy.ops.mesh.primitive_cone_add(radius1=0.8, radius2=0.4, depth=0.8, location=(0, 0, 2.2))


def _stone(chance: Chance) -> None:
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4)
    stone = bpy.context.object.data
    waves = chance.uniform(1, 4, (5, 3))
    for vertex in stone.vertices:
        vertex.co *= 1 + 0.08 * sum(sin(float(wave @ np.array(vertex.co)) * 2) for wave in waves)


def _crate(chance: Chance) -> None:
    _box((1, 1, chance.uniform(0.6, 1.4)), (0, 0, 0))
    bpy.ops.object.modifier_add(type='BEVEL')


def _spring(chance: Chance) -> None:
    curve = bpy.data.curves.new("Spring", 'CURVE')
    curve.dimensions, curve.bevel_depth = '3D', 0.12
    line = curve.splines.new('POLY')
    line.points.add(119)
    for number, point in enumerate(line.points):
        point.co = (0.7 * cos(number * 0.3), 0.7 * sin(number * 0.3), number * 0.015, 1)
    bpy.context.collection.objects.link(bpy.data.objects.new("Spring", curve))


def _arrow(chance: Chance) -> None:
    bpy.ops.mesh.primitive_cylinder_add(radius=0.1, depth=2.2, rotation=(0, 1.0, 0.3))
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.35, location=(0.9, 0.28, 0.6))


THINGS = (
    _monkey, _ring, _chair, _mug, _tree, _snowman, _rocket, _letter, _lamp, _stone, _crate, _spring, _arrow,
)  # fmt: skip


def _filled(chance: Chance) -> float:
    """How much of the picture a thing takes up."""
    return float(chance.uniform(0.55, 0.92))


def _render(
    chance: Chance,
    thing: list[bpy.types.Object],
    filled: float,
    *,
    transparent: bool = True,
    aside: float = 0.0,
    azimuth: float | None = None,
    longer_px: int = 0,
) -> Any:
    """`thing` takes `filled` of the picture, `aside` of it from the middle (at 0.5 its middle is on the border)."""
    scene: Any = bpy.context.scene
    longer = longer_px or int(chance.integers(224, 321))
    shorter = max(16, int(longer * chance.uniform(0.7, 1.0)))
    scene.render.resolution_x, scene.render.resolution_y = (
        (longer, shorter) if chance.random() < 0.5 else (shorter, longer)
    )
    scene.render.film_transparent = transparent
    turn = chance.uniform(0, 2 * pi) if azimuth is None else azimuth
    way = Matrix.Rotation(turn, 4, 'Z') @ Matrix.Rotation(pi / 2 - radians(chance.uniform(5, 35)), 4, 'X')
    points = _corners(thing) @ np.array(way.to_3x3())
    low, high = points.min(axis=0), points.max(axis=0)
    middle, extent = (low + high) / 2, high - low
    width, height = scene.render.resolution_x, scene.render.resolution_y
    scale = max(extent[0] / width, extent[1] / height) / filled
    side = chance.uniform(0, 2 * pi)
    away = np.array([cos(side), sin(side)])
    away *= aside / np.abs(away).max() * np.array([width, height]) * scale
    lens: Any = bpy.data.cameras.new("Camera")
    lens.type, lens.ortho_scale, lens.clip_end = 'ORTHO', scale * max(width, height), 1000
    camera = bpy.data.objects.new("Camera", lens)
    place = Vector((middle[0] - away[0], middle[1] - away[1], high[2] + (1 if not transparent else 20)))
    camera.matrix_world = way @ Matrix.Translation(place)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return _pixels()


def _pixels() -> Any:
    path = f"{bpy.app.tempdir}posed.png"
    scene: Any = bpy.context.scene
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(path, check_existing=False)
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(height, width, 4)[::-1].astype(float)


def _corners(thing: list[bpy.types.Object]) -> Any:
    """All points of the thing in world space."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = []
    for part in thing:
        mesh = part.evaluated_get(depsgraph).to_mesh()
        found += [part.matrix_world @ vertex.co for vertex in mesh.vertices]
    return np.array(found)


def _bounds(thing: list[bpy.types.Object]) -> tuple[Vector, Vector]:
    points = _corners(thing)
    return Vector(points.min(axis=0)), Vector(points.max(axis=0))


# Colours, light, backgrounds


def _light(chance: Chance) -> None:
    world: Any = bpy.data.worlds.new("World")
    if world.node_tree is None:
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = chance.uniform(0.3, 0.8)
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    bpy.context.scene.world = world
    bpy.ops.object.light_add(type='SUN', rotation=(chance.uniform(0.2, 1.0), 0, chance.uniform(0, 2 * pi)))
    bpy.context.object.data.energy = chance.uniform(1.5, 3.5)
    bpy.context.object.data.angle = 0.2


def _paint(chance: Chance, *, patterned: bool = False) -> bpy.types.Material:
    material: Any = bpy.data.materials.new("Paint")
    if material.node_tree is None:
        material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*chance.uniform(0.02, 0.9, 3), 1)
    shader.inputs["Roughness"].default_value = chance.uniform(0.3, 0.9)
    if patterned:
        kind = chance.choice(["ShaderNodeTexChecker", "ShaderNodeTexVoronoi", "ShaderNodeTexNoise"])
        texture = tree.nodes.new(str(kind))
        texture.inputs["Scale"].default_value = chance.uniform(3, 9)
        tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    return material


def _plain_colour(chance: Chance) -> Any:
    """White, black, grey or a light colour, as pictures of things have it."""
    which = chance.choice(4)
    if which == 0:
        return np.ones(3)
    if which == 1:
        return np.zeros(3)
    return np.full(3, chance.uniform(0.2, 0.9)) if which == 2 else chance.uniform(0.5, 1.0, 3)


def _smooth(chance: Chance, shape: tuple[int, int]) -> Any:
    """Height × width × 3: a soft run of colour, straight or round."""
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    first, second = chance.uniform(0.1, 1.0, 3), chance.uniform(0.1, 1.0, 3)
    if chance.random() < 0.5:
        angle = chance.uniform(0, 2 * pi)
        share = x * cos(angle) + y * sin(angle)
    else:
        second = first * chance.uniform(0.4, 0.8)
        share = (x - chance.uniform(0.3, 0.7)) ** 2 + (y - chance.uniform(0.3, 0.7)) ** 2
    share = (share - share.min()) / np.ptp(share)
    return first + (second - first) * share[..., None]


def _pattern(chance: Chance, rows: Any, columns: Any) -> Any:
    """Height × width × 3: tiles, stripes, bricks, spots or clouds of two or more colours that differ clearly."""
    first = chance.uniform(0.05, 0.95, 3)
    second = np.clip(first + chance.choice([-1, 1], 3) * chance.uniform(0.2, 0.5, 3), 0, 1)
    count = chance.uniform(5, 14)
    which = chance.choice(5)
    if which == 0:
        share = (np.floor(rows * count) + np.floor(columns * count)) % 2
    elif which == 1:
        angle = chance.uniform(0, pi)
        share = 0.5 + 0.5 * np.sin((rows * cos(angle) + columns * sin(angle)) * count * 4)
    elif which == 2:
        row = np.floor(rows * count)
        share = (((rows * count) % 1 < 0.12) | ((columns * count / 2 + row % 2 / 2) % 1 < 0.06)).astype(float)
    elif which == 3:
        share = ((rows * count % 1 - 0.5) ** 2 + (columns * count % 1 - 0.5) ** 2 < 0.09).astype(float)
    else:
        share = sum(
            np.sin(rows * chance.uniform(-40, 40) + columns * chance.uniform(-40, 40) + chance.uniform(0, 6))
            for _ in range(6)
        )
        share = np.clip(0.5 + share / 4, 0, 1)
    return first + (second - first) * share[..., None]


def _with_spoilt_edges(chance: Chance, rgba: Any) -> Any:
    """One to four sides with a row or two of another colour: all along, over a part, mixed with what is inside, or
    with noise. At the size in which generators draw, of which the check sees less.
    """
    spoilt = rgba.repeat(2, axis=0).repeat(2, axis=1) if chance.random() < 0.5 else rgba.copy()
    for turn in chance.permutation(4)[: int(chance.integers(1, 5))]:
        side = np.rot90(spoilt, int(turn))
        count = side.shape[1]
        begin, end = (0, count) if chance.random() < 0.7 else np.sort(chance.integers(0, count, 2))
        colour = chance.choice([0.0, 1.0]) if chance.random() < 0.6 else chance.uniform(0, 1, 3)
        noise = chance.normal(0, chance.choice([0.0, 0.05]), (count, 3))
        for row in range(int(chance.integers(1, 3))):
            share = 1.0 if row == 0 else chance.uniform(0.2, 1.0)
            part = side[row, begin:end, :3]
            part += (np.clip(colour + noise[begin:end], 0, 1) - part) * share
    return spoilt


def _over(rgba: Any, behind: Any) -> Any:
    """The picture without its alpha, in front of a colour or a picture."""
    laid = np.ones_like(rgba)
    laid[..., :3] = rgba[..., :3] * rgba[..., 3:] + behind * (1 - rgba[..., 3:])
    return laid


def _empty_file() -> None:
    import _cycles

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene: Any = bpy.context.scene
    scene.render.engine = 'CYCLES'
    scene.cycles.samples, scene.cycles.max_bounces = SAMPLES, 1
    scene.cycles.use_adaptive_sampling = scene.cycles.use_light_tree = False
    scene.cycles.use_denoising = _cycles.with_openimagedenoise
    scene.cycles.denoising_quality = scene.cycles.denoising_prefilter = 'FAST'
    scene.view_settings.view_transform = 'Standard'
    scene.render.image_settings.file_format = 'PNG'
