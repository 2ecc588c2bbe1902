"""What is believed of a company, and the profit that amounts of money make of it. Knows no ledger and no lever.

A period is a part of the horizon. Visits become customers who are worth their margin, requests are answered at a
quality that is worth money and at a cost; money in places moves those, together: better answers convert the
visits that a channel brings. Example: `Profits.of(company, places, [300.0]).profit.mean()`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
Driver = Literal["quality", "visits", "conversion", "worth", "serving", "price", "money"]
DRIVERS: tuple[Driver, ...] = get_args(Driver)
Arm = Literal["technology", "market"]
Gain = Callable[
    [float], tuple[Array, Array]
]  # money -> what it moves [M], and by how much a unit more [M]
POINTS = 100.0  # of quality from 0 to 1, as elasticities count it


@dataclass(frozen=True)
class Company:
    """Draws [M] of what nobody is sure of; what comes by itself each period [T]."""

    visits: Array  # [T]
    conversion: Array  # [M] share of visits that become customers
    worth: Array  # [M] margin of a new customer, serving not taken off
    requests: Array  # [T] of those who are customers already
    requests_a_visit: float
    answer: float  # money between the worst answer and the best
    cost: Array  # [M] money a request
    quality: Array  # [M] of today
    quality_to_conversion: Array  # [M] in log odds, a point
    quality_to_worth: Array  # [M] in logarithms, a point
    price_to_conversion: Array  # [M] in log odds, a logarithm of price
    margin_share: float = 1.0  # of what a customer pays, before a price is changed
    cash: float = np.inf
    fixed: float = 0.0  # money a period that goes out whatever is done
    arrives: Array = field(
        default_factory=lambda: np.ones(1)
    )  # share of a worth by the end of each period after
    discount: float = 1.0  # of a period
    gained: float | Array = (
        0.0  # [M] quality of today above that at which conversion and worth were measured
    )

    @property
    def periods(self) -> int:
        return len(self.visits)

    @cached_property
    def discounts(self) -> Array:
        return np.asarray(self.discount ** np.arange(self.periods, dtype=np.float64))

    @cached_property
    def worths(self) -> Array:
        """[T]: what a unit of worth that is won in a period is worth today, of which counts what comes within the horizon."""
        came = np.diff(self.arrived, axis=0, prepend=0.0)  # [when it came, when it was won]
        return np.asarray(self.discounts @ came)

    @cached_property
    def arrived(self) -> Array:
        """[T, T]: the share of what was won in a period (column) that came by the end of another (row)."""
        late = np.pad(self.arrives, (0, max(0, self.periods - len(self.arrives))), mode="edge")
        age = np.arange(self.periods)[:, None] - np.arange(self.periods)[None, :]
        return np.where(age >= 0, late[np.maximum(age, 0)], 0.0)


@dataclass(frozen=True)
class Move:
    """What money moves, and in which periods: `ramp` [T] is 0 before it works and 1 at its height."""

    driver: Driver
    gain: Gain
    ramp: Array


@dataclass(frozen=True)
class Place:
    """Somewhere an amount of money can go, up to `most`; it is paid in the shares `paid` [T]. Where `least` is below
    zero, so much of what is spent there today may be taken away."""

    name: str
    arm: Arm
    moves: Sequence[Move]
    paid: Array
    most: float = np.inf
    least: float = 0.0


@dataclass(frozen=True)
class Step:
    """Something that is done or not: what it moves, and what it costs once."""

    name: str
    arm: Arm
    moves: Sequence[Move] = ()
    cost: float = 0.0


@dataclass(frozen=True)
class Profits:
    """Draws of the profit [M] at an amount in each place, and by how much a unit more changes it [M, d]."""

    profit: Array
    slopes: Array
    cash: Array  # [M] the least that there is at the end of a period
    cash_slopes: Array  # [M, d]

    @classmethod
    def of(
        cls,
        company: Company,
        places: Sequence[Place],
        amounts: Sequence[float] | Array,
        steps: Sequence[Step] = (),
        *,
        with_cash: bool = False,
    ) -> Profits:
        moved = [
            (move, *move.gain(float(x)), at)
            for at, (place, x) in enumerate(zip(places, amounts, strict=True))
            for move in place.moves
        ]
        fixed = [(move, *move.gain(step.cost), -1) for step in steps for move in step.moves]
        state = _State.of(company, [(m, gain) for m, gain, _, _ in (*moved, *fixed)])
        once = sum(step.cost for step in steps)
        paid = np.array([place.paid for place in places]).reshape(len(places), company.periods)
        out = np.asarray(amounts, dtype=np.float64) @ paid
        profit = state.margin @ company.worths + (state.answers - state.serving) @ company.discounts
        profit -= float(out @ company.discounts) + once
        slopes = np.zeros((len(profit), len(places)))
        slopes -= paid @ company.discounts
        for move, _, slope, at in moved:
            slopes[:, at] += slope * (state.won(move.driver) @ (move.ramp * company.worths))
            slopes[:, at] += slope * (state.at_once(move.driver) @ (move.ramp * company.discounts))
        if not with_cash:
            return cls(profit, slopes, np.full(len(profit), np.inf), np.zeros_like(slopes))
        came = state.margin @ company.arrived.T - np.cumsum(state.serving, axis=1)
        spent = np.cumsum(out + company.fixed) + once
        over = company.cash + came - spent
        at_worst = over.argmin(axis=1)
        cash_slopes = -np.cumsum(paid, axis=1).T[at_worst]
        upto = np.tri(company.periods)[at_worst]
        for move, _, slope, at in moved:
            won = state.won(move.driver) * company.arrived[at_worst]
            gone = state.gone(move.driver) * upto
            cash_slopes[:, at] += slope * ((won - gone) @ move.ramp)
        return cls(profit, slopes, over.min(axis=1), cash_slopes)


@dataclass(frozen=True)
class _State:
    """Money of each draw and period [M, T], and by how much a unit of what drives it changes it."""

    margin: Array
    serving: Array
    answers: Array
    margin_by: Mapping[Driver, Array]
    serving_by: Mapping[Driver, Array]
    answers_by: Mapping[Driver, Array]

    def at_once(self, driver: Driver) -> Array:
        """Of what counts in its own period."""
        return self._of(self.answers_by, driver) - self.gone(driver)

    def won(self, driver: Driver) -> Array:
        return self._of(self.margin_by, driver)

    def gone(self, driver: Driver) -> Array:
        return self._of(self.serving_by, driver)

    def _of(self, slopes: Mapping[Driver, Array], driver: Driver) -> Array:
        found = slopes.get(driver)
        return np.zeros_like(self.margin) if found is None else found

    @classmethod
    def of(cls, c: Company, moved: Sequence[tuple[Move, Array]]) -> _State:
        sums = _summed(moved, c.periods)
        room = (1 - c.quality)[:, None]
        free = sums["quality"] < room  # no answer is better than right
        better = np.minimum(sums["quality"], room) + np.reshape(c.gained, (-1, 1))
        visits = c.visits + sums["visits"]
        to_odds = POINTS * c.quality_to_conversion[:, None]
        to_worth = POINTS * c.quality_to_worth[:, None]
        to_price = c.price_to_conversion[:, None]
        odds = logit(c.conversion)[:, None] + to_odds * better + sums["conversion"]
        share = expit(odds + to_price * sums["price"])
        price = np.exp(sums["price"])
        lasting = c.worth[:, None] * np.exp(to_worth * better + sums["worth"])
        each = lasting * (price - (1 - c.margin_share)) / c.margin_share
        of_customers = visits * share * each
        bent = of_customers * (1 - share)  # money by a unit of log odds
        requests = c.requests + c.requests_a_visit * visits
        a_request = c.cost[:, None] * np.exp(sums["serving"])
        serving, answers = requests * a_request - sums["money"], requests * c.answer * better
        paid = visits * share * lasting * price / c.margin_share  # what customers pay for it
        margin_by = {
            "quality": free * (bent * to_odds + of_customers * to_worth),
            "visits": share * each,
            "conversion": bent,
            "worth": of_customers,
            "price": bent * to_price + paid,
        }
        serving_by = {
            "visits": c.requests_a_visit * a_request,
            "serving": requests * a_request,
            "money": -np.ones_like(of_customers),
        }
        answers_by = {
            "quality": free * requests * c.answer,
            "visits": c.requests_a_visit * c.answer * better,
        }
        return cls(of_customers, serving, answers, margin_by, serving_by, answers_by)  # type: ignore[arg-type]


def _summed(moved: Sequence[tuple[Move, Array]], periods: int) -> dict[Driver, Array]:
    """What moves each driver in all, [M, T] or [1, T] where nothing does."""
    sums: dict[Driver, Array] = {driver: np.zeros((1, periods)) for driver in DRIVERS}
    for move, gain in moved:
        sums[move.driver] = sums[move.driver] + gain[:, None] * move.ramp
    return sums
