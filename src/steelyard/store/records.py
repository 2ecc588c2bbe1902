"""Records of a published dataset as later versions and paid labels know them. Knows no format.

A record's `key` names its text and goes with it: a paid label is tied to the key, so that it
outlives another name, another file and a better cleaning, and never serves another text.
Example: `{r.key: r.part for r in known_records(store.datasets, "a1b2")}`
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from steelyard.store.datasets import Datasets

NAME = "records"


@dataclass(frozen=True)
class Known:
    """One record of a dataset; `digest` is of its content as it stands there."""

    id: str
    key: str
    digest: str
    part: str
    label: str | None
    source: str


def digest_of(content: Any) -> str:
    """The same for the same text or picture: SHA-256, 128 bits of it."""
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(body).hexdigest()[:32]


def known_records(datasets: Datasets, tag: str) -> list[Known]:
    """Every record of a dataset, in its order."""
    table = known_table(datasets, tag)
    contents = [digest_of(content) for content in table["content"].to_pylist()]
    keys = table["key"].to_pylist() if "key" in table.column_names else contents
    rows = zip(
        table["id"].to_pylist(),
        keys,
        contents,
        table["split"].to_pylist(),
        table["label"].to_pylist(),
        table["source"].to_pylist(),
        strict=True,
    )
    return [Known(*row) for row in rows]


def known_table(datasets: Datasets, tag: str, *, where: str | None = None) -> pa.Table:
    """The columns that are known of a record, or of some; datasets of before 0.2 have no keys."""
    # no record has an empty id, so this reads names of columns alone
    named = datasets.read(NAME, tag, where="id = ''").column_names
    wanted = ["id", "content", "label", "source", "language", "split", "key"]
    return datasets.read(NAME, tag, columns=[c for c in wanted if c in named], where=where)
