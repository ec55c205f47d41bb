# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials of a GLB as Blender's importer understands them, and the pictures that they use.

Source: io_scene_gltf2 of Blender 4.2 to 5.3, its modules material, pbrMetallicRoughness, texture and image.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from math import isfinite
from typing import Any, cast

from ..imaging.damage import has_its_pixels, may_be_damaged
from ..imaging.kinds import kind_of
from .checks.pictures import IN_BASE64
from .layout import at, plain_name, table
from .model import Material, NotRead, Picture, Sampler, Texture, TextureTransform, Wrap

CHANGE_LOOKS = tuple(
    f"KHR_materials_{name}"
    for name in (
        "anisotropy",
        "clearcoat",
        "dispersion",
        "ior",
        "iridescence",
        "pbrSpecularGlossiness",
        "sheen",
        "specular",
        "transmission",
        "volume",
    )
)
"""What Blender's importer reads of a material and this does not. Others it does not know either."""
_NEAREST, _LINEAR = 9728, 9729
_FILTERS = {9984: _NEAREST, 9986: _NEAREST, 9985: _LINEAR, 9987: _LINEAR}
"""Those between smaller copies of a picture, which Blender makes nothing of, by that within one."""
_WRAPS: dict[int, Wrap] = {10497: 'REPEAT', 33648: 'MIRROR'}
_KINDS: dict[str, Any] = {"PNG": 'png', "JPEG": 'jpeg', "WebP": 'webp'}


