# SPDX-License-Identifier: GPL-3.0-or-later
"""Several pictures of one thing in the panel: each with its thumbnail, one of them with its field, check and remedies.

That one is in the panel's own image field, so that all that works on a single picture works on it; the collection
`views` has all of them, in order, and `view_shown` says which one that is. With one picture the collection is empty.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import bpy

from ...piapi.models import VIEWS_LIMIT, InputUnusable
from ..state import configuration, session
from ..state.settings import TRELLIS_PG_settings, model_of, pictures_of, settings_of, shown_of
from ..text.layouts import draw_text
from . import preview

COLUMNS = 2
THUMBNAIL_SCALE = 4.0
NOT_PROMISED = "Several views: not promised by PiAPI."
_FIELDS = ("image", "image_before", "image_after")


def add(settings: TRELLIS_PG_settings, images: Sequence[str]) -> None:
    """Puts pictures behind those that there are, and shows the first of them. Raises InputUnusable, and adds none,
    where they would be too many."""
    before = pictures_of(settings)
    count = len(before) + len(images)
    if count > VIEWS_LIMIT:
        raise InputUnusable(f"These would be {count} pictures; one model is made from {VIEWS_LIMIT} at most.")
    if not before:
        settings.use_pictures(images)
        return
    if not settings.views:
        settings.views.add()
        settings.view_shown = 0
    first = len(settings.views)
    for image in images:
        settings.views.add().image = image
    show(settings, first)
    settings.source = 'IMAGE'


def show(settings: TRELLIS_PG_settings, number: int) -> None:
    """Makes one of them, counted from 0, the panel's image."""
    _put_away(settings)
    if number < len(settings.views):
        _take_out(settings, number)


def _put_away(settings: TRELLIS_PG_settings) -> None:
    if settings.views:
        _copy(settings, settings.views[shown_of(settings)])


def _take_out(settings: TRELLIS_PG_settings, number: int) -> None:
    settings.view_shown = number
    _copy(settings.views[number], settings)


def _copy(source: Any, target: Any) -> None:
    for name in _FIELDS:
        setattr(target, name, getattr(source, name))


class _OfViews(bpy.types.Operator):
    """Changes which pictures there are."""

    bl_options = {'INTERNAL', 'UNDO'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(settings_of(context.scene).views)


class TRELLIS_OT_add_views(bpy.types.Operator):
    """Choose more pictures of the same thing, from other sides. Sends nothing"""

    bl_idname = "trellis.add_views"
    bl_label = "Add Views"
    bl_options = {'INTERNAL', 'UNDO'}

    filepath: bpy.props.StringProperty(subtype='FILE_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    directory: bpy.props.StringProperty(subtype='DIR_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={'SKIP_SAVE', 'HIDDEN'})
    filter_image: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})
    filter_folder: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {'RUNNING_MODAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        names = [each.name for each in islice(self.files, VIEWS_LIMIT + 1) if each.name]
        paths = [str(Path(self.directory, name)) for name in names] or list(filter(None, [self.filepath]))
        try:
            if not paths:
                raise InputUnusable("No picture was given. Choose one or several.")
            add(settings_of(context.scene), paths)
        except InputUnusable as reason:
            self.report({'ERROR'}, str(reason))
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_OT_show_view(_OfViews):
    """Show this picture below, with what is wrong with it"""

    bl_idname = "trellis.show_view"
    bl_label = "Show This Picture"

    number: bpy.props.IntProperty(min=0, options={'SKIP_SAVE', 'HIDDEN'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        show(settings_of(context.scene), self.number)
        return {'FINISHED'}


class TRELLIS_OT_remove_view(_OfViews):
    """Take this picture out of the views. The file stays as it is"""

    bl_idname = "trellis.remove_view"
    bl_label = "Remove This Picture"

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context.scene)
        number = shown_of(settings)
        settings.views.remove(number)
        if settings.views:
            _take_out(settings, min(number, len(settings.views) - 1))
        if len(settings.views) == 1:
            settings.views.clear()
            settings.view_shown = 0
        return {'FINISHED'}


class TRELLIS_OT_move_view(_OfViews):
    """Move this picture among the views. The first one should show the front"""

    bl_idname = "trellis.move_view"
    bl_label = "Move This Picture"

    step: bpy.props.IntProperty(min=-1, max=1, default=1, options={'SKIP_SAVE', 'HIDDEN'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context.scene)
        number = shown_of(settings)
        target = number + self.step
        if not 0 <= target < len(settings.views):
            return {'CANCELLED'}
        _put_away(settings)
        settings.views.move(number, target)
        settings.view_shown = target
        return {'FINISHED'}


class TRELLIS_OT_try_views_again(bpy.types.Operator):
    """Forget that PiAPI has refused several pictures with this account, so that Generate tries again. A refusal costs
    nothing"""

    bl_idname = "trellis.try_views_again"
    bl_label = "Try Several Pictures Again"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = session.current()
        found.wait_until_loaded()
        try:
            found.allow_views(model_of(settings_of(context.scene)).id)
        except configuration.NotReady as reason:
            self.report({'ERROR'}, str(reason))
            return {'CANCELLED'}
        return {'FINISHED'}


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings) -> None:
    """Above the field: all pictures, where there are several, and what can be done with them."""
    shown = shown_of(settings)
    grid: Any = layout.grid_flow(columns=COLUMNS, even_columns=True, row_major=True)
    for number, view in enumerate(islice(settings.views, VIEWS_LIMIT + 1)):
        is_shown = number == shown
        _draw_one(grid.column(align=True), number, settings.image if is_shown else view.image, is_shown=is_shown)
    row: Any = layout.row(align=True)
    row.operator("trellis.add_views", text="Add…", icon='ADD')
    row.operator("trellis.remove_view", text="Remove", icon='REMOVE')
    row.operator("trellis.move_view", text="", icon='TRIA_LEFT').step = -1
    row.operator("trellis.move_view", text="", icon='TRIA_RIGHT').step = 1
    note = layout.column()
    note.active = False
    draw_text(note, context, NOT_PROMISED)
    if session.current().is_refused_views(model_of(settings).id):
        layout.operator("trellis.try_views_again")


def _draw_one(column: Any, number: int, image: str, *, is_shown: bool) -> None:
    from . import check

    known = preview.look(image) if image else None
    icon = known.icon if known is not None else 0
    if icon:
        column.template_icon(icon_value=icon, scale=THUMBNAIL_SCALE)
    is_wrong = known is None or bool(
        known.problem or check.problem(known.path, known.changed_ns) or check.look(known.path, known.changed_ns)
    )
    mark: Any = 'ERROR' if is_wrong else 'NONE'
    column.operator("trellis.show_view", text=f"{number + 1}", depress=is_shown, icon=mark).number = number
