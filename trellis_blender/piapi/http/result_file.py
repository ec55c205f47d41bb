# SPDX-License-Identifier: GPL-3.0-or-later
"""The result's file, streamed from wherever PiAPI put it. No key goes along."""

import re
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin

import requests

from ..errors import AddressRefused, AnswerNotUnderstood, ConnectionCut, NoAnswerInTime, ResultGone
from ..redaction import hidden
from ..statuses import error_for
from ..timings import USUAL_LIMITS, USUAL_TIMINGS, TimeLimits, Timings
from .adapter import Session
from .addresses import is_ip_address, is_on_internet, read_address
from .connections import Connections
from .retries import read_retry_after
from .transport import ask, pieces

REDIRECT_LIMIT = 5
SCHEME_SHOWN = 20
"""Characters of what stands where "https" should."""
PASSING_STATUSES = {408, 429}
"""These say nothing about the file."""
SLOWEST_BYTES_PER_S = 1024.0
"""A file that comes slower than that for `Timings.slowness_look_s` is asked for again."""

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})")
_ETAG = re.compile(r'"[!#-~]{0,200}"')
_TIME = re.compile(r"[A-Za-z0-9,:+ -]{1,60}")
"""What can be sent again as it came: other servers' tags have letters that no header can hold, and no end."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells one file from another at its host: a strong `etag` or the time of its last change, and its size."""

    etag: str
    last_modified: str
    size: int

    @property
    def validator(self) -> str:
        """For `If-Range`: the host sends the rest only of the same file. "" where it has given nothing to tell by that
        can be sent again."""
        known = ((_ETAG, self.etag), (_TIME, self.last_modified))
        return next((text for form, text in known if form.fullmatch(text)), "")


class Part(NamedTuple):
    """The beginning of a file that is here already, and which file it is the beginning of."""

    received: int
    identity: FileIdentity


class ResultStream(NamedTuple):
    """An open result. `chunks` can be read once and begin at byte `starts_at` of the file.

    `size` is that of the whole file in bytes, None where the host does not say; `identity` None where the host gives
    nothing to tell the file by.
    """

    size: int | None
    chunks: Iterator[bytes]
    starts_at: int = 0
    identity: FileIdentity | None = None


@contextmanager
def open_result(
    url: str,
    part: Part | None = None,
    *,
    connections: Connections | None = None,
    from_this_computer: bool = False,
    limits: TimeLimits = USUAL_LIMITS,
    timings: Timings = USUAL_TIMINGS,
) -> Generator[ResultStream]:
    """Opens the file at `url`, over https and from the internet only; so are redirects followed.

    `from_this_computer`: the service is on this computer, so its files may be as well, over plain http.

    With a `part`, the rest of it is asked for; what comes may all the same be the whole file. Raises PiapiError; while
    the chunks are read as well. ConnectionCut where fewer bytes come than were announced, NoAnswerInTime where they
    come too slowly.
    """
    lines = connections or Connections()
    with ExitStack() as opened:

        def follow(part: Part | None) -> requests.Response:
            return _follow(lines, opened, url, part, may_be_here=from_this_computer, limits=limits)

        with lines.within(timings.opening_limit_s):
            response = follow(part)
            if part is not None and (response.status_code == 416 or _is_other_rest(response, part)):
                part, response = None, follow(None)
            if part is None and (rest := _content_range(response)) and rest[0]:
                raise AnswerNotUnderstood("the rest of a file whose beginning was not asked for")
        if 400 <= response.status_code < 500 and response.status_code not in PASSING_STATUSES:
            raise ResultGone
        if response.status_code // 100 != 2:
            wait_s = read_retry_after(response.headers.get("Retry-After"), time.time())
            raise error_for(response.status_code, retry_after_s=wait_s)
        speed = _Speed(timings.slowness_look_s)
        with lines.looking(speed.look):
            yield _stream(response, speed.counted(pieces(lines, response)))


