"""What was designed, read and fitted of the market, kept as facts that nobody changes. Knows no mathematics.

A fact's id is the hash of what it says; of designs and readouts a line of the chained ledger holds it, so that
one that is written anew is found out. Example: `kept(store, "market_test")[0].body["seed"]`
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.errors import Damaged
from steelyard.spec import Money
from steelyard.store import Line, Store

TEST, LIFT, LOOK, FIT = "market_test", "market_lift", "market_look", "market_fit"
APPROVED = "plan_approved"
MADE = (TEST, LIFT, LOOK, FIT, APPROVED)
# kind -> account and unit of the line, of no money, that holds its fact
_HELD = {
    TEST: ("market.test", "test"),
    LIFT: ("market.lift", "readout"),
    APPROVED: ("plan.approved", "approval"),
}


@dataclass(frozen=True)
class Kept:
    """A fact as it was written down, and when."""

    id: str
    day: str
    channel: str
    body: dict[str, Any]
    created: str


def keep(
    store: Store, kind: str, named: str, *, day: str, channel: str, body: Mapping[str, Any]
) -> str:
    """Its id; the same fact again changes nothing. StoreError for another one of the same name."""
    said = plain(body)
    key = _sha([store.product, kind, named])
    identity = _id(kind, key, day, channel, said)
    event = {
        "id": identity,
        "product": store.product,
        "kind": kind,
        "key": key,
        "revision": 0,
        "day": day,
        "at": None,
        "channel": channel or None,
        "customer": None,
        "nano": None,
        "currency": None,
        "body": said,
        "file": _sha(said),
        "row": 0,
    }

    def lines(new: set[str]) -> list[Line]:
        if kind not in _HELD or identity not in new:
            return []
        account, unit = _HELD[kind]
        about = {"day": day, "channel": channel}
        nothing = Money(0, store.currency)
        return [Line(account, 1, unit, nothing, f"event:{identity}", about=about)]

    store.record_once([("event", event)], lines, turn=0)
    return identity


def kept(store: Store, kind: str) -> list[Kept]:
    """Every fact of a kind, oldest first; Damaged for one that is not what was written down."""
    rows = store.events.of_kind(kind)
    held = store.ledger.evidence(_HELD[kind][0]) if kind in _HELD and rows else set()
    for row in rows:
        said = _id(kind, row["key"], row["day"], row["channel"] or "", row["body"])
        if row["id"] != said or (kind in _HELD and f"event:{said}" not in held):
            raise Damaged(
                f"{kind} of {row['channel']} from {row['day']}",
                "what was written down when it was made",
                "something else: it was changed afterwards",
                "restore the ledger from a backup",
            )
    facts = [
        Kept(r["id"], r["day"], r["channel"] or "", r["body"], str(r["created"])) for r in rows
    ]
    return sorted(facts, key=lambda fact: fact.created)


def plain(value: Any) -> Any:
    """As JSON that is the same when it is read again: numbers of nine digits, null for those that are none."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value


def _id(kind: str, key: str, day: str, channel: str, body: Any) -> str:
    return _sha([kind, key, day, channel, body])[:32]


def _sha(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
