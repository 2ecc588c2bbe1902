"""Fit a learning curve: every family weighed by what the points say of it. Knows no task and no money.

Given its shape and its noise a curve is linear in its level today and its rise, which are integrated out; shapes
and noises are drawn from their priors and weighed by the evidence (importance sampling with a linear part
solved exactly; Gelman et al. 2013, "Bayesian Data Analysis", 10.4 and 14.8), over all families together, so that the weight of a
family is its evidence. Example: `fit_curve([Point(250, .78, .02), Point(500, .81, .02), ...], seed=0).weights`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri

from steelyard.reason import Reason
from steelyard.stats.curves.curve import Beliefs, LearningCurve, Point
from steelyard.stats.curves.families import FAMILIES, Family, rises
from steelyard.stats.curves.noise import (
    DEVIATION_WIDTH,
    FINE_TUNED,
    Runs,
    correlated,
    held_out,
    in_common,
    run_deviation,
    run_prior,
)

Array = NDArray[np.float64]
POINTS_MIN = 3
SE_MIN = 1e-3  # no hold-out is exact
DRAWS = 1000
SHAPES, LINES = 1500, 4  # shapes drawn of each family, and lines through the points of each
EFFECTIVE_MIN, MORE = 50.0, 5  # shapes that must be left, and how many times more are drawn else
LEVEL = (0.6, 0.3)  # quality today: nothing is known of it, and 0 and 1 bound it
RISE = (0.04, 0.05)  # a doubling of labels; a curve that falls is a fact, but a rare one
SURE = 0.99  # that points scatter more than noise alone would make them


def fit_curve(
    points: Sequence[Point],
    *,
    seed: int,
    runs: Runs = FINE_TUNED,
    correlations: ArrayLike | None = None,
) -> LearningCurve:
    """What the points say of the curve of a method whose trainings differ by `runs`. Points of one hold-out share its errors: `correlations` [p, p], in
    the order of `points`, says how much, where somebody counted both right; else it is what was usual. Points
    on as many labels are trainings of their own, which say how much runs differ.

    ValueError below three different numbers of labels, and for what is no point.
    """
    _check(points)
    order = sorted(range(len(points)), key=lambda k: points[k].labels)
    if correlations is not None:
        correlations = correlated(correlations, len(points))[np.ix_(order, order)]
    seen = _Seen.of([points[k] for k in order], runs, correlations)
    misfit = _misfit(seen, seed)
    beliefs, weights = _believed(seen, _times(misfit), seed)
    return LearningCurve(tuple(points[k] for k in order), beliefs, weights, runs, misfit)


def _check(points: Sequence[Point]) -> None:
    for p in points:
        if not (np.isfinite(p.labels) and p.labels >= 1):
            raise ValueError(f"expected at least one label at every point, found {p.labels}")
        if not 0.0 <= p.quality <= 1.0:
            raise ValueError(f"expected a quality from 0 to 1, found {p.quality}")
        if not (np.isfinite(p.se) and p.se >= 0.0):
            raise ValueError(f"expected a standard error of 0 or more, found {p.se}")
    if len({p.labels for p in points}) < POINTS_MIN:
        raise ValueError(f"expected at least {POINTS_MIN} different numbers of labels")


@dataclass(frozen=True)
class _Seen:
    """Points as arrays [p]: `t` is the logarithm of labels by today's."""

    labels: Array
    quality: Array
    t: Array
    covariance: Array  # of the hold-out's errors, [p, p]
    runs: Runs
    common: Array  # correlations of the noises of runs, [p, p]

    @classmethod
    def of(cls, points: Sequence[Point], runs: Runs, correlations: Array | None) -> _Seen:
        labels = np.array([p.labels for p in points], dtype=np.float64)
        errors = np.maximum([p.se for p in points], SE_MIN)
        quality = np.array([p.quality for p in points])
        covariance = held_out(errors, labels, correlations)
        t = np.log(labels / labels[-1])
        return cls(labels, quality, t, covariance, runs, in_common(labels, runs))

    @property
    def first(self) -> float:
        return float(self.t[0])

    def noise(self, deviation: Array, fall: Array) -> Array:
        """Covariance of what runs do to the points [m, p, p]."""
        # at the ends a point may be there by luck, and its runs differ all the same
        middle = np.clip(self.quality, 0.02, 0.98)
        each = run_deviation(deviation, fall, self.labels[None, :], middle[None, :])
        return np.asarray(each[:, :, None] * self.common * each[:, None, :])


