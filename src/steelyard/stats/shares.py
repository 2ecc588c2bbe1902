"""Whether units came to arms in the shares they were promised, at every look: a mixture martingale.

Knows no experiment. Lindon & Malek (2022), "Anytime-valid inference for multinomial count data" (NeurIPS 35), eq. 8.
Example: `mismatch([540, 460], [0.5, 0.5]).found`
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Of a test that is asked at every look of every experiment: an experiment in a thousand is stopped for nothing.
LEVEL = 0.001
# How near to the promised shares the alternatives are thought: lost arms show as a few percent of users.
_PRIOR = 1000.0


@dataclass(frozen=True)
class Mismatch:
    """Counts of the arms, the shares they were promised, and how far the data speak against these:
    `odds` against one, of which 1 / `LEVEL` is a finding."""

    counts: tuple[int, ...]
    promised: tuple[float, ...]
    odds: float

    @property
    def found(self) -> bool:
        return self.odds >= 1 / LEVEL


def mismatch(counts: Sequence[int], promised: Sequence[float]) -> Mismatch:
    """The Bayes factor of a Dirichlet about the promised shares against these themselves; ValueError for
    shares that are not those of a whole, or that promise nobody to an arm."""
    if len(counts) != len(promised) or not math.isclose(sum(promised), 1.0):
        raise ValueError("expected a share of each arm, one together")
    if min(promised) <= 0:
        raise ValueError("expected shares above zero")
    n = sum(counts)
    log = math.lgamma(_PRIOR) - math.lgamma(_PRIOR + n)
    for k, share in zip(counts, promised, strict=True):
        prior = _PRIOR * share
        log += math.lgamma(prior + k) - math.lgamma(prior) - k * math.log(share)
    # beyond this a float has no more room, and nobody would ask
    return Mismatch(tuple(counts), tuple(promised), math.exp(min(log, 700.0)))
