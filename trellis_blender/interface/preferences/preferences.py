# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences.

Drawing them has a thread find out what they show and nobody has asked for yet: the way to the service, the room on the
disk. It neither waits for that nor asks the service.
"""

from collections.abc import Callable
from math import pi, radians
from typing import Any

import bpy

from ...generation.lookups.questions import Topic
from ...piapi.plans import MOST_AT_ONCE
from ...piapi.timings import USUAL_LIMITS
from ..monitor import monitor
from ..placed_model import assets
from ..state import configuration, logs, session
from ..state.secret_file import KEPT_IN, SecretFile
from ..text import rows
from ..text.layouts import IN_PREFERENCES, draw_fact, draw_text
from . import account

KEY_PAGE = "https://piapi.ai"


class _Secrets:
    """Blender's property setters cannot report anything, so the preferences show what went wrong."""

    problem = ""


def _keep(file: SecretFile, value: str) -> None:
    try:
        file.write(value)
    except OSError as error:
        _Secrets.problem = f"It could not be kept in {configuration.data_folder()} ({error.strerror})."
    else:
        _Secrets.problem = ""


def _get_key(_: bpy.types.AddonPreferences) -> str:
    return configuration.KEY_FILE.read()


def _set_key(_: bpy.types.AddonPreferences, value: str) -> None:
    _keep(configuration.KEY_FILE, value)


def _get_webhook_secret(_: bpy.types.AddonPreferences) -> str:
    return configuration.WEBHOOK_FILE.read()


def _set_webhook_secret(_: bpy.types.AddonPreferences, value: str) -> None:
    _keep(configuration.WEBHOOK_FILE, value)


def _use_at_once(_: bpy.types.AddonPreferences, __: bpy.types.Context) -> None:
    session.current().heed_preferences()


def _set_log_level(_: bpy.types.AddonPreferences, __: bpy.types.Context) -> None:
    logs.set_level()


class _Refused:
    """Sentences about what was entered last, by the field; and the fields that are being emptied for it."""

    said: dict[str, str] = {}
    emptied: set[str] = set()


def _check(field: str) -> Callable[[Any, bpy.types.Context], None]:
    """Empties the field where there is a secret in the address: preferences are copied and shared."""

    def check(preferences: Any, _: bpy.types.Context) -> None:
        if field in _Refused.emptied:
            return
        # Not by what is used: that may come from the environment.
        _Refused.said[field] = problem = configuration.why_not_kept(field, getattr(preferences, field))
        if problem:
            _Refused.emptied.add(field)
            try:
                setattr(preferences, field, "")
            finally:
                _Refused.emptied.discard(field)

    return check


def _draw_refused(layout: bpy.types.UILayout, context: bpy.types.Context, field: str) -> None:
    if said := _Refused.said.get(field) or configuration.why_refused(field):
        draw_text(layout, context, said, 'ERROR')


def _whole_number(name: str, description: str, default: int, limits: tuple[int, int], **more: Any) -> Any:
    low, high = limits
    return bpy.props.IntProperty(name=name, description=description, default=default, min=low, max=high, **more)


