"""What the artist may set: how much at once, how long to wait; and which way the requests go."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import Driver, service_of, text_request
from service import Fault, Piapi

from trellis_blender.generation.limits.rate_limit import PIAPI, RateLimit
from trellis_blender.generation.lookups.questions import Question, Topic
from trellis_blender.generation.states import State
from trellis_blender.piapi.http.proxies import Route, route_to, without_login
from trellis_blender.piapi.http.result_file import open_result
from trellis_blender.piapi.plans import Plan
from trellis_blender.piapi.timings import TimeLimits, Timings

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
    """Guards the `min` in Queue._start_waiting."""
    piapi.behaviour.pending_s = 60.0
    driver.queue.allow(30)
    driver.queue._adopt_plan(RateLimit(is_limited=False), Plan(1, 10))
    for number in range(3):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: working(driver) == 1)
    time.sleep(0.3)
    driver.look()
    assert working(driver) == 1
    driver.queue._adopt_plan(RateLimit(is_limited=False), Plan(30, 300))
    driver.until(lambda: working(driver) == 3)


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
    driver.queue.inquiries.ask(Question(Topic.ACCOUNT), service_of(piapi))
    driver.until(lambda: bool(driver.queue.inquiries.answers()))
    driver.until(lambda: not driver.queue.is_busy)
    for number in range(6):
        driver.queue.submit(text_request(f"bear {number}"), service_of(piapi))
    driver.until(lambda: len(piapi.creates) == at_once)
    time.sleep(0.4)
    assert len(piapi.creates) == at_once


def test_a_task_is_polled_for_as_long_as_was_set(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """Guards limits.patience_s in Patience.wait: the usual limit of two hours would go on."""
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
