"""What is decided before anything is sent: presets, variations, the price question, what is there already."""

import math
import random
from dataclasses import replace

import pytest
from helpers import PICTURE, PLACEMENT, text_request

from trellis_blender.generation.providers import models
from trellis_blender.generation.record.costs import asks_first, button_text, charged, dollars, unknown
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.record.history import already_made, earlier_prompts, sameness
from trellis_blender.generation.record.request import compose_request
from trellis_blender.generation.record.variations import check_count, offsets_m, seeds, vary
from trellis_blender.generation.states import State
from trellis_blender.generation.store.stored import from_json, to_json
from trellis_blender.piapi.input_checks import check_parameters
from trellis_blender.piapi.models import MODELS, SEED_LIMIT, InputUnusable, preset_of

TRELLIS = MODELS["Qubico/trellis"]


def test_presets_are_within_the_limits_and_set_every_sampler() -> None:
    for preset in TRELLIS.presets:
        values = dict(preset.values)
        assert set(values) == set(TRELLIS.samplers)
        assert {name: check_parameters(TRELLIS, values)[name] for name in values} == values
        assert preset_of(TRELLIS, values) is preset
    steps = [dict(preset.values)["ss_sampling_steps"] for preset in TRELLIS.presets]
    assert steps == sorted(set(steps))


def test_the_services_defaults_are_the_finest_preset_and_other_numbers_none() -> None:
    defaults = {parameter.name: parameter.default for parameter in TRELLIS.parameters}
    assert preset_of(TRELLIS, defaults) is TRELLIS.presets[-1]
    assert preset_of(TRELLIS, {**defaults, "slat_guidance_strength": 3.1}) is None
    assert preset_of(MODELS["Qubico/trellis2"], defaults) is None


def made_for(price_usd: float, charged_usd: float | None = None, model: str = "Qubico/trellis") -> Generation:
    request = replace(text_request(), model=model, price_usd=price_usd)
    return replace(new_generation(request, "", 0.0), charged_usd=charged_usd)


@pytest.mark.parametrize(
    ("count", "model", "text"),
    [
        (1, "Qubico/trellis", "Generate · $0.04"),
        (2, "Qubico/trellis", "Generate 2 · $0.08"),
        (4, "Qubico/trellis", "Generate 4 · $0.16"),
        (3, "Qubico/trellis2", "Generate 3 · $0.30"),
        (1, "offline-preview", "Generate Offline · free"),
        (4, "offline-preview", "Generate 4 Offline · free"),
    ],
)
def test_the_button_carries_the_price(count: int, model: str, text: str) -> None:
    assert button_text(count, models()[model]) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.04, "$0.04"), (0.3, "$0.30"), (1.1 * 3, "$3.30"), (12.0, "$12.00"), (0.0375, "$0.0375"), (-0.01, "$-0.01")],
)
def test_fractions_of_a_cent_only_where_there_are_some(amount: float, text: str) -> None:
    assert dollars(amount) == text


@pytest.mark.parametrize(
    ("amount_usd", "price_usd", "said"),
    [
        (0.04, 0.1, "PiAPI charged $0.04."),
        (0.0, 0.1, "Nothing was charged."),
        (None, 0.1, "PiAPI may have charged $0.10 or less."),
    ],
)
def test_what_was_charged_in_a_sentence(amount_usd: float | None, price_usd: float, said: str) -> None:
    assert charged(made_for(price_usd, amount_usd)) == said


@pytest.mark.parametrize("amount_usd", [None, 0.0])
def test_what_is_free_costs_nothing(amount_usd: float | None) -> None:
    free = made_for(0.0, amount_usd, "offline-preview")
    assert charged(free) == unknown(free) == "It costs nothing."


def test_what_nobody_knows_names_the_price_and_where_to_look() -> None:
    assert "charged $0.25, is unknown. Look at your tasks on piapi.ai" in unknown(made_for(0.25))


@pytest.mark.parametrize(
    ("total_usd", "limit_usd", "asks"),
    [
        (1.0, 1.0, False),
        (1.01, 1.0, True),
        (0.7, 0.699999988079071, False),  # as Blender keeps 0.7
        (3 * 0.10, 0.3, False),
        (0.04, 0.0, True),
        (0.0, 0.0, False),
        (0.04, math.nan, True),  # which a script may have set
    ],
)
def test_a_price_above_the_limit_asks_first(total_usd: float, limit_usd: float, asks: bool) -> None:
    assert asks_first(total_usd, limit_usd) is asks


def test_a_fixed_seed_is_followed_by_the_next_ones_and_they_stand_in_a_row() -> None:
    places = [replace(PLACEMENT, location=(x, 0.0, 0.0)) for x in offsets_m(2.0, 3)]
    made = vary(text_request(seed=42), places, is_seed_fixed=True)
    assert [request.seed for request in made] == [42, 43, 44]
    assert [request.placement.location[0] for request in made] == pytest.approx([0.0, 2.4, 4.8])
    assert {(request.prompt, request.price_usd, len(request.parameters)) for request in made} == {("a bear", 0.04, 5)}
    assert seeds(SEED_LIMIT, 3) == [SEED_LIMIT, 1, 2]
    assert offsets_m(0.0, 2) == [0.0, 1.2]


