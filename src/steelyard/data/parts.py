"""Whether each part of the data can do its work, and why not. Knows no file.

Example: `check_parts(rows, parts, product, rejects=rejects, counts=counts)`
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from steelyard.data.dedupe import near
from steelyard.data.operators import Row
from steelyard.data.rejects import Rejects
from steelyard.errors import DataError
from steelyard.spec import ProductFile

HOLDOUT_MIN = 20
UNLABELLED = "(unlabelled)"
PARTS = ("train", "holdout", "stream")
THRESHOLDS = (0.85, 0.9, 0.95, 1.0)
SAMPLE = 1000  # rows of a cluster that are compared again to find a threshold that parts them


def parts_by_label(rows: Iterable[Row], parts: dict[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[parts[row.id]][UNLABELLED if row.label is None else row.label] += 1
    return {part: dict(found[part]) for part in PARTS}


def check_parts(
    rows: list[Row], parts: dict[str, str], product: ProductFile, *, rejects: Rejects,
    counts: list[dict[str, Any]],
) -> None:  # fmt: skip
    """DataError where a part could not do its work."""
    splits = parts_by_label(rows, parts)
    place, labels = f"{product.path.name} data", product.spec.task.labels
    why = f"{_lost(counts)}{rejects}"
    for part in ("train", "holdout"):
        missing = [label for label in labels if not splits[part].get(label)]
        if missing:
            repair = _cluster(rows, product) or rejects.repair("add data or remove the label")
            raise DataError(place, f"records of every label in the {part} part", f"none of {missing}{why}", repair)  # fmt: skip
    held = sum(splits["holdout"].get(label, 0) for label in labels)
    if held < HOLDOUT_MIN:
        repair = _cluster(rows, product) or rejects.repair("add data or raise data.split.holdout")
        raise DataError(place, f"at least {HOLDOUT_MIN} labelled records to hold out", f"{held}{why}", repair)  # fmt: skip


def largest_cluster(rows: list[Row]) -> tuple[int, str]:
    """(records, name) of the largest group of near-duplicates."""
    sizes = Counter(row.cluster or row.id for row in rows)
    name, n = max(sizes.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
    return n, name


def _cluster(rows: list[Row], product: ProductFile) -> str:
    """What to do where most records are near-duplicates of each other; empty where they are not."""
    n, name = largest_cluster(rows)
    if n < 2 or n * 2 < len(rows):
        return ""
    now = product.spec.data.near_duplicate
    members = [row for row in rows if row.cluster == name][:SAMPLE]
    said = f"{n:,} of {len(rows):,} records are near-duplicates of each other and stay in one part"
    for threshold in THRESHOLDS:
        if threshold > now and _largest(members, threshold) * 2 < len(members):
            return f"{said}: say data.near_duplicate: {threshold:g} (it is {now:g}) if they are different to you"  # fmt: skip
    return f"{said}: add data of other kinds"


def _largest(rows: list[Row], threshold: float) -> int:
    return max((len(group) for group in near(rows, threshold=threshold)), default=1)


def _lost(counts: list[dict[str, Any]]) -> str:
    """Copies and contradictions, where they are most of what was read."""
    detail: dict[str, int] = next((c["detail"] for c in counts if c["operator"] == "dedupe"), {})
    found = sum(c["in"] for c in counts if c["operator"] == "dedupe")
    said = [
        f"{detail[kind]:,} of {found:,} {words}"
        for kind, words in (
            ("duplicate", "were copies of others"),
            ("conflict", "stand there with two labels"),
        )
        if detail.get(kind, 0) * 2 > found
    ]
    return f" ({', '.join(said)})" if said else ""
