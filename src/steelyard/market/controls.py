"""What moves an outcome beside spend, as columns of the series: prices, quality, demand. Fits nothing.

Example: `controls_of(store, past, ("price",))["price"]`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import numpy as np

from steelyard.errors import UserError
from steelyard.market.series import DAYS, Array, History, by_period, no_channel
from steelyard.spec import NANO
from steelyard.spec.market import Channel
from steelyard.store import Store


def controls_of(store: Store, past: History, names: Sequence[str]) -> dict[str, Array]:
    """Name -> [T]; UserError for one of which nothing is known."""
    return {name: CONTROLS[name](store, past) for name in names}


def demand_of(store: Store, past: History, channels: Mapping[str, Channel]) -> dict[str, Array]:
    """Of each channel that takes up demand, that demand [T]: how often it was shown, else its visits."""
    for name in channels:
        if name not in past.spend:
            raise no_channel(name, past.spend)
    taking = [name for name, one in channels.items() if one.captures]
    return {name: _demand(store, past, name) for name in taking}


def _demand(store: Store, past: History, channel: str) -> Array:
    for kind, field in (("spend", "impressions"), ("visits", "visits")):
        days: dict[date, float] = defaultdict(float)
        for event in store.events.of_kind(kind):
            if event["channel"] == channel and field in event["body"]:
                days[date.fromisoformat(event["day"])] += float(event["body"][field])
        column = by_period(days, past)
        if column.any():
            return column
    raise UserError(
        f"market.channels.{channel}.captures",
        "the demand that it takes up: impressions beside its spend, or visits",
        "neither",
        "import them, or leave captures out",
    )


def _price(store: Store, past: History) -> Array:
    """Mean of what a sale was paid; periods without a sale have the price of the one before."""
    paid: dict[date, float] = defaultdict(float)
    count: dict[date, float] = defaultdict(float)
    # a refund or a fee that is a row by itself is no sale of nothing
    for row in store.events.sums(by=("kind", "day", "currency"), came=True):
        if row["kind"] == "sales" and row["nano"]:
            paid[date.fromisoformat(row["day"])] += row["nano"] / NANO
            count[date.fromisoformat(row["day"])] += row["rows"]
    total, n = by_period(paid, past), by_period(count, past)
    return _carried("price", np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))


def _quality(store: Store, past: History) -> Array:
    """On the hold-out, of the release that was live at the end of each period."""
    live = [row for row in store.releases.history() if row["state"] == "live"]
    value = {row["variant"]: _quality_of(store, row["variant"]) for row in live}
    column = np.full(len(past.periods), np.nan)
    ends = [day.toordinal() + DAYS[past.period] for day in past.periods]
    for row in live:
        since = datetime.fromisoformat(str(row["created"])).date().toordinal()
        column[[end > since for end in ends]] = value[row["variant"]]
    return _carried("quality", column)


def _quality_of(store: Store, variant: str) -> float:
    measures = store.measures.of(variant)
    known = measures.get("utility") or measures.get("accuracy")
    return float(known["value"]) if known else float("nan")


def _carried(name: str, column: Array) -> Array:
    """What is not known is as it was the period before; before all, as it was first."""
    known = np.flatnonzero(np.isfinite(column))
    if len(known) == 0:
        raise UserError(
            f"market.mix.controls: {name}",
            "a figure in the series' time",
            "none",
            "leave it out of market.mix.controls",
        )
    at = np.searchsorted(known, np.arange(len(column)), side="right") - 1
    return np.asarray(column[known[np.maximum(at, 0)]])


CONTROLS: Mapping[str, Callable[[Store, History], Array]] = {"price": _price, "quality": _quality}
