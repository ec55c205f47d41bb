# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a generation in the list."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ...generation.lookups.questions import Topic
from ...generation.providers import provider_of
from ...generation.record.costs import price
from ...generation.states import State
from ...scene import user_activity
from ..generate.spending_operator import SpendingOperator
from ..monitor import monitor
from ..state import configuration, session
from ..text import formats, rows

REMOVAL_WIDTH_PX = 440

if TYPE_CHECKING:
    from ...generation.record.generation import Generation


class RowOperator(bpy.types.Operator):
    """An operator on one generation, named by its id."""

    bl_options = {'INTERNAL'}

    generation: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        """True where there is something to do; the second click of a double click finds nothing any more."""
        return True

    @abstractmethod
    def act(self, found: session.Session, generation: "Generation") -> None:
        """Does it. Raises configuration.NotReady."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.current().drain()
        found = session.current().generations.get(self.generation)
        if found is None:
            self.report({'ERROR'}, "This generation is no longer in the list.")
            return {'CANCELLED'}
        if not self.fits(found):
            self.report({'INFO'}, "There is nothing left to do here.")
            return {'CANCELLED'}
        return monitor.press(self, lambda: self.act(session.current(), found))


class TRELLIS_OT_cancel(RowOperator):
    """Ask PiAPI to cancel this generation. PiAPI may refuse: then it continues, is paid, and is kept"""

    bl_idname = "trellis.cancel"
    bl_label = "Cancel"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return generation.is_working or generation.parked

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        session.current().drain()
        found = session.current().generations.get(self.generation)
        said = rows.cancelling(found) if found is not None and self.fits(found) else ""
        if found is None or not said:
            return self.execute(context)
        return context.window_manager.invoke_confirm(
            self, event, title=f"Cancel “{rows.title(found)}”?", message=said, confirm_text="Cancel the Generation"
        )

    def act(self, found: session.Session, generation: "Generation") -> None:
        is_at_rest = generation.parked and bool(generation.task_id)
        found.queue.cancel(generation, found.its_service(generation) if is_at_rest else configuration.service())


class TRELLIS_OT_place(RowOperator):
    """Put the model into the scene now. Costs nothing"""

    bl_idname = "trellis.place"
    bl_label = "Place"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return generation.state in {State.READY, State.PLACED} and not generation.request.makes_pictures

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ..monitor import delivery

        delivery.deliver(generation.id)
        if job := user_activity.job_that_reads_the_scene():
            self.report({'INFO'}, f"It arrives when {job}.")


class TRELLIS_OT_resume(RowOperator):
    """Continue this generation, or look for it among the account's tasks. Costs nothing"""

    bl_idname = "trellis.resume"
    bl_label = "Resume"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        if generation.state is State.OUTCOME_UNKNOWN:
            return True
        return generation.parked and generation.state in {
            State.SUBMITTING,
            State.WAITING,
            State.RUNNING,
            State.DOWNLOADING,
        }

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ..monitor import arrival

        if not provider_of(generation.request.model).keeps_tasks:
            # Its task has ended with the Blender that it was made for.
            arrival.submit_again(generation)
        else:
            found.queue.resume(generation, found.its_service(generation))
            found.drain()


class _SubmitsAgain(SpendingOperator):
    """Submits generations that are in the list: those that the press was for, as far as they still wait for it."""

    guards_double_press = False  # a row that was submitted has nothing more to submit, and another one is pressed soon
    meant: tuple[Any, ...] = ()  # generations, a name that Blender could not read here

    def prices_usd(self) -> Sequence[float]:
        return [generation.request.price_usd for generation in self.meant]


