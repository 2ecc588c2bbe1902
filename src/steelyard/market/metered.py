"""What is used and what an invoice pays for of it, so that nothing counts twice. Knows no format.

CPU, labels and the rest are booked at their price when they are used. An invoice that says what it `covers`
takes those lines back by one of its own: what is left of it is what nobody used, an idle machine.
Example: `used(money, "gpu_hour", Decimal(2), date(2026, 3, 1))` is the money of two hours on that day
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError, UserError
from steelyard.market.reading import Table
from steelyard.near import near
from steelyard.spec import Money
from steelyard.spec.pricing import MoneySpec, on
from steelyard.store import CASH, Line, Store

# price -> (account, unit of its quantity)
METERS: Mapping[str, tuple[str, str]] = {
    "label": ("label.elsewhere", "label"),
    "label_check": ("label.check", "label"),
    "cpu_hour": ("cpu.elsewhere", "cpu_hour"),
    "gpu_hour": ("gpu.elsewhere", "gpu_hour"),
    "person_hour": ("people.hours", "person_hour"),
    "storage_gb_month": ("storage.kept", "gb_month"),
    "egress_gb": ("storage.sent", "gb"),
    "api_call": ("api.calls", "call"),
}
FAMILIES = ("cpu", "gpu", "label", "people", "storage", "api")
_PAID = "metered."  # and the family: what an invoice paid for of its lines


def used(money: MoneySpec, meter: str, quantity: Decimal, day: date) -> Money:
    """What a quantity cost on a day; UserError where no price holds then."""
    if meter not in METERS:
        raise UserError(
            "meter", f"one of {', '.join(METERS)}", meter, near(meter, METERS) or "correct the cell"
        )
    named: Decimal | None = getattr(money.prices, meter)
    price = None if named is None else on(named, day)
    if price is None:
        found = "none" if named is None else f"the first is of {min(named.since)}"  # type: ignore[attr-defined]
        raise UserError(
            "money.prices",
            f"a price of one {meter} on {day}",
            found,
            f"add it to money.prices in the product file: {meter}: {{{day}: ...}}",
        )
    return Money.of(price * quantity, money.currency)


def used_line(event: Mapping[str, Any], about: Mapping[str, Any]) -> Line:
    """The line of a row of usage."""
    account, unit = METERS[event["body"]["meter"]]
    money = Money(event["nano"], str(event["currency"]))
    quantity = Decimal(event["body"]["quantity"])
    return Line(account, quantity, unit, money, f"event:{event['id']}", about=dict(about))


def counted_before(event: Mapping[str, Any]) -> Iterator[Line]:
    """Lines that take back what an event pays for, or what was paid for by an invoice before it."""
    for part in event["body"].get("metered", ()):
        yield Line(
            _PAID + part["family"],
            1,
            "invoice",
            Money(part["nano"], str(event["currency"])),
            f"event:{event['id']}",
            about={"day": part["day"]},
        )


def paid_for(
    store: Store,
    table: Table,
    fresh: Sequence[dict[str, Any]],
    replaced: Mapping[str, Mapping[str, Any]],
) -> None:
    """Fill in what new invoices pay for of the lines in the ledger, and which invoice paid for usage that
    comes later than it."""
    kind = table.mapping.kind.name
    if kind == "invoices":
        rows = {row.line.number: row for row in table.rows}
        sums = _Sums(store)
        for event in fresh:
            if "covers" not in event["body"]:
                continue
            try:
                named = families(event["body"]["covers"])
                _over(event, store.clock.now()[:10])
            except UserError as error:
                place = table.at(rows[event["row"]], error.place)
                raise DataError(place, error.expected, error.found, error.repair) from error
            sums.take_back(replaced.get(event["id"]))
            event["body"]["metered"] = sums.paid(named, *period_of(event))
    elif kind in ("usage", "api_usage"):
        invoices = [i for i in store.events.of_kind("invoices") if "covers" in i["body"]]
        for event in fresh:
            parts = _paid_before(event, replaced.get(event["id"]), invoices)
            if parts:
                event["body"]["metered"] = parts


def _paid_before(
    event: Mapping[str, Any], old: Mapping[str, Any] | None, invoices: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What invoices that came before usage pay for of it. Of a corrected row whose old one an invoice took
    back when it was imported itself, the difference."""
    parts = []
    for one, sign in ((event, -1), (old, 1)):
        if one is None or (one is old and "metered" in one["body"]):
            continue  # the old row's own part is taken back with its lines
        family = _family(one)
        if any(_pays(invoice, family, one["day"]) for invoice in invoices):
            parts.append(_part(family, one["day"], sign * one["nano"]))
    return parts


def _family(event: Mapping[str, Any]) -> str:
    meter = event["body"].get("meter", "api_call")
    return METERS[meter][0].partition(".")[0]


def families(said: str) -> list[str]:
    """What an invoice covers; UserError for a word that is no family."""
    names = [name for name in re.split(r"[\s,;、，；/|]+", said.casefold()) if name]
    wrong = next((name for name in names if name not in FAMILIES), None)
    if wrong is not None or not names:
        hint = near(wrong or "", FAMILIES) or "correct the cell"
        raise UserError("covers", f"some of {', '.join(FAMILIES)}", wrong or "none", hint)
    return sorted(set(names))


def period_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """First and last day that an invoice is for."""
    body = event["body"]
    return body.get("since", event["day"]), body.get("until", body.get("since", event["day"]))


def _over(event: Mapping[str, Any], today: str) -> None:
    """Of a day that is not over, lines may still come that it pays for."""
    last = period_of(event)[1]
    if last >= today:
        raise UserError(
            "until",
            f"what it covers, over before today, {today}",
            last,
            "import it when the period is over, or split it",
        )


def _pays(invoice: Mapping[str, Any], family: str, day: str) -> bool:
    first, last = period_of(invoice)
    return family in families(invoice["body"]["covers"]) and first <= day <= last


class _Sums:
    """Metered money by day and account that no invoice paid for yet."""

    def __init__(self, store: Store) -> None:
        self._left: dict[tuple[str, str], int] = {}
        for row in store.ledger.parted("day", "account"):
            if row["basis"] == CASH:
                self._add(row["account"], row["day"], row["nano"])

    def _add(self, account: str, day: str, nano: int) -> None:
        family = account.removeprefix(_PAID).partition(".")[0]
        if family in FAMILIES:
            self._left[family, day] = self._left.get((family, day), 0) + nano

    def take_back(self, event: Mapping[str, Any] | None) -> None:
        """As if an invoice, which is being corrected, had paid for nothing."""
        for part in event["body"].get("metered", ()) if event is not None else ():
            self._add(part["family"], part["day"], -part["nano"])

    def paid(self, families: Sequence[str], first: str, last: str) -> list[dict[str, Any]]:
        """What is left of each day of a period, which is then paid for: by days, so that an invoice of a part
        of them pays for none of them again."""
        made = [
            _part(family, day, -nano)
            for (family, day), nano in sorted(self._left.items())
            if family in families and first <= day <= last and nano < 0
        ]
        for part in made:
            self._add(part["family"], part["day"], part["nano"])
        return made


def _part(family: str, day: str, nano: int) -> dict[str, Any]:
    """What was paid for of a family, in nano-units, as an event keeps it."""
    return {"family": family, "day": day, "nano": nano}
