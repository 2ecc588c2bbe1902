"""What attempts of a step took that were killed or failed: kept beside the ledger while they run, booked when
the step is done, or when a turn ends without it.

A kill loses at most what came behind the last look. Knows no step's inside.
Example: `with attempts.of(step) as attempt: ...`
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.clock import Clock
from steelyard.errors import SteelyardError
from steelyard.files import make_folder, write

if TYPE_CHECKING:
    from steelyard.store.step import Step

FAILED = "cpu.failed"
LOOK_S = 5.0


@dataclass(frozen=True)
class Attempt:
    """One that is over and was not booked: its step and turn, and CPU seconds."""

    id: str
    product: str
    key: str
    turn: int
    cpu_s: float


class Attempts:
    """A file each in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def of(
        self, step: Step, *, product: str, clock: Clock, look_s: float = LOOK_S
    ) -> Iterator[Callable[[], float]]:
        """Around the work of an attempt, whose file stays till `forget`; yields its CPU seconds so far, less what
        is charged elsewhere."""
        before, identity = clock.cpu_s(), f"{step.key}.{secrets.token_hex(8)}"
        over, writing = threading.Event(), threading.Lock()

        def took() -> float:
            own = clock.cpu_s() - before
            return own if step.elsewhere is None else max(0.0, own - step.elsewhere())

        def note(cpu_s: float) -> None:
            said = {"product": product, "key": step.key, "turn": step.turn, "cpu_s": cpu_s}
            with writing, suppress(OSError):  # a full disk is told by the step itself
                make_folder(self._folder)
                write(self._folder / f"{identity}.json", json.dumps(said))

        def look() -> None:
            while not over.wait(look_s):
                with suppress(SteelyardError):  # of a ledger that is away just now
                    note(took())

        watch = threading.Thread(target=look, name="attempt", daemon=True)
        watch.start()
        try:
            yield took
        finally:
            over.set()
            watch.join()
            with suppress(SteelyardError):
                note(took())

    def left(self, product: str) -> list[Attempt]:
        """Those of a product, of which a turn that runs now has its own too; what is no attempt is none."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):
                said = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(said, dict) and said.get("product") == product:
                    found.append(Attempt(path.stem, **said))
        return found

    def forget(self, attempts: list[Attempt]) -> None:
        for one in attempts:
            (self._folder / f"{one.id}.json").unlink(missing_ok=True)
