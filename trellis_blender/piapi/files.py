# SPDX-License-Identifier: GPL-3.0-or-later
"""The result's file, streamed from wherever PiAPI put it. No key goes along."""

import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from .connections import Connections, is_on_internet
from .errors import (
    AddressRefused,
    AddressUnusable,
    AnswerNotUnderstood,
    ConnectionCut,
    NoAnswerInTime,
    ResultGone,
    error_for,
)
from .limits import USUAL_LIMITS, TimeLimits
from .retries import read_retry_after
from .service import checked_address, is_ip_address, is_loopback
from .transport import CHUNK_BYTES, translated

REDIRECT_LIMIT = 5
PASSING_STATUSES = {408, 429}
"""These say nothing about the file."""
OPENING_LIMIT_S = 180.0

SLOWEST_BYTES_PER_S = 1024.0
SLOWNESS_LOOK_S = 60.0
"""A file that comes slower than that for that long is asked for again: its server may drip for ever."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)$")


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells one file from another at its host: a strong `etag` or the time of its last change, and its size."""

    etag: str
    last_modified: str
    size: int

    @property
    def validator(self) -> str:
        """For `If-Range`: the host sends the rest only of the same file. "" where it has given nothing to tell by."""
        return self.etag or self.last_modified


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

        with lines.within(OPENING_LIMIT_S):
            response = follow(part)
            if part is not None and (response.status_code == 416 or _is_other_rest(response, part)):
                part, response = None, follow(None)
            if part is None and (rest := _content_range(response)) and rest[0]:
                raise AnswerNotUnderstood("a rest of a file of which nothing is here")
        if 400 <= response.status_code < 500 and response.status_code not in PASSING_STATUSES:
            raise ResultGone
        if response.status_code // 100 != 2:
            wait_s = read_retry_after(response.headers.get("Retry-After"), time.time())
            raise error_for(response.status_code, retry_after_s=wait_s)
        yield _stream(response, url)


def _stream(response: requests.Response, url: str) -> ResultStream:
    length = response.headers.get("Content-Length", "")
    is_encoded = bool(response.headers.get("Content-Encoding"))
    size = int(length) if length.isdigit() and not is_encoded else None
    starts_at = 0
    if response.status_code == 206 and (found := _content_range(response)):
        starts_at, size = found
    return ResultStream(size, _chunks(response, url), starts_at, _identity(response, size))


def _identity(response: requests.Response, size: int | None) -> FileIdentity | None:
    etag = response.headers.get("ETag", "")
    # A weak one stands for files that are merely alike.
    found = FileIdentity("" if etag.startswith("W/") else etag, response.headers.get("Last-Modified", ""), size or 0)
    return found if found.validator and size else None


def _content_range(response: requests.Response) -> tuple[int, int] | None:
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", "").strip())
    return (int(match[1]), int(match[2])) if match else None


def _is_other_rest(response: requests.Response, part: Part) -> bool:
    """A rest that does not begin where the part ends, or is of another file."""
    if response.status_code != 206:
        return False
    told = [(response.headers.get("ETag"), part.identity.etag)]
    told.append((response.headers.get("Last-Modified"), part.identity.last_modified))
    is_of_another = any(now and then and now != then for now, then in told)
    return is_of_another or _content_range(response) != (part.received, part.identity.size)


def _follow(
    lines: Connections, opened: ExitStack, url: str, part: Part | None, *, may_be_here: bool, limits: TimeLimits
) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if part is not None and part.identity.validator:
        headers |= {"Range": f"bytes={part.received}-", "If-Range": part.identity.validator}
    for _ in range(REDIRECT_LIMIT + 1):
        is_here = is_loopback(url)
        _check(url, may_be_here=may_be_here)
        session = opened.enter_context(lines.session(uses_proxy=not is_here, internet_only=not is_here))
        try:
            with translated(url):
                response = session.get(
                    url,
                    headers=headers,
                    timeout=(limits.connect_s, limits.read_s),
                    stream=True,
                    allow_redirects=False,
                )
        except ValueError:
            # `requests` reads the address that it is sent on to, even where it is not to follow.
            raise AddressRefused("it was sent on to what is no address") from None
        opened.enter_context(response)
        if not response.is_redirect:
            return response
        url = urljoin(url, response.headers["Location"])
    raise AddressRefused("it was sent on too often")


def _check(url: str, *, may_be_here: bool) -> None:
    """Raises AddressRefused for an address that shows by itself that nothing is fetched from there."""
    try:
        checked_address(url, "the finished model")
    except AddressUnusable:
        raise AddressRefused(url.partition(":")[0][:20]) from None
    host = urlsplit(url).hostname or ""
    if is_loopback(url) and may_be_here:
        return
    if is_loopback(url) or (is_ip_address(host) and not is_on_internet(host)):
        raise AddressRefused(host)


def _chunks(response: requests.Response, url: str) -> Iterator[bytes]:
    """The body as it comes, in pieces of at most CHUNK_BYTES; none is waited for until it is full."""
    length = response.headers.get("Content-Length", "")
    received = received_then = 0
    then = time.monotonic()
    read = _reader(response, url)
    while chunk := read():
        received += len(chunk)
        yield chunk
        if (now := time.monotonic()) - then >= SLOWNESS_LOOK_S:
            if received - received_then < SLOWEST_BYTES_PER_S * (now - then):
                raise NoAnswerInTime
            then, received_then = now, received
    if length.isdigit() and not response.headers.get("Content-Encoding") and received < int(length):
        raise ConnectionCut


def _reader(response: requests.Response, url: str) -> Callable[[], bytes]:
    """Gives what has come in so far, at least a byte of it, and nothing at the end."""
    if response.headers.get("Content-Encoding"):
        pieces = response.iter_content(CHUNK_BYTES)
        return lambda: next(pieces, b"")
    # urllib3 has it from 2.0 on; before, the response of the standard library below it has.
    source: Any = response.raw if hasattr(response.raw, "read1") else vars(response.raw)["_fp"]

    def read() -> bytes:
        with translated(url):
            return source.read1(CHUNK_BYTES)

    return read
