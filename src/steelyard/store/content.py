"""Whether rows are those that a tag is the hash of: for tags whose record is not there. Opens nothing.

Example: `is_of("labels", table, tag="a1b2", products=["reviews"])`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = 24


def is_of(name: str, table: pa.Table, *, tag: str, products: Iterable[str]) -> bool:
    """Whether `tag` is a hash of these rows, in any form that a version gave it; never for a
    dataset whose tags are no hashes."""
    hashes = _HASHES.get(name)
    try:
        return hashes is not None and tag in hashes(table, products)
    except (KeyError, AttributeError, TypeError):  # other columns than those that are hashed
        return False


def _of_records(table: pa.Table, products: Iterable[str]) -> Iterator[str]:
    """As the data step names them; the first ones were named without their product."""
    columns = (table[c].to_pylist() for c in ("id", "label", "split", "cluster", "content"))
    rows = []
    for identity, label, split, cluster, content in zip(*columns, strict=True):
        body = content.encode() if isinstance(content, str) else content
        rows.append(f"{identity}\t{label}\t{split}\t{cluster}\t{len(body)}\n".encode() + body)
    for product in ("", *products):
        digest = hashlib.sha256(product.encode())
        for row in rows:
            digest.update(row)
        yield digest.hexdigest()[:DIGITS]


def _of_labels(table: pa.Table, products: Iterable[str]) -> Iterator[str]:
    """As the label step names them; before 0.2 without keys."""
    for names in (["id", "label", "key"], ["id", "label"]):
        if set(names) <= set(table.column_names):
            rows = zip(*(table[c].to_pylist() for c in names), strict=True)
            yield hashlib.sha256("\n".join("\t".join(r) for r in rows).encode()).hexdigest()[
                :DIGITS
            ]


_HASHES: dict[str, Callable[[pa.Table, Iterable[str]], Iterator[str]]] = {
    "records": _of_records,
    "labels": _of_labels,
}
