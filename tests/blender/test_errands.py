"""The table "I want to … → open …" of docs/architecture.md: each errand is run on a copy of the package, in which only
the files are changed that the table counts; then the copy is switched on, and does what was added."""

import re
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest
import service
from blender_helpers import cube, lumpy_ball
from models import mesh_glb, picture_png
from paper import Paper, context
from places import ROOT
from service import KEY, Fault, Piapi

Changes = dict[str, list[tuple[str, str]]]
"""By the file in the package: texts in it, which occur once, and what takes their place. "" is for a new file."""
Begin = Callable[[str, Changes], str]


@pytest.fixture
def begin(piapi: Piapi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Iterator[Begin]:
    """Switches a changed copy on and gives the name of its package. Fails where the table counts other files."""
    package = tmp_path / f"errand_{request.node.name.removeprefix('test_')}"
    monkeypatch.setenv("PIAPI_API_URL", piapi.url)
    monkeypatch.setenv("PIAPI_API_KEY", KEY)
    monkeypatch.syspath_prepend(str(tmp_path))

    def begun(errand: str, changes: Changes) -> str:
        shutil.copytree(ROOT / "trellis_blender", package, ignore=shutil.ignore_patterns("__pycache__"))
        for name, texts in changes.items():
            for old, new in texts:
                content = (package / name).read_text(encoding="utf-8") if old else ""
                assert content.count(old) == 1, old
                (package / name).write_text(content.replace(old, new) if old else new, encoding="utf-8")
        assert len(changes) == counted(errand)
        shutil.rmtree(Path(bpy.utils.user_resource('DATAFILES'), "trellis_blender"), ignore_errors=True)
        bpy.ops.wm.read_factory_settings()
        assert addon_utils.enable(package.name, default_set=True)
        return package.name

    yield begun
    addon_utils.disable(package.name, default_set=True)


def counted(errand: str) -> int:
    """How many files the table says."""
    table = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(errand)}.*\| (\d+) \|$", table, re.MULTILINE)
    assert found is not None, f"the table has no line “{errand}”"
    return int(found[1])


