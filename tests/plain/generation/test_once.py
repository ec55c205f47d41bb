"""A generation is worked on once: whatever is asked for twice, while others die and the store is locked."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, service_of, text_request
from places import ROOT
from service import KEY, Fault, Piapi
from test_store import FILE_NAME, run

from trellis_blender.generation.limits.rate_limit import PIAPI
from trellis_blender.generation.lookups.questions import Question, Topic
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.store.owners import Owner
from trellis_blender.piapi.service import Service


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The store as another program holds it: nobody writes, nobody reads."""
    import sqlite3

    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


def orphan(first: Driver, second: Driver, piapi: Piapi, state: State = State.RUNNING) -> Generation:
    """Left by the first Blender, which is dead; the second one saw it being worked on."""
    piapi.behaviour.processing_s = 2.0
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest[generation.id].state is State.RUNNING)
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    assert first.queue.close(5)
    run(first.queue.folder, "UPDATE generation SET owner = 'somebody who is dead'")
    return generation


def test_looks_that_pile_up_behind_a_locked_store_tell_of_an_interruption_once(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first, second = make_driver(), make_driver()
    generation = orphan(first, second, piapi)
    with locked(first.queue.folder):
        for _ in range(5):
            second.queue.look_at(generation.id)
        time.sleep(1.0)
    second.until(lambda: second.latest[generation.id].interrupted or not second.queue.is_busy)
    second.until(lambda: not second.queue.is_busy)
    assert sum(each.interrupted for each in second.history[generation.id]) == 1


def test_resumed_again_and_again_it_ends_as_one_model(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """A resume of what it was before, that comes when it is long done: the finished model stays."""
    first, second = make_driver(), make_driver()
    generation = orphan(first, second, piapi)
    second.queue.look_at(generation.id)
    second.until(lambda: second.latest[generation.id].interrupted)
    left = second.latest[generation.id]
    stale = replace(left, state=State.SUBMITTING, task_id="")
    for _ in range(3):
        second.queue.resume(left, service_of(piapi))
        second.queue.resume(stale, service_of(piapi))
        second.queue.look_at(generation.id)
        time.sleep(0.2)
    second.until(lambda: not second.queue.is_busy)
    for _ in range(2):
        second.queue.resume(stale, service_of(piapi))
    second.until(lambda: not second.queue.is_busy)
    assert second.latest[generation.id].state is State.READY
    assert State.OUTCOME_UNKNOWN not in {each.state for each in second.history[generation.id]}
    assert (len(piapi.creates), piapi.asked("file")) == (1, 1)


@pytest.mark.parametrize("at_once", [1, 4])
def test_what_waits_or_runs_is_not_submitted_again(
    make_driver: Callable[..., Driver], piapi: Piapi, at_once: int
) -> None:
    driver = make_driver(at_once=at_once)
    piapi.behaviour.processing_s = 1.0
    driver.queue.submit(text_request("a fox"), service_of(piapi))
    generation = driver.queue.submit(text_request("a bear"), service_of(piapi))
    for _ in range(4):
        driver.queue.submit_again(generation, service_of(piapi))
        driver.queue.look_at(generation.id)
        driver.queue.load()
        time.sleep(0.1)
    driver.until(lambda: not driver.queue.is_busy)
    assert driver.latest[generation.id].state is State.READY
    assert sum(create["input"]["prompt"] == "a bear" for create in piapi.creates) == 1
    # Nor is it afterwards, by whoever has not heard that it is ready.
    driver.queue.submit_again(generation, service_of(piapi))
    driver.until(lambda: not driver.queue.is_busy)
    assert driver.latest[generation.id].state is State.READY
    assert len(piapi.creates) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_a_lock_that_is_cleared_away_lets_no_other_one_submit(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first, second = make_driver(at_once=1), make_driver(at_once=4)
    piapi.behaviour.processing_s = 1.5
    first.queue.submit(text_request("a fox"), service_of(piapi))
    waiting = first.queue.submit(text_request("a bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    for path in (first.queue.folder / "owners").iterdir():
        path.unlink()
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    second.queue.submit_again(second.latest[waiting.id], service_of(piapi))
    second.until(lambda: second.latest[waiting.id].state is State.READY or second.latest[waiting.id].elsewhere)
    first.until(lambda: not first.queue.is_busy)
    second.until(lambda: not second.queue.is_busy)
    assert sum(create["input"]["prompt"] == "a bear" for create in piapi.creates) == 1
    assert sum(create["input"]["prompt"] == "a fox" for create in piapi.creates) == 1
    found = {each.generation.id: each.generation.state for each in Store(first.queue.folder).load_all()}
    assert set(found.values()) == {State.READY}


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
@pytest.mark.parametrize("how", ["removed", "replaced", "with its folder"])
def test_an_owner_notices_that_its_file_is_gone(tmp_path: Path, how: str) -> None:
    mine, other = Owner(tmp_path), Owner(tmp_path)
    name = mine.id
    path = tmp_path / "owners" / name
    assert other.is_another(name)
    path.unlink()
    if how == "replaced":
        path.touch()
    elif how == "with its folder":
        path.parent.rmdir()
    assert mine.id == name
    assert other.is_another(name)
    mine.let_go()
    assert not other.is_another(name)


FORK = (
    "import os, sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
    "from trellis_blender.generation.store.owners import Owner;"
    "owner = Owner(Path(sys.argv[2])); name = owner.id;"
    "child = os.fork();"
    "print(name, child, flush=True) if child else None;"
    "os.close(1) if not child else None;"
    "time.sleep(60)"
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(ROOT), str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    name, child = parent.stdout.readline().split()
    mine = Owner(tmp_path)
    try:
        assert mine.is_another(name)
        parent.kill()
        parent.wait()
        os.kill(int(child), 0)
        until = time.monotonic() + 10
        while mine.is_another(name):  # a child that has not had its turn yet has not let go yet
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        os.kill(int(child), 9)
        parent.stdout.close()


NO_FLOCK = """
import ctypes, struct, sys, errno
def refuse_flock():
    # A filter of the kernel's own: every flock of this process fails as on a drive that knows none.
    number = {"x86_64": 73, "aarch64": 32}[__import__("platform").machine()]
    rules = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | errno.ENOLCK), (0x06, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0):
        print("cannot", flush=True); sys.exit(0)
"""
OWN = """
import fcntl, time
refuse_flock()
try:
    fcntl.flock(0, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError as error:
    assert error.errno == errno.ENOLCK
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from trellis_blender.generation.store.owners import Owner
owner, second = Owner(Path(sys.argv[2])), Owner(Path(sys.argv[2]))
alive = [second.is_another(owner.id), owner.is_another(second.id), owner.is_another(sys.argv[3])]
print(owner.id, *alive, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux's kernel")
def test_a_home_that_cannot_be_locked_as_usual_is_got_on_with(tmp_path: Path) -> None:
    def begin(other: str) -> "tuple[subprocess.Popen[str], list[str]]":
        command = [sys.executable, "-c", NO_FLOCK + OWN, str(ROOT), str(tmp_path), other]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline().split()

    first, told = begin("nobody")
    if told == ["cannot"]:
        pytest.skip("no filters here")
    assert told[1:] == ["True", "True", "False"]
    second, told_of_living = begin(told[0])
    first.kill()
    first.wait()
    third, told_of_dead = begin(told[0])
    for process in (second, third):
        process.kill()
        process.wait()
    for process in (first, second, third):
        assert process.stdout is not None
        process.stdout.close()
    assert told_of_living[1:] == ["True", "True", "True"]
    assert told_of_dead[1:] == ["True", "True", "False"]


def test_a_row_whose_thread_cannot_start_says_so_and_closing_goes_through(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver()
    driver.queue.load()
    driver.until(lambda: driver.queue.has_loaded and not driver.queue.is_busy)
    before = threading.stack_size(2**47 if sys.maxsize > 2**32 and os.name != "nt" else 0)
    if os.name == "nt":
        pytest.skip("Windows gives every stack")
    try:
        generation = driver.queue.submit(text_request(), service_of(piapi))
        assert driver.rest(generation).state is State.FAILED
        assert not driver.queue.is_busy
        assert "no room for one more thread" in driver.latest[generation.id].problem
        assert driver.latest[generation.id].problem.endswith("Nothing was sent and nothing charged.")
        assert driver.queue.close(1.0)
    finally:
        threading.stack_size(before)
    assert piapi.creates == []


def test_a_worker_whose_thread_cannot_start_is_told_by_the_dispatcher(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    if os.name == "nt":
        pytest.skip("Windows gives every stack")
    driver = make_driver()
    begun, go = threading.Event(), threading.Event()

    def hold_up() -> None:
        begun.set()
        assert go.wait(10)

    driver.queue._dispatcher.post(hold_up)
    assert begun.wait(10)
    before = threading.stack_size(2**47)
    try:
        generation = driver.queue.submit(text_request(), service_of(piapi))
        go.set()
        assert "no room for one more thread" in driver.rest(generation).problem
    finally:
        threading.stack_size(before)
    driver.until(lambda: not driver.queue.is_busy)
    again = driver.queue.submit_again(driver.latest[generation.id], service_of(piapi))
    assert driver.rest(again).state is State.READY


def test_what_was_taken_over_between_two_tries_is_not_submitted(driver: Driver, piapi: Piapi) -> None:
    """Guards that the store is asked before each of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    generation = driver.queue.submit(text_request(), Service(f"http://127.0.0.1:{port}", KEY))
    store = Store(driver.queue.folder)
    driver.until(lambda: driver.latest[generation.id].state is State.SUBMITTING)
    found = store.load(generation.id)
    assert found is not None
    assert store.take(found.generation, "another", lambda _: False) is None
    time.sleep(0.3)  # one that had asked the store before has failed by now
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.setblocking(False)
        driver.until(lambda: driver.latest[generation.id].elsewhere)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_an_answer_is_told_where_no_thread_can_start_for_what_follows_from_it(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    if os.name == "nt":
        pytest.skip("Windows gives every stack")
    driver = make_driver(polling=PIAPI)
    piapi.fail_always("balance", Fault(stall_s=0.5))
    driver.queue.lookups.ask(Question(Topic.ACCOUNT), service_of(piapi))
    driver.until(lambda: piapi.asked("balance") == 1)
    before = threading.stack_size(2**47)
    try:
        answer = driver.answer()
    finally:
        threading.stack_size(before)
    assert answer.account is not None
