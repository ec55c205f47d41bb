import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service import FIXTURES

from trellis_blender.generation.record.progress import read_log
from trellis_blender.piapi.account import AT_ONCE_FIELDS, PACKS_MAX, Account, plan_of, read_account, read_upload
from trellis_blender.piapi.answers import (
    CHARGE_LIMIT_USD,
    INPUT_TEXT_LIMIT,
    LOG_LINES_MAX,
    Status,
    Task,
    read_inputs,
    read_message,
    read_task,
)
from trellis_blender.piapi.errors import AnswerNotUnderstood, InputRefused, NotOnPlan, OutOfCredits, PiapiError
from trellis_blender.piapi.fields import (
    ADDRESS_LIMIT,
    DIGITS_LIMIT,
    NUMBER_LIMIT,
    NUMBER_TEXT_LIMIT,
    TEXT_LIMIT,
    address,
    moment,
    number,
    text,
    whole,
)
from trellis_blender.piapi.models import VIEWS_LIMIT
from trellis_blender.piapi.task_lists import ListedTask, read_active_tasks, read_history, read_listed

DOCUMENTED = FIXTURES.parent / "piapi" / "response-documented.json"


def envelope(**task: object) -> dict[str, object]:
    return {"code": 200, "message": "success", "data": {"task_id": "t1", "status": "pending", **task}}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", Status.PENDING),
        ("Pending", Status.PENDING),
        ("STAGED", Status.STAGED),
        ("Processing", Status.PROCESSING),
        ("retry", Status.PROCESSING),
        ("starting", Status.PENDING),
        ("completed", Status.COMPLETED),
        ("Succeeded", Status.COMPLETED),
        ("Failed", Status.FAILED),
        ("canceled", Status.CANCELLED),
        ("Cancelled", Status.CANCELLED),
        ("never heard of", Status.PROCESSING),
        ("", Status.PROCESSING),
        (None, Status.PROCESSING),
        (7, Status.PROCESSING),
    ],
)
def test_statuses_are_read_in_any_capitalisation(word: object, status: Status) -> None:
    assert read_task(envelope(status=word)).status is status


def test_an_unknown_status_is_over_when_an_end_or_an_error_says_so() -> None:
    ended = {"ended_at": "2025-11-26T08:17:30.677144106Z"}
    assert read_task(envelope(status="odd", meta={"ended_at": "0001-01-01T00:00:00Z"})).status is Status.PROCESSING
    assert read_task(envelope(status="odd", meta=ended)).status is Status.FAILED
    assert (
        read_task(envelope(status="odd", meta=ended, output={"model_file": "https://x/y"})).status is Status.COMPLETED
    )
    assert read_task(envelope(status="odd", error={"code": 1, "message": "no"})).status is Status.FAILED


@pytest.mark.parametrize("code", [200, 0, None])
def test_a_create_succeeded_where_a_task_id_is_there_whatever_the_code(code: int | None) -> None:
    answer = envelope()
    if code is None:
        del answer["code"]
    else:
        answer["code"] = code
    assert read_task(answer).task_id == "t1"


def test_a_body_that_carries_an_error_code_is_that_error() -> None:
    with pytest.raises(OutOfCredits, match="insufficient credits"):
        read_task({"code": 402, "message": "insufficient credits", "data": None})
    with pytest.raises(InputRefused, match="no bear"):
        read_task({"code": 400, "message": "no bear", "data": None})
    for no_error in (399, 600):
        with pytest.raises(AnswerNotUnderstood):
            read_task({"code": no_error, "data": None})


@pytest.mark.parametrize("answer", [None, [], {}, {"data": {}}, "x", {"data": {"task_id": ""}}, {"data": [1]}])
def test_an_answer_without_a_task_is_not_understood(answer: object) -> None:
    with pytest.raises(AnswerNotUnderstood):
        read_task(answer)


def test_the_flat_answer_of_the_trellis_page() -> None:
    if not DOCUMENTED.exists():
        pytest.skip("the documented response is not here")
    task = read_task(json.loads(DOCUMENTED.read_text()), "asked-for")
    assert (task.task_id, task.status, task.model_url) == ("asked-for", Status.COMPLETED, "")
    assert task.started_at is not None
    assert task.ended_at is not None
    assert task.ended_at - task.started_at == pytest.approx(78.858637, abs=0.001)
    progress = read_log(task.log_lines)
    assert progress is not None
    assert (progress.stage, progress.share, progress.seed) == ("Texture", 1.0, 996765520)


