"""The best split of a budget over channels whose response is known. Knows no fit and no ledger.

Exact on a grid for curves of any shape, S-shaped ones too, by dynamic programming (Bellman 1957):
the best response of k channels at a budget is the best of k - 1 channels at what is left.
Example: `best_split({"tv": tv, "mail": mail}, budget=100.0).spend`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import UserError

Array = NDArray[np.float64]
Response = Callable[[Array], Array]  # spend a period [S] -> response a period [S]
STEPS = 800


@dataclass(frozen=True)
class Split:
    """`spend` of each channel, the `response` of all, and `marginal`: what one more unit of the whole
    budget would bring."""

    spend: dict[str, float]
    response: float
    marginal: float


def best_split(
    curves: Mapping[str, Response],
    *,
    budget: float,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    steps: int = STEPS,
) -> Split:
    """At most `budget` a period over the channels, in steps of `budget / steps`; `bounds` hold a
    channel between two spends. UserError where the least spends are above the budget."""
    if not (budget > 0 and np.isfinite(budget)) or not curves:
        raise UserError("split", "a budget above 0 and a channel", f"{budget:g}, {len(curves)}")
    grid = np.linspace(0.0, budget, steps + 1)
    best, chosen = np.zeros(steps + 1), []
    for name, curve in curves.items():
        low, high = (bounds or {}).get(name, (0.0, budget))
        value = np.asarray(curve(grid), dtype=np.float64)
        slack = budget / steps * 1e-9
        value = np.where((grid >= low - slack) & (grid <= high + slack), value, -np.inf)
        best, taken = _with(best, value)
        chosen.append(taken)
    if not np.isfinite(best[-1]):
        raise UserError(
            "split.bounds",
            f"least spends that fit a budget of {budget:g}, and a step of it in each range",
            str(dict(bounds or {})),
        )
    spend, at = {}, steps
    for name, taken in zip(reversed(list(curves)), reversed(chosen), strict=True):
        spend[name] = float(grid[taken[at]])
        at -= int(taken[at])
    return Split(
        {name: spend[name] for name in curves},
        float(best[-1]),
        float((best[-1] - best[-2]) / (grid[-1] - grid[-2])),
    )


def _with(best: Array, value: Array) -> tuple[Array, NDArray[np.int64]]:
    """The best [S] when one more channel takes a part, and how many steps it takes [S].

    Money may be left over, so what is best never falls with the budget."""
    together, taken = np.empty_like(best), np.empty(len(best), dtype=np.int64)
    for at in range(len(best)):
        sums = value[: at + 1] + best[at::-1]
        taken[at] = int(np.argmax(sums))
        together[at] = sums[taken[at]]
    return together, taken
