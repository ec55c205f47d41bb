#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares recorded answers with the contract that this project relies on: `contract.py FOLDER`.

The folder is what `demo.py --record` or the environment variable PIAPI_RECORD has left. What the contract says nothing
about is listed, so that it can be written down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

CONTRACT = json.loads(Path(__file__).with_name("piapi_contract.json").read_text(encoding="utf-8"))
TASK_PATH = "/api/v1/task"
SHAPES = {
    "/account/info": "account answer",
    "/account/active_tasks": "active tasks answer",
    "/api/open/tasks/histories": "history answer",
    "/api/ephemeral_resource": "upload answer",
}


def main(folder: Path) -> int:
    """Prints what differs, file by file; 1 where anything does."""
    records = sorted(folder.glob("*.json"))
    found = {record.name: differences(json.loads(record.read_text(encoding="utf-8"))) for record in records}
    for name, lines in found.items():
        for line in lines:
            print(f"{name}: {line}")
    differing = sum(bool(lines) for lines in found.values())
    print(f"{len(records)} answers recorded in {folder}, {differing} of them differ from the contract")
    return 1 if differing else 0


def differences(record: dict[str, Any]) -> list[str]:
    """What in a recorded exchange is not as the contract has it, one sentence for each difference."""
    shape = shape_of(record["path"], record["status"])
    if shape is None:
        return [f"{record['method']} {record['path']} answered {record['status']}: the contract knows no shape for it"]
    schema = {"$ref": f"#/$defs/{shape}", "$defs": CONTRACT["$defs"]}
    errors = Draft202012Validator(schema).iter_errors(record["answer"])
    return [f"{error.json_path}: {error.message}" for error in errors]


def shape_of(path: str, status: int) -> str | None:
    """The name of the shape that an answer has to have."""
    if status // 100 != 2:
        return "refusal"
    path = path.partition("?")[0]
    return "task answer" if path == TASK_PATH or path.startswith(f"{TASK_PATH}/") else SHAPES.get(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
