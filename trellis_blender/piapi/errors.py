# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between here and PiAPI, one class per cause.

PiapiError
├── NotSent              the request surely never reached the service: nothing was charged, safe to repeat
│   ├── NoConnection
│   │   ├── ProxyAway            to the proxy, that is
│   │   └── ProxyRefused         the proxy answered and let nothing through
│   ├── LoginPage            511: the network wants a login first
│   ├── CertificateRefused
│   ├── AddressUnusable      of no use before a setting is changed
│   │   ├── ProxyUnusable
│   │   ├── CertificatesUnreadable
│   │   └── KeyLogUnwritable
│   └── NotStarted
├── Refused              the service answered and said no: no task was made
│   ├── InputRefused         400
│   │   └── ViewsRefused         for several pictures of one thing
│   ├── KeyRefused           401
│   ├── OutOfCredits         402
│   ├── NotOnPlan            403
│   │   └── NoUploads            for an image that was to be uploaded
│   ├── NotThere             404
│   ├── ResultGone           the finished model's address, any 4xx
│   ├── AddressRefused       the finished model's address, by this side
│   ├── TooManyRequests      429
│   ├── Redirected           3xx
│   └── RequestRefused       any other 4xx
└── Unclear              the request went out and no usable answer came back: what it did is unknown
    ├── NoAnswerInTime       408 as well, and what gateways say when they stopped waiting
    ├── ConnectionCut
    ├── ServiceFailing       5xx
    └── AnswerNotUnderstood  below 200 as well, and a redirect after which the request may have been carried out
        └── AnotherTask

`error.sentence(wording)` is for the artist: what happened, what to do, and the service's own words; `str(error)` is
the same of PiAPI. What it cost depends on the step, so `generation` adds that.
"""

from typing import NamedTuple

from .redaction import LOOKED_THROUGH, hidden

DETAIL_LIMIT = 300


class Wording(NamedTuple):
    """What the sentences of errors are filled in with: the provider as it stands within a sentence, where the artist
    finds tasks and credits, and what is made."""

    name: str = "PiAPI"
    site: str = "piapi.ai"
    result: str = "model"

    def fill(self, sentence: str) -> str:
        """A sentence in which {name}, {Name} at its beginning, {site} and {result} stand for these."""
        filled = sentence.replace("{Name}", self.name[:1].upper() + self.name[1:])
        for field, text in self._asdict().items():
            filled = filled.replace(f"{{{field}}}", text)
        return filled


class PiapiError(Exception):
    """Base of everything that PiAPI, or the way to it, can answer with.

    `detail` is the service's own message where it sent one, on one line, at most 300 characters; where `happened` has
    a {detail} in it, it belongs there, and `reason` is what was said. `retry_after_s` is how long the service asks to
    wait, None where it did not say.
    """

    happened = "{Name} could not be used."
    """A sentence for `Wording.fill`, as are the next two."""
    unnamed = ""
    """Stands in `happened` for a {detail} that is not known."""
    remedy = ""
    quote = "It said: “{said}”."
    retry_after_s: float | None = None

    def __init__(self, detail: str = "", reason: str = "") -> None:
        self.detail, self.reason = _on_one_line(detail), _on_one_line(reason)
        super().__init__(self.sentence())

    def sentence(self, wording: Wording = Wording()) -> str:  # noqa: B008 (it is frozen)
        """What happened, what to do, and the service's own words."""
        happened = wording.fill(self.happened).replace("{detail}", self.detail or wording.fill(self.unnamed))
        return " ".join(filter(None, (happened, wording.fill(self.remedy), self.said)))

    @property
    def said(self) -> str:
        """The words of the service, or of the system, as a sentence; "" where there are none."""
        said = self.reason if "{detail}" in self.happened else self.detail
        return self.quote.replace("{said}", said) if said else ""


def _on_one_line(text: str) -> str:
    # Before it is cut: the rest of a secret that is cut in two would not be recognized.
    return " ".join(hidden(text, LOOKED_THROUGH).split())[:DETAIL_LIMIT]


class NotSent(PiapiError):
    """The request surely never reached the service."""


class NoConnection(NotSent):
    """The name was not found, or no server listens there, or no connection came about in time. `detail` is the host,
    `reason` what the system says."""

    happened = "No connection to {detail}."
    unnamed = "{name}"
    remedy = "Check the network and try again."
    quote = "The system says: “{said}”."


class ProxyAway(NoConnection):
    """No connection to the proxy that requests have to go through. `detail` is its address and who names it."""

    happened = "No connection to the proxy {detail}."
    unnamed = "that is set"
    remedy = "Check the proxy, or the setting that names it, and try again."


class ProxyRefused(ProxyAway):
    """The proxy answered, and did not connect any further. `reason` is its status and words."""

    happened = "The proxy {detail} refuses to connect."
    remedy = "Ask your network's administrator, or check the name and password in the setting that names it."
    quote = "It said: “{said}”."


class LoginPage(NotSent):
    """511: something between here and the service wants the artist to log in first, and passes nothing on."""

    happened = "This network wants you to log in before anything gets out (511)."
    remedy = "Open any web page in your browser, log in there, and try again."


