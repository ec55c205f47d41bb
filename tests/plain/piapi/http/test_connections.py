import socket
import threading
import time
from collections.abc import Callable

import pytest
from helpers import Driver, dripping, service_of, serving, silent, text_request
from service import KEY, Fault, Piapi

from trellis_blender.generation.states import AT_THE_SERVICE, State
from trellis_blender.generation.store.database import Store
from trellis_blender.piapi import errors
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.http.addresses import is_on_internet
from trellis_blender.piapi.http.connections import Connections, Reach
from trellis_blender.piapi.http.proxies import Proxy
from trellis_blender.piapi.http.result_file import REDIRECT_LIMIT, open_result
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits, Timings


@pytest.mark.parametrize(
    "serve",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\nX-Endless: "),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nConnection: close\r\n\r\n"),
    ],
    ids=["silence", "a header for ever", "a body for ever", "a body for ever, closing"],
)
def test_what_is_under_way_is_cut_off_from_another_thread(serve: Callable[[socket.socket], None]) -> None:
    connections = Connections()
    with serving(serve) as port:
        client = Client(
            Service(f"http://127.0.0.1:{port}", KEY), connections=connections, pause=lambda seconds: time.sleep(0.01)
        )
        threading.Timer(0.3, connections.cut).start()
        start = time.monotonic()
        with pytest.raises((errors.Unclear, errors.NotSent)):
            client.get_task("t1")
        assert time.monotonic() - start < 2.0
        client.close()


def test_what_the_system_says_of_a_connection_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(Service(f"http://127.0.0.1:{port}", KEY), pause=lambda seconds: None)
    with pytest.raises(errors.NotSent, match=r"The system says: “[^”\[]*refused[^”\[]*”"):
        client.get_task("t1")
    client.close()


def test_nothing_begins_once_it_is_cut_off(piapi: Piapi) -> None:
    connections = Connections()
    connections.cut()
    client = Client(service_of(piapi), connections=connections, pause=lambda seconds: None)
    with pytest.raises(errors.NotSent):
        client.get_task("t1")
    with pytest.raises(errors.NotSent), open_result(f"{piapi.url}/files/m.glb", connections=connections,
                                                    from_this_computer=True):  # fmt: skip
        pass
    client.close()
    assert piapi.requests == []


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-Endless: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_an_answer_that_drips_for_ever_is_given_up(head: bytes) -> None:
    with serving(dripping(head)) as port:
        client = Client(
            Service(f"http://127.0.0.1:{port}", KEY), timings=Timings(answer_limit_s=0.3), pause=lambda seconds: None
        )
        start = time.monotonic()
        with pytest.raises(errors.NoAnswerInTime):
            client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"})
        assert time.monotonic() - start < 2.0
        client.close()


def test_a_file_that_drips_for_ever_is_asked_for_again() -> None:
    quick = Timings(slowness_look_s=0.3)
    with serving(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")) as port:
        received = b""
        with open_result(f"http://127.0.0.1:{port}/m.glb", from_this_computer=True, timings=quick) as result:

            def read() -> None:
                nonlocal received
                for chunk in result.chunks:
                    received += chunk

            with pytest.raises(errors.NoAnswerInTime):
                read()
        # What has come was handed over as it came, so that the next download goes on behind it.
        assert 3 <= len(received) < 100


def test_a_file_that_comes_steadily_is_taken_however_long_it_takes() -> None:
    pieces = [b"x" * 4096] * 16

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % sum(map(len, pieces)))
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)

    quick = Timings(slowness_look_s=0.2)
    with (
        serving(serve) as port,
        open_result(f"http://127.0.0.1:{port}/m.glb", from_this_computer=True, timings=quick) as result,
    ):
        assert b"".join(result.chunks) == b"".join(pieces)


@pytest.mark.parametrize(("outer_s", "inner_s"), [(0.05, 60.0), (60.0, 0.05)])
def test_the_shorter_of_two_limits_counts_and_ends_with_its_block(outer_s: float, inner_s: float) -> None:
    connections = Connections()
    with connections.within(outer_s):
        with connections.within(inner_s):
            time.sleep(0.1)
            with pytest.raises(errors.NoConnection, match="timed out"):
                connections.look()
        if outer_s > inner_s:
            connections.look()
        else:
            with pytest.raises(errors.NoConnection):
                connections.look()
    connections.look()


def test_what_is_asked_apart_is_returned_or_raised() -> None:
    connections = Connections()
    assert connections.apart(lambda: threading.current_thread().name) == "trellis-look-up"
    assert connections.apart(lambda: None) is None
    with pytest.raises(KeyError, match="nothing"):
        connections.apart(lambda: {}["nothing"])


def test_what_is_asked_apart_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_blender.piapi.http.connections.LOOK_UP_LIMIT_S", 0.2)
    done = threading.Event()
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        Connections().apart(lambda: done.wait(30.0))
    done.set()


