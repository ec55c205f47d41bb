# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds that each turn of the monitor takes: `tick.py SERVICE GENERATIONS`, real ones at a service outside."""

import json
import os
import sys
import time

from addon import module_with_addon, requests

INTERVAL_S = 0.02
"""Five times as often as in Blender, for more samples in the same time."""
TURNS = 300


def main(url: str, count: int) -> None:
    """Submits the generations and turns the monitor while they are worked on."""
    with module_with_addon(url):
        from trellis_blender.interface.generate import submission
        from trellis_blender.interface.monitor import monitor

        submission.submit(requests(count))
        took_s: list[float] = []
        for _ in range(TURNS):
            time.sleep(INTERVAL_S)
            begun = time.perf_counter()
            monitor.tick()
            monitor.has_work()
            took_s.append(time.perf_counter() - begun)
        assert monitor.has_work() == bool(count), "the generations ended before the measuring did"
    print(json.dumps(took_s), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
