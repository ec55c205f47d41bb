# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons of the panel that generate, or that save the artist from generating once more.

They are operators of their own beside `trellis.generate`: a button that cannot be pressed says why by its poll, and a
poll knows no arguments, so a script that brings its own prompt would be refused for the sake of an empty panel.
"""

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import OFFLINE_PREVIEW, models
from ...generation.record import costs
from ...piapi.models import InputUnusable, Model
from ..monitor import monitor
from ..state import configuration
from ..state.settings import model_of, settings_of, why_no_model
from . import operator as generate
from . import readiness

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest

SECOND_PRESS_S = 1.0
"""A double click must not pay twice."""
UNREAD_S = 0.5
"""Blender puts the question's button under the mouse: the second click of a double click has read nothing."""


class _LastPress:
    at = -SECOND_PRESS_S


class GenerateButton(bpy.types.Operator):
    """Submits what was entered once, after a question where it costs more than may be spent without one."""

    # Neither REGISTER nor UNDO: repeating the last action and adjusting it must never send anything.
    bl_options = {'INTERNAL'}

    requests: tuple[Any, ...] = ()
    asked_at = 0.0

    @classmethod
    @abstractmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Why it cannot be pressed, as a sentence; "" where it can."""

    @abstractmethod
    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        """What a press asks for. Raises NotReady, InputUnusable or ValueError with a sentence."""

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        """Hands it to the queue. Raises NotReady."""
        generate.submit(requests, in_place=True)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = cls.why_not(context)
        if reason:
            # Blender ends the sentence itself.
            cls.poll_message_set(reason.removesuffix("."))
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if time.monotonic() - _LastPress.at < SECOND_PRESS_S:
            self.report({'INFO'}, "Pressed twice within a second; submitted once.")
            return {'CANCELLED'}
        if not self._compose(context):
            return {'CANCELLED'}
        total_usd = sum(request.price_usd for request in self.requests)
        if not costs.asks_first(total_usd, configuration.ask_above_usd()):
            return self.execute(context)
        self.asked_at = time.monotonic()
        return self.ask(context, event, total_usd)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if time.monotonic() - self.asked_at < UNREAD_S:
            self.report({'INFO'}, "Pressed twice; nothing was submitted.")
            return {'CANCELLED'}
        # What is submitted is what was asked about.
        if not self.requests and not self._compose(context):
            return {'CANCELLED'}
        requests, self.requests = self.requests, ()

        def submit() -> None:
            self.submit(context, requests)
            _LastPress.at = time.monotonic()

        return monitor.press(self, submit)

    def _compose(self, context: bpy.types.Context) -> bool:
        try:
            self.requests = tuple(self.wanted(context))
        except (configuration.NotReady, InputUnusable, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return False
        return True

    def ask(self, context: bpy.types.Context, event: bpy.types.Event, total_usd: float) -> set[str]:
        """Asks whether it may cost that much."""
        return confirm(self, context, event, [request.price_usd for request in self.requests], self.requests[0].model)


def confirm(
    operator: bpy.types.Operator,
    context: bpy.types.Context,
    event: bpy.types.Event,
    prices_usd: Sequence[float],
    model_id: str = "",
) -> set[str]:
    """Asks whether as much as that may be spent; the operator's `execute` does it then.

    `model_id` is the model that makes all of them, "" for different ones.
    """
    count, total_usd, model = len(prices_usd), sum(prices_usd), models().get(model_id)
    verb, thing = ("Generate", "model") if model is not None else ("Submit", "generation")
    each = f", {costs.price(prices_usd[0])} each" if count > 1 else ""
    by = f"By {model.label}{each}. " if model is not None else ""
    total = costs.price(total_usd)
    return context.window_manager.invoke_confirm(
        operator,
        event,
        title=f"{verb} {f'{count} {thing}s' if count > 1 else f'a {thing}'} for {total}?",
        message=f"{by}The preferences ask above {costs.dollars(configuration.ask_above_usd())}.",
        confirm_text=f"{verb} {f'{count} ' if count > 1 else ''}· {total}",
    )


class _PanelButton(GenerateButton):
    """Submits what the panel holds."""

    only_model = ""
    """The model that the button is for, one at a time; "" for what the panel says."""

    @classmethod
    def model(cls, context: bpy.types.Context) -> Model:
        """Which model a press uses."""
        return models()[cls.only_model] if cls.only_model else model_of(settings_of(context.scene))

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        settings = settings_of(context.scene)
        return (not cls.only_model and why_no_model(settings)) or readiness.why_not(settings, cls.model(context))

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        count = 1 if self.only_model else settings_of(context.scene).variations
        return generate.compose(context, {"model": self.model(context).id}, count)


class TRELLIS_OT_generate_from_panel(_PanelButton):
    """Make a model with the settings of the panel. Costs the price on the button"""

    bl_idname = "trellis.generate_from_panel"
    bl_label = "Generate"

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        if cls.model(context) is OFFLINE_PREVIEW:
            return TRELLIS_OT_try_offline.__doc__ or ""
        return "Make a 3D model with PiAPI, while you keep working. Costs the price on the button"


class TRELLIS_OT_try_offline(_PanelButton):
    """Make a rough stand-in from the picture, on this computer. Free, to try things out, and not Trellis"""

    bl_idname = "trellis.try_offline"
    bl_label = "Try It Offline"
    only_model = OFFLINE_PREVIEW.id


class TRELLIS_OT_new_seed(bpy.types.Operator):
    """Use another seed, and keep it"""

    bl_idname = "trellis.new_seed"
    bl_label = "New Seed"
    bl_options = {'INTERNAL', 'UNDO'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...generation.record.request import draw_seed

        settings_of(context.scene).seed = draw_seed()
        return {'FINISHED'}
