import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import KINDS, corner_uvs, counts, world_bounds
from models import box_glb, glb_without_mesh, picture_png
from mutants import Parts
from places import ROOT
from service import KEY, Fault, Piapi, png_size

from trellis_blender.gltf.errors import INCOMPLETE
from trellis_blender.piapi import errors

NOWHERE = Path("/nowhere/at-all.png")
"""As the system writes it."""


@pytest.mark.parametrize("name", ["trellis-house.glb", "trellis-lungs.glb"])
def test_a_real_model_stands_at_the_cursor_and_nothing_else_came(
    generate: Any, piapi: Piapi, fixtures: Path, folder: Path, name: str
) -> None:
    piapi.behaviour.model = (fixtures / name).read_bytes()
    from trellis_blender.interface.state import session

    props = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(props)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Props"]
    bpy.context.scene.cursor.location = (3.0, -2.0, 0.75)
    before = counts()

    assert generate(prompt="a test piece", seed=11) == {"FINISHED"}

    assert len(piapi.creates) == 1
    after = counts()
    assert {kind: after[kind] - before[kind] for kind in KINDS if after[kind] != before[kind]} == {
        "objects": 1,
        "meshes": 1,
        "materials": 1,
        "images": 1,
    }
    model = bpy.data.objects["a test piece"]
    assert list(model.users_collection) == [props]
    assert bpy.context.view_layer.objects.active == model
    assert [item.name for item in bpy.context.selected_objects] == ["a test piece"]
    assert (model.parent, tuple(model.scale), tuple(model.rotation_euler)) == (None, (1, 1, 1), (0, 0, 0))
    assert tuple(model.location) == (3.0, -2.0, 0.75)
    low, high = world_bounds(model)
    assert ((low + high) / 2)[:2] == pytest.approx((3.0, -2.0), abs=1e-4)
    assert low[2] == pytest.approx(0.75, abs=1e-4)
    assert max(high - low) == pytest.approx(1.0, abs=1e-4)

    material = model.data.materials[0]
    names = {model.name, model.data.name, material.name}
    images = [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE"]
    assert names | {image.name for image in images} == {"a test piece"}
    assert all(image.packed_file is not None for image in images)
    principled = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert principled.inputs["Metallic"].default_value == 0
    assert all(polygon.use_smooth for polygon in model.data.polygons)

    while session.current().is_busy:
        time.sleep(0.01)
    files = sorted(path.name for path in folder.rglob("*") if path.is_file())
    assert not [name for name in files if "part" in name or "journal" in name]
    generation = max(session.current().generations.values(), key=lambda each: each.created_at)
    assert (folder / generation.folder_name / "model.glb").read_bytes() == piapi.behaviour.model

    # Against Blender's bare import of the same file.
    bpy.ops.import_scene.gltf(filepath=str(fixtures / name))
    bare = next(item.data for item in bpy.context.selected_objects if item.type == "MESH")
    assert np.array_equal(corner_uvs(model.data), corner_uvs(bare))
    assert len(model.data.vertices) < len(bare.vertices)


def test_a_picture_that_only_a_decoder_finds_damaged_is_left_out(generate: Any, piapi: Piapi) -> None:
    """Magenta from 5.1 on, transparent where it breaks off before."""
    from kinds_of_models import webp_that_breaks_off

    from trellis_blender.interface.state import session

    piapi.behaviour.model = webp_that_breaks_off()
    images = len(bpy.data.images)
    generate(prompt="a box")
    (material,) = bpy.data.objects["a box"].data.materials
    assert not [node for node in material.node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage']
    assert len(bpy.data.images) == images
    (generation,) = session.current().generations.values()
    assert "A texture of this model cannot be read." in generation.where


def test_the_front_is_towards_minus_y_and_up_is_up(generate: Any, piapi: Piapi) -> None:
    # In the file: 1 wide (x), 0.5 high (y), 0.25 deep (z).
    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    bpy.context.scene.trellis.longest_side = 2.0
    generate(prompt="a box")
    low, high = world_bounds(bpy.data.objects["a box"])
    assert (high - low).tolist() == pytest.approx([2.0, 0.5, 1.0], abs=1e-5)
    assert low.tolist() == pytest.approx([-1.0, -0.25, 0.0], abs=1e-5)


def test_longest_side_0_keeps_the_size_as_delivered(generate: Any, piapi: Piapi) -> None:
    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    bpy.context.scene.trellis.longest_side = 0.0
    generate(prompt="a box")
    low, high = world_bounds(bpy.data.objects["a box"])
    assert (high - low).tolist() == pytest.approx([1.0, 0.25, 0.5], abs=1e-5)


@pytest.mark.parametrize(
    ("surface", "metallic"),
    [({}, 0.0), ({"metallicFactor": 1.0}, 1.0), ({"metallicFactor": 0.3}, 0.3), ({"roughnessFactor": 1.0}, 0.0)],
)
def test_metallic_is_0_only_where_the_file_says_nothing(
    generate: Any, piapi: Piapi, surface: dict[str, float], metallic: float
) -> None:
    piapi.behaviour.model = box_glb(material={"pbrMetallicRoughness": surface})
    generate(prompt="a box")
    nodes = bpy.data.objects["a box"].data.materials[0].node_tree.nodes
    principled = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    assert principled.inputs["Metallic"].default_value == pytest.approx(metallic)


def test_the_arguments_win_and_the_panel_fills_in_the_rest(generate: Any, piapi: Piapi) -> None:
    settings = bpy.context.scene.trellis
    settings.source = "IMAGE"
    settings.ss_sampling_steps = 20
    settings.slat_guidance_strength = 4.0
    generate(prompt="a bear", seed=5, slat_sampling_steps=9)
    sent = piapi.creates[0]
    assert (sent["model"], sent["task_type"]) == ("Qubico/trellis", "text-to-3d")
    assert sent["input"] == {
        "prompt": "a bear",
        "seed": 5,
        "ss_sampling_steps": 20,
        "slat_sampling_steps": 9,
        "ss_guidance_strength": 7.5,
        "slat_guidance_strength": 4.0,
    }
    settings.source = "TEXT"
    settings.prompt = "from the panel"
    generate()
    assert piapi.creates[1]["input"]["prompt"] == "from the panel"
    assert piapi.creates[1]["input"]["seed"] != 0
    assert settings.seed == 0


@pytest.mark.parametrize("name", ["input-cell.png", "input-lungs.png"])
def test_an_image_is_sent_and_the_prompt_names_the_object(
    generate: Any, piapi: Piapi, fixtures: Path, folder: Path, name: str
) -> None:
    before = counts()["images"]
    generate(image=str(fixtures / name), prompt="organ", model="Qubico/trellis2")
    sent = piapi.creates[0]
    assert (sent["model"], sent["task_type"], set(sent["input"])) == (
        "Qubico/trellis2",
        "image-to-3d",
        {"image", "seed"},
    )
    assert png_size(sent["input"]["image"]) == (518, 518)
    assert "organ" in bpy.data.objects
    assert counts()["images"] == before + 1
    exported = json.loads(max(folder.glob("*/generation.json"), key=lambda path: path.stat().st_mtime).read_text())
    assert exported["request"]["prompt"] == "organ"
    generate(image=str(fixtures / name))
    assert Path(name).stem in bpy.data.objects


def test_a_relative_image_path_is_blenders(generate: Any, piapi: Piapi, tmp_path: Path) -> None:
    (tmp_path / "leaf.png").write_bytes(picture_png(30, 20))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    generate(image="//leaf.png")
    assert png_size(piapi.creates[0]["input"]["image"]) == (30, 20)
    assert "leaf" in bpy.data.objects


def test_invoke_in_background_waits_as_execute_does(generate: Any, piapi: Piapi) -> None:
    assert generate("INVOKE_DEFAULT", prompt="a bear") == {"FINISHED"}
    assert "a bear" in bpy.data.objects


def newest(session: Any) -> Any:
    return max(session.current().generations.values(), key=lambda generation: generation.created_at)


BAD_INPUT = [
    ({}, "There is no prompt."),
    ({"prompt": ""}, "There is no prompt."),
    ({"prompt": "x" * 10_000}, "The prompt has 10,000 characters"),
    ({"image": ""}, "There is no image."),
    ({"image": str(NOWHERE)}, f"There is no file “{NOWHERE}”."),
    ({"prompt": "a bear", "model": "Qubico/pixal3d"}, "Pixal3D makes models from images only."),
    ({"prompt": "a bear", "model": "trellis"}, "There is no model “trellis”."),
    ({"prompt": "a bear", "ss_sampling_steps": 51}, "ss_sampling_steps is 51; TRELLIS takes 1 to 50."),
    ({"prompt": "a bear", "slat_guidance_strength": -1.0}, "slat_guidance_strength is -1.0"),
    ({"prompt": "a bear", "seed": -1}, "seed is -1"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD_INPUT)
def test_bad_input_raises_its_sentence_and_sends_nothing(
    generate: Any, piapi: Piapi, capfd: pytest.CaptureFixture[str], arguments: dict[str, Any], sentence: str
) -> None:
    before = counts()
    with pytest.raises(RuntimeError) as caught:
        generate(**arguments)
    assert sentence in str(caught.value)
    assert piapi.requests == []
    assert counts() == before
    printed = capfd.readouterr()
    assert "Traceback" not in printed.out + printed.err


def first_sentence(error: Exception) -> str:
    return str(error).partition(". ")[0]


FAILURES = [
    ("create", Fault(400, {"message": "bad words"}), "“bad words”. Nothing was charged."),
    ("create", Fault(401), str(errors.KeyRefused())),
    ("create", Fault(402), str(errors.OutOfCredits())),
    ("create", Fault(403), str(errors.NotOnPlan())),
    ("create", Fault(500), "It is not among the account's tasks"),
    ("create", Fault(200, "<html>"), first_sentence(errors.AnswerNotUnderstood())),
    ("create", Fault(reset=True), first_sentence(errors.ConnectionCut())),
    ("file", Fault(404), str(errors.ResultGone())),
    ("file", Fault(200, "<html>"), "it is a web page, not a model"),
    ("file", Fault(200, box_glb()[:-9]), INCOMPLETE),
    ("file", Fault(200, b"PK\x03\x04 no model"), "it is not a GLB file"),
    ("file", Fault(200, glb_without_mesh()), "there is no mesh in it"),
]


@pytest.mark.parametrize(("step", "fault", "sentence"), FAILURES)
def test_a_failure_raises_its_sentence_and_disturbs_nothing(
    generate: Any,
    piapi: Piapi,
    capfd: pytest.CaptureFixture[str],
    step: str,
    fault: Fault,
    sentence: str,
) -> None:
    from trellis_blender.interface.state import session
    from trellis_blender.piapi.timings import Timings

    session.current().timings = Timings(look_after_s=(0.05,))
    before = counts()
    piapi.fail_always(step, fault)
    with pytest.raises(RuntimeError) as caught:
        generate(prompt="a bear")
    assert sentence in str(caught.value)
    assert KEY not in str(caught.value)
    assert counts() == before
    assert piapi.asked("create") == 1
    printed = capfd.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert newest(session).problem in str(caught.value)


def animated_without_its_material() -> bytes:
    """What goes to Blender's importer, and is more than it can read."""
    parts = Parts(box_glb())
    parts.gltf["animations"] = [{"channels": [], "samplers": []}]
    parts.gltf["meshes"][0]["primitives"][0]["material"] = 7
    return parts.whole()


UNREADABLE = animated_without_its_material()

IN_A_SCRIPT = """
import os, sys
sys.path.insert(0, {root!r})
import bpy, addon_utils
addon_utils.enable('trellis_blender', default_set=True)
print('before')
try:
    bpy.ops.trellis.generate(prompt='a bear')
except RuntimeError as error:
    print('RAISED', error)
addon_utils.disable('trellis_blender', default_set=True)
sys.stdout.flush()
os._exit(0)
"""


def test_a_failing_importer_prints_no_traceback_in_a_scripts_log(addon: Any, piapi: Piapi) -> None:
    piapi.behaviour.model = UNREADABLE
    said = subprocess.run(
        [sys.executable, "-c", IN_A_SCRIPT.format(root=str(ROOT))],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ).stdout  # fmt: skip
    assert "before" in said
    assert (
        "RAISED Error: Blender's glTF importer could not read the model (IndexError: list index out of range)" in said
    )
    assert "Traceback" not in said


def test_a_model_that_passes_the_checks_and_breaks_the_importer_leaves_nothing(
    generate: Any, piapi: Piapi, folder: Path
) -> None:
    piapi.behaviour.model = UNREADABLE
    before = counts()
    with pytest.raises(RuntimeError, match="could not read the model") as caught:
        generate(prompt="a bear")
    assert counts() == before
    assert "Location:" not in str(caught.value)
    assert (max(folder.glob("generation-*"), key=lambda path: path.stat().st_mtime) / "model.glb").exists()


def test_in_another_mode_it_raises_before_anything_is_sent(generate: Any, piapi: Piapi) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="An object is in Edit Mode"):
        generate(prompt="a bear")
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert piapi.requests == []


def test_online_access_off_stops_all_but_this_computer(
    generate: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not bpy.app.online_access
    generate(prompt="a bear")
    monkeypatch.setenv("PIAPI_API_URL", "https://api.piapi.ai")
    with pytest.raises(RuntimeError, match=r"[Oo]nline access"):
        generate(prompt="a bear")
    assert len(piapi.creates) == 1


def test_no_network_and_no_key(generate: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIAPI_API_URL", "http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match=r"No connection to 127\.0\.0\.1.*Nothing was charged"):
        generate(prompt="a bear")
    monkeypatch.delenv("PIAPI_API_KEY")
    with pytest.raises(RuntimeError, match="There is no API key yet"):
        generate(prompt="a bear")


def test_a_folder_that_cannot_be_written(
    generate: Any, piapi: Piapi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.rename(folder.with_name("aside")) if folder.exists() else None
    folder.write_text("in the way")
    try:
        with pytest.raises(RuntimeError, match=r"cannot be used .* Nothing was sent and nothing charged"):
            generate(prompt="a bear")
    finally:
        folder.unlink()
        if aside is not None:
            aside.rename(folder)
    assert piapi.requests == []
