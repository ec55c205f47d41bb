# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account allows: how many tasks at once it says itself, how many requests a minute only its plan tells.

Source of the requests: third-party notes, never confirmed by PiAPI; the contract marks them unverified.
"""

from typing import NamedTuple

from .account import Account

MOST_AT_ONCE = 30
"""More are not worked on at once, whatever an account allows."""


class Plan(NamedTuple):
    """Limits of an account: tasks worked on at once, requests a minute; None where they are not known."""

    tasks_at_once: int | None
    requests_per_minute: int | None


REQUESTS_PER_MINUTE = {"free": 10, "creator": 60, "pro": 300}
FREE = Plan(None, REQUESTS_PER_MINUTE["free"])
"""Used until the account's plan is known."""


def plan_of(account: Account) -> Plan:
    """What `account` allows; the plan's name is read in any capitalisation."""
    at_once = account.tasks_at_once
    return Plan(
        None if at_once is None else min(at_once, MOST_AT_ONCE),
        REQUESTS_PER_MINUTE.get(account.plan.strip().casefold()),
    )
