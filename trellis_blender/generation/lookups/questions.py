# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked that is no generation, and what comes back."""

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ...piapi.account import Account
    from ...piapi.http.proxies import Route
    from ...piapi.task_lists import ListedTask
    from ..store.spending import Spending


class Topic(Enum):
    """What can be asked."""

    ACCOUNT = "account"
    TASKS = "tasks"
    TASK = "task"
    DISK = "disk"
    SPENT = "spent"
    COSTS_TABLE = "table of costs"
    ROUTE = "route"
    PICTURE = "picture"
    EXTRAS = "turntable"


WITHOUT_A_KEY = frozenset({Topic.DISK, Topic.SPENT, Topic.COSTS_TABLE, Topic.ROUTE, Topic.PICTURE})
"""These are not asked of the service. All but a picture from the web are answered without a network, too."""


class Question(NamedTuple):
    """A topic; the task's id for TASK and EXTRAS, the .blend for SPENT, where a table is to be written for COSTS_TABLE,
    the generation's folder for EXTRAS, and the picture's address for PICTURE."""

    topic: Topic
    task_id: str = ""
    blend_file: str = ""
    path: str = ""
    url: str = ""


class Answer(NamedTuple):
    """What was found out, or `problem`, a sentence for the artist.

    `tasks` are those that this computer does not know, the latest first, or the one that was asked for; `used_bytes` is
    what the generations take on the disk; `rows` how many tasks the table has; `route` the
    way to the service; `path` the file that a picture or a film was kept as.
    """

    question: Question
    account: "Account | None" = None
    tasks: "tuple[ListedTask, ...]" = ()
    used_bytes: int = 0
    spending: "Spending | None" = None
    rows: int = 0
    route: "Route | None" = None
    path: str = ""
    problem: str = ""
