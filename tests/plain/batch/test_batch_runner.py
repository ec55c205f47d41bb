"""Batches at work with the queue and the service, Blender's part played by a file that is copied."""

import errno
import heapq
import json
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from helpers import IMPATIENT, PICTURE, PLACEMENT, service_of
from models import box_glb, picture_png
from service import Behaviour, Fault, Piapi

from trellis_blender.batch import report, runner, sent_generations
from trellis_blender.batch.budget import budget_for
from trellis_blender.batch.folder import INNER, BatchFolder, FolderRefused
from trellis_blender.batch.outcome import Code
from trellis_blender.batch.plan import Shard, read_plan
from trellis_blender.batch.row import Defaults, Row
from trellis_blender.batch.row_progress import Made, Stage
from trellis_blender.batch.runner import Runner
from trellis_blender.batch.starting_state import Wishes
from trellis_blender.batch.studio import NotTakenIn
from trellis_blender.generation.limits.rate_limit import PIAPI, Pace
from trellis_blender.generation.problems import GenerationProblem
from trellis_blender.generation.queue import Queue
from trellis_blender.generation.record import variations
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.request import GenerationRequest, compose_request
from trellis_blender.generation.store import file_locks, store_file
from trellis_blender.generation.store.database import FILE_NAME
from trellis_blender.piapi.timings import Timings

WHOLE = Shard()
HURRIED = IMPATIENT._replace(first_delay_s=0.01, longest_delay_s=0.02)


class Copies:
    """Takes a model in by copying its file."""

    def __init__(self, folder: Path, service: Any) -> None:
        self.folder, self.service = folder, service
        self.problem = ""
        self.taken: list[str] = []

    def service_for(self, model_id: str) -> Any:
        return self.service

    def compose(self, row: Row) -> list[GenerationRequest]:
        first = compose_request(
            model=row.model,
            prompt=row.prompt,
            picture=PICTURE if row.images else None,
            picture_name=row.name,
            parameters=row.parameters,
            placement=PLACEMENT,
        )
        return variations.vary(first, [PLACEMENT] * row.variations, is_seed_fixed="seed" in row.parameters)

    def take_in(self, row: Row, stem: str, generation: Generation, glb: Path) -> Made:
        if self.problem:
            raise NotTakenIn(self.problem)
        path = self.folder / "glb" / f"{stem}.glb"
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(glb, path)
        self.taken.append(generation.id)
        return Made((path,), 12)


class Bench:
    """A table, an output folder and a service."""

    def __init__(self, tmp_path: Path, piapi: Piapi) -> None:
        self.out, self.table, self.piapi = tmp_path / "out", tmp_path / "props.csv", piapi
        piapi.behaviour = Behaviour(model=box_glb())
        self.last: Runner | None = None
        self.told: list[tuple[int, Stage, str]] = []

    def run(
        self,
        text: str = "",
        budget: float | None = None,
        shard: Shard = WHOLE,
        between: Callable[[Runner], object] = lambda _: None,
        key: str = "",
        problem: str = "",
        now: Callable[[], float] = time.monotonic,
        **wishes: Any,
    ) -> Code:
        if text:
            self.table.write_text(text)
        plan = read_plan(self.table, Defaults(self.table.parent), shard)
        folder = BatchFolder(self.out, self.table, shard)
        queue = Queue(folder.own, timings=HURRIED, shared=lambda: folder.own)
        service = service_of(self.piapi, key) if key else service_of(self.piapi)
        self.studio = Copies(folder.path, service)
        self.studio.problem = problem
        self.told = []
        found = self.last = Runner(
            plan, folder, queue, self.studio, budget_for(plan, budget), wishes=Wishes(("glb",), **wishes), at_once=4,
            tell=lambda change: self.told.append((change.progress.row.number, change.stage, change.said)), now=now,
        )  # fmt: skip
        try:
            found.begin()
            return runner.run(found, 0.005, [lambda: between(found)])
        finally:
            assert queue.close(5)
            report.write(plan, folder, found.rows)
            folder.close()

    def models(self) -> list[str]:
        return sorted(path.name for path in (self.out / "glb").iterdir())


