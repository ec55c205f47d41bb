# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a generation in a long list: by words, by what became of it, by the star that the artist gave it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.states import State
from ..state import background, session
from ..text import rows
from .row_buttons import RowOperator

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

ALL, HERE = 'ALL', 'HERE'
LOOKED_AT = 40
"""Objects that are looked at whether they are still there, more than a sidebar shows: it takes 3 µs each."""


def _waits_for_artist(generation: "Generation") -> bool:
    if generation.is_working or generation.elsewhere:
        return False
    return generation.state not in {State.PLACED, State.FAILED, State.CANCELLED}


_FITS: "dict[str, Callable[[Generation], bool]]" = {
    'RUNNING': lambda each: each.is_working or each.elsewhere,
    'FOR_ME': _waits_for_artist,
    'FAILED': lambda each: each.state in {State.FAILED, State.OUTCOME_UNKNOWN},
    'FAVOURITES': lambda each: each.is_favourite,
}


class TRELLIS_PG_search(bpy.types.PropertyGroup):
    """What is looked for in the list, as long as Blender runs."""

    text: bpy.props.StringProperty(
        name="Search",
        description="Words of the name, the prompt or the model",
        maxlen=200,
        options={'TEXTEDIT_UPDATE'},
    )
    show: bpy.props.EnumProperty(
        name="Show",
        items=[
            (ALL, "All", ""),
            ('RUNNING', "Running", "In the queue, at PiAPI or on the way here"),
            ('FOR_ME', "Waiting for Me", "Ready to be placed, paused, interrupted, or of an unknown outcome"),
            ('FAILED', "Failed", "Failed, or of an unknown outcome"),
            (HERE, "In This File", "Models that are in the file that is open"),
            ('FAVOURITES', "Favourites", "With a star"),
        ],
    )


class TRELLIS_OT_favourite(RowOperator):
    """Give this generation a star, or take it away again. Show → Favourites lists those that have one"""

    bl_idname = "trellis.favourite"
    bl_label = "Favourite"

    @classmethod
    def fits(cls, generation: "Generation") -> bool:
        return not generation.is_working and not generation.elsewhere

    def act(self, found: session.Session, generation: "Generation") -> None:
        changed = replace(generation, is_favourite=not generation.is_favourite)
        found.take_over(changed)
        found.queue.keep(changed)


def search() -> TRELLIS_PG_search:
    """What is looked for now."""
    return bpy.context.window_manager.trellis_search  # pyright: ignore[reportAttributeAccessIssue]


def found_in(generations: "Sequence[Generation]") -> "Sequence[Generation]":
    """Those of all generations that are looked for, the newest first. Cheap enough for a draw function."""
    wanted = search()
    words, show = " ".join(_folded(wanted.text).split()), str(wanted.show)
    if not words and show == ALL:
        return generations
    if show != HERE:
        return _found(words, show)
    file = session.current().file
    here = file.ids()
    found = [each for each in _found(words, ALL) if each.id in here and each.state is State.PLACED]
    return [*filter(file.is_in_scene, found[:LOOKED_AT]), *found[LOOKED_AT:]]


@session.per_revision
def _found(found: session.Session, words: str, show: str) -> "list[Generation]":
    fits = _FITS.get(show, lambda _: True)
    return [each for each in found.newest_first() if fits(each) and _has(each, words.split())]


def _has(generation: "Generation", words: list[str]) -> bool:
    request = generation.request
    text = _folded(f"{request.name} {request.prompt} {request.model} {rows.label_of(request.model)}")
    return all(word in text for word in words)


def _folded(text: str) -> str:
    """Alike for large and small letters, for wide and narrow ones, and for "é" as one character or as two, as macOS
    writes it in the names of files.
    """
    import unicodedata

    return unicodedata.normalize("NFKC", text).casefold()


def draw(layout: Any) -> None:
    """The search field and the filter."""
    wanted = search()
    row = layout.row(align=True)
    row.prop(wanted, "text", text="", icon='VIEWZOOM', placeholder="Search")
    row.prop(wanted, "show", text="", icon='FILTER')


def register() -> None:
    """Gives Blender a place for what is looked for."""
    place: Any = bpy.props.PointerProperty(type=TRELLIS_PG_search, options={'SKIP_SAVE'})
    owner: Any = bpy.types.WindowManager
    owner.trellis_search = place
    background.at_end(delattr, owner, "trellis_search")
