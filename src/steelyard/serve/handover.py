"""From one thread to another: what belongs together goes over at once. Knows no requests.

Every handing over wakes the other thread, which then wants the interpreter of the first: answer by
answer, two threads spend more time on that than on the answers.
Example: `with handover.together(): handover.put(a); handover.put(b)` sends `[a, b]`
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Together = Callable[[], AbstractContextManager[None]]


class Handover(Generic[Thing]):
    """`send` gets what one thread put, in its order: alone, or all of a `together`."""

    def __init__(self, send: Callable[[list[Thing]], None]) -> None:
        self._send, self._of = send, threading.local()

    def put(self, thing: Thing) -> None:
        held: list[Thing] | None = getattr(self._of, "held", None)
        if held is None:
            self._send([thing])
        else:
            held.append(thing)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread puts until the end is sent then, also when that end is an error."""
        if getattr(self._of, "held", None) is not None:  # inside another: that one sends
            yield
            return
        held: list[Thing] = []
        self._of.held = held
        try:
            yield
        finally:
            self._of.held = None
            if held:
                self._send(held)
