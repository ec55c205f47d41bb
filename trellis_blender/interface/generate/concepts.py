# SPDX-License-Identifier: GPL-3.0-or-later
"""Concept images: from a prompt four pictures by Flux, from the chosen ones a model each.

The pictures are tasks like models are, in the same list, and are kept in its folders. A draw function only asks what is
known of them; a timer looks at the disk.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import OFFLINE_PREVIEW
from ...generation.record import costs
from ...generation.states import State
from ...piapi.models import TEXT, Model, has_words
from ...piapi.picture_models import CONCEPTS, CONCEPTS_AT_ONCE, FLUX
from ...scene import versions
from ..input_image.icons import Previews
from ..monitor import monitor
from ..state import background, configuration, session
from ..state.settings import TRELLIS_PG_settings, model_of, settings_of, why_no_model
from ..text import rows
from ..text.layouts import draw_text
from ..viewport import redraw
from . import buttons, prompts, submission
from .readiness import NO_PROMPT

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.request import GenerationRequest

THUMBNAIL_SCALE = 5.0
WORDING_LINES = 4
DIALOG_WIDTH_PX = 460
KEPT = 400
"""Thumbnails; the list shows those of many rows at once."""
EARLIER_SHOWN = 20


class _Memory:
    shown = ""  # the generation's id; "" for the newest
    as_of: "tuple[session.Session, int] | None" = None
    all: "list[Generation]" = []
    chosen: set[Path] = set()
    found: dict[str, list[tuple[Path, int]]] = {}  # by generation, its pictures and their icons
    asked: set[str] = set()
    previews = Previews(KEPT)


class TRELLIS_OT_make_concepts(buttons.GenerateButton):
    """Have Flux draw four pictures of the prompt, to choose from. PiAPI tells the price when they are done"""

    bl_idname = "trellis.make_concepts"
    bl_label = "Make Concept Images"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return why_not(settings_of(context.scene))

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        from ...generation.record.picture_request import concepts_request
        from ...scene.arrival import place

        settings = settings_of(context.scene)
        placement = place.here(context, 0.0, session.current().file.blend_load)
        return [concepts_request(settings.prompt, settings.concept_wording, placement)]

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.is_prepared = False  # the wording may be changed in the dialog
        return context.window_manager.invoke_props_dialog(
            self,
            width=DIALOG_WIDTH_PX,
            title="Make Concept Images",
            confirm_text=f"Make {CONCEPTS_AT_ONCE} · {costs.KNOWN_LATER}",
        )

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        settings = settings_of(context.scene)
        draw_text(layout, context, f"“{settings.prompt.strip()}”", 'NONE', DIALOG_WIDTH_PX)
        draw_wording(layout, settings)
        draw_text(layout, context, both_steps(model_of(settings)), 'INFO', DIALOG_WIDTH_PX)

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        (generation_id,) = submission.submit(requests)
        show(context.scene, generation_id)


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
            made_at = rows.date(generation.created_at, versions.date_pattern())
            text = f"{prompts.shortened(generation.request.name)} · {made_at}"
            layout.operator("trellis.show_concepts", text=text, translate=False).generation = generation.id


def are_the_way(settings: TRELLIS_PG_settings, model: Model) -> bool:
    """Whether there is only a prompt, for one of PiAPI's models that takes only images."""
    return settings.source == 'TEXT' and TEXT not in model.task_types and model is not OFFLINE_PREVIEW


def why_not(settings: TRELLIS_PG_settings) -> str:
    """Why no concept images can be made now, as a sentence; "" where everything is there."""
    return configuration.why_not_ready() or ("" if has_words(settings.prompt) else NO_PROMPT)


def both_steps(model: Model) -> str:
    """What it costs, in sentences: the pictures, and then each model."""
    from ...generation.record.history import last_charge_usd

    charge_usd = last_charge_usd(_all(), FLUX)
    what = "a rough stand-in" if model is OFFLINE_PREVIEW else "a model"
    said = [f"First Flux draws {CONCEPTS_AT_ONCE} pictures. PiAPI tells their price when they are done."]
    if charge_usd is not None:
        said.append(f"The last ones cost {costs.dollars(charge_usd)}.")
    said.append(f"Then {model.label} makes {what} from each that you choose: {costs.price(model.price_usd)}.")
    return " ".join(said)


