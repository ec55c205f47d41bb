# SPDX-License-Identifier: GPL-3.0-or-later
"""Which accounts were refused several pictures for one model: it is not tried again until the artist asks for it.

PiAPI does not promise it. An account is known by the service's address and what `Service.account` makes of the key.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ...piapi.service import Service
from ..problems import GenerationProblem

if TYPE_CHECKING:
    from ..store.database import Store


class RefusedViews:
    """All but `is_refused` and `allow` is for threads that may wait for the disk. What cannot be kept is known until
    Blender ends."""

    def __init__(self, store: "Callable[[], Store]") -> None:
        self._open = store
        self._known: frozenset[str] = frozenset()

    def is_refused(self, service: Service) -> bool:
        """Whether the account was refused, as far as that has been read. Never waits."""
        return _name(service) in self._known

    def load(self) -> None:
        """Reads what earlier sessions have found out."""
        with suppress(GenerationProblem):
            self._known |= self._open().refused_views()

    def refuse(self, service: Service) -> None:
        """The account was refused."""
        self._known |= {_name(service)}
        with suppress(GenerationProblem):
            self._open().keep_refused_views(_name(service), is_refused=True)

    def allow(self, service: Service) -> None:
        """The artist wants it to be tried again. Never waits; `keep_allowed` writes it down."""
        self._known -= {_name(service)}

    def keep_allowed(self, service: Service) -> None:
        """Takes the account out of the store."""
        with suppress(GenerationProblem):
            self._open().keep_refused_views(_name(service), is_refused=False)


def _name(service: Service) -> str:
    return f"{service.account} {service.api_url}"
