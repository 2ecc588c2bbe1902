"""What a series cannot tell of its channels, and which test would. Knows no sampler.

Each is a code with its figures, and the lift test that would settle it.
Example: `cannot_fit(series)` before a fit, `not_told(mix)` behind one
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.interval import Interval
from steelyard.reason import Reason, together
from steelyard.stats.mix.series import Series

Array = NDArray[np.float64]
ACTIVE_MIN = 8  # periods with a spend, and without or with another
SHARED_MAX = 0.9  # of a channel's variation by the base and the others: a variance inflation of ten
TRADED = -0.7  # correlation of two channels' contributions
UNMOVED = 0.25  # contraction below which a curve is that of the prior
TEST_PERIODS = 4


def cannot_fit(series: Series) -> dict[str, Reason]:
    """Channels whose spend leaves nothing to fit, each with why; a lift test is enough to fit one."""
    tested = {test.channel for test in series.lift_tests}
    found = {}
    for name in series.channels:
        spend = series.array("spend", name)[series.seen]
        values, seen = np.unique(spend, return_counts=True)
        moved = len(spend) - int(seen.max())
        if name in tested and spend.mean() > 0:
            continue
        if len(values) == 1:
            found[name] = Reason("mix.constant", {"channel": name, "spend": float(spend[0])})
        elif moved < ACTIVE_MIN:
            found[name] = Reason(
                "mix.few_periods", {"channel": name, "periods": moved, "least": ACTIVE_MIN}
            )
    return found


def shared(names: tuple[str, ...], columns: Array, half: Array) -> Iterator[Reason]:
    """Channels [J, T] whose rise and fall is that of the base, projected away by `half` [p, T], and
    of the other channels."""
    under = columns - (columns @ half.T) @ half
    for at, name in enumerate(names):
        others = np.delete(under, at, axis=0).T
        own = under[at]
        if len(names) > 1:
            own = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
        share = 1 - float(own @ own) / max(len(own) * float(columns[at].var()), 1e-300)
        if share > SHARED_MAX:
            yield Reason("mix.collinear", {"channel": name, "share": share})


def traded(names: tuple[str, ...], totals: Array) -> Iterator[Reason]:
    """Pairs of channels whose contributions [D, J] only their sum is known of."""
    matrix = np.atleast_2d(np.corrcoef(totals.T))
    for i, one in enumerate(names):
        for j in range(i + 1, len(names)):
            if matrix[i, j] < TRADED:
                numbers = float(matrix[i, j])
                yield Reason(
                    "mix.traded", {"channel": one, "other": names[j], "correlation": numbers}
                )


def unmoved(names: tuple[str, ...], parameters: tuple[str, ...], z: Array) -> Iterator[Reason]:
    """Curves whose draws `z` [D, J, P] are as wide as before the data, where the variance was 1."""
    for at, name in enumerate(names):
        for p, parameter in enumerate(parameters):
            contraction = 1 - float(z[:, at, p].var())
            if contraction < UNMOVED:
                yield Reason(
                    "mix.unmoved",
                    {"channel": name, "curve": parameter, "contraction": max(contraction, 0.0)},
                )


def faint(
    names: tuple[str, ...], totals: Array, intervals: dict[str, Interval]
) -> Iterator[Reason]:
    """Channels [D, J] whose contribution may as well be next to nothing."""
    for at, name in enumerate(names):
        interval = intervals[name]
        if interval.low < 0.1 * float(totals[:, at].mean()):
            brought = (interval.value, interval.low, interval.high)
            yield Reason("mix.faint", {"channel": name, "brought": brought})


def beyond(names: tuple[str, ...], totals: Array, sold: float, tail: float) -> Iterator[Reason]:
    """Channels [D, J] whose contribution may be more than all that was sold, one alone or all together: what came
    without any spend would then be below nothing, and the series does not tell the two apart."""
    most = np.quantile(totals, 1 - tail, axis=0)
    alone = [at for at in range(len(names)) if most[at] > sold]
    together = float(np.quantile(totals.sum(axis=1), 1 - tail))
    if sold <= 0 or (not alone and together <= sold):
        return
    for at in alone or range(len(names)):
        draws = (totals[:, at] if alone else totals.sum(axis=1)) / sold
        low, high = np.quantile(draws, [tail, 1 - tail])
        yield Reason(
            "mix.beyond" if alone else "mix.beyond_together",
            {"channel": names[at], "share": (float(draws.mean()), float(low), float(high))},
        )


def with_test(reasons: Sequence[Reason], channel: str, sd: float) -> Reason:
    """All reasons of a channel, and the test that would tell: `sd` is how uncertain its effect of one
    period is. One measured to `sd / sqrt(3)` a period halves it, since precisions add up."""
    test = Reason(
        "mix.test",
        {"channel": channel, "periods": TEST_PERIODS, "se": TEST_PERIODS * sd / 3**0.5},
    )
    return Reason("mix.and_test", {"why": together(reasons), "test": test})


def with_any_test(reason: Reason) -> Reason:
    """The same for a channel that was not fitted: any test tells more than the series."""
    test = Reason("mix.any_test", {"channel": reason.numbers["channel"], "periods": ACTIVE_MIN})
    return Reason("mix.and_test", {"why": reason, "test": test})
