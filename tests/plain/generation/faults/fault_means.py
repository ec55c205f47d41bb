"""By what real means things go wrong: a way to the service that is shut, a certificate that has expired, a clock that
jumps, a disk that fills up.
"""

import errno
import os
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from systems import stop_listening


class Door:
    """A way to the service that can be shut, and whose certificate, where it has one, can expire."""

    def __init__(self, target: str, certificates: Path | None = None) -> None:
        self._target = int(target.rpartition(":")[2])
        self._certificates = certificates
        self._certificate = "server.pem"
        self._listener: socket.socket | None = None
        self._keeper: socket.socket | None = None
        self.port = 0
        self.open()
        self.url = f"{'https' if certificates else 'http'}://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._certificate = "server.pem"
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Nobody listens any more, and nobody else is given the port."""
        self.close()
        self._keeper = socket.socket()
        self._keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._keeper.bind(("127.0.0.1", self.port))

    def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.close()
        listener, self._listener = self._listener, None
        if listener is not None:
            stop_listening(listener)

    def expire(self) -> None:
        self._certificate = "expired.pem"

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._relay, args=(listener.accept()[0],), daemon=True).start()

    def _relay(self, outer: socket.socket) -> None:
        with ExitStack() as opened, suppress(OSError):
            opened.enter_context(outer)
            if self._certificates is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self._certificates / self._certificate, self._certificates / "server.key")
                outer = opened.enter_context(context.wrap_socket(outer, server_side=True))
            inner = opened.enter_context(socket.create_connection(("127.0.0.1", self._target)))
            there = threading.Thread(target=_pump, args=(outer, inner), daemon=True)
            there.start()
            _pump(inner, outer)
            there.join(1.0)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while part := source.recv(65536):
            sink.sendall(part)
    for end in (source, sink):
        with suppress(OSError):
            socket.socket.shutdown(end, socket.SHUT_RDWR)


class Clock:
    """The computer's clock, which jumps for all cells of this process at once, when all of them are ready for it."""

    def __init__(self, cells: int, jump_s: float) -> None:
        self._ready = threading.Barrier(cells)
        self._jump_s = jump_s
        self._real = time.time
        self._offset_s = 0.0

    def __call__(self) -> float:
        return self._real() + self._offset_s

    def jump(self) -> None:
        self._ready.wait(60)
        self._offset_s = self._jump_s


class Disk:
    """A folder on a disk of its own that can be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        number = os.open(self._filling, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        # Several times: what was just being written may leave a little room when it is done.
        for size in (65536, 4096, 1) * 3:
            try:
                while True:
                    os.write(number, b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
            if size == 1:
                time.sleep(0.1)
        os.close(number)

    def clear(self) -> None:
        self._filling.unlink()
