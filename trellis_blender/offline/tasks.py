# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview's tasks: accepted, done one after the other, reported in the form of PiAPI's answers."""

import base64
import binascii
import secrets
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from .make_preview import make_preview
from .png_arrays import PngUnusable, size_of
from .subject import NoSubject

SIDE_LIMIT_PX = 1024
"""As PiAPI has it."""
TASKS_KEPT = 64
"""With their models, about 2 MB each; Blender downloads a model as soon as it is finished."""
NOT_YET = "0001-01-01T00:00:00Z"

NO_PICTURE = "The offline preview works from a picture only. Choose an image, or another model."


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class InputUnusable(ValueError):
    """The request is refused at once. `str(error)` is a sentence."""


@dataclass
class OfflineTask:
    """One task. `status` is one of PiAPI's words."""

    payload: Mapping[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    file_name: str = field(default_factory=lambda: f"{secrets.token_urlsafe(24)}.glb")
    status: str = "pending"
    log: list[str] = field(default_factory=list[str])
    problem: str = ""
    model: bytes = b""
    created_at: str = field(default_factory=_now)
    started_at: str = NOT_YET
    ended_at: str = NOT_YET
    work: "Future[None] | None" = None


class Tasks:
    """All tasks of this process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._tasks: dict[str, OfflineTask] = {}
        self._lock = threading.Lock()
        # One at a time: two would need twice the memory and be no faster.
        self._workers = ThreadPoolExecutor(1, thread_name_prefix="offline-preview")
        # So that its thread begins now, where it can be said that there is no room for one.
        self._workers.submit(lambda: None)

    def create(self, payload: Mapping[str, Any]) -> OfflineTask:
        """Accepts a task; raises InputUnusable."""
        inputs = _mapping(payload.get("input"))
        content = _picture(inputs)
        task = OfflineTask(payload)
        with self._lock:
            self._tasks[task.id] = task
            for old in list(self._tasks)[:-TASKS_KEPT]:
                if self._tasks[old].ended_at != NOT_YET:
                    del self._tasks[old]
        task.work = self._workers.submit(self._make, task, content, _seed(inputs))
        return task

    def find(self, task_id: str) -> OfflineTask | None:
        """The task; None if it does not exist."""
        return self._tasks.get(task_id)

    def find_model(self, file_name: str) -> bytes:
        """A finished model by its file's name, which cannot be guessed; b"" if there is none."""
        with self._lock:
            return next((task.model for task in self._tasks.values() if task.file_name == file_name), b"")

    def cancel(self, task: OfflineTask) -> bool:
        """Cancels a task that has not started; False if it is too late."""
        if task.work is None or not task.work.cancel():
            return False
        task.status, task.ended_at = "cancelled", _now()
        return True

    def _make(self, task: OfflineTask, content: bytes, seed: int) -> None:
        task.status, task.started_at = "processing", _now()
        try:
            if not content:
                raise InputUnusable(NO_PICTURE)
            task.model = make_preview(content, seed, task.log.append)
        except (PngUnusable, NoSubject) as error:
            task.problem = str(error)
        except InputUnusable as error:
            task.problem = str(error)
        except Exception as error:  # noqa: BLE001 (whatever it was, the task has to end, and Blender has to get the reason)
            task.problem = (
                f"The offline preview has an error in its code ({type(error).__name__}: {error}). Please report it."
            )
        task.ended_at = _now()
        task.status = "failed" if task.problem else "completed"


def envelope(task: OfflineTask, address: str) -> dict[str, Any]:
    """PiAPI's answer about a task; `address` is the URL of this service."""
    done = task.status == "completed"
    failed = task.status == "failed"
    return {
        "code": 200,
        "message": "success",
        "data": {
            "task_id": task.id,
            "model": task.payload.get("model", ""),
            "task_type": task.payload.get("task_type", ""),
            "status": task.status,
            "config": {"service_mode": "", "webhook_config": {"endpoint": "", "secret": ""}},
            "input": _without_image(_mapping(task.payload.get("input"))),
            "output": {"model_file": f"{address}/files/{task.file_name}"} if done else None,
            "meta": {
                "created_at": task.created_at,
                "started_at": task.started_at,
                "ended_at": task.ended_at,
                "usage": {"type": "offline", "frozen": 0, "consume": 0},
                "is_using_private_pool": False,
            },
            "detail": None,
            "logs": list(task.log),
            "error": {
                "code": 10000 if failed else 0,
                "raw_message": task.problem,
                "message": task.problem,
                "detail": None,
            },
        },
    }


def _picture(inputs: Mapping[str, Any]) -> bytes:
    """The picture's bytes, b"" if there is none; raises InputUnusable for what PiAPI would refuse, too."""
    image = inputs.get("image") or ""
    if not image:
        return b""
    if not isinstance(image, str) or image.startswith(("http:", "https:")):
        raise InputUnusable("The offline preview needs the picture itself, not its address.")
    try:
        content = base64.b64decode(image.partition(",")[2] if image.startswith("data:") else image, validate=True)
        width, height = size_of(content)
    except (binascii.Error, PngUnusable):
        raise InputUnusable("The offline preview reads PNG pictures only, as base64 or a data URI.") from None
    if max(width, height) > SIDE_LIMIT_PX:
        raise InputUnusable(
            f"The picture has {width} × {height} pixels; at most {SIDE_LIMIT_PX} on each side are accepted."
        )
    return content


def _seed(inputs: Mapping[str, Any]) -> int:
    seed = inputs.get("seed", 0)
    return seed if isinstance(seed, int) and seed >= 0 else 0


def _without_image(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The input without the picture, which would add a megabyte to every answer."""
    return {name: value for name, value in inputs.items() if name != "image"} | {"image": ""}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