def test_the_documented_log_only_ever_advances_and_names_every_stage() -> None:
    if not DOCUMENTED.exists():
        pytest.skip("the documented response is not here")
    lines = json.loads(DOCUMENTED.read_text())["logs"].splitlines()
    seen: list[tuple[str, float]] = []
    for end in range(1, len(lines) + 1):
        progress = read_log(lines[:end])
        if progress is not None and progress.share is not None:
            seen.append((progress.stage, progress.share))
    assert [share for _, share in seen] == sorted(share for _, share in seen)
    assert list(dict.fromkeys(stage for stage, _ in seen)) == [
        "Preparing the image",
        "Sparse structure",
        "Structured latents",
        "Colour",
        "Normals",
        "Mesh",
        "Texture",
    ]


@pytest.mark.parametrize(
    ("line", "share", "seed"),
    [
        ("Sampling: 50%|##| 25/50 [00:01<00:01]", 0.125, None),
        (f"Sampling: 50%|##| {'9' * 400}/50", 0.2, None),
        (f"Sampling: 50%| {'9' * 5000}/50", None, None),
        ("Sampling: 0%| 0/0", 0.05, None),
        (f"Rendering: {'9' * 400}it", None, None),
        ("Rendering: 999999it", 0.48, None),
        ("4000% done", 0.92, None),
        ("Using randomized seed: 996765520", 0.025, 996765520),
        ("Using randomized seed: 0", 0.025, None),
        ("Using randomized seed: 2147483647", 0.025, 2147483647),
        ("Using randomized seed: 2147483648", 0.025, None),
        (f"Using randomized seed: {'9' * 400}", None, None),
        ("Sampling: 1%" * 100_000, None, None),
    ],
)
def test_no_number_in_a_log_is_too_large(line: str, share: float | None, seed: int | None) -> None:
    progress = read_log([line])
    if share is None:
        assert progress is None
    else:
        assert progress is not None
        assert (progress.share, progress.seed) == (pytest.approx(share), seed)


def test_how_far_it_is_by_each_kind_of_line() -> None:
    lines = [
        ("INFO:predict:Loading and preprocessing input image...", 0.0),
        ("Sampling: 100%|##| 50/50 [00:09]", 0.20),
        ("Sampling: 0%| | 0/50 [00:00]", 0.20),
        ("Sampling: 20%|#| 10/50 [00:02]", 0.25),
        ("Rendering: 60it [00:00, 173.86it/s]", 0.465),
        ("Rendering: 120it [00:00, 173.86it/s]", 0.48),
        ("Rendering: 0it [00:00, 83.86it/s]", 0.48),
        ("Rendering: 30it [00:00, 83.86it/s]", 0.49),
        ("50% done", 0.72),
        ("Rendering: 25it [00:00, 114.93it/s]", 0.94),
        ("Sampling: 10%|#| 5/50", 0.94),  # nothing goes back
    ]
    for end, (_, share) in enumerate(lines, 1):
        progress = read_log([line for line, _ in lines[:end]])
        assert progress is not None
        assert progress.share == pytest.approx(share)


def test_logs_come_as_text_as_lines_and_as_messages() -> None:
    for logs in ("one\ntwo", ["one", "two"], ["one\ntwo"], [{"message": "one"}, {"message": "two"}, {}, 7]):
        assert read_task(envelope(logs=logs)).log_lines == ("one", "two")


@pytest.mark.parametrize("task_id", ["x" * 201, "bär", "a\nb", 7, None])
def test_a_task_id_that_cannot_be_asked_for_is_none(task_id: object) -> None:
    with pytest.raises(AnswerNotUnderstood):
        read_task(envelope(task_id=task_id))
    assert read_task(envelope(task_id="x" * 200)).task_id == "x" * 200


def test_a_task_whose_status_is_left_out_is_one() -> None:
    assert read_task({"data": {"task_id": "t1"}}).status is Status.PROCESSING


def test_each_time_stands_at_either_place() -> None:
    for within, beside in (("created_at",) * 2, ("started_at",) * 2, ("ended_at", "completed_at")):
        for said in ({"meta": {within: "1970-01-01T00:00:05Z"}}, {beside: "1970-01-01T00:00:05Z"}):
            task = read_task(envelope(**said))
            told = {"created_at": task.created_at, "started_at": task.started_at, "ended_at": task.ended_at}
            assert {name: time for name, time in told.items() if time is not None} == {within: 5.0}


