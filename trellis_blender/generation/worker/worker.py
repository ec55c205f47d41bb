# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation, carried from where it stands to where it rests. Runs in a thread of its own."""

import logging
from pathlib import Path

from ...gltf.errors import ModelUnusable
from ...piapi.errors import PiapiError
from ..problems import GenerationProblem, mistake, told
from ..providers import Hooks, explain
from ..record import costs
from ..record.generation import Generation
from ..states import State
from ..store.database import TakenOver
from ..store.repository import as_found
from .context import Dropped, Paused, Stopped, Surroundings, Work
from .extras import fetch_extras
from .fetch import fetch
from .job import Job
from .poll import AT_WORK, follow, learn_plan
from .reconcile import look_for
from .recording import Recorder
from .submit import submit

LOG = logging.getLogger(__name__)


class Worker:
    """Submits, polls and downloads one generation."""

    def __init__(self, generation: Generation, job: Job, around: Surroundings) -> None:
        self._work = Work(generation, job, around)

    @property
    def generation(self) -> Generation:
        """As it is now."""
        return self._work.generation

    @property
    def gives_way(self) -> bool:
        """Whether it keeps no other generation waiting, though it is worked on still."""
        return self._work.gives_way

    @property
    def is_downloading(self) -> bool:
        """Whether the service has done its part, so that it has room for another one's task."""
        return self._work.generation.state is State.DOWNLOADING

    @property
    def quiet_s(self) -> float | None:
        """Seconds between its polls while it is hardly ever polled; None where it is polled as often as can be."""
        return self._work.quiet_s

    def run(self) -> None:
        """Returns when the generation rests: ready, failed, cancelled, parked, or because the add-on stops, or because
        another Blender has taken it up, which took this one for dead."""
        try:
            self._run()
        except TakenOver as taken:
            LOG.warning("generation %s: %s", self._work.generation.id, taken)
            self._work.around.publish(as_found(taken.found.generation, taken.found.owner_id, lambda _: True))

    def _run(self) -> None:
        work = self._work
        try:
            self._carry_out()
        except TakenOver:
            raise
        except Stopped:
            if work.is_submitting and work.generation.state is State.SUBMITTING and not work.generation.stage:
                # It only ever stops here between two attempts that did not reach the service.
                work.save(state=State.QUEUED)
        except Dropped:
            work.rest(State.CANCELLED, costs.NOTHING_SENT)
        except Paused:
            work.rest(State.QUEUED, costs.PAUSED, parked=True)
        except PiapiError as error:
            # What was cut off by switching off is no failure: what was saved last is where it goes on.
            if not work.job.stopping:
                work.give_up(explain(work.generation.request.model, error), type(error).__name__)
        except (GenerationProblem, ModelUnusable) as error:
            work.give_up(told(str(error)))
        except Exception as error:
            LOG.exception("generation %s", work.generation.id)
            sentence = mistake(error)
            if work.generation.state is State.SUBMITTING:
                work.rest(State.OUTCOME_UNKNOWN, f"{sentence} {costs.unknown(work.generation)}")
            else:
                work.give_up(sentence)
        finally:
            work.around.staged.discard(work.generation.id)

    def _carry_out(self) -> None:
        work = self._work
        service = work.job.service.reached()
        hooks = Hooks(
            wait_turn=work.take_turn,
            pause=work.pause,
            slow_down=work.around.limit.hold,
            witness=Recorder(Path(service.record_folder)) if service.record_folder else None,
            connections=work.connections,
            timings=work.around.timings,
        )
        client = work.provider.client(service, hooks)
        try:
            learn_plan(work, client)
            if work.generation.state is State.QUEUED:
                submit(work, client)
            elif work.generation.state is State.SUBMITTING:
                look_for(work, client)
            if work.generation.state in AT_WORK:
                follow(work, client)
            if work.generation.state is State.DOWNLOADING:
                work.around.start_waiting()
                fetch(work, client)
                fetch_extras(work)
        finally:
            client.close()
