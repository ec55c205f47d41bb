# SPDX-License-Identifier: GPL-3.0-or-later
"""What was spent, in the panel "Account", and as a table to bill a client from.

Drawing it has a thread add up the sums that are not known, once for each file and after each new charge.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.lookups.questions import Topic
from ...generation.record.costs import dollars
from ..monitor import monitor
from ..state import session
from ..text.layouts import IN_SIDEBAR, draw_fact, draw_text
from ..viewport import redraw

if TYPE_CHECKING:
    from ...generation.store.spending import Amount

FILE_NAME = "trellis-costs.csv"
IN_THIS_FILE = "In This File"


class TRELLIS_OT_export_costs(bpy.types.Operator):
    """Write a table of every task and what it cost, for a spreadsheet"""

    bl_idname = "trellis.export_costs"
    bl_label = "Export Costs"
    bl_options = {'INTERNAL'}

    filepath: bpy.props.StringProperty(name="File", subtype='FILE_PATH', options={'SKIP_SAVE'})
    check_existing: bpy.props.BoolProperty(default=True, options={'HIDDEN', 'SKIP_SAVE'})
    filter_glob: bpy.props.StringProperty(default="*.csv", options={'HIDDEN', 'SKIP_SAVE'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = str(_folder() / FILE_NAME)
        context.window_manager.fileselect_add(self)
        return {'RUNNING_MODAL'}

    def check(self, context: bpy.types.Context) -> bool:
        path = _with_ending(self.filepath)
        has_changed, self.filepath = path != self.filepath, path
        return has_changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not Path(self.filepath).name:
            self.report({'ERROR'}, "There is no name for the file.")
            return {'CANCELLED'}
        found = session.current()
        found.answers.pop(Topic.COSTS_TABLE, None)
        found.ask(Topic.COSTS_TABLE, path=bpy.path.abspath(_with_ending(self.filepath)))
        if not bpy.app.background:
            # The thread writes; the panel says how it went.
            monitor.watch()
            redraw.sidebars()
            return {'FINISHED'}
        answer = found.wait_for_answer(Topic.COSTS_TABLE)
        if answer.problem:
            self.report({'ERROR'}, answer.problem)
            return {'CANCELLED'}
        self.report({'INFO'}, written(answer.rows, answer.question.path))
        return {'FINISHED'}


def draw_spending(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What was spent, and the button for the table. Asks for what is not known yet."""
    found = session.current()
    answer = found.answers.get(Topic.SPENT)
    is_of_another_file = answer is not None and answer.question.blend_file != bpy.data.filepath
    if (answer is None or is_of_another_file) and Topic.SPENT not in found.asked:
        found.ask(Topic.SPENT, blend_file=bpy.data.filepath)
        monitor.watch()
    if answer is not None and answer.problem:
        draw_text(layout, context, answer.problem, 'ERROR')
    sums = answer.spending if answer is not None and not is_of_another_file else None
    column = layout.column(align=True)
    names = ("Spent This Month", IN_THIS_FILE, "All Time")
    for name, amount in zip(names, sums or (None, None, None), strict=True):
        value = said(amount) if amount is not None else "…"
        # What was made before a file was saved is counted for none.
        is_unknown = name == IN_THIS_FILE and not bpy.data.filepath
        draw_fact(column, name, "not saved yet" if is_unknown else value, IN_SIDEBAR)
    busy = Topic.COSTS_TABLE in found.asked
    layout.operator("trellis.export_costs", text="Writing the Table" if busy else "Export CSV…")
    table = found.answers.get(Topic.COSTS_TABLE)
    if table is not None and table.problem:
        draw_text(layout, context, table.problem, 'ERROR')
    elif table is not None:
        draw_text(layout, context, written(table.rows, table.question.path), 'CHECKMARK')


def said(amount: "Amount") -> str:
    """ "$1.24"; "at most $1.24" where a charge is not known, "$1.24 and more" where a price is not either."""
    if amount.has_untold:
        return f"{dollars(amount.usd)} and more"
    return dollars(amount.usd) if amount.is_exact else f"at most {dollars(amount.usd)}"


def written(rows: int, path: str) -> str:
    """That the table is there."""
    return f"{rows} {'task' if rows == 1 else 'tasks'} written to {Path(path).name}."


def _folder() -> Path:
    """Beside the .blend; where there is none, at home."""
    return Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()


def _with_ending(path: str) -> str:
    return path if not Path(path).name or path.lower().endswith(".csv") else f"{path}.csv"
