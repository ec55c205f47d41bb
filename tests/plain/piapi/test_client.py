import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import BinaryIO

import pytest
from helpers import service_of, serving
from service import KEY, Behaviour, Fault, Piapi, running
from systems import CERTIFICATES, stop_listening

from trellis_blender.piapi import errors, statuses
from trellis_blender.piapi.answers import Status
from trellis_blender.piapi.client import ANSWER_LIMIT_BYTES, SECRET_LENGTH_MIN, Client, Exchange
from trellis_blender.piapi.clock import ServiceClock
from trellis_blender.piapi.http.result_file import open_result
from trellis_blender.piapi.http.retries import read_retry_after, retry_delay_s
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits

TEXT = {"prompt": "a bear", "seed": 1}


class Waits(list[float]):
    """Stands in for the clock: remembers how long it was to wait, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


OPEN: list[Client] = []


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def new_client(service: Service, waits: Waits | None = None, **options: object) -> Client:
    OPEN.append(Client(service, pause=waits if waits is not None else Waits(), **options))  # type: ignore[arg-type]
    return OPEN[-1]


def client_for(piapi: Piapi, key: str = KEY, **options: object) -> Client:
    return new_client(service_of(piapi, key), **options)


def create(client: Client) -> object:
    return client.create_task("Qubico/trellis", "text-to-3d", TEXT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_create_get_and_balance(piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.0
    client = client_for(piapi)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    done = client.get_task(task.task_id)
    assert (done.status, done.charged_usd) == (Status.COMPLETED, 0.04)
    assert done.model_url == f"{piapi.url}/files/{task.task_id}.glb"
    assert piapi.creates == [{"model": "Qubico/trellis", "task_type": "text-to-3d", "input": TEXT, "config": {}}]
    account = client.get_account()
    assert (account.name, account.plan, account.balance_usd) == ("Ada", "creator", 12.5)


def test_cancel_of_a_pending_task(piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    client = client_for(piapi)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    client.cancel_task(task.task_id)
    assert client.get_task(task.task_id).status is Status.CANCELLED


def test_the_flat_shape_is_read_too(piapi: Piapi) -> None:
    piapi.behaviour.flat_answers = True
    piapi.behaviour.processing_s = 0.0
    client = client_for(piapi)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    assert client.get_task(task.task_id).status is Status.COMPLETED


def test_an_upload(piapi: Piapi) -> None:
    assert client_for(piapi).upload_image("input.png", "aGVsbG8=").startswith(piapi.url)
    assert piapi.uploads == [{"file_name": "input.png", "file_data": "aGVsbG8="}]


def test_every_request_is_the_one_of_the_contract(piapi: Piapi) -> None:
    client = client_for(piapi)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    client.get_task(task.task_id)
    client.find_task(task.task_id)
    piapi.fail("cancel", Fault(200, {"code": 200}))
    client.cancel_task(task.task_id)
    client.get_account()
    client.get_active_tasks()
    client.get_history(0, 1)
    client.upload_image("input.png", "aGVsbG8=")
    asked = [(method, path) for method, path, _ in piapi.requests]
    its = f"/api/v1/task/{task.task_id}"
    assert asked == [
        ("POST", "/api/v1/task"),
        ("GET", its),
        ("GET", its),
        ("DELETE", its),
        ("GET", "/account/info"),
        ("GET", "/account/active_tasks"),
        ("GET", "/api/open/tasks/histories"),
        ("POST", "/api/ephemeral_resource"),
    ]


def test_an_upload_that_the_plan_has_none_of_says_what_to_do_instead(piapi: Piapi) -> None:
    piapi.fail("upload", Fault(403, body={"message": "upgrade to use this"}))
    with pytest.raises(errors.NoUploads) as caught:
        client_for(piapi).upload_image("input.png", "aGVsbG8=")
    assert str(caught.value) == (
        "Your PiAPI plan does not include uploads (403). Switch off Upload Images in the preferences: "
        "images then go along in the request. It said: “upgrade to use this”."
    )


def test_an_upload_host_that_the_key_must_not_go_to_is_named(piapi: Piapi) -> None:
    client = new_client(replace(service_of(piapi), upload_url="http://upload.example"))
    with pytest.raises(errors.AddressUnusable, match="PiAPI's upload host"):
        client.upload_image("input.png", "aGVsbG8=")
    assert piapi.requests == []


def test_a_login_in_the_upload_hosts_address_is_refused_and_not_repeated(piapi: Piapi) -> None:
    host = piapi.url.replace("://", "://ada:hush-hush@")
    with pytest.raises(errors.AddressUnusable, match="has an @ in it") as caught:
        new_client(replace(service_of(piapi), upload_url=host)).upload_image("input.png", "aGVsbG8=")
    assert "hush" not in repr(caught.value) + str(caught.value)
    assert piapi.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.InputRefused),
        (401, errors.KeyRefused),
        (402, errors.OutOfCredits),
        (403, errors.NotOnPlan),
        (404, errors.NotThere),
        (409, errors.RequestRefused),
        (418, errors.RequestRefused),
        (429, errors.TooManyRequests),
        (408, errors.NoAnswerInTime),
        (500, errors.ServiceFailing),
        (502, errors.ServiceFailing),
        (503, errors.ServiceFailing),
    ],
)
def test_every_status_has_its_error_and_a_create_is_never_repeated(
    piapi: Piapi, status: int, error: type[errors.PiapiError]
) -> None:
    piapi.fail_always("create", Fault(status, {"code": status, "message": "the reason", "data": None}))
    with pytest.raises(error, match=r"“the reason”\."):
        create(client_for(piapi))
    assert piapi.asked("create") == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(reset=True), errors.ConnectionCut),
        (Fault(reset=True, after=True), errors.ConnectionCut),
        (Fault(cut_after=20), errors.ConnectionCut),
        (Fault(200, "<html>log in</html>"), errors.AnswerNotUnderstood),
        (Fault(200, "{not json"), errors.AnswerNotUnderstood),
        (Fault(200, "[" * 100_000), errors.AnswerNotUnderstood),
        (Fault(200, {"code": 200, "data": None}), errors.AnswerNotUnderstood),
        (Fault(stall_s=1.0), errors.NoAnswerInTime),
        (Fault(502, "<html>bad gateway</html>"), errors.ServiceFailing),
    ],
)
def test_a_create_without_a_usable_answer_is_unclear_and_not_repeated(
    piapi: Piapi, fault: Fault, error: type[errors.PiapiError]
) -> None:
    piapi.fail("create", fault)
    with pytest.raises(error) as caught:
        create(new_client(replace(service_of(piapi), limits=TimeLimits(read_s=0.3))))
    assert isinstance(caught.value, errors.Unclear)
    assert piapi.asked("create") == 1


def test_a_create_that_never_reached_the_service_is_repeated() -> None:
    port = free_port()
    waits = Waits()
    client = new_client(Service(f"http://127.0.0.1:{port}", KEY), waits)
    with pytest.raises(errors.NoConnection, match=r"No connection to 127\.0\.0\.1"):
        create(client)
    assert len(waits) == 2


def read_request(stream: BinaryIO) -> bytes:
    """A whole request: head and, by its length, body."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and (line := stream.readline()):
        head += line
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return head + stream.read(int(length[1]) if length else 0)


