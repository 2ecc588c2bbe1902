"""What a purchase is worth where customers hardly differ in it: a plain mean. Knows no model of who pays more.

Gamma-gamma cannot tell how customers differ who all pay about the same, as in a shop of one price: its parameters run off,
and the mean is known all the same. Example: `mean_value(summary).mean_of_all`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.reason import Reason
from steelyard.stats.lifetime.bg_nbd import REPEATERS_MIN
from steelyard.stats.lifetime.summary import Summary

_Floats = NDArray[np.float64]
APART = 1.0  # deviation of customers' means over their mean: beyond it a few large ones may make up the mean


@dataclass(frozen=True)
class MeanValue:
    """Money of a purchase over all customers, and its standard error."""

    mean_of_all: float
    error: float
    customers: int

    def means(self, n: int, *, seed: int) -> _Floats:
        """[n] that the data allow."""
        drawn = np.random.default_rng(seed).normal(self.mean_of_all, self.error, size=n)
        return np.asarray(np.maximum(drawn, 0.0))


def mean_value(summary: Summary) -> MeanValue | Reason:
    """Over customers with repeat purchases that cost something; a reason where they are too few, or too far apart."""
    mean = summary.mean_value[(summary.frequency > 0) & (summary.mean_value > 0)]
    n = len(mean)
    if n < REPEATERS_MIN:
        return Reason("lifetime.few_paid", {"customers": n, "needed": REPEATERS_MIN})
    if mean.std() > APART * mean.mean():
        return Reason("lifetime.value_not_identified", {"customers": n})
    return MeanValue(float(mean.mean()), float(mean.std(ddof=1) / np.sqrt(n)), n)
