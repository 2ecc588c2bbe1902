"""Rows of an export into the books: a fact each, and a line of the ledger for money that moved.

The same row is booked once, whichever file it comes in. A row that says something else than before is
refused, or corrected: what was booked is taken back by lines of its own. All of a file or nothing.
Example: `book(store, product, table).new`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.amounts import FEE, REFUND, in_books, priced
from steelyard.market.cells import Number, unique
from steelyard.market.days import Moment
from steelyard.market.metered import counted_before, paid_for, used_line
from steelyard.market.progress import BOOKED, COMPARED, KEPT, Told, told
from steelyard.market.refunds import check_refunds
from steelyard.market.table import Row, Table
from steelyard.market.twice import check_twice
from steelyard.spec import Money, ProductFile
from steelyard.spec.rates import Rates
from steelyard.stage import Report, unheard
from steelyard.store import UNDONE, Line, Store, hashed
from steelyard.tasks.masking import mask

NO_TURN = 0  # of a line that no turn made
_COLUMNS = ("channel", "customer")  # of an event, besides what its body has
_IN_BODY = ("campaign", "plan", "supplier", "model")
_ACCOUNTS = {"spend": "ads.spend", "sales": "sale.income", "api_usage": "api.calls"}


@dataclass(frozen=True)
class Booked:
    """How many rows of a file were new, had been booked before, and took the place of another."""

    new: int
    known: int
    corrected: int
    lines: int


def book(
    store: Store,
    product: ProductFile,
    table: Table,
    *,
    correct: bool = False,
    dry: bool = False,
    report: Report = unheard,
) -> Booked:
    """Book every row that is new; DataError names the first that contradicts what was booked, unless it
    is to be corrected. With `dry` all of it but the writing."""
    events = _events(store, product, table, report)
    fresh, replaced = _compared(store, table, events, correct=correct)
    check_twice(store, table, events, [event for event in fresh if event["id"] not in replaced])
    salt = store.salt()
    check_refunds(
        store, table, events, lambda *paid: _key(store, salt, "sales", _named_by_id(*paid))
    )
    paid_for(store, table, fresh, replaced)
    written = [0]

    def lines(new: set[str]) -> list[Line]:
        made = [
            line
            for event in fresh
            if event["id"] in new
            for line in (*taken_back(replaced.get(event["id"]), "corrected"), *lines_of(event))
        ]
        written[0] = len(made)
        report(KEPT, len(fresh), len(fresh))
        return Told(made, BOOKED, report)

    known = len(events) - len(fresh)
    if dry:
        return Booked(len(fresh) - len(replaced), known, len(replaced), 0)
    report(KEPT, 0, len(fresh))
    store.record_once([("event", event) for event in fresh], lines, turn=NO_TURN)
    return Booked(len(fresh) - len(replaced), known, len(replaced), written[0])


def _compared(
    store: Store, table: Table, events: Sequence[dict[str, Any]], *, correct: bool
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """(what is to be written, id -> what it takes the place of)."""
    fresh: list[dict[str, Any]] = []
    others: list[tuple[Row, dict[str, Any]]] = []  # rows that say something else than before
    before = store.events.standing([event["key"] for event in events])
    for row, event in zip(table.rows, events, strict=True):
        old = before.get(event["key"])
        if old is None or old["kind"] == UNDONE:
            revision = 0 if old is None else int(old["revision"]) + 1
            fresh.append(event | {"revision": revision, "id": _id(event, revision)})
        elif old["id"] != _id(event, old["revision"]):
            others.append((row, event))
    replaced: dict[str, dict[str, Any]] = {}
    whole = store.events.of_keys([event["key"] for _, event in others])
    for row, event in others:
        old = whole[event["key"]]
        if not correct:
            raise _contradiction(table, row, old, event)
        revision = int(old["revision"]) + 1
        fresh.append(event | {"revision": revision, "id": _id(event, revision)})
        replaced[fresh[-1]["id"]] = old
    return fresh, replaced


def lines_of(event: Mapping[str, Any]) -> Iterator[Line]:
    """The lines of the ledger that an event makes: of sales also what was given back, and the fee."""
    if event["nano"] is None:
        return
    kind, body = str(event["kind"]), event["body"]
    about = {"day": event["day"]} | {n: event[n] for n in _COLUMNS if event[n]}
    about |= {n: body[n] for n in _IN_BODY if n in body}
    moved = [] if kind == "usage" else [(_account(event), event["nano"])]
    moved += [(f"sale.{n}", -body[f"{n}_nano"]) for n in (REFUND, FEE) if body.get(f"{n}_nano")]
    for name, nano in moved:
        if nano:
            amount = Money(nano, str(event["currency"]))
            yield Line(name, 1, _unit(kind), amount, f"event:{event['id']}", about=about)
    if kind == "usage":
        yield used_line(event, about)
    yield from counted_before(event)


def _account(event: Mapping[str, Any]) -> str:
    return _ACCOUNTS.get(event["kind"]) or f"invoice.{event['body']['account']}"


def taken_back(old: Mapping[str, Any] | None, why: str) -> Iterator[Line]:
    """Lines against those that an event made, if there was one."""
    for line in lines_of(old) if old is not None else ():
        evidence = f"{line.evidence} {why}"
        yield Line(line.account, -line.quantity, line.unit, -line.money, evidence, about=line.about)


def _unit(kind: str) -> str:
    return {"spend": "day", "sales": "sale", "invoices": "invoice", "api_usage": "call"}[kind]


def _events(
    store: Store, product: ProductFile, table: Table, report: Report
) -> list[dict[str, Any]]:
    """Each row as a fact, before its revision is known."""
    rates, salt = Rates(product.spec.money), store.salt()
    keys = [_key_of(row, table) for row in table.rows]
    times = list(unique(keys))
    events = []
    rows = zip(table.rows, keys, times, strict=True)
    for _, (row, key, time) in told(rows, COMPARED, report, len(keys)):
        values = dict(row.values)
        when: Moment = values.pop(table.mapping.kind.day)
        event = {
            "product": store.product,
            "kind": table.mapping.kind.name,
            "key": _key(store, salt, table.mapping.kind.name, key, time),
            "day": when.day.isoformat(),
            "at": when.at and when.at.isoformat(timespec="seconds"),
            "channel": values.pop("channel", None),
            "customer": _user(salt, values, table.mapping.kind.name),
            **in_books(table, row, values, rates, when.day),
            **priced(table, row, values, product.spec.money, when.day),
            "body": _plain({n: _masked(n, value) for n, value in values.items()}),
            "file": table.sheet.sha256,
            "row": row.line.number,
        }
        events.append(event)
    return events


def _key(store: Store, salt: bytes, kind: str, said: str, time: int = 0) -> str:
    """With the salt, since what names a row may hold a customer's name."""
    return hashed(salt, json.dumps([store.product, kind, said, time]))