def answering_once(listener: socket.socket, answer: bytes, served: list[bytes]) -> None:
    """Answers the first request of each connection with keep-alive and drops the second one unread."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as stream:
            served.append(read_request(stream))
            connection.sendall(answer)
            if stream.read(1):
                served.append(b"over a kept connection")


def test_a_create_does_not_go_over_a_connection_that_the_service_may_have_closed() -> None:
    body = b'{"data": {"task_id": "t1", "status": "pending"}}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    served: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answering_once, args=(listener, answer, served), daemon=True).start()
        client = new_client(Service(f"http://127.0.0.1:{listener.getsockname()[1]}", KEY))
        client.get_task("t1")
        create(client)
        create(client)
        stop_listening(listener)
    assert [request[:4] for request in served] == [b"GET ", b"POST", b"POST"]


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], list[bytes]]]:
    """Starts a proxy for https that reads what comes, sends one answer and closes; gives what it read."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve(answer: bytes) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(answer)

    def start(answer: bytes) -> list[bytes]:
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=serve, args=(answer,), daemon=True).start()
        return seen

    with listener:
        yield start
        stop_listening(listener)


def test_a_proxy_that_refuses_the_tunnel_surely_sent_nothing(proxied: Callable[[bytes], list[bytes]]) -> None:
    proxied(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(errors.NoConnection):
        create(new_client(Service("https://api.example.invalid", KEY)))


def test_a_proxy_never_sees_what_is_meant_for_this_computer(piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    piapi.behaviour.processing_s = 0.0
    with running() as proxy:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        client = client_for(piapi)
        done = client.get_task(client.create_task("Qubico/trellis", "text-to-3d", TEXT).task_id)
        with open_result(done.model_url, from_this_computer=True) as result:
            assert b"".join(result.chunks).startswith(b"glTF")
        assert proxy.requests == []


@pytest.mark.parametrize("fault", [Fault(500), Fault(reset=True), Fault(200, "<html>"), Fault(429)])
def test_a_poll_is_repeated(piapi: Piapi, fault: Fault) -> None:
    client = client_for(piapi)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    piapi.fail("get", fault, fault)
    assert client.get_task(task.task_id).task_id == task.task_id
    assert piapi.asked("get") == 3


def test_retry_after_counts_for_every_answer(piapi: Piapi) -> None:
    waits = Waits()
    client = new_client(service_of(piapi), waits)
    piapi.fail_always("get", Fault(503, headers={"Retry-After": "9"}))
    with pytest.raises(errors.ServiceFailing):
        client.get_task("t1")
    assert waits == [9.0, 9.0]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("create", Fault(503, headers={"Retry-After": "9"})),
        ("create", Fault(403, headers={"Retry-After": "9"})),
        ("create", Fault(200, {"code": 429, "message": "too many", "data": None}, {"Retry-After": "9"})),
        ("cancel", Fault(503, headers={"Retry-After": "9"})),
        ("get", Fault(402, headers={"Retry-After": "9"})),
        ("get", Fault(200, "<html>", {"Retry-After": "9"})),
    ],
)
def test_a_wait_that_is_asked_for_is_everybodys_whatever_else_is_answered(
    piapi: Piapi, step: str, fault: Fault
) -> None:
    """Another thread may ask next, where this request is not repeated."""
    heard: list[float] = []
    client = client_for(piapi, slow_down=heard.append)
    task_id = "t1" if step == "create" else client.create_task("Qubico/trellis", "text-to-3d", TEXT).task_id
    piapi.fail_always(step, fault)
    asks = {"create": create, "cancel": lambda it: it.cancel_task(task_id), "get": lambda it: it.get_task(task_id)}
    with pytest.raises(errors.PiapiError) as caught:
        asks[step](client)
    assert set(heard) == {9.0}
    assert caught.value.retry_after_s == 9.0


