# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates are trusted: those that requests brings, and those of the system.

A company's proxy that looks into connections has a certificate of the company's own. It is in the system's store, and
in no bundle that comes with an add-on.
"""

import logging
import ssl
from functools import lru_cache
from pathlib import Path

from urllib3.util.ssl_ import create_urllib3_context

LOG = logging.getLogger(__name__)

SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, RHEL
    Path("/etc/ssl/ca-bundle.pem"),  # openSUSE
    Path("/etc/ssl/cert.pem"),  # Alpine, macOS
)


@lru_cache(maxsize=8)
def trusting(bundle: str | None, folder: str | None) -> ssl.SSLContext:
    """A context that trusts the certificates in the file `bundle`, those in `folder`, and the system's.

    Made once for all connections, because reading a bundle takes longer than connecting. Raises OSError for a bundle
    that cannot be read.
    """
    context = create_urllib3_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_default_certs()
    if missing := _bundle_of_the_system():
        try:
            context.load_verify_locations(missing)
        except OSError as error:
            LOG.warning("the system's certificates in %s cannot be read: %s", missing, error)
    if bundle or folder:
        context.load_verify_locations(bundle, folder)
    return context


def _bundle_of_the_system() -> Path | None:
    """Where Blender's own Python does not know the places: it was built on another system, and looks where that had
    them. Windows has no such places, there the store itself was asked."""
    known = ssl.get_default_verify_paths()
    if known.cafile or known.capath:
        return None
    return next((path for path in SYSTEM_BUNDLES if path.is_file()), None)
