# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that are dropped onto a viewport, chosen in a file browser or open in the Image Editor: a dialog with the
price, and nothing is spent before its button is pressed. Then the placeholder follows the mouse until a click.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...generation.record import costs
from ...piapi.models import InputUnusable
from ..input_image import capture, decode_many, preview, views
from ..monitor import monitor
from ..state import background, configuration
from ..state.settings import TRELLIS_PG_settings, model_of, settings_of, why_no_model
from ..text import rows
from ..text.layouts import draw_text
from . import submission
from .spending_operator import SpendingDialog

DIALOG_WIDTH_PX = 340
THUMBNAIL_SCALE = 8.0
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".tga", ".exr", ".hdr")
FILES_LIMIT = 50
"""Of one drop or folder: with more it is most likely the wrong folder."""


class TRELLIS_FH_image(bpy.types.FileHandler):
    """Offers a 3D model for a picture that is dropped onto a 3D viewport."""

    bl_idname = "TRELLIS_FH_image"
    bl_label = "Generate 3D Model"
    bl_import_operator = "trellis.generate_from_files"
    bl_file_extensions = ";".join(SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return (
            context.area is not None
            and context.area.type == 'VIEW_3D'
            and context.region is not None
            and context.region.type in {'WINDOW', 'UI'}
        )


class _PicturesDialog(SpendingDialog):
    """A model for each of the pictures at `paths`."""

    dialog_title = "Generate 3D Model"
    dialog_width_px = DIALOG_WIDTH_PX

    paths: Sequence[Path] = ()

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        # A dialog draws itself once: what it shows has to be there by then.
        preview.look_now(str(self.paths[0]))
        return super().ask(context, event)

    def to_do(self) -> decode_many.Then:
        return partial(_submit, paths=self.paths, spot=None)

    def draw_question(self, context: bpy.types.Context) -> None:
        _draw(self.layout, context, self.paths)

    def button_text(self, context: bpy.types.Context) -> str:
        settings = settings_of(context.scene)
        return costs.button_text(1 if _is_one_model(settings, self.paths) else len(self.paths), model_of(settings))


class TRELLIS_OT_generate_from_files(_PicturesDialog):
    """Choose pictures or a folder; each becomes a model of its own. Asks before anything is spent"""

    bl_idname = "trellis.generate_from_files"
    bl_label = "Generate 3D Model from Picture"

    filepath: bpy.props.StringProperty(subtype='FILE_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    directory: bpy.props.StringProperty(subtype='DIR_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={'SKIP_SAVE', 'HIDDEN'})
    is_chosen: bpy.props.BoolProperty(options={'SKIP_SAVE', 'HIDDEN'})
    """Whether the pictures come from a file browser, which calls `execute` where a dialog is to come first."""
    filter_image: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})
    filter_folder: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})

    spot: tuple[float, float, float] | None = None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath and not self.files:
            self.is_chosen = True
            context.window_manager.fileselect_add(self)
            return {'RUNNING_MODAL'}
        self.spot = _spot(context, event)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.is_chosen:
            self.is_chosen = False
            return self._chosen()
        return super().execute(context)

    def prepare(self, context: bpy.types.Context) -> None:
        self.paths = self._found()

    def to_do(self) -> decode_many.Then:
        submit = partial(_submit, paths=self.paths, spot=self.spot)
        return partial(decode_many.read, paths=self.paths, then=submit)

    def draw(self, context: bpy.types.Context) -> None:
        if not self.is_chosen:
            super().draw(context)

    def _chosen(self) -> set[str]:
        try:
            names = [{"name": str(path)} for path in self._found()]
        except InputUnusable as reason:
            self.report({'ERROR'}, str(reason))
            return {'CANCELLED'}
        operators: Any = bpy.ops
        operators.trellis.generate_from_files('INVOKE_DEFAULT', files=names)
        return {'FINISHED'}

    def _found(self) -> list[Path]:
        """The pictures. Raises InputUnusable where they are not taken."""
        if not (self.filepath or self.directory or self.files):
            raise InputUnusable("No picture was given. Name a file, several or a folder.")
        try:
            paths = self._paths()
        except OSError as error:
            raise InputUnusable(
                f"“{error.filename}” cannot be read ({error.strerror}). {decode_many.NOTHING_SUBMITTED}"
            ) from None
        if not paths:
            raise InputUnusable("There is no picture among these files.")
        if len(paths) > FILES_LIMIT:
            raise InputUnusable(f"These are {len(paths)} pictures; at most {FILES_LIMIT} are taken at once.")
        return paths

    def _paths(self) -> list[Path]:
        folder = Path(self.directory)
        names = [each.name for each in self.files if each.name]
        given = self.filepath or self.directory
        chosen = [folder / name for name in names] or ([Path(given)] if given else [])
        if len(chosen) == 1 and chosen[0].is_dir():
            chosen = sorted(path for path in chosen[0].iterdir() if path.is_file())
        return [path for path in chosen if path.suffix.lower() in SUFFIXES]


class TRELLIS_OT_generate_from_editor(_PicturesDialog):
    """Make a 3D model from the image that is open here, as it is now. Asks before anything is spent"""

    bl_idname = "trellis.generate_from_editor"
    bl_label = "Generate 3D Model…"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        area = capture.image_editor(context)
        return area is not None and getattr(area.spaces.active, "image", None) is not None

    def prepare(self, context: bpy.types.Context) -> None:
        try:
            self.paths = [capture.keep(*capture.picture_from(context, 'EDITOR'))]
        except OSError as error:
            raise InputUnusable(str(error)) from None


