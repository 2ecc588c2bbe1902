"""Dropout whose masks are drawn quickly. Knows no model.

torch draws a Bernoulli number an element on the CPU, which took 7 % of a training step of a small
encoder; sixteen bits an element of a fast generator are enough.
Example: `quick_dropout(torch, module)`
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

_BITS = np.uint16
_VALUES = 2**16
_SEEDS = 2**62


def quick_dropout(torch: Any, module: Any) -> None:
    """Let every `torch.nn.Dropout` in `module` draw its masks here; weights and names stay.

    The masks are a function of `torch.manual_seed` alone, whatever the number of threads. A share
    `p` is met to 1 / 65,536, and what is kept is scaled by what that leaves, so the mean stays, but for
    the rounding of the values' type.
    """
    for child in module.modules():
        if type(child) is torch.nn.Dropout:
            child.forward = partial(_drop, torch, child)


def _drop(torch: Any, dropout: Any, values: Any) -> Any:
    """values [...] -> the same shape, some of them zero and the rest scaled up."""
    dropped = round(dropout.p * _VALUES)
    if not dropout.training or dropped == 0:
        return values
    if dropped == _VALUES:
        return values * 0.0
    seed = int(torch.randint(_SEEDS, ()))
    drawn = np.random.Generator(np.random.SFC64(seed)).integers(
        0, _VALUES, size=values.numel(), dtype=_BITS
    )
    kept = torch.from_numpy(drawn >= dropped).view(values.shape)
    return values * kept.to(values.dtype).mul_(_VALUES / (_VALUES - dropped))
