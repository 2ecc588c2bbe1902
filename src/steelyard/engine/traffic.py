"""How requests meet in the server: alone or in company, in a fresh process or a warm one.

Knows no model and no money. A product of few requests answers them one at a time, whatever a
batch could hold. Example: `Traffic(1_000_000, days=30).company(0.02)`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.tasks import Array

SECONDS_A_DAY = 86_400
BUSY_HOUR = 4.0  # the rate of the busy hours over that of the whole day, as people sleep
COMPANY_MAX = 63.0


@dataclass(frozen=True)
class Traffic:
    """`requests` in `days`; the server waits `wait_s` at most to fill a batch of `batch_tokens`."""

    requests: int
    days: float = 30.0
    wait_s: float = 0.0
    batch_tokens: int = 512

    @property
    def a_day(self) -> float:
        """Requests that one process answers before it is started again: once a day."""
        return max(1.0, self.requests / self.days)

    @property
    def rate(self) -> float:
        """Requests a second in the busy hours."""
        return BUSY_HOUR * self.requests / (self.days * SECONDS_A_DAY)

    def company(self, service_s: float) -> float:
        """Other requests expected in the batch of one, when a request takes `service_s`.

        Arrivals of Poisson while a batch is gathered and the one before it is answered: load
        rho = rate x service, company = rate x (wait + service) / (1 - rho).
        """
        load = self.rate * service_s
        if load >= 1:
            return COMPANY_MAX
        return min(COMPANY_MAX, self.rate * (self.wait_s + service_s) / (1 - load))

    def batches(self, n: int, company: float, *, seed: int = 0) -> list[list[int]]:
        """The indices of n requests in the batches they would meet in, in the order they come."""
        rng, found, at = np.random.default_rng(seed), [], 0
        while at < n:
            size = 1 + int(rng.poisson(company))
            found.append(list(range(at, min(n, at + size))))
            at += size
        return found


def quantile(values: Sequence[float] | Array, weights: Sequence[float] | Array, q: float) -> float:
    """The smallest value that a share `q` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    at = int(np.searchsorted(reached, q * reached[-1] * (1 - 1e-12)))
    return float(np.asarray(values)[order][min(at, len(order) - 1)])
