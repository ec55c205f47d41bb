# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way requests to an address go: through which proxy, and trusting whom. Nothing is sent to find out.

It is decided for each request by its own address: what is on this computer itself never goes to a proxy, whatever else
the same conversation asks.
"""

import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from requests.utils import get_environ_proxies, select_proxy

from ..errors import ProxyUnusable
from ..redaction import know
from .addresses import is_loopback, read_address

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")

_PROXY = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:(.*)@)?([^@]*)", re.DOTALL)
"""Scheme, name and password, and the rest. An @ within a password is not the one that ends it: that is the last."""

_BYTES = "surrogateescape"
"""How what is no text is kept: a variable of the environment may have any bytes."""


class Route(NamedTuple):
    """The way to `url`. `proxy` is its address without name and password, "" for a direct connection.

    `source` says in words where that comes from, "" where nothing is set. `bundles` are the variables of the
    environment that add certificates.
    """

    url: str
    proxy: str
    source: str
    bundles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that can be used. `address` has its name and password, and stays out of `repr`; `shown` has not."""

    shown: str
    source: str
    address: str = field(repr=False)

    def __str__(self) -> str:
        """As it is named to the artist."""
        return f"{self.shown} (from {self.source})"


def route_to(url: str) -> Route:
    """The way that requests to `url` take. May ask the system, on Windows the network as well: not for the main
    thread."""
    bundles = tuple(name for name in BUNDLE_VARIABLES if os.environ.get(name))
    if is_loopback(url):
        return Route(url, "", "for a service on this computer", bundles)
    found, source = _named(url)
    return Route(url, without_login(found), f"from {source}" if found else _why_direct(url), bundles)


def proxy_for(url: str) -> Proxy | None:
    """The proxy through which `url` is reached, None for none. Not for the main thread, as `route_to`.

    Raises ProxyUnusable where one is named that cannot be used; its name and password are in no sentence.
    """
    if is_loopback(url):
        return None
    found, source = _named(url)
    if not found:
        return None
    scheme, login, rest = _parts(found)
    if scheme.startswith("socks"):
        raise ProxyUnusable(f"The proxy from {source} is a SOCKS proxy, and Blender has no PySocks to use it.")
    address = read_address(f"http://{rest}")
    if scheme not in {"http", "https"} or address is None:
        # What stands behind the colon may be a password, where it is no number.
        shown = re.sub(r":(?![0-9]*$).*", "", rest[:100], flags=re.DOTALL)
        raise ProxyUnusable(f"The proxy from {source} cannot be used: “{shown}” is no address of a proxy.")
    quoted = _quoted(login)
    if login is not None:
        # A proxy may repeat them when it refuses, as they go out as well.
        know(unquote(quoted.removesuffix("@").partition(":")[2]), b64encode(login_sent(quoted)).decode())
    usable = address._replace(scheme=scheme).url.replace("://", f"://{quoted}")
    return Proxy(without_login(found), source, usable)


def _named(url: str) -> tuple[str, str]:
    """The proxy for `url` as it is named, "" for none, and who names it."""
    found = (select_proxy(url, get_environ_proxies(url)) or "").strip()
    return found, (_variable(url, found) or "the system's settings") if found else ""


def _parts(proxy: str) -> tuple[str, str | None, str]:
    """Scheme, name and password (None for none), and host with port."""
    match = _PROXY.fullmatch(proxy)
    assert match is not None
    scheme, login, rest = match.groups()
    return (scheme or "http").lower(), login, re.split("[/?#]", rest)[0]


def without_login(url: str) -> str:
    """An address that can be shown: the name and password that it may have are left out."""
    scheme, _, rest = _parts(url)
    return f"{scheme}://{rest}" if "://" in url else rest


def _quoted(login: str | None) -> str:
    """Name and password, so that nothing in them can be taken for the end of them."""
    if login is None:
        return ""
    name, colon, password = (
        quote(unquote(each, errors=_BYTES), safe="", errors=_BYTES) for each in login.partition(":")
    )
    return f"{name}{':' if colon else ''}{password}@"


def login_sent(address: str) -> bytes:
    """Name and password in a proxy's address, quoted as in `Proxy.address`, as they go out; empty for none.

    In Latin-1, as `requests` has it, which fails where that has not every character.
    """
    login = unquote(address.rpartition("://")[2].rpartition("@")[0], errors=_BYTES)
    try:
        return login.encode("latin-1", _BYTES)
    except UnicodeEncodeError:
        return login.encode(errors=_BYTES)


def _why_direct(url: str) -> str:
    variable = _first_set("no_proxy", "NO_PROXY")
    if variable and _variable(url, ""):
        return f"because of {variable}"
    return ""


def _variable(url: str, value: str) -> str:
    """The variable of the environment that names the proxy `value` (any, for ""), in the order in which they count."""
    scheme = urlsplit(url).scheme.lower()
    for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"):
        found = os.environ.get(name)
        if found and (not value or _same(found, value)):
            return name
    return ""


def _same(one: str, other: str) -> bool:
    """`requests` puts the scheme in front where it is missing."""
    return one.strip().rpartition("://")[2].rstrip("/") == other.rpartition("://")[2].rstrip("/")


def _first_set(*names: str) -> str:
    return next((name for name in names if os.environ.get(name)), "")
