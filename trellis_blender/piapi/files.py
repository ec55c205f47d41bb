# SPDX-License-Identifier: GPL-3.0-or-later
"""The result's file, streamed from wherever PiAPI put it. No key goes along."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urljoin

import requests

from .client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from .errors import AddressUnusable, AnswerNotUnderstood, Redirected, ResultGone, error_for
from .service import checked_address, is_loopback
from .transport import CHUNK_BYTES, check_complete, translated

REDIRECT_LIMIT = 5


class ResultStream(NamedTuple):
    """An open result: `size` in bytes, None where the host does not say; `chunks` can be read once."""

    size: int | None
    chunks: Iterator[bytes]


@contextmanager
def open_result(url: str, read_timeout_s: float = READ_TIMEOUT_S) -> Generator[ResultStream]:
    """Opens the file at `url`, following redirects over https (plain http on this computer only).

    Raises PiapiError; while the chunks are read as well. ConnectionCut where fewer bytes come than were announced.
    """
    with requests.Session() as session:
        response = _follow(session, url, read_timeout_s)
        with response:
            if 400 <= response.status_code < 500:
                raise ResultGone
            if response.status_code // 100 != 2:
                raise error_for(response.status_code)
            length = response.headers.get("Content-Length", "")
            encoded = bool(response.headers.get("Content-Encoding"))
            size = int(length) if length.isdigit() and not encoded else None
            yield ResultStream(size, _chunks(response, url))


def _follow(session: requests.Session, url: str, read_timeout_s: float) -> requests.Response:
    for _ in range(REDIRECT_LIMIT + 1):
        session.trust_env = not is_loopback(url)
        try:
            checked_address(url, "the finished model")
        except AddressUnusable:
            raise AnswerNotUnderstood("a model at an address that is not https") from None
        with translated(url):
            response = session.get(url, timeout=(CONNECT_TIMEOUT_S, read_timeout_s), stream=True, allow_redirects=False)
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
    raise Redirected


def _chunks(response: requests.Response, url: str) -> Iterator[bytes]:
    with translated(url):
        yield from response.iter_content(CHUNK_BYTES)
    check_complete(response)
