"""What was given back of a payment by rows of their own is, over all files, never more than it was.

Two amounts of one currency are compared in it: the rate of the day that money went back is not that of the day
it came. Example: `check_refunds(store, table, events, key_of)`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.table import Row, Table
from steelyard.spec import Money
from steelyard.spec.money import NANO
from steelyard.store import Store

_Event = Mapping[str, Any]


def check_refunds(
    store: Store, table: Table, events: Sequence[_Event], key_of: Callable[[str, str], str]
) -> None:
    """`key_of` tells the key of a payment from its id and whose id that is. DataError at the row that gives
    back too much, or that says it was less. A payment that was never imported is not known, and its refund
    stands alone."""
    if table.mapping.kind.name != "sales":
        return
    rows = {event["key"]: row for row, event in zip(table.rows, events, strict=True)}
    before = [event for event in store.events.refunds() if event["key"] not in rows]
    refunds: dict[str, list[_Event]] = {}
    for event in [*before, *events]:
        if event["body"].get("order"):
            of = key_of(event["body"]["order"], event["body"].get("source", ""))
            refunds.setdefault(of, []).append(event)
    payments: dict[str, _Event] = dict(store.events.of_keys(list(refunds)))
    payments |= {event["key"]: event for event in events if event["key"] in refunds}
    for key, payment in payments.items():
        _check(table, rows, payment, refunds[key])


def _check(
    table: Table, rows: Mapping[str, Row], payment: _Event, refunds: Sequence[_Event]
) -> None:
    said = len({_currency(event) for event in (payment, *refunds)}) == 1
    paid, back = _amount(payment, "amount", said=said), _amount(payment, "refund", said=said)
    currency = _currency(payment) if said else str(payment["currency"])
    for event in refunds:
        back += _amount(event, "refund", said=said)
        row = rows.get(event["key"], rows.get(payment["key"]))
        if back > paid and row is not None:
            raise DataError(
                table.at(row, "refund"),
                f"at most what was paid, {Money.of(paid, currency)}",
                f"{Money.of(back, currency)} in all",
                "correct the cell",
            )


def _currency(event: _Event) -> str:
    """The one that a row says its amounts in."""
    return str(event["body"].get("foreign", event)["currency"])


def _amount(event: _Event, name: str, *, said: bool) -> Decimal:
    """As the row says it, or as it is booked."""
    body = event["body"]
    if said and "foreign" in body:
        return Decimal(body["foreign"].get(name, 0))
    nano = event["nano"] if name == "amount" else body.get(f"{name}_nano", 0)
    return Decimal(nano) / NANO
