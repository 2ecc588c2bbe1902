"""How many records are under way at once: fewer where the server has no room for them, slowly more again.

A request that is refused for want of room costs the server work that answers nobody. Knows no HTTP.
Example: `with Room(8) as room: room.refused()`
"""

from __future__ import annotations

import threading
from types import TracebackType

FEWER, MORE = 0.75, 0.05  # additive increase, multiplicative decrease (Chiu & Jain 1989)


class Room:
    """`with room:` waits for a place; `most` is how many there are at first and at best."""

    def __init__(self, most: int) -> None:
        self._most, self._places, self._inside = most, float(most), 0
        self._changed = threading.Condition()

    @property
    def places(self) -> int:
        return max(1, int(self._places))

    def refused(self) -> None:
        """The server had no room for one of them."""
        with self._changed:
            self._places = max(1.0, self._places * FEWER)

    def __enter__(self) -> Room:
        with self._changed:
            while self._inside >= self.places:
                self._changed.wait()
            self._inside += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._places = min(float(self._most), self._places + MORE)
            self._changed.notify(2)  # it may have become one more
