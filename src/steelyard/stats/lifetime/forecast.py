"""What customers will buy and spend from now on, together and each, with intervals. Knows no channel.

An interval holds both what is not known of the parameters (drawn around their maximum) and what no
model knows of a customer: each draw lives every customer's future once, exactly as BG/NBD and
gamma-gamma say. Example: `forecast(fit_bg_nbd(summary), summary, weeks=39.0, seed=0).purchases`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from steelyard.interval import Interval
from steelyard.stats.lifetime.bg_nbd import BgNbd
from steelyard.stats.lifetime.gamma_gamma import GammaGamma
from steelyard.stats.lifetime.summary import Summary

DRAWS = 400
WEEKS_A_YEAR = 365.25 / 7
STEP_WEEKS = 4.0  # money of one step is discounted from its middle
BLOCK = 2**20  # futures at once
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Each:
    """A figure of each customer [N]: expected, and the interval of what one of them may do."""

    expected: _Floats
    low: _Floats
    high: _Floats


@dataclass(frozen=True)
class Forecast:
    """`purchases` and `value` are of all customers together; `value` is in the money of the amounts,
    worth at the end of what was observed, and None without a model of it."""

    weeks: float
    annual_discount_rate: float
    purchases: Interval
    purchases_each: Each
    value: Interval | None
    value_each: Each | None


@dataclass(frozen=True)
class _Ahead:
    """The time that is forecast, cut in steps, and what money of each step is worth now."""

    edges_weeks: _Floats
    worth: _Floats

    @classmethod
    def of(cls, weeks: float, annual_discount_rate: float) -> _Ahead:
        steps = 1 if annual_discount_rate == 0 else int(np.ceil(weeks / STEP_WEEKS))
        edges = np.linspace(0.0, weeks, steps + 1)
        middle = (edges[1:] + edges[:-1]) / 2
        return cls(edges[1:], (1 + annual_discount_rate) ** (-middle / WEEKS_A_YEAR))


def forecast(
    model: BgNbd,
    summary: Summary,
    *,
    weeks: float,
    seed: int,
    spend: GammaGamma | None = None,
    annual_discount_rate: float = 0.0,
    confidence: float = 0.9,
    draws: int = DRAWS,
) -> Forecast:
    """Purchases within the next `weeks`, and with `spend` their discounted value.

    The interval of a total is of what will really be bought, not of its mean. ValueError for a
    time or a rate that is none, or for no customer.
    """
    if not weeks > 0 or not annual_discount_rate >= 0 or not len(summary):
        raise ValueError("expected customers, weeks above zero and a rate that is not negative")
    ahead = _Ahead.of(weeks, annual_discount_rate)
    steps = np.diff(model.expected_by(summary, ahead.edges_weeks), axis=1, prepend=0.0)
    futures = _Futures.of(model, spend, draws, seed)
    lived = list(futures.live(summary, ahead, confidence))
    purchases_each = Each(steps.sum(axis=1), *np.concatenate([b.purchases for b in lived], axis=1))
    purchases = _together(purchases_each.expected, sum(b.bought for b in lived), confidence)
    if spend is None:
        return Forecast(weeks, annual_discount_rate, purchases, purchases_each, None, None)
    value_each = Each(
        (steps @ ahead.worth) * spend.mean_value(summary),
        *np.concatenate([b.value for b in lived], axis=1),
    )
    value = _together(value_each.expected, sum(b.spent for b in lived), confidence)
    return Forecast(weeks, annual_discount_rate, purchases, purchases_each, value, value_each)


def _together(expected: _Floats, drawn: _Floats | int, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.asarray(drawn), [tail, 1 - tail])
    return Interval(float(expected.sum()), float(low), float(high), len(expected))


@dataclass(frozen=True)
class _Lived:
    """Futures of some customers: totals a draw [D], and the interval of each [2, some]."""

    bought: _Floats
    spent: _Floats
    purchases: _Floats
    value: _Floats


@dataclass(frozen=True)
class _Futures:
    """Draws of the parameters, a column each, [D, 1]."""

    model: _Floats  # [4, D, 1]
    spend: _Floats | None  # [3, D, 1]
    seed: int

    @classmethod
    def of(cls, model: BgNbd, spend: GammaGamma | None, draws: int, seed: int) -> _Futures:
        drawn = model.maximum.draws(draws, seed=seed).T[..., None]
        worth = None if spend is None else spend.maximum.draws(draws, seed=seed + 1).T[..., None]
        return cls(drawn, worth, seed + 2)

    def live(self, summary: Summary, ahead: _Ahead, confidence: float) -> Iterator[_Lived]:
        """Blocks of customers, one after another."""
        rng = np.random.default_rng(self.seed)
        at_once = max(1, BLOCK // self.model.shape[1])
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        for start in range(0, len(summary), at_once):
            rows = slice(start, start + at_once)
            bought, spent = self._lived(summary, rows, ahead, rng)
            yield _Lived(
                bought.sum(axis=1),
                spent.sum(axis=1),
                np.quantile(bought, tails, axis=0),
                np.quantile(spent, tails, axis=0),
            )

    def _lived(
        self, summary: Summary, rows: slice, ahead: _Ahead, rng: np.random.Generator
    ) -> tuple[_Floats, _Floats]:
        """Purchases and their value now, [D, some]."""
        r, alpha, a, b = self.model
        x, age = summary.frequency[rows], summary.age_weeks[rows]
        odds = np.log(a / (b + np.maximum(x, 1) - 1))
        odds = odds + (r + x) * np.log((alpha + age) / (alpha + summary.recency_weeks[rows]))
        alive = rng.random(odds.shape) < np.where(x > 0, expit(-odds), 1.0)
        rate = rng.gamma(r + x, 1 / (alpha + age)) * alive
        # a chance of zero would be drawn as "never", which numpy's geometric cannot say
        until_gone = rng.geometric(np.maximum(rng.beta(a, b + x), 1e-12))
        nu = self._nu(summary, rows, rng)
        arrived = np.zeros(rate.shape)
        bought, spent = np.zeros(rate.shape), np.zeros(rate.shape)
        widths = np.diff(ahead.edges_weeks, prepend=0.0)
        for width, worth in zip(widths, ahead.worth, strict=True):
            arrived += rng.poisson(rate * width)
            more = np.minimum(arrived, until_gone) - bought
            bought += more
            spent += worth * self._spent(more, nu, rng)
        return bought, spent

    def _nu(self, summary: Summary, rows: slice, rng: np.random.Generator) -> _Floats | None:
        """Each customer's own scale of value, given what he spent before."""
        if self.spend is None:
            return None
        p, q, v = self.spend
        x = np.where(summary.mean_value[rows] > 0, summary.frequency[rows], 0)
        return np.asarray(rng.gamma(q + p * x, 1 / (v + x * summary.mean_value[rows])))

    def _spent(self, purchases: _Floats, nu: _Floats | None, rng: np.random.Generator) -> _Floats:
        """Value of so many purchases of each: Gamma(p n, nu), zero for none."""
        if self.spend is None or nu is None:
            return np.zeros(purchases.shape)
        some = purchases > 0
        spent = np.zeros(purchases.shape)
        shape = np.broadcast_to(self.spend[0], purchases.shape)[some] * purchases[some]
        spent[some] = rng.gamma(shape) / nu[some]
        return spent
