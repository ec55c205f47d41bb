"""The account: its tasks that are not known here, what it spent, and what goes along for pipelines."""

import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import IMPATIENT, PLACEMENT, Driver, image_request, service_of, text_request
from service import Accepted, Fault, Piapi

from trellis_blender.generation.files import VIDEO_NAME
from trellis_blender.generation.limits.rate_limit import RateLimit
from trellis_blender.generation.lookups.find_out import find_out
from trellis_blender.generation.lookups.questions import Answer, Question, Topic
from trellis_blender.generation.record.account_task import generation_of
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.threads import NoThread
from trellis_blender.generation.worker.job import Job
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.errors import KeyRefused
from trellis_blender.piapi.models import MODELS, InputUnusable
from trellis_blender.piapi.task_lists import ListedTask, read_listed

OPEN_FILES = Path("/proc/self/fd")
LARGER_THAN_ANY_MEMORY = 2**50


def asked(driver: Driver, piapi: Piapi, topic: Topic, task_id: str = "", **changes: str) -> Answer:
    return driver.ask(Question(topic, task_id), replace(service_of(piapi), **changes))


def made_elsewhere(piapi: Piapi, prompt: str = "a lamp") -> str:
    client = Client(service_of(piapi))
    task_id = client.create_task("Qubico/trellis", "text-to-3d", {"prompt": prompt, "seed": 5}).task_id
    client.close()
    return task_id


def test_the_balance_and_the_plan(driver: Driver, piapi: Piapi) -> None:
    account = asked(driver, piapi, Topic.ACCOUNT).account
    assert account is not None
    assert (account.name, account.plan, account.balance_usd) == ("Ada", "creator", 12.5)


def test_a_wrong_key_is_told_as_such(driver: Driver, piapi: Piapi) -> None:
    answer = asked(driver, piapi, Topic.ACCOUNT, api_key="wrong")
    assert answer.account is None
    assert answer.problem.startswith("PiAPI refused the API key (401).")


