"""Records that were refused: how many, why, where, and which labels nobody knows. Knows no file.

Labels and places are kept with their personal data masked: a wrong column may hold anything.
Example: `Rejects(("neg", "pos")).nearest("Pos ") == "pos"`
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steelyard.data.left import RejectCounts, RejectedAt, UnknownLabel
from steelyard.near import nearest
from steelyard.spec.looks import escaped, quoted
from steelyard.tasks.masking import mask

EXAMPLES_MAX = 20
LABELS_MAX = 10_000  # of different ones that are counted: a wrong column may hold millions
LABELS_TOLD = 10
TOLD_MAX = 60  # characters of a label
OUTSIDE = "a label outside "


@dataclass
class Rejects:
    """`labels` are those of the task, `names` what sources call them; `unknown` counts the others as
    the files write them, but for what is `masked`."""

    labels: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[RejectedAt] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    masked: set[str] = field(default_factory=set)
    option: str = "task.labels"  # where the product file names them

    def add(self, where: str, reason: str) -> None:
        self.reasons[reason] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(RejectedAt(_printable(mask(where)[0]), reason))

    def word(self, where: str, label: str) -> None:
        """A record whose label, or a word of it, the task does not have."""
        self.add(where, f"{OUTSIDE}{self.option}")
        told = mask(label)[0]
        if told in self.unknown or len(self.unknown) < LABELS_MAX:
            self.unknown[told] += 1
            self.masked |= {told} - {label}

    @property
    def total(self) -> int:
        return sum(self.reasons.values())

    def nearest(self, label: str) -> str | None:
        """The label of the task that was probably meant: the same but for case, width, space and
        a decimal point, or else one that is spelled nearly so."""
        folded: dict[str, str] = {}
        for known, meant in [*((label, label) for label in self.labels), *self.names.items()]:
            folded.setdefault(_folded(known), meant)
        same = folded.get(_folded(label))
        close = nearest(_folded(label)[:TOLD_MAX], folded)
        return same or (None if close is None else folded[close])

    def told(self) -> list[UnknownLabel]:
        """The commonest unknown labels, each with its count and the one that was meant."""
        return [
            UnknownLabel(
                _printable(label[:TOLD_MAX]),
                n,
                None if label in self.masked else self.nearest(label),
            )
            for label, n in self.unknown.most_common(LABELS_TOLD)
        ]

    def repair(self, otherwise: str) -> str:
        """What makes the unknown labels known, or `otherwise` where there are none."""
        meant = {one.label: one.nearest for one in self.told() if one.nearest}
        if meant:
            pairs = ", ".join(
                f'"{escaped(label)}": "{escaped(near)}"' for label, near in meant.items()
            )
            return f"say what they mean in the source, names: {{{pairs}}}, or correct them"
        if sum(self.unknown.values()) * 2 > self.total:
            return f"correct them, or add them to {self.option} {list(self.labels)}"
        return otherwise

    def __str__(self) -> str:
        """The commonest reason, to stand behind what is missing."""
        if not self.reasons:
            return ""
        (reason, n), first = self.reasons.most_common(1)[0], self.examples[0].where
        said = f" ({self.total:,} records were rejected, {n:,} for {reason}"
        said += f": {labels_said(self.told())}" if self.unknown else ""
        return f"{said}; the first at {first})"

    def counted(self) -> RejectCounts:
        """What the data step leaves of them."""
        labels = tuple(self.told())
        return RejectCounts(self.total, dict(self.reasons), tuple(self.examples), labels)


def labels_said(told: Sequence[UnknownLabel], *, most: int = 3) -> str:
    """`'1.0' 40 times (near '1'), 'good' 2 times`, the commonest first."""
    parts = [
        f"{quoted(one.label)} {one.n:,} times"
        + (f" (near {quoted(one.nearest)})" if one.nearest else "")
        for one in told[:most]
    ]
    return ", ".join(parts) + (" and others" if len(told) > most else "")


def _folded(label: str) -> str:
    """Without case, width, outer and doubled space, invisible characters and a zero fraction."""
    text = unicodedata.normalize("NFKC", label).casefold()
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf") or c.isspace())
    text = " ".join(text.split()).strip("\"'")
    whole, point, fraction = text.partition(".")
    return whole if point and not fraction.strip("0") and whole.lstrip("-").isdigit() else text


def _printable(text: str) -> str:
    """Half a surrogate pair, of a file's name for example, cannot be shown or kept as JSON."""
    return text.encode("utf-8", "backslashreplace").decode()
