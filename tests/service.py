"""A PiAPI that runs here: a real server on a real socket that behaves like PiAPI's documentation and can misbehave.

It keeps books: every request, every accepted task, every key it was shown.
"""

import base64
import hashlib
import json
import socket
import struct
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import picture_service
from models import box_glb
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

KEY = "test-key-0123456789abcdef"
FIXTURES = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
PRICES = {"Qubico/trellis": 400000, "Qubico/trellis2": 1000000, "Qubico/pixal3d": 2500000, "offline-preview": 0}
TEXT_MODELS = {"Qubico/trellis"}
TAKE_VIEWS = {"Qubico/trellis"}
"""Whose `images` may be several pictures of one thing."""
AT_ONCE = {"free": 1, "creator": 5, "pro": 30}
"""Tasks that the account works on at once, by its plan."""
FAMILIES = ("flux", "kling", "luma", "midjourney", "music-s", "music-u")
"""Whose running tasks the account tells of; Trellis is none of them."""
TIMES = {"start_time": "0", "end_time": "inf"}
"""What the history can be limited by, in Unix seconds."""
PIECES = 20
"""In which a file comes that takes its time."""
ZERO_TIME = "0001-01-01T00:00:00Z"

LOG_LINES = (
    ["INFO:predict:Loading and preprocessing input image...", "INFO:predict:Saved image without background"]
    + [f"Sampling: {n * 10:3d}%|          | {n * 5}/50 [00:00<00:09,  5.43it/s]" for n in range(11)]
    + [f"Sampling: {n * 10:3d}%|          | {n * 5}/50 [00:00<00:09,  5.43it/s]" for n in range(11)]
    + [f"Rendering: {n}it [00:00, 173.86it/s]" for n in (0, 60, 120)]
    + ["INFO:predict:Generating normal video from mesh output..."]
    + [f"Rendering: {n}it [00:00, 83.86it/s]" for n in (0, 60, 120)]
    + [f"{n * 10}% done" for n in range(11)]
    + [f"Rendering: {n}it [00:00, 114.93it/s]" for n in (0, 50, 100)]
)


@dataclass
class Fault:
    """One way to misbehave. `after` lets the request take effect before the answer goes wrong.

    `reset` breaks the connection off once the whole request has come; `unread` before a byte of it is read, or, with
    "half", in the midst of it. `cut_after` ends the answer after so many bytes, `announced` is a length that is not the
    body's, `drip_s` the seconds between two bytes of an answer. `also` is called when the request has come.
    """

    status: int = 200
    body: bytes | str | dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    cut_after: int | None = None
    stall_s: float = 0.0
    after: bool = False
    unread: str = ""
    announced: int | None = None
    drip_s: float = 0.0
    also: Callable[[], object] | None = None


@dataclass
class Behaviour:
    """How tasks go while nothing is wrong."""

    pending_s: float = 0.0
    processing_s: float = 0.15
    log: bool = False
    seed_in_log: int | None = None
    fail_with: str | None = None
    cancelled_on_site: bool = False
    model: bytes | None = None
    no_model_file: bool = False
    flat_answers: bool = False
    status_words: dict[str, str] = field(default_factory=dict)
    refund: bool = False
    sending_s: float = 0.0
    video: bytes = b""
    cutout: bytes = b""


@dataclass
class Accepted:
    """A task in the books."""

    id: str
    payload: dict[str, Any]
    behaviour: Behaviour
    born: float
    made_at: float
    cancelled: bool = False


