"""A process that generates ten models is killed at any moment, again and again: nothing is lost, nothing paid twice."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import Driver, image_request, service_of
from killing import Killing, seed_of_the_day
from service import Piapi

KILLS, KILLS_IN_SHORT = 200, 8
EACH_STATE = 10


@pytest.mark.soak
def test_killed_at_any_moment(
    tmp_path: Path, piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    killing = Killing("plain", tmp_path / "generations", tmp_path, piapi, seed_of_the_day())
    killing.run(KILLS if soak else KILLS_IN_SHORT)
    killing.compare()
    record_property("count", killing.told("a plain process"))
    if soak:
        few = {state: killing.tally[state] for state in ("submitting", "waiting", "downloading", "placing")}
        assert min(few.values()) >= EACH_STATE, few
        assert killing.tally["accepted, not answered"] >= EACH_STATE


def test_a_picture_of_no_generation_goes_after_an_hour_and_nothing_else(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first = make_driver()
    model = first.rest(first.queue.submit(image_request(), service_of(piapi)))
    folder = first.queue.folder
    contents = {
        "generation-cut": ["input.png.part"],
        "generation-unsent": ["input.png"],
        "generation-nothing": [],
        "generation-paid": ["input.png", "model.glb"],
        "generation-fresh": ["input.png"],
        "mine": ["input.png"],
    }
    for name, files in contents.items():
        (folder / name).mkdir()
        for file in files:
            (folder / name / file).touch()
    for path in folder.iterdir():
        if path.name != "generation-fresh":
            os.utime(path, (0, 0))
    second = make_driver()
    second.queue.load()
    second.until(lambda: not second.queue.is_busy)
    left = {path.name for path in folder.iterdir() if path.is_dir()}
    assert left == {model.folder_name, "generation-paid", "generation-fresh", "mine", "owners"}
