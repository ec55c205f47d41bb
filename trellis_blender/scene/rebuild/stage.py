# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes as objects in the current scene, for Blender's operators. Not in an artist's scene."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import bpy


@contextmanager
def on_stage(mesh: bpy.types.Mesh) -> Generator[bpy.types.Object]:
    """An object that has the mesh, alone selected and active, for a `with` block. The mesh stays."""
    item = bpy.data.objects.new("Trellis stage", mesh)
    bpy.context.scene.collection.objects.link(item)
    try:
        choose(item)
        yield item
    finally:
        bpy.data.objects.remove(item)


def choose(item: bpy.types.Object, *others: bpy.types.Object) -> None:
    """Makes an object the active one, and it and the others those that are selected."""
    layer: Any = bpy.context.view_layer
    layer.update()
    for each in list(layer.objects.selected):
        each.select_set(False)
    for each in (item, *others):
        each.select_set(True)
    layer.objects.active = item


def evaluated(item: bpy.types.Object) -> bpy.types.Mesh:
    """A new mesh that is what the object's modifiers make of its own."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    depsgraph.update()
    return bpy.data.meshes.new_from_object(item.evaluated_get(depsgraph))
