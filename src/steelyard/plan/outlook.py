"""What is believed of a product before money is placed: draws of its company, and what levers ask of it. Knows no lever.

The same name always gives the same draws, so that whoever asks for `worth` sees the same worlds.
Example: `Outlook.of(facts).company.worth.mean()`
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaincinv, logit, ndtr, ndtri

from steelyard.plan.company import Company
from steelyard.plan.facts import PlanFacts
from steelyard.plan.market import Figure, Market

Array = NDArray[np.float64]
DRAWS = 512
MONTH = 365.25 / 12  # days
HALF_90 = NormalDist().inv_cdf(0.95)  # deviations in half of an interval of 90 %
HALF_95 = NormalDist().inv_cdf(0.975)
COST_SPREAD = 0.1  # of the logarithm of what a request costs, from one month to another
TAIL = 0.1  # on either side of an interval
SERVED_MIN = 50  # requests before served figures are believed
# Without visits in the books a customer is taken for one visit in so many: a channel's effect is in customers then,
# and the share only says how far quality may raise it.
VISITS_A_CUSTOMER = 50


@dataclass(frozen=True)
class Outlook:
    """The facts, and for how many months what is done now counts."""

    facts: PlanFacts
    company: Company

    @classmethod
    def of(cls, facts: PlanFacts) -> Outlook:
        """Draws of everything that the facts leave open."""
        return cls(facts, _company(facts))

    @property
    def months(self) -> int:
        return self.company.periods

    @cached_property
    def turn(self) -> float:
        """Months until the next turn."""
        return self.facts.days / MONTH

    def ramp(self, after_days: float = 0.0, *, fades: bool = False) -> Array:
        """[T] the share of each month in which something works that begins after so many days; of what fades, times how much
        of it is left on average then."""
        begins, half = after_days / MONTH, self.facts.fading
        ends = np.arange(self.months) + 1 - begins  # months of work until the end of each
        works: Array = np.clip(ends, 0.0, 1.0)
        if half is None or not fades:
            return works
        rate = math.log(2) / half
        return np.asarray(
            np.exp(-rate * (np.maximum(ends, 0) - works)) * -np.expm1(-rate * works) / rate
        )


def normal(name: str, n: int = DRAWS) -> Array:
    """[n] normal draws of a name, in pairs that are alike: one in each of n / 2 parts of the same weight, in an order of
    its own."""
    return np.repeat(_even(name, n // 2), 2)


def opposed(name: str, n: int = DRAWS) -> Array:
    """[n] normal draws whose pairs are each other's opposite. Whatever they are multiplied by is the same in a pair, so that
    a belief about zero brings nothing by the luck of the draws."""
    z = _even(name, n // 2)
    return np.stack([z, -z], axis=1).ravel()


def _even(name: str, n: int) -> Array:
    rng = _of(name)
    return np.asarray(ndtri((rng.permutation(n) + rng.random(n)) / n), dtype=np.float64)


def _of(name: str) -> np.random.Generator:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(seed)


def resampled(draws: Array, name: str, n: int = DRAWS) -> Array:
    """[n, ...] of draws of another number, in pairs that are alike and an order of their own."""
    rng, half = _of(name), n // 2
    times = math.ceil(half / len(draws))
    at = np.concatenate([rng.permutation(len(draws)) for _ in range(times)])[:half]
    return np.repeat(draws[at], 2, axis=0)


def amount(figure: Figure, name: str) -> Array:
    """[n] of a number whose mean is its value: a gamma where its interval is above zero, else normal."""
    value, low, high = figure.value, figure.low, figure.high
    ends = value if low is None else low, value if high is None else high
    spread = max(0.0, ends[1] - ends[0]) / (2 * HALF_90)
    if not (value > 0 and ends[0] > 0 and spread > 0):
        return plain(value, *ends, name, half=HALF_90)
    shape = (value / spread) ** 2
    return np.asarray(value / shape * gammaincinv(shape, ndtr(normal(name))))


def one_of(figure: Figure, name: str) -> Array:
    """[n] of how many come for a unit, of what one costs."""
    ends = [None if end is None or end <= 0 else 1 / end for end in (figure.high, figure.low)]
    inverse = replace(figure, value=1 / figure.value, low=ends[0] or 1e-9, high=ends[1])
    return amount(inverse, name)


def middle(drawn: Array) -> tuple[float, float, float]:
    """Mean of draws [M], and the ends of an interval of 80 %: as everything of a plan is told."""
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    return float(drawn.mean()), float(low), float(high)


def share(figure: Figure, name: str) -> Array:
    """[n] of a number from 0 to 1, normal in its log odds."""
    value = min(max(figure.value, 1e-6), 1 - 1e-6)
    low = min(max(figure.low or value, 1e-7), 1 - 1e-7)
    high = min(max(figure.high or value, 1e-7), 1 - 1e-7)
    spread = float(logit(high) - logit(low)) / (2 * HALF_90)
    return np.asarray(expit(logit(value) + max(0.0, spread) * normal(name)))


def plain(value: float, low: float, high: float, name: str, *, half: float = HALF_95) -> Array:
    """[n] of a number that is normal as it stands, of an interval of 95 %."""
    return np.asarray(value + max(0.0, high - low) / (2 * half) * normal(name))


def _company(facts: PlanFacts) -> Company:
    months, market = facts.horizon, facts.market
    live = facts.live
    quality = np.clip(plain(live.worth, live.low, live.high, "quality"), 1e-6, 1 - 1e-6)
    cost = live.cost_per_1000
    if live.served is not None and live.served.n >= SERVED_MIN:
        cost = live.served.cost_per_1000
    a_request = max(cost, 1e-12) / 1000 * np.exp(COST_SPREAD * normal("cost"))
    visits, conversion, worth = _demand(market)
    return Company(
        visits=np.full(months, visits * MONTH),
        conversion=conversion,
        worth=worth,
        requests=np.full(months, facts.requests / facts.days * MONTH),
        requests_a_visit=0.0,  # what customers ask is in what they leave
        answer=facts.answer,
        cost=a_request,
        quality=quality,
        quality_to_conversion=_slope(market, "conversion", "quality"),
        quality_to_worth=_slope(market, "retention", "quality"),
        price_to_conversion=100 * _slope(market, "conversion", "price"),
        margin_share=_margin(market),
        cash=np.inf if facts.cash is None else facts.cash,
        fixed=0.0 if market is None else MONTH * sum(one.spend for one in market.channels),
        arrives=np.array(market.arrives) if market is not None and market.arrives else np.ones(1),
        discount=(1 + facts.discount) ** (-1 / 12),
    )


def _demand(market: Market | None) -> tuple[float, Array, Array]:
    """Visits a day, the share of them that become customers, and what a new customer is worth."""
    one = np.full(DRAWS, 1 / VISITS_A_CUSTOMER)
    if market is None or market.worth is None:
        return 0.0, one, np.ones(DRAWS)
    worth = amount(market.worth, "worth")
    if market.visits is None or market.conversion is None:
        won = 0.0 if market.customers is None else market.customers.value
        return won * VISITS_A_CUSTOMER, one, worth
    return market.visits.value, share(market.conversion, "conversion"), worth


def _slope(market: Market | None, outcome: str, cause: str) -> Array:
    """[n] the logarithm by which an outcome changes for one unit of a cause."""
    figure = (market.elasticity if market is not None else {}).get(outcome, {}).get(cause)
    if figure is None:
        return np.zeros(DRAWS)
    ends = (
        figure.value if figure.low is None else figure.low,
        figure.value if figure.high is None else figure.high,
    )
    value, low, high = (math.log1p(max(-0.99, v)) for v in (figure.value, *ends))
    return np.asarray(value + (high - low) / (2 * HALF_90) * opposed(f"{cause} to {outcome}"))


def _margin(market: Market | None) -> float:
    """Of what a customer pays, what is left: how far a price moves it."""
    if market is None or market.margin_share is None:
        return 1.0
    return min(1.0, max(0.01, market.margin_share.value))
