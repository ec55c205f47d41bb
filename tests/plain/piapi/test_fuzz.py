"""Answers of the service spoilt at random, thousands of them: read, or refused in a sentence, at once.

`test_bad_answers.py` spoils one field at a time and follows what comes of it; here is everything together.
"""

import gc
import json
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from answers import ACCOUNT, FLAT, HISTORY, READERS, TASK, UPLOAD, paths
from helpers import service_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from service import LOG_LINES, Fault, Piapi

from trellis_blender.generation.record.progress import read_log
from trellis_blender.piapi.account import Account
from trellis_blender.piapi.answers import STATUS_WORDS, Status, Task
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.errors import PiapiError
from trellis_blender.piapi.http.retries import LONGEST_RETRY_AFTER_S
from trellis_blender.piapi.models import SEED_LIMIT
from trellis_blender.piapi.task_lists import ListedTask, TaskPage

SEED = 20261122
ANSWERS, ANSWERS_SHORT = 18_000, 450
EXCHANGES, EXCHANGES_SHORT = 2_000, 50
LIMIT_S = 1.0
"""Of this thread's own time, for one answer; nearly all take less than a thousandth of it."""

KNOWN = [json.dumps(answer) for answer in (TASK, TASK, FLAT, HISTORY, ACCOUNT, UPLOAD)]
NAMES = sorted(
    {name for answer in (TASK, FLAT, HISTORY, ACCOUNT) for path in paths(answer) for name in path[-1:]}, key=str
)

digits = st.integers(0, 120).map(str) | st.integers(1, 20_000).map(lambda count: "9" * count) | st.just("٣")
log_line = (
    st.builds("Sampling: {}%| | {}/{} [00:00]".format, digits, digits, digits)
    | st.builds("Rendering: {}it".format, digits)
    | st.builds("{}% done".format, digits)
    | st.builds("Using randomized seed: {}".format, digits)
    | st.sampled_from(LOG_LINES)
    | st.builds(lambda piece, count: "Sampling: 1%" + piece * count, st.sampled_from("1/ %"), st.integers(1, 20_000))
)
moment = st.datetimes().map(lambda time: f"{time.isoformat()}Z") | st.builds(
    "{}-{}-01T00:00:00.{}{}".format, digits, digits, digits, st.sampled_from(["Z", "+99:99", "", "-23:59"])
)
number = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63, 1e308, 400000, 402, 429])
text = (
    st.text(max_size=20)
    | st.sampled_from(sorted(STATUS_WORDS))
    | st.sampled_from(
        ["https://", "http://127.0.0.1/", "file:///etc/passwd", "data:,x", "\ud800", "\0", "..", "x" * 9999]
    )
    | log_line
    | moment
)
scalar = st.none() | st.booleans() | number | text
value = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def answers(draw: st.DrawFn) -> Any:
    """One that is known with up to four fields changed, removed or added; now and then nothing that is known."""
    if draw(st.integers(0, 15)) == 15:
        return draw(value)
    answer = json.loads(draw(st.sampled_from(KNOWN)))
    for _ in range(draw(st.integers(0, 4))):
        *above, name = draw(st.sampled_from(list(paths(answer)) or [("data",)]))
        holder = answer
        for step in above:
            holder = holder[step]
        how = draw(st.sampled_from(["change", "change", "change", "remove", "add", "nest"]))
        if how == "remove":
            holder.pop(name, None) if isinstance(holder, dict) else holder.pop(name)
        elif how == "nest":
            holder[name] = [holder.get(name)] if isinstance(holder, dict) else {"data": holder[name]}
        elif how == "add" and isinstance(holder, dict):
            holder[draw(st.sampled_from(NAMES))] = draw(value)
        else:
            holder[name] = draw(value)
    return answer


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """An answer as it goes over the line, or what a broken line or a proxy makes of it."""
    content = bytearray(json.dumps(draw(answers())).encode())
    how = draw(st.sampled_from(["whole", "whole", "whole", "cut", "flip", "garbage", "page", "deep"]))
    if how == "cut":
        del content[draw(st.integers(0, len(content))) :]
    elif how == "flip":
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    elif how == "garbage":
        return draw(st.binary(max_size=200))
    elif how == "page":
        return b"<!DOCTYPE html><html>502</html>"
    elif how == "deep":
        return b"[" * draw(st.integers(1, 100_000))
    return bytes(content)


statuses = st.sampled_from(
    [200] * 12 + [201, 204, 206, 301, 304, 400, 401, 402, 403, 404, 408, 409, 413, 429, 500, 503]
)
header_text = st.text(string.ascii_letters + string.digits + " ,:;=-+.\xe4\xff", max_size=20)
headers = st.dictionaries(
    st.sampled_from(["Retry-After", "Content-Encoding", "Content-Type", "Date", "Location", "X-Odd"]),
    st.sampled_from(["0", "1e9", "-5", "9" * 400, "Wed, 21 Oct 2099 07:28:00 GMT", "gzip", "br", "utf-7"])
    | header_text,
    max_size=2,
)


