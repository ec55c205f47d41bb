# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator "Finish".

What takes no more than a moment is done at once. Else another Blender does the long part meanwhile: the operator
waits for it modally, and what it has made becomes one undo step. A change in Adjust Last Operation cannot wait: there
the operator undoes its step and is started again, a moment after the last change.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import bpy

from ...scene import user_activity
from ...scene.finish.options import PRESETS, CannotFinish, Finish, Origin, Preset, Size, Textures
from ..state import background, configuration, session
from .finish_options import CHOICES, FinishOperator, finish_of
from .waiting import Waiting

if TYPE_CHECKING:
    from ...scene.finish.background_finish import BackgroundFinish

AGAIN_AFTER_S = 0.5
"""A number that is dragged in Adjust Last Operation is let go by then."""


IN_PLACE: dict[str, Any] = {"size": Size.KEEP, "origin": Origin.KEEP, "textures": Textures.KEEP}
"""For what has arrived: it was given its size and its place, which may be those of the model that it replaces."""


class _Running:
    """The one job there is at a time, and what Adjust Last Operation wants done next."""

    job: "BackgroundFinish | None" = None
    again: dict[str, Any] | None = None
    before: int | None = None
    """The mesh's fingerprint before the step that has to be undone first; None where there is no such step."""
    file = ""  # which of the files opened in this Blender it is for


class TRELLIS_OT_finish(Waiting, FinishOperator):
    """Set the active model's size, origin, shading and number of triangles, or rebuild it from quads"""

    bl_idname = "trellis.finish"
    bl_label = "Finish Model"
    bl_options = {'REGISTER', 'UNDO'}
    panel = "finish"

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
            model = self.found(context)
            self.fill()
            # What was chosen for another model is no wish for this one.
            if not self.properties.is_property_set("size_m") and model.type == 'MESH' and mesh_of(model).polygons:
                self.size_m = size.measure(model, mesh_of(model), finish_of(self).size)
            wanted = finish_of(self)
            steps.check(model, wanted)
            if bpy.app.background or not steps.is_heavy(mesh_of(model), wanted):
                return self.execute(context)
            return self._begin(context, model, wanted)

        return self.reported(begin)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.finish import steps
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        def act() -> set[str]:
            self.fill()
            model = self.found(context)
            wanted = finish_of(self)
            steps.check(model, wanted)
            is_repeated = self.options.is_repeat or self.options.is_repeat_last
            if is_repeated and not bpy.app.background and steps.is_heavy(mesh_of(model), wanted):
                # Blender has undone our step for this call, and does it again after it.
                _do_again(self, fingerprint(mesh_of(model)) if self.options.is_repeat else None)
                return {'CANCELLED'}
            self._say(steps.finish(model, wanted))
            return {'FINISHED'}

        return self.reported(act)

    def refusals(self) -> tuple[type[Exception], ...]:
        return (CannotFinish,)

    def is_done(self) -> bool:
        return _Running.job is None or _Running.job.is_done

    def said(self) -> str:
        doing = f" · {_Running.job.doing}" if _Running.job is not None and not _Running.job.is_done else ""
        return f"Finishing “{self.name_shown}”{doing}"

    def take(self, context: bpy.types.Context, model: bpy.types.Object | None) -> set[str]:
        from ...scene.finish import steps
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        # First: in Edit Mode a mesh cannot be compared.
        if mode := user_activity.other_mode():
            raise CannotFinish(f"“{self.name_shown}” was not finished, because you are in {mode}.")
        if model is None:
            raise CannotFinish(f"“{self.name_shown}” was deleted meanwhile, so it was not finished.")
        job = _Running.job
        if job is None or model.type != 'MESH' or fingerprint(mesh_of(model)) != self.state:
            raise CannotFinish(f"“{self.name_shown}” was changed meanwhile, so it was not finished.")
        wanted = finish_of(self)
        steps.check(model, wanted)
        self._say([*job.take(model), *steps.settle(model, wanted)])
        return {'FINISHED'}

    def drop(self) -> None:
        end()

    def _begin(self, context: bpy.types.Context, model: bpy.types.Object, wanted: Finish) -> set[str]:
        from ...scene.finish.background_finish import BackgroundFinish
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of

        if _Running.job is not None:
            raise CannotFinish("Another model is being finished. Esc cancels it.")
        self.state = fingerprint(mesh_of(model))
        _Running.job = BackgroundFinish(model, wanted)
        return self.wait_for(context, model)

    def _say(self, notes: list[str]) -> None:
        for note in notes:
            self.report({'WARNING'}, note)


def arrived(model_name: str, preset: str) -> None:
    """Does for a model that has arrived what would have held Blender up: as soon as the artist's hands are free."""
    from ...scene.finish import steps

    model = bpy.data.objects.get(model_name)
    if model is not None and steps.is_more(PRESETS[Preset(preset)]):
        background.later(partial(_finish_arrived, model_name, model.session_uid, preset), AGAIN_AFTER_S)


def finish_now(model_name: str, preset: str) -> str:
    """The same for a script, which waits for it. Returns what has to be said of it, "" for nothing."""
    from ...scene.finish import steps

    model = bpy.data.objects.get(model_name)
    wanted = PRESETS[Preset(preset)]
    if model is None or not steps.is_more(wanted):
        return ""
    wanted = wanted._replace(**IN_PLACE, sharp_angle=configuration.smooth_up_to())
    try:
        return " ".join(steps.finish(model, wanted))
    except CannotFinish as error:
        return f"It was not finished. {error}"


def _finish_arrived(model_name: str, uid: int, preset: str) -> float | None:
    model = bpy.data.objects.get(model_name)
    # By its number, which no other object has: the file may be another one by now, with an object of that name.
    if model is None or model.type != 'MESH' or model.session_uid != uid:
        return None
    if _Running.job is not None or user_activity.other_mode():
        return AGAIN_AFTER_S
    _invoke({"model": model_name, "preset": preset, **{name: each.value for name, each in IN_PLACE.items()}})
    return None


def is_busy() -> bool:
    """True while a model is being finished by another Blender."""
    return _Running.job is not None


def draw_in_menu(menu: Any, context: bpy.types.Context) -> None:
    """The entries in the object's context menu, for any mesh."""
    model = context.active_object
    if model is not None and model.type == 'MESH':
        menu.layout.separator()
        menu.layout.operator_context = 'INVOKE_DEFAULT'
        menu.layout.operator_menu_enum("trellis.finish", "preset")
        menu.layout.menu("TRELLIS_MT_print")


def register() -> None:
    """The entries in Blender's menu."""
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
        _invoke(wanted, is_again=True)


def _take_back(name: str, before: int) -> bool:
    """Undoes our last step. False, and all is as it was, where the artist has done something since: Blender does not
    say whose the last step is, so what is there after it is compared with what was there `before`.
    """
    from ...scene import windows
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


def _invoke(wanted: dict[str, Any], *, is_again: bool = False) -> None:
    from ...scene import windows

    window = windows.window_of(None)
    if window is None:
        return
    # In an area only for Adjust Last Operation, which Blender shows there again: the operator needs none.
    with windows.inside_viewport(window) if is_again else windows.inside(window):
        bpy.ops.trellis.finish('INVOKE_DEFAULT', **wanted)  # pyright: ignore[reportAttributeAccessIssue]
