"""The last step of a model that computes with arrays: outputs to answers, and truths to targets.

One head a kind of answers. Knows no encoder, files or money.
Example: `head_of(task).answers([np.array([0.1, 2.0])], features)[0].value`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from steelyard.engine.arrays import softmax
from steelyard.errors import UserError
from steelyard.tasks import Answer, Array, Task, Truth


class Head(Protocol):
    """What an array model needs to know of its task."""

    width: int  # outputs of the last layer, K
    each_token: bool  # one row of outputs a token, or one an item

    def targets(self, truths: Sequence[Truth], features: Sequence[Array]) -> list[Array]:
        """What `loss` compares with, one array an example."""

    def together(self, targets: Sequence[Array], width: int) -> Array:
        """Targets of one batch as one array; `width` tokens wide where there is one a token."""

    def loss(self, outputs: Any, targets: Any) -> Any:
        """One loss per example, always; torch tensors: [B, ..., K] and [B, ...] -> [B]."""

    def answers(self, outputs: Sequence[Array], features: Sequence[Array]) -> list[Answer]:
        """Outputs of each item, [K] or [T, K], and its features -> one answer each."""


class LabelHead:
    """One row of logits an item: the label of the largest."""

    each_token = False

    def __init__(self, task: Task) -> None:
        self.labels: tuple[str, ...] = task.classes
        self.width = len(self.labels)
        self._index = {label: i for i, label in enumerate(self.labels)}

    def targets(self, truths: Sequence[str], features: Sequence[Array]) -> list[Array]:
        return [np.array(self._index[label], dtype=np.int64) for label in truths]

    def together(self, targets: Sequence[Array], width: int) -> Array:
        return np.stack(targets) if len(targets) else np.zeros(0, dtype=np.int64)

    def loss(self, outputs: Any, targets: Any) -> Any:
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs.float(), targets, reduction="none")

    def answers(self, outputs: Sequence[Array], features: Sequence[Array]) -> list[Answer]:
        if not len(outputs):
            return []
        probabilities = softmax(np.stack(outputs))
        best = probabilities.argmax(axis=-1)
        return [
            Answer(
                self.labels[k],
                float(row[k]),
                {name: float(p) for name, p in zip(self.labels, row, strict=True)},
            )
            for row, k in zip(probabilities, best, strict=True)
        ]


class SpanHead:
    """A row of logits a token: outside, or the first or a later token of an entity (BIO; Ramshaw and
    Marcus 1995). Features are those of `methods.token_spans`: [T, 3] of id, start, end."""

    each_token = True

    def __init__(self, task: Task) -> None:
        self.entities: tuple[str, ...] = task.classes
        self.width = 1 + 2 * len(self.entities)
        self._index = {entity: i for i, entity in enumerate(self.entities)}

    def targets(self, truths: Sequence[Any], features: Sequence[Array]) -> list[Array]:
        return [self._tags(*pair) for pair in zip(truths, features, strict=True)]

    def _tags(self, spans: Any, feature: Array) -> Array:
        """A tag for each token, SKIPPED where a token is of no character."""
        tags = np.where(feature[:, 1] < feature[:, 2], 0, SKIPPED).astype(np.int64)
        for start, end, entity in spans:
            inside = np.flatnonzero((feature[:, 1] < end) & (feature[:, 2] > start) & (tags >= 0))
            tags[inside] = 2 + 2 * self._index[entity]
            tags[inside[:1]] -= 1
        return tags

    def together(self, targets: Sequence[Array], width: int) -> Array:
        tags = np.full((len(targets), width), SKIPPED, dtype=np.int64)
        for row, target in enumerate(targets):
            tags[row, : len(target)] = target
        return tags

    def loss(self, outputs: Any, targets: Any) -> Any:
        from torch.nn.functional import cross_entropy

        each = cross_entropy(
            outputs.float().transpose(1, 2), targets, reduction="none", ignore_index=SKIPPED
        )
        return each.sum(1) / (targets != SKIPPED).sum(1).clamp(min=1)

    def answers(self, outputs: Sequence[Array], features: Sequence[Array]) -> list[Answer]:
        return [self._answer(*pair) for pair in zip(outputs, features, strict=True)]

    def _answer(self, logits: Array, feature: Array) -> Answer:
        """The likeliest tags in which no later token of an entity stands alone (Viterbi 1967)."""
        used = np.flatnonzero(feature[:, 1] < feature[:, 2])
        if not used.size:
            return Answer([], None, [])
        shares = softmax(logits[used])
        tags = self._likeliest(np.log(np.maximum(shares, 1e-12)))
        sure = shares[np.arange(used.size), tags]
        spans: list[list[Any]] = []
        scores: list[float] = []
        behind, goes_on = 0, False
        for token, tag, share in zip(used, tags, sure, strict=True):
            start, end = int(feature[token, 1]), int(feature[token, 2])
            if tag % 2 and start >= behind:  # the first token of one
                spans.append([start, end, self.entities[(tag - 1) // 2]])
                scores.append(float(share))
                behind, goes_on = end, True
            elif tag and tag % 2 == 0 and goes_on:
                spans[-1][1] = behind = max(behind, end)
                scores[-1] = min(scores[-1], float(share))
            else:  # outside, or one that begins inside what is taken: tokens of a mask share its place
                goes_on = False
        return Answer(spans, float(sure.mean()), scores)

    def _likeliest(self, logs: Array) -> Array:
        """Tags [T] of the best path through logs [T, K]."""
        k = self.width
        later = np.arange(2, k, 2)  # tag of a later token; its entity's first is one below
        best, back = logs[0].copy(), np.zeros((len(logs), k), dtype=np.int64)
        best[later] = -np.inf
        for t in range(1, len(logs)):
            top = int(best.argmax())
            back[t] = top
            reached = np.full(k, best[top])
            stays = best[later] >= best[later - 1]
            reached[later] = np.maximum(best[later], best[later - 1])
            back[t, later] = np.where(stays, later, later - 1)
            best = reached + logs[t]
        tags = np.zeros(len(logs), dtype=np.int64)
        tags[-1] = best.argmax()
        for t in range(len(logs) - 1, 0, -1):
            tags[t - 1] = back[t, tags[t]]
        return tags


SKIPPED = -100  # of a token that is no part of the text
HEADS: dict[str, type[Any]] = {"label": LabelHead, "spans": SpanHead}


def head_of(task: Task) -> Head:
    """The head for a task's kind of answers; UserError where there is none."""
    kind = HEADS.get(task.answer)
    if kind is None:
        raise UserError(
            f"task {task.name}",
            f"answers of a kind in {sorted(HEADS)} for a model of arrays",
            f"'{task.answer}'",
            "name another method in train.methods",
        )
    head: Head = kind(task)
    return head
