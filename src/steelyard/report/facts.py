"""What a report shows, gathered from the turn's outputs and the ledger. Knows no HTML.

Example: `gather(store, product, outputs).money[0]["account"]`
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.spec import NANO, Money, ProductFile
from steelyard.store import Store, tables

Output = dict[str, Any]


@dataclass(frozen=True)
class ReportFacts:
    """Outputs by step, money by account, and the parts of the product file the report names."""

    product: str
    turn: int
    currency: str
    unit: str
    goals: dict[str, float | None]
    loss_max: float
    outputs: dict[str, Output]
    money: list[dict[str, Any]]
    balance: str

    def of(self, step: str) -> Output | None:
        """The output of a step, or None when it has not been run."""
        return self.outputs.get(step)


def gather(store: Store, product: ProductFile, outputs: dict[str, Output]) -> ReportFacts:
    """Everything the report shows; money over all turns of the ledger."""
    t = tables.turn
    newest = store.database.rows(sa.select(sa.func.max(t.c.id).label("id")).where(t.c.product == store.product))  # fmt: skip
    sums = store.sums()
    rows = [
        {
            "account": row["account"],
            "lines": row["lines"],
            "quantity": f"{Decimal(row['quantity']):,.6g} {row['unit']}",
            "amount": row["nano"] / NANO,
            "money": str(Money(row["nano"], row["currency"])),
        }
        for row in sums
    ]
    total = Money(sum(row["nano"] for row in sums), store.currency)
    return ReportFacts(
        product=store.product,
        turn=int(newest[0]["id"] or 0),
        currency=store.currency,
        unit=f"{Decimal(product.spec.plan.unit):,f}",
        goals=product.spec.goals.model_dump(),
        loss_max=product.spec.market.outcome_loss_max,
        outputs=outputs,
        money=rows,
        balance=str(total),
    )
