# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on writes into its log: on the console, and the last lines for a report.

It begins with the first thing that there is to do: Python's `logging` takes longer to load than any module of the
add-on, and Blender 4.3 has not loaded it.
"""

from typing import TYPE_CHECKING

from . import configuration

if TYPE_CHECKING:
    import logging

    from .log_lines import LogLines


class _Kept:
    handler: "LogLines | None" = None


def begin() -> None:
    """Keeps what is written from now on, at the level that the preferences name. Does nothing the second time."""
    if _Kept.handler is None:
        from .log_lines import LogLines

        _Kept.handler = LogLines()
        _root().addHandler(_Kept.handler)
        _root().setLevel(_level())


def logger(name: str) -> "logging.Logger":
    """The one of a module of this add-on."""
    import logging

    begin()
    return logging.getLogger(name)


def unregister() -> None:
    """Leaves the add-on's logger as it was."""
    handler, _Kept.handler = _Kept.handler, None
    if handler is not None:
        _root().setLevel('NOTSET')
        _root().removeHandler(handler)


def set_level() -> None:
    """Takes the level from the preferences over."""
    begin()
    _root().setLevel(_level())


def recent_lines() -> list[str]:
    """The last lines, oldest first; times in UTC."""
    return _Kept.handler.lines() if _Kept.handler is not None else []


def _root() -> "logging.Logger":
    import logging

    return logging.getLogger(configuration.PACKAGE)


def _level() -> str:
    return getattr(configuration.preferences(), "log_level", 'WARNING')
