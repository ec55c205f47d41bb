"""The pottery's service on this computer: `/pots` takes orders, `/pots/7` tells of one, `/shelf/7` has the pot."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STEPS = ("in line", "turning", "fired")


class PotteryServer(ThreadingHTTPServer):
    """`refuses`: what it says to every order, "" to take them. `is_held`: no pot gets further than the wheel.
    `loses_answers`: it takes an order and hangs up."""

    def __init__(self, glb: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.glb = glb
        self.refuses = ""
        self.is_held = self.loses_answers = False
        self.orders: list[dict[str, Any]] = []
        self.asked: dict[int, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Counter(BaseHTTPRequestHandler):
    server: PotteryServer

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "Token a token of the pottery's":
            self._say(401, b"who are you?")
        elif self.server.refuses:
            self._say(402, self.server.refuses.encode())
        else:
            self.server.orders.append(order)
            if self.server.loses_answers:
                self.close_connection = True
            else:
                self._tell(len(self.server.orders))

    def do_GET(self) -> None:
        place, _, number = self.path.strip("/").partition("/")
        if place == "shelf":
            self._say(200, self.server.glb)
        else:
            self._tell(int(number))

    def _tell(self, pot: int) -> None:
        times = self.server.asked[pot] = self.server.asked.get(pot, -1) + 1
        told: dict[str, Any] = {"pot": pot, "step": STEPS[min(times, 1 if self.server.is_held else 2)]}
        if told["step"] == "fired":
            told |= {"take it from": f"{self.server.url}/shelf/{pot}", "cents": 5}
        self._say(200, json.dumps(told).encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def running(glb: bytes) -> Iterator[PotteryServer]:
    with PotteryServer(glb) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
