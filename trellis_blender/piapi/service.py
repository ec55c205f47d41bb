# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the service is and who asks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from .http.addresses import checked_address, is_loopback
from .redaction import know
from .timings import USUAL_LIMITS, TimeLimits

DEFAULT_API_URL = "https://api.piapi.ai"
DEFAULT_UPLOAD_URL = "https://upload.theapi.app"


@dataclass(frozen=True, slots=True)
class Service:
    """A PiAPI-shaped service and the key for it. The key stays out of `repr`.

    `upload_images`: images go to `upload_url` first instead of into the request. `record_folder`: where every answer is
    recorded; "" where nothing is. `fetches_videos`: of each model a film comes along, if there is one.
    `limits`: how long it is waited for. `start`: this service has to be started first, `api_url` is only its name, and
    calling `start` gives where it runs.

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
    fetches_videos: bool = True
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
        """Differs for each key; the key cannot be computed from it."""
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
