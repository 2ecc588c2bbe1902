"""The versions before: which records they held and where. Reads the store; knows no file.

Example: `past_of(store, product).past.by_id["r7"].part == "holdout"`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from steelyard.data.ids import all_nameless
from steelyard.data.names import Past
from steelyard.data.operators import Row
from steelyard.spec import ProductFile
from steelyard.store import Store
from steelyard.store.records import Known, digest_of, known_records, known_table

NAMED = "names"  # of a recipe: how records without an id were named


@dataclass(frozen=True)
class Earlier:
    """`past`, and `rows(digests)`: its records whose text is none of these, to be cleaned again;
    `older(digests, names)`: those of each older version, the newest first, that have one of these."""

    past: Past = field(default_factory=Past)
    rows: Callable[[set[str]], list[Row]] = lambda digests: []
    older: Callable[[set[str], set[str]], Iterator[list[Known]]] = lambda digests, names: iter(())


def past_of(store: Store | None, product: ProductFile) -> Earlier:
    """The newest version of the product's data whose files are here; empty without one."""
    versions = [] if store is None else store.versions.all()
    if store is None or not versions:
        return Earlier()
    # a damaged version is made again from the one before it, which gives the same parts
    whole = (row for row in versions if store.holds([("records", row["tag"])]))
    newest = next(whole, None)
    if newest is None:
        return Earlier(Past(raw_names=NAMED not in versions[0]["recipe"]))
    records = all_nameless(known_records(store.datasets, newest["tag"]))
    past = Past.of(
        newest["id"],
        records,
        split_kept=_same_split(newest, product),
    )
    return Earlier(
        past,
        lambda digests: _rows(known_table(store.datasets, newest["tag"]), records, digests),
        lambda digests, names: _older(store, product, whole, digests, names),
    )


def _same_split(version: Mapping[str, Any], product: ProductFile) -> bool:
    split: Any = version["recipe"]["data"]["split"]
    return bool(split == product.spec.data.split.model_dump(mode="json"))


def _older(
    store: Store,
    product: ProductFile,
    versions: Iterator[Mapping[str, Any]],
    digests: set[str],
    names: set[str],
) -> Iterator[list[Known]]:
    """A text that was taken out and is put back is no new one: it may have been measured on."""
    for version in versions:
        records = all_nameless(known_records(store.datasets, version["tag"]))
        records = [known for known in records if known.digest in digests or known.id in names]
        same = _same_split(version, product)
        yield records if same else [replace(known, part="") for known in records]


def _rows(table: pa.Table, records: list[Known], digests: set[str]) -> list[Row]:
    """Rows of the table that `records` were read from, in its order."""
    columns = (table[name].to_pylist() for name in ("content", "label", "source", "language"))
    named = zip(records, *columns, strict=True)
    rows = [Row(known.id, *values) for known, *values in named]
    return [row for row in rows if digest_of(row.content) not in digests]
