# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons of the panel *Batch*: open a table, paste a list, make all, stop, look at what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.record import costs
from ..generate.spending_operator import SpendingOperator
from ..state import configuration
from ..viewport import redraw
from . import opened, running
from .batch_settings import options_of

if TYPE_CHECKING:
    from .place_in_grid import Wish


class TRELLIS_OT_open_batch(bpy.types.Operator):
    """Open a table with a model on each row, as CSV, JSON lines, or a text with a prompt on each line. Costs nothing"""

    bl_idname = "trellis.open_batch"
    bl_label = "Open a Table"
    bl_options = {'INTERNAL'}

    filepath: bpy.props.StringProperty(name="File", subtype='FILE_PATH', options={'SKIP_SAVE'})
    filter_glob: bpy.props.StringProperty(
        default="*.csv;*.tsv;*.txt;*.json;*.jsonl;*.ndjson", options={'HIDDEN', 'SKIP_SAVE'}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {'RUNNING_MODAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        options_of(context).folder = str(path.with_name(f"{path.stem} models"))
        opened.read(path, context.scene)
        return {'FINISHED'}


class TRELLIS_OT_paste_batch(bpy.types.Operator):
    """Use the copied text as a table, a prompt on each line. Costs nothing"""

    bl_idname = "trellis.paste_batch"
    bl_label = "Paste a List"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        text = context.window_manager.clipboard
        if not text.strip():
            self.report({'ERROR'}, "Nothing was copied. Copy a list with a prompt on each line first.")
            return {'CANCELLED'}
        blend = bpy.data.filepath
        folder = (Path(blend).parent if blend else Path.home()) / "Trellis Batches"
        try:
            path = opened.keep_pasted(text, folder)
        except OSError as error:
            self.report({'ERROR'}, f"The list cannot be kept in “{folder}” ({error.strerror}). Save it as a text file.")
            return {'CANCELLED'}
        options_of(context).folder = str(path.with_name(f"{path.stem} models"))
        opened.read(path, context.scene)
        return {'FINISHED'}


class TRELLIS_OT_read_batch(bpy.types.Operator):
    """Read the table once more, after it or the settings were changed. Costs nothing"""

    bl_idname = "trellis.read_batch"
    bl_label = "Read Again"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = opened.current()
        if found is None:
            return {'CANCELLED'}
        opened.read(found.path, context.scene)
        return {'FINISHED'}


class TRELLIS_OT_close_batch(bpy.types.Operator):
    """Close the table. What was made stays"""

    bl_idname = "trellis.close_batch"
    bl_label = "Close"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        opened.close()
        redraw.sidebars()
        return {'FINISHED'}


class TRELLIS_OT_run_batch(SpendingOperator):
    """Make every row that can be made and is not there yet, in a second Blender; this one stays free. Costs at most the
    price on the button"""

    bl_idname = "trellis.run_batch"
    bl_label = "Generate"

    only_failed: bpy.props.BoolProperty(options={'HIDDEN', 'SKIP_SAVE'})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if reason := why_not(context):
            cls.poll_message_set(reason.rstrip("."))
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:
        if reason := why_not(context):
            raise configuration.NotReady(reason)

    def prices_usd(self) -> Sequence[float]:
        return prices_usd(only_failed=self.only_failed)

    def spend(self, context: bpy.types.Context) -> set[str]:
        found, options = opened.current(), options_of(context)
        if found is None:
            return {'CANCELLED'}
        defaults = opened.defaults_of(context.scene, found.path.parent)
        given = ["--model", defaults.model, "--finish", defaults.finish, "--size", str(defaults.size_m)]
        given += ["--at-once", str(configuration.at_once()), "--priced-at", str(found.price_usd)]
        for name in sorted(options.formats):
            given += ["--as", name.lower()]
        if self.only_failed:
            given.append("--only-failed")
        try:
            running.begin(found.path, options.output_folder(), len(found.good), given, _wish(context))
        except OSError as error:
            self.report({'ERROR'}, f"A second Blender could not be started ({error.strerror}). Nothing was sent.")
            return {'CANCELLED'}
        redraw.sidebars()
        return {'FINISHED'}


class TRELLIS_OT_stop_batch(bpy.types.Operator):
    """Send nothing more. What is being made is paid for, and still arrives"""

    bl_idname = "trellis.stop_batch"
    bl_label = "Stop"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = running.current()
        if found is not None:
            found.stop()
        redraw.sidebars()
        return {'FINISHED'}


class TRELLIS_OT_place_batch(bpy.types.Operator):
    """Put the models of the batch into this scene, beside each other from the 3D cursor on. Costs nothing"""

    bl_idname = "trellis.place_batch"
    bl_label = "Place in a Grid"
    bl_options = {'REGISTER', 'UNDO'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != 'OBJECT':
            cls.poll_message_set("Go to Object Mode first")
            return False
        return has_placeable()

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.assets.append import append, set_in_grid
        from .place_in_grid import PLACED_AT_ONCE

        paths = placeable()
        models: list[list[bpy.types.Object]] = []
        gone: list[str] = []
        for path in paths[:PLACED_AT_ONCE]:
            try:
                models.append(append(path, context.collection))
            except OSError:
                gone.append(path.name)
        context.view_layer.update()
        set_in_grid(models, context.scene.cursor.location)
        left = len(paths) - PLACED_AT_ONCE
        more = f" {left} more are in the folder." if left > 0 else ""
        if gone:
            self.report({'WARNING'}, f"{len(models)} models placed.{more} Not found any more: {', '.join(gone)[:200]}.")
        else:
            self.report({'INFO'}, f"{len(models)} models placed.{more}")
        return {'FINISHED'}


class TRELLIS_OT_show_batch(bpy.types.Operator):
    """Open the report of the batch in the browser: a picture of every model, with prompt, price and problems"""

    bl_idname = "trellis.show_batch"
    bl_label = "Show Report"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = running.current()
        report = found.folder / "report.html" if found is not None else None
        if report is None or not report.is_file():
            self.report({'ERROR'}, "There is no report yet. It is written when the batch ends.")
            return {'CANCELLED'}
        ops: Any = bpy.ops
        ops.wm.url_open(url=report.as_uri())
        return {'FINISHED'}


def why_not(context: bpy.types.Context) -> str:
    """Why nothing can be made now, as a sentence; "" where it can."""
    if running.is_running():
        return "A batch is running."
    if not bpy.app.binary_path:
        return "Blender as a Python module has no panel. Use the command line."
    found = opened.current()
    if found is None or not found.good:
        return "No row can be made."
    if not options_of(context).formats:
        return "Choose what is made first."
    if options_of(context).in_scene and not options_of(context).formats & {'ASSETS', 'BLEND'}:
        return "To place models in the scene, save them as Assets or Blend, too."
    if not options_of(context).folder:
        return "Choose a folder first."
    return next(filter(None, map(configuration.why_not_ready, found.models)), "")


def prices_usd(*, only_failed: bool = False) -> Sequence[float]:
    """Of each model that is to be made."""
    found, run = opened.current(), running.current()
    if found is None:
        return ()
    if not only_failed:
        return found.prices_usd
    failed = run.failed_rows if run is not None else ()
    return opened.prices_of(found.good[number] for number in sorted(failed) if number in found.good)


def button_text(prices: Sequence[float], *, is_again: bool) -> str:
    """What a button says that makes rows at those prices."""
    total = costs.price(sum(prices))
    most = total if not sum(prices) else f"at most {total}"
    return f"Go On · {most}" if is_again else f"Generate {len(prices)} · {total}"


def has_placeable() -> bool:
    """Whether a batch has ended that has made .blend files."""
    found = running.current()
    return found is not None and found.process is None and found.has_blends


def placeable() -> list[Path]:
    """Those files, in the order of their rows."""
    found = running.current()
    if found is None or not has_placeable():
        return []
    return found.blends()


def _wish(context: bpy.types.Context) -> "Wish | None":
    from .place_in_grid import Wish

    return Wish(context) if options_of(context).in_scene else None
