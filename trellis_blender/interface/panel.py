# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of generations in the tab "Trellis". Draws what is known; asks nothing and changes nothing."""

from typing import TYPE_CHECKING, Any

import bpy

from ..generation.costs import price
from . import monitor, redraw, session, thumbnails, wording
from .layouts import TrellisPanel, draw_text

if TYPE_CHECKING:
    from ..generation.record import Generation

ROWS_SHOWN = 12
PICTURE_SCALE = 2.2


class _Memory:
    """How many rows are shown, and the newest generations as of the session's revision."""

    rows = ROWS_SHOWN
    asked: "tuple[session.Session, int] | None" = None
    newest: "list[Generation]" = []
    paused: "list[Generation]" = []


class TRELLIS_PT_generations(TrellisPanel, bpy.types.Panel):
    """What became of everything that was generated, the newest first"""

    bl_label = "Generations"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        found = session.current()
        if not found.is_loaded:
            found.load()
            monitor.watch()
        _look(found)
        if not _Memory.newest:
            layout.label(text="Nothing generated yet")
        if _Memory.paused:
            total = price(sum(generation.request.price_usd for generation in _Memory.paused))
            layout.operator("trellis.submit_paused", text=f"Resume {len(_Memory.paused)} · {total}")
        for generation in _Memory.newest[: _Memory.rows]:
            _draw_generation(layout, context, generation)
        if (more := len(_Memory.newest) - _Memory.rows) > 0:
            layout.operator("trellis.show_more", text=f"Show {min(more, ROWS_SHOWN)} of {more} Earlier Ones")


class TRELLIS_OT_show_more(bpy.types.Operator):
    """Show earlier generations, too"""

    bl_idname = "trellis.show_more"
    bl_label = "Show More"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        _Memory.rows += ROWS_SHOWN
        redraw.sidebars()
        return {'FINISHED'}


def forget() -> None:
    """Lets go of the generations that were drawn."""
    _Memory.asked = None
    _Memory.newest, _Memory.paused = [], []
    _Memory.rows = ROWS_SHOWN


def _look(found: session.Session) -> None:
    """Sorts anew only when something has changed: there may be thousands."""
    asked = (found, found.revision)
    if asked != _Memory.asked:
        _Memory.asked = asked
        _Memory.newest = sorted(found.generations.values(), key=lambda each: each.created_at, reverse=True)
        _Memory.paused = found.paused()


def _draw_generation(layout: bpy.types.UILayout, context: bpy.types.Context, generation: "Generation") -> None:
    line = monitor.line_of(generation)
    box: Any = layout.box()
    parts = box.row()
    if icon := thumbnails.icon_of(generation):
        picture = parts.column()
        picture.scale_x = 0.6
        picture.template_icon(icon_value=icon, scale=PICTURE_SCALE)
    lines = parts.column(align=True)
    row = lines.row(align=True)
    title = row.row()
    title.alignment = 'LEFT'
    title.operator(
        "trellis.show_generation", text=generation.request.name, icon='NONE' if icon else line.icon, emboss=False
    ).generation = generation.id
    _draw_actions(row, generation, line)
    if generation.is_working and line.share is not None:
        lines.progress(factor=line.share, type='BAR', text=line.stage)
    else:
        row = lines.row()
        row.label(text=" · ".join(filter(None, (line.stage, wording.facts(generation)))))
    if line.detail:
        draw_text(box, context, line.detail)


def _draw_actions(row: bpy.types.UILayout, generation: "Generation", line: wording.Line) -> None:
    actions = row.row(align=True)
    actions.alignment = 'RIGHT'
    state = generation.state.value

    def button(operator: str, text: str, icon: Any = 'NONE') -> None:
        actions.operator(operator, text=text, icon=icon).generation = generation.id

    if generation.elsewhere:
        return
    if generation.is_working:
        if generation.wanted:
            button("trellis.cancel", "", 'X')
        return
    if generation.parked and state == "queued":
        button("trellis.submit_again", f"Submit · {price(generation.request.price_usd)}")
        button("trellis.cancel", "", 'X')
        return
    if generation.parked and (generation.task_id or state == "submitting") and state not in {"ready", "placed"}:
        button("trellis.resume", "Resume")
        if generation.task_id:
            button("trellis.cancel", "", 'X')
    elif state == "ready":
        button("trellis.place", "Place")
    elif line.stage in {"No longer in the scene", "Placed in another file"}:
        button("trellis.place", "Place Again")
    elif state in {"failed", "outcome unknown"}:
        if state == "outcome unknown":
            button("trellis.resume", "", 'FILE_REFRESH')
        button("trellis.submit_again", f"Again · {price(generation.request.price_usd)}")
    button("trellis.more", "", 'DOWNARROW_HLT')
