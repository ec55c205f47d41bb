"""Hosts that never come to the point, that repeat secrets, or that send the rest of another file."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import Driver, service_of, serving, silent, text_request
from service import Fault, Piapi

from trellis_blender.generation.limits.rate_limit import PIAPI, RateLimit
from trellis_blender.generation.lookups.questions import Answer, Question, Topic
from trellis_blender.generation.states import State
from trellis_blender.piapi import errors
from trellis_blender.piapi.answers import PICTURES_MAX, read_task
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.http.adapter import Session
from trellis_blender.piapi.http.addresses import is_on_internet
from trellis_blender.piapi.http.connections import Connections
from trellis_blender.piapi.http.result_file import FileIdentity, Part, open_result
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits

KEY = "k" * 20
STOPS_WITHIN_S = 2.0


def full(stack: ExitStack) -> int:
    """A port that takes no connection up: its queue is full."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    time.sleep(0.2)
    return int(listener.getsockname()[1])


@pytest.mark.parametrize("where", ["in the handshake", "before there is a connection"])
def test_what_has_not_even_begun_ends_in_time(make_driver: Callable[..., Driver], where: str) -> None:
    driver = make_driver()
    with ExitStack() as stack:
        url = f"http://127.0.0.1:{full(stack)}"
        if where == "in the handshake":
            url = f"https://127.0.0.1:{stack.enter_context(serving(silent))}"
        generation = driver.queue.submit(text_request(), Service(api_url=url, api_key=KEY))
        driver.until(lambda: driver.latest.get(generation.id, generation).state is State.SUBMITTING)
        time.sleep(0.3)
        assert driver.queue.close(STOPS_WITHIN_S)


@pytest.mark.parametrize("where", ["in the handshake", "before there is a connection"])
def test_what_does_not_connect_in_time_is_said_as_such(where: str) -> None:
    with ExitStack() as stack:
        is_connected = where == "in the handshake"
        url = f"https://127.0.0.1:{stack.enter_context(serving(silent))}" if is_connected else ""
        client = Client(
            Service(url or f"http://127.0.0.1:{full(stack)}", KEY, limits=TimeLimits(connect_s=0.2, read_s=0.2)),
            pause=lambda _: None,
        )
        with pytest.raises(errors.NoConnection, match=r"No connection to 127\.0\.0\.1\. .*: “timed out”\.$"):
            client.get_task("t")


@pytest.mark.parametrize("after_s", [0.0, 0.3])
def test_a_question_ends_in_time(make_driver: Callable[..., Driver], after_s: float) -> None:
    def has_ended(port: int) -> bool:
        driver = make_driver()
        driver.queue.lookups.ask(Question(Topic.ACCOUNT), Service(f"http://127.0.0.1:{port}", KEY))
        time.sleep(after_s)
        return driver.queue.close(STOPS_WITHIN_S)

    with serving(silent) as port:
        # Once is enough: others use this machine as well.
        assert any(has_ended(port) for _ in range(5))


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(Service(f"http://127.0.0.1:{port}", KEY), pause=lambda _: None)
    started = time.monotonic()
    with pytest.raises(errors.NoConnection):
        client.get_task("t")
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("secret", ["1", "task", "completed", "a-secret-of-some-length"])
def test_a_webhook_secret_changes_no_answer(driver: Driver, piapi: Piapi, secret: str) -> None:
    service = service_of(piapi)
    service = Service(
        **{name: getattr(service, name) for name in ("api_url", "api_key", "upload_url")},
        webhook_endpoint="https://hook.example",
        webhook_secret=secret,
    )
    made = driver.rest(driver.queue.submit(text_request(), service))
    assert made.state is State.READY
    assert len(piapi.creates) == 1


def test_secrets_that_an_answer_repeats_are_not_said(piapi: Piapi) -> None:
    service = service_of(piapi)
    body = {"code": 200, "data": {"task_id": "t1", "status": "failed", "error": {"message": f"no, {service.api_key}"}}}
    piapi.fail("get", Fault(body=body))
    assert Client(service).get_task("t1").error_message == "no, (your key)"


