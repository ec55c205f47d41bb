# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked that is no generation, and what comes back."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..piapi.tasks import Account, ListedTask


class Topic(Enum):
    """What can be asked."""

    ACCOUNT = "account"
    TASKS = "tasks"
    TASK = "task"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Question:
    """A topic, and the task's id for TASK."""

    topic: Topic
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out, or `problem`, a sentence for the artist.

    `tasks` are those that this computer does not know, the latest first, or the one that was asked for; `used_bytes` is
    what the generations take on the disk.
    """

    question: Question
    account: "Account | None" = None
    tasks: "tuple[ListedTask, ...]" = ()
    used_bytes: int = 0
    problem: str = ""