def with_settings(count: int) -> Callable[[Any], Any]:
    """`count` examples, always the same ones; what fails is made small."""

    def apply(test: Any) -> Any:
        phases = [Phase.generate, Phase.shrink]
        health = list(HealthCheck)
        wanted = settings(max_examples=count, deadline=None, database=None, phases=phases, suppress_health_check=health)
        return seed(SEED)(wanted(test))

    return apply


def check_found(found: object) -> str:
    """What was read is what the rest of the add-on counts on; its kind in a word."""
    items = found.tasks if isinstance(found, TaskPage) else found if isinstance(found, list) else [found]
    for item in items:
        task = item.task if isinstance(item, ListedTask) else item
        if isinstance(task, Task):
            assert isinstance(task.status, Status)
            assert 0 < len(task.task_id) <= 200
            assert task.task_id.isprintable()
            assert task.charged_usd is None or 0 <= task.charged_usd < 1e302
            for text in (task.model_url, task.error_message, *task.log_lines):
                text.encode()
            for moment in (task.created_at, task.started_at, task.ended_at):
                assert moment is None or isinstance(moment, float)
            progress = read_log(task.log_lines)
            if progress is not None:
                assert progress.share is None or 0 <= progress.share <= 1
                assert progress.seed is None or 0 <= progress.seed <= SEED_LIMIT
        if isinstance(item, Account):
            item.name.encode()
            item.plan.encode()
            assert item.balance_usd is None or isinstance(item.balance_usd, float)
    return "read"


def said(error: PiapiError) -> str:
    assert str(error).endswith((".", "”"))
    assert len(str(error)) < 1000
    return type(error).__name__


def shares(found: Counter[str], what: str, slowest_s: float) -> str:
    count = sum(found.values())
    told = ", ".join(f"{kind} {number / count:.1%}" for kind, number in found.most_common())
    return f"{count} {what} (seed {SEED}): {told}; no crash, no traceback, the slowest {slowest_s:.2f} s"


@pytest.fixture(autouse=True)
def _only_its_own_garbage() -> Iterator[None]:
    """The collector's walk through what earlier tests left is no reader's time: half a gigabyte after all faults."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.soak
def test_any_answer_is_read_or_refused_in_a_sentence(
    soak: bool, record_property: Callable[[str, object], None]
) -> None:
    """Every reader on every answer; one counts as read where that for a task could make something of it."""
    found: Counter[str] = Counter()
    slowest_s = 0.0

    @with_settings(ANSWERS if soak else ANSWERS_SHORT)
    @given(answers())
    def read(answer: Any) -> None:
        nonlocal slowest_s
        begun = time.thread_time()
        outcomes: dict[str, str] = {}
        for name, (_, reader) in READERS.items():
            try:
                outcomes[name] = check_found(reader(answer))
            except PiapiError as error:
                outcomes[name] = said(error)
        took_s = time.thread_time() - begun
        assert took_s < LIMIT_S
        slowest_s = max(slowest_s, took_s)
        found[outcomes["flat task"]] += 1

    read()
    record_property("count", shares(found, "spoilt answers, each to every reader, as tasks", slowest_s))
    assert sum(found.values()) >= (ANSWERS if soak else ANSWERS_SHORT)
    assert found["read"] >= sum(found.values()) / 5


ASKS: dict[str, Callable[[Client], object]] = {
    "create": lambda client: client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a bear"}),
    "get": lambda client: client.get_task(TASK["data"]["task_id"]),
    "find": lambda client: client.find_task(TASK["data"]["task_id"]),
    "cancel": lambda client: client.cancel_task("t1"),
    "account": lambda client: client.get_account(),
    "active tasks": lambda client: client.get_active_tasks(),
    "history": lambda client: client.get_history(0, 1),
    "upload": lambda client: client.upload_image("a.png", "AAAA"),
}
STEPS = ("create", "get", "cancel", "balance", "active tasks", "history", "upload")


@pytest.mark.soak
def test_any_answer_over_the_line_is_read_or_refused_in_a_sentence(
    piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    found: Counter[str] = Counter()
    slowest_s = 0.0
    waits: list[float] = []
    client = Client(service_of(piapi), pause=waits.append)

    @with_settings(EXCHANGES if soak else EXCHANGES_SHORT)
    @given(st.sampled_from(sorted(ASKS)), bodies(), statuses, headers)
    def ask(what: str, body: bytes, status: int, more: dict[str, str]) -> None:
        nonlocal slowest_s
        for step in STEPS:
            piapi.fail_always(step, Fault(status, body, more))
        asked = piapi.asked("create")
        begun = time.thread_time()
        try:
            outcome = check_found(ASKS[what](client))
        except PiapiError as error:
            outcome = said(error)
        took_s = time.thread_time() - begun
        assert took_s < LIMIT_S
        slowest_s = max(slowest_s, took_s)
        found[outcome] += 1
        assert piapi.asked("create") <= asked + 1

    ask()
    client.close()
    record_property("count", shares(found, "spoilt answers over a socket", slowest_s))
    assert sum(found.values()) >= (EXCHANGES if soak else EXCHANGES_SHORT)
    assert found["read"] >= sum(found.values()) / 20
    assert all(0 <= wait_s <= LONGEST_RETRY_AFTER_S for wait_s in waits)
