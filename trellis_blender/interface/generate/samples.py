# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pictures that come with the add-on, for the first minute: without key, network or a picture of one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from mathutils import Vector

from ...generation.providers import OFFLINE_PREVIEW
from ...scene.units import metres_per_unit
from ..input_image import preview
from ..state import configuration, session
from ..text.layouts import draw_text
from . import submission
from .buttons import GenerateButton

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest, Placement

FOLDER = Path(__file__).parents[2] / "samples"
SAMPLES = {"toadstool": "Toadstool", "fish": "Fish"}
"""The names of the files, and what stands on their buttons."""
PICTURE_SCALE = 4.0


class TRELLIS_OT_try_sample(GenerateButton):
    """Make a rough stand-in from this picture, on this computer, at the 3D cursor. Free, and not Trellis. If Solid mode
    would show it grey, it is set to show textures"""

    bl_idname = "trellis.try_sample"
    bl_label = "Try a Sample"

    picture: bpy.props.EnumProperty(
        name="Picture", items=[(name, label, "") for name, label in SAMPLES.items()], options={'SKIP_SAVE', 'HIDDEN'}
    )

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return configuration.why_not_ready(OFFLINE_PREVIEW.id)

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        path = path_of_sample(self.picture)
        if not path.is_file():
            raise ValueError(f"The sample is not where it was installed, “{path}”. Install the add-on again.")
        made = submission.compose(context, {"model": OFFLINE_PREVIEW.id, "image": str(path)}, 1)
        return submission.side_by_side(made, _free_spot(context, made[0].placement))

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        from ...scene import solid_colour

        super().submit(context, requests)
        if solid_colour.hides_textures():
            solid_colour.show_textures()


def path_of_sample(name: str) -> Path:
    """The file of one of `SAMPLES`."""
    return FOLDER / f"{name}.png"


def _free_spot(context: bpy.types.Context, placement: "Placement") -> tuple[float, float, float]:
    """Where it was meant to go; beside an object that would hide it, as the cube of Blender's first scene does."""
    spot = Vector(placement.location)
    half = placement.longest_side_m / metres_per_unit(context.scene) / 2
    for item in context.visible_objects:
        if item.type == 'MESH':
            corners = [item.matrix_world @ Vector(corner) for corner in item.bound_box]
            low, high = ([pick(values) for values in zip(*corners, strict=True)] for pick in (min, max))
            if all(low[axis] <= spot[axis] <= high[axis] for axis in range(3)):
                return high[0] + 2 * half, spot.y, spot.z
    return spot.x, spot.y, spot.z


def are_offered() -> bool:
    """Whether this is somebody's first time: there is no key, and nothing was generated here before."""
    found = session.current()
    return (found.knows_all or not found.is_loaded) and not found.generations and not configuration.api_key().value


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The two pictures, each with its button, where they are offered."""
    if not are_offered():
        return
    box = layout.box()
    box.label(text="Try a Sample")
    row = box.row()
    for name, label in SAMPLES.items():
        column = row.column()
        if icon := preview.look(str(path_of_sample(name))).icon:
            column.template_icon(icon_value=icon, scale=PICTURE_SCALE)
        column.operator("trellis.try_sample", text=f"{label} · free").picture = name
    note = box.column()
    note.active = False
    draw_text(note, context, "A rough model at the 3D cursor in seconds. No key, no network.")
