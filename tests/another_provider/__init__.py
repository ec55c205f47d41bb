"""A provider beside PiAPI and the offline preview: a package of its own. One line in the table `PROVIDERS` adds it.

Its service knows pots instead of tasks and takes other words for what they are doing; `service.py` runs it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trellis_blender.piapi.models import IMAGE, TEXT, Model, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trellis_blender.generation.providers import Client, Hooks, Places
    from trellis_blender.piapi.service import Service

WHEEL = Model(
    "pottery/wheel",
    "Wheel",
    "For pots",
    (TEXT, IMAGE),
    (Parameter("turns", 3, 1, 9, whole=True, label="Turns"),),
    0.05,
)


@dataclass
class Pottery:
    """The provider."""

    address: str
    name: str = "Pottery"
    site: str = "pottery.example"
    models: "Mapping[str, Model]" = field(default_factory=lambda: {WHEEL.id: WHEEL})
    is_free: bool = False
    is_local: bool = False
    can_cancel: bool = False
    keeps_tasks: bool = True
    needs_key: bool = False

    def service(self, places: "Places") -> "Service":
        from trellis_blender.piapi.service import Service

        return Service(api_url=self.address, api_key="a token of the pottery's")

    def client(self, service: "Service", hooks: "Hooks") -> "Client":
        from another_provider.client import PotteryClient

        return PotteryClient(service, hooks)