def test_the_services_words_are_found_at_any_of_their_places() -> None:
    assert read_message({"data": {"error": {"message": "no bear"}}, "message": "success"}) == "no bear"
    assert read_message({"error": {"raw_message": "no bear"}, "message": "failed"}) == "no bear"
    assert read_message({"data": {"error": {"message": ""}}, "message": "no bear"}) == "no bear"
    assert read_message(["no bear"]) == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"code": 0, "message": "no bear", "raw_message": "raw"}, "no bear"),
        ({"code": 0, "message": "", "raw_message": "no bear"}, "no bear"),
        ("no bear", "no bear"),
        ({"code": 10000, "message": ""}, ""),
        ({"code": 10000}, ""),
    ],
)
def test_an_error_says_at_any_of_its_places_that_a_task_failed(error: object, message: str) -> None:
    failed = read_task(envelope(status="", error=error, meta={"ended_at": "1970-01-01T00:00:05Z"}))
    assert (failed.status, failed.error_message) == (Status.FAILED, message)


@pytest.mark.parametrize("error", [{"code": 10000}, {"message": "no bear"}, {"raw_message": "no bear"}, "no bear"])
def test_an_error_alone_is_the_end_of_a_task_whose_status_is_unknown(error: object) -> None:
    assert read_task(envelope(status="odd", error=error)).status is Status.FAILED


@pytest.mark.parametrize("error", [{"code": 0, "message": "", "raw_message": ""}, {"code": "0"}, "", None, []])
def test_an_empty_error_is_none(error: object) -> None:
    going_on = read_task(envelope(status="", error=error))
    assert (going_on.status, going_on.error_message) == (Status.PROCESSING, "")


@pytest.mark.parametrize(
    "field", [{"error": {"code": 0, "message": "success"}}, {"completed_at": "1970-01-01T00:00:00Z"}]
)
def test_what_says_nothing_of_an_end_is_none(field: dict[str, object]) -> None:
    assert read_task(envelope(status="odd", **field)).status is Status.PROCESSING


def test_times() -> None:
    assert moment("1970-01-01T00:00:01.500000000Z") == 1.5
    assert moment("1970-01-01T01:00:01.25+01:00") == 1.25
    assert moment("1970-01-01T00:00:01Z") == moment("1970-01-01T00:00:01") == 1.0
    assert moment("1970-01-01t00:00:01z") == 1.0
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("0001-01-01T00:00:00+05:00") is None
    for nothing in (None, "", "soon", 5, {}, "2025-13-45T99:00:00Z"):
        assert moment(nothing) is None


def test_money() -> None:
    assert read_task(envelope(meta={"usage": {"consume": 400000}})).charged_usd == 0.04
    assert read_task(envelope(meta={"usage": {"consume": 0}})).charged_usd == 0
    assert read_task(envelope(meta={"usage": {"consume": 10**11}})).charged_usd == CHARGE_LIMIT_USD
    nothing_at_all = (None, {}, {"consume": None}, {"consume": "much"}, {"consume": True})
    for nothing in (*nothing_at_all, {"consume": -1}, {"consume": 10**11 + 1}):
        assert read_task(envelope(meta={"usage": nothing})).charged_usd is None


def test_inputs_may_come_as_text_up_to_a_limit() -> None:
    said = json.dumps({"prompt": "a bear", "seed": 3, "more": ""})
    longest = said.replace('""', f'"{"x" * (INPUT_TEXT_LIMIT - len(said))}"')
    assert read_inputs(longest) == {"prompt": "a bear", "seed": 3}
    for none in (longest.replace("bear", "bears"), "[" * 5000, "{", "7", None):
        assert read_inputs(none) == {}


def test_no_more_pictures_of_a_task_are_read_than_are_sent() -> None:
    views = [f"view {number}" for number in range(VIEWS_LIMIT + 2)]
    assert read_inputs({"image": "front", "images": [*views[1:], 7]}) == {
        "image": "front",
        "images": tuple(views[1 : VIEWS_LIMIT + 1]),
    }
    assert read_inputs({"image": 7, "images": [7, "side"]}) == {"images": ("side",)}


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"image": "a", "images": ["a", "b"]}, 2),
        ({"image": "", "images": ["a", " ", "a"]}, 1),
        ({"images": ["a", "b"]}, 2),
        ({"image": "a"}, 1),
        ({"prompt": "a bear"}, 0),
        (None, 0),
    ],
)
def test_how_many_different_pictures_a_task_names(said: object, count: int) -> None:
    assert read_task(envelope(input=said)).pictures_named == count


