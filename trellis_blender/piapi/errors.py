# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between here and PiAPI, one class per cause.

PiapiError
├── NotSent              the request surely never reached the service: nothing was charged, safe to repeat
│   ├── NoConnection
│   ├── CertificateRefused
│   └── AddressUnusable
├── Refused              the service answered and said no: no task was made
│   ├── InputRefused         400
│   ├── KeyRefused           401
│   ├── OutOfCredits         402
│   ├── NotOnPlan            403
│   ├── NotThere             404
│   ├── ResultGone           the finished model's address, any 4xx
│   ├── TooManyRequests      429
│   ├── Redirected           3xx
│   └── RequestRefused       any other 4xx
└── Unclear              the request went out and no usable answer came back: what it did is unknown
    ├── NoAnswerInTime
    ├── ConnectionCut
    ├── ServiceFailing       5xx
    └── AnswerNotUnderstood

`str(error)` is a sentence for the artist: what happened and what to do. What it cost depends on the step, so
`generation` adds that.
"""

DETAIL_LIMIT = 300


class PiapiError(Exception):
    """Base of everything that PiAPI, or the way to it, can answer with.

    `detail` is the service's own message where it sent one, on one line, at most 300 characters.
    """

    sentence = "PiAPI could not be used."

    def __init__(self, detail: str = "") -> None:
        self.detail = " ".join(detail.split())[:DETAIL_LIMIT]
        super().__init__(self._compose())

    def _compose(self) -> str:
        if not self.detail:
            return self.sentence
        return f"{self.sentence} It said: “{self.detail}”."


class NotSent(PiapiError):
    """The request surely never reached the service."""


class NoConnection(NotSent):
    """The name was not found, or nobody listens there, or no connection came about in time."""

    sentence = "No connection to PiAPI. Check the network and try again."

    def _compose(self) -> str:
        return f"No connection to {self.detail}. Check the network and try again." if self.detail else self.sentence


class CertificateRefused(NotSent):
    """The server's certificate did not check out, so nothing was sent to it."""

    sentence = (
        "The server at PiAPI's address could not prove that it is PiAPI (its certificate was refused). "
        "Check this computer's clock and your proxy."
    )

    def _compose(self) -> str:
        return self.sentence


class AddressUnusable(NotSent):
    """The configured address or key cannot be put into a request."""

    sentence = "PiAPI's address in the preferences cannot be used. Correct it, or clear it to get the default."

    def _compose(self) -> str:
        return self.detail or self.sentence


class Refused(PiapiError):
    """The service answered and said no."""

    sentence = "PiAPI refused the request."


class InputRefused(Refused):
    """400: the input does not suit the service; its message says why."""

    sentence = "PiAPI refused the input (400). Change the prompt, the image or the parameters and try again."


class KeyRefused(Refused):
    """401: the key is missing or wrong."""

    sentence = "PiAPI refused the API key (401). Check it in the add-on's preferences or in PIAPI_API_KEY."


class OutOfCredits(Refused):
    """402: no credits, or no plan."""

    sentence = "Your PiAPI account is out of credits or has no plan (402). Top it up at piapi.ai and try again."


class NotOnPlan(Refused):
    """403: the account's plan does not include this."""

    sentence = "Your PiAPI plan does not include this (403). Choose another model, or another plan at piapi.ai."


class NotThere(Refused):
    """404: no such task, or it was pruned, or the address is not PiAPI's."""

    sentence = (
        "PiAPI knows nothing at that address (404): the task is gone, or the address in the preferences is wrong."
    )


class ResultGone(Refused):
    """The address of the finished model has expired, or its host refuses it."""

    sentence = "The finished model is no longer at the address that PiAPI gave."


class TooManyRequests(Refused):
    """429: too many requests, or too many tasks at once. `retry_after_s`: seconds to wait, None where not said."""

    sentence = "PiAPI takes no more requests for now (429). Wait a minute and try again."

    def __init__(self, detail: str = "", retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class Redirected(Refused):
    """3xx: never followed, because the key would go along (`requests` strips only `Authorization`)."""

    sentence = "PiAPI's address sends requests on to another one, which is not followed. Check it in the preferences."


class RequestRefused(Refused):
    """Any other 4xx."""

    sentence = "PiAPI refused the request. Look at piapi.ai whether the service has changed, or update the add-on."


class Unclear(PiapiError):
    """The request went out and no usable answer came back."""


class NoAnswerInTime(Unclear):
    """Connected and sent, but the answer did not come in time."""

    sentence = "PiAPI did not answer in time. Check the network and try again."


class ConnectionCut(Unclear):
    """The connection broke before the answer was complete."""

    sentence = "The connection to PiAPI broke before its answer was complete. Check the network and try again."

    def _compose(self) -> str:
        return self.sentence


class ServiceFailing(Unclear):
    """5xx: the service, or something behind it, failed."""

    sentence = "PiAPI has a problem of its own (server error). Try again in a few minutes."


class AnswerNotUnderstood(Unclear):
    """A web page instead of JSON, JSON without a task in it, an answer of absurd size."""

    sentence = (
        "What answered at PiAPI's address was not PiAPI's answer. Check the address, and whether a proxy or a log-in "
        "page stands in between."
    )


BY_STATUS: dict[int, type[Refused]] = {
    400: InputRefused,
    401: KeyRefused,
    402: OutOfCredits,
    403: NotOnPlan,
    404: NotThere,
    429: TooManyRequests,
}

REQUEST_TIMEOUT_STATUS = 408
TOO_MANY_REQUESTS_STATUS = 429


def error_for(status: int, detail: str = "", retry_after_s: float | None = None) -> PiapiError:
    """The error for an HTTP status, or for the `code` in an answer's body.

    408 counts as unclear: the server stopped waiting, which does not say what it had already read.
    """
    if status == TOO_MANY_REQUESTS_STATUS:
        return TooManyRequests(detail, retry_after_s)
    if status in BY_STATUS:
        return BY_STATUS[status](detail)
    if 300 <= status < 400:
        return Redirected(detail)
    if status == REQUEST_TIMEOUT_STATUS or status >= 500:
        return ServiceFailing(detail)
    return RequestRefused(detail)
