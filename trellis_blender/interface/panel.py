# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of generations in the tab "Trellis". Draws what is known; asks nothing and changes nothing."""

from typing import TYPE_CHECKING, Any

import bpy

from ..generation.costs import price
from . import monitor, session, wording
from .layouts import TrellisPanel, draw_text

if TYPE_CHECKING:
    from ..generation.record import Generation

ROWS_SHOWN = 20


class TRELLIS_PT_generations(TrellisPanel, bpy.types.Panel):
    """What became of everything that was generated, the newest first"""

    bl_label = "Generations"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        found = session.current()
        if not found.is_loaded:
            found.load()
            monitor.watch()
        newest = sorted(found.generations.values(), key=lambda generation: generation.created_at, reverse=True)
        if not newest:
            layout.label(text="Nothing generated yet")
        if paused := found.paused():
            total = price(sum(generation.request.price_usd for generation in paused))
            layout.operator("trellis.submit_paused", text=f"Resume {len(paused)} · {total}")
        for generation in newest[:ROWS_SHOWN]:
            _draw_generation(layout, context, generation)
        if len(newest) > ROWS_SHOWN:
            layout.label(text=f"{len(newest) - ROWS_SHOWN} earlier ones")


def _draw_generation(layout: bpy.types.UILayout, context: bpy.types.Context, generation: "Generation") -> None:
    line = monitor.line_of(generation)
    box = layout.box()
    row = box.row()
    row.label(text=generation.request.name, icon=line.icon)
    _draw_actions(row, generation, line)
    if generation.is_working and line.share is not None:
        box.progress(factor=line.share, type='BAR', text=line.stage)
    else:
        box.label(text=line.stage)
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
    button("trellis.remove", "", 'TRASH')