@pytest.mark.parametrize(
    "logs",
    [
        "line\n" * (LOG_LINES_MAX + 1),
        ["line"] * (LOG_LINES_MAX + 1),
        ["line\n" * (LOG_LINES_MAX - 1), {"message": "line\nline"}],
    ],
)
def test_a_log_is_read_up_to_a_limit_of_lines(logs: object) -> None:
    assert read_task(envelope(logs=logs)).log_lines == ("line",) * LOG_LINES_MAX


def test_fields_up_to_their_limits_are_read_and_not_beyond() -> None:
    assert text("x" * (TEXT_LIMIT + 1)) == "x" * TEXT_LIMIT
    assert text("a\x00b\x1fc\x7fd\x9fe") == "a b c d e"
    assert [len(address("x" * length)) for length in (ADDRESS_LIMIT, ADDRESS_LIMIT + 1)] == [ADDRESS_LIMIT, 0]
    assert address(" https://x/\n a\tb ") == "https://x/ab"
    assert [number("1".rjust(length)) for length in (NUMBER_TEXT_LIMIT, NUMBER_TEXT_LIMIT + 1)] == [1.0, None]
    below = NUMBER_LIMIT - 1
    assert [number(each) for each in (below, -below, NUMBER_LIMIT, -NUMBER_LIMIT)] == [below, -below, None, None]
    assert whole("9" * DIGITS_LIMIT) == 10**DIGITS_LIMIT - 1
    assert whole("9" * (DIGITS_LIMIT + 1)) == float("inf")
    assert moment("1970-01-01T00:00:00Z") == 0.0
    assert moment("2999-12-31T23:59:59Z") is not None
    assert moment(f"1970-01-01T00:00:01.{'0' * 30}Z") == 1.0
    assert moment(f"1970-01-01T00:00:01.{'0' * 31}Z") is None


def test_a_row_of_the_history_tells_what_it_cost_in_its_own_way() -> None:
    for kind, meta, charged_usd in (("llm", {}, 0.04), ("point", {}, None), ("llm", {"usage": {"consume": 0}}, 0.0)):
        row = {"task_id": "1", "usage": 400000, "usage_type": kind, "meta": meta}
        assert read_history([row]).tasks[0].task.charged_usd == charged_usd


def test_the_balance_stands_at_the_root_or_under_data() -> None:
    account = {"account_name": "Ada", "plan": "creator", "equivalent_in_usd": 12.5}
    assert read_account(account) == read_account({"code": 200, "data": account})
    assert read_account(account).balance_usd == 12.5
    with pytest.raises(AnswerNotUnderstood):
        read_account({"hello": "world"})


@pytest.mark.parametrize(
    ("field", "value", "account"),
    [
        ("account_name", "Ada", Account(name="Ada")),
        ("account_id", "7", Account(name="No. 7")),
        ("plan", "creator", Account(plan="creator")),
        ("equivalent_in_usd", 0, Account(balance_usd=0.0)),
    ],
)
def test_any_field_of_an_account_that_can_be_read_makes_it_one(field: str, value: object, account: Account) -> None:
    assert read_account({"data": {field: value}}) == account
    with pytest.raises(AnswerNotUnderstood):
        read_account({"data": {field: None}})


@pytest.mark.parametrize("field", ["id", "wallet", "credit_pack_info", *AT_ONCE_FIELDS])
def test_an_account_of_which_only_that_is_said_is_one(field: str) -> None:
    assert isinstance(read_account({field: 3}), Account)
    with pytest.raises(AnswerNotUnderstood):
        read_account({field: ""})


def test_the_first_field_of_how_many_at_once_counts_and_the_other_where_it_is_missing() -> None:
    assert read_account(dict(zip(AT_ONCE_FIELDS, (5, 4), strict=True))).tasks_at_once == 5
    assert read_account({AT_ONCE_FIELDS[1]: 4}).tasks_at_once == 4
    assert read_account({"plan": "free"}).tasks_at_once is None


