"""A turn as it happens: one line a step, a bar for what takes long. Knows no stage by name.

Where the output is no terminal, a log say, a long step writes a line now and then instead.

Example: `with Screen() as watcher: turn(product, watcher=watcher)`
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from steelyard.cli.show import said
from steelyard.stage import stage_named


class Pulse:
    """What a log is told of a long step: a line each time `every_s` seconds went by in it."""

    def __init__(
        self, *, every_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.every_s, self.clock = every_s, clock
        self._step, self._at, self._began, self._said = "", "", 0.0, 0.0

    def begin(self, step: str) -> None:
        self._step, self._at = step, ""
        self._began = self._said = self.clock()

    def advance(self, what: str, done: int, total: int | None) -> None:
        self._at = f"; {said('doing', what)} {done:,}" + (f" / {total:,}" if total else "")

    def end(self) -> None:
        self._step = ""

    def line(self) -> str | None:
        """What to say now, if anything."""
        now = self.clock()
        if not self._step or now - self._said < self.every_s:
            return None
        self._said = now
        return f"{self._step:<9} {now - self._began:6.0f} s  {_doing(self._step)}{self._at}"


class Screen:
    """A `loop.Watcher` on the terminal's error stream, so that standard output stays clean."""

    def __init__(self, *, told_from_s: float = 0.0) -> None:
        """A step that took less than `told_from_s` has no line of its own."""
        self._told_from_s = told_from_s
        self.console = Console(stderr=True)
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.pulse = Pulse()
        self._bars: dict[str, TaskID] = {}
        self._started = 0.0
        self._stopped = threading.Event()

    def __enter__(self) -> Screen:
        self.progress.start()
        if not self.console.is_terminal:
            # A thread, since a step that is long in one call of a library tells nothing itself.
            threading.Thread(target=self._beat, daemon=True).start()
        return self

    def _beat(self) -> None:
        while not self._stopped.wait(1.0):
            line = self.pulse.line()
            if line:
                self._print(escape(line))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self.progress.stop()

    def begin(self, step: str) -> None:
        self._started = time.perf_counter()
        self.pulse.begin(step)
        self._clear()
        self._bars[step] = self.progress.add_task(_doing(step), total=None)

    def advance(self, what: str, done: int, total: int | None) -> None:
        if what not in self._bars:
            self._bars[what] = self.progress.add_task(f"  {said('doing', what)}", total=total)
        self.progress.update(self._bars[what], completed=done, total=total)
        self.pulse.advance(what, done, total)

    def end(self, step: str, output: dict[str, Any], *, ran: bool) -> None:
        self._clear()
        self.pulse.end()
        took_s = time.perf_counter() - self._started
        if took_s < self._told_from_s:
            return
        took = f"{took_s:6.1f} s" if ran else "    done"
        self._print(f"[bold]{step:<9}[/bold] {took}  {escape(summary(step, output, ran=ran))}")

    def _print(self, line: str) -> None:
        # A log is not folded at the 80 columns that are assumed where nobody knows the width.
        self.console.print(line, highlight=False, soft_wrap=not self.console.is_terminal)

    def _clear(self) -> None:
        for bar in self._bars.values():
            self.progress.remove_task(bar)
        self._bars = {}


def summary(step: str, output: dict[str, Any], *, ran: bool = True) -> str:
    """What came of a step, in one line; `ran` is False when it was done before."""
    stage = stage_named(step)
    return "" if stage is None else stage.line(output, ran=ran)


def _doing(step: str) -> str:
    stage = stage_named(step)
    return (stage.doing if stage is not None else "") or said("doing", step)
