# SPDX-License-Identifier: GPL-3.0-or-later
"""The check's findings below the picture, their remedies, and the picture before and after.

What a remedy makes is a file of the add-on's, and becomes the panel's image; the artist's file stays as it is.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..state import background, configuration
from ..state.blend_file import path_of
from ..state.settings import TRELLIS_PG_settings, settings_of
from ..text.layouts import draw_text
from ..viewport import redraw
from . import preview
from .file import changed_at_ns
from .image_field import ImageField, field_of

if TYPE_CHECKING:
    from ...imaging.cleanup import Remedy
    from ...imaging.picture import Picture
    from ...imaging.quality import Finding

THUMBNAIL_SCALE = 5.0
PAIR_SCALE = 4.0
REMEDY = "remedy"
"""The name of its thread."""


class _Memory:
    problem = ""
    field: ImageField | None = None  # that a remedy was asked for last


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings) -> None:
    """The chosen picture, beside the one it was made from, and what is wrong with it."""
    from . import check

    known = preview.look(settings.image)
    if is_improved(settings):
        _draw_before_and_after(layout, preview.look(settings.image_before).icon, known.icon)
    elif known.icon:
        layout.template_icon(icon_value=known.icon, scale=THUMBNAIL_SCALE)
    for finding in check.look(known.path, known.changed_ns):
        draw_text(layout, context, finding.sentence, 'ERROR')
        if finding.remedy is not None:
            _draw_remedy(layout, finding)
    if _Memory.problem and _Memory.field is not None and _Memory.field.is_that_of(settings):
        draw_text(layout, context, _Memory.problem, 'INFO')


def is_improved(settings: TRELLIS_PG_settings) -> bool:
    """Whether the panel's image is one that a remedy made."""
    return bool(settings.image_before) and settings.image == settings.image_after


class TRELLIS_OT_check_image(bpy.types.Operator):
    """Check whether a picture would make a bad model. Costs nothing, and fails where something is wrong"""

    bl_idname = "trellis.check_image"
    bl_label = "Check Image"
    bl_options = {'INTERNAL'}

    image: bpy.props.StringProperty(name="Image", options={'SKIP_SAVE'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        from . import check

        try:
            findings = check.check(path_of(self.image or settings_of(context.scene).image), context.scene)
        except ValueError as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        if findings:
            self.report({'ERROR'}, " ".join(finding.sentence for finding in findings))
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_OT_improve_image(bpy.types.Operator):
    """Make a better picture out of this one, on this computer and at no cost. Your file stays as it is"""

    bl_idname = "trellis.improve_image"
    bl_label = "Improve Image"
    bl_options = {'INTERNAL'}

    remedy: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})
    """The name of a `Remedy`."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        is_busy = background.is_running(REMEDY)
        if is_busy:
            cls.poll_message_set("The picture is being worked on")
        return not is_busy

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from . import check

        settings = settings_of(context.scene)
        known = preview.look(settings.image)
        finding = self._finding(check.look(known.path, known.changed_ns))
        if finding is None:
            return self.execute(context)
        return self._improve(context, finding, is_waited_for=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from . import check

        try:
            finding = self._finding(check.check(path_of(settings_of(context.scene).image), context.scene))
        except ValueError as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        if finding is None:
            self.report({'ERROR'}, "The picture does not need that.")
            return {'CANCELLED'}
        return self._improve(context, finding, is_waited_for=True)

    def _finding(self, findings: "tuple[Finding, ...]") -> "Finding | None":
        return next((found for found in findings if found.remedy and found.remedy.name == self.remedy), None)

    def _improve(self, context: bpy.types.Context, finding: "Finding", *, is_waited_for: bool) -> set[str]:
        from ...generation.files import PICTURES_NAME
        from ...imaging.cleanup import Remedy

        image = settings_of(context.scene).image
        try:
            picture = _part(path_of(image), context.scene, finding)
        except ValueError as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        _Memory.problem = ""
        work = partial(
            _work, picture, Remedy[self.remedy], configuration.data_folder() / PICTURES_NAME, path_of(image).stem
        )
        field = _Memory.field = field_of(context.scene)
        if not is_waited_for:
            background.in_thread(REMEDY, work, partial(_use, field))
            return {'FINISHED'}
        _use(field, work())
        if _Memory.problem:
            self.report({'ERROR'}, _Memory.problem)
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_OT_use_original_image(bpy.types.Operator):
    """Go back to the picture as you chose it"""

    bl_idname = "trellis.use_original_image"
    bl_label = "Use the Original"
    bl_options = {'INTERNAL', 'UNDO'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_improved(settings_of(context.scene))

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context.scene)
        settings.image, settings.image_before, settings.image_after = settings.image_before, "", ""
        return {'FINISHED'}


def _draw_before_and_after(layout: bpy.types.UILayout, before: int, after: int) -> None:
    row = layout.row()
    for icon, title in ((before, "Before"), (after, "After")):
        column: Any = row.column()
        heading = column.row()
        heading.alignment = 'CENTER'
        heading.label(text=title)
        if icon:
            column.template_icon(icon_value=icon, scale=PAIR_SCALE)
    layout.operator("trellis.use_original_image", icon='LOOP_BACK')


def _draw_remedy(layout: bpy.types.UILayout, finding: "Finding") -> None:
    text = "Working" if background.is_running(REMEDY) else finding.remedy.value
    layout.operator("trellis.improve_image", text=text).remedy = finding.remedy.name


def _part(path: Path, scene: bpy.types.Scene, finding: "Finding") -> "Picture":
    """What the remedy works on: a part is decoded again, with as many pixels as the file has there."""
    from ...imaging.picture import WHOLE
    from ...scene.images.load import load_picture
    from . import decode_cache

    if finding.box == WHOLE:
        return decode_cache.decode(path, changed_at_ns(path), scene)
    return load_picture(path, scene, finding.box)


def _work(picture: "Picture", remedy: "Remedy", folder: Path, stem: str) -> Path | str:
    """In the thread: the path of the better picture, or a sentence why there is none."""
    from ...generation.file_names import file_stem
    from ...generation.files import keep_by_content
    from ...generation.problems import GenerationProblem
    from ...imaging.cleanup import NoRemedy, improve
    from ...imaging.png import encode_png

    try:
        # The file keeps its name, which becomes the model's.
        return keep_by_content(folder, f"{file_stem(stem, 'Picture')}.png", encode_png(improve(picture, remedy)))
    except (NoRemedy, GenerationProblem) as problem:
        return str(problem)


def _use(field: ImageField, made: Path | str) -> None:
    """Takes the better picture over, unless another one was chosen or another file opened meanwhile."""
    scene = field.scene
    if scene is not None and field.is_as_it_was:
        if isinstance(made, Path):
            take_over(scene, str(made))
        else:
            _Memory.problem = made
    redraw.sidebars()


def say(field: ImageField, problem: str) -> None:
    """Says below the picture why there is no better one, until another one is chosen."""
    _Memory.problem, _Memory.field = problem, field


def take_over(scene: bpy.types.Scene, better: str) -> None:
    """Makes a better picture the panel's image, which can be undone, and gone back from."""
    from ...scene import windows

    settings = settings_of(scene)
    if not is_improved(settings):
        settings.image_before = settings.image
    settings.image = settings.image_after = better
    windows.push_undo(scene, "Improve Image")
