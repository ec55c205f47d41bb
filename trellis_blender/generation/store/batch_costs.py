# SPDX-License-Identifier: GPL-3.0-or-later
"""What the batches of this computer have cost: each keeps its generations in a folder of its own, and its costs here,
beside those of all else, so that they are in the artist's sums and stay there when the batch's folder is gone."""

import hashlib
import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write_whole
from .database import Store
from .spending import TaskCost

FOLDER = "batch-costs"
BYTES_MAX = 64 * 2**20


def keep(folder: Path, batch: Path, store: Path) -> None:
    """Notes in this computer's `folder` what the tasks in the `store` of a batch cost. Raises GenerationProblem."""
    tasks = Store(store).costs()
    if not tasks:
        return
    lines = [task._replace(blend_file=task.blend_file or str(batch))._asdict() for task in tasks]
    name = hashlib.sha256(str(store).encode("utf-8", "replace")).hexdigest()[:16]
    write_whole(folder / FOLDER / f"{name}.json", json.dumps(lines).encode())


def with_batches(folder: Path, tasks: list[TaskCost]) -> list[TaskCost]:
    """Those tasks and those of all batches, each once, oldest first; what cannot be read is passed over."""
    found = {task.task_id: task for path in sorted((folder / FOLDER).glob("*.json")) for task in _read(path)}
    found |= {task.task_id: task for task in tasks}
    return sorted(found.values(), key=lambda task: (task.at, task.task_id))


def _read(path: Path) -> list[TaskCost]:
    tasks: list[TaskCost] = []
    with suppress(OSError, ValueError, TypeError, RecursionError):
        if path.stat().st_size <= BYTES_MAX:
            said: Any = json.loads(path.read_bytes())
            tasks += [task for task in map(_task, said) if task is not None]
    return tasks


def _task(line: Any) -> TaskCost | None:
    try:
        at, price_usd, charged_usd = float(line["at"]), float(line["price_usd"]), line["charged_usd"]
        names = [str(line[name]) for name in ("task_id", "model", "name", "blend_file")]
        charged_usd = None if charged_usd is None else float(charged_usd)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    if not all(map(math.isfinite, (at, charged_usd or 0.0))) or math.isnan(price_usd):
        return None
    task_id, model, name, blend_file = names
    return TaskCost(task_id, at, model, name, blend_file, charged_usd, price_usd)