@dataclass(frozen=True)
class _Drawn:
    """Curves of one family [m], each with `LINES` levels and rises [m, l, 2], and log weights [m, l]."""

    parameters: Array
    deviation: Array
    fall: Array
    lines: Array
    log_weight: Array


def _believed(seen: _Seen, times: float, seed: int) -> tuple[Beliefs, dict[str, float]]:
    rng = np.random.default_rng(seed)
    drawn = _drawn(seen, rng, times, SHAPES)
    if _effective(_weights(drawn, 1.0)) < EFFECTIVE_MIN:
        drawn = _drawn(seen, rng, times, MORE * SHAPES)
    weight = _weights(drawn, _trust(drawn))
    kept = _systematic(weight.reshape(-1), rng)
    family, shape, line = np.unravel_index(kept, weight.shape)
    chosen = [np.stack([getattr(d, n) for d in drawn])[family, shape] for n in _SHAPED]
    parameters, deviation, fall = chosen
    lines = np.stack([d.lines for d in drawn])[family, shape, line]
    luck = _luck(seen, family, parameters, lines, seen.noise(deviation, fall), rng)
    beliefs = Beliefs(
        family.astype(np.int64),
        parameters,
        lines[:, 0],
        lines[:, 1],
        deviation,
        fall,
        luck,
        rng.permutation(_normals()),
        rng.permutation(_normals()),
    )
    shares = weight.sum(axis=(1, 2))
    return beliefs, {f.name: float(s) for f, s in zip(FAMILIES, shares, strict=True)}


_SHAPED = ("parameters", "deviation", "fall")


def _drawn(seen: _Seen, rng: np.random.Generator, times: float, shapes: int) -> list[_Drawn]:
    return [
        _of_family(family, seen, run_prior(rng, shapes, seen.runs, times=times), rng)
        for family in FAMILIES
    ]


def _weights(drawn: list[_Drawn], trust: float) -> Array:
    """Of every line [families, m, l], the evidence raised to a power."""
    logs = trust * np.stack([d.log_weight for d in drawn])
    weight = np.exp(logs - logs.max())
    return np.asarray(weight / weight.sum())


def _effective(weight: Array) -> float:
    """How many equal shapes would tell as much (Kish 1965, "Survey sampling", 11.7)."""
    return float(1.0 / (weight.sum(axis=-1) ** 2).sum())


def _trust(drawn: list[_Drawn]) -> float:
    """1, or where many exact points leave a handful of shapes the power of the evidence that leaves
    `EFFECTIVE_MIN`: a handful would make the interval too narrow, a power makes it too wide."""
    if _effective(_weights(drawn, 1.0)) >= EFFECTIVE_MIN:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        enough = _effective(_weights(drawn, middle)) >= EFFECTIVE_MIN
        low, high = (middle, high) if enough else (low, middle)
    return low


def _of_family(
    family: Family, seen: _Seen, noise: tuple[Array, Array], rng: np.random.Generator
) -> _Drawn:
    deviation, fall = noise
    shapes = len(deviation)
    parameters = family.prior(rng, shapes, seen.first)
    shape = rises(family, parameters, seen.t, seen.first)
    design = np.stack([np.ones_like(shape), shape], axis=-1)  # [m, p, 2]
    mean, spread = _line_prior(seen)
    covariance = seen.covariance + seen.noise(deviation, fall)
    log, at, root = _given_line(design, covariance, seen.quality, mean, spread)
    lines = at[:, None, :] + np.einsum("mij,mlj->mli", root, rng.normal(size=(shapes, LINES, 2)))
    bounds = rises(family, parameters, np.array([seen.first, 0.0, family.far]), seen.first)
    inside = _inside(lines, bounds)
    free = _inside(mean + spread * rng.normal(size=lines.shape), bounds).mean()
    # a line outside weighs next to nothing, and not nothing: there may be no other
    log_weight = log[:, None] + np.log(np.maximum(inside, 1e-12)) - np.log(max(free, 1e-6))
    return _Drawn(parameters, deviation, fall, lines, log_weight)


def _line_prior(seen: _Seen) -> tuple[Array, Array]:
    """Means and deviations of level and rise, [2] each."""
    doublings = -seen.first / np.log(2.0)
    mean = np.array([LEVEL[0], RISE[0] * doublings])
    return mean, np.array([LEVEL[1], RISE[1] * doublings])


