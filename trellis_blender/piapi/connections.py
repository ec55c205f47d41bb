# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that another thread can cut off, and that can be held to addresses on the internet.

A thread that waits for an answer can neither be interrupted nor given up in Python: its socket has to be shut down.
Names say little about where they lead, so what a connection may reach is judged by the address it has reached, before
the first byte goes out.
"""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .certificates import trusting
from .errors import AddressRefused, NoAnswerInTime, NoConnection, NotSent, PiapiError


class Connections:
    """The connections of one conversation. `cut` is for any thread, the rest for the one that has the conversation."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._is_cut = False

    def session(self, *, uses_proxy: bool, internet_only: bool = False) -> requests.Session:
        """A session over these connections.

        `internet_only`: requests raise AddressRefused where the server is on this computer or in its network. Behind a
        proxy it is the proxy that finds the server, so there only what the address itself says is judged.
        """
        session = requests.Session()
        session.trust_env = uses_proxy
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Adapter(self, internet_only=internet_only))
        return session

    def cut(self) -> None:
        """Ends what is under way and lets nothing new begin: requests raise ConnectionCut, or NotSent."""
        self._is_cut = True
        self._hang_up()

    @contextmanager
    def within(self, seconds: float) -> Generator[None]:
        """Hangs up on what takes longer, and raises NoAnswerInTime: a server may send a byte now and then for ever."""
        is_over = threading.Event()

        def end() -> None:
            is_over.set()
            self._hang_up()

        timer = threading.Timer(seconds, end)
        timer.name, timer.daemon = "trellis-deadline", True
        timer.start()
        try:
            yield
        except NotSent:
            raise  # surely, however long it took to find that out
        except PiapiError:
            if not is_over.is_set():
                raise
        finally:
            timer.cancel()
            timer.join()
        # Headers that break off look like an answer without a body, so that it is not an error alone that tells.
        if is_over.is_set():
            raise NoAnswerInTime

    def begin(self, host: str) -> None:
        """Called before a connection is made; raises NoConnection after `cut`."""
        if self._is_cut:
            raise NoConnection(host)

    def note(self, opened: socket.socket | None) -> None:
        """Called when a connection has been made."""
        if opened is not None:
            with self._lock:
                self._open.add(opened)
        if self._is_cut:
            self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            opened = list(self._open)
        for each in opened:
            with suppress(OSError):
                # Not the TLS socket's own `shutdown`: it forgets that there is TLS while the other thread reads.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


def is_on_internet(address: str) -> bool:
    """True for an IP address that anybody on the internet could reach; False for anything else, names included."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


class _Adapter(HTTPAdapter):
    """Puts our connections below `requests`."""

    def __init__(self, connections: Connections, *, internet_only: bool) -> None:
        self._connections = connections
        self._internet_only = internet_only
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._connections, internet_only=self._internet_only)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _pools(self._connections, internet_only=False)
        return manager


def _pools(connections: Connections, *, internet_only: bool) -> dict[str, Any]:
    """urllib3's pools by scheme, with connections that tell of themselves and look where they have got to."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            connections.begin(self.host)
            super().connect()
            connections.note(self.sock)

        def _new_conn(self) -> socket.socket:
            return checked(super()._new_conn())

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            connections.begin(self.host)
            if self.cert_reqs == "CERT_REQUIRED":
                # What requests would have read for each connection anew is in the context already. A proxy that is
                # reached over https itself is then held to the system's certificates, by urllib3.
                self.ssl_context = trusting(self.ca_certs, self.ca_cert_dir)
                self.ca_certs = self.ca_cert_dir = None
            super().connect()
            connections.note(self.sock)

        def _new_conn(self) -> socket.socket:
            return checked(super()._new_conn())

    def checked(opened: socket.socket) -> socket.socket:
        if internet_only and not is_on_internet(str(opened.getpeername()[0])):
            opened.close()
            raise AddressRefused
        return opened

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain  # pyright: ignore[reportAssignmentType]  as in urllib3 itself

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": SecurePool}
