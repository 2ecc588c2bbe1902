"""linear: logistic regression on character n-grams or pixels, the cheap baseline. Knows no torch.

Example: `LINEAR.fit(job).answers(["很好"])[0].value`
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.engine.arrays import Preprocessor
from steelyard.engine.heads import Head, head_of
from steelyard.engine.model import Config, Model, Reading
from steelyard.engine.predictor import Predictor, answered, preprocessor_in, write_arrays
from steelyard.engine.run_linear import LinearRuntime
from steelyard.methods.base import FitJob
from steelyard.methods.char_ngrams import CharNgrams
from steelyard.methods.pixels import Pixels
from steelyard.plugins import need
from steelyard.tasks import Answer, Array, Content, Task

BATCH = 256


@dataclass(frozen=True)
class FittedLinear:
    """`logits = inputs @ weight.T + bias`, weight [K, F], bias [K]."""

    task: Task
    weight: Array
    bias: Array
    preprocessor: Preprocessor
    cpu_s: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        runtime, features = (
            LinearRuntime(self.weight, self.bias),
            self.preprocessor.features(contents),
        )
        outputs: list[Array] = []
        for start in range(0, len(features), BATCH):
            outputs += list(runtime.run(self.preprocessor.collate(features[start : start + BATCH])))
        return answered(head_of(self.task), outputs, features)

    def save(self, draft: Path) -> None:
        save_file = need("safetensors.numpy", extra="train").save_file
        save_file({"weight": self.weight, "bias": self.bias}, draft / "model.safetensors")
        write_arrays(
            draft, self.task, self.preprocessor, method="linear", runtime="linear", precision="fp32"
        )


class LinearMethod:
    name, variant = "linear", "baseline"
    modules, needs_backbone, steady = ("sklearn",), False, True

    def suits(self, task: Task) -> bool:
        return task.answer == "label" and task.content in _INPUTS

    def fit(self, job: FitJob) -> FittedLinear:
        before = job.clock.cpu_s()
        regression = need("sklearn.linear_model", extra="train").LogisticRegression
        contents = job.examples.contents
        made = _INPUTS[job.task.content](contents)
        head = head_of(job.task)
        targets = head.together(head.targets(job.examples.truths, []), 1)
        fitted = regression(
            random_state=job.settings.seed, C=made.inverse_penalty, max_iter=made.steps_max
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a baseline of few steps may stop short of its optimum
            fitted.fit(made.matrix, targets)
        weight, bias = _every_label(fitted, head)
        return FittedLinear(job.task, weight, bias, made.preprocessor, job.clock.cpu_s() - before)

    def open(self, folder: Path, config: Config, *, threads: int) -> Model:
        return Predictor.open(folder, config, threads=threads)

    def open_reading(self, folder: Path, config: Config) -> Reading:
        return preprocessor_in(folder, config)


@dataclass(frozen=True)
class _Prepared:
    """Contents as a matrix [n, F], and how strongly and how long a regression on it is fitted."""

    preprocessor: Preprocessor
    matrix: Any
    inverse_penalty: float
    steps_max: int


def _of_texts(texts: Sequence[str]) -> _Prepared:
    ngrams = CharNgrams.fit(texts)
    return _Prepared(ngrams, ngrams.collate(ngrams.features(texts))["x"], 10.0, 1000)


def _of_pictures(pictures: Sequence[bytes]) -> _Prepared:
    pixels = Pixels.fit(pictures)
    matrix = np.stack(pixels.features(pictures)).reshape(len(pictures), -1)
    return _Prepared(pixels, matrix, 0.1, 200)


_INPUTS: dict[str, Callable[..., _Prepared]] = {
    "text": _of_texts,
    "image": _of_pictures,
}


def _every_label(fitted: Any, head: Head) -> tuple[Array, Array]:
    """scikit-learn's coefficients with one row per label [K, F], also for two labels or when
    the training data lack a label (whose logit is then out of reach)."""
    coefficients, intercept = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercept = np.concatenate([-intercept / 2, intercept / 2])
    weight = np.zeros((head.width, coefficients.shape[1]), dtype=np.float32)
    bias = np.full(head.width, -30.0, dtype=np.float32)
    weight[fitted.classes_], bias[fitted.classes_] = coefficients, intercept
    return weight, bias


LINEAR = LinearMethod()
