"""What is used and what an invoice pays for of it, so that nothing counts twice. Knows no format.

CPU, labels and the rest are booked at their price when they are used. An invoice that says what it `covers`
takes those lines back by one of its own: what is left of it is what nobody used, an idle machine.
Example: `used(money, "gpu_hour", Decimal(2), date(2026, 3, 1))` is the money of two hours on that day
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError, UserError
from steelyard.market.table import Table
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
_CONCERNED = ("invoices", "usage", "api_usage")  # kinds of rows that change what is paid for
_PAYING = {"covers", "metered"}  # of the body of an invoice that pays for some, or did


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
    """Fill in what new rows change of what invoices pay for: of each day and family that an invoice covers all
    that was metered, of every other nothing, in whichever order invoices, usage and corrections come."""
    kind = table.mapping.kind.name
    if kind not in _CONCERNED:
        return
    payers = _payers(store)
    paid_once = any("metered" in old["body"] for old in replaced.values())
    if kind != "invoices" and not payers and not paid_once:
        return
    days = _Days(store)
    rows = {row.line.number: row for row in table.rows}
    for event in fresh:
        if kind == "invoices":
            try:
                payers[event["key"]] = Payer.of(event)
                payers[event["key"]].check(store.clock.now()[:10])
            except UserError as error:
                place = table.at(rows[event["row"]], error.place)
                raise DataError(place, error.expected, error.found, error.repair) from error
        parts = days.settled(event, replaced.get(event["id"]), list(payers.values()))
        if parts or "covers" in event["body"]:
            event["body"]["metered"] = parts


def paid_for_less(store: Store, undone: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> None:
    """The same of rows that are taken back, each with the one that it was: nothing takes their place."""
    concerned = [pair for pair in undone if pair[1]["kind"] in _CONCERNED]
    if not concerned:
        return
    payers, days = _payers(store), _Days(store)
    for event, old in concerned:
        payers.pop(old["key"], None)
        parts = days.settled(None, old, list(payers.values()))
        if parts:
            event["body"]["metered"] = parts


def _payers(store: Store) -> dict[str, Payer]:
    """By key, every invoice that pays for something, or did."""
    standing = (i for i in store.events.of_kind("invoices") if i["body"].keys() & _PAYING)
    return {i["key"]: Payer.of(i) for i in standing}


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


@dataclass(frozen=True)
class Payer:
    """What an invoice pays for: families, first and last day. No family: it covers nothing."""

    families: frozenset[str]
    first: str
    last: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Payer:
        covers = event["body"].get("covers")
        return cls(frozenset(() if covers is None else families(covers)), *period_of(event))

    def check(self, today: str) -> None:
        """Of a day that is not over, lines may still come that it pays for."""
        if self.families and self.last >= today:
            raise UserError(
                "until",
                f"what it covers, over before today, {today}",
                self.last,
                "import it when the period is over, or split it",
            )

    def pays(self, family: str, day: str) -> bool:
        return family in self.families and self.first <= day <= self.last


def paid_of_days(store: Store, since: str, until: str) -> dict[tuple[str, str], int]:
    """(family, day) -> what invoices paid for of it, in nano-units."""
    return {
        (row["account"].removeprefix(_PAID), row["day"]): row["nano"]
        for row in store.ledger.parted("day", "account", since=since, until=until)
        if row["account"].startswith(_PAID)
    }


class _Days:
    """What was metered of each family and day, below zero, and what of it invoices paid for, in nano-units."""

    def __init__(self, store: Store) -> None:
        self._metered: Counter[tuple[str, str]] = Counter()
        self._paid: Counter[tuple[str, str]] = Counter()
        for row in store.ledger.parted("day", "account"):
            if row["basis"] != CASH:
                continue
            if row["account"].startswith(_PAID):
                self._paid[row["account"].removeprefix(_PAID), row["day"]] += row["nano"]
            elif (family := row["account"].partition(".")[0]) in FAMILIES:
                self._metered[family, row["day"]] += row["nano"]

    def settled(
        self,
        event: Mapping[str, Any] | None,
        old: Mapping[str, Any] | None,
        payers: Sequence[Payer],
    ) -> list[dict[str, Any]]:
        """What has to be booked with an event, which takes the place of an old one, so that each day that it
        touches is paid for once, or not at all. No event: the old one is taken back."""
        touched = set()
        for one, sign in ((old, -1), (event, 1)):
            if one is None:
                continue
            if one["kind"] == "invoices":
                payer = Payer.of(one)
                touched |= {at for at in self._metered if payer.pays(*at)}
            else:
                self._metered[_family(one), one["day"]] += sign * one["nano"]
                touched.add((_family(one), one["day"]))
        for part in old["body"].get("metered", ()) if old is not None else ():
            self._paid[part["family"], part["day"]] -= part["nano"]  # with the lines of the old one
            touched.add((part["family"], part["day"]))
        parts = []
        for at in sorted(touched):
            whole = max(0, -self._metered[at]) if any(p.pays(*at) for p in payers) else 0
            if whole != self._paid[at]:
                parts.append({"family": at[0], "day": at[1], "nano": whole - self._paid[at]})
                self._paid[at] = whole
        return parts