class CertificateRefused(NotSent):
    """The server's certificate did not check out, so nothing was sent to it."""

    happened = "The server at {name}'s address could not prove that it is {name} (its certificate was refused)."
    remedy = "Check this computer's clock and your proxy."


class AddressUnusable(NotSent):
    """The configured address or key cannot be put into a request. `detail` says why, in sentences."""

    happened = "{detail}"
    unnamed = "{Name}'s address in the preferences cannot be used. Clear it to get the default."


class ProxyUnusable(AddressUnusable):
    """The proxy that a variable or the system names cannot be used. `detail` says which and why, in a sentence."""

    remedy = "Correct it, or remove it, and start Blender again."


class CertificatesUnreadable(AddressUnusable):
    """A variable of the environment names certificates, and there are none. `detail` is the path and the variable."""

    happened = "There are no certificates that can be read in {detail}."
    unnamed = "the file that was named"
    remedy = "Correct the variable, or remove it, and start Blender again."


class KeyLogUnwritable(AddressUnusable):
    """SSLKEYLOGFILE names a file for the keys of connections, and it cannot be written. `detail` is its path and the
    variable."""

    happened = "The keys of connections cannot be written to {detail}."
    unnamed = "the file that was named"
    remedy = "Correct the variable, or remove it, and start Blender again."


class NotStarted(NotSent):
    """A service that this computer itself was to start. `detail` says why, in sentences."""

    happened = "{detail}"
    unnamed = "The service on this computer could not be started."


class Refused(PiapiError):
    """The service answered and said no."""

    happened = "{Name} refused the request."


class InputRefused(Refused):
    """400 for a request with input: that does not suit the service; its message says why."""

    happened = "{Name} refused the input (400)."
    remedy = "Change the prompt, the image or the parameters and try again."


class ViewsRefused(InputRefused):
    """400 and the like for a request with several pictures of one thing, which PiAPI does not promise to take."""

    happened = "{Name} refused several pictures for one model."
    remedy = "Remove all but one and try again."


class KeyRefused(Refused):
    """401: the key is missing or wrong."""

    happened = "{Name} refused the API key (401)."
    remedy = "Check it in the add-on's preferences or in PIAPI_API_KEY."


class OutOfCredits(Refused):
    """402: no credits, or no plan."""

    happened = "Your {name} account is out of credits or has no plan (402)."
    remedy = "Top it up at {site} and try again."


class NotOnPlan(Refused):
    """403: the account's plan does not include this."""

    happened = "Your {name} plan does not include this (403)."
    remedy = "Choose another model, or another plan at {site}."


class NoUploads(NotOnPlan):
    """403 for an upload: the free plan has none. The model is not to blame."""

    happened = "Your {name} plan does not include uploads (403)."
    remedy = "Switch off Upload Images in the preferences: images then go along in the request."


class NotThere(Refused):
    """404: no such task, or it was pruned, or the address is not PiAPI's."""

    happened = "{Name} knows nothing at that address (404)."
    remedy = "Check the address in the preferences."


class ResultGone(Refused):
    """The address of the finished model has expired, or its host refuses it."""

    happened = "The finished {result} is no longer at the address that {name} gave."


class AddressRefused(Refused):
    """The finished model stands where it is not fetched from: not https, or inside this computer's own network.

    The address comes from the network, and must not make this computer ask its neighbours for something.
    """

    happened = "{Name} named an address for the finished {result} that is not fetched from."
    remedy = "Only https addresses on the internet are."


class TooManyRequests(Refused):
    """429: too many requests, or too many tasks at once."""

    happened = "{Name} takes no more requests for now (429)."
    remedy = "Wait a minute and try again."


class Redirected(Refused):
    """3xx: never followed, because the key would go along (`requests` strips only `Authorization`)."""

    happened = "{Name}'s address sends requests on to another one, which is not followed."
    remedy = "Check it in the preferences."


class RequestRefused(Refused):
    """Any other 4xx, and a 400 where there was no input to be refused."""

    happened = "{Name} refused the request."
    remedy = "Look at {site} whether the service has changed, or update the add-on."


class Unclear(PiapiError):
    """The request went out and no usable answer came back."""


class NoAnswerInTime(Unclear):
    """Connected and sent, but the answer did not come in time; or the service stopped waiting for the request."""

    happened = "{Name} did not answer in time."
    remedy = "Check the network and try again."


class ConnectionCut(Unclear):
    """The connection broke before the answer was complete."""

    happened = "The connection to {name} broke before its answer was complete."
    remedy = "Check the network and try again."


class ServiceFailing(Unclear):
    """5xx: the service, or something behind it, failed."""

    happened = "{Name} has a problem of its own (server error)."
    remedy = "Try again in a few minutes."


class AnswerNotUnderstood(Unclear):
    """A web page instead of JSON, JSON without a task in it, an answer that is far too large."""

    happened = "The answer from {name}'s address was not {name}'s."
    remedy = "Check the address, and whether a proxy or a log-in page stands in between."


class AnotherTask(AnswerNotUnderstood):
    """An answer about another task than the one that was asked for."""

    happened = "{Name} answered about another task than the one that was asked for."
    remedy = "Check whether a proxy that keeps answers stands in between."