class _Speed:
    """Looks how fast a file comes: NoAnswerInTime where that is too slow for too long, whatever comes beside it."""

    def __init__(self, look_s: float) -> None:
        self._look_s = look_s
        self._received = 0
        self._since = time.monotonic()

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks as they are."""
        for chunk in chunks:
            self._received += len(chunk)
            yield chunk

    def look(self) -> None:
        """Is called while a piece is waited for."""
        took_s = time.monotonic() - self._since
        if took_s >= self._look_s:
            if self._received < SLOWEST_BYTES_PER_S * took_s:
                raise NoAnswerInTime
            self._received, self._since = 0, time.monotonic()


def _all_of(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The chunks as they are; ConnectionCut where a part of a file is not the rest of it."""
    for chunk in chunks:
        size -= len(chunk)
        yield chunk
    if size > 0:
        raise ConnectionCut


def _stream(response: requests.Response, chunks: Iterator[bytes]) -> ResultStream:
    # As the library has read it, which reads the body by it, too.
    size: int | None = vars(response.raw)["_original_response"].length
    starts_at = 0
    if response.status_code == 206 and (found := _content_range(response)):
        starts_at, size = found
        chunks = _all_of(chunks, size - starts_at)
    return ResultStream(size, chunks, starts_at, _identity(response, size))


def _identity(response: requests.Response, size: int | None) -> FileIdentity | None:
    etag = response.headers.get("ETag", "")
    # A weak one stands for files that are merely alike.
    found = FileIdentity("" if etag.startswith("W/") else etag, response.headers.get("Last-Modified", ""), size or 0)
    return found if found.validator and size else None


def _content_range(response: requests.Response) -> tuple[int, int] | None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return (int(match[1]), int(match[2])) if match else None


def _is_other_rest(response: requests.Response, part: Part) -> bool:
    """A rest that does not begin where the part ends, or is of another file."""
    if response.status_code != 206:
        return False
    pairs = [(response.headers.get("ETag"), part.identity.etag)]
    pairs.append((response.headers.get("Last-Modified"), part.identity.last_modified))
    is_of_another = any(now and then and now != then for now, then in pairs)
    return is_of_another or _content_range(response) != (part.received, part.identity.size)


def _follow(
    lines: Connections, opened: ExitStack, url: str, part: Part | None, *, may_be_here: bool, limits: TimeLimits
) -> requests.Response:
    headers: dict[str, str] = {}
    if part is not None and part.identity.validator:
        headers |= {"Range": f"bytes={part.received}-", "If-Range": part.identity.validator}
    for _ in range(REDIRECT_LIMIT + 1):
        url, is_here = _checked(url, may_be_here=may_be_here)
        session = opened.enter_context(Session(lines))
        response = ask(lines, session, "GET", url, headers=headers, limits=limits, internet_only=not is_here)
        opened.enter_context(response)
        if not response.is_redirect:
            return response
        try:
            # The library takes headers for Latin-1; what is not ASCII in an address is UTF-8.
            location = response.headers["Location"].encode("latin-1").decode("utf-8")
            url = urljoin(url, location)
        except ValueError:
            raise AddressRefused("it leads to something that is not an address") from None
        # Of what comes along with a redirect nothing is read.
        response.close()
    raise AddressRefused("it was sent on too often")


def _checked(url: str, *, may_be_here: bool) -> tuple[str, bool]:
    """The address as everybody reads it, and whether it is on this computer. Raises AddressRefused for one that shows
    by itself that nothing is fetched from there."""
    address = read_address(url.strip())
    if address is None:
        raise AddressRefused(hidden(url.partition(":")[0], SCHEME_SHOWN))
    if address.is_loopback and may_be_here:
        return address.url, True
    if address.scheme != "https" or address.is_loopback:
        raise AddressRefused(address.host)
    if is_ip_address(address.host) and not is_on_internet(address.host):
        raise AddressRefused(address.host)
    return address.url, False
