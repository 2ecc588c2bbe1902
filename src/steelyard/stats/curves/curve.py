"""What is believed of a learning curve after its points were measured: draws, forecasts and gains. Knows no fitting.

Two things can be asked, and differ by the noise of a run: the curve, which is the mean over trainings (`draws`, `predict`),
and what one training more would bring (`gain_draws`, `gain`). Example: `fit_curve(points, seed=0).gain(2000, 5000).low`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.curves.families import FAMILIES, rises
from steelyard.stats.curves.noise import Runs, run_deviation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """Quality from 0 to 1 measured after training on `labels` labels, and its standard error by the
    hold-out alone: what another training would change is added in the fit."""

    labels: int
    quality: float
    se: float


@dataclass(frozen=True)
class Beliefs:
    """What each of D draws says: its family [D] (a place in `FAMILIES`), its parameters [D, 4], the quality
    expected today (`level`) and its rise since the smallest part, the noise of runs (deviation and fall),
    and by how much the training of each point was luckier than the curve [D, points]. `next` and
    `other` are the luck of a training to come and of one that was not measured, in deviations."""

    family: NDArray[np.int64]
    parameters: Array
    level: Array
    rise: Array
    deviation: Array
    fall: Array
    luck: Array
    next: Array
    other: Array


@dataclass(frozen=True)
class LearningCurve:
    """The points by number of labels, what is believed after them, and `weights`, the probability of each
    family by name. `misfit` says that points scatter more than any family and the usual noise explain."""

    points: tuple[Point, ...]
    beliefs: Beliefs
    weights: dict[str, float]
    runs: Runs
    misfit: Reason | None = None

    def draws(self, labels: int) -> Array:
        """[D] qualities expected after training on `labels` labels, the mean over trainings: without the
        noise of a run. Draw k is of the same curve for every `labels`. ValueError below one label."""
        return np.clip(self._mean(labels), 0.0, 1.0)

    def predict(self, labels: int, *, confidence: float = 0.9) -> Interval:
        """Quality expected at `labels`; the interval is that of the curve, not of one training."""
        return self._interval(self.draws(labels), confidence)

    def gain_draws(self, before: int, after: int) -> Array:
        """[D] what one training on `after` labels adds to the model that was trained on `before`.

        Where a point was measured at `before`, the model is that one (the last of them in the order
        they came), believed where its own measurement and the curve together put it; else it is a training of
        which nothing is known. The training to come has the noise of its run, in draw k the same for
        every `after` but for what it shares with today's, whose labels it has too. The same number of labels is no training and adds nothing."""
        if after == before:
            return np.zeros(len(self.beliefs.level))
        start = self._today(before)
        return self._training(after, self._next(after)) - start

    def gain(self, before: int, after: int, *, confidence: float = 0.9) -> Interval:
        """Mean and interval of `gain_draws`: of one training with its luck, not of the curve."""
        return self._interval(self.gain_draws(before, after), confidence)

    def _mean(self, labels: int) -> Array:
        if not labels >= 1:
            raise ValueError(f"expected at least one label, found {labels}")
        b = self.beliefs
        first, today = self.points[0].labels, self.points[-1].labels
        at, start = np.log([labels / today]), float(np.log(first / today))
        shapes = np.empty(len(b.level))
        for place, family in enumerate(FAMILIES):
            mine = b.family == place
            shapes[mine] = rises(family, b.parameters[mine], at, start)[:, 0]
        return np.asarray(b.level + b.rise * shapes)

    def _training(self, labels: int, luck: Array) -> Array:
        mean = self.draws(labels)
        return np.clip(mean + self._deviation(labels, mean) * luck, 0.0, 1.0)

    def _next(self, labels: int) -> Array:
        """Luck of a training to come, in deviations: in part that of the last point."""
        b, today = self.beliefs, self.points[-1].labels
        deviation = self._deviation(today, np.clip(b.level, 0.02, 0.98))
        shared = self.runs.shared * float(np.exp(-abs(np.log(labels / today)) / 2))
        mine = np.clip(b.luck[:, -1] / np.maximum(deviation, 1e-9), -4.0, 4.0)
        return np.asarray(shared * mine + np.sqrt(1 - shared**2) * b.next)

    def _deviation(self, labels: int, mean: Array) -> Array:
        b = self.beliefs
        return run_deviation(b.deviation, b.fall, np.array([[float(labels)]]), mean[:, None])[:, 0]

    def _today(self, labels: int) -> Array:
        measured = [k for k, point in enumerate(self.points) if point.labels == labels]
        if not measured:
            return self._training(labels, self.beliefs.other)
        return np.clip(self._mean(labels) + self.beliefs.luck[:, measured[-1]], 0.0, 1.0)

    def _interval(self, values: Array, confidence: float) -> Interval:
        tail = (1 - confidence) / 2
        low, high = (float(v) for v in np.quantile(values, [tail, 1 - tail]))
        mean = min(max(float(values.mean()), low), high)  # of a long tail it may lie outside
        return Interval(mean, low, high, len(self.points))
