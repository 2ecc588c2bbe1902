"""What visitors may ask: how often, and only while those who pay have room. Knows no page.

A visitor is an address, of IPv6 its network (/64, what one subscriber has); addresses are held for a
minute and never written down. Example: `Gate(settings, service).check("203.0.113.7")`
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from steelyard.clock import Clock
from steelyard.errors import RequestError
from steelyard.serve.busy import Busy
from steelyard.serve.service import Service
from steelyard.spec.launch import Demo

MINUTE_S = 60.0
AT_ONCE = 2  # demos in work
SPARE = 0.5  # of what the server can do must be free before a visitor is answered


class TooOften(RequestError):
    """429: more questions than a minute has."""

    def __init__(self, most: int, *, wait_s: float) -> None:
        super().__init__(429, "demo", f"at most {most} a minute", "more", "wait a moment")
        self.wait_s = wait_s


@dataclass
class _Bucket:
    """Questions that are left, as they were at `at_s`."""

    left: float
    at_s: float


class Limits:
    """Token buckets: a minute's questions at once, which then come back evenly."""

    def __init__(self, demo: Demo, clock: Clock) -> None:
        self.demo, self.clock = demo, clock
        self._all = _Bucket(float(demo.overall), clock.wall_s())
        self._clients: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> None:
        """One question; TooOften where there is none left, and then none is taken."""
        now = self.clock.wall_s()
        self._forget(now)
        key, demo = _network(client), self.demo
        mine = self._clients.get(key) or _Bucket(float(demo.per_client), now)
        pairs = ((mine, demo.per_client), (self._all, demo.overall))
        for bucket, most in pairs:
            bucket.left = min(float(most), bucket.left + (now - bucket.at_s) * most / MINUTE_S)
            bucket.at_s = now
        for bucket, most in pairs:
            if bucket.left < 1:
                raise TooOften(most, wait_s=(1 - bucket.left) * MINUTE_S / most)
        for bucket, _ in pairs:
            bucket.left -= 1
        self._clients[key] = mine
        self._clients.move_to_end(key)

    def _forget(self, now: float) -> None:
        """Whoever asked nothing for a minute has all questions again."""
        while self._clients:
            key, bucket = next(iter(self._clients.items()))
            if now - bucket.at_s < MINUTE_S:
                return
            del self._clients[key]


class Gate:
    """Lets a visitor in, or says why not."""

    def __init__(self, demo: Demo, service: Service) -> None:
        self.service, self.limits, self.inside = service, Limits(demo, service.store.clock), 0

    def check(self, client: str) -> None:
        """Before anything of a question is read; RequestError 503 before the first release and under
        load, 429 for one who asks too often."""
        self.service.router.live()
        refusal = self._crowded() or self.service.no_room()
        if refusal is not None:
            raise refusal
        self.limits.take(client)

    @contextmanager
    def room(self) -> Iterator[None]:
        """Around the answer of a question that is whole: who sends slowly keeps nobody out."""
        refusal = self._crowded()
        if refusal is not None:
            raise refusal
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    def _crowded(self) -> Busy | None:
        """Visitors give way first: while half of the room is taken nobody of them is answered."""
        flow, queue_max = self.service.flow, self.service.settings.queue_max
        wait_s = max(1.0, flow.expected_s())
        if self.inside >= AT_ONCE:
            return Busy("room for a visitor", f"{self.inside} in work", wait_s=wait_s)
        late = flow.expected_s() > SPARE * flow.within_s
        if late or flow.present > SPARE * flow.most or self.service.waiting > SPARE * queue_max:
            return Busy("a server with room to spare", f"{flow.present} in work", wait_s=wait_s)
        return None


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client[:64]
    mapped = address.ipv4_mapped if address.version == 6 else address
    if mapped is not None:
        return str(mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
