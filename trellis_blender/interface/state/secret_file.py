# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in files of their own: not in Blender's preferences, which people copy and share.

No Blender here.
"""

import codecs
import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SIZE_LIMIT_BYTES = 64 * 1024
OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
HAS_MODES = os.name != "nt"
"""On Windows the folder says who may read a file, and `chmod` nothing."""
KEPT_IN = "a file that only you can read" if HAS_MODES else "a file of its own"

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Windows' editors begin a file with them."""
_OPENED_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe in the file's place must not be waited for."""
_OPENED_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class SecretFile:
    """One secret, called `what` in sentences. Read once and remembered: preferences are drawn many times a second."""

    def __init__(self, folder: Callable[[], Path], name: str, what: str) -> None:
        self._folder = folder
        self._name = name
        self._what = what
        self._remembered: str | None = None
        self._problem = ""
        self._warning = ""

    @property
    def problem(self) -> str:
        """Why the secret cannot be read, as a sentence; "" where it can, or there is none."""
        self.read()
        return self._problem

    @property
    def warning(self) -> str:
        """Says that others can read the file, where the system does not let it be closed to them."""
        self.read()
        return self._warning

    def read(self) -> str:
        """The secret, "" where there is none, or none that can be read: see `problem`."""
        from ...generation.files import PART_SUFFIX

        if self._remembered is None:
            path = self._folder() / self._name
            self._remembered, self._problem, self._warning = "", "", ""
            try:
                # One that was killed while it wrote has left it.
                self._wipe(path.with_name(path.name + PART_SUFFIX))
                self._remembered = self._read(path)
            except FileNotFoundError:
                pass
            except (OSError, UnicodeError) as error:
                why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is no text"
                self._problem = f"The file with your {self._what}, {path}, cannot be read ({why}). Enter it again."
        return self._remembered

    def write(self, secret: str) -> None:
        """Keeps the secret; an empty one removes the file. Raises OSError, and leaves what was there as it was."""
        from ...generation.files import patiently

        secret = secret.strip().strip("\ufeff").strip()
        path = self._folder() / self._name
        if secret:
            self._write(path, secret)
        else:
            patiently(lambda: path.unlink(missing_ok=True))
        self.forget()
        self._remembered = secret
        if secret:
            self._close(path)

    def forget(self) -> None:
        """Lets the next `read` look into the file again."""
        self._remembered, self._problem, self._warning = None, "", ""

    def _read(self, path: Path) -> str:
        with os.fdopen(os.open(path, _OPENED_TO_READ), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            content = file.read(SIZE_LIMIT_BYTES + 1)
        if len(content) > SIZE_LIMIT_BYTES:
            raise OSError(errno.EFBIG, "it is too large")
        secret = content.decode(_MARKS.get(content[:2], "utf-8-sig")).strip()
        if not secret.isprintable():
            raise UnicodeError
        self._close(path)
        return secret

    def _close(self, path: Path) -> None:
        """Takes from others what they may do with the file."""
        if HAS_MODES and path.stat().st_mode & OF_OTHERS:
            with suppress(OSError):
                path.chmod(stat.S_IRUSR | stat.S_IWUSR)
            # A drive of another system's may take no notice, and says nothing.
            if path.stat().st_mode & OF_OTHERS:
                self._warning = f"Others on this computer can read the file with your {self._what}: {path}"

    def _write(self, path: Path, secret: str) -> None:
        from ...generation.files import PART_SUFFIX, patiently, replace_for_good, sync

        try:
            content = secret.encode()
        except UnicodeEncodeError:
            raise OSError(errno.EILSEQ, "it has characters that cannot be written") from None
        part = path.with_name(path.name + PART_SUFFIX)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._wipe(part)
        try:
            with os.fdopen(patiently(lambda: os.open(part, _OPENED_TO_WRITE, 0o600)), "wb") as file:
                file.write(content)
                file.flush()
                sync(file.fileno())
            replace_for_good(part, path)
        except BaseException:
            self._wipe(part)
            raise

    def _wipe(self, part: Path) -> None:
        """Where another program holds the file so that it cannot be removed, it is empty at least."""
        from ...generation.files import remove_file

        if part.is_file() and not part.is_symlink():
            with suppress(OSError):
                os.truncate(part, 0)
        remove_file(part)
