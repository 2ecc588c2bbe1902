"""Counters for an operator's dashboard; no user data in any label. Knows no routes' work.

Example: `metrics.text()` is what GET /metrics returns
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ROUTES = {
    "/v1/predict": "predict",
    "/v1/feedback": "feedback",
    "/": "page",
    "/demo": "demo",
    "/v1/visits": "visits",
    "/v1/conversions": "conversions",
    "/go": "go",
    "/readyz": "readyz",
}


class Metrics:
    """A registry of its own, so that two servers in one process do not mix."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "steelyard_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "steelyard_request_seconds",
            "Seconds in the server by route",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._uncounted = Counter(
            "steelyard_visits_uncounted",
            "Visitors who were led on and not counted: no room, or no ledger",
            registry=self.registry,
        )
        # found once: looking a child up by its labels takes longer than to count
        self._counters: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        queue = Gauge("steelyard_queue", "Requests waiting", registry=self.registry)
        queue.set_function(waiting)

    def count(self, path: str, status: int) -> None:
        """By our own names of routes: a stranger's path must not become a label."""
        route = _ROUTES.get(path, "other")
        counter = self._counters.get((route, status))
        if counter is None:
            counter = self._requests.labels(route, str(status))
            self._counters[route, status] = counter
        counter.inc()

    def uncounted(self) -> None:
        """A visit that found no room, or no ledger."""
        self._uncounted.inc()

    @contextmanager
    def timed(self, route: str) -> Iterator[None]:
        before = time.perf_counter()
        try:
            yield
        finally:
            took_s = time.perf_counter() - before
            timer = self._timers.get(route)
            if timer is None:
                timer = self._timers[route] = self._seconds.labels(route)
            timer.observe(took_s)

    def text(self) -> bytes:
        return generate_latest(self.registry)
