# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with all generations that are worked on: pause those that have not been sent, cancel all."""

from typing import Any

import bpy

from ...generation.providers import provider_of
from ...generation.states import State
from ..monitor import monitor
from ..state import configuration, session

WORTH_BUTTONS = 2
"""One has its own button."""


class TRELLIS_OT_pause(bpy.types.Operator):
    """Send nothing more: what has not been sent waits until Resume is pressed. What is at PiAPI goes on"""

    bl_idname = "trellis.pause"
    bl_label = "Pause"
    bl_options = {'INTERNAL'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _working()[0]:
            cls.poll_message_set("Everything has been sent")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        return monitor.press(self, session.current().queue.pause)


class TRELLIS_OT_cancel_all(bpy.types.Operator):
    """Cancel everything that is in the queue or at PiAPI, after a question"""

    bl_idname = "trellis.cancel_all"
    bl_label = "Cancel All"
    bl_options = {'INTERNAL'}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        count = sum(_working())
        title = f"Cancel {count} Generations?" if count != 1 else "Cancel 1 Generation?"
        return context.window_manager.invoke_confirm(
            self, event, title=title, message=_consequences(), confirm_text="Cancel All"
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = session.current()
        found.drain()

        def cancel() -> None:
            for generation in list(found.generations.values()):
                if generation.is_working and generation.wanted:
                    found.queue.cancel(generation, configuration.service())

        return monitor.press(self, cancel)


def draw(layout: Any) -> None:
    """Both buttons, where there is more than one to pause or cancel."""
    if sum(_working()) >= WORTH_BUTTONS:
        row = layout.row(align=True)
        row.operator("trellis.pause", text="Pause", icon='PAUSE')
        row.operator("trellis.cancel_all", text="Cancel All", icon='X')


@session.per_revision
def _working(found: session.Session) -> tuple[int, int, int]:
    """How many have not been sent, how many have been and are paid, and how many are free anyway."""
    working = [each for each in found.generations.values() if each.is_working and each.wanted]
    unsent = sum(each.state is State.QUEUED for each in working)
    sent = [each for each in working if each.state is not State.QUEUED]
    free = sum(provider_of(each.request.model).is_free for each in sent)
    return unsent, len(sent) - free, free


def _consequences() -> str:
    unsent, sent, _ = _working()
    said: list[str] = []
    if unsent:
        said.append(f"{unsent} not sent yet: free." if sent else "They have not been sent and cost nothing.")
    if sent:
        said.append(f"{sent} sent: PiAPI may refuse to cancel. What it makes all the same is paid and kept.")
    return " ".join(said)
