"""What compression leaves: every variant as it was measured, and the chosen one. Knows no arrays.

Example: `Compressed("a1b2", rows).chosen_row`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from steelyard.compress.candidate import Candidate
from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.tasks.valuation import KindCount


@dataclass(frozen=True, kw_only=True)
class VariantRow(Candidate):
    """A candidate, whether and why it was chosen, and what a reader must know of its figures: how it
    was evaluated, and how busy the machine was."""

    meets: bool
    chosen: bool
    why: Reason
    p50_ms: float | None = None
    evaluated_on: str | None = None
    timed_on: str | None = None
    busy: bool | None = None
    wall_per_cpu: float | None = None
    flat: bool | None = None


@dataclass(frozen=True)
class Compressed:
    """`chosen` is the id of a variant, or None; the baseline is the last row. `utility` is the mean
    utility of each by name, `accuracy` what stood for it before 0.4."""

    chosen: str | None
    table: tuple[VariantRow, ...]
    utility: Mapping[str, Interval] | None = None
    accuracy: Mapping[str, Interval] | None = None
    unchosen: Reason | None = (
        None  # how good the chosen one is on records that took no part in the choice
    )

    @property
    def chosen_row(self) -> VariantRow | None:
        return next((row for row in self.table if row.variant == self.chosen), None)


@dataclass(frozen=True)
class EvaluatedVariant:
    """A variant that was evaluated on the whole hold-out by the step that trained it."""

    variant: str
    name: str
    metrics: dict[str, Interval]
    detail: dict[str, Any]
    kinds: list[KindCount] = field(default_factory=list)


@dataclass(frozen=True)
class Compressible:
    """The data, the labels, and the two variants that every other one is compared with."""

    dataset: Annotated[str, "data.dataset"]
    labels: Annotated[str, "label.labels"]
    parent: Annotated[EvaluatedVariant, "train.*"]
    baseline: Annotated[EvaluatedVariant, "baseline.*"]
