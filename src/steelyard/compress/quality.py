"""How good each built variant is on the hold-out, without evaluating the same function twice.

Knows no timing. Example: `evaluated(folder, task, held, parent=parent).on`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.engine.evaluate import Evaluation, evaluate
from steelyard.engine.fit import Examples
from steelyard.engine.model import open_model, read_config
from steelyard.engine.predictor import Predictor
from steelyard.engine.processes import cores
from steelyard.tasks import Answer, Array, Task

SAMPLE = 64  # hold-out records on which an export must answer as its parent does
SAME_LOGITS = 1e-3  # of their spread: what the order of sums in float32 makes, and no more


@dataclass(frozen=True)
class Parent:
    """The trained variant: its evaluation, and what it computes for the sample, an array a record; None
    where it does not answer by arrays."""

    name: str
    evaluation: Evaluation
    sample: Examples
    outputs: list[Array] | None
    decoding: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Quality:
    """An evaluation, in a few words on what it was made, and the answers; None for those of the
    parent."""

    evaluation: Evaluation
    on: str
    answers: Sequence[Answer] | None = None


def parent_of(folder: Path, name: str, evaluation: Evaluation, held: Examples) -> Parent:
    """What the variants built from `folder` are compared with."""
    part = Examples(held.contents[:SAMPLE], held.truths[:SAMPLE])
    model = open_model(folder, threads=cores())
    outputs = _outputs(model, part) if isinstance(model, Predictor) else None
    return Parent(name, evaluation, part, outputs, read_config(folder).decoding)


def evaluated(folder: Path, task: Task, held: Examples, *, parent: Parent) -> Quality:
    """The whole hold-out; or the parent's own figures, when a sample of records gives the same
    logits: an export in float32 does, and one in bf16 where the processor has none. What writes in
    its own way answers otherwise from the same ones."""
    model, n = open_model(folder, threads=cores()), len(parent.sample)
    same = parent.outputs is not None and read_config(folder).decoding == parent.decoding
    if same and isinstance(model, Predictor):
        gap = _gap(parent.outputs or [], _outputs(model, parent.sample))
        if gap <= SAME_LOGITS:
            return Quality(
                parent.evaluation,
                f"{n} records whose logits are those of {parent.name} (gap {gap:.0e} of their spread)",
            )
    # all in one call: int8 scales its activations by the batch, so parts would answer otherwise
    answers = model.answers(held.contents)
    return Quality(evaluate(task, answers, held.truths), f"all {len(held)} records", answers)


def _outputs(predictor: Predictor, part: Examples) -> list[Array]:
    return predictor.outputs_of(predictor.features(part.contents))


def _gap(before: Sequence[Array], after: Sequence[Array]) -> float:
    """The largest difference, in spreads of the expected logits; infinite where it is no number."""
    expected, compressed = (
        np.concatenate([rows.ravel() for rows in side]) for side in (before, after)
    )
    spread = float(expected.max() - expected.min()) or 1.0
    gap = float(np.abs(expected - compressed).max()) / spread
    return gap if np.isfinite(gap) else float("inf")
