"""What fails before a byte has gone out is not sent: it says why, costs nothing, and is never called unknown."""

import base64
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers import Driver, service_of, serving, text_request
from hostile import Hostile, head, whole
from places import ROOT
from service import KEY, Fault, Piapi

from trellis_blender.generation.record.costs import NOTHING_CHARGED
from trellis_blender.generation.states import State
from trellis_blender.piapi import errors
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.http import certificates
from trellis_blender.piapi.service import Service

AWAY = "https://api.example.invalid"
PASSWORD = "p@ss#w/or:d?1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}:
            monkeypatch.delenv(name)
    certificates.trusting.cache_clear()
    yield
    certificates.trusting.cache_clear()


def not_sent(url: str = AWAY) -> errors.NotSent:
    """The error of a create, which was not sent."""
    client = Client(Service(url, KEY), pause=lambda _: None)
    try:
        with pytest.raises(errors.NotSent) as caught:
            client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"})
    finally:
        client.close()
    return caught.value


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"", b"<html>Log in</html>", b"\xff" * 100, b"-----BEGIN CERTIFICATE-----"])
def test_certificates_that_are_not_there_are_named(
    variable: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "company.pem"
    if content is not None:
        bundle.write_bytes(content)
    monkeypatch.setenv(variable, str(bundle))
    heard: list[bytes] = []
    with serving(lambda connection: heard.append(connection.recv(1000))) as port:
        said = str(not_sent(f"https://127.0.0.1:{port}"))
    assert f"{bundle} (from {variable})" in said
    assert "Correct the variable, or remove it, and start Blender again." in said
    assert set(heard) <= {b""}


@pytest.mark.parametrize("place", ["gone/keys.log", "."])
def test_a_file_for_the_keys_of_connections_that_cannot_be_written_is_named(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / place))
    with serving(lambda connection: None) as port:
        error = not_sent(f"https://127.0.0.1:{port}")
    assert isinstance(error, errors.KeyLogUnwritable)
    assert f"{tmp_path / place} (from SSLKEYLOGFILE)" in str(error)


