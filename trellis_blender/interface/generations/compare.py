# SPDX-License-Identifier: GPL-3.0-or-later
"""The variations of one press beside each other, in pictures large enough to choose by, and the pictures that a model
was made from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.states import State
from ..input_image import preview
from ..monitor import monitor
from ..state import session
from ..text import formats, rows
from .row_buttons import RowOperator

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

PICTURE_SCALE = 9.0
CELL_WIDTH_PX = 200
COLUMNS = 4
NAME_CHARACTERS = 24


def variations_of(generation: "Generation") -> "list[Generation]":
    """All that the same press has asked for, in their order; [] where it was the only one."""
    press = generation.request.press
    same = [each for each in session.current().generations.values() if press and each.request.press == press]
    return sorted(same, key=lambda each: (each.request.variation, each.created_at)) if len(same) > 1 else []


class TRELLIS_OT_compare(RowOperator):
    """See the variations of the same press, and the pictures that they are made from, beside each other"""

    bl_idname = "trellis.compare"
    bl_label = "Compare"

    variations: tuple[str, ...] = ()  # ids
    pictures: tuple[str, ...] = ()  # paths

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return bool(generation.request.press or generation.request.views)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ..input_image import thumbnails

        found = session.current()
        found.drain()
        generation = found.generations.get(self.generation)
        if generation is None or not self.fits(generation):
            return self.execute(context)
        # A popup draws itself once: what it shows has to be there by then.
        self.variations = tuple(each.id for each in variations_of(generation))
        for generation_id in self.variations:
            thumbnails.look_now(generation_id)
        self.pictures = tuple(map(str, _pictures_of(generation)))
        for path in self.pictures:
            preview.look_now(path)
        cells = max(len(self.variations), len(self.pictures), 1)
        return context.window_manager.invoke_popup(self, width=CELL_WIDTH_PX * min(cells, COLUMNS))

    def act(self, found: session.Session, generation: "Generation") -> None:
        said = [f"{rows.title(each, NAME_CHARACTERS)}: {_said_of(each)}" for each in variations_of(generation)]
        self.report({'INFO'}, ". ".join(said) or "The other variations are no longer in the list.")

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        found = session.current()
        known = [found.generations[each] for each in self.variations if each in found.generations]
        if known:
            layout.label(text="Variations")
            grid = _grid(layout, len(known))
            for generation in known:
                _draw_variation(grid.column(align=True), generation)
        if self.pictures:
            layout.label(text="Made From")
            grid = _grid(layout, len(self.pictures))
            for path in self.pictures:
                grid.template_icon(icon_value=preview.look(path).icon, scale=PICTURE_SCALE)
        if not known and not self.pictures:
            layout.label(text="The others are no longer in the list")


def _grid(layout: Any, count: int) -> Any:
    return layout.grid_flow(row_major=True, columns=min(count, COLUMNS), even_columns=True, align=False)


def _draw_variation(cell: Any, generation: "Generation") -> None:
    from ..input_image import thumbnails

    if icon := thumbnails.icon_of(generation):
        cell.template_icon(icon_value=icon, scale=PICTURE_SCALE)
    cell.label(text=rows.title(generation, NAME_CHARACTERS), translate=False)
    cell.label(text=formats.plain(_said_of(generation)))
    file = session.current().file
    if generation.state is State.PLACED and file.object_of(generation) is not None:
        cell.operator("trellis.keep_only", icon='HIDE_OFF').generation = generation.id
    elif generation.state in {State.READY, State.PLACED}:
        cell.operator("trellis.place", text="Place").generation = generation.id


def _said_of(generation: "Generation") -> str:
    return " · ".join(filter(None, (monitor.line_of(generation).stage, rows.facts(generation))))


def _pictures_of(generation: "Generation") -> list[Path]:
    """The pictures that were sent, where there are several."""
    from ...generation.files import input_name

    if not generation.request.views:
        return []
    folder = session.current().queue.folder / generation.folder_name
    paths = (folder / input_name(number) for number in range(1, 2 + len(generation.request.views)))
    return [path for path in paths if path.is_file()]
