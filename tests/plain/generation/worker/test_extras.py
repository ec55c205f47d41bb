"""The film and the cut-out that come beside a model: kept, bounded, and nobody waits for them."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, image_request, service_of, serving, silent, text_request, work_without_queue
from PIL import Image
from service import Fault, Piapi

from trellis_blender.generation.files import CUTOUT_STEM, MODEL_NAME, VIDEO_NAME, cutout_in
from trellis_blender.generation.lookups.questions import Answer, Question, Topic
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker import extras
from trellis_blender.generation.worker.context import Stopped
from trellis_blender.generation.worker.picture_file import SIZE_LIMIT_BYTES
from trellis_blender.piapi.service import Service

VIDEO = b"\0\0\0\x20ftypisom" + bytes(100_000)


def cutout(kind: str = "PNG") -> bytes:
    held = io.BytesIO()
    Image.new("RGBA", (40, 30), (200, 30, 30, 0)).save(held, kind)
    return held.getvalue()


def ready(driver: Driver, piapi: Piapi, *, fetches_videos: bool = True) -> Path:
    service = replace(service_of(piapi), fetches_videos=fetches_videos)
    found = driver.rest(driver.queue.submit(image_request(), service))
    assert found.state is State.READY
    driver.until(lambda: not driver.queue._workers.are_at_work)
    return driver.queue.folder / found.folder_name


@pytest.mark.parametrize("is_flat", [False, True])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_both_are_kept_beside_the_model(driver: Driver, piapi: Piapi, kind: str, is_flat: bool) -> None:
    piapi.behaviour.video, piapi.behaviour.cutout, piapi.behaviour.flat_answers = VIDEO, cutout(kind), is_flat
    folder = ready(driver, piapi)
    assert (folder / VIDEO_NAME).read_bytes() == VIDEO
    kept = cutout_in(folder)
    assert kept is not None
    assert kept.name == f"{CUTOUT_STEM}.{kind.lower()}"
    assert kept.read_bytes() == cutout(kind)


def test_nothing_is_asked_for_that_there_is_not(driver: Driver, piapi: Piapi) -> None:
    folder = ready(driver, piapi)
    assert (cutout_in(folder), (folder / VIDEO_NAME).exists()) == (None, False)
    assert [path for _, path, _ in piapi.requests if "/files/" in path and not path.endswith(".glb")] == []


def test_the_film_can_be_left_out(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.video, piapi.behaviour.cutout = VIDEO, cutout()
    folder = ready(driver, piapi, fetches_videos=False)
    assert (cutout_in(folder) is not None, (folder / VIDEO_NAME).exists()) == (True, False)
    assert not [path for _, path, _ in piapi.requests if path.endswith(".mp4")]


@pytest.mark.parametrize(
    ("video", "picture"),
    [
        (b"<!doctype html><html>no film</html>", b"<!doctype html><html>no picture</html>"),
        (b"", b""),
        (b"RIFF", b"BM" + bytes(100)),
        (VIDEO + bytes(extras.VIDEO_LIMIT_BYTES), cutout() + bytes(SIZE_LIMIT_BYTES)),
    ],
)
def test_what_is_none_is_left(driver: Driver, piapi: Piapi, video: bytes, picture: bytes) -> None:
    piapi.behaviour.video, piapi.behaviour.cutout = video or b" ", picture or b" "
    folder = ready(driver, piapi)
    assert sorted(path.name for path in folder.iterdir()) == ["generation.json", "input.png", MODEL_NAME]
    (generation,) = driver.latest.values()
    assert generation.problem == ""


def test_one_that_never_comes_keeps_no_other_waiting(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(at_once=1)
    piapi.behaviour.video = VIDEO
    piapi.fail("file", None, Fault(stall_s=60.0))
    first = driver.queue.submit(text_request("a"), service_of(piapi))
    second = driver.queue.submit(text_request("b"), service_of(piapi))
    assert driver.rest(first).state is State.READY
    assert driver.rest(second).state is State.READY
    assert driver.queue._workers.are_at_work
    begun = time.monotonic()
    assert driver.queue.close(5.0)
    assert time.monotonic() - begun < 2.0


def test_a_removed_generation_gets_no_folder_again(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.video = VIDEO
    piapi.fail("file", None, Fault(stall_s=1.0))
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    driver.queue.remove(found)
    driver.until(lambda: not driver.queue._workers.are_at_work)
    assert not (driver.queue.folder / found.folder_name).exists()


def test_few_come_at_once_however_many_are_ready(tmp_path: Path) -> None:
    """Each may take 64 MB of memory, and its thread a minute."""
    asked: list[socket.socket] = []

    def never(connection: socket.socket) -> None:
        asked.append(connection)
        silent(connection)

    with serving(never) as port:
        url = f"http://127.0.0.1:{port}"
        generation = replace(new_generation(text_request(), url, 1.0), state=State.READY)
        works = [work_without_queue(tmp_path, generation, [], Service(api_url=url, api_key="k")) for _ in range(8)]

        def fetch(work: extras.Work) -> None:
            work.cutout_url = work.video_url = f"{url}/film"
            with suppress(Stopped):
                extras.fetch_extras(work)

        threads = [threading.Thread(target=fetch, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert all(work.gives_way for work in works)
        assert len(asked) == extras.AT_ONCE
        for work in works:
            work.job.stop()
        for thread in threads:
            thread.join(2.0)
        assert not any(thread.is_alive() for thread in threads)


def test_no_mistake_about_a_film_takes_a_ready_model_back(
    driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(extras, "_read_video", no_memory)
    piapi.behaviour.video = VIDEO
    folder = ready(driver, piapi)
    (generation,) = driver.latest.values()
    assert (generation.state, generation.problem, generation.parked) == (State.READY, "", False)
    assert not (folder / VIDEO_NAME).exists()


def test_a_film_of_two_gigabytes_is_not_begun(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.video = VIDEO
    piapi.fail("file", None, Fault(announced=2 * 2**30))
    begun = time.monotonic()
    folder = ready(driver, piapi)
    assert not (folder / VIDEO_NAME).exists()
    assert time.monotonic() - begun < 10


MEGABYTE = bytes(2**20)


def film(size: int) -> Iterator[bytes]:
    yield VIDEO[:32].ljust(2**20 + size % 2**20, b"\0")
    for _ in range(size // 2**20 - 1):
        yield MEGABYTE


@pytest.mark.parametrize("announced", [None, extras.VIDEO_LIMIT_BYTES])
def test_a_film_of_just_the_limit_is_taken(announced: int | None) -> None:
    assert len(extras._read_video(film(extras.VIDEO_LIMIT_BYTES), announced)) == extras.VIDEO_LIMIT_BYTES


@pytest.mark.parametrize("announced", [None, extras.VIDEO_LIMIT_BYTES + 1])
def test_a_film_of_a_byte_more_is_refused(announced: int | None) -> None:
    chunks = film(extras.VIDEO_LIMIT_BYTES + 1)
    with pytest.raises(extras.NoVideo) as caught:
        extras._read_video(chunks, announced)
    assert str(caught.value) == "it is too large"
    assert (next(chunks, None) is None) is (announced is None), "what is announced as too large is not begun"


# What did not come is fetched later.


def asked_later(driver: Driver, piapi: Piapi, generation: Generation) -> Answer:
    folder = driver.queue.folder / generation.folder_name
    return driver.ask(Question(Topic.EXTRAS, generation.task_id, path=str(folder)), service_of(piapi))


def test_what_did_not_come_because_blender_ended_comes_later(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.video, piapi.behaviour.cutout = VIDEO, cutout()
    piapi.fail("file", None, Fault(stall_s=60.0))
    first = make_driver()
    made = first.rest(first.queue.submit(image_request(), service_of(piapi)))
    first.until(lambda: piapi.asked("file") == 2)
    assert first.queue.close(5.0)
    folder = first.queue.folder / made.folder_name
    assert (cutout_in(folder), (folder / VIDEO_NAME).exists()) == (None, False)
    second = make_driver()
    answer = asked_later(second, piapi, made)
    assert (answer.path, answer.problem) == (str(folder / VIDEO_NAME), "")
    assert (folder / VIDEO_NAME).read_bytes() == VIDEO
    assert cutout_in(folder) is not None
    assert len(piapi.creates) == 1


@pytest.mark.parametrize(
    ("video", "fault", "said"),
    [
        (b"", None, "PiAPI gives no turntable of this model (any more)."),
        (b"<html>no film</html>", None, "cannot be used: it is no MP4. The model is as it was."),
        (VIDEO, Fault(announced=2 * 2**30), "cannot be used: it is too large."),
        (VIDEO, Fault(404), "The finished turntable is no longer at the address that PiAPI gave."),
        (VIDEO, Fault(302, headers={"Location": "http://10.0.0.1/"}), "address for the finished turntable that is not"),
        (VIDEO, Fault(302, headers={"Location": "file:///etc/passwd"}), "address for the finished turntable that is"),
        (VIDEO, Fault(503), "has a problem of its own"),
    ],
)
def test_why_it_cannot_be_had_later_either_is_said(
    driver: Driver, piapi: Piapi, video: bytes, fault: Fault | None, said: str
) -> None:
    piapi.behaviour.video = video
    service = replace(service_of(piapi), fetches_videos=False)
    made = driver.rest(driver.queue.submit(image_request(), service))
    driver.until(lambda: not driver.queue._workers.are_at_work)
    if fault is not None:
        piapi.fail_always("file", fault)
    answer = asked_later(driver, piapi, made)
    assert said in answer.problem
    assert not (driver.queue.folder / made.folder_name / VIDEO_NAME).exists()


def test_where_the_models_files_are_gone_it_says_that_none_was_kept(driver: Driver, piapi: Piapi) -> None:
    """Blender's player would be started for nothing, and say nothing."""
    piapi.behaviour.video = VIDEO
    service = replace(service_of(piapi), fetches_videos=False)
    made = driver.rest(driver.queue.submit(image_request(), service))
    driver.until(lambda: not driver.queue._workers.are_at_work)
    (driver.queue.folder / made.folder_name / MODEL_NAME).unlink()
    answer = asked_later(driver, piapi, made)
    assert (answer.path, answer.problem) == ("", "The turntable was not kept: the files of this model are gone.")