class TRELLIS_OT_submit_again(_SubmitsAgain, RowOperator):
    """Submit the same prompt or image with the same settings as a new task. Costs the price on the button"""

    bl_idname = "trellis.submit_again"
    bl_label = "Submit Again"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        state = generation.state
        return state in {State.FAILED, State.OUTCOME_UNKNOWN} or (state is State.QUEUED and generation.parked)

    def prepare(self, context: bpy.types.Context) -> None:
        found = session.current().generations.get(self.generation)
        self.meant = (found,) if found is not None and self.fits(found) else ()

    def spend(self, context: bpy.types.Context) -> set[str]:
        return RowOperator.execute(self, context)

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ..monitor import arrival

        arrival.submit_again(generation)


class TRELLIS_OT_remove(RowOperator):
    """Remove this generation from the list and delete its files. Models in a scene stay there"""

    bl_idname = "trellis.remove"
    bl_label = "Remove"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return not generation.is_working and not generation.elsewhere

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        found = session.current().generations.get(self.generation)
        if found is None or not rows.removal(found):
            return self.execute(context)
        title = f"Remove “{rows.title(found)}”?"
        return context.window_manager.invoke_props_dialog(self, width=460, title=title, confirm_text="Remove")

    def draw(self, context: bpy.types.Context) -> None:
        found = session.current().generations.get(self.generation)
        column = self.layout.column(align=True)
        for sentence in rows.removal(found) if found is not None else []:
            for line in formats.wrap(sentence, REMOVAL_WIDTH_PX, 1.0):
                column.label(text=line)

    def act(self, found: session.Session, generation: "Generation") -> None:
        found.queue.remove(generation)
        found.answers.pop(Topic.DISK, None)
        # What the artist has removed is not offered again.
        if (answer := found.answers.get(Topic.TASKS)) is not None:
            others = tuple(listed for listed in answer.tasks if listed.task.task_id != generation.task_id)
            found.answers[Topic.TASKS] = answer._replace(tasks=others)


class TRELLIS_OT_submit_paused(_SubmitsAgain):
    """Submit everything that was interrupted in the queue. Costs the price on the button"""

    bl_idname = "trellis.submit_paused"
    bl_label = "Resume All"

    def prepare(self, context: bpy.types.Context) -> None:
        self.meant = tuple(session.current().paused())

    def spend(self, context: bpy.types.Context) -> set[str]:
        from ..monitor import arrival

        found = session.current()
        found.drain()
        meant = {generation.id for generation in self.meant}

        def submit_all() -> None:
            for generation in found.paused():
                if generation.id in meant:
                    arrival.submit_again(generation)

        return monitor.press(self, submit_all)


class Action(NamedTuple):
    """A button of a row, by its operator."""

    operator: str
    text: str
    icon: Any = 'NONE'


def actions_of(generation: "Generation", line: rows.Line) -> list[Action]:
    """The buttons of a row, the last ones to give way when it gets narrow."""
    state = generation.state
    cancel, more = Action("trellis.cancel", "", 'X'), Action("trellis.more", "", 'DOWNARROW_HLT')
    cost = price(generation.request.price_usd)
    if generation.elsewhere:
        return []
    if generation.is_working:
        return [cancel] if generation.wanted else []
    if generation.parked and state is State.QUEUED:
        return [Action("trellis.submit_again", f"Submit · {cost}"), cancel]
    if (
        generation.parked
        and (generation.task_id or state is State.SUBMITTING)
        and state not in {State.READY, State.PLACED}
    ):
        resume = Action("trellis.resume", "Resume")
        return [resume, cancel, more] if generation.task_id else [resume, more]
    if state is State.READY and generation.request.makes_pictures:
        return [Action("trellis.use_pictures", "Use"), more]
    if state is State.READY:
        return [Action("trellis.place", "Place"), more]
    if line.stage in {rows.NO_LONGER_HERE, rows.IN_ANOTHER_FILE}:
        return [Action("trellis.place", "Place Again"), more]
    if state is State.OUTCOME_UNKNOWN:
        look = Action("trellis.resume", "", 'FILE_REFRESH')
        return [look, Action("trellis.submit_again", f"Again · {cost}"), more]
    if state is State.FAILED:
        return [Action("trellis.submit_again", f"Again · {cost}"), more]
    return [more]
