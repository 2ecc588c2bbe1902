"""How requests meet in the server: alone or in company, in a fresh process or a warm one.

Knows no model and no money. A product of few requests answers them one at a time, whatever a
batch could hold. Example: `Traffic(1_000_000, days=30).batches(96, 0.02, most=11)`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from steelyard.tasks import Array

SECONDS_A_DAY = 86_400
BUSY_HOUR = 4.0  # the rate of the busy hours over that of the whole day, as people sleep
QUEUE_MAX = 64  # requests that wait
SETTLED = 200  # batches before the queue is as long as it stays
ANSWERED = 20_000  # so many that a p95 is one number up to a load of 0.8


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

    def batches(self, n: int, service_s: float, *, most: int, seed: int = 0) -> list[list[int]]:
        """The indices of n requests in the batches, of at most `most`, that they would meet in, in the
        order they come, when each takes `service_s` by itself."""
        batches: list[list[int]] = []
        at = 0
        for waited, _ in islice(self._served(lambda k: k * service_s, most, seed), SETTLED, None):
            size = min(len(waited), n - at)
            batches.append(list(range(at, at + size)))
            at += size
            if at == n:
                break
        return batches

    def latencies(
        self, alone_s: Array, each_s: float, *, most: int = QUEUE_MAX, seed: int = 0
    ) -> Array:
        """Seconds from the arrival of a request to its answer, its wait for the batches before it
        among them, of some ANSWERED requests. One by itself takes what one of `alone_s` took, and a
        batch `each_s` for each of its requests."""
        alone = np.random.default_rng(seed + 1).choice(alone_s, SETTLED + ANSWERED)
        chosen = iter(alone.tolist())
        server = self._served(lambda k: next(chosen) if k == 1 else k * each_s, most, seed)
        latencies_s: list[float] = []
        for waited, took in islice(server, SETTLED, len(alone)):
            latencies_s += [before + took for before in waited]
            if len(latencies_s) >= ANSWERED:
                break
        return np.array(latencies_s)

    def _served(
        self, takes: Callable[[int], float], most: int, seed: int
    ) -> Iterator[tuple[list[float], float]]:
        """(what each request waited, what they took) of batch after batch, in seconds. A server that
        is free takes those that wait, up to `most`; who finds QUEUE_MAX waiting is refused. Arrivals
        of Poisson have no memory, so none of those who are refused needs to be drawn, and time is
        told from the start of each batch."""
        rng = np.random.default_rng(seed)
        coming = self._gap(rng)
        waiting: list[float] = []
        while True:
            if not waiting:
                waiting, coming = [0.0], self._gap(rng)
            batch, waiting = waiting[:most], waiting[most:]
            took = takes(len(batch))
            yield batch, took
            waiting = [before + took for before in waiting]
            while coming <= took:
                if len(waiting) == QUEUE_MAX:
                    coming = took + self._gap(rng)
                    break
                waiting.append(took - coming)
                coming += self._gap(rng)
            coming -= took

    def _gap(self, rng: np.random.Generator) -> float:
        """Seconds to the next request."""
        return float(rng.exponential(1 / self.rate))


def quantile(values: Sequence[float] | Array, weights: Sequence[float] | Array, q: float) -> float:
    """The smallest value that a share `q` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    at = int(np.searchsorted(reached, q * reached[-1] * (1 - 1e-12)))
    return float(np.asarray(values)[order][min(at, len(order) - 1)])
