"""Run by test_another_model.py: a model that nothing but `models` knows, through the add-on and back. Prints JSON."""

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy  # noqa: I001 (Blender's own modules can be found once bpy is loaded)
import addon_utils

from trellis_blender.piapi.models import IMAGE, MODELS, TEXT, Model, Parameter, Preset

CLAY = Model(
    "Test/clay",
    "Clay",
    "For tests",
    (TEXT, IMAGE),
    (
        Parameter("grain", 4, 1, 9, whole=True, label="Grain", about="How coarse", group="clay"),
        Parameter("wetness", 0.5, 0, 1, whole=False, label="Wetness", group="clay"),
    ),
    0.02,
    (Preset("DRY", "Dry", "Crumbles", (("grain", 7), ("wetness", 0.25))),),
)
MODELS[CLAY.id] = CLAY
addon_utils.enable("trellis_blender", default_set=True)


def refused(**given: Any) -> str:
    try:
        bpy.ops.trellis.generate(**given)
    except RuntimeError as error:
        return str(error)
    return ""


def stored() -> list[tuple[str, list[tuple[str, float]]]]:
    """Prompts and parameters of all generations, as a new session reads them."""
    from trellis_blender.interface.state import session

    found = session.current()
    found.wait_until_loaded()
    return sorted((each.request.prompt, sorted(each.request.parameters)) for each in found.generations.values())


def main() -> dict[str, Any]:
    from trellis_blender.interface.state import session
    from trellis_blender.interface.state.parameters import label_of_parameter, quality_names
    from trellis_blender.scene import provenance

    told: dict[str, Any] = {}
    panel: Any = bpy.context.scene.trellis  # type: ignore[attr-defined]
    panel.model = CLAY.id
    told["names"] = (list(quality_names(CLAY).values()), label_of_parameter("grain"))
    told["defaults"] = (panel.grain, panel.wetness, panel.quality)
    panel.quality = "DRY"
    told["preset"] = (panel.grain, panel.wetness, panel.quality)
    panel.wetness, panel.prompt = 0.75, "a pot"
    told["changed"] = panel.quality

    bpy.ops.trellis.generate()
    bpy.ops.trellis.generate(prompt="a jug", grain=2, variations=2)
    told["refused"] = (refused(prompt="a jug", seed=5), refused(prompt="a jug", grain=10))

    made = provenance.read(bpy.context.active_object)
    told["made"] = (made.model, dict(made.parameters), made.seed) if made is not None else None
    panel.model, panel.grain = "Qubico/trellis", 9
    bpy.ops.trellis.use_model_settings()
    told["used"] = (panel.model, panel.grain, panel.wetness, panel.prompt)
    bpy.ops.trellis.generate_again()
    for each in list(session.current().generations):
        session.current().wait_for(each)

    addon_utils.disable("trellis_blender", default_set=True)
    addon_utils.enable("trellis_blender", default_set=True)
    told["stored"] = stored()
    addon_utils.disable("trellis_blender", default_set=True)
    return told


sys.stdout.write("TOLD" + json.dumps(main()))
sys.stdout.flush()
os._exit(0)
