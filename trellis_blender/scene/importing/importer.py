# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's glTF importer, at work in a scene of our own while our threads go on."""

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import bpy

from ...generation.problems import told
from ...gltf.checks import compression
from ...gltf.container import read_gltf
from ...gltf.layout import plain_name
from ...gltf.nodes import shown_nodes
from .. import versions
from .quiet import no_output_on_failure

ADDON = "io_scene_gltf2"
"""The importer's Python module."""
COMPRESSIONS = frozenset({*compression.MESHOPT, compression.DRACO})
_NAMED = ("nodes", "meshes", "materials", "images", "skins", "scenes", "animations")
_HOOKS = "glTF2ImportUserExtension"
"""By this name of a class in an enabled add-on's module the importer finds what wants to take part in an import."""


class ImportFailed(Exception):
    """Blender's importer could not read the file. `str(error)` is a sentence for the artist."""


REASON_LIMIT = 200
"""Characters of what the importer says."""
NO_NUMBERS = "The animation of this model is damaged. It stands here without it."


class Imported(NamedTuple):
    """The materials whose file says nothing of metal, and sentences about what was left out."""

    saying_nothing_of_metal: list[bpy.types.Material]
    said: list[str]


def import_glb(path: Path, stage: bpy.types.Scene, *, keeps_normals: bool = True) -> Imported:
    """Brings what is in the GLB at `path` into the scene `stage`. Raises ImportFailed, and leaves what came until then.

    Without its normals a file's vertices are welded by their places alone. While an object of the artist's is in Edit
    Mode this must run from a timer: inside an operator Blender finds that object through the window, and its importer
    fails.
    """
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_gltf"):
        raise ImportFailed(
            "Blender's add-on “glTF 2.0 format” is switched off. Enable it in Preferences → Add-ons, then press Place."
        )
    options = {**versions.gltf_import_options(), "import_shading": 'NORMALS' if keeps_normals else 'SMOOTH'}
    gltf = read_gltf(path)
    with (
        no_output_on_failure(),
        _taking_part(set(shown_nodes(gltf))) as taking_part,
        _made_current(stage, makes_bones=bool(gltf.get("skins"))),
    ):
        reason = _run(path, options)
        if reason:
            reason = "; ".join([told(reason, REASON_LIMIT), *taking_part.compressions])
            raise ImportFailed(f"Blender's glTF importer could not read the model ({reason}). Its file is kept.")
    return Imported(taking_part.saying_nothing_of_metal, taking_part.said)


class _TakesPart:
    """What the importer calls, as it calls the add-ons that take part; the names of these methods are its own."""

    def __init__(self, shown: set[int]) -> None:
        self._shown = shown
        self.saying_nothing_of_metal: list[bpy.types.Material] = []
        self.compressions: list[str] = []
        self.said: list[str] = []

    def gather_import_gltf_before_hook(self, gltf: Any) -> None:
        """Takes out what a model does not bring along: it would cost time, and some of it goes into the artist's first
        scene and preferences.
        """
        data = gltf.data
        used = set(data.extensions_used or ()) & COMPRESSIONS
        self.compressions = [f"it uses {name}, which this Blender may not have" for name in sorted(used)]
        for kind in ("nodes", "meshes", "materials", "cameras", "skins", "scenes"):
            for item in getattr(data, kind) or ():
                item.extras = None
        for kind in _NAMED:
            for item in getattr(data, kind) or ():
                item.name = plain_name(item.name) or None
        for number, node in enumerate(data.nodes or ()):
            node.camera = None
            if number not in self._shown:
                # Up to Blender 4.4 other scenes of the file would stand within the one that it shows.
                node.mesh = node.skin = None
            (node.extensions or {}).pop("KHR_lights_punctual", None)
        for mesh in data.meshes or ():
            for part in mesh.primitives:
                (part.extensions or {}).pop("KHR_materials_variants", None)
                # Those of a program of its own, which may be called as no attribute of Blender's can be.
                part.attributes = {name: each for name, each in part.attributes.items() if not name.startswith("_")}
        for extension in ("KHR_lights_punctual", "KHR_materials_variants"):
            (data.extensions or {}).pop(extension, None)
        # Blender shows the first one, and so the pose that it begins with.
        data.animations = data.animations[:1] if data.animations else data.animations
        # A key that is no number would take the whole model along, which is paid for.
        if data.animations and not _has_numbers_only(gltf, data.animations[0]):
            data.animations = None
            self.said.append(NO_NUMBERS)

    def gather_import_material_after_hook(
        self, material: Any, _vertex_color: Any, made: bpy.types.Material, _gltf: Any
    ) -> None:
        """By the material itself: Blender's names and the order of its slots are not the file's."""
        surface, extensions = material.pbr_metallic_roughness, material.extensions or {}
        says = surface is not None and (surface.metallic_factor is not None or surface.metallic_roughness_texture)
        if not says and "KHR_materials_pbrSpecularGlossiness" not in extensions:
            self.saying_nothing_of_metal.append(made)


