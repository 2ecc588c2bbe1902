"""A turn as it happens: one line a step, a bar for what takes long. Knows no stage.

Example: `with Screen() as watcher: turn(product, watcher=watcher)`
"""

from __future__ import annotations

import time
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

DOING = {
    "data": "reading and cleaning the data",
    "label": "buying labels",
    "baseline": "fitting the baseline",
    "train": "training the model",
    "compress": "building and measuring smaller variants",
    "release": "deciding the release",
    "replay": "sending the stream through HTTP",
    "curve": "drawing the learning curve",
    "plan": "placing the next unit of money",
}


class Screen:
    """A `loop.Watcher` on the terminal's error stream, so that standard output stays clean."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self.console, transient=True,
        )  # fmt: skip
        self._bars: dict[str, TaskID] = {}
        self._started = 0.0

    def __enter__(self) -> Screen:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self.progress.stop()

    def begin(self, step: str) -> None:
        self._started = time.perf_counter()
        self._clear()
        self._bars[step] = self.progress.add_task(DOING.get(step, step), total=None)

    def advance(self, what: str, done: int, total: int | None) -> None:
        if what not in self._bars:
            self._bars[what] = self.progress.add_task(f"  {what}", total=total)
        self.progress.update(self._bars[what], completed=done, total=total)

    def end(self, step: str, output: dict[str, Any], *, ran: bool) -> None:
        self._clear()
        took = f"{time.perf_counter() - self._started:6.1f} s" if ran else "    done"
        self.console.print(
            f"[bold]{step:<9}[/bold] {took}  {escape(summary(step, output))}", highlight=False
        )

    def _clear(self) -> None:
        for bar in self._bars.values():
            self.progress.remove_task(bar)
        self._bars = {}


def summary(step: str, output: dict[str, Any]) -> str:
    """What came of a step, in one line."""
    said = _SUMMARIES.get(step)
    return said(output) if said else ""


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
        said += f" ({n:,} for {reason}, the first at {rejects['examples'][0]['where']})"
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
    "label": lambda o: f"{o['bought']:,} labels ({o['new']:,} new) at {o['price']}; pool {o['pool']:,}",
    "baseline": _metric,
    "train": lambda o: f"{_metric(o)}; {o['against_baseline']['value']:+.3f} [{o['against_baseline']['low']:+.3f}, {o['against_baseline']['high']:+.3f}] against the baseline",
    "compress": _compress,
    "release": lambda o: o.get("why") or "the chosen variant is canary",
    "replay": lambda o: f"{o['decision']}: {o['reason']}",
    "curve": lambda o: "  ".join(f"{p['labels']:,}: {p['quality']:.3f}" for p in o["curve"]),
    "plan": lambda o: str(o["plan"]["recommendation"]),
}  # fmt: skip
