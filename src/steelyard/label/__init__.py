"""label: buy labels for the training pool. Reads `records`; leaves `labels`, and what they cost.

Knows no model. The order of buying is a hash of seed and id, so a larger purchase holds the
smaller one and only what is new is paid. Example: `run(store, product, step, dataset="a1b2")`
"""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from steelyard.errors import DataError
from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables

NAME = "labels"


def run(store: Store, product: ProductFile, step: Step, *, dataset: str) -> dict[str, Any]:
    """Buy `label.start` labels; {"labels": tag, "bought", "new", "pool", "price", "by_label"}."""
    asked = product.spec.label.start
    rows = store.datasets.read("records", dataset, columns=["id", "label"], where="split = 'train'")
    pool = {r["id"]: r["label"] for r in rows.to_pylist() if r["label"] is not None}
    if asked > len(pool):
        raise DataError(
            f"{product.path.name} label.start", f"at most {len(pool)} labels (the training pool)",
            str(asked), "lower label.start or add data",
        )  # fmt: skip
    order = buying_order(pool, seed=product.spec.label.seed)
    bought = order[:asked]
    by_label = {k: sum(pool[i] == k for i in bought) for k in product.spec.task.labels}
    absent = [label for label, n in by_label.items() if n == 0]
    if absent:
        raise DataError(
            f"{product.path.name} label.start", "labels of every kind among those bought",
            f"none of {absent} among {asked}", "raise label.start or remove the label",
        )  # fmt: skip
    table = pa.table({"id": bought, "label": [pool[i] for i in bought]})
    body = "\n".join(f"{i}\t{pool[i]}" for i in bought)
    tag = hashlib.sha256(body.encode()).hexdigest()[:24]
    new = sorted(set(bought) - _paid(store, tag, bought))
    store.datasets.publish(NAME, table, tag=tag, copy=True)  # they were paid for
    price = product.spec.money.prices.label
    step.spend("label", len(new), "label", price, evidence=f"labels:{tag}")
    return {
        "labels": tag, "bought": len(bought), "new": len(new), "pool": len(pool),
        "price": str(price), "by_label": by_label,
    }  # fmt: skip


def buying_order(ids: Any, *, seed: int) -> list[str]:
    """Ids by SHA-256 of seed and id: stable when data are added, nested when more are bought."""
    return sorted(ids, key=lambda i: hashlib.sha256(f"{seed}\t{i}".encode()).digest())


def _paid(store: Store, tag: str, bought: list[str]) -> set[str]:
    """Ids of every label bought so far for this product, `tag` being those of `bought`."""
    s, t = tables.step, tables.turn
    query = sa.select(s.c.output).join(t, t.c.id == s.c.turn)
    query = query.where(s.c.name == "label", t.c.product == store.product)
    tags = {row["output"]["labels"] for row in store.database.rows(query)}
    if tag in tags:  # the same purchase again, whose file may be gone
        return set(bought)
    found: set[str] = set()
    for earlier in tags:
        found.update(store.datasets.read(NAME, earlier, columns=["id"])["id"].to_pylist())
    return found