class TRELLIS_AP_preferences(bpy.types.AddonPreferences):
    """Key and addresses. The secrets themselves are kept in files of their own, see `configuration`."""

    bl_idname = configuration.PACKAGE

    api_key: bpy.props.StringProperty(
        name="API Key",
        description=f"Your key from piapi.ai. Kept in {KEPT_IN}, never in a .blend",
        subtype='PASSWORD',
        get=_get_key,
        set=_set_key,
        options={'SKIP_SAVE'},
    )
    api_url: bpy.props.StringProperty(
        name="Service",
        description="Where tasks are sent; empty for PiAPI itself",
        default="",
        update=_check("api_url"),
    )
    upload_url: bpy.props.StringProperty(
        name="Upload Host",
        description="Where images are uploaded; empty for PiAPI's own",
        default="",
        update=_check("upload_url"),
    )
    ask_above: bpy.props.FloatProperty(
        name="Ask Above (USD)",
        description="A press that costs more than this, in US dollars, asks before anything is sent",
        default=configuration.ASK_ABOVE_USD,
        min=0,
        soft_max=10,
        precision=2,
        step=10,
    )
    upload_images: bpy.props.BoolProperty(
        name="Upload Images",
        description="Upload images to the upload host, not in the request. Not on PiAPI's free plan",
    )
    webhook_endpoint: bpy.props.StringProperty(
        name="Webhook",
        description="Address of your server, to which PiAPI sends the state of each task. Empty for none",
        update=_check("webhook_endpoint"),
    )
    webhook_secret: bpy.props.StringProperty(
        name="Webhook Secret",
        description="PiAPI sends it to the webhook, so that your server can check the sender. Stored like the key",
        subtype='PASSWORD',
        get=_get_webhook_secret,
        set=_set_webhook_secret,
        options={'SKIP_SAVE'},
    )
    service_mode: bpy.props.EnumProperty(
        name="Service Mode",
        description="How PiAPI runs and bills the tasks",
        items=[
            ('ACCOUNT', "As the Account Has It", "What is set on piapi.ai"),
            ('PUBLIC', "Pay as You Go", "PiAPI's own machines"),
            ('PRIVATE', "Own Accounts", "The accounts that you have connected on piapi.ai"),
        ],
    )

    at_once: _whole_number(
        "At Once",
        "How many generations are worked on at once. Never more than the account allows",
        MOST_AT_ONCE,
        (1, MOST_AT_ONCE),
        update=_use_at_once,
    )
    connect_timeout_s: _whole_number(
        "Connect Within (s)",
        "Seconds that a connection may take. More for a slow line or proxy",
        int(USUAL_LIMITS.connect_s),
        (1, 120),
    )
    answer_timeout_s: _whole_number(
        "Answer Within (s)",
        "Seconds without any data after which a request counts as unanswered",
        int(USUAL_LIMITS.read_s),
        (5, 170),
    )
    patience_min: _whole_number(
        "Keep Trying (min)",
        "Minutes for which a task that PiAPI has is polled while there is no network. Then it rests until you press "
        "Resume, at no cost",
        120,
        (1, 24 * 60),
    )
    smooth_up_to: bpy.props.FloatProperty(
        name="Smooth up to",
        description="Edges of an arriving model whose faces meet at a larger angle stay sharp",
        subtype='ANGLE',
        default=radians(30),
        min=0,
        max=pi,
    )
    asset_folder: bpy.props.StringProperty(
        name="Library",
        description="Folder of the asset library that models are saved in. Empty for one beside the generations",
        subtype='DIR_PATH',
    )
    asset_author: bpy.props.StringProperty(name="Author", description="Named in every asset that is saved")
    always_save_assets: bpy.props.BoolProperty(
        name="Save Every Model", description="Save each model as an asset when it has arrived"
    )
    log_level: bpy.props.EnumProperty(
        name="Log",
        description="What is written to the console, and goes into a report",
        items=[
            ('WARNING', "Warnings", "What went wrong"),
            ('INFO', "Information", "Decisions as well"),
            ('DEBUG', "Everything", "To find a bug in the add-on"),
        ],
        update=_set_log_level,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        sections: list[tuple[str, str, Callable[[Any, bpy.types.Context], None]]] = [
            ("key", "Key and Service", self._draw_key_and_service),
            ("generating", "Generating", self._draw_generating),
            ("import", "Import", self._draw_import),
            ("assets", "Assets", self._draw_assets),
            ("limits", "Time Limits", self._draw_limits),
            ("network", "Network", _draw_network),
            ("pipeline", "Pipeline", self._draw_pipeline),
            ("report", "Reporting a Problem", self._draw_report),
        ]
        for name, title, draw in sections:
            header, body = layout.panel(f"trellis_{name}", default_closed=name != "key")
            header.label(text=title)
            if body is not None:
                draw(body, context)
        _draw_disk(layout)

    def _draw_key_and_service(self, layout: Any, context: bpy.types.Context) -> None:
        self._draw_key(layout, context)
        self._draw_service(layout, context)

    def _draw_generating(self, layout: Any, _: bpy.types.Context) -> None:
        layout.prop(self, "at_once")
        answer = session.current().answers.get(Topic.ACCOUNT)
        allowed = answer.account.tasks_at_once if answer is not None and answer.account is not None else None
        if allowed is not None and allowed < self.at_once:
            draw_fact(layout, "", f"Your account allows {allowed}", IN_PREFERENCES)

    def _draw_import(self, layout: Any, _: bpy.types.Context) -> None:
        layout.prop(self, "smooth_up_to")

    def _draw_assets(self, layout: Any, context: bpy.types.Context) -> None:
        assets.draw_preferences(layout, context, self)

    def _draw_limits(self, layout: Any, _: bpy.types.Context) -> None:
        column = layout.column()
        column.prop(self, "connect_timeout_s")
        column.prop(self, "answer_timeout_s")
        column.prop(self, "patience_min")

    def _draw_pipeline(self, layout: Any, context: bpy.types.Context) -> None:
        layout.prop(self, "webhook_endpoint", placeholder="https://")
        _draw_refused(layout, context, "webhook_endpoint")
        layout.prop(self, "webhook_secret")
        layout.prop(self, "service_mode")

    def _draw_report(self, layout: Any, _: bpy.types.Context) -> None:
        layout.prop(self, "log_level")
        layout.operator("trellis.copy_report", icon='COPYDOWN')

    def _draw_key(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        column = layout.column()
        column.prop(self, "api_key")
        for said in filter(
            None, (_Secrets.problem, configuration.KEY_FILE.warning, configuration.WEBHOOK_FILE.warning)
        ):
            draw_text(column, context, said, 'ERROR')
        key = configuration.api_key()
        if key.source and key.source != "the preferences":
            column.label(text=f"Used instead: the key in the environment variable {key.source}", icon='INFO')
        elif not key.value:
            column.operator("wm.url_open", text="Get a Key at piapi.ai", icon='URL').url = KEY_PAGE
        if reason := configuration.why_not_ready():
            column.label(text=reason, icon='INFO')
        else:
            account.draw_account(column, IN_PREFERENCES)

    def _draw_service(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        from ...piapi.service import DEFAULT_API_URL, DEFAULT_UPLOAD_URL

        column = layout.column()
        column.prop(self, "ask_above")
        column = layout.column()
        column.prop(self, "api_url", placeholder=DEFAULT_API_URL)
        _draw_refused(column, context, "api_url")
        column.prop(self, "upload_images")
        row = column.row()
        row.active = self.upload_images
        row.prop(self, "upload_url", placeholder=DEFAULT_UPLOAD_URL)
        _draw_refused(column, context, "upload_url")
        for setting in (configuration.api_url(), configuration.upload_url()):
            if setting.source.startswith("PIAPI"):
                said = f"Used instead: {setting.value}" if setting.value else "Refused: the address"
                column.label(text=rows.plain(f"{said}, from {setting.source}"), icon='INFO')


def _draw_network(layout: Any, _: bpy.types.Context) -> None:
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


def _draw_disk(layout: bpy.types.UILayout) -> None:
    found = session.current()
    answer = found.answers.get(Topic.DISK)
    if answer is None and Topic.DISK not in found.asked:
        found.ask(Topic.DISK)
        monitor.watch()
    used = rows.size(answer.used_bytes) if answer is not None else "…"
    row = layout.row()
    row.label(text=f"Models and pictures on this computer: {used}")
    row.operator("wm.path_open", text="Show the Folder").filepath = str(configuration.data_folder())
