"""What a batch's report shows, whatever the ledgers of other machines say."""

import base64
from pathlib import Path

import pytest
from models import picture_png

from trellis_blender.batch.plan import Shard, read_plan
from trellis_blender.batch.report import to_csv, to_html
from trellis_blender.batch.row import Defaults
from trellis_blender.batch.row_progress import RowProgress, Stage


def row_of(folder: Path, picture: str, name: str = "chair") -> RowProgress:
    """One that is there, with the picture that its ledger names."""
    table = folder / "props.csv"
    table.write_text(f"name,prompt\n{name},a chair\n", encoding="utf-8")
    (row,) = read_plan(table, Defaults(folder), Shard()).rows
    progress = RowProgress(row)
    progress.note("done", {"models": [{"id": "1", "picture": picture}]}, "", is_own=False)
    progress.stage = Stage.DONE
    return progress


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "out"
    found.mkdir()
    return found


def test_a_picture_of_the_batch_is_in_the_page(folder: Path) -> None:
    (folder / "a.png").write_bytes(picture_png(4, 4))
    assert base64.b64encode(picture_png(4, 4)).decode() in to_html([row_of(folder, "a.png")], folder)


@pytest.mark.parametrize("way", ["absolute", "above", "link", "within", "nul", "long"])
def test_no_other_file_of_this_computer_is(folder: Path, way: str) -> None:
    """A shared folder may be read by whoever has written that line."""
    secret = folder.parent / "api-key.png"
    secret.write_bytes(picture_png(4, 4) if way != "within" else b"a key of some length")
    (folder / "link.png").symlink_to(secret)
    (folder / "within.png").write_bytes(b"a key of some length")
    named = {
        "absolute": str(secret),
        "above": "../api-key.png",
        "link": "link.png",
        "within": "within.png",
        "nul": "a\0.png",
        "long": "x" * 5000,
    }
    page = to_html([row_of(folder, named[way])], folder)
    assert "data:image" not in page
    assert "1 of 1 rows are there" in page


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "＝", "＠", " ="])
def test_a_spreadsheet_runs_nothing_of_it(folder: Path, begins: str) -> None:
    assert f"'{begins.strip()}1+1" in to_csv([row_of(folder, "", f"{begins}1+1")], []).decode("utf-8-sig")
