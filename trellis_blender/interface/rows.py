# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a generation in the list."""

from typing import TYPE_CHECKING

import bpy

from . import access, monitor, session

if TYPE_CHECKING:
    from ..generation.record import Generation


class _RowOperator(bpy.types.Operator):
    """An operator on one generation, named by its id."""

    bl_options = {'INTERNAL'}

    generation: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})

    def act(self, found: session.Session, generation: "Generation") -> None:
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = session.current().generations.get(self.generation)
        if found is None:
            self.report({'ERROR'}, "This generation is no longer in the list.")
            return {'CANCELLED'}
        try:
            self.act(session.current(), found)
        except access.NotReady as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        monitor.watch()
        monitor.redraw_sidebars()
        return {'FINISHED'}


class TRELLIS_OT_cancel(_RowOperator):
    """Cancel this generation. Once PiAPI has begun it is paid all the same; then it is kept and not placed"""

    bl_idname = "trellis.cancel"
    bl_label = "Cancel"

    def act(self, found: session.Session, generation: "Generation") -> None:
        found.queue.cancel(generation, access.service())


class TRELLIS_OT_place(_RowOperator):
    """Put the model into the scene now. Costs nothing"""

    bl_idname = "trellis.place"
    bl_label = "Place"

    def act(self, found: session.Session, generation: "Generation") -> None:
        monitor.deliver(generation.id)


class TRELLIS_OT_resume(_RowOperator):
    """Go on with this generation from where it stands. Its task exists already, so this costs nothing"""

    bl_idname = "trellis.resume"
    bl_label = "Resume"

    def act(self, found: session.Session, generation: "Generation") -> None:
        found.queue.resume(generation, access.ready_service())
        found.drain()


class TRELLIS_OT_submit_again(_RowOperator):
    """Submit the same prompt or image with the same settings as a new task. Costs the price on the button"""

    bl_idname = "trellis.submit_again"
    bl_label = "Submit Again"

    def act(self, found: session.Session, generation: "Generation") -> None:
        found.queue.submit_again(generation, access.ready_service())
        found.drain()
