# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation cost, in a sentence. A sentence about a failure is not complete without one."""

from typing import TYPE_CHECKING

from ...piapi.models import PRICE_KNOWN_LATER, Model
from ..providers import at_beginning, provider_of

if TYPE_CHECKING:
    from .generation import Generation

PAUSED = "Paused. It has not been sent and has cost nothing."
NOTHING_SENT = "Nothing was sent and nothing charged."
NOTHING_CHARGED = "Nothing was charged."
COSTS_NOTHING = "It costs nothing."


KNOWN_LATER = "price known later"


MOST_USD = 1e6
HALF_A_HUNDREDTH_CENT_USD = 0.00005


def dollars(amount: float) -> str:
    """ "$0.04"; fractions of a cent only where there are some, and words for what is no amount."""
    if not -MOST_USD <= amount <= MOST_USD:
        return "an unknown amount"
    is_whole_cents = abs(amount * 100 - round(amount * 100)) < 1e-6
    return f"${amount:.2f}" if is_whole_cents else f"${amount:.4f}".removesuffix("0")


def price(amount_usd: float) -> str:
    """What a button says: "$0.04", "free", "price known later"."""
    if amount_usd == PRICE_KNOWN_LATER:
        return KNOWN_LATER
    return dollars(amount_usd) if amount_usd else "free"


def button_text(count: int, model: Model) -> str:
    """What the button says: "Generate 4 · $0.16", "Generate Offline · free"."""
    where = ["Offline"] if provider_of(model.id).is_local else []
    words = ["Generate", *([str(count)] if count > 1 else []), *where]
    return f"{' '.join(words)} · {price(count * model.price_usd)}"


def asks_first(total_usd: float, limit_usd: float) -> bool:
    """True where a press must be confirmed. Blender's own numbers are off by a millionth; a limit that is no number,
    which a script may have set, is none.
    """
    return not total_usd - limit_usd < HALF_A_HUNDREDTH_CENT_USD


def charged(generation: "Generation") -> str:
    """What the service says it charged, else what it may have charged."""
    provider, amount_usd = provider_of(generation.request.model), generation.charged_usd
    name, price_usd = at_beginning(provider.name), generation.request.price_usd
    if provider.is_free:
        return COSTS_NOTHING
    if amount_usd is None and price_usd == PRICE_KNOWN_LATER:
        return f"{name} has not said what it charged."
    if amount_usd is None:
        return f"{name} may have charged {dollars(price_usd)} or less."
    if amount_usd == 0:
        return NOTHING_CHARGED
    return f"{name} charged {dollars(amount_usd)}."


def paid(generation: "Generation") -> str:
    """For a model that is made, or being made, and still has to get here."""
    provider, price_usd = provider_of(generation.request.model), generation.charged_usd or generation.request.price_usd
    if not provider.keeps_tasks:
        return f"{COSTS_NOTHING} Resume makes it again."
    if provider.is_free:
        return f"{COSTS_NOTHING} Resume takes it up again."
    if price_usd == PRICE_KNOWN_LATER:
        return "It is paid for and is not lost: Resume takes it up again at no cost."
    return f"The generation is paid for ({dollars(price_usd)}) and is not lost: Resume takes it up again at no cost."


def unknown(generation: "Generation") -> str:
    """For a submission whose answer never came."""
    provider, price_usd = provider_of(generation.request.model), generation.request.price_usd
    if provider.is_free:
        return COSTS_NOTHING
    what = "for it" if price_usd == PRICE_KNOWN_LATER else dollars(price_usd)
    return (
        f"Whether {provider.name} accepted the task, and charged {what}, is unknown. Look at your tasks on "
        f"{provider.site} before you submit it again."
    )
