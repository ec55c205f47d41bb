# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures from what the artist has in front of them, taken into the panel. Nothing is sent by it.

Each is kept as a file, so that the panel, scripts and "Use These Settings" use it as they use any other.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..state import configuration
from ..state.settings import settings_of

if TYPE_CHECKING:
    from ...imaging.picture import Picture

SOURCE_ITEMS = [
    ('VIEWPORT', "Viewport", "The 3D Viewport as you see it, without overlays", 'VIEW3D', 0),
    ('CAMERA', "Camera", "What the active camera sees, drawn as the viewport draws", 'CAMERA_DATA', 1),
    ('RENDER', "Render Result", "The last render", 'RENDER_STILL', 2),
    ('REFERENCE', "Selected Reference", "The image of the active reference Empty", 'EMPTY_DATA', 3),
    ('EDITOR', "Image Editor", "The image that is open in the Image Editor", 'IMAGE_DATA', 4),
    ('CLIPBOARD', "Clipboard", "The image on the clipboard", 'PASTEDOWN', 5),
]


class TRELLIS_OT_take_picture(bpy.types.Operator):
    """Take a picture of what is in front of you as the input. Costs nothing"""

    bl_idname = "trellis.take_picture"
    bl_label = "Take a Picture"
    bl_options = {'INTERNAL', 'UNDO'}

    of: bpy.props.EnumProperty(name="Of", items=SOURCE_ITEMS, options={'SKIP_SAVE'})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        about = next(item[2] for item in SOURCE_ITEMS if item[0] == getattr(properties, "of", ""))
        return f"{about}, as the input. Costs nothing"

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            use(context.scene, *picture_from(context, self.of))
        except (ValueError, OSError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_OT_take_views(bpy.types.Operator):
    """Take pictures of the selected objects from several sides as the input: of a rough sculpt, a block-out or a grease
    pencil drawing. Costs nothing"""

    bl_idname = "trellis.take_views"
    bl_label = "Views of the Selected Object"
    bl_options = {'INTERNAL', 'UNDO'}

    sides: bpy.props.EnumProperty(
        name="Sides",
        items=[
            ('TWO', "From 2 Sides", "Front and back"),
            ('FOUR', "From 4 Sides", "Front, right, back and left"),
            ('SIX', "From 6 Sides", "Front, right, back, left, top and bottom"),
        ],
        default='FOUR',
        options={'SKIP_SAVE'},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        from . import from_sides

        try:
            said = from_sides.take(context, viewport(context), self.sides)
        except (ValueError, OSError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        if said:
            self.report({'INFO'}, said)
        return {'FINISHED'}


def _image_items(_operator: Any, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    # Blender does not keep the strings of such a list alive.
    _Kept.items = [
        (image.name, image.name, "") for image in bpy.data.images if image.type not in {'RENDER_RESULT', 'COMPOSITING'}
    ] or [('', "There is no image in this file", "")]
    return _Kept.items


class _Kept:
    items: list[tuple[str, str, str]] = []


class TRELLIS_OT_use_image(bpy.types.Operator):
    """Take an image of this .blend as the input, as it is now. Costs nothing"""

    bl_idname = "trellis.use_image"
    bl_label = "Image of This File"
    bl_options = {'INTERNAL', 'UNDO'}
    bl_property = "image"

    image: bpy.props.EnumProperty(name="Image", items=_image_items, options={'SKIP_SAVE'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {'RUNNING_MODAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.images.load import PictureUnusable, picture_of

        try:
            image = bpy.data.images.get(self.image)
            if image is None:
                raise PictureUnusable("There is no image in this file. Choose a file instead.")
            use(context.scene, picture_of(image, context.scene), image.name)
        except (ValueError, OSError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_MT_pictures(bpy.types.Menu):
    """Start from what is in front of you: the viewport, a render, an image of this file"""

    bl_idname = "TRELLIS_MT_pictures"
    bl_label = "Take a Picture"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        offered = {'VIEWPORT', 'CAMERA', 'RENDER', 'REFERENCE'}
        if image_editor(context) is not None:
            offered |= {'EDITOR', 'CLIPBOARD'} if has_clipboard(context) else {'EDITOR'}
        for item in SOURCE_ITEMS:
            if item[0] in offered:
                layout.operator("trellis.take_picture", text=item[1], icon=item[3]).of = item[0]
        layout.separator()
        layout.operator("trellis.use_image", text="Image of This File…", icon='IMAGE_DATA')
        layout.operator_context = 'INVOKE_DEFAULT'
        layout.operator("trellis.take_from_web", text="From the Web…", icon='URL')
        layout.separator()
        layout.operator_menu_enum("trellis.take_views", "sides", icon='OBJECT_DATA')
        layout.operator("trellis.add_views", text="Add Views of the Same Thing…", icon='ADD')
        layout.operator("trellis.generate_from_files", text="Several Pictures…", icon='FILE_FOLDER')


def picture_from(context: bpy.types.Context, of: str) -> "tuple[Picture, str]":
    """The picture and its name; raises PictureUnusable with a sentence where there is none."""
    return _WAYS[of](context)


def use(scene: bpy.types.Scene, picture: "Picture", name: str) -> None:
    """Makes a picture the input of the scene."""
    settings = settings_of(scene)
    settings.image = str(keep(picture, name))
    settings.source = 'IMAGE'


def keep(picture: "Picture", name: str) -> Path:
    """Writes the picture as a PNG into the add-on's own folder. Raises PictureUnusable where that cannot be."""
    import uuid

    from ...generation.file_names import file_stem
    from ...generation.files import PICTURES_NAME, write_whole
    from ...generation.problems import GenerationProblem
    from ...imaging.png import encode_png
    from ...scene.images.load import PictureUnusable

    # The model is named after the file, so it is the folder that tells one take from the next.
    folder = configuration.data_folder() / PICTURES_NAME / f"{time.strftime('%Y-%m-%d')} {uuid.uuid4().hex[:8]}"
    path = folder / f"{file_stem(bpy.path.clean_name(Path(name).stem), 'Picture')}.png"
    try:
        write_whole(path, encode_png(picture))
    except GenerationProblem as problem:
        raise PictureUnusable(str(problem)) from None
    return path


def image_editor(context: bpy.types.Context) -> bpy.types.Area | None:
    """The Image Editor that the artist is in, else one of this window's."""
    if context.area is not None and context.area.type == 'IMAGE_EDITOR':
        return context.area
    areas = context.screen.areas if context.screen is not None else ()
    return next((area for area in areas if area.type == 'IMAGE_EDITOR'), None)


def has_clipboard(context: bpy.types.Context) -> bool:
    """Whether there is an image on the clipboard that Blender can take; never on Linux with X11."""
    area = image_editor(context)
    if area is None:
        return False
    with context.temp_override(area=area):
        operator: Any = bpy.ops.image.clipboard_paste
        return operator.poll()


def _viewport(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images import capture

    return capture.of_viewport(context, viewport(context)), "Viewport"


def _camera(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images import capture

    return capture.of_camera(context, viewport(context)), "Camera"


def _render(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images import capture

    return capture.of_render_result(context.scene), "Render"


def _reference(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images.load import PictureUnusable, picture_of

    item = context.object
    image = item.data if item is not None and item.type == 'EMPTY' else None
    if not isinstance(image, bpy.types.Image):
        raise PictureUnusable("The active object is no reference image. Select an image Empty first.")
    return picture_of(image, context.scene), image.name


def _editor(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images import capture
    from ...scene.images.load import PictureUnusable, picture_of

    area = image_editor(context)
    image = getattr(area.spaces.active, "image", None) if area is not None else None
    if image is None:
        raise PictureUnusable("No image is open in an Image Editor.")
    if image.type == capture.RENDER_RESULT:
        return _render(context)
    return picture_of(image, context.scene), image.name


def _clipboard(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene import versions
    from ...scene.images.load import PictureUnusable, picture_of

    if not has_clipboard(context):
        raise PictureUnusable("There is no image on the clipboard that Blender can use here.")
    area: Any = image_editor(context)
    space = area.spaces.active
    before, shown = set(bpy.data.images), space.image
    if context.area == area:
        bpy.ops.image.clipboard_paste()
    elif versions.may_operate_in_override():
        with context.temp_override(area=area):
            bpy.ops.image.clipboard_paste()
    else:
        raise PictureUnusable("While something is being made, paste it in the Image Editor and take it there.")
    pasted = next((image for image in bpy.data.images if image not in before), None)
    space.image = shown
    if pasted is None:
        raise PictureUnusable("There is no image on the clipboard that Blender can use here.")
    try:
        return picture_of(pasted, context.scene), "Clipboard"
    finally:
        bpy.data.images.remove(pasted)


def viewport(context: bpy.types.Context) -> bpy.types.Area | None:
    """The 3D viewport that the artist is in, else the largest of this window."""
    if context.area is not None and context.area.type == 'VIEW_3D':
        return context.area
    areas = [area for area in (context.screen.areas if context.screen is not None else ()) if area.type == 'VIEW_3D']
    return max(areas, key=lambda area: area.width * area.height, default=None)


_WAYS: "dict[str, Callable[[bpy.types.Context], tuple[Picture, str]]]" = {
    'VIEWPORT': _viewport,
    'CAMERA': _camera,
    'RENDER': _render,
    'REFERENCE': _reference,
    'EDITOR': _editor,
    'CLIPBOARD': _clipboard,
}
