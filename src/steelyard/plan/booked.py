"""What is booked around the model, read for the plan: people's hours by training, and what partners brought. Knows no lever.

Example: `around(store, product).trained[-1].hours`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.plan.around import Around, Change, Shared, Trained
from steelyard.plan.outlook import HALF_95
from steelyard.spec import NANO, ProductFile, as_it_was
from steelyard.spec.counting import Partner
from steelyard.spec.pricing import on
from steelyard.store import CONVERSION, Store

METER = "person_hour"
RECENT = 28  # days of which a partner's conversions of late are told
LONGEST = 60  # days on either side of a change
SHORTEST = 14
FILES = 12  # product files of before that are read


def around(store: Store, product: ProductFile) -> Around:
    """Of the product file, and of what the ledger has on it."""
    spec = product.spec
    prices = spec.money.prices
    now = datetime.fromisoformat(store.clock.now())
    today = now.astimezone(ZoneInfo(spec.market.time_zone)).date()
    hour = None if prices.person_hour is None else on(prices.person_hour, today)
    return Around(
        cores=spec.serve.threads,
        cpu_hour=float(prices.cpu_hour),
        peak=spec.plan.peak,
        hour_price=None if hour is None else float(hour),
        hours=spec.plan.hours,
        trained=tuple(_trained(store)),
        partners=tuple(_partners(store, product, today)) if spec.market.partners else (),
    )


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


def _partners(store: Store, product: ProductFile, today: date) -> Iterator[Shared]:
    """Each that is declared. What partners told of themselves does not count."""
    market, counted = product.spec.market, _Counted.of(store)
    shares = list(_shares(store, product, today))
    for name, partner in market.partners.items():
        channel, last = market.channel_of[name], today - timedelta(days=1)
        n, nano = counted.of_days(channel, last - timedelta(days=RECENT - 1), last)
        yield Shared(
            name,
            partner.share,
            n / RECENT,
            nano / NANO / n if n else 0.0,
            counted.change(channel, [(day, of[name]) for day, of in shares if name in of], today),
        )


def _shares(
    store: Store, product: ProductFile, today: date
) -> Iterator[tuple[date, Mapping[str, float]]]:
    """The day from which on partners had these shares, by the files of turns, and as the file says now; oldest first."""
    turns = store.turns.all()
    begun = [
        turn
        for i, turn in enumerate(turns)
        if i == 0 or turn["spec_sha256"] != turns[i - 1]["spec_sha256"]
    ]
    for turn in begun[-FILES:]:
        text = (store.turns.one(turn["id"]) or {}).get("file")
        if text:
            then = as_it_was(text, product.path).spec.market.partners
            yield date.fromisoformat(turn["started"][:10]), _of_each(then)
    yield today, _of_each(product.spec.market.partners)


def _of_each(partners: Mapping[str, Partner]) -> dict[str, float]:
    return {name: one.share for name, one in partners.items()}


@dataclass(frozen=True)
class _Counted:
    """Conversions by channel and day: how many, and their value in nano-units."""

    by_day: Mapping[tuple[str | None, date], tuple[int, int]]

    @classmethod
    def of(cls, store: Store) -> _Counted:
        rows = store.events.sums(by=("kind", "day", "channel"), partners=False)
        return cls(
            {
                (row["channel"], date.fromisoformat(row["day"])): (row["rows"], row["nano"] or 0)
                for row in rows
                if row["kind"] == CONVERSION
            }
        )

    def of_days(self, channel: str | None, first: date, last: date) -> tuple[int, int]:
        found = [
            of
            for (name, day), of in self.by_day.items()
            if name == channel and first <= day <= last
        ]
        return sum(n for n, _ in found), sum(nano for _, nano in found)

    def change(
        self, channel: str, shares: Sequence[tuple[date, float]], today: date
    ) -> Change | None:
        """The newest change with whole days on either side in which the share stayed what it was."""
        runs = [one for i, one in enumerate(shares) if i == 0 or one[1] != shares[i - 1][1]]
        first = min((day for name, day in self.by_day if name == channel), default=today)
        ends = [*(day for day, _ in runs[1:]), today]
        for i in range(len(runs) - 1, 0, -1):
            day, share = runs[i]
            begins = max(first, runs[i - 1][0])
            # the day of the change itself had both
            n = min((ends[i] - day).days - 1, (day - begins).days, LONGEST)
            if n >= SHORTEST:
                before = day - timedelta(days=n), day - timedelta(days=1)
                after = day + timedelta(days=1), day + timedelta(days=n)
                own = [self.of_days(channel, *days)[0] for days in (before, after)]
                others = [self._whole(*days) - own[at] for at, days in enumerate((before, after))]
                return Change(
                    day.isoformat(),
                    n,
                    (runs[i - 1][1], share),
                    (own[0], own[1]),
                    (others[0], others[1]),
                )
        return None

    def _whole(self, first: date, last: date) -> int:
        return sum(n for (_, day), (n, _) in self.by_day.items() if first <= day <= last)
