"""`blender -c trellis` as Blender calls it: tables to libraries, single models, the offline preview, Ctrl-C."""

import csv
import io
import json
import os
import shutil
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import CodeType
from typing import Any

import bpy
import pytest
from blender_helpers import counts, little_room
from places import ROOT
from service import Behaviour, Piapi, default_model

TABLE = """name;prompt;variations;size_m;finish;tags;catalog
chair;a chair;;0,5;;wood, seat;Props/Chairs
lamp;a lamp;2;;as delivered;;
"""

is_broken_off = pytest.mark.filterwarnings("ignore::ResourceWarning")
"""A file, or a module, may just have been opened: then it is Python that closes it."""


@pytest.fixture
def trellis(addon: Any, piapi: Piapi, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command; its exit code and what it printed."""
    from trellis_blender.interface.command_line import command

    bpy.ops.wm.read_homefile(use_empty=True)

    def run(*arguments: object) -> tuple[int, str]:
        capfd.readouterr()
        code = command.main(list(map(str, arguments)))
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


def json_of_glb(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length])


def test_a_table_becomes_a_library_and_files(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    table, out = tmp_path / "props.csv", tmp_path / "out"
    table.write_text(TABLE)
    before = counts()
    assert trellis("batch", table, "--out", out, "--dry-run") == (
        0,
        "2 rows. 3 models, $0.12.\n",
    )
    assert not out.exists()
    wanted = ("--as", "assets", "--as", "glb", "--as", "blend")
    code, said = trellis("batch", table, "--out", out, *wanted, "--json")
    assert code == 0, said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {line["row"] for line in lines if line.get("state") == "done"} == {2, 3}
    assert counts() == before, "something of the models stayed in the open file"
    assert sorted(path.name for path in (out / "glb").iterdir()) == ["chair.glb", "lamp_1.glb", "lamp_2.glb"]
    assert (out / "glb" / "lamp_1.glb").read_bytes() == default_model()
    assert [mesh["name"] for mesh in json_of_glb(out / "glb" / "chair.glb")["meshes"]] == ["chair"]
    assets = sorted(out.glob("*.blend"))
    assert len(assets) == 3
    with bpy.data.libraries.load(str(assets[0]), assets_only=True) as (there, _):
        assert there.objects == ["chair"]
    assert ":Props/Chairs:" in (out / "blender_assets.cats.txt").read_text()
    assert (out / "report.html").read_text().count("data:image/webp;base64,") == 3
    assert trellis("batch", table, "--out", out, *wanted)[0] == 0
    assert len(piapi.creates) == 3
    code, said = trellis("list", "--batch", out, "--json")
    assert len(said.splitlines()) == 3
    assert trellis("export-costs", tmp_path / "costs.csv", "--batch", out)[0] == 0
    assert len((tmp_path / "costs.csv").read_text("utf-8-sig").splitlines()) == 4
    # It is in the sums of this computer, too, each task once, and stays there when the folder is gone.
    shutil.rmtree(out / ".trellis-batch")
    assert trellis("export-costs", tmp_path / "costs.csv")[0] == 0
    listed = list(csv.DictReader(io.StringIO((tmp_path / "costs.csv").read_text("utf-8-sig"))))
    assert {each["task"] for each in listed} == set(piapi.tasks)
    assert {each["blend file"] for each in listed} == {str(out)}
    bpy.ops.wm.open_mainfile(filepath=str(out / "blend" / "chair.blend"))
    (chair,) = bpy.data.objects
    assert max(chair.dimensions) == pytest.approx(0.5, rel=1e-3)
    assert all(image.packed_file for image in bpy.data.images if image.source == 'FILE')


def test_pictures_go_to_the_offline_preview(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "trellis_blender/samples/fish.png", tmp_path / "a.png")
    (tmp_path / "list.jsonl").write_text('{"image": "a.png", "model": "offline-preview"}\n{"image": "gone.png"}\n')
    code, said = trellis("batch", tmp_path / "list.jsonl", "--out", tmp_path / "out", "--budget", "0")
    assert code == 1, said
    assert "Row 2: There is no file" in said
    assert len(list((tmp_path / "out").glob("*.blend"))) == 1
    assert piapi.creates == []


def test_single_models(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    out = tmp_path / "chair.glb"
    code, said = trellis("generate", "a small chair", "--seed", 7, "--out", out)
    assert code == 0, said
    assert json_of_glb(out)["meshes"]
    assert piapi.creates[0]["input"]["seed"] == 7
    _, said = trellis("list", "--json")
    number = json.loads(said)["id"]
    assert trellis("fetch", number[:10], "--out", tmp_path / "new" / "copy.glb")[0] == 0
    assert (tmp_path / "new" / "copy.glb").read_bytes() == default_model()
    code, said = trellis("fetch", number[:10], "--out", out / "copy.glb")
    assert code == 1, said
    assert f"The model is kept: “fetch {number} --out FILE” copies it." in said
    assert trellis("place", number, "--into", tmp_path / "scene.blend")[0] == 0
    assert trellis("place", number, "--into", tmp_path / "scene.blend")[0] == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert [item.name for item in bpy.data.objects] == ["a small chair"]
    assert "Ada" in trellis("account")[1]
    assert trellis("export-costs", tmp_path / "costs.csv")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--help",), 0),
        (("batch",), 2),
        (("batch", "gone.csv", "--out", "x"), 2),
        (("batch", "gone.csv", "--out", "x", "--shard", "4/3"), 2),
        (("batch", "gone.csv", "--out", "x", "--budget", "much"), 2),
        (("generate", "", "--out", "a.glb"), 2),
        (("generate", "a", "--out", "a.obj"), 2),
        (("fetch", "nonsense id"), 2),
        (("place", "nothing", "--into", "a.blend"), 2),
        (("retry", "nothing"), 2),
        (("list", "--batch", "/nowhere"), 2),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(trellis: Any, arguments: tuple[str, ...], code: int) -> None:
    found, said = trellis(*arguments)
    assert found == code, said
    assert said
    assert "Traceback" not in said


def test_without_a_key(trellis: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PIAPI_API_KEY")
    (tmp_path / "t.txt").write_text("a chair\n")
    code, said = trellis("batch", tmp_path / "t.txt", "--out", tmp_path / "out")
    assert code == 4
    assert "There is no API key yet" in said


@is_broken_off
def test_ctrl_c(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    piapi.behaviour = Behaviour(processing_s=0.4)
    (tmp_path / "t.txt").write_text("".join(f"chair {number}\n" for number in range(30)))
    ask = ("batch", tmp_path / "t.txt", "--out", tmp_path / "out", "--as", "glb", "--finish", "as delivered")
    press_once(lambda: len(piapi.tasks) > 1)
    code, said = trellis(*ask)
    assert code == 1
    assert "Nothing more is sent." in said
    assert 0 < len(piapi.tasks) < 30
    assert len(list((tmp_path / "out" / "glb").iterdir())) == len(piapi.tasks)


@is_broken_off
def test_ctrl_c_twice_ends_at_once_and_nothing_is_lost(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    piapi.behaviour = Behaviour(processing_s=30.0)
    (tmp_path / "t.txt").write_text("".join(f"chair {number}\n" for number in range(30)))
    ask = ("batch", tmp_path / "t.txt", "--out", tmp_path / "out", "--as", "glb", "--finish", "as delivered")
    press_once(lambda: len(piapi.tasks) > 1, lambda: time.sleep(1.0) is None)
    begun = time.monotonic()
    code, said = trellis(*ask)
    assert time.monotonic() - begun < 20.0, said
    assert code == 1
    assert "The same command goes on from here" in said
    sent = len(piapi.tasks)
    assert 0 < sent < 30
    piapi.behaviour = Behaviour()
    (tmp_path / "t.txt").write_text("".join(f"chair {number}\n" for number in range(sent)))
    for task in piapi.tasks.values():
        task.behaviour = Behaviour()
    assert trellis(*ask)[0] == 0
    assert len(piapi.tasks) == sent, "what was being made is taken in, and not sent again"


@is_broken_off
def test_ctrl_c_while_the_table_is_read_sends_nothing(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    from trellis_blender.batch import plan

    (tmp_path / "t.txt").write_text("".join(f"chair {number}\n" for number in range(20_000)))
    pressed = press_once(lambda: is_within(plan.read_plan.__code__))
    code, said = trellis("batch", tmp_path / "t.txt", "--out", tmp_path / "out")
    pressed.join()
    assert (code, said, piapi.creates) == (1, "The same command goes on from here; nothing is paid twice.\n", [])
    assert not (tmp_path / "out").exists()


def press_once(*moments: Callable[[], bool]) -> threading.Thread:
    """Presses Ctrl-C at each of these moments, one after the other."""

    def press() -> None:
        for has_come in moments:
            for _ in range(20_000):
                if has_come():
                    os.kill(os.getpid(), signal.SIGINT)
                    break
                time.sleep(0.001)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def is_within(code: CodeType) -> bool:
    """Whether the main thread is within the function with this code."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def test_a_ctrl_c_that_python_throws_away_comes_a_moment_later() -> None:
    from trellis_blender.interface.command_line.ctrl_c import heard_by

    class Removed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    is_lost = False
    with pytest.raises(KeyboardInterrupt), heard_by(signal.default_int_handler):  # noqa: PT012 (one after the other)
        found = Removed()
        del found
        is_lost = True
        wait_in_steps(5.0)
    assert is_lost, "Python has not thrown it away, so nothing was tried"


def wait_in_steps(seconds: float) -> None:
    for _ in range(int(seconds / 0.01)):
        time.sleep(0.01)


def test_what_else_python_throws_away_is_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.command_line.ctrl_c import heard_by

    class Removed:
        def __del__(self) -> None:
            raise ValueError("of another")

    told: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_value))
    with heard_by(signal.default_int_handler):
        found = Removed()
        del found
    assert [str(one) for one in told] == ["of another"]