@pytest.fixture
def bench(tmp_path: Path, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(sent_generations, "FIRST_HOLD_S", 0.05)
    monkeypatch.setattr(sent_generations, "LONGEST_HOLD_S", 0.2)
    return Bench(tmp_path, piapi)


TABLE = "name,prompt,variations,seed,who\nchair,a chair,,,Ann\nlamp,a lamp,2,5,=1+1\ncup,a cup,,,\n"


def test_all_is_there_once_and_nothing_is_paid_twice(bench: Bench) -> None:
    assert bench.run(TABLE) is Code.ALL_THERE
    assert bench.models() == ["chair.glb", "cup.glb", "lamp_1.glb", "lamp_2.glb"]
    assert len(bench.piapi.creates) == 4
    assert bench.run() is Code.ALL_THERE
    assert (len(bench.piapi.creates), bench.studio.taken) == (4, [])
    (bench.out / "glb" / "cup.glb").unlink()
    assert bench.run() is Code.ALL_THERE
    assert (len(bench.piapi.creates), len(bench.studio.taken)) == (4, 1)
    page, sheet = (bench.out / name for name in ("report.html", "report.csv"))
    assert "3 of 3 rows are there" in page.read_text()
    assert "http" not in page.read_text()
    assert "Not made" not in page.read_text()
    assert page.read_text().count('<div class="none">no picture</div><figcaption>') == 2  # of the row with variations
    assert "who Ann" in page.read_text()
    assert "'=1+1" in sheet.read_text("utf-8-sig")


def test_a_row_that_is_edited_is_made_again_and_says_so(bench: Bench) -> None:
    bench.run(TABLE)
    assert bench.run(TABLE.replace("a cup", "a mug")) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 5
    assert any(number == 4 and "edited" in said for number, _, said in bench.told)
    # What is done with it afterwards costs nothing.
    assert bench.run(TABLE.replace("a cup", "a mug").replace("cup", "beaker")) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 5
    assert "beaker.glb" in bench.models()
    assert bench.run(TABLE.replace("a cup", "a mug"), again=frozenset({2})) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 6


def test_the_budget_is_never_passed_and_says_so(bench: Bench) -> None:
    assert bench.run(TABLE, budget=0.13) is Code.BUDGET_REACHED
    assert len(bench.piapi.creates) == 3
    assert bench.run(budget=0.13) is Code.BUDGET_REACHED
    assert len(bench.piapi.creates) == 3
    assert bench.run(budget=0.16) is Code.ALL_THERE
    assert bench.run(budget=0.16, again=frozenset({2})) is Code.BUDGET_REACHED
    assert len(bench.piapi.creates) == 4


def test_the_budget_is_of_the_folder_whatever_the_table_becomes(bench: Bench) -> None:
    assert bench.run("name,prompt\nchair,a chair\n", budget=0.08) is Code.ALL_THERE
    assert bench.run("name,prompt\nchair,a stool\n", budget=0.08) is Code.ALL_THERE
    assert bench.run("name,prompt\nchair,a bench\n", budget=0.08) is Code.BUDGET_REACHED
    # One that cannot be made any more has been paid for, too.
    assert bench.run("name,prompt,finish\nchair,a stool,nice\nlamp,a lamp,\n", budget=0.08) is Code.BUDGET_REACHED
    assert len(bench.piapi.creates) == 2


def test_a_budget_of_nothing(bench: Bench) -> None:
    assert bench.run(TABLE, budget=0.0) is Code.BUDGET_REACHED
    assert bench.piapi.creates == []


def test_what_failed_is_sent_again_only_when_that_is_wished(bench: Bench) -> None:
    bench.piapi.fail("create", None, Fault(status=400, body={"code": 400, "message": "no", "data": None}))
    assert bench.run(TABLE) is Code.SOME_FAILED
    assert len(bench.piapi.tasks) == 3
    assert bench.run() is Code.SOME_FAILED
    assert len(bench.piapi.tasks) == 3
    assert bench.run(only_failed=True) is Code.ALL_THERE
    assert len(bench.piapi.tasks) == 4
    assert len(bench.models()) == 4


def test_a_bad_row_stops_no_other(bench: Bench) -> None:
    assert bench.run("prompt,image\na chair,\n,gone.png\na cup,\n") is Code.SOME_FAILED
    assert len(bench.models()) == 2
    assert any(number == 3 and stage is Stage.REFUSED for number, stage, _ in bench.told)


def test_a_wrong_key_ends_it_and_the_right_one_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench.run(TABLE, key="wrong-key-00000000") is Code.KEY_OR_ACCOUNT
    assert "401" in bench.last.account_problem
    assert bench.last.spent_usd == 0

    def no_key(self: Copies, model_id: str) -> Any:
        raise RuntimeError("There is no key.")

    with monkeypatch.context() as without:
        without.setattr(Copies, "service_for", no_key)
        assert bench.run() is Code.KEY_OR_ACCOUNT
        assert (bench.last.account_problem, bench.last.spent_usd) == ("There is no key.", 0)
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 4


def test_a_service_that_is_away_is_waited_for(bench: Bench) -> None:
    url = bench.piapi.url
    bench.piapi.url = "http://127.0.0.1:1"

    def come_back(found: Runner) -> None:
        if any(each.stage is Stage.HELD for each in found.rows) and bench.piapi.url != url:
            bench.piapi.url = url
            bench.studio.service = service_of(bench.piapi)

    assert bench.run(TABLE, between=come_back) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 4


@pytest.mark.parametrize(("hours", "code"), [(1.0, Code.ALL_THERE), (5.0, Code.SOME_FAILED)])
def test_a_service_that_is_away_for_hours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, hours: float, code: Code
) -> None:
    """It is tried now and then; three hours are waited for, and the next start goes on from there."""
    monkeypatch.undo()
    url, clock = bench.piapi.url, [0.0]
    bench.piapi.url = "http://127.0.0.1:1"

    def pass_time(found: Runner) -> None:
        held = [each for each in found.rows if each.stage is Stage.HELD]
        if held and not found._sent.working:
            clock[0] += 60.0
        if clock[0] >= hours * 3600 and bench.piapi.url != url:
            bench.piapi.url = url
            bench.studio.service = service_of(bench.piapi)

    text = "prompt\n" + "".join(f"chair {number}\n" for number in range(2))
    assert bench.run(text, between=pass_time, now=lambda: clock[0]) is code
    assert clock[0] >= min(hours, 3.0) * 3600
    assert len(bench.piapi.creates) == (2 if code is Code.ALL_THERE else 0)
    bench.piapi.url = url
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 2


