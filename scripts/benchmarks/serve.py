# SPDX-License-Identifier: GPL-3.0-or-later
"""Services for what is measured in another process: `serve.py tasks` or `serve.py file MEGABYTES`.

Writes its address and serves until its input ends.
"""

import os
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parents[2]
TASK_S = 60.0
"""Longer than the measuring, with a log that goes on all the time."""


def main(arguments: list[str]) -> None:
    """Starts what was asked for."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    if arguments[0] == "tasks":
        from dataclasses import replace

        from service import running

        with running() as piapi:
            piapi.behaviour = replace(piapi.behaviour, processing_s=TASK_S, log=True)
            _tell(piapi.url)
    else:
        server = _file_server(int(arguments[1]))
        Thread(target=server.serve_forever, daemon=True).start()
        _tell(f"http://127.0.0.1:{server.server_port}/model.glb")


def _tell(url: str) -> None:
    print(url, flush=True)
    sys.stdin.read()


def _file_server(megabytes: int) -> ThreadingHTTPServer:
    """Serves a GLB of that size from memory."""
    text = b'{"asset":{"version":"2.0"},"meshes":[{"primitives":[]}]}'
    text += b" " * (-len(text) % 4)
    binary = os.urandom(2**20) * megabytes
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    content = struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


if __name__ == "__main__":
    main(sys.argv[1:])