class Piapi:
    """The service. `url` is its address, `creates` the accepted tasks, `requests` everything that was asked.

    `held_back` are the answers that wait for a fault's `stall_s`, None before the request has taken effect.
    `arrivals` are the times (monotonic) of all requests but those for files; with `most_requests`, those beyond so many
    in any `minute_s` are refused. `behaviour_of` a create's payload is how its task goes.

    Answers have the shapes that others have recorded of PiAPI. Whether a task that is not done yet stands in the
    history is known of none: `lists_running` says so here. `takes_cancels` False refuses each with 501. Nor is it known
    whether several pictures of one thing are taken: `takes_views`, and whether all of them: `uses_first_only`.
    """

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.tasks: dict[str, Accepted] = {}
        self.creates: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.uploads: list[dict[str, Any]] = []
        self.key = KEY
        self.plan = "creator"
        self.balance_usd = 12.5
        self.expired_at = "2027-05-07T12:00:00Z"
        self.ranges = False
        self.files_url = ""
        self.clock_off_s = 0.0
        self.new_id: Callable[[], str] = lambda: str(uuid.uuid4())
        self.lists_running = True
        self.takes_cancels = True
        self.takes_views = True
        self.uses_first_only = False
        self.uploads_at_root = False
        self.echoes_pictures = True
        self.behaviour_of: Callable[[dict[str, Any]], Behaviour] = lambda payload: self.behaviour
        self.most_requests: int | None = None
        self.minute_s = 60.0
        self.arrivals: list[float] = []
        self.refused_as_too_many = 0
        self.held_back: list[Response | None] = []
        self._faults: dict[str, list[Fault | None]] = defaultdict(list)
        self._always: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_Quiet)
        self._server.piapi = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def fail(self, step: str, *faults: Fault | None) -> None:
        """The next requests of this step go wrong in turn; None lets one through."""
        self._faults[step] += faults

    def fail_always(self, step: str, fault: Fault | None) -> None:
        if fault is None:
            self._always.pop(step, None)
        else:
            self._always[step] = fault

    def now(self) -> float:
        """What time it is here, Unix seconds: this computer's clock may be off by `clock_off_s`."""
        return time.time() + self.clock_off_s

    def at_work(self) -> int:
        """How many tasks it works on."""
        now = time.monotonic()
        lasting = [task for task in list(self.tasks.values()) if not task.cancelled]
        return sum(now < each.born + each.behaviour.pending_s + each.behaviour.processing_s for each in lasting)

    def asked(self, step: str) -> int:
        """How many requests of this step came in."""
        return sum((_step(method, path) if method else path) == step for method, path, _ in self.requests)

    def fault_before(self, step: str) -> Fault | None:
        """The fault of the next request of this step, where it strikes before the request has been read."""
        with self._lock:
            fault = self._faults[step][0] if self._faults[step] else self._always.get(step)
            if fault is None or not fault.unread:
                return None
            if self._faults[step]:
                self._faults[step].pop(0)
            self.requests.append(("", step, {}))
            return fault

    # WSGI

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        step = _step(request.method, request.path)
        body = request.get_data()
        with self._lock:
            self.requests.append((request.method, request.path, {k.lower(): v for k, v in request.headers.items()}))
            is_too_many = step != "file" and self._is_too_many()
            fault = self._faults[step].pop(0) if self._faults[step] else self._always.get(step)
        if is_too_many:
            return _json(429, {"code": 429, "message": "too many requests", "data": None})(environ, start_response)
        if fault is None:
            return self._answer(step, request, body)(environ, start_response)
        is_real = fault.after or fault.cut_after is not None or fault.announced is not None or fault.drip_s > 0
        real = self._answer(step, request, body) if is_real else None
        if fault.also is not None:
            fault.also()
        if fault.stall_s:
            self.held_back.append(real)
            time.sleep(fault.stall_s)
            self.held_back.remove(real)
        if fault.reset:
            _reset(environ["werkzeug.socket"])
            return []
        if real is not None and is_real and (fault.cut_after, fault.announced, fault.drip_s) != (None, None, 0.0):
            return _send(environ["werkzeug.socket"], real, fault)
        if (fault.stall_s or fault.also) and fault.body is None and fault.status == 200:
            return (real or self._answer(step, request, body))(environ, start_response)
        content = json.dumps(fault.body) if isinstance(fault.body, dict) else fault.body or b""
        kind = "application/json" if isinstance(fault.body, dict) else "text/html"
        return Response(content, fault.status, fault.headers, content_type=kind)(environ, start_response)

    def _is_too_many(self) -> bool:
        now = time.monotonic()
        most = self.most_requests
        is_too_many = most is not None and len(self.arrivals) >= most and now - self.arrivals[-most] < self.minute_s
        self.refused_as_too_many += is_too_many
        self.arrivals.append(now)
        return is_too_many

    def _answer(self, step: str, request: Request, body: bytes) -> Response:
        if step == "file":
            return self._file(request.path, request.environ)
        if request.headers.get("x-api-key") != self.key:
            return _json(401, {"code": 401, "message": "Invalid API key", "data": None})
        if step == "create":
            return self._create(json.loads(body))
        if step == "balance":
            return _json(200, {"code": 200, "message": "success", "data": self._account()})
        if step == "active tasks":
            return _json(200, {"code": 200, "message": "success", "data": self._active()})
        if step == "history":
            return _json(200, {"code": 200, "message": "success", "data": self._history(request.args)})
        if step == "upload":
            self.uploads.append(json.loads(body))
            place = {"url": f"{self.url}/files/upload.png"}
            return _json(200, {"code": 200, **(place if self.uploads_at_root else {"data": place})})
        task = self.tasks.get(request.path.rsplit("/", 1)[-1])
        if task is None:
            return _json(404, {"code": 404, "message": "task not found", "data": None})
        if step == "cancel":
            if not self.takes_cancels:
                return Response("<html>Not Implemented</html>", 501, content_type="text/html")
            if self._phase(task)[0] != "pending":
                return _json(400, {"code": 400, "message": "task is already processing", "data": None})
            task.cancelled = True
        return _json(200, self._shape(task))

    def _account(self) -> dict[str, Any]:
        return {
            "id": 4711,
            "name": "Ada",
            "type": "user",
            "platform": "piapi",
            "account_group": "default",
            "plan": self.plan,
            "is_enable": True,
            "created_at": "2026-05-07T12:00:00Z",
            "api_key": self.key,
            "notification_hook_url": "https://hook.example/ada",
            "equivalent_in_usd": self.balance_usd,
            "wallet": {"point_remain": 0, "llm_remain": 125_000_000},
            "credit_pack_info": {
                "available_credits": 125,
                "credit_packs": [{"id": 1, "active": True, "capacity": 150, "expired_at": self.expired_at}],
            },
            "max_concurrent_task_count": 30,
            "max_trellis_concurrency": AT_ONCE.get(self.plan.casefold(), 1),
            "max_flux_concurrency": 5,
        }

    def _active(self) -> dict[str, Any]:
        with self._lock:
            tasks = [task for task in self.tasks.values() if self._phase(task)[0] in {"pending", "processing"}]
        families: dict[str, Any] = {}
        for family in FAMILIES:
            its = [task for task in tasks if family in task.payload["model"]]
            phases = [self._phase(task)[0] for task in its]
            listed = [
                {"task_id": task.id, "model": task.payload["model"], "task_type": task.payload["task_type"],
                 "status": phase}
                for task, phase in zip(its, phases, strict=True)
            ]  # fmt: skip
            families[family] = {
                "staged_count": 0,
                "pending_count": phases.count("pending"),
                "processing_count": phases.count("processing"),
                "active_tasks": listed or None,
            }
        return families

    def _history(self, asked: Mapping[str, str]) -> dict[str, Any]:
        since, until = (float(asked.get(name, limit)) for name, limit in TIMES.items())
        number, size = int(asked["page"]), int(asked["page_size"])
        with self._lock:
            tasks = [task for task in self.tasks.values() if since <= task.made_at <= until]
        if not self.lists_running:
            tasks = [task for task in tasks if self._phase(task)[0] not in {"pending", "processing"}]
        rows = [self._row(task) for task in _page(tasks, number, size)]
        return {"page": number, "size": size, "total": len(tasks), "data": rows or None}

    def _row(self, task: Accepted) -> dict[str, Any]:
        told = self._envelope(task)["data"]
        return {
            "id": 90000,
            "account_id": 4711,
            "api_key_id": 12,
            "action": "create",
            "status": told["status"],
            "service_mode": "public",
            "fixed": False,
            "task_id": task.id,
            "task_model": told["model"],
            "usage": told["meta"]["usage"]["consume"],
            "usage_type": "llm",
            "detail": {"model": told["model"], "task_id": task.id, "workflow_type": told["task_type"]},
            "created_at": told["meta"].get("created_at"),
            "updated_at": told["meta"].get("created_at"),
        }

    def _create(self, payload: dict[str, Any]) -> Response:
        refusal = _refusal(payload, takes_views=self.takes_views)
        if refusal:
            return _json(400, {"code": 400, "message": refusal, "data": None})
        task = Accepted(self.new_id(), payload, self.behaviour_of(payload), time.monotonic(), self.now())
        with self._lock:
            self.tasks[task.id] = task
            self.creates.append(payload)
        return _json(200, self._envelope(task))

    def _phase(self, task: Accepted) -> tuple[str, float]:
        """The status word and the share of the processing that is done."""
        how, age = task.behaviour, time.monotonic() - task.born
        if task.cancelled or (how.cancelled_on_site and age >= how.pending_s):
            return "cancelled", 0.0
        if age < how.pending_s:
            return "pending", 0.0
        share = min((age - how.pending_s) / how.processing_s, 1.0) if how.processing_s else 1.0
        if share < 1:
            return "processing", share
        return ("failed" if how.fail_with is not None else "completed"), 1.0

    def _shape(self, task: Accepted) -> dict[str, Any]:
        return self._flat(task) if task.behaviour.flat_answers else self._envelope(task)

    def _envelope(self, task: Accepted) -> dict[str, Any]:
        how = task.behaviour
        status, share = self._phase(task)
        output = None
        if status == "completed" and picture_service.makes_pictures(task.payload):
            address = f"{self.files_url or self.url}/files/{task.id}"
            output = {} if how.no_model_file else picture_service.output(task.payload, address)
        elif status == "completed":
            output = self._output(task)
        is_free = status == "cancelled" or (status == "failed" and how.refund)
        inputs = task.payload["input"]
        if "image" in inputs and inputs["image"].startswith("http"):
            inputs = {**inputs, "image": "", "images": [inputs["image"]]}
        elif "image" in inputs and not self.echoes_pictures:
            inputs = {**inputs, "image": ""}
        elif "images" in inputs:
            images = inputs["images"][:1] if self.uses_first_only else inputs["images"]
            inputs = {**inputs, "image": "", "images": images if self.echoes_pictures else None}
        return {
            "code": 200,
            "message": "success",
            "data": {
                "task_id": task.id,
                "model": task.payload["model"],
                "task_type": task.payload["task_type"],
                "status": how.status_words.get(status, status),
                "config": {"service_mode": "", "webhook_config": {"endpoint": "", "secret": ""}},
                "input": inputs,
                "output": output,
                "meta": {
                    "created_at": f"{datetime.fromtimestamp(task.made_at, UTC):%Y-%m-%dT%H:%M:%S.%f}106Z",
                    "started_at": ZERO_TIME if status == "pending" else "2025-11-26T08:17:31.123456789Z",
                    "ended_at": "2025-11-26T08:18:30.1Z" if status in {"completed", "failed"} else ZERO_TIME,
                    "usage": {"type": "llm", "frozen": 0, "consume": 0 if is_free else self._units(task)},
                    "is_using_private_pool": False,
                },
                "detail": None,
                "logs": list(self._log(how, share)),
                "error": {
                    "code": 10000 if status == "failed" else 0,
                    "raw_message": "",
                    "message": (how.fail_with or "") if status == "failed" else "",
                    "detail": None,
                },
            },
        }

    def _output(self, task: Accepted) -> dict[str, str]:
        how, address = task.behaviour, f"{self.files_url or self.url}/files/{task.id}"
        found = {"model_file": "" if how.no_model_file else f"{address}.glb"}
        if how.video:
            found["combined_video"] = f"{address}.mp4"
        if how.cutout:
            found["no_background_image"] = f"{address}.cutout"
        return found

    def _units(self, task: Accepted) -> int:
        if picture_service.makes_pictures(task.payload):
            return picture_service.units(task.payload, self._upload())
        return PRICES[task.payload["model"]]

    def _upload(self) -> str:
        return self.uploads[-1]["file_data"] if self.uploads else ""

    def _flat(self, task: Accepted) -> dict[str, Any]:
        status, share = self._phase(task)
        done = status == "completed"
        return {
            "completed_at": "2024-12-11T12:50:29.319432+00:00" if done else None,
            "created_at": None,
            "error": None,
            "id": None,
            "input": {**task.payload["input"], "randomize_seed": True},
            "logs": "\n".join(self._log(task.behaviour, share)),
            "metrics": {"predict_time": 78.858637},
            "output": {
                "no_background_image": "",
                "combined_video": "",
                "model_file": "",
                **(self._output(task) if done else {}),
            },
            "started_at": "2024-12-11T12:49:10.460795+00:00",
            "status": "succeeded" if done else status,
            "version": None,
        }

    def _log(self, how: Behaviour, share: float) -> Iterator[str]:
        if not how.log:
            return
        lines = list(LOG_LINES)
        if how.seed_in_log is not None:
            lines.insert(2, f"INFO:predict:Using randomized seed: {how.seed_in_log}")
        yield from lines[: int(share * len(lines))]

    def _file(self, path: str, environ: dict[str, Any]) -> Response:
        name, _, number = path.rsplit("/", 1)[-1].removesuffix(".png").rpartition("-")
        if path.endswith(".png") and (task := self.tasks.get(name)):
            return Response(
                picture_service.picture(task.payload, int(number), self._upload()), content_type="image/png"
            )
        name, _, ending = path.rsplit("/", 1)[-1].rpartition(".")
        task = self.tasks.get(name)
        if task and ending in {"mp4", "cutout"}:
            return Response(task.behaviour.video if ending == "mp4" else task.behaviour.cutout)
        content = (task.behaviour.model if task else None) or default_model()
        response = Response(content, content_type="model/gltf-binary")
        if self.ranges:
            response.set_etag(hashlib.sha256(content).hexdigest()[:16])
            response.make_conditional(environ, accept_ranges=True, complete_length=len(content))
        if task and task.behaviour.sending_s:
            response.headers["Content-Length"] = str(len(response.get_data()))
            response.response = _slowly(response.get_data(), task.behaviour.sending_s)
        return response


