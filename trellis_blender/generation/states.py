# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a generation.

queued → submitting → waiting → running → downloading → ready → placed, and failed, cancelled, outcome unknown.
"""

from enum import Enum


class State(str, Enum):
    """Where a generation stands; the value is what the store keeps."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    WAITING = "waiting"
    RUNNING = "running"
    DOWNLOADING = "downloading"
    READY = "ready"
    PLACED = "placed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OUTCOME_UNKNOWN = "outcome unknown"


AT_THE_SERVICE = frozenset({State.WAITING, State.RUNNING, State.DOWNLOADING})
"""A task exists there and is paid or will be: it can be resumed from here at no cost."""

UNFINISHED = AT_THE_SERVICE | {State.QUEUED, State.SUBMITTING}
"""These are not finished; in all other states nothing is left to do."""
