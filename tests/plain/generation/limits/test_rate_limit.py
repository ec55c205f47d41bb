import itertools
import random
import threading
import time

import pytest

from trellis_blender.generation.limits.rate_limit import (
    EARLY_LONGEST_S,
    FOR_SUBMISSIONS,
    LOOPBACK,
    PIAPI,
    RateLimit,
    poll_delay_s,
)


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def polls_until(age_s: float, expected_s: float | None = None, spacing_s: float = 0.0, seed: int = 1) -> list[float]:
    """The ages of a task at which it is asked about, up to the first poll that finds it done."""
    chance, ages = random.Random(seed), [0.0]
    while ages[-1] < age_s:
        ages.append(ages[-1] + poll_delay_s(PIAPI, ages[-1], expected_s, spacing_s, chance))
    return ages[1:]


def test_tasks_of_unknown_length_are_found_done_soon_and_with_few_requests() -> None:
    late, asked = [], []
    for seed in range(500):
        length_s = random.Random(seed).uniform(25, 60)
        polls = polls_until(length_s, seed=seed)
        late.append(polls[-1] - length_s)
        asked.append(len(polls))
    assert sorted(late)[250] < 2
    assert max(asked) <= 15


def test_a_known_length_saves_requests() -> None:
    unknown, known = polls_until(250), polls_until(250, expected_s=250)
    assert len(known) < len(unknown) / 2
    assert known[-1] - 250 < 20


def test_intervals_grow_with_the_age_to_a_limit_and_vary() -> None:
    ages = polls_until(3000)
    delays = [after - before for before, after in itertools.pairwise(ages)]
    assert max(delays) <= PIAPI.longest_s * 1.1
    assert len(set(delays[-50:])) > 40
    assert min(delays) >= PIAPI.close_s


def test_a_clock_that_jumped_does_no_harm() -> None:
    for age_s in (0.0, 1e9):
        assert 0 < poll_delay_s(PIAPI, age_s, None, 0, random.Random(1)) <= PIAPI.longest_s * 1.1
    # Nor one that jumped while it was measured how long a model takes.
    assert poll_delay_s(PIAPI, 0.0, 86400.0, 0, random.Random(1)) <= EARLY_LONGEST_S * 1.1


@pytest.mark.parametrize("running", [1, 4, 30])
def test_several_generations_share_the_free_plans_limit(running: int) -> None:
    spacing_s = RateLimit().spacing_s(running)
    delays = [poll_delay_s(PIAPI, age, None, spacing_s, random.Random(age)) for age in range(0, 600, 7)]
    assert running * 60 / min(delays) <= 10


def test_what_is_hardly_polled_leaves_its_requests_to_the_others() -> None:
    limit = RateLimit()
    limit.adopt(300)
    assert limit.spacing_s(30) == 6.0
    spacing_s = limit.spacing_s(30, [10.0] * 20)
    assert 3.0 < spacing_s < 6.0
    assert 20 / 10.0 + 10 / spacing_s <= 300 / 60 * (1 - FOR_SUBMISSIONS) + 1e-9
    # Where these alone use it up, each has its part.
    assert limit.spacing_s(30, [1.0] * 20) == 6.0
    assert limit.spacing_s(20, [10.0] * 20) == 0.0, "all of them are quiet still"


def test_a_service_on_this_computer_is_asked_often() -> None:
    assert RateLimit(is_limited=False).spacing_s(30) == 0
    assert poll_delay_s(LOOPBACK, 0, None, 0, random.Random(1)) < 0.2
    assert poll_delay_s(LOOPBACK, 1000, None, 0, random.Random(1)) <= 2.2


def requests_kept_to(limit: RateLimit, clock: Clock, count: int) -> list[float]:
    sent: list[float] = []
    for _ in range(count):
        limit.wait_turn(clock.wait)
        sent.append(clock.now)
    return sent


def test_at_most_so_many_requests_in_any_minute() -> None:
    clock = Clock()
    sent = requests_kept_to(RateLimit(now=clock), clock, 100)
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in sent) <= 10
    assert sent[-1] <= 60 * 10


def test_the_limit_holds_where_the_requests_arrive() -> None:
    clock, chance = Clock(), random.Random(4)
    arrived = [sent + chance.uniform(0, 1.8) for sent in requests_kept_to(RateLimit(now=clock), clock, 500)]
    for start in arrived:
        assert sum(start <= moment < start + 60 for moment in arrived) <= 10


@pytest.mark.parametrize("adopted", [5, 60])
def test_the_plans_own_limit_holds_from_when_it_is_known(adopted: int) -> None:
    clock = Clock()
    limit = RateLimit(now=clock)
    assert [limit.wants_plan() for _ in range(3)] == [True, False, False]
    before = requests_kept_to(limit, clock, 10)
    limit.adopt(adopted)
    assert limit.spacing_s(1) == 60 / adopted
    sent = requests_kept_to(limit, clock, 300)
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in before + sent) <= max(adopted, 10)
    for start in [moment for moment in sent if moment >= 60]:
        assert sum(start <= moment < start + 60 for moment in sent) <= adopted


def test_the_limit_holds_over_threads() -> None:
    limit = RateLimit()
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
    assert len(sent) == 10


def test_nothing_goes_out_for_as_long_as_the_service_wants_to_be_left_alone() -> None:
    clock = Clock()
    limit = RateLimit(now=clock)
    limit.hold(30.0)
    limit.hold(5.0)  # what another thread heard does not make it shorter
    assert requests_kept_to(limit, clock, 1) == [30.0]
    free = RateLimit(is_limited=False, now=clock)
    free.hold(7.0)
    assert requests_kept_to(free, clock, 1) == [37.0]


def test_of_more_blenders_than_the_plan_has_requests_each_has_one_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(now=clock, sharers=lambda: 11)
    assert limit.spacing_s(1) == 60.0
    first, second, third = requests_kept_to(limit, clock, 3)
    assert first == 0.0
    assert second - first == third - second == pytest.approx(60.0, rel=0.05)


def test_no_limit_means_no_waiting() -> None:
    limit = RateLimit(is_limited=False)
    assert not limit.wants_plan()

    def never(seconds: float) -> None:
        raise AssertionError

    for _ in range(1000):
        limit.wait_turn(never)