def _given_line(
    design: Array, covariance: Array, quality: Array, mean: Array, spread: Array
) -> tuple[Array, Array, Array]:
    """Log evidence [m] with level and rise integrated out, their mean [m, 2], and a root of their covariance
    [m, 2, 2]."""
    prior = np.diag(spread**2)
    whole = covariance + design @ prior @ np.swapaxes(design, 1, 2)  # [m, p, p]
    off = quality - design @ mean
    solved = np.linalg.solve(whole, off[..., None])[..., 0]
    log = -0.5 * ((off * solved).sum(axis=1) + np.linalg.slogdet(whole)[1])
    gained = prior @ np.swapaxes(design, 1, 2)  # [m, 2, p]
    at = mean + np.einsum("mip,mp->mi", gained, solved)
    rest = prior - gained @ np.linalg.solve(whole, np.swapaxes(gained, 1, 2))
    root = np.linalg.cholesky((rest + np.swapaxes(rest, 1, 2)) / 2 + 1e-12 * np.eye(2))
    return log, at, np.asarray(root, dtype=np.float64)


def _inside(lines: Array, bounds: Array) -> Array:
    """Whether curves stay from 0 to 1 at the smallest part, today and as far as they are asked, as 0 and 1."""
    values = lines[..., :1] + lines[..., 1:] * bounds[:, None, :]
    return np.asarray(((values >= 0) & (values <= 1)).all(axis=-1), dtype=np.float64)


def _systematic(weight: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """`DRAWS` places, each as often as it weighs."""
    steps = (np.arange(DRAWS) + rng.random()) / DRAWS
    places = np.searchsorted(np.cumsum(weight), steps)
    return np.minimum(places, len(weight) - 1).astype(np.int64)


def _luck(
    seen: _Seen,
    family: NDArray[np.int64],
    parameters: Array,
    lines: Array,
    runs: Array,
    rng: np.random.Generator,
) -> Array:
    """What the run of each point added to the curve [d, p], given how far the point lies off it: a draw of
    both noises, moved to add up to what was seen (Matheron's rule)."""
    mean = np.empty(runs.shape[:2])
    for place, each in enumerate(FAMILIES):
        mine = family == place
        shape = rises(each, parameters[mine], seen.t, seen.first)
        mean[mine] = lines[mine, :1] + lines[mine, 1:] * shape
    drawn = np.einsum("dij,dj->di", np.linalg.cholesky(runs), rng.normal(size=mean.shape))
    held = rng.normal(size=mean.shape) @ np.linalg.cholesky(seen.covariance).T
    missing = seen.quality - mean - drawn - held
    solved = np.linalg.solve(seen.covariance + runs, missing[..., None])
    return np.asarray(drawn + (runs @ solved)[..., 0])


def _normals() -> Array:
    """[DRAWS] numbers that lie as normal ones do, without the luck of a sample."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(DRAWS) + 0.5) / DRAWS))


def _misfit(seen: _Seen, seed: int) -> Reason | None:
    """Whether points lie off the nearest curve of every family by more than a generous noise of runs and
    the hold-out explain; `times` is the root of chi-squared by its degrees of freedom (Birge 1932, "The
    calculation of errors by the method of least squares"), by which the noise is then taken to be larger."""
    rng = np.random.default_rng(seed)
    large = np.array([seen.runs.deviation * np.exp(DEVIATION_WIDTH)])
    covariance = seen.covariance + seen.noise(large, np.array([seen.runs.fall]))[0]
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    least = min(_distance(f, seen, root, f.prior(rng, SHAPES, seen.first)) for f in FAMILIES)
    freedom = max(1, len(seen.t) - 2)
    if least <= chdtri(freedom, 1 - SURE):
        return None
    return Reason("curve.misfit", {"times": float(np.sqrt(least / freedom))})


def _distance(family: Family, seen: _Seen, root: Array, parameters: Array) -> float:
    """The least chi-squared of curves with these shapes."""
    shape = rises(family, parameters, seen.t, seen.first)
    design = root @ np.stack([np.ones_like(shape), shape], axis=-1)  # [m, p, 2]
    seen_by = root @ seen.quality
    basis = np.linalg.qr(design)[0]
    left = seen_by - np.einsum("mpk,mk->mp", basis, np.einsum("mpk,p->mk", basis, seen_by))
    return float((left**2).sum(axis=1).min())


def _times(misfit: Reason | None) -> float:
    """How much larger than usual the noise of runs is taken to be."""
    if misfit is None:
        return 1.0
    times = misfit.numbers["times"]
    assert isinstance(times, float)
    return times * float(np.exp(DEVIATION_WIDTH))
