"""The name that rows have by what is in them, and whether a tag is that of these rows. Opens nothing.

Example: `is_of("labels", table, tag="a1b2", products=["reviews"])`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = 24


def records_tag(table: pa.Table, product: str) -> str:
    """Of records in the order of their ids; a store may hold several products."""
    return _records_tag(table, product, told=True)


def labels_tag(*columns: Sequence[str]) -> str:
    """Of a purchase: its ids, labels and, since 0.2, the keys of its texts."""
    body = "\n".join("\t".join(row) for row in zip(*columns, strict=True))
    return hashlib.sha256(body.encode()).hexdigest()[:DIGITS]


def is_of(name: str, table: pa.Table, *, tag: str, products: Iterable[str]) -> bool:
    """Whether `tag` is a hash of these rows, in any form that a version gave it; never for a
    dataset whose tags are no hashes."""
    hashes = _HASHES.get(name)
    try:
        return hashes is not None and tag in hashes(table, products)
    except (KeyError, AttributeError, TypeError):  # other columns than those that are hashed
        return False


def _of_records(table: pa.Table, products: Iterable[str]) -> Iterator[str]:
    """The first ones were named without their product, and before 0.4 a label called None as none."""
    names = ("", *products)
    return (_records_tag(table, name, told=told) for told in (True, False) for name in names)


def _records_tag(table: pa.Table, product: str, *, told: bool) -> str:
    """With `told` a label of the name None is told from none by a character that no label has."""
    digest = hashlib.sha256(product.encode())
    for row in _records(table, {"None": "\0None"} if told else {}):
        digest.update(row)
    return digest.hexdigest()[:DIGITS]


def _records(table: pa.Table, names: Mapping[str, str]) -> Iterator[bytes]:
    columns = (table[c].to_pylist() for c in ("id", "label", "split", "cluster", "content"))
    for identity, label, split, cluster, content in zip(*columns, strict=True):
        body = content.encode() if isinstance(content, str) else content
        label = names.get(label, label)
        yield f"{identity}\t{label}\t{split}\t{cluster}\t{len(body)}\n".encode() + body


def _of_labels(table: pa.Table, products: Iterable[str]) -> Iterator[str]:
    """Before 0.2 without keys."""
    for names in (["id", "label", "key"], ["id", "label"]):
        if set(names) <= set(table.column_names):
            yield labels_tag(*(table[c].to_pylist() for c in names))


def _of_truths(table: pa.Table, products: Iterable[str]) -> Iterator[str]:
    yield labels_tag(table["key"].to_pylist())


_HASHES: dict[str, Callable[[pa.Table, Iterable[str]], Iterator[str]]] = {
    "records": _of_records,
    "labels": _of_labels,
    "truths": _of_truths,
}
