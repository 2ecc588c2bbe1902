"""Transactions -> what is known of each customer: frequency, recency, age, mean value. Knows no model.

Fader & Hardie's conventions, "Creating an RFM summary" (2008): a customer begins with the first
purchase, which is no repeat; several of one day are one; a week is seven days.
Example: `summarize(["a", "a"], ["1997-01-01", "1997-01-15"], [9.0, 12.0], until="1997-09-30")`
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

DAYS_A_WEEK = 7.0
_Floats = NDArray[np.float64]
_Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Summary:
    """A row a customer, [N]; ValueError where two columns contradict each other.

    `frequency` is the number of days with a repeat purchase, `recency_weeks` the time from the
    first to the last purchase, `age_weeks` that from the first to the end of what was observed
    (x, t_x and T of the papers). `mean_value` is over repeat purchases, 0 where there are none.
    """

    customers: NDArray[np.generic]
    frequency: _Counts
    recency_weeks: _Floats
    age_weeks: _Floats
    mean_value: _Floats
    later_rows: int = 0  # after the end: not looked at
    returned: int = 0  # purchases that were given back in full
    unmatched_refunds: float = 0.0  # money given back for no purchase that is here

    def __post_init__(self) -> None:
        columns = (self.frequency, self.recency_weeks, self.age_weeks, self.mean_value)
        if {np.shape(c) for c in columns} != {np.shape(self.customers)}:
            raise ValueError("expected one row a customer in every column")
        if not all(np.all(np.isfinite(c)) and np.all(c >= 0) for c in columns):
            raise ValueError("expected finite figures that are not negative")
        if np.any(self.recency_weeks > self.age_weeks):
            raise ValueError("expected no purchase after the end of what was observed")
        if np.any((self.frequency == 0) != (self.recency_weeks == 0)):
            raise ValueError("expected a recency where there is a repeat purchase, and only there")

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def repeaters(self) -> int:
        """Customers who came back at least once."""
        return int(np.count_nonzero(self.frequency))


@dataclass(frozen=True)
class _Purchases:
    """Days with a purchase, in order of customer and day."""

    who: _Counts
    day: _Counts
    value: _Floats

    def where(self, kept: NDArray[np.bool_]) -> _Purchases:
        return _Purchases(self.who[kept], self.day[kept], self.value[kept])


def summarize(
    customers: ArrayLike,
    days: ArrayLike,
    amounts: ArrayLike | None = None,
    *,
    until: str | date,
) -> Summary:
    """Rows of transactions in any order -> a row a customer; what came after `until` is not looked at.

    A negative amount is a refund, taken from the customer's last purchase up to then, and what is
    left of it from the one before. A purchase of which nothing is left was none; an amount of
    zero is a purchase. Two equal rows are one purchase of twice the money: nothing tells them from
    two items. ValueError for columns of unequal length, or a day or an amount that is none.
    """
    who_is, day_of = np.asarray(customers), np.asarray(days, dtype="datetime64[D]")
    paid = np.zeros(len(who_is)) if amounts is None else np.asarray(amounts, dtype=np.float64)
    if not len(who_is) == len(day_of) == len(paid):
        raise ValueError("expected a customer, a day and an amount in each row")
    if np.any(np.isnat(day_of)) or not np.all(np.isfinite(paid)):
        raise ValueError("expected a day and a finite amount in each row")
    end = np.asarray(until, dtype="datetime64[D]")
    seen = day_of <= end
    names, who = np.unique(who_is[seen], return_inverse=True)
    rows = _Purchases(who.astype(np.int64), day_of[seen].astype(np.int64), paid[seen])
    bought, unmatched = _less(_a_day(rows.where(rows.value >= 0)), rows.where(rows.value < 0))
    stayed = bought.where(~np.isnan(bought.value))
    return replace(
        _of(stayed, names, int(end.astype(np.int64))),
        later_rows=int(np.count_nonzero(~seen)),
        returned=len(bought.who) - len(stayed.who),
        unmatched_refunds=unmatched,
    )


def _a_day(rows: _Purchases) -> _Purchases:
    """All of a customer's purchases of one day as one."""
    pairs, at = np.unique(np.stack([rows.who, rows.day]), axis=1, return_inverse=True)
    value = np.zeros(pairs.shape[1])
    np.add.at(value, at.reshape(-1), rows.value)
    return _Purchases(pairs[0], pairs[1], value)


def _less(bought: _Purchases, refunds: _Purchases) -> tuple[_Purchases, float]:
    """Purchases less what was given back, NaN where that was all; and the money left over."""
    value, unmatched = bought.value.copy(), 0.0
    for i in np.lexsort((refunds.day, refunds.who)):
        mine = bought.who == refunds.who[i]
        left = -refunds.value[i]
        for j in np.flatnonzero(mine & (bought.day <= refunds.day[i]))[::-1]:
            if left <= 0 or not value[j] > 0:
                continue
            taken = min(left, value[j])
            value[j], left = value[j] - taken, left - taken
            # below a hundredth of a cent it is what adding and taking away left behind
            value[j] = np.nan if value[j] < 1e-4 else value[j]
        unmatched += left
    return _Purchases(bought.who, bought.day, value), float(unmatched)


def _of(bought: _Purchases, names: NDArray[np.generic], end: int) -> Summary:
    """A row a customer; whoever has no purchase left is none."""
    here, start, count = np.unique(bought.who, return_index=True, return_counts=True)
    first, last = bought.day[start], bought.day[start + count - 1]
    total = np.bincount(bought.who, weights=bought.value, minlength=len(names))[here]
    frequency = (count - 1).astype(np.int64)
    repeated = np.maximum(total - bought.value[start], 0.0)
    return Summary(
        names[here],
        frequency,
        (last - first) / DAYS_A_WEEK,
        (end - first) / DAYS_A_WEEK,
        np.where(frequency > 0, repeated / np.maximum(frequency, 1), 0.0),
    )
