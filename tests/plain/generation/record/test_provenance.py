"""What a model tells of itself, out of a generation and back out of whatever a file may hold."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers import PLACEMENT
from hypothesis import given
from hypothesis import strategies as st

from trellis_blender.generation.record.generation import new_generation
from trellis_blender.generation.record.provenance import Made, from_group, made_by, to_group
from trellis_blender.generation.record.request import compose_request
from trellis_blender.imaging.picture import Picture
from trellis_blender.piapi.models import IMAGE, TEXT

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(Made.__dataclass_fields__)


def a_generation(*, model: str = "Qubico/trellis", with_picture: bool = False, path: str = "") -> "object":
    request = compose_request(
        model=model,
        prompt="" if with_picture else "a chair",
        picture=Picture(1, 1, b"\0\0\0\xff") if with_picture else None,
        picture_name="leaf",
        picture_path=path,
        parameters={"seed": 5},
        placement=PLACEMENT,
    )
    return replace(new_generation(request, "https://api", 1000.0), task_id="t1")


def test_there_and_back() -> None:
    made = made_by(a_generation(), "0.1.0")
    assert from_group(json.loads(json.dumps(to_group(made)))) == made
    assert (made.made_at, made.charged_usd, made.seed) == ("1970-01-01T00:16:40Z", None, 5)
    assert "seed" not in dict(made.parameters)
    charged = replace(made, charged_usd=0.0)
    assert from_group(to_group(charged)) == charged


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """The clock of a place that is hours away, where the system lets it be set."""
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("TZ", "IST-5:30")
        getattr(time, "tzset", lambda: None)()
        yield
    getattr(time, "tzset", lambda: None)()


@pytest.mark.usefixtures("elsewhere")
def test_all_that_is_told_of_a_model_from_a_picture() -> None:
    generation = replace(
        a_generation(model="Qubico/trellis2", with_picture=True, path="/home/leaf.png"),
        picture_sha256="ab" * 32,
        charged_usd=0.1,
        submitted_at=2000.0,
        finished_at=3000.0,
    )
    made = made_by(generation, "0.1.0")
    assert made == Made(
        generation=generation.id,
        model="Qubico/trellis2",
        task_type=IMAGE,
        prompt="",
        seed=5,
        parameters=(),
        task_id="t1",
        made_at="1970-01-01T00:50:00Z",
        price_usd=0.1,
        charged_usd=0.1,
        addon_version="0.1.0",
        picture="leaf.png",
        picture_sha256="ab" * 32,
        picture_kept=f"generation-{generation.id}/input.png",
    )
    assert made.is_from_picture
    assert from_group(json.loads(json.dumps(to_group(made)))) == made
    assert made_by(replace(generation, finished_at=0.0), "").made_at == "1970-01-01T00:33:20Z"
    words = made_by(a_generation(), "")
    assert (words.picture, words.picture_sha256, words.picture_kept, words.is_from_picture) == ("", "", "", False)


@pytest.mark.parametrize(
    ("seed", "read"),
    [(0, 0), (1, 1), (2**31 - 1, 2**31 - 1), (2**31, 0), (-1, 0), (7.9, 7), (True, 0), (None, 0), (math.nan, 0)],
)
def test_a_seed_that_is_none_is_left_out(seed: object, read: int) -> None:
    made = from_group({"model": "m", "seed": seed})
    assert made is not None
    assert made.seed == read


def test_what_is_no_number_is_no_parameter() -> None:
    made = from_group({"model": "m", "parameters": {"a": 1, "b": "2", "c": math.inf, "seed": 3, "d": None}})
    assert made == Made("", "m", TEXT, "", 0, (("a", 1),), "", "", 0.0, None, "")
    assert from_group({"model": "m", "parameters": [1, 2]}) == replace(made, parameters=())


@pytest.mark.parametrize(
    ("path", "name"), [("/home/anna/client/leaf.png", "leaf.png"), ("C:\\Anna\\leaf.png", "leaf.png"), ("", "leaf")]
)
def test_of_a_picture_only_its_name_goes_along(path: str, name: str) -> None:
    generation = replace(a_generation(with_picture=True, path=path), picture_sha256="ab" * 32)
    made = made_by(generation, "0.1.0")
    assert made.picture == name
    assert made.picture_kept == f"generation-{generation.id}/input.png"
    assert "nna" not in json.dumps(to_group(made))


def test_a_seed_that_cannot_be_sent_again_is_unknown() -> None:
    assert to_group(replace(made_by(a_generation(), ""), seed=2**40))["seed"] == 0


@pytest.mark.parametrize("at", [-1e12, -1.0, 1e11, 1e300, math.inf, math.nan])
def test_a_time_that_is_none_is_unknown(at: float) -> None:
    assert made_by(replace(a_generation(), finished_at=at), "").made_at == ""


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "soon", "9"])
def test_a_time_that_no_system_can_show_is_left_out(said: str) -> None:
    made = from_group({"model": "m", "made_at": said})
    assert made is not None
    assert made.made_at == ""


def test_whatever_a_service_told_can_be_written_into_a_blend() -> None:
    """Blender takes no half characters, no whole numbers beyond 32 bits and no name of more than 63 bytes."""
    generation = a_generation()
    odd = (
        ("a" * 90, 1.0),
        ("b", 10**400),
        ("c", math.nan),
        ("\ud800d", 2.0),
        ("熊" * 40, 3.0),
        *((f"e{n}", 1.0) for n in range(99)),
    )
    request = replace(generation.request, prompt="\ud83da\0" + "x" * 3_000_000, parameters=odd)
    group = to_group(made_by(replace(generation, request=request, task_id="\udfff" * 999), "0.1.0"))
    assert len(json.dumps(group)) < 10_000
    json.dumps(group, ensure_ascii=False).encode()
    assert all(len(name.encode()) <= 63 for name in group["parameters"])
    assert dict(list(group["parameters"].items())[:3]) == {"a" * 60: 1.0, "?d": 2.0, "熊" * 20: 3.0}
    assert from_group(group) == from_group(to_group(from_group(group)))


def test_a_huge_group_is_read_in_no_time() -> None:
    group = dict.fromkeys(FIELDS, "x" * 2000000) | {"parameters": {f"p{n}": n for n in range(1_000_000)}}
    begun = time.process_time()
    made = from_group(group)
    assert time.process_time() - begun < 0.01
    assert made is not None
    assert len(made.prompt) == 1000
    assert len(made.parameters) == 32


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JUNK))
def test_whatever_a_file_holds_is_read(group: dict[str, object]) -> None:
    made = from_group(group)
    model = group.get("model")
    assert (made is not None) == (isinstance(model, str) and model != "")
    if made is not None:
        assert from_group(to_group(made)) == made
