# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences."""

from typing import Any

import bpy

from ..generation.questions import Topic
from . import access, account, monitor, session, wording
from .layouts import draw_text
from .secret_file import SecretFile

KEY_PAGE = "https://piapi.ai"


class _Secrets:
    """Blender's property setters cannot report anything, so the preferences show what went wrong."""

    problem = ""


def _keep(file: SecretFile, value: str) -> None:
    try:
        file.write(value)
    except OSError as error:
        _Secrets.problem = f"It could not be kept in {access.data_folder()} ({error.strerror})."
    else:
        _Secrets.problem = ""


def _get_key(_: bpy.types.AddonPreferences) -> str:
    return access.KEY_FILE.read()


def _set_key(_: bpy.types.AddonPreferences, value: str) -> None:
    _keep(access.KEY_FILE, value)


def _get_webhook_secret(_: bpy.types.AddonPreferences) -> str:
    return access.WEBHOOK_FILE.read()


def _set_webhook_secret(_: bpy.types.AddonPreferences, value: str) -> None:
    _keep(access.WEBHOOK_FILE, value)


class TRELLIS_AP_preferences(bpy.types.AddonPreferences):
    """Key and addresses. The secrets themselves are kept in files of their own, see `access`."""

    bl_idname = access.PACKAGE

    api_key: bpy.props.StringProperty(
        name="API Key",
        description="Your key from piapi.ai. Kept in a file that only you can read, never in a .blend",
        subtype='PASSWORD',
        get=_get_key,
        set=_set_key,
        options={'SKIP_SAVE'},
    )
    api_url: bpy.props.StringProperty(
        name="Service", description="Where tasks are sent; empty for PiAPI itself", default=""
    )
    upload_url: bpy.props.StringProperty(
        name="Upload Host", description="Where images are uploaded; empty for PiAPI's own", default=""
    )
    ask_above: bpy.props.FloatProperty(
        name="Ask Above (USD)",
        description="A press that costs more than this, in US dollars, is asked about before anything is sent",
        default=access.ASK_ABOVE_USD,
        min=0,
        soft_max=10,
        precision=2,
        step=10,
    )
    upload_images: bpy.props.BoolProperty(
        name="Upload Images",
        description="Put images onto the upload host first, rather than into the request. Not on PiAPI's free plan",
    )
    webhook_endpoint: bpy.props.StringProperty(
        name="Webhook",
        description="Address of a server of yours that PiAPI tells how each task goes. Empty for none",
    )
    webhook_secret: bpy.props.StringProperty(
        name="Webhook Secret",
        description="PiAPI sends it along to the webhook, so that your server knows who calls. Kept like the key",
        subtype='PASSWORD',
        get=_get_webhook_secret,
        set=_set_webhook_secret,
        options={'SKIP_SAVE'},
    )
    service_mode: bpy.props.EnumProperty(
        name="Service Mode",
        description="Which way PiAPI runs and bills the tasks",
        items=[
            ('ACCOUNT', "As the Account Has It", "What is set on piapi.ai"),
            ('PUBLIC', "Pay as You Go", "PiAPI's own machines"),
            ('PRIVATE', "Own Accounts", "The accounts that you have connected on piapi.ai"),
        ],
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self._draw_key(layout, context)
        self._draw_service(layout)
        header, body = layout.panel("trellis_pipeline", default_closed=True)
        header.label(text="Pipeline")
        if body is not None:
            body.prop(self, "webhook_endpoint", placeholder="https://")
            body.prop(self, "webhook_secret")
            body.prop(self, "service_mode")
        _draw_disk(layout)

    def _draw_key(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        column = layout.column()
        column.prop(self, "api_key")
        if _Secrets.problem:
            draw_text(column, context, _Secrets.problem, 'ERROR')
        key = access.api_key()
        if key.source and key.source != "the preferences":
            column.label(text=f"Used instead: the key in the environment variable {key.source}", icon='INFO')
        elif not key.value:
            column.operator("wm.url_open", text="Get a Key at piapi.ai", icon='URL').url = KEY_PAGE
        if reason := access.why_not_ready():
            column.label(text=reason, icon='INFO')
        else:
            account.draw_account(column)

    def _draw_service(self, layout: bpy.types.UILayout) -> None:
        from ..piapi.service import DEFAULT_API_URL, DEFAULT_UPLOAD_URL

        column = layout.column()
        column.prop(self, "ask_above")
        column = layout.column()
        column.prop(self, "api_url", placeholder=DEFAULT_API_URL)
        column.prop(self, "upload_images")
        row = column.row()
        row.active = self.upload_images
        row.prop(self, "upload_url", placeholder=DEFAULT_UPLOAD_URL)
        for setting in (access.api_url(), access.upload_url()):
            if setting.source.startswith("PIAPI"):
                column.label(text=f"Used instead: {setting.value}, from {setting.source}", icon='INFO')


def _draw_disk(layout: bpy.types.UILayout) -> None:
    found = session.current()
    answer = found.answers.get(Topic.DISK)
    if answer is None and Topic.DISK not in found.asked:
        found.ask(Topic.DISK)
        monitor.watch()
    used = wording.size(answer.used_bytes) if answer is not None else "…"
    row = layout.row()
    row.label(text=f"Models and pictures on this computer: {used}")
    row.operator("wm.path_open", text="Show the Folder").filepath = str(access.data_folder())
