"""Lines of money in a chain of hashes: what a line is, its hash, and reading them in order.

Knows no sums. Example: `for row in chain(connection, after=1000, previous=head): ...`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.spec import Money
from steelyard.store.failures import RESTORE
from steelyard.store.tables import entry

GENESIS = "0" * 64
CASH, IMPUTED = "cash", "imputed"
_HASHED = (
    "id",
    "time",
    "turn",
    "account",
    "quantity",
    "unit",
    "nano",
    "currency",
    "evidence",
    "previous",
)


@dataclass(frozen=True)
class Line:
    """One movement of money. `money` below zero was spent, above zero was earned. `basis` says
    whether it moved (cash) or is what something is declared to be worth (imputed); `about` whom or
    what it was for, such as {"variant": "a1b2"}."""

    account: str
    quantity: Decimal | int | float
    unit: str
    money: Money
    evidence: str
    basis: str = CASH
    about: dict[str, Any] | None = None


def digest(row: dict[str, Any]) -> str:
    """SHA-256 of the line's canonical JSON; lines of schema 0001 have no product in it, those before
    0005 no basis."""
    own = [] if row["product"] is None else [row["product"]]
    if row["basis"] is not None:
        own += [row["basis"], json.dumps(row["about"], sort_keys=True)]
    return sha256_of([row[k] for k in _HASHED] + own)


def basis_of(row: Mapping[str, Any]) -> str:
    """Before 0005 the account alone told what no money moved for."""
    said = row["basis"]
    if said is None:
        return IMPUTED if row["account"].startswith("value.") else CASH
    return str(said)


def _digest_or_none(row: dict[str, Any]) -> str | None:
    try:
        return digest(row)
    except (TypeError, ValueError):  # bytes, or half a character
        return None


# rows as they come: a driver of PostgreSQL else holds all of them at once
STREAMED = {"stream_results": True}


def sha256_of(value: list[Any]) -> str:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def chain(
    connection: sa.Connection, *, after: int = 0, previous: str = GENESIS, until: int | None = None
) -> Iterator[dict[str, Any]]:
    """Every line in order, from the one behind `after`, whose hash is `previous`, to `until`;
    Damaged at the first that does not fit the one before it."""
    query = sa.select(entry).where(entry.c.id > after).order_by(entry.c.id)
    if until is not None:
        query = query.where(entry.c.id <= until)
    lines = connection.execute(query, execution_options=STREAMED).mappings()
    for number, line in enumerate(lines, start=after + 1):
        row = dict(line)
        place = f"ledger entry {row['id']}"
        if row["id"] != number:
            raise Damaged(place, f"entry {number}", "a gap", RESTORE)
        if row["previous"] != previous or _digest_or_none(row) != row["hash"]:
            raise Damaged(place, "the hash of an unchanged line", str(row["hash"])[:12], RESTORE)
        previous = row["hash"]
        yield row
