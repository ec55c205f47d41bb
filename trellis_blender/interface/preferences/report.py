# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for a bug tracker: what a helper has to know, and nothing private."""

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.lookups.questions import Topic
from ...generation.providers import models
from ...generation.record.provenance import utc_time
from ...piapi.picture_models import LABELS
from ..state import configuration, logs, session
from ..state.settings import settings_of
from ..text import rows

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

GENERATIONS_TOLD = 10
HIDDEN_SETTINGS = {"bl_idname", "rna_type", "name"}
TOLD_KINDS = {'BOOLEAN', 'INT', 'FLOAT', 'ENUM'}
ADDRESSES = {"api_url", "upload_url"}


class TRELLIS_OT_copy_report(bpy.types.Operator):
    """Copy versions, settings, the last generations and the log, for a bug report. Without keys, prompts and paths"""

    bl_idname = "trellis.copy_report"
    bl_label = "Copy a Report"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = compose(context)
        self.report({'INFO'}, "The report is on the clipboard. Look it through before you post it.")
        return {'FINISHED'}


def compose(context: bpy.types.Context) -> str:
    """The report, with everything private blanked out."""
    from ...piapi.redaction import blanked

    parts = {
        "Versions": list(_versions()),
        "Settings that were changed": list(_settings(context)) or ["none"],
        "Account": [_plan()],
        f"The last {GENERATIONS_TOLD} generations": list(_generations()) or ["none"],
        "Log": logs.recent_lines() or ["nothing"],
    }
    text = "\n\n".join("\n".join((f"## {title}", *lines)) for title, lines in parts.items())
    return blanked(text, _secrets(), _names(context), _folders()) + "\n"


def _versions() -> Iterator[str]:
    yield f"Trellis {configuration.own_version()}"
    yield f"Blender {bpy.app.version_string} ({bpy.app.build_branch.decode()} {bpy.app.build_hash.decode()})"
    yield f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield f"Python {platform.python_version()}, requests {_version_of('requests')}, urllib3 {_version_of('urllib3')}"
    yield f"Online access: {bpy.app.online_access}. In background: {bpy.app.background}"
    yield f"Reported {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _version_of(package: str) -> str:
    """Without loading it: that takes longer than a press on a button may."""
    from importlib import metadata

    if (loaded := sys.modules.get(package)) is not None:
        return str(getattr(loaded, "__version__", "?"))
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "?"


def _settings(context: bpy.types.Context) -> Iterator[str]:
    preferences = configuration.preferences()
    if preferences is not None:
        yield from _changed(preferences)
        for name in sorted(ADDRESSES):
            if value := getattr(preferences, name).strip():
                yield f"{name}: {_host(value)}"
    yield from (f"panel: {line}" for line in _changed(settings_of(context.scene)))
    yield f"key: {configuration.api_key().source or 'none'}"
    if configuration.WEBHOOK_FILE.read():
        yield "webhook secret: set"
    if getattr(preferences, "webhook_endpoint", ""):
        yield "webhook: set"
    variables = (configuration.API_VARIABLE, configuration.UPLOAD_VARIABLE)
    yield from (f"{name}: {_host(os.environ[name])}" for name in variables if os.environ.get(name))
    others = [name for name in os.environ if name.lower().endswith("_proxy") or name in _TOLD_VARIABLES]
    yield from (f"{name}: set" for name in sorted(others) if os.environ[name])


_TOLD_VARIABLES = {
    configuration.RECORD_VARIABLE,
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
}


def _host(url: str) -> str:
    from ...piapi.redaction import host_of

    return host_of(url)


def _changed(settings: Any) -> Iterator[str]:
    """Numbers and choices that are not as they come. Texts are the artist's words, and never reported."""
    for known in settings.bl_rna.properties:
        if known.type not in TOLD_KINDS or known.identifier in HIDDEN_SETTINGS or getattr(known, "is_array", False):
            continue
        value = getattr(settings, known.identifier)
        if value != known.default:
            yield f"{known.identifier}: {round(value, 4) if isinstance(value, float) else value}"


def _plan() -> str:
    answer = session.current().answers.get(Topic.ACCOUNT)
    if answer is None:
        return "not asked"
    return f"plan {answer.account.plan or 'not known'}" if answer.account is not None else answer.problem


def _generations() -> Iterator[str]:
    found = sorted(session.current().generations.values(), key=lambda each: each.created_at)
    yield from (_told(generation) for generation in found[-GENERATIONS_TOLD:])


def _told(generation: "Generation") -> str:
    known = {*models(), *LABELS}
    model = rows.label_of(generation.request.model) if generation.request.model in known else "another model"
    took = f", {time_taken}" if (time_taken := rows.took(generation)) else ""
    begun = utc_time(generation.created_at)[:16].replace("T", " ") or "At some time"
    marks = [name for name in ("parked", "interrupted", "elsewhere", "fetched") if getattr(generation, name)]
    state = ", ".join([generation.state.value, *marks])
    kind = generation.request.task_type
    return f"{begun} {model}, {kind}, {state}{took}{'. ' if generation.problem else ''}{generation.problem}"


def _secrets() -> Iterator[str]:
    yield os.environ.get(configuration.KEY_VARIABLE, "")
    yield configuration.KEY_FILE.read()
    yield configuration.WEBHOOK_FILE.read()
    endpoint = str(getattr(configuration.preferences(), "webhook_endpoint", "")).strip()
    yield endpoint
    if endpoint:
        yield _host(endpoint)


def _names(context: bpy.types.Context) -> Iterator[str]:
    """The artist's own words, wherever an error may have repeated them."""
    settings: Any = settings_of(context.scene)
    yield from (settings.prompt, settings.image)
    if bpy.data.filepath:
        yield from (bpy.data.filepath, Path(bpy.data.filepath).name)
    answer = session.current().answers.get(Topic.ACCOUNT)
    if answer is not None and answer.account is not None:
        yield answer.account.name
    for generation in session.current().generations.values():
        request = generation.request
        yield from (request.prompt, request.name, generation.object_name)
        yield from (request.placement.blend_file, request.placement.collection, request.picture_path)
        if request.picture_path:
            yield Path(request.picture_path).stem


def _folders() -> dict[str, str]:
    """Whose paths may be reported, by what stands in for them; of what else is below the home folder, nothing is."""
    found = {
        str(Path("~").expanduser()): "~",
        str(Path(__file__).parents[2]): "<add-on>",
        str(configuration.data_folder()): "<data>",
        **dict.fromkeys({sys.prefix, sys.base_prefix}, "<python>"),
        **{bpy.utils.resource_path(kind): "<blender>" for kind in ('LOCAL', 'SYSTEM')},
    }
    return {folder: stand_in for folder, stand_in in found.items() if folder and Path(folder) != Path(folder).parent}
