"""The very rows that a figure rests on: lines of the ledger, and rows of imports behind those. Opens no terminal.

What a figure names under `rows` is taken here as it stands. Example: `lines(file, account="ads.spend", channel="tv")`
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from steelyard.errors import UserError
from steelyard.market.keeping import MADE
from steelyard.market.kinds import KINDS
from steelyard.near import near
from steelyard.spec import Money, ProductFile
from steelyard.store import CONVERSION, VISIT, Store
from steelyard.store.subtotals import day_of

WITHOUT = ("channel", "variant", "customer", "segment")
PAYMENTS = "payments"  # sales, and conversions that were told as cash
EVENTS = (*KINDS, VISIT, CONVERSION, PAYMENTS, *MADE)
_OF_EVENT = ("id", "kind", "day", "channel", "customer", "nano", "currency", "file", "row")


def lines(
    file: ProductFile,
    *,
    account: str = "",
    variant: str = "",
    channel: str = "",
    customer: str = "",
    segment: str = "",
    without: str = "",
    since: str = "",
    until: str = "",
) -> list[dict[str, Any]]:
    """Lines of the ledger that say all of this, with the day that each speaks of; `without` names what they are of
    none of. A customer is the salted hash that statements show."""
    if without and without not in WITHOUT:
        raise UserError(
            "--without", f"one of {', '.join(WITHOUT)}", repr(without), near(without, WITHOUT)
        )
    said = {"variant": variant, "channel": channel, "customer": customer}
    about = {name: one for name, one in said.items() if one}
    with closing(Store.open(file, create=False)) as store:
        rows = store.ledger.lines(account=account, since=since, until=until or "~", **about)
        parted = segments(store) if "segment" in (without, segment and "segment") else {}

    def fits(row: Mapping[str, Any]) -> bool:
        own = row["about"] if isinstance(row["about"], dict) else {}
        own = {**own, "segment": parted.get(str(own.get("customer", "")), "")}
        return own["segment"] == (segment or own["segment"]) and not (without and own.get(without))

    simulated = file.spec.market.simulated
    return [
        row
        | {"money": str(Money(row["nano"], row["currency"])), "day": day_of(row)}
        | {"simulated": simulated}
        for row in rows
        if fits(row)
    ]


def events(
    file: ProductFile,
    kind: str,
    *,
    channel: str = "",
    customer: str = "",
    since: str = "",
    until: str = "",
) -> list[dict[str, Any]]:
    """Rows in force of a kind, as they were imported or told, by day: those that figures rest on which are no sums of
    lines."""
    if kind not in EVENTS:
        raise UserError("--events", f"one of {', '.join(EVENTS)}", repr(kind), near(kind, EVENTS))
    last = until or "9999"
    with closing(Store.open(file, create=False)) as store:
        found = (
            store.events.payments(since=since, until=last)
            if kind == PAYMENTS
            else store.events.of_kind(kind, since=since, until=last)
        )
    simulated = file.spec.market.simulated
    return [
        {name: row[name] for name in _OF_EVENT}
        | {"money": None if row["nano"] is None else str(Money(row["nano"], row["currency"]))}
        | {"simulated": simulated}
        for row in found
        if channel in ("", row["channel"]) and customer in ("", row["customer"])
    ]


def segments(store: Store) -> dict[str, str]:
    """Customer -> segment, by the list of customers."""
    listed = store.events.of_kind("customers")
    return {event["customer"]: event["body"].get("segment", "") for event in listed}
