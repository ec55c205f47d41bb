import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import PICTURE, Driver, image_request, service_of, text_request
from models import box_glb, glb_without_mesh
from service import KEY, Behaviour, Fault, Piapi, default_model, png_size

from trellis_blender.generation.limits.rate_limit import PIAPI
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import new_generation
from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Owned, Store, to_json
from trellis_blender.piapi.errors import NotStarted
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    """Nobody waits for hours here; the tests of what waits set their own times."""
    return Timings(look_after_s=(0.02, 0.05), staged_look_s=0.1, patience_s=0.0, first_wait_s=0.01)


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


def test_every_step_is_in_the_store_before_it_is_taken(driver: Driver, piapi: Piapi) -> None:
    seen: list[str] = []
    store = Store(driver.queue.folder)
    original = piapi._answer

    def looking(step: str, *rest: object) -> object:
        seen.append(f"{step}: {store.load_all()[0].generation.state.value}")
        return original(step, *rest)  # type: ignore[arg-type]

    piapi._answer = looking  # type: ignore[method-assign,assignment]
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert seen[0] == "create: submitting"
    assert seen[-1] == "file: downloading"
    assert set(seen[1:-1]) <= {"get: waiting", "get: running"}


def test_the_key_is_in_no_file(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(401, {"message": f"no such key {KEY}"}))
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    files = [path for path in driver.queue.folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not any(KEY.encode() in path.read_bytes() for path in files)


def test_at_most_four_at_once_and_no_thread_left(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.5
    generations = [driver.queue.submit(text_request(f"bear {n}"), service_of(piapi)) for n in range(9)]
    most = 0
    busy = {State.SUBMITTING, State.WAITING, State.RUNNING, State.DOWNLOADING}

    def all_ready() -> bool:
        nonlocal most
        most = max(most, sum(g.state in busy for g in driver.latest.values()))
        return len(driver.latest) == 9 and all(g.state is State.READY for g in driver.latest.values())

    driver.until(all_ready)
    assert most == 4
    assert len(piapi.creates) == 9
    assert {driver.latest[g.id].request.prompt for g in generations} == {f"bear {n}" for n in range(9)}
    driver.until(lambda: not [t for t in threading.enumerate() if t.name.startswith("trellis")])


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {}])
def test_too_many_requests_wait_and_go_on(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings, headers: dict[str, str]
) -> None:
    driver = make_driver(timings=replace(timings, busy_delay_s=0.5))
    piapi.fail("create", Fault(429, headers=headers))
    start = time.monotonic()
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: any("takes no more" in g.problem for g in driver.history.get(generation.id, [])))
    assert driver.rest(generation).state is State.READY
    assert time.monotonic() - start > (0.9 if headers else 0.4)
    assert len(piapi.creates) == 1


def test_between_two_attempts_it_is_queued_waits_longer_each_time_and_can_be_dropped(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=replace(timings, busy_delay_s=1.0))
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
    driver = make_driver(timings=replace(timings, busy_delay_s=0.01))
    piapi.fail_always("create", Fault(429))
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert failed.problem.startswith("PiAPI takes no more requests for now (429).")
    assert piapi.asked("create") == 5


@pytest.mark.parametrize("refund", [True, False])
def test_a_task_that_fails_says_why_and_what_it_cost(driver: Driver, piapi: Piapi, refund: bool) -> None:
    piapi.behaviour.fail_with = "NSFW content"
    piapi.behaviour.refund = refund
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert "PiAPI could not make this model: “NSFW content”." in failed.problem
    assert ("Nothing was charged." if refund else "PiAPI charged $0.04.") in failed.problem


def test_a_task_cancelled_on_the_site(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.cancelled_on_site = True
    cancelled = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert cancelled.state is State.CANCELLED
    assert cancelled.problem == "Cancelled at PiAPI. Nothing was charged."


def test_a_poll_that_fails_now_and_then_disturbs_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail(
        "get", Fault(500), None, Fault(reset=True), Fault(200, "<html>"), Fault(429, headers={"Retry-After": "0"})
    )
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(404), "no longer at the address"),
        (Fault(200, "<html>expired</html>"), "a web page, not a model"),
        (Fault(200, b"not a model"), "not a GLB"),
        (Fault(200, box_glb()[:-50]), "cut short"),
        (Fault(200, glb_without_mesh()), "no mesh"),
        (Fault(cut_after=100), "broke before"),
        (Fault(500), "problem of its own"),
    ],
)
def test_a_download_that_fails_is_tried_again_then_parked_and_never_paid_twice(
    driver: Driver, piapi: Piapi, fault: Fault, sentence: str
) -> None:
    piapi.fail_always("file", fault)
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert (parked.state, parked.parked) == (State.DOWNLOADING, True)
    assert sentence in parked.problem
    assert "paid for ($0.04)" in parked.problem
    assert piapi.asked("file") in {3, 5}  # fewer where the file itself is wrong
    assert not (driver.queue.folder / parked.folder_name / "model.glb").exists()
    piapi.fail_always("file", None)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY
    assert piapi.asked("create") == 1


