"""Answers that no service should give, over real sockets: what they may cost in memory and time, and what they mean."""

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, service_of, serving, text_request, work_without_queue
from hostile import Hostile, drip, flood, head, whole
from models import box_glb
from places import ROOT
from service import KEY, Piapi, running

from trellis_blender.generation.lookups.web_image import fetch_picture
from trellis_blender.generation.problems import PictureNotFetched
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker.download import part_in
from trellis_blender.generation.worker.fetch import fetch
from trellis_blender.generation.worker.job import Job
from trellis_blender.piapi import errors
from trellis_blender.piapi.client import ANSWER_LIMIT_BYTES, Client
from trellis_blender.piapi.http.adapter import INTERIM_LIMIT, LINE_LIMIT_BYTES, TRAILERS_LIMIT
from trellis_blender.piapi.http.addresses import HOST_LIMIT, PORT_LIMIT, is_on_internet, read_address
from trellis_blender.piapi.http.bounded_json import DEPTH_LIMIT, ESCAPES_LIMIT, ITEMS_LIMIT, STEP_BYTES, read_json
from trellis_blender.piapi.http.result_file import REDIRECT_LIMIT, FileIdentity, Part, open_result
from trellis_blender.piapi.http.retries import read_retry_after
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import USUAL_TIMINGS, Timings

TASK = json.dumps({"code": 200, "data": {"task_id": "t1", "status": "pending"}}).encode()
IN_FLIGHT_BYTES = 8 * 2**20
"""So much a server may have sent into the system's own memory before it hears that nobody reads."""


@contextmanager
def client_of(server: Hostile, timings: Timings = USUAL_TIMINGS) -> Iterator[Client]:
    with serving(server) as port:
        client = Client(Service(f"http://127.0.0.1:{port}", KEY), pause=lambda _: None, timings=timings)
        yield client
        client.close()


def create(client: Client) -> str:
    return client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"}).task_id


def created_at(port: int) -> str:
    with closing(Client(Service(f"http://127.0.0.1:{port}", KEY))) as client:
        return create(client)


def downloaded(port: int, part: Part | None = None, timings: Timings = USUAL_TIMINGS) -> bytes:
    with open_result(f"http://127.0.0.1:{port}/m.glb", part, from_this_computer=True, timings=timings) as result:
        return b"".join(result.chunks)


# What is read


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("place", ["https://elsewhere.example/", "", "https://[", "\\\\\\\\elsewhere", "\xff\xfe"])
def test_nothing_of_a_redirects_body_is_read(status: int, place: str, tmp_path: Path) -> None:
    beginning = head(status, f"Location: {place}", "Content-Length: 900000000")
    asks: list[Callable[[int], object]] = [
        lambda port: Client(Service(f"http://127.0.0.1:{port}", KEY)).get_account(),
        downloaded,
        lambda port: fetch_picture(f"http://127.0.0.1:{port}/", tmp_path, Job(Service(f"http://127.0.0.1:{port}"))),
    ]
    for ask in asks:
        server = Hostile([lambda: flood(beginning)])
        with serving(server) as port, pytest.raises((errors.PiapiError, PictureNotFetched)):
            ask(port)
        assert server.sent < IN_FLIGHT_BYTES * len(server.requests)


def bombs() -> dict[str, bytes]:
    """Some kilobytes that become 100 MB, in each way that urllib3 knows to unpack."""
    zeros = bytes(100 * 2**20)
    once = gzip.compress(zeros, 1)
    return {
        "gzip": once,
        "gzip, gzip": gzip.compress(once),
        "deflate": zlib.compress(zeros, 1),
        "br": b"x",
        "x-gzip": once,
    }


