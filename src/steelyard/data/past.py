"""The version before: which records it held and where. Reads the store; knows no file.

Example: `past_of(store, product).past.by_id["r7"].part == "holdout"`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from steelyard.data.names import Past
from steelyard.data.operators import Row
from steelyard.spec import ProductFile
from steelyard.store import Store, tables
from steelyard.store.records import digest_of, known_records, known_table

NAMED = "names"  # of a recipe: how records without an id were named


@dataclass(frozen=True)
class Found:
    """`past`, and `rows(digests)`: its records whose text is none of these, to be cleaned again."""

    past: Past = field(default_factory=Past)
    rows: Callable[[set[str]], list[Row]] = lambda digests: []


def past_of(store: Store | None, product: ProductFile) -> Found:
    """The newest version of the product's data whose files are here; empty without one."""
    versions = [] if store is None else _versions(store)
    if store is None or not versions:
        return Found()
    # a damaged version is made again from the one before it, which gives the same parts
    newest = next((row for row in versions if store.holds([("records", row["tag"])])), None)
    if newest is None:
        return Found(Past(raw_names=NAMED not in versions[0]["recipe"]))
    same = newest["recipe"]["data"]["split"] == product.spec.data.split.model_dump(mode="json")
    past = Past.of(newest["id"], known_records(store.datasets, newest["tag"]), split_kept=same)
    return Found(past, lambda digests: _rows(known_table(store.datasets, newest["tag"]), digests))


def _versions(store: Store) -> list[dict[str, Any]]:
    d = tables.dataset
    query = sa.select(d).where(d.c.product == store.product).order_by(d.c.created.desc())
    return store.database.rows(query)


def _rows(table: pa.Table, digests: set[str]) -> list[Row]:
    columns = (table[name].to_pylist() for name in ("id", "content", "label", "source", "language"))
    rows = [Row(*values) for values in zip(*columns, strict=True)]
    return [row for row in rows if digest_of(row.content) not in digests]
