# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch`: a model for each row of a table."""

import argparse
import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import bpy

from ...batch import report
from ...batch.budget import Budget, budget_for
from ...batch.folder import BatchFolder
from ...batch.outcome import Code
from ...batch.plan import OptionUnusable, Plan, price_of, read_plan, read_shard
from ...batch.row import Defaults
from ...batch.row_progress import Stage
from ...batch.runner import Runner, run
from ...batch.starting_state import Wishes
from ...generation.problems import GenerationProblem
from ...generation.record.costs import dollars
from ...generation.store.owners import shared_folder
from ...generation.threads import begun
from ...piapi.timings import MOST_AT_ONCE
from ..batch.studio import BlenderStudio, empty_file
from ..state import configuration, session
from . import publish
from .ctrl_c import heard_by
from .follow import Follower

PICTURES = "pictures"
CLOSE_S = 5.0
LEAST_USD = 1e-5
GOES_ON = "The same command goes on from here; nothing is paid twice."


class _StoppedTwice(KeyboardInterrupt):
    """Ctrl-C was pressed a second time."""


def batch(options: argparse.Namespace) -> int:
    """Carries it out; the exit code."""
    try:
        return _batch(options)
    except KeyboardInterrupt:
        sys.stderr.write(f"{GOES_ON}\n")
        return Code.SOME_FAILED


def _batch(options: argparse.Namespace) -> int:
    if not 1 <= options.at_once <= MOST_AT_ONCE:
        raise OptionUnusable(f"--at-once is {options.at_once}; 1 to {MOST_AT_ONCE} are taken.")
    table = options.table.expanduser().resolve()
    plan = read_plan(table, _defaults(options, table.parent), read_shard(options.shard))
    if gone := set(options.again) - {row.number for row in plan.rows}:
        raise OptionUnusable(
            f"--again is {min(gone)}, and the table has no row there. Give a row's number from the report."
        )
    if options.priced_at is not None and abs(price_of(plan.own) - options.priced_at) > LEAST_USD:
        raise OptionUnusable("The table was edited after it was read. Read it again first. Nothing was sent.")
    budget = budget_for(plan, options.budget)
    with Follower(as_json=options.json) as follower:
        return _follow(plan, table, budget, options, follower)


def _follow(plan: Plan, table: Path, budget: Budget, options: argparse.Namespace, follower: Follower) -> int:
    formats = tuple(dict.fromkeys(options.formats or ["assets"]))
    if options.publish:
        publish.check(formats, Path(bpy.app.tempdir))
    _tell_plan(plan, follower)
    if options.dry_run:
        return Code.SOME_FAILED if plan.problems else Code.ALL_THERE
    if len(plan.problems) == len(plan.rows):
        follower.line("No row can be made. Nothing was sent.")
        return Code.INPUT_REFUSED
    folder = BatchFolder(options.out.expanduser().resolve(), table, plan.shard)
    wishes = Wishes(formats, only_failed=options.only_failed, again=frozenset(options.again))
    try:
        return _run(plan, folder, budget, wishes, options=options, follower=follower)
    except GenerationProblem as problem:
        raise OptionUnusable(str(problem)) from None
    finally:
        folder.close()


def _defaults(options: argparse.Namespace, folder: Path) -> Defaults:
    given = {"model": options.model, "size_m": options.size}
    if options.finish:
        given["finish"] = options.finish
    return Defaults(folder, **given)


def _tell_plan(plan: Plan, follower: Follower) -> None:
    own = plan.own
    for row in own:
        if row.problem:
            follower.line(f"Row {row.number}: {row.problem}")
        elif row.note:
            follower.line(f"Row {row.number}: {row.note}")
    good = [row for row in own if not row.problem]
    models = sum(row.variations for row in good)
    part = f" in part {plan.shard.number}/{plan.shard.count}" if plan.shard.count > 1 else ""
    rows = f"{len(own)} {'row' if len(own) == 1 else 'rows'}{part}"
    bad = f", {len(own) - len(good)} of them cannot be made" if len(own) > len(good) else ""
    follower.line(f"{rows}{bad}. {models} {'model' if models == 1 else 'models'}, {dollars(price_of(own))}.")


