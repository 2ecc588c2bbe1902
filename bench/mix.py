"""Marketing mix: simulated companies whose market is known, real series, and pymc-marketing beside it.

`python bench/mix.py FOLDER [--seeds 100] [--peer PYTHON --peer-seeds 4]` where FOLDER holds mmm_weekly_10_channels.csv.gz,
lydia_pinkham.csv and meridian_geo_media.csv.gz. PYTHON is an interpreter that has pymc-marketing and nutpie.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, save

from steelyard.interval import Interval
from steelyard.stats.mix import LiftTest, Mix, Series, Settings, best_split, fit, leave_future_out
from steelyard.stats.mix.simulated import Company, company
from steelyard.words import say

PEER = Path(__file__).with_name("mix_peer.py")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--peer")
    asked.add_argument("--peer-seeds", type=int, default=4)
    said, state = asked.parse_args(), machine()
    figures: dict[str, Any] = {"companies": said.seeds}
    known = [one(seed) for seed in range(said.seeds)]
    figures["simulated"] = {
        "as_they_are": summary(known),
        "with_a_lift_test_of_each_channel": summary(
            [one(seed, tested=True) for seed in range(said.seeds // 10)]
        ),
        "noise_of_10_percent": summary([one(seed, noise=0.1) for seed in range(said.seeds // 10)]),
        "78_weeks": summary([one(seed, periods=78) for seed in range(said.seeds // 10)]),
    }
    if said.peer:
        figures["beside_pymc_marketing"] = beside(said.peer, known[: said.peer_seeds])
    figures["real"] = {name: real(*given) for name, given in series_of(said.folder).items()}
    figures["told_first_of_the_real_series"] = TOLD
    peer = f" --peer PYTHON --peer-seeds {said.peer_seeds}" if said.peer else ""
    save("mix", f"python bench/mix.py ../shared/data --seeds {said.seeds}{peer}", figures, state)


def one(seed: int, *, tested: bool = False, **of: Any) -> dict[str, Any]:
    made = company(seed=seed, **of)
    series = with_tests(made, seed) if tested else made.series
    wall, cpu = time.perf_counter(), time.process_time()
    mix = fit(series, seed=seed)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found, truth = mix.contributions(), made.contributions
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "error": [abs(found[name].value / truth[name] - 1) for name in truth],
        "inside": [found[name].low <= truth[name] <= found[name].high for name in truth],
        "regret": regret(made, mix),
        "rhat": mix.convergence.rhat,
        "ess": min(mix.convergence.ess_bulk, mix.convergence.ess_tail),
        "agree": mix.not_measured is None,
    }


def with_tests(made: Company, seed: int) -> Series:
    """A test of each channel: half of its spend more for four weeks, measured to 15 % of its lift."""
    rng, given = np.random.default_rng([seed, 9]), made.series
    tests = []
    for at, name in enumerate(given.channels):
        first, last = given.periods[60 + 10 * at], given.periods[63 + 10 * at]
        spend = given.array("spend", name)
        change = 0.5 * float(spend.mean())
        lift = made.lift(name, first, last, change)
        se = 0.15 * lift
        tests.append(
            LiftTest(
                channel=name,
                first=first,
                last=last,
                change=change,
                lift=lift + se * rng.standard_normal(),
                se=se,
            )
        )
    return Series(given.periods, given.outcome, given.spend, before=given.before, lift_tests=tests)


def regret(made: Company, mix: Mix) -> tuple[float, float]:
    """Share of the best steady response that the fitted split loses, and the one of today."""
    today = {name: float(made.series.array("spend", name).mean()) for name in mix.channels}
    budget = sum(today.values())
    truth = {name: (lambda x, name=name: made.effect(name, x)) for name in mix.channels}
    best = best_split(truth, budget=budget).response
    curves = {
        name: (lambda x, name=name: mix.response(name, x).mean(axis=0)) for name in mix.channels
    }
    split = best_split(curves, budget=budget).spend  # of fits that do not agree too
    return 1 - made.response(split) / best, 1 - made.response(today) / best


def summary(each: list[dict[str, Any]]) -> dict[str, Any]:
    losses = np.array([e["regret"] for e in each])
    return {
        "fit_s_median": round(float(np.median([e["wall_s"] for e in each])), 2),
        "fit_s_p90": round(float(np.quantile([e["wall_s"] for e in each], 0.9)), 2),
        "fit_cpu_s_median": round(float(np.median([e["cpu_s"] for e in each])), 2),
        "error_of_contributions": round(float(np.mean([e["error"] for e in each])), 4),
        "cover_of_94_percent": round(float(np.mean([e["inside"] for e in each])), 4),
        "loss_of_split": round(float(losses[:, 0].mean()), 4),
        "loss_of_split_p90": round(float(np.quantile(losses[:, 0], 0.9)), 4),
        "loss_of_todays_split": round(float(losses[:, 1].mean()), 4),
        "chains_agree": round(float(np.mean([e["agree"] for e in each])), 3),
        "rhat_max": round(max(e["rhat"] for e in each), 4),
        "ess_min": round(min(e["ess"] for e in each)),
    }


def beside(python: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """The same series in pymc-marketing, in its own environment."""
    made = [company(seed=seed) for seed in range(len(known))]
    given = [
        {
            "periods": [day.isoformat() for day in one.series.periods],
            "outcome": one.series.array("outcome").tolist(),
            "spend": {n: one.series.array("spend", n).tolist() for n in one.series.channels},
        }
        for one in made
    ]
    done = subprocess.run(
        [python, str(PEER)], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    errors, inside = [], []
    for truth, fitted in zip(made, found, strict=True):
        for name, (mean, low, high) in fitted["contributions"].items():
            errors.append(abs(mean / truth.contributions[name] - 1))
            inside.append(low <= truth.contributions[name] <= high)
    ours = float(np.mean([one["error"] for one in known]))
    return {
        "steelyard": {
            "series": len(known),
            "fit_s_median": round(float(np.median([one["wall_s"] for one in known])), 2),
            "error_of_contributions": round(ours, 4),
            "cover_of_94_percent": round(float(np.mean([one["inside"] for one in known])), 4),
        },
        "pymc_marketing_with_nutpie": {
            "series": len(found),
            "fit_s_median": round(float(np.median([one["seconds"] for one in found])), 2),
            "error_of_contributions": round(float(np.mean(errors)), 4),
            "cover_of_94_percent": round(float(np.mean(inside)), 4),
        },
        "our_error_over_theirs": round(ours / float(np.mean(errors)), 3),
    }


# --- real series

TOLD: dict[str, str] = {}


def series_of(folder: Path) -> dict[str, tuple[str, Series, Settings, int]]:
    weekly = rows(folder / "mmm_weekly_10_channels.csv.gz")
    retailer = Series(
        [date.fromisoformat(row["wk_strt_dt"]) for row in weekly],
        column(weekly, "sales"),
        {name[5:]: column(weekly, name) for name in weekly[0] if name.startswith("mdsp_")},
        controls={
            name: column(weekly, name)
            for name in ("me_ics_all", "me_gas_dpg", "st_ct", "mrkdn_valadd_edw", "mrkdn_pdm")
        },
    )
    years = rows(folder / "lydia_pinkham.csv")
    pinkham = Series(
        [date(int(row["Year"]), 1, 1) for row in years],
        column(years, "Sales"),
        {"advertising": column(years, "Advertising")},
    )
    return {
        "retailer_209_weeks": ("retailer", retailer, Settings(holidays=("US",), harmonics=3), 13),
        "lydia_pinkham_54_years": ("lydia_pinkham", pinkham, Settings(lags=6), 5),
        "meridian_simulated_156_weeks": ("meridian", national(folder), Settings(), 13),
    }


def national(folder: Path) -> Series:
    """Regions added up; controls as means."""
    table = rows(folder / "meridian_geo_media.csv.gz")
    weeks = sorted({row["time"] for row in table})
    at = [weeks.index(row["time"]) for row in table]

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(at, weights=values, minlength=len(weeks))

    outcome = column(table, "conversions") * column(table, "revenue_per_conversion")
    regions = len(table) / len(weeks)
    return Series(
        [date.fromisoformat(week) for week in weeks],
        total(outcome),
        {f"channel_{k}": total(column(table, f"Channel{k}_spend")) for k in range(4)},
        controls={
            name: total(column(table, name)) / regions
            for name in ("competitor_activity_score_control", "sentiment_score_control")
        },
    )


def rows(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(table: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name] or 0) for row in table])


def real(name: str, series: Series, settings: Settings, horizon: int) -> dict[str, Any]:
    before = time.perf_counter()
    mix = fit(series, settings, seed=0)
    seconds = time.perf_counter() - before
    score = leave_future_out(series, settings, horizon=horizon, folds=3, seed=0)
    told = [*mix.not_identified, *mix.misfits]
    TOLD[name] = say(told[0], "en") if told else "nothing"
    total = float(series.array("outcome").sum())
    return {
        "fit_s": round(seconds, 2),
        "rhat": round(mix.convergence.rhat, 4),
        "forecast_error": round(score.error, 1),
        "naive_error": round(score.naive_error, 1),
        "ratio": round(score.ratio, 3),
        "forecasts_covered": round(score.covered, 3),
        "channels_not_told": len(mix.not_identified),
        "share_of_outcome": "; ".join(
            f"{k} {share(v, total)}" for k, v in mix.contributions().items()
        ),
    }


def share(brought: Interval, total: float) -> str:
    value, low, high = (100 * x / total for x in (brought.value, brought.low, brought.high))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main()
