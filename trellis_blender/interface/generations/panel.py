# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of generations in the tab "Trellis".

It draws what is known, without a look at the disk. Drawing also tells the queue that the list is looked at: its
thread then looks every ten seconds for generations that other Blenders have begun.
"""

from typing import TYPE_CHECKING, Any

import bpy

from ...generation.record.costs import price
from ...piapi.models import CONCEPTS
from ..generate.picture_tasks import concepts
from ..monitor import monitor
from ..state import session
from ..text import formats, rows
from ..text.layouts import TrellisPanel, draw_text, ui_scale
from ..viewport import redraw
from ..viewport.show_textures import ROWS_SHOWN, draw_show_textures, last_placed
from . import extras, queue_buttons, search
from .row_buttons import actions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...generation.record.generation import Generation
    from .row_buttons import Action

UNIT_PX = 20.0
"""What Blender draws its widgets by, at a resolution scale of 1."""
MARGIN_UNITS = 3.2
"""The panel's and the box's margins, and the tabs."""
NARROW_UNITS = 8.0
"""A row that is narrower has no picture, and its buttons with words in a line of their own."""
NAME_CHARACTERS = 12
"""So much of a name is read before its row's buttons have room beside it."""
BUTTON_UNITS = 1.25
"""What a button has around its words, or an icon with them around it."""
PICTURE_UNITS = 2.2
CHARACTER_UNITS = 0.31
"""A character of the panel's font, on average."""
STATUS_CHARACTER_UNITS = 0.265
"""A character of "In the scene · $0.04 · 0:07": there are many narrow ones."""


class _Memory:
    rows = ROWS_SHOWN
    """How many are shown."""


class TRELLIS_PT_generations(TrellisPanel, bpy.types.Panel):
    """What became of everything that was generated, the newest first"""

    bl_label = "Generations"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        draw_list(self.layout, context)


class TRELLIS_OT_show_more(bpy.types.Operator):
    """Show earlier generations, too"""

    bl_idname = "trellis.show_more"
    bl_label = "Show More"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        _Memory.rows += ROWS_SHOWN
        redraw.sidebars()
        return {'FINISHED'}


def draw_list(layout: Any, context: bpy.types.Context) -> None:
    """The panel's content."""
    found = session.current()
    if found.others.look_around():
        monitor.watch()
    if unreadable := found.queue.unreadable:
        draw_text(layout, context, rows.unreadable(unreadable, str(found.queue.folder)), 'ERROR')
    generations, waiting = newest(), paused()
    if not generations:
        layout.label(text="Nothing generated yet")
    if waiting:
        total = price(sum(generation.request.price_usd for generation in waiting))
        layout.operator("trellis.submit_paused", text=f"Resume {len(waiting)} · {total}")
    queue_buttons.draw(layout)
    units = context.region.width / (UNIT_PX * ui_scale(context)) - MARGIN_UNITS
    if len(generations) > ROWS_SHOWN:
        search.draw(layout)
        generations = search.found_in(generations)
        if not generations:
            layout.label(text="None of them fits")
    shown = generations[: _Memory.rows]
    last = last_placed(shown)
    for generation in shown:
        box = _draw_generation(layout, context, generation, units)
        if generation is last:
            draw_show_textures(box, found.file.object_of(generation))
    if (more := len(generations) - _Memory.rows) > 0:
        layout.operator("trellis.show_more", text=f"Show {min(more, ROWS_SHOWN)} of {more} Earlier Ones")


newest = session.per_revision(session.Session.newest_first)
paused = session.per_revision(session.Session.paused)


def _draw_generation(
    layout: bpy.types.UILayout, context: bpy.types.Context, generation: "Generation", units: float
) -> Any:
    from ..input_image import thumbnails

    line = monitor.line_of(generation)
    actions = actions_of(generation, line)
    box: Any = layout.box()
    parts = box
    is_narrow = units < NARROW_UNITS
    # Of the same file Blender must not be asked for two icons at once: 5.2 draws nothing then.
    source = concepts if generation.request.task_type == CONCEPTS else thumbnails
    if (icon := source.icon_of(generation)) and not is_narrow:
        parts = box.split(factor=min(PICTURE_UNITS / units, 0.5))
        parts.template_icon(icon_value=icon, scale=PICTURE_UNITS)
        units -= PICTURE_UNITS
    status_characters = (units - 1.0) / STATUS_CHARACTER_UNITS
    lines = parts.column(align=True)
    row = lines.row(align=True)
    title = row.row()
    title.alignment = 'LEFT'
    plays = extras.plays(generation)
    worded = [action for action in actions if action.text]
    icons = generation.is_favourite + plays + len(actions) - len(worded)
    name, is_stacked = _fitted(generation, worded, units - 1.0 - icons, is_narrow=is_narrow)
    title.operator("trellis.show", text=name, icon=line.icon, emboss=False).generations = generation.id
    buttons = row.row(align=True)
    buttons.alignment = 'RIGHT'
    if generation.is_favourite:
        buttons.operator("trellis.favourite", text="", icon='SOLO_ON', emboss=False).generation = generation.id
    if plays:
        buttons.operator("trellis.watch", text="", icon='PLAY').generation = generation.id
    for action in actions:
        if not action.text or not is_stacked:
            buttons.operator(action.operator, text=action.text, icon=action.icon).generation = generation.id
    stage = formats.plain(line.stage)
    status = " · ".join(filter(None, (stage, rows.facts(generation))))
    if len(status) > status_characters:
        status = stage
    if generation.is_working and line.share is not None:
        lines.progress(factor=line.share, type='BAR', text=status)
    else:
        lines.label(text=status, icon='BLANK1')
    for action in worded if is_stacked else ():
        lines.operator(action.operator, text=action.text, icon=action.icon).generation = generation.id
    if line.detail:
        draw_text(box, context, line.detail)
    return box


def _fitted(
    generation: "Generation", worded: "Sequence[Action]", free_units: float, *, is_narrow: bool
) -> tuple[str, bool]:
    """The name as far as it has room, and whether the buttons with words go below it: where too little of it would be
    left beside them.
    """
    worded_units = sum(BUTTON_UNITS + len(action.text) * CHARACTER_UNITS for action in worded)
    needed = min(len(rows.title(generation, NAME_CHARACTERS)), NAME_CHARACTERS) * CHARACTER_UNITS
    is_stacked = bool(worded) and (is_narrow or free_units - worded_units < needed)
    free_units -= 0 if is_stacked else worded_units
    return rows.title(generation, int(free_units / CHARACTER_UNITS)), is_stacked
