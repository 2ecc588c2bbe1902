"""The learning curve as it was until 0.4, kept to be compared with: one power law, widened by a back-test. Knows no task.

q(n) = a - b * n**-c by weighted least squares, a parametric bootstrap of the hold-out's errors, and intervals stretched by how far the
curve without its last point missed that point. Example: `Before.of(labels, quality, se).gain(2000, 5000, confidence=0.9)`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POINTS_MIN, DRAWS, SE_MIN = 3, 200, 1e-3
EXPONENTS = np.geomspace(0.05, 2.0, 160)
WIDENING_MIN, UNTESTED, WIDENING_MAX = 1.5, 2.0, 10.0


@dataclass(frozen=True)
class Before:
    """Parameters [1 + draws, 3], the best first, and how much intervals are stretched."""

    parameters: np.ndarray
    widening: float

    @classmethod
    def of(cls, labels: np.ndarray, quality: np.ndarray, se: np.ndarray) -> Before:
        return cls(_draws(labels, quality, se), _back_test(labels, quality, se))

    def gain(self, before: float, after: float, *, confidence: float) -> tuple[float, float, float]:
        """Value, low and high of the fitted curve's difference."""
        return self._interval(
            _quality(self.parameters, after) - _quality(self.parameters, before), confidence
        )

    def predict(self, labels: float, *, confidence: float) -> tuple[float, float, float]:
        return self._interval(_quality(self.parameters, labels), confidence)

    def _interval(self, values: np.ndarray, confidence: float) -> tuple[float, float, float]:
        low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
        best = float(values[0])
        down, up = max(0.0, best - float(low)), max(0.0, float(high) - best)
        return best, best - self.widening * down, best + self.widening * up


def _back_test(labels: np.ndarray, quality: np.ndarray, se: np.ndarray) -> float:
    if len(labels) <= POINTS_MIN:
        return UNTESTED
    naive = Before(_draws(labels[:-1], quality[:-1], se[:-1]), 1.0)
    guess, low, high = naive.predict(labels[-1], confidence=0.9)
    reach = high - guess if quality[-1] > guess else guess - low
    missed = abs(quality[-1] - guess) / max(reach + se[-1], SE_MIN)
    return float(np.clip(missed, WIDENING_MIN, WIDENING_MAX))


def _draws(labels: np.ndarray, quality: np.ndarray, se: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    errors = np.maximum(se, SE_MIN)
    drawn = quality + rng.normal(0, errors, (DRAWS, len(quality)))
    return _fit(labels.astype(float), np.vstack([quality, drawn]), errors)


def _fit(n: np.ndarray, q: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Every exponent is solved for a and b, and the best kept; a above one is one."""
    weight = se**-2 / np.sum(se**-2)
    x = (n / n.min()) ** -EXPONENTS[:, None]
    away = x - (x @ weight)[:, None]
    b = np.clip(-(q * weight) @ away.T / (away**2 @ weight), -1.0, 2.0)
    a = (q @ weight)[:, None] + b * (x @ weight)
    alone = np.clip(((1 - q) * weight) @ x.T / (x**2 @ weight), -1.0, 2.0)
    a, b = np.minimum(a, 1.0), np.where(a > 1, alone, b)
    error = ((a[..., None] - b[..., None] * x - q[:, None]) ** 2) @ weight
    best, rows = error.argmin(axis=1), np.arange(len(q))
    c = EXPONENTS[best]
    return np.stack([a[rows, best], b[rows, best] * n.min() ** c, c], axis=1)


def _quality(parameters: np.ndarray, labels: float) -> np.ndarray:
    a, b, c = parameters.T
    return a - b * float(labels) ** -c
