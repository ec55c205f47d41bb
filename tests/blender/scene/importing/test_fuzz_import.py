"""Spoilt models: refused in a sentence, or in the scene. Never a crash, a standstill, a traceback or remains.

Those that pass the add-on's own checks go to Blender in a process of its own.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hostile_glbs import WITHIN, changed
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from mutants import MUTATIONS, Parts, mutant, rich_glb, sources

from trellis_blender.gltf.container import check_glb
from trellis_blender.gltf.errors import ModelUnusable

SEED = 20261122
FILES, FILES_SHORT = 2000, 40
LIMIT_S = 120.0
"""For one file; the real ones take 0.1 s, and the machine may be busy."""
REFUSALS = ("refused by the checks", "refused at import")
FAILURES = ("traceback", "crash", "hang")
OUTCOMES = ("arrived", *REFUSALS, *FAILURES)


class Importer:
    """A child process with Blender in it, replaced when it dies or has to be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.child: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[str] = queue.Queue()

    def take(self, path: Path) -> dict[str, Any]:
        if self.child is None:
            self.child = self._start()
        assert self.child.stdin is not None
        with suppress(BrokenPipeError):
            self.child.stdin.write(f"{path}\n")
            self.child.stdin.flush()
        try:
            line = self.answers.get(timeout=LIMIT_S)
        except queue.Empty:
            self.stop()
            return {"outcome": "hang", "said": f"no answer after {LIMIT_S:.0f} s", "left": []}
        if not line:
            status = self.child.wait()
            self.stop()
            return {"outcome": "crash", "said": f"exit status {status}, {self._log()[-2000:]}", "left": []}
        return json.loads(line)

    def stop(self) -> None:
        if self.child is not None:
            assert self.child.stdin is not None
            self.child.kill()
            self.child.wait()
            with suppress(BrokenPipeError):
                self.child.stdin.close()
            self.child = None

    def _start(self) -> "subprocess.Popen[str]":
        script = Path(__file__).with_name("import_child.py")
        with (self.folder / "child.log").open("w") as log:
            child = subprocess.Popen(
                [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.answers = queue.Queue()
        threading.Thread(target=self._listen, args=(child, self.answers), daemon=True).start()
        return child

    @staticmethod
    def _listen(child: "subprocess.Popen[str]", answers: "queue.Queue[str]") -> None:
        assert child.stdout is not None
        for line in child.stdout:
            answers.put(line)
        answers.put("")
        child.stdout.close()

    def _log(self) -> str:
        return (self.folder / "child.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importer]:
    """One Blender for all: a file leaves nothing behind in it, which is what is tested."""
    importer = Importer(tmp_path_factory.mktemp("importer"))
    yield importer
    importer.stop()


def fate(importer: Importer, path: Path) -> dict[str, Any]:
    try:
        check_glb(path)
    except ModelUnusable as problem:
        return {"outcome": "refused by the checks", "said": str(problem), "left": []}
    return importer.take(path)


def test_what_is_changed_arrives_as_long_as_it_is_not(importer: Importer, tmp_path: Path) -> None:
    for name, content in sources().items():
        path = tmp_path / f"{name}.glb"
        path.write_bytes(content)
        assert fate(importer, path) == {"outcome": "arrived", "said": "", "left": []}, name


@pytest.mark.soak
def test_spoilt_models_arrive_or_are_refused_in_a_sentence(
    importer: Importer, tmp_path: Path, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    found: Counter[str] = Counter()
    wrong: list[str] = []
    whole = sources()

    @seed(SEED)
    @settings(
        max_examples=FILES if soak else FILES_SHORT,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        name=st.sampled_from(sorted(whole)),
        kinds=st.lists(st.sampled_from(sorted(MUTATIONS)), min_size=1, max_size=3),
        number=st.integers(0, 2**32 - 1),
    )
    def spoil(name: str, kinds: list[str], number: int) -> None:
        path = tmp_path / "spoilt.glb"
        path.write_bytes(mutant(whole[name], kinds, number))
        its = fate(importer, path)
        found[its["outcome"]] += 1
        is_sentence = its["outcome"] not in REFUSALS or its["said"].endswith(".")
        if its["outcome"] in FAILURES or its["left"] or not is_sentence:
            wrong.append(f"mutant(sources()[{name!r}], {kinds}, {number}): {its}")

    spoil()
    count = sum(found.values())
    told = ", ".join(f"{found[outcome]} {outcome} ({found[outcome] / count:.0%})" for outcome in OUTCOMES)
    record_property("count", f"{count} spoilt GLBs (seed {SEED}): {told}; {len(wrong)} not as they should")
    assert not wrong, "\n".join(wrong)
    assert count - found["refused by the checks"] >= count / 5


@pytest.mark.parametrize("name", ["half \ud800", "zero \0", "x" * 100_000, "\u202e\u200b", "Trellis import"])
def test_a_model_arrives_whatever_its_parts_are_called(importer: Importer, tmp_path: Path, name: str) -> None:
    parts = Parts(rich_glb())
    for kind in ("scenes", "nodes", "meshes", "materials", "images", "skins", "animations"):
        for part in parts.gltf[kind]:
            part["name"] = name
    attributes = parts.gltf["meshes"][0]["primitives"][0]["attributes"]
    attributes[f"_{name}"] = attributes["POSITION"]
    path = tmp_path / "model.glb"
    path.write_bytes(parts.whole())
    assert fate(importer, path) == {"outcome": "arrived", "said": "", "left": []}


@pytest.mark.parametrize("name", WITHIN)
def test_what_is_just_within_the_limits_takes_seconds(importer: Importer, tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(changed(WITHIN[name]))
    begun = time.monotonic()
    assert fate(importer, path)["outcome"] in {"arrived", "refused at import"}
    assert time.monotonic() - begun < LIMIT_S / 2
