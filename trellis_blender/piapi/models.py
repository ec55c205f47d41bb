# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that make 3D models: what they take, in what limits, and what they cost. A new model is added here, with
parameters and presets of its own: panel, operator and request are made of what stands here.

Sources: PiAPI's model pages for inputs and prices. The documented range of the sampling steps is 10–50; the page's own
sample sends 7, so fewer are let through.
"""

from collections.abc import Mapping
from typing import NamedTuple
from unicodedata import category

TEXT = "text-to-3d"
IMAGE = "image-to-3d"

PROMPT_LIMIT = 1000
"""Characters. PiAPI names no limit."""
PROMPT_HEEDED = 350
"""Characters, roughly: TRELLIS reads text through CLIP, which stops at 77 tokens."""

IMAGE_SIDE_LIMIT_PX = 1024
"""The server refuses a larger image."""

SEED_LIMIT = 2**31 - 1

_SEEN = frozenset("LNPS")
"""The first letters of the categories of characters that show something by themselves: letters, numbers, punctuation,
signs. Spaces, what joins and directs others, accents without a letter and halves of characters do not."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are blank: Hangul's fillers, Braille without a dot."""


class Parameter(NamedTuple):
    """One number a model takes; `low` and `high` are what is accepted, both included.

    `label` and `about` are what the panel says of it. It draws those of one `group` together, and its slider begins at
    `slider_low`.
    """

    name: str
    default: float
    low: float
    high: float
    whole: bool
    label: str = ""
    about: str = ""
    group: str = ""
    slider_low: float | None = None


class Preset(NamedTuple):
    """Values for some of a model's parameters, under a name."""

    id: str
    label: str
    about: str
    values: tuple[tuple[str, float], ...]


class Model(NamedTuple):
    """A model, by its id at its provider. `use` tells in a line what it is for and what it takes."""

    id: str
    label: str
    use: str
    task_types: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    price_usd: float
    presets: tuple[Preset, ...] = ()

    @property
    def samplers(self) -> tuple[str, ...]:
        """The names of the parameters that trade time for quality, at the same price."""
        return tuple(parameter.name for parameter in self.parameters if parameter.name != SEED.name)

    @property
    def takes_seed(self) -> bool:
        """False where the same input gives another result each time."""
        return any(parameter.name == SEED.name for parameter in self.parameters)


SEED = Parameter("seed", 0, 0, SEED_LIMIT, whole=True, label="Seed")


def _sampling(preset_id: str, label: str, about: str, steps: int) -> Preset:
    """Only the steps differ: guidance is a matter of taste, and 7.5 and 3 are what the models were made for."""
    values = {
        "ss_sampling_steps": steps,
        "slat_sampling_steps": steps,
        "ss_guidance_strength": 7.5,
        "slat_guidance_strength": 3.0,
    }
    return Preset(preset_id, label, about, tuple(values.items()))


TRELLIS_PRESETS = (
    _sampling("DRAFT", "Draft", "12 steps: the fastest, to try out prompt and seed", 12),
    _sampling("STANDARD", "Standard", "25 steps: good enough for most things, in half the time of Fine", 25),
    _sampling("FINE", "Fine", "50 steps: the most detail, and the default of the service", 50),
)
"""12 is what TRELLIS's own authors take, 50 PiAPI's default and the most it accepts."""

TRELLIS_SAMPLERS = (
    Parameter(
        "ss_sampling_steps",
        50,
        1,
        50,
        whole=True,
        label="Shape Steps",
        about="Sparse structure: first the coarse shape is found, a cloud of little cubes with the silhouette and "
        "proportions of the thing. More steps make it more certain of itself and take longer",
        group="shape",
        slider_low=10,
    ),
    Parameter(
        "slat_sampling_steps",
        50,
        1,
        50,
        whole=True,
        label="Detail Steps",
        about="Structured latents: then surface and detail, form as well as colour, are laid over the little cubes. "
        "More steps make them cleaner and take longer",
        group="detail",
        slider_low=10,
    ),
    Parameter(
        "ss_guidance_strength",
        7.5,
        0,
        10,
        whole=False,
        label="Shape Guidance",
        about="How strictly the coarse shape follows the prompt or picture. Lower is freer and often rounder; very "
        "high can look forced and break up",
        group="shape",
    ),
    Parameter(
        "slat_guidance_strength",
        3.0,
        0,
        10,
        whole=False,
        label="Detail Guidance",
        about="How strictly surface and colour follow the prompt or picture. Lower is calmer; very high can make "
        "colours harsh and surfaces rough",
        group="detail",
    ),
)

MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        Model(
            id="Qubico/trellis",
            label="TRELLIS",
            use="For most things. Text or image",
            task_types=(TEXT, IMAGE),
            parameters=(SEED, *TRELLIS_SAMPLERS),
            price_usd=0.04,
            presets=TRELLIS_PRESETS,
        ),
        Model("Qubico/trellis2", "TRELLIS 2", "For metal and gloss. Image only", (IMAGE,), (SEED,), 0.10),
        Model("Qubico/pixal3d", "Pixal3D", "For fine detail, slow. Image only", (IMAGE,), (SEED,), 0.25),
    )
}


class InputUnusable(ValueError):
    """The input breaks a limit that is known here. `str(error)` is a sentence for the artist; nothing was sent."""


def preset_of(model: Model, values: Mapping[str, float]) -> Preset | None:
    """The preset that `values` are, None where they are none of the presets'."""
    return next(
        (preset for preset in model.presets if all(values.get(name) == value for name, value in preset.values)), None
    )


def check_task_type(model: Model, task_type: str) -> None:
    """Raises InputUnusable where `model` does not take text."""
    if task_type not in model.task_types:
        raise InputUnusable(f"{model.label} makes models from images only. Choose an image, or TRELLIS for text.")


def has_words(text: str) -> bool:
    """Whether there is anything to be seen in a text: one of invisible characters is paid for and says nothing."""
    return any(category(letter)[0] in _SEEN and letter not in _BLANK for letter in text)


def check_prompt(prompt: str) -> str:
    """The prompt as it is sent; InputUnusable where nothing can be seen in it, or it is too long."""
    is_empty = not has_words(prompt)
    prompt = " ".join(prompt.split()).encode("utf-8", "replace").decode()
    if is_empty:
        raise InputUnusable("There is no prompt. Describe the model in a few words.")
    if len(prompt) > PROMPT_LIMIT:
        raise InputUnusable(
            f"The prompt has {len(prompt):,} characters; at most {PROMPT_LIMIT:,} are sent. Shorten it: TRELLIS reads "
            "only the first sentences."
        )
    return prompt


def check_parameters(model: Model, values: dict[str, float]) -> dict[str, float]:
    """All parameters of `model`, those missing in `values` at their default.

    Raises InputUnusable for a name that the model does not take and for a number outside its limits.
    """
    taken = {parameter.name: parameter for parameter in model.parameters}
    for name in values:
        if name not in taken:
            raise InputUnusable(f"{model.label} takes no {name}. Leave it out, or choose another model.")
    checked: dict[str, float] = {}
    for name, parameter in taken.items():
        value = values.get(name, parameter.default)
        if not parameter.low <= value <= parameter.high:
            raise InputUnusable(
                f"{name} is {value:,}; {model.label} takes {parameter.low:,} to {parameter.high:,}. Change it."
            )
        checked[name] = int(value) if parameter.whole else float(value)
    return checked
