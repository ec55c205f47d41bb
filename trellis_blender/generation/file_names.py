# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that become names of files, and paths that are compared: the same on every system that reads the folder."""

import os
import re
import unicodedata

NAME_LIMIT_BYTES = 150
"""Of 255 that a folder holds; the rest is for a number, an ending and ".part"."""

_FORBIDDEN = r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]'
_DEVICE = r"(?i)(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))"
"""Windows opens a device under these names, in any folder and whatever ending follows.
Source: Microsoft, "Naming Files, Paths, and Namespaces"."""


def file_stem(name: str, otherwise: str) -> str:
    """`name` as a file may be called on Windows too, without an ending; `otherwise` where nothing is left of it."""
    stem = re.sub(_FORBIDDEN, "_", unicodedata.normalize("NFC", name)).strip(" .")
    stem = stem.encode()[:NAME_LIMIT_BYTES].decode(errors="ignore").strip(" .")
    return re.sub(_DEVICE, r"\1_", stem, count=1) if re.match(_DEVICE, stem) else stem or otherwise


def path_key(path: str) -> str:
    """What two ways of writing the same path have in common: macOS takes composed and decomposed letters for the same,
    Windows large and small ones."""
    return os.path.normcase(unicodedata.normalize("NFC", path))


def writable(text: str) -> str:
    """`text` as UTF-8 can hold it. The names of files that are no UTF-8 come with half characters in them, which are
    spelt out, so that two such names stay two."""
    return text.encode("utf-8", "backslashreplace").decode()
