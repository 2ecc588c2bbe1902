"""Spend, visits, conversions and revenue by channel and week, as booked. Fits nothing.

Sales are what was paid, before refunds, also to the server. A day on which the server counted is not taken from
exports as well, and what a partner says of its own channel is not counted. Example: `weekly(store)[0]["spend"]`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.market.moved import decimal
from steelyard.market.series import start_of
from steelyard.store import CONVERSION, VISIT, Store

Row = Mapping[str, Any]
Key = tuple[str, str]  # the Monday of a week, and a channel; none: not known of which


@dataclass
class Week:
    """Money in nano-units, spend above zero."""

    spend: int = 0
    visits: int = 0
    conversions: Decimal = Decimal(0)  # of an export perhaps parts of one
    revenue: int = 0


def weekly(store: Store, *, until: str = "9999") -> list[dict[str, Any]]:
    """A row for each week and channel that has something, oldest first, of the days up to one; `channel` is None where
    the rows name none, `over` whether a week's last day is among these days or behind it something is booked."""
    weeks: dict[Key, Week] = defaultdict(Week)
    sums = store.events.sums(by=("kind", "day", "channel"), until=until, partners=False)
    told = store.events.of_kind(CONVERSION, until=until)
    _money(weeks, sums, told)
    _counts(weeks, store.events.of_kind("visits", until=until), sums, told)
    newest = max((row["last"] for row in sums if row["kind"] in _KINDS), default="")
    return [
        {
            "week": monday,
            "last": _last(monday),
            "channel": channel or None,
            "over": newest >= _last(monday),
            "spend": decimal(one.spend),
            "visits": one.visits,
            "conversions": float(one.conversions),
            "revenue": decimal(one.revenue),
        }
        for (monday, channel), one in sorted(weeks.items())
        if one != Week()
    ]


_KINDS = ("spend", "sales", "visits", VISIT, CONVERSION)


def _money(weeks: dict[Key, Week], sums: Sequence[Row], told: Sequence[Row]) -> None:
    for row in sums:
        if row["kind"] == "spend":
            weeks[_key(row)].spend -= row["nano"] or 0
        elif row["kind"] == "sales":
            weeks[_key(row)].revenue += row["nano"] or 0
    for event in told:
        if event["body"].get("cash"):
            weeks[_key(event)].revenue += event["nano"] or 0


def _counts(
    weeks: dict[Key, Week], imported: Sequence[Row], sums: Sequence[Row], told: Sequence[Row]
) -> None:
    visited = [row for row in sums if row["kind"] == VISIT]
    converted = [event for event in told if "partner" not in event["body"]]
    for row in visited:
        weeks[_key(row)].visits += row["rows"]
    for event in converted:
        weeks[_key(event)].conversions += 1
    for event in _not_counted(imported, visited):
        weeks[_key(event)].visits += int(event["body"].get("visits", 0))
    for event in _not_counted(imported, converted):
        weeks[_key(event)].conversions += Decimal(event["body"].get("conversions", 0))


def _not_counted(imported: Sequence[Row], counted: Sequence[Row]) -> Iterator[Row]:
    days = {row["day"] for row in counted}
    return (event for event in imported if event["day"] not in days)


def _last(monday: str) -> str:
    return (date.fromisoformat(monday) + timedelta(days=6)).isoformat()


def _key(row: Row) -> Key:
    return start_of(date.fromisoformat(row["day"]), "week").isoformat(), row["channel"] or ""
