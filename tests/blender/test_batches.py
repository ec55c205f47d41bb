"""Batches in processes of their own: killed at any moment, divided among several, and as large as a studio's."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import seed_of_the_day
from models import box_glb
from places import ROOT
from service import KEY, Behaviour, Piapi

from trellis_blender.batch.folder import INNER
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store

CHILD = Path(__file__).parents[1] / "batch_child.py"
PRICE_USD = 0.04
END_S = 1800.0


class Farm:
    """A table, an output folder, and the processes that work on it, each with a home of its own."""

    def __init__(self, tmp_path: Path, piapi: Piapi, count: int) -> None:
        self.home, self.out, self.table = tmp_path, tmp_path / "out", tmp_path / "props.csv"
        self.piapi = piapi
        self.count = count
        rows = [f"prop {number},{number % 3 or 1 if number % 10 == 0 else 1}" for number in range(count)]
        self.table.write_text("\n".join(["prompt,variations", *rows]) + "\n")
        self.models = sum(int(row.rpartition(",")[2]) for row in rows)
        chance = random.Random(count)
        piapi.ranges = True
        piapi.behaviour_of = lambda _: Behaviour(
            processing_s=chance.uniform(0.05, 0.5), model=box_glb(extras=str(chance.random()))
        )

    def start(
        self, *options: str, number: int = 0, log: Path | None = None, **variables: str
    ) -> "subprocess.Popen[bytes]":
        environ = {
            **os.environ,
            "PIAPI_API_KEY": KEY,
            "PIAPI_API_URL": self.piapi.url,
            "PYTHONPATH": str(ROOT),
            "BLENDER_USER_RESOURCES": str(self.home / f"home-{number}"),
            **variables,
        }
        command = [sys.executable, CHILD, "batch", self.table, "--out", self.out, *options]
        with (log or self.home / f"log-{number}").open("ab") as said:
            return subprocess.Popen(command, env=environ, stdout=said, stderr=subprocess.STDOUT)

    def log(self, number: int = 0) -> str:
        return (self.home / f"log-{number}").read_text(errors="replace")

    def compare(self, *, has_assets: bool = True) -> None:
        """The service's books, the ledgers, the stores and the library agree."""
        stores = sorted((self.out / INNER).glob("*-of-*"))
        found = [each.generation for folder in stores for each in Store(folder).load_all()]
        assert Counter(each.state for each in found) == {State.READY: len(found)}
        assert Counter(each.task_id for each in found) == Counter(dict.fromkeys(self.piapi.tasks, 1))
        assert len(found) == self.models
        lines = [json.loads(line) for each in stores for line in (each / "ledger.jsonl").read_text().splitlines()]
        done = {line["row"]: line for line in lines if line["what"] == "done"}
        assert len(done) == self.count
        assert not [line for line in lines if line["what"] == "failed"]
        listed = [model for line in done.values() for model in line["models"]]
        assert {model["id"] for model in listed} == {each.id for each in found}
        files = {name for model in listed for name in model["files"]}
        assert len(files) == self.models
        if has_assets:
            there = {path.name for path in self.out.iterdir() if path.suffix == ".blend" or ".part" in path.name}
            assert there == files

    def rows_done(self) -> int:
        return len((self.out / "report.csv").read_text("utf-8-sig").splitlines()) - 1


@pytest.mark.soak
def test_a_batch_that_is_killed_at_any_moment(
    tmp_path: Path, piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    kills, rows = (60, 200) if soak else (1, 8)
    farm = Farm(tmp_path, piapi, rows)
    seed = seed_of_the_day()
    chance = random.Random(seed)
    budget = ("--budget", f"{farm.models * PRICE_USD:.2f}", "--at-once", "8")
    for _ in range(kills):
        process = farm.start(*budget)
        begun = len(piapi.tasks)
        until = time.monotonic() + 60
        # Most of the time a process takes is Blender's start; some are killed during that.
        while process.poll() is None and len(piapi.tasks) == begun and chance.random() > 0.0005:
            assert time.monotonic() < until, farm.log()
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.2))
        process.kill()
        process.wait()
    assert farm.start(*budget).wait(END_S) == 0, farm.log()
    farm.compare()
    assert "Traceback" not in farm.log()
    record_property(
        "count", f"{kills} kills of a batch (seed {seed}): {rows} rows, {farm.models} models, each paid once"
    )


@pytest.mark.soak
def test_shards_in_processes_of_their_own(
    tmp_path: Path, piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    shards, rows = (10, 100) if soak else (2, 6)
    farm = Farm(tmp_path, piapi, rows)
    budget = ("--budget", f"{farm.models * PRICE_USD:.2f}")
    begun = [farm.start("--shard", f"{number}/{shards}", *budget, number=number) for number in range(1, shards + 1)]
    killed = (begun[0], begun[-1])[: 2 if soak else 1]
    until = time.monotonic() + 120
    while len(piapi.tasks) < rows // 4 and time.monotonic() < until:
        time.sleep(0.01)
    for process in killed:
        process.kill()
        process.wait()
    # Elsewhere: with another home.
    again = [
        farm.start("--shard", f"{begun.index(process) + 1}/{shards}", *budget, number=100 + begun.index(process))
        for process in killed
    ]
    codes = [process.wait(END_S) for process in [*again, *(each for each in begun if each not in killed)]]
    assert set(codes) == {0}, codes
    farm.compare()
    assert farm.rows_done() == rows
    record_property(
        "count", f"{shards} shards, {len(killed)} killed and started elsewhere: {rows} rows, each made once"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_log_on_a_full_disk_ends_nothing(tmp_path: Path, piapi: Piapi) -> None:
    farm = Farm(tmp_path, piapi, 2)
    farm.start("--as", "glb", log=Path("/dev/full")).wait(END_S)
    farm.compare(has_assets=False)
    assert farm.rows_done() == 2
