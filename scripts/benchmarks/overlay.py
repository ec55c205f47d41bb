# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds that it takes to prepare what is drawn over placeholders: `overlay.py SERVICE COUNT`.

Real generations at a service outside, in a scene of 2,000 objects. The drawing itself needs a window, see `window.py`.
"""

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

from addon import module_with_addon, requests

TURNS = 100
OBJECTS = 2000


def main(url: str, count: int) -> None:
    """Submits the generations with their placeholders; makes their texts and places each as for one frame."""
    with module_with_addon(url):
        import bpy
        from mathutils import Matrix

        from trellis_blender.interface.generate import submission
        from trellis_blender.interface.monitor import monitor
        from trellis_blender.interface.viewport import overlay
        from trellis_blender.scene.placement import placeholder

        for number in range(OBJECTS):
            bpy.context.scene.collection.objects.link(bpy.data.objects.new(f"thing {number}", None))
        submission.submit(requests(count), in_place=True)
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
    print(json.dumps(took_ms), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
