"""The service's answers, one of each kind, and what reads them."""

from collections.abc import Callable, Iterator
from typing import Any

from trellis_blender.piapi.account import read_account, read_upload
from trellis_blender.piapi.answers import read_message, read_task
from trellis_blender.piapi.task_lists import read_active_tasks, read_history, read_listed

TASK: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": {
        "task_id": "97cb9075-0000-4000-8000-000000000000",
        "model": "Qubico/trellis",
        "task_type": "text-to-3d",
        "status": "completed",
        "config": {"service_mode": "", "webhook_config": {"endpoint": "", "secret": ""}},
        "input": {"prompt": "a bear", "seed": 5},
        "output": {"model_file": "https://img.theapi.app/temp/m.glb"},
        "meta": {
            "created_at": "2025-11-26T08:17:30.677144106Z",
            "started_at": "2025-11-26T08:17:31Z",
            "ended_at": "2025-11-26T08:18:31Z",
            "usage": {"type": "llm", "frozen": 0, "consume": 400000},
        },
        "detail": None,
        "logs": ["Sampling: 50%| | 25/50", {"message": "GLB"}],
        "error": {"code": 0, "raw_message": "", "message": "", "detail": None},
    },
}
FLAT: dict[str, Any] = {
    "status": "succeeded",
    "input": {"prompt": "a bear", "seed": 0},
    "logs": "Sampling: 50%| | 25/50\nGLB",
    "output": {"model_file": "https://img.theapi.app/temp/m.glb"},
    "metrics": {"predict_time": 78.9},
    "completed_at": "2024-12-11T12:50:29.319432+00:00",
    "error": None,
}
ACCOUNT: dict[str, Any] = {
    "data": {
        "name": "Ada",
        "id": 7,
        "plan": "creator",
        "equivalent_in_usd": 12.5,
        "wallet": {"llm_remain": 125_000_000},
        "credit_pack_info": {"total_credits": 1, "used_credits": 2, "available_credits": 3},
        "max_trellis_concurrency": 2,
    }
}
ROW: dict[str, Any] = {
    "task_id": TASK["data"]["task_id"],
    "task_model": "Qubico/trellis",
    "action": "create",
    "status": "completed",
    "usage": 400000,
    "usage_type": "llm",
    "detail": {"model": "Qubico/trellis", "task_id": TASK["data"]["task_id"], "workflow_type": "text-to-3d"},
    "created_at": "2025-11-26T08:17:30Z",
    "updated_at": "2025-11-26T08:18:30Z",
}
HISTORY: dict[str, Any] = {"code": 200, "data": {"data": [ROW, TASK["data"]], "page": 1, "size": 100, "total": 2}}
ACTIVE: dict[str, Any] = {
    "code": 200,
    "data": {
        "flux": {"staged_count": 0, "pending_count": 0, "processing_count": 1, "active_tasks": [TASK["data"]]},
        "kling": {"staged_count": 0, "pending_count": 0, "processing_count": 0, "active_tasks": None},
    },
}
UPLOAD: dict[str, Any] = {"code": 200, "data": {"url": "https://upload.theapi.app/x.png"}}

READERS: dict[str, tuple[dict[str, Any], Callable[[object], object]]] = {
    "task": (TASK, read_task),
    "flat task": (FLAT, lambda answer: read_task(answer, TASK["data"]["task_id"])),
    "listed": (TASK, lambda answer: read_listed(answer, TASK["data"]["task_id"])),
    "history": (HISTORY, read_history),
    "running tasks": (ACTIVE, read_active_tasks),
    "account": (ACCOUNT, read_account),
    "upload": (UPLOAD, read_upload),
    "message": (TASK, read_message),
}


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from paths(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from paths(item, (*path, number))
