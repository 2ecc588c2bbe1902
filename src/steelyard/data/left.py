"""What the data step leaves: a dataset, and how it came from the sources. Knows no file.

Example: `Cleaned("a1b2", splits={"train": {"positive": 3}}).records == {"train": 3}`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.as_json import written_as


@dataclass(frozen=True)
class OperatorCount:
    """Records that went into an operator or a source, that came out, and why others did not."""

    operator: str
    taken: int = field(metadata=written_as("in"))
    left: int = field(metadata=written_as("out"))
    detail: Mapping[str, int]


@dataclass(frozen=True)
class RejectedAt:
    """A record that was refused: where it stands, and why."""

    where: str
    reason: str


@dataclass(frozen=True)
class UnknownLabel:
    """A label that the task does not have, how often, and the one that was probably meant."""

    label: str
    n: int
    nearest: str | None


@dataclass(frozen=True)
class RejectCounts:
    """Records that were refused by reason, the first of them, and the commonest unknown labels."""

    total: int
    reasons: Mapping[str, int]
    examples: tuple[RejectedAt, ...]
    labels: tuple[UnknownLabel, ...] = ()


@dataclass(frozen=True)
class Cleaned:
    """`splits` has the records of each part by label; `languages` those of the whole."""

    dataset: str
    counts: tuple[OperatorCount, ...] = ()
    splits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rejects: RejectCounts = RejectCounts(0, {}, ())
    languages: Mapping[str, int] = field(default_factory=dict)
    largest_cluster: int = 0

    @property
    def records(self) -> dict[str, int]:
        """Of each part."""
        return {name: sum(labels.values()) for name, labels in self.splits.items()}
