# SPDX-License-Identifier: GPL-3.0-or-later
"""What an HTTP status says, or the `code` in the body of an answer: which of the errors it is."""

from .errors import (
    AnswerNotUnderstood,
    InputRefused,
    KeyRefused,
    LoginPage,
    NoAnswerInTime,
    NotOnPlan,
    NotThere,
    OutOfCredits,
    PiapiError,
    Redirected,
    Refused,
    RequestRefused,
    ServiceFailing,
    TooManyRequests,
)

BY_STATUS: dict[int, type[Refused]] = {
    400: InputRefused,
    401: KeyRefused,
    402: OutOfCredits,
    403: NotOnPlan,
    404: NotThere,
    429: TooManyRequests,
}

STOPPED_WAITING = {408, 444, 460, 499}
"""The server, or a gateway before it, stopped waiting: that does not say what had been read, or handed on, already."""
LOGIN_STATUS = 511
MOVED = {301, 307, 308}
"""The redirects that say that a request has to be made elsewhere. After the others it may have been carried out: 302
and 303 are how many services answer when it has."""


def error_for(status: int, detail: str = "", retry_after_s: float | None = None) -> PiapiError:
    """The error for an HTTP status, or for the `code` in an answer's body.

    A refusal only where it surely is one: below 200 is no answer yet.
    """
    error = _class_for(status)(detail)
    error.retry_after_s = retry_after_s
    return error


def _class_for(status: int) -> type[PiapiError]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 200:
        return AnswerNotUnderstood
    if 300 <= status < 400:
        return Redirected
    if status in STOPPED_WAITING:
        return NoAnswerInTime
    if status == LOGIN_STATUS:
        return LoginPage
    if status >= 500:
        return ServiceFailing
    return RequestRefused
