"""What training and evaluation read: bought labels, hold-out, parts of them. Knows no model.

Example: `bought(store, task=task, dataset="a1b2", labels="c3d4").contents`
"""

from __future__ import annotations

import hashlib

from steelyard.engine.fit import Examples
from steelyard.store import Store
from steelyard.tasks import Task, content_kind


def bought(store: Store, *, task: Task, dataset: str, labels: str) -> Examples:
    """The labelled training records in the order they were bought."""
    paid = store.datasets.read("labels", labels).to_pylist()
    records = store.datasets.read(
        "records", dataset, columns=["id", "content"], where="split = 'train'"
    )
    content = dict(zip(records["id"].to_pylist(), records["content"].to_pylist(), strict=True))
    load = content_kind(task.content).load
    contents = [load(content[r["id"]]) for r in paid]
    return Examples(contents, [task.read(r["label"]) for r in paid])


def holdout(store: Store, *, task: Task, dataset: str) -> Examples:
    """Every labelled record of the hold-out; nothing is ever trained on it.

    In the order of a hash, so that the first n are a sample: ids may be sorted by label.
    """
    where = "split = 'holdout' AND label IS NOT NULL"
    table = store.datasets.read("records", dataset, columns=["id", "content", "label"], where=where)
    held = sorted(table.to_pylist(), key=lambda r: hashlib.sha256(r["id"].encode()).digest())
    load = content_kind(task.content).load
    return Examples([load(r["content"]) for r in held], [task.read(r["label"]) for r in held])


def first(examples: Examples, n: int) -> Examples:
    return Examples(examples.contents[:n], examples.truths[:n])


def parted(examples: Examples, *, task: Task, validation: float) -> tuple[Examples, Examples]:
    """(training, validation): the last share of the buying order, at least a record a class."""
    n = len(examples)
    classes = {c for truth in examples.truths for c in task.classes_of(truth)}
    cut = max(1, n - max(1, len(classes), round(n * validation)))
    return first(examples, cut), Examples(examples.contents[cut:], examples.truths[cut:])