def expiring(*seconds: float, **said: object) -> list[dict[str, object]]:
    return [{"expired_at": f"1970-01-01T00:00:{each:02}Z", **said} for each in seconds]


@pytest.mark.parametrize(
    ("credit", "expires_at"),
    [
        ({"available_credits": 5, "credit_packs": expiring(9, 7, 8, active=True)}, 7.0),
        ({"credit_packs": expiring(9, 7)}, 7.0),
        ({"credit_packs": expiring(9) + expiring(7, active=False)}, 9.0),
        ({"credit_packs": [7, {"expired_at": "soon"}, *expiring(9)]}, 9.0),
        ({"available_credits": 0, "credit_packs": expiring(9)}, None),
        ({"credit_packs": []}, None),
        ({"credit_packs": expiring(9) * PACKS_MAX + expiring(7)}, 9.0),
        ({"credit_packs": expiring(9) * (PACKS_MAX - 1) + expiring(7)}, 7.0),
    ],
)
def test_when_the_first_credits_expire(credit: object, expires_at: float | None) -> None:
    assert read_account({"credit_pack_info": credit}).expires_at == expires_at


def test_a_listed_task_that_does_not_tell_its_id_is_the_one_that_was_asked_for() -> None:
    listed = read_listed({"data": {"status": "completed", "model": "Qubico/trellis", "input": {"seed": 3}}}, "t1")
    assert listed.task.task_id == "t1"
    assert (listed.model, listed.task_type, listed.inputs) == ("Qubico/trellis", "", {"seed": 3})
    with pytest.raises(AnswerNotUnderstood):
        read_listed({"data": {"model": "Qubico/trellis"}}, "t1")


def test_a_refused_upload_says_why() -> None:
    assert read_upload({"code": 200, "data": {"url": "https://x/y.png"}}) == "https://x/y.png"
    with pytest.raises(NotOnPlan, match="free plan"):
        read_upload({"code": 403, "message": "not on the free plan", "data": None})
    with pytest.raises(AnswerNotUnderstood, match="stored, but nowhere"):
        read_upload({"message": "stored, but nowhere", "data": {"url": 7}})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TASK_FIELDS = ("task_id", "status", "output", "meta", "logs", "error", "input", "started_at", "completed_at")


@given(st.dictionaries(st.sampled_from(TASK_FIELDS), anything), st.booleans())
def test_no_answer_of_any_shape_gets_through_as_anything_but_a_task_or_a_sentence(
    task: dict[str, object], flat: bool
) -> None:
    try:
        found = read_task(task if flat else {"data": task}, "t1")
    except PiapiError as error:
        assert str(error)
    else:
        assert isinstance(found, Task)
        read_log(found.log_lines)


ENTRY = {
    "task_id": "1",
    "model": "Qubico/trellis",
    "task_type": "text-to-3d",
    "status": "pending",
    "input": {"seed": 3},
}


@pytest.mark.parametrize(
    "answer", [[ENTRY], {"data": [ENTRY]}, {"data": {"data": [ENTRY], "total": 1}}, {"data": {"data": [ENTRY]}}]
)
def test_a_history_is_read_wherever_it_stands(answer: object) -> None:
    found = read_history(answer)
    assert [(each.task.task_id, each.model, each.inputs) for each in found.tasks] == [
        ("1", "Qubico/trellis", {"seed": 3})
    ]
    assert (found.rows, found.unreadable) == (1, 0)


@pytest.mark.parametrize("answer", [[], {"data": []}, {"data": {"data": [], "total": 0}}, {"data": {"data": None}}])
def test_an_empty_history_is_one(answer: object) -> None:
    assert read_history(answer)[:3] == ((), 0, 0)


@pytest.mark.parametrize(
    "answer", [None, 3, "text", {}, {"data": None}, {"data": {"total": 3}}, {"data": {"data": {}}}, {"data": 7}]
)
def test_what_is_no_history_is_no_empty_one(answer: object) -> None:
    with pytest.raises(AnswerNotUnderstood):
        read_history(answer)


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [
        ({"prompt": "a chair", "image": "aGk=", "images": ["aGk="], "seed": 7.0}, {"prompt": "a chair", "seed": 7.0}),
        (None, None),
    ],
)
def test_of_a_listed_task_all_but_the_pictures_is_kept(inputs: dict[str, object] | None, kept: object) -> None:
    listed = ListedTask(read_task({"task_id": "t1", "status": "pending"}, "t1"), "Qubico/trellis", "text-to-3d", inputs)
    assert listed.without_pictures().inputs == kept
    assert listed.without_pictures().task == listed.task


