"""What the product cost and earned in a period: cash and declared worth side by side, never added unsaid.

Every figure is a sum of lines of the ledger, to the nano. Opens no terminal.
Example: `statement(load("product.yaml"), since="2026-01-01", by="channel")["cash"]["profit"]`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.api.budgets import budgets
from steelyard.api.rows import segments
from steelyard.errors import UserError
from steelyard.market.booking import lines_of
from steelyard.market.days import month_end
from steelyard.market.moved import Part, decimal, of_lines, said, whole
from steelyard.near import near
from steelyard.spec import Money, ProductFile
from steelyard.store import CASH, CONVERSION, Line, Store

BY = ("account", "channel", "variant", "month", "customer", "segment")
# what each figure is of, and how it is known: money that moved is booked, worth is declared
FIGURES = {
    "income": {"basis": "cash", "evidence": "measured"},
    "cost": {"basis": "cash", "evidence": "measured"},
    "profit": {"basis": "cash", "evidence": "measured"},
    "imputed": {"basis": "imputed", "evidence": "assumed"},
    "balance": {"basis": "cash", "evidence": "measured"},
    "burnt_a_month": {"basis": "cash", "evidence": "measured"},
    "runway_months": {"basis": "cash", "evidence": "extrapolated"},
}
MONTHS = 3  # whole months whose mean says how long the cash lasts


def statement(
    file: ProductFile, *, since: str = "", until: str = "", by: str = "account"
) -> dict[str, Any]:
    """Cost, income and profit in cash, what answers are declared to be worth beside it, and where cash is said
    (`money.cash`) the balance and how many months it lasts. Days are ISO 8601, both of them included. `rows` of each
    part is what `steelyard ledger lines` takes to show its lines."""
    first, last = _day(since, "--from"), _day(until, "--to")
    if by not in BY:
        raise UserError("--by", f"one of {', '.join(BY)}", repr(by), near(by, BY))
    if last and first > last:
        raise UserError("--from", f"a day up to that of --to, {last}", first)
    with closing(Store.open(file, create=False)) as store:
        today = datetime.fromisoformat(store.clock.now()).astimezone(
            ZoneInfo(file.spec.market.time_zone)
        )
        rows = store.ledger.parted("day", "account", "channel", "variant")
        chosen = [r for r in rows if first <= r["day"] <= (last or "~")]
        parts = of_lines(chosen, by) if by not in BY[4:] else _of_people(store, by, first, last)
    if by in BY[4:]:
        parts = _with_the_rest(parts, whole(of_lines(chosen, "account").values()))
    # a line of no money, as of a test that is planned, is of a day to come
    days = [r["day"] for r in chosen if r["nano"]] or [r["day"] for r in chosen]
    return {
        "from": first or min(days, default=None),
        "to": last or max(days, default=None),
        "currency": file.spec.money.currency,
        "simulated": file.spec.market.simulated,
        "by": by,
        "figures": FIGURES,
        "budgets": budgets(file),
        "rows": [
            {by: name or None} | said(part) | {"rows": [_rows(by, name, first, last)]}
            for name, part in parts.items()
        ],
        "total": said(whole(parts.values())),
        **_cash(file, rows, last or today.date().isoformat()),
    }


def _rows(by: str, name: str, first: str, last: str) -> dict[str, str]:
    """What `steelyard ledger lines` takes to show the lines of a part."""
    if by == "month":
        first, last = max(first, f"{name}-01"), min(last or "~", month_end(name))
    part = {by: name} if name else {"without": by}
    days = {n: day for n, day in (("from", first), ("to", last)) if day}
    return days if by == "month" else part | days


def _with_the_rest(parts: dict[str, Part], total: Part) -> dict[str, Part]:
    """Behind those of somebody what is of nobody, so that all parts are the whole."""
    named = {name: part for name, part in parts.items() if name}
    of_named, rest = whole(named.values()), Part()
    for name, value in vars(total).items():
        setattr(rest, name, value - getattr(of_named, name))
    return named | ({"": rest} if rest.moved else {})


def _day(said: str, place: str) -> str:
    try:
        return date.fromisoformat(said).isoformat() if said else ""
    except ValueError:
        raise UserError(place, "a day such as 2026-01-31", repr(said)) from None


def _of_people(store: Store, by: str, first: str, last: str) -> dict[str, Part]:
    """Of those who have a name: what they paid, less what they got back and what moving it cost, and what was called
    and used for them; of imported rows, and of conversions that were told as cash."""
    segment = segments(store)
    parts: dict[str, Part] = defaultdict(Part)
    for kind in ("sales", "api_usage", "usage", CONVERSION):
        for event in store.events.of_kind(kind, since=first, until=last or "9999"):
            who = event["customer"] or ""
            name = who if by == "customer" else segment.get(who, "")
            for line in _lines(event) if name else ():
                moved = {"basis": line.basis, "account": line.account, "nano": line.money.nano}
                parts[name].add({"lines": 1} | moved)
    return dict(sorted(parts.items(), key=lambda one: (-one[1].income, one[0])))


def _lines(event: Mapping[str, Any]) -> Iterator[Line]:
    """Those that name the customer of an event."""
    if event["kind"] != CONVERSION:
        yield from (line for line in lines_of(event) if "customer" in (line.about or {}))
    elif event["body"].get("cash"):
        money = Money(event["nano"], event["currency"])
        yield Line("sale.income", 1, "sale", money, f"event:{event['id']}")


def _cash(file: ProductFile, rows: list[dict[str, Any]], until: str) -> dict[str, Any]:
    """The balance at the end of a day, from what the file says there was at the beginning of one, and every
    line of cash since; and how long it lasts at the pace of the last whole months."""
    known = {day.isoformat(): amount for day, amount in file.spec.money.cash.items()}
    started = [day for day in known if day <= until]
    if not started:
        return {"cash": None}
    since = max(started)
    moved = sum(r["nano"] for r in rows if r["basis"] == CASH and since <= r["day"] <= until)
    balance = Money.of(known[since], file.spec.money.currency).nano + moved
    months = _whole_months(until)
    burnt = -sum(
        r["nano"] for r in rows if r["basis"] == CASH and months[0] <= r["day"][:7] <= months[-1]
    )
    first = min((r["day"] for r in rows if r["basis"] == CASH), default="~")
    enough = first[:7] <= months[0] and burnt > 0
    return {
        "cash": {
            "balance": decimal(balance),
            "said_on": since,
            "months": [months[0], months[-1]],
            "burnt_a_month": decimal(burnt // MONTHS) if first[:7] <= months[0] else None,
            "runway_months": round(balance * MONTHS / burnt, 1) if enough else None,
        }
    }


def _whole_months(until: str) -> list[str]:
    """The last months that were over on this day, oldest first."""
    year, month = int(until[:4]), int(until[5:7])
    months = []
    for _ in range(MONTHS):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        months.append(f"{year:04}-{month:02}")
    return months[::-1]
