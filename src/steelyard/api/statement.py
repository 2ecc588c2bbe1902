"""What the product cost and earned in a period: cash and declared worth side by side, never added unsaid.

Every figure is a sum of lines of the ledger, to the nano. Opens no terminal.
Example: `statement(load("product.yaml"), since="2026-01-01", by="channel")["cash"]["profit"]`
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.api.budgets import budgets
from steelyard.errors import UserError
from steelyard.market.moved import Part, decimal, of_lines, said, whole
from steelyard.near import near
from steelyard.spec import Money, ProductFile
from steelyard.store import CASH, CONVERSION, Store

BY = ("account", "channel", "variant", "month", "customer", "segment")
MONTHS = 3  # whole months whose mean says how long the cash lasts


def statement(
    file: ProductFile, *, since: str = "", until: str = "", by: str = "account"
) -> dict[str, Any]:
    """Cost, income and profit in cash, what answers are declared to be worth beside it, and where cash is said
    (`money.cash`) the balance and how many months it lasts. Days are ISO 8601, both of them included."""
    first, last = _day(since, "--from"), _day(until, "--to")
    if by not in BY:
        raise UserError("--by", f"one of {', '.join(BY)}", repr(by), near(by, BY))
    with closing(Store.open(file, create=False)) as store:
        today = datetime.fromisoformat(store.clock.now()).astimezone(
            ZoneInfo(file.spec.market.time_zone)
        )
        rows = store.ledger.parted("day", "account", "channel", "variant")
        chosen = [r for r in rows if first <= r["day"] <= (last or "~")]
        parts = _of_people(store, by, first, last) if by in BY[4:] else of_lines(chosen, by)
    currency = file.spec.money.currency
    return {
        "from": first or min((r["day"] for r in chosen), default=None),
        "to": last or max((r["day"] for r in chosen), default=None),
        "currency": currency,
        "simulated": file.spec.market.simulated,
        "by": by,
        "budgets": budgets(file),
        "rows": [{by: name or None} | said(part) for name, part in parts.items()],
        "total": said(whole(parts.values())),
        **_cash(file, rows, last or today.date().isoformat()),
    }


def _day(said: str, place: str) -> str:
    try:
        return date.fromisoformat(said).isoformat() if said else ""
    except ValueError:
        raise UserError(place, "a day such as 2026-01-31", repr(said)) from None


def _of_people(store: Store, by: str, first: str, last: str) -> dict[str, Part]:
    """What customers paid, less what they got back and what moving it cost: of imported rows, and
    of conversions that were told as cash."""
    segment = {
        event["customer"]: event["body"].get("segment", "")
        for event in store.events.of_kind("customers")
    }
    parts: dict[str, Part] = defaultdict(Part)
    for event in store.events.of_kind("sales", since=first, until=last or "9999"):
        who = event["customer"] or ""
        name = who if by == "customer" else segment.get(who, "")
        moved = {"sale.income": event["nano"]}
        moved |= {f"sale.{n}": -event["body"].get(f"{n}_nano", 0) for n in ("refund", "fee")}
        for account, nano in moved.items():
            if nano:
                parts[name].add({"lines": 1, "basis": CASH, "account": account, "nano": nano})
    for event in store.events.of_kind(CONVERSION, since=first, until=last or "9999"):
        if event["body"].get("cash"):
            who = event["customer"] or ""
            name = who if by == "customer" else segment.get(who, "")
            moved = {"basis": CASH, "account": "sale.income", "nano": event["nano"]}
            parts[name].add({"lines": 1} | moved)
    return dict(sorted(parts.items(), key=lambda one: -one[1].income))


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