def test_a_wait_that_was_cut_off_says_by_whom() -> None:
    connections = Connections()
    connections.begin("a.example", None, Reach.ANYWHERE)
    connections.cut()
    with pytest.raises(errors.NoConnection, match=r"^No connection to a\.example\. .*: “switched off”\.$"):
        connections.look()
    connections.has_sent = True
    with pytest.raises(errors.ConnectionCut):
        connections.look()
    proxy = Proxy("http://proxy.example:8", "HTTPS_PROXY", "http://ada:hush@proxy.example:8")
    with pytest.raises(errors.ProxyAway, match=r"the proxy http://proxy\.example:8 \(from HTTPS_PROXY\)\."):
        connections.begin("a.example", proxy, Reach.ANYWHERE)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/m.glb",
        "https://localhost/m.glb",
        "https://10.1.2.3/m.glb",
        "https://192.168.0.7/m.glb",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/m.glb",
        "https://[fd00::1]/m.glb",
        "https://[::ffff:10.0.0.1]/m.glb",
        "http://example.com/m.glb",
        "file:///etc/passwd",
        "",
        "m.glb",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_not_fetched_from(url: str) -> None:
    with pytest.raises(errors.AddressRefused, match="not fetched from"), open_result(url):
        pass


@pytest.mark.parametrize("name", ["2130706433", "127.1", "0x7f000001"])
def test_where_a_name_leads_is_judged_by_the_address_it_has_reached(name: str) -> None:
    """These names are no IP addresses to read, and lead to this computer all the same, as any name in the DNS may."""
    received: list[bytes] = []
    with serving(lambda connection: received.append(connection.recv(1000))) as port:
        with pytest.raises(errors.AddressRefused), open_result(f"https://{name}:{port}/m.glb", from_this_computer=True):
            pass
        time.sleep(0.1)
    assert received in ([], [b""])


def test_a_name_that_leads_into_the_network_is_refused_where_it_leads() -> None:
    received: list[bytes] = []
    with serving(lambda connection: received.append(connection.recv(1000))) as port:
        opening = open_result(f"https://0x7f000001:{port}/m.glb", limits=TimeLimits(1.0, 1.0))
        with pytest.raises(errors.AddressRefused), opening:
            pass
        time.sleep(0.1)
    assert received in ([], [b""])


def test_a_redirect_from_here_into_the_network_is_refused(piapi: Piapi) -> None:
    piapi.fail("file", Fault(302, headers={"Location": "https://192.168.0.7/m.glb"}))
    with pytest.raises(errors.AddressRefused), open_result(f"{piapi.url}/files/m.glb", from_this_computer=True):
        pass


def test_a_redirect_that_goes_in_circles_ends(piapi: Piapi) -> None:
    piapi.fail_always("file", Fault(302, headers={"Location": "/files/m.glb"}))
    with pytest.raises(errors.AddressRefused, match="it was sent on too often"):
        with open_result(f"{piapi.url}/files/m.glb", from_this_computer=True):
            pass
    assert len(piapi.requests) == REDIRECT_LIMIT + 1


def test_what_is_on_the_internet() -> None:
    assert all(map(is_on_internet, ["93.184.216.34", "2606:2800:220:1::1"]))
    inside = ["127.0.0.1", "10.0.0.1", "0.0.0.0", "224.0.0.1", "fe80::1%eth0", "::ffff:127.0.0.1", "example.com", ""]
    assert not any(map(is_on_internet, inside))


def test_a_model_that_stands_in_the_network_is_kept_and_explained(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("file", Fault(302, headers={"Location": "https://192.168.0.7/m.glb"}))
    done = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert done.parked
    assert done.state is State.DOWNLOADING
    assert "not fetched from" in done.problem
    assert "Resume takes it up again at no cost" in done.problem


@pytest.mark.parametrize("step", ["create", "get", "file"])
def test_switching_off_does_not_wait_for_an_answer(make_driver: Callable[..., Driver], piapi: Piapi, step: str) -> None:
    """Guards Job.stop's cut: without it the thread ends when the answer comes, 6 s later."""
    piapi.behaviour.processing_s = 0.3
    piapi.fail_always(step, Fault(stall_s=6.0, after=True))
    driver = make_driver()
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked(step) == 1)
    time.sleep(0.1)
    start = time.monotonic()
    assert driver.queue.close(2.0)
    assert time.monotonic() - start < 1.0
    kept = Store(driver.queue.folder).load(generation.id)
    assert kept is not None
    assert kept.generation.state is State.SUBMITTING if step == "create" else kept.generation.state in AT_THE_SERVICE
    assert not kept.generation.problem

    # The next start finds it, and nothing is paid twice.
    piapi.fail_always(step, None)
    fresh = make_driver()
    fresh.queue.load()
    fresh.until(lambda: generation.id in fresh.latest)
    fresh.queue.resume(fresh.latest[generation.id], service_of(piapi))
    fresh.until(lambda: fresh.latest[generation.id].state is State.READY)
    assert len(piapi.creates) == 1
