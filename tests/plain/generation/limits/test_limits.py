"""What the artist may set: how much at once, how long to wait; and which way the requests go."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import IMPATIENT, Driver, service_of, text_request
from service import Behaviour, Fault, Piapi, running

from trellis_blender.generation.limits.rate_limit import PIAPI, RateLimit
from trellis_blender.generation.lookups.questions import Question, Topic
from trellis_blender.generation.record import costs
from trellis_blender.generation.states import State
from trellis_blender.piapi.account import Plan
from trellis_blender.piapi.http.proxies import Route, route_to, without_login
from trellis_blender.piapi.http.result_file import open_result
from trellis_blender.piapi.timings import TimeLimits, Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


WORKING = {State.SUBMITTING, State.WAITING, State.RUNNING, State.DOWNLOADING}


def working(driver: Driver) -> int:
    return sum(generation.state in WORKING for generation in driver.latest.values())


def test_no_more_at_once_than_is_wanted_and_more_as_soon_as_they_are(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60.0
    driver.queue.allow(1)
    for number in range(6):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: working(driver) == 1)
    time.sleep(0.3)
    driver.look()
    assert (working(driver), len(piapi.creates)) == (1, 1)
    driver.queue.allow(3)
    driver.until(lambda: working(driver) == 3)
    driver.queue.allow(30)
    driver.until(lambda: working(driver) == 4)
    time.sleep(0.3)
    driver.look()
    assert working(driver) == 4


def test_never_more_at_once_than_the_plan_has_room_for(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60.0
    driver.queue.allow(30)
    limit = driver.queue._accounts.limit_of(service_of(piapi))
    driver.queue._adopt_plan(limit, Plan(1, None))
    for number in range(3):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: working(driver) == 1)
    time.sleep(0.3)
    driver.look()
    assert working(driver) == 1
    driver.queue._adopt_plan(limit, Plan(30, None))
    driver.until(lambda: working(driver) == 3)


def test_each_account_has_as_many_at_once_as_it_says(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """What one account allows binds no other, in whatever order they are asked."""
    driver = make_driver(polling=PIAPI)
    with running() as other:
        for service, plan in ((piapi, "free"), (other, "creator")):
            service.plan = plan
            service.behaviour.processing_s = 60.0
        for number in range(7):
            for service in (other, piapi):
                driver.queue.submit(text_request(f"bear {number}"), service_of(service))
        driver.until(lambda: (len(piapi.creates), len(other.creates)) == (1, 5))
        time.sleep(0.4)
        assert (len(piapi.creates), len(other.creates)) == (1, 5)


def test_an_account_counts_as_asked_only_when_all_it_says_is_kept() -> None:
    """Others begin as soon as it counts as asked: by then both numbers hold."""
    seen: list[tuple[bool, int]] = []

    class Watched(RateLimit):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "has_asked" and value:
                seen.append((self.at_once == 1, self._limit or 0))

    Watched().adopt_plan(Plan(1, 300))
    assert seen == [(True, 300)]


@pytest.mark.parametrize(("allowed", "at_once"), [(2, 2), ("3", 3), (0, 1), (None, 4), (float("nan"), 4)])
def test_as_many_at_once_as_the_account_says(
    make_driver: Callable[..., Driver], piapi: Piapi, allowed: object, at_once: int
) -> None:
    """Whatever its plan is called: which plan allows how many, nobody has confirmed."""
    piapi.behaviour.processing_s = 60.0
    whole = piapi._account
    piapi._account = lambda: {  # type: ignore[method-assign]
        **whole(), "plan": "pro", "max_trellis_concurrency": allowed, "max_concurrent_task_count": None,
    }  # fmt: skip
    driver = make_driver(polling=PIAPI)
    driver.queue.lookups.ask(Question(Topic.ACCOUNT), service_of(piapi))
    driver.until(lambda: bool(driver.queue.lookups.answers()))
    driver.until(lambda: not driver.queue.is_busy)
    for number in range(6):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: len(piapi.creates) == at_once)
    time.sleep(0.4)
    assert len(piapi.creates) == at_once


def test_a_task_is_polled_for_as_long_as_was_set(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """Guards limits.patience_s in Backoff.wait: the usual limit of two hours would go on."""
    driver = make_driver(timings=Timings(first_wait_s=0.01, first_delay_s=0.001))
    piapi.behaviour.processing_s = 60.0
    service = replace(service_of(piapi), limits=TimeLimits(patience_s=0.5))
    generation = driver.queue.submit(text_request(), service)
    driver.until(lambda: driver.latest[generation.id].task_id != "")
    piapi.fail_always("get", Fault(503))
    assert driver.rest(generation).parked
    assert "Resume takes it up again at no cost" in driver.latest[generation.id].problem


def test_a_file_is_waited_for_as_long_as_was_set(piapi: Piapi) -> None:
    piapi.fail_always("file", Fault(stall_s=3.0, after=True))
    start = time.monotonic()
    with pytest.raises(Exception, match="did not answer"), open_result(
        f"{piapi.url}/files/m.glb", from_this_computer=True, limits=TimeLimits(read_s=0.2)
    ):  # fmt: skip
        pass
    assert time.monotonic() - start < 2.0


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


API = "https://api.piapi.ai"


def test_the_way_to_the_service(environ: pytest.MonkeyPatch) -> None:
    assert route_to(API) == Route(API, "", "", ())
    environ.setenv("ALL_PROXY", "socks5://p.example:1080")
    assert route_to(API)[1:3] == ("socks5://p.example:1080", "from ALL_PROXY")
    environ.setenv("HTTPS_PROXY", "http://ada:secret@proxy.example:8080/")
    assert route_to(API)[1:3] == ("http://proxy.example:8080", "from HTTPS_PROXY")
    environ.setenv("https_proxy", "other.example:3128")
    assert route_to(API)[1:3] == ("other.example:3128", "from https_proxy")
    environ.setenv("NO_PROXY", "piapi.ai")
    assert route_to(API)[1:3] == ("", "because of NO_PROXY")
    here = "http://127.0.0.1:5000"
    assert route_to(here) == Route(here, "", "for a service on this computer", ())


def test_a_proxy_for_all_schemes_and_an_exception_count_in_small_letters_first(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("ALL_PROXY", "http://large.example:1")
    environ.setenv("all_proxy", "http://small.example:2/")
    assert route_to(API)[1:3] == ("http://small.example:2", "from all_proxy")
    environ.setenv("NO_PROXY", "piapi.ai")
    environ.setenv("no_proxy", "piapi.ai")
    assert route_to(API)[1:3] == ("", "because of no_proxy")


def test_an_exception_means_nothing_where_there_is_no_proxy(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("NO_PROXY", "piapi.ai")
    assert route_to(API) == Route(API, "", "", ())


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_added_certificates_are_told_whichever_way_it_goes(environ: pytest.MonkeyPatch, name: str) -> None:
    environ.setenv(name, "/x.pem")
    assert route_to(API).bundles == (name,)
    assert route_to("http://localhost:5000").bundles == (name,)
    environ.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert route_to(API) == Route(API, "http://proxy.example:8080", "from HTTPS_PROXY", (name,))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example:8080", "http://proxy.example:8080"),
        ("http://ada:p@ss@proxy.example:8080/?token=x", "http://proxy.example:8080"),
        ("ada:pass@proxy.example:8080", "proxy.example:8080"),
    ],
)
def test_a_proxys_password_is_not_shown(url: str, shown: str) -> None:
    assert without_login(url) == shown


def test_the_first_submissions_keep_to_what_the_account_says(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """Guards that it is asked before anything is submitted, and that the others wait for the answer."""
    piapi.plan = "free"
    piapi.behaviour.processing_s = 60.0
    driver = make_driver(polling=PIAPI)
    for number in range(4):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: len(piapi.creates) == 1)
    time.sleep(0.4)
    assert len(piapi.creates) == 1
    assert [path for _, path, _ in piapi.requests][:2] == ["/account/info", "/api/v1/task"]


def test_an_account_that_says_nothing_holds_up_nobody(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 60.0
    piapi.fail_always("balance", Fault(403))
    driver = make_driver(polling=PIAPI)
    for number in range(6):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: len(piapi.creates) == 4)


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {}])
def test_too_many_requests_wait_and_go_on(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings, headers: dict[str, str]
) -> None:
    driver = make_driver(timings=timings._replace(busy_delay_s=0.5))
    piapi.fail("create", Fault(429, headers=headers))
    start = time.monotonic()
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: any("takes no more" in g.problem for g in driver.history.get(generation.id, [])))
    assert driver.rest(generation).state is State.READY
    assert time.monotonic() - start > (0.9 if headers else 0.4)
    assert len(piapi.creates) == 1


def test_between_two_attempts_it_is_queued_and_can_be_dropped(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(busy_delay_s=1.0))
    piapi.fail_always("create", Fault(429))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: any("in 4 s" in each.problem for each in driver.history.get(generation.id, [])))
    waits = [each for each in driver.history[generation.id] if each.problem]
    said = "PiAPI takes no more tasks for now; tried again in {} s."
    assert [(each.state, each.problem) for each in waits] == [(State.QUEUED, said.format(s)) for s in (1, 2, 4)]
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    dropped = driver.rest(generation)
    assert (dropped.state, dropped.problem, dropped.task_id) == (State.CANCELLED, costs.NOTHING_SENT, "")
    assert piapi.asked("create") == 3


def test_too_many_requests_for_ever_end_in_a_sentence(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(busy_delay_s=0.01))
    piapi.fail_always("create", Fault(429))
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert failed.problem.startswith("PiAPI takes no more requests for now (429).")
    assert piapi.asked("create") == 5


QUICK = PIAPI._replace(early_s=0.02, early_until_s=0.1, close_s=0.02, longest_s=0.1)


def test_the_accounts_plan_is_asked_for_once_and_its_limit_kept(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver(polling=QUICK)
    piapi.plan = "Pro"
    first, second = (driver.queue.submit(text_request(), service_of(piapi)) for _ in range(2))
    assert driver.rest(first).state is State.READY
    assert driver.rest(second).state is State.READY
    assert piapi.asked("balance") == 1
    assert piapi.asked("get") >= 2


@pytest.mark.parametrize("fault", [Fault(403), Fault(200, "<html>"), Fault(200, {"plan": "gold", "account_id": "1"})])
def test_an_account_that_says_nothing_of_its_plan_disturbs_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings, fault: Fault
) -> None:
    piapi.fail_always("balance", fault)
    driver = make_driver(polling=QUICK, timings=timings._replace(first_delay_s=0.01, minute_s=1.0))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


def test_too_many_requests_hold_everything_back(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(3)]
    driver.until(lambda: len(piapi.tasks) == 3)
    piapi.fail("get", Fault(429, headers={"Retry-After": "1"}))
    driver.until(lambda: piapi.asked("get") >= 1)
    held = time.monotonic()
    before = piapi.asked("get")
    time.sleep(0.8)
    # Two may have been on their way already.
    assert piapi.asked("get") <= before + 2, time.monotonic() - held
    assert [driver.rest(generation).state for generation in generations] == [State.READY] * 3


def test_while_one_task_is_staged_no_other_is_submitted(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(pending_s=1.5, status_words={"pending": "Staged"})
    first = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: "other tasks" in driver.latest[first.id].stage)
    second = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: "other tasks" in driver.latest[second.id].stage)
    assert len(piapi.creates) == 1
    assert driver.rest(first).state is State.READY
    assert driver.rest(second).state is State.READY
