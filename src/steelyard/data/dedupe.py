"""Exact duplicates dropped, near-duplicates joined into clusters. Knows no split.

A cluster stays whole in the split, so no twin of a training record is in the hold-out.
Example: `rows, detail = Dedupe(DedupeSettings()).apply(rows); detail["duplicate"]`
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from steelyard.data.operators import Row
from steelyard.plugins import need
from steelyard.spec.section import Section

HASHES, SEED = 128, 42
RECALL_MIN = 0.9995  # of pairs that are exactly as alike as the threshold asks
CHUNK = 20_000  # signatures of more rows at once take gigabytes
BUCKET_MAX = 200  # a bucket of boilerplate is compared with its first members only


class DedupeSettings(Section):
    """What counts as nearly the same."""

    threshold: float = Field(0.8, ge=0.3, le=1, description="Jaccard of character 4-grams")


class Dedupe:
    name: ClassVar[str] = "dedupe"
    content: ClassVar[str] = "any"
    whole: ClassVar[bool] = True
    Settings: ClassVar[type[Section]] = DedupeSettings

    def __init__(self, settings: DedupeSettings) -> None:
        self.threshold = settings.threshold

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        kept, counts = drop_exact(rows)
        texts = [i for i, row in enumerate(kept) if isinstance(row.content, str)]
        groups = near([kept[i] for i in texts], threshold=self.threshold)
        cluster = {row.id: row.id for row in kept}
        for group in groups:
            smallest = min(kept[texts[i]].id for i in group)
            cluster.update({kept[texts[i]].id: smallest for i in group})
        counts["near_duplicate"] = sum(len(g) for g in groups)
        counts["clusters"] = len(set(cluster.values()))
        return [replace(row, cluster=cluster[row.id]) for row in kept], counts


def drop_exact(rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
    """The record with the smallest id of each content; none where its labels contradict."""
    groups: dict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        body = row.content.encode() if isinstance(row.content, str) else row.content
        groups[hashlib.sha256(body).digest()].append(row)
    kept, conflicts = [], 0
    for group in groups.values():
        if len({row.label for row in group if row.label is not None}) > 1:
            conflicts += len(group)
            continue
        # a labelled twin is worth more than an unlabelled one
        kept.append(min(group, key=lambda r: (r.label is None, r.id)))
    duplicates = len(rows) - len(kept) - conflicts
    return sorted(kept, key=lambda r: r.id), {"duplicate": duplicates, "conflict": conflicts}


def shingles(text: str, language: str) -> set[str]:
    """Word 3-grams where words are spaced, character 4-grams elsewhere (Chinese)."""
    folded = text.lower()
    if language not in ("zh", "ja", "ko", "th", "und"):
        words = folded.split()
        if len(words) >= 3:
            return {" ".join(words[i : i + 3]) for i in range(len(words) - 2)}
    if len(folded) <= 4:
        return {folded}
    return {folded[i : i + 4] for i in range(len(folded) - 3)}


def near(rows: list[Row], *, threshold: float) -> list[list[int]]:
    """Groups of row indices whose shingles' Jaccard similarity reaches `threshold`.

    MinHash with banding (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3),
    every candidate verified on its shingles. A bucket of more than `BUCKET_MAX` rows is compared
    with its first ones only.
    """
    sets = [shingles(row.content, row.language) for row in rows]
    parent = list(range(len(rows)))
    for band in _buckets(sets, width(threshold)):
        for members in band:
            first = members[:BUCKET_MAX]
            for k, i in enumerate(members):
                for j in first[: min(k, BUCKET_MAX)]:
                    if _root(parent, i) != _root(parent, j) and _alike(sets[i], sets[j], threshold):
                        parent[_root(parent, i)] = _root(parent, j)
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(rows)):
        groups[_root(parent, i)].append(i)
    return [group for group in groups.values() if len(group) > 1]


def width(threshold: float) -> int:
    """Hashes in a band: as many as still find `RECALL_MIN` of the pairs at the threshold, since
    a pair of similarity s shares a band with probability 1 - (1 - s^width)^bands."""
    able = [w for w in range(1, HASHES) if 1 - (1 - threshold**w) ** (HASHES // w) >= RECALL_MIN]
    return max(able, default=1)


def _buckets(sets: list[set[str]], rows: int) -> Iterable[list[list[int]]]:
    """For each band of `rows` hashes, the sets that share it."""
    if not sets:
        return
    rensa = need("rensa", extra="train")
    digests = []
    for start in range(0, len(sets), CHUNK):
        part = [sorted(s) for s in sets[start : start + CHUNK]]
        digests.append(
            np.array(
                rensa.RMinHash.digests_from_token_sets(part, num_perm=HASHES, seed=SEED),
                dtype=np.uint32,
            )
        )
    matrix = np.concatenate(digests)
    for b in range(HASHES // rows):
        by_hash: dict[bytes, list[int]] = defaultdict(list)
        for i, key in enumerate(np.ascontiguousarray(matrix[:, b * rows : (b + 1) * rows])):
            by_hash[key.tobytes()].append(i)
        yield [members for members in by_hash.values() if len(members) > 1]


def _alike(a: set[str], b: set[str], threshold: float) -> bool:
    if min(len(a), len(b)) < threshold * max(len(a), len(b)):
        return False
    shared = len(a & b)
    return shared >= threshold * (len(a) + len(b) - shared)


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
