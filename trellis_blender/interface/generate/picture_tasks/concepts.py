# SPDX-License-Identifier: GPL-3.0-or-later
"""Concept images: from a prompt four pictures, from the chosen ones a model each.

The pictures are tasks like models are, in the same list, and are kept in its folders. A draw function only asks what is
known of them; a timer looks at the disk.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ....generation.record import costs
from ....generation.states import State
from ....piapi.models import (
    CONCEPTS,
    CONCEPTS_AT_ONCE,
    Model,
)
from ....scene import versions
from ...input_image.decode_many import Then
from ...input_image.icons import GenerationIcons
from ...monitor import monitor
from ...state import configuration, session
from ...state.settings import TRELLIS_PG_settings, model_of, settings_of, why_no_model
from ...text import formats
from ...text.layouts import draw_text
from ...viewport import redraw
from .. import buttons, prompts, submission
from ..spending_operator import SpendingDialog

if TYPE_CHECKING:
    from ....generation.record.generation import Generation
    from ....generation.record.request import GenerationRequest

THUMBNAIL_SCALE = 5.0
DIALOG_WIDTH_PX = 460
KEPT = 400
"""Thumbnails; the list shows those of many rows at once."""
EARLIER_SHOWN = 20


class _Memory:
    shown = ""  # the generation's id; "" for the newest
    chosen: set[Path] = set()


def _pictures_in(folder: Path) -> list[Path]:
    from ....generation.files import pictures_in

    return pictures_in(folder)


_icons = GenerationIcons(KEPT, _pictures_in)


class TRELLIS_OT_make_concepts(SpendingDialog, buttons.GenerateButton):
    """Have four pictures of the prompt drawn, to choose from. Asks first, with the price"""

    bl_idname = "trellis.make_concepts"
    bl_label = "Make Concept Images"
    dialog_title = "Make Concept Images"
    dialog_width_px = DIALOG_WIDTH_PX

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        from . import first_step

        return first_step.why_not(settings_of(context.scene))

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        from . import first_step

        return [first_step.request(context)]

    def to_do(self) -> Then:
        from . import first_step

        return first_step.make

    def button_text(self, context: bpy.types.Context) -> str:
        return _make_text(settings_of(context.scene))

    def draw_question(self, context: bpy.types.Context) -> None:
        from . import first_step

        layout: Any = self.layout
        settings = settings_of(context.scene)
        draw_text(layout, context, f"“{settings.prompt.strip()}”", 'NONE', DIALOG_WIDTH_PX)
        first_step.draw_wording(layout, settings)
        draw_text(layout, context, first_step.both_steps(settings, model_of(settings)), 'INFO', DIALOG_WIDTH_PX)


class TRELLIS_OT_choose_concept(bpy.types.Operator):
    """Choose this picture to be made into a model, or leave it out again"""

    bl_idname = "trellis.choose_concept"
    bl_label = "Choose"
    bl_options = {'INTERNAL'}

    path: bpy.props.StringProperty(subtype='FILE_PATH', options={'SKIP_SAVE', 'HIDDEN'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        _Memory.chosen ^= {Path(self.path)}
        redraw.sidebars()
        return {'FINISHED'}


class TRELLIS_OT_generate_from_concepts(buttons.GenerateButton):
    """Make a 3D model of each picture that is chosen. Costs the price on the button"""

    bl_idname = "trellis.generate_from_concepts"
    bl_label = "Generate"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        settings = settings_of(context.scene)
        reason = why_no_model(settings) or configuration.why_not_ready(settings.model)
        return reason or ("" if _chosen() else "Choose one of the pictures first.")

    def wanted(self, context: bpy.types.Context) -> "list[GenerationRequest]":
        model = settings_of(context.scene).model
        requests: list[GenerationRequest] = []
        for path in sorted(_chosen()):
            given = {"image": str(path), "prompt": submission.name_of(path), "model": model}
            requests += submission.compose(context, given, 1)
        return submission.side_by_side(requests)

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        super().submit(context, requests)
        _Memory.chosen.clear()


class TRELLIS_OT_show_concepts(bpy.types.Operator):
    """Show these concept images again, to choose from them. Costs nothing"""

    bl_idname = "trellis.show_concepts"
    bl_label = "Show Concept Images"
    bl_options = {'INTERNAL'}

    generation: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        show(context.scene, self.generation)
        return {'FINISHED'}


class TRELLIS_MT_concepts(bpy.types.Menu):
    """Concept images that were made before, the newest first. They cost nothing again"""

    bl_idname = "TRELLIS_MT_concepts"
    bl_label = "Earlier Concept Images"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        for generation in _made()[:EARLIER_SHOWN]:
            made_at = formats.date(generation.created_at, versions.date_pattern())
            text = f"{prompts.shortened(generation.request.name)} · {made_at}"
            layout.operator("trellis.show_concepts", text=text, translate=False).generation = generation.id


def show(scene: bpy.types.Scene, generation_id: str) -> None:
    """Opens the section with the concept images of a generation."""
    settings = settings_of(scene)
    settings.source, settings.show_concepts = 'TEXT', True
    _Memory.shown = generation_id
    _Memory.chosen.clear()
    redraw.sidebars()


def icon_of(generation: "Generation") -> int:
    """The icon of the first picture, 0 while there is none. Never touches the disk."""
    found = _icons.of(generation) if generation.state is State.READY else []
    return found[0][1] if found else 0


def draw_section(layout: Any, context: bpy.types.Context, settings: TRELLIS_PG_settings, model: Model) -> None:
    """The foldable section at the end of the panel; it unfolds when there is something to choose from."""
    header, body = layout.panel_prop(settings, "show_concepts")
    header.label(text="Concept Images")
    if len(_made()) > 1:
        header.menu("TRELLIS_MT_concepts", text="", icon='RECOVER_LAST')
    if body is None:
        return
    from . import first_step

    first_step.draw_wording(body, settings)
    if not first_step.are_the_way(settings, model):
        body.operator("trellis.make_concepts", text=f"{_make_text(settings)}…")
    generation = _shown()
    if generation is not None:
        _draw_pictures(body, context, settings, generation)


def _make_text(settings: TRELLIS_PG_settings) -> str:
    from .first_step import price_usd

    return f"Make {CONCEPTS_AT_ONCE} · {costs.price(price_usd(settings))}"


def _draw_pictures(
    layout: Any, context: bpy.types.Context, settings: TRELLIS_PG_settings, generation: "Generation"
) -> None:
    line = monitor.line_of(generation)
    if generation.state is not State.READY:
        row = layout.row()
        row.label(text=formats.plain(f"{line.stage}: {generation.request.name}"), icon=line.icon, translate=False)
        if generation.is_working and generation.wanted:
            row.operator("trellis.cancel", text="", icon='X').generation = generation.id
        if line.detail:
            draw_text(layout, context, line.detail)
        return
    cost = costs.charged(generation)
    draw_text(layout, context, f"“{generation.request.name}”. {cost}")
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=False)
    for number, (path, icon) in enumerate(_icons.of(generation), start=1):
        cell = grid.column(align=True)
        cell.template_icon(icon_value=icon, scale=THUMBNAIL_SCALE)
        is_chosen = path in _Memory.chosen
        mark = 'CHECKBOX_HLT' if is_chosen else 'CHECKBOX_DEHLT'
        cell.operator("trellis.choose_concept", text=str(number), icon=mark, depress=is_chosen).path = str(path)
    model = model_of(settings)
    text = costs.button_text(max(len(_chosen()), 1), model)
    layout.operator("trellis.generate_from_concepts", text=text)


def _chosen() -> set[Path]:
    """Without the pictures of rows that were removed: nothing shows them any more."""
    known = session.current().generations
    return {path for path in _Memory.chosen if submission.maker_of(path) in known}


def _made() -> "list[Generation]":
    """All concept images that are there, the newest first."""
    return [each for each in all_made() if each.state is State.READY]


@session.per_revision
def all_made(found: session.Session) -> "list[Generation]":
    """All concept images, the newest first; also those that are on their way or failed."""
    return [each for each in found.newest_first() if each.request.task_type == CONCEPTS]


def _shown() -> "Generation | None":
    chosen = session.current().generations.get(_Memory.shown)
    return chosen or next(iter(all_made()), None)
