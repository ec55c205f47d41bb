"""Folders that a Blender left behind which ended before it could enter its generation into the store."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from helpers import Driver, image_request, service_of
from service import Fault, Piapi

from trellis_blender.generation.files import ON_ITS_WAY_S, remove_unsent

AGE_S = ON_ITS_WAY_S + 60


def left_behind(folder: Path, name: str, *files: str, age_s: float = AGE_S) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    for file in files:
        (path / file).write_bytes(b"x")
    aged(path, age_s)
    return path


def aged(path: Path, age_s: float = AGE_S) -> None:
    at = time.time() - age_s
    os.utime(path, (at, at))


def test_only_what_was_never_sent_and_is_not_on_its_way_is_removed(tmp_path: Path) -> None:
    never_sent = [
        left_behind(tmp_path, "generation-a", "input.png"),
        left_behind(tmp_path, "generation-b", "input.png.part"),
        left_behind(tmp_path, "generation-c", "input.png", "input.png.part"),
        left_behind(tmp_path, "generation-d"),
    ]
    kept = [
        left_behind(tmp_path, "generation-known", "input.png"),
        left_behind(tmp_path, "generation-made", "input.png", "model.glb"),
        left_behind(tmp_path, "generation-half", "model.glb.part"),
        left_behind(tmp_path, "generation-new", "input.png", age_s=ON_ITS_WAY_S - 60),
        left_behind(tmp_path, "pictures", "input.png"),
    ]
    remove_unsent(tmp_path, {"known"})
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert not any(path.exists() for path in never_sent)
    assert (tmp_path / "generation-made/model.glb").exists()
    remove_unsent(tmp_path / "not there", set())


def test_a_blender_that_starts_clears_up_and_leaves_what_the_store_knows(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first = make_driver()
    piapi.fail("create", Fault(402))
    failed = first.rest(first.queue.submit(image_request(), service_of(piapi)))
    folder = first.queue.folder
    first.queue.close(5)
    aged(folder / failed.folder_name)
    never_sent = left_behind(folder, "generation-0", "input.png")
    second = make_driver()
    second.queue.load()
    second.until(lambda: not never_sent.exists())
    assert second.queue.has_loaded
    assert (folder / failed.folder_name / "input.png").exists()
    assert second.latest[failed.id].problem == failed.problem


def test_a_store_that_cannot_be_read_counts_as_loaded_and_costs_no_folder(
    make_driver: Callable[..., Driver], tmp_path: Path
) -> None:
    folder = tmp_path / "generations"
    left = left_behind(folder, "generation-0", "input.png")
    (folder / "generations.sqlite3").mkdir()
    driver = make_driver()
    driver.queue.load()
    driver.until(lambda: driver.queue.has_loaded)
    assert driver.latest == {}
    assert left.exists()


def test_a_wait_for_something_else_hears_what_was_told_before_it(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first = make_driver()
    piapi.fail("create", Fault(402))
    failed = first.rest(first.queue.submit(image_request(), service_of(piapi)))
    first.queue.close(5)
    second = make_driver()

    def loaded() -> bool:
        while not second.queue.has_loaded:
            time.sleep(0.005)
        return True

    second.queue.load()
    second.until(loaded)
    assert second.latest[failed.id].problem == failed.problem
