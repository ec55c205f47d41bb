#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the add-on takes of Blender, of the network and of patience: `python3 scripts/bench.py`.

`--check` measures only what has a limit, some of it side by side, and ends with 1 where one is passed; `--times 4`
allows four times the limits of what is no ratio. Ratios are taken pair by pair within one run, so that they hold on a
slow machine and on a busy one. What drawing takes is measured in each program that `--blender` names, because the
module has no window.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import ROOT, blender_environment, environment, newest_blender

BENCHMARKS = ROOT / "scripts" / "benchmarks"
FIXTURES = ROOT.parent / "shared" / "fixtures"
STARTS = 7
QUIETEST_OF = 3
"""A turn takes a tenth of a millisecond, so its 99th percentile tells what else the machine is doing."""
REGISTRATION_MAX = 0.45
"""0.37 to 0.48 from run to run: where memory is touched for the first time, it takes longer, `requests` does not."""
PLACEHOLDERS = 20
ROWS = 1000
FINISHED = 100_000
QUADS = (40_000, 3_000, 1024)
WINDOW_LIMIT_S = 400
ARRIVAL_PAIRS = 7
ARRIVAL_MAX = 0.35
BIG_MODEL = "1,000,000 triangles, two 4096² WebP.glb"
ARRIVAL_OF_BIG_MAX = 0.25
ARRIVING = ((100_000, 2048), (1_000_000, 4096))
"""In a window: triangles, and the side of a texture in pixels. With `--check` the largest in the last program alone."""
ARRIVING_ROUNDS = 5
ARRIVING_MAX = 0.5
STRETCH_TRIANGLES, STRETCH_MAX_MS = 100_000, 60
DOWNLOAD_MB = 64
DOWNLOADS = 7
FOLLOWED = 25
RATIO_TIMES_MAX = 1.4
KEY = "test-key-0123456789abcdef"