class Materials:
    """Collects those that the parts of a model use, one slot for each: `copied` gives the bytes of a buffer view."""

    def __init__(self, gltf: dict[str, Any], copied: Callable[[int], bytes]) -> None:
        self._gltf, self._copied = gltf, copied
        self._slots: dict[tuple[int | None, bool], Material | None] = {}
        self._images: list[int] = []

    def slot(self, number: int | None, *, has_colours: bool) -> int:
        """Which slot a part with this material, or none, goes to. Raises NotRead for what is not read of it."""
        wanted = (number, has_colours)
        if wanted not in self._slots:
            if number is not None:
                self._slots[wanted] = self._read(number, has_colours=has_colours)
            elif has_colours:
                self._slots[wanted] = Material("DefaultMaterial", is_default=True, uses_vertex_colours=True)
            else:
                self._slots[wanted] = None
        return list(self._slots).index(wanted)

    def found(self) -> tuple[Material | None, ...]:
        """The slots; none where no part has a material or colours."""
        found = tuple(self._slots.values())
        return found if any(found) else ()

    def pictures(self, go_on: Callable[[], object]) -> tuple[Picture, ...]:
        """Those that the materials use, copied out of the file. `go_on` is called every few milliseconds."""
        return tuple(self._picture(image, go_on) for image in self._images)

    def _read(self, number: int, *, has_colours: bool) -> Material:
        given = at(self._gltf["materials"], number)
        extensions = table(given, "extensions")
        for name in CHANGE_LOOKS:
            if name in extensions:
                raise NotRead(name)
        surface = table(given, "pbrMetallicRoughness")
        normal, occlusion = table(given, "normalTexture"), table(given, "occlusionTexture")
        has_metal = surface.get("metallicFactor") is not None or surface.get("metallicRoughnessTexture") is not None
        mode = given.get("alphaMode") or "OPAQUE"
        red, green, blue = _numbers(given.get("emissiveFactor") or (0, 0, 0), 3)
        emission = table(extensions, "KHR_materials_emissive_strength")
        return Material(
            name=plain_name(given.get("name")) or f"Material_{number}",
            base_colour=cast("Any", _numbers(surface.get("baseColorFactor") or (1, 1, 1, 1), 4)),
            base_texture=self._texture(surface.get("baseColorTexture")),
            metallic=_number(surface.get("metallicFactor"), 1.0 if has_metal else 0.0),
            roughness=_number(surface.get("roughnessFactor"), 1.0),
            metallic_roughness_texture=self._texture(surface.get("metallicRoughnessTexture")),
            normal_texture=self._texture(given.get("normalTexture")),
            normal_scale=_number(normal.get("scale"), 1.0),
            occlusion_texture=self._texture(given.get("occlusionTexture")),
            occlusion_strength=_number(occlusion.get("strength"), 1.0),
            emission=(red, green, blue),
            emission_texture=self._texture(given.get("emissiveTexture")),
            emission_strength=_number(emission.get("emissiveStrength"), 1.0),
            # As the importer takes one that it does not know.
            alpha_mode=mode if mode in {"OPAQUE", "MASK"} else 'BLEND',
            alpha_cutoff=_number(given.get("alphaCutoff"), 0.5),
            is_double_sided=bool(given.get("doubleSided")),
            uses_vertex_colours=has_colours,
            is_unlit="KHR_materials_unlit" in extensions,
        )

    def _texture(self, given: dict[str, Any] | None) -> Texture | None:
        if given is None:
            return None
        texture = at(self._gltf["textures"], given["index"])
        image = self._image(texture)
        moved: dict[str, Any] | None = table(given, "extensions").get("KHR_texture_transform")
        uv_set: Any = given.get("texCoord") or 0
        transform = None
        if moved is not None:
            uv_set = moved.get("texCoord", uv_set)
            transform = TextureTransform(
                cast("Any", _numbers(moved.get("offset") or (0, 0), 2)),
                _number(moved.get("rotation"), 0.0),
                cast("Any", _numbers(moved.get("scale") or (1, 1), 2)),
            )
        if not isinstance(uv_set, int) or uv_set < 0:
            raise ValueError
        return Texture(image, uv_set, self._sampler(texture.get("sampler")), transform)

    def _image(self, texture: dict[str, Any]) -> int:
        """Which of the pictures that are used it is."""
        extensions = table(texture, "extensions")
        image: int | None = texture.get("source")
        if image is None:
            image = table(extensions, "EXT_texture_webp").get("source")
        if image is None:
            raise NotRead(next(iter(extensions), "a texture without a picture"))
        at(self._gltf["images"], image)
        if image not in self._images:
            self._images.append(image)
        return self._images.index(image)

    def _sampler(self, number: int | None) -> Sampler:
        given: dict[str, Any] = {} if number is None else at(self._gltf["samplers"], number)
        u, v = _wrap(given.get("wrapS")), _wrap(given.get("wrapT"))
        filters = {_filter(given.get(name)) for name in ("minFilter", "magFilter")}
        is_nearest = filters in ({_NEAREST}, {_NEAREST, None})
        return Sampler((u, v), 'Closest' if is_nearest else 'Linear')

    def _picture(self, number: int, go_on: Callable[[], object]) -> Picture:
        image = self._gltf["images"][number]
        if "uri" in image:
            content = b64decode(image["uri"].partition(IN_BASE64)[2])
        else:
            content = self._copied(image["bufferView"])
        return Picture(
            plain_name(image.get("name")) or f"Image_{number}",
            content,
            _KINDS[kind_of(content[:16])],
            may_be_damaged(content, go_on) or not has_its_pixels(content, go_on),
        )


def _wrap(given: int | None) -> Wrap:
    return 'REPEAT' if given is None else _WRAPS.get(given, 'EXTEND')


def _filter(given: int | None) -> int | None:
    return None if given is None else _FILTERS.get(given, given)


def _number(given: Any, default: float) -> float:
    """What JSON calls a number, of 32 bits; the default for nothing, ValueError and the like for anything else."""
    if given is None:
        return default
    number = float(given)
    if isinstance(given, str | bool) or not isfinite(number) or abs(number) > 3e38:
        raise ValueError
    return number


def _numbers(given: Any, count: int) -> tuple[float, ...]:
    if len(given) != count:
        raise ValueError
    return tuple(_number(each, float("nan")) for each in given)
