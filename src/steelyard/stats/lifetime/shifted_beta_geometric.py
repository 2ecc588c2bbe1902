"""Shifted-beta-geometric: how long subscriptions last, and how long those here will. Knows no money.

Fader & Hardie (2007), "How to project customer retention": at each renewal a customer leaves with a
chance of his own from Beta(alpha, beta). Those who stay are the loyal ones, so retention rises.
Example: `fit_shifted_beta_geometric([[1000, 869, 743, 653]]).retention(4)`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.lifetime.maximum import Maximum, maximize

LOST_MIN = 20  # below, two parameters are told by single customers
DRAWS = 2000
RELATIVE_ERROR = 1e-12  # of the payments that a sum leaves out
PAYMENTS_MAX = 10**6
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Two parameters without unit; time is counted in renewals, of a month or a year as the data are."""

    alpha: float
    beta: float
    customers: int
    maximum: Maximum

    def survival(self, renewals: ArrayLike) -> _Floats:
        """Share of those who began that is here after so many renewals (their eq. 6)."""
        t = np.asarray(renewals, dtype=np.float64)
        return np.asarray(np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta)))

    def retention(self, renewals: ArrayLike) -> _Floats:
        """Share of those still here that renews the t-th time, t >= 1 (their eq. 8)."""
        t = np.asarray(renewals, dtype=np.float64)
        return np.asarray((self.beta + t - 1) / (self.alpha + self.beta + t - 1))

    def lifetime(self, *, discount_rate: float = 0.0) -> float:
        """Payments expected of somebody who begins, the first one included; with a `discount_rate`
        a period, what they are worth today. Infinite without one where alpha <= 1."""
        return 1.0 + self.residual_lifetime(0, discount_rate=discount_rate)

    def residual_lifetime(self, renewed: int, *, discount_rate: float = 0.0) -> float:
        """Payments still expected of somebody who renewed so often, none of which is due today.

        DERL of Fader & Hardie (2010), "Customer-base valuation in a contractual setting", one period
        further away: theirs is asked just before a payment, this just behind one. In payments.
        """
        if not renewed >= 0 or not discount_rate >= 0:
            raise ValueError("expected renewals and a rate that are not negative")
        return float(_residual(self.alpha, self.beta, renewed, discount_rate))

    def survival_interval(
        self, renewals: int, *, confidence: float = 0.9, seed: int = 0
    ) -> Interval:
        """Of the share that is here then: how sure the parameters are, for a crowd of customers."""
        alpha, beta = self.maximum.draws(DRAWS, seed=seed).T
        drawn = np.exp(betaln(alpha, beta + renewals) - betaln(alpha, beta))
        return self._interval(float(self.survival(renewals)), drawn, confidence)

    def residual_interval(
        self, renewed: int, *, discount_rate: float, confidence: float = 0.9, seed: int = 0
    ) -> Interval:
        """Of `residual_lifetime`; its upper end may be infinite without a discount."""
        value = self.residual_lifetime(renewed, discount_rate=discount_rate)
        alpha, beta = self.maximum.draws(DRAWS, seed=seed).T
        drawn = _residual(alpha, beta, renewed, discount_rate)
        return self._interval(value, drawn, confidence)

    def _interval(self, value: float, drawn: _Floats, confidence: float) -> Interval:
        tail = (1 - confidence) / 2
        # an order statistic: between two infinite draws nothing can be interpolated
        low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
        return Interval(value, float(low), float(high), self.customers)


def fit_shifted_beta_geometric(
    cohorts: Sequence[Sequence[int]],
) -> ShiftedBetaGeometric | Reason:
    """`cohorts` of customers: how many began, how many were here after each renewal until now.

    Cohorts may be of different lengths. ValueError where a count rises or is negative; a reason
    where too few left, or nobody could renew twice.
    """
    left, stayed = _counts(cohorts)
    lost, renewals = int(left.sum()), len(left)
    if lost < LOST_MIN or renewals < 2:
        return Reason(
            "lifetime.few_losses", {"lost": lost, "renewals": renewals, "needed": LOST_MIN}
        )
    maximum = maximize(_SbgLikelihood(left, stayed), [(1.0, 1.0), (1.0, 5.0), (5.0, 50.0)])
    alpha, beta = (float(v) for v in maximum.parameters)
    customers = sum(int(cohort[0]) for cohort in cohorts)
    if not maximum.identified:
        return Reason("lifetime.retention_flat", {"lost": lost, "renewals": renewals})
    return ShiftedBetaGeometric(alpha, beta, customers, maximum)


@dataclass(frozen=True)
class _SbgLikelihood:
    """Log-likelihood and gradient from how many left at each renewal, and how many made it."""

    left: _Floats
    stayed: _Floats

    def __call__(self, logs: _Floats) -> tuple[float, _Floats]:
        alpha, beta = np.exp(logs)
        before = np.arange(len(self.left))
        both, asked = alpha + beta + before, self.left + self.stayed
        value = self.left * np.log(alpha / both) + self.stayed * np.log((beta + before) / both)
        slope = [
            (self.left / alpha - asked / both).sum() * alpha,
            (self.stayed / (beta + before) - asked / both).sum() * beta,
        ]
        return float(value.sum()), np.array(slope)


def _counts(cohorts: Sequence[Sequence[int]]) -> tuple[_Floats, _Floats]:
    """How many left [K] and stayed [K] at each renewal, over all cohorts."""
    longest = max((len(cohort) for cohort in cohorts), default=1) - 1
    left, stayed = np.zeros(max(longest, 0)), np.zeros(max(longest, 0))
    for cohort in cohorts:
        here = np.asarray(cohort, dtype=np.float64)
        if len(here) < 1 or np.any(here < 0) or np.any(np.diff(here) > 0):
            raise ValueError("expected counts that never rise: how many began, then who was left")
        left[: len(here) - 1] += here[:-1] - here[1:]
        stayed[: len(here) - 1] += here[1:]
    return left, stayed


def _residual(alpha: ArrayLike, beta: ArrayLike, renewed: int, rate: float) -> _Floats:
    alpha, beta = np.asarray(alpha, dtype=np.float64), np.asarray(beta) + renewed
    if rate == 0:
        above = np.maximum(alpha - 1, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(beta / above)
    # scipy's 2F1, which is this sum in closed form, is NaN for alpha, beta of some hundreds
    worth, total = np.ones(np.broadcast(alpha, beta).shape), 0.0
    for paid in range(PAYMENTS_MAX):
        worth = worth * (beta + paid) / (alpha + beta + paid) / (1 + rate)
        total = total + worth
        if np.all(worth < RELATIVE_ERROR * rate * total):
            break
    return np.asarray(total, dtype=np.float64)
