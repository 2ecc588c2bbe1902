"""How requests meet in the server: alone or in company, in a fresh process or a warm one.

Knows no model and no money. A product of few requests answers them one at a time, whatever a
batch could hold. Example: `Traffic(1_000_000, days=30).batches(96, 0.02)`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from steelyard.tasks import Array

SECONDS_A_DAY = 86_400
BUSY_HOUR = 4.0  # the rate of the busy hours over that of the whole day, as people sleep
BATCH_MAX = 64  # requests
SETTLED = 200  # batches before the queue is as long as it stays
ANSWERED = 4_000


@dataclass(frozen=True)
class Traffic:
    """`requests` in `days`, answered in batches of at most `batch_tokens`."""

    requests: int
    days: float = 30.0
    batch_tokens: int = 512

    @property
    def a_day(self) -> float:
        """Requests that one process answers before it is started again: once a day."""
        return max(1.0, self.requests / self.days)

    @property
    def rate(self) -> float:
        """Requests a second in the busy hours."""
        return BUSY_HOUR * self.requests / (self.days * SECONDS_A_DAY)

    def batches(self, n: int, service_s: float, *, seed: int = 0) -> list[list[int]]:
        """The indices of n requests in the batches they would meet in, in the order they come, when
        each takes `service_s` by itself."""
        found: list[list[int]] = []
        at = 0
        for arrived, _ in islice(self._served(lambda k: k * service_s, seed), SETTLED, None):
            size = min(len(arrived), n - at)
            found.append(list(range(at, at + size)))
            at += size
            if at == n:
                break
        return found

    def latencies(self, alone_s: Array, each_s: float, *, seed: int = 0) -> Array:
        """Seconds from the arrival of a request to its answer, its wait for the batch before it among
        them, of some ANSWERED requests. One by itself takes what one of `alone_s` took, and a batch
        `each_s` for each of its requests."""
        alone = np.random.default_rng(seed + 1).choice(alone_s, SETTLED + ANSWERED)
        chosen = iter(alone.tolist())
        server = self._served(lambda k: next(chosen) if k == 1 else k * each_s, seed)
        found: list[float] = []
        for arrived, end in islice(server, SETTLED, len(alone)):
            found += [end - at for at in arrived]
            if len(found) >= ANSWERED:
                break
        return np.array(found)

    def _served(
        self, takes: Callable[[int], float], seed: int
    ) -> Iterator[tuple[list[float], float]]:
        """(arrivals, end) of batch after batch, in seconds. A server that is free takes all that wait;
        who finds a full batch waiting is refused. Arrivals of Poisson have no memory, so none of
        those who are refused needs to be drawn."""
        rng = np.random.default_rng(seed)
        free, coming = 0.0, float(rng.exponential(1 / self.rate))
        while True:
            arrived: list[float] = []
            start = max(free, coming)
            while coming <= start and len(arrived) < BATCH_MAX:
                arrived.append(coming)
                coming += float(rng.exponential(1 / self.rate))
            if coming <= start:
                coming = start + float(rng.exponential(1 / self.rate))
            free = start + takes(len(arrived))
            yield arrived, free


def quantile(values: Sequence[float] | Array, weights: Sequence[float] | Array, q: float) -> float:
    """The smallest value that a share `q` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    at = int(np.searchsorted(reached, q * reached[-1] * (1 - 1e-12)))
    return float(np.asarray(values)[order][min(at, len(order) - 1)])
