"""Which part each cluster of records belongs to, also when data are added later. Knows no content.

Example: `split_of("a1b2", Split(holdout=0.15, stream=0.25)) in ("holdout", "stream", "train")`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from steelyard.spec.model import Split


def split_of(cluster: str, split: Split) -> str:
    """By SHA-256 of seed and cluster name."""
    digest = hashlib.sha256(f"{split.seed}\t{cluster}".encode()).digest()
    at = int.from_bytes(digest[:8], "big") / 2**64
    if at < split.holdout:
        return "holdout"
    return "stream" if at < split.holdout + split.stream else "train"


PARTS = ("holdout", "stream", "train")  # what was measured on is never trained on later


def assign(
    clusters: Mapping[str, str], split: Split, *, before: Mapping[str, str]
) -> dict[str, str]:
    """Part of each record: `clusters` and `before` (its part in an earlier version) are by id.

    A cluster stays where its members were, though a new twin may give it another name; where two
    clusters grow together, the hold-out wins over the stream, and the stream over training.
    """
    kept: dict[str, str] = {}
    for identity, cluster in clusters.items():
        part = before.get(identity)
        if part is not None:
            kept[cluster] = min(kept.get(cluster, part), part, key=PARTS.index)
    return {i: kept.get(c) or split_of(c, split) for i, c in clusters.items()}