@pytest.mark.parametrize("status", [400, 402, 409, 429, 500, 502])
def test_what_names_a_task_is_no_refusal(piapi: Piapi, status: int) -> None:
    """Guards `is_fine` of a create: the task is there, and may be paid."""
    task = {"task_id": "t9", "status": "pending"}
    piapi.fail("create", Fault(status, {"code": status, "message": "odd", "data": task}))
    assert client_for(piapi).create_task("Qubico/trellis", "text-to-3d", TEXT).task_id == "t9"
    assert piapi.asked("create") == 1


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_poll_that_was_refused_is_not_repeated(piapi: Piapi, status: int) -> None:
    piapi.fail_always("get", Fault(status))
    with pytest.raises(errors.Refused):
        client_for(piapi).get_task("t1")
    assert piapi.asked("get") == 1


def test_retry_after_is_obeyed(piapi: Piapi) -> None:
    waits = Waits()
    client = new_client(service_of(piapi), waits)
    task = client.create_task("Qubico/trellis", "text-to-3d", TEXT)
    piapi.fail("get", Fault(429, headers={"Retry-After": "7"}))
    client.get_task(task.task_id)
    assert waits == [7.0]


@pytest.mark.parametrize(("attempt", "longest_s"), [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 8.0)])
def test_the_next_try_comes_after_half_to_all_of_twice_as_long(attempt: int, longest_s: float) -> None:
    delays = [retry_delay_s(attempt, None, random.Random(seed)) for seed in range(200)]
    assert all(longest_s / 2 <= delay <= longest_s for delay in delays)
    assert max(delays) - min(delays) > longest_s / 3
    assert retry_delay_s(attempt, 42.0, random.Random(1)) == 42.0
    assert retry_delay_s(attempt, 0.0, random.Random(1)) == 0.0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (299, errors.RequestRefused),
        (300, errors.Redirected),
        (399, errors.Redirected),
        (400, errors.InputRefused),
        (408, errors.NoAnswerInTime),
        (409, errors.RequestRefused),
        (498, errors.RequestRefused),
        (102, errors.AnswerNotUnderstood),
        (199, errors.AnswerNotUnderstood),
        (499, errors.NoAnswerInTime),
        (511, errors.LoginPage),
        (500, errors.ServiceFailing),
        (599, errors.ServiceFailing),
    ],
)
def test_every_status_has_its_error(status: int, error: type[errors.PiapiError]) -> None:
    found = statuses.error_for(status, "a  bear\nsaid", 7.0)
    assert type(found) is error
    assert (found.detail, found.retry_after_s) == ("a bear said", 7.0)
    what = errors.Wording().fill(f"{found.happened} {found.remedy}")
    assert str(found) == f"{what} It said: “a bear said”."
    assert str(statuses.error_for(status)) == what


