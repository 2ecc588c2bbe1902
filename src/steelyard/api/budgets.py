"""Budgets of the product file and what was spent of them this month. Opens no terminal.

Example: `budgets(load("product.yaml"))[0]["alert"]`
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

from steelyard.spec import ProductFile
from steelyard.store import Store, has_ledger
from steelyard.store.budgets import Budgets


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
            for one in Budgets(store.ledger, file.spec.money, store.clock.now).all()
        ]