@is_broken_off
def test_ctrl_c_ends_a_single_command_and_its_model_is_fetched(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    piapi.behaviour = Behaviour(processing_s=3.0)
    press_once(lambda: bool(piapi.tasks))
    code, said = trellis("generate", "a chair", "--out", tmp_path / "chair.glb")
    assert code == 1
    assert "“fetch” takes it up again at no cost" in said
    generation_id = json.loads(trellis("list", "--json")[1])["id"]
    assert trellis("fetch", generation_id, "--out", tmp_path / "chair.glb")[0] == 0
    assert len(piapi.tasks) == 1


def test_what_a_table_says_does_nothing_to_the_terminal(trellis: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,prompt,seed\na\x1b[2J,a chair,\nb\x1b[2J,a cup,\x1b[2J\n")
    code, said = trellis("batch", tmp_path / "t.csv", "--out", tmp_path / "out")
    assert code == 1
    assert "[2J" in said
    assert "\x1b" not in said + trellis("list", "--batch", tmp_path / "out")[1]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize(("ending", "said"), [("glb", "The disk is full"), ("blend", "could not be written")])
def test_a_disk_that_is_full_is_a_sentence_and_leaves_no_file(
    trellis: Any, tmp_path: Path, ending: str, said: str
) -> None:
    from trellis_blender.batch.studio import NotTakenIn
    from trellis_blender.interface.batch import outputs

    bpy.ops.mesh.primitive_cube_add()
    path = tmp_path / f"cube.{ending}"
    with little_room(), pytest.raises(NotTakenIn, match=said) as problem:
        outputs.written(path, outputs.writer(ending, path, "SCENE"))
    assert "Traceback" not in str(problem.value)
    assert list(tmp_path.iterdir()) == []


def test_what_has_failed_is_sent_again_by_its_id(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    piapi.behaviour = Behaviour(fail_with="out of memory")
    assert trellis("generate", "a chair", "--out", tmp_path / "chair.glb")[0] == 1
    code, said = trellis("retry")
    assert (code, len(piapi.tasks)) == (0, 1)
    assert "Failed: 1. All of them once more would be $0.04." in said
    generation_id = next(line.split()[0] for line in said.splitlines() if "a chair" in line)
    piapi.behaviour = Behaviour()
    code, said = trellis("retry", generation_id)
    assert (code, len(piapi.tasks)) == (0, 2)
    assert generation_id in said
    assert trellis("retry", generation_id)[0] == 2, "it has not failed any more"


def test_a_picture_that_is_gone_is_named_and_the_others_go_on(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt,image\na chair,\n,gone.png\n")
    code, said = trellis(
        "batch", tmp_path / "t.csv", "--out", tmp_path / "out", "--as", "glb", "--finish", "as delivered"
    )
    assert (code, len(piapi.creates)) == (1, 1)
    assert "2 rows, 1 of them cannot be made. 1 model, $0.04." in said
    assert "Row 3: There is no file" in said
    assert "Correct the rows that were refused" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shard", "11/10"), "--shard is “11/10”. It has to be two numbers as 3/10"),
        (("--again", "99"), "--again is 99, and the table has no row there."),
        (("--budget", "nan"), "--budget is nan."),
        (("--at-once", "0"), "--at-once is 0; 1 to 30 are taken."),
    ],
)
def test_options_that_are_none(trellis: Any, piapi: Piapi, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "t.txt").write_text("a chair\n")
    code, told = trellis("batch", tmp_path / "t.txt", "--out", tmp_path / "out", *options)
    assert (code, piapi.creates) == (2, [])
    assert told.startswith(said)


def test_the_library_goes_online_where_blender_can_do_that(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    if bpy.app.version < (5, 2):
        assert_refused(trellis, piapi, tmp_path, "Blender 5.2 or later, and this is", "--publish")
        return
    table, out, cache = tmp_path / "props.csv", tmp_path / "My Props", tmp_path / "cache"
    table.write_text(TABLE + "家;a house;;;;;Props/家\n", encoding="utf-8")
    ask = ("batch", table, "--out", out, "--publish")
    # Of two parts the one that ends last publishes.
    assert trellis(*ask, "--shard", "1/2")[0] == 0
    assert not (out / "_v1").exists()
    code, said = trellis(*ask, "--shard", "2/2")
    assert code == 0, said
    assert f"upload {out} without .trellis-batch" in said
    assert bpy.data.filepath == ""
    with served(out) as url:
        library = downloaded(url, cache)
    assert library["name"] == "My Props"
    (page,) = (cache / "_v1").glob("assets-*.json")
    assets = {each["name"]: each for each in json.loads(page.read_text())["assets"]}
    assert assets.keys() == {"chair", "lamp 1", "lamp 2", "家"}
    assert {"wood", "seat"} <= set(assets["chair"]["meta"]["tags"])
    assert assets["chair"]["thumbnail"]["url"].endswith(".webp")
    assert ":Props/家:" in (cache / "blender_assets.cats.txt").read_text(encoding="utf-8")
    # What whoever publishes it says of it stays.
    about = out / "_asset-library-meta.json"
    about.write_text(about.read_text().replace('"name": "My Props"', '"name": "Ours"', 1))
    (out / "torn.blend").write_bytes(b"no .blend file")
    code, said = trellis(*ask, "--shard", "1/2")
    assert code == 1
    assert "The library could not be made an online one. Its last message:" in said
    assert json.loads(about.read_text())["name"] == "Ours"
    assert len(piapi.creates) == 4


def test_files_that_are_no_assets_do_not_go_online(trellis: Any, piapi: Piapi, tmp_path: Path) -> None:
    assert_refused(trellis, piapi, tmp_path, "add “--as assets”", "--publish", "--as", "glb")


def assert_refused(trellis: Any, piapi: Piapi, folder: Path, why: str, *options: str) -> None:
    """Before anything is sent."""
    (folder / "t.txt").write_text("a chair\n")
    code, said = trellis("batch", folder / "t.txt", "--out", folder / "out", *options)
    assert code == 2
    assert why in said
    assert not piapi.creates


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A static host."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def downloaded(url: str, into: Path) -> dict[str, Any]:
    """Has Blender's own code fetch and check a remote library's listing; what it says of itself."""
    from _bpy_internal.assets.remote_library import listing_downloader

    ended: list[Any] = []
    token = ("",) if bpy.app.version >= (5, 3) else ()
    fetch = listing_downloader.RemoteAssetListingDownloader(url, *token, into, lambda _: None, ended.append)
    fetch.download_and_process()
    give_up_at = time.monotonic() + 60
    while not ended:
        assert time.monotonic() < give_up_at
        fetch.on_timer_event()
        time.sleep(0.01)
    assert fetch.status is listing_downloader.DownloadStatus.FINISHED_SUCCESSFULLY, fetch.error_message
    return json.loads((into / "_asset-library-meta.json").read_text())


def test_blender_knows_the_command(addon: Any) -> None:
    from trellis_blender import registration

    assert registration._command(["--help"]) == 0