def test_models_that_cannot_be_saved_are_kept_and_saved_the_next_time(bench: Bench) -> None:
    assert bench.run(TABLE, problem="The disk is full.") is Code.SOME_FAILED
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 4


def test_what_kept_a_model_from_coming_is_not_said_again_at_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_generations, "RESUMES_MAX", 0)
    bench.piapi.fail_always("file", Fault(status=403, body=b"no"))
    assert bench.run("prompt\na chair\n") is Code.SOME_FAILED
    bench.piapi.fail_always("file", None)
    assert bench.run() is Code.ALL_THERE
    assert not [said for _, _, said in bench.told if said]
    assert len(bench.piapi.tasks) == 1


def test_ctrl_c_sends_nothing_more_and_takes_in_what_is_being_made(bench: Bench) -> None:
    bench.piapi.behaviour = Behaviour(model=box_glb(), processing_s=0.3)
    text = "prompt\n" + "".join(f"chair {number}\n" for number in range(40))

    def stop(found: Runner) -> None:
        if len(bench.piapi.tasks) >= 3 and not found.is_stopping:
            found.stop()

    assert bench.run(text, between=stop) is Code.SOME_FAILED
    begun = len(bench.piapi.tasks)
    assert 3 <= begun < 20
    assert len(bench.models()) == begun
    assert bench.run() is Code.ALL_THERE
    assert (len(bench.piapi.tasks), len(bench.models())) == (40, 40)


def test_a_row_that_is_made_again_is_so_once_however_often_the_command_is_stopped(bench: Bench) -> None:
    bench.run(TABLE)
    assert bench.run(again=frozenset({2}), between=lambda found: len(bench.piapi.tasks) == 5 and found.stop()) == 0
    assert len(bench.piapi.creates) == 5
    assert bench.run(again=frozenset({2})) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 5
    assert bench.run(again=frozenset({2})) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 6


