# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of services and files, read once and so that there are no two ways to read them.

What is checked here is what is connected to: an address comes back in the form in which all readers of addresses, the
ones in `urllib`, `requests` and urllib3, see the same host. Where they could see different ones it is refused: a
backslash, a name and password, a number that is another way to write 127.0.0.1.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from ..errors import AddressUnusable

_PARTS = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""A name that ends in one is read as an IPv4 address by the system, in whatever form."""
HOST_LIMIT = 253
PORT_LIMIT = 65535

_LOOPBACK = IPv4Network("127.0.0.0/8")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_WITH_IPV4_AT_THE_END = (
    IPv6Network("::/96"),  # IPv4-compatible (RFC 4291)
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 2765)
    IPv6Network("64:ff9b::/96"),  # NAT64: where a network without IPv4 has the addresses of it (RFC 6052)
)
_ISATAP = {0x00005EFE, 0x02005EFE}
"""The third quarter of an address that has an IPv4 one in its last (RFC 5214)."""


class Address(NamedTuple):
    """An address as everybody reads it: `host` in small letters, an IPv6 one without its brackets; `port` None where
    it is the usual one; `rest` begins with the path."""

    scheme: str
    host: str
    port: int | None
    rest: str

    @property
    def url(self) -> str:
        """All of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port is None else f':{self.port}'}{self.rest}"

    @property
    def is_loopback(self) -> bool:
        """True where it names this computer itself."""
        return self.host == "localhost" or is_loopback_ip(self.host)


def read_address(url: str) -> Address | None:
    """The http or https address in `url`; None for anything else, and for what could be read in two ways."""
    match = _PARTS.fullmatch(url)
    if match is None or "\\" in url or not url.isprintable():
        return None
    scheme, authority, rest = match.groups()
    if not authority.isascii():
        # A name in other letters is looked up in this form. What is refused then is judged by it, too.
        try:
            authority = authority.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return None
    host = found[1].lower().strip("[]")
    port = int(found[2]) if found[2] else None
    if not _is_host(host) or port == 0 or (port or 0) > PORT_LIMIT:
        return None
    return Address(scheme.lower(), host, port, rest)


def checked_address(url: str, what: str) -> str:
    """`url` without a trailing slash, as everybody reads it.

    Raises AddressUnusable unless it is https, or http on this computer: the key is never sent unencrypted.
    """
    url = url.strip().rstrip("/")
    address = read_address(url)
    if address is None and "@" in url:
        raise AddressUnusable(
            f"The address for {what} has an @ in it. Names and passwords are not sent: leave them out."
        )
    if address is None:
        raise AddressUnusable(f"“{url}” is no address for {what}. It has to look like https://api.piapi.ai.")
    if address.scheme == "http" and not address.is_loopback:
        raise AddressUnusable(f"{what} at {address.host} needs https: the API key is not sent unencrypted.")
    return address.url


def is_loopback(url: str) -> bool:
    """True where `url` names this computer itself; such a service is reached without a network."""
    address = read_address(url.strip())
    return address is not None and address.is_loopback


def is_ip_address(host: str) -> bool:
    """True where `host` is a number rather than a name."""
    return _ip(host) is not None


def is_loopback_ip(address: str) -> bool:
    """True for an IP address of this computer that only this computer can reach."""
    found = _ip(address)
    return found is not None and (found in _LOOPBACK if isinstance(found, IPv4Address) else found == IPv6Address(1))


def is_on_internet(address: str) -> bool:
    """True for an IP address that anybody on the internet could reach; False for anything else, names included.

    An IPv6 address that stands for an IPv4 one is judged by that.
    """
    found = _ip(address)
    if isinstance(found, IPv6Address):
        inside = _ipv4_in(found)
        if inside is None and found not in _GLOBAL_UNICAST:
            return False
        found = inside or found
    return found is not None and found.is_global and not found.is_multicast


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _ipv4_in(address: IPv6Address) -> IPv4Address | None:
    number = int(address)
    at_the_end = IPv4Address(number & 0xFFFFFFFF)
    if any(address in network for network in _WITH_IPV4_AT_THE_END) or (number >> 32 & 0xFFFFFFFF) in _ISATAP:
        return at_the_end
    if address.teredo is not None:
        return address.teredo[1]
    return address.sixtofour


def _is_host(host: str) -> bool:
    if ":" in host:
        return isinstance(_ip(host), IPv6Address)
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return isinstance(_ip(host), IPv4Address)
    return len(host) <= HOST_LIMIT and all(map(_LABEL.fullmatch, labels))
