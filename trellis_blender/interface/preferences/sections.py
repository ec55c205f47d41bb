# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the preferences, each drawn by a function.

Drawing them has a thread find out what they show and is not known yet: the way to the service, the room on the
disk. It neither waits for that nor asks the service.
"""

from typing import Any

import bpy

from ...generation.lookups.questions import Topic
from ..monitor import monitor
from ..placed_model import assets
from ..state import configuration, session
from ..text import formats
from ..text.layouts import IN_PREFERENCES, draw_fact, draw_text
from . import account, entry

KEY_PAGE = "https://piapi.ai"


def _draw_refused(layout: bpy.types.UILayout, context: bpy.types.Context, field: str) -> None:
    if said := entry.Refused.said.get(field) or configuration.why_refused(field):
        draw_text(layout, context, said, 'ERROR')


def draw_key_and_service(preferences: Any, layout: Any, context: bpy.types.Context) -> None:
    """The key, where tasks go, and above which price it is asked first."""
    _draw_key(preferences, layout, context)
    _draw_service(preferences, layout, context)


def draw_generating(preferences: Any, layout: Any, _: bpy.types.Context) -> None:
    """How much at once; and what the account allows, where it is known."""
    layout.prop(preferences, "at_once")
    answer = session.current().answers.get(Topic.ACCOUNT)
    allowed = answer.account.tasks_at_once if answer is not None and answer.account is not None else None
    if allowed is not None and allowed < preferences.at_once:
        draw_fact(layout, "", f"Your account allows {allowed}", IN_PREFERENCES)


def draw_import(preferences: Any, layout: Any, _: bpy.types.Context) -> None:
    """How an arriving model is shaded."""
    layout.prop(preferences, "smooth_up_to")
    layout.prop(preferences, "fetches_videos")


def draw_assets(preferences: Any, layout: Any, context: bpy.types.Context) -> None:
    """Where assets are saved."""
    assets.draw_preferences(layout, context, preferences)


def draw_limits(preferences: Any, layout: Any, _: bpy.types.Context) -> None:
    """How long things may take."""
    column = layout.column()
    column.prop(preferences, "connect_timeout_s")
    column.prop(preferences, "answer_timeout_s")
    column.prop(preferences, "patience_min")


def draw_pipeline(preferences: Any, layout: Any, context: bpy.types.Context) -> None:
    """What goes along with a task."""
    layout.prop(preferences, "webhook_endpoint", placeholder="https://")
    _draw_refused(layout, context, "webhook_endpoint")
    layout.prop(preferences, "webhook_secret")
    layout.prop(preferences, "service_mode")


def draw_report(preferences: Any, layout: Any, _: bpy.types.Context) -> None:
    """The log, and a report for a bug tracker."""
    layout.prop(preferences, "log_level")
    layout.operator("trellis.copy_report", icon='COPYDOWN')


def _draw_key(preferences: Any, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column()
    column.prop(preferences, "api_key")
    for said in filter(
        None, (entry.Secrets.problem, configuration.KEY_FILE.warning, configuration.WEBHOOK_FILE.warning)
    ):
        draw_text(column, context, said, 'ERROR')
    key = configuration.api_key()
    if key.source and key.source != "the preferences":
        column.label(text=f"Used instead: the key in the environment variable {key.source}", icon='INFO')
    if not key.value:
        column.operator("wm.url_open", text="Get a Key at piapi.ai", icon='URL').url = KEY_PAGE
    elif reason := configuration.why_not_ready():
        column.label(text=reason, icon='INFO')
    else:
        account.draw_account(column, context, IN_PREFERENCES)


def _draw_service(preferences: Any, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    from ...piapi.service import DEFAULT_API_URL, DEFAULT_UPLOAD_URL

    column = layout.column()
    column.prop(preferences, "ask_above")
    column = layout.column()
    column.prop(preferences, "api_url", placeholder=DEFAULT_API_URL)
    _draw_refused(column, context, "api_url")
    column.prop(preferences, "upload_images")
    row = column.row()
    row.active = preferences.upload_images
    row.prop(preferences, "upload_url", placeholder=DEFAULT_UPLOAD_URL)
    _draw_refused(column, context, "upload_url")
    for setting in (configuration.api_url(), configuration.upload_url()):
        if setting.source.startswith("PIAPI"):
            said = f"Used instead: {setting.value}" if setting.value else "Refused: the address"
            column.label(text=formats.plain(f"{said}, from {setting.source}"), icon='INFO')


def draw_network(_: Any, layout: Any, __: bpy.types.Context) -> None:
    """Which way requests go; found out in a thread, because the system may ask the network for it."""
    found = session.current()
    answer = found.answers.get(Topic.ROUTE)
    url = configuration.api_url().value
    route = answer.route if answer is not None else None
    is_current = answer is not None and (route is None or route.url == url)
    if not is_current and Topic.ROUTE not in found.asked:
        found.ask(Topic.ROUTE)
        monitor.watch()
    column = layout.column()
    if route is None or not is_current:
        draw_fact(column, "Proxy", answer.problem if answer is not None and is_current else "…", IN_PREFERENCES)
        return
    way = ", ".join(filter(None, (route.proxy or "None", route.source)))
    draw_fact(column, "Proxy", way, IN_PREFERENCES)
    draw_fact(column, "Certificates", "The system's, and those that come with Blender", IN_PREFERENCES)
    for name in route.bundles:
        draw_fact(column, "", f"Uses {name}", IN_PREFERENCES)


def draw_disk(layout: bpy.types.UILayout) -> None:
    """How much room the generations take; found out in a thread."""
    found = session.current()
    answer = found.answers.get(Topic.DISK)
    if answer is None and Topic.DISK not in found.asked:
        found.ask(Topic.DISK)
        monitor.watch()
    used = formats.size(answer.used_bytes) if answer is not None else "…"
    row = layout.row()
    row.label(text=f"Models and pictures on this computer: {used}")
    row.operator("wm.path_open", text="Show the Folder").filepath = str(configuration.data_folder())


SECTIONS = (
    ("key", "Key and Service", draw_key_and_service),
    ("generating", "Generating", draw_generating),
    ("import", "Import", draw_import),
    ("assets", "Assets", draw_assets),
    ("limits", "Time Limits", draw_limits),
    ("network", "Network", draw_network),
    ("pipeline", "Pipeline", draw_pipeline),
    ("report", "Reporting a Problem", draw_report),
)
"""In their order: a name that Blender keeps in mind which are folded by, the title, and what draws it."""
