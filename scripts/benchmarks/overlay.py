# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds that it takes to prepare what is drawn over placeholders: `overlay.py SERVICE COUNT`.

Real generations at a service outside, in a scene of 2,000 objects. The drawing itself needs a window; the window test
"placeholders" measures it.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TURNS = 100
OBJECTS = 2000


def main(url: str, count: int) -> None:
    """Submits the generations with their placeholders; makes their texts and places each as for one frame."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BLENDER_USER_RESOURCES=folder, PIAPI_API_URL=url, PIAPI_API_KEY="test-key-0123456789abcdef")
        sys.path.insert(0, str(ROOT))
        import bpy
        import addon_utils  # isort: skip
        from mathutils import Matrix

        bpy.ops.wm.read_factory_settings()
        addon_utils.enable("trellis_blender", default_set=True)
        from trellis_blender.generation.request import compose_request
        from trellis_blender.interface import monitor, overlay, session
        from trellis_blender.scene import placeholder, placing

        for number in range(OBJECTS):
            bpy.context.scene.collection.objects.link(bpy.data.objects.new(f"thing {number}", None))
        found = session.current()
        requests = [
            compose_request(
                model="Qubico/trellis",
                prompt=f"a small wooden chair with three legs, number {number}",
                picture=None,
                picture_name="",
                parameters={},
                placement=placing.here(bpy.context, 1.0, found.file.blend_load),
            )
            for number in range(count)
        ]
        found.submit_in_place(requests)
        bpy.context.view_layer.update()
        to_view, layer = Matrix.Identity(4), bpy.context.view_layer
        region: Any = SimpleNamespace(width=1920, height=1080)
        took_ms: list[float] = []
        for _ in range(TURNS):
            time.sleep(0.02)
            monitor.tick()
            begun = time.perf_counter()
            shown: list[Any] = overlay.captions_now()
            places = [
                overlay.place_above(item, to_view, region)
                for item, _ in shown
                if placeholder.is_alive(item) and item.visible_get(view_layer=layer)
            ]
            took_ms.append((time.perf_counter() - begun) * 1000)
            assert len(places) == count
        found.close()
    print(json.dumps(took_ms), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