class TwiceTheSame(random.Random):
    """Draws 7, 7, 8."""

    numbers = (7, 7, 8)

    def randint(self, a: int, b: int) -> int:
        first, *self.numbers = self.numbers
        return first


def test_random_seeds_are_all_different() -> None:
    made = vary(text_request(seed=9), [PLACEMENT] * 3, is_seed_fixed=False, chance=TwiceTheSame())
    assert [request.seed for request in made] == [9, 7, 8]


@pytest.mark.parametrize("count", [0, -1, 9])
def test_one_to_eight_at_once(count: int) -> None:
    with pytest.raises(InputUnusable, match=f"variations is {count}"):
        check_count(count)
    assert [check_count(good) for good in (1, 8)] == [1, 8]


def made(state: State = State.PLACED, created_at: float = 1.0, **changes: object) -> Generation:
    request = replace(text_request(seed=5), **changes)  # type: ignore[arg-type]
    return replace(new_generation(request, "https://api.piapi.ai", created_at), state=state)


def wanted(prompt: str = "a bear", path: str = "", changed_ns: int = 0, **parameters: float) -> object:
    return sameness(TRELLIS, prompt, path, changed_ns, parameters)


def test_the_same_again_is_found_whatever_spaces_the_prompt_has() -> None:
    there = made()
    assert already_made([there], wanted("  a\nbear "), [5]) == [there]
    assert already_made([there], wanted("a bear", seed=77), [5]) == [there]
    for other in (wanted("a bull"), wanted(ss_sampling_steps=12), wanted("a bear", "/a.png", 3)):
        assert already_made([there], other, [5]) is None
    assert already_made([there], wanted(), [6]) is None


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_there_or_on_its_way_counts(state: State) -> None:
    counts = state not in {State.FAILED, State.CANCELLED, State.OUTCOME_UNKNOWN}
    assert bool(already_made([made(state)], wanted(), [5])) is counts


def test_variations_are_there_when_all_of_them_are_and_the_newest_is_meant() -> None:
    five, six = made(), made(parameters=text_request(seed=6).parameters)
    assert already_made([five], wanted(), [5, 6]) is None
    assert already_made([five, six], wanted(), [5, 6]) == [five, six]
    newer = made(created_at=2.0)
    assert already_made([newer, five], wanted(), [5]) == [newer]
    assert already_made([made(State.FAILED), five, newer], wanted(), [5]) == [newer]


def picture_made(path: str, changed_ns: int) -> Generation:
    request = compose_request(
        model="Qubico/trellis", prompt="", picture=PICTURE, picture_name="pear", picture_path=path,
        picture_changed_ns=changed_ns, parameters={"seed": 5}, placement=PLACEMENT,
    )  # fmt: skip
    return replace(new_generation(request, "https://api.piapi.ai", 1.0), state=State.READY)


def test_a_picture_is_the_same_by_its_path_and_the_time_of_its_last_change() -> None:
    there = picture_made("/pear.png", 100)
    assert already_made([there], wanted("", "/pear.png", 100), [5]) == [there]
    assert already_made([there], wanted("", "/pear.png", 101), [5]) is None
    assert already_made([there], wanted("", "/plum.png", 100), [5]) is None
    assert already_made([picture_made("", 0)], wanted("", "/pear.png", 100), [5]) is None
    assert already_made([picture_made("", 0)], wanted(""), [5]) is None
    assert already_made([there], wanted("a word beside it", "/pear.png", 100), [5]) == [there]
    composed, decomposed = "/b\u00e4r.png", "/ba\u0308r.png"
    assert already_made([picture_made(composed, 100)], wanted("", decomposed, 100), [5])
    assert (
        already_made(
            [replace(there, request=replace(there.request, model="Qubico/trellis2"))], wanted("", "/pear.png", 100), [5]
        )
        is None
    )


def test_rows_from_before_there_were_paths_can_still_be_read() -> None:
    import json

    kept = json.loads(to_json(picture_made("/pear.png", 100)))
    assert from_json(json.dumps(kept)).request.picture_path == "/pear.png"
    del kept["request"]["picture_path"], kept["request"]["picture_changed_ns"]
    assert from_json(json.dumps(kept)).request.picture_path == ""


def test_earlier_prompts_are_the_newest_first_each_once_and_at_most_20() -> None:
    before = [made(created_at=float(number), prompt=f"prompt {number % 25}") for number in range(50)]
    prompts = earlier_prompts([picture_made("/pear.png", 1), *before])
    assert prompts == [f"prompt {number}" for number in range(24, 4, -1)]
