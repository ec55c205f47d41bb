"""The panel *Batch* without its window: a table read in a thread, what a second Blender says, models in a grid."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from paper import Paper, context
from service import Piapi

NARROW_PX, BOX_PX, CHARACTER_PX = 150, 20, 6.0
"""Of a panel in a sidebar that is two thirds as wide as Blender opens it; a box before its name; digits."""
TABLE = "name,prompt,variations\nchair,a chair,\nlamp,a lamp,2\n,,\n"


@pytest.fixture
def batch(addon: Any) -> Any:
    """The room's modules."""
    from trellis_blender.interface.batch import opened, operators, running

    yield type("Batch", (), {"opened": opened, "operators": operators, "running": running})
    opened.close()
    running.end()


def read(batch: Any, path: Path) -> None:
    """Opens a table. Blender in the background never calls a timer."""
    from trellis_blender.interface.state import background

    assert bpy.ops.trellis.open_batch(filepath=str(path)) == {'FINISHED'}
    give_up_at = time.monotonic() + 20
    while batch.opened.is_reading():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
        background._hand_over()


def ended(folder: Path, lines: list[dict[str, Any]], code: int = 0) -> Any:
    """A batch that has said this and ended."""
    from trellis_blender.interface.batch.running import Run

    folder.mkdir(exist_ok=True)
    followed = folder / "said.jsonl"
    followed.write_text("".join(json.dumps(line) + "\n" for line in lines) + "Blender quit\n")
    process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"], stdin=subprocess.PIPE)
    process.wait()
    run = Run(folder, 2, process, followed)
    assert not run.look()
    return run


