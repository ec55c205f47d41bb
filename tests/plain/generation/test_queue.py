"""The queue itself: a request becomes a model, so many at once, and what it needs is there or said to be missing."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import IMPATIENT, PICTURE, Driver, image_request, service_of, text_request
from service import KEY, Behaviour, Fault, Piapi, default_model, png_size

from trellis_blender.generation.record import costs
from trellis_blender.generation.states import State
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


def test_a_text_becomes_a_checked_model(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 0.5
    piapi.behaviour.processing_s = 1.0
    generation = driver.queue.submit(text_request(seed=7, ss_sampling_steps=12), service_of(piapi))
    done = driver.rest(generation)
    assert done.state is State.READY
    assert driver.states(generation) == ["queued", "submitting", "waiting", "running", "downloading", "ready"]
    assert len(piapi.creates) == 1
    assert piapi.creates[0]["input"] == {
        "prompt": "a bear",
        "seed": 7,
        "ss_sampling_steps": 12,
        "slat_sampling_steps": 50,
        "ss_guidance_strength": 7.5,
        "slat_guidance_strength": 3.0,
    }
    folder = driver.queue.folder / done.folder_name
    assert sorted(path.name for path in folder.iterdir()) == ["generation.json", "model.glb"]
    assert (folder / "model.glb").read_bytes() == default_model()
    exported = json.loads((folder / "generation.json").read_text())
    assert exported["task_id"] in piapi.tasks
    assert exported["request"]["parameters"]["seed"] == 7
    assert exported["charged_usd"] == 0.04


def test_an_image_is_kept_and_sent_as_png(driver: Driver, piapi: Piapi) -> None:
    done = driver.rest(driver.queue.submit(image_request(), service_of(piapi)))
    assert done.state is State.READY
    sent = piapi.creates[0]
    assert (sent["model"], sent["task_type"]) == ("Qubico/trellis2", "image-to-3d")
    assert set(sent["input"]) == {"image", "seed"}
    assert png_size(sent["input"]["image"]) == (PICTURE.width, PICTURE.height)
    folder = driver.queue.folder / done.folder_name
    assert sorted(path.name for path in folder.iterdir()) == ["generation.json", "input.png", "model.glb"]


def test_at_most_four_at_once_and_no_thread_left(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 600.0
    generations = [driver.queue.submit(text_request(f"bear {n}"), service_of(piapi)) for n in range(9)]
    driver.until(lambda: piapi.at_work() == 4)
    time.sleep(0.5)
    most = piapi.at_work()
    piapi.behaviour.processing_s = 0.2

    def all_ready() -> bool:
        nonlocal most
        # By the service: that one has its turn may be heard before that another has given its own away.
        most = max(most, piapi.at_work())
        return len(driver.latest) == 9 and all(g.state is State.READY for g in driver.latest.values())

    driver.until(all_ready)
    assert most == 4
    assert len(piapi.creates) == 9
    assert {driver.latest[g.id].request.prompt for g in generations} == {f"bear {n}" for n in range(9)}
    driver.until(lambda: not [t for t in threading.enumerate() if t.name.startswith("trellis")])


@pytest.mark.parametrize("refund", [True, False])
def test_a_task_that_fails_says_why_and_what_it_cost(driver: Driver, piapi: Piapi, refund: bool) -> None:
    piapi.behaviour.fail_with = "NSFW content"
    piapi.behaviour.refund = refund
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert "PiAPI could not make this model: “NSFW content”." in failed.problem
    assert ("Nothing was charged." if refund else "PiAPI charged $0.04.") in failed.problem


def test_a_picture_that_is_gone_has_to_be_chosen_again(driver: Driver, piapi: Piapi) -> None:
    """As where the disk was full when Generate was pressed, so that the picture could not be kept."""
    piapi.fail("create", Fault(402))
    failed = driver.rest(driver.queue.submit(image_request(), service_of(piapi)))
    (driver.queue.folder / failed.folder_name / "input.png").unlink()
    again = driver.rest(driver.queue.submit_again(failed, service_of(piapi)))
    assert again.state is State.FAILED
    assert again.problem == (
        "The picture that was to be sent is no longer there. Choose it again and press Generate. "
        "Nothing was sent and nothing charged."
    )


def test_a_picture_that_cannot_be_read_is_a_sentence_and_nothing_is_sent(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(402))
    failed = driver.rest(driver.queue.submit(image_request(), service_of(piapi)))
    picture = driver.queue.folder / failed.folder_name / "input.png"
    picture.unlink()
    picture.mkdir()
    again = driver.rest(driver.queue.submit_again(failed, service_of(piapi)))
    assert again.state is State.FAILED
    assert str(picture.parent) in again.problem
    assert again.problem.endswith(costs.NOTHING_SENT)
    assert piapi.creates == []


def test_progress_and_the_real_seed_come_from_the_log(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.log = True
    piapi.behaviour.seed_in_log = 996765520
    piapi.behaviour.processing_s = 2.0
    generation = driver.queue.submit(text_request(seed=5), service_of(piapi))
    done = driver.rest(generation)
    shown = [g for g in driver.history[generation.id] if g.state is State.RUNNING and g.progress is not None]
    shares = [g.progress or 0.0 for g in shown]
    assert shares == sorted(shares)
    assert len({g.stage for g in shown}) >= 3
    assert dict(done.request.parameters)["seed"] == 996765520


def test_without_a_log_there_is_no_percentage_until_a_duration_is_known(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.6
    first = driver.queue.submit(text_request(), service_of(piapi))
    driver.rest(first)
    assert all(g.progress is None for g in driver.history[first.id] if g.state is State.RUNNING)
    second = driver.queue.submit(text_request(), service_of(piapi))
    driver.rest(second)
    shares = [g.progress for g in driver.history[second.id] if g.state is State.RUNNING and g.progress is not None]
    assert shares
    assert all(0 <= share <= 0.95 for share in shares)


def test_a_folder_that_cannot_be_written_sends_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    driver = make_driver(tmp_path / "file" / "generations")
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert "cannot be used" in failed.problem
    assert failed.problem.endswith("Nothing was sent and nothing charged.")
    assert piapi.requests == []


def test_an_image_that_waits_in_the_queue_is_on_the_disk(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    first = make_driver(at_once=1)
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(image_request(), service_of(piapi))
    folder = first.queue.folder / waiting.folder_name
    first.until(lambda: (folder / "input.png").exists() and len(piapi.creates) == 1)
    assert first.queue.close(5)
    second = make_driver()
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    found = second.latest[waiting.id]
    assert (found.state, found.parked, found.task_id) == (State.QUEUED, True, "")
    piapi.behaviour = type(piapi.behaviour)()
    assert second.rest(second.queue.submit_again(found, service_of(piapi))).state is State.READY
    assert png_size(piapi.creates[-1]["input"]["image"]) == (PICTURE.width, PICTURE.height)


def test_taken_up_again_at_once_while_the_last_worker_is_on_its_way_out(driver: Driver, piapi: Piapi) -> None:
    for _ in range(10):
        piapi.fail("create", Fault(402))
        failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
        driver.queue.submit_again(failed, service_of(piapi))
        driver.until(lambda found=failed: driver.latest[found.id].state is State.READY)
    assert len(piapi.creates) == 10


def test_an_image_is_uploaded_where_that_was_chosen(driver: Driver, piapi: Piapi) -> None:
    service = replace(service_of(piapi), upload_images=True)
    assert driver.rest(driver.queue.submit(image_request(), service)).state is State.READY
    assert piapi.creates[0]["input"]["image"] == f"{piapi.url}/files/upload.png"
    assert piapi.uploads[0]["file_name"] == "input.png"
    assert png_size(piapi.uploads[0]["file_data"]) == (PICTURE.width, PICTURE.height)


def test_a_mistake_tells_no_secret(driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError(f"no {KEY}")

    monkeypatch.setattr("trellis_blender.generation.worker.worker.follow", mistaken)
    problem = driver.rest(driver.queue.submit(text_request(), service_of(piapi))).problem
    assert "The add-on made a mistake (KeyError: " in problem
    assert KEY not in problem


def test_a_slow_download_keeps_no_other_waiting(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    """The service has room for the next task as soon as one is made, however long its file takes."""
    driver = make_driver(at_once=1)
    driver.queue.allow(2)
    piapi.plan = "free"
    piapi.behaviour = Behaviour(sending_s=2.0)
    downloading: list[int] = []
    found = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(3)]

    def states() -> list[State]:
        return [driver.latest[each.id].state for each in found]

    driver.until(lambda: downloading.append(states().count(State.DOWNLOADING)) or len(piapi.creates) == 2)
    assert State.READY not in states()
    driver.until(lambda: downloading.append(states().count(State.DOWNLOADING)) or set(states()) == {State.READY})
    assert max(downloading) == 2, "no more come at once than may be made at once"
