# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes models: PiAPI, the offline preview, and others that get a line in the table `PROVIDERS`.

A provider is a package of its own. Which provider a model belongs to is decided here, by the model's id. What a
provider answers comes in the shapes of `piapi.answers` and `piapi.task_lists`, and what goes wrong in the classes of
`piapi.errors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from ..piapi.models import IMAGE, MODELS, PICTURE_LABELS, SEED, TEXT, InputUnusable, Model
from ..piapi.timings import USUAL_TIMINGS, Timings

if TYPE_CHECKING:
    from ..piapi.account import Account
    from ..piapi.answers import Task
    from ..piapi.client import Exchange
    from ..piapi.clock import ServiceClock
    from ..piapi.errors import PiapiError, Wording
    from ..piapi.http.connections import Connections
    from ..piapi.service import Service
    from ..piapi.task_lists import ListedTask, TaskPage


class Hooks(NamedTuple):
    """What a client asks and tells while it works; `piapi.client.Client` says of each what it is for."""

    wait_turn: Callable[[], None]
    pause: Callable[[float], None]
    slow_down: Callable[[float], None]
    connections: "Connections"
    witness: "Callable[[Exchange], None] | None" = None
    timings: Timings = USUAL_TIMINGS


class Client(Protocol):
    """One conversation with a provider's service, for one thread. All methods raise PiapiError."""

    def create_task(
        self, model: str, task_type: str, inputs: Mapping[str, object], config: Mapping[str, object] | None = None
    ) -> "Task":
        """Submits a task, once. NotSent and Refused where surely none was made, Unclear where that is unknown."""
        ...

    def get_task(self, task_id: str) -> "Task":
        """The task as it stands now."""
        ...

    def cancel_task(self, task_id: str) -> None:
        """Asks for a task to be dropped; a later `get_task` says whether it was."""
        ...

    def get_account(self) -> "Account":
        """What the account allows."""
        ...

    def close(self) -> None:
        """Closes the connections."""
        ...


@runtime_checkable
class ListsTasks(Protocol):
    """What a client has whose provider lists the account's tasks: a submission whose answer was lost is looked for."""

    clock: "ServiceClock"
    timings: Timings

    def get_active_tasks(self) -> "list[ListedTask]":
        """The tasks that are not done yet."""
        ...

    def get_history(self, since: float, until: float, page: int = 1) -> "TaskPage":
        """One page of the tasks between two times (Unix seconds)."""
        ...

    def find_task(self, task_id: str) -> "ListedTask":
        """A task with what it was made from."""
        ...


class Places(Protocol):
    """Where services are, as the interface knows it. Both raise its reason where they cannot be used now."""

    def configured_service(self) -> "Service":
        """The one that the add-on's preferences name."""
        ...

    def offline_service(self) -> "Service":
        """The offline preview's process."""
        ...


class Provider(Protocol):
    """Who makes models."""

    name: str
    """As it stands within a sentence."""
    site: str
    """Where the artist finds tasks and credits."""
    address: str
    """Where it is asked; "" where the preferences say so."""
    models: Mapping[str, Model]
    """By the id that each has at the provider, with its price."""
    is_free: bool
    is_local: bool
    """On this computer, without a network."""
    can_cancel: bool
    keeps_tasks: bool
    """Over a restart of Blender."""
    needs_key: bool
    """The API key of the preferences."""

    def service(self, places: Places) -> "Service":
        """Where its tasks go, and with which key."""
        ...

    def client(self, service: "Service", hooks: Hooks) -> Client:
        """A conversation with it. Called in the generation's thread."""
        ...


@dataclass
class _PiapiShaped:
    """A provider that answers as PiAPI does."""

    name: str
    models: Mapping[str, Model]
    site: str = ""
    address: str = ""
    is_free: bool = False
    is_local: bool = False
    can_cancel: bool = True
    keeps_tasks: bool = True
    needs_key: bool = False
    place: Callable[[Places], "Service"] = field(default=lambda places: places.configured_service())

    def service(self, places: Places) -> "Service":
        return self.place(places)

    def client(self, service: "Service", hooks: Hooks) -> Client:
        from ..piapi.client import Client  # `requests` takes longer to load than an artist's frame may

        return Client(
            service,
            wait_turn=hooks.wait_turn,
            pause=hooks.pause,
            slow_down=hooks.slow_down,
            witness=hooks.witness,
            connections=hooks.connections,
            timings=hooks.timings,
        )


PIAPI = _PiapiShaped("PiAPI", MODELS, site="piapi.ai", needs_key=True)

OFFLINE_PREVIEW = Model(
    id="offline-preview",
    label="Offline preview",
    use="A rough stand-in, made on this computer. Image only, not Trellis",
    task_types=(IMAGE, TEXT),
    parameters=(SEED,),
    price_usd=0.0,
)
"""It takes text as well, and then says that it cannot read."""
OFFLINE = _PiapiShaped(
    "the offline preview",
    {OFFLINE_PREVIEW.id: OFFLINE_PREVIEW},
    is_free=True,
    is_local=True,
    keeps_tasks=False,
    place=lambda places: places.offline_service(),
)

PROVIDERS: list[Provider] = [
    PIAPI,
    OFFLINE,
]


def models() -> dict[str, Model]:
    """The models of all providers, in the order in which they are offered."""
    return {model_id: model for provider in PROVIDERS for model_id, model in provider.models.items()}


def find_model(model_id: str) -> Model:
    """The model of that id; InputUnusable where there is none."""
    known = models()
    if model_id not in known:
        raise InputUnusable(f"There is no model “{model_id}”. Choose one of: {', '.join(known)}.")
    return known[model_id]


def provider_of(model_id: str) -> Provider:
    """Whose model it is. PiAPI's are those that make pictures, too, and those that only a later version knows."""
    return next((provider for provider in PROVIDERS if model_id in provider.models), PIAPI)


def at_beginning(name: str) -> str:
    """A provider's name as a sentence begins with it."""
    return name[:1].upper() + name[1:]


def wording_of(model_id: str) -> "Wording":
    """What an error's sentence calls the provider of a model, and what that makes."""
    from ..piapi.errors import Wording

    provider = provider_of(model_id)
    return Wording(provider.name, provider.site, "picture" if model_id in PICTURE_LABELS else "model")


def explain(model_id: str, error: "PiapiError") -> str:
    """The sentence for an error. What runs on this computer has no network to be checked."""
    from ..piapi.errors import NotSent, NotStarted, Unclear

    provider = provider_of(model_id)
    if provider.is_local and isinstance(error, (NotSent, Unclear)) and not isinstance(error, NotStarted):
        return f"{at_beginning(provider.name)} has stopped working; the next try starts it again."
    return error.sentence(wording_of(model_id))
