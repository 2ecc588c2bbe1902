"""What is left of what customers pay: a mean, and a share of income, with intervals over customers. Knows no store.

Example: `margin_share([Customer(income=100, fees=3)], {"sales": 1}).value`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, mean, stdev

import numpy as np
from numpy.typing import NDArray

from steelyard.market.figures import Figure
from steelyard.market.serving import CONFIDENCE
from steelyard.reason import Reason
from steelyard.spec import NANO
from steelyard.stats.bootstrap import bootstrap_sums

CUSTOMERS_MIN = 5  # below, a mean has no interval worth telling
SEED = 0
Array = NDArray[np.float64]
Rows = tuple[Mapping[str, str], ...]  # what `steelyard ledger lines` takes
NO_ROWS: Rows = ({},)


@dataclass
class Customer:
    """Money in nano-units: what came in, less what was given back, and what it took."""

    income: int = 0
    fees: int = 0
    serving: float = 0.0
    calls: int = 0
    requests: int = 0

    @property
    def margin(self) -> float:
        return self.income - self.fees - self.serving - self.calls


def mean_margin(
    each: Iterable[Customer], events: Mapping[str, int], *, rows: Rows = NO_ROWS
) -> Figure | Reason:
    values = [one.margin / NANO for one in each]
    if len(values) < CUSTOMERS_MIN:
        return Reason(
            "economics.few_customers", {"customers": len(values), "needed": CUSTOMERS_MIN}
        )
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * stdev(values) / len(values) ** 0.5
    middle = mean(values)
    return Figure(
        middle,
        "measured",
        len(values),
        middle - half,
        middle + half,
        lines=rows[0],
        events=events,
        also=rows[1:],
    )


def margin_share(
    each: Iterable[Customer],
    events: Mapping[str, int],
    *,
    apart: float = 0.0,
    rows: Rows = NO_ROWS,
) -> Figure | Reason:
    """With an interval over customers, since a few large ones may make most of it; `apart` is the share of income that
    fees take which belong to nobody's payment."""
    all_of = list(each)
    income = sum(one.income for one in all_of)
    if income <= 0:
        return Reason("economics.no_income", {})
    left = sum(one.margin for one in all_of) / income - apart
    low, high = _between(all_of, apart)
    return Figure(
        left,
        "measured",
        len(all_of),
        low,
        high,
        lines=rows[0],
        events=events,
        also=rows[1:],
    )


def _between(each: Sequence[Customer], apart: float) -> tuple[float | None, float | None]:
    """Ends of the share that is left, by customers drawn again; none for few of them, or where a draw may have no
    income at all."""
    if len(each) < CUSTOMERS_MIN:
        return None, None
    sums = np.array([[one.margin / NANO, one.income / NANO] for one in each])

    def share(drawn: Array) -> dict[str, Array]:
        income = drawn[..., 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {"share": np.where(income > 0, drawn[..., 0] / income, np.nan)}

    found = bootstrap_sums(sums, share, confidence=CONFIDENCE, seed=SEED)["share"]
    if not (np.isfinite(found.low) and np.isfinite(found.high)):
        return None, None
    return found.low - apart, found.high - apart