def test_model(begin: Begin, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else such a model may have is in test_another_model.py."""
    monkeypatch.setitem(service.PRICES, "Test/clay", 200000)
    monkeypatch.setattr(service, "TEXT_MODELS", service.TEXT_MODELS | {"Test/clay"})
    entry = '        Model("Test/clay", "Clay", "For tests", (TEXT,), (), 0.02),\n'
    before = '        Model("Qubico/trellis2"'
    begin("a model with parameters", {"piapi/models.py": [(before, entry + before)]})
    bpy.context.scene.trellis.model = "Test/clay"
    assert bpy.ops.trellis.generate(prompt="a pot") == {'FINISHED'}
    assert piapi.creates[-1]["model"] == "Test/clay"
    assert "a pot" in bpy.data.objects


def test_provider(begin: Begin) -> None:
    """Its whole way is in test_another_provider.py."""
    line = '    __import__("another_provider").Pottery("http://127.0.0.1:9"),\n'
    begin("a provider", {"generation/providers.py": [("    OFFLINE,\n]", f"    OFFLINE,\n{line}]")]})
    bpy.context.scene.trellis.model = "pottery/wheel"
    with pytest.raises(RuntimeError, match=r"No connection to 127\.0\.0\.1"):
        bpy.ops.trellis.generate(prompt="a pot")


def test_wording(begin: Begin, piapi: Piapi) -> None:
    before, after = "account is out of credits or has no plan (402).", "account is empty (402)."
    begin("other words for an error of PiAPI", {"piapi/errors.py": [(before, after)]})
    piapi.fail("create", Fault(402))
    with pytest.raises(RuntimeError, match=r"Your PiAPI account is empty \(402\)\."):
        bpy.ops.trellis.generate(prompt="a pot")


def test_placement(begin: Begin) -> None:
    last = '    GROUND = "GROUND"\n'
    ground = "    if target is Target.GROUND:\n"
    items = "TARGET_ITEMS = [\n"
    begin(
        "a placement option",
        {
            "scene/placement/target.py": [
                (last, f'{last}    ORIGIN = "ORIGIN"\n'),
                (ground, f"    if target is Target.ORIGIN:\n        return (beside, 0.0, 0.0)\n{ground}"),
            ],
            "interface/state/settings.py": [
                (items, f'{items}    (Target.ORIGIN.value, "At the Origin", "Where the axes meet"),\n')
            ],
        },
    )
    bpy.context.scene.cursor.location = (3, 4, 5)
    bpy.context.scene.trellis.target = 'ORIGIN'
    assert bpy.ops.trellis.generate(prompt="a pot") == {'FINISHED'}
    assert tuple(bpy.data.objects["a pot"].location) == (0, 0, 0)


MIRROR = '''
"""The model mirrored along its own X axis."""

from mathutils import Matrix


def check(model, wanted):
    pass


def apply(model, wanted):
    if wanted.mirrored:
        model.data.transform(Matrix.Scale(-1, 4, (1, 0, 0)))
    return []
'''


def test_finish_step(begin: Begin) -> None:
    options = [
        ('STEPS = ("size"', 'STEPS = ("mirror", "size"'),
        ("    textures: Textures =", "    mirrored: bool = False\n    textures: Textures ="),
        ('    "textures": {', '    "mirrored": {"name": "Mirror"},\n    "textures": {'),
    ]
    begin("a Finish step", {"scene/finish/mirror.py": [("", MIRROR)], "scene/finish/options.py": options})
    ball = lumpy_ball(200)
    before = points_of(ball)
    assert bpy.ops.trellis.finish(preset='AS_DELIVERED') == {'FINISHED'}
    assert np.array_equal(points_of(ball), before)
    assert bpy.ops.trellis.finish(preset='AS_DELIVERED', mirrored=True) == {'FINISHED'}
    assert np.allclose(points_of(ball), before * (-1, 1, 1))
    assert bpy.ops.trellis.finish.get_rna_type().properties["mirrored"].name == "Mirror"


def points_of(model: Any) -> Any:
    return np.array([tuple(vertex.co) for vertex in model.data.vertices])


SHOUT = '''
class TRELLIS_OT_shout(RowOperator):
    """Write the model's name in capitals"""

    bl_idname = "trellis.shout"
    bl_label = "Shout"

    def act(self, found: session.Session, generation: "Generation") -> None:
        model = bpy.data.objects[generation.object_name]
        model.name = model.name.upper()


'''


def shout(name: str) -> Any:
    """The generation of which the new operator has changed the model."""
    bpy.ops.trellis.generate(prompt="a pot")
    (generation,) = import_module(f"{name}.interface.state.session").current().generations.values()
    assert bpy.ops.trellis.shout(generation=generation.id) == {'FINISHED'}
    assert "A POT" in bpy.data.objects
    return generation


def test_row_button(begin: Begin) -> None:
    button, only, listed = "class TRELLIS_OT_remove(", "    return [more]\n", "    row_buttons.TRELLIS_OT_remove,\n"
    name = begin(
        "a button in a row of the list",
        {
            "interface/generations/row_buttons.py": [
                (button, SHOUT.lstrip() + button),
                (only, '    return [Action("trellis.shout", "Shout"), more]\n'),
            ],
            "interface/generations/classes.py": [(listed, f"{listed}    row_buttons.TRELLIS_OT_shout,\n")],
        },
    )
    generation = shout(name)
    line = import_module(f"{name}.interface.monitor.monitor").line_of(generation)
    (action, _) = import_module(f"{name}.interface.generations.row_buttons").actions_of(generation, line)
    assert (action.operator, action.text) == ("trellis.shout", "Shout")


def test_menu_entry(begin: Begin) -> None:
    entry, first, listed = (
        "class TRELLIS_OT_keep_only(",
        '        entry("trellis.move_here"',
        "    row_menu.TRELLIS_OT_keep_only,\n",
    )
    name = begin(
        "an entry in a row's menu",
        {
            "interface/generations/row_menu.py": [
                (entry, SHOUT.lstrip() + entry),
                (first, f'        entry("trellis.shout")\n{first}'),
            ],
            "interface/generations/classes.py": [(listed, f"{listed}    row_menu.TRELLIS_OT_shout,\n")],
        },
    )
    shout(name)


CLAY = '''
def of_clay(scene: bpy.types.Scene) -> Picture:
    """The image of that name."""
    from .load import picture_of

    return picture_of(bpy.data.images['clay.png'], scene)


def of_viewport('''


TAKE = '''
def _clay(context: bpy.types.Context) -> "tuple[Picture, str]":
    from ...scene.images import capture

    return capture.of_clay(context.scene), "Clay"


'''


def test_image_source(begin: Begin, tmp_path: Path) -> None:
    items, ways, offered = "SOURCE_ITEMS = [\n", "    'CAMERA': _camera,\n", "{'VIEWPORT', 'CAMERA',"
    begin(
        "an image source",
        {
            "scene/images/capture.py": [("def of_viewport(", CLAY.lstrip())],
            "interface/input_image/capture.py": [
                (items, f"{items}    ('CLAY', 'Clay', 'The clay of the file', 'TEXTURE', 9),\n"),
                (offered, "{'CLAY', 'VIEWPORT', 'CAMERA',"),
                (ways, f"{ways}    'CLAY': _clay,\n"),
                ("def _camera(", f"{TAKE.lstrip()}def _camera("),
            ],
        },
    )
    path = tmp_path / "clay.png"
    path.write_bytes(picture_png(20, 20))
    bpy.data.images.load(str(path))
    assert bpy.ops.trellis.take_picture(of='CLAY') == {'FINISHED'}
    assert Path(bpy.context.scene.trellis.image).name == "Clay.png"


def test_material_property(begin: Begin, tmp_path: Path) -> None:
    read = '            is_unlit="KHR_materials_unlit" in extensions,\n'
    fixed = "    shader.inputs[\"IOR\"].default_value = GLTF_IOR\n"
    name = begin(
        "a property of materials",
        {
            "gltf/model.py": [("    is_unlit: bool = False\n", "    ior: float = 1.5\n    is_unlit: bool = False\n")],
            "gltf/materials.py": [
                ('        "ior",\n', ""),
                (read, f'{read}            ior=_number(table(extensions, "KHR_materials_ior").get("ior"), 1.5),\n'),
            ],
            "scene/importing/materials.py": [(fixed, fixed.replace("GLTF_IOR", "material.ior"))],
        },
    )
    path = tmp_path / "water.glb"
    water = {"extensions": {"KHR_materials_ior": {"ior": 1.33}}}
    path.write_bytes(mesh_glb([(0, 0, 0), (1, 0, 0), (0, 1, 0)], water))
    place = import_module(f"{name}.scene.arrival.place")
    placed = place.place(path, "water", "id", place.here(bpy.context, 1.0, ""))
    (material,) = bpy.data.objects[placed.object_name].data.materials
    shader = next(node for node in material.node_tree.nodes if node.type == 'BSDF_PRINCIPLED')
    assert shader.inputs["IOR"].default_value == pytest.approx(1.33)


def test_print_check(begin: Begin) -> None:
    field, count = "    volume_mm3: float\n", "        volume_mm3=body.volume,\n"
    kept, property_ = '"wall_mm", "size_mm"):', "    shells: bpy.props.IntProperty("
    drawn = '    draw_fact(column, "Crossing"'
    name = begin(
        "another thing that a check for printing",
        {
            "scene/printing/print_check.py": [
                (field, f"    slivers: int\n{field}"),
                (count, f"        slivers=len(shape.triangles) - len(triangles),\n{count}"),
            ],
            "interface/placed_model/print_settings.py": [
                (property_, f"    slivers: bpy.props.IntProperty()\n{property_}"),
                (kept, kept.replace('"size_mm"', '"size_mm", "slivers"')),
            ],
            "interface/placed_model/print_panel.py": [
                (drawn, f'    draw_fact(column, "Slivers", f"{{found.slivers:,}}", IN_SIDEBAR)\n{drawn}')
            ],
        },
    )
    cube()
    assert bpy.ops.trellis.check_print() == {'FINISHED'}
    assert bpy.context.window_manager.trellis_print_check.slivers == 0
    paper, panel = Paper(), import_module(f"{name}.interface.placed_model.print_panel")
    panel._draw_findings(paper, context())
    assert any("Slivers" in said for said in paper.said)


def test_column_of_a_table(begin: Begin, tmp_path: Path) -> None:
    prompt = '    prompt = cells.get("prompt", "")\n'
    name = begin(
        "a column of the table of a batch",
        {
            "batch/row.py": [
                ('{"name", "prompt",', '{"name", "prompt", "material",'),
                (
                    prompt,
                    f'{prompt}    prompt += f", made of {{cells[\'material\']}}" if cells.get("material") else ""\n',
                ),
            ]
        },
    )
    table = tmp_path / "pots.csv"
    table.write_text("prompt,material\na pot,clay\n")
    plan = import_module(f"{name}.batch.plan")
    (row,) = plan.read_plan(table, import_module(f"{name}.batch.row").Defaults(tmp_path)).rows
    assert (row.prompt, row.problem, row.extra) == ("a pot, made of clay", "", {})
