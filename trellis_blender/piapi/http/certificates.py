# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates are trusted: those of the system, and those that requests brings or a variable names instead.

A company's proxy that looks into connections has a certificate of the company's own. It is in the system's store, and
in no bundle that comes with an add-on.
"""

import errno
import logging
import os
import re
import ssl
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
from urllib3.util.ssl_ import create_urllib3_context

from ..errors import CertificatesUnreadable, KeyLogUnwritable
from .sockets import SecureSocket

LOG = logging.getLogger(__name__)

NAMED_BY = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables that `requests` knows, in the order in which they count."""
KEY_LOG = "SSLKEYLOGFILE"
"""The variable by which those who look into connections get the keys; urllib3 opens the file that it names."""
BUNDLE_LIMIT_BYTES = 32 * 2**20
SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, RHEL
    Path("/etc/ssl/ca-bundle.pem"),  # openSUSE
    Path("/etc/ssl/cert.pem"),  # Alpine, macOS
)
WINDOWS_STORES = ("CA", "ROOT")
PASSING = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""What says nothing about a file: it can be read again in a moment."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def trusted(*, checks_names: bool = False) -> ssl.SSLContext:
    """A context that trusts the system's certificates and those of the bundle that counts.

    `checks_names`: it looks itself whether a certificate is for the server's name. urllib3 does, but for proxies.
    Raises CertificatesUnreadable where a variable of the environment names a bundle without a certificate.
    """
    for name in NAMED_BY:
        if bundle := os.environ.get(name):
            return trusting(bundle, name, checks_names=checks_names)
    return trusting(certifi.where(), "", checks_names=checks_names)


@lru_cache(maxsize=8)
def trusting(bundle: str, named_by: str, *, checks_names: bool = False) -> ssl.SSLContext:
    """A context that trusts the certificates in `bundle`, a file or a folder, and the system's.

    Made once for all connections, because reading a bundle takes longer than connecting. `named_by` is the variable
    that names the bundle, "" for the one that requests brings. Raises CertificatesUnreadable where a bundle that is
    named has no certificate, KeyLogUnwritable where the file of SSLKEYLOGFILE cannot be opened, and OSError where
    nothing can be read for now: a context that trusts nothing is not kept.
    """
    try:
        context = create_urllib3_context()
    except OSError as error:
        if error.errno in PASSING or not os.environ.get(KEY_LOG):
            raise
        raise KeyLogUnwritable(f"{os.environ[KEY_LOG]} (from {KEY_LOG})") from None
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = context.check_hostname or checks_names
    context.sslsocket_class = SecureSocket
    _load_system(context)
    has_loaded = _load(context, Path(bundle))
    if not has_loaded and named_by:
        raise CertificatesUnreadable(f"{bundle} (from {named_by})")
    if not has_loaded and not context.cert_store_stats()["x509_ca"]:
        raise FileNotFoundError(errno.ENOENT, f"there are no certificates in {bundle}")
    return context


def _load_system(context: ssl.SSLContext) -> None:
    if sys.platform == "win32":
        # Not `load_default_certs`: one that is malformed takes all of them away there, and the library's own places
        # are on whichever drive is the current one, where anybody may make a folder.
        for store in WINDOWS_STORES:
            _load_each(context, _in_store(store))
        for place in (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")):
            if place:
                _load(context, Path(place))
        return
    context.set_default_verify_paths()
    known = ssl.get_default_verify_paths()
    places = [Path(known.cafile)] if known.cafile else []
    if not known.cafile and not known.capath:
        # Blender's own Python was built on another system, and looks where that had them.
        places = [path for path in SYSTEM_BUNDLES if path.is_file()][:1]
    for place in places:
        _load(context, place)


def _load(context: ssl.SSLContext, place: Path) -> bool:
    """Whether `place`, a file or a folder, has certificates. One that is malformed does not take the others away."""
    try:
        if place.is_dir():
            # Each is looked for by the name of its file when it is needed.
            context.load_verify_locations(capath=place)
            return True
        if not place.is_file() or place.stat().st_size > BUNDLE_LIMIT_BYTES:
            return False
        try:
            context.load_verify_locations(place)
        except ssl.SSLError:
            blocks = _CERTIFICATE.findall(place.read_bytes())
            return _load_each(context, [block.decode("latin-1") for block in blocks])
    except OSError as error:
        if error.errno in PASSING:
            raise
        LOG.warning("the certificates in %s cannot be read: %s", place, error)
        return False
    return True


def _in_store(store: str) -> Iterator[bytes]:
    """Those that Windows trusts servers by."""
    try:
        found: Any = vars(ssl)["enum_certificates"](store)
    except OSError as error:
        LOG.warning("the certificates in the store %s cannot be read: %s", store, error)
        return
    for certificate, encoding, trust in found:
        if encoding == "x509_asn" and (trust is True or ssl.Purpose.SERVER_AUTH.oid in trust):
            yield certificate


def _load_each(context: ssl.SSLContext, certificates: Iterable[bytes | str]) -> bool:
    taken = left_out = 0
    for certificate in certificates:
        try:
            context.load_verify_locations(cadata=certificate)
            taken += 1
        except (ssl.SSLError, ValueError):
            left_out += 1
    if left_out:
        LOG.warning("%s certificates are malformed and are left out, %s are taken", left_out, taken)
    return taken > 0
