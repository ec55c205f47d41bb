# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done already when a batch is started, by the ledgers and the store; and the ledger's lines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..generation.record.generation import Generation
from .folder import ENDED, OUTPUT_FOLDERS, SENT, BatchFolder, FolderRefused, part_of
from .outcome import cost_usd
from .row import stems_of
from .row_progress import Made, RowProgress, Stage, amount, attempt_of, ids_of, key_of, round_of
from .sent_generations import SentGenerations

IS_THERE = "It is there already."


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command says. `formats` are those of `--as`; `again` are numbers of rows."""

    formats: tuple[str, ...] = ("assets",)
    only_failed: bool = False
    again: frozenset[int] = frozenset()


def read_ledgers(rows: Sequence[RowProgress], folder: BatchFolder, stored: Collection[str]) -> float:
    """Notes on the rows what the ledgers say of them; returns what the other machines have sent, US dollars.

    Raises FolderRefused where the store, whose generations have the ids `stored`, knows less than this machine's
    ledger: it was moved away or put back from a backup, or is damaged in part, and what else was sent would be paid for
    twice.
    """
    of_key = {each.row.key: each for each in rows if not each.row.problem}
    of_number = {each.row.number: each for each in rows}
    sent: dict[tuple[str, ...], float] = {}
    rounds: dict[str, int] = {}
    for entry in folder.entries():
        is_own = entry.shard == folder.own.name
        if entry.kind == SENT and not is_own:
            which = (entry.key, str(entry.said.get("attempt")), str(entry.said.get("of")))
            sent[which] = max(amount(entry.said.get("usd")), 0.0)
        elif entry.kind == SENT:
            rounds[entry.key] = round_of(entry.said.get("attempt"))
        elif entry.kind == ENDED and is_own:
            rounds.clear()
        elif is_own and ids_of(entry.said).difference(stored):
            from ..generation.store.database import FILE_NAME  # with sqlite3, which the panel has no need of

            raise FolderRefused(
                f"The list of what was sent, {folder.own / FILE_NAME}, is not the one that belongs to this folder, so "
                "that rows would be paid for twice. Put the right one back, or choose another folder."
            )
        progress = of_key.get(entry.key)
        if progress is not None:
            progress.note(entry.kind, entry.said, entry.shard, is_own=is_own)
        elif is_own and (same := of_number.get(int(amount(entry.said.get("number"))))) is not None:
            same.was_another = True
    for key in rounds.keys() & of_key.keys():
        # What is in the ledger alone was not sent.
        of_key[key].is_begun_again = 0 < rounds[key] <= of_key[key].attempt.round
    return sum(sent.values())


def gather(stored: Sequence[Generation], of_key: Mapping[str, RowProgress], sent: SentGenerations) -> list[Generation]:
    """Takes over what the store has of these rows, and returns it; a row's last attempt is what counts."""
    found = [each for each in stored if key_of(each) in of_key]
    for generation in stored:
        if key_of(generation) not in of_key:
            sent.keep_cost(generation)
    for generation in found:
        sent.keep(generation)
        progress = of_key[key_of(generation)]
        progress.attempt = max(progress.attempt, attempt_of(generation))
    for generation in found:
        progress = of_key[key_of(generation)]
        if progress.has(generation):
            progress.generations[generation.id] = generation
    return found


def choose(each: RowProgress, wishes: Wishes, folder: Path) -> tuple[Stage, str] | None:
    """How a row ends at once, and why; None for one that there is something to be done for."""
    row = each.row
    if row.problem:
        return Stage.REFUSED, row.problem
    # Once for each time that the command has come to its end: what was stopped goes on with the same command.
    is_begun = each.has_failed or each.is_made or each.shard
    if row.number in wishes.again and not each.is_begun_again and is_begun:
        each.begin_again()
        return None
    if _is_there(each, wishes, folder):
        return Stage.DONE, IS_THERE
    if each.shard and not each.generations:
        return Stage.FAILED, f"It was begun by part {part_of(each.shard)} of the batch. Start that part again."
    if wishes.only_failed and each.has_failed:
        each.retry()
    elif wishes.only_failed and not each.generations:
        return Stage.LEFT_OUT, "Only what has failed is made."
    return None


def ledger_line(
    each: RowProgress, formats: Sequence[str], latest: SentGenerations, folder: BatchFolder, problem: str
) -> dict[str, Any]:
    """What is written of a row that has ended."""
    return {
        "number": each.row.number,
        "attempt": list(each.attempt),
        "name": each.row.name,
        "look": each.row.look,
        "formats": list(formats),
        "models": [_model(latest[number], made, folder) for number, made in each.made.items()],
        "usd": round(sum(cost_usd(latest[number]) for number in each.generations), 6),
        "problem": problem,
    }


def _model(generation: Generation, made: Made, folder: BatchFolder) -> dict[str, Any]:
    took_s = max(generation.finished_at - generation.submitted_at, 0.0) if generation.submitted_at else 0.0
    return {
        "id": generation.id,
        "seed": generation.request.seed,
        "usd": cost_usd(generation),
        "took_s": round(took_s, 1),
        "triangles": made.triangles,
        "picture": folder.relative(Path(made.picture)) if made.picture else "",
        "files": [folder.relative(path) for path in made.files],
        "notes": list(made.notes),
    }


def _is_there(each: RowProgress, wishes: Wishes, folder: Path) -> bool:
    return (
        each.is_made
        and each.look == each.row.look
        and set(wishes.formats) <= set(each.formats)
        and all((folder / name).is_file() for name in each.files)
        and _is_called_so(each)
    )


def _is_called_so(each: RowProgress) -> bool:
    """Whether its files have the names that they would get now: a row more gives other numbers to those behind it, and
    may take the old name. Assets are told apart by their models."""
    paths = [Path(name) for name in each.files]
    return {path.stem for path in paths if path.parent.name in OUTPUT_FOLDERS} <= set(stems_of(each.row))
