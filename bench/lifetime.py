"""Lifetime value on real purchases, beside the published parameters, a peer, and simulated customers.

`python bench/lifetime.py FOLDER [--peer PYTHON] [--seeds 200]` where FOLDER holds cdnow_sample.txt.gz and
PYTHON has the package `lifetimes`. Fitted on 39 weeks, and the next 39 forecast. Coverage is the share of seeds
in which a 90 % interval held what 500 simulated customers bought.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from common import ROOT, machine, save

from steelyard.reason import Reason
from steelyard.stats.lifetime import fit_bg_nbd, fit_gamma_gamma, forecast, summarize

sys.path.insert(0, str(ROOT))
from tests.stats.lifetime.simulated import customers

PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PEER = """
import json, sys, time
import numpy as np, pandas as pd
from lifetimes import BetaGeoFitter
rows = pd.DataFrame(json.load(sys.stdin))
before = time.perf_counter()
model = BetaGeoFitter().fit(rows.frequency, rows.recency, rows.age)
seconds = time.perf_counter() - before
ahead = model.conditional_expected_number_of_purchases_up_to_time(39, rows.frequency, rows.recency, rows.age)
print(json.dumps({**{k: float(v) for k, v in model.params_.items()}, "forecast": float(ahead.sum()), "fit_s": round(seconds, 3)}))
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--peer", default="")
    asked.add_argument("--seeds", type=int, default=200)
    said, state = asked.parse_args(), machine()
    text = gzip.decompress((said.folder / "cdnow_sample.txt.gz").read_bytes()).decode()
    rows = [line.split() for line in text.splitlines()]
    days = [f"{r[2][:4]}-{r[2][4:6]}-{r[2][6:]}" for r in rows]
    columns = [r[1] for r in rows], days, [float(r[4]) for r in rows]
    summary = summarize(*columns, until="1997-09-30")
    later = summarize(*columns, until="1998-06-30")
    bought = int(later.frequency.sum() - summary.frequency.sum())
    before = time.perf_counter()
    model, spend = fit_bg_nbd(summary), fit_gamma_gamma(summary)
    fit_s = time.perf_counter() - before
    ahead = forecast(model, summary, weeks=39.0, spend=spend, seed=0)
    own = {name: getattr(model, name) for name in PUBLISHED}
    fits = {
        "published": PUBLISHED,
        "steelyard": {**own, "forecast": ahead.purchases.value, "fit_s": round(fit_s, 3)},
    }
    if said.peer:
        fits["lifetimes"] = _peer(said.peer, summary)
    for fit in fits.values():
        if "forecast" in fit:
            fit["error_of_total"] = round(fit["forecast"] / bought - 1, 4)
    figures = {
        "customers": len(summary),
        "came_back": summary.repeaters,
        "bought_in_the_next_39_weeks": bought,
        "forecast": vars(ahead.purchases),
        "value_forecast": vars(ahead.value),
        "largest_difference_to_published": max(abs(own[k] - PUBLISHED[k]) for k in own),
        "gamma_gamma": {"p": spend.p, "q": spend.q, "v": spend.v, "correlation": spend.correlation},
        "fits": fits,
        "simulated": _coverage(said.seeds),
    }
    command = f"python bench/lifetime.py ../shared/data --seeds {said.seeds}"
    save("lifetime", command + (" --peer PYTHON" if said.peer else ""), figures, state)


def _peer(python: str, summary) -> dict[str, float]:
    rows = {
        "frequency": summary.frequency.tolist(),
        "recency": summary.recency_weeks.tolist(),
        "age": summary.age_weeks.tolist(),
    }
    done = subprocess.run(
        [python, "-c", PEER], input=json.dumps(rows), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def _coverage(seeds: int) -> dict[str, float]:
    held, errors, refused = [], [], 0
    for seed in range(seeds):
        summary, later = customers(500, 1000 + seed)
        model = fit_bg_nbd(summary)
        if isinstance(model, Reason):
            refused += 1
            continue
        total = forecast(model, summary, weeks=39.0, seed=seed, draws=200).purchases
        held.append(total.low <= later.sum() <= total.high)
        errors.append(total.value / later.sum() - 1)
    return {
        "seeds": seeds,
        "refused": refused,
        "coverage_of_90": round(float(np.mean(held)), 3),
        "median_error_of_total": round(float(np.median(errors)), 4),
    }


if __name__ == "__main__":
    main()