class TRELLIS_OT_set_down(bpy.types.Operator):
    """Move the placeholder with the mouse, over surfaces. Click to place it, Esc to put it back"""

    bl_idname = "trellis.set_down"
    bl_label = "Set Down"
    bl_options = {'INTERNAL', 'UNDO'}

    generation: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.placement import placeholder

        empty = placeholder.find(self.generation)
        if empty is None or context.area is None or context.area.type != 'VIEW_3D':
            return {'CANCELLED'}
        self.before = placeholder.spot(empty)
        context.workspace.status_text_set("Click: place it   Esc, Right Click: put it back")
        context.window_manager.modal_handler_add(self)
        return {'RUNNING_MODAL'}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.placement import drag, placeholder

        empty = placeholder.find(self.generation)
        if empty is None:
            return self._end(context, {'CANCELLED'})  # its model has arrived, or it was deleted
        if event.type == 'MOUSEMOVE' and (seen := _view_at(context, event)) is not None:
            drag.move_to(empty, drag.under_mouse(context, *seen))
        elif event.type in {'LEFTMOUSE', 'RET', 'NUMPAD_ENTER'} and event.value == 'PRESS':
            return self._end(context, {'FINISHED'})
        elif event.type in {'RIGHTMOUSE', 'ESC'} and event.value == 'PRESS':
            drag.move_to(empty, self.before)
            return self._end(context, {'CANCELLED'})
        elif event.type not in {'MOUSEMOVE', 'INBETWEEN_MOUSEMOVE', 'LEFTMOUSE'}:
            return {'PASS_THROUGH'}  # the view may be turned meanwhile
        return {'RUNNING_MODAL'}

    def cancel(self, context: bpy.types.Context) -> None:
        self._end(context, {'CANCELLED'})

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        context.workspace.status_text_set(None)
        return result


def draw_in_image_menu(self: bpy.types.Menu, _: bpy.types.Context) -> None:
    """The entry in the Image Editor's menu."""
    layout: Any = self.layout
    layout.separator()
    layout.operator_context = 'INVOKE_DEFAULT'  # the menu's own entries are executed
    layout.operator("trellis.generate_from_editor")


def register() -> None:
    """Adds the entry to the Image Editor's menu."""
    menu: Any = bpy.types.IMAGE_MT_image
    menu.append(draw_in_image_menu)
    background.at_end(menu.remove, draw_in_image_menu)


def _draw(layout: Any, context: bpy.types.Context, paths: Sequence[Path]) -> None:
    settings = settings_of(context.scene)
    model = model_of(settings)
    first = preview.look(str(paths[0]))
    if len(paths) == 1 and first.icon:
        layout.template_icon(icon_value=first.icon, scale=THUMBNAIL_SCALE)
    if 1 < len(paths) <= model.pictures_max:
        layout.row().prop(settings, "several", expand=True)
    is_one = _is_one_model(settings, paths)
    what = f"{len(paths)} pictures of one thing" if is_one else f"{len(paths)} pictures, a model for each"
    what = paths[0].name if len(paths) == 1 else what
    row = layout.row()
    row.alignment = 'CENTER'
    row.label(text=rows.plain(what), translate=False)
    layout.prop(settings, "model", text="")
    if reason := why_no_model(settings) or configuration.why_not_ready(model.id) or (len(paths) == 1 and first.problem):
        draw_text(layout, context, reason, 'INFO', DIALOG_WIDTH_PX)
    if is_one:
        draw_text(layout, context, views.NOT_PROMISED, 'INFO', DIALOG_WIDTH_PX)


def _is_one_model(settings: TRELLIS_PG_settings, paths: Sequence[Path]) -> bool:
    """Whether several pictures show one thing, as the dialog asks. A model that takes one picture makes one of each."""
    return settings.several == 'VIEWS' and 1 < len(paths) <= model_of(settings).pictures_max


def _submit(
    operator: Any,
    context: bpy.types.Context,
    paths: Sequence[Path],
    spot: tuple[float, float, float] | None,
) -> set[str]:
    """Each picture as a generation of its own, side by side, all of them or none; or one of all, if the dialog said so.
    A script has seen no dialog."""
    taken: list[str] = []

    def submit() -> None:
        settings = settings_of(context.scene)
        if operator.asked_at and _is_one_model(settings, paths):
            given = [{"images": list(map(str, paths))}]
        else:
            given = [{"image": str(path)} for path in paths]
        composed = [submission.compose(context, {**each, "model": settings.model}, 1) for each in given]
        requests = [request for requests in composed for request in requests]
        taken.extend(submission.submit(submission.side_by_side(requests, spot), in_place=True))

    done = monitor.press(operator, submit, decode_many.NOTHING_SUBMITTED)
    if len(taken) == 1 and spot is not None and not bpy.app.background:
        operators: Any = bpy.ops
        operators.trellis.set_down('INVOKE_DEFAULT', generation=taken[0])
    return done


def _spot(context: bpy.types.Context, event: bpy.types.Event) -> tuple[float, float, float] | None:
    from ...scene.placement import drag

    seen = _view_at(context, event)
    return drag.under_mouse(context, *seen) if seen is not None else None


def _view_at(context: bpy.types.Context, event: bpy.types.Event) -> tuple[Any, Any, tuple[float, float]] | None:
    """The viewport's region, its view, and the mouse in it; None where the mouse is elsewhere."""
    area = context.area
    if area is None or area.type != 'VIEW_3D':
        return None
    region = next(each for each in area.regions if each.type == 'WINDOW')
    x, y = event.mouse_x - region.x, event.mouse_y - region.y
    if not (0 <= x < region.width and 0 <= y < region.height):
        return None
    return region, area.spaces.active.region_3d, (x, y)
