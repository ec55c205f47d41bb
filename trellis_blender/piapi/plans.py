# SPDX-License-Identifier: GPL-3.0-or-later
"""What PiAPI's plans allow. Source: third-party notes, never confirmed by PiAPI; the contract marks them unverified."""

from typing import NamedTuple


class Plan(NamedTuple):
    """Limits of an account: tasks worked on at once, requests a minute."""

    tasks_at_once: int
    requests_per_minute: int


FREE = Plan(1, 10)
PLANS = {"free": FREE, "creator": Plan(5, 60), "pro": Plan(30, 300)}
MOST_AT_ONCE = max(plan.tasks_at_once for plan in PLANS.values())


def plan_named(name: str) -> Plan | None:
    """The plan by the name that the account gives it, in any capitalisation; None for one that nobody knows."""
    return PLANS.get(name.strip().lower())
