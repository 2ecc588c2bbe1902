"""What the books say of a market by week or by day: the outcome, and the spend of each channel. Fits nothing.

Sales are what was paid, before refunds, also to the server; visits and conversions are imported ones, or those
that it counted on days that have such. Only whole periods stand in a history. Example: `history(store, "sales").spend["tv"]`
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import UserError
from steelyard.market.gaps import NO_GAPS, Gaps, gaps
from steelyard.near import near
from steelyard.spec import NANO
from steelyard.store import CONVERSION, VISIT, Store

Array = NDArray[np.float64]
DAYS = {"week": 7, "day": 1}
Daily = dict[date, float]
Rows = dict[date, int]


@dataclass(frozen=True)
class History:
    """`outcome` [T] and each spend [T] of periods that begin on `periods` and are over; money in the currency of
    the books. `until` is the last day that has an outcome, `spent_until` a spend, by channel; `gaps` are the
    periods without a row of the outcome, whose outcome is 0 here whether it is known or not."""

    period: str
    of: str
    periods: tuple[date, ...]
    outcome: Array
    spend: dict[str, Array]
    until: date
    spent_until: dict[str, date]
    gaps: Gaps = NO_GAPS

    def sha256(self, more: Mapping[str, Any]) -> str:
        """Of all figures, and of what else a fit is given."""
        said = [
            self.period,
            self.of,
            [day.isoformat() for day in self.periods],
            self.outcome.tolist(),
            {name: column.tolist() for name, column in sorted(self.spend.items())},
            more,
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def channel(self, name: str) -> Array:
        """The spend [T] of one; UserError for a name that has none, with the one that was meant."""
        if name not in self.spend:
            raise no_channel(name, self.spend)
        return self.spend[name]


def no_channel(name: str, known: Iterable[str]) -> UserError:
    """For a channel of which no spend is booked."""
    names = sorted(known)
    return UserError(
        "channel",
        f"one whose spend is booked: {', '.join(names) or 'none is'}",
        repr(name),
        near(name, names) or "import its spend: steelyard market import FILE --as spend",
    )


def history(store: Store, of: str, *, period: str = "week", since: date | None = None) -> History:
    """From the first whole period in which an outcome and a spend are booked, or from the one of `since`, to the
    last that is over: something is booked on its last day or behind it. UserError where nothing is."""
    sums = store.events.sums(by=("kind", "day", "channel", "currency"), partners=False)
    outcome, rows = _outcome(store, of, sums)
    spent = _spent(sums)
    if not outcome:
        raise nothing_booked(of)
    if not spent:
        raise UserError(
            "channels",
            "a spend that is booked",
            "none",
            "import one: steelyard market import FILE --as spend",
        )
    begun = since or max(min(outcome), min(min(days) for days in spent.values()))
    periods = _whole(begun, max(outcome), period, cut=since is None)
    return History(
        period,
        of,
        periods,
        _by_period(outcome, periods, period),
        {name: _by_period(days, periods, period) for name, days in sorted(spent.items())},
        max(outcome),
        {name: max(days) for name, days in sorted(spent.items())},
        gaps(rows, periods, period),
    )


def nothing_booked(of: str) -> UserError:
    """For an outcome that the books do not have."""
    return UserError(
        of,
        f"{of} that are booked",
        "none",
        f"import them: steelyard market import FILE --as {'sales' if of == 'sales' else 'visits'}",
    )


def start_of(day: date, period: str) -> date:
    """The first day of the period of a day: of a week, its Monday."""
    return day - timedelta(days=day.weekday()) if period == "week" else day


def by_period(days: Mapping[date, float], history: History) -> Array:
    """Sums [T] of what is known by day over the periods of a history."""
    return _by_period(days, history.periods, history.period)


def _whole(first: date, last: date, period: str, *, cut: bool) -> tuple[date, ...]:
    """First days of the periods between two days; with `cut` only those that begin behind the first."""
    long = DAYS[period]
    start = start_of(first, period)
    if cut and start < first:
        start += timedelta(days=long)
    count = ((last - start).days + 1) // long
    return tuple(start + timedelta(days=long * i) for i in range(max(0, count)))


def _by_period(days: Mapping[date, float], periods: tuple[date, ...], period: str) -> Array:
    column = np.zeros(len(periods))
    for day, value in days.items():
        at = (day - periods[0]).days // DAYS[period] if periods else -1
        if 0 <= at < len(periods):
            column[at] += value
    return column


def _outcome(store: Store, of: str, sums: Iterable[Mapping[str, Any]]) -> tuple[Daily, Rows]:
    """The outcome by day, and of how many rows it is the sum."""
    days: Daily = defaultdict(float)
    rows: Rows = defaultdict(int)
    if of == "sales":
        for row in sums:
            if row["kind"] == "sales":
                day = date.fromisoformat(row["day"])
                days[day] += (row["nano"] or 0) / NANO
                rows[day] += row["rows"]
        for event in store.events.of_kind(CONVERSION):
            if event["body"].get("cash"):  # booked as a sale where it was counted
                day = date.fromisoformat(event["day"])
                days[day] += (event["nano"] or 0) / NANO
                rows[day] += 1
        return dict(days), dict(rows)
    for event in store.events.of_kind("visits"):
        day = date.fromisoformat(event["day"])
        days[day] += float(event["body"].get(of, 0))
        rows[day] += of in event["body"]
    counted = _counted(store, of, sums)  # a day that was counted is not imported as well
    return dict(days) | counted, dict(rows) | {day: int(n) for day, n in counted.items()}


def _counted(store: Store, of: str, sums: Iterable[Mapping[str, Any]]) -> Daily:
    """What the server counted; not what a partner says of its own channel."""
    days: Daily = defaultdict(float)
    if of == "visits":
        for row in sums:
            if row["kind"] == VISIT:
                days[date.fromisoformat(row["day"])] += row["rows"]
        return dict(days)
    for event in store.events.of_kind(CONVERSION):
        if "partner" not in event["body"]:
            days[date.fromisoformat(event["day"])] += 1
    return dict(days)


def _spent(sums: Iterable[Mapping[str, Any]]) -> dict[str, Daily]:
    spent: dict[str, Daily] = defaultdict(dict)
    for row in sums:
        if row["kind"] == "spend":
            day = date.fromisoformat(row["day"])
            spent[row["channel"]][day] = spent[row["channel"]].get(day, 0.0) - row["nano"] / NANO
    return dict(spent)


@dataclass(frozen=True)
class Regions:
    """The outcome [T, R] of each region over the periods of a history, and the spend [T, R] of each channel that
    is imported by region."""

    names: tuple[str, ...]
    outcome: Array
    spend: dict[str, Array]


def regions(store: Store, past: History) -> Regions:
    """What rows that name a region say; no name where none does."""
    sold: dict[str, Daily] = defaultdict(lambda: defaultdict(float))
    kind = "sales" if past.of == "sales" else "visits"
    for event in store.events.of_kind(kind):
        where = event["body"].get("region")
        if where:
            value = event["nano"] / NANO if kind == "sales" else event["body"].get(past.of, 0)
            sold[where][date.fromisoformat(event["day"])] += float(value)
    names = tuple(sorted(sold))
    spent: dict[str, dict[str, Daily]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(float))
    )
    for event in store.events.of_kind("spend") if names else ():
        where = event["body"].get("region")
        if where:
            day = date.fromisoformat(event["day"])
            spent[event["channel"]][where][day] -= event["nano"] / NANO
    return Regions(
        names,
        _columns(sold, names, past),
        {channel: _columns(by_region, names, past) for channel, by_region in spent.items()},
    )


def _columns(by_region: Mapping[str, Daily], names: tuple[str, ...], past: History) -> Array:
    if not names:
        return np.zeros((len(past.periods), 0))
    return np.stack([by_period(by_region.get(name, {}), past) for name in names], axis=1)


def rows_behind(store: Store, of: str, first: date, last: date) -> dict[str, list[str]]:
    """Ids of the rows that an outcome and spends between two days are sums of, by kind."""
    kinds = {"sales": ("sales", CONVERSION), "visits": ("visits", VISIT)}
    kinds["conversions"] = ("visits", CONVERSION)
    return {
        kind: [
            row["id"]
            for row in store.events.of_kind(kind, since=first.isoformat(), until=last.isoformat())
        ]
        for kind in ("spend", *kinds[of])
    }
