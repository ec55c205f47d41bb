# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator does that spends money after a press: `bpy.ops.trellis.generate`, which scripts call, is none."""

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import bpy

from ...generation.providers import models
from ...generation.record import costs
from ..input_image.decode_many import Then
from ..state import configuration

SECOND_PRESS_S = 1.0
"""A double click must not pay twice."""
UNREAD_S = 0.5
"""Blender puts the question's button under the mouse: the second click of a double click has read nothing."""


class _LastPress:
    at = -SECOND_PRESS_S


class SpendingOperator(bpy.types.Operator):
    """Its price is on the button, or in a dialog that it always shows. A press above the limit of the preferences is
    asked about first, and the second press of a double click does nothing.
    """

    # Neither REGISTER nor UNDO: repeating the last action and adjusting it must never send anything.
    bl_options = {'INTERNAL'}

    guards_double_press = True
    """False where the second press of a double click has nothing to submit any more, or meets a dialog."""
    asked_at = 0.0
    is_prepared = False

    @abstractmethod
    def prepare(self, context: bpy.types.Context) -> None:
        """Settles what the press is for: that, and nothing else, is submitted. Raises NotReady or ValueError."""

    @abstractmethod
    def prices_usd(self) -> Sequence[float]:
        """Of each generation that the press is for."""

    @abstractmethod
    def spend(self, context: bpy.types.Context) -> set[str]:
        """Submits what the press is for; returns what the operator does."""

    def asks(self) -> bool:
        """Whether it asks before it spends."""
        return costs.asks_first(sum(self.prices_usd()), configuration.ask_above_usd())

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks whether it may cost that much; `execute` comes after a yes."""
        return confirm(self, context, event, self.prices_usd())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.guards_double_press and time.monotonic() - _LastPress.at < SECOND_PRESS_S:
            self.report({'INFO'}, "Pressed twice within a second; submitted once.")
            return {'CANCELLED'}
        if not self._is_prepared(context):
            return {'CANCELLED'}
        if not self.asks():
            return self.execute(context)
        self.asked_at = time.monotonic()
        return self.ask(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if time.monotonic() - self.asked_at < UNREAD_S:
            self.report({'INFO'}, "Pressed twice; nothing was submitted.")
            return {'CANCELLED'}
        if not self.is_prepared and not self._is_prepared(context):
            return {'CANCELLED'}
        self.is_prepared = False
        done = self.spend(context)
        if 'FINISHED' in done and self.guards_double_press:
            _LastPress.at = time.monotonic()
        return done

    def _is_prepared(self, context: bpy.types.Context) -> bool:
        try:
            self.prepare(context)
        except (configuration.NotReady, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return False
        self.is_prepared = True
        return True


class _Asked:
    """The dialog that is open. Its operator is gone by the time that its button's operator runs."""

    to_do: Then | None = None
    at = 0.0


class SpendingDialog(SpendingOperator):
    """Always shows a dialog, whose button says what it costs as it is set now."""

    guards_double_press = False
    dialog_title = ""
    dialog_width_px = 400

    @abstractmethod
    def to_do(self) -> Then:
        """What a yes does, whatever becomes of this operator."""

    @abstractmethod
    def draw_question(self, context: bpy.types.Context) -> None:
        """Draws what stands above the button."""

    @abstractmethod
    def button_text(self, context: bpy.types.Context) -> str:
        """What the button says, with the price."""

    def asks(self) -> bool:
        return True

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        _Asked.to_do, _Asked.at = self.to_do(), self.asked_at
        return context.window_manager.invoke_props_dialog(self, width=self.dialog_width_px, title=self.dialog_title)

    def spend(self, context: bpy.types.Context) -> set[str]:
        return self.to_do()(self, context)

    def check(self, context: bpy.types.Context) -> bool:
        # Draws the dialog again after each change in it, and its button with the price of now.
        return True

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_question(context)
        layout: Any = self.layout
        layout.template_popup_confirm(
            TRELLIS_OT_generate_from_dialog.bl_idname, text=self.button_text(context), cancel_text="Cancel"
        )

    def cancel(self, context: bpy.types.Context) -> None:
        _Asked.to_do = None


class TRELLIS_OT_generate_from_dialog(SpendingOperator):
    """Generate what this dialog shows. Costs the price on the button"""

    bl_idname = "trellis.generate_from_dialog"
    bl_label = "Generate"
    guards_double_press = False

    def prepare(self, context: bpy.types.Context) -> None:
        if _Asked.to_do is None:
            raise ValueError("No dialog is open; nothing was submitted.")

    def prices_usd(self) -> Sequence[float]:
        return ()

    def asks(self) -> bool:
        return False  # the dialog has asked

    def execute(self, context: bpy.types.Context) -> set[str]:
        self.asked_at = _Asked.at
        return super().execute(context)

    def spend(self, context: bpy.types.Context) -> set[str]:
        to_do, _Asked.to_do = _Asked.to_do, None
        return to_do(self, context) if to_do is not None else {'CANCELLED'}


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