@contextmanager
def running() -> Iterator[Piapi]:
    """A service for the time of the block."""
    service = Piapi()
    service.start()
    try:
        yield service
    finally:
        service.stop()


def default_model() -> bytes:
    """A real model of the service where the fixtures are, else a generated one."""
    real = FIXTURES / "trellis-lungs.glb"
    return real.read_bytes() if real.exists() else box_glb()


def png_size(image: str) -> tuple[int, int]:
    """Width and height of a PNG sent as a data URI or plain base64."""
    content = base64.b64decode(image.split(",", 1)[-1])
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def _refusal(payload: dict[str, Any], *, takes_views: bool) -> str:
    model, inputs = payload.get("model"), payload.get("input", {})
    if picture_service.makes_pictures(payload):
        return picture_service.refusal(payload)
    if model not in PRICES:
        return "unknown model"
    if payload.get("task_type") == "text-to-3d":
        if model not in TEXT_MODELS:
            return "this model takes an image"
        if not inputs.get("prompt"):
            return "prompt is required"
    elif reason := _picture_refusal(inputs, model in TAKE_VIEWS and takes_views):
        return reason
    if not isinstance(inputs.get("seed", 0), int):
        return "seed must be an integer"
    return ""


def _picture_refusal(inputs: dict[str, Any], takes_views: bool) -> str:
    images = [inputs["image"]] if inputs.get("image") else (inputs.get("images") or []) if takes_views else []
    if not isinstance(images, list) or not images or not all(isinstance(each, str) and each for each in images):
        return "image is required"
    if any(max(png_size(each)) > 1024 for each in images if not each.startswith("http")):
        return "image larger than 1024x1024"
    return ""


