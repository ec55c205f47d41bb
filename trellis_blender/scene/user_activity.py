# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist is doing, and so whether a model may arrive now."""

import bpy

OUR_MONITOR = "TRELLIS_OT_monitor"
RENDER = "RENDER_OT_render"
"""Listed in its window until the mouse is moved there, long after the render has ended: whether a job runs counts."""
RENDERING = "the render is finished"
BAKING = "the bake is finished"
IN_OPERATION = "the operation that you are in is finished"
"""What a model waits for, as the end of "It arrives when …"."""
LEAVE_MODE = "Leave the mode you are in first"
SELECT_FIRST = "Select a model first."

MODE_NAMES = {
    'EDIT': "Edit Mode",
    'POSE': "Pose Mode",
    'SCULPT': "Sculpt Mode",
    'VERTEX_PAINT': "Vertex Paint",
    'WEIGHT_PAINT': "Weight Paint",
    'TEXTURE_PAINT': "Texture Paint",
    'PARTICLE_EDIT': "Particle Edit",
}


def other_mode() -> str:
    """The mode of the active object in any window, as Blender names it; "" while all are in Object Mode."""
    for layer in _view_layers():
        active = layer.objects.active
        if active is not None and active.mode != 'OBJECT':
            return MODE_NAMES.get(active.mode, "another mode")
    return ""


def modal_operators() -> set[str]:
    """The names of the modal operators that run in any window ("TRANSFORM_OT_translate")."""
    windows = bpy.context.window_manager.windows
    return {name for window in windows for operator in window.modal_operators if (name := _name(operator))}


def has_orphaned_operators(window: bpy.types.Window) -> bool:
    """Whether the window still lists a modal operator of an add-on that was switched off, as it does until an event."""
    return not all(_name(operator) for operator in window.modal_operators)


def job_that_reads_the_scene() -> str:
    """What must end before the scene may change, as the end of "It arrives when …"; "" while nothing renders or bakes.

    A render copies the scene in a thread of its own: an object added meanwhile, or an undo step, can crash Blender.
    """
    if bpy.app.is_job_running('RENDER'):
        return RENDERING
    return BAKING if bpy.app.is_job_running('OBJECT_BAKE') else ""


def why_wait(background_operators: set[str]) -> str:
    """Why a model should not arrive just now, as the end of "It arrives when …"; "" if it may arrive.

    `background_operators` are modal operators to ignore: other add-ons keep some running all the time.
    """
    if mode := other_mode():
        return f"you leave {mode}"
    if job := job_that_reads_the_scene():
        return job
    return IN_OPERATION if modal_operators() - background_operators - {OUR_MONITOR, RENDER} else ""


def _name(operator: bpy.types.Operator | None) -> str:
    """ "" for an operator whose add-on was switched off while it ran."""
    try:
        return operator.bl_idname
    except (ValueError, AttributeError):
        return ""


def _view_layers() -> list[bpy.types.ViewLayer]:
    windows = bpy.context.window_manager.windows if not bpy.app.background else []
    layers = [window.view_layer for window in windows]
    return layers or [bpy.context.view_layer]
