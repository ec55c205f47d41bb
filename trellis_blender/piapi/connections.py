# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that another thread can cut off, and that can be held to addresses on the internet.

A thread that waits for an answer can neither be interrupted nor given up in Python: its socket has to be shut down.
Names say little about where they lead, so what a connection may reach is judged by the address it has reached, before
the first byte goes out.
"""

import errno
import os
import select
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .certificates import trusting
from .errors import AddressRefused, NoAnswerInTime, NoConnection, NotSent, PiapiError

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 has the addresses of it (RFC 6052), those of its own neighbours as well."""
_NOT_YET = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY}
CONNECT_LOOK_S = 0.2
"""So often a connection that does not come about is looked at, whether anybody still wants it."""


class Connections:
    """The connections of one conversation. `cut` is for any thread, the rest for the one that has the conversation."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._is_cut = False
        self._early: socket.socket | None = None

    def session(self, *, uses_proxy: bool, internet_only: bool = False) -> requests.Session:
        """A session over these connections.

        `internet_only`: requests raise AddressRefused where the server is on this computer or in its network. Behind a
        proxy it is the proxy that finds the server, so there only what the address itself says is judged.
        """
        session = requests.Session()
        session.trust_env = uses_proxy
        # Else requests sends the login that the artist's .netrc has for the host, or by default.
        session.auth = _no_login
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

    @contextmanager
    def made(self, connection: HTTPConnection) -> Generator[None]:
        """Around making a connection, up to the end of TLS; raises NoConnection after `cut`."""
        self._look(connection.host)
        try:
            yield
        except Exception:
            self._look(connection.host)
            raise
        finally:
            early, self._early = self._early, None
            if early is not None:
                early.close()
        self._note(connection.sock)

    def reach(self, connection: HTTPConnection) -> socket.socket:
        """A socket that has reached the connection's server, or its proxy. As urllib3's own, but that `cut` ends it.

        Raises what urllib3 raises.
        """
        opened = self._connected(connection)
        # The handshake that may follow makes another object of the socket: a second handle is what can be shut down.
        self._early = opened.dup()
        self._note(self._early)
        return opened

    def _connected(self, connection: Any) -> socket.socket:
        host, port = connection._dns_host, connection.port
        limit_s = connection.timeout if isinstance(connection.timeout, int | float) else None
        problem: OSError = OSError("its name leads nowhere")
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM)
            for family, kind, protocol, _, address in found:
                opened = socket.socket(family, kind, protocol)
                try:
                    for option in connection.socket_options or ():
                        opened.setsockopt(*option)
                    self._connect(opened, address, limit_s, connection.host)
                except OSError as error:
                    opened.close()
                    problem = error
                except BaseException:
                    opened.close()
                    raise
                else:
                    return opened
        except (OSError, UnicodeError) as error:
            problem = error if isinstance(error, OSError) else OSError(str(error))
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(connection, f"no connection to {host} within {limit_s} s") from problem
        raise NewConnectionError(connection, f"no connection to {host}: {problem}") from problem

    def _connect(self, opened: socket.socket, address: Any, limit_s: float | None, host: str) -> None:
        """In small steps: a thread that waits for a connection cannot be woken."""
        until = None if limit_s is None else time.monotonic() + limit_s
        opened.settimeout(0)
        state = opened.connect_ex(address)
        while state in _NOT_YET:
            self._look(host)
            if until is not None and time.monotonic() > until:
                raise TimeoutError
            _, done, failed = select.select([], [opened], [opened], CONNECT_LOOK_S)
            if done or failed:
                state = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state:
            raise OSError(state, os.strerror(state))
        opened.settimeout(limit_s)

    def _look(self, host: str) -> None:
        if self._is_cut:
            raise NoConnection(host)

    def _note(self, opened: socket.socket | None) -> None:
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


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def is_on_internet(address: str) -> bool:
    """True for an IP address that anybody on the internet could reach; False for anything else, names included."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found in _TRANSLATED:
            found = IPv4Address(int(found) & 0xFFFFFFFF)
        elif found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found.is_site_local:
            return False
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
            with connections.made(self):
                super().connect()

        def _new_conn(self) -> socket.socket:
            return checked(connections.reach(self))

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            if self.cert_reqs == "CERT_REQUIRED":
                # What requests would have read for each connection anew is in the context already. A proxy that is
                # reached over https itself is then held to the system's certificates, by urllib3.
                self.ssl_context = trusting(self.ca_certs, self.ca_cert_dir)
                self.ca_certs = self.ca_cert_dir = None
            with connections.made(self):
                super().connect()

        def _new_conn(self) -> socket.socket:
            return checked(connections.reach(self))

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
