# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C while a command is carried out, of which nothing may be lost: what goes on costs money.

An exception that a signal raises while Python runs a destructor or the callback of a weak reference ends there: Python
prints it as one that is ignored. Source: the documentation of `sys.unraisablehook`.
"""

import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from ...generation.threads import NoThread, begun

AGAIN_S = 0.01


@contextmanager
def heard_by(handler: Callable[..., object]) -> Generator[None]:
    """Ctrl-C calls `handler`, as `signal.signal` does; the KeyboardInterrupt that it raises comes through, a moment
    later where Python has thrown it away.

    Blender's own handler takes no notice of the first Ctrl-C, and ends at the second with 2.
    """
    before, hook = signal.signal(signal.SIGINT, handler), sys.unraisablehook
    on_its_way: list[threading.Timer] = []

    def ignored(what: "sys.UnraisableHookArgs") -> None:
        if not issubclass(what.exc_type, KeyboardInterrupt):
            hook(what)
            return
        again = threading.Timer(AGAIN_S, signal.raise_signal, (signal.SIGINT,))
        again.daemon = True
        on_its_way.append(again)
        with suppress(NoThread):  # whoever pressed it presses it again
            begun(again)

    sys.unraisablehook = ignored
    try:
        yield
    finally:
        for again in on_its_way:
            again.cancel()
        sys.unraisablehook = hook
        # None stands for Blender's own, which Python cannot put back; Blender ends after this.
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
