"""What the files of a store cost since it was last booked, at the price of a GB-month. Knows no product file.

Example: `kept(store, prices.storage_gb_month, turn=7)` is a line, or None where no time has passed
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from steelyard.spec import Money
from steelyard.spec.pricing import on
from steelyard.store.chain import Line
from steelyard.store.storage import walk

if TYPE_CHECKING:
    from steelyard.store.store import Store

KEPT = "storage.kept"
_EVIDENCE = "store:"  # and the moment up to which it is paid
_SECONDS_A_MONTH = Decimal("365.25") / 12 * 86_400
_GB = 10**9


def kept(store: Store, price: Decimal, *, turn: int) -> Line | None:
    """Of what is there now, from the last such line on, or from the beginning of the turn, each day at the price
    that held; products that share a store bear it in equal parts. A ledger on a server of its own is not among
    the files."""
    now = store.clock.now()
    booked = [row["evidence"] for row in store.ledger.lines(account=KEPT)]
    own = [
        evidence.removeprefix(_EVIDENCE) for evidence in booked if evidence.startswith(_EVIDENCE)
    ]
    begun = store.turns.one(turn)
    # the last one written, whatever the clock was set to then
    since = own[-1] if own else begun["started"] if begun is not None else now
    files = sum(one.bytes for _, one in walk(store.storage, "") if not one.folder)
    size = Decimal(files) / len(store.products()) / _GB
    parts = [
        (round(size * Decimal(str(seconds)) / _SECONDS_A_MONTH, 9), held)
        for seconds, held in _held(price, since, now)
    ]
    quantity = sum((part for part, _ in parts), Decimal(0))
    if quantity <= 0:
        return None
    cost = Money.of(sum((part * held for part, held in parts), Decimal(0)), store.currency)
    return Line(KEPT, quantity, "gb_month", -cost, f"{_EVIDENCE}{now}")


def _held(price: Decimal, since: str, now: str) -> Iterator[tuple[float, Decimal]]:
    """(seconds, price) of each part of the time over which one price held; none before the first."""
    begin, end = datetime.fromisoformat(since), datetime.fromisoformat(now)
    days = getattr(price, "since", {})
    changes = [datetime.combine(day, time(), UTC) for day in sorted(days)]
    ends = [begin, *(at for at in changes if begin < at < end), end]
    for first, last in pairwise(ends):
        held = on(price, first.astimezone(UTC).date())
        if held is not None and last > first:
            yield (last - first).total_seconds(), held
