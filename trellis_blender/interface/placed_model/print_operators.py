# SPDX-License-Identifier: GPL-3.0-or-later
"""Check for Printing, Make Printable, Export STL."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...scene import user_activity
from ...scene.versions import RELATIVE_PATH
from ..state import background
from .print_settings import DETAIL, MM_LIMIT, WALL, checked
from .print_work import PrintOperator

if TYPE_CHECKING:
    from ...scene.printing.apply import Fitted
    from ...scene.printing.copied import Copied
    from ...scene.printing.print_check import Findings


class TRELLIS_OT_check_print(PrintOperator):
    """See whether the active model can be printed: closed, its shells, faces that cut through others, thin walls, its
    volume, and its size in millimetres. Changes nothing"""

    bl_idname = "trellis.check_print"
    bl_label = "Check for Printing"
    bl_options = {'REGISTER'}

    wall_mm: bpy.props.FloatProperty(
        name="Thinnest Wall (mm)", description=WALL, default=1.2, min=0, max=MM_LIMIT, options={'SKIP_SAVE'}
    )
    doing = "Checking"

    def work_here(self, copied: "Copied") -> "Findings":
        from ...scene.printing.print_check import check

        return check(copied.taken().shape(), self.wall_mm)

    def work_elsewhere(self, copied: "Copied") -> "Callable[[], Findings] | None":
        from ...scene.printing.print_check import AT_ONCE_TRIANGLES
        from ...scene.second_blender import this_blender

        if copied.count <= AT_ONCE_TRIANGLES:
            return None
        return partial(_checked_elsewhere, this_blender(bpy.app.binary_path), copied, self.wall_mm)

    def finish(self, context: bpy.types.Context, model: bpy.types.Object, result: Any) -> set[str]:
        found: Findings = result
        checked().keep(model, found)
        if context.area is not None:
            context.area.tag_redraw()  # the panel
        for remark in found.remarks():
            self.report({'WARNING'}, remark)
        if problems := found.problems():
            # A script gets an error; an artist reads it in the panel, too.
            self.report({'ERROR' if bpy.app.background else 'WARNING'}, " ".join(problems))
            return {'CANCELLED'}
        size = " × ".join(f"{side:.1f}" for side in found.size_mm)
        self.report({'INFO'}, f"“{model.name}” is closed: {size} mm, {found.volume_mm3 / 1000:,.1f} cm³.")
        return {'FINISHED'}


class TRELLIS_OT_make_printable(PrintOperator):
    """Rebuild the active model's surface: closed, its overlapping parts joined, its colours in a color attribute.
    What it was is kept, hidden"""

    bl_idname = "trellis.make_printable"
    bl_label = "Make Printable"
    bl_options = {'UNDO'}  # without Adjust Last Operation, which would hold Blender up for each change

    detail_mm: bpy.props.FloatProperty(
        name="Detail (mm)", description=DETAIL, min=0, max=MM_LIMIT, options={'SKIP_SAVE'}
    )
    doing = "Making printable:"
    with_look = True

    def copied(self, model: bpy.types.Object) -> "Copied":
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of
        from ...scene.printing.shape import CannotPrint
        from ...scene.printing.take import why_unchangeable

        if reason := why_unchangeable(model):
            raise CannotPrint(reason)
        self.state = fingerprint(mesh_of(model))
        return super().copied(model)

    def work_here(self, copied: "Copied") -> "Fitted":
        from ...scene.printing.apply import fitted
        from ...scene.printing.remesh import remesh

        taken = copied.taken()
        return fitted(remesh(taken.shape(), taken.look, self.detail_mm), taken.to_mm)

    def work_elsewhere(self, copied: "Copied") -> "Callable[[], Fitted]":
        from ...scene.second_blender import this_blender

        return partial(_remeshed_elsewhere, this_blender(bpy.app.binary_path), copied, self.detail_mm)

    def finish(self, context: bpy.types.Context, model: bpy.types.Object, result: Any) -> set[str]:
        from ...scene.finish.fingerprint import fingerprint
        from ...scene.meshes import mesh_of
        from ...scene.printing.apply import apply
        from ...scene.printing.shape import CannotPrint

        # First: in Edit Mode a mesh cannot be compared.
        if mode := user_activity.other_mode():
            raise CannotPrint(f"“{model.name}” is as it was, because you are in {mode}.")
        if model.type != 'MESH' or fingerprint(mesh_of(model)) != self.state:
            raise CannotPrint(f"“{model.name}” was changed meanwhile, so it was not made printable.")
        for note in apply(model, result):
            self.report({'WARNING'}, note)
        self.report({'INFO'}, f"“{model.name}” is closed now. “{model.name} (before)” is what it was, hidden.")
        return {'FINISHED'}


class TRELLIS_OT_export_stl(PrintOperator):
    """Write the active model to an STL file in millimetres, as the viewport shows it"""

    bl_idname = "trellis.export_stl"
    bl_label = "Export STL"
    bl_options = {'REGISTER'}

    filepath: bpy.props.StringProperty(subtype='FILE_PATH', options={'SKIP_SAVE', *RELATIVE_PATH})
    check_existing: bpy.props.BoolProperty(default=True, options={'HIDDEN'})
    filter_glob: bpy.props.StringProperty(default="*.stl", options={'HIDDEN'})
    doing = "Exporting"
    is_chosen = False
    """Whether the file browser was shown for it."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.properties.is_property_set("filepath") or bpy.app.background:
            return super().invoke(context, event)

        def choose() -> set[str]:
            from ...generation.file_names import file_stem
            from ...scene.printing.shape import CannotPrint
            from ...scene.printing.take import why_not

            model = self.found(context)
            if reason := why_not(model):
                raise CannotPrint(reason)
            self.fill(context)
            # What was chosen is exported, whatever is active when the file browser closes.
            self.model, self.is_chosen = model.name, True
            folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
            self.filepath = str(folder / f"{file_stem(model.name, 'model')}.stl")
            context.window_manager.fileselect_add(self)
            return {'RUNNING_MODAL'}

        return self.reported(choose)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self.is_chosen:
            return super().execute(context)
        # The file browser closes with this call: what takes long begins after it.
        wanted = {"model": self.model, "filepath": self.filepath, "size_mm": self.size_mm}
        background.later(partial(_export, wanted))
        return {'FINISHED'}

    def work_here(self, copied: "Copied") -> tuple[Path, tuple[float, ...]]:
        return _written(copied, self._path())

    def work_elsewhere(self, copied: "Copied") -> "Callable[[], tuple[Path, tuple[float, ...]]]":
        return partial(_written, copied, self._path())

    def finish(self, context: bpy.types.Context, model: bpy.types.Object, result: Any) -> set[str]:
        path, sides = result
        size = " × ".join(f"{side:.1f}" for side in sides)
        self.report({'INFO'}, f"“{model.name}” is in {path}: {size} mm.")
        return {'FINISHED'}

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "size_mm", text="Size mm")

    def _path(self) -> Path:
        from ...scene.printing.shape import CannotPrint
        from ...scene.printing.stl import SUFFIX

        path = Path(bpy.path.abspath(self.filepath))
        if not self.filepath or not path.name:
            raise CannotPrint("Say in which file to put the model.")
        if not path.is_absolute():
            raise CannotPrint(f"{self.filepath} is relative to a .blend that is not saved yet. Save it first.")
        return path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)


