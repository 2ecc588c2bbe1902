"""Whether chains agree, and how many independent draws they are worth. Knows no model.

Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), "Rank-normalization, folding, and
localization: an improved R-hat". Every function takes draws [K, N, ...] of K chains.
Example: `convergence(draws).rhat`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from steelyard.stats.ranks import ranks

Array = NDArray[np.float64]
RHAT_MAX, ESS_MIN = 1.01, 400.0  # their section 4.3: what a measured figure needs


@dataclass(frozen=True)
class Convergence:
    """The worst over all quantities of a fit."""

    rhat: float
    ess_bulk: float
    ess_tail: float

    @property
    def holds(self) -> bool:
        """Whether what was drawn may be used as measured."""
        return self.rhat <= RHAT_MAX and min(self.ess_bulk, self.ess_tail) >= ESS_MIN


def convergence(draws: Array) -> Convergence:
    """The worst of the quantities of `draws` [K, N, Q]."""
    each = [draws[:, :, q] for q in range(draws.shape[2])]
    return Convergence(
        max(rhat(one) for one in each),
        min(ess_bulk(one) for one in each),
        min(ess_tail(one) for one in each),
    )


def rhat(draws: Array) -> float:
    """Rank-normalised split R-hat of [K, N]: the larger of that of the draws and of their distance
    from the median, which sees chains of unlike spread. Beyond all bounds where chains are stuck
    apart; 1 where nothing moves at all."""
    folded = np.abs(draws - np.median(draws))
    return max(_rhat(_scores(_split(each))) for each in (draws, folded))


def ess_bulk(draws: Array) -> float:
    """Independent draws that the centre of [K, N] is worth."""
    return _ess(_scores(_split(draws)))


def ess_tail(draws: Array) -> float:
    """The smaller of those of the 5 % and of the 95 % quantile of [K, N]."""
    low, high = (draws <= np.quantile(draws, q) for q in (0.05, 0.95))
    return min(_ess(_split(each.astype(np.float64))) for each in (low, high))


def _split(draws: Array) -> Array:
    """Halves of chains as chains: a drift inside one is a disagreement."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _scores(draws: Array) -> Array:
    """Normal scores of the ranks over all chains (their eq. 14)."""
    ranked = ranks(draws.ravel()).reshape(draws.shape)
    return np.asarray(ndtri((ranked - 0.375) / (draws.size + 0.25)))


def _rhat(chains: Array) -> float:
    """Their eq. 4; the same as Gelman & Rubin (1992) on split chains."""
    n = chains.shape[1]
    within = float(chains.var(axis=1, ddof=1).mean())
    between = n * float(chains.mean(axis=1).var(ddof=1))
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt(((n - 1) * within + between) / n / within))


def _ess(chains: Array) -> float:
    """Their eq. 10 to 13, with the sum of autocorrelations cut where a pair of them is negative
    (Geyer 1992)."""
    k, n = chains.shape
    covariance = _autocovariance(chains)
    within = float(covariance[:, 0].mean()) * n / (n - 1)
    total = within * (n - 1) / n + float(chains.mean(axis=1).var(ddof=1))
    if total == 0:
        return float(k * n)
    # of all chains together: a chain that stays apart has a correlation that never dies
    rho = 1 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: ends[0] if len(ends) else len(pairs)])
    time = -1 + 2 * float(pairs.sum())
    # antithetic chains are worth more than their draws, within reason
    return float(k * n / max(time, 1 / np.log10(k * n)))


def _autocovariance(chains: Array) -> Array:
    """At every lag [K, N], by the fast Fourier transform."""
    n = chains.shape[1]
    away = chains - chains.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(away, n=2 * n, axis=1)) ** 2
    return np.asarray(np.fft.irfft(spectrum, axis=1)[:, :n] / n)
