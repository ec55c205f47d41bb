# SPDX-License-Identifier: GPL-3.0-or-later
"""What a print is to be like, kept in the scene, and what the last check found, kept while Blender runs."""

from typing import TYPE_CHECKING, Any

import bpy

from ..state import background

if TYPE_CHECKING:
    from ...scene.printing.print_check import Findings

MM_LIMIT = 1e6
SIZE = "The longest side when it is printed, in millimetres. 0 for as large as it is in the scene"
WALL = "The thinnest wall that the printer can make, in millimetres. 0 does not check thickness"
DETAIL = "Size of the steps in which the surface is rebuilt, in millimetres. 0 for 200 along the longest side"


class TRELLIS_PG_print(bpy.types.PropertyGroup):
    """How large, and how fine."""

    size_mm: bpy.props.FloatProperty(name="Longest Side (mm)", description=SIZE, min=0, max=MM_LIMIT, soft_max=1000)
    wall_mm: bpy.props.FloatProperty(
        name="Thinnest Wall (mm)", description=WALL, default=1.2, min=0, max=MM_LIMIT, soft_max=10
    )
    detail_mm: bpy.props.FloatProperty(name="Detail (mm)", description=DETAIL, min=0, max=MM_LIMIT, soft_max=10)


class TRELLIS_PG_print_check(bpy.types.PropertyGroup):
    """What the last check found."""

    model: bpy.props.StringProperty(description="Name of the object that was checked")
    mark: bpy.props.StringProperty(options={'HIDDEN'}, description="Which object it was, and how many faces it had")
    closed: bpy.props.BoolProperty(description="Whether it has an inside and an outside")
    triangles: bpy.props.IntProperty()
    shells: bpy.props.IntProperty(description="Pieces that are connected to nothing else")
    open_edges: bpy.props.IntProperty(description="Edges with a face on one side only")
    crossing_faces: bpy.props.IntProperty(description="Faces that cut through others")
    thin_faces: bpy.props.IntProperty(description="Faces with less than a wall of material behind them")
    wall_mm: bpy.props.FloatProperty(description="What counted as a wall")
    volume_cm3: bpy.props.FloatProperty(description="In cubic centimetres, 0 where it is open")
    size_mm: bpy.props.FloatVectorProperty(size=3, description="Along x, y and z, as it stands in the scene")
    problems: bpy.props.StringProperty(description="Sentences about what must be mended first")

    def keep(self, model: bpy.types.Object, found: "Findings") -> None:
        """Keeps what was found in a model."""
        kept: Any = self
        for name in ("triangles", "shells", "open_edges", "crossing_faces", "thin_faces", "wall_mm", "size_mm"):
            setattr(self, name, getattr(found, name))
        kept.model, kept.mark = model.name, mark_of(model)
        kept.closed, kept.volume_cm3 = found.is_closed, found.volume_mm3 / 1000
        kept.problems = " ".join(found.problems())


def mark_of(model: bpy.types.Object) -> str:
    """Changes with the object, its number of faces and its scale: then what was found says nothing any more."""
    mesh: Any = model.data
    scale = [round(value, 6) for value in model.matrix_world.to_scale()]
    return f"{model.session_uid} {len(mesh.vertices)} {len(mesh.polygons)} {len(model.modifiers)} {scale}"


def print_of(scene: bpy.types.Scene) -> TRELLIS_PG_print:
    """A scene's choices."""
    return scene.trellis_print  # pyright: ignore[reportAttributeAccessIssue]


def checked() -> TRELLIS_PG_print_check:
    """What the last check found."""
    return bpy.context.window_manager.trellis_print_check  # pyright: ignore[reportAttributeAccessIssue]


def register() -> None:
    """Gives every scene its choices, and Blender a place for what a check finds."""
    for owner, name, group in (
        (bpy.types.Scene, "trellis_print", TRELLIS_PG_print),
        (bpy.types.WindowManager, "trellis_print_check", TRELLIS_PG_print_check),
    ):
        setattr(owner, name, bpy.props.PointerProperty(type=group, options={'SKIP_SAVE'} if "check" in name else set()))
        background.at_end(delattr, owner, name)
