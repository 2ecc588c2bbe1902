"""A turn as it happens: one line a step, a bar for what takes long. Knows no stage.

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
from rich.progress import (  # fmt: skip
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from steelyard.data.rejects import OUTSIDE, labels_said
from steelyard.report.page import recommendation
from steelyard.terms import term

DOING = {
    "data": "reading and cleaning the data",
    "label": "taking labels from the training pool",
    "baseline": "fitting the baseline",
    "train": "training the model",
    "compress": "building and measuring smaller variants",
    "release": "deciding the release",
    "replay": "sending the stream through HTTP",
    "curve": "drawing the learning curve",
    "plan": "placing the next unit of money",
}


ALIKE_TOLD = 5  # a cluster of more than one record in five is worth a word


class Pulse:
    """What a log is told of a long step: a line each time `every_s` seconds went by in it."""

    def __init__(self, *, every_s: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self.every_s, self.clock = every_s, clock
        self._step, self._at, self._began, self._said = "", "", 0.0, 0.0

    def begin(self, step: str) -> None:
        self._step, self._at = step, ""
        self._began = self._said = self.clock()

    def advance(self, what: str, done: int, total: int | None) -> None:
        self._at = f"; {what} {done:,}" + (f" of {total:,}" if total else "")

    def end(self) -> None:
        self._step = ""

    def line(self) -> str | None:
        """What to say now, if anything."""
        now = self.clock()
        if not self._step or now - self._said < self.every_s:
            return None
        self._said = now
        doing = DOING.get(self._step, self._step)
        return f"{self._step:<9} {now - self._began:6.0f} s  {doing}{self._at}"


class Screen:
    """A `loop.Watcher` on the terminal's error stream, so that standard output stays clean."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self.console, transient=True,
            disable=not self.console.is_terminal,
        )  # fmt: skip
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
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._stopped.set()
        self.progress.stop()

    def begin(self, step: str) -> None:
        self._started = time.perf_counter()
        self.pulse.begin(step)
        self._clear()
        self._bars[step] = self.progress.add_task(DOING.get(step, step), total=None)

    def advance(self, what: str, done: int, total: int | None) -> None:
        if what not in self._bars:
            self._bars[what] = self.progress.add_task(f"  {what}", total=total)
        self.progress.update(self._bars[what], completed=done, total=total)
        self.pulse.advance(what, done, total)

    def end(self, step: str, output: dict[str, Any], *, ran: bool) -> None:
        self._clear()
        self.pulse.end()
        took = f"{time.perf_counter() - self._started:6.1f} s" if ran else "    done"
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
    if step == "label":
        return _label(output, ran=ran)
    said = _SUMMARIES.get(step)
    return said(output) if said else ""


def _label(o: dict[str, Any], *, ran: bool) -> str:
    """The labels stand in the file; what a step that was done before charged is not new."""
    charged = f"{o['new']:,} charged at {o['price']}" if ran and o["new"] else "nothing charged"
    return f"{o['bought']:,} of {o['pool']:,} labels of the training pool; {charged}"


def _metric(found: dict[str, Any], name: str = "macro_f1") -> str:
    m = found["metrics"][name]
    return (
        f"{name} {m['value']:.3f} [{m['low']:.3f}, {m['high']:.3f}] on {m['n']:,} held-out records"
    )


def _data(o: dict[str, Any]) -> str:
    total = {name: sum(labels.values()) for name, labels in o["splits"].items()}
    parts = ", ".join(f"{n:,} {name}" for name, n in total.items())
    rejects = o["rejects"]
    said = f"{parts}; {rejects['total']:,} rejected"
    if rejects["total"]:
        reason, n = max(rejects["reasons"].items(), key=lambda pair: pair[1])
        told = rejects.get("labels") or []  # steps of before 0.2 have none
        which = f": {labels_said(told)}" if told and reason == OUTSIDE else ""
        said += f" ({n:,} for {reason}{which}, the first at {rejects['examples'][0]['where']})"
    alike, all_of = o.get("largest_cluster", 0), sum(total.values())
    if alike * ALIKE_TOLD > all_of and alike > 1:
        said += f"; {alike:,} are near-duplicates of each other (data.near_duplicate)"
    blank = sum(labels.get("(unlabelled)", 0) for labels in o["splits"].values())
    return said + (f"; {blank:,} without a label" if blank else "")


def _compress(o: dict[str, Any]) -> str:
    chosen = next((row for row in o["table"] if row["variant"] == o["chosen"]), None)
    if chosen is None:
        return "no variant meets the goals"
    return (
        f"{chosen['name']}: {chosen['cpu_ms']:.2f} ms CPU an item, quality {chosen['quality']:.3f}"
    )


_SUMMARIES: dict[str, Any] = {
    "data": _data,
    "baseline": _metric,
    "train": lambda o: f"{_metric(o)}; {o['against_baseline']['value']:+.3f} [{o['against_baseline']['low']:+.3f}, {o['against_baseline']['high']:+.3f}] against the baseline",
    "compress": _compress,
    "release": lambda o: o.get("why") or "the chosen variant is canary",
    "replay": lambda o: f"{term('decision', o['decision'], 'en')}: {o['reason']}",
    "curve": lambda o: "  ".join(f"{p['labels']:,}: {p['quality']:.3f}" for p in o["curve"]),
    "plan": lambda o: recommendation(o["plan"]["recommendation"], "en"),
}  # fmt: skip
