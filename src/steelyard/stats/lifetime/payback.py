"""What a customer costs to win, and when he has paid it back. Knows no attribution.

Whoever calls says which spend won which customers. A new customer's purchases are BG/NBD's (Fader,
Hardie & Lee 2005, eq. 9), each worth the mean of gamma-gamma, or the plain one, the first one too.
Example: `payback(model, spend, cost_per_customer=12.0, margin_share=0.4, weeks_max=104, seed=0)`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.lifetime.bg_nbd import BgNbd, purchases_of_new
from steelyard.stats.lifetime.forecast import WEEKS_A_YEAR
from steelyard.stats.lifetime.gamma_gamma import GammaGamma
from steelyard.stats.lifetime.mean_value import MeanValue

DRAWS = 200
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Payback:
    """`value` is the margin of a new customer within `weeks_max`, worth at his first purchase;
    `weeks` is when it reaches the cost: infinite at its upper end where it may never do so."""

    cost_per_customer: float
    weeks: Interval
    value: Interval


def acquisition_cost(spend: float, customers: int, *, confidence: float = 0.9) -> Interval | Reason:
    """Spend for each customer won; the interval is that of a Poisson count (Garwood 1936)."""
    if not spend >= 0 or customers < 0:
        raise ValueError("expected a spend and a number of customers that are not negative")
    if customers == 0:
        return Reason("lifetime.nobody_won", {"money": spend})
    tail = (1 - confidence) / 2
    fewest, most = gammaincinv(customers, tail), gammaincinv(customers + 1, 1 - tail)
    return Interval(spend / customers, spend / float(most), spend / float(fewest), customers)


def payback(
    model: BgNbd,
    spend: GammaGamma | MeanValue,
    *,
    cost_per_customer: float,
    margin_share: float,
    weeks_max: int,
    seed: int,
    won: int | None = None,
    annual_discount_rate: float = 0.0,
    confidence: float = 0.9,
) -> Payback | Reason:
    """When the margin of a new customer reaches what he cost, in whole weeks; a reason where it is
    not expected to within `weeks_max`. The cost is that of `won` customers, a count of chance; without it the
    cost is known. ValueError for a cost, a share or a time that is none."""
    if not cost_per_customer >= 0 or not 0 < margin_share <= 1 or weeks_max < 1:
        raise ValueError("expected a cost that is not negative, a share in (0, 1], a week or more")
    weeks = np.arange(1, weeks_max + 1)
    worth = np.power(1 + annual_discount_rate, -(weeks - 0.5) / WEEKS_A_YEAR)
    own = np.array([[model.r, model.alpha, model.a, model.b]])
    expected = _earned(own, np.array([spend.mean_of_all]), weeks, worth) * margin_share
    drawn = _earned(
        model.maximum.draws(DRAWS, seed=seed), spend.means(DRAWS, seed=seed + 1), weeks, worth
    )
    took = _reaches(expected, np.array([cost_per_customer]))[0]
    if not np.isfinite(took):
        earned = float(expected[0, -1])
        return Reason(
            "lifetime.never_pays_back",
            {"cost": cost_per_customer, "earned": earned, "weeks": weeks_max},
        )
    drawn_weeks = _reaches(drawn * margin_share, _costs(cost_per_customer, won, seed + 2))
    return Payback(
        cost_per_customer,
        _interval(float(took), drawn_weeks, model.customers, confidence),
        _interval(float(expected[0, -1]), drawn[:, -1] * margin_share, model.customers, confidence),
    )


def earned(
    model: BgNbd,
    spend: GammaGamma | MeanValue,
    *,
    margin_share: float,
    weeks_max: int,
    seed: int,
    confidence: float = 0.9,
) -> list[Interval]:
    """Margin of a new customer by the end of each week, the first purchase at once: `weeks_max` + 1 figures, as
    `payback` reads them, without a discount. ValueError for a share or a time that is none."""
    if not 0 < margin_share <= 1 or weeks_max < 1:
        raise ValueError("expected a share in (0, 1], a week or more")
    weeks, worth = np.arange(1, weeks_max + 1), np.ones(weeks_max)
    own = np.array([[model.r, model.alpha, model.a, model.b]])
    expected = _earned(own, np.array([spend.mean_of_all]), weeks, worth)[0]
    drawn = _earned(
        model.maximum.draws(DRAWS, seed=seed), spend.means(DRAWS, seed=seed + 1), weeks, worth
    )
    return [
        _interval(float(value), column, model.customers, confidence)
        for value, column in zip(expected * margin_share, drawn.T * margin_share, strict=True)
    ]


def _earned(
    parameters: _Floats, mean: _Floats, weeks: NDArray[np.int64], worth: _Floats
) -> _Floats:
    """Revenue of a new customer by the end of each week, column 0 at once: [D, 1 + W]."""
    repeats = np.stack([purchases_of_new(row, weeks) for row in parameters])
    later = np.cumsum(np.diff(repeats, axis=1, prepend=0.0) * worth, axis=1)
    return np.asarray(mean[:, None] * np.concatenate([np.ones((len(mean), 1)), 1 + later], axis=1))


def _costs(cost: float, won: int | None, seed: int) -> _Floats:
    """What one may cost [D], by the rate at which so many were won (Gamma with Jeffreys' prior)."""
    if not won:
        return np.full(DRAWS, cost)
    return cost * won / np.random.default_rng(seed).gamma(won + 0.5, size=DRAWS)


def _reaches(earned: _Floats, cost: _Floats) -> _Floats:
    """The first week [D] by whose end a cost [D] is reached, infinite where it is not."""
    there = earned >= cost[:, None]
    return np.where(there.any(axis=1), there.argmax(axis=1).astype(np.float64), np.inf)


def _interval(value: float, drawn: _Floats, n: int, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    # an order statistic: between a week and never nothing can be interpolated
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Interval(value, float(low), float(high), n)
