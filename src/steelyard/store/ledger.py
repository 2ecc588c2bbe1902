"""The hash-chained money ledger: append, sum, verify. Knows no stage and no model.

Each line's hash covers the line before it, so a changed line, or a missing one among them, is
found; of the newest lines, those of finished steps are missed. Sums of whole blocks of lines are
kept, so that money is read from them and from the few lines behind the last block.
Example: `ledger.append(connection, [Line("label", 2000, "label", Money.of(-600, "CNY"), "dataset:x")])`
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store.chain import CASH, GENESIS, IMPUTED, STREAMED, Line, chain, digest, sha256_of
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import Prepared
from steelyard.store.subtotals import EXACT, Sum, added_up, check_blocks, close_blocks, due
from steelyard.store.tables import entry
from steelyard.store.tables import step as steps
from steelyard.store.tables import turn as turns

__all__ = [
    "CASH",
    "GENESIS",
    "IMPUTED",
    "Line",
    "append",
    "chain",
    "every_step_paid",
    "parted",
    "sums",
    "verify",
]
_NEWEST = Prepared(sa.select(entry.c.id, entry.c.hash).order_by(entry.c.id.desc()).limit(1))
_INSERT = Prepared(entry.insert())
CARRIED = "ledger.carried"  # the line of no money that holds the products of all lines before it


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
            "basis": line.basis,
            "about": line.about,
        }
        row["hash"] = previous = digest(row)
        rows.append(row)
    if rows:
        _INSERT.insert(connection, rows)
    if due(number, len(rows)):
        close_blocks(connection)


def verify(connection: sa.Connection) -> int:
    """Lines in an unbroken chain; Damaged names the first line that does not fit.

    The chain alone cannot miss its newest lines: every finished step must have its own.
    """
    number = check_blocks(connection)
    _every_product_known(connection)
    every_step_paid(connection)
    return number


def _every_product_known(connection: sa.Connection) -> None:
    """A line's product is its own or, of a line of schema 0001, that of its turn, which a line of
    the upgrade holds; either way the turn must say the same."""
    e, t = entry.c, turns.c
    query = sa.select(e.id, e.product, e.turn, e.account, e.evidence, t.product.label("of_turn"))
    old: list[list[Any]] = []
    query = query.outerjoin(turns, t.id == e.turn).order_by(e.id)
    for row in connection.execute(query, execution_options=STREAMED):
        place = f"ledger entry {row.id}"
        if row.account == CARRIED and row.evidence != f"products:{sha256_of(old)}":
            raise Damaged(place, "the products its lines had", "others", RESTORE)
        if row.product is None:
            old.append([row.id, row.of_turn])
        if row.turn and row.of_turn is None:
            raise Damaged(place, f"turn {row.turn}", "none", RESTORE)
        if row.turn and row.product not in (None, row.of_turn):
            raise Damaged(
                f"ledger turn {row.turn}", f"product '{row.product}'", f"'{row.of_turn}'", RESTORE
            )


def every_step_paid(connection: sa.Connection) -> None:
    """Damaged for a finished step without its line."""
    e, s = entry.c, steps.c
    paid = set(connection.execute(sa.select(e.evidence).where(e.evidence.like("step:%"))).scalars())
    for step in connection.execute(sa.select(s.name, s.key).order_by(s.done)):
        if f"step:{step.key}" not in paid:
            raise Damaged(
                f"ledger step {step.name}", f"a line for step:{step.key}", "none", RESTORE
            )


def sums(
    connection: sa.Connection,
    *,
    product: str,
    turn: int | None = None,
    until: int | None = None,
    day: str = "~",
) -> list[dict[str, Any]]:
    """Lines, exact quantity and money of one product by account, unit, currency and basis, in the
    order of accounts, of one turn or until one; what no turn made until a day. A ledger may hold several products."""
    total: dict[tuple[str, str, str, str], Sum] = {}
    for (_, of, *what), one in added_up(connection, product=product).items():
        account, unit, currency, basis, said = what[:5]
        if turn not in (None, of) or (until is not None and of > until) or (not of and said > day):
            continue
        total.setdefault((account, unit, currency, basis), Sum()).add(one)
    return [
        {
            "account": account,
            "unit": unit,
            "currency": currency,
            "basis": basis,
            "lines": one.lines,
            "quantity": format(one.quantity.normalize(EXACT), "f"),
            "nano": one.nano,
        }
        for (account, unit, currency, basis), one in sorted(total.items())
    ]


def parted(
    connection: sa.Connection, *, product: str, by: Sequence[str], since: str = "", until: str = "~"
) -> list[dict[str, Any]]:
    """Lines and money by currency, basis and these parts of a sum's key, of the days from one to another."""
    names = ("turn", "account", "unit", "currency", "basis", "day", "variant", "channel")
    total: dict[tuple[Any, ...], tuple[int, int]] = {}
    for key, one in added_up(connection, product=product).items():
        said = dict(zip(names, key[1:], strict=True))
        if since <= str(said["day"]) <= until:
            part = (said["currency"], said["basis"], *(said[name] for name in by))
            lines, nano = total.get(part, (0, 0))
            total[part] = (lines + one.lines, nano + one.nano)
    heads = ("currency", "basis", *by)
    return [
        dict(zip(heads, part, strict=True)) | {"lines": lines, "nano": nano}
        for part, (lines, nano) in sorted(total.items())
    ]
