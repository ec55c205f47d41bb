"""Pictures as they are sent, with this process's colour management: paths in, RGBA of the middle of each out, in three
ways: the file, the image of it, and that image painted on but not saved.
"""

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from trellis_blender.scene.images.load import load_picture, picture_of


def sent(path: Path) -> list[int]:
    loaded = load_picture(path, bpy.context.scene)
    kept = picture_of(bpy.data.images.load(str(path)), bpy.context.scene)
    painted = bpy.data.images.load(str(path), check_existing=False)
    painted.pixels[:] = painted.pixels[:]
    assert painted.is_dirty
    again = picture_of(painted, bpy.context.scene)
    assert painted.is_dirty
    assert painted.filepath == str(path)
    middle = 4 * (loaded.width * (loaded.height // 2) + loaded.width // 2)
    return [*loaded.rgba[middle : middle + 4], *kept.rgba[middle : middle + 4], *again.rgba[middle : middle + 4]]


for name in sys.argv[1:]:
    sys.stdout.write(f"\nsent {' '.join(map(str, sent(Path(name))))}\n")
sys.stdout.flush()
os._exit(0)