@pytest.mark.parametrize("in_chunks", [False, True])
def test_nothing_is_unpacked(in_chunks: bool) -> None:
    for name, bomb in bombs().items():
        for place in ("api", "file"):
            headers = [f"Content-Encoding: {name}"]
            body = [head(200, *headers, "Transfer-Encoding: chunked"), b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb)]
            server = Hostile([body if in_chunks else whole(bomb, 200, *headers)])
            tracemalloc.start()
            with serving(server) as port, pytest.raises(errors.AnswerNotUnderstood):
                created_at(port) if place == "api" else downloaded(port)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 16 * 2**20, (name, place)
            assert b"accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize(
    "beginning",
    [
        [head(200, "Transfer-Encoding: chunked")],
        [head(200, "Transfer-Encoding: chunked"), b"5;"],
        [head(200, "Transfer-Encoding: chunked"), b"0\r\n"],
        [b"HTTP/1.1 200 "],
        [b"HTTP/1.1 200 OK\r\nX-Long: "],
        [head(200)],
        [head(404)],
    ],
    ids=["a chunk's length", "a chunk's extension", "a trailer", "a status", "a header", "a body", "an error's body"],
)
def test_what_never_ends_is_not_read_for_long(beginning: list[bytes]) -> None:
    server = Hostile([lambda: flood(*beginning)])
    begun = time.monotonic()
    with client_of(server) as client, pytest.raises(errors.PiapiError):
        create(client)
    assert server.sent < ANSWER_LIMIT_BYTES + 2 * IN_FLIGHT_BYTES
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("place", ["api", "file"])
def test_crumbs_do_not_keep_a_processor_busy(place: str) -> None:
    """A megabyte in pieces of one byte takes as long as two gigabytes in usual ones."""
    server = Hostile([lambda: flood(head(200, "Transfer-Encoding: chunked"), piece=b"1\r\n \r\n" * 5000)])
    begun = time.thread_time()
    with serving(server) as port, pytest.raises(errors.AnswerNotUnderstood, match="pieces of a few bytes"):
        created_at(port) if place == "api" else downloaded(port)
    assert time.thread_time() - begun < 2.0
    # As many pieces, of a size that a slow line may have, are read.
    content = b'{"data": {"task_id": "t1"}, "more": "'.ljust(70 * 25_000 - 2, b"x") + b'"}'
    pieces = b"".join(b"46\r\n%s\r\n" % content[at : at + 70] for at in range(0, len(content), 70))
    server = Hostile([[head(200, "Transfer-Encoding: chunked") + pieces + b"0\r\n\r\n"]])
    with serving(server) as port:
        if place == "api":
            assert created_at(port) == "t1"
        else:
            assert downloaded(port) == content