def test_a_files_host_is_left_alone_for_as_long_as_it_says(driver: Driver, piapi: Piapi) -> None:
    """Guards `retry_after_s` in Patience.wait."""
    piapi.fail("file", Fault(429, headers={"Retry-After": "1"}))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked("file") == 1)
    start = time.monotonic()
    assert driver.rest(generation).state is State.READY
    assert time.monotonic() - start > 0.9


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


def test_a_download_that_breaks_once_arrives_all_the_same(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", Fault(cut_after=1000), Fault(404))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


def test_a_completed_task_without_a_model_file(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.no_model_file = True
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert parked.parked
    assert "names no model file" in parked.problem


def test_cancelled_while_pending(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.WAITING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    cancelled = driver.rest(generation)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Cancelled at PiAPI. Nothing was charged.")
    assert piapi.asked("cancel") == 1


def test_cancelled_too_late_is_fetched_and_kept(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.RUNNING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    kept = driver.rest(generation)
    assert (kept.state, kept.wanted) == (State.READY, False)
    assert (driver.queue.folder / kept.folder_name / "model.glb").exists()


def test_cancelled_before_it_was_sent(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(at_once=1)
    piapi.behaviour.processing_s = 1.0
    first = driver.queue.submit(text_request(), service_of(piapi))
    second = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(first.id, first).state is State.RUNNING)
    driver.queue.cancel(second, service_of(piapi))
    cancelled = driver.rest(second)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Nothing was sent and nothing charged.")
    assert driver.rest(first).state is State.READY
    assert len(piapi.creates) == 1


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


def test_another_start_finds_what_was_going_on(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    first = make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest.get(generation.id, generation).state is State.RUNNING)
    assert first.queue.close(5)
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    found = second.latest[generation.id]
    assert (found.state, found.parked, found.request.prompt) == (State.RUNNING, True, "a bear")
    assert second.rest(second.queue.resume(found, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_stopping_is_quick_and_loses_nothing(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    driver = make_driver()
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(6)]
    driver.until(lambda: sum(g.state is State.WAITING for g in driver.latest.values()) == 4)
    start = time.monotonic()
    assert driver.queue.close(2)
    assert time.monotonic() - start < 2
    kept = {each.generation.id: each.generation.state for each in Store(driver.queue.folder).load_all()}
    assert sorted(kept[g.id].value for g in generations) == ["queued"] * 2 + ["waiting"] * 4


def test_a_disk_that_fills_up_while_the_answer_comes_does_not_lose_the_task(
    driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = driver.queue.folder / "generations.sqlite3"
    original = piapi._create

    def create_and_break(payload: dict[str, object]) -> object:
        store.rename(store.with_suffix(".aside"))
        store.mkdir()
        return original(payload)

    piapi._create = create_and_break  # type: ignore[method-assign,assignment]
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert (parked.parked, parked.task_id in piapi.tasks) == (True, True)
    assert "is not lost" in parked.problem
    store.rmdir()
    store.with_suffix(".aside").rename(store)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_stopped_between_two_attempts_it_is_queued_still(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver()
    service = Service(api_url="http://127.0.0.1:9", api_key=KEY)
    generation = driver.queue.submit(text_request(), service)
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.SUBMITTING)
    assert driver.queue.close(5)
    kept = Store(driver.queue.folder).load_all()[0].generation
    assert kept.state in {State.QUEUED, State.FAILED}


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


def test_a_download_does_not_begin_where_the_task_ended(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.log = True
    piapi.behaviour.processing_s = 1.0
    piapi.fail("file", Fault(stall_s=0.5))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.rest(generation)
    told = driver.history[generation.id]
    assert any(each.state is State.RUNNING and each.progress for each in told)
    first = next(each for each in told if each.state is State.DOWNLOADING)
    assert (first.stage, first.progress) == ("", None)


def test_cancelled_while_it_is_downloaded_is_kept(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", Fault(stall_s=0.5))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.DOWNLOADING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    kept = driver.rest(generation)
    assert (kept.state, kept.wanted) == (State.READY, False)


def test_taken_up_again_at_once_while_the_last_worker_is_on_its_way_out(driver: Driver, piapi: Piapi) -> None:
    for _ in range(20):
        piapi.fail("create", Fault(402))
        failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
        driver.queue.submit_again(failed, service_of(piapi))
        driver.until(lambda found=failed: driver.latest[found.id].state is State.READY)
    assert len(piapi.creates) == 20


def test_a_404_now_and_then_or_for_ever_loses_no_task(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.5
    piapi.fail("get", Fault(404), Fault(404))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY
    piapi.fail_always("get", Fault(404))
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert parked.parked
    assert "PiAPI does not know this task (404)" in parked.problem
    piapi.fail_always("get", None)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY


def test_a_cancel_that_comes_late_goes_by_the_store(driver: Driver, piapi: Piapi) -> None:
    generation = driver.queue.submit(text_request(), service_of(piapi))
    ready = driver.rest(generation)
    driver.until(lambda: not driver.queue.is_busy)
    driver.queue.cancel(generation, service_of(piapi))
    driver.until(lambda: not driver.queue.is_busy)
    assert driver.latest[generation.id] == ready
    assert Store(driver.queue.folder).load(generation.id) == Owned(ready, "")


def test_two_blenders_on_one_store_submit_a_generation_once(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first, second = make_driver(at_once=1), make_driver(at_once=1)
    piapi.behaviour.processing_s = 1.0
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    found = second.latest[waiting.id]
    assert (found.elsewhere, found.interrupted, found.is_working) == (True, False, False)
    second.queue.submit_again(found, service_of(piapi))
    second.until(lambda: second.latest[waiting.id].elsewhere)
    assert first.rest(waiting).state is State.READY
    assert sum(create["input"]["prompt"] == "a second bear" for create in piapi.creates) == 1
    # What the other one has done with it meanwhile is seen at the next look.
    second.queue.load()
    second.until(lambda: second.latest[waiting.id].state is State.READY)


def test_an_orphan_is_taken_over(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 4.0
    first, second = make_driver(), make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest[generation.id].state is State.RUNNING)
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    assert second.latest[generation.id].elsewhere
    second.queue.resume(second.latest[generation.id], service_of(piapi))
    second.until(lambda: len(second.history[generation.id]) == 3)
    assert second.latest[generation.id].elsewhere
    assert first.queue.close(5)
    second.queue.load()
    second.until(lambda: second.latest[generation.id].interrupted)
    assert second.rest(second.queue.resume(second.latest[generation.id], service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_what_another_blender_begins_later_is_found_and_taken_over_once(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    piapi.behaviour.processing_s = 3.0
    first, second = make_driver(), make_driver()
    second.queue.load()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest[generation.id].state is State.RUNNING)
    second.queue.look_around()
    second.until(lambda: generation.id in second.latest)
    assert second.latest[generation.id].elsewhere
    assert first.queue.close(5)
    third = make_driver()
    third.queue.look_around()
    third.queue.look_around()
    third.until(lambda: not third.queue.is_busy)
    third.look()
    assert [found.interrupted for found in third.history[generation.id]] == [True]
    assert third.rest(third.queue.resume(third.latest[generation.id], service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_a_name_no_file_can_hold_and_a_row_no_one_can_read_stop_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver()
    odd = replace(text_request(), name="bad\udcff", prompt="bad\udcff")
    assert driver.rest(driver.queue.submit(odd, service_of(piapi))).state is State.READY
    good = driver.rest(driver.queue.submit(text_request("bad\udcff"), service_of(piapi)))
    assert good.state is State.READY
    with sqlite3.connect(driver.queue.folder / "generations.sqlite3") as db:
        db.execute("INSERT INTO generation VALUES ('odd', 'ready', 1, 'm', 'u', NULL, '{\"unknown\": 1}', '', '')")
    db.close()
    other = make_driver()
    other.queue.load()
    other.until(lambda: good.id in other.latest)


def test_an_image_is_uploaded_where_that_was_chosen(driver: Driver, piapi: Piapi) -> None:
    service = replace(service_of(piapi), upload_images=True)
    assert driver.rest(driver.queue.submit(image_request(), service)).state is State.READY
    assert piapi.creates[0]["input"]["image"] == f"{piapi.url}/files/upload.png"
    assert piapi.uploads[0]["file_name"] == "input.png"
    assert png_size(piapi.uploads[0]["file_data"]) == (PICTURE.width, PICTURE.height)


def test_the_time_spent_parked_is_no_usual_duration(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("get", Fault(404))
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    piapi.fail_always("get", None)
    driver.rest(driver.queue.resume(parked, service_of(piapi)))
    assert Store(driver.queue.folder).usual_duration_s("Qubico/trellis", piapi.url) is None
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert Store(driver.queue.folder).usual_duration_s("Qubico/trellis", piapi.url) is not None


def test_a_row_that_another_blender_has_taken_further_is_not_paid_for_again(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first, second = make_driver(at_once=1), make_driver(at_once=1)
    piapi.behaviour.processing_s = 0.5
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    stale = second.latest[waiting.id]
    ready = first.rest(waiting)
    assert (stale.state, ready.state) == (State.QUEUED, State.READY)
    second.queue.submit_again(stale, service_of(piapi))
    second.until(lambda: second.latest[waiting.id].state is State.READY)
    assert second.latest[waiting.id].task_id == ready.task_id
    assert len(piapi.creates) == 2


def offline_request() -> GenerationRequest:
    return image_request("offline-preview", "a bear")


def test_the_offline_preview_is_spoken_of_by_its_name_and_costs_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(pending_s=0.4, fail_with="the picture is empty.")
    found = driver.rest(driver.queue.submit(offline_request(), service_of(piapi)))
    assert found.problem == (
        "The offline preview could not make this model: “the picture is empty”. It costs nothing. "
        "Change it and try again."
    )
    stages = {generation.stage for generation in driver.history[found.id]}
    assert "Waiting for the offline preview" in stages
    assert not any("PiAPI" in stage for stage in stages)


def test_an_offline_preview_that_dies_says_so_and_is_made_again_for_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=replace(timings, first_delay_s=0.01))
    piapi.behaviour = Behaviour(processing_s=60)
    generation = driver.queue.submit(offline_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    piapi.fail_always("get", Fault(503))
    parked = driver.rest(generation)
    assert parked.problem == (
        "The offline preview has stopped working; the next try starts it anew. It costs nothing. Resume makes it again."
    )
    piapi.fail_always("get", None)
    piapi.behaviour = Behaviour()
    again = driver.rest(driver.queue.submit_again(parked, service_of(piapi)))
    assert again.state is State.READY
    assert len(piapi.creates) == 2


def test_an_offline_submission_without_an_answer_just_fails(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(reset=True))
    found = driver.rest(driver.queue.submit(offline_request(), service_of(piapi)))
    assert found.state is State.FAILED
    assert found.problem.startswith("The offline preview has stopped working; the next try starts it anew.")


def test_a_parked_offline_generation_is_cancelled_here(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(processing_s=60)
    generation = driver.queue.submit(offline_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    driver.queue.close(5)
    other = Driver(driver.queue.folder)
    other.queue.load()
    other.until(lambda: generation.id in other.latest)
    before = other.latest[generation.id]
    assert before.parked
    other.queue.cancel(before, service_of(piapi))
    other.until(lambda: other.latest[generation.id].state is State.CANCELLED)
    assert other.latest[generation.id] == replace(
        before, state=State.CANCELLED, problem="It costs nothing.", parked=False, interrupted=False
    )
    assert piapi.asked("cancel") == 0


def test_a_service_that_has_to_be_started_is_waited_for_in_the_thread(driver: Driver, piapi: Piapi) -> None:
    threads: list[str] = []

    def start() -> Service:
        threads.append(threading.current_thread().name)
        time.sleep(0.3)
        return service_of(piapi)

    begun = time.monotonic()
    generation = driver.queue.submit(offline_request(), Service(api_url="offline-preview", start=start))
    assert time.monotonic() - begun < 0.1
    found = driver.rest(generation)
    assert found.state is State.READY
    assert found.api_url == "offline-preview"
    assert threads == [f"trellis-{generation.id[:8]}"]


def test_a_service_that_cannot_be_started_says_why(driver: Driver) -> None:
    def start() -> Service:
        raise NotStarted("The offline preview could not be started (no such file).")

    found = driver.rest(driver.queue.submit(offline_request(), Service(api_url="offline-preview", start=start)))
    assert found.state is State.FAILED
    assert found.problem == (
        "The offline preview could not be started (no such file). Nothing was sent and nothing charged."
    )


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
    driver = make_driver(polling=QUICK, timings=replace(timings, first_delay_s=0.01, minute_s=1.0))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


# A lost answer


@pytest.mark.parametrize("request_of", [text_request, image_request])
def test_a_task_whose_answer_was_lost_is_found_and_adopted(
    driver: Driver, piapi: Piapi, request_of: Callable[[], GenerationRequest]
) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail("create", Fault(reset=True, after=True))
    found = driver.rest(driver.queue.submit(request_of(), service_of(piapi)))
    assert found.state is State.READY
    assert len(piapi.creates) == 1
    assert found.task_id == next(iter(piapi.tasks))


def test_a_listed_task_that_cannot_be_looked_at_may_be_the_lost_one(driver: Driver, piapi: Piapi) -> None:
    """Guards `problems.append` in adopt: the list does not say what a task was made from."""
    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail_always("get", Fault(503))
    unknown = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert unknown.state is State.OUTCOME_UNKNOWN
    assert "Whether PiAPI accepted the task, and charged $0.04, is unknown." in unknown.problem
    piapi.fail_always("get", None)
    assert driver.rest(driver.queue.resume(unknown, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_a_lost_task_that_cannot_be_looked_for_is_not_called_free(driver: Driver, piapi: Piapi) -> None:
    """Guards `is_submitting` in Work.give_up: an address that is none, where another start looks for its task."""
    piapi.fail("create", Fault(reset=True, after=True))
    for step in ("active tasks", "history"):
        piapi.fail_always(step, Fault(503))
    unknown = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    still = driver.rest(driver.queue.resume(unknown, Service(api_url="http://trellis.invalid", api_key=KEY)))
    assert still.state is State.OUTCOME_UNKNOWN
    assert "needs https" in still.problem
    assert "Whether PiAPI accepted the task, and charged $0.04, is unknown." in still.problem
    for step in ("active tasks", "history"):
        piapi.fail_always(step, None)
    assert driver.rest(driver.queue.resume(still, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_two_lost_answers_to_the_same_request_find_a_task_each(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail("create", Fault(reset=True, after=True), Fault(reset=True, after=True))
    generations = [driver.queue.submit(text_request(seed=7), service_of(piapi)) for _ in range(2)]
    found = [driver.rest(generation) for generation in generations]
    assert [each.state for each in found] == [State.READY] * 2
    assert {each.task_id for each in found} == set(piapi.tasks)


def test_a_task_taken_for_that_of_another_just_like_it_belongs_to_one_of_them(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=replace(timings, look_after_s=(0.5, 0.5)))
    piapi.fail("create", Fault(reset=True), Fault(stall_s=2.0, after=True))
    lost = driver.queue.submit(text_request(seed=7), service_of(piapi))
    driver.until(lambda: piapi.asked("create") == 1)
    # Its answer comes when the first one, which has looked meanwhile, has its task.
    answered = driver.queue.submit(text_request(seed=7), service_of(piapi))
    found = [driver.rest(generation) for generation in (lost, answered)]
    assert [each.state for each in found] == [State.READY, State.OUTCOME_UNKNOWN]
    assert "just like it" in found[1].problem
    assert [each.task_id for each in found] == [*piapi.tasks, ""]


def test_an_answer_lost_before_the_service_took_the_task_asks_the_artist(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(reset=True))
    other = driver.rest(driver.queue.submit(text_request(seed=3), service_of(piapi)))
    unknown = driver.rest(driver.queue.submit(text_request(seed=3), service_of(piapi)))
    found = next(each for each in (other, unknown) if each.state is not State.READY)
    assert found.state is State.OUTCOME_UNKNOWN
    assert "not among the account's tasks" in found.problem
    assert len(piapi.creates) == 1


def test_a_blender_that_died_before_the_answer_finds_its_task_at_the_next_start(
    make_driver: Callable[..., Driver], piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    piapi.behaviour.processing_s = 0.5
    piapi.fail("create", Fault(stall_s=1.5, after=True))
    first = make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: len(piapi.creates) == 1)
    kept = Store(first.queue.folder).load(generation.id)
    assert kept is not None
    assert kept.generation.state is State.SUBMITTING
    # As a killed process leaves it: the state as it was, and nobody who holds the owner's file.
    first.queue.close(5)
    Store(first.queue.folder).save(kept.generation, "somebody who is dead")
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    orphan = second.latest[generation.id]
    assert (orphan.state, orphan.interrupted) == (State.SUBMITTING, True)
    assert second.rest(second.queue.resume(orphan, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


# Limits, together


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


# Downloads


def test_a_download_that_broke_off_goes_on_where_it_stopped(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.ranges = True
    piapi.fail("file", Fault(cut_after=len(default_model()) // 2))
    driver = make_driver()
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert found.state is State.READY
    folder = driver.queue.folder / found.folder_name
    assert (folder / "model.glb").read_bytes() == default_model()
    asked = [headers.get("range") for _, path, headers in piapi.requests if path.startswith("/files/")]
    assert asked[0] is None
    assert re.fullmatch(r"bytes=[1-9]\d+-", asked[1] or "")
    assert len(asked) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["generation.json", "model.glb"]


def test_the_rest_of_another_file_is_not_taken(driver: Driver, piapi: Piapi) -> None:
    piapi.ranges = True
    piapi.fail("file", Fault(cut_after=1000))
    other = box_glb((3.0, 2.0, 1.0))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked("file") >= 1)
    next(iter(piapi.tasks.values())).behaviour = Behaviour(processing_s=0, model=other)
    found = driver.rest(generation)
    assert found.state is State.READY
    assert (driver.queue.folder / found.folder_name / "model.glb").read_bytes() == other


def test_what_another_blender_works_on_is_not_cancelled_from_here(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    piapi.behaviour.pending_s = 60
    first, second = make_driver(at_once=1), make_driver()
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.cancel(waiting, service_of(piapi))
    second.until(lambda: waiting.id in second.latest and not second.queue.is_busy)
    assert second.latest[waiting.id].elsewhere
    kept = Store(first.queue.folder).load(waiting.id)
    assert kept is not None
    assert kept.generation.state is State.QUEUED


def test_an_unknown_outcome_stays_one_where_the_folder_cannot_be_used(driver: Driver, piapi: Piapi) -> None:
    lost = replace(
        new_generation(text_request(), piapi.url, time.time()), state=State.OUTCOME_UNKNOWN, submitted_at=time.time()
    )
    driver.queue.folder.parent.mkdir(parents=True, exist_ok=True)
    driver.queue.folder.write_text("in the way")
    driver.queue.resume(lost, service_of(piapi))
    driver.until(lambda: driver.latest.get(lost.id, lost).problem != "")
    assert driver.latest[lost.id].state is State.OUTCOME_UNKNOWN
    assert "Whether PiAPI accepted the task" in driver.latest[lost.id].problem


def test_an_hour_without_network_does_no_harm(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=replace(timings, patience_s=3600.0, first_delay_s=0.001))
    piapi.behaviour.processing_s = 0.5
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].task_id != "")
    piapi.fail_always("get", Fault(503))
    driver.until(lambda: piapi.asked("get") > 25)
    assert driver.latest[generation.id].is_working
    assert "Asked again in" in driver.latest[generation.id].problem
    piapi.fail_always("get", None)
    assert driver.rest(generation).state is State.READY


def test_a_store_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    generation = replace(
        new_generation(text_request(), "https://api.piapi.ai", 5.0), task_id="t-1", state=State.RUNNING
    )
    path = tmp_path / "generations.sqlite3"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE generation (id TEXT PRIMARY KEY, state TEXT NOT NULL, created_at REAL NOT NULL,"
            " model TEXT NOT NULL, api_url TEXT NOT NULL, duration_s REAL, record TEXT NOT NULL)"
        )
        row = (generation.id, "running", 5.0, "Qubico/trellis", "https://api.piapi.ai", None, to_json(generation))
        db.execute("INSERT INTO generation VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("PRAGMA user_version = 1")
    store = Store(tmp_path)
    assert store.load_all() == [Owned(generation, "")]
    assert store.known_tasks() == {"t-1"}
    assert Store(tmp_path).load_all() == [Owned(generation, "")]


def test_a_mistake_tells_no_secret(driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError(f"no {KEY}")

    monkeypatch.setattr("trellis_blender.generation.worker.worker.follow", mistaken)
    problem = driver.rest(driver.queue.submit(text_request(), service_of(piapi))).problem
    assert "The add-on made a mistake (KeyError: " in problem
    assert KEY not in problem
