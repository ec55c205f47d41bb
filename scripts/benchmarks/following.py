# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests per generation and seconds from "completed" at the service to "ready" here, for tasks of unknown length.

`following.py PLAN COUNT`: so many queues side by side, each the only one of its account, each with one task of 25–60 s.
Nothing is sped up, so it takes a little over a minute.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LENGTHS_S = (25.0, 60.0)
LOOK_S = 0.01


def main(plan: str, count: int) -> None:
    """Runs them, looks a hundred times a second what has become ready, and counts what the service was asked."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from contextlib import ExitStack
    from dataclasses import replace

    from service import running

    from trellis_blender.generation.limits.rate_limit import PIAPI
    from trellis_blender.generation.queue import Queue
    from trellis_blender.generation.record.request import Placement, compose_request
    from trellis_blender.generation.states import State
    from trellis_blender.piapi.service import Service

    chance = random.Random(3)
    request = compose_request(
        model="Qubico/trellis",
        prompt="a chair",
        picture=None,
        picture_name="",
        parameters={},
        placement=Placement("Scene", "", (0.0, 0.0, 0.0), 1.0),
    )
    with ExitStack() as stack:
        runs = []
        for _ in range(count):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            piapi = stack.enter_context(running())
            piapi.plan = plan
            piapi.behaviour = replace(piapi.behaviour, processing_s=chance.uniform(*LENGTHS_S))
            queue = Queue(Path(folder), polling=PIAPI)
            queue.submit(request, Service(piapi.url, piapi.key))
            runs.append((piapi, queue))
        late_s: dict[int, float] = {}
        while len(late_s) < count:
            time.sleep(LOOK_S)
            for number, (piapi, queue) in enumerate(runs):
                if any(generation.state is State.READY for generation in queue.changes()):
                    task = next(iter(piapi.tasks.values()))
                    late_s[number] = time.monotonic() - task.born - task.behaviour.processing_s
        for _, queue in runs:
            queue.close(5)
        requests = [sum(path.startswith(("/api/", "/account/")) for _, path, _ in piapi.requests) for piapi, _ in runs]
    print(json.dumps({"late_s": list(late_s.values()), "requests": requests}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
