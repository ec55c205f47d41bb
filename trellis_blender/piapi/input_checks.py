# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a model takes what is to be sent: its prompt, pictures and parameters. What breaks a limit that is known here
raises InputUnusable, before anything is sent or paid."""

from unicodedata import category

from .models import BEGINNING, PROMPT_LIMIT, VIEWS_LIMIT, InputUnusable, Model

_SEEN = frozenset("LNPS")
"""The first letters of the categories of characters that show something by themselves: letters, numbers, punctuation,
signs. Spaces, what joins and directs others, accents without a letter and halves of characters do not."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are blank: Hangul's fillers, Braille without a dot."""


def check_task_type(model: Model, task_type: str) -> None:
    """Raises InputUnusable where `model` does not take text."""
    if task_type not in model.task_types:
        raise InputUnusable(f"{model.label} makes models from images only. Choose an image, or TRELLIS for text.")


def check_pictures(model: Model, count: int) -> None:
    """Raises InputUnusable where `model` does not make one model from so many pictures."""
    if count > VIEWS_LIMIT:
        raise InputUnusable(f"These are {count:,} pictures; one model is made from {VIEWS_LIMIT} at most. Remove some.")
    if count > model.pictures_max:
        raise InputUnusable(
            f"{model.label} makes a model from one picture; these are {count}. Remove the others, or choose TRELLIS."
        )


def has_words(text: str) -> bool:
    """Whether there is anything to be seen in a text: one of invisible characters is paid for and says nothing. Of a
    long one only the beginning counts: this is asked at each redraw, of whatever a file has in it."""
    return any(category(letter)[0] in _SEEN and letter not in _BLANK for letter in text.strip()[:BEGINNING])


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