def test_shards_make_every_row_once(bench: Bench) -> None:
    text = "prompt\n" + "".join(f"chair {number}\n" for number in range(10))
    for number in (1, 2, 3):
        assert bench.run(text, shard=Shard(number, 3), budget=0.40) is Code.ALL_THERE
    assert (len(bench.piapi.creates), len(bench.models())) == (10, 10)
    # Divided otherwise, nothing is made again.
    assert bench.run(budget=0.40) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 10
    assert "10 of 10 rows are there" in (bench.out / "report.html").read_text()


def test_what_another_part_has_made_is_not_there_where_more_is_wished(bench: Bench) -> None:
    text = "name,prompt,size_m\nchair,a chair,1\n"
    assert bench.run(text, shard=Shard(1, 2)) is Code.ALL_THERE
    assert bench.run(text) is Code.ALL_THERE
    assert bench.run(text.replace(",1", ",2")) is Code.SOME_FAILED
    assert any("part 1/2" in said for _, _, said in bench.told)
    assert bench.run(text.replace(",1", ",2"), shard=Shard(1, 2)) is Code.ALL_THERE
    assert bench.run(text.replace(",1", ",2")) is Code.ALL_THERE
    (bench.out / "glb" / "chair.glb").unlink()
    assert bench.run(text.replace(",1", ",2")) is Code.SOME_FAILED
    assert any("part 1/2" in said for _, _, said in bench.told), "its model is not gone"
    assert len(bench.piapi.creates) == 1


def test_a_row_more_takes_no_other_ones_file(bench: Bench) -> None:
    """Rows without names are told apart by their numbers, which change."""
    bench.run("prompt,seed\na chair,1\na chair,2\n")
    assert bench.run("prompt,seed\na chair,1\na chair,3\na chair,2\n") is Code.ALL_THERE
    assert len(bench.piapi.creates) == 3
    assert bench.last is not None
    files = {each.models[0]["seed"]: each.files for each in bench.last.rows}
    assert files == {1: ["glb/a chair.glb"], 3: ["glb/a chair 3.glb"], 2: ["glb/a chair 4.glb"]}
    assert bench.run("name,prompt,seed\n,a chair,1\na chair,a chair,4\n") is Code.ALL_THERE
    files = {each.models[0]["seed"]: each.files for each in bench.last.rows}
    assert files == {1: ["glb/a chair 2.glb"], 4: ["glb/a chair.glb"]}


def test_a_row_that_another_part_has_begun_is_left_to_it(bench: Bench) -> None:
    bench.run("prompt\na chair\n", shard=Shard(1, 2), problem="The disk is full.")
    assert bench.run() is Code.SOME_FAILED
    assert len(bench.piapi.creates) == 1
    assert any("part 1/2" in said for _, _, said in bench.told)
    # That part may not have the row any more, where others were put before it.
    assert bench.run(again=frozenset({2})) is Code.ALL_THERE
    assert len(bench.piapi.creates) == 2


def test_folders_of_others(bench: Bench, tmp_path: Path) -> None:
    bench.run("prompt\na chair\n")
    with pytest.raises(FolderRefused, match="another table"):
        BatchFolder(bench.out, tmp_path / "other.csv", WHOLE)
    held = BatchFolder(bench.out, bench.table, WHOLE)
    with pytest.raises(FolderRefused, match="Another process"):
        BatchFolder(bench.out, bench.table, WHOLE)
    held.close()
    held = BatchFolder(bench.out, bench.table, Shard(1, 2))
    BatchFolder(bench.out, bench.table, Shard(2, 2)).close()
    for other in (WHOLE, Shard(1, 3)):
        with pytest.raises(FolderRefused, match="as part 1/2"):
            BatchFolder(bench.out, bench.table, other)
    held.close()
    BatchFolder(bench.out, bench.table, WHOLE).close()
    for name in ("glb", "report.csv"):
        (tmp_path / f"with {name}" / name).mkdir(parents=True)
        with pytest.raises(FolderRefused, match=f"“{name}”"):
            BatchFolder(tmp_path / f"with {name}", bench.table, WHOLE)
    (bench.out / INNER / WHOLE.folder_name / "running").unlink()
    (bench.out / INNER / WHOLE.folder_name / "running").mkdir()
    with pytest.raises(FolderRefused, match="cannot be used"):
        BatchFolder(bench.out, bench.table, WHOLE)
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderRefused):
        BatchFolder(tmp_path / "file", bench.table, WHOLE)


