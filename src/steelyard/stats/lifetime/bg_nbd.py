"""BG/NBD: how often customers without a contract will buy again, and who is gone. Knows no money.

Fader, Hardie & Lee (2005), "Counting your customers the easy way": while alive a customer buys at a
rate from Gamma(r, alpha), and goes for good after a purchase with a chance from Beta(a, b).
Example: `fit_bg_nbd(summary).expected(summary, weeks=39.0).sum()`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, expit, gammaln

from steelyard.reason import Reason
from steelyard.stats.lifetime.maximum import Maximum, maximize
from steelyard.stats.lifetime.summary import Summary

REPEATERS_MIN = 20  # below, four parameters are told by single customers
STARTS = ((0.5, 5.0, 0.7, 2.5), (1.0, 10.0, 1.0, 10.0))
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BgNbd:
    """The four parameters; `alpha` is in weeks, the others have no unit."""

    r: float
    alpha: float
    a: float
    b: float
    customers: int
    maximum: Maximum

    def alive(self, summary: Summary) -> _Floats:
        """Chance [N] that a customer is not gone at the end of what was observed (Fader, Hardie &
        Lee 2008, "Computing P(alive) using the BG/NBD model")."""
        x, recency, age = summary.frequency, summary.recency_weeks, summary.age_weeks
        odds = np.log(self.a / (self.b + np.maximum(x, 1) - 1))
        odds = odds + (self.r + x) * np.log((self.alpha + age) / (self.alpha + recency))
        return np.where(x > 0, expit(-odds), 1.0)

    def expected(self, summary: Summary, *, weeks: float) -> _Floats:
        """Purchases [N] expected of each within the next `weeks` (their eq. 10)."""
        return self.expected_by(summary, [weeks])[:, 0]

    def expected_by(self, summary: Summary, weeks: ArrayLike) -> _Floats:
        """The same by each of several times [W]: [N, W].

        Where eq. 10 takes the difference of two hypergeometric terms, which cancel near a = 1 and
        overflow for loyal customers, this takes the mean over the chance to go, of which every
        term is positive.
        """
        ahead = np.asarray(weeks, dtype=np.float64)
        kinds, back = np.unique(
            np.stack([summary.frequency.astype(np.float64), summary.age_weeks]),
            axis=1,
            return_inverse=True,
        )
        if_alive = np.empty((kinds.shape[1], len(ahead)))
        for x in np.unique(kinds[0]):
            rows = kinds[0] == x
            share = ahead / (self.alpha + kinds[1][rows, None])
            if_alive[rows] = _purchases(self.r + x, self.a, self.b + x, share)
        return np.asarray(self.alive(summary)[:, None] * if_alive[back.reshape(-1)])

    def expected_new(self, weeks: ArrayLike) -> _Floats:
        """Repeat purchases [W] expected of somebody who begins now, within `weeks` (eq. 9)."""
        return purchases_of_new(np.array([self.r, self.alpha, self.a, self.b]), weeks)


def fit_bg_nbd(summary: Summary) -> BgNbd | Reason:
    """Parameters of the greatest likelihood; a reason where the customers tell too little."""
    n, repeaters = len(summary), summary.repeaters
    if repeaters < REPEATERS_MIN:
        return Reason(
            "lifetime.few_repeaters",
            {"customers": n, "repeaters": repeaters, "needed": REPEATERS_MIN},
        )
    maximum = maximize(_BgNbdLikelihood.of(summary), STARTS)
    r, alpha, a, b = (float(v) for v in maximum.parameters)
    if not maximum.identified:
        return Reason("lifetime.not_identified", {"customers": n, "repeaters": repeaters})
    return BgNbd(r, alpha, a, b, n, maximum)


def purchases_of_new(parameters: _Floats, weeks: ArrayLike) -> _Floats:
    """`BgNbd.expected_new` for any r, alpha, a, b [4]: [W]."""
    r, alpha, a, b = (float(v) for v in parameters)
    return _purchases(r, a, b, np.atleast_1d(np.asarray(weeks, dtype=np.float64)) / alpha)


def bg_nbd_log_likelihood(summary: Summary, *, r: float, alpha: float, a: float, b: float) -> float:
    """Of all customers together (their eq. 6 and 7, summed in logarithms)."""
    return _BgNbdLikelihood.of(summary)(np.log([r, alpha, a, b]))[0]


@dataclass(frozen=True)
class _BgNbdLikelihood:
    """Log-likelihood and gradient; customers who are alike are one row with a weight."""

    x: _Floats
    recency: _Floats
    age: _Floats
    weight: _Floats

    @classmethod
    def of(cls, summary: Summary) -> _BgNbdLikelihood:
        columns = [summary.frequency, summary.recency_weeks, summary.age_weeks]
        rows, weight = np.unique(np.stack(columns), axis=1, return_counts=True)
        return cls(rows[0], rows[1], rows[2], weight.astype(np.float64))

    def __call__(self, logs: _Floats) -> tuple[float, _Floats]:
        r, alpha, a, b = np.exp(logs)
        x, back = self.x, self.x > 0
        bought = np.maximum(x, 1) - 1
        until_now, until_last = np.log(alpha + self.age), np.log(alpha + self.recency)
        stays = -(r + x) * until_now
        goes = np.log(a) - np.log(b + bought) - (r + x) * until_last
        both = np.where(back, np.logaddexp(stays, goes), stays)
        value = gammaln(r + x) - gammaln(r) + r * logs[1] + both
        value = value + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        # the weight of "gone at the last purchase" within the sum of the two
        gone = np.exp(np.where(back, goes - both, -np.inf))
        mean_log = (1 - gone) * until_now + gone * until_last
        mean_rate = (1 - gone) / (alpha + self.age) + gone / (alpha + self.recency)
        of_both = digamma(a + b) - digamma(a + b + x)
        slope = np.stack(
            [
                digamma(r + x) - digamma(r) + logs[1] - mean_log,
                r / alpha - (r + x) * mean_rate,
                of_both + gone / a,
                of_both + digamma(b + x) - digamma(b) - gone / (b + bought),
            ]
        )
        return float(value @ self.weight), np.asarray((slope @ self.weight) * np.exp(logs))


def _purchases(shape: float, a: float, b: float, share: _Floats) -> _Floats:
    """Mean over p ~ Beta(a, b) of (1 - (1 + p share)**-shape) / p, for each `share` >= 0.

    That is what somebody buys who goes with chance p after each purchase, at a rate from
    Gamma(shape, scale) where `share` = time / scale. Gauss-Jacobi quadrature (Golub & Welsch 1969),
    with nodes enough for the pole at p = -1 / share.
    """
    largest = max(float(np.max(share, initial=0.0)), 1e-9)
    away = 1 + 2 / largest
    nodes = int(np.clip(16.0 / np.log(away + np.sqrt(away**2 - 1)), 24, 400))
    p, weight = _beta_nodes(nodes, a, b)
    ahead = np.asarray(share)[..., None]
    return np.asarray((-np.expm1(-shape * np.log1p(p * ahead)) / p) @ weight)


def _beta_nodes(n: int, a: float, b: float) -> tuple[_Floats, _Floats]:
    """Nodes in (0, 1) and weights whose sum is 1, exact for polynomials up to 2n - 1."""
    first, second = b - 1, a - 1  # exponents of Jacobi's weight at 1 and at -1
    k = np.arange(1, n, dtype=np.float64)
    total = 2 * k + first + second
    # the recurrence of Jacobi's polynomials; at k = 1 two factors cancel, and may both be zero
    middle = np.empty(n)
    middle[0] = (second - first) / (first + second + 2)
    middle[1:] = (second**2 - first**2) / (total * (total + 2))
    beside = 4 * k * (k + first) * (k + second) / total**2 / (total + 1)
    beside[1:] *= (k[1:] + first + second) / (total[1:] - 1)
    values, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    # a node so near to zero that rounding puts it there is worth what its neighbourhood is
    return np.maximum((values + 1) / 2, 1e-15), vectors[0] ** 2
