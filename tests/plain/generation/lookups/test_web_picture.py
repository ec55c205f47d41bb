"""A picture from an address on the web, over real sockets: what is taken, and what is refused with which sentence."""

import hashlib
import io
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, dripping, service_of, serving, silent
from PIL import Image
from service import Fault, Piapi

from trellis_blender.generation.lookups.questions import Answer, Question, Topic
from trellis_blender.generation.lookups.web_image import fetch_picture
from trellis_blender.generation.problems import PictureNotFetched
from trellis_blender.generation.worker import picture_file
from trellis_blender.generation.worker.job import Job
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits

HERE = Service(api_url="http://127.0.0.1:1", api_key="secret-key")
REMOTE = Service(api_key="secret-key")


def picture(kind: str = "PNG", mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Image.new(mode, (40, 30), "orange").save(content, kind)
    return content.getvalue()


def answering(content: bytes, head: str = "") -> Callable[[socket.socket], None]:
    """Answers with `content`, and with `head` in place of the status and headers that are right."""
    head = head or f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}"

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head.encode() + b"\r\n\r\n" + content)

    return answer


def refused(serve: Callable[[socket.socket], None], folder: Path, service: Service = HERE, limit_s: float = 5) -> str:
    """What is said of what a server serves; nothing of it is kept."""
    with serving(serve) as port, pytest.raises(PictureNotFetched) as caught:
        fetch_picture(f"http://127.0.0.1:{port}/picture.png", folder, Job(service), limit_s)
    assert not list(folder.rglob("*"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")],
)
def test_a_picture_is_kept_under_a_name_of_ours(kind: str, ending: str, tmp_path: Path) -> None:
    content = picture(kind)
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)

    with serving(serve) as port:
        url = f"  http://127.0.0.1:{port}/..%2f..%2fetc/passwd.exe?name=evil "
        path = fetch_picture(url, tmp_path, Job(HERE))
        assert fetch_picture(url, tmp_path, Job(HERE)) == path, "the same picture is the same file"
    assert path == tmp_path / hashlib.sha256(content).hexdigest()[:16] / f"Web picture{ending}"
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == [path.name]
    assert b"secret-key" not in asked[0]
    assert b"x-api-key" not in asked[0].lower()


def test_without_a_length_and_in_small_pieces(tmp_path: Path) -> None:
    content = picture()

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for start in range(0, len(content), 7):
            connection.sendall(content[start : start + 7])
            time.sleep(0.001)

    with serving(serve) as port:
        assert fetch_picture(f"http://127.0.0.1:{port}/", tmp_path, Job(HERE)).read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><title>A chair</title>",
        b"\xef\xbb\xbf \n <html><body>Log in</body></html>",
        b"<script>location='/login'</script>",
    ],
)
def test_a_web_page_is_no_picture(content: bytes, tmp_path: Path) -> None:
    assert "at this address: it is a web page." in refused(answering(content), tmp_path)


@pytest.mark.parametrize(
    "content",
    [picture("TIFF"), picture("BMP"), b"GIF89a....", b"<svg xmlns=''/>", b"%PDF-1.7", b"MZ\x90\0", b"{}", b"\0" * 5000],
)
def test_other_kinds_are_refused(content: bytes, tmp_path: Path) -> None:
    assert "at this address: it is no PNG, JPEG or WebP." in refused(answering(content), tmp_path)


def test_an_empty_answer(tmp_path: Path) -> None:
    assert "at this address: it is empty." in refused(answering(b""), tmp_path)


@pytest.mark.parametrize(
    "location",
    [
        "https://192.168.0.7/router.png",
        "https://169.254.169.254/latest/meta-data",
        "http://example.com/plain.png",
        "file:///etc/passwd",
        "https://[::1/x.png",
        "//10.0.0.1/x.png",
    ],
)
def test_a_redirect_into_the_local_network_is_not_followed(location: str, tmp_path: Path) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0"
    assert "Nothing is fetched from this address, or from where it leads" in refused(answering(b"", head), tmp_path)


