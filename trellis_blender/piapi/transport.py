# SPDX-License-Identifier: GPL-3.0-or-later
"""What `requests` raises, said in this room's errors; answers read up to a limit."""

import http.client
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.util.ssl_match_hostname import CertificateError

from .errors import (
    AddressUnusable,
    AnswerNotUnderstood,
    CertificateRefused,
    ConnectionCut,
    NoAnswerInTime,
    NoConnection,
    PiapiError,
)

CHUNK_BYTES = 256 * 1024
"""With 64 KB the loops around each chunk cost a tenth of a fast download; larger ones stop late on a poor line."""

_NEVER_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    requests.exceptions.ConnectTimeout,
)
_TUNNEL_FAILED = "Tunnel connection failed"
"""How `http.client` begins its message where a proxy refuses to connect. Any other failure at a proxy is unclear."""

_NOT_PROVEN = (ssl.SSLCertVerificationError, CertificateError)
"""The second is urllib3's own, for a certificate of another name."""

_TIMED_OUT = (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)
_COULD_NOT_BE_WRITTEN = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationParseError,
    UnicodeError,
)


@contextmanager
def translated(url: str) -> Generator[None]:
    """Turns what `requests`, urllib3 and the sockets raise inside into PiapiError.

    NotSent only where surely nothing was sent.
    """
    try:
        yield
    except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        raise _translate(error, urlsplit(url).hostname or url) from None


def read_limited(response: requests.Response, limit_bytes: int) -> bytes:
    """The whole body; AnswerNotUnderstood where it is larger than `limit_bytes`."""
    parts: list[bytes] = []
    size = 0
    for chunk in response.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise AnswerNotUnderstood("an answer of absurd size")
        parts.append(chunk)
    check_complete(response)
    return b"".join(parts)


def check_complete(response: requests.Response) -> None:
    """Raises ConnectionCut where fewer bytes came than were announced: urllib3 1.26 takes that for the end."""
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and response.raw.tell() < int(length):
        raise ConnectionCut


def _translate(error: Exception, host: str) -> PiapiError:
    causes = list(_causes(error))
    if _is_any(causes, *_NOT_PROVEN):
        return CertificateRefused()
    if _is_any(causes, *_NEVER_CONNECTED) or any(str(cause).startswith(_TUNNEL_FAILED) for cause in causes):
        return NoConnection(host)
    if _is_any(causes, *_TIMED_OUT):
        return NoAnswerInTime()
    if isinstance(error, _COULD_NOT_BE_WRITTEN):
        return AddressUnusable()
    return ConnectionCut()


def _is_any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it wraps: urllib3 puts its causes into `args` and `reason` rather than `__cause__`."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]
