# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands about single generations, the account and the costs: what the list and the panel Account do."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...batch.folder import INNER
from ...batch.outcome import Code
from ...batch.row import Defaults, read_row
from ...batch.studio import NotTakenIn
from ...batch.table import TableRow
from ...generation.files import MODEL_NAME
from ...generation.lookups.questions import Topic
from ...generation.record.costs import dollars, price
from ...generation.states import State
from ...piapi.models import InputUnusable
from ..batch import studio
from ..batch.outputs import written
from ..batch.studio import empty_file
from ..generate import submission
from ..monitor import arrival
from ..state import configuration, session
from ..text import formats, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...generation.record.generation import Generation

SAMPLERS = ("ss_sampling_steps", "slat_sampling_steps", "ss_guidance_strength", "slat_guidance_strength")
PLACEABLE = frozenset({State.READY, State.PLACED})
STEP_S = 0.02


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def generate(options: argparse.Namespace) -> int:
    """One model, in a file."""

    out = options.out.expanduser().resolve()
    if out.suffix.lower() not in {".glb", ".blend"}:
        raise InputUnusable(f"--out is “{out.name}”. Its name has to end in .glb or .blend.")
    cells = {"prompt": options.prompt, "image": options.image, "model": options.model, "seed": options.seed}
    cells |= {"size_m": options.size, "finish": options.finish} | {name: getattr(options, name) for name in SAMPLERS}
    row = read_row(TableRow(1, {name: cell for name, cell in cells.items() if cell}), Defaults(Path.cwd()))
    if row.problem:
        raise InputUnusable(row.problem)
    if reason := configuration.why_not_ready(row.model):
        raise configuration.NotReady(reason)
    _say(f"“{formats.plain(row.name)}” · {price(row.price_usd)}")
    (number,) = submission.submit(studio.compose(row))
    generation = session.current().wait_for(number)
    if generation.state is not State.READY:
        _say(formats.plain(rows.outcome([generation])))
        return Code.SOME_FAILED
    empty_file()
    try:
        notes = studio.BlenderStudio(out.parent, ()).save_as(row, generation, _glb(generation), out)
    except NotTakenIn as problem:
        _say(f"{problem} The model is kept: “fetch {generation.id} --out FILE” copies it.")
        return Code.SOME_FAILED
    for note in notes:
        _say(formats.plain(note))
    _say(f"{out} · {dollars(generation.cost_usd)} · id {generation.id}")
    return Code.ALL_THERE


def list_all(options: argparse.Namespace) -> int:
    """Every generation on a line."""
    for generation in _all(options.batch):
        if options.json:
            _say(json.dumps(_facts(generation), ensure_ascii=True))
        else:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(generation.created_at))
            stage = rows.STAGES[generation.state]
            cost = price(generation.cost_usd)
            _say(f"{generation.id}  {when}  {stage:<15}  {cost:<8}  {formats.plain(generation.request.name)}")
    return Code.ALL_THERE


def fetch(options: argparse.Namespace) -> int:
    """A generation of the list that is not here yet, or a task of the account."""
    found = session.current()
    found.wait_until_loaded()
    generation = _known(options.id)
    if generation is None:
        found.ask(Topic.TASK, options.id)
        answer = found.wait_for_answer(Topic.TASK)
        if answer.problem:
            raise InputUnusable(answer.problem)
        _until(lambda: _known(options.id) is not None)
        generation = _known(options.id)
    elif generation.parked and generation.state not in PLACEABLE:
        found.queue.resume(generation, found.its_service(generation))
        found.drain()
    assert generation is not None
    generation = found.wait_for(generation.id)
    if generation.state not in PLACEABLE:
        _say(formats.plain(generation.problem) or rows.STAGES[generation.state])
        return Code.SOME_FAILED
    path = glb = _glb(generation)
    if options.out is not None:
        try:
            path = written(options.out.expanduser().resolve(), lambda part: shutil.copyfile(glb, part))
        except NotTakenIn as problem:
            _say(f"{problem} The model is kept: “fetch {generation.id} --out FILE” copies it.")
            return Code.SOME_FAILED
    _say(f"{path} · id {generation.id}")
    return Code.ALL_THERE


def place(options: argparse.Namespace) -> int:
    """A model into a .blend file."""
    found = session.current()
    found.wait_until_loaded()
    generation = _known(options.id)
    if generation is None or generation.state not in PLACEABLE:
        raise InputUnusable(
            f"There is no model “{options.id}” here. “list” shows those there are; “fetch” fetches one."
        )
    into = options.into.expanduser().resolve()
    if into.suffix.lower() != ".blend":
        raise InputUnusable(f"--into is “{into.name}”. Its name has to end in .blend.")
    try:
        if into.is_file():
            bpy.ops.wm.open_mainfile(filepath=str(into), load_ui=False)
        else:
            bpy.ops.wm.read_homefile(use_empty=True, load_ui=False)
        placed = arrival.finished(arrival.place(found.generations[generation.id]))
        if placed.state is not State.PLACED or placed.problem:
            _say(formats.plain(placed.problem))
            return Code.SOME_FAILED
        bpy.ops.wm.save_as_mainfile(filepath=str(into))
    except RuntimeError as error:
        said = " ".join(str(error).split()).removeprefix("Error: ")[:300]
        raise InputUnusable(f"{into} cannot be used ({said}).") from None
    _say(f"“{placed.object_name}” is in {into}. {formats.plain(placed.where)}".rstrip())
    return Code.ALL_THERE


