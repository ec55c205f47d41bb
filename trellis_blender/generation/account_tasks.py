# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the account, as far as the service lists them."""

from collections.abc import Iterable

from ..piapi.client import HISTORY_PAGE_SIZE, Client
from ..piapi.errors import PiapiError
from ..piapi.tasks import ListedTask

PAGES_MAX = 5


class TooManyTasks(PiapiError):
    """There are more than are looked through."""

    happened = f"The account has more than {PAGES_MAX * HISTORY_PAGE_SIZE} tasks of this model in these days."


def list_tasks(
    client: Client, models: Iterable[str], since: float, until: float
) -> tuple[list[ListedTask], list[PiapiError]]:
    """The active tasks and those of the models' histories between two times (seconds since 1970), some of them twice;
    and why lists could not be had. Each history is read up to its fifth page.
    """
    listed: list[ListedTask] = []
    problems: list[PiapiError] = []
    try:
        listed += client.get_active_tasks()
    except PiapiError as error:
        problems.append(error)
    for model in models:
        try:
            for page in range(1, PAGES_MAX + 1):
                found = client.get_history(model, since, until, page)
                listed += found
                if len(found) < HISTORY_PAGE_SIZE:
                    break
            else:
                problems.append(TooManyTasks())
        except PiapiError as error:
            problems.append(error)
    return listed, problems
