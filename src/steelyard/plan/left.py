"""What the plan takes of earlier steps, and what it leaves. Knows no ledger.

Example: `Planned(plan=body, curve=points, forecast=(), served=()).plan["unit"]`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from steelyard.interval import Interval
from steelyard.plan.facts import Undecided
from steelyard.plan.market import Market
from steelyard.point import CurvePoint
from steelyard.reason import Reason


@dataclass(frozen=True)
class Gap:
    """Worth of a variant's answers above its parent's on the same records, as a share, and the standard error."""

    worth: float
    worth_error: float


@dataclass(frozen=True)
class MeasuredVariant:
    """What the plan reads of a row of the variants that were measured."""

    variant: str
    name: str
    cost_per_1000: float
    p95_ms: float
    meets: bool
    gap: Gap | None = None
    why: Reason | None = None  # it meets every goal, or not


@dataclass(frozen=True)
class PlanOf:
    """What earlier steps left. `utility` is the mean utility of each variant by name, or what stood
    for it before 0.4; what is live is told by the replay, or else by the release."""

    bought: Annotated[int, "label.bought"]
    pool: Annotated[int, "label.pool"]
    baseline: Annotated[str, "baseline.variant"]
    trained: Annotated[str, "train.variant"]
    table: Annotated[tuple[MeasuredVariant, ...], "compress.table"]
    utility: Annotated[Mapping[str, Interval] | None, "compress.utility"]
    accuracy: Annotated[Mapping[str, Interval] | None, "compress.accuracy"]
    released: Annotated[str | None, "release.live"]
    replayed: Annotated[str | None, "replay.live"]
    experiment: Annotated[str | None, "replay.experiment"]
    curve: Annotated[tuple[CurvePoint, ...], "curve.curve"]
    method: Annotated[str | None, "train.method"] = None
    undecided: Annotated[Undecided | None, "replay.option"] = None
    canary: Annotated[str | None, "release.canary"] = None
    market: Annotated[Market | None, "market.market"] = None
    damaged: Annotated[str | None, "market.damaged"] = None
    books_in: Annotated[str | None, "market.other_currency"] = None

    @property
    def live(self) -> str:
        """Where nothing may be live yet, the baseline is what there is to compare with."""
        return self.replayed or self.released or self.baseline

    @property
    def utilities(self) -> Mapping[str, Interval]:
        return self.utility or self.accuracy or {}


@dataclass(frozen=True)
class ForecastPoint:
    """Where the learning curve is expected to be."""

    labels: int
    quality: float
    low: float
    high: float


@dataclass(frozen=True)
class ServedRatio:
    """What a variant took in service over `n` requests, beside what was measured before."""

    variant: str
    name: str
    n: int
    predicted_cost_per_1000: float
    served_cost_per_1000: float
    cost_ratio: float | None
    predicted_p95_ms: float | None
    served_p95_ms: float | None
    p95_ratio: float | None


@dataclass(frozen=True)
class Planned:
    """`plan` is the plan as its row keeps it, which the report draws."""

    plan: dict[str, Any]
    curve: tuple[CurvePoint, ...]
    forecast: tuple[ForecastPoint, ...]
    served: tuple[ServedRatio, ...]
    misfit: Reason | None = None  # points that no curve goes through
