"""How fast a whole server lets requests through, and what a newcomer would wait. Knows no model.

The queue of a batcher is one place to wait; the event loop, the disk and other threads are more. By
Little's law the wait is the number inside times the time each takes when others are inside too. That
is a mean; how many may be inside follows what the slowest of them took.
Example: `with flow.inside(): ...`; `flow.expected_s()`; `flow.most`
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from steelyard.clock import Clock

WINDOW = 32  # requests that leave before the pace is measured anew,
SPAN_S = 0.1  # and for how long they did at least: answers leave in groups
# Requests in company take less each than alone, so a crowd is judged by the quicker of the last
# windows; by the second, since the quickest of several is luck.
WINDOWS = 5
BEAT_S = 0.02
FADES = 0.8  # of an old lag, with every beat
SLOW = 16  # one in so many of a window is slower than what is looked at: about a p95
AIM = 0.7  # of the time a request may take
DROP = 0.5  # the number inside is at most halved at once,
GROWTH = 1.05  # and grows by a twentieth with so many requests as make a window
NEVER = float("inf")
ROUNDS_BEFORE = 2  # of the event loop, before a request is inside
LEAST = 2  # one at work and one behind it are never too many


class Flow:
    """Requests inside and the busy seconds that each of them took, of the event loop's thread."""

    def __init__(self, clock: Clock, *, within_s: float = 1.0, most: int = 256) -> None:
        self.clock, self.count, self._coming = clock, 0, 0
        self.within_s, self.ceiling = within_s, most
        self.most = float(most)  # inside at once
        self._took: list[float] = []  # by requests that came in since `most` was set
        self._set_at, self._peak, self._bad_since = 0.0, 0, NEVER
        self.each_s = 0.0  # while nothing was measured nobody is refused for it
        self._windows: deque[float] = deque(maxlen=WINDOWS)
        self.lag_s = 0.0  # how late the event loop comes to what is due, for a while already
        self._late_s = 0.0  # and last
        self._busy_from = self._busy_s = 0.0
        self._left = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        came_s, late_s = self.clock.wall_s(), self._late_s
        if self.count == 0:
            self._busy_from = came_s
        self.count += 1
        self._peak = max(self._peak, self.count)
        try:
            yield
        finally:
            self.count -= 1
            self._leave()
            self._judge(came_s, late_s)

    @property
    def present(self) -> int:
        """Requests inside, and those that were let in and have not begun yet."""
        return self.count + self._coming

    @property
    def full(self) -> bool:
        """As many are present as are answered in time."""
        return self.present >= self.most

    def let_in(self) -> None:
        """Count a request from now on, whose task begins in the loop's next round: many may come
        with one look at the sockets, and each must see those before it."""
        self._coming += 1
        asyncio.get_running_loop().call_soon(self._begins)

    def _begins(self) -> None:
        self._coming -= 1

    def expected_s(self) -> float:
        """Seconds until one more request would be through."""
        return self.lag_s + (self.present + 1) * self.each_s

    async def watch(self) -> None:
        """Measure the event loop's lag for as long as it runs: what lasts, not one late beat, since
        whoever comes after that waits for nothing."""
        while True:
            before = self.clock.wall_s()
            await asyncio.sleep(BEAT_S)
            late_s = self.clock.wall_s() - before - BEAT_S
            self.lag_s = max(min(late_s, self._late_s), FADES * self.lag_s)
            self._late_s = late_s

    def _judge(self, came_s: float, late_s: float) -> None:
        """Fewer inside when the slowest take too long and go on doing so, else it was a hiccup of the
        machine, of which fewer would have seen as much; more while there is room and need. Only
        requests that came in under the present number tell anything about it."""
        if came_s < self._set_at:
            return
        now = self.clock.wall_s()
        # it lay in its socket for one round of the loop, and was read in the next
        self._took.append(now - came_s + ROUNDS_BEFORE * late_s)
        if len(self._took) < WINDOW or now - self._set_at < SPAN_S:
            return
        slow_s = sorted(self._took)[-max(2, len(self._took) // SLOW)]
        late = slow_s > self.within_s
        self._bad_since = min(self._bad_since, now) if late else NEVER
        if now - self._bad_since >= self.within_s:
            factor = max(DROP, AIM * self.within_s / slow_s)
            self.most, self._bad_since = max(LEAST, min(self.most, self._peak) * factor), NEVER
        elif slow_s < AIM * self.within_s and self._peak >= self.most - 1:
            windows = len(self._took) / WINDOW
            self.most = min(self.ceiling, self.most * GROWTH**windows + windows)
        self._took, self._set_at, self._peak = [], now, self.count

    def _leave(self) -> None:
        self._left += 1
        if self.count and self._left < WINDOW:
            return
        now = self.clock.wall_s()
        self._busy_s += now - self._busy_from
        self._busy_from = now
        if self._left >= WINDOW and self._busy_s >= SPAN_S:
            self._windows.append(self._busy_s / self._left)
            self.each_s = sorted(self._windows)[min(1, len(self._windows) - 1)]
            self._busy_s, self._left = 0.0, 0
