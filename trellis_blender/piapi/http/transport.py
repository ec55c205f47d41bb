# SPDX-License-Identifier: GPL-3.0-or-later
"""One request over `requests` and its answer, with all that can go wrong on the way said in this room's errors.

Whether a request was sent is known by what has gone out, and not guessed from the kind of an error.
"""

import http.client
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from urllib3.util.ssl_match_hostname import CertificateError

from ..errors import (
    AddressUnusable,
    AnswerNotUnderstood,
    CertificateRefused,
    ConnectionCut,
    NoAnswerInTime,
    NotSent,
    ProxyRefused,
    Unclear,
)
from ..timings import TimeLimits
from .addresses import read_address
from .bounded_json import TOO_LARGE
from .connections import Connections, Reach
from .proxies import Proxy, proxy_for

CHUNK_BYTES = 256 * 1024
"""With 64 KB the loops around each chunk cost a tenth of a fast download."""

CRUMBS_MAX, CRUMB_BYTES = 20_000, 64
"""So many pieces may be smaller than that on average: each costs as much work as one of megabytes, and in pieces of
one byte an answer would keep a processor busy for half a minute."""

_TUNNEL_FAILED = "Tunnel connection failed: "
"""How `http.client` begins its message where a proxy refuses to connect."""
_NOT_PROVEN = (ssl.SSLCertVerificationError, CertificateError)
"""The second is urllib3's own, for a certificate of another name."""
_TIMED_OUT = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_BROKEN_OFF = (http.client.IncompleteRead, http.client.RemoteDisconnected, urllib3.exceptions.IncompleteRead)
_ADDRESS_AT_FAULT = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationParseError,
)
_ALL = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError)
"""What `requests`, urllib3, the library and the sockets raise between them."""


def ask(
    connections: Connections,
    session: requests.Session,
    method: str,
    url: str,
    *,
    limits: TimeLimits,
    headers: dict[str, str],
    json: object = None,
    internet_only: bool = False,
) -> requests.Response:
    """The answer to a request, of which only the headers have been read; nothing that it leads to is followed.

    `url` as `addresses` gives it. `internet_only`: AddressRefused where that is on this computer or in its network.
    Raises NotSent where surely nothing has gone out, Unclear where something has.
    """
    address = read_address(url)
    if address is None:
        raise AddressUnusable
    proxy: Proxy | None = None
    reach = Reach.HERE if address.is_loopback else Reach.INTERNET if internet_only else Reach.ANYWHERE
    connections.begin(address.host, None, reach)
    with _translated(connections, None):
        proxy = connections.apart(lambda: proxy_for(url))
    connections.begin(address.host, proxy, reach)
    with _translated(connections, proxy):
        response = session.request(
            method,
            url,
            json=json,
            headers=headers,
            proxies={address.scheme: proxy.address} if proxy else {},
            timeout=(limits.connect_s, limits.read_s),
            allow_redirects=False,
            stream=True,
        )
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        response.close()
        raise AnswerNotUnderstood("a compressed answer, which was not asked for")
    return response


def pieces(connections: Connections, response: requests.Response) -> Iterator[bytes]:
    """The body as it comes, in pieces of at most CHUNK_BYTES; none is waited for until it is full.

    Raises Unclear; ConnectionCut where fewer bytes come than were announced. Read from the library's own answer: it
    bounds every line between the pieces, which urllib3 does not, and it knows nothing of compression.
    """
    source: http.client.HTTPResponse = vars(response.raw)["_original_response"]
    left: int | None = source.length
    count = received = 0
    while left is None or left > 0:
        with _translated(connections, None):
            piece = source.read1(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
        if not piece:
            break
        count, received = count + 1, received + len(piece)
        if count > CRUMBS_MAX and received < count * CRUMB_BYTES:
            raise AnswerNotUnderstood("an answer in pieces of a few bytes")
        left = None if left is None else left - len(piece)
        yield piece
    if left:
        raise ConnectionCut
    # Read to its end, the connection can be used again.
    source.close()
    response.raw.release_conn()


def read_limited(connections: Connections, response: requests.Response, limit_bytes: int) -> bytes:
    """The whole body; AnswerNotUnderstood where it is larger than `limit_bytes`."""
    content = bytearray()
    for piece in pieces(connections, response):
        content += piece
        if len(content) > limit_bytes:
            raise AnswerNotUnderstood(TOO_LARGE)
    return bytes(content)


@contextmanager
def _translated(connections: Connections, proxy: Proxy | None) -> Generator[None]:
    try:
        yield
    except _ALL as error:
        causes = list(_causes(error))
        raise (_unclear(causes) if connections.has_sent else _not_sent(causes, connections, proxy)) from None


def _unclear(causes: list[BaseException]) -> Unclear:
    if _first(causes, *_TIMED_OUT):
        return NoAnswerInTime()
    if _first(causes, *_BROKEN_OFF):
        return ConnectionCut()
    # What is no HTTP, or has lines, headers and numbers that no answer has.
    if _first(causes, http.client.HTTPException, ValueError):
        return AnswerNotUnderstood("no answer in HTTP")
    return ConnectionCut()


def _not_sent(causes: list[BaseException], connections: Connections, proxy: Proxy | None) -> NotSent:
    if _first(causes, *_NOT_PROVEN):
        return CertificateRefused()
    refused = next((str(cause) for cause in causes if str(cause).startswith(_TUNNEL_FAILED)), "")
    if refused:
        return ProxyRefused(str(proxy), refused.removeprefix(_TUNNEL_FAILED))
    if _first(causes, *_TIMED_OUT):
        return connections.away("timed out")
    if _first(causes, *_ADDRESS_AT_FAULT):
        return AddressUnusable()
    return connections.away(_reason(causes))


def _reason(causes: list[BaseException]) -> str:
    """What the system says, else what the innermost cause does: the libraries wrap it in errors that say nothing."""
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f"no secure connection: {cause.reason.replace('_', ' ').lower()}"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return next((said for cause in reversed(causes) if (said := str(cause))), type(causes[0]).__name__)


def _first(causes: list[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it wraps: urllib3 puts its causes into `args` and `reason` rather than `__cause__`."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]
