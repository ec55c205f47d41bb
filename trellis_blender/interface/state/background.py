# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes on beside the artist's work: timers, threads, and what has to be taken back. `end` ends all of it.

For the main thread. Everything here outlives File > Open; what is meant for one file says so itself.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

import bpy

from . import logs

HAND_OVER_S = 0.05
"""Between two looks whether a thread has its result."""
END_TIMEOUT_S = 2.0
"""For all threads together. One that waits for a network drive may take longer, and is left to itself."""

Act = Callable[[], float | None]
T = TypeVar("T")


class _Timer:
    """Blender's own timers are known by the object that is called, and a `partial` is another object each time."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def __call__(self) -> float | None:
        again_s = None
        try:
            again_s = self._act()
        except Exception:  # noqa: BLE001 (it is logged)
            logs.logger(__name__).exception("%r, called by a timer", self._act)
        if again_s is None and _Begun.timers.get(self._act) is self:
            del _Begun.timers[self._act]
        return again_s


class Dropped(BaseException):
    """The result of a thread's work is not wanted any more. No Exception, so that no work takes it for a failure."""


class _Job(threading.Thread):
    """Work in a thread of its own, and what its result is for."""

    def __init__(self, name: str, work: Callable[[], Any], then: Callable[[Any], object]) -> None:
        super().__init__(name=f"trellis-{name}", daemon=True)
        self.results: list[Any] = []  # one, or none where the work has failed
        self.then = then
        self.is_dropped = False
        self._work = work

    def run(self) -> None:
        try:
            self.results.append(self._work())
        except Dropped:
            pass
        except Exception:  # noqa: BLE001 (it is logged)
            logs.logger(__name__).exception("in the thread %s", self.name)


class _Begun:
    endings = ExitStack()
    timers: dict[Act, _Timer] = {}
    jobs: dict[str, _Job] = {}
    dropped: list[_Job] = []  # some of which may still go on


def at_end(act: Callable[..., Any], *arguments: object) -> None:
    """Calls `act` with the `arguments` when the add-on is switched off, before what was added earlier."""
    _Begun.endings.callback(_try, act, arguments)


def later(act: Act, delay_s: float = 0.0) -> None:
    """Calls `act` in `delay_s` seconds, and again in as many as it returns, until it returns None.

    An `act` that is waiting already waits from now on. In background Blender no timer ever comes due.
    """
    _stop(act)
    timer = _Begun.timers[act] = _Timer(act)
    bpy.app.timers.register(timer, first_interval=delay_s, persistent=True)


def is_waiting(act: Act) -> bool:
    """Whether `act` is to be called later."""
    return act in _Begun.timers


def in_thread(name: str, work: Callable[[], T], then: Callable[[T], object]) -> None:
    """Does `work`, which must not touch Blender's data, in a thread, and calls `then` with its result soon after.

    An earlier work of the same name is dropped. Work that raises is in the log, and nothing follows it. Where the
    system has no room for one more thread, the work is done here and now: it comes late rather than never.
    """
    from ...generation.threads import NoThread, begun

    drop(name)
    job = _Begun.jobs[name] = _Job(name, work, then)
    try:
        begun(job)
    except NoThread:
        logs.logger(__name__).warning("no new thread: %s holds Blender up", name)
        job.run()
    if not is_waiting(_hand_over):
        later(_hand_over, HAND_OVER_S)


def is_running(name: str) -> bool:
    """Whether there is work of this name whose result was not handed over yet."""
    return name in _Begun.jobs


def running(beginning: str) -> list[str]:
    """The names, with this beginning, of work whose result was not handed over yet."""
    return [name for name in _Begun.jobs if name.startswith(beginning)]


def drop(name: str) -> None:
    """The result of the work of this name is not wanted any more; it ends soon if it calls `go_on` now and then."""
    job = _Begun.jobs.pop(name, None)
    if job is not None:
        job.is_dropped = True
        _Begun.dropped = [each for each in _Begun.dropped if each.is_alive()] + [job]


def go_on() -> None:
    """For work in a thread, now and then: raises Dropped where it is not waited for any more."""
    job = threading.current_thread()
    if isinstance(job, _Job) and job.is_dropped:
        raise Dropped


def end() -> None:
    """Drops what waits, waits for the threads, and calls what `at_end` was given, the last first.

    Other add-ons may have taken away what is to be taken back: one that fails keeps no other from its turn. Never
    raises; what went wrong is in the log.
    """
    for act in list(_Begun.timers):
        _try(_stop, (act,))
    for name in list(_Begun.jobs):
        drop(name)
    give_up_at = time.monotonic() + END_TIMEOUT_S
    for job in filter(threading.Thread.is_alive, _Begun.dropped):
        job.join(max(give_up_at - time.monotonic(), 0.0))
    _Begun.dropped.clear()
    _Begun.endings.close()


def _hand_over() -> float | None:
    for name, job in list(_Begun.jobs.items()):
        if not job.is_alive():
            del _Begun.jobs[name]
            for result in job.results:
                _try(job.then, (result,))
    return HAND_OVER_S if _Begun.jobs else None


def _stop(act: Act) -> None:
    timer = _Begun.timers.pop(act, None)
    if timer is not None and bpy.app.timers.is_registered(timer):
        bpy.app.timers.unregister(timer)


def _try(act: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    try:
        act(*arguments)
    except Exception:  # noqa: BLE001 (it is logged)
        name = getattr(act, "__qualname__", repr(act))
        logs.logger(__name__).exception("%s%r has failed", name, arguments)
