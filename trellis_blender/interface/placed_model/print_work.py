# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators for printing have in common.

A script waits until it is done here. In a window a second Blender, or a thread, works meanwhile.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ...scene import user_activity
from ..state import background
from .print_settings import MM_LIMIT, SIZE, print_of
from .waiting import Waiting

if TYPE_CHECKING:
    from ...scene.printing.copied import Copied

WORK = "print"
"""The name of the thread; there is one at a time."""
NO_RESULT = "It could not be done. Blender's system console and the add-on's log say why."


class _Running:
    results: list[Any] = []


class PrintOperator(Waiting, bpy.types.Operator):
    """An operator that takes a model's surface, works on it, and does something with the result."""

    model: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'}, description="The object's name; else the active")
    size_mm: bpy.props.FloatProperty(
        name="Longest Side (mm)", description=SIZE, min=0, max=MM_LIMIT, options={'SKIP_SAVE'}
    )

    doing = ""
    """As in "Checking “Chair” · 3 s"."""
    with_look = False
    panel = "print"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != 'OBJECT':
            cls.poll_message_set(user_activity.LEAVE_MODE)
            return False
        if background.is_running(WORK):
            cls.poll_message_set("Another model is being worked on. Esc ends that")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        return self.reported(lambda: self._begin(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        def act() -> set[str]:
            self.fill(context)
            model = self.found(context)
            return self.finish(context, model, self.work_here(self.copied(model)))

        return self.reported(act)

    def refusals(self) -> tuple[type[Exception], ...]:
        from ...generation.problems import GenerationProblem
        from ...scene.printing.shape import CannotPrint

        return CannotPrint, GenerationProblem

    def is_done(self) -> bool:
        return not background.is_running(WORK)

    def said(self) -> str:
        return f"{self.doing} “{self.name_shown}”"

    def take(self, context: bpy.types.Context, model: bpy.types.Object | None) -> set[str]:
        from ...scene.printing.shape import CannotPrint

        if not _Running.results:
            raise CannotPrint(NO_RESULT)
        (result,) = _Running.results
        if isinstance(result, Exception):
            raise result
        if model is None:
            raise CannotPrint(f"“{self.name_shown}” was deleted meanwhile.")
        return self.finish(context, model, result)

    def drop(self) -> None:
        background.drop(WORK)
        _Running.results = []

    def fill(self, context: bpy.types.Context) -> None:
        """What was not given comes from the scene."""
        chosen = print_of(context.scene)
        for name in ("size_mm", "wall_mm", "detail_mm"):
            if hasattr(self, name) and not self.properties.is_property_set(name):
                setattr(self, name, getattr(chosen, name))

    def copied(self, model: bpy.types.Object) -> "Copied":
        """What is worked on. Raises CannotPrint."""
        from ...scene.printing.take import take

        return take(model, self.size_mm, with_look=self.with_look)

    def work_here(self, copied: "Copied") -> Any:
        """The result, made at once. Raises CannotPrint."""
        raise NotImplementedError

    def work_elsewhere(self, copied: "Copied") -> Callable[[], Any] | None:
        """What a thread does to get the result; None where it can be made at once. Nothing of Blender's data."""
        raise NotImplementedError

    def finish(self, context: bpy.types.Context, model: bpy.types.Object, result: Any) -> set[str]:
        """Does something with the result."""
        raise NotImplementedError

    def _begin(self, context: bpy.types.Context) -> set[str]:
        self.fill(context)
        model = self.found(context)
        copied = self.copied(model)
        work = self.work_elsewhere(copied)
        if work is None:
            return self.finish(context, model, self.work_here(copied))
        _Running.results = []
        background.in_thread(WORK, _kept(work), _Running.results.append)
        return self.wait_for(context, model)


def _kept(work: Callable[[], Any]) -> Callable[[], Any]:
    """A sentence that `work` raises is its result."""
    from ...generation.problems import GenerationProblem
    from ...scene.printing.shape import CannotPrint

    def act() -> Any:
        try:
            return work()
        except (CannotPrint, GenerationProblem) as error:
            return error

    return act
