"""The best division of an amount over places, by gradients from several starts, and how well it is solved.

Sequential quadratic programming (Kraft 1988) from a start that gives each part to the place that returns most,
and from plain ones. Knows no profit. Example: `best(Problem(value, upper=np.full(3, 50.0), budget=100.0)).residual`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls

Array = NDArray[np.float64]
Value = Callable[
    [Array], tuple[float, Array]
]  # amounts [d] -> what they are worth, and its gradient [d]
RESIDUAL_MAX = 1e-3  # by which the next unit could return more elsewhere, of what it returns (of 1 where that is less)
PARTS = 24  # of the greedy start
AT_EDGE = 1e-6  # of the budget: so near a bound stands at it
ROUNDS = 200


@dataclass(frozen=True)
class Limit:
    """Something that may not fall below zero, smooth in the amounts."""

    name: str
    value: Value


@dataclass(frozen=True)
class Problem:
    """`value` is to be highest over amounts [d] between `lower` and `upper`, of which at most `budget` in all. Where a lower
    bound is below zero, so much may be taken away and placed elsewhere."""

    value: Value
    upper: Array
    budget: float
    lower: Array = field(default_factory=lambda: np.zeros(0))
    limits: Sequence[Limit] = ()

    def __post_init__(self) -> None:
        low = self.least
        least = min(0.0, float(low.sum()))
        if (
            not np.all(np.isfinite(self.upper))
            or np.any(low > self.upper)
            or not self.budget >= least
        ):
            raise ValueError("expected finite bounds, the lower below the upper, and a budget")
        if float(low.sum()) > self.budget + 1e-9 * abs(self.budget):
            raise ValueError(
                f"expected least amounts within the budget, found {low.sum():g} of {self.budget:g}"
            )

    @property
    def least(self) -> Array:
        return self.lower if len(self.lower) else np.zeros(len(self.upper))

    @property
    def scale(self) -> float:
        """The budget, and all that may be taken away: what amounts are measured by."""
        return self.budget - float(np.minimum(self.least, 0.0).sum())


@dataclass(frozen=True)
class Solved:
    """`spend` [d] and what it is worth; `shadow` is what one more unit of budget would add, `limits` what one
    unit less of each limit would. `residual` is how much more a unit could return elsewhere: above
    RESIDUAL_MAX it is not solved."""

    spend: Array
    value: float
    gradient: Array
    shadow: float
    residual: float
    limits: dict[str, float] = field(default_factory=dict)

    @property
    def solved(self) -> bool:
        return self.residual <= RESIDUAL_MAX


def best(problem: Problem, *, starts: Sequence[Array] = (), quick: bool = False) -> Solved:
    """The best of all starts; of two that are worth the same, the one that is solved better. `quick` takes the
    greedy start alone, as it stands."""
    if len(problem.upper) == 0 or problem.budget <= float(problem.least.sum()):
        return _stands(problem, problem.least)
    if quick:
        return _stands(problem, _greedy(problem, np.maximum(problem.least, 0.0)))
    given = [_within(problem, start) for start in starts]
    own = [_greedy(problem, np.maximum(problem.least, 0.0)), _evenly(problem)]
    if np.any(problem.least < 0):
        # all that may be is taken away first, and put by parts or in one place, whose first units may lose
        own += [_greedy(problem, problem.least), _in_one_place(problem)]
    found = [_climb(problem, start) for start in (*given, *own)]
    held = [one for one in found if one.residual < np.inf] or found  # no limit is broken
    top = max(one.value for one in held)
    near = [one for one in held if one.value >= top - 1e-9 * max(1.0, abs(top))]
    return min(near, key=lambda one: one.residual)


def _climb(problem: Problem, start: Array) -> Solved:
    """From one start, in shares of what can be placed, which are all of one size."""
    unit = problem.scale
    size = max(1e-12, float(np.abs(problem.value(start)[1]).max()) * unit)

    def falls(share: Array) -> tuple[float, Array]:
        value, gradient = problem.value(share * unit)
        return -value / size, -gradient * unit / size

    rows = [
        {
            "type": "ineq",
            "fun": lambda s: problem.budget / unit - s.sum(),
            "jac": lambda s: -np.ones(len(s)),
        },
        *(_row(limit, unit) for limit in problem.limits),
    ]
    result = minimize(
        falls,
        start / unit,
        jac=True,
        method="SLSQP",
        bounds=np.stack([problem.least, problem.upper], axis=1) / unit,
        constraints=rows,
        options={"maxiter": ROUNDS, "ftol": 1e-12},
    )
    return _stands(problem, _within(problem, np.asarray(result.x) * unit))


def _row(limit: Limit, unit: float) -> dict[str, object]:
    return {
        "type": "ineq",
        "fun": lambda share: limit.value(share * unit)[0] / unit,
        "jac": lambda share: limit.value(share * unit)[1],
    }


def _stands(problem: Problem, spend: Array) -> Solved:
    """How well a division is solved: gradients of what binds it, each with a price that is not negative, have to
    make up the gradient of the value (Karush-Kuhn-Tucker)."""
    value, gradient = problem.value(spend)
    edge = AT_EDGE * max(problem.scale, 1e-300)
    room = (
        problem.budget - float(problem.least.sum()) + problem.least
    )  # with the others at their least
    names, columns = [], []
    if float(spend.sum()) >= problem.budget - edge:
        names.append("budget")
        columns.append(np.ones(len(spend)))
    for at in range(len(spend)):
        way = np.zeros(len(spend))
        # a bound that the budget implies has no price of its own
        if spend[at] >= problem.upper[at] - edge and problem.upper[at] < room[at] - edge:
            way[at] = 1.0
            columns.append(way)
            names.append("")
        elif spend[at] <= problem.least[at] + edge:
            way[at] = -1.0
            columns.append(way)
            names.append("")
    broken = False
    for limit in problem.limits:
        left, slope = limit.value(spend)
        broken |= left < -1e-4 * max(1.0, problem.scale)
        if left <= 1e-4 * max(1.0, problem.scale):
            names.append(limit.name)
            columns.append(-slope)
    prices, residual = np.zeros(len(names)), float(np.abs(gradient).max(initial=0.0))
    if columns:
        prices, _ = nnls(np.stack(columns, axis=1), gradient)
        residual = float(np.abs(np.stack(columns, axis=1) @ prices - gradient).max(initial=0.0))
    residual /= max(1.0, float(np.abs(gradient).max(initial=0.0)))
    told = dict(zip(names, prices.tolist(), strict=True))
    shadow = told.pop("budget", 0.0)
    told.pop("", None)
    return Solved(spend, value, gradient, shadow, np.inf if broken else residual, told)


def within(spend: Array, least: Array, most: Array, budget: float) -> Array:
    """The nearest division of the same shape that bounds and budget allow."""
    clipped = np.clip(spend, least, most)
    over = float(clipped.sum()) - budget
    if over <= 0:
        return np.asarray(clipped)
    room = clipped - least
    return np.asarray(clipped - room * min(1.0, over / max(float(room.sum()), 1e-300)))


def _within(problem: Problem, spend: Array) -> Array:
    return within(spend, problem.least, problem.upper, problem.budget)


def _evenly(problem: Problem) -> Array:
    return _within(problem, np.full(len(problem.upper), problem.scale / len(problem.upper)))


def _in_one_place(problem: Problem) -> Array:
    """The best of those that put as much as they can in one place."""
    room = problem.budget - float(problem.least.sum())
    each = np.eye(len(problem.upper)) * np.minimum(room, problem.upper - problem.least)
    return max(problem.least + each, key=lambda spend: problem.value(spend)[0])


def _greedy(problem: Problem, start: Array) -> Array:
    """Each part of what the start leaves of the budget to the place whose next unit returns most, while one returns
    anything."""
    spend = _within(problem, start)
    part = max(0.0, problem.budget - float(spend.sum())) / PARTS
    for _ in range(PARTS):
        gradient = np.where(spend + part <= problem.upper + 1e-12, problem.value(spend)[1], -np.inf)
        at = int(np.argmax(gradient))
        if not gradient[at] > 0:
            break
        spend[at] += part
    return spend
