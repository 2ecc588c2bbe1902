"""Gamma-gamma: what a purchase of each customer is worth on average. Knows no time.

Fader & Hardie (2013), "The gamma-gamma model of monetary value": a purchase is Gamma(p, nu), and nu
differs between customers as Gamma(q, v). It holds where value does not go with frequency.
Example: `fit_gamma_gamma(summary).mean_value(summary)`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from steelyard.reason import Reason
from steelyard.stats.lifetime.bg_nbd import REPEATERS_MIN
from steelyard.stats.lifetime.maximum import Maximum, maximize
from steelyard.stats.lifetime.summary import Summary
from steelyard.stats.ranks import ranks

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """The three parameters; `v` is in the money of the amounts, the others have no unit.

    `correlation` is Spearman's, of frequency and value: the model takes it for zero.
    """

    p: float
    q: float
    v: float
    customers: int
    correlation: float
    maximum: Maximum

    @property
    def mean_of_all(self) -> float:
        """Value of a purchase over all customers, infinite where q <= 1."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("inf")

    def means(self, n: int, *, seed: int) -> _Floats:
        """[n] values of a purchase over all customers that the data allow."""
        p, q, v = self.maximum.draws(n, seed=seed).T
        return np.where(q > 1, p * v / np.where(q > 1, q - 1, 1.0), np.inf)

    def mean_value(self, summary: Summary) -> _Floats:
        """Value [N] expected of a purchase of each customer (their eq. 5), in money."""
        spent = np.where(summary.mean_value > 0, summary.frequency * summary.mean_value, 0.0)
        bought = np.where(spent > 0, summary.frequency, 0)
        beyond = self.p * bought + self.q - 1
        return np.where(
            beyond > 0, self.p * (self.v + spent) / np.where(beyond > 0, beyond, 1.0), np.inf
        )


def fit_gamma_gamma(summary: Summary) -> GammaGamma | Reason:
    """Parameters of the greatest likelihood over customers with repeat purchases that cost something;
    a reason where they are too few, or where the mean of all customers would be infinite."""
    paid = (summary.frequency > 0) & (summary.mean_value > 0)
    n = int(np.count_nonzero(paid))
    if n < REPEATERS_MIN:
        return Reason("lifetime.few_paid", {"customers": n, "needed": REPEATERS_MIN})
    x, mean = summary.frequency[paid].astype(np.float64), summary.mean_value[paid]
    likelihood = _GammaGammaLikelihood(x, mean)
    typical = float(np.median(mean))
    maximum = maximize(likelihood, [(5.0, 4.0, typical), (1.0, 3.0, 2 * typical)])
    p, q, v = (float(value) for value in maximum.parameters)
    if not maximum.identified or q <= 1:
        return Reason("lifetime.value_not_identified", {"customers": n})
    varied = np.ptp(x) > 0 and np.ptp(mean) > 0
    correlation = float(np.corrcoef(ranks(x), ranks(mean))[0, 1]) if varied else 0.0
    return GammaGamma(p, q, v, n, correlation, maximum)


@dataclass(frozen=True)
class _GammaGammaLikelihood:
    """Log-likelihood of mean values given how many purchases they are over (eq. 1a), and gradient."""

    x: _Floats
    mean: _Floats

    def __call__(self, logs: _Floats) -> tuple[float, _Floats]:
        p, q, v = np.exp(logs)
        x, spent = self.x, self.x * self.mean
        value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * logs[2]
        value = value + p * x * np.log(spent) - np.log(self.mean)
        value = value - (p * x + q) * np.log(v + spent)
        share = np.log(spent) - np.log(v + spent)
        slope = np.stack(
            [
                x * (digamma(p * x + q) - digamma(p * x) + share),
                digamma(p * x + q) - digamma(q) + logs[2] - np.log(v + spent),
                q / v - (p * x + q) / (v + spent),
            ]
        )
        return float(value.sum()), np.asarray(slope.sum(axis=1) * np.exp(logs))
