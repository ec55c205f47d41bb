# SPDX-License-Identifier: GPL-3.0-or-later
"""A model's pictures: packed into the .blend, or as files beside it. Their pixels and materials are left alone."""

from collections.abc import Iterator
from pathlib import Path

import bpy

from ...generation.file_names import file_stem
from ...generation.files import write_whole
from ...generation.problems import GenerationProblem
from ..meshes import mesh_of
from .options import CannotFinish, Finish, Textures

FOLDER = "textures"
NAMES_LIMIT = 1000


def images_of(mesh: bpy.types.Mesh) -> list[bpy.types.Image]:
    """The pictures of all materials of the mesh, node groups included, each once; none that Blender can make again."""
    found: dict[str, bpy.types.Image] = {}
    for material in filter(None, mesh.materials):
        found |= {image.name: image for image in images_in(material)}
    return [image for image in found.values() if image.source in {'FILE', 'TILED'} or _is_painted(image)]


def images_in(material: bpy.types.Material) -> list[bpy.types.Image]:
    """The pictures of a material, node groups included."""
    return list(_images_in(material.node_tree)) if material.node_tree is not None else []


def is_missing(image: bpy.types.Image) -> bool:
    """Whether its file, or that of one of its tiles, is gone, and there is nothing else of it."""
    if image.source not in {'FILE', 'TILED', 'MOVIE', 'SEQUENCE'} or image.packed_file is not None or image.is_dirty:
        return False
    return not all(path.is_file() for path in _paths_of(image))


def said_missing(image: bpy.types.Image) -> str:
    """That the file of a picture is gone, as a sentence."""
    return f"The file of the texture “{image.name}” is missing ({_path_of(image)})."


def check(_: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish where there is no place for files."""
    if wanted.textures is Textures.SAVE and not bpy.data.filepath:
        raise CannotFinish("Save the .blend first: the textures are saved beside it.")


def apply(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Packs or saves the pictures; sentences about those with which it could not be done, and about damaged ones."""
    mesh = mesh_of(model)
    said = keep(mesh, wanted.textures)
    # Those of new quads were baked just now, and to decode two of 4096 × 4096 would hold Blender up.
    return said if wanted.faces else [*said, *unseen(mesh)]


def keep(mesh: bpy.types.Mesh, choice: Textures) -> list[str]:
    """Packs or saves the pictures; sentences about those with which it could not be done. They stay as they are."""
    if choice is Textures.KEEP:
        return []
    problems = [_pack(image) if choice is Textures.PACK else _save(image) for image in images_of(mesh)]
    return [problem for problem in problems if problem]


def unseen(mesh: bpy.types.Mesh) -> list[str]:
    """Sentences about packed pictures that Blender cannot decode: it shows magenta for them.

    Blender decodes them for it, 10 ms for 1024 × 1024.
    """
    damaged = [image for image in images_of(mesh) if image.packed_file is not None and not image.size[0]]
    return [said_damaged(image) for image in damaged]


def said_damaged(image: bpy.types.Image) -> str:
    """That Blender cannot decode a picture, as a sentence."""
    return f"The texture “{image.name}” is damaged, so its surface shows magenta. Choose another image in its material."


def _images_in(tree: bpy.types.NodeTree) -> Iterator[bpy.types.Image]:
    for node in tree.nodes:
        if isinstance(node, bpy.types.ShaderNodeTexImage) and node.image is not None:
            yield node.image
        elif isinstance(node, bpy.types.ShaderNodeGroup) and node.node_tree is not None:
            yield from _images_in(node.node_tree)


def _is_painted(image: bpy.types.Image) -> bool:
    """Painted or baked into, and in memory only."""
    return image.source == 'GENERATED' and image.is_dirty


def _pack(image: bpy.types.Image) -> str:
    if image.packed_file is not None:
        return ""
    if is_missing(image):
        return said_missing(image)
    try:
        image.pack()
    except RuntimeError as error:
        return f"The texture “{image.name}” could not be packed ({str(error).strip()})."
    return ""


def _save(image: bpy.types.Image) -> str:
    """A packed picture's own bytes into a file of a new name; one that is a file already stays one."""
    if _is_painted(image) and (problem := _pack(image)):
        return problem
    if image.source != 'FILE':
        return f"The texture “{image.name}” is of several tiles and stays as it is."
    if image.packed_file is None:
        return "" if _path_of(image).is_file() else said_missing(image)
    if image.is_dirty:
        image.pack()  # painted, and not in the bytes yet
    content = bytes(image.packed_file.data)
    try:
        path = _free_path(image, content)
        if not path.is_file():
            write_whole(path, content)
    except (OSError, GenerationProblem) as error:
        return f"The texture “{image.name}” could not be saved and stays packed. {error}"
    relative = bpy.path.relpath(str(path))
    image.filepath_raw = relative
    for packed in image.packed_files:
        packed.filepath = relative
    image.unpack(method='USE_ORIGINAL')
    return ""


def _free_path(image: bpy.types.Image, content: bytes) -> Path:
    suffix = ".jpg" if content.startswith(b"\xff\xd8") else ".png" if content.startswith(b"\x89PNG") else ""
    suffix = suffix or Path(image.filepath).suffix or ".png"
    stem = file_stem(image.name.removesuffix(suffix), "texture")
    folder = Path(bpy.path.abspath("//")) / FOLDER
    for number in range(NAMES_LIMIT):
        path = folder / f"{stem}{f'-{number}' if number else ''}{suffix}"
        if not path.exists() or path.read_bytes() == content:
            return path
    raise OSError(f"{folder} is full of files of this name")


def _path_of(image: bpy.types.Image) -> Path:
    return Path(bpy.path.abspath(image.filepath, library=image.library))


def _paths_of(image: bpy.types.Image) -> list[Path]:
    """Of all its tiles, where it has some: their numbers are 1001, 1002, … in the first row, 1011, … in the next."""
    if image.source != 'TILED':
        return [_path_of(image)]
    path, numbers = str(_path_of(image)), [tile.number for tile in image.tiles]
    places = [(number, f"u{(number - 1001) % 10 + 1}_v{(number - 1001) // 10 + 1}") for number in numbers]
    return [Path(path.replace("<UDIM>", str(number)).replace("<UVTILE>", place)) for number, place in places]
