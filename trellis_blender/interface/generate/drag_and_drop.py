# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that are dropped onto a viewport, chosen in a file browser or open in the Image Editor: a dialog with the
price, and nothing is spent before its button is pressed. Then the placeholder follows the mouse until a click.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.record import costs
from ...piapi.models import InputUnusable
from ..input_image import capture, decode_many, preview
from ..monitor import monitor
from ..state import background, configuration
from ..state.settings import model_of, settings_of, why_no_model
from ..text import rows
from ..text.layouts import draw_text
from . import operator as generate
from .buttons import UNREAD_S

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest

DIALOG_WIDTH_PX = 340
THUMBNAIL_SCALE = 8.0
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".tga", ".exr", ".hdr")
FILES_LIMIT = 50
"""Of one drop or folder: whoever means more has most likely chosen the wrong folder."""


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


class TRELLIS_OT_generate_from_files(bpy.types.Operator):
    """Choose pictures or a folder; each becomes a model of its own. Asks before anything is spent"""

    bl_idname = "trellis.generate_from_files"
    bl_label = "Generate 3D Model from Picture"
    # Neither REGISTER nor UNDO: repeating the last action and adjusting it must never send anything.
    bl_options = {'INTERNAL'}

    filepath: bpy.props.StringProperty(subtype='FILE_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    directory: bpy.props.StringProperty(subtype='DIR_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={'SKIP_SAVE', 'HIDDEN'})
    is_chosen: bpy.props.BoolProperty(options={'SKIP_SAVE', 'HIDDEN'})
    """Whether the pictures come from a file browser, which calls `execute` where a dialog is to come first."""
    filter_image: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})
    filter_folder: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})

    paths: Sequence[Path] = ()
    spot: tuple[float, float, float] | None = None
    asked_at = 0.0

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath and not self.files:
            self.is_chosen = True
            context.window_manager.fileselect_add(self)
            return {'RUNNING_MODAL'}
        self.paths = self._found("what was dropped")
        if not self.paths:
            return {'CANCELLED'}
        self.spot = _spot(context, event)
        return _ask(self, context, self.paths)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.is_chosen:
            self.is_chosen = False
            return self._chosen()
        if _is_unread(self):
            return {'CANCELLED'}
        paths = self.paths or self._found("these files")
        submit = partial(_submit, paths=paths, spot=self.spot)
        return decode_many.read(self, context, paths, submit) if paths else {'CANCELLED'}

    def draw(self, context: bpy.types.Context) -> None:
        if not self.is_chosen:
            _draw(self.layout, context, self.paths)

    def _chosen(self) -> set[str]:
        paths = self._found(self.directory)
        if not paths:
            return {'CANCELLED'}
        names = [{"name": str(path)} for path in paths]
        operators: Any = bpy.ops
        operators.trellis.generate_from_files('INVOKE_DEFAULT', files=names)
        return {'FINISHED'}

    def _found(self, among: str) -> list[Path]:
        """The pictures; [] where they are not taken, and then the artist has been told why."""
        if not (self.filepath or self.directory or self.files):
            self.report({'ERROR'}, "No picture was given. Name a file, several or a folder.")
            return []
        try:
            paths = self._paths()
        except OSError as error:
            self.report({'ERROR'}, f"“{error.filename}” cannot be read ({error.strerror}). Nothing was submitted.")
            return []
        if reason := _why_not(paths, among):
            self.report({'ERROR'}, reason)
            return []
        return paths

    def _paths(self) -> list[Path]:
        folder = Path(self.directory)
        names = [each.name for each in self.files if each.name]
        given = self.filepath or self.directory
        chosen = [folder / name for name in names] or ([Path(given)] if given else [])
        if len(chosen) == 1 and chosen[0].is_dir():
            chosen = sorted(path for path in chosen[0].iterdir() if path.is_file())
        return [path for path in chosen if path.suffix.lower() in SUFFIXES]


