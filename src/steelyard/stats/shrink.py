"""What a small measured difference is likely to be, when most such differences are smaller than they look.

Each true difference is normal about the prior's mean with a deviation that is not known: half-Cauchy about the prior's
scale (Gelman 2006, "Prior distributions for variance parameters", section 4), integrated out on a grid. What is small
beside its error is drawn to the mean; what is large is left as it was measured, since the tail is heavy. Knows no
model. Example: `shrunk(-0.004, 0.003, mean=-0.0005, scale=0.002).below(-0.005)`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
_STEPS, _LEAST, _MOST = 40, 1 / 16, 512.0  # points of the grid and its ends, in scales


@dataclass(frozen=True)
class Shrunk:
    """A mixture of normals: means, deviations and weights, all [g]."""

    means: Array
    deviations: Array
    weights: Array

    @property
    def value(self) -> float:
        """The expected difference."""
        return float(self.weights @ self.means)

    def below(self, limit: float) -> float:
        """The probability that the true difference is below `limit`."""
        at = (limit - self.means) / self.deviations
        return min(1.0, float(self.weights @ ndtr(at)))


def shrunk(seen: float, error: float, *, mean: float, scale: float) -> Shrunk:
    """Of a difference that was measured with a standard error; both as large as the prior's unit."""
    tau: Array = scale * np.geomspace(_LEAST, _MOST, _STEPS)
    total = tau**2 + error**2
    log = np.log(tau) - np.log1p((tau / scale) ** 2)  # evenly spaced in the logarithm
    log -= 0.5 * (np.log(total) + (seen - mean) ** 2 / total)
    weights = np.exp(log - log.max())
    kept = tau**2 / total
    return Shrunk(
        mean + kept * (seen - mean), error * tau / np.sqrt(total), weights / weights.sum()
    )