def test_prices_and_choices_have_room_in_a_narrow_sidebar(batch: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.batch.batch_settings import options_of
    from trellis_blender.interface.batch.panel import TRELLIS_PT_batch
    from trellis_blender.interface.text import formats

    (tmp_path / "Props.csv").write_text(TABLE)
    read(batch, tmp_path / "Props.csv")
    shares: list[float] = []
    layout: Any = Paper()
    layout.split = lambda factor: shares.append(factor) or layout
    TRELLIS_PT_batch._draw_table(None, layout, context(), batch.opened.current())
    beside_the_name = NARROW_PX * (1 - max(shares))
    assert max(len(said) for said in layout.said if "$" in said) * CHARACTER_PX < beside_the_name
    choice = options_of(bpy.context).bl_rna.properties["in_scene"].name
    assert formats.wrap(choice, NARROW_PX - BOX_PX, 1.0) == [choice]


def test_a_table_is_read_with_its_prices_and_problems(batch: Any, tmp_path: Path) -> None:
    path = tmp_path / "Props.csv"
    path.write_text(TABLE)
    read(batch, path)
    found = batch.opened.current()
    assert [row.name for row in batch.opened.current().good.values()] == ["chair", "lamp"]
    assert [row.number for row in found.bad] == []  # an empty row is none
    assert batch.operators.prices_usd() == pytest.approx([0.04, 0.04, 0.04])
    assert batch.operators.button_text(batch.operators.prices_usd(), is_again=False) == "Generate 3 · $0.12"
    assert bpy.context.window_manager.trellis_batch.folder == str(tmp_path / "Props models")
    path.write_text("name,colour\nchair,red\n")
    read(batch, path)
    assert batch.opened.current() is None
    assert "has to be prompt or image" in batch.opened.problem()


def test_rows_that_cannot_be_made_do_not_fill_the_bar(batch: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.batch import panel

    shares: list[float] = []
    layout = SimpleNamespace(
        progress=lambda *, factor, text: shares.append(factor), label=lambda **_: None, operator=lambda *_, **__: None
    )
    lines = [{"event": "row", "row": row, "state": "refused", "cost_usd": 0.0, "files": []} for row in (4, 5)]
    panel._draw_running(layout, ended(tmp_path / "out", lines))
    assert shares == [0.0]


@pytest.mark.parametrize(("price_usd", "said"), [(0.04, "Go On · at most $0.04"), (0.0, "Go On · free")])
def test_what_going_on_costs(batch: Any, price_usd: float, said: str) -> None:
    assert batch.operators.button_text([price_usd], is_again=True) == said


def test_a_model_that_takes_pictures_alone_is_not_for_prompts(batch: Any, tmp_path: Path) -> None:
    bpy.context.scene.trellis.source = 'IMAGE'
    bpy.context.scene.trellis.model = 'Qubico/trellis2'
    path = tmp_path / "prompts.txt"
    path.write_text("a chair\n")
    read(batch, path)
    assert [row.model for row in batch.opened.current().good.values()] == ["Qubico/trellis"]


def test_what_a_second_blender_says(batch: Any, tmp_path: Path) -> None:
    from trellis_blender.batch.row_progress import Stage

    lines = [
        {"event": "note", "said": "2 rows."},
        {"event": "row", "row": 2, "state": "making", "cost_usd": 0.0, "files": []},
        {"event": "row", "row": 2, "state": "done", "cost_usd": 0.04, "files": ["chair.blend", "glb/chair.glb"]},
        {"event": "row", "row": 3, "state": "failed", "cost_usd": 0.0, "files": []},
        {"event": "row", "row": "3", "state": 7},
        {"event": "row", "row": 3, "state": "lost"},
        {"event": "note", "said": "1 of 2 rows are there."},
    ]
    run = ended(tmp_path / "out", lines, code=1)
    assert (run.code, run.spent_usd, run.failed_rows, run.last_said) == (1, 0.04, {3}, "Blender quit")
    assert run.count() == {Stage.DONE: 1, Stage.FAILED: 1}
    assert run.files[2] == [tmp_path / "out" / "chair.blend", tmp_path / "out" / "glb" / "chair.glb"]
    batch.running._Memory.run = run
    assert batch.operators.placeable() == [tmp_path / "out" / "chair.blend"]


def test_a_table_that_was_edited_after_its_price_was_told_is_not_made(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    from trellis_blender.interface.command_line import command

    table = tmp_path / "Props.csv"
    table.write_text(TABLE)
    ask = ["batch", str(table), "--out", str(tmp_path / "out"), "--priced-at", "0.04"]
    assert command.main(ask) == 2
    assert not piapi.creates
    # As the panel's Stop does, and the end of the Blender with the panel: nothing can be read from the pipe any more.
    ask[-1] = "0.12"
    assert command.main([*ask, "--stop-with-stdin"]) == 1
    assert len(piapi.creates) < 3


def test_models_are_set_down_in_a_grid_and_are_no_assets(batch: Any, piapi: Piapi, tmp_path: Path) -> None:
    from trellis_blender.interface.command_line import command

    table, out = tmp_path / "Props.csv", tmp_path / "out"
    table.write_text(TABLE)
    assert command.main(["batch", str(table), "--out", str(out), "--as", "blend"]) == 0
    bpy.ops.wm.read_homefile()
    files = sorted(path.name for path in (out / "blend").iterdir())
    lines = [{"event": "row", "row": 2, "state": "done", "cost_usd": 0, "files": [f"blend/{name}" for name in files]}]
    lines[0]["files"].append("blend/gone.blend")  # type: ignore[attr-defined]
    batch.running._Memory.run = ended(out, lines)
    before = set(bpy.data.objects)
    bpy.context.scene.cursor.location = (5, 6, 7)
    assert bpy.ops.trellis.place_batch() == {'FINISHED'}
    models = [item for item in bpy.data.objects if item not in before]
    assert len(models) == 3
    places = np.array([item.location for item in models])
    apart = np.abs(places[:, None, :2] - places[None, :, :2]).max(axis=2)
    assert apart[~np.eye(3, dtype=bool)].min() >= max(max(item.dimensions[:2]) for item in models)
    assert places[:, :2].min() >= 5 - 1e-4
    assert {item.asset_data for item in models} == {None}
    assert all(item.users_collection for item in models)
