"""One cell of the fault matrix: a fault at a step, run through the real queue against a real service."""

import time
from pathlib import Path

from fault_matrix import Cell
from fault_stage import FILM, LONG_S, Run, Surroundings, begun
from helpers import image_request, text_request
from service import Fault

from trellis_blender.generation.files import VIDEO_NAME
from trellis_blender.generation.lookups.questions import Topic
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.store.database import Store

LISTS = {"history", "active tasks"}


def run_cell(cell: Cell, around: Surroundings, folder: Path) -> int:
    """Runs a cell, as often as the matrix has ways to go on; the tasks that were accepted. AssertionError says what was
    not as expected."""
    creates = 0
    # First asked again for long enough to see it go on by itself, then given up.
    ways = [LONG_S] * bool(cell.waits) + [0.0] * bool(cell.rests) or [LONG_S]
    for number, patience_s in enumerate(ways):
        lasts = patience_s == 0.0
        with begun(cell, around, folder / f"{number}", patience_s) as run:
            if cell.step == "balance":
                _balance(run)
            else:
                generation = _struck(run)
                _go_on(run, generation, lasts=lasts)
            creates += len(run.piapi.creates)
    return creates


def _balance(run: Run) -> None:
    run.on()
    answer = run.ask(Topic.ACCOUNT)
    run.sentences.append(answer.problem)
    if run.cell.rests:
        _expect(answer.problem, run.cell)
        assert answer.account is None
        run.off()
        answer = run.ask(Topic.ACCOUNT)
    assert answer.account is not None, answer.problem
    assert f"${answer.account.balance_usd:.2f}" in run.cell.ended


def _struck(run: Run) -> Generation:
    """The generation when the fault has begun, or is about to."""
    step = run.cell.step
    if step in LISTS:
        return _lost_answer(run)
    if step == "poll":
        return _followed(run)
    if step == "cancel":
        return _cancelled(run)
    if step == "turntable":
        run.strike_film()
    elif step in {"upload", "download"} and run.is_of_this_computer:
        run.piapi.fail(run.request, Fault(also=run.on))
    else:
        run.on()
    return run.driver.queue.submit(image_request() if step == "upload" else text_request(), run.service)


def _lost_answer(run: Run) -> Generation:
    """The create's answer is lost, so that it is looked for. The fault begins just before the list in question."""
    is_active = run.cell.step == "active tasks"
    run.piapi.behaviour.processing_s = LONG_S if is_active else 0.0
    if run.is_of_the_service:
        run.on()
        run.piapi.fail("create", Fault(reset=True, after=True))
        return run.driver.queue.submit(text_request(), run.service)
    if run.cell.fault == "DNS failure":
        for step in LISTS:
            run.piapi.fail_always(step, Fault(503))
        run.piapi.fail("create", Fault(reset=True, after=True))
        unknown = run.rest(run.driver.queue.submit(text_request(), run.service))
        for step in LISTS:
            run.piapi.fail_always(step, None)
        run.on()
        run.driver.queue.resume(unknown, run.service)
        return unknown
    run.piapi.fail("create", Fault(reset=True, after=True, also=run.on if is_active else None))
    if not is_active:
        run.piapi.fail("active tasks", Fault(also=run.on))
    return run.driver.queue.submit(text_request(), run.service)


def _followed(run: Run) -> Generation:
    """A task that PiAPI works on."""
    run.piapi.behaviour.processing_s = LONG_S
    if run.cell.fault == "DNS failure":
        interrupted = _interrupted(run)
        run.on()
        run.press("Resume", interrupted)
        return interrupted
    generation = run.driver.queue.submit(text_request(), run.service)
    run.until(lambda: bool(run.latest(generation).task_id), "a task")
    time.sleep(run.speed.some(3.0))
    run.on()
    if run.is_of_this_computer:
        run.make()
    return generation


def _cancelled(run: Run) -> Generation:
    """A task that is pending, and Cancel pressed."""
    run.piapi.behaviour.pending_s = LONG_S
    if run.cell.fault == "DNS failure":
        generation = _interrupted(run)
    else:
        generation = run.driver.queue.submit(text_request(), run.service)
        run.until(lambda: bool(run.latest(generation).task_id), "a task")
        if run.is_of_this_computer:
            # What the first poll has found is kept by then: without that it rests before it can be cancelled.
            run.until(lambda: run.piapi.asked("get") > 1, "the second poll")
        time.sleep(run.speed.some(3.0))
    run.on()
    run.driver.queue.cancel(run.latest(generation), run.service)
    if run.cell.fault == "DNS failure":
        run.until(lambda: run.latest(generation).is_working, "the button's effect")
    return generation


