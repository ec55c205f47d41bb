"""What is built out of arrays is what Blender's importer makes of the same file.

But for what is wanted: metallic is 0 where the file says nothing of it, triangles that are none or twice there are
dropped (Blender drops them, too, when it is asked to validate), and a material without any surface is white in the
viewport's Solid mode as it is in renderings, where Blender leaves it grey.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from math import radians
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts
from kinds_of_models import kinds, not_read
from mathutils import Vector, kdtree
from service import FIXTURES

ANGLE = radians(30)
SAME_PLACE = 1e-6
"""Of a model's size."""
KINDS = kinds()
SERVICES = sorted(FIXTURES.glob("*.glb"))
RENDERED = ("material, everything", "mesh, colours and texture", "mesh, twice", "picture, WebP")
ONE_GREY_LEVEL = 1 / 255
UNSEEN = 3
"""Files of which a material's alpha leaves nothing."""
UNTOUCHED = tuple(bpy.data.materials.new("untouched").diffuse_color)


@pytest.fixture(scope="module", autouse=True)
def importer() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def written(name: str, folder: Path) -> Path:
    path = folder / "model.glb"
    path.write_bytes(KINDS[name] if name in KINDS else Path(name).read_bytes())
    return path


def ours(path: Path, what: Callable[[Any], Any], *, of_whole_ones: bool = False) -> Any:
    """`what` of the model as it is built; None where it is not read, or something was left out `of_whole_ones`."""
    from trellis_blender.gltf.model import LeftOut, NotRead
    from trellis_blender.gltf.reader import read_model
    from trellis_blender.scene.importing.build import built_model

    bpy.ops.wm.read_factory_settings(use_empty=True)
    try:
        read = read_model(path)
    except NotRead:
        return None
    if of_whole_ones and read.left_out != LeftOut():
        return None
    with built_model(read, ANGLE) as model:
        assert not model.item.data.validate(verbose=True)
        return what(model.item)


def theirs(path: Path, what: Callable[[Any], Any]) -> Any:
    """The same of Blender's import, joined and shaded; the metallic of a file that says nothing of it is 0 in both."""
    from trellis_blender.scene.finish import defaults
    from trellis_blender.scene.importing.staging import staged_model

    bpy.ops.wm.read_factory_settings(use_empty=True)
    with staged_model(path, keeps_normals=False) as model:
        defaults.shade(model.item.data, ANGLE)
        return what(model.item)