def retry(options: argparse.Namespace) -> int:
    """What failed, as new tasks."""
    found = session.current()
    found.wait_until_loaded()
    failed = [each for each in found.newest_first() if each.state in {State.FAILED, State.OUTCOME_UNKNOWN}]
    wanted = [each for each in failed if each.id in options.id]
    if missing := set(options.id) - {each.id for each in wanted}:
        raise InputUnusable(f"“{min(missing)}” has not failed, or is not in the list. “list” shows what has.")
    if not options.id:
        total = sum(each.request.price_usd for each in failed)
        if not failed:
            _say("Nothing has failed.")
            return Code.ALL_THERE
        _say(f"Failed: {len(failed)}. All of them once more would be {price(total)}. Name those that you want.")
        for each in failed:
            said = formats.plain(f"{each.request.name}: {each.problem}")
            _say(f"{each.id}  {price(each.request.price_usd):<8}  {said}")
        return Code.ALL_THERE
    for each in wanted:
        found.queue.submit_again(each, found.service_for(each.request.model))
    found.drain()
    ended = [found.wait_for(each.id) for each in wanted]
    for each in ended:
        _say(f"{each.id}  {rows.STAGES[each.state]}  {formats.plain(each.problem)}".rstrip())
    return Code.ALL_THERE if all(each.state in PLACEABLE for each in ended) else Code.SOME_FAILED


def account(_: argparse.Namespace) -> int:
    """Whose key it is."""
    found = session.current()
    found.ask(Topic.ACCOUNT)
    answer = found.wait_for_answer(Topic.ACCOUNT)
    if answer.problem or answer.account is None:
        raise configuration.NotReady(answer.problem)
    known = answer.account
    balance = "unknown" if known.balance_usd is None else dollars(known.balance_usd)
    _say(f"account: {known.name}")
    _say(f"plan: {known.plan}")
    _say(f"balance: {balance}")
    _say(f"tasks at once: {known.tasks_at_once or 'unknown'}")
    return Code.ALL_THERE


def export_costs(options: argparse.Namespace) -> int:
    """The table of costs."""
    from ...generation.store.spending import to_csv

    path = options.file.expanduser().resolve()
    if options.batch is not None:
        from ...generation.files import write_whole
        from ...generation.store.database import Store

        tasks = [task for folder in _stores(options.batch) for task in Store(folder).costs()]
        write_whole(path, to_csv(tasks))
        _say(f"{len(tasks)} tasks written to {path}.")
        return Code.ALL_THERE
    found = session.current()
    found.ask(Topic.COSTS_TABLE, path=str(path))
    answer = found.wait_for_answer(Topic.COSTS_TABLE)
    if answer.problem:
        raise InputUnusable(answer.problem)
    _say(f"{answer.rows} tasks written to {path}.")
    return Code.ALL_THERE


def _all(batch: Path | None) -> "Iterable[Generation]":
    if batch is None:
        session.current().wait_until_loaded()
        return session.current().newest_first()
    from ...generation.store.database import Store

    found = [each.generation for folder in _stores(batch) for each in Store(folder).load_all()]
    return sorted(found, key=lambda each: each.created_at, reverse=True)


def _stores(batch: Path) -> list[Path]:
    inner = batch.expanduser().resolve() / INNER
    folders = sorted(inner.glob("*-of-*"))
    if not folders:
        raise InputUnusable(f"There is no batch in {batch}. Give the folder that was its --out.")
    return folders


def _facts(generation: "Generation") -> dict[str, object]:
    return {
        "id": generation.id,
        "name": generation.request.name,
        "prompt": generation.request.prompt,
        "model": generation.request.model,
        "seed": generation.request.seed,
        "state": generation.state.value,
        "problem": formats.plain(generation.problem),
        "created_at": generation.created_at,
        "price_usd": generation.request.price_usd if generation.request.price_usd < float("inf") else None,
        "charged_usd": generation.charged_usd,
        "task_id": generation.task_id,
    }


def _known(number: str) -> "Generation | None":
    """By its id, the beginning of it, or its task's."""
    found = session.current().generations
    if number in found:
        return found[number]
    alike = [
        each for each in found.values() if each.task_id == number or (len(number) >= 6 and each.id.startswith(number))
    ]
    return alike[0] if len(alike) == 1 else None


def _until(is_there: "Callable[[], bool]") -> None:
    while not is_there():
        time.sleep(STEP_S)
        session.current().drain()


def _glb(generation: "Generation") -> Path:
    return session.current().queue.folder / generation.folder_name / MODEL_NAME
