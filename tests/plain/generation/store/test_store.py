"""What lies in the store: rows that nobody can read, columns of later versions, and a store that is gone."""

import base64
import json
import os
import shutil
import sqlite3
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import IMPATIENT, PLACEMENT, Driver, image_request, service_of, text_request
from service import KEY, Fault, Piapi

from trellis_blender.generation.problems import DiskFull, FolderUnusable
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import DURATION_MAX_S, FILE_NAME, Store, TakenOver
from trellis_blender.generation.store.owned import Owned
from trellis_blender.generation.store.spending import spending
from trellis_blender.generation.store.stored import from_json, to_json
from trellis_blender.piapi.redaction import know
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


MADE = replace(new_generation(text_request("a bear"), "https://api.example", 1.0), state=State.READY, task_id="task-1")


def run(folder: Path, query: str, *values: Any) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute(query, values)


def changed(generation: Generation, **fields: Any) -> str:
    """Its text with other values: a name with dots is that of a field within."""
    found = json.loads(to_json(generation))
    for name, value in fields.items():
        *path, last = name.split("__")
        inner = found
        for step in path:
            inner = inner[step]
        inner[last] = value
    return json.dumps(found)


DEEP = "[" * 100_000
ODD: list[Any] = [
    DEEP, f'{{"request": {DEEP}', "[]", "null", "7", '"text"', "", "{}", b"\xff\x00", 7, None, "x" * 5_000_000,
    "1" * 5000, '{"state": "ready"}',
    changed(MADE, created_at="yesterday"), changed(MADE, created_at=None), changed(MADE, created_at=True),
    changed(MADE, created_at=[1]), changed(MADE, created_at=10**300), changed(MADE, state="elsewhere"),
    changed(MADE, state=["ready"]), changed(MADE, parked="no"), changed(MADE, problem=7), changed(MADE, problem=None),
    changed(MADE, charged_usd="4 cents"), changed(MADE, task_id=None), changed(MADE, id=7),
    changed(MADE, id="../../elsewhere"), changed(MADE, id=""), changed(MADE, request=[]),
    changed(MADE, request__prompt=["a"]), changed(MADE, request__parameters=[1]),
    changed(MADE, request__parameters={"seed": "7"}), changed(MADE, request__parameters={"seed": {}}),
    changed(MADE, request__price_usd="free"), changed(MADE, request__picture_changed_ns=10**30),
    changed(MADE, request__picture_changed_ns=1.5), changed(MADE, request__placement="here"),
    changed(MADE, request__placement__location=[1, 2]), changed(MADE, request__placement__location="abc"),
    changed(MADE, request__placement__location=[1, 2, "3"]), changed(MADE, request__placement__scene=7),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.save(MADE)
    return store


@pytest.mark.parametrize("record", ODD, ids=range(len(ODD)))
def test_a_row_that_cannot_be_read_is_one_row(store: Store, tmp_path: Path, record: object) -> None:
    row = "INSERT INTO generation VALUES ('odd', 'ready', 0, 'm', 'u', NULL, ?, 'somebody', 'task-2')"
    is_kept = True
    try:
        run(tmp_path, row, record)
    except sqlite3.IntegrityError:
        is_kept = False
    assert store.load_all() == [Owned(MADE, "")]
    assert store.load_taken() == []
    assert store.load("odd") is None
    assert store.with_task("task-2") is None
    assert store.ids() == ({"odd", MADE.id} if is_kept else {MADE.id})
    assert store.known_tasks() >= {"task-1"}


@pytest.mark.parametrize("column", ["created_at", "model", "api_url", "duration_s", "owner", "state", "task_id"])
@pytest.mark.parametrize("value", ["\N{BEAR FACE}", b"\xff\xfe", 1e308, "x"])
def test_columns_of_other_kinds_hinder_nobody(store: Store, tmp_path: Path, column: str, value: object) -> None:
    other = replace(new_generation(text_request("a fox"), "https://api.example", 2.0), task_id="task-2")
    store.save(other)
    run(tmp_path, f"UPDATE generation SET {column} = ? WHERE id = ?", value, other.id)
    assert {each.generation.id for each in store.load_all()} == {MADE.id, other.id}
    store.load_taken()
    store.owners()
    store.usual_duration_s("Qubico/trellis", "https://api.example")


@pytest.mark.parametrize("column", ["at", "model", "name", "blend_file", "price_usd", "charged_usd"])
@pytest.mark.parametrize("value", ["abc", b"\xff"])
def test_a_task_of_other_kinds_is_not_counted_and_stops_no_sum(
    store: Store, tmp_path: Path, column: str, value: object
) -> None:
    store.save(replace(new_generation(text_request(), "u", 5.0), task_id="task-2", charged_usd=0.5))
    run(tmp_path, f"UPDATE task SET {column} = ? WHERE id = 'task-1'", value)
    assert spending(store.costs(), time.time(), "").ever.usd >= 0.5


def test_what_a_later_version_has_added_survives(store: Store, tmp_path: Path) -> None:
    run(tmp_path, "ALTER TABLE generation ADD COLUMN later TEXT")
    run(tmp_path, "ALTER TABLE task ADD COLUMN later TEXT")
    new = changed(MADE, newer={"a": 1}, request__newer=[2], request__placement__newer="three")
    run(tmp_path, "UPDATE generation SET later = 'kept', record = ?", new)
    run(tmp_path, "UPDATE task SET later = 'kept'")
    assert store.load(MADE.id) == Owned(MADE, "")
    store.save(replace(MADE, state=State.PLACED, charged_usd=0.04))
    assert store.take(replace(MADE, state=State.QUEUED), "me", lambda _: False) is not None
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        later, record = db.execute("SELECT later, record FROM generation").fetchone()
        assert db.execute("SELECT later, charged_usd FROM task").fetchone() == ("kept", 0.04)
    found = json.loads(record)
    assert (later, found["newer"], found["request"]["newer"]) == ("kept", {"a": 1}, [2])
    assert (found["request"]["placement"]["newer"], found["state"]) == ("three", "placed")


def test_names_that_are_no_utf_8_come_back_as_they_are(store: Store) -> None:
    placement = replace(PLACEMENT, blend_file="/jobs/caf\udce9/bear.blend", scene="half\ud800")
    odd = replace(new_generation(replace(text_request("熊"), placement=placement), "u", 2.0), task_id="task\udcff")
    store.save(odd)
    assert store.load(odd.id) == Owned(odd, "")
    assert store.with_task("task\udcff") == Owned(odd, "")
    assert spending(store.costs(), 3.0, placement.blend_file).file.usd > 0
    to_json(odd).encode()
    assert "熊" in to_json(odd)


def test_what_json_cannot_hold_is_no_reason_to_lose_a_model() -> None:
    odd = replace(MADE, charged_usd=float("nan"), request=replace(MADE.request, placement=replace(
        PLACEMENT, location=(float("inf"), 1.0, 2.0))))  # fmt: skip
    found = from_json(to_json(odd))
    assert (found.id, found.charged_usd, found.request.placement.location) == (MADE.id, 0.0, (0.0, 1.0, 2.0))


def test_whoever_was_taken_for_dead_writes_nothing_more(store: Store) -> None:
    waiting = replace(MADE, state=State.QUEUED, task_id="")
    store.save(waiting, "another")
    submitting = replace(waiting, state=State.SUBMITTING)
    with pytest.raises(TakenOver) as taken:
        store.save_own(submitting, "me")
    assert taken.value.found == Owned(waiting, "another")
    assert str(taken.value) == "Another Blender works on this generation now."
    store.save_own(submitting, "another")
    # A task that is known is worth more than an owner who knows of none.
    with_task = replace(submitting, state=State.WAITING, task_id="task-9")
    assert store.adopt(with_task, "me")
    assert store.load(MADE.id) == Owned(with_task, "me")
    with pytest.raises(TakenOver):
        store.adopt(replace(with_task, task_id="task-8"), "another")


@pytest.mark.parametrize(("owner", "task_id"), [("another", ""), ("another", "task-1"), ("", "task-9")])
def test_a_row_that_cannot_be_read_is_another_ones_all_the_same(
    store: Store, tmp_path: Path, owner: str, task_id: str
) -> None:
    """A later version's, perhaps; who writes over it may pay again."""
    working = replace(MADE, state=State.WAITING)
    store.save(working, "another")
    run(tmp_path, "UPDATE generation SET record = 'torn', owner = ?, task_id = ?", owner, task_id)
    with pytest.raises(TakenOver) as taken:
        store.save_own(working, "me")
    assert taken.value.found == Owned(replace(working, task_id=task_id), owner)
    run(tmp_path, "UPDATE generation SET owner = 'me', task_id = 'task-1'")
    store.save_own(working, "me")
    assert store.load(MADE.id) == Owned(working, "me")


def test_what_another_one_has_finished_meanwhile_is_not_submitted(store: Store) -> None:
    store.save(MADE)
    with pytest.raises(TakenOver):
        store.save_own(replace(MADE, state=State.SUBMITTING, task_id=""), "me")
    store.save_own(replace(MADE, state=State.PLACED), "me")
    assert store.load(MADE.id) == Owned(replace(MADE, state=State.PLACED), "")


@pytest.mark.parametrize("how", ["the folder", "the file"])
def test_a_store_that_is_cleared_away_is_written_again(
    make_driver: Callable[..., Driver], piapi: Piapi, how: str
) -> None:
    driver = make_driver()
    ready = driver.rest(driver.queue.submit(text_request("a bear"), service_of(piapi)))
    piapi.behaviour.processing_s = 2.0
    generation = driver.queue.submit(text_request("a fox"), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    folder = driver.queue.folder
    if how == "the folder":
        shutil.rmtree(folder)
    else:
        (folder / FILE_NAME).unlink()
    done = driver.rest(generation)
    assert (done.state, done.problem) == (State.READY, "")
    assert (folder / done.folder_name / "model.glb").exists()
    found = {each.generation.id: each for each in Store(folder).load_all()}
    assert found == {each.id: Owned(replace(each, expected_s=None), "") for each in (ready, done)}
    assert Store(folder).known_tasks() == set(piapi.tasks)
    assert len(piapi.creates) == 2


def test_two_blenders_write_again_what_each_of_them_knows(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first, second = make_driver(), make_driver()
    piapi.behaviour.processing_s = 2.0
    one = first.queue.submit(text_request("a bear"), service_of(piapi))
    two = second.queue.submit(text_request("a fox"), service_of(piapi))
    first.until(lambda: first.latest[one.id].state is State.RUNNING)
    second.until(lambda: second.latest[two.id].state is State.RUNNING)
    (first.queue.folder / FILE_NAME).unlink()
    first.queue.look_around()
    second.queue.look_around()
    assert first.rest(one).state is State.READY
    assert second.rest(two).state is State.READY
    found = {each.generation.id: each.generation.state for each in Store(first.queue.folder).load_all()}
    assert found == {one.id: State.READY, two.id: State.READY}
    assert len(piapi.creates) == 2


def test_what_was_decided_while_the_store_was_gone_is_kept(driver: Driver, piapi: Piapi) -> None:
    ready = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    clear_away(driver.queue.folder)
    driver.queue.keep(replace(ready, state=State.PLACED, object_name="a bear"))
    driver.until(lambda: driver.latest[ready.id].state is State.PLACED)
    assert not driver.latest[ready.id].removed
    found = Store(driver.queue.folder).load(ready.id)
    assert found is not None
    assert found.generation.object_name == "a bear"


@pytest.mark.parametrize(
    "record", ["[" + "[]," * 1_300_000 + "[]]", '{}\0"' + "x" * 30_000_000], ids=["lists", "behind a NUL"]
)
def test_a_row_is_bounded_before_it_is_read(store: Store, tmp_path: Path, record: str) -> None:
    run(tmp_path, "INSERT INTO generation VALUES ('odd', 'ready', 0, 'm', 'u', NULL, ?, '', 't')", record)
    del record
    tracemalloc.start()
    assert store.load_all() == [Owned(MADE, "")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25 * 2**20


def test_what_is_told_of_a_row_is_cut_after_the_secrets_are_out(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    know(KEY)
    run(tmp_path, "UPDATE generation SET record = ?", changed(MADE, state="s" * 185 + KEY))
    assert store.load_all() == []
    assert "sss" in caplog.text
    assert KEY[:6] not in caplog.text


@pytest.mark.parametrize("owner", ["a\0b", "x" * 5000, "..", "/", "\ufffd"])
def test_an_owner_that_is_none_is_nobody(driver: Driver, owner: str) -> None:
    store = Store(driver.queue.folder)
    odd = replace(new_generation(text_request(), "https://api.example", 1.0), state=State.WAITING, task_id="task-2")
    store.save(odd, "somebody")
    store.save(MADE)
    run(driver.queue.folder, "UPDATE generation SET owner = ? WHERE id = ?", owner, odd.id)
    driver.queue.load()
    driver.until(lambda: driver.queue.has_loaded)
    assert set(driver.latest) == {odd.id, MADE.id}
    assert driver.latest[odd.id].interrupted


def test_a_folder_that_is_no_utf_8_is_told_in_words_that_are(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    for said in (str(FolderUnusable(folder, "no")), str(DiskFull(folder))):
        assert said.encode()


def test_a_store_that_is_taken_away_while_it_is_written_is_written_again(store: Store, tmp_path: Path) -> None:
    """Guards `again_where_moved`."""
    prepare, codes = store._file._prepare, [sqlite3.SQLITE_IOERR_DELETE_NOENT, sqlite3.SQLITE_CANTOPEN]

    def taking_away(db: sqlite3.Connection) -> None:
        if codes:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = codes.pop()
            raise error
        prepare(db)

    store._file._prepare = taking_away  # type: ignore[method-assign]
    store.save(MADE)
    assert Store(tmp_path).load_all() == [Owned(MADE, "")]


def test_a_folder_that_is_cleared_away_during_a_download_is_made_again(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.sending_s = 1.5
    generation = driver.queue.submit(text_request(), service_of(piapi))
    part = driver.queue.folder / generation.folder_name / "model.part"
    driver.until(part.exists)
    clear_away(driver.queue.folder)
    piapi.behaviour.sending_s = 0.0
    done = driver.rest(generation)
    assert (done.state, done.problem) == (State.READY, "")
    assert part.with_name("model.glb").exists()


def clear_away(folder: Path) -> None:
    """Removes a folder that threads may just be writing into."""
    while True:
        try:
            shutil.rmtree(folder)
            return
        except OSError:
            time.sleep(0.01)


def test_a_picture_that_is_cleared_away_before_it_is_sent_is_written_again(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver(at_once=1)
    piapi.behaviour.processing_s = 1.0
    first = driver.queue.submit(text_request(), service_of(piapi))
    waiting = driver.queue.submit(image_request(), service_of(piapi))
    picture = driver.queue.folder / waiting.folder_name / "input.png"
    driver.until(lambda: picture.exists() and driver.latest[first.id].state is State.RUNNING)
    sent = picture.read_bytes()
    clear_away(driver.queue.folder)
    assert driver.rest(waiting).state is State.READY
    assert picture.read_bytes() == sent
    assert base64.b64decode(piapi.creates[-1]["input"]["image"].partition(",")[2]) == sent


def test_what_is_in_the_store_is_on_the_disk_itself(tmp_path: Path) -> None:
    """macOS needs to be told so, or a power cut takes what was paid for."""
    with Store(tmp_path)._file.opened() as db:
        kept = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("fullfsync", "synchronous", "journal_mode")]
    assert kept == [1, 3, "delete"]


def test_every_step_is_in_the_store_before_it_is_taken(driver: Driver, piapi: Piapi) -> None:
    seen: list[str] = []
    store = Store(driver.queue.folder)
    original = piapi._answer

    def looking(step: str, *rest: object) -> object:
        seen.append(f"{step}: {store.load_all()[0].generation.state.value}")
        return original(step, *rest)  # type: ignore[arg-type]

    piapi._answer = looking  # type: ignore[method-assign,assignment]
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert seen[0] == "create: submitting"
    assert seen[-1] == "file: downloading"
    assert set(seen[1:-1]) <= {"get: waiting", "get: running"}


def test_the_key_is_in_no_file(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(401, {"message": f"no such key {KEY}"}))
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    files = [path for path in driver.queue.folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not any(KEY.encode() in path.read_bytes() for path in files)


def test_a_disk_that_fills_up_meanwhile_loses_no_task(
    driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = driver.queue.folder / "generations.sqlite3"
    original = piapi._create

    def create_and_break(payload: dict[str, object]) -> object:
        store.rename(store.with_suffix(".aside"))
        store.mkdir()
        return original(payload)

    piapi._create = create_and_break  # type: ignore[method-assign,assignment]
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert (parked.parked, parked.task_id in piapi.tasks) == (True, True)
    assert "is not lost" in parked.problem
    store.rmdir()
    store.with_suffix(".aside").rename(store)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_a_name_no_file_can_hold_and_a_row_no_one_can_read_stop_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver()
    odd = replace(text_request(), name="bad\udcff", prompt="bad\udcff")
    assert driver.rest(driver.queue.submit(odd, service_of(piapi))).state is State.READY
    good = driver.rest(driver.queue.submit(text_request("bad\udcff"), service_of(piapi)))
    assert good.state is State.READY
    with sqlite3.connect(driver.queue.folder / "generations.sqlite3") as db:
        db.execute("INSERT INTO generation VALUES ('odd', 'ready', 1, 'm', 'u', NULL, '{\"unknown\": 1}', '', '')")
    db.close()
    other = make_driver()
    other.queue.load()
    other.until(lambda: good.id in other.latest)


def test_the_time_spent_parked_is_no_usual_duration(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("get", Fault(404))
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    piapi.fail_always("get", None)
    driver.rest(driver.queue.resume(parked, service_of(piapi)))
    assert Store(driver.queue.folder).usual_duration_s("Qubico/trellis", piapi.url) is None
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert Store(driver.queue.folder).usual_duration_s("Qubico/trellis", piapi.url) is not None


def test_the_usual_duration_is_the_median_of_those_that_are_none_of_a_clock(store: Store) -> None:
    for number, took_s in enumerate((10.0, 0.0, 80.0, 20.0, 30.0, DURATION_MAX_S + 1, 90.0)):
        sent = replace(MADE, id=f"{number:032}", task_id=f"task-{number}", submitted_at=1000.0)
        store.save(replace(sent, finished_at=1000.0 + took_s))
    store.save(replace(MADE, finished_at=85.0))
    assert store.usual_duration_s(MADE.request.model, MADE.api_url) == 30.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"no database at all " * 500,
        lambda content: content[:5000],
        lambda content: content[:4096] + bytes(4096) + content[8192:],
    ],
)
def test_a_damaged_list_is_called_one_and_nothing_is_sent(
    make_driver: Callable[..., Driver], piapi: Piapi, damage: Callable[[bytes], bytes]
) -> None:
    first = make_driver()
    made = first.rest(first.queue.submit(text_request(), service_of(piapi)))
    first.until(lambda: not first.queue._workers.are_at_work)
    assert first.queue.close(5)
    path = first.queue.folder / FILE_NAME
    path.write_bytes(damage(path.read_bytes()))
    second = make_driver()
    failed = second.rest(second.queue.submit(text_request("a fox"), service_of(piapi)))
    assert failed.state is State.FAILED
    assert failed.problem.startswith(f"The file of the list, {path}, is damaged (")
    assert failed.problem.endswith("Nothing was sent and nothing charged.")
    # As it says.
    path.rename(path.with_suffix(".damaged"))
    assert second.rest(second.queue.submit_again(failed, service_of(piapi))).state is State.READY
    assert (second.queue.folder / made.folder_name / "model.glb").is_file()
    assert len(piapi.creates) == 2


@pytest.mark.parametrize(
    ("state", "taken_from"),
    [
        (State.RUNNING, {State.SUBMITTING, State.WAITING, State.RUNNING, State.DOWNLOADING, State.OUTCOME_UNKNOWN}),
        (State.SUBMITTING, {State.SUBMITTING, State.OUTCOME_UNKNOWN}),
        (State.QUEUED, {State.QUEUED, State.FAILED, State.OUTCOME_UNKNOWN}),
    ],
)
def test_a_generation_is_taken_up_only_from_where_nothing_is_paid_twice(
    store: Store, state: State, taken_from: set[State]
) -> None:
    found = set()
    for there in State:
        known = replace(new_generation(text_request(), "https://api.piapi.ai", 100.0), state=there)
        store.save(known)
        if store.take(replace(known, state=state), "me", lambda _: False) is None:
            found.add(there)
    assert found == taken_from
