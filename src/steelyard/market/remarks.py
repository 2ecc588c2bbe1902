"""What of a file can be, and seldom is, so that it is read and said. Refuses nothing.

A click may come the day after the ad was shown, a visit may convert twice, and a small sale may cost more than it
brings: none of these is a mistake for certain. Example: `remarked(table).remarks[0].code == "clicks"`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from steelyard.market.cells import Number
from steelyard.market.table import Remark, Row, Table
from steelyard.market.totals import measure_of, slack

# code -> (a figure, that which it seldom exceeds)
_SELDOM = {
    "clicks": ("clicks", "impressions"),
    "conversions": ("conversions", "visits"),
    "fees": ("fee", "amount"),
}


def remarked(table: Table) -> Table:
    """The same table, with what there is to say of it."""
    return replace(table, remarks=[*table.remarks, *_seldom(table), *_totals(table)])


def _seldom(table: Table) -> Iterator[Remark]:
    for code, (name, limit) in _SELDOM.items():
        rows = [row for row in table.rows if _more(row, name, limit)]
        if rows:
            yield Remark(code, rows[0].line.number, {"n": len(rows)})


def _more(row: Row, name: str, limit: str) -> bool:
    """Whether one figure exceeds another; not where a fee is a row by itself, of a sale of nothing."""
    one, other = row.values.get(name), row.values.get(limit)
    if not isinstance(one, Number) or not isinstance(other, Number):
        return False
    return one.value > other.value and not (name == "fee" and not other.value)


def _totals(table: Table) -> Iterator[Remark]:
    """Totals of which none is the sum of the rows: some may be missing, or stand in another export."""
    said = [one for one in table.totals if one.claimed and one.amount]
    measure = measure_of(table.mapping.kind)
    if not said or table.unpaid or measure is None or table.mapping.events:
        return
    values = [row.values[measure].value for row in table.rows if measure in row.values]
    whole = sum(values, Decimal(0))
    amounts = [one.amount for one in said if one.amount is not None]
    if all(abs(amount - whole) > slack(amount, values) for amount in amounts):
        last = said[-1]
        yield Remark("totals", last.row, {"amount": str(last.amount), "rows": str(whole)})
