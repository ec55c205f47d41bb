# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds to do one thing in a fresh Blender: `registration.py WHAT`, one of `WHATS`."""

import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BARE_PANEL = """
import bpy

class BARE_PT_panel(bpy.types.Panel):
    bl_label = "Bare"
    bl_space_type = 'VIEW_3D'
    bl_region_type = 'UI'

    def draw(self, context):
        self.layout.label(text="Bare")

def register():
    bpy.utils.register_class(BARE_PT_panel)

def unregister():
    bpy.utils.unregister_class(BARE_PT_panel)
"""
WHATS = ("trellis_blender", "bare_panel", "requests")


def main(what: str) -> None:
    """Enables the add-on of that name, or imports `requests`."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BLENDER_USER_RESOURCES"] = folder
        Path(folder, "bare_panel.py").write_text(BARE_PANEL)
        sys.path[:0] = [str(ROOT), folder]
        took_s = import_requests() if what == "requests" else enable(what)
    print(json.dumps(took_s), flush=True)
    # Blender 4.2 crashes when its module is unloaded.
    os._exit(0)


def import_requests() -> float:
    """Without Blender, which loads `requests` by itself in its newer versions."""
    begun = time.perf_counter()
    import requests  # noqa: F401 (its loading is what is measured)

    return time.perf_counter() - begun


def enable(name: str) -> float:
    """As the tick in Blender's preferences does it."""
    import bpy  # noqa: F401 (Blender's own modules can be found once it is loaded)
    import addon_utils  # isort: skip

    # Else the collector walks through all that Blender has loaded, in the middle of one or of another.
    gc.collect()
    gc.freeze()
    begun = time.perf_counter()
    addon_utils.enable(name)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(sys.argv[1])