def test_secrets_are_not_said_wherever_they_stand_and_addresses_stay_as_they_came(piapi: Piapi) -> None:
    secret = "a-webhook-secret"
    service = Service(piapi.url, KEY, webhook_secret=secret)
    files = [f"https://files.example/{secret}/1.png", f"https://files.example/{secret}/2.png"]
    task = {
        "task_id": "t1",
        "status": "failed",
        "error": {"message": f"no, {secret}"},
        "output": {"image_urls": files},
        "logs": [{"message": f"{secret}, {KEY}"}],
    }
    piapi.fail("get", Fault(body={"code": 200, "data": task}))
    found = Client(service).get_task("t1")
    assert found.error_message == "no, (your webhook secret)"
    assert found.log_lines == ("(your webhook secret), (your key)",)
    assert found.picture_urls == tuple(files)


def test_in_megabytes_of_words_secrets_are_not_looked_for_for_long(piapi: Piapi) -> None:
    """Of seven times the text, in the same time: what is not read of it is no loss."""
    secret = "hook-" * 5
    nearly = f"{secret[:-1]}%" * (100_000 // len(secret))
    client = Client(replace(service_of(piapi), webhook_secret=secret))
    took_s: list[float] = []
    for lines in (11, 70):
        task = {"task_id": "t1", "status": "odd", "logs": [nearly] * lines, "output": {"model_file": "https://x/y"}}
        piapi.fail("get", Fault(body={"code": 200, "data": task}))
        begun = time.thread_time()
        found = client.get_task("t1")
        took_s.append(time.thread_time() - begun)
        assert (found.task_id, found.status.value, found.model_url) == ("t1", "completed", "https://x/y")
    assert took_s[1] < 3 * took_s[0] + 0.1


def test_a_login_for_everybody_is_sent_to_nobody(piapi: Piapi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logins = tmp_path / "logins"
    logins.write_text("default login ada password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(logins))
    heads: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heads.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with serving(listen) as port:
        Session(Connections()).get(f"http://127.0.0.1:{port}/")
    assert heads
    assert b"Authorization" not in heads[0]


@pytest.mark.parametrize("is_asked_again", [True, False])
def test_the_rest_of_a_file_that_was_changed_is_not_taken(*, is_asked_again: bool) -> None:
    def serve(connection: socket.socket) -> None:
        asked = connection.recv(65536)
        if b"Range: bytes=4-" in asked or not is_asked_again:
            connection.sendall(
                b'HTTP/1.1 206 Partial Content\r\nETag: "B"\r\nContent-Range: bytes 4-7/8\r\n'
                b"Content-Length: 4\r\nConnection: close\r\n\r\nBBBB"
            )
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nbbbbBBBB")

    part = Part(4, FileIdentity('"A"', "", 8))
    with serving(serve) as port, ExitStack() as stack:
        opening = open_result(f"http://127.0.0.1:{port}/m.glb", part, from_this_computer=True)
        if is_asked_again:
            result = stack.enter_context(opening)
            assert (result.starts_at, b"".join(result.chunks)) == (0, b"bbbbBBBB")
        else:
            with pytest.raises(errors.AnswerNotUnderstood):
                stack.enter_context(opening)


@pytest.mark.parametrize(
    ("told", "is_taken"),
    [
        (b'ETag: "A"', True),
        (b'ETag: "A"\r\nLast-Modified: yesterday', True),
        (b"Last-Modified: yesterday", True),
        (b"", True),
        (b'ETag: "B"\r\nLast-Modified: yesterday', False),
        (b'ETag: "A"\r\nLast-Modified: today', False),
        (b"Last-Modified: today", False),
    ],
)
def test_a_rest_is_taken_where_all_that_is_told_of_its_file_is_the_same(told: bytes, *, is_taken: bool) -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        if b"Range: bytes=4-" in asked[-1]:
            head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/8\r\n" + told
            connection.sendall(head.rstrip() + b"\r\nContent-Length: 4\r\nConnection: close\r\n\r\nBBBB")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nbbbbBBBB")

    part = Part(4, FileIdentity('"A"', "yesterday", 8))
    with (
        serving(serve) as port,
        open_result(f"http://127.0.0.1:{port}/m.glb", part, from_this_computer=True) as result,
    ):
        assert (result.starts_at, b"".join(result.chunks)) == ((4, b"BBBB") if is_taken else (0, b"bbbbBBBB"))
    assert len(asked) == (1 if is_taken else 2)
    assert b'If-Range: "A"' in asked[0]
    assert b"Accept-Encoding: identity" in asked[0]


@pytest.mark.parametrize("part", [None, Part(4, FileIdentity('"A"', "", 8)), Part(5, FileIdentity('"A"', "", 8))])
def test_a_part_that_is_not_the_rest_is_no_whole_file(part: Part | None) -> None:
    """A film or a picture of which a piece came would be kept as all of it."""
    begins = part.received if part is not None else 0

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {begins}-{begins + 1}/8\r\nContent-Length: 2"
        connection.sendall(head.encode() + b"\r\nConnection: close\r\n\r\nBB")

    with (
        serving(serve) as port,
        open_result(f"http://127.0.0.1:{port}/m.glb", part, from_this_computer=True) as result,
        pytest.raises(errors.ConnectionCut),
    ):
        list(result.chunks)


@pytest.mark.parametrize("status", [429, 503])
def test_whenever_the_service_wants_to_be_left_alone_all_leave_it_alone(piapi: Piapi, status: int) -> None:
    held: list[float] = []
    client = Client(service_of(piapi), pause=lambda _: None, slow_down=held.append)
    piapi.fail("get", *(Fault(status, headers={"Retry-After": seconds}) for seconds in ("1", "1", "300")))
    with pytest.raises(errors.PiapiError):
        client.get_task("t")
    assert held == [1.0, 1.0, 300.0]


def test_a_long_wait_is_said_to_all_who_wait(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 60.0
    driver = make_driver()
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(3)]
    driver.until(lambda: len(piapi.tasks) == 3)
    piapi.fail("get", Fault(503, headers={"Retry-After": "1800"}))
    driver.until(lambda: all("asked again in" in driver.latest[generation.id].stage for generation in generations))
    assert {driver.latest[generation.id].problem for generation in generations} == {""}
    assert {driver.latest[generation.id].stage for generation in generations} == {"PiAPI is asked again in 30 min"}


def test_a_question_does_not_wait_for_as_long_as_a_service_may_want(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("balance", Fault(429, headers={"Retry-After": "3600"}))
    for _ in range(2):  # the second is not even sent
        assert ask_for_the_account(driver, piapi).problem == "PiAPI takes no requests for now. Ask again in 60 min."
    assert piapi.asked("balance") == 1


def test_a_plan_that_was_not_told_is_asked_for_again(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(polling=PIAPI._replace(early_s=0.02, early_until_s=0.1, close_s=0.02, longest_s=0.1))
    piapi.fail("balance", Fault(403))
    piapi.plan = "pro"
    for _ in range(3):
        assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY
    assert piapi.asked("balance") == 2


def ask_for_the_account(driver: Driver, piapi: Piapi) -> Answer:
    return driver.ask(Question(Topic.ACCOUNT), service_of(piapi))


def test_a_plan_that_a_question_has_told_holds_for_all(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    driver = make_driver(polling=PIAPI._replace(early_s=0.02, early_until_s=0.1, close_s=0.02, longest_s=0.1))
    piapi.plan = "pro"
    account = ask_for_the_account(driver, piapi).account
    assert account is not None
    assert account.plan == "pro"
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(8)]
    driver.until(lambda: len(piapi.tasks) == 8)
    assert [driver.rest(generation).state for generation in generations] == [State.READY] * 8
    # No generation had to ask again, and together they made more requests than the free plan allows in a minute.
    assert piapi.asked("balance") == 1


def test_the_plan_of_a_service_on_this_computer_limits_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.plan = "free"
    assert ask_for_the_account(driver, piapi).account is not None
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(5)]
    start = time.monotonic()
    assert [driver.rest(generation).state for generation in generations] == [State.READY] * 5
    assert time.monotonic() - start < 30.0


def test_a_plan_is_wanted_until_it_is_known() -> None:
    limit = RateLimit()
    assert limit.wants_plan()
    assert not limit.wants_plan()
    limit.plan_is_unknown()
    assert limit.wants_plan()


def test_no_more_pictures_than_there_can_be_and_no_number_beyond_all_bounds() -> None:
    output: dict[str, Any] = {"image_urls": [f"https://a.example/{number}.png" for number in range(200)]}
    usage = {"consume": 1.7e308}
    task = read_task(
        json.loads(
            json.dumps({"data": {"task_id": "t", "status": "completed", "output": output, "meta": {"usage": usage}}})
        )
    )
    assert len(task.picture_urls) == PICTURES_MAX
    assert task.charged_usd is None


@pytest.mark.parametrize("address", ["64:ff9b::10.0.0.1", "fec0::1", "64:ff9b::7f00:1"])
def test_the_neighbours_of_a_network_without_ipv4_are_not_the_internet(address: str) -> None:
    assert not is_on_internet(address)
    assert is_on_internet("64:ff9b::8.8.8.8")
