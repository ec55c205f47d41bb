# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves a model as an asset: a .blend file of its own in an asset library, complete or not at all.

It is not compressed, which would take three times as long: its textures are PNGs already.
"""

import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from ...generation.file_names import file_stem, path_key
from ...generation.files import PART_SUFFIX
from ...generation.problems import GenerationProblem
from ...imaging.picture import Picture
from .. import blend_files, versions
from ..custom_properties import ASSET_KEY, OF_THIS_FILE
from ..finish import textures
from ..meshes import mesh_of, why_not_ours
from .catalog import ROOT, ensure

NAME_WHILE_SAVING = "Trellis: being saved as an asset"
ID_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class About:
    """What the Asset Browser shows. `catalog` is a path ("Trellis/TRELLIS 2"); `key` distinguishes models of the same
    name.

    `picture` is the preview, None for none.
    """

    name: str
    description: str = ""
    author: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()
    catalog: str = ROOT
    key: str = ""
    picture: Picture | None = None


class NotSaved(Exception):
    """Nothing was saved, and the library is as before. `str(error)` is a sentence for the artist."""


def save(model: bpy.types.Object, folder: Path, about: About) -> tuple[Path, list[str]]:
    """Saves the object with its mesh, materials and packed textures. Returns the file, and sentences about textures
    that are missing in it and about other objects that were saved with it.

    The asset has no parent, constraints or animation and is at the origin, with the same rotation and scale. The scene
    does not change. The same `key` replaces the asset; without one the object gets a key. Raises NotSaved.
    """
    if reason := why_not_ours(model):
        raise NotSaved(reason)
    mesh = mesh_of(model)
    path = folder / file_name(about.name, about.key or _own_key(model))
    if bpy.data.filepath and path_key(str(path.resolve())) == path_key(str(Path(bpy.data.filepath).resolve())):
        raise NotSaved(f"“{model.name}” is open in its own asset file. Save this .blend file instead.")
    part = path.with_name(f".{path.name}{PART_SUFFIX}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        catalog_id = ensure(folder, about.catalog)
        with _packed(mesh) as problems, _copy_named(model, about.name) as copy:
            _mark(copy, about, catalog_id)
            problems.extend(_needed_by_modifiers(copy))
            blend_files.write(part, {copy})
        part.replace(path)
    except (OSError, RuntimeError, GenerationProblem) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error).strip().removeprefix("Error: ")
        raise NotSaved(
            f"The asset was not saved, because the library {folder} cannot be written to ({reason})."
        ) from None
    return path, problems


def file_name(name: str, key: str) -> str:
    """The name of an asset's file: readable, the same for the same key, and allowed on every system.

    The key in it makes sure that it is not the name of one of the artist's files.
    """
    return f"{file_stem(name, 'Model')}-{key[:ID_CHARACTERS]}.blend"


def _own_key(model: bpy.types.Object) -> str:
    if ASSET_KEY not in model:
        model[ASSET_KEY] = uuid.uuid4().hex
    return str(model[ASSET_KEY])


@contextmanager
def _copy_named(model: bpy.types.Object, name: str) -> Generator[bpy.types.Object]:
    """A copy of the object with this name. Two objects cannot have one name, so the model gets another meanwhile."""
    had = model.name
    copy: Any = model.copy()
    try:
        for ours in OF_THIS_FILE:
            if ours in copy:
                del copy[ours]
        copy.hide_viewport = copy.hide_render = False  # the model is hidden while its box is shown
        copy.animation_data_clear()
        copy.constraints.clear()
        copy.parent = None
        _, turned, scale = model.matrix_world.decompose()
        copy.matrix_world = Matrix.LocRotScale(None, turned, scale)  # pyright: ignore[reportArgumentType]
        if had == name:
            model.name = NAME_WHILE_SAVING
        copy.name = name
        yield copy
    finally:
        bpy.data.objects.remove(copy)
        model.name = had


def _needed_by_modifiers(item: bpy.types.Object) -> list[str]:
    """A sentence if modifiers of the object use other objects: Blender saves those as well."""
    users = bpy.data.user_map(key_types={'OBJECT', 'COLLECTION'}, value_types={'OBJECT'})
    needed = sorted(f"“{other.name}”" for other, by in users.items() if item in by and other != item)
    if not needed:
        return []
    return [
        f"Its modifiers use {', '.join(needed)}, so the asset has that in it as well. To avoid it, apply the modifiers."
    ]


def _mark(item: bpy.types.Object, about: About, catalog_id: str) -> None:
    item.asset_mark()
    data: Any = item.asset_data
    data.description = about.description
    data.author = about.author
    data.license = about.licence
    versions.prefer_append(data)
    data.catalog_id = catalog_id
    for tag in about.tags:
        data.tags.new(tag, skip_if_exists=True)
    if about.picture is not None:
        _give_preview(item, about.picture)


def _give_preview(item: bpy.types.Object, picture: Picture) -> None:
    from ..arrays import pixels_of

    preview: Any = item.preview_ensure()
    preview.image_size = (picture.width, picture.height)
    preview.image_pixels_float.foreach_set(pixels_of(picture))


@contextmanager
def _packed(mesh: bpy.types.Mesh) -> Generator[list[str]]:
    """Packs the textures for a while. Yields sentences about those that cannot be packed. Painted ones stay packed:
    unpacked they would lose what was painted.
    """
    clean = [image for image in textures.images_of(mesh) if image.packed_file is None and not image.is_dirty]
    problems = textures.keep(mesh, textures.Textures.PACK)
    try:
        yield problems
    finally:
        for image in clean:
            if image.packed_file is not None:
                image.unpack(method='USE_ORIGINAL')
