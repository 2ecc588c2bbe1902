"""The maximum of a likelihood of positive parameters, and how sure it is. Knows no customer.

Found in logarithms of the parameters, which keeps them positive and of one scale. What is drawn
around it is Laplace's normal approximation (Gelman et al. 2013, "Bayesian Data Analysis", 4.1).
Example: `maximize(slope, [(1.0, 1.0)]).draws(400, seed=0)`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

_Floats = NDArray[np.float64]
# logarithms of the parameters -> log-likelihood and its gradient by them
LogLikelihood = Callable[[_Floats], tuple[float, _Floats]]

REACH = 9.0  # logarithms are looked for in [-9, 9]
STEP = 1e-4  # of the differences that give the curvature
NEWTON_STEPS = 3
SD_MAX = 3.0  # of a logarithm: a parameter known less well than to a factor of 20 is not known


@dataclass(frozen=True)
class Maximum:
    """Logarithms of the parameters [P] at the maximum and their covariance [P, P]."""

    logs: _Floats
    covariance: _Floats
    log_likelihood: float

    @property
    def parameters(self) -> _Floats:
        """[P]."""
        return np.asarray(np.exp(self.logs))

    @property
    def identified(self) -> bool:
        """Whether the data tell every parameter: a maximum inside, with a curvature all around."""
        sd = np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))
        inside = np.all(np.abs(self.logs) < REACH - 1e-3)
        return bool(inside and np.all(np.isfinite(sd)) and np.all(sd < SD_MAX))

    def draws(self, n: int, *, seed: int) -> _Floats:
        """Parameters [n, P] that the data allow."""
        rng = np.random.default_rng(seed)
        drawn = rng.multivariate_normal(self.logs, self.covariance, size=n, method="eigh")
        return np.asarray(np.exp(np.clip(drawn, -2 * REACH, 2 * REACH)))


def maximize(log_likelihood: LogLikelihood, starts: Sequence[Sequence[float]]) -> Maximum:
    """The best of the maxima found from `starts` (parameters, not logarithms), polished by Newton."""

    def lowest(start: Sequence[float]) -> tuple[float, _Floats]:
        found = minimize(
            _negative(log_likelihood),
            np.log(start),
            jac=True,
            # truncated Newton (Nash 1984) in plain loops: L-BFGS-B asks LAPACK for systems of four unknowns, whose
            # threads take a millisecond to meet
            method="TNC",
            bounds=[(-REACH, REACH)] * len(start),
            options={"maxfun": 2000, "ftol": 1e-14, "gtol": 1e-8},
        )
        return float(found.fun), np.asarray(found.x, dtype=np.float64)

    _, logs = min((lowest(start) for start in starts), key=lambda found: found[0])
    for _ in range(NEWTON_STEPS):
        logs = _newton(log_likelihood, logs)
    covariance = _inverse(-_curvature(log_likelihood, logs))
    return Maximum(logs, covariance, log_likelihood(logs)[0])


def _negative(log_likelihood: LogLikelihood) -> LogLikelihood:
    def negative(logs: _Floats) -> tuple[float, _Floats]:
        value, gradient = log_likelihood(logs)
        return -value, -gradient

    return negative


def _newton(log_likelihood: LogLikelihood, logs: _Floats) -> _Floats:
    """One step, where it leads up."""
    before, gradient = log_likelihood(logs)
    inverse = _inverse(-_curvature(log_likelihood, logs))
    if not np.all(np.isfinite(inverse)):
        return logs
    further = logs + inverse @ gradient
    if not np.all(np.isfinite(further)) or np.any(np.abs(further) > REACH):
        return logs
    return further if log_likelihood(further)[0] >= before else logs


def _curvature(log_likelihood: LogLikelihood, logs: _Floats) -> _Floats:
    """Second derivatives [P, P], by differences of the gradient."""
    steps = np.eye(len(logs)) * STEP
    rows = [
        (log_likelihood(logs + step)[1] - log_likelihood(logs - step)[1]) / (2 * STEP)
        for step in steps
    ]
    second = np.stack(rows)
    return np.asarray((second + second.T) / 2)


def _inverse(information: _Floats) -> _Floats:
    """Infinite where the likelihood does not bend down in every direction."""
    if not np.all(np.isfinite(information)) or np.linalg.eigvalsh(information).min() <= 1e-9:
        return np.full_like(information, np.inf)
    return np.asarray(np.linalg.inv(information))
