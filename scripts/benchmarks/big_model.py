# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB of 1,000,000 triangles with two WebP textures of 4096 × 4096, colour and metal, as TRELLIS 2 makes them:
`big_model.py PATH`.
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 500, 1000
TEXTURE_PX = 4096
NOISE_PX = 512


def main(path: Path) -> None:
    """Writes it: a lumpy ball, its vertices doubled along the seam of its texture."""
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "tests"))
    from mutants import Parts

    from trellis_blender.offline.glb import to_glb
    from trellis_blender.offline.inflate import Body

    v, u = np.meshgrid(np.linspace(0.001, 0.999, ROWS + 1), np.linspace(0, 1, COLUMNS + 1), indexing="ij")
    radius = 1 + 0.1 * np.sin(9 * np.pi * v) * np.cos(14 * np.pi * u)
    around, down = 2 * np.pi * u, np.pi * v
    positions = np.stack(
        [radius * np.sin(down) * np.cos(around), radius * np.cos(down), -radius * np.sin(down) * np.sin(around)],
        axis=-1,
    )
    number = np.arange((ROWS + 1) * (COLUMNS + 1)).reshape(ROWS + 1, COLUMNS + 1)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    triangles = np.concatenate([np.stack(three, axis=-1).reshape(-1, 3) for three in ((a, b, c), (a, c, d))])
    texels = np.stack([u, v], axis=-1) * TEXTURE_PX
    body = Body(
        positions.reshape(-1, 3).astype(np.float32),
        texels.reshape(-1, 2).astype(np.float32),
        triangles.astype(np.uint32),
    )
    parts = Parts(to_glb(body, b"", TEXTURE_PX, TEXTURE_PX))
    gltf, binary = parts.gltf, parts.binary
    gltf["images"], gltf["textures"] = [], []
    for seed in range(2):
        content = _texture(seed)
        binary.extend(b"\0" * (-len(binary) % 4))
        gltf["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(content)})
        gltf["images"].append({"bufferView": len(gltf["bufferViews"]) - 1, "mimeType": "image/webp"})
        gltf["textures"].append({"extensions": {"EXT_texture_webp": {"source": seed}}, "sampler": 0})
        binary.extend(content)
    gltf["buffers"][0]["byteLength"] = len(binary)
    gltf["extensionsUsed"] = gltf["extensionsRequired"] = ["EXT_texture_webp"]
    gltf["materials"][0]["pbrMetallicRoughness"]["metallicRoughnessTexture"] = {"index": 1}
    path.write_bytes(parts.whole())


def _texture(seed: int) -> Any:
    """The bytes of a WebP of some megabytes."""
    noise = np.random.default_rng(seed).integers(0, 255, (NOISE_PX, NOISE_PX, 3), np.uint8)
    held = io.BytesIO()
    Image.fromarray(np.tile(noise, (TEXTURE_PX // NOISE_PX, TEXTURE_PX // NOISE_PX, 1))).save(held, "WEBP", quality=60)
    return held.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
