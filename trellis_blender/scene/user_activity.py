# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist is doing: is this a moment in which a model may arrive?"""

import bpy

OUR_MONITOR = "TRELLIS_OT_monitor"
RENDER = "RENDER_OT_render"
"""Listed in its window until the mouse comes there, long after the render is done: whether a job runs counts."""

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
    """The name of the mode that some object of an open window is in, "" while all are in Object Mode."""
    for layer in _view_layers():
        active = layer.objects.active
        if active is not None and active.mode != 'OBJECT':
            return MODE_NAMES.get(active.mode, "another mode")
    return ""


def modal_operators() -> set[str]:
    """The modal operators that run in any window, by their names ("TRANSFORM_OT_translate")."""
    windows = bpy.context.window_manager.windows
    return {name for window in windows for operator in window.modal_operators if (name := _name(operator))}


def has_remains(window: bpy.types.Window) -> bool:
    """Whether a modal operator of the window has lost its class, and the window has had no event since."""
    return not all(_name(operator) for operator in window.modal_operators)


def why_wait(background_operators: set[str]) -> str:
    """Why a model should not arrive just now, as the end of "It arrives when …"; "" where nothing is in the way.

    `background_operators` are modal operators that do not count: other add-ons keep some running all the time.
    """
    if mode := other_mode():
        return f"you leave {mode}"
    if bpy.app.is_job_running('RENDER'):
        return "the render is done"
    return "the tool in your hand is done" if modal_operators() - background_operators - {OUR_MONITOR, RENDER} else ""


def _name(operator: bpy.types.Operator | None) -> str:
    """ "" for one whose add-on was switched off while it ran: it is listed until the window's next event."""
    try:
        return operator.bl_idname
    except (ValueError, AttributeError):
        return ""


def _view_layers() -> list[bpy.types.ViewLayer]:
    windows = bpy.context.window_manager.windows if not bpy.app.background else []
    layers = [window.view_layer for window in windows]
    return layers or [bpy.context.view_layer]
