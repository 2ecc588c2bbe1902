"""Rows of an export as values: days, exact amounts, counts, words. Knows no ledger.

The first cell that cannot be read names its file, row and column, and nothing of the file is taken.
Example: `read(sheet, mapping, zone=UTC, today=date.today(), currency="CNY").rows[0].values["amount"]`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from steelyard.errors import DataError
from steelyard.market.cells import (
    CellError,
    Number,
    currency_of,
    numbers,
    plain,
    says_nothing,
)
from steelyard.market.days import Moment, Order, moments
from steelyard.market.grains import without_wholes
from steelyard.market.mapping import Header, Mapping, header_in, missing
from steelyard.market.parting import cell, counted, parted
from steelyard.market.progress import CHECKED, COLUMNS, told
from steelyard.market.remarks import remarked
from steelyard.market.sessions import added_up, visits_of
from steelyard.market.sheets import Line, Sheet
from steelyard.market.statements import of_statement
from steelyard.market.table import Row, Table
from steelyard.market.totals import Total, amount_of, amounts_of, dated
from steelyard.spec.looks import quoted
from steelyard.stage import Report, unheard

FIRST_DAY = date(2000, 1, 1)
WORD_MAX = 200


def read(
    sheet: Sheet,
    mapping: Mapping,
    *,
    zone: tzinfo,
    today: date,
    currency: str,
    report: Report = unheard,
) -> Table:
    """Every row of the file. `currency` is that of amounts beside which none stands."""
    header = header_in(sheet.rows, mapping)
    if header is None:
        raise _no_header(sheet, mapping)
    part = parted(sheet, mapping, header)
    lines, unpaid = counted(part.lines, sheet.rows[header.at], mapping, header)
    if mapping.events:
        lines = visits_of(sheet, mapping, header, lines)
    here = [n for n in mapping.kind.fields if n in header.columns or n in mapping.says]
    columns = {}
    for at, name in enumerate(here, 1):
        columns[name] = _column(sheet, mapping, header, lines, name, zone=zone)
        report(COLUMNS, at, len(here))
    left_out = dated(sheet, mapping, header, lines, columns)
    totals = amounts_of(mapping, header, lines, part.totals)
    totals += [Total(lines[i].number, amount_of(columns, mapping.kind, i)) for i in left_out]
    rows = []
    for i, line in enumerate(lines):
        if i in left_out:
            continue
        values = {n: column[i] for n, column in columns.items() if column[i] is not None}
        rows.append(Row(line, values))
    table = Table(sheet, mapping, rows, unpaid, totals, header.at + part.notes)
    for _, row in told(rows, CHECKED, report, len(rows)):
        _check(table, row, header, today=today, currency=currency)
    if mapping.events:
        summed = added_up((row.values for row in rows), mapping.kind.names)
        table = replace(table, rows=[Row(rows[i].line, values) for i, values in summed])
    _once(table)
    return remarked(without_wholes(table))


def _no_header(sheet: Sheet, mapping: Mapping) -> DataError:
    lacks, line = missing(sheet.rows, mapping)
    asked = " and ".join(
        f"{name} ({' or '.join(mapping.columns[name])})" if name in mapping.columns else name
        for name in lacks
    )
    shown = ", ".join(one.strip() for one in line.cells[:20] if one.strip())
    return DataError(
        f"{sheet.path.name}:{line.number}",
        f"a header with columns for {asked}",
        shown,
        "map them under market.imports in the product file, or say a value for every row under 'says'",
    )


def _column(
    sheet: Sheet,
    mapping: Mapping,
    header: Header,
    lines: Sequence[Line],
    name: str,
    *,
    zone: tzinfo,
) -> Sequence[Any]:
    """The values of one field in all rows."""
    at = header.columns.get(name)
    cells = [mapping.says[name] if at is None else cell(line, at) for line in lines]
    of = mapping.kind.fields[name].of
    parse: dict[str, Callable[[], Sequence[Any]]] = {
        "day": lambda: moments(
            cells,
            zone=zone,
            written=ZoneInfo(mapping.zone) if mapping.zone else None,
            order=cast("Order | None", mapping.dates),
        ),
        "money": lambda: numbers(cells, decimal=mapping.decimal),
        "count": lambda: numbers(cells, decimal=mapping.decimal, whole=True),
        "number": lambda: numbers(cells, decimal=mapping.decimal),
        "word": lambda: [_word(i, one) for i, one in enumerate(cells)],
    }
    try:
        return parse[of]()
    except CellError as error:
        line = lines[error.index]
        shown = plain(cells[error.index])
        said = sheet.rows[header.at].cells[at] if at is not None else name
        raise DataError(
            f"{sheet.path.name}:{line.number} {said.strip()}",
            error.expected,
            quoted(shown),
            error.repair,
        ) from error


def _word(index: int, said: str) -> str | None:
    text = " ".join(plain(said).split())
    if len(text) > WORD_MAX or not text.isprintable():
        raise CellError(index, f"at most {WORD_MAX} characters that can be printed", "shorten it")
    return None if says_nothing(text) else text


def _check(table: Table, row: Row, header: Header, *, today: date, currency: str) -> None:
    """What no single cell can tell; fills in the currency."""
    kind, values = table.mapping.kind, row.values
    if table.mapping.charged:
        of_statement(table.mapping, values, lambda name: table.at(row, name))
    for name, one in kind.fields.items():
        if one.needed and name not in values:
            raise DataError(
                table.at(row, name), f"{name}: {one.says}", "nothing", "fill the cell in"
            )
    for name in [n for n, one in kind.fields.items() if one.of == "day" and n in values]:
        moment: Moment = values[name]
        if not FIRST_DAY <= moment.day <= today:
            raise DataError(
                table.at(row, name),
                f"a day from {FIRST_DAY} to today, {today}",
                str(moment.day),
                "correct the day; what is to come is booked when it has come",
            )
    _returned(table.mapping, values)
    _check_period(table, row)
    for name, number in _numbers(row):
        if number.value < 0 and not (name == "fee" and "order" in values):
            repair = {
                "sales": "money given back stands in a column of its own: map it as 'refund'",
                "invoices": "book what came back under sales, or leave the row out",
            }
            raise DataError(
                table.at(row, name),
                "zero or more",
                str(number.value),
                repair.get(kind.name, "correct the cell"),
            )
    _check_money(table, row, header, currency)


def _check_period(table: Table, row: Row) -> None:
    """Spend is of one day; of what is for several, the last is not before the first."""
    kind, values = table.mapping.kind, row.values
    if "until" not in values:
        return
    first: Moment = values.get("since", values[kind.day])
    last: Moment = values["until"]
    if kind.name == "spend" and values.pop("until").day != first.day:
        raise DataError(
            table.at(row, "until"),
            "rows of one day each",
            "one of several",
            "export it by day: a week's money has no day in the books",
        )
    if last.day < first.day:
        raise DataError(
            table.at(row, "until"), f"a day from {first.day} on", str(last.day), "correct the cell"
        )


def _returned(mapping: Mapping, values: dict[str, Any]) -> None:
    """A row that is a refund by itself: nothing was paid, and what it says of money was given back. `order` is
    then the id of the payment."""
    status = str(values.pop("status", "")).casefold()
    refund_id = values.pop("refund_id", None)
    if "fee" in values and mapping.fees < 0:
        values["fee"] = Number(-values["fee"].value, values["fee"].currencies)
    is_refund = refund_id not in (None, "0") or status in {s.casefold() for s in mapping.returned}
    if not is_refund:
        return
    amount, back = values["amount"], values.get("refund")
    said = back if back is not None and back.value else amount
    values["refund"] = Number(abs(said.value), said.currencies)
    values["amount"] = Number(Decimal(0), amount.currencies)
    values["order"] = values.get("id", "")
    values["id"] = " ".join(part for part in (values.get("id"), refund_id) if part)


def _numbers(row: Row) -> Iterator[tuple[str, Number]]:
    return ((n, v) for n, v in row.values.items() if isinstance(v, Number))


def _check_money(table: Table, row: Row, header: Header, currency: str) -> None:
    values = row.values
    if "amount" not in table.mapping.kind.fields:
        return
    told = values.get("currency") or header.currency
    if told is None and not table.mapping.tells:
        raise DataError(
            table.sheet.path.name,
            "a column that says the currency",
            "none",
            f"export it too, or say --say currency={currency}",
        )
    said = str(told or currency).upper()
    values["currency"] = {"RMB": "CNY", "人民币": "CNY", "元": "CNY", "美元": "USD"}.get(said, said)
    for name, number in _numbers(row):
        if not currency_of(number, row.currency):
            signs = " or ".join(sorted(number.currencies or ()))
            raise DataError(
                table.at(row, name),
                f"an amount in {row.currency}",
                f"one with the sign of {signs}",
                f"map the column that says the currency, or say --say currency={signs[:3]}",
            )
    back = values.get("refund", Number(Decimal(0)))
    by_itself = "order" in values or table.mapping.charged
    if not by_itself and back.value > values["amount"].value:
        raise DataError(
            table.at(row, "refund"),
            f"at most what was paid, {values['amount'].value}",
            str(back.value),
            "correct the cell",
        )


def _once(table: Table) -> None:
    """Rows that say the same thing twice within a file, with equal or other numbers."""
    kind = table.mapping.kind
    seen: dict[tuple[Any, ...], Row] = {}
    for row in table.rows:
        if "id" not in row.values and not kind.once:
            continue
        names = ("id",) if "id" in row.values else kind.names
        named = tuple(_named(row.values.get(name)) for name in names)
        before = seen.setdefault(named, row)
        if before is not row:
            raise DataError(
                table.at(row),
                f"one row for each {' and '.join(n for n in names if n in row.values)}",
                f"the same as in row {before.line.number}",
                "remove one, or map the column that tells them apart",
            )


def _named(value: Any) -> Any:
    return value.day if isinstance(value, Moment) else value