def described(model: Any) -> dict[str, Any]:
    mesh = model.data
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    places = points.reshape(-1, 3)[corners].reshape(-1, 3, 3)
    slots = np.zeros(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    materials = [material_of(material) if material is not None else None for material in mesh.materials] or [None]
    return {
        "points": points.reshape(-1, 3),
        # Inside of each triangle, near the corner: a place of its own for each.
        "corners": (0.75 * places + 0.25 * places.mean(axis=1, keepdims=True)).reshape(-1, 3),
        "triangles": len(mesh.polygons),
        "edges": len(mesh.edges),
        "sharp": sum(edge.use_edge_sharp for edge in mesh.edges),
        "smooth": all(face.use_smooth for face in mesh.polygons),
        "uvs": {layer.name: numbers(layer.uv, "vector", 2) for layer in mesh.uv_layers},
        "active UVs": [
            getattr(mesh.uv_layers.active, "name", ""),
            [each.name for each in mesh.uv_layers if each.active_render],
        ],
        "colours": {each.name: of_corners(each, corners) for each in mesh.color_attributes},
        "chosen colours": [each.name for each in mesh.color_attributes][mesh.color_attributes.render_color_index :][:1],
        "material of faces": [materials[min(slot, len(materials) - 1)] for slot in slots],
    }


def numbers(data: Any, name: str, width: int) -> Any:
    found = np.empty(len(data) * width, np.float32)
    data.foreach_get(name, found)
    return found.reshape(-1, width)


def of_corners(attribute: Any, corners: Any) -> Any:
    found = numbers(attribute.data, "color", 4)
    return found[corners] if attribute.domain == 'POINT' else found


def material_of(material: Any) -> dict[str, Any]:
    tree = material.node_tree
    keys = {node.name: f"{node.bl_idname} at {node.location.x:.0f}, {node.location.y:.0f}" for node in tree.nodes}
    links = [
        (keys[link.from_node.name], index(link.from_node.outputs, link.from_socket), keys[link.to_node.name],
         index(link.to_node.inputs, link.to_socket))
        for link in tree.links
    ]  # fmt: skip
    return {
        "name": re.sub(r"\.\d+$", "", material.name),
        "nodes": {keys[node.name]: node_of(node) for node in tree.nodes},
        "links": sorted(links),
        "culls": material.use_backface_culling,
        "method": material.surface_render_method,
        "solid": [1.0] * 4 if tuple(material.diffuse_color) == UNTOUCHED else rounded(material.diffuse_color),
    }


def index(sockets: Any, socket: Any) -> int:
    return [each.identifier for each in sockets].index(socket.identifier)


SETTINGS = ("label", "operation", "blend_type", "data_type", "extension", "interpolation", "uv_map", "projection")


def node_of(node: Any) -> dict[str, Any]:
    found = {name: getattr(node, name) for name in SETTINGS if hasattr(node, name)}
    found["inputs"] = [
        rounded(socket.default_value)
        for socket in node.inputs
        if hasattr(socket, "default_value") and socket.enabled and not socket.is_linked
    ]
    found["parent"] = getattr(node.parent, "label", "")
    if getattr(node, "image", None) is not None:
        image = node.image
        found["image"] = {
            "name": re.sub(r"\.\d+$", "", image.name),
            "colours": image.colorspace_settings.name,
            "alpha": image.alpha_mode,
            "source": image.source,
            "packed": hashlib.sha256(image.packed_file.data).hexdigest() if image.packed_file else "",
        }
    if getattr(node, "node_tree", None) is not None:
        found["group"] = [
            node.node_tree.name, [each.name for each in node.node_tree.interface.items_tree], round(node.width)
        ]  # fmt: skip
    return found


def rounded(value: Any) -> Any:
    return [round(each, 5) for each in value] if hasattr(value, "__len__") and not isinstance(value, str) else (
        round(value, 5) if isinstance(value, float) else value
    )  # fmt: skip


def nearest(wanted: Any, given: Any) -> tuple[Any, Any]:
    """For each of the places that are wanted the number of the given one that is the closest, and how far it is."""
    tree = kdtree.KDTree(len(given))
    for number, place in enumerate(given):
        tree.insert(Vector(place), number)
    tree.balance()
    found = [tree.find(Vector(place)) for place in wanted]
    return np.array([each[1] for each in found]), np.array([each[2] for each in found])


def differences(built: dict[str, Any], imported: dict[str, Any]) -> list[str]:
    """What is not the same, in words."""
    points = imported["points"]
    within = SAME_PLACE * max(float(np.ptp(points, axis=0).max()), float(np.abs(points).max()), 1e-30)
    plain = ("triangles", "edges", "sharp", "smooth", "active UVs", "chosen colours")
    wrong = [f"{each}: {built[each]}, {imported[each]}" for each in plain if built[each] != imported[each]]
    if len(built["points"]) != len(points) or built["triangles"] != imported["triangles"]:
        return [*wrong, f"vertices: {len(built['points'])}, {len(points)}"]
    _, away = nearest(points, built["points"])
    if away.max() > within:
        wrong.append(f"a vertex is {away.max()} off")
    order, away = nearest(imported["corners"], built["corners"])
    if away.max() > 4 * within or len(set(order.tolist())) < len(order):
        return [*wrong, "other triangles"]
    for kind, most in (("uvs", 2e-6), ("colours", 1.01 / 255)):
        if set(built[kind]) != set(imported[kind]):
            wrong.append(f"{kind}: {set(built[kind])}, {set(imported[kind])}")
            continue
        for name, wanted in imported[kind].items():
            off = np.abs(built[kind][name][order] - wanted).max()
            if not off <= most * max(1.0, float(np.abs(wanted).max())):
                wrong.append(f"{kind} {name}: {off} off")
    for face, corner in enumerate(order[::3] // 3):
        one, other = built["material of faces"][corner], imported["material of faces"][face]
        if one != other:
            return [*wrong, f"material:\n{one}\n{other}"]
    return wrong


@pytest.mark.parametrize("name", [each for each in KINDS if not each.startswith("spoilt")])
def test_it_is_what_blenders_importer_makes(tmp_path: Path, name: str) -> None:
    path = written(name, tmp_path)
    built = ours(path, described)
    assert built is not None
    assert differences(built, theirs(path, described)) == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_the_services_models_are_what_blenders_importer_makes(tmp_path: Path, path: Path) -> None:
    built = ours(path, described)
    assert built is not None
    assert differences(built, theirs(path, described)) == []


def test_spoilt_models_are_what_blenders_importer_makes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    from trellis_blender.gltf.errors import ModelUnusable
    from trellis_blender.scene.importing.importer import ImportFailed

    compared: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {}
    for name in (each for each in KINDS if each.startswith("spoilt")):
        path = written(name, tmp_path)
        try:
            built = ours(path, described, of_whole_ones=True)
            imported = theirs(path, described) if built is not None else None
        except (ModelUnusable, ImportFailed) as problem:
            compared[type(problem).__name__] += 1
            continue
        compared["read" if built is not None else "not read, or not all of it"] += 1
        if built is not None and imported is not None and (found := differences(built, imported)):
            wrong[name] = found
    record_property("count", f"spoilt files: {dict(compared)}")
    assert wrong == {}


@pytest.mark.parametrize("name", not_read())
def test_what_is_not_read_goes_to_blenders_importer(tmp_path: Path, name: str) -> None:
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.importing import reading

    path = tmp_path / "model.glb"
    path.write_bytes(not_read()[name])
    assert reading.read(path).found is None
    placed = place.place(path, "a box", "id1", place.here(bpy.context, 1.0, "load"))
    assert len(bpy.data.objects[placed.object_name].data.polygons) == 12


def test_every_model_of_the_service_and_nearly_every_kind_is_read(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    from trellis_blender.gltf.errors import ModelUnusable
    from trellis_blender.scene.importing import reading

    shares: dict[str, list[bool]] = {}
    for name in [*KINDS, *map(str, SERVICES)]:
        kind = "the service's" if name not in KINDS else name.partition(",")[0]
        with suppress(ModelUnusable):
            shares.setdefault(kind, []).append(reading.read(written(name, tmp_path)).model() is not None)
    told = ", ".join(f"{kind} {sum(found)} of {len(found)}" for kind, found in shares.items())
    record_property("count", f"files read without Blender's importer: {told}")
    assert all(all(found) for kind, found in shares.items() if kind != "spoilt"), told


@pytest.mark.soak
def test_they_are_rendered_as_blenders_import_is(
    tmp_path: Path, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    wrong, compared, seen = dict[str, float](), 0, 0
    files = [name for name in KINDS if not name.startswith("spoilt")] if soak else RENDERED
    for name in (*files, *map(str, SERVICES if soak else SERVICES[:1])):
        off, is_seen = difference_in_renderings(written(name, tmp_path), tmp_path)
        if off >= ONE_GREY_LEVEL:
            wrong[name] = off
        compared += 1
        seen += is_seen
    record_property("count", f"files rendered from six sides as Blender's import: {compared}, seen of them: {seen}")
    assert wrong == {}
    assert seen >= compared - UNSEEN


def difference_in_renderings(path: Path, folder: Path) -> tuple[float, bool]:
    """Of the view that differs the most, in the mean of its pixels; and whether there is something to be seen."""
    built, imported = (make(path, lambda model: rendered(model, folder)) for make in (ours, theirs))
    off = max(float(np.abs(one - other).mean()) for one, other in zip(built, imported, strict=True))
    return off, any(view[..., 3].max() > 0 for view in imported)


def rendered(model: Any, folder: Path) -> list[Any]:
    """From six sides, by Cycles."""
    scene = bpy.data.scenes.new("rendered")
    scene.collection.objects.link(model)
    scene.render.engine = 'CYCLES'
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = 4, False, 1
    scene.render.resolution_x = scene.render.resolution_y = 48
    scene.render.film_transparent = True
    scene.world = bpy.data.worlds.new("white")
    scene.world.color = (1, 1, 1)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type = 'ORTHO'
    scene.collection.objects.link(camera)
    scene.camera = camera
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", 'SUN'))
    sun.rotation_euler = (0.5, 0.3, 0.2)
    scene.collection.objects.link(sun)
    points = numbers(model.data.vertices, "co", 3)
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max())
    camera.data.ortho_scale = 1.6 * size
    camera.data.clip_end = 10 * size
    pictures = []
    for number, turn in enumerate([(0, 0), (90, 0), (90, 90), (90, 180), (90, 270), (180, 0)]):
        camera.rotation_euler = (radians(turn[0]), 0, radians(turn[1]))
        matrix = camera.rotation_euler.to_matrix()
        camera.location = Vector((low + high) / 2) + matrix @ Vector((0, 0, 3 * size))
        file = folder / f"{number}.exr"
        scene.render.image_settings.file_format = 'OPEN_EXR'
        scene.render.filepath = str(file)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(str(file))
        pixels = np.empty(48 * 48 * 4, np.float32)
        image.pixels.foreach_get(pixels)
        pictures.append(np.clip(pixels.reshape(48, 48, 4), 0, 1))
        bpy.data.images.remove(image)
    return pictures


def test_where_building_fails_nothing_is_left(tmp_path: Path) -> None:
    from trellis_blender.gltf.reader import read_model
    from trellis_blender.scene.importing.build import built_model

    read = read_model(written("material, everything", tmp_path))
    before = counts()
    with pytest.raises(ZeroDivisionError), built_model(read, ANGLE):
        raise ZeroDivisionError
    assert counts() == before


def test_what_of_a_file_is_left_out_is_said(tmp_path: Path) -> None:
    from trellis_blender.scene.arrival import place

    name = next(each for each in KINDS if "loose" in each or "points" in each)
    placed = place.place(written(name, tmp_path), "a box", "id1", place.here(bpy.context, 1.0, "load"))
    assert placed.where == "This model has points or lines beside its surface. They are left out."
