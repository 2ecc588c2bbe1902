"""What users bought, as a release experiment reads it: a real test, and promised errors on simulated truth.

`python bench/visitors.py FOLDER [--seeds 200]` where FOLDER holds cookie_cats.csv.gz (90,189 users; rounds that were
played stand for money, a sum with a long tail). A sequence is missed where one of its looks does not hold the truth.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from pathlib import Path

import numpy as np
from common import ROOT, machine, save

from steelyard.release.metric import BUYERS_MIN, TUNED_AT, metric_shown
from steelyard.release.visitors import Visitors
from steelyard.stats import difference

sys.path.insert(0, str(ROOT))
from tests.stats.test_money_sequences import AMOUNTS, MEANS, looks
from tests.stats.test_pooling import simulated

RATES = (0.05, 0.08)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, default=200)
    said, state = asked.parse_args(), machine()
    figures = {
        "cookie_cats_gate_40": _cookie_cats(said.folder),
        "sequences_of_95": {
            f"{amounts}, share {share}": _missed(amounts, share, said.seeds)
            for amounts in AMOUNTS
            for share in (0.5, 0.1)
        },
        "pooled_of_95": {
            f"{n} experiments, error of x {error}": _covered(n, error, said.seeds)
            for n in (3, 6, 12, 30)
            for error in (0.3, 1.0)
        },
    }
    command = f"python bench/visitors.py ../shared/data --seeds {said.seeds}"
    save("visitors", command, figures, state)


def _cookie_cats(folder: Path) -> dict[str, dict[str, object]]:
    """As `steelyard release status` would show it, at the confidence of one of three intervals."""
    text = gzip.decompress((folder / "cookie_cats.csv.gz").read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    moved = np.array([row["test_version"] == "gate_40" for row in rows])
    back = np.array([row["retention_7"] == "True" for row in rows], float)
    rounds = np.array([float(row["sum_gamerounds"]) for row in rows])
    arms = {
        arm: Visitors(0, back[own], rounds[own], rounds[own], back[own])
        for arm, own in (("live", ~moved), ("canary", moved))
    }
    made = {}
    for metric in ("conversion", "revenue"):
        shown = metric_shown(
            metric,
            arms,
            {"live": ("30", "gate_30"), "canary": ("40", "gate_40")},
            confidence=1 - 0.05 / 3,
            loss_max=0.0,
            currency="rounds",
            since="2016-01-01T00:00:00+00:00",
            now="2016-01-15T00:00:00+00:00",
            days=7,
        )
        d, r, missing = shown.difference, shown.lift, shown.missing
        made[metric] = {
            "difference": round(d.value, 4),
            "low": round(d.low, 4),
            "high": round(d.high, 4),
            "lift": round(r.value, 4),
            "lift_low": round(r.low, 4),
            "lift_high": round(r.high, 4),
            "users": d.n,
            "users_more": None if missing is None else missing.numbers.get("more"),
        }
    return made


def _missed(amounts: str, share: float, seeds: int) -> dict[str, float]:
    true = (RATES[1] - RATES[0]) * MEANS[amounts]
    missed = 0
    for seed in range(seeds):
        for live, canary in looks(seed, amounts, share=share, rates=RATES):
            d = difference(live, canary, tuned_at=TUNED_AT, bounded=False)
            if not d.low <= true <= d.high:
                missed += 1
                break
    return {"seeds": seeds, "buyers_min": BUYERS_MIN, "missed": round(missed / seeds, 4)}


def _covered(n: int, error: float, seeds: int) -> dict[str, float]:
    found = [simulated(s, n=n, slopes=[0.04], error=error).slopes[0] for s in range(seeds)]
    return {
        "seeds": seeds,
        "covered": round(float(np.mean([one.low <= 0.04 <= one.high for one in found])), 3),
        "true_slope": 0.04,
        "mean_slope": round(float(np.mean([one.value for one in found])), 4),
        "mean_width": round(float(np.mean([one.high - one.low for one in found])), 4),
    }


if __name__ == "__main__":
    main()