def _page(newest_last: list[Any], number: int, size: int) -> list[Any]:
    newest_first = newest_last[::-1]
    return newest_first[(number - 1) * size : number * size]


def _slowly(content: bytes, seconds: float) -> Iterator[bytes]:
    size = -(-len(content) // PIECES)
    for begin in range(0, len(content), size):
        yield content[begin : begin + size]
        time.sleep(seconds / PIECES)


def _step(method: str, path: str) -> str:
    if path.startswith("/files/"):
        return "file"
    if path.startswith("/account/active_tasks"):
        return "active tasks"
    if path.startswith("/api/open/tasks/histories"):
        return "history"
    if path.startswith("/account/"):
        return "balance"
    if path.startswith("/api/ephemeral_resource"):
        return "upload"
    return {"POST": "create", "GET": "get", "DELETE": "cancel"}.get(method, method)


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError


def _send(connection: socket.socket, response: Response, fault: Fault) -> Any:
    """An answer as `fault` has it: not all of it, of another length than it says, or a byte now and then."""
    content = response.get_data()
    etag = f"ETag: {response.headers['ETag']}\r\n" if "ETag" in response.headers else ""
    length = len(content) if fault.announced is None else fault.announced
    connection.sendall(f"HTTP/1.1 200 OK\r\n{etag}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode())
    if fault.drip_s:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(fault.drip_s)
    connection.sendall(content[: fault.cut_after])
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


class _Quiet(WSGIRequestHandler):
    def handle(self) -> None:
        head = self.connection.recv(4096, socket.MSG_PEEK)
        method, _, rest = head.decode("latin-1").partition(" ")
        fault = self.server.piapi.fault_before(_step(method, rest.partition(" ")[0]))  # type: ignore[attr-defined]
        if fault is None:
            super().handle()
            return
        if fault.unread == "half":
            self.connection.recv(len(head) // 2)
        # What has come and was not read makes the system reset the connection.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.piapi.now() if timestamp is None else timestamp)  # type: ignore[attr-defined]

    def log(self, type: str, message: str, *args: Any) -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True
