# SPDX-License-Identifier: GPL-3.0-or-later
"""The result's file, streamed from wherever PiAPI put it. No key goes along."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin

import requests

from .client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from .errors import AddressUnusable, AnswerNotUnderstood, Redirected, ResultGone, error_for
from .service import checked_address, is_loopback
from .transport import CHUNK_BYTES, check_complete, translated

REDIRECT_LIMIT = 5

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
def open_result(url: str, part: Part | None = None, read_timeout_s: float = READ_TIMEOUT_S) -> Generator[ResultStream]:
    """Opens the file at `url`, following redirects over https (plain http on this computer only).

    With a `part`, the rest of it is asked for; what comes may all the same be the whole file. Raises PiapiError; while
    the chunks are read as well. ConnectionCut where fewer bytes come than were announced.
    """
    with requests.Session() as session:
        response = _follow(session, url, read_timeout_s, part)
        if part is not None and (response.status_code == 416 or _is_other_rest(response, part)):
            response.close()
            response = _follow(session, url, read_timeout_s, None)
        with response:
            if 400 <= response.status_code < 500:
                raise ResultGone
            if response.status_code // 100 != 2:
                raise error_for(response.status_code)
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
    return response.status_code == 206 and _content_range(response) != (part.received, part.identity.size)


def _follow(session: requests.Session, url: str, read_timeout_s: float, part: Part | None) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if part is not None and part.identity.validator:
        headers |= {"Range": f"bytes={part.received}-", "If-Range": part.identity.validator}
    for _ in range(REDIRECT_LIMIT + 1):
        session.trust_env = not is_loopback(url)
        try:
            checked_address(url, "the finished model")
        except AddressUnusable:
            raise AnswerNotUnderstood("a model at an address that is not https") from None
        with translated(url):
            response = session.get(
                url,
                headers=headers,
                timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
                stream=True,
                allow_redirects=False,
            )
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
    raise Redirected


def _chunks(response: requests.Response, url: str) -> Iterator[bytes]:
    with translated(url):
        yield from response.iter_content(CHUNK_BYTES)
    check_complete(response)