def test_a_redirect_within_this_computer_is_followed(tmp_path: Path) -> None:
    with serving(answering(picture())) as port:
        head = f"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:{port}/there.png\r\nContent-Length: 0"
        with serving(answering(b"", head)) as first:
            path = fetch_picture(f"http://127.0.0.1:{first}/", tmp_path, Job(HERE))
    assert path.read_bytes() == picture()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x.png",
        "https://localhost:{port}/x.png",
        "https://127.1:{port}/x.png",
        "https://[::ffff:127.0.0.1]:{port}/x.png",
        "https://10.0.0.1/x.png",
        "http://example.com/x.png",
        "ftp://example.com/x.png",
        "data:image/png;base64,AAAA",
        "example.com/x.png",
        "https://[abc/x.png",
        "https://",
        "",
    ],
)
def test_this_computer_is_asked_for_nothing_where_the_service_is_elsewhere(url: str, tmp_path: Path) -> None:
    asked: list[bytes] = []
    with serving(lambda connection: asked.append(connection.recv(1000))) as port:
        with pytest.raises(
            PictureNotFetched, match=r"Nothing is fetched from this address.* https:// .* on the internet are"
        ):
            fetch_picture(url.format(port=port), tmp_path, Job(REMOTE))
        time.sleep(0.05)
    assert asked in ([], [b""])


def test_an_endless_picture_is_given_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    serve = dripping(b"HTTP/1.1 200 OK\r\n\r\n" + picture())
    assert "127.0.0.1 is too slow" in refused(serve, tmp_path, limit_s=0.6)
    assert time.monotonic() - begun < 3


def test_an_endless_flood_is_given_up_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert picture_file.SIZE_LIMIT_BYTES == 64 * 2**20
    sent = [0]

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + picture())
        while True:
            connection.sendall(b"x" * 65536)
            sent[0] += 65536

    assert "larger than 64 MB" in refused(flood, tmp_path, limit_s=60)
    assert sent[0] < 2 * picture_file.SIZE_LIMIT_BYTES


def test_a_huge_one_is_refused_before_it_comes(tmp_path: Path) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {10**12}"
    assert "larger than 64 MB" in refused(answering(picture(), head), tmp_path)


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    assert "127.0.0.1 is too slow" in refused(silent, tmp_path, limit_s=0.5)
    quickly = replace(HERE, limits=TimeLimits(read_s=0.3))
    assert "127.0.0.1 is too slow" in refused(silent, tmp_path, quickly)


def test_redirects_that_take_for_ever(tmp_path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        time.sleep(0.3)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")

    said = refused(serve, tmp_path, limit_s=0.5)
    # The time may be over while it connects once more.
    assert "too slow" in said or "No connection to 127.0.0.1" in said


def test_a_picture_that_breaks_off(tmp_path: Path) -> None:
    content = picture()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}"
    said = refused(answering(content[:-9], head), tmp_path)
    assert said == "The connection to 127.0.0.1 broke before the picture was complete. Try again."


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "127.0.0.1 has nothing at this address, or does not give it out."),
        (403, "127.0.0.1 has nothing at this address, or does not give it out."),
        (429, "127.0.0.1 takes no more requests for now. Wait a minute and try again."),
        (503, "127.0.0.1 has a problem of its own. Try again in a few minutes."),
    ],
)
def test_refusals(status: int, sentence: str, tmp_path: Path) -> None:
    assert refused(answering(b"", f"HTTP/1.1 {status} No\r\nContent-Length: 0"), tmp_path) == sentence


def test_nobody_there(tmp_path: Path) -> None:
    with serving(silent) as port:
        pass
    with pytest.raises(PictureNotFetched, match=r"No connection to 127.0.0.1. Check the address and the network."):
        fetch_picture(f"http://127.0.0.1:{port}/", tmp_path, Job(HERE))


def test_it_is_asked_for_through_the_queue(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", Fault(200, body=picture()), Fault(404))

    def asked() -> Answer:
        question = Question(Topic.PICTURE, url=f"{piapi.url}/files/chair.png")
        return driver.ask(question, service_of(piapi, key=""))

    first = asked()
    assert first.problem == ""
    assert Path(first.path).read_bytes() == picture()
    assert Path(first.path).parent.parent == driver.queue.folder / "pictures"
    assert "has nothing at this address" in asked().problem
    assert all("x-api-key" not in headers for _, _, headers in piapi.requests)


def test_switching_off_ends_it_at_once(driver: Driver) -> None:
    with serving(silent) as port:
        driver.queue.lookups.ask(Question(Topic.PICTURE, url=f"http://127.0.0.1:{port}/"), HERE)
        time.sleep(0.3)
        begun = time.monotonic()
        assert driver.queue.close(5)
        assert time.monotonic() - begun < 1