def _has_numbers_only(gltf: Any, animation: Any) -> bool:
    """Whether all times and keys are numbers, as the importer itself reads them."""
    import numpy as np

    binary: Any = importlib.import_module(f"{ADDON}.io.imp.gltf2_io_binary")
    read = binary.BinaryData.decode_accessor
    keys = {number for sampler in animation.samplers for number in (sampler.input, sampler.output)}
    return all(np.isfinite(read(gltf, number)).all() for number in keys)


@contextmanager
def _taking_part(shown: set[int]) -> Generator[_TakesPart]:
    """The importer itself is the add-on that is enabled for sure."""
    importer: Any = sys.modules[ADDON]
    taking_part = _TakesPart(shown)
    setattr(importer, _HOOKS, lambda: taking_part)
    try:
        yield taking_part
    finally:
        delattr(importer, _HOOKS)


@contextmanager
def _made_current(stage: bpy.types.Scene, *, makes_bones: bool) -> Generator[None]:
    """`stage` is the scene that the importer finds in its context.

    It is one by an override, which the artist's window, mode and selection do not notice. With `window` in it as well,
    even None, Blender 4.3 and 5.2 crash; without `view_layer` the artist is thrown out of their mode. Blender's
    importer deselects all with an operator unless an object is in Edit Mode, so it is shown an Empty for that: nothing
    else takes one for being edited. Bones are made with operators, which crash in an override, see
    `versions.OPERATORS_CRASH_IN_OVERRIDES`; for them the importer shows its scene in the window anyway, so it is shown
    there from the start, and nothing is overridden.
    """
    window = bpy.context.window
    if makes_bones and window is not None:
        window.scene = stage
        yield
        return
    empty = bpy.data.objects.new("Trellis import", None)
    with bpy.context.temp_override(scene=stage, view_layer=stage.view_layers[0], edit_object=empty):
        yield


def _run(path: Path, options: dict[str, Any]) -> str:
    """What was wrong with the file, "" for nothing. Done by what Blender's operator consists of, and not by itself:
    inside an override no operator may let Python's lock go.
    """
    said: list[str] = []
    operator: Any = bpy.ops.import_scene.gltf
    settings = {each.identifier: getattr(each, "default", None) for each in operator.get_rna_type().properties}
    settings.update(options, filepath=str(path))
    importer: Any = sys.modules[ADDON]
    stand_in = SimpleNamespace(files=(), filepath=str(path))
    stand_in.as_keywords = lambda: {**settings, "loglevel": stand_in.loglevel}
    stand_in.unit_import = lambda *given: importer.ImportGLTF2.unit_import(stand_in, *given)
    stand_in.report = lambda _kinds, message: said.append(message)
    try:
        outcome = importer.ImportGLTF2.import_gltf2(stand_in, bpy.context)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if outcome == {'FINISHED'} else " ".join(said) or "no reason given"
