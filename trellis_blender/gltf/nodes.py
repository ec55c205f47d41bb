# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the meshes of a GLB stand: the nodes of the scene that it shows, and what moves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .errors import ModelUnusable
from .layout import at, listed, table
from .model import NotRead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float64]
else:
    Matrix = Any


class Place(NamedTuple):
    """A mesh by its index, and what brings it into the scene: 4 × 4, glTF's axes."""

    mesh: int
    matrix: Matrix


def find_places(gltf: dict[str, Any]) -> list[Place]:
    """All meshes of the default scene, in the order of its nodes; of the first scene where none is the default, and of
    all nodes where there is no scene, as Blender's importer shows them.

    Unlike there, what is in no scene or in another one is not shown, and a matrix is taken as it is, with its shear.
    Raises ModelUnusable where the scene has no mesh, NotRead for meshes with bones or instances.
    """
    nodes: list[dict[str, Any]] = listed(gltf, "nodes")
    worlds = _worlds(nodes)
    places: list[Place] = []
    for number in shown_nodes(gltf):
        node = nodes[number]
        if node.get("mesh") is not None:
            _check_read(node)
            places.append(Place(node["mesh"], worlds[number]))
    if not places:
        raise ModelUnusable("there is no mesh in the scene that it shows")
    return places


def shown_nodes(gltf: dict[str, Any]) -> list[int]:
    """The nodes of the scene that `find_places` is about, in its order."""
    nodes: list[dict[str, Any]] = listed(gltf, "nodes")
    scenes = listed(gltf, "scenes")
    begins: list[int] = listed(at(scenes, gltf.get("scene") or 0), "nodes") if scenes else _roots(nodes)
    waiting = begins[::-1]
    reached: dict[int, None] = {}
    while waiting:
        number = waiting.pop()
        # What a scene begins with may also be below another part of it.
        if number not in reached:
            reached[number] = None
            waiting += listed(nodes[number], "children")[::-1]
    return list(reached)


def _roots(nodes: list[dict[str, Any]]) -> list[int]:
    children = {child for node in nodes for child in listed(node, "children")}
    return [number for number in range(len(nodes)) if number not in children]


def _worlds(nodes: list[dict[str, Any]]) -> dict[int, Matrix]:
    """By the nodes' own parents, wherever a scene begins: that nothing goes in a ring has been checked."""
    waiting = _roots(nodes)
    worlds = {number: _own_matrix(nodes[number]) for number in waiting}
    while waiting:
        number = waiting.pop()
        for child in listed(nodes[number], "children"):
            worlds[child] = worlds[number] @ _own_matrix(nodes[int(child)])
            waiting.append(child)
    return worlds


def _check_read(node: dict[str, Any]) -> None:
    if node.get("skin") is not None:
        raise NotRead("bones")
    if "EXT_mesh_gpu_instancing" in table(node, "extensions"):
        raise NotRead("EXT_mesh_gpu_instancing")


def _own_matrix(node: dict[str, Any]) -> Matrix:
    import numpy as np

    if node.get("matrix") is not None:
        return np.array([float(each) for each in node["matrix"]]).reshape(4, 4).T
    x, y, z, w = (float(each) for each in node.get("rotation") or (0, 0, 0, 1))
    length = (x * x + y * y + z * z + w * w) ** 0.5
    # Of no length: half a turn, as Blender takes it.
    x, y, z, w = (x / length, y / length, z / length, w / length) if length else (1.0, 0.0, 0.0, 0.0)
    turned = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    scale = _three(node.get("scale") or (1, 1, 1))
    own = np.identity(4)
    own[:3, :3] = turned * scale
    own[:3, 3] = _three(node.get("translation") or (0, 0, 0))
    return own


def _three(given: Any) -> Matrix:
    import numpy as np

    x, y, z = (float(each) for each in given)
    return np.array([x, y, z])
