"""What everything has cost: sums, and the table for a bill."""

import csv
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, image_request, service_of, text_request
from service import Piapi

from trellis_blender.generation.file_names import writable
from trellis_blender.generation.lookups.questions import Question, Topic
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store import batch_costs
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.store.spending import Amount, TaskCost, spending, to_csv


@pytest.fixture
def in_sydney(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Eleven hours ahead of Greenwich in December: its months begin on the last day of Greenwich's."""
    monkeypatch.setenv("TZ", "Australia/Sydney")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def cost(at: float = 0.0, charged: float | None = 0.04, name: str = "a bear", blend: str = "", price: float = 0.04,
         task: str = "t") -> TaskCost:  # fmt: skip
    return TaskCost(task, at, "Qubico/trellis", name, blend, charged, price)


def seconds(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def rows(table: bytes) -> list[list[str]]:
    assert table.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot move")
def test_the_month_is_the_artists(in_sydney: None) -> None:
    tasks = [cost(seconds("2026-11-30 23:59:59"), 1.0), cost(seconds("2026-12-01 00:00:00"), 0.25)]
    assert time.gmtime(tasks[1].at).tm_mon == 11
    assert spending(tasks, seconds("2026-12-31 23:59:59"), "").month == Amount(0.25)
    assert spending(tasks, seconds("2026-11-30 23:59:59"), "").month == Amount(1.25)
    assert spending(tasks, seconds("2027-01-01 00:00:00"), "").month == Amount(0.0)
    assert spending(tasks, seconds("2027-01-01 00:00:00"), "").ever == Amount(1.25)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot move")
def test_a_month_in_which_the_clocks_change_begins_at_its_midnight(in_sydney: None) -> None:
    """Summer time ends there on the first Sunday of April, in 2029 on the first of the month."""
    begin = seconds("2029-04-01 00:00:00")
    tasks = [cost(begin, 1.0), cost(begin - 1, 0.25)]
    assert spending(tasks, seconds("2029-04-30 12:00:00"), "").month == Amount(1.0)


def test_what_is_not_known_counts_with_its_price_and_says_so() -> None:
    tasks = [cost(charged=0.03), cost(charged=None, price=0.25, blend="/a.blend"), cost(charged=0.0)]
    found = spending(tasks, time.time(), "/a.blend")
    assert found.ever == Amount(0.28, is_exact=False)
    assert found.file == Amount(0.25, is_exact=False)
    assert spending(tasks, time.time(), "/b.blend").file == Amount(0.0)


def test_a_file_is_the_same_however_its_name_is_written() -> None:
    """macOS hands out decomposed letters, and Linux names that are no UTF-8."""
    odd = "/caf\udce9.blend"
    tasks = [cost(blend="/b\u00e4r.blend", charged=1.0), cost(blend=writable(odd), charged=2.0)]
    assert spending(tasks, time.time(), "/ba\u0308r.blend").file == Amount(1.0)
    assert spending([cost(blend="/ba\u0308r.blend", charged=1.0)], time.time(), "/b\u00e4r.blend").file == Amount(1.0)
    assert spending(tasks, time.time(), odd).file == Amount(2.0)


def test_nothing_is_spent_in_a_file_that_is_not_saved() -> None:
    assert spending([cost(), cost(blend="/a.blend")], time.time(), "").file == Amount(0.0)


def test_ten_cents_ten_times_are_a_dollar() -> None:
    assert spending([cost(charged=0.1)] * 10, time.time(), "").ever.usd == 1.0


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "  =", "＝"])
def test_no_prompt_becomes_a_formula(begin: str) -> None:
    name = f'{begin}HYPERLINK("https://evil.invalid","a bear")'
    found = rows(to_csv([cost(name=name, blend=f"{begin}x", task=f"{begin}y")]))[1]
    assert found[3] == f"'{name}"
    assert (found[4], found[1]) == (f"'{begin}x", f"'{begin}y")


@pytest.mark.parametrize("name", ["a bear", "X=1", "2 - 1", "", " "])
def test_what_is_no_formula_stays_as_it_is(name: str) -> None:
    assert rows(to_csv([cost(name=name)]))[1][3] == name


def test_the_table_is_read_as_it_was_meant() -> None:
    name = 'a "big", bad\nbear; größer – 熊 \ud83d'
    at = seconds("2026-11-22 15:04:05")
    table = to_csv([cost(at, None, name, "/projects/Forêt, 2.blend"), cost(at, 0.04, "a fox")])
    heading, first, second = rows(table)
    assert heading == ["date", "task", "model", "name", "blend file", "charged USD", "price USD", "known"]
    assert first == ["2026-11-22 15:04:05", "t", "Qubico/trellis", 'a "big", bad\nbear; größer – 熊 ?',
                     "/projects/Forêt, 2.blend", "", "0.0400", "at most"]  # fmt: skip
    assert second[5:] == ["0.0400", "0.0400", "charged"]
    assert table.count(b"\r\n") == 3


