"""How fast a whole server lets requests through, and what a newcomer would wait. Knows no model.

The queue of a batcher is one place to wait; the event loop, the disk and other threads are more. By
Little's law the wait is the number inside times the time each takes when others are inside too.
Example: `with flow.inside(): ...`; `flow.expected_s()`
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from steelyard.store import Clock

WINDOW = 32  # requests that leave before the pace is measured anew
# Requests in company take less each than alone, so a crowd is judged by the quicker of the last
# windows; by the second, since the quickest of several is luck.
WINDOWS = 5
BEAT_S = 0.02
FADES = 0.8  # of an old lag, with every beat


class Flow:
    """Requests inside and the busy seconds that each of them took, of the event loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.count = clock, 0
        self.each_s = 0.0  # while nothing was measured nobody is refused for it
        self._windows: deque[float] = deque(maxlen=WINDOWS)
        self.lag_s = 0.0  # how late the event loop comes to what is due
        self._busy_from = self._busy_s = 0.0
        self._left = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        if self.count == 0:
            self._busy_from = self.clock.wall_s()
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
            self._leave()

    def expected_s(self) -> float:
        """Seconds until one more request would be through."""
        return self.lag_s + (self.count + 1) * self.each_s

    async def watch(self) -> None:
        """Measure the event loop's lag for as long as it runs."""
        while True:
            before = self.clock.wall_s()
            await asyncio.sleep(BEAT_S)
            late_s = self.clock.wall_s() - before - BEAT_S
            self.lag_s = max(late_s, FADES * self.lag_s)

    def _leave(self) -> None:
        self._left += 1
        if self.count and self._left < WINDOW:
            return
        now = self.clock.wall_s()
        self._busy_s += now - self._busy_from
        self._busy_from = now
        if self._left >= WINDOW:
            self._windows.append(self._busy_s / self._left)
            self.each_s = sorted(self._windows)[min(1, len(self._windows) - 1)]
            self._busy_s, self._left = 0.0, 0
