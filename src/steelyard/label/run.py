"""Buy labels for the training pool, and tell what they cost. Knows no model.

Example: `run(store, product, step, task=task, dataset="a1b2").bought`
"""

from __future__ import annotations

import pyarrow as pa

from steelyard.label.left import Labeled
from steelyard.label.paid import NAME, paid_labels
from steelyard.label.purchase import labelled, purchase
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.store.records import known_records
from steelyard.store.truths import HOLDOUT, Truths
from steelyard.tasks import Task


def run(store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str) -> Labeled:
    """Buy what is short of what the file asks for, and the labels that the hold-out is measured by; publish
    what training reads."""
    paid = paid_labels(store)
    records = known_records(store.datasets, dataset)
    bought = purchase(product, task, records, paid)
    columns = {"id": bought.ids, "label": bought.labels, "key": bought.keys}
    tag = paid.tag_of(columns, dataset)
    paid.check_whole(tag)
    # a purchase whose file is gone is known by its tag alone
    truths = Truths(store)
    new = 0 if tag in paid.tags else len(truths.unpaid(bought.fresh))
    held = truths.unpaid(r for r in labelled(records, "holdout") if r not in paid)
    price = product.spec.money.prices.label
    step.afford("label", new, price)
    step.afford(HOLDOUT, len(held), price)
    store.datasets.publish(NAME, pa.table(columns), tag=tag, copy=True)  # they were paid for
    step.spend("label", new, "label", price, evidence=f"labels:{tag}")
    if held:
        step.spend(HOLDOUT, len(held), "label", price, evidence=truths.keep(held))
    return Labeled(
        tag,
        dataset,
        len(bought.ids),
        new,
        corrected=bought.corrected,
        pool=bought.pool,
        price=str(price),
        measured=len(held),
        by_label=bought.by_label,
    )
