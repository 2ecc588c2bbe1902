"""Sums of whole blocks of lines, kept so that money is read without reading every line.

A block that is closed stays; `ledger verify` compares it with its lines. Knows no account.
Example: `sums = added_up(connection, product="reviews")`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store.chain import GENESIS, basis_of, chain
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import Prepared
from steelyard.store.rows import put_all
from steelyard.store.tables import entry, row_sha256, subtotal
from steelyard.store.tables import turn as turns

BLOCK = 1000  # lines whose sums are kept
EXACT = Context(prec=80)  # Python's own would round a sum to 28 digits
_NEWEST = Prepared(sa.select(sa.func.max(entry.c.id)))
_CLOSED = Prepared(
    sa.select(subtotal.c.last, subtotal.c.head).order_by(subtotal.c.id.desc()).limit(1)
)
# product, turn, account, unit, currency, basis, day, variant, channel; the last two may be empty
Key = tuple[str, int, str, str, str, str, str, str, str]
_NAMES = ("product", "turn", "account", "unit", "currency", "basis", "day", "variant", "channel")


@dataclass
class Sum:
    """Lines, their exact quantity, and nano-units."""

    lines: int = 0
    quantity: Decimal = field(default_factory=Decimal)
    nano: int = 0

    def add(self, more: Sum) -> None:
        self.lines += more.lines
        self.quantity = EXACT.add(self.quantity, more.quantity)
        self.nano += more.nano


def added_up(connection: sa.Connection, *, product: str) -> dict[Key, Sum]:
    """Sums of the product: of whole blocks as they were kept, whose rows are checked, and of the
    lines behind them, whose chain is."""
    last, head = _last_block(connection)
    sums: dict[Key, Sum] = {}
    for row in _subtotals(connection):
        sums.setdefault(_key_of_sum(row), Sum()).add(_kept(row))
    of_turn = _products(connection)
    for row in chain(connection, after=last, previous=head):
        _add(sums, row, of_turn)
    return {key: one for key, one in sums.items() if key[0] == product}


def check_blocks(connection: sa.Connection) -> int:
    """Lines of an unbroken chain whose kept sums are those of their lines."""
    kept: dict[int, dict[Key, Sum]] = {}
    for row in _subtotals(connection):
        kept.setdefault(row["last"], {})[_key_of_sum(row)] = _kept(row)
    of_turn, number, sums = _products(connection), 0, dict[Key, Sum]()
    for row in chain(connection):
        number = row["id"]
        _add(sums, row, of_turn)
        if number not in kept:
            continue
        if kept.pop(number) != sums:
            raise Damaged(
                f"ledger subtotal of line {number}", "the sums of its lines", "others", RESTORE
            )
        sums = {}
    if kept:
        raise Damaged(f"ledger entry {min(kept)}", "the lines whose sum is kept", "none", RESTORE)
    return number


def due(newest: int, added: int) -> bool:
    """Whether the newest `added` lines fill a block."""
    return newest // BLOCK > (newest - added) // BLOCK


def close_blocks(connection: sa.Connection) -> None:
    """Keep the sums of every whole block of lines that has none yet; in the caller's transaction.

    A damaged line keeps its block open, and nobody from writing: who reads the sums is told.
    """
    newest = int(_NEWEST.run(connection)[0][0] or 0)
    of_turn = _products(connection)
    closed = _CLOSED.run(connection)  # those who read the sums check that none is missing
    last, head = closed[0] if closed else (0, GENESIS)
    with suppress(Damaged):
        while last + BLOCK <= newest:
            sums: dict[Key, Sum] = {}
            for row in chain(connection, after=last, previous=head, until=last + BLOCK):
                _add(sums, row, of_turn)
                head = row["hash"]
            _keep(connection, sums, first=last + 1, last=last + BLOCK, head=head)
            last += BLOCK


def _keep(
    connection: sa.Connection, sums: Mapping[Key, Sum], *, first: int, last: int, head: str
) -> None:
    used = connection.execute(sa.select(sa.func.max(subtotal.c.id))).scalar() or 0
    shared = {"first": first, "last": last, "head": head, "rows": len(sums)}
    rows = [
        {
            "id": number,
            **shared,
            **dict(zip(_NAMES, (*key[:7], *(said or None for said in key[7:])), strict=True)),
            "lines": one.lines,
            "quantity": format(one.quantity, "f"),
            "nano": str(one.nano),
        }
        for number, (key, one) in enumerate(sorted(sums.items()), start=used + 1)
    ]
    put_all(connection, subtotal, rows)


def _last_block(connection: sa.Connection) -> tuple[int, str]:
    """(last line, its hash) of the last block whose sums are kept; Damaged where one is missing."""
    s = subtotal.c
    blocks = sa.select(s.first, s.last, s.rows, sa.func.count().label("here")).group_by(
        s.first, s.last, s.rows
    )
    last = 0
    for row in connection.execute(blocks.order_by(s.first)):
        if row.first != last + 1 or row.here != row.rows:
            raise Damaged(
                f"ledger subtotal of line {row.last}",
                f"{row.rows} rows from line {last + 1}",
                f"{row.here} from line {row.first}",
                RESTORE,
            )
        last = row.last
    if last == 0:
        return 0, GENESIS
    kept = connection.execute(sa.select(s.head).where(s.last == last).limit(1)).scalar()
    line = connection.execute(sa.select(entry.c.hash).where(entry.c.id == last)).scalar()
    if line != kept:
        raise Damaged(f"ledger entry {last}", f"hash {str(kept)[:12]}", str(line)[:12], RESTORE)
    return last, str(line)


def _subtotals(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Rows of kept sums, of every product: one that changed its product would be missed by its own.
    Damaged at one whose hash is another's."""
    for kept in connection.execute(sa.select(subtotal)).mappings():
        row = dict(kept)
        if row_sha256(subtotal, row) != row["sha256"]:
            raise Damaged(
                f"ledger subtotal {row['id']}", "the values it was written with", "others", RESTORE
            )
        yield row


def _products(connection: sa.Connection) -> dict[int, str]:
    return {r.id: r.product for r in connection.execute(sa.select(turns.c.id, turns.c.product))}


def _key_of_sum(row: Mapping[str, Any]) -> Key:
    return (
        row["product"],
        row["turn"],
        row["account"],
        row["unit"],
        row["currency"],
        row["basis"],
        row["day"] or "",
        row["variant"] or "",
        row["channel"] or "",
    )


def day_of(row: Mapping[str, Any]) -> str:
    """The day that a line of money speaks of; where it says none, that on which it was booked."""
    about = row["about"] if isinstance(row["about"], dict) else {}
    return str(about.get("day") or row["time"][:10])


def _key_of_line(row: Mapping[str, Any], product: str) -> Key:
    about = row["about"] if isinstance(row["about"], dict) else {}
    return (
        product,
        row["turn"],
        row["account"],
        row["unit"],
        row["currency"],
        basis_of(row),
        day_of(row),
        str(about.get("variant") or ""),
        str(about.get("channel") or ""),
    )


def _kept(row: Mapping[str, Any]) -> Sum:
    return Sum(row["lines"], Decimal(row["quantity"]), int(row["nano"]))


def _add(sums: dict[Key, Sum], row: Mapping[str, Any], of_turn: Mapping[int, str]) -> None:
    """One line; added here, since SQLite would add the decimal texts as binary fractions."""
    owner = of_turn.get(row["turn"], "") if row["product"] is None else row["product"]
    one = Sum(1, Decimal(row["quantity"]), row["nano"])
    sums.setdefault(_key_of_line(row, owner), Sum()).add(one)
