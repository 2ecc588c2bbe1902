"""What every single-label classification shares: labels, truths, metrics. Knows no content.

Example: `Classification(Labels(labels=("neg", "pos"))).classes_of("pos") == ("pos",)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, field_validator

from steelyard.errors import UserError
from steelyard.goals import Metric
from steelyard.spec.section import LabelName, Section, distinct
from steelyard.tasks.base import Answer, Array, Unknown
from steelyard.tasks.shown import Shown

CALIBRATION_BINS = 10
MISTAKES_KEPT, PLACES_KEPT = 30, 3  # pairs of labels, and records of each


class Labels(Section):
    """The labels that a product may answer."""

    labels: tuple[LabelName, ...] = Field(min_length=2, description="every label, in a fixed order")

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return distinct(labels, one="label", many="labels")


class Classification:
    """Base of the classification tasks; a label's index is its place in the product file."""

    Options: ClassVar[type[Section]] = Labels
    answer: ClassVar[str] = "label"
    quality: ClassVar[str] = "macro_f1"
    known: ClassVar[Mapping[str, Metric]] = {
        **dict.fromkeys(("accuracy", "precision", "recall", "macro_f1"), Metric()),
        "calibration_error": Metric(less=True),
    }

    def __init__(self, options: Labels) -> None:
        self.options, self.labels = options, options.labels
        self._index = {label: i for i, label in enumerate(self.labels)}

    def truth(
        self, raw: Any, content: Any = None, names: Mapping[str, str | None] | None = None
    ) -> str:
        if not isinstance(raw, str):
            raise ValueError(
                f"expected a label in {shown(self.labels)}, found {type(raw).__name__}"
            )
        if raw not in self._index:
            raise Unknown(raw, f"expected a label in {shown(self.labels)}, found another text")
        return raw

    def write(self, truth: str) -> str:
        return truth

    def read(self, written: str) -> str:
        return written

    def moved(self, truth: str, content: Any) -> str:
        return truth

    def renamed(self, value: Any, names: Mapping[str, str]) -> Any:
        """Of a past label its name of today. What is no word means itself."""
        if not isinstance(value, str):
            return value
        return value if value in self._index else names.get(value)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.labels

    def classes_of(self, truth: str) -> tuple[str, ...]:
        return (truth,)

    def counted_as(self, truth: str) -> str:
        return truth

    def counts(self, answers: Sequence[Answer], truths: Sequence[str]) -> Any:
        """Sparse [n, 3K + 2B + 1]: the label where it was right, the answered one, the true one;
        confidence and right by bin of confidence; one."""
        import numpy as np
        from scipy.sparse import csr_matrix

        k, n = len(self.labels), len(truths)
        answered, targets, confidence = self._compared(answers, truths)
        right, which, at, ones = answered == targets, _bins(confidence), np.arange(n), np.ones(n)
        parts = [
            (at[right], targets[right], ones[right]),
            (at, k + answered, ones),
            (at, 2 * k + targets, ones),
            (at, 3 * k + which, confidence),
            (at[right], 3 * k + CALIBRATION_BINS + which[right], ones[right]),
            (at, np.full(n, 3 * k + 2 * CALIBRATION_BINS), ones),
        ]
        where, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        shape = (n, 3 * k + 2 * CALIBRATION_BINS + 1)
        return csr_matrix((values, (where, columns)), shape=shape)

    def _compared(
        self, answers: Sequence[Answer], truths: Sequence[str]
    ) -> tuple[Array, Array, Array]:
        """Places of the answered and of the true labels, and the confidence of each answer; [n]."""
        import numpy as np

        if any(a.score is None for a in answers):
            raise UserError(
                "answers", "a score with each label", "none", "use a method that gives one"
            )
        confidence = np.array([a.score for a in answers], dtype=np.float64)
        answered = self._places([a.value for a in answers])
        return answered, self._places(truths), confidence

    def _places(self, labels: Sequence[str]) -> Array:
        import numpy as np

        return np.array([self._index[label] for label in labels], dtype=np.int64)

    def metrics(self, sums: Array) -> dict[str, Array]:
        """accuracy, macro precision / recall / F1 (absent labels count 0), calibration error."""
        import numpy as np

        k, b = len(self.labels), CALIBRATION_BINS
        hits, answered, true = (sums[..., i * k : (i + 1) * k] for i in range(3))
        confidence, right = (sums[..., 3 * k + i * b : 3 * k + (i + 1) * b] for i in range(2))
        n = np.maximum(sums[..., -1], 1)
        return {
            "accuracy": hits.sum(-1) / n,
            "precision": (hits / np.maximum(answered, 1)).mean(-1),
            "recall": (hits / np.maximum(true, 1)).mean(-1),
            "macro_f1": (2 * hits / np.maximum(answered + true, 1)).mean(-1),
            "calibration_error": np.abs(confidence - right).sum(-1) / n,
        }

    def rests_on(self, sums: Array) -> dict[str, Array]:
        """Of each metric that is a mean over the labels, on how many examples each label's part rests."""
        import numpy as np

        k = len(self.labels)
        answered, true = (sums[..., i * k : (i + 1) * k] for i in (1, 2))
        return {"precision": np.minimum(answered, true), "recall": true, "macro_f1": true}

    def detail(self, answers: Sequence[Answer], truths: Sequence[str]) -> dict[str, Any]:
        answered, targets, confidence = self._compared(answers, truths)
        table = confusion(answered, targets, len(self.labels))
        precision, recall, f1 = per_label(table)
        return {
            "labels": list(self.labels),
            "confusion": table.tolist(),
            "per_label": [
                {"label": name, "precision": float(p), "recall": float(r), "f1": float(f)}
                for name, p, r, f in zip(self.labels, precision, recall, f1, strict=True)
            ],
            "calibration": calibration(confidence, answered == targets),
            "mistakes": mistakes(answered, targets, self.labels),
        }

    def utility(self, answers: Sequence[Answer], truths: Sequence[str]) -> Array:
        """1 for the true label, 0 for any other."""
        import numpy as np

        right = [a.value == truth for a, truth in zip(answers, truths, strict=True)]
        return np.array(right, dtype=np.float64)

    def sent(self, answer: Answer) -> dict[str, Any]:
        return {"label": answer.value, "score": answer.score, "scores": answer.detail}

    def shown(self, sent: Mapping[str, Any]) -> Shown:
        """The label, and how likely each is."""
        return Shown(str(sent["label"]), shares=dict(sent["scores"] or {}))

    def answer_schema(self) -> dict[str, dict[str, Any]]:
        """What `sent` makes, as JSON schemas by field."""
        share = {"type": "number", "minimum": 0, "maximum": 1}
        scores = {"type": "object", "additionalProperties": share}
        return {
            "label": {"type": "string", "enum": list(self.labels)},
            "score": share,
            "scores": scores,
        }

    def truth_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.labels)}


