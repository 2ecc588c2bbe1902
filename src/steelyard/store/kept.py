"""What the files of a store cost since it was last booked, at the price of a GB-month. Knows no product file.

Example: `kept(store, on(prices.storage_gb_month, day))` is a line, or None where no time has passed
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.spec import Money
from steelyard.store.chain import Line
from steelyard.store.storage import walk

if TYPE_CHECKING:
    from steelyard.store.store import Store

KEPT = "storage.kept"
_EVIDENCE = "store:"  # and the moment up to which it is paid
_SECONDS_A_MONTH = Decimal("365.25") / 12 * 86_400
_GB = 10**9


def kept(store: Store, price: Decimal) -> Line | None:
    """Of what is there now, from the last such line on, or from the first turn; products that share a store
    bear it in equal parts. A ledger on a server of its own is not among the files."""
    now = store.clock.now()
    booked = [row["evidence"] for row in store.ledger.lines(account=KEPT)]
    own = [
        evidence.removeprefix(_EVIDENCE) for evidence in booked if evidence.startswith(_EVIDENCE)
    ]
    begun = [turn["started"] for turn in store.turns.all()[:1]]
    since = [*begun, *own][-1]  # the last one written, whatever the clock was set to then
    passed = datetime.fromisoformat(now) - datetime.fromisoformat(since)
    files = sum(one.bytes for _, one in walk(store.storage, "") if not one.folder)
    size = Decimal(files) / len(store.products()) / _GB
    quantity = round(size * Decimal(str(passed.total_seconds())) / _SECONDS_A_MONTH, 9)
    if quantity <= 0:
        return None
    cost = Money.of(price * quantity, store.currency)
    return Line(KEPT, float(quantity), "gb_month", -cost, f"{_EVIDENCE}{now}")
