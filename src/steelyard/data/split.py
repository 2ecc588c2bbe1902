"""Which part a cluster of records belongs to, for ever. Knows no records.

Example: `split_of("a1b2", Split(holdout=0.15, stream=0.25)) in ("holdout", "stream", "train")`
"""

from __future__ import annotations

import hashlib

from steelyard.spec.model import Split


def split_of(cluster: str, split: Split) -> str:
    """By SHA-256 of seed and cluster: the same answer whatever else is in the data."""
    digest = hashlib.sha256(f"{split.seed}\t{cluster}".encode()).digest()
    at = int.from_bytes(digest[:8], "big") / 2**64
    if at < split.holdout:
        return "holdout"
    return "stream" if at < split.holdout + split.stream else "train"