@pytest.mark.parametrize("at", [9e18, -9e18, 1e300, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_keeps_no_bill_back(at: float) -> None:
    table = rows(to_csv([cost(at, name="odd"), cost(0.0, name="a fox")]))
    assert (table[1][0], table[1][3], table[2][3]) == ("", "odd", "a fox")
    assert spending([cost(at), cost(0.0)], 1e9, "").ever.usd == pytest.approx(0.08)


def test_a_table_of_nothing_has_its_heading() -> None:
    assert len(rows(to_csv([]))) == 1


def saved(store: Store, name: str, blend_file: str = "", **changes: object) -> Generation:
    request = text_request(name)
    placed = replace(request, placement=replace(request.placement, blend_file=blend_file))
    fields: dict[str, object] = {"task_id": f"task of {name}", "state": State.READY, **changes}
    generation = replace(new_generation(placed, "https://api.invalid", time.time()), **fields)  # type: ignore[arg-type]
    store.save(generation)
    return generation


def test_generations_are_counted_once_they_have_a_task(driver: Driver, piapi: Piapi, tmp_path: Path) -> None:
    """Guards Store.costs, and that what was removed from the list is still counted."""
    done = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    dearer = driver.rest(driver.queue.submit(image_request(), service_of(piapi)))
    assert (done.charged_usd, dearer.charged_usd) == (0.04, 0.1)
    driver.queue.remove(dearer)
    driver.until(lambda: driver.latest[dearer.id].removed)
    store = Store(driver.queue.folder)
    saved(store, "never sent", task_id="", state=State.FAILED)
    saved(store, "unknown", "/a.blend", submitted_at=86400.0)
    found = driver.ask(Question(Topic.SPENT, blend_file="/a.blend"), service_of(piapi)).spending
    assert found is not None
    assert found.month == Amount(0.14)
    assert found.file == Amount(0.04, is_exact=False)
    assert found.ever == Amount(0.18, is_exact=False)

    path = tmp_path / "new" / "costs.csv"
    answer = driver.ask(Question(Topic.COSTS_TABLE, path=str(path)), service_of(piapi))
    assert (answer.rows, answer.problem) == (3, "")
    table = rows(path.read_bytes())
    assert [row[3] for row in table[1:]] == ["unknown", "a bear", "bear.png"]
    assert [row[7] for row in table[1:]] == ["at most", "charged", "charged"]
    assert [path.name for path in path.parent.iterdir()] == ["costs.csv"]


def test_what_is_free_is_no_cost(driver: Driver, piapi: Piapi) -> None:
    request = image_request("offline-preview")
    driver.rest(driver.queue.submit(request, service_of(piapi)))
    store = Store(driver.queue.folder)
    assert len(store.known_tasks()) == 1
    assert store.costs() == []


def test_looking_makes_no_folder(make_driver: Callable[..., Driver], piapi: Piapi, tmp_path: Path) -> None:
    driver = make_driver(tmp_path / "none")
    found = driver.ask(Question(Topic.SPENT), service_of(piapi)).spending
    assert found is not None
    assert found.ever == Amount()
    assert not (tmp_path / "none").exists()


def test_a_path_through_a_file_says_so(driver: Driver, piapi: Piapi, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    answer = driver.ask(Question(Topic.COSTS_TABLE, path=str(tmp_path / "file" / "costs.csv")), service_of(piapi))
    assert answer.problem.startswith(f"The folder {tmp_path / 'file'} cannot be used")
    assert answer.rows == 0


def test_what_is_no_cost_of_a_batch_is_passed_over(tmp_path: Path) -> None:
    good = {"task_id": "a", "at": 5, "model": "m", "name": "n", "blend_file": "b", "charged_usd": None, "price_usd": 1}
    bad = [7, None, {}, good | {"at": "noon"}, good | {"charged_usd": "nan"}, good | {"price_usd": [1]}]
    (tmp_path / batch_costs.FOLDER).mkdir()
    (tmp_path / batch_costs.FOLDER / "1.json").write_text(json.dumps([*bad, good]))
    (tmp_path / batch_costs.FOLDER / "2.json").write_text("{")
    (tmp_path / batch_costs.FOLDER / "3.json").write_text('"text"')
    assert batch_costs.with_batches(tmp_path, []) == [TaskCost("a", 5.0, "m", "n", "b", None, 1.0)]
    # What this computer's own store says of a task counts.
    own = TaskCost("a", 6.0, "m", "n", "b", 0.5, 1.0)
    assert batch_costs.with_batches(tmp_path, [own]) == [own]
    assert batch_costs.with_batches(tmp_path / "nowhere", [own]) == [own]


def test_what_a_batch_has_cost_stays_when_its_folder_is_gone(tmp_path: Path) -> None:
    here, batch = tmp_path / "here", tmp_path / "batch"
    store = Store(batch / "own")
    batch_costs.keep(here, batch, batch / "own")
    assert not here.exists()
    saved(store, "a bear", charged_usd=0.03)
    batch_costs.keep(here, batch, batch / "own")
    saved(store, "a fox", "/a.blend", charged_usd=None, submitted_at=86400.0)
    batch_costs.keep(here, batch, batch / "own")
    batch_costs.keep(here, tmp_path / "another", tmp_path / "another" / "own")
    shutil.rmtree(batch)
    found = batch_costs.with_batches(here, [])
    assert [(task.name, task.blend_file) for task in found] == [("a fox", "/a.blend"), ("a bear", str(batch))]
    assert spending(found, time.time(), str(batch)).file == Amount(0.03)
    assert spending(found, time.time(), "").ever == Amount(0.07, is_exact=False)
