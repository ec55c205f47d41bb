import math
import random

import pytest
from helpers import PICTURE, PLACEMENT
from hypothesis import given
from hypothesis import strategies as st

from trellis_blender.generation.providers import models
from trellis_blender.generation.record.request import NAME_LIMIT_BYTES, GenerationRequest, compose_request, short_name
from trellis_blender.piapi.models import IMAGE, PROMPT_LIMIT, TEXT, InputUnusable, Parameter


def compose(**changes: object) -> GenerationRequest:
    values: dict[str, object] = {
        "model": "Qubico/trellis",
        "prompt": "a bear",
        "picture": None,
        "picture_name": "",
        "parameters": {},
        "placement": PLACEMENT,
        **changes,
    }
    return compose_request(**values)  # type: ignore[arg-type]


def test_prices_are_those_of_the_service() -> None:
    assert {model.id: model.price_usd for model in models().values()} == {
        "Qubico/trellis": 0.04,
        "Qubico/trellis2": 0.10,
        "Qubico/pixal3d": 0.25,
        "offline-preview": 0,
    }


@pytest.mark.parametrize("value", [7, 7.0])
def test_a_number_from_elsewhere_is_sent_as_the_service_has_it(value: float) -> None:
    assert repr(Parameter("steps", 12, 1, 50, whole=True).taken(value)) == "7"
    assert repr(Parameter("strength", 7.5, 1, 50, whole=False).taken(value)) == "7.0"
    assert Parameter("steps", 12, 1, 6, whole=True).taken(value) is None


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (1, 1),
        (50, 50),
        (0, None),
        (51, None),
        (True, None),
        ("7", None),
        (None, None),
        (math.nan, None),
        (-math.inf, None),
    ],
)
def test_both_limits_are_taken_and_what_is_outside_or_no_number_is_not(value: object, taken: float | None) -> None:
    assert Parameter("steps", 12, 1, 50, whole=True).taken(value) == taken


def test_presets_of_trellis() -> None:
    steps = {preset.id: dict(preset.values) for preset in models()["Qubico/trellis"].presets}
    assert steps == {
        name: {
            "ss_sampling_steps": number,
            "slat_sampling_steps": number,
            "ss_guidance_strength": 7.5,
            "slat_guidance_strength": 3.0,
        }
        for name, number in (("DRAFT", 12), ("STANDARD", 25), ("FINE", 50))
    }
    assert [preset.label for preset in models()["Qubico/trellis"].presets] == ["Draft", "Standard", "Fine"]


def test_parameters_that_are_not_given_have_the_services_defaults() -> None:
    numbers = dict(compose().parameters)
    seed = numbers.pop("seed")
    assert seed > 0
    assert numbers == {
        "ss_sampling_steps": 50,
        "slat_sampling_steps": 50,
        "ss_guidance_strength": 7.5,
        "slat_guidance_strength": 3,
    }


def test_a_seed_of_0_is_drawn_and_a_set_one_kept() -> None:
    drawn = [dict(compose(parameters={"seed": 0}, chance=random.Random(n)).parameters)["seed"] for n in range(50)]
    assert len(set(drawn)) == 50
    assert 0 not in drawn
    assert dict(compose(parameters={"seed": 42}).parameters)["seed"] == 42


def test_an_image_is_sent_and_the_prompt_names_the_object() -> None:
    both = compose(picture=PICTURE, picture_name="photo.png")
    assert (both.task_type, both.name) == (IMAGE, "a bear")
    assert compose(picture=PICTURE, picture_name="photo", prompt="").name == "photo"
    assert compose().task_type == TEXT


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prompt": "  "}, "There is no prompt. Describe the model in a few words."),
        (
            {"prompt": "x" * 10_000},
            "The prompt has 10,000 characters; at most 1,000 are sent. Shorten it: TRELLIS reads ",
        ),
        ({"prompt": "x" * 10_000}, " reads only the first sentences."),
        ({"model": "Qubico/unknown"}, "There is no model “Qubico/unknown”"),
        ({"model": "Qubico/trellis2"}, "TRELLIS 2 makes models from images only"),
        ({"parameters": {"ss_sampling_steps": 70}}, "ss_sampling_steps is 70; TRELLIS takes 1 to 50"),
        ({"parameters": {"seed": -1}}, "seed is -1"),
        ({"parameters": {"ss_guidance_strength": float("nan")}}, "ss_guidance_strength is nan"),
        (
            {"model": "Qubico/pixal3d", "picture": PICTURE, "parameters": {"slat_sampling_steps": 5}},
            "Pixal3D takes no slat_sampling_steps",
        ),
    ],
)
def test_input_that_breaks_a_limit_ends_in_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputUnusable) as caught:
        compose(**changes)
    assert sentence in str(caught.value)


def test_a_prompt_may_have_exactly_as_many_characters_as_the_limit_says() -> None:
    assert len(compose(prompt="x" * PROMPT_LIMIT).prompt) == PROMPT_LIMIT
    with pytest.raises(InputUnusable):
        compose(prompt="x" * (PROMPT_LIMIT + 1))


@given(st.text(max_size=200))
def test_names_fit_into_blender(text: str) -> None:
    name = short_name(text)
    assert name
    assert len(name.encode("utf-8", "replace")) <= NAME_LIMIT_BYTES
    assert "\n" not in name


def test_a_long_name_is_cut_at_a_word() -> None:
    text = "a very large and friendly brown bear that sits on a small red chair in the forest"
    assert text.startswith(short_name(text) + " ")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  a\nbrown  bear, ", "a brown bear"),
        (".bear", ".bear"),
        ("", "Model"),
        (" ,.;: ", "Model"),
        ("x" * NAME_LIMIT_BYTES, "x" * NAME_LIMIT_BYTES),
        ("x" * NAME_LIMIT_BYTES + "y", "x" * NAME_LIMIT_BYTES),
        ("a " + "x" * NAME_LIMIT_BYTES, "a " + "x" * (NAME_LIMIT_BYTES - 2)),
        ("ab " * 30, "ab " * (NAME_LIMIT_BYTES // 3 - 1) + "ab"),
        ("x" + "熊" * NAME_LIMIT_BYTES, "x" + "熊" * (NAME_LIMIT_BYTES // 3 - 1)),
        ("a\ud800b", "a?b"),
    ],
)
def test_the_name_that_an_object_gets(text: str, name: str) -> None:
    assert short_name(text) == name
