"""How often the interval of a test of a channel holds what the channel brought, where its ads carry over to later weeks.

`python bench/carry.py [--seeds 200]`. Companies of tests/market/companies.py: their ads keep a tenth to seven tenths of
their effect a week later, or nothing. A test is designed from 52 weeks, lived as it was drawn, and read out; the truth
is what the channel's ads of the test brought in the weeks that had it. "As drawn" is the interval of the randomization
test alone, "allowing" the one that is told, which allows for carry-over. Regions lose the channel for eight weeks.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

import numpy as np
from common import ROOT, machine, save

from steelyard.reason import Reason
from steelyard.stats.designs import design_regions, design_switchback

sys.path.insert(0, str(ROOT))
from tests.market.companies import REGIONS, _effect, made, under

BEFORE, LONGEST = 52, 156
FIRST = 20_000
BLOCKS = {"one_week": (1, 0), "two_weeks_one_left_out": (2, 1), "three_weeks_one_left_out": (3, 1)}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=200)
    seeds, state = asked.parse_args().seeds, machine()
    figures: dict[str, object] = {"seeds": seeds}
    for carries, memory in (("carries_over", None), ("nothing_carries_over", 0.0)):
        own = {name: _switched(seeds, *how, memory=memory) for name, how in BLOCKS.items()}
        figures[carries] = own | {"regions": _parted(seeds, memory=memory)}
        print(carries, figures[carries], flush=True)
    save("carry", f"python bench/carry.py --seeds {seeds}", figures, state)


def _switched(seeds: int, block: int, washout: int, *, memory: float | None) -> dict[str, object]:
    told, began = [], time.perf_counter()
    for seed in range(FIRST, FIRST + seeds):
        one = made(seed=seed, periods=BEFORE + LONGEST, noise=0.02, memory=memory)
        past, spend = (a[:BEFORE] for a in _of(one))
        design = design_switchback(
            past, spend, lift_wanted=0.1, seed=seed, block=block, washout=washout
        )
        if isinstance(design, Reason):
            continue
        n, on = len(design.on), design.on
        lived = under(one, "tv", on, BEFORE).array("outcome")[BEFORE : BEFORE + n]
        off = under(one, "tv", np.zeros(n, bool), BEFORE).array("outcome")[BEFORE : BEFORE + n]
        brought, sold = float((lived - off)[on].sum()), float(lived[on].sum())
        true = brought / (sold - brought)
        read = design.readout(lived).lift
        told.append((n, true, read, design.allowing(read)))
    return {
        "designed": len(told),
        "weeks": float(np.median([n for n, *_ in told])),
        "as_drawn": _covered([(true, read) for _, true, read, _ in told]),
        "allowing": _covered([(true, wide) for _, true, _, wide in told]),
        "s_a_company": round((time.perf_counter() - began) / seeds, 3),
    }


def _of(one) -> tuple[np.ndarray, np.ndarray]:
    return one.series.array("outcome"), one.series.array("spend", "tv")


def _covered(pairs) -> dict[str, float]:
    """Shares of intervals of 95 % that hold the truth, lie above it and below; and how wide the middle one is."""
    return {
        "holds": round(float(np.mean([i.low <= true <= i.high for true, i in pairs])), 3),
        "above": round(float(np.mean([i.low > true for true, i in pairs])), 3),
        "below": round(float(np.mean([i.high < true for true, i in pairs])), 3),
        "median_width": round(float(np.median([i.high - i.low for _, i in pairs])), 4),
    }


def _parted(seeds: int, *, memory: float | None) -> dict[str, object]:
    told = []
    for seed in range(FIRST, FIRST + seeds):
        one, until = made(seed=seed, periods=BEFORE + 8, noise=0.02, memory=memory), BEFORE
        rng = np.random.default_rng(seed)
        share = rng.dirichlet(np.full(len(REGIONS), 40.0))
        outcome, spend = _of(one)
        tv = _effect(one, "tv", one.series)
        wander = 1 + 0.01 * rng.normal(size=(len(outcome), len(REGIONS)))
        rest = (outcome - tv)[:, None] * wander
        past = (rest + tv[:, None]) * share
        design = design_regions(past[:until], REGIONS, treat=6, length=8, seed=seed)
        if isinstance(design, Reason):
            continue
        gone = np.isin(REGIONS, design.treated)
        dark = replace(
            one.series, spend={**one.series.spend, "tv": np.where(_early(spend), spend, 0)}
        )
        without = _effect(one, "tv", dark)
        lived = (rest + np.where(gone, without[:, None], tv[:, None])) * share
        lost = float(((tv - without)[:, None] * share)[until:, gone].sum())
        true = -lost / (float(lived[until:, gone].sum()) + lost)
        told.append((true, design.readout(lived).lift))
    return {"designed": len(told), "as_drawn": _covered(told)}


def _early(spend: np.ndarray) -> np.ndarray:
    return np.arange(len(spend)) < BEFORE


if __name__ == "__main__":
    main()
