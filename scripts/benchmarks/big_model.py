# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB of so many triangles with two WebP textures, colour and metal, as TRELLIS 2 makes them:
`big_model.py PATH TRIANGLES SIDE`, the side of a texture in pixels.
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
NOISE_PX = 512


def main(path: Path, triangles_wanted: int, side_px: int) -> None:
    """Writes it: a lumpy ball, its vertices doubled along the seam of its texture."""
    rows = round((triangles_wanted / 4) ** 0.5)
    columns = 2 * rows
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "tests"))
    from mutants import Parts

    from trellis_blender.offline.glb import to_glb
    from trellis_blender.offline.inflate import Body

    v, u = np.meshgrid(np.linspace(0.001, 0.999, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij")
    radius = 1 + 0.1 * np.sin(9 * np.pi * v) * np.cos(14 * np.pi * u)
    around, down = 2 * np.pi * u, np.pi * v
    positions = np.stack(
        [radius * np.sin(down) * np.cos(around), radius * np.cos(down), -radius * np.sin(down) * np.sin(around)],
        axis=-1,
    )
    number = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    triangles = np.concatenate([np.stack(three, axis=-1).reshape(-1, 3) for three in ((a, b, c), (a, c, d))])
    texels = np.stack([u, v], axis=-1) * side_px
    body = Body(
        positions.reshape(-1, 3).astype(np.float32),
        texels.reshape(-1, 2).astype(np.float32),
        triangles.astype(np.uint32),
    )
    parts = Parts(to_glb(body, b"", side_px, side_px))
    gltf, binary = parts.gltf, parts.binary
    gltf["images"], gltf["textures"] = [], []
    for seed in range(2):
        content = _texture(seed, side_px)
        binary.extend(b"\0" * (-len(binary) % 4))
        gltf["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(content)})
        gltf["images"].append({"bufferView": len(gltf["bufferViews"]) - 1, "mimeType": "image/webp"})
        gltf["textures"].append({"extensions": {"EXT_texture_webp": {"source": seed}}, "sampler": 0})
        binary.extend(content)
    gltf["buffers"][0]["byteLength"] = len(binary)
    gltf["extensionsUsed"] = gltf["extensionsRequired"] = ["EXT_texture_webp"]
    gltf["materials"][0]["pbrMetallicRoughness"]["metallicRoughnessTexture"] = {"index": 1}
    path.write_bytes(parts.whole())


def _texture(seed: int, side_px: int) -> Any:
    """The bytes of a WebP of some megabytes."""
    noise = np.random.default_rng(seed).integers(0, 255, (NOISE_PX, NOISE_PX, 3), np.uint8)
    held = io.BytesIO()
    Image.fromarray(np.tile(noise, (side_px // NOISE_PX, side_px // NOISE_PX, 1))).save(held, "WEBP", quality=60)
    return held.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
