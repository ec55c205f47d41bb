# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row of the list offers besides its buttons: show, move, take the settings up, look at the files."""

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.states import State
from ...piapi.models import CONCEPTS, TEXT
from ...scene import versions
from ...scene.finish.options import Preset
from ..generate.picture_tasks import concepts, picture_tools
from ..input_image import cleanup
from ..input_image.file import changed_at_ns
from ..monitor import monitor
from ..state import session
from ..state.parameters import label_of_parameter
from ..state.settings import settings_of
from ..text import rows
from . import extras
from .compare import TRELLIS_OT_compare
from .row_buttons import RowOperator, TRELLIS_OT_place
from .search import TRELLIS_OT_favourite

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.request import GenerationRequest


class TRELLIS_OT_show(bpy.types.Operator):
    """Select the models and bring them into view. Models that are not in the scene are placed. Costs nothing"""

    bl_idname = "trellis.show"
    bl_label = "Show in the Scene"
    bl_options = {'INTERNAL'}

    generations: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'}, description="Ids, separated by spaces")
    may_place: bpy.props.BoolProperty(
        options={'SKIP_SAVE', 'HIDDEN'}, description="Place the models that are not in the scene"
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        generation = session.current().generations.get(properties.generations)
        if generation is None:
            return cls.__doc__ or ""
        item = session.current().file.object_of(generation) if generation.state is State.PLACED else None
        name = item.name if item is not None else ""
        return rows.settings_in_full(generation, label_of_parameter, versions.date_pattern(), name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.arrival import select

        found = session.current()
        found.drain()
        known = [found.generations[number] for number in self.generations.split() if number in found.generations]
        items = {generation.id: _item_of(generation, may_be_empty=not self.may_place) for generation in known}
        shown = [item for item in items.values() if item is not None]
        if shown and (problem := select.show(context, shown)):
            self.report({'INFO'}, problem)
        to_place = [each.id for each in known if items[each.id] is None and TRELLIS_OT_place.fits(each)]
        if self.may_place and to_place:
            from ..monitor import delivery

            for number in to_place:
                delivery.deliver(number)
            monitor.pressed()
        elif not shown:
            self.report({'INFO'}, "Nothing of it is in the scene that is open.")
        return {'FINISHED'}


class TRELLIS_OT_more(RowOperator):
    """More actions for this generation"""

    bl_idname = "trellis.more"
    bl_label = "More"

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ...generation.files import cutout_in

        came_along = []
        if extras.has_video(generation) or extras.may_have_video(generation):
            came_along.append(("trellis.watch", 'PLAY'))
        if cutout_in(extras.folder_of(generation)) is not None:
            came_along.append(("trellis.use_cutout", 'IMAGE_DATA'))
        bpy.context.window_manager.popup_menu(
            lambda menu, _: _draw_menu(menu.layout, generation, came_along), title=rows.title(generation)
        )


class TRELLIS_OT_move_here(RowOperator):
    """Move the model to the 3D cursor"""

    bl_idname = "trellis.move_here"
    bl_label = "Move to the 3D Cursor"
    bl_options = {'INTERNAL', 'UNDO'}

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return generation.state is State.PLACED

    def act(self, found: session.Session, generation: "Generation") -> None:
        item = found.file.object_of(generation)
        if item is None:
            self.report({'INFO'}, "It is not in the scene any more. Press Place Again to put it there.")
        else:
            item.matrix_world.translation = bpy.context.scene.cursor.location


class TRELLIS_OT_use_settings(RowOperator):
    """Put this generation's prompt or image, model and parameters into the panel. Sends nothing"""

    bl_idname = "trellis.use_settings"
    bl_label = "Use These Settings"
    bl_options = {'INTERNAL', 'UNDO'}

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return not generation.request.makes_pictures

    def act(self, found: session.Session, generation: "Generation") -> None:
        request, settings = generation.request, settings_of(bpy.context.scene)
        images = [] if request.task_type == TEXT else _pictures_of(request, extras.folder_of(generation))
        for said in settings.take_up(request.model, request.prompt, images, dict(request.parameters)):
            self.report({'WARNING'}, said)
        placement = request.placement
        # A later version may know others.
        if placement.finish in {preset.value for preset in Preset}:
            settings.finish = placement.finish
        if settings.finish != Preset.AS_DELIVERED.value and 0 <= placement.longest_side_m < inf:
            settings.longest_side = placement.longest_side_m


class TRELLIS_OT_show_folder(RowOperator):
    """Open the folder with the model as delivered, the picture that was sent, and the request"""

    bl_idname = "trellis.show_folder"
    bl_label = "Show the Folder"

    def act(self, found: session.Session, generation: "Generation") -> None:
        folder = found.queue.folder / generation.folder_name
        if not folder.is_dir():
            self.report({'INFO'}, "It has no files yet.")
        else:
            bpy.ops.wm.path_open(filepath=str(folder))


class TRELLIS_OT_copy_problem(RowOperator):
    """Copy the message of the row and the id of the task to the clipboard"""

    bl_idname = "trellis.copy_problem"
    bl_label = "Copy the Message"

    def act(self, found: session.Session, generation: "Generation") -> None:
        line = monitor.line_of(generation)
        task = f"Task {generation.task_id} at {generation.api_url}" if generation.task_id else ""
        bpy.context.window_manager.clipboard = "\n".join(filter(None, (line.stage, line.detail, task)))


class TRELLIS_OT_keep_only(RowOperator):
    """Hide the other variations of the same press. They stay in the scene and in the list"""

    bl_idname = "trellis.keep_only"
    bl_label = "Keep This, Hide the Others"
    bl_options = {'INTERNAL', 'UNDO'}

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return bool(generation.request.press) and generation.state is State.PLACED

    def act(self, found: session.Session, generation: "Generation") -> None:
        for other in found.generations.values():
            if other.request.press != generation.request.press or (item := found.file.object_of(other)) is None:
                continue
            is_other = other.id != generation.id
            item.hide_render = is_other
            for layer in (layer for scene in item.users_scene for layer in scene.view_layers):
                if item.name in layer.objects:
                    item.hide_set(is_other, view_layer=layer)


def _pictures_of(request: "GenerationRequest", folder: Path) -> list[str]:
    """The originals, so that they are known again, as long as they are what was sent; else the copies that were
    kept."""
    from ...generation.files import input_name

    originals = [(request.picture_path, request.picture_changed_ns)]
    originals += [(view.path, view.changed_ns) for view in request.views]
    found: list[str] = []
    for number, (path, changed_ns) in enumerate(originals, 1):
        kept = folder / input_name(number)
        is_unchanged = path and changed_at_ns(Path(path)) == changed_ns
        found.append(path if is_unchanged or not kept.is_file() else str(kept))
    return found


def _item_of(generation: "Generation", *, may_be_empty: bool) -> bpy.types.Object | None:
    """The model, or else the placeholder where that will do: after an undo it stands there again."""
    from ...scene.placement import placeholder

    is_placed = generation.state is State.PLACED
    item = session.current().file.object_of(generation) if is_placed else None
    return item or (placeholder.find(generation.id) if may_be_empty else None)


def _draw_menu(layout: bpy.types.UILayout, generation: "Generation", came_along: list[tuple[str, str]]) -> None:
    found = session.current()
    is_there = generation.state is State.PLACED and found.file.object_of(generation) is not None

    def entry(operator: str, icon: Any = 'NONE') -> None:
        layout.operator(operator, icon=icon).generation = generation.id

    if is_there:
        layout.operator("trellis.show", icon='ZOOM_SELECTED').generations = generation.id
        entry("trellis.move_here", 'PIVOT_CURSOR')
        if generation.request.press:
            entry("trellis.keep_only", 'HIDE_OFF')
        entry("trellis.save_asset", 'ASSET_MANAGER')
        layout.separator()
    if TRELLIS_OT_compare.fits(generation):
        column = layout.column()
        column.operator_context = 'INVOKE_DEFAULT'  # it shows something where it is invoked
        column.operator("trellis.compare", icon='IMGDISPLAY').generation = generation.id
    if TRELLIS_OT_use_settings.fits(generation):
        entry("trellis.use_settings", 'PREFERENCES')
    if TRELLIS_OT_favourite.fits(generation):
        text = "Remove from Favourites" if generation.is_favourite else "Add to Favourites"
        star: Any = 'SOLO_ON' if generation.is_favourite else 'SOLO_OFF'
        layout.operator("trellis.favourite", text=text, icon=star).generation = generation.id
    for operator, icon in came_along:
        entry(operator, icon)
    entry("trellis.show_folder", 'FILE_FOLDER')
    entry("trellis.copy_problem", 'COPYDOWN')
    if said := monitor.line_of(generation).detail:
        layout.operator("trellis.help", text="What Does This Mean?", icon='HELP').about = said
    if not generation.is_working:
        layout.separator()
        # The question is asked where an operator is invoked.
        layout.operator_context = 'INVOKE_DEFAULT'
        entry("trellis.remove", 'TRASH')


class TRELLIS_OT_use_pictures(RowOperator):
    """Use the result in the panel: the better picture, or the concept images. Costs nothing"""

    bl_idname = "trellis.use_pictures"
    bl_label = "Use"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return generation.request.makes_pictures and generation.state is State.READY

    def act(self, found: session.Session, generation: "Generation") -> None:
        scene = bpy.context.scene
        if generation.request.task_type == CONCEPTS:
            concepts.show(scene, generation.id)
            return
        path = picture_tools.result_of(generation, scene)
        settings = settings_of(scene)
        settings.source = 'IMAGE'
        settings.use_pictures([generation.request.picture_path])
        settings.image_before = settings.image
        cleanup.take_over(scene, str(path))
