# SPDX-License-Identifier: GPL-3.0-or-later
"""Our connections below `requests`, and what `requests` does by itself switched off."""

import http.client
import socket
import ssl
from base64 import b64encode
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .certificates import trusted
from .connections import Connections
from .proxies import login_sent

INTERIM_LIMIT = 20
"""So many times a server may say that its answer is still to come (1xx)."""
SWITCHING_PROTOCOLS = 101
LINE_LIMIT_BYTES = 65536
"""The library's own for what it reads line by line."""
TRAILERS_LIMIT = 100
"""Lines behind the last chunk of a body; the library reads them for ever."""


class Session(requests.Session):
    """A session that takes nothing from the environment, follows no redirect and keeps nothing."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        # Proxy and certificates are looked up for each request, by this room.
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        # Else requests sends the login that the artist's .netrc has for the host, or by default.
        self.auth = _no_login
        self.cookies = _NoCookies()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(connections))

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 (the library's)
        """None: to find out, `requests` reads all of a redirect's body, even where it is not to follow."""
        return None


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class _NoCookies(RequestsCookieJar):
    def extract_cookies(self, response: Any, request: Any) -> None:
        """None are needed."""


class _Adapter(HTTPAdapter):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._connections)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _pools(self._connections)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """The log-in at a proxy, whatever characters it has."""
        login = login_sent(proxy)
        return {"Proxy-Authorization": "Basic " + b64encode(login).decode()} if login else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002 (the library's)
        """Which certificates are trusted is seen to when a connection is made."""
        conn.cert_reqs = "CERT_REQUIRED"


class _Answer(http.client.HTTPResponse):
    """What comes before the answer is passed over: the library does so for 100 only, and takes any other such status
    for the answer, whose own then stays behind in the connection."""

    def _read_status(self) -> tuple[str, int, str]:
        library: Any = super()
        for _ in range(INTERIM_LIMIT):
            found: tuple[str, int, str] = library._read_status()
            if found[1] >= 200 or found[1] == SWITCHING_PROTOCOLS:
                return found
            http.client.parse_headers(self.fp)  # pyright: ignore[reportArgumentType]
        raise http.client.HTTPException("an answer that never begins")

    def begin(self) -> None:
        """As the library's, less what is not read here: lines that are no headers, which urllib3 would write into the
        log, and cookies, which `requests` takes seconds and 100 MB for where they are many."""
        super().begin()
        self.headers.defects.clear()
        self.headers.set_payload("")
        for name in ("Set-Cookie", "Set-Cookie2"):
            del self.headers[name]

    def _read_and_discard_trailer(self) -> None:
        for _ in range(TRAILERS_LIMIT):
            line = self.fp.readline(LINE_LIMIT_BYTES + 1)  # pyright: ignore[reportOptionalMemberAccess]
            if len(line) > LINE_LIMIT_BYTES:
                break
            if line in {b"\r\n", b"\n", b""}:
                return
        raise http.client.HTTPException("an answer that does not end")


def _pools(connections: Connections) -> dict[str, Any]:
    """urllib3's pools by scheme, with connections that tell of themselves."""

    class Plain(HTTPConnection):
        response_class = _Answer

        def connect(self) -> None:
            with connections.connecting():
                super().connect()

        def send(self, data: Any) -> None:
            _send(connections, self, super().send, data)

        def _new_conn(self) -> socket.socket:
            return connections.reach(self)

    class Secure(HTTPSConnection):
        response_class = _Answer

        def connect(self) -> None:
            with connections.connecting():
                self.ssl_context = trusted()
                self.cert_reqs, self.ca_certs, self.ca_cert_dir = ssl.CERT_REQUIRED, None, None
                super().connect()

        def send(self, data: Any) -> None:
            _send(connections, self, super().send, data)

        def _new_conn(self) -> socket.socket:
            return connections.reach(self)

        def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> ssl.SSLSocket:
            """urllib3 1 tells no name to compare the certificate with where a proxy is named by its address, and leaves
            the socket open where it is refused.
            """
            try:
                secured = trusted(checks_names=True).wrap_socket(sock, server_hostname=hostname)
            except BaseException:
                sock.close()
                raise
            self.proxy_is_verified = True
            return secured

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain  # pyright: ignore[reportAssignmentType]  as in urllib3 itself

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": SecurePool}


def _send(connections: Connections, connection: Any, send: Any, data: Any) -> None:
    if connection.sock is None and connection.auto_open:
        # Which the library does within `send`: the request has not begun to go out then.
        connection.connect()
    connections.sending()
    send(data)