def shown(labels: Sequence[str], *, most: int = 20) -> str:
    """A list of labels, cut where it is long."""
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return f"{list(labels[:most])}{more}"


def confusion(predicted: Array, targets: Array, labels: int) -> Array:
    """Counts [truth, predicted], shape [K, K]."""
    import numpy as np

    table = np.zeros((labels, labels), dtype=np.int64)
    np.add.at(table, (targets, predicted), 1)
    return table


def mistakes(predicted: Array, targets: Array, labels: Sequence[str]) -> list[dict[str, Any]]:
    """The most frequent pairs of truth and wrong answer, with places of some of their records.

    Places only: a step's output holds no text of a record.
    """
    import numpy as np

    pairs: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(predicted != targets):
        pairs.setdefault((int(targets[row]), int(predicted[row])), []).append(int(row))
    worst = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MISTAKES_KEPT]
    return [
        {"truth": labels[t], "answer": labels[p], "n": len(rows), "rows": rows[:PLACES_KEPT]}
        for (t, p), rows in worst
    ]


def per_label(table: Array) -> tuple[Array, Array, Array]:
    """Precision, recall and F1 of each label, 0 where the label never occurs; each [K]."""
    import numpy as np

    hits = np.diag(table).astype(float)
    precision = hits / np.maximum(table.sum(axis=0), 1)
    recall = hits / np.maximum(table.sum(axis=1), 1)
    f1 = 2 * hits / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return precision, recall, f1


def _bins(confidence: Array) -> Array:
    """The bin of each confidence, all of equal width."""
    import numpy as np

    return np.asarray(np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1))


def calibration(confidence: Array, right: Array) -> dict[str, Any]:
    """Expected calibration error over ten equal-width bins (Guo et al. 2017, eq. 3), of confidences
    [n] and whether each answer was right [n]."""
    which = _bins(confidence)
    bins = []
    for b in range(CALIBRATION_BINS):
        inside = which == b
        if inside.any():
            bins.append(
                {
                    "n": int(inside.sum()),
                    "confidence": float(confidence[inside].mean()),
                    "accuracy": float(right[inside].mean()),
                }
            )
    gap = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins)
    return {"error": gap / max(1, len(right)), "bins": bins}
