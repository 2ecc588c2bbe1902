"""Large bodies one after another, and never more than a share of the time. Knows no task.

Reading one holds the interpreter, and whoever sends them costs nothing: without a pause between
them everybody else waits behind each. Example: `await sparing.run(parse, size=len(body))`
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from steelyard.serve.busy import Busy

Result = TypeVar("Result")
LARGE = 65_536  # bytes; smaller ones are read at once
SHARE = 0.2  # of the time, for all large bodies together
BYTE_S = 2e-9  # what receiving took before it could be measured
WAITING_MAX = 64


class Sparing:
    """A turn for each large body; the pause behind it is as long as it took, times four."""

    def __init__(self) -> None:
        self._lock, self._free_at, self._waiting = asyncio.Lock(), 0.0, 0

    async def run(self, work: Callable[[], Result], *, size: int) -> Result:
        """What `work` returns; 503 when too many large requests wait."""
        if size <= LARGE:
            return work()
        if self._waiting >= WAITING_MAX:
            raise Busy("room for a large request", f"{self._waiting} of them waiting")
        self._waiting += 1
        try:
            async with self._lock:
                await asyncio.sleep(max(0.0, self._free_at - time.perf_counter()))
                return self._timed(work, size)
        finally:
            self._waiting -= 1

    def _timed(self, work: Callable[[], Result], size: int) -> Result:
        before = time.perf_counter()
        try:
            return work()
        finally:
            after = time.perf_counter()
            self._free_at = after + (after - before + size * BYTE_S) * (1 / SHARE - 1)