def test_retry_after_as_seconds_and_as_a_date() -> None:
    assert read_retry_after("7", 1000.0) == 7.0
    assert read_retry_after(formatdate(1030, usegmt=True), 1000.0) == 30.0
    assert read_retry_after(formatdate(900, usegmt=True), 1000.0) == 0.0
    assert read_retry_after("999999999999999999999", 0.0) == 3600.0
    for nothing in (None, "", "soon", "-3", "1e5", "nan", "٣٠x"):
        assert read_retry_after(nothing, 1000.0) is None


def test_no_redirect_is_followed_and_the_key_stays_here(piapi: Piapi) -> None:
    with running() as elsewhere:
        piapi.fail_always("get", Fault(302, headers={"Location": f"{elsewhere.url}/api/v1/task/t1"}))
        piapi.fail_always("create", Fault(307, headers={"Location": f"{elsewhere.url}/api/v1/task"}))
        with pytest.raises(errors.Redirected):
            client_for(piapi).get_task("t1")
        with pytest.raises(errors.Redirected):
            create(client_for(piapi))
        assert elsewhere.requests == []


def test_the_key_is_not_sent_with_the_download(piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.0
    client = client_for(piapi)
    done = client.get_task(client.create_task("Qubico/trellis", "text-to-3d", TEXT).task_id)
    with running() as elsewhere:
        elsewhere.tasks = piapi.tasks
        piapi.fail("file", Fault(302, headers={"Location": done.model_url.replace(piapi.url, elsewhere.url)}))
        with open_result(done.model_url, from_this_computer=True) as result:
            content = b"".join(result.chunks)
        assert content.startswith(b"glTF")
        shown = [headers for service in (piapi, elsewhere) for _, path, headers in service.requests if "files" in path]
        assert len(shown) == 2
        assert all(KEY not in str(headers) for headers in shown)


def test_the_key_is_in_no_error_and_no_repr(piapi: Piapi) -> None:
    service = service_of(piapi)
    assert KEY not in repr(service)
    piapi.fail("create", Fault(401, {"code": 401, "message": f"wrong key {KEY}", "data": None}))
    with pytest.raises(errors.KeyRefused) as caught:
        create(client_for(piapi))
    assert KEY not in str(caught.value)
    assert "(your key)" in str(caught.value)
    piapi.fail("create", Fault(200, {"code": 401, "message": f"wrong key {KEY}", "data": None}))
    with pytest.raises(errors.KeyRefused) as caught:
        create(client_for(piapi))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["wrong\nkey", "schlüssel", "ключ", "a\x00b"])
