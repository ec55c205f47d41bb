# SPDX-License-Identifier: GPL-3.0-or-later
"""Every difference between Blender 4.2 and 5.3 that this add-on meets. Nowhere else is the version asked for."""

import sys
import threading
from typing import Any

import bpy

_GLTF_WANTED: dict[str, Any] = {
    "import_pack_images": True,
    "merge_vertices": True,
    "disable_bone_shape": True,  # the shapes are made with an operator that finds no object in a staging scene
    "import_scene_as_collection": False,  # from 4.5 on, where it defaults to a collection of its own
    "import_select_created_objects": False,  # from 4.5 on
    "import_scene_extras": False,  # from 4.5 on
}

OPERATORS_CRASH_IN_OVERRIDES = sys.version_info < (3, 12)
"""Up to Blender 5.0 an operator that is called inside `temp_override` may crash Blender while a thread runs.

An operator lets Python's lock go, and Blender asks whether it has to take it for looking into the override by whether
Python runs at all. In Python 3.11 that is the case while any thread does; from 3.12 on each thread is asked about
itself. Tried with 4.2.23, 4.5.15, 5.0.1 (a crash within seconds) and 5.2.3 (none).
"""


def may_operate_in_override() -> bool:
    """Whether an operator can be called inside `temp_override` now: never while another thread of Python's is there."""
    return not OPERATORS_CRASH_IN_OVERRIDES or threading.active_count() == 1


def gltf_import_options() -> dict[str, Any]:
    """The keywords for `import_scene.gltf` that this Blender knows; an unknown one would raise TypeError."""
    operator: Any = bpy.ops.import_scene.gltf
    known = operator.get_rna_type().properties.keys()
    return {name: value for name, value in _GLTF_WANTED.items() if name in known}


def draw_long_text(layout: Any, data: Any, name: str, *, lines: int, placeholder: str) -> bool:
    """A field for a text of several lines, and True; where there is none, before 5.2, a field of one line."""
    if hasattr(layout, "textbox"):
        layout.textbox(data, name, initial_visible_lines=lines, placeholder=placeholder)
        return True
    layout.prop(data, name, text="", placeholder=placeholder)
    return False
