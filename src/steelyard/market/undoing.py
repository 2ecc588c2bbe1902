"""A file that was imported is taken back: of each row that came from it a last revision that says nothing, and
lines of the ledger against its own. Knows no format.

A row that another file corrected since is that file's, and stays. What was taken back can be imported again.
Example: `undo(store, taken(store, "9f86d081884c7d65")).lines`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from steelyard.market.booking import NO_TURN, key_of_payment, taken_back
from steelyard.market.kinds import KINDS
from steelyard.market.metered import counted_before, paid_for_less
from steelyard.spec import Money
from steelyard.store import UNDONE, Line, Store

_KINDS = tuple(KINDS)


@dataclass(frozen=True)
class Moved:
    """What comes back of an account, or leaves it."""

    account: str
    lines: int
    money: Money


@dataclass(frozen=True)
class Taken:
    """What is taken back of a file, and what is left of others: rows of it that another file `corrected`, which
    stay; rows of it that had `replaced` those of another file, which do not come back by themselves; refunds
    of other files whose payment goes, and rows of other files whose customer does."""

    file: str
    rows: Sequence[Mapping[str, Any]]
    last_revisions: Sequence[dict[str, Any]]
    corrected: int
    replaced: int
    refunds: int
    customers: int

    def lines(self) -> Iterator[Line]:
        for row, last in zip(self.rows, self.last_revisions, strict=True):
            yield from taken_back(row, "undone")
            yield from counted_before(last)

    def moved(self) -> list[Moved]:
        """By account, in the order of their names."""
        sums: dict[tuple[str, str], Moved] = {}
        for line in self.lines():
            at = line.account, line.money.currency
            old = sums.get(at, Moved(line.account, 0, Money(0, line.money.currency)))
            money = Money(old.money.nano + line.money.nano, line.money.currency)
            sums[at] = replace(old, lines=old.lines + 1, money=money)
        return [sums[at] for at in sorted(sums)]


def files(store: Store) -> list[dict[str, Any]]:
    """Every file of which something is in force: a row for each kind of rows that it had."""
    return store.events.files(_KINDS)


def files_named(store: Store, digits: str) -> list[str]:
    """SHA-256 of every file that begins so and ever was imported."""
    return store.events.known_files(digits, _KINDS)


def taken(store: Store, sha256: str) -> Taken:
    """What would be taken back of a file; nothing of one that was already."""
    rows = store.events.of_file(sha256, _KINDS)
    last = [_last_revision(row) for row in rows]
    paid_for_less(store, list(zip(last, rows, strict=True)))
    gone = sorted({row["customer"] for row in rows if row["kind"] == "customers"})
    return Taken(
        sha256,
        rows,
        last,
        corrected=store.events.corrected_elsewhere(sha256),
        replaced=store.events.taken_over(sha256),
        refunds=_refunds_left(store, rows),
        customers=store.events.of_customers(gone, apart_from=sha256),
    )


def undo(store: Store, of: Taken) -> int:
    """Take it back, as a whole or not at all; how many lines that made."""
    written = [0]

    def lines(new: set[str]) -> list[Line]:
        made = list(of.lines()) if new else []  # all of them are new, or another one was quicker
        written[0] = len(made)
        return made

    store.record_once([("event", one) for one in of.last_revisions], lines, turn=NO_TURN)
    return written[0]


def _last_revision(row: Mapping[str, Any]) -> dict[str, Any]:
    """Says of which file and row it takes back what; no money, no channel and nobody."""
    revision = int(row["revision"]) + 1
    said = json.dumps([row["key"], revision, UNDONE])
    nothing = {"at": None, "channel": None, "customer": None, "nano": None}
    return {
        "id": hashlib.sha256(said.encode()).hexdigest()[:32],
        **{name: row[name] for name in ("product", "key", "day", "currency", "file", "row")},
        **nothing,
        "kind": UNDONE,
        "revision": revision,
        "body": {"kind": row["kind"]},
    }


def _refunds_left(store: Store, rows: Sequence[Mapping[str, Any]]) -> int:
    """Refunds of other files whose payment is taken back: from then on each stands alone."""
    gone = {row["key"] for row in rows if row["kind"] == "sales"}
    if not gone:
        return 0
    salt = store.salt()
    return sum(
        key_of_payment(store, salt, refund) in gone
        for refund in store.events.refunds()
        if refund["key"] not in gone
    )
