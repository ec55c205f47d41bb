"""What several threads write at the same moment is one transaction, and the failure of one is none of the others'."""

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from helpers import text_request

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import FILE_NAME, Store, TakenOver

COUNT = 12


def transactions(folder: Path) -> int:
    """How often the file was written, which SQLite counts in its header."""
    return int.from_bytes((folder / FILE_NAME).read_bytes()[24:28], "big")


def saved_while_locked(store: Store, folder: Path, generations: list[Generation]) -> list[Exception]:
    """Saves each in a thread of its own, while another process writes; what was raised."""
    problems: list[Exception] = []

    def save(generation: Generation) -> None:
        try:
            store.save_own(generation, "me")
        except TakenOver as problem:
            problems.append(problem)

    threads = [threading.Thread(target=save, args=(each,)) for each in generations]
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        other.execute("ROLLBACK")
    for thread in threads:
        thread.join(10)
    return problems


def fresh() -> list[Generation]:
    return [replace(new_generation(text_request(), "http://x", 1.0), state=State.SUBMITTING) for _ in range(COUNT)]


def test_threads_that_wait_for_the_disk_write_together(tmp_path: Path) -> None:
    store, generations = Store(tmp_path), fresh()
    store.ids()
    before = transactions(tmp_path)
    assert saved_while_locked(store, tmp_path, generations) == []
    assert store.ids() == {each.id for each in generations}
    assert transactions(tmp_path) - before <= 3, "each waited for the disk by itself"


def test_one_that_is_refused_hinders_no_other(tmp_path: Path) -> None:
    store, generations = Store(tmp_path), fresh()
    store.save(generations[5], "another")
    problems = saved_while_locked(store, tmp_path, generations)
    assert [type(each) for each in problems] == [TakenOver]
    owners = {each.generation.id: each.owner_id for each in store.load_all()}
    assert owners == {each.id: "another" if each is generations[5] else "me" for each in generations}
