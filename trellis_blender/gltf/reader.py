# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a GLB into one mesh and its materials, without Blender and in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .accessors import Accessors
from .assembly import Assembly
from .errors import DAMAGED, ModelUnusable
from .glb_file import Glb, opened_glb
from .layout import at, listed, plain_name
from .materials import Materials
from .model import Model, NotRead
from .nodes import find_places
from .parts import SETS_MAX, check_read

_KNOWN = frozenset(
    {
        "EXT_texture_webp",
        "KHR_lights_punctual",
        "KHR_materials_emissive_strength",
        "KHR_materials_unlit",
        "KHR_materials_variants",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
    }
)
"""Extensions that a file may require: what they are for is read here, or is nothing that a model brings along."""


def read_model(path: Path, go_on: Callable[[], object] = lambda: None) -> Model:
    """The model in the GLB at `path`, as Blender's importer would show it.

    Raises ModelUnusable where `check_glb` does or there is no surface to show, NotRead for what Blender's importer has
    to read, and what `go_on` raises, which is called each few milliseconds of work. Not for the main thread: it loads
    numpy. Takes n log n steps, and memory for the file, its pictures once more, 200 bytes a triangle and 30 MB.
    """
    import numpy as np

    try:
        with opened_glb(path, go_on) as glb, np.errstate(all="ignore"):
            return _read(glb, go_on)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError):
        raise ModelUnusable(DAMAGED) from None


def _uv_sets(part: dict[str, Any]) -> int:
    return sum(name.startswith("TEXCOORD_") for name in part["attributes"])


def _read(glb: Glb, go_on: Callable[[], object]) -> Model:
    gltf = glb.gltf
    if gltf.get("animations"):
        raise NotRead("an animation")
    for name in listed(gltf, "extensionsRequired"):
        if name not in _KNOWN:
            raise NotRead(str(name))
    places = find_places(gltf)
    meshes = [at(gltf["meshes"], place.mesh) for place in places]
    parts = [part for mesh in meshes for part in mesh["primitives"]]
    for part in parts:
        check_read(part)
    accessors = Accessors(glb, go_on)
    materials = Materials(gltf, accessors.copied)
    mesh, left_out = Assembly(gltf, accessors, materials, go_on).mesh(places)
    names = (plain_name(each.get("name")) for each in meshes)
    return Model(
        name=next(filter(None, names), ""),
        mesh=mesh,
        materials=materials.found(),
        pictures=materials.pictures(go_on),
        left_out=replace(left_out, uv_sets=max(max(map(_uv_sets, parts)) - SETS_MAX, 0)),
        has_normals=any("NORMAL" in part["attributes"] for part in parts),
    )
