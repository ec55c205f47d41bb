# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no press: what other Blenders do, what earlier ones left, and submissions whose answer was lost."""

import time
from typing import TYPE_CHECKING

from ...generation.providers import provider_of
from ...generation.states import State
from . import configuration, logs

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from .session import Session

LOOK_AROUND_S = 10.0
ELSEWHERE_LOOK_S = 5.0


class OtherBlenders:
    """Of one session. For the main thread only."""

    def __init__(self, session: "Session") -> None:
        from ...generation.record.late_looks import LateLooks

        self._session = session
        self._looked_around_at = 0.0
        self._looked_elsewhere_at = 0.0
        self._late_looks: LateLooks | None = None

    def look_around(self) -> bool:
        """While the artist looks at the list: asks now and then for what other Blenders have begun, and first of all
        for what there is. True where it asked.
        """
        found = self._session
        now = time.monotonic()
        if found.is_loaded and now - self._looked_around_at < LOOK_AROUND_S:
            return False
        self._looked_around_at = now
        if found.is_loaded:
            found.queue.look_around()
        else:
            found.load()
        return True

    def look_elsewhere(self) -> bool:
        """Looks now and then what has become of the generations that other Blenders work on; False where there are
        none.
        """
        elsewhere = [generation for generation in self._session.generations.values() if generation.elsewhere]
        now = time.monotonic()
        if now - self._looked_elsewhere_at > ELSEWHERE_LOOK_S / 2:
            self._looked_elsewhere_at = now
            for generation in elsewhere:
                self._session.queue.look_at(generation.id)
        return bool(elsewhere)

    def look_again(self) -> bool:
        """Looks now and then for the submissions whose answer was lost; False where there are none."""
        from ...generation.record.late_looks import LateLooks

        if self._late_looks is None:
            self._late_looks = LateLooks(self._session.timings)
        due, may_be_due = self._late_looks.due(self._session.generations.values(), time.monotonic())
        for generation in due:
            try:
                self._session.queue.resume(generation, self._session.its_service(generation), is_glance=True)
            except configuration.NotReady as reason:
                logs.logger(__name__).debug("generation %s is not looked for: %s", generation.id, reason)
        return may_be_due

    def resume(self, generation: "Generation") -> None:
        """Takes up what an earlier Blender left, where that costs nothing. What was not submitted stays paused."""
        if generation.state is State.QUEUED or not provider_of(generation.request.model).keeps_tasks:
            return
        try:
            self._session.queue.resume(generation, self._session.its_service(generation))
        except configuration.NotReady as reason:
            logs.logger(__name__).info("generation %s stays interrupted: %s", generation.id, reason)
