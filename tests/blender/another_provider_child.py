"""Run by test_another_provider.py: a provider that nothing but the table knows, from the press to the scene. JSON."""

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy  # noqa: I001 (Blender's own modules can be found once bpy is loaded)
import addon_utils

from another_provider import Pottery
from another_provider.service import running
from models import box_glb

from trellis_blender.generation.providers import PROVIDERS


def main() -> dict[str, Any]:
    with running(box_glb()) as server:
        PROVIDERS.append(Pottery(server.url))
        addon_utils.enable("trellis_blender", default_set=True)
        from trellis_blender.interface.state import session

        told: dict[str, Any] = {
            "finished": list(bpy.ops.trellis.generate(prompt="a pot", model="pottery/wheel", turns=5))
        }
        (made,) = session.current().generations.values()
        told["row"] = (made.state.value, made.charged_usd, made.problem, made.request.price_usd)
        told["in_scene"] = [item.name for item in bpy.data.objects if item.get("trellis_generation") == made.id]
        told["order"] = server.orders
        server.refuses = "the clay is used up"
        try:
            bpy.ops.trellis.generate(prompt="a jug", model="pottery/wheel")
        except RuntimeError as error:
            told["refused"] = str(error)
        addon_utils.disable("trellis_blender", default_set=True)
        addon_utils.enable("trellis_blender", default_set=True)
        session.current().wait_until_loaded()
        told["stored"] = sorted(
            (each.request.model, each.state.value) for each in session.current().generations.values()
        )
        addon_utils.disable("trellis_blender", default_set=True)
    return told


sys.stdout.write("TOLD" + json.dumps(main()))
sys.stdout.flush()
os._exit(0)