def test_a_key_that_no_header_can_hold_ends_in_a_sentence(piapi: Piapi, key: str) -> None:
    with pytest.raises(errors.AddressUnusable, match="API key"):
        client_for(piapi, key)


def test_plain_http_is_for_this_computer_only() -> None:
    with pytest.raises(errors.AddressUnusable, match="needs https"):
        Client(Service("http://api.piapi.ai", KEY))
    for url in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        Client(Service(url, KEY)).close()


def test_a_server_that_cannot_prove_who_it_is_gets_nothing() -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "alone.pem", CERTIFICATES / "alone.key")
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        received.append(secure.recv(1000))
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(errors.CertificateRefused):
            create(new_client(Service(f"https://127.0.0.1:{listener.getsockname()[1]}", KEY)))
        thread.join(10)
    assert not any(KEY.encode() in part for part in received)


def test_an_answer_of_absurd_size_is_refused(piapi: Piapi) -> None:
    """How far one without an end is read is measured in test_hostile_answers.py."""
    piapi.fail_always("get", Fault(200, b"x" * (ANSWER_LIMIT_BYTES + 1)))
    with pytest.raises(errors.AnswerNotUnderstood, match="far too large"):
        client_for(piapi).get_task("t1")


def test_every_error_speaks_in_sentences() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.PiapiError):
            sentence = str(kind())
            assert str(kind("xyzzy")).count("xyzzy") <= 1
            assert sentence.endswith(".")
            assert "Error" not in sentence


def test_the_accounts_lists(piapi: Piapi) -> None:
    client = client_for(piapi)
    piapi.behaviour = Behaviour(processing_s=60)
    running = client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear", "seed": 3})
    pictures = client.create_task("Qubico/flux1-schnell", "txt2img", {"prompt": "a jar"})
    piapi.behaviour = Behaviour(processing_s=0)
    done = client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a fox", "seed": 4})
    # No family of the running tasks is Trellis'.
    assert [each.task.task_id for each in client.get_active_tasks()] == [pictures.task_id]
    made_at = piapi.tasks[done.task_id].made_at
    page = client.get_history(made_at - 60.2, made_at + 60.7)
    assert [each.task.task_id for each in page.tasks] == [done.task_id, pictures.task_id, running.task_id]
    assert (page.rows, page.unreadable, page.total) == (3, 0, 3)
    first = page.tasks[0]
    assert (first.model, first.task_type, first.inputs) == ("Qubico/trellis", "text-to-3d", None)
    assert (first.task.charged_usd, first.task.status) == (0.04, Status.COMPLETED)
    assert piapi.requests[-1][1] == "/api/open/tasks/histories"
    assert client.get_history(made_at - 60.2, made_at + 60.7, page=2) == ((), 0, 0, 3)
    assert client.get_history(1000.2, 2000.7) == ((), 0, 0, 0)
    assert client.get_history(made_at - 60, made_at - 2).rows == 0
    assert client.find_task(running.task_id).inputs == {"prompt": "a bear", "seed": 3}


def test_an_upload_whose_address_stands_at_the_root(piapi: Piapi) -> None:
    piapi.uploads_at_root = True
    assert client_for(piapi).upload_image("input.png", "aGVsbG8=") == f"{piapi.url}/files/upload.png"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, None),
        (404, None),
        (405, None),
        (409, None),
        (500, "<html>"),
        (501, "<html>"),
        (503, None),
        (200, "<html>"),
    ],
)
def test_a_cancel_is_asked_once_whatever_the_answer(piapi: Piapi, status: int, body: str | None) -> None:
    piapi.fail_always("cancel", Fault(status, body))
    with pytest.raises(errors.PiapiError):
        client_for(piapi).cancel_task("t1")
    assert piapi.asked("cancel") == 1


