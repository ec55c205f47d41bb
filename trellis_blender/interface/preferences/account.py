# SPDX-License-Identifier: GPL-3.0-or-later
"""The account behind the key: its balance, and generations of it that this computer does not know.

PiAPI is asked when a button is pressed only. What this computer itself knows of the costs is asked for by the draw.
"""

import time
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.lookups.questions import Topic
from ...generation.record.costs import dollars
from ...scene import versions
from ..monitor import monitor
from ..state import configuration, session
from ..text import formats
from ..text.layouts import IN_SIDEBAR, TrellisPanel, draw_fact, draw_text
from . import spending

if TYPE_CHECKING:
    from ...piapi.task_lists import ListedTask

TASKS_SHOWN = 12
EXPIRES_SOON_S = 14 * 24 * 3600.0
TITLE_READ = 200
"""Characters of a prompt that are looked at for a title."""


class _AskOperator(bpy.types.Operator):
    """Asks the service something; the answer appears where the button is."""

    bl_options = {'INTERNAL'}

    topic: Topic

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if cls.topic in session.current().asked:
            cls.poll_message_set("The answer is on its way")
            return False
        if reason := configuration.why_not_ready():
            cls.poll_message_set(reason.rstrip("."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        task_id = getattr(self, "task_id", "").strip()
        return monitor.press(self, lambda: session.current().ask(self.topic, task_id))


class TRELLIS_OT_test_key(_AskOperator):
    """Ask PiAPI whose key this is, which plan the account has and how much is left. Costs nothing"""

    bl_idname = "trellis.test_key"
    bl_label = "Test the Key"
    topic = Topic.ACCOUNT


class TRELLIS_OT_list_tasks(_AskOperator):
    """Look for models of this account that were made on PiAPI's site or on another computer. Costs nothing"""

    bl_idname = "trellis.list_tasks"
    bl_label = "Find Models Made Elsewhere"
    topic = Topic.TASKS


class TRELLIS_OT_fetch_task(_AskOperator):
    """Fetch a model that this account has made already, by its task id. Costs nothing"""

    bl_idname = "trellis.fetch_task"
    bl_label = "Fetch by Task ID"
    topic = Topic.TASK

    task_id: bpy.props.StringProperty(
        name="Task ID",
        description="As PiAPI shows it, for example 97cb9075-5e9f-4b5a-9d0e-0c4f5a3b2c1d",
        options={'SKIP_SAVE'},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.task_id:
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self, width=420, confirm_text="Fetch")

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.activate_init = True
        self.layout.prop(self, "task_id")

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..state.entered import why_no_task_id

        found = session.current()
        task_id = self.task_id.strip()
        if not task_id:
            self.report({'ERROR'}, "There is no task id. Copy it from your tasks on piapi.ai.")
            return {'CANCELLED'}
        if reason := why_no_task_id(task_id, configuration.secrets()):
            self.report({'ERROR'}, reason)
            return {'CANCELLED'}
        if known := next((each for each in found.generations.values() if each.task_id == task_id), None):
            self.report({'INFO'}, f"“{known.request.name}” is in the list already.")
            return {'CANCELLED'}
        if (listed := _listed(task_id)) and listed.inputs is not None:
            from ..state import made_elsewhere

            return monitor.press(self, lambda: made_elsewhere.fetch(found, listed))
        return super().execute(context)


class TRELLIS_PT_account(TrellisPanel, bpy.types.Panel):
    """The balance, what was spent, and models of the account that are not here"""

    bl_label = "Account"
    bl_options = {'DEFAULT_CLOSED'}
    bl_order = 20

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        draw_account(layout, context, IN_SIDEBAR)
        spending.draw_spending(layout, context)
        column = layout.column(align=True)
        column.operator("trellis.list_tasks", text=_asking(Topic.TASKS) or TRELLIS_OT_list_tasks.bl_label)
        column.operator("trellis.fetch_task", text=_asking(Topic.TASK) or "Fetch by Task ID…")
        for topic in (Topic.TASK, Topic.TASKS):
            answer = session.current().answers.get(topic)
            if answer is not None and answer.problem:
                draw_text(layout, context, answer.problem, 'ERROR')
        _draw_tasks(layout)


def draw_account(layout: bpy.types.UILayout, context: bpy.types.Context, divided_at: float) -> None:
    """The button that asks for the account, and what it answered, as facts divided at a share of the width."""
    layout.operator("trellis.test_key", text=_asking(Topic.ACCOUNT) or "Test the Key")
    answer = session.current().answers.get(Topic.ACCOUNT)
    if answer is None:
        return
    if answer.account is None:
        draw_text(layout, context, answer.problem, 'ERROR')
        return
    found = answer.account
    balance = dollars(found.balance_usd) if found.balance_usd is not None else "not known"
    at_once = str(found.tasks_at_once) if found.tasks_at_once else ""
    column = layout.column(align=True)
    for name, value in (("Account", found.name), ("Plan", found.plan), ("Balance", balance), ("At once", at_once)):
        if value:
            draw_fact(column, name, value, divided_at)
    if found.expires_at is not None and 0 < found.expires_at - time.time() < EXPIRES_SOON_S:
        day = formats.date(found.expires_at, versions.date_pattern())
        draw_text(layout, context, f"Some of your credits expire on {day}.", 'INFO')


def _draw_tasks(layout: bpy.types.UILayout) -> None:
    answer = session.current().answers.get(Topic.TASKS)
    if answer is None:
        return
    known = {generation.task_id for generation in session.current().generations.values()}
    tasks = [listed for listed in answer.tasks if listed.task.task_id not in known]
    if not tasks and not answer.problem:
        layout.label(text="All models of the last 30 days are here", icon='CHECKMARK')
    column = layout.column(align=True)
    for listed in tasks[:TASKS_SHOWN]:
        row = column.split(factor=0.7)
        row.label(text=_title(listed))
        row.operator("trellis.fetch_task", text="Fetch").task_id = listed.task.task_id
    if len(tasks) > TASKS_SHOWN:
        column.label(text=f"{len(tasks) - TASKS_SHOWN} earlier ones")


def _title(listed: "ListedTask") -> str:
    """What it was made from, where the list says so, else the model; and when, so that they can be distinguished."""
    from ...generation.record.account_task import model_of
    from ...generation.record.request import short_name

    prompt = str((listed.inputs or {}).get("prompt", ""))[:TITLE_READ].strip()
    model = model_of(listed)
    label = model.label if model is not None else ""
    name = short_name(prompt) if prompt else label
    made_at = listed.task.created_at
    return f"{name} · {formats.date(made_at, versions.date_pattern())}" if made_at else name


def _asking(topic: Topic) -> str:
    return "Asking PiAPI" if topic in session.current().asked else ""


def _listed(task_id: str) -> "ListedTask | None":
    answer = session.current().answers.get(Topic.TASKS)
    tasks = answer.tasks if answer is not None else ()
    return next((listed for listed in tasks if listed.task.task_id == task_id), None)
