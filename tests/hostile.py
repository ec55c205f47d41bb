"""Services on real sockets that answer as no service should, put together from what they send."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

PIECE = 64 * 1024


@dataclass
class Hostile:
    """Answers each connection with the next of `answers`, the last of them again and again; for `helpers.serving`.

    An answer is the pieces that are sent, or what makes them again.

    `requests` has what was asked, `sent` the bytes that went out, all connections together.
    """

    answers: list[Iterable[bytes] | Callable[[], Iterable[bytes]]]
    requests: list[bytes] = field(default_factory=list)
    sent: int = 0

    def __call__(self, connection: socket.socket) -> None:
        request = read_request(connection)
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        for piece in answer() if callable(answer) else answer:
            connection.sendall(piece)
            self.sent += len(piece)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            # Until the other side has read it: what is closed with something unread is reset.
            while connection.recv(PIECE):
                pass


def read_request(connection: socket.socket) -> bytes:
    """A whole request: head and, by its length, body."""
    request = b""
    while b"\r\n\r\n" not in request and (part := connection.recv(PIECE)):
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0 and (part := connection.recv(PIECE)):
        request += part
        missing -= len(part)
    return request


def head(status: int | str = 200, *headers: str | bytes) -> bytes:
    """The beginning of an answer."""
    lines = [f"HTTP/1.1 {status}{' Said' if isinstance(status, int) else ''}".encode()]
    lines += [each.encode("latin-1") if isinstance(each, str) else each for each in headers]
    return b"\r\n".join([*lines, b"", b""])


def whole(body: bytes, status: int | str = 200, *headers: str | bytes) -> list[bytes]:
    """An answer that is as it should be, but for what is asked for."""
    return [head(status, *headers, f"Content-Length: {len(body)}") + body]


def flood(*begin: bytes, piece: bytes = b"x" * PIECE) -> Iterator[bytes]:
    """The pieces in `begin`, then one piece for ever, as fast as it is taken."""
    yield from begin
    while True:
        yield piece


def drip(*begin: bytes, piece: bytes = b"x", every_s: float = 0.05) -> Iterator[bytes]:
    """The pieces in `begin`, then one piece for ever, now and then."""
    yield from begin
    while True:
        yield piece
        time.sleep(every_s)
