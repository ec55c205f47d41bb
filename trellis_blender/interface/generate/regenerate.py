# SPDX-License-Identifier: GPL-3.0-or-later
"""The generation of a model once more, from what its object says of itself: the list need not know it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.providers import find_model
from ...piapi.models import InputUnusable
from ..input_image import preview
from ..state import configuration, session
from ..state.settings import finish_of, settings_of
from . import submission

if TYPE_CHECKING:
    from ...generation.record.provenance import Made
    from ...generation.record.request import GenerationRequest


def active(context: bpy.types.Context) -> "tuple[bpy.types.Object, Made] | None":
    """The active object with what made it; None where it does not say so."""
    from ...scene import provenance

    item = context.active_object
    made = provenance.read(item)
    return (item, made) if item is not None and made is not None else None


def pictures_of(made: "Made") -> list[Path]:
    """The pictures that were sent, where this computer has all of them: by their place, else by their SHA-256. Looks at
    no disk."""
    from ...generation.files import FOLDER_PREFIX, INPUT_NAME

    folder = configuration.data_folder()
    # No other path that a file from another computer may name is looked at or sent.
    kept = rf"{FOLDER_PREFIX}[0-9a-f]{{32}}/{re.escape(INPUT_NAME)}"
    if re.fullmatch(kept, made.picture_kept) and (found := _all_in((folder / made.picture_kept).parent, made)):
        return found
    its_digests = (made.picture_sha256, made.views_sha256)
    for generation in session.current().generations.values() if made.picture_sha256 else ():
        if (generation.picture_sha256, generation.views_sha256) != its_digests:
            continue
        if found := _all_in(folder / generation.folder_name, made):
            return found
    return []


def _all_in(folder: Path, made: "Made") -> list[Path]:
    from ...generation.files import input_name

    paths = [folder / input_name(number) for number in range(1, made.views + 2)]
    return [] if any(preview.look(str(path)).problem for path in paths) else paths


def why_no_picture(made: "Made") -> str:
    """Why its picture cannot be used, as a sentence; "" where it can."""
    if pictures_of(made):
        return ""
    if made.views:
        return f"Its {made.views + 1} pictures are not on this computer. Choose a picture under Generate."
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
    from ...generation.record.request import View, compose_request
    from ...scene.arrival.place import beside

    if in_its_place and (reason := _why_not_replaceable(item)):
        raise configuration.NotReady(reason)
    paths = pictures_of(made) if made.is_from_picture else []
    if made.is_from_picture and not paths:
        raise InputUnusable(why_no_picture(made))
    if len(paths) > 1 and (reason := submission.why_no_views(made.model)):
        raise configuration.NotReady(reason)
    found, pictures = session.current(), submission.views_of(paths, context.scene)
    shown = pictures[0] if pictures else View()
    request = compose_request(
        model=made.model,
        prompt=made.prompt,
        picture=shown.picture,
        picture_name=Path(made.picture).stem or item.name,
        picture_path=shown.path,
        picture_changed_ns=shown.changed_ns,
        views=pictures[1:],
        parameters={**dict(made.parameters), "seed": seed}
        if find_model(made.model).takes_seed
        else dict(made.parameters),
        placement=beside(context, item, found.file.blend_load, finish_of(settings_of(context.scene))),
    )
    return replace(request, name=item.name) if in_its_place else request


def _why_not_replaceable(item: bpy.types.Object) -> str:
    from ...scene import custom_properties

    if item.library is not None or item.override_library is not None:
        return f"“{item.name}” is linked from another file, so nothing can take its place. Choose Beside It."
    if item.type != 'MESH':
        return f"“{item.name}” is no mesh any more, so nothing can take its place. Choose Beside It."
    if session.current().may_come(str(item.get(custom_properties.PLACEHOLDER, ""))):
        return f"Another model that replaces “{item.name}” is being made already."
    return ""
