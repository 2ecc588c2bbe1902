"""The worst reading of a difference where the arms told of unlike shares of their answers.

Knows no experiment. Lee (2009), "Training, wages, and sample selection: estimating sharp bounds on treatment
effects" (Review of Economic Studies 76): what only one arm told of is cut off its good or its bad end.
Example: `worst(d, means=(0.8, 0.82), told=(0.5, 0.4), told_half=0.02).low`
"""

from __future__ import annotations

import math

from steelyard.interval import Interval


def worst(
    difference: Interval,
    *,
    means: tuple[float, float],
    told: tuple[float, float],
    told_half: float,
) -> Interval:
    """An interval of mean(b) - mean(a) that holds whichever outcomes made the share `told` of one arm the
    larger, as long as an arm only makes users tell more, or less, not both. Outcomes in [0, 1]; figures as (a, b).

    With q the smaller share over the larger, what is kept of the larger arm's mean m lies in [1 - (1 - m) / q, m / q].
    `told_half` is the half width of the difference of both shares: how many were told of and what they were worth
    vary apart, so its part is added as squares are. Which share is the larger may be chance, so both readings are
    taken, and each end is that of the wider. Nothing is missing where all told.
    """
    if min(told) >= 1:
        return difference
    if min(told) <= 0:
        return Interval(difference.value, -1.0, 1.0, difference.n)
    value, below = difference.value, difference.value - difference.low
    above, noise = difference.high - value, told_half / min(told)
    more_a, more_b = told[0] / told[1] - 1, told[1] / told[0] - 1
    # (how much more the arm told, what of its mean the lower and the upper end of the difference may lose)
    readings = (more_a, means[0], 1 - means[0]), (more_b, 1 - means[1], means[1])
    low = min(value - down * m - math.hypot(below, down * noise) for m, down, _ in readings)
    high = max(value + up * m + math.hypot(above, up * noise) for m, _, up in readings)
    return Interval(value, max(-1.0, low), min(1.0, high), difference.n)
