"""What partners brought of late, and around a change of their share. Knows no plan.

Example: `next(shared(store, product, today)).change`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from steelyard.market.left import Change, Shared
from steelyard.spec import NANO, ProductFile, as_it_was
from steelyard.spec.counting import Partner
from steelyard.store import CONVERSION, Store

RECENT = 28  # days of which a partner's conversions of late are told
LONGEST = 60  # days on either side of a change
SHORTEST = 14
FILES = 12  # product files of before that are read


def shared(store: Store, product: ProductFile, today: date) -> Iterator[Shared]:
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