def test_while_the_store_cannot_be_read_nothing_is_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been sent is not known then, and would be paid for twice."""
    monkeypatch.setattr(store_file, "LOCK_TIMEOUT_S", 0.1)
    bench.run("prompt\na chair\n", problem="The disk is full.")
    with closing(sqlite3.connect(bench.out / INNER / WHOLE.folder_name / "generations.sqlite3")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GenerationProblem):
            bench.run(between=lambda _: other.rollback())
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 1


def test_with_a_store_that_is_not_its_own_nothing_is_sent(bench: Bench) -> None:
    """Neither rows whose tasks it does not know, nor beyond a budget of which it does not know what is left."""
    bench.run("prompt\na chair\n", budget=0.04)
    store = bench.out / INNER / WHOLE.folder_name / FILE_NAME
    kept = store.rename(store.with_name("backup"))
    with pytest.raises(FolderRefused, match="would be paid for twice"):
        bench.run("prompt\na chair\na cup\n", budget=0.04)
    kept.replace(store)
    assert bench.run(budget=0.04) is Code.BUDGET_REACHED
    assert len(bench.piapi.creates) == 1


def test_where_nothing_can_be_locked_nothing_is_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_locks, "_lock", refuse)
    assert bench.run(TABLE) is Code.SOME_FAILED
    assert bench.piapi.creates == []
    assert all("files cannot be locked here" in said for _, stage, said in bench.told if stage is Stage.FAILED)
    monkeypatch.undo()
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 4


def test_machines_that_begin_at_the_same_moment(tmp_path: Path) -> None:
    for number in range(20):
        assert refused_of_eight(tmp_path / f"out-{number}") == []


def refused_of_eight(out: Path) -> list[FolderRefused]:
    problems: list[FolderRefused] = []
    together = threading.Barrier(8)

    def begin(number: int) -> None:
        together.wait(10)
        try:
            BatchFolder(out, out.with_suffix(".csv"), Shard(number, 8)).close()
        except FolderRefused as problem:
            problems.append(problem)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_a_line_that_was_torn_off_is_passed_over(bench: Bench) -> None:
    bench.run("prompt\na chair\n")
    ledger = bench.out / INNER / WHOLE.folder_name / "ledger.jsonl"
    with ledger.open("ab") as file:
        file.write(b'{"row": "abc", "wh')
    assert bench.run() is Code.ALL_THERE
    folder = BatchFolder(bench.out, bench.table, WHOLE)
    folder.write("ff", "sent", {"usd": 1})
    with ledger.open("ab") as file:
        file.write(b'{"row": "abc", "wh')
    folder.write("ff", "sent", {"usd": 1})
    assert [entry.kind for entry in folder.entries()] == ["sent", "done", "ended", "ended", "sent", "sent"]
    folder.close()
    key = json.loads(ledger.read_bytes().splitlines()[0])["row"]
    odd = json.dumps({"row": key, "what": "failed", "models": 7, "formats": 3, "usd": "much"})
    for line in ("[]", '{"row": 1}', odd, "\xff"):
        with ledger.open("a", encoding="latin-1") as file:
            file.write(line + "\n")
    assert bench.run() is Code.ALL_THERE


def test_a_picture_that_vanishes_meanwhile(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.scene.images.limits import PictureUnusable

    def gone(self: Copies, row: Row) -> list[GenerationRequest]:
        raise PictureUnusable("There is no file “a.png”. Choose the image again.")

    monkeypatch.setattr(Copies, "compose", gone)
    assert bench.run("prompt\na chair\n") is Code.SOME_FAILED
    assert bench.piapi.creates == []


def test_a_picture_that_is_changed_meanwhile_is_not_paid_for_twice(bench: Bench, tmp_path: Path) -> None:
    """Its model would be taken for one of the picture that was there before."""
    (tmp_path / "a.png").write_bytes(picture_png(64, 48))

    def change(found: Runner) -> None:
        if bench.piapi.tasks:
            (tmp_path / "a.png").write_bytes(picture_png(64, 50))

    rows = "".join(f"chair {number},\n" for number in range(20))
    assert bench.run(f"prompt,image\n{rows},a.png\n", between=change) is Code.SOME_FAILED
    assert len(bench.piapi.creates) == 20
    assert bench.run() is Code.ALL_THERE
    assert bench.run() is Code.ALL_THERE
    assert len(bench.piapi.creates) == 21


def test_a_row_that_the_add_on_makes_a_mistake_with_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = Copies.compose

    def fail(self: Copies, row: Row) -> list[GenerationRequest]:
        if row.number == 2:
            raise RuntimeError("no")
        return compose(self, row)

    monkeypatch.setattr(Copies, "compose", fail)
    assert bench.run("prompt\na chair\na cup\n") is Code.SOME_FAILED
    assert (len(bench.piapi.creates), bench.models()) == (1, ["a cup.glb"])


def test_ledger_lines_are_what_other_programs_may_read(bench: Bench) -> None:
    bench.run("name,prompt,seed\nchair,a chair,9\n")
    lines = (bench.out / INNER / WHOLE.folder_name / "ledger.jsonl").read_text().splitlines()
    sent, done, _ = map(json.loads, lines)
    assert (sent["what"], sent["number"], sent["usd"]) == ("sent", 2, 0.04)
    assert (done["what"], done["name"], done["models"][0]["seed"]) == ("done", "chair", 9)
    assert done["models"][0]["files"] == ["glb/chair.glb"]


@pytest.mark.soak
def test_a_thousand_rows(
    tmp_path: Path, piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    """Thirty at once within a plan of 300 requests a minute, in short ten; all takes `speed` times less time.

    The service runs in this process, so what it takes counts against the batch. A machine that is busy with other
    tests makes the short one slower.
    """
    rows, at_once, speed, most = (1000, 30, 4.0, 1.1) if soak else (30, 10, 12.0, 1.6)
    chance, model = random.Random(3), box_glb()
    piapi.behaviour_of = lambda _: Behaviour(processing_s=chance.uniform(25, 60) / speed, model=model)
    piapi.plan, piapi.most_requests, piapi.minute_s = "pro", 300, 60 / speed
    table = tmp_path / "t.txt"
    table.write_text("".join(f"prop {number}\n" for number in range(rows)))
    plan, folder = read_plan(table, Defaults(tmp_path)), BatchFolder(tmp_path / "out", table, WHOLE)
    queue = Queue(folder.own, polling=pace_of(speed), timings=Timings(minute_s=60 / speed), shared=lambda: folder.own)
    found = Runner(
        plan, folder, queue, Copies(folder.path, service_of(piapi)), budget_for(plan, None), wishes=Wishes(("glb",)),
        at_once=at_once,
    )  # fmt: skip
    found.begin()
    before_mb, begun, processor_s = memory_mb(), time.monotonic(), time.process_time()
    assert runner.run(found, 0.005) is Code.ALL_THERE
    took_s, grown_mb = time.monotonic() - begun, memory_mb() - before_mb
    processor_ms = (time.process_time() - processor_s) / rows * 1000
    assert queue.close(10)
    folder.close()
    needed_s = needed_by_the_service(piapi, at_once)
    record_property(
        "count",
        f"A batch of {rows} rows, {at_once} at once: {took_s * speed:.0f} s where the service alone needs "
        f"{needed_s * speed:.0f} s ({took_s / needed_s:.2f}), {processor_ms:.0f} ms of the processor for each row, the "
        f"service's included, {grown_mb:.0f} MB more",
    )
    assert (len(piapi.tasks), piapi.refused_as_too_many) == (rows, 0)
    assert grown_mb <= 100
    assert took_s <= needed_s * most


def needed_by_the_service(piapi: Piapi, at_once: int) -> float:
    """Seconds by its limits alone: each task begins when the first of those `at_once` before it has ended, and each
    takes two requests, its submission and one poll that finds it done."""
    ends = [0.0] * at_once
    for task in sorted(piapi.tasks.values(), key=lambda each: each.born):
        heapq.heapreplace(ends, ends[0] + task.behaviour.processing_s)
    minutes = (2 * len(piapi.tasks) - 1) // (piapi.most_requests or 1)
    return max(*ends, minutes * piapi.minute_s)


def pace_of(speed: float) -> Pace:
    """How often tasks are polled where time goes so many times faster."""
    return Pace(*(getattr(PIAPI, name) / (1 if name == "age_share" else speed) for name in Pace._fields))


def memory_mb() -> float:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else ["VmRSS: 0"]
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
