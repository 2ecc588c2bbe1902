"""What training and evaluation read: bought labels, hold-out, parts of them. Knows no model.

Example: `bought(store, dataset="a1b2", labels="c3d4").contents`
"""

from __future__ import annotations

from steelyard.engine.fit import Examples
from steelyard.store import Store


def bought(store: Store, *, dataset: str, labels: str) -> Examples:
    """The labelled training records in the order they were bought."""
    rows = store.datasets.read("labels", labels).to_pylist()
    records = store.datasets.read(
        "records", dataset, columns=["id", "content"], where="split = 'train'"
    )
    content = dict(zip(records["id"].to_pylist(), records["content"].to_pylist(), strict=True))
    return Examples([content[r["id"]] for r in rows], [r["label"] for r in rows])


def holdout(store: Store, *, dataset: str) -> Examples:
    """Every labelled record of the hold-out; nothing is ever trained on it."""
    where = "split = 'holdout' AND label IS NOT NULL"
    table = store.datasets.read("records", dataset, columns=["content", "label"], where=where)
    return Examples(table["content"].to_pylist(), table["label"].to_pylist())


def first(examples: Examples, n: int) -> Examples:
    return Examples(examples.contents[:n], examples.labels[:n])


def parted(examples: Examples, *, validation: float) -> tuple[Examples, Examples]:
    """(training, validation): the last share of the buying order, at least one of each label."""
    n = len(examples)
    cut = n - max(len(set(examples.labels)), round(n * validation))
    cut = max(1, cut)
    return first(examples, cut), Examples(examples.contents[cut:], examples.labels[cut:])
