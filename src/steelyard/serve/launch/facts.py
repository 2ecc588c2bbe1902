"""What the page says of the live release: its quality and since when it answers. Knows no page.

Example: `live_of(store, task, served).figures[0].interval.low`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.engine.evaluate import UNCHOSEN
from steelyard.interval import Interval, few_in, too_few
from steelyard.serve.router import Served
from steelyard.store import Store
from steelyard.tasks import Task
from steelyard.words import say

DAY = 10  # characters of a date in a time


@dataclass(frozen=True)
class Figure:
    """One metric on the hold-out."""

    name: str
    interval: Interval
    few: tuple[str, ...] = ()  # classes with too few examples for the interval to be shown

    def shown(self, language: str, between: str = ", ") -> str:
        """The interval, or that there is none."""
        i = self.interval
        return say(too_few(self.few), language) if self.few else f"{i.low:.3f}{between}{i.high:.3f}"


@dataclass(frozen=True)
class Live:
    """The variant that answers, the day since when, and its figures, that of the task's quality first;
    `measured` is the day of the measurement and `version` that of the data, None where unknown."""

    variant: str
    since: str
    figures: tuple[Figure, ...] = ()
    measured: str | None = None
    version: int | None = None


def _unchosen(measured: Mapping[str, Any], name: str) -> Any:
    """What is claimed in public took no part in the choice; unless the variant was measured again since."""
    plain = measured[name]
    other = measured.get(f"{name}{UNCHOSEN}", plain)
    return other if other["id"] >= plain["id"] else plain


def live_of(store: Store, task: Task, served: Served) -> Live:
    """What the ledger knows of it."""
    began = {row["id"]: row["created"][:DAY] for row in store.releases.history()}
    measured = store.measures.of(served.variant)
    measures = {
        name: _unchosen(measured, name)
        for name, m in measured.items()
        if name in task.known and m["low"] is not None and m["on"].startswith("holdout of ")
    }
    order = sorted(measures, key=lambda name: (name != task.quality, list(task.known).index(name)))
    figures = tuple(
        Figure(name, Interval(m["value"], m["low"], m["high"], m["n"]), few_in(m["detail"]))
        for name, m in ((name, measures[name]) for name in order)
    )
    return Live(
        served.variant,
        began.get(served.release or -1, ""),
        figures,
        max((m["created"][:DAY] for m in measures.values()), default=None),
        _version(store, served.variant),
    )


def _version(store: Store, variant: str) -> int | None:
    dataset = next((row["dataset"] for row in store.variants.all() if row["id"] == variant), None)
    versions = {row["id"]: row["version"] for row in store.versions.all()}
    return versions.get(dataset)
