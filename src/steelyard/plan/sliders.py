"""What each place brings alone at amounts of money, in draws of what that is made of, for a page that adds them up. Knows no page.

A page scales the parts and sums places as if apart: `own` and `added` say how far that is from the plan's own figure.
Example: `sliders(weighed)["places"][0]["customers"]`
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Place, Profits, Step
from steelyard.plan.offers import Offered
from steelyard.plan.outlook import middle
from steelyard.plan.weigh import Weighed

Array = NDArray[np.float64]
KINDS = (
    "customers",
    "declared",
    "serving",
)  # customers' money, worth of answers, what else it costs
SIZES = ((9, 64), (7, 64), (5, 64), (5, 32), (4, 16))  # amounts and draws, the first that fits
BYTES_MAX = 60_000
TIMES = 4  # the unit of money: as far as a slider goes, where the place takes so much


def sliders(weighed: Weighed) -> dict[str, Any]:
    """As JSON of at most 60 KB, or of the least size where there are very many places."""
    made: dict[str, Any] = {}
    for amounts, draws in SIZES:
        made = _Parts(weighed, amounts, draws).told()
        if len(json.dumps(made)) <= BYTES_MAX:
            break
    return made


@dataclass(frozen=True)
class _Parts:
    """So many amounts of each place, in so many draws that lie evenly among those of the plan's own gain."""

    weighed: Weighed
    amounts: int
    draws: int

    def told(self) -> dict[str, Any]:
        one = self.weighed
        places = [self._place(offered, float(x)) for offered, x in self._open()]
        made = {
            "budget": one.question.budget,
            "steps": sum(step.cost for step in self._steps),
            "base": _rounded(self._drawn(self._before, self._nothing)),
            "places": places,
            "own": _told(one.gain),
        }
        return made | {"added": _told(added(made))}

    def _open(self) -> list[tuple[Offered, float]]:
        found = zip(self.weighed.places, self.weighed.amounts, strict=True)
        return [
            (offered, x)
            for offered, x in found
            if self._top(offered.place) > 0 or offered.place.least < 0
        ]

    def _top(self, place: Place) -> float:
        most = TIMES * max(self.weighed.question.budget, self.weighed.outlook.facts.unit)
        return min(place.most, most)

    @property
    def _steps(self) -> tuple[Step, ...]:
        """What is done whatever a slider says: not what comes with a place's first money."""
        firsts = {one.once.name for one in self.weighed.places if one.once is not None}
        return tuple(step for step in self.weighed.split.steps if step.name not in firsts)

    @cached_property
    def _nothing(self) -> dict[str, Array]:
        return self._profits((), [], ())

    @cached_property
    def _before(self) -> dict[str, Array]:
        return self._profits((), [], self._steps)

    @cached_property
    def _dust(self) -> float:
        largest = max(float(np.abs(drawn).max()) for drawn in self._nothing.values())
        return 1e-12 * max(largest, self.weighed.question.budget)

    def _place(self, one: Offered, spend: float) -> dict[str, Any]:
        grid = self._grid(one.place.least, self._top(one.place), spend)
        once = () if one.once is None else (one.once,)
        paid = float(one.place.paid @ self.weighed.outlook.company.discounts)
        first = sum(step.cost for step in once)
        drawn = [
            self._drawn(
                self._profits([one.place], [x], (*self._steps, *(once if x >= 0 else ()))),
                self._before,
                returned=paid * x + (first if x >= 0 else 0.0),
            )
            for x in grid
        ]
        return {
            "name": one.place.name,
            "spend": spend,
            "amounts": [_digits(x) for x in grid],
            "paid": paid,
            "once": first,
            **{k: [_rounded(d)[k] for d in drawn] for k in KINDS if any(d[k].any() for d in drawn)},
        }

    def _grid(self, least: float, top: float, spend: float) -> list[float]:
        """From the least to the most, closer where the first money works; the plan's amount is one of them, and nothing."""
        grid = top * (np.arange(self.amounts) / (self.amounts - 1)) ** 2
        if spend > 0:
            grid[1 + np.abs(grid[1:] - spend).argmin()] = spend
        below = [least, least / 2] if least < 0 else []
        taken = [spend] if spend < 0 else []
        return sorted({*below, *taken, *grid.tolist()} if least < 0 else grid.tolist())

    def _profits(
        self, places: Sequence[Place], amounts: Sequence[float], steps: Sequence[Step]
    ) -> dict[str, Array]:
        """The parts of a profit: what is lost where answers are worth nothing, then where customers are."""
        company = self.weighed.outlook.company
        unpaid = replace(company, answer=0.0)
        free = replace(unpaid, worth=np.zeros_like(company.worth))
        whole, cash, rest = (
            Profits.of(believed, places, amounts, steps).profit
            for believed in (company, unpaid, free)
        )
        return {"customers": cash - rest, "declared": whole - cash, "serving": rest}

    def _drawn(
        self, after: dict[str, Array], before: dict[str, Array], *, returned: float = 0.0
    ) -> dict[str, Array]:
        """What differs, in the draws that are kept, without the price of it; dust of the subtraction is nothing."""
        made = {kind: (after[kind] - before[kind])[self._chosen] for kind in KINDS}
        made["serving"] = made["serving"] + returned
        return {kind: np.where(np.abs(d) < self._dust, 0.0, d) for kind, d in made.items()}

    @cached_property
    def _chosen(self) -> NDArray[np.intp]:
        """One of each part of the draws in the order of the plan's gain: the one that keeps the mean of every place
        nearest to that of all draws."""
        gain, slopes = self.weighed.gain, self.weighed.next
        ordered = gain if gain.std() > 0 else slopes.sum(axis=1)
        each = np.column_stack([gain, slopes])
        each = (each - each.mean(axis=0)) / np.maximum(each.std(axis=0), 1e-300)
        off, chosen = np.zeros(each.shape[1]), []
        for part in np.array_split(np.argsort(ordered, kind="stable"), min(self.draws, len(each))):
            best = part[(((off + each[part]) ** 2).sum(axis=1)).argmin()]
            off = off + each[best]
            chosen.append(best)
        return np.array(chosen)


def added(made: dict[str, Any]) -> Array:
    """[draws] of profit above doing nothing at the plan's amounts, summed as a page does."""
    total = sum(np.array(made["base"][kind], dtype=np.float64) for kind in KINDS)
    for place in made["places"]:
        x = place["spend"]
        if x:
            total = total - place["paid"] * x - (place["once"] if x > 0 else 0.0)
            for kind in KINDS:
                if kind in place:
                    rows = np.array(place[kind], dtype=np.float64)
                    total = total + np.array([np.interp(x, place["amounts"], r) for r in rows.T])
    return np.asarray(total)


def _told(drawn: Array) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), middle(drawn), strict=True))


def _rounded(parts: dict[str, Array]) -> dict[str, list[float]]:
    return {kind: [_digits(v) for v in drawn] for kind, drawn in parts.items()}


def _digits(value: float) -> float:
    """Four of them; whole where it is."""
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) else short
