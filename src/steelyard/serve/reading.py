"""Where requests are read: small ones at once, others apart from what answers. Knows no task.

Two lanes of few threads, so that long requests wait for each other and not short ones for them.
Example: `await readers.run(work, size=len(body), items=1)`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from steelyard.serve.busy import Busy

Result = TypeVar("Result")
AT_ONCE = 4_000  # characters whose reading takes less than handing it to a thread and back
LIGHT_SIZE, LIGHT_ITEMS = 100_000, 4
WAITING_MAX = 16  # of a lane
YIELD_S = 0.0001


class _Lane:
    def __init__(self, name: str, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.inside = 0


class Readers:
    """A lane for short requests and one for long ones."""

    def __init__(self) -> None:
        self._light, self._heavy = _Lane("reader", 2), _Lane("heavy-reader", 1)
        self._usual_s = sys.getswitchinterval()

    async def run(self, work: Callable[[], Result], values: list[Any]) -> Result:
        """`work` in the lane of its size; 503 when too many wait there."""
        lane = self._light if _light(values) else self._heavy
        if lane.inside >= WAITING_MAX:
            raise Busy("room to read a request", f"{lane.inside} being read")
        lane.inside += 1
        try:
            with self._yielding() if lane is self._heavy else nullcontext():
                return await asyncio.get_running_loop().run_in_executor(lane.pool, work)
        finally:
            lane.inside -= 1

    @contextmanager
    def _yielding(self) -> Iterator[None]:
        """While a long request is read its thread gives way sooner: an answer to somebody else asks
        for the interpreter a dozen times. Always so, a crowd would cost more in changing threads."""
        if self._heavy.inside == 1:
            self._usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(self._usual_s, YIELD_S))
        try:
            yield
        finally:
            if self._heavy.inside == 1:
                sys.setswitchinterval(self._usual_s)

    def close(self) -> None:
        for lane in (self._light, self._heavy):
            lane.pool.shutdown(wait=False, cancel_futures=True)


def short(values: list[Any]) -> bool:
    """Whether these texts may be read where they stand."""
    return all(isinstance(v, str) for v in values) and sum(map(len, values)) <= AT_ONCE


def _light(values: list[Any]) -> bool:
    sizes = [len(v) if isinstance(v, str | bytes) else 0 for v in values]
    return len(values) <= LIGHT_ITEMS and sum(sizes) <= LIGHT_SIZE
