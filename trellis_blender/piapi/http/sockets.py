# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that never wait for long without looking whether anybody still wants what they wait for.

A thread that waits in the system can neither be interrupted nor given up in Python, and on Windows not even shutting
its socket down wakes it. So it waits for LOOK_S at a time, whatever it waits for: a handshake, room for what it sends,
the length of a chunk, the rest of a header.
"""

import errno
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

LOOK_S = 0.1
"""How often it is looked. A tenth of a second more at the end is not noticed, and ten looks a second cost nothing."""
NOT_YET = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY}
"""What `connect_ex` says while a connection is on its way."""


def nothing() -> None:
    """There is nothing to look for."""


class LookingSocket(socket.socket):
    """`look` is called before each wait, at least every LOOK_S; what it raises ends the wait."""

    look: Callable[[], None] = staticmethod(nothing)
    _limit_s: float | None = None

    def settimeout(self, value: float | None) -> None:
        """How long one call may wait, in seconds; None for ever."""
        self._limit_s = value
        super().settimeout(LOOK_S if value is None else min(value, LOOK_S))

    def gettimeout(self) -> float | None:
        """As it was set."""
        return self._limit_s

    def recv(self, *arguments: Any, **options: Any) -> bytes:
        """As the library's."""
        return self.patiently(super().recv, *arguments, **options)

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        """As the library's."""
        return self.patiently(super().recv_into, *arguments, **options)

    def send(self, *arguments: Any, **options: Any) -> int:
        """As the library's."""
        return self.patiently(super().send, *arguments, **options)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As the library's, but that each part of it may take as long as was set."""
        with memoryview(data) as view, view.cast("B") as content:
            sent = 0
            while sent < len(content):
                sent += self.send(content[sent:], flags)

    def patiently(self, act: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """What `act` returns, which is begun again as often as it has waited for LOOK_S in vain."""
        until = None if self._limit_s is None else time.monotonic() + self._limit_s
        while True:
            self.look()
            try:
                return act(*arguments, **options)
            except TimeoutError as error:
                # One with a number comes from the system: then it is the connection that is lost.
                if error.errno is not None or (until is not None and time.monotonic() >= until):
                    raise


class SecureSocket(LookingSocket, ssl.SSLSocket):
    """One with TLS, for an `SSLContext.sslsocket_class`. It looks as the socket did that it was made of."""

    @classmethod
    def _create(cls, sock: Any, *arguments: Any, do_handshake_on_connect: bool = True, **options: Any) -> Any:
        library: Any = super()
        made = library._create(sock, *arguments, do_handshake_on_connect=False, **options)
        made.look = getattr(sock, "look", nothing)
        if do_handshake_on_connect:
            try:
                made.do_handshake()
            except BaseException:
                made.close()
                raise
        return made

    def do_handshake(self, *arguments: Any, **options: Any) -> None:
        """As the library's."""
        self.patiently(super().do_handshake, *arguments, **options)