def _checked_elsewhere(blender: list[str], copied: "Copied", wall_mm: float) -> "Findings":
    import json

    from ...scene.printing import print_job
    from ...scene.printing.print_check import Findings

    taken = copied.taken()
    given = {"points": taken.points, "triangles": taken.triangles, "wall_mm": wall_mm}
    found = print_job.run(blender, print_job.CHECK, given, background.go_on)
    said = json.loads(str(found["findings"]))
    return Findings(**{**said, "size_mm": tuple(said["size_mm"])})


def _remeshed_elsewhere(blender: list[str], copied: "Copied", detail_mm: float) -> "Fitted":
    from ...scene.printing import print_job
    from ...scene.printing.apply import fitted
    from ...scene.printing.remesh import Printable, detail_of
    from ...scene.printing.shape import sides_mm

    taken = copied.taken()
    detail_of(max(sides_mm(taken.points)), detail_mm)  # said at once
    given = {
        "points": taken.points,
        "triangles": taken.triangles,
        "detail_mm": detail_mm,
        **print_job.packed(taken.look),
    }
    found = print_job.run(blender, print_job.REMESH, given, background.go_on)
    made = Printable(found["points"], found["faces"], found["colours"], float(found["thin"]), float(found["detail_mm"]))
    return fitted(made, taken.to_mm)


def _written(copied: "Copied", path: Path) -> tuple[Path, tuple[float, ...]]:
    from ...scene.printing import stl
    from ...scene.printing.shape import Shape, sides_mm

    taken = copied.taken()
    stl.write(Shape(taken.points, taken.triangles), path)
    return path, sides_mm(taken.points)


def _export(wanted: dict[str, Any]) -> None:
    from ...scene import windows

    window = windows.window_of(None)
    if window is not None:
        with windows.inside(window):
            bpy.ops.trellis.export_stl('INVOKE_DEFAULT', **wanted)  # pyright: ignore[reportAttributeAccessIssue]