class Figure(NamedTuple):
    """Samples of one thing. `limit` None is only printed; `percentile` is what the limit holds for."""

    name: str
    samples: list[float]
    unit: str
    limit: float | None = None
    percentile: int = 50

    @property
    def value(self) -> float:
        """The sample that the limit is held against."""
        ordered = sorted(self.samples)
        if self.percentile == 50:
            return statistics.median(ordered)
        return ordered[min(len(ordered) * self.percentile // 100, len(ordered) - 1)]

    def allowed(self, times: float) -> float | None:
        """The limit, so many times where it is no ratio; on a busy machine a ratio only wavers."""
        if self.limit is None:
            return None
        return self.limit * (min(times, RATIO_TIMES_MAX) if self.unit == "times" else times)

    def line(self, times: float) -> str:
        """Name, value, spread, limit."""
        allowed = self.allowed(times)
        what = "median" if self.percentile == 50 else f"{self.percentile} %"
        spread = f"{what}, {min(self.samples):.2f}–{max(self.samples):.2f}"
        limit = "" if allowed is None else f"at most {allowed:g}"
        missed = "   MISSED" if self.is_missed(times) else ""
        return f"{self.name:<66} {self.value:9.2f} {self.unit:<9} ({spread})  {limit}{missed}".rstrip()

    def is_missed(self, times: float) -> bool:
        """Whether what is allowed is passed."""
        allowed = self.allowed(times)
        return allowed is not None and self.value > allowed


class Extent(NamedTuple):
    """How much is measured: only what has a limit, which may be passed so many `times`, or all."""

    only_limits: bool
    times: float

    def rounds(self, count: int) -> int:
        """How often something is measured that is measured `count` times in full."""
        return (count + 1) // 2 if self.only_limits else count


Measure = Callable[[Extent], Iterator[Figure]]


def main() -> int:
    """Measures, prints, and checks where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="end with 1 where a limit is passed")
    parser.add_argument("--times", type=float, default=1.0, help="allow so many times the limits that are no ratios")
    parser.add_argument(
        "--blender", action="append", default=[], type=Path, metavar="PATH", help="also drawing, with this program"
    )
    options = parser.parse_args()

    version, python = newest_blender()
    with ThreadPoolExecutor() as pool:
        module = pool.submit(blender_environment, version, python)
        tools = environment("tools", python, "tools")
        blender = module.result()
    print(f"Blender {version} as a module, {os.cpu_count()} processors", flush=True)
    extent = Extent(options.check, options.times)

    def take(measures: list[Measure]) -> bool:
        """Measures one after the other; whether a limit was passed."""
        missed = False
        for measure in measures:
            for figure in measure(extent):
                if figure.limit is not None or not extent.only_limits:
                    print(figure.line(options.times), flush=True)
                missed |= figure.is_missed(options.times)
        return missed

    # By itself: what takes a tenth of a second is soon doubled by whatever starts beside it.
    missed = [take([partial(registration, blender, tools)])]
    inside = [partial(each, blender, tools) for each in (tick, overlay, arrival, finishing, quads, download)]
    windows: list[list[Measure]] = []
    for program in options.blender:
        sizes = ARRIVING[:1] if options.check and program != options.blender[-1] else ARRIVING
        windows.append([partial(drawing, program, tools), partial(arriving, program, tools, sizes)])
    waits: list[Measure] = [partial(following, tools)]
    # Two that work, which is what two processors bear, and one that waits.
    at_once = [sum(windows[:-1], inside), *windows[-1:], waits] if options.check else [sum(windows, inside + waits)]
    with ThreadPoolExecutor() as pool:
        missed += pool.map(take, at_once)
    if not options.blender:
        print(f"Drawing {ROWS:,} rows and {PLACEHOLDERS} placeholders needs a window (--blender PATH): left out.")
    return 1 if options.check and any(missed) else 0


def registration(blender: Path, _: Path, extent: Extent) -> Iterator[Figure]:
    """Enabling the add-on in a fresh Blender, as often as a bare panel and as `import requests`."""
    whats = ("trellis_blender", "bare_panel", "requests")
    starts = range(extent.rounds(STARTS) + 1)
    rounds = [[run(blender, "registration.py", what) for what in whats] for _ in starts][1:]
    yield Figure("Registration", [ours * 1000 for ours, _, _ in rounds], "ms", 60)
    yield Figure("Registration against a bare panel", [ours / bare for ours, bare, _ in rounds], "times")
    ratios = [ours / other for ours, _, other in rounds]
    yield Figure("Registration against “import requests”", ratios, "times", REGISTRATION_MAX)


def tick(blender: Path, tools: Path, extent: Extent) -> Iterator[Figure]:
    """The monitor's turns while four generations at a time report their progress; the quietest of several runs."""
    for count in (0, 1, 100):
        runs: list[Figure] = []
        name = f"A turn of the monitor, {count} generation{'s' * (count != 1)}"
        for _ in range(QUIETEST_OF):
            with served(tools, "tasks") as url:
                took_s = run(blender, "tick.py", url, str(count))
            runs.append(Figure(name, [seconds * 1000 for seconds in took_s], "ms", 1, percentile=99))
            if extent.only_limits and not runs[-1].is_missed(extent.times):
                break
        yield min(runs, key=lambda figure: figure.value)


def overlay(blender: Path, tools: Path, _: Extent) -> Iterator[Figure]:
    """What is drawn over placeholders, but for the drawing, which needs a window."""
    with served(tools, "tasks") as url:
        took_ms = run(blender, "overlay.py", url, str(PLACEHOLDERS))
    yield Figure(f"The overlay's texts and places, {PLACEHOLDERS} running", took_ms, "ms", 2)


def drawing(program: Path, tools: Path, _: Extent) -> Iterator[Figure]:
    """The draw functions in a program with a window. Blender's letters are counted apart: from 5.0 on they are slow in
    software, and no other program draws them.
    """
    with served(tools, "tasks") as url:
        took_ms = in_window(program, url, "window.py", str(ROWS), str(PLACEHOLDERS))
    yield Figure(f"Drawing the list of {ROWS:,}, {version_of(program)}", took_ms["list at rest"], "ms", 1)
    yield Figure(f"Drawing it with {PLACEHOLDERS} running", took_ms["list running"], "ms", 1)
    yield Figure(f"Drawing over {PLACEHOLDERS} placeholders", took_ms["overlay"], "ms", 2)
    yield Figure("Blender's letters in it, beside that", took_ms["letters"], "ms")


def arriving(program: Path, tools: Path, sizes: tuple[tuple[int, int], ...], extent: Extent) -> Iterator[Figure]:
    """A whole arrival in a window, with its undo step and its picture for the list, against File > Import."""
    with tempfile.TemporaryDirectory() as folder:
        for triangles, side in sizes:
            path = Path(folder, f"{triangles:,} triangles, two {side}² WebP.glb")
            run(tools, "big_model.py", str(path), str(triangles), str(side))
            count = str(extent.rounds(ARRIVING_ROUNDS))
            rounds = in_window(program, "http://127.0.0.1:9", "window_arrival.py", str(path), count)
            what = f"Arrival of {path.stem} in a window, {version_of(program)}"
            yield Figure(what, [each["all"] * 1000 for each in rounds], "ms")
            ratios = [each["all"] / each["import"] for each in rounds]
            yield Figure("Against File > Import of the same", ratios, "times", ARRIVING_MAX)
            longest = STRETCH_MAX_MS if triangles <= STRETCH_TRIANGLES else None
            yield Figure("Its longest stretch", [each["longest"] * 1000 for each in rounds], "ms", longest)
            yield Figure("Saving it as an asset", [each["asset"] * 1000 for each in rounds], "ms", longest)
            for part in rounds[0]["parts"]:
                yield Figure(f"A part of it: {part}", [each["parts"].get(part, 0) * 1000 for each in rounds], "ms")


def arrival(blender: Path, tools: Path, extent: Extent) -> Iterator[Figure]:
    """The main thread's time for a model that arrives, and what the thread takes that has read it before."""
    with tempfile.TemporaryDirectory() as folder:
        big = Path(folder, BIG_MODEL)
        run(tools, "big_model.py", str(big), "1000000", "4096")
        files = [*sorted(FIXTURES.glob("*.glb")), big]
        if len(files) == 1:
            print("The service's own models are not at hand: left out.")
        measured = run(blender, "arrival.py", str(extent.rounds(ARRIVAL_PAIRS)), *map(str, files))
        for path, found in zip(files, measured, strict=True):
            ratios = [ours / bare for ours, bare in found["pairs"]]
            limit = ARRIVAL_OF_BIG_MAX if path == big else ARRIVAL_MAX
            yield Figure(f"Arrival of {path.stem}", [ours * 1000 for ours, _ in found["pairs"]], "ms")
            yield Figure(f"Arrival of {path.stem} against Blender's bare import", ratios, "times", limit)
            yield Figure(f"Reading {path.stem} in a thread", [found["read_s"] * 1000], "ms")
            yield Figure("Peak memory of it", [found["peak_bytes"] / 2**20], "MB")


def finishing(blender: Path, _: Path, extent: Extent) -> Iterator[Figure]:
    """The main thread's longest stretches of a model that is finished."""
    for triangles, limit in ((FINISHED, 100), (FINISHED * 10, None)):
        if limit is None and extent.only_limits:
            continue
        took_s = run(blender, "finishing.py", str(triangles))
        took_ms = {name: [seconds * 1000 for seconds in found] for name, found in took_s.items()}
        yield Figure(
            f"Finishing {triangles:,} triangles, default preset", took_ms["default"], "ms", limit, percentile=99
        )
        yield Figure(f"Handing {triangles:,} to a Blender of its own", took_ms["given"], "ms", limit, percentile=99)
        yield Figure("Taking 10,000 back", took_ms["taken"], "ms", limit, percentile=99)


def quads(blender: Path, _: Path, extent: Extent) -> Iterator[Figure]:
    """A model rebuilt from quads with textures, by a second Blender, and the main thread's share of it."""
    if extent.only_limits:
        return
    found = run(blender, "quads.py", *map(str, QUADS))
    triangles, faces, side_px = QUADS
    what = f"{triangles:,} triangles to {faces:,} quads with {side_px}² textures"
    yield Figure(what, [found["ours"]], "s")
    yield Figure("The same against QuadriFlow and two bakes called bare", [found["ours"] / found["bare"]], "times")
    yield Figure("Handing it over", [found["given"] * 1000], "ms")
    yield Figure("Taking it back", [found["taken"] * 1000], "ms")


def download(_: Path, tools: Path, extent: Extent) -> Iterator[Figure]:
    """A large model onto the disk, checked and durable, against `requests` and a file that is as durable.

    Against a file that is not, it is only printed: the difference is how long the disk takes to write all of it.
    """
    ways = ("ours", "plain", "durable")
    with served(tools, "file", str(DOWNLOAD_MB)) as url:
        rounds = range(extent.rounds(DOWNLOADS) + 1)
        runs = [[run(tools, "download.py", url, way, "3") for way in ways] for _ in rounds][1:]
    took = [[min(each["took_s"]) for each in measured] for measured in runs]
    peaks = [ours["peak_bytes"] / plain["peak_bytes"] for ours, plain, _ in runs]
    what = f"Download of {DOWNLOAD_MB} MB against plain “requests”"
    yield Figure(f"{what} and fsync", [ours / durable for ours, _, durable in took], "times", 1.1)
    yield Figure(f"{what}, nothing made durable", [ours / plain for ours, plain, _ in took], "times")
    yield Figure("Peak memory of it", [ours["peak_bytes"] / 2**20 for ours, _, _ in runs], "MB")
    yield Figure("Peak memory of it against plain “requests”", peaks, "times")


def following(tools: Path, extent: Extent) -> Iterator[Figure]:
    """Polls and waiting, for an account whose plan allows 60 requests a minute; the free plan's beside it."""
    plans = ("creator",) if extent.only_limits else ("creator", "free")
    commands = {plan: [tools, BENCHMARKS / "following.py", plan, str(FOLLOWED)] for plan in plans}
    started = {plan: subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for plan, command in commands.items()}
    found = {plan: json.loads(process.communicate()[0]) for plan, process in started.items()}
    for plan in plans:
        limits = (15.0, 2.0) if plan == "creator" else (None, None)
        where = f"task of 25–60 s, {plan} plan"
        yield Figure(f"Requests, {where}", found[plan]["requests"], "requests", limits[0])
        yield Figure(f"From completed to ready, {where}", found[plan]["late_s"], "s", limits[1])


def version_of(program: Path) -> str:
    """As the program says it: "Blender 5.2.2"."""
    told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return next(line for line in told.splitlines() if line.startswith("Blender"))


def in_window(program: Path, url: str, script: str, *arguments: str) -> Any:
    """What a benchmark printed as its last line, in a program with a window and a profile of its own."""
    command = [
        str(program),
        "--factory-startup",
        "--python-exit-code",
        "97",
        "--python",
        str(BENCHMARKS / script),
        "--",
    ]
    with tempfile.TemporaryDirectory() as folder:
        environ = {"BLENDER_USER_RESOURCES": folder, "PIAPI_API_URL": url, "PIAPI_API_KEY": KEY}
        return printed([*command, *arguments], environ, WINDOW_LIMIT_S)


def run(python: Path, script: str, *arguments: str) -> Any:
    """What a benchmark printed as its last line; None where it printed nothing."""
    return printed([str(python), str(BENCHMARKS / script), *arguments])


def printed(command: list[str], more_environ: dict[str, str] | None = None, limit_s: float | None = None) -> Any:
    """The last line of a command's output, read as JSON; None where there is none."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environ | (more_environ or {}), timeout=limit_s
    )
    if result.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr[-3000:]}")
    lines = result.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else None


@contextmanager
def served(python: Path, *arguments: str) -> Iterator[str]:
    """The address of a service in a process of its own."""
    command = [python, BENCHMARKS / "serve.py", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