def test_entries_that_cannot_be_read_are_counted() -> None:
    page = read_history({"data": {"data": ["nonsense", ENTRY, None, {"no": "id"}, {"task_id": 7}], "total": 9}})
    assert ([each.task.task_id for each in page.tasks], page.rows, page.unreadable) == (["1"], 5, 4)
    assert page.total == 9


@pytest.mark.parametrize("total", [None, "many", float("nan"), float("inf"), 10**400, True, []])
def test_a_total_that_is_no_number_is_none(total: object) -> None:
    assert read_history({"data": {"data": [ENTRY], "total": total}}).total is None


def test_running_tasks_are_told_by_family() -> None:
    families = {
        "flux": {"processing_count": 1, "active_tasks": [ENTRY, 7, {"task_id": ""}]},
        "kling": {"processing_count": 0, "active_tasks": None},
        "odd": 7,
    }
    assert [each.task.task_id for each in read_active_tasks({"data": families})] == ["1"]
    assert read_active_tasks({"data": {}}) == read_active_tasks({"data": None}) == []
    for nothing in (None, 3, {}, {"data": {"odd": 7}}, {"message": "welcome"}):
        with pytest.raises(AnswerNotUnderstood):
            read_active_tasks(nothing)


def shape(name: str) -> object:
    path = DOCUMENTED.parent / "shapes" / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded shapes are not here")
    return json.loads(path.read_text())


def test_the_recorded_history() -> None:
    page = read_history(shape("history"))
    assert [(each.model, each.task_type, each.inputs) for each in page.tasks] == [
        ("Qubico/trellis", "text-to-3d", None),
        ("kling", "", None),
    ]
    assert (page.rows, page.unreadable, page.total) == (2, 0, 2)
    first = page.tasks[0].task
    assert (first.charged_usd, first.status, first.created_at) == (0.04, Status.COMPLETED, 1_795_424_400.0 - 259_200)
    assert read_history(shape("history-empty")) == ((), 0, 0, 0)


def test_the_recorded_running_tasks() -> None:
    (running,) = read_active_tasks(shape("active-tasks"))
    assert (running.model, running.task.status) == ("Qubico/flux1-schnell", Status.PROCESSING)


def test_the_recorded_account() -> None:
    assert read_account(shape("account-info")) == Account("A Person", "creator", 4.2, 2, 1_809_691_200.0)


@pytest.mark.parametrize("word", ["success", "Complete", "SUCCEEDED", "completed"])
def test_words_for_done(word: str) -> None:
    assert read_task(envelope(status=word)).status is Status.COMPLETED


@pytest.mark.parametrize("word", ["failure", "Error", "REJECTED", "failed"])
def test_words_for_failed(word: str) -> None:
    assert read_task(envelope(status=word)).status is Status.FAILED


@pytest.mark.parametrize("word", ["finished", "done", "", None, 7])
@pytest.mark.parametrize("output", [{"model_file": "https://x/y"}, {"image_url": "https://x/y"}])
def test_a_result_beside_an_unknown_word_is_the_end(word: object, output: object) -> None:
    """An error code beside a result was seen, and the result was good."""
    for error in ({"code": 0}, {"code": 10000}, {"code": 10000, "message": "task timeout"}):
        assert read_task(envelope(status=word, output=output, error=error)).status is Status.COMPLETED


@pytest.mark.parametrize("status", ["completed", "success", "odd"])
def test_an_error_code_beside_a_result_changes_nothing(status: str) -> None:
    done = read_task(envelope(status=status, output={"model_file": "https://x/y"}, error={"code": 10000}))
    assert (done.status, done.model_url) == (Status.COMPLETED, "https://x/y")


def test_another_tasks_answer_is_none() -> None:
    assert read_task(envelope(task_id="AB-1"), "ab-1").task_id == "ab-1"
    assert read_task(envelope(task_id=None), "t2").task_id == "t2"
    for other in ("t1", "t22", 7, ["t2"], "x" * 201):
        with pytest.raises(AnswerNotUnderstood):
            read_task(envelope(task_id=other), "t2")
        with pytest.raises(AnswerNotUnderstood):
            read_listed(envelope(task_id=other), "t2")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400, "1e999", "9" * 50, True, [], ""])