def test_an_answer_about_another_task_is_not_taken(piapi: Piapi) -> None:
    client = client_for(piapi)
    first, second = (client.create_task("Qubico/trellis", "text-to-3d", TEXT).task_id for _ in range(2))
    piapi.fail_always("get", Fault(200, piapi._envelope(piapi.tasks[second])))
    for ask in (client.get_task, client.find_task):
        with pytest.raises(errors.AnswerNotUnderstood, match="another task"):
            ask(first)
    assert client.get_task(second).task_id == second
    assert client.get_task(second.upper()).task_id == second.upper()


def test_a_number_of_thousands_of_digits_spoils_no_answer(piapi: Piapi) -> None:
    client = client_for(piapi)
    task_id = client.create_task("Qubico/trellis", "text-to-3d", TEXT).task_id
    told = json.dumps(piapi._envelope(piapi.tasks[task_id])).replace("400000", "4" * 5000)
    piapi.fail("get", Fault(200, told))
    found = client.get_task(task_id)
    assert (found.task_id, found.charged_usd) == (task_id, None)


@pytest.mark.parametrize("date", ["Sat, 28 Nov 2026 19:00:00 GMT", "Sat, 28 Nov 2026 19:00:00 -0000"])
def test_the_time_at_the_service(date: str) -> None:
    elapsed = [5.0]
    clock = ServiceClock(lambda: elapsed[0])
    assert clock.now() is None
    clock.set_from(date)
    elapsed[0] += 60.0
    assert clock.now() == 1_795_892_460.0
    for nothing in (None, "", "soon", "x" * 5000, "Thu, 01 Jan 1970 00:00:00 GMT", "Sat, 28 Nov 99999 19:00:00 GMT"):
        clock.set_from(nothing)
        assert clock.now() == 1_795_892_460.0


def test_retry_after_a_date_is_waited_by_the_services_clock(piapi: Piapi) -> None:
    """This computer's clock may be days off."""
    waits: list[float] = []
    client = Client(service_of(piapi), pause=waits.append)
    piapi.clock_off_s = -3 * 86400.0
    told = formatdate(time.time() + piapi.clock_off_s + 7.0, usegmt=True)
    piapi.fail("balance", Fault(429, {"message": "too many"}, {"Retry-After": told}))
    client.get_account()
    assert waits == [pytest.approx(7.0, abs=2.0)]


def test_a_witness_is_shown_all_that_was_asked_and_answered(piapi: Piapi) -> None:
    shown: list[Exchange] = []
    client = client_for(piapi, witness=shown.append)
    create(client)
    piapi.fail("get", Fault(404, "gone", {"X-Said": "so"}))
    with pytest.raises(errors.NotThere):
        client.get_task("a/b ?#")
    client.get_history(1000.2, 2000.7, page=2)
    assert [(each.method, each.path, each.status) for each in shown] == [
        ("POST", "/api/v1/task", 200),
        ("GET", "/api/v1/task/a%2Fb%20%3F%23", 404),
        ("GET", "/api/open/tasks/histories?page=2&page_size=100&start_time=1000&end_time=2001", 200),
    ]
    assert shown[0].sent == {"model": "Qubico/trellis", "task_type": "text-to-3d", "input": TEXT, "config": {}}
    assert (shown[1].sent, shown[1].content, shown[1].headers["X-Said"]) == (None, b"gone", "so")
    assert json.loads(shown[0].content)["data"]["task_id"] in piapi.tasks


def test_each_request_says_who_asks_and_for_what(piapi: Piapi) -> None:
    client = client_for(piapi, key=f" {KEY}\n")
    create(client)
    client.get_account()
    assert len(piapi.requests) == 2
    for _, _, headers in piapi.requests:
        assert (headers["x-api-key"], headers["accept"]) == (KEY, "application/json")
        assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "body", "error", "asked"),
    [
        (400, {"message": "the reason"}, errors.RequestRefused, 1),
        (511, {"message": "the reason"}, errors.ServiceFailing, 3),
        (511, "<html>log in</html>", errors.LoginPage, 1),
        (302, "<html>log in</html>", errors.Redirected, 1),
        (200, "", errors.AnswerNotUnderstood, 3),
        (200, "null", errors.AnswerNotUnderstood, 3),
    ],
)
def test_what_a_poll_is_answered_with_is_told_as_what_it_is(
    piapi: Piapi, status: int, body: str | dict[str, str], error: type[errors.PiapiError], asked: int
) -> None:
    piapi.fail_always("get", Fault(status, body))
    with pytest.raises(error) as caught:
        client_for(piapi).get_task("t1")
    assert type(caught.value) is error
    assert caught.value.detail == ("the reason" if isinstance(body, dict) else "")
    assert piapi.asked("get") == asked


