# SPDX-License-Identifier: GPL-3.0-or-later
"""What `reader.read_model` makes of a GLB: one mesh and what it looks like, as plain numbers.

Axes are Blender's, (x, −z, y) of glTF's, lengths metres, colours linear, v of a UV map Blender's: 1 − glTF's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Ints: TypeAlias = NDArray[np.int32]
else:
    # numpy is loaded in the thread that reads a model, not when the add-on is registered.
    Floats = Ints = Any

Wrap: TypeAlias = Literal['REPEAT', 'EXTEND', 'MIRROR']
"""Of a picture beyond its edge, by the names of Blender's Image Texture node."""


class NotRead(Exception):
    """The file is sound, and has something that is not read here: it goes to Blender's importer. `reason` names it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Picture:
    """One that a material uses; `content` is the file itself, with which Blender packs it."""

    name: str
    """As Blender's importer calls it: `Image_3` where the file gives no name. Two may have the same."""
    content: bytes
    kind: Literal['png', 'jpeg', 'webp']
    may_be_damaged: bool = False
    """Blender may not be able to decode it, as far as that shows without decoding it."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """How a picture goes on beyond its edge, and between its pixels."""

    extension: tuple[Wrap, Wrap] = ('REPEAT', 'REPEAT')
    """Along u and along v."""
    interpolation: Literal['Linear', 'Closest'] = 'Linear'


@dataclass(frozen=True, slots=True)
class TextureTransform:
    """KHR_texture_transform in glTF's own UV space: scaled, turned by `rotation` radians, moved by `offset`."""

    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture on a surface: `picture` is an index into Model.pictures, `uv_set` one into MeshArrays.uv_sets, which
    may have no such: Blender takes (0, 0) everywhere for a UV map that a node names and a mesh does not have.
    """

    picture: int
    uv_set: int = 0
    sampler: Sampler = Sampler()
    transform: TextureTransform | None = None
    """None where the file gives none; Blender's importer makes a Mapping node for one that changes nothing, too."""


@dataclass(frozen=True, slots=True)
class Material:
    """A glTF material as Blender's importer understands it. Its defaults are glTF's, but for `metallic`."""

    name: str
    base_colour: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    base_texture: Texture | None = None
    metallic: float = 0.0
    """0 where the file gives neither a factor nor a texture, which glTF takes for 1: a painted surface is no metal."""
    roughness: float = 1.0
    metallic_roughness_texture: Texture | None = None
    normal_texture: Texture | None = None
    normal_scale: float = 1.0
    occlusion_texture: Texture | None = None
    occlusion_strength: float = 1.0
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    emission_texture: Texture | None = None
    emission_strength: float = 1.0
    """KHR_materials_emissive_strength."""
    alpha_mode: Literal['OPAQUE', 'MASK', 'BLEND'] = 'OPAQUE'
    alpha_cutoff: float = 0.5
    is_double_sided: bool = False
    uses_vertex_colours: bool = False
    """The first of MeshArrays.colours, times the base colour. A material that the file uses with and without colours
    is in Model.materials twice, as Blender's importer has it."""
    is_unlit: bool = False
    """KHR_materials_unlit."""
    is_default: bool = False
    """Where a part has colours and the file gives it no material: Blender's importer links the colours to a Principled
    BSDF that is otherwise as a new one."""


@dataclass(frozen=True, slots=True)
class MeshArrays:
    """T triangles, 3T corners, V vertices, E edges. All arrays are C-contiguous, for `foreach_set`."""

    positions: Floats
    """(V, 3)"""
    corner_vertices: Ints
    """(3T,): the vertex of each corner; triangle n has the corners 3n, 3n + 1, 3n + 2, front side counter-clockwise."""
    edges: Ints
    """(E, 2): the two vertices of each edge, the lower one first."""
    corner_edges: Ints
    """(3T,): the edge from each corner to the next one of its triangle."""
    edge_angles: Floats
    """(E,): between the normals of its two faces, in radians, by the geometry alone; of the first two where more meet,
    0 where there is one, π/2 where one of them has no area. So `edge_angles > smooth_up_to` is what
    `Mesh.set_sharp_from_angle` marks as sharp."""
    uv_sets: tuple[Floats, ...]
    """(3T, 2) each: `UVMap`, `UVMap.001` …; 0 where a part has fewer than another one."""
    colours: tuple[tuple[str, Floats], ...]
    """Names as Blender's importer gives them (`Color`, `Color.001` …) and (3T, 4) each, white where a part has none."""
    material_indices: Ints
    """(T,): into Model.materials."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How much of what is in the file the mesh does not have."""

    degenerate_triangles: int = 0
    """Two corners of which are one vertex."""
    doubled_triangles: int = 0
    """Of the same three vertices as an earlier one, whichever way round."""
    loose_elements: int = 0
    """Points and lines, which no surface is made of."""
    bad_uvs: int = 0
    """Coordinates that are no numbers; 0 stands for them."""
    uv_sets: int = 0
    """UV maps beyond those that a mesh of Blender's can have."""

    def said(self) -> list[str]:
        """Sentences about what may be missed."""
        return [
            sentence
            for count, sentence in (
                (self.bad_uvs, "Some texture coordinates of this model are no numbers: its texture is wrong there."),
                (self.loose_elements, "This model has points or lines beside its surface. They are left out."),
                (
                    self.uv_sets,
                    f"This model has more UV maps than Blender allows. The last {self.uv_sets} are left out.",
                ),
            )
            if count
        ]


@dataclass(frozen=True, slots=True)
class Model:
    """A whole model, ready to be made into data-blocks."""

    name: str
    """Of the first mesh in the file that has one; "" where none has."""
    mesh: MeshArrays
    materials: tuple[Material | None, ...]
    """The slots; empty where no part has a material or colours. None: an empty slot, where a part has no material and
    another one has."""
    pictures: tuple[Picture, ...]
    left_out: LeftOut
    has_normals: bool = False
    """Whether the file gives normals of its own: only Blender's importer can keep them."""
