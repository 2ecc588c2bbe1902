"""What is booked around the model, read for the plan: people's hours by training. Knows no lever and no market.

Example: `around(store, product).trained[-1].hours`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from steelyard.plan.around import Around, Trained
from steelyard.plan.outlook import HALF_95
from steelyard.spec import ProductFile
from steelyard.store import Store

METER = "person_hour"
DAYS_MOST = 28
ANSWERS_LEAST = 5_000  # of which the busiest of 24 hours is told to a few percent
READ_MOST = 2_000_000  # answers that are read for it


def around(store: Store, product: ProductFile) -> Around:
    """Of the product file, and of what the ledger has on it."""
    spec = product.spec
    prices = spec.money.prices
    return Around(
        cores=spec.serve.threads,
        cpu_hour=float(prices.cpu_hour),
        peak=_peak(store) if spec.plan.peak is None and prices.cpu_hour else spec.plan.peak,
        hour_price=None if prices.person_hour is None else float(prices.person_hour),
        hours=spec.plan.hours,
        trained=tuple(_trained(store)),
    )


def _peak(store: Store) -> float | None:
    """Answers to users in the busiest hour of the clock over those of a mean one, in the newest whole days; None where
    they are too few to tell. What a server refused is no answer, so that of one that was full is too low."""
    today = datetime.fromisoformat(store.clock.now()).date()
    first, last = (today - timedelta(days=n) for n in (DAYS_MOST, 1))
    daily = store.use.of_days(since=first.isoformat(), until=last.isoformat())
    total, since = 0, last
    for n in range(1, DAYS_MOST + 1):
        day = today - timedelta(days=n)
        total += daily.get(day.isoformat(), 0)
        if n > 1 and total > READ_MOST:
            break
        since = day
    if total < ANSWERS_LEAST:
        return None
    hours = store.use.by_hour(since=since.isoformat(), until=last.isoformat())
    return max(hours) * len(hours) / sum(hours) if sum(hours) >= ANSWERS_LEAST else None


def _trained(store: Store) -> Iterator[Trained]:
    """Every training that was measured, oldest first; none where nobody booked hours. Hours of a channel are the
    market's."""
    booked = sorted(
        (event["day"], float(event["body"]["quantity"]))
        for event in store.events.of_kind("usage")
        if event["body"].get("meter") == METER and not event["channel"]
    )
    if not booked:
        return
    labels = {row["turn"]: row["output"].get("bought") for row in store.steps.all("label")}
    since = ""
    for row in store.steps.all("train"):
        seen, bought = (row["output"].get("metrics") or {}).get("utility"), _of(labels, row["turn"])
        if seen is None or bought is None:
            continue
        day = row["done"][:10]
        hours = sum(n for when, n in booked if since < when <= day)
        error = max(0.0, seen["high"] - seen["low"]) / (2 * HALF_95)
        yield Trained(row["turn"], int(bought), seen["value"], error, hours)
        since = day


def _of(labels: Mapping[int, Any], turn: int) -> Any:
    """Labels of a turn; a step that was reused stands at the turn that made it."""
    before = [one for one in labels if one <= turn]
    return labels[max(before)] if before else None
