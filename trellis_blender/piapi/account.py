# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's answers about the account, what its plan allows, and its answers about uploaded files.

Source of the requests per minute: third-party notes, never confirmed by PiAPI; the contract marks them unverified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .answers import why_not_understood
from .fields import address, listing, mapping, moment, number, text
from .timings import MOST_AT_ONCE

NAME_LIMIT = 100
"""Characters that are shown."""
AT_ONCE_FIELDS = ("max_trellis_concurrency", "max_concurrent_task_count")
"""The first that is there counts: how many Trellis tasks the account works on at once, else how many of any kind."""
AT_ONCE_LIMIT = 1000
PACKS_MAX = 1000
"""Of credits, that are looked at."""
REQUESTS_PER_MINUTE = {"free": 10, "creator": 60, "pro": 300}
"""By the plan's name."""

_FIELDS = frozenset(
    {"name", "account_name", "id", "account_id", "plan", "equivalent_in_usd", "wallet", "credit_pack_info"}
).union(AT_ONCE_FIELDS)


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind the key. What the service did not say is "" or None.

    `tasks_at_once` is how many tasks the service works on at the same time, 1 at least. `expires_at` is when the first
    of its credits expire, in Unix seconds.
    """

    name: str = ""
    plan: str = ""
    balance_usd: float | None = None
    tasks_at_once: int | None = None
    expires_at: float | None = None


class Plan(NamedTuple):
    """Limits of an account: tasks worked on at once, requests a minute; None where they are not known."""

    tasks_at_once: int | None
    requests_per_minute: int | None


FREE = Plan(None, REQUESTS_PER_MINUTE["free"])
"""Used until the account's plan is known."""


def plan_of(account: Account) -> Plan:
    """What `account` allows; the plan's name is read in any capitalisation."""
    at_once = account.tasks_at_once
    return Plan(
        None if at_once is None else min(at_once, MOST_AT_ONCE),
        REQUESTS_PER_MINUTE.get(account.plan.strip().casefold()),
    )


def read_account(answer: object) -> Account:
    """The account in PiAPI's `answer`, at the root or under `data`; AnswerNotUnderstood where there is none.

    Any field of it may be missing; one that is there is enough.
    """
    outer = mapping(answer)
    body = mapping(outer.get("data")) or outer
    if all(body.get(field) in (None, "") for field in _FIELDS):
        raise why_not_understood(outer)
    return Account(
        name=_name(body),
        plan=" ".join(text(body.get("plan"), NAME_LIMIT).split()),
        balance_usd=number(body.get("equivalent_in_usd")),
        tasks_at_once=_tasks_at_once(body),
        expires_at=_expires_at(mapping(body.get("credit_pack_info"))),
    )


def read_upload(answer: object) -> str:
    """The URL of an uploaded file, under `data` or at the root; AnswerNotUnderstood where the answer has none."""
    outer = mapping(answer)
    url = address(mapping(outer.get("data")).get("url")) or address(outer.get("url"))
    if not url:
        raise why_not_understood(outer)
    return url


def _name(body: Mapping[str, object]) -> str:
    """What the account is called, else its number."""
    for field in ("name", "account_name"):
        if found := " ".join(text(body.get(field), NAME_LIMIT).split()):
            return found
    for field in ("id", "account_id"):
        if found := text(_as_written(body.get(field)), NAME_LIMIT).strip():
            return f"No. {found}"
    return ""


def _as_written(given: object) -> object:
    """An id as a text, digit by digit where it is whole: `number` has no more than fifteen of them."""
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**NAME_LIMIT:
        return str(given)
    counted = number(given)
    return given if isinstance(given, str) or counted is None else f"{counted:.0f}"


def _expires_at(credit: Mapping[str, object]) -> float | None:
    """When the first pack that counts expires; None where none does, or nothing is left of them all."""
    if number(credit.get("available_credits")) == 0:
        return None
    packs = [mapping(each) for each in listing(credit.get("credit_packs"))[:PACKS_MAX]]
    times = [moment(pack.get("expired_at")) for pack in packs if pack.get("active") is not False]
    return min((each for each in times if each is not None), default=None)


def _tasks_at_once(body: Mapping[str, object]) -> int | None:
    for field in AT_ONCE_FIELDS:
        if (allowed := number(body.get(field))) is not None:
            return int(min(max(allowed, 1), AT_ONCE_LIMIT))
    return None
