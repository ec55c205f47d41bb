# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for a bug tracker: what a helper has to know, and nothing private."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.lookups.questions import Topic
from ...generation.providers import models
from ...piapi.models import PICTURE_LABELS
from ..state import background, configuration, logs, session
from ..state.settings import pictures_of, settings_of
from ..text import formats, rows
from ..viewport import redraw

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

WORK = "report"
GENERATIONS_TOLD = 10
PROBLEM_LIMIT = 1000
"""Characters; of ours none is longer."""
HIDDEN_SETTINGS = {"bl_idname", "rna_type", "name"}
TOLD_KINDS = {'BOOLEAN', 'INT', 'FLOAT', 'ENUM'}
ADDRESSES = {"api_url", "upload_url"}


class TRELLIS_OT_copy_report(bpy.types.Operator):
    """Copy versions, settings, the last generations and the log, for a bug report. Without keys, prompts and paths"""

    bl_idname = "trellis.copy_report"
    bl_label = "Copy a Report"
    bl_options = {'INTERNAL'}

    @classmethod
    def poll(cls, _: bpy.types.Context) -> bool:
        if background.is_running(WORK):
            cls.poll_message_set("The report is being copied")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _: bpy.types.Event) -> set[str]:
        begin(context)
        self.report({'INFO'}, "The report is on the clipboard in a moment. Look it through before you post it.")
        return {'FINISHED'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        _copy(gathered(context)())
        return {'FINISHED'}


def begin(context: bpy.types.Context) -> None:
    """Copies the report as soon as it is made, in a thread."""
    background.in_thread(WORK, gathered(context), _copy)


def gathered(context: bpy.types.Context) -> Callable[[], str]:
    """What makes the report, with everything private blanked out: for a thread, because the words of a thousand
    generations take a second to be looked for.
    """
    from .anonymize import blanked

    parts = {
        "Versions": list(_versions()),
        "Settings that were changed": list(_settings(context)) or ["none"],
        "Account": [_plan()],
        f"The last {GENERATIONS_TOLD} generations": list(_generations()) or ["none"],
        "Log": logs.recent_lines() or ["nothing"],
    }
    text = "\n\n".join("\n".join((f"## {title}", *lines)) for title, lines in parts.items())
    return partial(blanked, f"{text}\n", list(_secrets()), set(_names(context)), _folders(), background.go_on)


def _copy(report: str) -> None:
    bpy.context.window_manager.clipboard = report
    redraw.sidebars()


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
    from .anonymize import host_of

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
    from ...generation.record.provenance import utc_time

    known = {*models(), *PICTURE_LABELS}
    model = rows.label_of(generation.request.model) if generation.request.model in known else "another model"
    took = f", {time_taken}" if (time_taken := rows.took(generation)) else ""
    begun = utc_time(generation.created_at)[:16].replace("T", " ") or "At some time"
    marks = [name for name in ("parked", "interrupted", "elsewhere", "fetched") if getattr(generation, name)]
    state = ", ".join([generation.state.value, *marks])
    kind = formats.shorten(generation.request.task_type, 40)
    problem = formats.shorten(generation.problem, PROBLEM_LIMIT)
    return f"{begun} {model}, {kind}, {state}{took}{'. ' if problem else ''}{problem}"


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
    yield from (settings.prompt, settings.image, *pictures_of(settings))
    if bpy.data.filepath:
        yield from (bpy.data.filepath, Path(bpy.data.filepath).name)
    answer = session.current().answers.get(Topic.ACCOUNT)
    if answer is not None and answer.account is not None:
        yield answer.account.name
    for generation in session.current().generations.values():
        request = generation.request
        yield from (request.prompt, request.name, generation.object_name)
        yield from (request.placement.blend_file, request.placement.collection)
        for path in (request.picture_path, *(view.path for view in request.views)):
            yield from (path, Path(path).stem)


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
