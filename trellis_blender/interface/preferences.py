# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences."""

import bpy

from . import access

KEY_PAGE = "https://piapi.ai"


def _get_key(_: bpy.types.AddonPreferences) -> str:
    return access.stored_key()


def _set_key(_: bpy.types.AddonPreferences, value: str) -> None:
    try:
        access.store_key(value)
    except OSError as error:
        _KeyProblem.sentence = f"The key could not be kept in {access.data_folder()} ({error.strerror})."
    else:
        _KeyProblem.sentence = ""


class _KeyProblem:
    """Blender's property setters cannot report anything, so the preferences show it."""

    sentence = ""


class TRELLIS_AP_preferences(bpy.types.AddonPreferences):
    """Key and addresses. The key itself is kept in a file of its own, see `access`."""

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

    def draw(self, context: bpy.types.Context) -> None:
        from ..piapi.service import DEFAULT_API_URL, DEFAULT_UPLOAD_URL

        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(self, "api_key")
        if _KeyProblem.sentence:
            column.label(text=_KeyProblem.sentence, icon='ERROR')
        key = access.api_key()
        if key.source and key.source != "the preferences":
            column.label(text=f"Used instead: the key in the environment variable {key.source}", icon='INFO')
        elif not key.value:
            column.operator("wm.url_open", text="Get a Key at piapi.ai", icon='URL').url = KEY_PAGE
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
        if reason := access.why_not_ready():
            layout.label(text=reason, icon='INFO')
