# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB of 1,000,000 triangles with a texture of 2048 × 2048, laid out like the service's: `big_model.py PATH`."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 500, 1000
TEXTURE_PX = 2048


def main(path: Path) -> None:
    """Writes it: a lumpy ball, its vertices doubled along the seam of its texture."""
    sys.path.insert(0, str(ROOT))
    from trellis_blender.offline import png
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
    noise = np.random.default_rng(1).integers(0, 40, (TEXTURE_PX, TEXTURE_PX, 3), np.uint8)
    texture = noise + np.linspace(0, 200, TEXTURE_PX).astype(np.uint8)[:, None, None]
    body = Body(
        positions.reshape(-1, 3).astype(np.float32),
        texels.reshape(-1, 2).astype(np.float32),
        triangles.astype(np.uint32),
    )
    path.write_bytes(to_glb(body, png.encode(texture), TEXTURE_PX, TEXTURE_PX))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
