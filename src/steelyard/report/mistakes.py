"""Which labels are answered worst, and what is taken for what. Knows no model and no HTML.

Example: `confusions(["a", "b"], [[8, 2], [0, 9]])[0].truth == "a"`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from steelyard.store import Store
from steelyard.tasks import Task, content_kind

SHOWN = 15  # rows of each table: more are not read
EXAMPLES = 2
EXAMPLE_CHARACTERS = 120


@dataclass(frozen=True)
class Mistake:
    """`n` of the `of` held-out records whose label is `truth` were answered `answer`."""

    truth: str
    answer: str
    n: int
    of: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weak:
    """One label's figures on the hold-out."""

    label: str
    n: int
    precision: float
    recall: float
    f1: float


def confusions(labels: Sequence[str], table: Sequence[Sequence[int]]) -> list[Mistake]:
    """The most frequent pairs of truth and another answer, the most frequent first."""
    mistakes = [
        Mistake(labels[i], labels[j], n, sum(row))
        for i, row in enumerate(table)
        for j, n in enumerate(row)
        if n and i != j
    ]
    return sorted(mistakes, key=lambda m: (-m.n, -m.n / m.of))[:SHOWN]


def weakest(detail: Mapping[str, Any]) -> list[Weak]:
    """Labels with the lowest F1 among those that occur in the hold-out."""
    size = dict(zip(detail["labels"], (sum(row) for row in detail["confusion"]), strict=True))
    occurring = [
        Weak(p["label"], size[p["label"]], p["precision"], p["recall"], p["f1"])
        for p in detail["per_label"]
        if size[p["label"]]
    ]
    return sorted(occurring, key=lambda w: (w.f1, -w.n))[:SHOWN]


def with_examples(
    store: Store, task: Task, outputs: Mapping[str, Mapping[str, Any]]
) -> list[Mistake]:
    """The confusions of the trained model (the baseline before one is trained), with texts of the
    hold-out where the evaluation kept their places. They are masked as the model saw them."""
    judged = outputs.get("train") or outputs.get("baseline")
    if not judged:
        return []
    detail = judged["detail"]
    if "confusion" not in detail:  # a task whose answers are no labels
        return []
    mistakes = confusions(detail["labels"], detail["confusion"])
    places = {(m["truth"], m["answer"]): m["rows"] for m in detail.get("mistakes", [])}
    if not places:
        return mistakes
    contents = _holdout(store, task, str(outputs["data"]["dataset"]))
    shown = content_kind(task.content).shown
    return [
        replace(m, examples=_lines(contents, places.get((m.truth, m.answer), []), shown))
        for m in mistakes
    ]


def _holdout(store: Store, task: Task, dataset: str) -> Sequence[Any]:
    from steelyard.engine.examples import holdout

    return holdout(store, task=task, dataset=dataset).contents


def _lines(
    contents: Sequence[Any], rows: Sequence[int], shown: Callable[[Any], str | None]
) -> tuple[str, ...]:
    """What has no line of text, such as a picture, is not shown: the page holds no bytes of users."""
    lines = [shown(contents[i]) for i in rows[:EXAMPLES] if i < len(contents)]
    return tuple(_short(line) for line in lines if line is not None)


def _short(line: str) -> str:
    return line if len(line) <= EXAMPLE_CHARACTERS else line[: EXAMPLE_CHARACTERS - 1] + "…"
