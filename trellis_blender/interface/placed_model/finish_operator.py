# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator "Finish".

What takes no more than a moment is done at once. Else another Blender does the long part meanwhile: the operator
waits for it modally, and what it has made becomes one undo step. A change in Adjust Last Operation cannot wait: there
the operator undoes its step and is started again, a moment after the last change.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import bpy

from ...scene import user_activity, windows
from ...scene.finish.options import PRESETS, CannotFinish, Finish, Preset
from ..state import background, session
from .finish_options import CHOICES, FinishOperator, finish_of

if TYPE_CHECKING:
    from ...scene.finish.background import BackgroundReduction

LOOK_S = 0.1
AGAIN_AFTER_S = 0.5
"""A number that is dragged in Adjust Last Operation is let go by then."""


class _Running:
    """The one job there is at a time, and what Adjust Last Operation wants done next."""

    job: "BackgroundReduction | None" = None
    again: dict[str, Any] | None = None
    before: int | None = None
    """The mesh's fingerprint before the step that has to be undone first; None where there is no such step."""
    file = ""  # which of the files opened in this Blender it is for


class TRELLIS_OT_finish(FinishOperator):
    """Set the active model's size, origin, shading and number of triangles"""

    bl_idname = "trellis.finish"
    bl_label = "Finish Model"
    bl_options = {'REGISTER', 'UNDO'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != 'OBJECT':
            cls.poll_message_set(user_activity.LEAVE_MODE)
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.finish import size, steps
        from ...scene.meshes import mesh_of

        def begin() -> set[str]:
            model = self._model(context)
            self.fill()
            # What was chosen for another model is no wish for this one.
            if not self.properties.is_property_set("size_m") and model.type == 'MESH' and mesh_of(model).polygons:
                self.size_m = size.measure(model, mesh_of(model), finish_of(self).size)
            wanted = finish_of(self)
            steps.check(model, wanted)
            if bpy.app.background or not steps.is_heavy(mesh_of(model), wanted):
                return self.execute(context)
            return self._begin(context, model, wanted)

        return self._reported(begin)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.finish import steps
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        def act() -> set[str]:
            self.fill()
            model = self._model(context)
            wanted = finish_of(self)
            steps.check(model, wanted)
            is_repeated = self.options.is_repeat or self.options.is_repeat_last
            if is_repeated and not bpy.app.background and steps.is_heavy(mesh_of(model), wanted):
                # Blender has undone our step for this call, and does it again after it.
                _do_again(self, fingerprint(mesh_of(model)) if self.options.is_repeat else None)
                return {'CANCELLED'}
            self._say(model, steps.finish(model, wanted))
            return {'FINISHED'}

        return self._reported(act)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        job = _Running.job
        if event.type == 'ESC' and event.value == 'PRESS':
            self.cancel(context)
            self.report({'INFO'}, "Cancelled. The model is as it was.")
            return {'CANCELLED'}
        if event.type != 'TIMER':
            return {'PASS_THROUGH'}
        if job is not None and not job.is_done:
            seconds = int(time.monotonic() - self.begun)
            context.workspace.status_text_set(f"Finishing “{self.name_shown}” · {seconds} s · Esc cancels")
            return {'PASS_THROUGH'}
        try:
            return self._reported(lambda: self._end(context, job))
        finally:
            self.cancel(context)

    def cancel(self, context: bpy.types.Context) -> None:
        end()
        context.workspace.status_text_set(None)
        if self.timer is not None:
            context.window_manager.event_timer_remove(self.timer)
            self.timer = None

    def _begin(self, context: bpy.types.Context, model: bpy.types.Object, wanted: Finish) -> set[str]:
        from ...scene.finish.background import BackgroundReduction
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        if _Running.job is not None:
            raise CannotFinish("Another model is being finished. Esc cancels it.")
        mesh = mesh_of(model)
        self.uid, self.name_shown, self.state = model.session_uid, model.name, fingerprint(mesh)
        self.begun = time.monotonic()
        _Running.job = BackgroundReduction(mesh, wanted)
        self.timer = context.window_manager.event_timer_add(LOOK_S, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {'RUNNING_MODAL'}

    def _end(self, context: bpy.types.Context, job: "BackgroundReduction | None") -> set[str]:
        from ...scene.finish import steps
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        # First: in Edit Mode a mesh cannot be compared.
        if user_activity.other_mode():
            raise CannotFinish(
                f"“{self.name_shown}” was not finished, because you are in {user_activity.other_mode()}."
            )
        model = next((item for item in bpy.data.objects if item.session_uid == self.uid), None)
        if job is None or model is None or model.type != 'MESH' or fingerprint(mesh_of(model)) != self.state:
            raise CannotFinish(f"“{self.name_shown}” was changed meanwhile, so it was not finished.")
        wanted = finish_of(self)
        steps.check(model, wanted)
        job.take(mesh_of(model))
        self._say(model, steps.settle(model, wanted))
        return {'FINISHED'}

    def _model(self, context: bpy.types.Context) -> bpy.types.Object:
        found = bpy.data.objects.get(self.model) if self.model else context.active_object
        if found is None:
            raise CannotFinish(f"There is no object “{self.model}”." if self.model else user_activity.SELECT_FIRST)
        return found

    def _say(self, model: bpy.types.Object, notes: list[str]) -> None:
        for note in notes:
            self.report({'WARNING'}, note)

    def _reported(self, act: Callable[[], set[str]]) -> set[str]:
        try:
            return act()
        except CannotFinish as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}


def arrived(model_name: str, preset: str) -> None:
    """Does for a model that has arrived what would have held Blender up: as soon as the artist's hands are free."""
    from ...scene.finish import steps
    from ...scene.meshes import mesh_of

    model = bpy.data.objects.get(model_name)
    if model is not None and not bpy.app.background and steps.is_heavy(mesh_of(model), PRESETS[Preset(preset)]):
        background.later(partial(_finish_arrived, model_name, model.session_uid, preset), AGAIN_AFTER_S)


def _finish_arrived(model_name: str, uid: int, preset: str) -> float | None:
    model = bpy.data.objects.get(model_name)
    # By its number, which no other object has: the file may be another one by now, with an object of that name.
    if model is None or model.type != 'MESH' or model.session_uid != uid:
        return None
    if _Running.job is not None or user_activity.other_mode():
        return AGAIN_AFTER_S
    # It was given its size and its place as it arrived, which may be those of the model that it replaces.
    _invoke({"model": model_name, "preset": preset, "size": 'KEEP', "origin": 'KEEP', "textures": 'KEEP'})
    return None


def is_busy() -> bool:
    """True while a model is being finished by another Blender."""
    return _Running.job is not None


def draw_in_menu(menu: Any, context: bpy.types.Context) -> None:
    """The entry in the object's context menu, for models of this add-on."""
    from ...scene.custom_properties import ID_PROPERTY

    model = context.active_object
    if model is not None and model.type == 'MESH' and ID_PROPERTY in model:
        menu.layout.separator()
        menu.layout.operator_context = 'INVOKE_DEFAULT'
        menu.layout.operator("trellis.finish")


def register() -> None:
    """The entry in Blender's menu."""
    menu: Any = bpy.types.VIEW3D_MT_object_context_menu
    menu.append(draw_in_menu)
    background.at_end(menu.remove, draw_in_menu)


def end() -> None:
    """Ends the other Blender, if there is one."""
    job, _Running.job = _Running.job, None
    if job is not None:
        job.cancel()


def _do_again(operator: TRELLIS_OT_finish, before: int | None) -> None:
    names = ["model", "preset", "size_m", "sharp_angle", "loose_percent", *CHOICES]
    _Running.again = {name: getattr(operator, name) for name in names}
    _Running.before = before
    _Running.file = session.current().file.blend_load
    background.later(_again, AGAIN_AFTER_S)


def _again() -> None:
    wanted, _Running.again = _Running.again, None
    if _Running.file != session.current().file.blend_load:
        return
    if wanted is not None and (_Running.before is None or _take_back(wanted["model"], _Running.before)):
        _invoke(wanted)


def _take_back(name: str, before: int) -> bool:
    """Undoes our last step. False, and all is as it was, where the artist has done something since: Blender does not
    say whose the last step is, so what is there after it is compared with what was there `before`.
    """
    from ...scene.finish.fingerprint import fingerprint
    from ...scene.meshes import mesh_of

    if user_activity.other_mode():
        return False
    window = windows.window_of(None)
    if window is None:
        return False
    with windows.inside(window):
        bpy.ops.ed.undo()
        model = bpy.data.objects.get(name) if name else bpy.context.view_layer.objects.active
        if model is not None and model.type == 'MESH' and fingerprint(mesh_of(model)) == before:
            return True
        bpy.ops.ed.redo()
    return False


def _invoke(wanted: dict[str, Any]) -> None:
    window = windows.window_of(None)
    if window is None:
        return
    # Not in an area: the operator needs none, and the window is the one that timers have.
    with windows.inside(window):
        bpy.ops.trellis.finish('INVOKE_DEFAULT', **wanted)  # pyright: ignore[reportAttributeAccessIssue]
