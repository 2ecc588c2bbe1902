"""One simulated market of Google's Meridian in steelyard, pymc-marketing and Meridian: time, and error of a forecast.

`python bench/mix_geo.py FOLDER [--pymc PYTHON] [--meridian PYTHON]` where FOLDER holds meridian_geo_media.csv.gz and each
PYTHON is an interpreter that has the one. Its twenty regions are added up, and all three get the same 143 weeks; each
forecasts the last thirteen given their spend and controls. The file has no truth of what a channel brought: the shares
of the outcome can only be put beside each other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, save
from mix import national

from steelyard.stats.mix import Settings, fit, leave_future_out

PEER = Path(__file__).with_name("mix_geo_peer.py")
HORIZON, SEASON = 13, 52


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--pymc")
    asked.add_argument("--meridian")
    said, state = asked.parse_args(), machine()
    whole = national(said.folder)
    y = whole.array("outcome")
    naive = float(np.abs(y[-HORIZON:] - y[-HORIZON - SEASON : -SEASON]).mean())
    figures: dict[str, Any] = {"weeks": len(y), "forecast": HORIZON, "naive_error": round(naive, 1)}
    figures["steelyard"] = ours(whole)
    print(json.dumps(figures), flush=True)
    given = json.dumps(series(whole))
    command = "python bench/mix_geo.py ../shared/data"
    for name, python in (("pymc", said.pymc), ("meridian", said.meridian)):
        if python:
            figures[name] = theirs(name, python, given, y)
            print(name, json.dumps(figures[name]), flush=True)
            command += f" --{name} PYTHON"
    save("mix_geo", command, figures, state)


def ours(whole: Any) -> dict[str, Any]:
    settings = Settings()
    known = part(whole, len(whole.periods) - HORIZON)
    wall, cpu = time.perf_counter(), time.process_time()
    mix = fit(known, settings, seed=0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    score = leave_future_out(whole, settings, horizon=HORIZON, folds=1, seed=0)
    brought = {n: (i.value, i.low, i.high) for n, i in mix.contributions().items()}
    return {
        "fit_s": round(wall, 2),
        "fit_cpu_s": round(cpu, 2),
        "forecast_error": round(score.error, 1),
        "share_of_outcome": shares(brought, known.array("outcome")),
    }


def part(whole: Any, n: int) -> Any:
    """The first weeks alone."""
    return type(whole)(
        whole.periods[:n],
        whole.array("outcome")[:n],
        {name: whole.array("spend", name)[:n] for name in whole.channels},
        controls={name: whole.array("controls", name)[:n] for name in whole.controls},
    )


def series(whole: Any) -> dict[str, Any]:
    return {
        "periods": [day.isoformat() for day in whole.periods],
        "outcome": whole.array("outcome").tolist(),
        "spend": {name: whole.array("spend", name).tolist() for name in whole.channels},
        "controls": {name: whole.array("controls", name).tolist() for name in whole.controls},
        "known": len(whole.periods) - HORIZON,
    }


def theirs(name: str, python: str, given: str, y: np.ndarray) -> dict[str, Any]:
    done = subprocess.run(
        [python, str(PEER), name], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-3000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    error = np.abs(np.array(found["forecast"]) - y[-HORIZON:]).mean()
    return {
        "fit_s": round(found["seconds"], 1),
        "forecast_error": round(float(error), 1),
        "share_of_outcome": shares(found["brought"], y[:-HORIZON]),
    }


def shares(brought: Any, outcome: np.ndarray) -> str:
    total = float(outcome.sum()) / 100
    return "; ".join(
        f"{name} {value / total:.1f} % [{low / total:.1f}, {high / total:.1f}]"
        for name, (value, low, high) in brought.items()
    )


if __name__ == "__main__":
    main()
