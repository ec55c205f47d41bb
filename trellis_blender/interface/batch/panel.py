# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel *Batch*: a table of models, what each costs and what is wrong with it, and how far they are."""

from itertools import islice
from typing import Any

import bpy

from ...generation.record import costs
from ..text import formats
from ..text.layouts import TrellisPanel, draw_text
from . import opened, operators, running
from .batch_settings import options_of

ROWS_SHOWN = 6
PROBLEMS_SHOWN = 4
BEFORE_PRICE = 0.6
"""The share of a name: beside it “8 × $0.04” has room in a narrow sidebar, too."""


class TRELLIS_PT_batch(TrellisPanel, bpy.types.Panel):
    """Many models at once, from a table or a list of prompts"""

    bl_label = "Batch"
    bl_options = {'DEFAULT_CLOSED'}
    bl_order = 15

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        found, run = opened.current(), running.current()
        if found is None:
            self._draw_ways_in(layout, context)
        else:
            self._draw_table(layout, context, found)
        if run is not None and run.process is not None:
            _draw_running(layout, run)
        else:
            if run is not None:
                _draw_ended(layout, context, run)
            if found is not None:
                _draw_choices(layout, context, run)

    def _draw_ways_in(self, layout: Any, context: bpy.types.Context) -> None:
        if opened.is_reading():
            layout.label(text="Reading the table")
            return
        row = layout.row(align=True)
        row.operator("trellis.open_batch", text="Open a Table…", icon='FILEBROWSER')
        row.operator("trellis.paste_batch", icon='PASTEDOWN')
        if opened.problem():
            draw_text(layout, context, opened.problem(), 'ERROR')

    def _draw_table(self, layout: Any, context: bpy.types.Context, found: opened.Opened) -> None:
        row = layout.row(align=True)
        row.label(text=found.path.name, icon='FILE_TEXT')
        row.operator("trellis.read_batch", text="", icon='FILE_REFRESH')
        row.operator("trellis.close_batch", text="", icon='X')
        good, bad = found.good, found.bad
        for each in bad[:PROBLEMS_SHOWN]:
            draw_text(layout, context, f"Row {each.number}: {each.problem}", 'ERROR')
        if len(bad) > PROBLEMS_SHOWN:
            layout.label(text=f"{len(bad) - PROBLEMS_SHOWN} more rows cannot be made", icon='BLANK1')
        column = layout.column(align=True)
        for each in islice(good.values(), ROWS_SHOWN):
            split = column.split(factor=BEFORE_PRICE)
            split.label(text=formats.plain(each.name))
            times = f"{each.variations} × " if each.variations > 1 else ""
            split.label(text=f"{times}{costs.price(each.price_usd / each.variations)}")
        if len(good) > ROWS_SHOWN:
            column.label(text=f"and {len(good) - ROWS_SHOWN} more")


def _draw_choices(layout: Any, context: bpy.types.Context, run: running.Run | None) -> None:
    options = options_of(context)
    row = layout.row(align=True)
    row.prop(options, "formats")
    layout.prop(options, "folder", text="")
    layout.prop(options, "in_scene")
    is_again = run is not None and run.folder == options.output_folder()
    column = layout.column()
    column.scale_y = 1.4
    text = operators.button_text(operators.prices_usd(), is_again=is_again)
    column.operator("trellis.run_batch", text=text, icon='PLAY').only_failed = False
    if is_again and (failed := operators.prices_usd(only_failed=True)):
        again = f"Make {len(failed)} Failed Again · {costs.price(sum(failed))}"
        layout.operator("trellis.run_batch", text=again, icon='FILE_REFRESH').only_failed = True
    if reason := operators.why_not(context):
        draw_text(layout, context, reason, 'INFO')


def _draw_running(layout: Any, run: running.Run) -> None:
    from ...batch.row_progress import Stage

    count = run.count()
    # Those that are refused are none of `run.rows`.
    ended = sum(rows for stage, rows in count.items() if stage.is_over) - count[Stage.REFUSED]
    making = sum(rows for stage, rows in count.items() if stage.is_being_made)
    layout.progress(factor=ended / max(run.rows, 1), text=f"{count[Stage.DONE]} of {run.rows} there")
    said = [f"{making} being made"] if making else []
    said += [f"{count[Stage.FAILED]} failed"] if count[Stage.FAILED] else []
    said += ["waiting for the service"] if count[Stage.HELD] else []
    said += [costs.price(run.spent_usd)] if run.spent_usd else []
    layout.label(text=" · ".join(said) or "Starting a second Blender")
    if run.is_stopping:
        layout.label(text="Nothing more is sent", icon='PAUSE')
    else:
        layout.operator("trellis.stop_batch", icon='PAUSE')


def _draw_ended(layout: Any, context: bpy.types.Context, run: running.Run) -> None:
    from ...batch.row_progress import Stage

    there = f"{run.count()[Stage.DONE]} of {run.rows} there · {costs.price(run.spent_usd)}"
    layout.label(text=there, icon='ERROR' if _ending(run) else 'CHECKMARK')
    if said := _ending(run):
        draw_text(layout, context, said)
    if run.wish is not None:
        from .place_in_grid import said as said_of_grid

        if placed := said_of_grid():
            draw_text(layout, context, placed)
    column = layout.column(align=True)  # beside each other they have no room in a narrow sidebar
    column.operator("trellis.show_batch", icon='URL')
    if operators.has_placeable():
        column.operator("trellis.place_batch", icon='GRID')


def _ending(run: running.Run) -> str:
    """How it has ended, as a sentence; "" where everything is there that could be made."""
    from ...batch.row_progress import Stage

    if run.code in {None, 0}:
        return ""
    if run.code == 1 and run.count()[Stage.DONE] == run.rows:
        return ""  # but for the rows above that cannot be made
    if run.code == 1:
        return "Some rows are not there; the report says why."
    return run.last_said
