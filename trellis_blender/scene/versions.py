# SPDX-License-Identifier: GPL-3.0-or-later
"""All differences between Blender 4.2 and 5.3 that matter to this add-on. No other module looks at the version."""

import sys
import threading
from typing import Any

import bpy

_GLTF_WANTED: dict[str, Any] = {
    "import_pack_images": True,
    "merge_vertices": True,
    "disable_bone_shape": True,  # the importer makes the shapes with an operator that fails in a staging scene
    "import_scene_as_collection": False,  # from 4.5 on, where it defaults to a collection of its own
    "import_select_created_objects": False,  # from 4.5 on
    "import_scene_extras": False,  # from 4.5 on
}

RELATIVE_PATH: Any = {'PATH_SUPPORTS_BLEND_RELATIVE'} if bpy.app.version >= (4, 5) else set()
"""Options of a property that takes paths relative to the .blend, "//chair.png". Without it newer versions warn."""

OPERATORS_CRASH_IN_OVERRIDES = sys.version_info < (3, 12)
"""Up to Blender 5.0 an operator that is called inside `temp_override` may crash Blender while a Python thread runs.

The operator releases Python's lock (the GIL). To read the override Blender needs the lock again, and checks whether it
holds it by asking whether Python is running. In Python 3.11 the answer is yes as soon as any thread runs; from 3.12 on
it is the answer for the current thread. Tested: 4.2.23, 4.5.15, 5.0.1 crash within seconds, 5.2.3 does not.
"""


HAS_ASSET_LISTING = bpy.app.version >= (5, 2)
"""Whether there is `blender -c asset_listing`, which makes an asset library an online one."""


def may_operate_in_override() -> bool:
    """Whether an operator can safely be called inside `temp_override` now: not while another Python thread exists."""
    return not OPERATORS_CRASH_IN_OVERRIDES or threading.active_count() == 1


def gltf_import_options() -> dict[str, Any]:
    """The options for `import_scene.gltf` that this Blender has; an unknown one would raise TypeError."""
    operator: Any = bpy.ops.import_scene.gltf
    known = operator.get_rna_type().properties.keys()
    return {name: value for name, value in _GLTF_WANTED.items() if name in known}


def draw_long_text(layout: Any, data: Any, name: str, *, lines: int, placeholder: str) -> bool:
    """Draws a text field with several lines and returns True; before 5.2, which has none, a field of one line and
    False.
    """
    if hasattr(layout, "textbox"):
        layout.textbox(data, name, initial_visible_lines=lines, placeholder=placeholder)
        return True
    layout.prop(data, name, text="", placeholder=placeholder)
    return False


def shows_nodes(material: bpy.types.Material) -> bool:
    """Whether its nodes are what is seen of it: before 5.0 they may be there and be switched off."""
    return material.node_tree is not None and (bpy.app.version >= (5, 0) or material.use_nodes)


_COLOURS_BY_NAME = bpy.app.version >= (5, 3)
"""Since then Blender's importer shows vertex colours by an Attribute node, before by a Color Attribute node."""
GLTF_OUTPUTS: tuple[tuple[str, float], ...] = (("Occlusion", 0.0), ("Thickness", 0.0))
"""The sockets of Blender's node group "glTF Material Output", with their values."""
if bpy.app.version >= (5, 2):
    GLTF_OUTPUTS += (("Dispersion", 0.0), ("Iridescence Factor", 0.0), ("Iridescence Thickness Minimum", 100.0))


def add_colours_node(tree: Any, name: str) -> Any:
    """A node that gives the vertex colours of this name."""
    if _COLOURS_BY_NAME:
        node = tree.nodes.new('ShaderNodeAttribute')
        node.attribute_name = name
    else:
        node = tree.nodes.new('ShaderNodeVertexColor')
        node.layer_name = name
    return node


def prefer_append(asset: Any) -> None:
    """Has an asset that is dragged in become the artist's own, to be edited; from 5.2 on an asset can say so."""
    if hasattr(asset, "preferred_import_method"):
        asset.use_preferred_import_method = True
        asset.preferred_import_method = 'APPEND'


_DAYS = {
    'LE_SLASH': "%d/%m/%Y",
    'LE_DOT': "%d.%m.%Y",
    'LE_DASH': "%d-%m-%Y",
    'ME_SLASH': "%m/%d/%Y",
    'BE_SLASH': "%Y/%m/%d",
    'BE_DOT': "%Y.%m.%d",
    'BE_DASH': "%Y-%m-%d",
}


def date_pattern() -> str:
    """How the artist wants dates with a time, for `strftime`: from 5.2 on that is in Blender's preferences."""
    view = bpy.context.preferences.view
    day = _DAYS.get(getattr(view, "date_format", ""), "%Y-%m-%d")
    return f"{day} {'%I:%M %p' if getattr(view, 'time_format', '') == 'H12' else '%H:%M'}"


def wants_less_motion() -> bool:
    """Whether the artist has switched the interface's animations off, which can be done from 5.0 on."""
    return bool(getattr(bpy.context.preferences.view, "use_reduce_motion", False))