def _interrupted(run: Run) -> Generation:
    """A generation with a task that nobody asks after, as after a start."""
    run.piapi.fail("get", Fault(401))
    return run.rest(run.driver.queue.submit(text_request(), run.service))


def _go_on(run: Run, generation: Generation, *, lasts: bool) -> None:
    """What the row says while the fault is there, and how the model arrives when it is gone."""
    cell = run.cell
    if lasts:
        found = run.rest(generation)
        line = run.row(found)
        assert line.stage == cell.rests, f"“{line.stage}”, not “{cell.rests}”: {line.detail}"
        _expect(line.detail, cell)
        assert len(run.piapi.creates) == cell.tasks, f"{len(run.piapi.creates)} tasks were accepted meanwhile"
        if cell.step in LISTS and cell.fault != "full disk":
            _expect_of_others(run)
        run.off()
        if cell.press != "Look Again" and cell.ends == "Ready":
            run.make()
        run.press(cell.press, found)
    elif cell.waits:
        # A cancel that did not get through says so until it is asked for again, or the task is seen to be cancelled.
        def said() -> bool:
            latest = run.latest(generation)
            stays = cell.step == "cancel" and latest.is_working
            rows = [run.row(latest)] if stays else run.rows(generation)
            return any(all(part in line.detail for part in cell.waits) for line in rows)

        run.until(said, f"the words {cell.waits}")
        assert len(run.piapi.creates) == cell.tasks, f"{len(run.piapi.creates)} tasks were accepted meanwhile"
        time.sleep(run.speed.some(5.0))
        run.off()
    elif run.is_of_the_service:
        # Nothing is noticed, which is only worth something once it was there.
        run.until(lambda: run.piapi.asked(run.request) >= {"poll": 3, "turntable": 2}.get(cell.step, 1), "the request")
    _finish(run, generation)


def _finish(run: Run, generation: Generation) -> None:
    cell = run.cell
    if cell.step == "active tasks":
        # Only what is not done yet is among them.
        run.until(lambda: bool(run.latest(generation).task_id), "the task")
    if cell.ends == "Ready":
        run.make()
        if not cell.waits and not cell.rests and cell.step != "turntable":
            run.off()
    found = run.rest(generation)
    line = run.row(found)
    assert line.stage == cell.ends, f"“{line.stage}” in the end, not “{cell.ends}”: {line.detail}"
    missing = [part for part in cell.ended if part not in line.detail]
    assert not missing, f"in the end it does not say {missing}: {line.detail}"
    if cell.ends == "Ready":
        assert (run.driver.queue.folder / found.folder_name / "model.glb").stat().st_size > 0
    if cell.step == "turntable":
        _film_later(run, found)
    if cell.fault.startswith("clock"):
        usual_s = Store(run.driver.queue.folder).usual_duration_s(found.request.model, found.api_url)
        assert (usual_s or 0.0) < 60, f"a model is thought to take {usual_s} s"
    if cell.step in LISTS and cell.fault.startswith("clock"):
        _expect_what_is_elsewhere(run)


def _film_later(run: Run, found: Generation) -> None:
    """The film did not come, where the fault was one; it is fetched when it is to be watched."""
    run.until(lambda: not run.driver.queue.is_busy, "the end of its thread")
    run.off()
    folder = run.driver.queue.folder / found.folder_name
    assert (folder / VIDEO_NAME).exists() == run.cell.fault.startswith("clock")
    answer = run.ask(Topic.EXTRAS, task_id=found.task_id, path=str(folder))
    assert answer.problem == ""
    assert (folder / VIDEO_NAME).read_bytes() == FILM


def _expect(sentence: str, cell: Cell) -> None:
    missing = [part for part in cell.says if part not in sentence]
    assert not missing, f"it does not say {missing}: {sentence}"
    wrong = [part for part in cell.never if part in sentence]
    assert not wrong, f"it says {wrong}: {sentence}"
    # The same said twice is read as two things.
    parts = [part.strip() for part in sentence.split(". ") if part.strip()]
    assert len(parts) == len(set(parts)), f"it repeats itself: {sentence}"


def _expect_of_others(run: Run) -> None:
    """Looking for models that were made elsewhere asks the same lists."""
    answer = run.ask(Topic.TASKS)
    run.sentences.append(answer.problem)
    why = run.cell.says[-1]
    assert why in answer.problem, f"looking for others does not say “{why}”: {answer.problem}"


def _expect_what_is_elsewhere(run: Run) -> None:
    """A model that was made on another computer is found, whatever this computer's clock says."""
    run.piapi._create(run.piapi.creates.pop())
    other = list(run.piapi.tasks)[-1]
    answer = run.ask(Topic.TASKS)
    assert [each.task.task_id for each in answer.tasks] == [other], answer.problem or "it was not listed"
