"""What moves a measured point off its curve: the run of the training, and the records of the hold-out. Knows no curve.

A training repeated with another seed or other labels ends elsewhere: the noise of the run, of each training its own. A hold-out
that is a little too easy is so for every point: the noise of the hold-out, which points share.
Example: `run_deviation(np.array([0.018]), np.array([0.75]), np.array([[320.0, 640.0]]), np.array([0.8]))`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
AT = 640.0


@dataclass(frozen=True)
class Runs:
    """How far trainings of one method on as many labels end apart: the usual deviation at `AT` labels, and the
    power of labels that it falls with. `shared` is how much of it comes from the labels, which a larger
    part holds too: 1 for a mean of what each label says, 0 where the seed decides."""

    deviation: float
    fall: float
    shared: float = 0.0


# Fine-tuning on 320, 640 and 2,000 labels with other seeds had deviations of 0.029, 0.020 and 0.007: the
# line through their logarithms. Methods without a seed differ by their labels alone: the mean of two of the
# sets of bench/curves.py (sentiment, topics), where half a part and the whole had a correlation of 0.5.
FINE_TUNED, STEADY = Runs(0.0179, 0.79), Runs(0.006, 0.9, shared=0.7)
# Of the logarithm, and of the power: tasks and encoders may be three times as steady or as unsteady.
DEVIATION_WIDTH, FALL_WIDTH = 0.6, 0.3
DEVIATION_MAX = 0.1
ROOM = (
    0.3  # deviation of one answer that is right in nine of ten: nearer to 0 or 1 runs differ less
)
# Correlation of right and wrong between two models measured on one hold-out: ALIKE for two trainings on as
# many labels, less by the power FALLING of the ratio of their labels (bench/curves.py measures it).
ALIKE, FALLING = 0.9, 0.35


def run_prior(
    rng: np.random.Generator, count: int, runs: Runs, *, times: float = 1.0
) -> tuple[Array, Array]:
    """Deviation at `AT` labels and the power it falls with, [count] each; `times` as large where points
    were seen to scatter more than that."""
    deviation = runs.deviation * times * np.exp(rng.normal(0.0, DEVIATION_WIDTH, count))
    return deviation, np.maximum(rng.normal(runs.fall, FALL_WIDTH, count), 0.0)


def run_deviation(deviation: Array, fall: Array, labels: Array, quality: Array) -> Array:
    """Of trainings on `labels` [.., p] whose expected quality is `quality`; deviation and fall are [m],
    the result [m, p]."""
    at = deviation[:, None] * (labels / AT) ** -fall[:, None]
    room = np.sqrt(np.clip(quality * (1 - quality), 0.0, None)) / ROOM
    return np.minimum(at, DEVIATION_MAX) * np.minimum(room, 1.0)


def in_common(labels: Array, runs: Runs) -> Array:
    """Correlation of the noises of trainings whose labels are parts of one another, [p, p]: that of the means
    of such parts is the root of the ratio of their labels."""
    apart = np.abs(np.log(labels[:, None] / labels[None, :]))
    return np.where(np.eye(len(labels), dtype=bool), 1.0, runs.shared * np.exp(-apart / 2))


def alike(labels: Array) -> Array:
    """How errors of points on one hold-out go together where nobody kept the answers, [p, p]."""
    apart = np.abs(np.log(labels[:, None] / labels[None, :]))
    return np.where(np.eye(len(labels), dtype=bool), 1.0, ALIKE * np.exp(-FALLING * apart))


def correlated(correlations: ArrayLike, points: int) -> Array:
    """Correlations [p, p] as an array; ValueError for what is none: another shape, or not those of any
    numbers."""
    given = np.asarray(correlations, dtype=np.float64)
    if given.shape != (points, points) or not np.isfinite(given).all():
        raise ValueError(f"expected correlations [{points}, {points}], found {list(given.shape)}")
    unit = np.allclose(np.diagonal(given), 1.0) and np.allclose(given, given.T)
    if not unit or np.linalg.eigvalsh(given).min() < -1e-6:
        raise ValueError("expected correlations that numbers can have, found others")
    return given


def held_out(errors: Array, labels: Array, correlations: Array | None) -> Array:
    """Covariance of what the hold-out does to the points, [p, p]."""
    together = alike(labels) if correlations is None else correlations
    # errors that are wholly one another's have no root
    return np.asarray(errors[:, None] * together * errors[None, :] + 1e-9 * np.eye(len(labels)))