def key_of_payment(store: Store, salt: bytes, refund: Mapping[str, Any]) -> str:
    """That of the payment which a refund says it belongs to."""
    body = refund["body"]
    return _key(store, salt, "sales", _named_by_id(body["order"], body.get("source", "")))


def _named_by_id(identity: str, source: str = "") -> str:
    said = {"id": identity} | ({"source": source} if source else {})
    return json.dumps(said, ensure_ascii=False)


def _key_of(row: Row, table: Table) -> str:
    """What names the row, as text: its id, or the fields that do."""
    kind = table.mapping.kind
    if "id" in row.values:
        return _named_by_id(str(row.values["id"]), row.values.get("source", ""))
    values = {n: row.values[n] for n in kind.names if n in row.values}
    if not kind.once and "amount" in values:
        values["currency"] = row.currency
    return json.dumps(_plain(values), sort_keys=True, ensure_ascii=False)


def _user(salt: bytes, values: dict[str, Any], kind: str) -> str | None:
    """A customer as requests keep their users: by the same salted hash."""
    said = values.pop("id" if kind == "customers" else "customer", None)
    return None if said is None else hashed(salt, str(said))


def _masked(name: str, value: Any) -> Any:
    """What people write into a free field may name somebody."""
    return mask(value)[0] if name in ("plan", "supplier") else value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON, the same for the same value however it was written."""

    def one(value: Any) -> Any:
        if isinstance(value, Moment):
            return value.at.isoformat() if value.at else value.day.isoformat()
        if isinstance(value, Number):
            value = value.value
        if isinstance(value, Decimal):
            return format(value.normalize(), "f")
        return value

    return {name: one(value) for name, value in sorted(values.items())}


_SAID = ("day", "at", "channel", "customer", "nano", "currency", "body")


def _id(event: Mapping[str, Any], revision: int) -> str:
    said = [event["key"], revision, *(event[name] for name in _SAID)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _contradiction(
    table: Table, row: Row, old: Mapping[str, Any], event: Mapping[str, Any]
) -> DataError:
    """Which fields differ from what was booked, and how to correct that."""
    before, now = (_shown(one) for one in (old, event))
    names = sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))
    said = [", ".join(f"{n} {one.get(n, 'nothing')}" for n in names[:4]) for one in (before, now)]
    return DataError(
        table.at(row),
        f"what was booked on {str(old['created'])[:10]} from row {old['row']} of another file: {said[0]}",
        said[1],
        "say --correct, and the difference is booked",
    )


def _shown(event: Mapping[str, Any]) -> dict[str, str]:
    shown = {n: str(event[n]) for n in ("day", "at", "channel") if event[n]}
    if event["nano"] is not None:
        shown["amount"] = str(Money(abs(event["nano"]), event["currency"]))
    shown |= {"customer": "another"} if event["customer"] else {}
    return shown | {n: str(v) for n, v in event["body"].items() if n != "metered"}