@pytest.mark.parametrize("body", ["", " \n", "null", "{}", '{"code": 200}'])
def test_a_cancel_that_was_done_need_not_say_anything(piapi: Piapi, body: str) -> None:
    piapi.fail("cancel", Fault(200, body))
    client_for(piapi).cancel_task("t1")
    assert piapi.asked("cancel") == 1


def test_each_try_waits_longer_and_nobody_else_for_it(piapi: Piapi) -> None:
    waits, heard = Waits(), Waits()
    piapi.fail_always("get", Fault(500))
    with pytest.raises(errors.ServiceFailing):
        new_client(service_of(piapi), waits, slow_down=heard).get_task("t1")
    assert [(0.25 <= waits[0] <= 0.5), (0.5 <= waits[1] <= 1.0), len(waits), heard] == [True, True, 2, []]


@pytest.mark.parametrize(("length", "is_secret"), [(SECRET_LENGTH_MIN, True), (SECRET_LENGTH_MIN - 1, False)])
def test_a_webhook_secret_of_some_length_is_in_no_answer(piapi: Piapi, length: int, *, is_secret: bool) -> None:
    secret = "hook-7f0A"[:length]
    piapi.fail("create", Fault(402, {"message": f"no {secret}", "data": None}))
    with pytest.raises(errors.OutOfCredits) as caught:
        create(new_client(replace(service_of(piapi), webhook_secret=secret)))
    assert caught.value.detail == ("no (your webhook secret)" if is_secret else f"no {secret}")


def test_what_the_service_says_is_one_line_that_is_cut_and_has_no_secret(piapi: Piapi) -> None:
    service_of(piapi)
    half = errors.DETAIL_LIMIT - len(KEY) // 2
    assert errors.KeyRefused(" no\n\tbear ").detail == "no bear"
    assert errors.KeyRefused("x" * 1000).detail == "x" * errors.DETAIL_LIMIT
    assert errors.KeyRefused("x" * half + KEY).detail == "x" * half + "(secret)"
    assert KEY[:4] not in errors.NoConnection(KEY, KEY).sentence()


def test_an_error_is_told_in_the_words_of_another_provider() -> None:
    other = errors.Wording("the other one", "other.example", "picture")
    assert errors.OutOfCredits("no").sentence(other) == (
        "Your the other one account is out of credits or has no plan (402). "
        "Top it up at other.example and try again. It said: “no”."
    )
    assert errors.ResultGone().sentence(other) == (
        "The finished picture is no longer at the address that the other one gave."
    )
    assert errors.KeyRefused().sentence(other).startswith("The other one refused the API key (401).")
    assert errors.NoConnection("", "down").sentence(other) == (
        "No connection to the other one. Check the network and try again. The system says: “down”."
    )
    assert errors.NoConnection("a.example").sentence(other).startswith("No connection to a.example. Check")


def test_polls_go_over_one_connection() -> None:
    """Read to its end, an answer leaves a connection that can be used again."""
    body = b'{"data": {"name": "Ada"}}'
    connections: list[int] = []

    def serve(connection: socket.socket) -> None:
        connections.append(0)
        with connection.makefile("rb") as stream:
            while read_request(stream):
                connections[-1] += 1
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with serving(serve) as port:
        client = new_client(Service(f"http://127.0.0.1:{port}", KEY))
        assert [client.get_account().name for _ in range(3)] == ["Ada"] * 3
        client.close()
    assert connections == [3]
