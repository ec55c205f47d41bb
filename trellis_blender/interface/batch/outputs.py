# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a model of a batch becomes. Each is there whole or not at all."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...batch.studio import NotTakenIn
from ...scene.finish.options import Preset

if TYPE_CHECKING:
    from ...imaging.picture import Picture
    from ...scene.assets.save import About

PICTURE_SIDE_PX = 256
QUALITY = 82
_SYSTEM_ERROR = re.compile(r"\[Errno (\d+)\] ([^:\n]+)")

Writer = Callable[[Path], object]


def save_asset(model: bpy.types.Object, folder: Path, about: "About") -> tuple[Path, list[str]]:
    """Into the asset library that the folder is; the file, and sentences about what it lacks. Raises NotTakenIn."""
    from ...scene.assets.save import NotSaved, save

    try:
        return save(model, folder, about)
    except NotSaved as error:
        raise NotTakenIn(str(error)) from None


def write_glb(path: Path) -> None:
    """All that is in the file. Raises RuntimeError and OSError."""
    options: dict[str, Any] = {"filepath": str(path), "export_format": 'GLB', "export_apply": True}
    bpy.ops.export_scene.gltf(**options)


def write_blend(path: Path) -> None:
    """The open file, which stays what it is. Raises RuntimeError and OSError."""
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=False)


def writer(wanted: str, glb: Path, finish: str) -> Writer:
    """What writes a file of that format. A model as it was delivered is its own file."""
    if wanted == "glb" and finish == Preset.AS_DELIVERED.value:
        return lambda path: shutil.copyfile(glb, path)
    return write_glb if wanted == "glb" else write_blend


def written(path: Path, write: Writer) -> Path:
    """The file that `write` makes under another name, which Blender must find an ending in. Raises NotTakenIn."""
    from ...generation.files import replace_for_good
    from ...generation.problems import explain_os_error

    folder, part = path.parent, path.with_name(f".part-{path.name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(part)
        if not part.is_file():
            raise NotTakenIn(f"{path} could not be written.")
        replace_for_good(part, path)
    except OSError as error:
        raise NotTakenIn(str(explain_os_error(error, folder))) from None
    except RuntimeError as error:
        raise NotTakenIn(_why_not(path, str(error))) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def _why_not(path: Path, said: str) -> str:
    """The sentence for what Blender says of a file: an exporter's whole traceback, of which the last line tells."""
    from ...generation.problems import explain_os_error

    if found := _SYSTEM_ERROR.findall(said):
        number, reason = found[-1]
        return str(explain_os_error(OSError(int(number), reason), path.parent))
    lines = [line for line in said.splitlines() if not line.startswith((" ", "Location:"))]
    told = lines[-1] if "Traceback" in said and lines else said
    return f"{path} could not be written ({' '.join(told.split()).removeprefix('Error: ')[:300]})."


def picture_of(model: bpy.types.Object) -> "Picture | None":
    """A picture of the model; None for one that cannot be drawn."""
    from ...imaging import mesh_thumbnail
    from ...scene.images import mesh_snapshot

    taken = mesh_snapshot.take(model)
    return mesh_thumbnail.draw(taken, side_px=PICTURE_SIDE_PX) if taken is not None else None


def keep_picture(picture: "Picture | None", folder: Path, name: str) -> str:
    """Writes a picture for the report as a small file; its path, "" where there is none or it cannot be written."""
    if picture is None:
        return ""
    from ...scene.arrays import pixels_of

    path = folder / f"{name}.webp"
    image = bpy.data.images.new("Trellis: picture", picture.width, picture.height, alpha=True)
    try:
        pixels: Any = image.pixels
        pixels.foreach_set(pixels_of(picture))
        folder.mkdir(parents=True, exist_ok=True)
        image.file_format = 'WEBP'
        image.save(filepath=str(path), quality=QUALITY)
    except (OSError, RuntimeError):
        return ""
    finally:
        bpy.data.images.remove(image)
    return str(path)


def triangles_of(model: bpy.types.Object) -> int:
    """As a renderer counts them."""
    mesh: Any = model.data
    return len(mesh.loops) - 2 * len(mesh.polygons)
