"""Where requests are read: short texts at once, small pictures in a thread, long ones apart. Knows no
task.

A thread that reads holds the interpreter, which every answer needs a dozen times: what takes long is
read in another process. Two lanes of them, so that long requests wait for longer ones no more than
short ones do. Example: `features, cpu_s = await readers.apart(variant, values)`
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from steelyard.serve.apart import Apart
from steelyard.serve.busy import Busy
from steelyard.tasks import Array
from steelyard.tasks.limits import length_of

Result = TypeVar("Result")
# a phone's photo in base64; more, or more values, waits among the longest
LONG_SIZE, LONG_ITEMS = 8_000_000, 4
WAITING_MAX = 16  # of a lane


class _Lane:
    """Threads that work, or wait for a process, and how many requests are with them."""

    def __init__(self, name: str, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._inside = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        with self._counted():
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._inside >= WAITING_MAX:
            raise Busy("room to read a request", f"{self._inside} being read")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


class _LaneApart(_Lane):
    """A lane whose thread waits for a process."""

    def __init__(self, name: str, verified: Callable[[str], Path]) -> None:
        super().__init__(name, threads=1)
        self.process = Apart(verified)

    def close(self) -> None:
        super().close()
        self.process.close()


class Readers:
    """A lane for small pictures, one for long requests, and one for the longest."""

    def __init__(self, verified: Callable[[str], Path]) -> None:
        self._beside = _Lane("reader", 2)
        self._long, self._longest = (_LaneApart(n, verified) for n in ("long", "longest"))

    async def beside(self, work: Callable[[], Result]) -> Result:
        """`work` in a thread; 503 when too many wait."""
        return await self._beside.run(work)

    async def apart(self, variant: str, values: Sequence[Any]) -> tuple[list[Array], float]:
        """Features of the values and their CPU seconds, read in a process; see `Apart.read`."""
        lane = self._long if _light(values) else self._longest
        return await lane.run(lambda: lane.process.read(variant, values))

    def close(self) -> None:
        for lane in (self._beside, self._long, self._longest):
            lane.close()


def _light(values: Sequence[Any]) -> bool:
    """Few values of few characters or bytes."""
    return len(values) <= LONG_ITEMS and sum(map(length_of, values)) <= LONG_SIZE