def test_trailers_without_end_are_not_read_for_long() -> None:
    chunked = head(200, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n" % (len(TASK), TASK)
    server = Hostile([lambda: flood(chunked, piece=b"X-More: 1\r\n" * 5000)])
    begun = time.monotonic()
    with client_of(server, timings=Timings(answer_limit_s=10)) as client, pytest.raises(errors.Unclear):
        create(client)
    assert time.monotonic() - begun < 5


def test_cookies_cost_nothing() -> None:
    cookies = ["Set-Cookie: " + "a=b; expires=1 jan 1" * 3000, "Set-Cookie: a=b; expires=1 jan " + "1" * 5000]
    tracemalloc.start()
    with client_of(Hostile([whole(TASK, 200, *cookies * 45)])) as client, warnings.catch_warnings():
        warnings.simplefilter("error")
        create(client)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


@pytest.mark.parametrize("line", [f" {KEY}", KEY, f"X{KEY} : a", f"\x00{KEY}: a", f"A: b\r\n\xff{KEY}: x"])
def test_what_is_no_header_gets_into_no_log(line: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = f"HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: {len(TASK)}\r\n\r\n".encode("latin-1") + TASK
    with caplog.at_level("DEBUG"), client_of(Hostile([[answer]])) as client, suppress(errors.Unclear):
        create(client)
    assert KEY not in caplog.text


ENDLESS = {
    "chunk lengths": (head(200, "Transfer-Encoding: chunked"), b"0"),
    "chunk extensions": (head(200, "Transfer-Encoding: chunked") + b"1;", b"x"),
    "trailers": (head(200, "Transfer-Encoding: chunked") + b"0\r\n", b"X-More: 1\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\nX-Endless: ", b"x"),
    "interim answers": (b"", head(102)),
    "a body": (head(200, "Content-Length: 99999"), b"x"),
    "small chunks": (head(200, "Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("where", ENDLESS)
def test_a_wait_ends_in_every_part_of_an_answer(where: str) -> None:
    quick = Timings(answer_limit_s=0.6, slowness_look_s=0.4, opening_limit_s=0.8)
    beginning, piece = ENDLESS[where]
    server = Hostile([lambda: drip(beginning, piece=piece)])
    begun = time.monotonic()
    with client_of(server, timings=quick) as client, pytest.raises(errors.Unclear):
        create(client)
    with serving(server) as port, pytest.raises(errors.PiapiError):
        downloaded(port, timings=quick)
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize("where", ENDLESS)
@pytest.mark.parametrize("step", ["create", "file"])
def test_switching_off_ends_it_in_every_part_of_an_answer(where: str, step: str, driver: Driver, piapi: Piapi) -> None:
    beginning, piece = ENDLESS[where]
    server = Hostile([lambda: drip(beginning, piece=piece)])
    with serving(server) as port:
        url = f"http://127.0.0.1:{port}"
        if step == "file":
            piapi.files_url = url
            piapi.behaviour.processing_s = 0.0
        driver.queue.submit(text_request(), service_of(piapi) if step == "file" else Service(url, KEY))
        driver.until(lambda: bool(server.requests))
        time.sleep(0.3)
        begun = time.monotonic()
        assert driver.queue.close(2.0)
        assert time.monotonic() - begun < 1.0


def longest_hold_s(act: Callable[[], object]) -> float:
    """For how long another thread did not get its turn while `act` ran."""
    held, done = [0.0], threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not done.is_set():
            time.sleep(0.0005)
            now = time.perf_counter()
            held[0], last = max(held[0], now - last), now

    ticking = threading.Thread(target=tick)
    ticking.start()
    act()
    done.set()
    ticking.join()
    return held[0]


ABSURD = {
    "lists": b"[" + b"[]," * 2_600_000 + b"[]]",
    "objects": b"[" + b'{"":0},' * 1_000_000 + b"0]",
    "numbers": b"[" + b"1," * 4_000_000 + b"1]",
    "strings": b"[" + b'"",' * 2_600_000 + b"0]",
    "depth": b"[" * 4_000_000,
    "depth that ends": b"[" * 4_000_000 + b"]" * 4_000_000,
    "depth of objects": b'{"a":' * 1_500_000,
    "depth behind a string": b'["\\"[[[]]",' + b"[" * 4_000_000,
    "long numbers": b"[" + (b"9" * 4000 + b",") * 2000 + b"1]",
    "one number": b"9" * 8_000_000,
    "one fraction": b"0." + b"9" * 8_000_000,
    "escapes": b'"' + b"\\\\" * 4_000_000 + b'"',
    "letters": b'"' + b"\\u0041" * 1_300_000 + b'"',
}


@pytest.mark.parametrize("what", ABSURD)
def test_an_answer_of_absurd_shape_does_not_hold_up_the_main_thread(what: str) -> None:
    content = ABSURD[what]

    def read() -> None:
        try:
            read_json(content)
        except ValueError:
            return

    # Once is enough: others use this machine as well.
    assert any(longest_hold_s(read) < 0.1 for _ in range(10))


def test_answers_up_to_the_limits_are_read() -> None:
    deep = (
        b'{"a":' * (DEPTH_LIMIT // 2)
        + b"[" * (DEPTH_LIMIT // 2)
        + b"]" * (DEPTH_LIMIT // 2)
        + b"}" * (DEPTH_LIMIT // 2)
    )
    assert read_json(deep) == json.loads(deep)
    with pytest.raises(ValueError, match="deeply"):
        read_json(b"[" + deep + b"]")
    wide = b"[" + b"1," * (ITEMS_LIMIT - 2) + b"1]"
    assert len(read_json(wide)) == ITEMS_LIMIT - 1  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="too large"):
        read_json(b"[[]," + wide[1:])
    # Counted once each, in whichever step.
    far = {"picture": "A" * (STEP_BYTES + 10), "prompt": "\\" * (ESCAPES_LIMIT // 3)}
    assert read_json(json.dumps(far).encode()) == far
    with pytest.raises(ValueError, match="too large"):
        read_json(json.dumps({**far, "more": "\\" * (ESCAPES_LIMIT // 3)}).encode())
    prompt = {"prompt": "[" * 500 + '"\\' + "{" * 500, "picture": "QUJD" * 1_000_000}
    assert read_json(json.dumps(prompt).encode()) == prompt
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    for none in (b"", b"\xff", b"<html>", b'{"a": ', "{}".encode("utf-16")):
        with pytest.raises(ValueError):  # noqa: PT011 (of whichever kind)
            read_json(none)


def test_a_page_of_the_history_with_its_pictures_is_read() -> None:
    row = {f"name {number}": f"a value, with a comma {number}" for number in range(60)} | {"image": "A" * 50_000}
    page = {"data": {"data": [row] * 100, "total": 100}}
    assert read_json(json.dumps(page).encode()) == page


# What it means


@pytest.mark.parametrize("interim", [[100], [102], [103, 103], [100, 102, 103], [199] * 10])
def test_what_comes_before_the_answer_is_not_the_answer(interim: list[int]) -> None:
    before = b"".join(head(status, "Link: </x.css>; rel=preload") for status in interim)
    server = Hostile([[before, *whole(TASK)]])
    with client_of(server) as client:
        assert create(client) == "t1"
    assert len(server.requests) == 1


def test_as_much_before_and_behind_an_answer_as_the_limits_allow_is_passed_over() -> None:
    chunked = head(200, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n" % (len(TASK), TASK)
    longest = b"X: ".ljust(LINE_LIMIT_BYTES - 2, b"x") + b"\r\n"
    for before, behind, is_taken in (
        (INTERIM_LIMIT - 1, b"X-More: 1\r\n" * (TRAILERS_LIMIT - 1), True),
        (INTERIM_LIMIT, b"", False),
        (0, b"X-More: 1\r\n" * TRAILERS_LIMIT, False),
        (0, longest, True),
        (0, b"x" + longest, False),
    ):
        with client_of(Hostile([[head(102) * before + chunked + behind + b"\r\n"]])) as client:
            if is_taken:
                assert create(client) == "t1"
            else:
                with pytest.raises(errors.Unclear):
                    create(client)


@pytest.mark.parametrize("encoding", ["identity", " Identity ", ""])
def test_an_answer_that_says_that_it_is_not_compressed_is_read(encoding: str) -> None:
    with client_of(Hostile([whole(TASK, 200, f"Content-Encoding: {encoding}")])) as client:
        assert create(client) == "t1"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, errors.Redirected),
        (304, errors.Redirected),
        (400, errors.ResultGone),
        (403, errors.ResultGone),
        (404, errors.ResultGone),
        (408, errors.NoAnswerInTime),
        (410, errors.ResultGone),
        (416, errors.ResultGone),
        (429, errors.TooManyRequests),
        (499, errors.ResultGone),
        (500, errors.ServiceFailing),
        (503, errors.ServiceFailing),
    ],
)
def test_what_the_host_of_a_file_says_is_told_as_what_it_is(status: int, error: type[errors.PiapiError]) -> None:
    with serving(Hostile([whole(b"", status, "Retry-After: 7")])) as port:
        with pytest.raises(errors.PiapiError) as caught:
            downloaded(port)
    assert type(caught.value) is error
    assert caught.value.retry_after_s == (None if error is errors.ResultGone else 7.0)


@pytest.mark.parametrize("is_too_often", [False, True])
def test_a_file_is_followed_through_as_many_redirects_as_there_may_be(*, is_too_often: bool) -> None:
    on = whole(b"", 302, "Location: /m.glb")
    server = Hostile([*[on] * (REDIRECT_LIMIT + is_too_often), whole(b"glTF")])
    with serving(server) as port:
        if is_too_often:
            with pytest.raises(errors.AddressRefused, match="it was sent on too often"):
                downloaded(port)
        else:
            assert downloaded(port) == b"glTF"
    assert len(server.requests) == REDIRECT_LIMIT + 1


@pytest.mark.parametrize(
    ("headers", "identity", "validator"),
    [
        (['ETag: "a"'], FileIdentity('"a"', "", 4), '"a"'),
        (['ETag: "a"', "Last-Modified: Sat, 28 Nov"], FileIdentity('"a"', "Sat, 28 Nov", 4), '"a"'),
        (['ETag: W/"a"', "Last-Modified: Sat, 28 Nov"], FileIdentity("", "Sat, 28 Nov", 4), "Sat, 28 Nov"),
        (['ETag: W/"a"'], None, ""),
        ([], None, ""),
    ],
)
def test_by_what_a_file_is_known_again(headers: list[str], identity: FileIdentity | None, validator: str) -> None:
    server = Hostile([whole(b"glTF", 200, *headers), whole(b"glTF")])
    with serving(server) as port:
        with open_result(f"http://127.0.0.1:{port}/m.glb", from_this_computer=True) as result:
            assert (result.size, result.starts_at, result.identity) == (4, 0, identity)
            assert b"".join(result.chunks) == b"glTF"
        if identity is not None:
            downloaded(port, Part(2, identity))
            lines = server.requests[1].split(b"\r\n")
            assert {b"Range: bytes=2-", f"If-Range: {validator}".encode()} <= set(lines)


@pytest.mark.parametrize(
    "answer",
    [
        whole(b"", 416, "Content-Range: bytes */4"),
        whole(b"TF", 206, "Content-Range: bytes 1-3/4"),
        whole(b"TF", 206, "Content-Range: bytes 2-3/5"),
        whole(b"TF", 206),
        whole(b"TF", 206, "Content-Range: bytes 2-3/4", 'ETag: "b"'),
    ],
)
def test_where_the_rest_cannot_be_had_the_whole_file_is_asked_for(answer: list[bytes]) -> None:
    server = Hostile([answer, whole(b"glTF")])
    with serving(server) as port:
        assert downloaded(port, Part(2, FileIdentity('"a"', "", 4))) == b"glTF"
    assert [b"range:" in request.lower() for request in server.requests] == [True, False]


@pytest.mark.parametrize(
    "answer",
    [
        [head(102)],
        [head(103)],
        [head(101, "Upgrade: h2c")],
        [head(100)],
        [head(102)] * 1000,
        whole(TASK, 302, "Location: /tasks/t1"),
        whole(TASK, 303, "Location: /tasks/t1"),
        whole(TASK, 304),
        whole(b"{}", 408),
        whole(b"{}", 444),
        whole(b"{}", 499),
        whole(b'{"code": 511, "message": "log in", "data": null}', 200),
        whole(b'{"code": 511, "message": "log in", "data": null}', 511),
        whole(b"{}", 500),
        whole(b"{}", 599),
        whole(b"", 200),
        whole(b"", 204),
        [b"HTTP/1.1 Tunnel connection failed: 403 Forbidden\r\n\r\n"],
        [b"Tunnel connection failed: 403 Forbidden\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 500 + b"\r\n"],
        [head(200, "Content-Length: 5", "Content-Length: 7") + TASK],
        [head("\xb2\xb2\xb2 Odd")],
        [b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n"],
        [b"\x15\x03\x01\x00\x02\x02\x16"],
        [b""],
    ],
)
def test_no_answer_to_a_create_is_a_refusal_that_is_not_surely_one(answer: Iterable[bytes]) -> None:
    server = Hostile([answer])
    with client_of(server) as client, pytest.raises(errors.Unclear):
        create(client)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 425, 451])
def test_what_surely_is_a_refusal_is_one(status: int) -> None:
    with client_of(Hostile([whole(b"{}", status)])) as client, pytest.raises(errors.Refused):
        create(client)


@pytest.mark.parametrize(
    "length", ["\xb2", "5" * 5000, "-5", "+5", "1e3", "5 5", "", "0x10", "\u0665".encode().decode("latin-1")]
)
def test_odd_lengths_are_a_failed_try_at_most(length: str, tmp_path: Path) -> None:
    content = box_glb()
    server = Hostile([[head(200, f"Content-Length: {length}") + content], whole(content)])
    with serving(server) as port:
        try:
            assert content.startswith(downloaded(port))
        except errors.PiapiError as error:
            assert isinstance(error, errors.Unclear)
        client = Client(Service(f"http://127.0.0.1:{port}", KEY), pause=lambda _: None)
        with pytest.raises(errors.Unclear):
            create(client)
        client.close()


ODD_HEADERS = [
    ["Content-Range: bytes \xb2-5/9"],
    ["Content-Range: bytes 0-5/" + "9" * 5000],
    ["ETag: " + "\xb2" * 10],
    ["Last-Modified: " + "9" * 5000],
    ["Retry-After: \xb2"],
    ["Retry-After: " + "9" * 5000],
    ["Set-Cookie: " + "a=b; " * 10_000],
]


@pytest.mark.parametrize("headers", ODD_HEADERS)
def test_odd_headers_do_not_keep_a_file_from_coming(headers: list[str]) -> None:
    content = box_glb()
    with serving(Hostile([whole(content, 200, *headers)])) as port:
        assert downloaded(port) == content


@pytest.mark.parametrize("status", [429, 503])
def test_an_odd_wait_is_none(status: int) -> None:
    for value in (
        "\xb2",
        "9" * 5000,
        "-1",
        "nan",
        "Sat, 99 Foo 99999 99:99:99 GMT",
        ",",
        "\xa0",
        "0" * 60_000,
        "0 0 0 0 0 +",
    ):
        with client_of(Hostile([whole(b"{}", status, f"Retry-After: {value}")])) as client:
            with pytest.raises(errors.PiapiError) as caught:
                create(client)
        assert caught.value.retry_after_s is None or 0 <= caught.value.retry_after_s <= 3600
    for value in map(chr, range(0x110, 0x10000, 97)):
        assert read_retry_after(value * 3, 0.0) is None


def fetched(server: Hostile, folder: Path) -> Generation:
    """What becomes of a finished model whose file `server` has."""
    with serving(server) as port:
        service = Service(f"http://127.0.0.1:{port}", KEY)
        generation = replace(
            new_generation(text_request(), service.api_url, 1.0),
            state=State.DOWNLOADING,
            task_id="t1",
            model_url=f"{service.api_url}/a.glb",
        )
        work = work_without_queue(folder, generation, [], service)
        client = Client(service)
        fetch(work, client)
        client.close()
    return work.generation


@pytest.mark.parametrize(
    "place", ["https://[", "https://", "\\\\10.0.0.1", "http://exa mple.com", "//\xff", "https://a:b@c/", ""]
)
def test_a_location_that_is_no_address_is_a_failed_try(place: str, tmp_path: Path) -> None:
    redirect = whole(b"", 302, f"Location: {place}")
    content = box_glb()
    server = Hostile([redirect, whole(TASK.replace(b"pending", b"completed")), whole(content)])
    assert fetched(server, tmp_path).state is State.READY


# What is sent again


@pytest.mark.parametrize(
    "tag", ["\xb2\xb2", "a b", '"a\tb"', "'a'", '"' + "a" * 9000 + '"', '"\u20ac"', '"a\r\nX-Evil: 1"', '"', "W/"]
)
def test_a_tag_that_cannot_be_sent_again_is_dropped(tag: str, tmp_path: Path) -> None:
    content = box_glb()
    (tmp_path / "model.part").write_bytes(content[:10])
    note = {"etag": tag, "last_modified": "", "size": len(content)}
    (tmp_path / "model.part.json").write_text(json.dumps(note), encoding="utf-8")
    assert part_in(tmp_path) is None
    server = Hostile([whole(content)])
    with serving(server) as port:
        assert downloaded(port, Part(10, FileIdentity(tag, "", len(content)))) == content
    assert b"if-range" not in server.requests[0].lower()


@pytest.mark.parametrize(
    "note", ['{"size": Infinity}', "[" * 100_000, '{"etag": "\\"a\\"", "last_modified": "", "size": 1e400}', "{}", ""]
)
def test_a_note_that_is_none_is_dropped(note: str, tmp_path: Path) -> None:
    (tmp_path / "model.part").write_bytes(b"glTF")
    (tmp_path / "model.part.json").write_text(note)
    assert part_in(tmp_path) is None


def test_a_tag_that_only_others_can_send_does_not_stop_a_download(tmp_path: Path) -> None:
    """It breaks off, and goes on from the beginning."""
    content = box_glb()
    tagged = ["ETag: \"\xb2\xe9\"", f"Content-Length: {len(content)}"]
    server = Hostile(
        [[head(200, *tagged) + content[:20]], whole(TASK.replace(b"pending", b"completed")), whole(content)]
    )
    assert fetched(server, tmp_path).state is State.READY


# Where it goes


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@127.0.0.1/",
        "https://127.0.0.1\\@evil.example/",
        "https://evil.example\\.piapi.ai/",
        "https://a@evil.example/",
        "https://127.0.0.1:80@evil.example/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://127%2e0.0.1/",
        "https://exa\tmple.com/",
        "https://exa\nmple.com/",
        "https://example.com\x00/",
        "https://example.com:+80/",
        "https://example.com:0/",
        "https://[::1%25lo]/",
        "https://[v1.a]/",
        "https://a..b/",
        "https:/example.com/",
        "https:///example.com/",
        " https://example.com/",
        "https://\u200bexample.com/",
        "https://example.com/\ud800",
        "https://" + "a" * 64 + ".com/",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    assert read_address(url) is None


@pytest.mark.parametrize(
    ("url", "host", "is_here"),
    [
        ("HTTPS://API.PiAPI.ai", "api.piapi.ai", False),
        ("https://日本語.jp/絵.png", "xn--wgv71a119e.jp", False),
        ("http://１２７.0.0.1:8/", "127.0.0.1", True),
        ("http://ⓛocalhost:８０/", "localhost", True),
        ("http://[::1]:8/", "::1", True),
        ("https://example.com?q=a@b", "example.com", False),
        ("https://example.com/a b@c#d", "example.com", False),
        ("https://localhost.example.com/", "localhost.example.com", False),
    ],
)
def test_an_address_is_what_is_connected_to(url: str, host: str, is_here: bool) -> None:
    import requests
    import urllib3

    found = read_address(url)
    assert found is not None
    assert (found.host, found.is_loopback) == (host, is_here)
    assert found.url.isascii() or found.rest
    prepared = requests.Request("GET", found.url).prepare().url
    assert urllib3.util.parse_url(prepared).host.strip("[]") == host


def test_an_address_as_long_as_one_may_be_is_read() -> None:
    label = "a" * 63
    host = f"{label}.{label}.{label}.{'b' * (HOST_LIMIT - 3 * 64)}"
    found = read_address(f"HTTP://{host}:{PORT_LIMIT}/A?b")
    assert found is not None
    assert found == ("http", host, PORT_LIMIT, "/A?b")
    assert found.url == f"http://{host}:{PORT_LIMIT}/A?b"
    assert read_address(f"https://{host}c/") is None
    assert read_address(f"https://a.example:{PORT_LIMIT + 1}/") is None
    assert read_address("https://a.example./") is not None


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("::127.0.0.1", False),
        ("::10.0.0.1", False),
        ("::8.8.8.8", True),
        ("::ffff:169.254.169.254", False),
        ("::ffff:8.8.8.8", True),
        ("::ffff:0:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2002:a9fe:a9fe::1", False),
        ("2002:808:808::1", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::a9fe:a9fe", False),
        ("2001:0:a9fe:a9fe::1", False),
        ("2a00:1450::5efe:10.0.0.1", False),
        ("2a00:1450::1", True),
        ("4000::1", False),
        ("::", False),
        ("::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("100.64.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_an_address_within_an_address_is_what_counts(address: str, is_public: bool) -> None:
    assert is_on_internet(address) is is_public


def test_a_backslash_sends_the_key_nowhere(piapi: Piapi) -> None:
    with pytest.raises(errors.AddressUnusable):
        Client(Service(f"{piapi.url}\\@api.piapi.ai", KEY))
    server = Hostile([whole(b"x")])
    with serving(server) as port:
        for url in (f"http://127.0.0.1:{port}\\@localhost/", f"http://localhost\\@127.0.0.1:{port}/"):
            with pytest.raises(errors.AddressRefused), open_result(url, from_this_computer=True):
                pass
    assert not server.requests


@pytest.mark.parametrize(
    "variables", [("HTTP_PROXY", "http_proxy"), ("ALL_PROXY", "all_proxy"), ("HTTPS_PROXY", "https_proxy")]
)
def test_an_upload_host_on_this_computer_is_not_reached_through_a_proxy(
    variables: tuple[str, ...], piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the other host of the same conversation is."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running() as proxy:
        for name in variables:
            monkeypatch.setenv(name, proxy.url)
        client = Client(Service("https://api.example.invalid", KEY, upload_url=piapi.url), pause=lambda _: None)
        assert client.upload_image("input.png", "aGVsbG8=").startswith(piapi.url)
        assert proxy.requests == []
        with pytest.raises(errors.NotSent):
            client.get_account()
        client.close()
    assert piapi.asked("upload") == 1
    assert KEY not in str(proxy.requests)


# Two systems' files of names, in which "localhost" is another computer, in a place that only the child sees.
ELSEWHERE = """
import subprocess, sys
sys.path[:0] = sys.argv[3:]
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/hosts"], check=True)
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.service import Service
try:
    Client(Service(f"http://localhost:{sys.argv[2]}", "k" * 20), pause=lambda _: None).get_account()
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file of names of its own")
def test_what_is_called_this_computer_is_this_computer(tmp_path: Path) -> None:
    """The key goes in the clear to this computer only, whatever leads there by name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        ours = probe.getsockname()[0]
    names = tmp_path / "hosts"
    names.write_text(f"{ours} localhost\n")
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if ours.startswith("127.") or subprocess.run([*private, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system has no other address, or gives nobody files of their own")
    server = Hostile([whole(b"{}")])
    with socket.create_server((ours, 0)) as listener:
        threading.Thread(target=_serve_once, args=(listener, server), daemon=True).start()
        command = [*private, sys.executable, "-c", ELSEWHERE, str(names), str(listener.getsockname()[1]), str(ROOT)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert "NoConnection" in done.stdout, done.stderr[-2000:]
    assert "leads to another computer" in done.stdout
    assert b"k" * 20 not in b"".join(server.requests)


def _serve_once(listener: socket.socket, server: Hostile) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                server(connection)