def _run(
    plan: Plan, folder: BatchFolder, budget: Budget, wishes: Wishes, *, options: argparse.Namespace, follower: Follower
) -> int:
    from ...generation.queue import Queue
    from ...generation.store import batch_costs

    found = session.current()
    is_shared = plan.shard.count > 1
    queue = Queue(
        folder.own,
        timings=found.timings,
        parts=plan.shard.count,
        # The parts of a batch may run on one computer, and each keeps to its share already.
        shared=(lambda: folder.own) if is_shared else shared_folder,
    )
    studio = BlenderStudio(folder.path, wishes.formats, folder.own / PICTURES)
    runner = Runner(plan, folder, queue, studio, budget, wishes=wishes, at_once=options.at_once, tell=follower.tell)
    follower.runner = runner
    empty_file()
    try:
        with _interrupts(runner, follower):
            if options.stop_with_stdin:
                begun(threading.Thread(target=_stop_with_stdin, args=(runner,), name="trellis-stdin", daemon=True))
            runner.begin()
            code = run(runner, between=(follower.renew,))
    except _StoppedTwice:
        code = Code.SOME_FAILED
    finally:
        queue.close(CLOSE_S)
        with suppress(GenerationProblem):
            batch_costs.keep(configuration.data_folder(), folder.path, folder.own)
        follower.end()
    where = f"Report: {folder.path / 'report.html'}"
    try:
        report.write(plan, folder, runner.rows)
    except GenerationProblem as problem:
        where = f"There is no report. {problem}"
    _tell_end(runner, follower, where)
    if options.publish and not runner.is_stopping:
        code = _publish(runner, code, follower)
    return code


def _publish(runner: Runner, code: int, follower: Follower) -> int:
    if not publish.is_due(report.all_rows(runner.plan, runner.folder, runner.rows)):
        follower.line("The library is not made an online one yet: some rows have not been done.")
        return code
    problem = publish.publish(runner.folder)
    follower.line(problem or publish.told(runner.folder.path))
    return code or (Code.SOME_FAILED if problem else Code.ALL_THERE)


def _tell_end(runner: Runner, follower: Follower, where: str) -> None:
    there = sum(each.stage is Stage.DONE for each in runner.rows)
    spent = dollars(runner.spent_usd)
    if runner.account_problem:
        follower.line(runner.account_problem)
    if runner.is_budget_reached:
        follower.line(runner.budget.told())
    follower.line(f"{there} of {len(runner.rows)} rows are there, {spent} spent. {where}")
    if any(each.has_failed for each in runner.rows) and not runner.account_problem:
        follower.line("With --only-failed what has failed is made as new tasks, at its price.")
    elif {each.stage for each in runner.rows} == {Stage.DONE, Stage.REFUSED}:
        follower.line("Correct the rows that were refused, then give the same command; nothing is paid twice.")
    elif there < len(runner.rows) and not runner.account_problem and not runner.is_budget_reached:
        follower.line(GOES_ON)


def _stop_with_stdin(runner: Runner) -> None:
    """The pipe from whoever began this closes when they want no more, and when they end."""
    with suppress(OSError):
        while os.read(0, 1):
            pass
        runner.stop()


@contextmanager
def _interrupts(runner: Runner, follower: Follower) -> Generator[None]:
    """Ctrl-C once sends nothing more and takes in what is being made; twice ends at once."""

    def heard(*_: object) -> None:
        if runner.is_stopping:
            raise _StoppedTwice
        runner.stop()
        follower.line("Nothing more is sent. What is being made is waited for; Ctrl-C once more ends at once.")

    try:
        with heard_by(heard):
            yield
    finally:
        with suppress(OSError):  # a log on a full disk
            sys.stdout.flush()
