# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender does for a batch: pictures decoded and requests composed; models finished and saved, one at a time.

For the main thread. Nothing of a model stays in the open file.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...batch.row_progress import Made
from ...batch.studio import NotTakenIn
from ...piapi.models import InputUnusable
from ...scene.importing.quiet import no_output_on_failure
from ..input_image.file import changed_at_ns
from ..placed_model import assets, finish_operator
from ..state import configuration, session
from ..state.entered import has_secret
from . import outputs

if TYPE_CHECKING:
    from ...batch.row import Row
    from ...generation.record.generation import Generation
    from ...generation.record.request import GenerationRequest, Placement
    from ...piapi.service import Service

KINDS = ("objects", "meshes", "materials", "images", "collections", "node_groups", "textures", "armatures", "actions")
"""Of the data-blocks that come with a model."""


class BlenderStudio:
    """Saves each model below `folder` in the `formats` that are wished: "assets", "glb", "blend"."""

    def __init__(self, folder: Path, formats: tuple[str, ...], pictures: Path | None = None) -> None:
        self._folder = folder
        self._formats = formats
        self._pictures = pictures

    def service_for(self, model_id: str) -> "Service":
        """Raises configuration.NotReady."""
        return session.current().service_for(model_id)

    def compose(self, row: "Row") -> "list[GenerationRequest]":
        """A request for each variation. Raises InputUnusable or PictureUnusable."""
        return compose(row)

    def take_in(self, row: "Row", stem: str, generation: "Generation", glb: Path) -> Made:
        """Finishes and saves a model. Raises NotTakenIn."""
        with _left_as_it_was(), _told_apart(generation), no_output_on_failure(keeps_quiet=True):
            model, notes = bring(generation, glb, row.finish, row.size_m)
            picture = outputs.picture_of(model)
            about = assets.about(
                generation.request,
                key=generation.id,
                name=stem.replace("_", " ") if row.variations > 1 else row.name,
                tags=row.tags,
                catalog=row.catalog,
                picture=picture,
            )
            files: list[Path] = []
            for wanted in self._formats:
                if wanted == "assets":
                    path, said = outputs.save_asset(model, self._folder, about)
                    notes += said
                else:
                    target = self._folder / wanted / f"{stem}.{wanted}"
                    path = outputs.written(target, outputs.writer(wanted, glb, row.finish))
                files.append(path)
            shown = outputs.keep_picture(picture, self._pictures, generation.id) if self._pictures else ""
            return Made(tuple(files), outputs.triangles_of(model), shown, tuple(notes))

    def save_as(self, row: "Row", generation: "Generation", glb: Path, path: Path) -> tuple[str, ...]:
        """Finishes a model and saves it as a .glb or .blend; sentences about what it lacks. Raises NotTakenIn."""
        with _left_as_it_was(), _told_apart(generation), no_output_on_failure(keeps_quiet=True):
            notes = bring(generation, glb, row.finish, row.size_m)[1]
            outputs.written(path, outputs.writer(path.suffix.lower().lstrip("."), glb, row.finish))
            return tuple(notes)


def compose(row: "Row") -> "list[GenerationRequest]":
    """A request for each variation of a row. Raises InputUnusable or PictureUnusable."""
    from ...generation.record import variations
    from ...generation.record.request import View, compose_request
    from ...scene.images.load import load_picture

    if has_secret(row.prompt, configuration.secrets()):
        raise InputUnusable("There is a key in the prompt. Take it out.")
    placement = _placement(row.finish, row.size_m)
    views = [View(str(path), changed_at_ns(path), load_picture(path, bpy.context.scene)) for path in row.images]
    shown = views[0] if views else View()
    first = compose_request(
        model=row.model,
        prompt=row.prompt,
        picture=shown.picture,
        picture_name=row.name,
        picture_path=shown.path,
        picture_changed_ns=shown.changed_ns,
        views=views[1:],
        parameters=row.parameters,
        placement=placement,
    )
    is_seed_fixed = bool(row.parameters.get("seed"))
    return variations.vary(replace(first, name=row.name), [placement] * row.variations, is_seed_fixed=is_seed_fixed)


def bring(generation: "Generation", glb: Path, finish: str, size_m: float) -> "tuple[bpy.types.Object, list[str]]":
    """The model in the scene, finished, and sentences about what it lacks. Raises NotTakenIn."""
    from ...generation.record.provenance import made_by
    from ...gltf.errors import ModelUnusable
    from ...scene.arrival import place
    from ...scene.importing.importer import ImportFailed

    placement = _placement(finish, size_m)
    try:
        placed = place.place(
            glb,
            generation.request.name,
            generation.id,
            placement,
            smooth_up_to=configuration.smooth_up_to(),
            made=made_by(generation, configuration.own_version()),
        )
    except (ModelUnusable, ImportFailed, place.NotNow) as error:
        raise NotTakenIn(str(error)) from None
    model = bpy.data.objects[placed.object_name]
    notes = [placed.where, *_without_damaged(model), finish_operator.finish_now(model.name, finish)]
    return bpy.data.objects[placed.object_name], list(filter(None, notes))


def _placement(finish: str, size_m: float) -> "Placement":
    from ...generation.record.request import Placement
    from ...scene.finish.options import Preset

    scene = bpy.context.scene
    return Placement(
        scene=scene.name,
        scene_uid=scene.session_uid,
        collection="",
        location=(0.0, 0.0, 0.0),
        longest_side_m=0.0 if finish == Preset.AS_DELIVERED.value else size_m,
        blend_file=bpy.data.filepath,
        finish=finish,
    )


def _without_damaged(model: bpy.types.Object) -> list[str]:
    """Takes out pictures that cannot be decoded, of which only a decoder can tell."""
    from ...scene.importing.damaged import damaged_in, said_of, take_out

    mesh: Any = model.data
    materials = list(mesh.materials)
    damaged = damaged_in(materials)
    take_out(materials, damaged)
    return said_of(len(damaged))


@contextmanager
def _told_apart(generation: "Generation") -> Generator[None]:
    """Whatever goes wrong with one model, the others go on."""
    from ..state import logs

    try:
        yield
    except NotTakenIn:
        raise
    except Exception as error:  # noqa: BLE001 (it is logged, and said of its row)
        logs.logger(__name__).exception("taking in generation %s", generation.id)
        raise NotTakenIn(f"The model could not be saved ({type(error).__name__}: {error}).") from None


@contextmanager
def _left_as_it_was() -> Generator[None]:
    """Removes every data-block that comes in meanwhile."""
    data: Any = bpy.data
    before = {kind: set(getattr(data, kind)) for kind in KINDS}
    try:
        yield
    finally:
        data.batch_remove([each for kind in KINDS for each in getattr(data, kind) if each not in before[kind]])


def empty_file() -> None:
    """Models are finished in a file with nothing else in it, which is saved or exported as a whole."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
