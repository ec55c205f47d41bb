# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences: what there is to set. `entry` says what happens to it, `sections` how it is drawn."""

from math import pi, radians
from typing import Any

import bpy

from ...piapi.timings import MOST_AT_ONCE, USUAL_LIMITS
from ..state import configuration
from ..state.secret_file import KEPT_IN
from . import entry


def _whole_number(name: str, description: str, default: int, limits: tuple[int, int], **more: Any) -> Any:
    low, high = limits
    return bpy.props.IntProperty(name=name, description=description, default=default, min=low, max=high, **more)


class TRELLIS_AP_preferences(bpy.types.AddonPreferences):
    """Key and addresses. The secrets themselves are kept in files of their own, see `configuration`."""

    bl_idname = configuration.PACKAGE

    api_key: entry.secret(
        configuration.KEY_FILE, "API Key", f"Your key from piapi.ai. Kept in {KEPT_IN}, never in a .blend"
    )
    api_url: bpy.props.StringProperty(
        name="Service",
        description="Where tasks are sent; empty for PiAPI itself",
        default="",
        update=entry.check("api_url"),
    )
    upload_url: bpy.props.StringProperty(
        name="Upload Host",
        description="Where images are uploaded; empty for PiAPI's own",
        default="",
        update=entry.check("upload_url"),
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
        update=entry.check("webhook_endpoint"),
    )
    webhook_secret: entry.secret(
        configuration.WEBHOOK_FILE,
        "Webhook Secret",
        "PiAPI sends it to the webhook, so that your server can check the sender. Stored like the key",
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
        update=entry.use_at_once,
    )
    connect_timeout_s: _whole_number(
        "Connect Within (s)",
        "Seconds that a connection may take. More for a slow line or proxy. 0 for the Time-out of Blender's own "
        "preferences (System → Network)",
        0,
        (0, 120),
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
    fetches_videos: bpy.props.BoolProperty(
        name="Fetch Turntables",
        description="Fetch the film of the model turning that comes with TRELLIS. Watch it from the menu of its row",
        default=True,
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
    asset_licence: bpy.props.StringProperty(
        name="License", description="Named in every asset that is saved, for example CC-BY-4.0. Empty for none"
    )
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
        update=entry.set_log_level,
    )

    def draw(self, context: bpy.types.Context) -> None:
        from . import sections

        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name, title, draw in sections.SECTIONS:
            header, body = layout.panel(f"trellis_{name}", default_closed=name != "key")
            header.label(text=title)
            if body is not None:
                draw(self, body, context)
        sections.draw_disk(layout)
