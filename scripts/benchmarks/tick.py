# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds that each turn of the monitor takes: `tick.py SERVICE GENERATIONS`, real ones at a service outside."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTERVAL_S = 0.02
"""Five times as often as in Blender, for more samples in the same time."""
TURNS = 300


def main(url: str, count: int) -> None:
    """Submits the generations and turns the monitor while they are worked on."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BLENDER_USER_RESOURCES=folder, PIAPI_API_URL=url, PIAPI_API_KEY="test-key-0123456789abcdef")
        sys.path.insert(0, str(ROOT))
        import bpy
        import addon_utils  # isort: skip

        bpy.ops.wm.read_factory_settings()
        addon_utils.enable("trellis_blender", default_set=True)
        from trellis_blender.generation.request import compose_request
        from trellis_blender.interface import monitor, session
        from trellis_blender.scene import placing

        found = session.current()
        for number in range(count):
            request = compose_request(
                model="Qubico/trellis",
                prompt=f"a small wooden chair with three legs, number {number}",
                picture=None,
                picture_name="",
                parameters={},
                placement=placing.here(bpy.context, 1.0, found.file.blend_load),
            )
            found.submit(request)
        took_s: list[float] = []
        for _ in range(TURNS):
            time.sleep(INTERVAL_S)
            begun = time.perf_counter()
            monitor.tick()
            monitor.has_work()
            took_s.append(time.perf_counter() - begun)
        assert monitor.has_work() == bool(count), "the generations ended before the measuring did"
        found.close()
    print(json.dumps(took_s), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
