"""Facts of a product's store, ready to show. Knows no terminal.

Example: `variants(load("product.yaml"))[0]["macro_f1"]`
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import sqlalchemy as sa

from steelyard.spec import Money, ProductFile
from steelyard.store import Store, tables, verify


def variants(file: ProductFile) -> list[dict[str, Any]]:
    """Every variant with its newest measures and its release state."""
    with closing(Store.open(file, create=False)) as store:
        state = {row["variant"]: row["state"] for row in store.releases()}
        return [
            {
                "variant": row["id"],
                "name": row["name"],
                "state": state.get(row["id"]),
                "bytes": row["bytes"],
                "dataset": row["dataset"],
                **{name: m["value"] for name, m in store.measures(row["id"]).items()},
            }
            for row in store.variants()
        ]


def released(file: ProductFile) -> list[dict[str, Any]]:
    """The whole history, oldest first."""
    r = tables.release
    with closing(Store.open(file, create=False)) as store:
        return store.database.rows(
            sa.select(r).where(r.c.product == store.product).order_by(r.c.id)
        )


def sums(file: ProductFile) -> list[dict[str, Any]]:
    with closing(Store.open(file, create=False)) as store:
        rows = store.sums()
    return [row | {"money": str(Money(row["nano"], row["currency"]))} for row in rows]


def verified(file: ProductFile) -> int:
    with closing(Store.open(file, create=False)) as store, store.database.read() as connection:
        return verify(connection)


def reports(file: ProductFile) -> list[str]:
    """Newest first."""
    folder = file.folder / file.spec.store / "reports"
    found = sorted(folder.glob("turn-*.html"), key=lambda p: p.stat().st_mtime, reverse=True)
    return [str(path) for path in found] or [f"no report yet; run: steelyard turn {file.path.name}"]
