# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch may spend. What is submitted counts with its price before it is sent, so that it is never passed."""

from dataclasses import dataclass

from ..generation.record.costs import dollars
from .plan import OptionUnusable, Plan, price_of

CENT_USD = 1e-6
"""By less than this, sums of prices are off."""


@dataclass
class Budget:
    """`limit_usd` for the whole batch, None for as much as its rows cost; `share` is this machine's part of it.

    The parts of all machines are the limit, so that none has to know what the others are spending just now.
    `elsewhere_usd` is what the others had spent when this one began, should they have spent more than theirs.
    """

    limit_usd: float | None
    share: float = 1.0
    elsewhere_usd: float = 0.0

    def allows(self, spent_usd: float, price_usd: float) -> bool:
        """Whether so much more may be spent by this machine."""
        if self.limit_usd is None or price_usd <= 0:
            return True
        wanted = spent_usd + price_usd
        within_share = wanted <= self.limit_usd * self.share + CENT_USD
        return within_share and wanted + self.elsewhere_usd <= self.limit_usd + CENT_USD

    def told(self) -> str:
        """The sentence for when it is reached."""
        part = "" if self.share >= 1 else f", of which this machine has {dollars((self.limit_usd or 0) * self.share)}"
        return f"The budget of {dollars(self.limit_usd or 0)}{part} is not enough for the rest. Nothing more is sent."


def budget_for(plan: Plan, limit_usd: float | None, elsewhere_usd: float = 0.0) -> Budget:
    """The budget of this machine: what its rows cost, as a part of what all cost. Raises OptionUnusable."""
    if limit_usd is not None and not 0 <= limit_usd < float("inf"):
        raise OptionUnusable(f"--budget is {limit_usd}. It has to be an amount of US dollars, as 20 or 0.50.")
    whole = plan.price_usd
    share = price_of(plan.own) / whole if whole and plan.shard.count > 1 else 1.0
    return Budget(limit_usd, share, elsewhere_usd)
