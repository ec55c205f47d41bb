# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the service is and who asks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from .errors import AddressUnusable
from .limits import USUAL_LIMITS, TimeLimits
from .redaction import know

DEFAULT_API_URL = "https://api.piapi.ai"
DEFAULT_UPLOAD_URL = "https://upload.theapi.app"


def is_loopback(url: str) -> bool:
    """True where `url` names this computer itself; such a service is reached without a network."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    return is_ip_address(host) and ip_address(host).is_loopback


def is_ip_address(host: str) -> bool:
    """True where `host` is a number rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def checked_address(url: str, what: str) -> str:
    """`url` without a trailing slash.

    Raises AddressUnusable unless it is https, or http on this computer: the key goes nowhere in the clear.
    """
    url = url.strip().rstrip("/")
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in {"https", "http"}:
        raise AddressUnusable(f"“{url}” is no address for {what}. It has to look like https://api.piapi.ai.")
    if parts.scheme == "http" and not is_loopback(url):
        raise AddressUnusable(f"{what} at {parts.hostname} needs https: the API key is not sent unencrypted.")
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        return parts if parts.port != 0 else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Service:
    """A PiAPI-shaped service and the key for it. The key stays out of `repr`.

    `upload_images`: images go to `upload_url` first instead of into the request. `record_folder`: where every answer is
    kept, for whoever has to find out; "" for nowhere. `limits`: how long it is waited for. `start`: this service has to
    be started first, `api_url` is only its name, and calling `start` gives where it runs.

    `webhook_endpoint`, `webhook_secret` and `service_mode` ("", "public" or "private") are passed through to PiAPI,
    which then tells a pipeline's server how the task goes, or bills it in one way or the other.
    """

    api_url: str = DEFAULT_API_URL
    api_key: str = field(default="", repr=False)
    upload_url: str = DEFAULT_UPLOAD_URL
    upload_images: bool = False
    webhook_endpoint: str = ""
    webhook_secret: str = field(default="", repr=False)
    service_mode: str = ""
    record_folder: str = ""
    limits: TimeLimits = USUAL_LIMITS
    start: "Callable[[], Service] | None" = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """What is secret here is in no text of this process any more."""
        know(self.api_key, self.api_key.strip(), self.webhook_secret, self.webhook_endpoint)

    @property
    def is_loopback(self) -> bool:
        """True where the service runs on this computer."""
        return self.start is not None or is_loopback(self.api_url)

    @property
    def account(self) -> str:
        """Tells this key from others; nobody can make the key of it."""
        return sha256(f"account {self.api_key}".encode()).hexdigest()[:8]

    def task_config(self) -> dict[str, object]:
        """PiAPI's `config` of a task; empty where nothing is set. Raises AddressUnusable for a webhook that is none."""
        config: dict[str, object] = {}
        if self.webhook_endpoint:
            endpoint = checked_address(self.webhook_endpoint, "the webhook")
            config["webhook_config"] = {"endpoint": endpoint, "secret": self.webhook_secret}
        if self.service_mode:
            config["service_mode"] = self.service_mode
        return config

    def reached(self) -> "Service":
        """The service where it can be asked. One that has to be started first is waited for; raises NotSent."""
        return self.start() if self.start is not None else self
