# SPDX-License-Identifier: GPL-3.0-or-later
"""`--publish`: the asset library of a batch becomes an online one, with Blender's own command `asset_listing`.

That command lists every asset of the folder in JSON files, with a picture of each beside its .blend file.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import bpy

from ...batch.folder import INNER, BatchFolder
from ...batch.plan import OptionUnusable
from ...batch.row_progress import RowProgress, Stage
from ...generation.files import write_whole
from ...generation.problems import GenerationProblem
from ...scene import second_blender, versions

ABOUT_NAME = "_asset-library-meta.json"
CHECK_S = 120.0
AT_LEAST_S, EACH_S = 300.0, 5.0
"""How long the listing may take: to start, and for each .blend file, of which most take a twentieth of a second."""


def check(formats: Sequence[str], folder: Path) -> None:
    """Whether it can be done, before anything is paid for. Raises OptionUnusable. `folder` is for what Blender says."""
    if "assets" not in formats:
        raise OptionUnusable("--publish is for an asset library: add “--as assets”. Nothing was sent.")
    if not versions.HAS_ASSET_LISTING:
        raise OptionUnusable(
            f"--publish needs Blender 5.2 or later, and this is {bpy.app.version_string}. Run the command with that, "
            "or leave --publish out. Nothing was sent."
        )
    if reason := _listed(("generate", "--help"), folder, CHECK_S):
        raise OptionUnusable(
            f"--publish needs Blender's command asset_listing, which does not work here.{reason} Leave --publish out, "
            "or run the command with another Blender. Nothing was sent."
        )


def is_due(rows: Sequence[RowProgress]) -> bool:
    """Of all parts of a batch, the one that ends last publishes; nothing that is not there."""
    return any(each.stage is Stage.DONE for each in rows) and all(each.stage is not Stage.WAITING for each in rows)


def publish(folder: BatchFolder) -> str:
    """Lists the assets of the folder. Returns why it could not, as a sentence; "" when it has."""
    library = folder.path
    try:
        _name(library)
    except GenerationProblem as problem:
        return str(problem)
    models = sum(name.endswith(".blend") for _, _, names in os.walk(library) for name in names)
    reason = _listed(("generate", str(library)), folder.own, AT_LEAST_S + EACH_S * models)
    if not reason:
        return ""
    return (
        f"The library could not be made an online one.{reason} All models are there: “blender -c asset_listing "
        f"generate {library}” tries it again, at no cost."
    )


def told(library: Path) -> str:
    """What is left to do."""
    return f"The library can go online: upload {library} without {INNER}."


def _name(library: Path) -> None:
    """What Blender shows of the library; once it is there it is whoever publishes it who edits it."""
    about = library / ABOUT_NAME
    if not about.exists():
        said = {"api_versions": {}, "name": library.name, "contact": {"name": library.name}}
        write_whole(about, json.dumps(said, indent=2).encode())


def _listed(arguments: Sequence[str], folder: Path, limit_s: float) -> str:
    """Has Blender do it; "" or what went wrong, as sentences with a space before them."""
    try:
        said = folder / second_blender.SAID_NAME
        process = second_blender.start_command(
            second_blender.listing_command(bpy.app.binary_path, *arguments), said, {}
        )
    except OSError as error:
        return f" It could not be started ({error.strerror})."
    if not second_blender.wait(process, limit_s, lambda: None):
        return f" It took longer than {limit_s / 60:.0f} minutes."
    if not process.returncode:
        return ""
    said_last = second_blender.last_message(folder) or f" It ended with code {process.returncode}"
    return f"{said_last.rstrip('.')}."
