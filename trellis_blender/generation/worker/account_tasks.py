# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the account, as far as the service lists them."""

from dataclasses import dataclass, field

from ...piapi.errors import PiapiError
from ...piapi.task_lists import ListedTask
from ..providers import ListsTasks


class TooManyTasks(PiapiError):
    """There are more than are looked through."""

    def __init__(self, looked_through: int) -> None:
        self.happened = f"The account has more than {looked_through} tasks in these days."
        super().__init__()


class UnreadableTasks(PiapiError):
    """The list has entries that are no tasks, or tasks of which not even the id can be read."""

    happened = "Some of the entries in the account's list could not be read."


class MissingTasks(PiapiError):
    """The list ends before it has shown as many as it says that there are."""

    happened = "The account's list shows fewer tasks than it says that there are."


@dataclass(slots=True)
class Listing:
    """What the account's lists have, some tasks twice; `problems` tell why it may not be all of them."""

    tasks: list[ListedTask] = field(default_factory=list[ListedTask])
    problems: list[PiapiError] = field(default_factory=list[PiapiError])


def list_running(client: ListsTasks) -> Listing:
    """The tasks that PiAPI says it works on. It tells of some families of models only: silence proves nothing."""
    try:
        return Listing(client.get_active_tasks())
    except PiapiError as error:
        return Listing(problems=[error])


def list_history(client: ListsTasks, since: float, until: float) -> Listing:
    """The tasks of all models between two times (seconds since 1970), up to the history's tenth page.

    It ends when the service says so, by its total or with an empty page: one that is shorter than asked does not.
    """
    found = Listing()
    pages, page_size = client.timings.history_pages_max, client.timings.history_page_size
    seen: set[str] = set()
    unreadable = total = 0
    try:
        for number in range(1, pages + 1):
            page = client.get_history(since, until, number)
            # What is made meanwhile pushes the others further down.
            total = total if number > 1 else page.total or 0
            found.tasks += page.tasks
            # Only these count: rows that cannot be read, or come twice, may be beyond the total.
            seen |= {each.task.task_id for each in page.tasks}
            unreadable += page.unreadable
            # A total that is no more than the first, full page may count that page only.
            is_full = page.rows >= page_size
            if not page.rows or (page.total is not None and len(seen) >= page.total and not is_full):
                break
        else:
            found.problems.append(TooManyTasks(pages * page_size))
    except PiapiError as error:
        found.problems.append(error)
    if unreadable:
        found.problems.append(UnreadableTasks())
    elif len(seen) < total and not found.problems:
        found.problems.append(MissingTasks())
    return found
