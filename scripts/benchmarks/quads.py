# SPDX-License-Identifier: GPL-3.0-or-later
"""A model rebuilt from quads, against QuadriFlow and two bakes called bare: `quads.py TRIANGLES FACES PX` prints both.

Also how long Blender's main thread was taken by handing the model over, and by taking the result.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main(triangles: int, faces: int, side_px: int) -> None:
    """Once each: it takes half a minute."""
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "blender")]
    import bpy
    from blender_helpers import lumpy_ball  # pyright: ignore[reportMissingImports]

    from trellis_blender.scene.finish.background_finish import BackgroundFinish
    from trellis_blender.scene.finish.options import Finish

    bpy.ops.wm.read_factory_settings(use_empty=True)
    model = lumpy_ball(triangles)
    model.data.materials.append(bpy.data.materials.new("plain"))
    begun = time.perf_counter()
    job = BackgroundFinish(model, Finish(faces=faces, texture_px=side_px))
    given = time.perf_counter() - begun
    job.wait()
    waited = time.perf_counter()
    job.take(model)
    ended = time.perf_counter()
    job.cancel()
    bare = _bare(lumpy_ball(triangles), faces, side_px)
    print(json.dumps({"ours": ended - begun, "bare": bare, "given": given, "taken": ended - waited}), flush=True)
    os._exit(0)


def _bare(model: Any, faces: int, side_px: int) -> float:
    """QuadriFlow, and a colour and a normal map from what it was."""
    import bpy

    source = model.copy()
    source.data = model.data.copy()
    bpy.context.scene.collection.objects.link(source)
    bpy.ops.object.select_all(action='DESELECT')
    model.select_set(state=True)
    bpy.context.view_layer.objects.active = model
    begun = time.perf_counter()
    bpy.ops.object.quadriflow_remesh(mode='FACES', target_faces=faces)
    bpy.ops.object.mode_set(mode='EDIT')
    bpy.ops.mesh.select_all(action='SELECT')
    bpy.ops.uv.smart_project()
    bpy.ops.object.mode_set(mode='OBJECT')
    material: Any = bpy.data.materials.new("bare")
    if material.node_tree is None:
        material.use_nodes = True
    model.data.materials.append(material)
    node = material.node_tree.nodes.new('ShaderNodeTexImage')
    material.node_tree.nodes.active = node
    node.image = bpy.data.images.new("bare", side_px, side_px)
    source.select_set(state=True)
    scene: Any = bpy.context.scene
    scene.render.engine = 'CYCLES'
    scene.cycles.samples = 4
    for kind in ('NORMAL', 'EMIT'):
        bpy.ops.object.bake(type=kind, use_selected_to_active=True, cage_extrusion=0.02, max_ray_distance=0.04)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
