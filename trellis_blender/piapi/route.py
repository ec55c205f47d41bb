# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way requests to an address go: through which proxy, and trusting whom. Nothing is sent to find out."""

import os
from typing import NamedTuple
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from .service import is_loopback

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Route(NamedTuple):
    """The way to `url`. `proxy` is its address without name and password, "" for a direct connection.

    `source` says in words where that comes from, "" where nobody has said anything. `bundles` are the variables of the
    environment that add certificates.
    """

    url: str
    proxy: str
    source: str
    bundles: tuple[str, ...]


def route_to(url: str) -> Route:
    """The way that `requests` takes to `url`. May ask the system, on Windows the network as well: not for the main
    thread."""
    bundles = tuple(name for name in BUNDLE_VARIABLES if os.environ.get(name))
    if is_loopback(url):
        return Route(url, "", "for a service on this computer", bundles)
    proxies = get_environ_proxies(url)
    found = select_proxy(url, proxies)
    if not found:
        return Route(url, "", _why_direct(url), bundles)
    source = _variable(url, found) or "the system's settings"
    return Route(url, without_login(found), f"from {source}", bundles)


def without_login(url: str) -> str:
    """An address that can be shown: the name and password that it may have are left out."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('/')[0]}"


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
    return one.rpartition("://")[2].rstrip("/") == other.rpartition("://")[2].rstrip("/")


def _first_set(*names: str) -> str:
    return next((name for name in names if os.environ.get(name)), "")
