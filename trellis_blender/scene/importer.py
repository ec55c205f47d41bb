# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's glTF importer, at work in a scene of our own while our threads go on."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy

from ..generation.glb import read_gltf
from . import versions
from .quiet import no_output_on_failure

ADDON = "io_scene_gltf2"
"""The importer's Python module."""


class ImportFailed(Exception):
    """Blender's importer could not read the file. `str(error)` is a sentence for the artist."""


def import_glb(path: Path, stage: bpy.types.Scene) -> None:
    """Brings what is in the GLB at `path` into the scene `stage`. Raises ImportFailed, and leaves what came until then.

    While an object of the artist's is in Edit Mode this must run from a timer: inside an operator Blender finds that
    object through the window, and its importer fails.
    """
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_gltf"):
        raise ImportFailed("Blender's add-on “glTF 2.0 format” is switched off. Enable it, then press Place.")
    # The importer makes bones with operators, whatever one does; the service's models have none.
    keeps_the_lock = versions.OPERATORS_CRASH_IN_OVERRIDES and not read_gltf(path).get("skins")
    with no_output_on_failure():
        reason = _without_operators(path, stage) if keeps_the_lock else _with_operators(path, stage)
        if reason:
            raise ImportFailed(f"Blender's glTF importer could not read the model ({reason[:200]}). Its file is kept.")


def _with_operators(path: Path, stage: bpy.types.Scene) -> str:
    """What was wrong with the file, "" for nothing."""
    try:
        # With `window` as well, even None, Blender 4.3 and 5.2 crash; without `view_layer` the artist is thrown out of
        # their mode.
        with bpy.context.temp_override(scene=stage, view_layer=stage.view_layers[0]):
            bpy.ops.import_scene.gltf(filepath=str(path), **versions.gltf_import_options())
    except RuntimeError as error:
        # Blender puts a whole traceback into its message, and below it a line with the place.
        reasons = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
        return reasons[-1].removeprefix("Error:").strip() if reasons else "no reason given"
    return ""


def _without_operators(path: Path, stage: bpy.types.Scene) -> str:
    """As `_with_operators`, by what the operator consists of: inside the override no operator lets Python's lock go.

    Blender 4.2's importer deselects all with an operator unless an object is in Edit Mode, so it is shown an Empty for
    that: nothing else takes one for being edited.
    """
    said: list[str] = []
    operator: Any = bpy.ops.import_scene.gltf
    settings = {each.identifier: getattr(each, "default", None) for each in operator.get_rna_type().properties}
    settings.update(versions.gltf_import_options(), filepath=str(path))
    importer: Any = sys.modules[ADDON]
    stand_in = SimpleNamespace(files=(), filepath=str(path))
    stand_in.as_keywords = lambda: {**settings, "loglevel": stand_in.loglevel}
    stand_in.unit_import = lambda *given: importer.ImportGLTF2.unit_import(stand_in, *given)
    stand_in.report = lambda _kinds, message: said.append(message)
    empty = bpy.data.objects.new("Trellis import", None)
    try:
        with bpy.context.temp_override(scene=stage, view_layer=stage.view_layers[0], edit_object=empty):
            outcome = importer.ImportGLTF2.import_gltf2(stand_in, bpy.context)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if outcome == {'FINISHED'} else " ".join(said) or "no reason given"
