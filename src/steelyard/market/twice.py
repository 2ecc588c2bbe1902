"""What would be in the books twice though no row has the name of another. Writes nothing.

A row is known by its name, and one thing may have two: spend as a whole and by campaign, a payment with its id and
without, one file read in two ways. Example: `check_twice(store, table, events, fresh)`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.grains import apart, grain, parts_of, said_by
from steelyard.market.kinds import KINDS, Kind
from steelyard.market.metered import Payer, period_of
from steelyard.market.table import Remark, Row, Table
from steelyard.market.totals import measure_of
from steelyard.store import Store

_Event = Mapping[str, Any]
_DIGITS = 12  # of a hash, which name a file


def check_twice(
    store: Store, table: Table, events: Sequence[_Event], fresh: Sequence[_Event]
) -> None:
    """DataError at the first new row that says again what another one said. Rows that this file has too are no
    others: it says by itself how many it has."""
    if not fresh:
        return
    own = {event["key"] for event in events}
    rows = {row.line.number: row for row in table.rows}
    new = [(rows[event["row"]], event) for event in fresh]
    _check_file(store, table, own)
    _check_grain(store, table, new, own)
    _check_ids(store, table, new, own)


def _check_file(store: Store, table: Table, own: set[str]) -> None:
    """The same bytes were imported as another kind of money, or their rows had other names."""
    kind = table.mapping.kind
    for one in store.events.of_file_kinds(table.sheet.sha256, tuple(KINDS)):
        other = KINDS[one["kind"]]
        again = other is kind and store.events.has_others(table.sheet.sha256, kind.name, own)
        if again or (other is not kind and other.pays and kind.pays):
            how = "in another way" if again else f"as {other.name}"
            raise DataError(
                table.sheet.path.name,
                "a file that is imported once",
                f"{one['rows']} rows of it that were imported {how} on {str(one['imported'])[:10]}",
                f"take them back first, if that was wrong: steelyard market undo {table.sheet.sha256[:_DIGITS]} --yes",
            )


def _between(
    store: Store,
    kind: Kind,
    new: Sequence[tuple[Row, _Event]],
    own: set[str],
    with_id: bool | None = None,
) -> Iterator[_Event]:
    """What is booked of the days of these rows, apart from rows that the file has too."""
    days = [str(event["day"]) for _, event in new]
    for event in store.events.of_kind(kind.name, since=min(days), until=max(days), with_id=with_id):
        if event["key"] not in own:
            yield event


def _check_grain(
    store: Store, table: Table, new: Sequence[tuple[Row, _Event]], own: set[str]
) -> None:
    """A whole is booked of which this is a part, or the other way round."""
    kind = table.mapping.kind
    if not parts_of(kind) or table.mapping.events:
        return
    booked: dict[tuple[Any, ...], dict[tuple[str, ...], list[_Event]]] = {}
    for old in _between(store, kind, new, own):
        if _says_some(old, kind):
            by = booked.setdefault((old["day"], old["channel"]), {})
            by.setdefault(tuple(said_by(old["body"], kind)), []).append(old)
    for row, event in new:
        if not _says_some(event, kind):
            continue
        said = said_by(event["body"], kind)
        for named, olds in booked.get((event["day"], event["channel"]), {}).items():
            # rows that are named by the same fields are told apart by them
            for old in olds if named != tuple(said) else ():
                if not apart(said, said_by(old["body"], kind)):
                    raise _other_grain(table, row, old)


def _other_grain(table: Table, row: Row, old: _Event) -> DataError:
    kind, file = table.mapping.kind, old["file"][:_DIGITS]
    before, now = (grain(said_by(of, kind)) for of in (old["body"], row.values))
    return DataError(
        table.at(row),
        f"{old['channel']} of {old['day']} {before}, as row {old['row']} of the file {file} is booked",
        f"it {now}, which would be booked twice",
        f"leave the row out, or take that file back: steelyard market undo {file} --yes",
    )


def _says_some(event: _Event, kind: Kind) -> bool:
    if kind.pays:
        return bool(event["nano"])
    return str(event["body"].get(measure_of(kind) or "", "0")) != "0"


def _check_ids(
    store: Store, table: Table, new: Sequence[tuple[Row, _Event]], own: set[str]
) -> None:
    """A row without an id says the same as one with an id, in all that it says; both ways round."""
    kind = table.mapping.kind
    if "id" not in kind.fields or not kind.pays:
        return
    for named in (True, False):
        some = [(row, event) for row, event in new if ("id" in event["body"]) is not named]
        if not some:
            continue
        booked: dict[tuple[Any, ...], list[_Event]] = defaultdict(list)
        for other in _between(store, kind, some, own, with_id=named):
            booked[_amount(other)].append(other)
        for row, event in some:
            old = next((o for o in booked.get(_amount(event), ()) if _same(event, o, kind)), None)
            if old is not None:
                ids = ("without an id", "with one") if named else ("with an id", "without one")
                raise DataError(
                    table.at(row),
                    f"a row that is not in the books; row {old['row']} of the file {old['file'][:_DIGITS]} says the same {ids[1]}",
                    f"the same {ids[0]}",
                    "leave it out, or if it is another one say --say source=NAME"
                    f"; or take that file back: steelyard market undo {old['file'][:_DIGITS]} --yes",
                )


def _amount(event: _Event) -> tuple[Any, ...]:
    """Day, currency and amount as the row says them: the rate may have changed since."""
    said = event["body"].get("foreign")
    if said is not None:
        return event["day"], said["currency"], Decimal(said["amount"])
    return event["day"], event["currency"], event["nano"]


def _same(new: _Event, old: _Event, kind: Kind) -> bool:
    """Whether the one without an id says nothing that the other does not say too; never of a source of its own."""
    said, named = (new, old) if "id" in old["body"] else (old, new)
    if not said["nano"] or "order" in named["body"]:
        return False
    source = new["body"].get("source")
    if source is not None and source != old["body"].get("source"):
        return False
    times = said["at"], named["at"]
    return (None in times or times[0] == times[1]) and all(
        value == _said(named, name) for name, value in _names(said, kind)
    )


def _names(event: _Event, kind: Kind) -> Iterator[tuple[str, Any]]:
    for name in kind.names:
        value = _said(event, name)
        if name not in (kind.day, "amount") and value is not None:
            yield name, value


def _said(event: _Event, name: str) -> Any:
    return event[name] if name in ("channel", "customer") else event["body"].get(name)


def covered_twice(store: Store, table: Table) -> list[Remark]:
    """Invoices of the file that cover days of what another one covers: what was metered is paid once, and the rest
    of both is told as idle. Two may be right, as rent and power of one machine."""
    if table.mapping.kind.name != "invoices":
        return []
    invoices = [one for one in store.events.of_kind("invoices") if "covers" in one["body"]]
    remarks = []
    for one in invoices:
        mine = one["file"] == table.sheet.sha256
        for other in invoices if mine else ():
            if other is one or (other["file"] == one["file"] and other["row"] <= one["row"]):
                continue
            both = Payer.of(one).families & Payer.of(other).families
            (first, last), (since, until) = period_of(one), period_of(other)
            if both and first <= until and since <= last:
                remarks.append(
                    Remark(
                        "covers",
                        int(one["row"]),
                        {
                            "what": ", ".join(sorted(both)),
                            "first": max(first, since),
                            "last": min(last, until),
                            "file": str(other["file"])[:_DIGITS],
                            "other": int(other["row"]),
                        },
                    )
                )
    return remarks
