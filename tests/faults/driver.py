"""Run a turn in this process and kill it with signal 9 where the test says; time is a counter."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from tests.faults.ticks import Ticks

from steelyard.loop import Silent, turn
from steelyard.spec import load
from steelyard.store import Store


class Killer(Silent):
    """Dies at `begin:STEP`, `end:STEP`, at `WHAT:COUNT` inside a step, at `commit:STEP`: files
    published, nothing committed; or at `sees:PATTERN`: as soon as such a file of the store is
    there, in the middle of a write."""

    def __init__(self, at: str) -> None:
        self.at = at

    def begin(self, step: str) -> None:
        self._die(f"begin:{step}")

    def advance(self, what: str, done: int, total: int | None) -> None:
        self._die(f"{what}:{done}")

    def end(self, step: str, output: dict, *, ran: bool) -> None:
        self._die(f"end:{step}")

    def _die(self, here: str) -> None:
        if here == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def die_when_there(root: Path, pattern: str) -> None:
    """Look without a pause from a thread of its own."""

    def look() -> None:
        while next(root.glob(pattern), None) is None:
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    if sys.argv[2].startswith("sees:"):
        die_when_there(Path(sys.argv[1]).parent / ".steelyard", sys.argv[2].removeprefix("sees:"))
    killer, commit = Killer(sys.argv[2]), Store.commit

    def dying(self, step, output, *, cpu_s):
        killer._die(f"commit:{step.name}")
        commit(self, step, output, cpu_s=cpu_s)

    Store.commit = dying
    turn(load(sys.argv[1]), clock=Ticks(), watcher=killer)
