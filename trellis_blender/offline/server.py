# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview over HTTP, on 127.0.0.1 only: PiAPI's paths, shapes and statuses.

Everything but a file wants this start's token as the key. A file's address holds a name of its own that cannot be
guessed, because keys are not sent to where files are.
"""

import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .tasks import InputUnusable, Tasks, envelope

BODY_LIMIT_BYTES = 16 * 1024 * 1024
"""A picture of 1024 × 1024 as base64 is at most 6 MB."""
IDLE_LIMIT_S = 60.0
TASK_PATH = "/api/v1/task"
BALANCE = {"name": "Offline preview", "id": "offline", "plan": "free", "equivalent_in_usd": 0.0}


class OfflineServer(ThreadingHTTPServer):
    """The service. `server_port` is the port that the system chose."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = token
        self.tasks = Tasks()

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_LIMIT_S
    server: OfflineServer  # pyright: ignore[reportIncompatibleVariableOverride] (so it is for the library, too)

    def do_GET(self) -> None:
        """A file, the balance, a task."""
        if self.path.startswith("/files/"):
            self._send_file(self.path.removeprefix("/files/"))
        elif not self._is_known():
            self._refuse(401, "The offline preview talks to the Blender that started it only.")
        elif self.path == "/account/info":
            self._send(200, BALANCE)
        elif task := self._task():
            self._send(200, envelope(task, self.server.address))
        else:
            self._refuse(404, "task not found")

    def do_POST(self) -> None:
        """A new task."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_LIMIT_BYTES:
            self.close_connection = True
            self._refuse(413, "The request is too large.")
            return
        body = self.rfile.read(int(length))
        if not self._is_known():
            self._refuse(401, "The offline preview talks to the Blender that started it only.")
        elif self.path != TASK_PATH:
            self._refuse(404, "not found")
        else:
            self._create(body)

    def do_DELETE(self) -> None:
        """Drops a task that has not begun."""
        if not self._is_known():
            self._refuse(401, "The offline preview talks to the Blender that started it only.")
        elif (task := self._task()) is None:
            self._refuse(404, "task not found")
        elif self.server.tasks.cancel(task):
            self._send(200, envelope(task, self.server.address))
        else:
            self._refuse(400, "The task has begun already.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Says nothing: Blender's terminal is the artist's."""

    def _create(self, body: bytes) -> None:
        try:
            payload = json.loads(body)
            if not isinstance(payload, dict):
                raise InputUnusable("The request is no JSON object.")
            task = self.server.tasks.create(payload)
        except InputUnusable as error:
            self._refuse(400, str(error))
        except (ValueError, RecursionError):
            self._refuse(400, "The request is no JSON.")
        else:
            self._send(200, envelope(task, self.server.address))

    def _is_known(self) -> bool:
        return hmac.compare_digest(self.headers.get("x-api-key", "").encode(), self.server.token.encode())

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
        self.end_headers()
        self.wfile.write(content)
