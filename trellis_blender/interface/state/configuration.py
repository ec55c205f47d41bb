# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service is asked and with which key: the environment wins over the preferences."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ...generation.providers import provider_of
from ...piapi.timings import MOST_AT_ONCE
from .secret_file import SecretFile

if TYPE_CHECKING:
    from ...piapi.service import Service
    from ...piapi.timings import TimeLimits

PACKAGE = __package__.rsplit(".", 2)[0]
"""The add-on's own name: "bl_ext.<repository>.trellis_blender" where it is installed as an extension."""

KEY_VARIABLE = "PIAPI_API_KEY"
API_VARIABLE = "PIAPI_API_URL"
UPLOAD_VARIABLE = "PIAPI_UPLOAD_URL"
RECORD_VARIABLE = "PIAPI_RECORD"

ASK_ABOVE_USD = 1.0

_VARIABLES = {"api_url": API_VARIABLE, "upload_url": UPLOAD_VARIABLE}
ADDRESSED = {"api_url": "the service", "upload_url": "the upload host", "webhook_endpoint": "the webhook"}
"""The fields of the preferences that hold addresses, and what of."""

SERVICE_MODES = {'ACCOUNT': "", 'PUBLIC': "public", 'PRIVATE': "private"}


class NotReady(Exception):
    """Nothing can be submitted now. `str(error)` is a sentence for the artist."""


class Setting(NamedTuple):
    """A value and where it comes from, in words."""

    value: str
    source: str


def data_folder() -> Path:
    """The folder with the generations and the key.

    Not `bpy.utils.extension_path_user`: Blender deletes that folder when the extension is removed, and models that were
    paid for along with it.
    """
    return Path(bpy.utils.user_resource('DATAFILES', path="trellis_blender"))


KEY_FILE = SecretFile(data_folder, "api-key", "API key")
WEBHOOK_FILE = SecretFile(data_folder, "webhook-secret", "webhook secret")


def preferences() -> bpy.types.AddonPreferences | None:
    """The add-on's preferences; None where it is registered without being enabled."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon is not None else None


def api_key() -> Setting:
    """The key; its source is "" where there is none."""
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        return Setting(key, KEY_VARIABLE)
    if key := KEY_FILE.read():
        return Setting(key, "the preferences")
    return Setting("", "")


def api_url() -> Setting:
    """The service's address."""
    from ...piapi.service import DEFAULT_API_URL

    return _address("api_url", DEFAULT_API_URL)


def upload_url() -> Setting:
    """The address of PiAPI's upload host."""
    from ...piapi.service import DEFAULT_UPLOAD_URL

    return _address("upload_url", DEFAULT_UPLOAD_URL)


def secrets() -> tuple[str, ...]:
    """What must stay secret: both keys there may be, and the webhook's secret."""
    found = (os.environ.get(KEY_VARIABLE, "").strip(), KEY_FILE.read(), WEBHOOK_FILE.read())
    return tuple(filter(None, found))


def why_refused(field: str) -> str:
    """Why the address that is set for a field of the preferences is not used, as a sentence; "" where it is."""
    return why_not_kept(field, _set_to(field).value)


def why_not_kept(field: str, text: str) -> str:
    """Why a field of the preferences does not keep a text, as a sentence; "" where it does."""
    from .entered import why_no_address

    is_webhook = field == "webhook_endpoint"
    return why_no_address(text, secrets(), ADDRESSED[field], may_have_token=is_webhook)


def service() -> "Service":
    """The service as it is set now, frozen for a thread."""
    from ...piapi.service import Service

    found = preferences()
    return Service(
        api_url=api_url().value,
        api_key=api_key().value,
        upload_url=upload_url().value,
        upload_images=bool(getattr(found, "upload_images", False)),
        webhook_endpoint=_address("webhook_endpoint").value,
        webhook_secret=WEBHOOK_FILE.read(),
        service_mode=SERVICE_MODES.get(getattr(found, "service_mode", 'ACCOUNT'), ""),
        record_folder=os.environ.get(RECORD_VARIABLE, "").strip(),
        fetches_videos=bool(getattr(found, "fetches_videos", True)),
        limits=limits(),
    )


def ask_above_usd() -> float:
    """What a press may cost without a question."""
    return float(getattr(preferences(), "ask_above", ASK_ABOVE_USD))


def limits() -> "TimeLimits":
    """How long a service is waited for."""
    from ...piapi.timings import USUAL_LIMITS, TimeLimits

    found: Any = preferences()
    if found is None:
        return USUAL_LIMITS
    connect_s = found.connect_timeout_s or bpy.context.preferences.system.network_timeout or USUAL_LIMITS.connect_s
    return TimeLimits(connect_s, found.answer_timeout_s, found.patience_min * 60.0)


def at_once() -> int:
    """How many generations the artist wants worked on at once."""
    return int(getattr(preferences(), "at_once", MOST_AT_ONCE))


def smooth_up_to() -> float:
    """The angle between faces, in radians, from which an edge of an arriving model is sharp."""
    from ...scene.finish.defaults import SHARP_ANGLE

    return float(getattr(preferences(), "smooth_up_to", SHARP_ANGLE))


def why_not_ready(model_id: str = "") -> str:
    """Why nothing can be submitted now, as a sentence; "" where everything is there.

    What makes models on this computer needs nothing.
    """
    provider = provider_of(model_id)
    if provider.is_local:
        return ""
    if not provider.needs_key:
        return why_offline(provider.address)
    if not api_key().value:
        return (
            KEY_FILE.problem or "There is no API key yet. Get one at piapi.ai and put it into the add-on's preferences."
        )
    asked = service()
    if asked.webhook_endpoint and WEBHOOK_FILE.problem:
        return WEBHOOK_FILE.problem
    return _why_refused() or why_offline(asked.api_url)


def _why_refused() -> str:
    """About an address that a script, the environment or an earlier version has set."""
    fields = [field for field in ADDRESSED if field != "upload_url" or getattr(preferences(), "upload_images", False)]
    return next(filter(None, map(why_refused, fields)), "")


def why_offline(url: str) -> str:
    """Why nothing can be fetched from an address, as a sentence; "" where online access is on or it is local."""
    from ...piapi.service import is_loopback

    if bpy.app.online_access or is_loopback(url):
        return ""
    if bpy.app.online_access_override:
        return "Blender was started with online access off. Start it without --offline-mode."
    return "Online access is off. Allow it in Preferences → System → Network."


def ready_service() -> "Service":
    """The service; NotReady where nothing may be sent to it."""
    if reason := why_not_ready():
        raise NotReady(reason)
    return service()


@cache
def own_version() -> str:
    """The add-on's, from its manifest; in a clone that lies beside the package."""
    import tomllib

    for folder in Path(__file__).parents[2:4]:
        try:
            manifest = tomllib.loads((folder / "blender_manifest.toml").read_text(encoding="utf-8"))
            return str(manifest["version"])
        except (OSError, ValueError, KeyError):
            continue
    return "(not installed as an extension)"


def _set_to(field: str) -> Setting:
    """What is set, whether it can be used or not."""
    variable = _VARIABLES.get(field, "")
    if url := os.environ.get(variable, "").strip():
        return Setting(url, variable)
    return Setting(str(getattr(preferences(), field, "")).strip(), "the preferences")


def _address(field: str, default: str = "") -> Setting:
    """What is to be used: "" for what is refused, which is no address of anything."""
    found = _set_to(field)
    if not found.value:
        return Setting(default, "default")
    return found._replace(value="") if why_refused(field) else found
