# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's models: what they take, in what limits, and what they cost. One that makes 3D models is added here, with
parameters and presets of its own: panel, operator and request are made of what stands here, and `input_checks` holds
input to it.

Sources: PiAPI's model pages for inputs and prices. The documented range of the sampling steps is 10–50; the page's own
sample sends 7, so fewer are let through. For what makes pictures they name no price, so that is read from each task's
`usage` when it is done.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

TEXT = "text-to-3d"
IMAGE = "image-to-3d"

PROMPT_LIMIT = 1000
"""Characters. PiAPI names no limit."""
BEGINNING = 10 * PROMPT_LIMIT
"""Characters of a text that need to be looked at to know what prompt it is: of more, it is none that can be sent."""
PROMPT_USED = 350
"""Characters, roughly: TRELLIS reads text through CLIP, which stops at 77 tokens."""

IMAGE_SIDE_LIMIT_PX = 1024
"""The server refuses a larger image."""

VIEWS_LIMIT = 6
"""Pictures of one thing that go into one task: one from each side. PiAPI names no limit."""

SEED_LIMIT = 2**31 - 1


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

    def taken(self, value: object) -> float | None:
        """A number from elsewhere as it can be sent; None for one outside the limits, and for what is no number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        # NaN is not between them either.
        if not self.low <= value <= self.high:
            return None
        return int(value) if self.whole else float(value)


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
    pictures_max: int = 1
    """Of one thing, that it makes one model from."""

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
            pictures_max=VIEWS_LIMIT,
        ),
        Model("Qubico/trellis2", "TRELLIS 2", "For metal and gloss. Image only", (IMAGE,), (SEED,), 0.10),
        Model("Qubico/pixal3d", "Pixal3D", "For fine detail, slow. Image only", (IMAGE,), (SEED,), 0.25),
    )
}

GIVES_EXTRAS = frozenset({"Qubico/trellis"})
"""The models beside whose result there is a film of it turning, and the picture without its background."""

# What makes pictures: from words, and the toolkit that removes a background.

CONCEPTS = "txt2img"
BACKGROUND = "background-remove"
UPSCALE = "upscale"
SEGMENT = "segment"
FROM_PICTURES = frozenset({BACKGROUND, UPSCALE, SEGMENT})
PICTURE_TASKS = FROM_PICTURES | {CONCEPTS}
"""PiAPI's task types whose results are pictures."""

PRICE_KNOWN_LATER = math.inf
"""In place of a price, US dollars: it is no number that anybody knows, and surely not free."""

CONCEPTS_AT_ONCE = 4
"""The most that one task makes."""
CONCEPT_SIDE_PX = 1024
"""Squared, the most pixels that a picture may have."""


class ConceptModel(NamedTuple):
    """What draws concept images; `price_usd` is that of a picture of this size."""

    id: str
    label: str
    use: str
    price_usd: float


FLUX = "Qubico/flux1-schnell"
CONCEPT_MODELS = {
    model.id: model
    for model in (
        ConceptModel(FLUX, "Flux", "PiAPI tells the price when the pictures are done", PRICE_KNOWN_LATER),
        ConceptModel("Qubico/z-image", "Z-Image", "The price is known before", 0.004),
    )
}
TOOLKIT = "Qubico/image-toolkit"
PICTURE_LABELS = {**{model.id: model.label for model in CONCEPT_MODELS.values()}, TOOLKIT: "Picture tools"}
BACKGROUND_PRICE_USD = 0.001
UPSCALE_USD_PER_MEGAPIXEL = 0.001
"""Of what comes out."""
SEGMENT_USD_PER_MEGAPIXEL = 0.01
"""Of what is sent; a picture of less than a million pixels counts as one."""

CONCEPT_WORDING = (
    "a single object, shown whole and centred, seen from a three-quarter view slightly above, plain white background, "
    "soft even light, no shadow on the ground, no text"
)
"""What a picture has to be like for a model to come of it. The artist sees it and may change it."""


class InputUnusable(ValueError):
    """The input breaks a limit that is known here. `str(error)` is a sentence for the artist; nothing was sent."""


def preset_of(model: Model, values: Mapping[str, float]) -> Preset | None:
    """The preset that `values` are, None where they are none of the presets'."""
    return next(
        (preset for preset in model.presets if all(values.get(name) == value for name, value in preset.values)), None
    )