def test_tasks_made_elsewhere_are_listed_and_fetched_once(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.0
    mine = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    theirs = made_elsewhere(piapi)
    answer = asked(driver, piapi, Topic.TASKS)
    assert [each.task.task_id for each in answer.tasks] == [theirs]
    assert not answer.problem
    # The list does not say what it was made from: the task itself does.
    listed = asked(driver, piapi, Topic.TASK, theirs).tasks[0]
    generation = generation_of(listed, PLACEMENT, piapi.url, time.time())
    driver.queue.take_up(generation, service_of(piapi))
    done = driver.rest(generation)
    assert (done.state, done.fetched, done.wanted) == (State.READY, True, False)
    assert (done.request.name, dict(done.request.parameters)["seed"]) == ("a lamp", 5)
    assert (driver.queue.folder / done.folder_name / "model.glb").exists()
    assert len(piapi.creates) == 2

    # A second press fetches nothing a second time, whatever id this computer would give it.
    driver.queue.take_up(generation_of(answer.tasks[0], PLACEMENT, piapi.url, time.time()), service_of(piapi))
    driver.until(lambda: not driver.queue.is_busy)
    driver.look()
    assert set(driver.latest) == {mine.id, done.id}
    assert asked(driver, piapi, Topic.TASKS).tasks == ()


def test_a_running_task_is_followed_to_its_end(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    answer = asked(driver, piapi, Topic.TASK, made_elsewhere(piapi))
    generation = generation_of(answer.tasks[0], PLACEMENT, piapi.url, time.time())
    driver.queue.take_up(generation, service_of(piapi))
    assert driver.rest(generation).state is State.READY
    assert "running" in driver.states(generation)


def test_a_task_id_that_nobody_knows(driver: Driver, piapi: Piapi) -> None:
    assert "404" in asked(driver, piapi, Topic.TASK, "no-such-task").problem


def test_a_task_that_makes_no_model_is_not_taken() -> None:
    listed = read_listed({"data": {"task_id": "t", "status": "completed", "model": "Qubico/flux1-schnell"}}, "t")
    with pytest.raises(InputUnusable, match="makes no 3D model"):
        generation_of(listed, PLACEMENT, "https://api.piapi.ai", 0.0)


@pytest.mark.parametrize("inputs", [None, {}, {"prompt": 7, "seed": "x"}, {"image": ["a"], "seed": None}])
def test_a_task_of_which_little_is_known_is_taken_all_the_same(inputs: dict[str, object] | None) -> None:
    task = read_listed({"data": {"task_id": "t", "status": "completed", "model": "Qubico/trellis2"}}, "t").task
    generation = generation_of(ListedTask(task, "Qubico/trellis2", "", inputs), PLACEMENT, "https://x.invalid", 9.0)
    assert generation.request.name == "TRELLIS 2"
    assert generation.request.parameters == (("seed", 0),)


def test_lists_that_cannot_be_had_say_so(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("active tasks", Fault(403))
    made_elsewhere(piapi)
    answer = asked(driver, piapi, Topic.TASKS)
    assert len(answer.tasks) == 1
    assert answer.problem.startswith("Not all of the account's tasks could be listed: Your PiAPI plan")
    piapi.fail_always("history", Fault(403))
    assert asked(driver, piapi, Topic.TASKS).problem.startswith("Your PiAPI plan")


def test_of_what_no_list_says_anything_the_first_reason_is_told(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("active tasks", Fault(401))
    piapi.fail_always("history", Fault(403))
    answer = asked(driver, piapi, Topic.TASKS)
    assert answer == Answer(Question(Topic.TASKS), problem=str(KeyRefused("")))


def test_the_latest_task_comes_first_and_one_without_a_time_last(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.0
    made = [made_elsewhere(piapi, name) for name in ("a", "b", "c")]
    whole = piapi._envelope

    def without_a_time(task: Accepted) -> dict[str, Any]:
        said = whole(task)
        if task.id == made[0]:
            said["data"]["meta"]["created_at"] = None
        return said

    piapi._envelope = without_a_time  # type: ignore[method-assign]
    piapi.tasks[made[0]].made_at += 60
    piapi.tasks[made[1]].made_at += 30
    assert [each.task.task_id for each in asked(driver, piapi, Topic.TASKS).tasks] == [made[1], made[2], made[0]]


def test_one_history_has_the_tasks_of_all_models(driver: Driver, piapi: Piapi) -> None:
    """PiAPI's filter by model takes a word that nobody knows, and a wrong one looks like an account without tasks."""
    piapi.behaviour.processing_s = 0.0
    client = Client(service_of(piapi))
    client.create_task("Qubico/flux1-schnell", "txt2img", {"prompt": "a jar"})
    client.close()
    made = made_elsewhere(piapi)
    assert [each.task.task_id for each in asked(driver, piapi, Topic.TASKS).tasks] == [made]
    assert piapi.asked("history") == 1


def test_an_account_without_tasks(driver: Driver, piapi: Piapi) -> None:
    assert asked(driver, piapi, Topic.TASKS) == Answer(Question(Topic.TASKS))


@pytest.mark.parametrize("off_s", [-400 * 86400.0, -3 * 86400.0, 3 * 86400.0, 400 * 86400.0])
def test_the_last_thirty_days_are_those_of_the_service(driver: Driver, piapi: Piapi, off_s: float) -> None:
    piapi.clock_off_s = off_s
    made = made_elsewhere(piapi)
    assert [each.task.task_id for each in asked(driver, piapi, Topic.TASKS).tasks] == [made]


def pages_of(piapi: Piapi, tasks: int, by: int, total: object = None) -> None:
    """The history in pages of another size than was asked for."""
    for number in range(tasks):
        made_elsewhere(piapi, f"lamp {number}")
    rows = [piapi._row(task) for task in piapi.tasks.values()]

    def history(asked: Any) -> dict[str, Any]:
        number = int(asked["page"])
        found = rows[(number - 1) * by : number * by]
        return {"page": number, "size": by, "total": total, "data": [*found, "unreadable"] if found else None}

    piapi._history = history  # type: ignore[method-assign]


@pytest.mark.parametrize("total", [None, "7", 7, 1000, "many"])
def test_a_page_that_is_shorter_than_asked_is_not_the_last(driver: Driver, piapi: Piapi, total: object) -> None:
    pages_of(piapi, 7, 2, total)
    answer = asked(driver, piapi, Topic.TASKS)
    assert {each.task.task_id for each in answer.tasks} == set(piapi.tasks)
    assert "Some of the entries" in answer.problem


def test_an_account_of_thousands_of_tasks_is_not_looked_through_for_ever(driver: Driver, piapi: Piapi) -> None:
    made_elsewhere(piapi)
    row = piapi._row(next(iter(piapi.tasks.values())))
    piapi._history = lambda asked: {"data": [row] * 100, "total": 10**6}  # type: ignore[method-assign]
    answer = asked(driver, piapi, Topic.TASKS)
    assert "The account has more than 1000 tasks in these days." in answer.problem
    assert piapi.asked("history") == 10


NASTY = [float("nan"), float("inf"), 10**400, "\ud800", "\x00", "x" * 3_000_000, [], {}, None, -1, True, 1e308, "1e999"]


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_whatever_a_tasks_fields_hold_it_can_be_kept_and_named(
    make_driver: Callable[..., Driver], piapi: Piapi, value: object
) -> None:
    driver = make_driver()
    piapi.behaviour.processing_s = 0.0
    made = made_elsewhere(piapi)
    told = piapi._envelope(piapi.tasks[made])
    fields = ("prompt", "seed", "ss_sampling_steps", "ss_guidance_strength", "image")
    told["data"]["input"] = dict.fromkeys(fields, value)
    told["data"]["meta"]["usage"] = {"consume": value}
    told["data"]["meta"]["created_at"] = value
    told["data"]["logs"] = [value, {"message": value}]
    piapi.fail("get", Fault(200, json.dumps(told)))
    listed = asked(driver, piapi, Topic.TASK, made).tasks[0]
    generation = generation_of(listed, PLACEMENT, piapi.url, 5.0)
    request = generation.request
    assert len(request.prompt) <= 1000
    assert len(request.name.encode()) <= 60
    for parameter in MODELS[request.model].parameters:
        assert parameter.low <= dict(request.parameters)[parameter.name] <= parameter.high
    driver.queue.take_up(generation, service_of(piapi))
    done = driver.rest(generation)
    assert done.state is State.READY
    (kept,) = Store(driver.queue.folder).load_all()
    assert kept.generation.request == done.request


@pytest.mark.parametrize(
    "question",
    [Question(topic, "no-such-task", "a.blend", "/no/such/folder/costs.csv", "ftp://x.example") for topic in Topic],
    ids=[topic.name for topic in Topic],
)
def test_every_answer_says_what_was_asked(driver: Driver, piapi: Piapi, question: Question) -> None:
    assert driver.ask(question, service_of(piapi)).question == question


def test_a_mistake_of_the_add_on_is_a_sentence_and_in_the_log(
    driver: Driver, piapi: Piapi, caplog: pytest.LogCaptureFixture
) -> None:
    question = Question(Topic.COSTS_TABLE, path="no file's name\0")
    answer = driver.ask(question, service_of(piapi))
    # Each system calls the character otherwise.
    said = re.fullmatch(r"The add-on made a mistake \((ValueError: .*null.*)\)\. Please report it\.", answer.problem)
    assert said
    assert answer == Answer(question, problem=said[0])
    assert "lookup of table of costs" in caplog.text
    assert "Traceback" in caplog.text


def test_the_way_to_the_service(driver: Driver, piapi: Piapi) -> None:
    route = asked(driver, piapi, Topic.ROUTE).route
    assert route is not None
    assert (route.url, route.source) == (piapi.url, "for a service on this computer")


def test_a_question_ends_with_the_queue(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.fail_always("balance", Fault(stall_s=5.0, after=True))
    driver = make_driver()
    driver.queue.lookups.ask(Question(Topic.ACCOUNT), service_of(piapi))
    driver.until(lambda: piapi.asked("balance") == 1)
    start = time.monotonic()
    assert driver.queue.close(2.0)
    assert time.monotonic() - start < 1.0


def test_a_question_that_is_stopped_between_two_pieces_of_a_film_says_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.video = b"\0\0\0\x20ftypisom" + bytes(1000)
    service = replace(service_of(piapi), fetches_videos=False)
    done = driver.rest(driver.queue.submit(image_request(), service))
    folder = driver.queue.folder / done.folder_name
    job = Job(service)
    # What `Job.stop` does first: the connection is still whole when the piece comes.
    piapi.fail("file", Fault(also=lambda: setattr(job, "stopping", True)))
    question = Question(Topic.EXTRAS, done.task_id, path=str(folder))
    limit, store = RateLimit(is_limited=False), Store(driver.queue.folder)
    assert find_out(question, job, driver.queue.folder, limit, store, timings=IMPATIENT) == Answer(question)
    assert not (folder / VIDEO_NAME).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no stack of a thread may be as large there")
def test_where_no_thread_can_be_had_the_question_is_answered_all_the_same(driver: Driver, piapi: Piapi) -> None:
    threading.stack_size(LARGER_THAN_ANY_MEMORY)
    try:
        assert asked(driver, piapi, Topic.DISK) == Answer(Question(Topic.DISK), problem=str(NoThread()))
    finally:
        threading.stack_size(0)
    assert not driver.queue.lookups.is_busy
    assert asked(driver, piapi, Topic.DISK).problem == ""


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="only Linux shows them as a folder")
def test_what_goes_away_while_it_is_counted_is_no_mistake(driver: Driver, piapi: Piapi) -> None:
    """The folder of open files: the one by which it is listed is closed before it is counted."""
    job, limit, store = Job(service_of(piapi)), RateLimit(is_limited=False), Store(driver.queue.folder)
    answer = find_out(Question(Topic.DISK), job, OPEN_FILES, limit, store, timings=IMPATIENT)
    assert answer.problem == ""
    assert answer.used_bytes > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes no such folder")
def test_a_folder_that_cannot_be_listed_is_not_counted(driver: Driver, piapi: Piapi, tmp_path: Path) -> None:
    """Its path is longer than the system takes."""
    (tmp_path / "a.txt").write_bytes(b"1234")
    inside = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("a" * 250, dir_fd=inside)
        outside, inside = inside, os.open("a" * 250, os.O_RDONLY, dir_fd=inside)
        os.close(outside)
    os.close(inside)
    job, limit, store = Job(service_of(piapi)), RateLimit(is_limited=False), Store(driver.queue.folder)
    answer = find_out(Question(Topic.DISK), job, tmp_path, limit, store, timings=IMPATIENT)
    assert (answer.problem, answer.used_bytes) == ("", 4)


def test_the_disk(driver: Driver, piapi: Piapi) -> None:
    assert asked(driver, piapi, Topic.DISK).used_bytes == 0
    done = driver.rest(driver.queue.submit(image_request(), service_of(piapi)))
    files = [path for path in (driver.queue.folder / done.folder_name).iterdir() if path.is_file()]
    assert asked(driver, piapi, Topic.DISK).used_bytes >= sum(path.stat().st_size for path in files) > 1000


def test_removing_deletes_the_files_and_keeps_what_it_cost(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver()
    done, other = (driver.rest(driver.queue.submit(text_request(name), service_of(piapi))) for name in ("a", "b"))
    driver.queue.remove(done)
    driver.until(lambda: driver.latest[done.id].removed)
    assert not (driver.queue.folder / done.folder_name).exists()
    assert (driver.queue.folder / other.folder_name / "model.glb").exists()
    store = Store(driver.queue.folder)
    assert [found.generation.id for found in store.load_all()] == [other.id]
    assert store.known_tasks() == set(piapi.tasks)
    with closing(sqlite3.connect(driver.queue.folder / "generations.sqlite3")) as db:
        assert db.execute("SELECT sum(charged_usd), count(*) FROM task").fetchone() == (0.08, 2)
    # It can be fetched again from the account: its task is no longer here, and costs nothing.
    answer = asked(driver, piapi, Topic.TASK, done.task_id)
    again = generation_of(answer.tasks[0], PLACEMENT, piapi.url, time.time())
    driver.queue.take_up(again, service_of(piapi))
    assert driver.rest(again).state is State.READY
    assert len(piapi.creates) == 2


def test_what_is_worked_on_is_not_removed(driver: Driver, piapi: Piapi) -> None:
    """Guards the look at the jobs, and at the other Blender's ownership, in Queue._remove."""
    piapi.behaviour.processing_s = 1.0
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    driver.queue.remove(driver.latest[generation.id])
    other = Driver(driver.queue.folder)
    other.queue.load()
    other.until(lambda: generation.id in other.latest)
    other.queue.remove(other.latest[generation.id])
    assert driver.rest(generation).state is State.READY
    assert other.queue.close(5)
    assert (driver.queue.folder / generation.folder_name / "model.glb").exists()


def test_a_folder_that_cannot_be_deleted_keeps_its_row(driver: Driver, piapi: Piapi, tmp_path: Path) -> None:
    done = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    folder = driver.queue.folder / done.folder_name
    kept = tmp_path / "kept"
    folder.rename(kept)
    folder.write_text("not a folder")
    driver.queue.remove(done)
    driver.until(lambda: "It was not removed." in driver.latest[done.id].problem)
    assert Store(driver.queue.folder).load(done.id) is not None


def test_a_task_that_failed_before_is_not_adopted_for_a_lost_answer(driver: Driver, piapi: Piapi) -> None:
    """Guards the table of all tasks: the failed one has the seed, input and hour of the one whose answer is lost."""
    piapi.behaviour.fail_with = "no luck"
    failed = driver.rest(driver.queue.submit(text_request(seed=9), service_of(piapi)))
    assert failed.state is State.FAILED
    piapi.behaviour = type(piapi.behaviour)(processing_s=0.3)
    piapi.fail("create", Fault(reset=True, after=True))
    driver.queue.submit_again(failed, service_of(piapi))
    driver.until(lambda: driver.latest[failed.id].state is State.READY)
    assert driver.latest[failed.id].task_id != failed.task_id
    assert len(piapi.creates) == 2


def test_what_a_pipeline_wants_goes_along_and_nowhere_else(driver: Driver, piapi: Piapi) -> None:
    secret = 'hush "quoted" secret'
    service = replace(
        service_of(piapi),
        webhook_endpoint="https://studio.example/hook",
        webhook_secret=secret,
        service_mode="private",
    )
    assert secret not in repr(service)
    piapi.fail("create", Fault(400, {"message": f"bad config: {secret}"}))
    failed = driver.rest(driver.queue.submit(text_request(), service))
    assert failed.state is State.FAILED
    assert "(your webhook secret)" in failed.problem
    done = driver.rest(driver.queue.submit(text_request(), service))
    assert done.state is State.READY
    assert piapi.creates[0]["config"] == {
        "webhook_config": {"endpoint": "https://studio.example/hook", "secret": secret},
        "service_mode": "private",
    }
    holders = [path for path in driver.queue.folder.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]
    assert holders == []
    driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert piapi.creates[1]["config"] == {}


def test_a_webhook_that_is_no_address_sends_nothing(driver: Driver, piapi: Piapi) -> None:
    failed = driver.rest(driver.queue.submit(text_request(), replace(service_of(piapi), webhook_endpoint="studio")))
    assert failed.state is State.FAILED
    assert "“studio” is no address for the webhook" in failed.problem
    assert failed.problem.endswith("Nothing was sent and nothing charged.")
    assert piapi.creates == []
