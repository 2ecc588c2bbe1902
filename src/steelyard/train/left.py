"""What baseline, training and learning curve leave, and what they take. Knows no arrays.

Example: `Drawn((CurvePoint(labels=100, quality=0.8, low=0.7, high=0.9, n=50),))`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from steelyard.as_json import others
from steelyard.interval import Interval
from steelyard.point import CurvePoint
from steelyard.tasks.valuation import KindCount


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """A variant that was trained by a method, and its evaluation on the hold-out."""

    variant: str
    name: str
    method: str | None = None
    quality: str = "macro_f1"  # steps of before 0.4 do not name it
    metrics: dict[str, Interval]
    detail: dict[str, Any]  # what the report draws
    kinds: list[KindCount] = field(default_factory=list)


@dataclass(frozen=True)
class TriedMethod:
    """One of the methods that were tried, and the quality of its variant."""

    method: str
    variant: str
    quality: float


@dataclass(frozen=True, kw_only=True)
class Trained(Evaluated):
    """The best of the methods that were tried. `told` is what its training says of itself."""

    against_baseline: Interval
    point: CurvePoint | None = None  # None before points were kept
    told: dict[str, Any] = field(default_factory=dict, metadata=others("history", "precision"))
    tried: tuple[TriedMethod, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Drawn:
    """Points of the learning curve by number of labels, the last of them the trained variant."""

    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class TrainedOn:
    """The data and the labels that every training reads."""

    dataset: Annotated[str, "data.dataset"]
    labels: Annotated[str, "label.labels"]


@dataclass(frozen=True)
class TrainedAgainst(TrainedOn):
    """And the variant that a training is compared with."""

    baseline: Annotated[str, "baseline.variant"]


@dataclass(frozen=True)
class CurveOf(TrainedOn):
    """And the trained variant, with the point that its own step left."""

    trained: Annotated[str, "train.variant"]
    point: Annotated[CurvePoint | None, "train.point"] = None
