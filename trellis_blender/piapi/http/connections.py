# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that another thread can end, that tell what has gone out, and that can be held to where they may lead.

Names say little about where they lead, so what a connection may reach is judged by the address it has reached, before
the first byte goes out.
"""

import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

from urllib3.util.wait import wait_for_write

from ..errors import AddressRefused, ConnectionCut, NoAnswerInTime, NoConnection, ProxyAway
from . import sockets
from .addresses import is_loopback_ip, is_on_internet
from .proxies import Proxy

LOOK_UP_LIMIT_S = 30.0
"""For finding out where a name leads."""

Found = TypeVar("Found")


class Reach(Enum):
    """Where a connection may lead."""

    ANYWHERE = "anywhere"
    INTERNET = "only to what anybody on the internet can reach"
    HERE = "only to this computer"


class Connections:
    """The connections of one conversation. `cut` is for any thread, the rest for the one that has the conversation.

    `has_sent`: something of the request under way has gone out, so that what it did is unknown if no answer comes.
    """

    def __init__(self) -> None:
        self.has_sent = False
        self._is_cut = False
        self._is_connecting = False
        self._until: float | None = None
        self._also_look: Callable[[], None] = sockets.nothing
        self._host = ""
        self._proxy: Proxy | None = None
        self._reach = Reach.ANYWHERE

    def cut(self) -> None:
        """Ends what is under way and lets nothing new begin: requests raise ConnectionCut, or NotSent."""
        self._is_cut = True

    @contextmanager
    def within(self, seconds: float) -> Generator[None]:
        """Ends what takes longer with NoAnswerInTime: a server may send a byte now and then for ever."""
        before = self._until
        until = time.monotonic() + seconds
        self._until = until if before is None else min(until, before)
        try:
            yield
        finally:
            self._until = before

    @contextmanager
    def looking(self, also: Callable[[], None]) -> Generator[None]:
        """Calls `also` as often as is looked, which may raise."""
        self._also_look = also
        try:
            yield
        finally:
            self._also_look = sockets.nothing

    def begin(self, host: str, proxy: Proxy | None, reach: Reach) -> None:
        """Before each request: whom it goes to, by which way, and where that may lead. Behind a proxy it is the proxy
        that finds the server. Raises NoConnection where nothing new may begin."""
        self.has_sent = False
        self._host, self._proxy = host, proxy
        self._reach = reach if proxy is None else Reach.ANYWHERE
        self.look()

    def look(self) -> None:
        """Raises where the request under way was cut off, or takes too long."""
        if self._is_cut:
            raise ConnectionCut if self.has_sent else self.away("switched off")
        if self._until is not None and time.monotonic() > self._until:
            raise NoAnswerInTime if self.has_sent else self.away("timed out")
        self._also_look()

    def away(self, reason: str) -> NoConnection:
        """The error for a connection that does not come about."""
        return ProxyAway(str(self._proxy), reason) if self._proxy else NoConnection(self._host, reason)

    def apart(self, ask: Callable[[], Found]) -> Found:
        """What `ask` returns or raises, from a thread that is left behind where it is not waited for any more: there is
        no way to break off the looking up of a name."""
        answers: queue.SimpleQueue[tuple[Found | None, Exception | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put((ask(), None))
            except Exception as error:  # noqa: BLE001 (it is raised where it was asked)
                answers.put((None, error))

        until = time.monotonic() + LOOK_UP_LIMIT_S
        try:
            threading.Thread(target=run, name="trellis-look-up", daemon=True).start()
        except (RuntimeError, MemoryError):
            raise OSError("this computer has no room for one more thread") from None
        while True:
            self.look()
            try:
                found, error = answers.get(timeout=sockets.LOOK_S)
                break
            except queue.Empty:
                if time.monotonic() > until:
                    raise TimeoutError("timed out") from None
        if error is not None:
            raise error
        return found  # pyright: ignore[reportReturnType]  None only where that is what was returned

    @contextmanager
    def connecting(self) -> Generator[None]:
        """Around making a connection, up to the end of TLS: nothing that goes out then is the request."""
        self._is_connecting = True
        try:
            yield
        finally:
            self._is_connecting = False

    def sending(self) -> None:
        """Before anything goes out."""
        self.look()
        if not self._is_connecting:
            self.has_sent = True

    def reach(self, connection: Any) -> socket.socket:
        """A socket that has reached the server of urllib3's `connection`, or its proxy. Raises NoConnection, and
        AddressRefused where it leads to what may not be reached."""
        host, port = connection._dns_host.strip("[]"), connection.port
        limit_s = connection.timeout if isinstance(connection.timeout, int | float) else None
        problem: OSError = OSError("its name has no address")
        try:
            found = self.apart(lambda: socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            raise self.away(_reason(error)) from None
        for family, kind, protocol, _, address in found:
            try:
                opened = sockets.LookingSocket(family, kind, protocol)
                return self._connected(opened, address, connection.socket_options or (), limit_s)
            except OSError as error:
                problem = error
        raise self.away(_reason(problem))

    def _connected(
        self, opened: sockets.LookingSocket, address: Any, options: Any, limit_s: float | None
    ) -> socket.socket:
        opened.look = self.look
        try:
            for option in options:
                opened.setsockopt(*option)
            self._connect(opened, address, limit_s)
            self._judge(str(opened.getpeername()[0]))
        except BaseException:
            opened.close()
            raise
        return opened

    def _connect(self, opened: socket.socket, address: Any, limit_s: float | None) -> None:
        """In small steps, as `sockets` waits. Not with `select`, which knows only the first 1,024 open files."""
        until = None if limit_s is None else time.monotonic() + limit_s
        opened.setblocking(False)  # noqa: FBT003 (the library's)
        state = opened.connect_ex(address)
        if state in sockets.NOT_YET:
            while not wait_for_write(opened, sockets.LOOK_S):
                self.look()
                if until is not None and time.monotonic() > until:
                    raise TimeoutError("timed out")
            state = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state:
            # Windows has its own words for what happens to sockets.
            said: dict[int, str] = getattr(socket, "errorTab", {})
            raise OSError(state, said.get(state) or os.strerror(state))
        opened.settimeout(limit_s)

    def _judge(self, address: str) -> None:
        if self._reach is Reach.INTERNET and not is_on_internet(address):
            raise AddressRefused
        if self._reach is Reach.HERE and not is_loopback_ip(address):
            raise self.away("its name leads to another computer")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
