"""Experiments on channels: promised errors on simulated truth, and two published experiments read out.

`python bench/designs.py FOLDER [--seeds 500]` where FOLDER holds geolift_{pretest,test}.csv.gz and cookie_cats.csv.gz.
A false lift is a p-value of 0.05 or less where there is none; power is the share found of the lift that the design
promised to detect in 80 %. GeoLift's own result is that of its walkthrough.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
from pathlib import Path

import numpy as np
from common import ROOT, machine, save

from steelyard.reason import Reason
from steelyard.stats import ratio_lift
from steelyard.stats.designs import design_regions, design_switchback

sys.path.insert(0, str(ROOT))
from tests.stats.designs.histories import lifted, regions, weeks

FIRST = 10_000  # the seeds below were those that the margin in power was chosen on
GEOLIFT = {"lift": 0.054, "more_a_region_and_day": 155.6, "p_value": 0.01}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, default=500)
    said, state = asked.parse_args(), machine()
    figures = {
        "simulated": {
            "switchback": _errors(_switchback, said.seeds),
            "regions": _errors(_regions, said.seeds),
        },
        "geolift": _geolift(said.folder),
        "cookie_cats": _cookie_cats(said.folder),
    }
    save("designs", f"python bench/designs.py ../shared/data --seeds {said.seeds}", figures, state)


def _switchback(seed: int):
    run = weeks(104 + 104, seed)
    found = design_switchback(run[:104], np.full(104, 50.0), lift_wanted=0.08, seed=seed)
    if isinstance(found, Reason):
        return found
    test = run[104 : 104 + len(found.on)]
    return found, found.readout(test), found.readout(test * (1 + found.smallest_lift * found.on))


def _regions(seed: int):
    run = regions(104, 16, seed)
    names = [str(i) for i in range(16)]
    found = design_regions(run[:90], names, treat=3, length=14, seed=seed)
    if isinstance(found, Reason):
        return found
    return found, found.readout(run), found.readout(lifted(run, found, found.smallest_lift))


def _errors(experiment, seeds: int) -> dict[str, float]:
    before = time.perf_counter()
    told = [experiment(FIRST + seed) for seed in range(seeds)]
    done = [one for one in told if not isinstance(one, Reason)]
    covered = [t.lift.low <= d.smallest_lift <= t.lift.high for d, _, t in done]
    return {
        "seeds": seeds,
        "refused": len(told) - len(done),
        "false_lifts": round(float(np.mean([n.p_value <= 0.05 for _, n, _ in done])), 3),
        "power": round(float(np.mean([t.p_value <= 0.05 for *_, t in done])), 3),
        "coverage_of_95": round(float(np.mean(covered)), 3),
        "median_smallest_lift": round(float(np.median([d.smallest_lift for d, *_ in done])), 4),
        "s_an_experiment": round((time.perf_counter() - before) / seeds, 3),
    }


def _geolift(folder: Path) -> dict[str, object]:
    names, before = _cities(folder / "geolift_pretest.csv.gz")
    _, run = _cities(folder / "geolift_test.csv.gz")
    treated = ["chicago", "portland"]
    design = design_regions(before, names, treat=2, length=15, seed=0, treated=treated)
    told = design.readout(run)
    sold = run[-15:, [names.index(name) for name in treated]].mean()
    own = {
        "lift": round(told.lift.value, 4),
        "more_a_region_and_day": round(sold * (1 - 1 / (1 + told.lift.value)), 1),
        "p_value": round(told.p_value, 4),
        "low": round(told.lift.low, 4),
        "high": round(told.lift.high, 4),
        "smallest_lift": round(design.smallest_lift, 4),
    }
    return {"published": GEOLIFT, "steelyard": own}


def _cities(path: Path) -> tuple[list[str], np.ndarray]:
    rows = list(csv.DictReader(gzip.decompress(path.read_bytes()).decode().splitlines()))
    names, days = (sorted({row[c] for row in rows}) for c in ("location", "date"))
    table = np.zeros((len(days), len(names)))
    for row in rows:
        table[days.index(row["date"]), names.index(row["location"])] = float(row["Y"])
    return names, table


def _cookie_cats(folder: Path) -> dict[str, object]:
    """gate_40 beside gate_30. The rounds stand for money: they are a sum with a long tail."""
    text = gzip.decompress((folder / "cookie_cats.csv.gz").read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    columns = {
        "day_1": np.array([row["retention_1"] == "True" for row in rows], float),
        "day_7": np.array([row["retention_7"] == "True" for row in rows], float),
        "rounds": np.array([float(row["sum_gamerounds"]) for row in rows]),
    }
    moved = np.array(
        [row["version" if "version" in row else "test_version"] == "gate_40" for row in rows]
    )
    asked = {
        "conversion_day_1": ("day_1", None),
        "conversion_day_7": ("day_7", None),
        "ratio_day_7_of_day_1": ("day_7", "day_1"),
        "revenue_rounds_a_user": ("rounds", None),
    }
    figures = {}
    for name, (above, below) in asked.items():
        arms = [
            (columns[above][rows_of], 1.0 if below is None else columns[below][rows_of])
            for rows_of in (~moved, moved)
        ]
        figures[name] = {k: round(v, 4) for k, v in vars(ratio_lift(*arms)).items()}
    return figures


if __name__ == "__main__":
    main()
