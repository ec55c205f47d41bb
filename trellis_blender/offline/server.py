# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview over HTTP, on 127.0.0.1 only: PiAPI's paths, shapes and statuses.

Every request except one for a file needs the token of this start as its key, before more than its headers is read. The
address of a file contains a name that cannot be guessed, because the add-on never sends keys with file requests.
"""

import hmac
import json
import re
import socket
import socketserver
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .tasks import InputUnusable, Tasks, envelope

BODY_LIMIT_BYTES = 16 * 1024 * 1024
"""A picture of 1024 × 1024 as base64 is at most 6 MB."""
IDLE_LIMIT_S = 60.0
"""Between two requests of the Blender that started it."""
ARRIVAL_LIMIT_S = 10.0
"""For a request to arrive completely: another program could send a byte now and then forever."""
MOST_CONNECTIONS = 64
"""Blender has one for each running generation, 30 at most. A further connection is closed."""
TASK_PATH = "/api/v1/task"
NOT_THIS_BLENDER = "The offline preview answers only the Blender that started it."
EXCLUSIVE: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
"""Only on Windows, where it keeps other programs from using the same port."""
BALANCE = {"name": "Offline preview", "id": "offline", "plan": "free", "equivalent_in_usd": 0.0}

_LENGTH = re.compile(r"[0-9]{1,9}")


class OfflineServer(ThreadingHTTPServer):
    """The service. `server_port` is the port that the system chose."""

    daemon_threads = True
    # The port is a new one each time. On Windows the first option would let another program use the same port.
    allow_reuse_address = False
    allow_reuse_port = False
    # The library's five are soon full, and then a connection is tried again a second later.
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, token: str) -> None:
        self.token = token
        self.tasks = Tasks()
        self._arrivals: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def server_bind(self) -> None:
        """Does not look up the computer's name, unlike the library: on macOS that may take half a minute."""
        if EXCLUSIVE is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, EXCLUSIVE, 1)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handles it in a thread of its own, unless there are too many."""
        with self._lock:
            is_too_many = len(self._arrivals) >= MOST_CONNECTIONS
            if not is_too_many:
                self._arrivals[request] = time.monotonic() + ARRIVAL_LIMIT_S
        if is_too_many:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection, and makes room for another."""
        with self._lock:
            self._arrivals.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints nothing: other programs may break connections as often as they like, and output is kept in a file."""

    def expect(self, request: socket.socket, within_s: float | None) -> None:
        """Sets when the next request has to be complete; None while one is answered."""
        with self._lock:
            self._arrivals[request] = time.monotonic() + (within_s or float("inf"))

    def service_actions(self) -> None:
        """Ten times a second: closes connections whose request did not arrive in time."""
        now = time.monotonic()
        with self._lock:
            late = [request for request, until in self._arrivals.items() if now > until]
        for request in late:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # For a single read; a slow sender is ended by service_actions.
    timeout = ARRIVAL_LIMIT_S
    server: OfflineServer  # pyright: ignore[reportIncompatibleVariableOverride] (so it is for the library, too)

    def handle_one_request(self) -> None:
        """One request; a program without the token cannot send a second one."""
        super().handle_one_request()
        if not self.close_connection:
            self.connection.settimeout(IDLE_LIMIT_S)
            self.server.expect(self.connection, IDLE_LIMIT_S)

    def handle_expect_100(self) -> bool:
        """Asks for a body only if it will be read."""
        return self._is_let_in() and super().handle_expect_100()

    def do_GET(self) -> None:
        """A file, the balance, a task."""
        self.server.expect(self.connection, None)
        if self.path.startswith("/files/"):
            self._send_file(self.path.removeprefix("/files/"))
        elif not self._is_let_in():
            return
        elif self.path == "/account/info":
            self._send(200, BALANCE)
        elif task := self._task():
            self._send(200, envelope(task, self.server.address))
        else:
            self._refuse(404, "task not found")

    def do_POST(self) -> None:
        """A new task."""
        if not self._is_let_in():
            return
        self.server.expect(self.connection, ARRIVAL_LIMIT_S)
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or int(length) > BODY_LIMIT_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._refuse(413, "The request is too large.")
            return
        body = self.rfile.read(int(length))
        self.server.expect(self.connection, None)
        if len(body) < int(length):
            self.close_connection = True
        elif self.path != TASK_PATH:
            self._refuse(404, "not found")
        else:
            self._create(body)

    def do_DELETE(self) -> None:
        """Cancels a task that has not started."""
        self.server.expect(self.connection, None)
        if not self._is_let_in():
            return
        if (task := self._task()) is None:
            self._refuse(404, "task not found")
        elif self.server.tasks.cancel(task):
            self._send(200, envelope(task, self.server.address))
        else:
            self._refuse(400, "The task has already started.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Prints nothing: Blender's terminal belongs to the artist."""

    def _create(self, body: bytes) -> None:
        try:
            payload = json.loads(body)
            if not isinstance(payload, dict):
                raise InputUnusable("The request is not a JSON object.")
            task = self.server.tasks.create(payload)
        except InputUnusable as error:
            self._refuse(400, str(error))
        except (ValueError, RecursionError):
            self._refuse(400, "The request is not JSON.")
        else:
            self._send(200, envelope(task, self.server.address))

    def _is_let_in(self) -> bool:
        """Whether the request has the token. Others are refused, and the connection is closed without reading more."""
        if hmac.compare_digest(self.headers.get("x-api-key", "").encode(), self.server.token.encode()):
            return True
        self.close_connection = True
        self._refuse(401, NOT_THIS_BLENDER)
        return False

    def _task(self) -> Any:
        folder, _, task_id = self.path.rpartition("/")
        return self.server.tasks.find(task_id) if folder == TASK_PATH else None

    def _send_file(self, name: str) -> None:
        model = self.server.tasks.find_model(name)
        if model:
            self._send_bytes(200, model, "model/gltf-binary")
        else:
            self._refuse(404, "no such file")

    def _refuse(self, status: int, message: str) -> None:
        self._send(status, {"code": status, "message": message, "data": None})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        self._send_bytes(status, json.dumps(content).encode(), "application/json")

    def _send_bytes(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
