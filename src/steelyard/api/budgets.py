"""Budgets of the product file and what was spent of them this month. Opens no terminal.

Example: `budgets(load("product.yaml"))[0]["alert"]`
"""

from __future__ import annotations

from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.market.metered import FAMILIES
from steelyard.near import near
from steelyard.spec import ProductFile
from steelyard.stage import stages
from steelyard.store import Store, has_ledger
from steelyard.store.budgets import Budgets, is_of
from steelyard.terms import TERMS

OPEN = "invoice"  # whoever imports an invoice names its account
METERED = tuple(f"metered.{family}" for family in FAMILIES)


def budgets(file: ProductFile) -> list[dict[str, Any]]:
    """{"name", "month", "spent", "spent_amount", "a_month", "alert", "stop"} of each; nothing is created on the disk."""
    named = file.spec.money.budgets
    if not named or not has_ledger(file):
        return []
    with closing(Store.open(file, create=False)) as store:
        return [
            {
                "name": one.name,
                "month": one.month,
                "spent": str(one.spent),
                "spent_amount": str(one.spent.amount),
                "a_month": str(one.limit),
                "alert": one.alert,
                "stop": named[one.name].stop,
            }
            for one in Budgets(
                store.ledger, file.spec.money, store.clock.now, ZoneInfo(file.spec.market.time_zone)
            ).all()
        ]


def unknown_accounts(file: ProductFile) -> list[str]:
    """What is wrong with budgets of accounts that nothing books and of which no line was ever booked."""
    known = {*TERMS["account"], *METERED, *(f"cpu.{stage.name}" for stage in stages())}
    first = {account.partition(".")[0] for account in known} | {OPEN}
    wrong = [
        name
        for name in file.spec.money.budgets
        if name not in known | first and not name.startswith(f"{OPEN}.")
    ]
    if wrong and has_ledger(file):
        with closing(Store.open(file, create=False)) as store:
            booked = [row["account"] for row in store.ledger.sums()]
        wrong = [name for name in wrong if not any(is_of(account, name) for account in booked)]
    return [
        f"money.budgets.{name}: expected an account that something books, found none of this name; "
        + (near(name, known | first) or "see the table of accounts in docs/en/market.md")
        for name in wrong
    ]