def show(scene: bpy.types.Scene, generation_id: str) -> None:
    """Opens the section with the concept images of a generation."""
    settings = settings_of(scene)
    settings.source, settings.show_concepts = 'TEXT', True
    _Memory.shown = generation_id
    _Memory.chosen.clear()
    redraw.sidebars()


def icon_of(generation: "Generation") -> int:
    """The icon of the first picture, 0 while there is none. Never touches the disk."""
    found = _pictures(generation) if generation.state is State.READY else []
    return found[0][1] if found else 0


def draw_section(layout: Any, context: bpy.types.Context, settings: TRELLIS_PG_settings, model: Model) -> None:
    """The foldable section at the end of the panel; it unfolds when there is something to choose from."""
    header, body = layout.panel_prop(settings, "show_concepts")
    header.label(text="Concept Images")
    if len(_made()) > 1:
        header.menu("TRELLIS_MT_concepts", text="", icon='RECOVER_LAST')
    if body is None:
        return
    draw_wording(body, settings)
    if not are_the_way(settings, model):
        body.operator("trellis.make_concepts", text=f"Make {CONCEPTS_AT_ONCE} · {costs.KNOWN_LATER}")
    generation = _shown()
    if generation is not None:
        _draw_pictures(body, context, settings, generation)


def draw_wording(layout: Any, settings: TRELLIS_PG_settings) -> None:
    """The field with what is added to the prompt for Flux."""
    column = layout.column()
    column.use_property_split = False
    column.label(text="Added to your prompt for Flux:")
    versions.draw_long_text(column, settings, "concept_wording", lines=WORDING_LINES, placeholder="Nothing more")


def _draw_pictures(
    layout: Any, context: bpy.types.Context, settings: TRELLIS_PG_settings, generation: "Generation"
) -> None:
    line = monitor.line_of(generation)
    if generation.state is not State.READY:
        row = layout.row()
        row.label(text=rows.plain(f"{line.stage}: {generation.request.name}"), icon=line.icon, translate=False)
        if generation.is_working and generation.wanted:
            row.operator("trellis.cancel", text="", icon='X').generation = generation.id
        if line.detail:
            draw_text(layout, context, line.detail)
        return
    cost = costs.charged(generation)
    draw_text(layout, context, f"“{generation.request.name}”. {cost}")
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=False)
    for number, (path, icon) in enumerate(_pictures(generation), start=1):
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
    return [each for each in _all() if each.state is State.READY]


def _all() -> "list[Generation]":
    """Those of them, too, that are on their way or failed. Searched again only when something has changed."""
    found = session.current()
    as_of = (found, found.revision)
    if as_of != _Memory.as_of:
        concepts = [each for each in found.generations.values() if each.request.task_type == CONCEPTS]
        _Memory.as_of = as_of
        _Memory.all = sorted(concepts, key=lambda generation: generation.created_at, reverse=True)
    return _Memory.all


def _shown() -> "Generation | None":
    chosen = session.current().generations.get(_Memory.shown)
    return chosen or next(iter(_all()), None)


def _pictures(generation: "Generation") -> list[tuple[Path, int]]:
    """The pictures and their icons; none as long as they were not looked for. Never touches the disk."""
    if generation.id not in _Memory.found and generation.id not in _Memory.asked and not bpy.app.background:
        _Memory.asked.add(generation.id)
        background.later(partial(_look, generation.id))
    return _Memory.found.get(generation.id, [])


def _look(generation_id: str) -> None:
    from ...generation.files import pictures_in

    _Memory.asked.discard(generation_id)
    found = session.current()
    generation = found.generations.get(generation_id)
    if generation is None:
        return
    if _Memory.previews.is_full:
        _Memory.previews.clear()
        _Memory.found.clear()
    paths = pictures_in(found.queue.folder / generation.folder_name)
    _Memory.found[generation_id] = [
        (path, _Memory.previews.icon(f"{generation_id} {path.name}", path)) for path in paths
    ]
    redraw.sidebars()
