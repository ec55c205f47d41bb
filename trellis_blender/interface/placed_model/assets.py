# SPDX-License-Identifier: GPL-3.0-or-later
"""Models as assets: the operator, the library in Blender's preferences, and what is saved by itself."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import models
from ...scene import user_activity
from ..state import background, configuration, session
from ..text.layouts import IN_PREFERENCES, draw_fact, draw_text
from . import finish_operator

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.provenance import Made
    from ...generation.record.request import GenerationRequest
    from ...imaging.picture import Picture
    from ...scene.assets.save import About

LIBRARY_NAME = "Trellis"
FOLDER_NAME = "assets"
AFTER_ARRIVAL_S = 3.0
"""What the model is finished with has begun by then."""
DRAWING = "thumbnail"
"""The name of the thread that draws a model's picture for the list, which is waited for."""
AGAIN_AFTER_S = 1.0


class TRELLIS_OT_save_asset(bpy.types.Operator):
    """Save the model as an asset, with its textures: from the Asset Browser it can be dragged into any .blend"""

    bl_idname = "trellis.save_asset"
    bl_label = "Save as Asset"
    bl_options = {'REGISTER'}

    generation: bpy.props.StringProperty(
        options={'SKIP_SAVE', 'HIDDEN'}, description="Object whose model is meant; by default the active object"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode.startswith(('EDIT', 'SCULPT', 'PAINT')):
            cls.poll_message_set(user_activity.LEAVE_MODE)
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.assets.save import NotSaved

        try:
            model = self._model(context)
            path, problems = save_as_asset(context, model)
        except NotSaved as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        for problem in problems:
            self.report({'WARNING'}, problem)
        if not problems:
            hint = "" if library_of(path.parent) else " The preferences add its library to the Asset Browser."
            self.report({'INFO'}, f"“{model.name}” is an asset now.{hint}")
        return {'FINISHED'}

    def _model(self, context: bpy.types.Context) -> bpy.types.Object:
        from ...scene.assets.save import NotSaved

        found = context.active_object
        if self.generation:
            generation = session.current().generations.get(self.generation)
            found = session.current().file.object_of(generation) if generation is not None else None
        if found is None:
            raise NotSaved("It is not in the scene. Place it first." if self.generation else user_activity.SELECT_FIRST)
        return found


class TRELLIS_OT_add_library(bpy.types.Operator):
    """Add this folder to Blender's asset libraries, under Preferences → File Paths"""

    bl_idname = "trellis.add_library"
    bl_label = "Add to the Asset Libraries"

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = library_folder()
        if (known := library_of(folder)) is not None:
            self.report({'INFO'}, f"It is there already, as “{known.name}”.")
            return {'FINISHED'}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.report({'ERROR'}, f"The folder {folder} cannot be made ({error.strerror}).")
            return {'CANCELLED'}
        libraries: Any = context.preferences.filepaths.asset_libraries
        libraries.new(name=LIBRARY_NAME, directory=str(folder))
        context.preferences.is_dirty = True
        return {'FINISHED'}


def library_folder() -> Path:
    """Where assets are saved."""
    chosen = str(getattr(configuration.preferences(), "asset_folder", "")).strip()
    return Path(bpy.path.abspath(chosen)) if chosen else configuration.data_folder() / FOLDER_NAME


def library_of(folder: Path) -> bpy.types.UserAssetLibrary | None:
    """The library of Blender's preferences that is this folder; None where there is none."""
    libraries: Any = bpy.context.preferences.filepaths.asset_libraries
    return next((each for each in libraries if each.path and Path(each.path) == folder), None)


def save_as_asset(context: bpy.types.Context, model: bpy.types.Object) -> tuple[Path, list[str]]:
    """Saves a model as an asset and has open Asset Browsers show it; the file, and sentences about missing textures.

    Raises scene.assets.NotSaved.
    """
    from ...scene.assets.save import save

    saved = save(model, library_folder(), _about(context, model))
    if _refresh() is not None:
        background.later(_refresh, AGAIN_AFTER_S)
    return saved


def arrived(generation_id: str) -> None:
    """Saves a model that has arrived, where the preferences want that of all."""
    if not getattr(configuration.preferences(), "always_save_assets", False):
        return
    if bpy.app.background:
        _save_arrived(generation_id)
    else:
        background.later(partial(_save_arrived, generation_id), AFTER_ARRIVAL_S)


def draw_preferences(layout: Any, context: bpy.types.Context, preferences: Any) -> None:
    """The section of the preferences."""
    column = layout.column()
    column.prop(preferences, "asset_folder", placeholder=str(configuration.data_folder() / FOLDER_NAME))
    column.prop(preferences, "asset_author")
    column.prop(preferences, "asset_licence")
    column.prop(preferences, "always_save_assets")
    if _Memory.problem:
        draw_text(column, context, _Memory.problem, 'ERROR')
    if (known := library_of(library_folder())) is not None:
        draw_fact(column, "In the Asset Browser", f"as “{known.name}”", IN_PREFERENCES)
    else:
        layout.operator("trellis.add_library")


class _Memory:
    problem = ""
    """Why the last model was not saved by itself: no operator ran that could report it."""


def _save_arrived(generation_id: str) -> float | None:
    from ...scene.assets.save import NotSaved

    if not bpy.app.background and (
        finish_operator.is_busy() or user_activity.other_mode() or background.is_running(DRAWING)
    ):
        return AGAIN_AFTER_S
    generation = session.current().generations.get(generation_id)
    model = session.current().file.object_of(generation) if generation is not None else None
    if model is not None:
        try:
            save_as_asset(bpy.context, model)
            _Memory.problem = ""
        except NotSaved as error:
            _Memory.problem = str(error)
    return None


def _about(context: bpy.types.Context, model: bpy.types.Object) -> "About":
    """From the list; of a model that was made elsewhere, or whose row is gone, from what its object says."""
    from ...scene import provenance
    from ...scene.custom_properties import ID_PROPERTY

    number = str(model.get(ID_PROPERTY, ""))
    generation = session.current().generations.get(number)
    made = generation.request if generation is not None else provenance.read(model)
    return about(made, key=number, name=model.name, picture=_picture(context, model, generation))


def about(
    made: "GenerationRequest | Made | None",
    *,
    key: str,
    name: str,
    tags: tuple[str, ...] = (),
    catalog: str = "",
    picture: "Picture | None" = None,
) -> "About":
    """What the Asset Browser shows of a model, by what it was `made` of. More `tags` go to those that all have;
    `catalog` "" stands for the one of the model that made it.
    """
    from ...scene.assets.catalog import catalog_of
    from ...scene.assets.save import About

    label = models()[made.model].label if made is not None and made.model in models() else ""
    return About(
        name=name,
        description=made.prompt if made is not None else "",
        author=str(getattr(configuration.preferences(), "asset_author", "")).strip(),
        licence=str(getattr(configuration.preferences(), "asset_licence", "")).strip(),
        tags=tuple(dict.fromkeys(filter(None, (LIBRARY_NAME, label, *tags)))),
        catalog=catalog or catalog_of(label),
        key=key,
        picture=picture,
    )


def _picture(context: bpy.types.Context, model: bpy.types.Object, generation: "Generation | None") -> "Picture | None":
    """The one of the list; where there is none yet, it is drawn here, which takes half a second."""
    from ...generation.files import THUMBNAIL_NAME
    from ...imaging import mesh_thumbnail
    from ...scene.images import mesh_snapshot
    from ...scene.images.load import PictureUnusable, load_picture

    if generation is not None:
        path = session.current().queue.folder / generation.folder_name / THUMBNAIL_NAME
        try:
            return load_picture(path, context.scene)
        except PictureUnusable:
            pass  # drawn again
    taken = mesh_snapshot.take(model)
    return mesh_thumbnail.draw(taken) if taken is not None else None


def _refresh() -> float | None:
    """An open Asset Browser does not notice a new file by itself. A timer: it may have to be tried again."""
    from ...scene import versions

    if bpy.app.background:
        return None
    if not versions.may_operate_in_override():
        return AGAIN_AFTER_S
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.ui_type != 'ASSETS':
                continue
            region = next(region for region in area.regions if region.type == 'WINDOW')
            with bpy.context.temp_override(window=window, area=area, region=region):
                bpy.ops.asset.library_refresh()
    return None
