"""Places that money can go, each registered under `steelyard.levers`; the planner knows none by name.

A lever says what an amount of money returns, with its uncertainty and where the figures are from.
Example: `[lever.name for lever in levers() if lever.offer is not None]`
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from steelyard.plan.company import Arm
from steelyard.plan.facts import PlanFacts
from steelyard.plugins import loaded
from steelyard.reason import Reason
from steelyard.words import spoken

if TYPE_CHECKING:
    from steelyard.plan.offers import Offer
    from steelyard.plan.outlook import Outlook

MEASURED, EXTRAPOLATED, ASSUMED = "measured", "extrapolated", "assumed"
log = logging.getLogger("steelyard.levers")


@dataclass(frozen=True)
class Option:
    """One place for the money. `net` and its interval: value until the next turn, minus the money
    spent now; None where the ledger has no evidence: unknown is not zero.

    `because` and `do` are codes with figures; a lever of a stranger brings its words by
    `steelyard.words.learn`, or says both languages itself with `steelyard.reason.told`. `reopens` is true of one that
    speaks up whatever else is chosen; one that is `aside` is free and decided elsewhere: it speaks up too. Neither
    competes for the money. Any other with a figure is done or not, as a whole.
    """

    name: str
    spend: float
    value: float | None
    net: float | None
    low: float | None
    high: float | None
    evidence: str
    because: Reason
    do: Reason | None = None
    reopens: bool = False
    aside: bool = False
    called: tuple[str, str] | None = None  # in tables and in sentences; as its lever says
    arm: Arm = "market"

    def __post_init__(self) -> None:
        figures = (self.net, self.low, self.high)
        known = [f is not None for f in figures]
        if any(known) and not (
            all(known) and all(math.isfinite(f) for f in figures if f is not None)
        ):
            raise ValueError(
                f"option '{self.name}': expected net, low and high, or none of them, found {figures}"
            )

    def to_json(self) -> dict[str, Any]:
        """What a plan keeps of it; KeyError for a reason that has no words."""
        kept = ("name", "spend", "value", "net", "low", "high", "evidence")
        figures = {name: getattr(self, name) for name in kept}
        named = {} if self.called is None else {"called": list(self.called)}
        return figures | spoken("because", self.because) | spoken("do", self.do) | named


@dataclass(frozen=True)
class Lever:
    """Says what it can do with money: `offer` amounts, steps and looks to the split, or `respond` with options for so
    much money, each of which is done or not. It may have nothing to say.
    `called` are the names of its options in tables, in English and Chinese; a plan keeps them."""

    name: str
    respond: Callable[[PlanFacts, float], Sequence[Option]] | None = None
    called: tuple[str, str] | None = None
    offer: Callable[[Outlook], Offer] | None = None


def levers() -> tuple[Lever, ...]:
    """Every registered lever that can be used, by name."""
    return _registered()[0]


def broken() -> dict[str, str]:
    """Name of a registered lever that cannot be used -> why."""
    return dict(_registered()[1])


@cache
def _registered() -> tuple[tuple[Lever, ...], dict[str, str]]:
    registered, wrong = loaded("levers", _why_none)
    for name, why in wrong.items():
        log.warning("lever.left_out name=%s because=%s", name, why)
    return tuple(registered.values()), wrong


def _why_none(name: str, lever: Any) -> str | None:
    if not isinstance(lever, Lever):
        return f"expected a Lever, found {type(lever).__name__}"
    return None if lever.name == name else f"it calls itself '{lever.name}'"
