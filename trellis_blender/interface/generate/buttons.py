# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons of the panel that generate, or that save the artist from generating once more.

They are operators of their own beside `trellis.generate`: a button that cannot be pressed says why by its poll, and a
poll knows no arguments, so a script that brings its own prompt would be refused for the sake of an empty panel.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import OFFLINE_PREVIEW, models
from ...piapi.models import Model
from ..monitor import monitor
from ..state.settings import model_of, settings_of, why_no_model
from . import submission
from .spending_operator import SpendingOperator, confirm

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest


class GenerateButton(SpendingOperator):
    """Submits what was entered, once."""

    requests: tuple[Any, ...] = ()

    @classmethod
    @abstractmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Why it cannot be pressed, as a sentence; "" where it can."""

    @abstractmethod
    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        """What a press asks for. Raises NotReady, InputUnusable or ValueError with a sentence."""

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        """Hands it to the queue. Raises NotReady."""
        submission.submit(requests, in_place=True)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = cls.why_not(context)
        if reason:
            # Blender ends the sentence itself.
            cls.poll_message_set(reason.removesuffix("."))
        return not reason

    def prepare(self, context: bpy.types.Context) -> None:
        self.requests = tuple(self.wanted(context))

    def prices_usd(self) -> Sequence[float]:
        return [request.price_usd for request in self.requests]

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return confirm(self, context, event, self.prices_usd(), self.requests[0].model)

    def spend(self, context: bpy.types.Context) -> set[str]:
        return monitor.press(self, lambda: self.submit(context, self.requests))


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
        from . import readiness

        settings = settings_of(context.scene)
        return (not cls.only_model and why_no_model(settings)) or readiness.why_not(settings, cls.model(context))

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        count = 1 if self.only_model else settings_of(context.scene).variations
        return submission.compose(context, {"model": self.model(context).id}, count)


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