def test_a_number_that_nobody_can_count_with_is_none(value: object) -> None:
    assert read_task(envelope(meta={"usage": {"consume": value}})).charged_usd is None
    assert read_account({"data": {"name": "Ada", "equivalent_in_usd": value}}).balance_usd is None
    assert read_account({"data": {"name": "Ada", "max_trellis_concurrency": value}}).tasks_at_once is None
    listed = read_listed(envelope(input={"prompt": "a", "seed": value, "ss_guidance_strength": value}), "t1")
    assert listed.inputs == {"prompt": "a"}


def test_numbers_may_come_as_text() -> None:
    assert read_task(envelope(meta={"usage": {"consume": "400000"}})).charged_usd == 0.04
    listed = read_listed(envelope(input={"seed": "7", "ss_guidance_strength": " 7.5 "}), "t1")
    assert listed.inputs == {"seed": 7, "ss_guidance_strength": 7.5}


@pytest.mark.parametrize(
    ("allowed", "at_once"), [(2, 2), ("2", 2), (0, 1), (-5, 1), (2.9, 2), (1e9, 1000), (None, 4), ("x", 4)]
)
def test_how_many_at_once_is_what_the_account_says(allowed: object, at_once: int) -> None:
    body = {"plan": "free", "max_trellis_concurrency": allowed, "max_concurrent_task_count": 4}
    assert read_account(body).tasks_at_once == at_once
    assert plan_of(read_account(body)) == (min(at_once, 30), 10)
    assert plan_of(Account(plan="of their own")) == (None, None)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": "Ada", "account_name": "Eve"}, "Ada"),
        ({"account_name": " A\x00da\n Lovelace "}, "A da Lovelace"),
        ({"id": 4711}, "No. 4711"),
        ({"account_id": "ab-7"}, "No. ab-7"),
        ({"name": "\ud800" + "x" * 5000, "id": 1}, "?" + "x" * 99),
        ({"id": "x" * 5000}, "No. " + "x" * 100),
        ({"id": 7, "account_id": 8}, "No. 7"),
        ({"id": 1234567890123456789}, "No. 1234567890123456789"),
        ({"id": 4711.0}, "No. 4711"),
        ({"id": 10**5000, "plan": "pro"}, ""),
        ({"id": "007"}, "No. 007"),
        ({"id": "1e5"}, "No. 1e5"),
        ({"id": True, "account_id": 0}, "No. 0"),
        ({"wallet": {"llm_remain": 1}}, ""),
    ],
)
def test_whose_account_it_is(body: dict[str, object], name: str) -> None:
    assert read_account({"data": body}).name == name


NASTY = "ß\ud800\x00\x1b[31m" + "x" * 3_000_000


def test_every_text_is_bounded_and_can_be_stored() -> None:
    answer = envelope(
        model=NASTY,
        task_type=NASTY,
        status=NASTY,
        error={"code": 1, "message": NASTY},
        output={"model_file": NASTY, "image_urls": [NASTY, "https://x/y"]},
        logs=[NASTY, {"message": NASTY + "\n"}, "\n" * 3_000_000],
        input={"prompt": NASTY},
    )
    listed = read_listed(answer, "t1")
    found = listed.task
    texts = [listed.model, listed.task_type, found.error_message, str((listed.inputs or {})["prompt"])]
    for said in (*texts, *found.log_lines, *found.picture_urls, found.model_url):
        assert len(said) <= 16 * 1024
        said.encode()
        assert not any(ord(each) < 32 for each in said)
    assert found.picture_urls == ("https://x/y",)
    assert found.model_url == "", "a part of an address is none"
    assert len(found.log_lines) <= 5000
    assert sum(map(len, found.log_lines)) < 10_000


@pytest.mark.parametrize("time", ["1969-12-31T23:59:59Z", "3000-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2026" * 999])
def test_a_time_that_a_calendar_of_windows_does_not_have_is_none(time: str) -> None:
    assert moment(time) is None


FIELDS = st.sampled_from(["data", "task_id", "tasks", "input", "status"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner),
    )
)
def test_any_answer_is_a_list_or_an_error(answer: object) -> None:
    with contextlib.suppress(PiapiError):
        assert all(each.task.task_id for each in read_history(answer).tasks)
    with contextlib.suppress(PiapiError):
        assert all(each.task.task_id for each in read_active_tasks(answer))
