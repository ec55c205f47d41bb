# SPDX-License-Identifier: GPL-3.0-or-later
"""The generation of a model once more, from what its object says of itself: the list need not know it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.files import FOLDER_PREFIX, INPUT_NAME
from ...generation.providers import find_model
from ...piapi.models import InputUnusable
from ..input_image import decode_cache, preview
from ..input_image.file import changed_at_ns
from ..state import configuration, session
from ..state.settings import finish_of, settings_of

if TYPE_CHECKING:
    from ...generation.record.provenance import Made
    from ...generation.record.request import GenerationRequest

_KEPT = re.compile(rf"{FOLDER_PREFIX}[0-9a-f]{{32}}/{re.escape(INPUT_NAME)}")
"""No other path that a file from another computer may name is looked at or sent."""


def active(context: bpy.types.Context) -> "tuple[bpy.types.Object, Made] | None":
    """The active object with what made it; None where it does not say so."""
    from ...scene import provenance

    item = context.active_object
    made = provenance.read(item)
    return (item, made) if item is not None and made is not None else None


def picture_of(made: "Made") -> Path | None:
    """The picture that was sent, where this computer has it: by its place, else by its SHA-256. Looks at no disk."""
    folder = configuration.data_folder()
    places = [folder / made.picture_kept] if _KEPT.fullmatch(made.picture_kept) else []
    if places and not preview.look(str(places[0])).problem:
        return places[0]
    for generation in session.current().generations.values() if made.picture_sha256 else ():
        place = folder / generation.folder_name / INPUT_NAME
        if generation.picture_sha256 == made.picture_sha256 and not preview.look(str(place)).problem:
            return place
    return None


def why_no_picture(made: "Made") -> str:
    """Why its picture cannot be used, as a sentence; "" where it can."""
    if picture_of(made) is not None:
        return ""
    if made.picture:
        return f"Its picture “{made.picture}” is not on this computer. Choose a picture under Generate."
    return "Its picture is not on this computer. Choose a picture under Generate."


def why_not(context: bpy.types.Context) -> str:
    """Why the active model cannot be made again, as a sentence; "" where it can."""
    found = active(context)
    if found is None:
        return "Select a model that was generated."
    made = found[1]
    try:
        find_model(made.model)
    except InputUnusable as reason:
        return str(reason)
    return configuration.why_not_ready(made.model) or (why_no_picture(made) if made.is_from_picture else "")


def compose(
    context: bpy.types.Context, item: bpy.types.Object, made: "Made", *, seed: int, in_its_place: bool
) -> "GenerationRequest":
    """The request, to arrive beside the model or `in_its_place`. `seed` 0 draws another one.

    Raises NotReady, InputUnusable or PictureUnusable with a sentence.
    """
    from ...generation.record.request import compose_request
    from ...scene.arrival.place import beside

    if in_its_place and (reason := _why_not_replaceable(item)):
        raise configuration.NotReady(reason)
    path = picture_of(made) if made.is_from_picture else None
    if made.is_from_picture and path is None:
        raise InputUnusable(why_no_picture(made))
    changed_ns, found = changed_at_ns(path) if path is not None else 0, session.current()
    request = compose_request(
        model=made.model,
        prompt=made.prompt,
        picture=decode_cache.decode(path, changed_ns, context.scene) if path is not None else None,
        picture_name=Path(made.picture).stem or item.name,
        picture_path=str(path) if path is not None else "",
        picture_changed_ns=changed_ns,
        parameters={**dict(made.parameters), "seed": seed}
        if find_model(made.model).takes_seed
        else dict(made.parameters),
        placement=beside(context, item, found.file.blend_load, finish_of(settings_of(context.scene))),
    )
    return replace(request, name=item.name) if in_its_place else request


def _why_not_replaceable(item: bpy.types.Object) -> str:
    from ...scene.placement import placeholder

    if item.library is not None or item.override_library is not None:
        return f"“{item.name}” is linked from another file, so nothing can take its place. Choose Beside It."
    if item.type != 'MESH':
        return f"“{item.name}” is no mesh any more, so nothing can take its place. Choose Beside It."
    if session.current().may_come(str(item.get(placeholder.ID_PROPERTY, ""))):
        return f"Another model that replaces “{item.name}” is being made already."
    return ""
