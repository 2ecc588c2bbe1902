"""The hash-chained money ledger: append, sum, verify. Knows no stage and no model.

Each line's hash covers the line before it, so a changed line, or a missing one among them, is
found; of the newest lines, those of finished steps are missed.
Example: `ledger.append(connection, [Line("label", 2000, "label", Money.of(-600, "CNY"), "dataset:x")])`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.spec import Money
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import Prepared
from steelyard.store.tables import entry
from steelyard.store.tables import step as steps
from steelyard.store.tables import turn as turns

GENESIS = "0" * 64
_HASHED = ("id", "time", "turn", "account", "quantity", "unit", "nano", "currency", "evidence", "previous")  # fmt: skip
_NEWEST = Prepared(sa.select(entry.c.id, entry.c.hash).order_by(entry.c.id.desc()).limit(1))
_INSERT = Prepared(entry.insert())
CARRIED = "ledger.carried"  # the line of no money that holds the products of all lines before it


@dataclass(frozen=True)
class Line:
    """One movement of money. `money` below zero was spent, above zero was earned."""

    account: str
    quantity: Decimal | int | float
    unit: str
    money: Money
    evidence: str


def append(
    connection: sa.Connection, lines: Sequence[Line], *, product: str, turn: int, time: str
) -> None:
    """Add lines inside the caller's transaction, which must already be the only writer."""
    last = _NEWEST.run(connection)
    number, previous = last[0] if last else (0, GENESIS)
    rows = []
    for line in lines:
        number += 1
        row: dict[str, Any] = {
            "id": number,
            "time": time,
            "turn": turn,
            "account": line.account,
            "quantity": format(Decimal(str(line.quantity)), "f"),
            "unit": line.unit,
            "nano": line.money.nano,
            "currency": line.money.currency,
            "evidence": line.evidence,
            "previous": previous,
            "product": product,
        }
        row["hash"] = previous = digest(row)
        rows.append(row)
    if rows:
        _INSERT.insert(connection, rows)


def digest(row: dict[str, Any]) -> str:
    """SHA-256 of the line's canonical JSON; lines of schema 0001 have no product in it."""
    own = [] if row["product"] is None else [row["product"]]
    return _sha256([row[k] for k in _HASHED] + own)


def _digest_or_none(row: dict[str, Any]) -> str | None:
    try:
        return digest(row)
    except (TypeError, ValueError):  # bytes, or half a character
        return None


def _sha256(value: list[Any]) -> str:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def chain(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Every line in order; Damaged at the first that does not fit the one before it."""
    previous = GENESIS
    query = sa.select(entry).order_by(entry.c.id)
    for number, found in enumerate(connection.execute(query).mappings(), start=1):
        row = dict(found)
        place = f"ledger entry {row['id']}"
        if row["id"] != number:
            raise Damaged(place, f"entry {number}", "a gap", RESTORE)
        if row["previous"] != previous or _digest_or_none(row) != row["hash"]:
            raise Damaged(place, "the hash of an unchanged line", str(row["hash"])[:12], RESTORE)
        previous = row["hash"]
        yield row


def verify(connection: sa.Connection) -> int:
    """Lines in an unbroken chain; Damaged names the first line that does not fit.

    The chain alone cannot miss its newest lines: every finished step must have its own.
    """
    number = sum(1 for _ in chain(connection))
    _every_product_known(connection)
    _every_step_paid(connection)
    return number


def _every_product_known(connection: sa.Connection) -> None:
    """A line's product is its own or, of a line of schema 0001, that of its turn, which a line of
    the upgrade holds; either way the turn must say the same."""
    e, t = entry.c, turns.c
    query = sa.select(e.id, e.product, e.turn, e.account, e.evidence, t.product.label("of_turn"))
    old: list[list[Any]] = []
    for row in connection.execute(query.outerjoin(turns, t.id == e.turn).order_by(e.id)):
        place = f"ledger entry {row.id}"
        if row.account == CARRIED and row.evidence != f"products:{_sha256(old)}":
            raise Damaged(place, "the products its lines had", "others", RESTORE)
        if row.product is None:
            old.append([row.id, row.of_turn])
        if row.turn and row.of_turn is None:
            raise Damaged(place, f"turn {row.turn}", "none", RESTORE)
        if row.turn and row.product not in (None, row.of_turn):
            raise Damaged(f"ledger turn {row.turn}", f"product '{row.product}'", f"'{row.of_turn}'", RESTORE)  # fmt: skip


def _every_step_paid(connection: sa.Connection) -> None:
    e, s = entry.c, steps.c
    paid = sa.select(e.evidence).where(e.evidence == sa.literal("step:") + s.key).exists()
    lost = connection.execute(sa.select(s.name, s.key).where(~paid).order_by(s.done)).first()
    if lost:
        raise Damaged(f"ledger step {lost.name}", f"a line for step:{lost.key}", "none", RESTORE)  # fmt: skip


def sums(
    connection: sa.Connection, *, product: str, turn: int | None = None, until: int | None = None
) -> list[dict[str, Any]]:
    """Lines, exact quantity and money of one product by account and unit, in the order of
    accounts, of one turn or until one; a ledger may hold several products."""
    t = turns.c
    of_turn = {r.id: r.product for r in connection.execute(sa.select(t.id, t.product))}
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in chain(connection):  # all of it: a line that changed its product would be missed
        owner = of_turn.get(row["turn"]) if row["product"] is None else row["product"]
        if owner != product or turn not in (None, row["turn"]):
            continue
        if until is not None and row["turn"] > until:
            continue
        # Added here: SQLite would add the decimal texts as binary fractions.
        key = (row["account"], row["unit"], row["currency"])
        total = found.setdefault(key, [0, Decimal(0), 0])
        total[0] += 1
        total[1] += Decimal(row["quantity"])
        total[2] += row["nano"]
    return [
        {
            "account": account,
            "unit": unit,
            "currency": currency,
            "lines": lines,
            "quantity": format(quantity.normalize(), "f"),
            "nano": nano,
        }
        for (account, unit, currency), (lines, quantity, nano) in sorted(found.items())
    ]
