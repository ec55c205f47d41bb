# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth with sharp edges, flat, or as it is."""

import bpy

from ..meshes import mesh_of
from . import defaults
from .options import Finish, Shading


def check(_: bpy.types.Object, __: Finish) -> None:
    """Any mesh can be shaded."""


def apply(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Shades the model's mesh as wanted; there is nothing to say about it."""
    shade(mesh_of(model), wanted)
    return []


def shade(mesh: bpy.types.Mesh, wanted: Finish) -> None:
    """Smooth up to the angle, flat, or as it is."""
    if wanted.shading is Shading.ANGLE:
        defaults.shade(mesh, wanted.sharp_angle)
    elif wanted.shading is Shading.FLAT:
        mesh.shade_flat()
        mesh.update()
