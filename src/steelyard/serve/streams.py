"""An answer while it is written: a step makes one piece more of it. Knows no queue and no HTTP.

Example: `while stream.step(clock, threads=1): ...`; then `stream.tell()` settles `stream.future`
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from steelyard.clock import Clock
from steelyard.errors import SteelyardError, one_more
from steelyard.tasks import Answer


@dataclass(frozen=True)
class Answered:
    """An answer and the CPU seconds it took."""

    answer: Answer
    cpu_s: float


class Listener(Protocol):
    """Who hears the pieces, in the thread that makes them."""

    gone: bool  # nobody wants the rest

    def __call__(self, piece: str) -> None: ...


UNFINISHED = {"unfinished": True}  # detail of an answer whose caller went away


@dataclass(eq=False)
class Stream:
    """What a model writes, and who hears it."""

    pieces: Iterator[str | Answer]
    listener: Listener
    spent_s: float = 0.0
    future: Future[list[Answered]] = field(default_factory=Future)
    _said: list[str] = field(default_factory=list)
    _end: Answer | Exception | None = None

    def step(self, clock: Clock, *, threads: int) -> bool:
        """One piece more; whether there is another. What was written for somebody who is gone is an answer
        too: it was paid for."""
        if self.listener.gone:
            self._end = Answer("".join(self._said), None, UNFINISHED)
            return False
        before = clock.thread_cpu_s()
        try:
            self._hear(next(self.pieces, None))
        except Exception as error:  # one bad answer must not stop the server
            self._end = error
        self.spent_s += (clock.thread_cpu_s() - before) * threads
        return self._end is None

    def tell(self) -> None:
        """Settle the future with what it ended in."""
        if isinstance(self._end, Answer):
            self.future.set_result([Answered(self._end, self.spent_s)])
        elif self._end is not None:
            self.future.set_exception(one_more(self._end))

    def _hear(self, made: str | Answer | None) -> None:
        if isinstance(made, str):
            self._said.append(made)
            self.listener(made)
        elif isinstance(made, Answer):
            self._end = made
        else:
            raise SteelyardError(
                f"a model that writes: expected pieces of text and last its answer, found {type(made).__name__}"
            )