def test_a_generation_that_was_not_sent_says_so_at_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/company.pem")
    begun = time.monotonic()
    with serving(lambda connection: None) as port:
        found = driver.rest(driver.queue.submit(text_request(), Service(f"https://127.0.0.1:{port}", KEY)))
    assert found.state is State.FAILED
    assert "/nowhere/company.pem" in found.problem
    assert NOTHING_CHARGED in found.problem
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://ada:hush-hush@127.0.0.1:1080", ["SOCKS", "PySocks"]),
        ("socks5h://127.0.0.1:1080", ["SOCKS"]),
        ("http://127.0.0.1:99999", ["127.0.0.1:99999", "no address of a proxy"]),
        ("http://127.0.0.1:0", ["127.0.0.1:0"]),
        ("http://127.0.0.1:hush-hush", ["127.0.0.1"]),
        ("http://ada:hush-hush@", ["no address of a proxy"]),
        ("ftp://ada:hush-hush@127.0.0.1:21", ["127.0.0.1:21"]),
        ("http://ada:hush-hush@[::1", ["no address of a proxy"]),
        ("http://ada:hush-hush@proxy\\example:8", ["no address of a proxy"]),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(proxy: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = not_sent()
    assert isinstance(error, errors.ProxyUnusable)
    assert all(word in str(error) for word in [*words, "HTTPS_PROXY", "start Blender again"])
    assert "hush" not in str(error)
    assert "PiAPI's address" not in str(error)


def test_a_proxy_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:hush-hush@127.0.0.1:{port}")
    error = not_sent()
    assert isinstance(error, errors.ProxyAway)
    assert f"No connection to the proxy http://127.0.0.1:{port} (from HTTPS_PROXY)." in str(error)
    assert "refused" in error.reason
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (whole(b"", "407 Log in first"), errors.ProxyRefused, "407 Log in first"),
        (whole(b"", "502 Nobody there"), errors.ProxyRefused, "502 Nobody there"),
        ([b""], errors.ProxyAway, "closed connection without response"),
        ([b"no HTTP at all\r\n\r\n"], errors.ProxyAway, ""),
        ([head(200), b"no TLS either" * 100], errors.ProxyAway, ""),
    ],
)
def test_a_proxy_that_does_not_connect_has_sent_nothing(
    answer: list[bytes], kind: type[errors.NotSent], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Hostile([answer])
    with serving(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = not_sent()
    assert type(error) is kind
    assert words in str(error)
    assert f"127.0.0.1:{port} (from HTTPS_PROXY)" in str(error)
    assert all(request.startswith(b"CONNECT api.example.invalid:443") for request in proxy.requests)
    assert KEY.encode() not in b"".join(proxy.requests)


@pytest.mark.parametrize("filler", ["Not by", "m" * 285])
def test_a_proxy_that_repeats_its_login_is_not_repeated(filler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    login = base64.b64encode(b"ada:hush-hush-99").decode()
    with serving(Hostile([whole(b"", f"407 {filler} hush-hush-99, Basic {login}")])) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:hush-hush-99@127.0.0.1:{port}")
        said = str(not_sent())
    assert "407" in said
    assert "hush" not in said
    assert login not in said


@pytest.mark.parametrize("written", [PASSWORD, PASSWORD.replace("@", "%40").replace("#", "%23"), "100%"])
def test_a_proxys_password_may_have_any_character(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Hostile([whole(b"", "403 No")])
    with serving(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:{written}@127.0.0.1:{port}")
        error = not_sent()
    assert isinstance(error, errors.ProxyRefused)
    login = base64.b64encode(f"ada:{written if written == '100%' else PASSWORD}".encode())
    assert b"Proxy-Authorization: Basic " + login in proxy.requests[0]
    assert "p@ss" not in str(error)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("hü-hush-99", "hü-hush-99".encode("latin-1")),
        ("€-hush-99", "€-hush-99".encode()),
        ("%E2%82%AC-hush-99", "€-hush-99".encode()),
        ("п-hush-99", "п-hush-99".encode()),
        ("%FF-hush-99", b"\xff-hush-99"),
        pytest.param(
            "\udcff-hush-99", b"\xff-hush-99", marks=pytest.mark.skipif(os.name == "nt", reason="is text there")
        ),
    ],
)
def test_a_proxys_password_may_be_of_any_letters_and_is_not_repeated(
    written: str, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = base64.b64encode(b"ada:" + sent)
    proxy = Hostile([whole(b"", f"407 Not by Basic {login.decode()}")])
    with serving(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", f" http://ada:{written}@127.0.0.1:{port}")
        error = not_sent()
    assert b"Proxy-Authorization: Basic " + login in proxy.requests[0]
    assert isinstance(error, errors.ProxyRefused)
    assert f"http://127.0.0.1:{port} (from HTTPS_PROXY)" in str(error)
    assert login.decode() not in str(error)


def test_what_speaks_no_tls_was_sent_nothing() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(whole(b"{}")[0])

    with serving(serve) as port:
        error = not_sent(f"https://127.0.0.1:{port}")
    assert isinstance(error, errors.NoConnection)
    assert "no secure connection: wrong version number" in str(error)
    assert heard
    assert KEY.encode() not in b"".join(heard)


def test_a_login_page_before_the_network_is_told(piapi: Piapi, driver: Driver) -> None:
    piapi.fail_always("create", Fault(511, "<html>Welcome to Hotel Wi-Fi</html>"))
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert found.state is State.FAILED
    assert "wants you to log in" in found.problem
    assert NOTHING_CHARGED in found.problem
    assert piapi.asked("create") == 1


@pytest.fixture
def many_open() -> Iterator[Callable[[int], None]]:
    """Opens files until so many are open."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []

    def fill(number: int, limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
        try:
            while not opened or opened[-1] < number:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return

    yield lambda number: fill(number, 4096) if number > 1000 else fill(number, number)
    for each in opened:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_more_than_1023_open_files_do_not_matter(piapi: Piapi, many_open: Callable[[int], None]) -> None:
    many_open(1100)
    client = Client(service_of(piapi))
    assert client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"}).task_id
    client.close()


def test_too_many_open_files_are_told(many_open: Callable[[int], None]) -> None:
    with serving(lambda connection: None) as port:
        many_open(200)
        error = not_sent(f"http://127.0.0.1:{port}")
    assert "Too many open files" in str(error)


def test_behind_a_proxy_a_create_whose_answer_is_lost_is_unclear_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("-addext", "subjectAltName=DNS:api.example.invalid")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "1", *names]
    subprocess.run([*command, "-keyout", "key.pem", "-out", "cert.pem"], check=True, capture_output=True, cwd=tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    asked: list[bytes] = []

    def tunnel(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head(200))
        with context.wrap_socket(connection, server_side=True) as secure:
            asked.append(secure.recv(65536))

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
    with serving(tunnel) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        client = Client(Service(AWAY, KEY), pause=lambda _: None)
        with pytest.raises(errors.Unclear):
            client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"})
        client.close()
    assert len(asked) == 1
    assert asked[0].startswith(b"POST /api/v1/task")


# A name server that takes questions and never answers, in a network of the child's own.
SILENT_NAME_SERVER = """
import fcntl, socket, struct, subprocess, sys, time
from pathlib import Path
sys.path[:0] = sys.argv[2:]
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
    fcntl.ioctl(up, 0x8914, struct.pack("16sH14s", b"lo", 1 | 64, b""))  # SIOCSIFFLAGS: up and running
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
from helpers import Driver, text_request
from trellis_blender.piapi.service import Service
driver = Driver(Path(sys.argv[1]).parent / "generations")
driver.queue.submit(text_request(), Service("https://api.example.test", "k" * 20))
server.settimeout(20)
server.recv(512)
time.sleep(0.3)
begun = time.monotonic()
print("ended", driver.queue.close(2.0), time.monotonic() - begun < 2.0, flush=True)
import os
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a network of its own")
def test_the_looking_up_of_a_name_can_be_given_up(tmp_path: Path) -> None:
    settings = tmp_path / "resolv.conf"
    settings.write_text("nameserver 127.0.0.1\noptions timeout:30\n")
    private = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
    if subprocess.run([*private, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system gives nobody a network of their own")
    folders = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/plain")]
    command = [*private, sys.executable, "-c", SILENT_NAME_SERVER, str(settings), *folders]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "ended True True", done.stderr[-2000:]


@pytest.mark.parametrize("answer", [b"", head(200)])
def test_a_proxy_that_says_nothing_is_given_up_when_it_is_switched_off(
    answer: bytes, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        came.set()
        time.sleep(10)

    with ExitStack() as opened:
        port = opened.enter_context(serving(serve))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        generation = driver.queue.submit(text_request(), Service(AWAY, KEY))
        assert came.wait(10)
        assert driver.queue.close(2.0)
    driver.look()
    assert driver.latest[generation.id].state is not State.OUTCOME_UNKNOWN
