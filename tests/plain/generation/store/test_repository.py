"""What the queue reads from the store and writes into it, and what of that is told."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from helpers import PICTURE, image_request, text_request
from test_unsent import left_behind

from trellis_blender.generation.files import set_aside
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.store.owners import Owner
from trellis_blender.generation.store.repository import Repository

FAILED = replace(new_generation(text_request("a bear"), "https://api.example", 1.0), state=State.FAILED, problem="No.")
WAITING = replace(
    new_generation(text_request("a fox"), "https://api.example", 2.0), state=State.WAITING, task_id="task-2"
)
SUBMITTED = replace(WAITING, state=State.SUBMITTING, task_id="")
INTERRUPTED = replace(WAITING, parked=True, interrupted=True)


@dataclass
class Desk:
    """Repository, who keeps them, what they told, and which generations are worked on here."""

    folder: Path
    told: list[Generation] = field(default_factory=list)
    in_progress: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store = Store(self.folder)
        self.owner, self.other = Owner(self.folder), Owner(self.folder)
        self.repository = Repository(
            self.folder, lambda: self.store, self.owner, self.told.append, self.in_progress.__contains__
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "generations")
    desk.store.save(FAILED)
    desk.store.save(WAITING)
    yield desk
    desk.owner.let_go()
    desk.other.let_go()


def lock_out(desk: Desk) -> None:
    """The store cannot be opened any more: what should be its folder is a file."""
    desk.store = Store(desk.folder / "generations.sqlite3" / "in a file")


def test_all_generations_are_told_and_what_was_never_sent_is_cleared_away(desk: Desk) -> None:
    never_sent = left_behind(desk.folder, "generation-0", "input.png")
    known = left_behind(desk.folder, FAILED.folder_name, "input.png")
    assert not desk.repository.has_loaded
    desk.repository.load()
    assert desk.told == [FAILED, INTERRUPTED]
    assert desk.repository.has_loaded
    assert not never_sent.exists()
    assert known.exists()


def test_what_cannot_be_read_counts_as_told_and_loses_nothing(desk: Desk) -> None:
    never_sent = left_behind(desk.folder, "generation-0", "input.png")
    lock_out(desk)
    desk.repository.load()
    assert desk.told == []
    assert desk.repository.has_loaded
    assert never_sent.exists()


def test_what_another_one_left_behind_is_told_as_interrupted_once(desk: Desk) -> None:
    """What is told so is resumed; of each that worked on it once."""
    not_again = replace(INTERRUPTED, interrupted=False)
    desk.repository.load()
    desk.repository.look_at(WAITING.id)
    desk.store.save(WAITING, desk.other.id)
    desk.other.let_go()
    desk.repository.look_at(WAITING.id)
    assert desk.told == [FAILED, INTERRUPTED, not_again, INTERRUPTED]


def test_those_that_cannot_be_read_are_counted(desk: Desk) -> None:
    desk.repository.load()
    assert desk.repository.unreadable == 0
    with closing(sqlite3.connect(desk.folder / "generations.sqlite3")) as db, db:
        db.execute("UPDATE generation SET record = 'torn' WHERE id = ?", (WAITING.id,))
    desk.repository.load()
    assert desk.repository.unreadable == 1


def test_a_folder_that_was_set_aside_comes_back_where_the_store_knows_it(desk: Desk) -> None:
    known, unknown = (left_behind(desk.folder, name, "model.glb") for name in (WAITING.folder_name, "generation-0"))
    aside = [set_aside(folder) for folder in (known, unknown)]
    desk.repository.load()
    assert [known.is_dir(), unknown.exists(), *(path is not None and path.exists() for path in aside)] == [
        True, False, False, False,
    ]  # fmt: skip


def test_what_is_worked_on_here_is_not_told_as_the_store_has_it(desk: Desk) -> None:
    desk.in_progress.add(WAITING.id)
    desk.repository.load()
    assert desk.told == [FAILED]
    desk.repository.look_at(WAITING.id)
    assert desk.told == [FAILED]


def test_one_is_told_as_the_store_has_it(desk: Desk) -> None:
    desk.repository.look_at(WAITING.id)
    desk.repository.look_at("of nobody")
    assert desk.told == [INTERRUPTED]


def test_others_are_told_once(desk: Desk) -> None:
    desk.repository.load()
    theirs = replace(new_generation(text_request("a jar"), "https://api.example", 3.0), state=State.SUBMITTING)
    desk.store.save(theirs, desk.other.id)
    desk.told.clear()
    desk.repository.look_around()
    desk.repository.look_around()
    assert desk.told == [replace(theirs, elsewhere=True)]
    assert desk.repository.latest(theirs) is None
    assert desk.told[1:] == [replace(theirs, elsewhere=True)]
    desk.other.let_go()
    assert desk.repository.latest(theirs) == theirs


def test_a_task_that_a_generation_has_is_told(desk: Desk) -> None:
    assert desk.repository.has_task("task-2")
    assert desk.told == [INTERRUPTED]
    assert not desk.repository.has_task("task-3")
    assert desk.told == [INTERRUPTED]


def test_the_latest_is_that_of_the_store_else_that_which_is_known(desk: Desk) -> None:
    assert desk.repository.latest(replace(FAILED, problem="Old.")) == FAILED
    unknown = replace(FAILED, id="0" * 32)
    assert desk.repository.latest(unknown) == unknown
    assert desk.told == []


def test_what_was_decided_is_written_down_and_told(desk: Desk) -> None:
    decided = replace(WAITING, state=State.CANCELLED, problem="Cancelled.")
    desk.repository.keep(decided)
    assert desk.told == [decided]
    found = desk.store.load(WAITING.id)
    assert found is not None
    assert found.generation == decided


def test_what_another_blender_has_removed_stays_removed(desk: Desk) -> None:
    desk.store.remove(WAITING.id)
    desk.repository.keep(replace(WAITING, state=State.CANCELLED))
    assert desk.told == [replace(WAITING, state=State.CANCELLED, removed=True)]
    assert desk.store.load(WAITING.id) is None


@pytest.mark.parametrize(
    ("problem", "begins"), [("", "The folder"), ("It was cancelled.", "It was cancelled. The folder")]
)
def test_what_cannot_be_written_down_is_told_with_the_reason(desk: Desk, problem: str, begins: str) -> None:
    lock_out(desk)
    desk.repository.keep(replace(WAITING, problem=problem))
    (told,) = desk.told
    assert told.problem.startswith(begins)
    assert replace(told, problem=problem) == replace(WAITING, problem=problem)


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (WAITING, replace(WAITING, parked=True, problem=costs.paid(WAITING))),
        (SUBMITTED, replace(SUBMITTED, state=State.OUTCOME_UNKNOWN, problem=costs.unknown(SUBMITTED))),
        (FAILED, replace(FAILED, problem=costs.NOTHING_SENT)),
    ],
)
def test_what_cannot_be_taken_up_says_what_it_has_cost(desk: Desk, begun: Generation, told: Generation) -> None:
    lock_out(desk)
    assert desk.repository.take(replace(begun, cause="NotSent"), [], lambda _: None) is None
    (found,) = desk.told
    assert found.problem.startswith("The folder")
    assert found.problem.endswith(told.problem)
    assert replace(found, problem=told.problem) == told


REMOVALS: list[Callable[[Desk], None]] = [
    lambda desk: desk.in_progress.add(WAITING.id),
    lambda desk: desk.store.save(replace(WAITING, task_id="task-9")),
    lambda desk: desk.store.save(replace(WAITING, state=State.DOWNLOADING)),
    lambda desk: desk.store.save(WAITING, desk.other.id),
]


@pytest.mark.parametrize("meanwhile", REMOVALS, ids=["in hand", "another task", "further", "elsewhere"])
def test_what_is_more_than_was_seen_of_it_is_not_removed(desk: Desk, meanwhile: Callable[[Desk], None]) -> None:
    folder = left_behind(desk.folder, WAITING.folder_name, "model.glb")
    meanwhile(desk)
    desk.repository.remove(WAITING)
    assert desk.store.load(WAITING.id) is not None
    assert folder.exists()
    assert not any(told.removed for told in desk.told)
    assert len(desk.told) == (0 if desk.in_progress else 1)


def test_what_is_removed_is_gone_with_its_files(desk: Desk) -> None:
    folder = left_behind(desk.folder, FAILED.folder_name, "input.png")
    desk.repository.remove(FAILED)
    assert desk.told == [replace(FAILED, removed=True)]
    assert desk.store.load(FAILED.id) is None
    assert not folder.exists()


def test_what_cannot_be_removed_says_why(desk: Desk) -> None:
    lock_out(desk)
    desk.repository.remove(FAILED)
    (told,) = desk.told
    assert told.problem.startswith("It was not removed. The folder")
    assert not told.removed


def test_a_store_that_cannot_be_read_tells_nothing_and_stops_nobody(desk: Desk) -> None:
    lock_out(desk)
    desk.repository.look_around()
    desk.repository.look_at(WAITING.id)
    assert not desk.repository.has_task("task-2")
    assert desk.repository.latest(WAITING) == WAITING
    assert desk.told == []


def test_a_picture_is_remembered_before_its_folder_can_be_cleared_away(desk: Desk) -> None:
    generation, remembered = new_generation(image_request(), "https://api.example", 3.0), []

    def remember(contents: tuple[bytes, ...]) -> None:
        assert [(desk.folder / generation.folder_name / "input.png").read_bytes()] == list(contents)
        remembered.extend(contents)
        shutil.rmtree(desk.folder)

    taken = desk.repository.take(generation, [PICTURE], remember)
    assert taken is not None
    assert [hashlib.sha256(content).hexdigest() for content in remembered] == [taken.picture_sha256]


def test_what_the_store_does_not_let_go_keeps_its_files(desk: Desk) -> None:
    model = left_behind(desk.folder, FAILED.folder_name, "model.glb")
    with closing(sqlite3.connect(desk.folder / "generations.sqlite3")) as db, db:
        db.execute("CREATE TRIGGER keeps BEFORE DELETE ON generation BEGIN SELECT RAISE(ABORT, 'no room'); END")
    desk.repository.remove(FAILED)
    (told,) = desk.told
    assert not told.removed
    assert told.problem.startswith("It was not removed. ")
    assert model.exists()
    assert FAILED.id in desk.store.ids()
    with closing(sqlite3.connect(desk.folder / "generations.sqlite3")) as db, db:
        db.execute("DROP TRIGGER keeps")
    desk.repository.remove(FAILED)
    assert desk.told[-1].removed
    assert not model.exists()
