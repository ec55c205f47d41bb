"""Each example of docs/scripting.md runs in a real Blender, as it stands there."""

import re
from pathlib import Path
from typing import Any

import bpy
import pytest
from drawings import apple, drawn
from places import ROOT
from service import Fault, Piapi

PAGE = (ROOT / "docs/scripting.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

PROMISED = {
    "generate", "generate_from_files", "generate_for_selection", "take_picture", "use_image", "take_from_web",
    "check_image", "try_views_again", "make_concepts", "remove_background", "enlarge_image", "keep_subject",
    "finish", "save_asset",
    "check_print", "make_printable", "export_stl",
}  # fmt: skip
"""The operators that later versions will keep: one that is taken away here is a promise broken."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: re.findall(r"trellis\.(\w+)\(", example)[-1])
def test_an_example_runs(example: str, addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    from trellis_blender.interface.state import session

    for name in ("chair.png", "lamp.png", "front.png"):
        apple(drawn("#00000000")[0]).save(tmp_path / name)
    drawn("#00ff00ff")[0].save(tmp_path / "back.png")
    # What a new file's engine takes minutes for without a graphics card, whatever the size.
    bpy.context.scene.render.engine = 'CYCLES'
    bpy.context.scene.cycles.samples = 1
    bpy.context.scene.render.resolution_percentage = 2
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    if "example.com" in example:
        # A picture that the test service has, at an address on this computer.
        piapi.fail("file", Fault(200, body=(tmp_path / "chair.png").read_bytes()))
        example = example.replace("https://example.com/", f"{piapi.url}/files/")
    exec(example, {"bpy": bpy})
    for generation in list(session.current().generations):
        session.current().wait_for(generation)
    for generation in session.current().generations.values():
        assert generation.problem == "", generation.problem


def test_every_promised_operator_has_an_example() -> None:
    assert set(re.findall(r"bpy\.ops\.trellis\.(\w+)\(", "".join(EXAMPLES))) == PROMISED
    for name in PROMISED:
        assert hasattr(bpy.ops.trellis, name)
