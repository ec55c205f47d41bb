import random
import threading
import time

from trellis_blender.generation.pace import LOOPBACK, PIAPI, RateLimit, poll_delay_s


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def delays(running: int) -> list[float]:
    return [poll_delay_s(PIAPI, polls, running, random.Random(polls)) for polls in range(40)]


def test_intervals_grow_to_a_limit_and_vary() -> None:
    alone = delays(1)
    assert 6.0 <= alone[0] < 7.0
    assert alone[10] > alone[2]
    assert max(alone) <= PIAPI.longest_s * 1.1
    assert len(set(alone[20:])) > 10


def test_several_generations_share_the_free_plans_limit() -> None:
    for running in (1, 4, 30):
        assert running * 60 / min(delays(running)) <= 10


def test_a_service_on_this_computer_is_asked_often() -> None:
    assert poll_delay_s(LOOPBACK, 0, 30, random.Random(1)) < 0.2
    assert poll_delay_s(LOOPBACK, 1000, 30, random.Random(1)) <= 2.2


def test_at_most_so_many_requests_in_any_minute() -> None:
    clock = Clock()
    limit = RateLimit(10, clock)
    sent: list[float] = []
    for _ in range(100):
        limit.wait_turn(clock.wait)
        sent.append(clock.now)
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in sent) <= 10
    assert sent[-1] <= 60 * 10


def test_the_limit_holds_over_threads() -> None:
    limit = RateLimit(25)
    sent: list[float] = []

    def ask() -> None:
        class Late(Exception):
            pass

        def pause(seconds: float) -> None:
            raise Late

        try:
            limit.wait_turn(pause)
            sent.append(time.monotonic())
        except Late:
            pass

    threads = [threading.Thread(target=ask) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 25


def test_no_limit_means_no_waiting() -> None:
    limit = RateLimit(None)

    def never(seconds: float) -> None:
        raise AssertionError

    for _ in range(1000):
        limit.wait_turn(never)