class TRELLIS_OT_generate_from_editor(bpy.types.Operator):
    """Make a 3D model from the image that is open here, as it is now. Asks before anything is spent"""

    bl_idname = "trellis.generate_from_editor"
    bl_label = "Generate 3D Model…"
    bl_options = {'INTERNAL'}

    paths: Sequence[Path] = ()
    asked_at = 0.0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        area = capture.image_editor(context)
        return area is not None and getattr(area.spaces.active, "image", None) is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return _ask(self, context, self.paths) if self._take(context) else {'CANCELLED'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        if _is_unread(self):
            return {'CANCELLED'}
        # What is submitted is what was shown.
        if not self.paths and not self._take(context):
            return {'CANCELLED'}
        return _submit(self, context, self.paths, None)

    def draw(self, context: bpy.types.Context) -> None:
        _draw(self.layout, context, self.paths)

    def _take(self, context: bpy.types.Context) -> bool:
        try:
            self.paths = [capture.keep(*capture.picture_from(context, 'EDITOR'))]
        except (ValueError, OSError) as error:
            self.report({'ERROR'}, str(error))
            return False
        return True


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


def _why_not(paths: Sequence[Path], among: str) -> str:
    """Why these pictures are not taken, as a sentence; "" where they are."""
    if not paths:
        return f"There is no picture among {among}."
    if len(paths) > FILES_LIMIT:
        return f"These are {len(paths)} pictures; at most {FILES_LIMIT} are taken at once."
    return ""


def _is_unread(operator: Any) -> bool:
    """Whether the dialog was confirmed sooner than anybody reads its price: by the second click of a double click."""
    if time.monotonic() - operator.asked_at >= UNREAD_S:
        return False
    operator.report({'INFO'}, "Pressed twice; nothing was submitted.")
    return True


def _ask(operator: Any, context: bpy.types.Context, paths: Sequence[Path]) -> set[str]:
    # A dialog draws itself once: what it shows has to be there by then.
    preview.look_now(str(paths[0]))
    operator.asked_at = time.monotonic()
    return context.window_manager.invoke_props_dialog(
        operator, width=DIALOG_WIDTH_PX, title="Generate 3D Model", confirm_text="Generate"
    )


def _draw(layout: Any, context: bpy.types.Context, paths: Sequence[Path]) -> None:
    settings = settings_of(context.scene)
    model = model_of(settings)
    first = preview.look(str(paths[0]))
    if len(paths) == 1 and first.icon:
        layout.template_icon(icon_value=first.icon, scale=THUMBNAIL_SCALE)
    what = paths[0].name if len(paths) == 1 else f"{len(paths)} pictures, a model for each"
    row = layout.row()
    row.alignment = 'CENTER'
    row.label(text=rows.plain(what), translate=False)
    layout.prop(settings, "model", text="")
    row = layout.row()
    row.alignment = 'CENTER'
    row.label(text=_price(len(paths), model.price_usd))
    if reason := why_no_model(settings) or configuration.why_not_ready(model.id) or (len(paths) == 1 and first.problem):
        draw_text(layout, context, reason, 'INFO', DIALOG_WIDTH_PX)


def _price(count: int, price_usd: float) -> str:
    """ "$0.04"; "4 × $0.04 = $0.16"."""
    if count == 1 or not price_usd:
        return costs.price(price_usd)
    return f"{count} × {costs.dollars(price_usd)} = {costs.dollars(count * price_usd)}"


def _submit(
    operator: bpy.types.Operator,
    context: bpy.types.Context,
    paths: Sequence[Path],
    spot: tuple[float, float, float] | None,
) -> set[str]:
    """Each picture as a generation of its own, side by side; all of them or none."""
    requests: list[GenerationRequest] = []
    try:
        for path in paths:
            requests += generate.compose(context, {"image": str(path), "model": settings_of(context.scene).model}, 1)
        taken = generate.submit(generate.side_by_side(requests, spot), in_place=True)
    except (configuration.NotReady, InputUnusable, ValueError) as error:
        operator.report({'ERROR'}, f"{error} Nothing was submitted.")
        return {'CANCELLED'}
    monitor.pressed()
    if len(taken) == 1 and spot is not None and not bpy.app.background:
        operators: Any = bpy.ops
        operators.trellis.set_down('INVOKE_DEFAULT', generation=taken[0])
    return {'FINISHED'}


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
