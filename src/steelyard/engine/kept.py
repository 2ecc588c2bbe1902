"""Answers to the hold-out, kept where a variant was evaluated: whoever compares two asks none again.

Knows no stage. Example: `keep(store, "a1b2", dataset="c3d4", answers=answers)`
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from steelyard.errors import UserError
from steelyard.store import Store
from steelyard.tasks import Answer

NAME = "answers"
RECORDS_MAX = 1000  # that a release compares: the first of the hold-out, which are a sample of it


def keep(store: Store, variant: str, *, dataset: str, answers: Sequence[Answer]) -> None:
    """Of all records of the hold-out, in its order."""
    table = pa.table(
        {
            "value": [json.dumps(a.value, ensure_ascii=False) for a in answers],
            "score": pa.array([a.score for a in answers], pa.float64()),
        }
    )
    store.datasets.publish(NAME, table, tag=_tag(variant, dataset))


def kept(store: Store, variant: str, *, dataset: str, n: int | None = None) -> list[Answer] | None:
    """The answers to the first n records, or to all that were kept; None where they were not, or
    are damaged."""
    try:
        table = store.datasets.read(NAME, _tag(variant, dataset))
    except UserError:  # not kept by an earlier version, or not what was kept
        return None
    values, scores = table["value"].to_pylist(), table["score"].to_pylist()
    if n is not None and len(values) < n:
        return None
    return [Answer(json.loads(v), s) for v, s in zip(values[:n], scores[:n], strict=True)]


def _tag(variant: str, dataset: str) -> str:
    return f"{variant}-{dataset}"
