"""Forecasts of the learning curve against what came: truths of every family, and real sets trained many times.

`python bench/curves.py FOLDER [--repetitions 60] [--various 200] [--truths 150] [--kept FILE]`, FOLDER holding the files that
bench/curves_real.py reads. The gain is that of one training more over the model that was measured, by its test; `before` is
the power law that was widened by a back-test, on the same points.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, save
from curves_before import Before
from curves_real import HELD, SETS, trained, various

from steelyard.files import write
from steelyard.stats import Point, fit_curve
from steelyard.stats.curves import FINE_TUNED, STEADY, Runs
from steelyard.stats.curves.noise import alike

CONFIDENCES = (0.8, 0.95)
# places among the shares of curves_real; a turn's own are the last, with its model of today
DESIGNS = {"8/16/32": (1, 3, 5), "12.5/25/50": (2, 4, 6), "6.25/12.5/25/50": (0, 2, 4, 6)}
TUNED = ("sentiment", "topics")  # told how steady methods without a seed are
SIZES, AFTER = np.array([250, 500, 1000, 2000]), 4000


@dataclass(frozen=True)
class Case:
    """Points of a curve, how its runs differ, and what a training on `after` labels really added."""

    labels: np.ndarray
    quality: np.ndarray
    n: int
    after: int
    gain: float
    runs: Runs
    correlations: np.ndarray | None = None

    @property
    def se(self) -> np.ndarray:
        return np.sqrt(self.quality * (1 - self.quality) / self.n)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--repetitions", type=int, default=60)
    asked.add_argument("--various", type=int, default=200)
    asked.add_argument("--truths", type=int, default=150)
    asked.add_argument("--kept", type=Path, help="curves that were trained before, or their file")
    said, state = asked.parse_args(), machine()
    made = _kept(said.kept) or _made(said.folder, said.repetitions, said.various)
    if said.kept:
        write(said.kept, json.dumps(made))
    sets, tasks = made["sets"], made["various"]
    new = [task for task in tasks if task["set"] not in TUNED]
    figures: dict[str, Any] = {
        "truths": {n: _scored(_truths(t, said.truths)) for n, t in TRUTHS.items()}
        | {"all": _scored(c for t in TRUTHS.values() for c in _truths(t, said.truths))},
        "various_tasks": {d: _scored(_cases(tasks, d)) for d in DESIGNS},
        "various_tasks_of_sets_not_tuned_to": {d: _scored(_cases(new, d)) for d in DESIGNS},
        **{f"set_{n}": {d: _scored(_cases(s, d)) for d in DESIGNS} for n, s in sets.items()},
        "correlations_measured": {d: _scored(_cases(tasks, d, measured=True)) for d in DESIGNS},
        "alike_on_the_hold_out": _alike(tasks),
        "deviation_of_runs": {name: _deviations(rows) for name, rows in sets.items()},
        "ms_a_fit": round(_cost(_cases(tasks, "6.25/12.5/25/50")), 1),
    }
    asked_for = f"--repetitions {said.repetitions} --various {said.various} --truths {said.truths}"
    save("curves", f"python bench/curves.py ../shared/data {asked_for}", figures, state)


def _made(folder: Path, repetitions: int, curves: int) -> dict[str, Any]:
    """Curves of each set and of various tasks, which take most of the time."""
    sets = {name: trained(folder, name, repetitions=repetitions) for name in SETS}
    return {"sets": sets, "various": various(folder, curves=curves)}


def _kept(file: Path | None) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else None


def _cases(rows: list[dict[str, Any]], design: str, *, measured: bool = False) -> Iterator[Case]:
    """Points at some of the shares, and the gain of the whole by the test."""
    at = list(DESIGNS[design])
    for row in rows:
        like = np.array(row["alike"])[np.ix_(at, at)] if measured else None
        yield Case(
            np.array(row["labels"])[at],
            np.array(row["held"])[at],
            row["n"],
            row["labels"][-1],
            row["test"][-1] - row["test"][at[-1]],
            STEADY,
            None if like is None else (like + like.T) / 2,
        )


def _truths(of: Callable[[np.random.Generator, np.ndarray], np.ndarray], n: int) -> Iterator[Case]:
    """Curves of one family that differ in all they can, with the noise of fine-tuning and of one hold-out."""
    rng = np.random.default_rng(len(of.__name__))
    sizes = np.append(SIZES, AFTER).astype(float)
    common = np.linalg.cholesky(alike(sizes[:-1]))
    while n:
        mean = of(rng, sizes)
        if mean.min() < 0.03 or mean.max() > 0.97:
            continue
        spread = FINE_TUNED.deviation * np.exp(rng.normal(0, 0.4)) * (sizes / 640) ** -0.79
        real = np.clip(mean + spread * rng.normal(size=5), 0.0, 1.0)
        held = np.sqrt(real[:-1] * (1 - real[:-1]) / HELD) * (common @ rng.normal(size=4))
        seen = np.clip(real[:-1] + held, 0.0, 1.0).round(3)
        yield Case(SIZES, seen, HELD, AFTER, real[-1] - real[-2], FINE_TUNED)
        n -= 1


def _power(rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
    return rng.uniform(0.6, 0.97) - rng.uniform(0.05, 0.4) * (n / 250) ** -rng.uniform(0.15, 1.2)


def _broken(rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
    early, late = rng.uniform(0.1, 0.4), rng.uniform(0.4, 1.0)
    bend = (1 + (n / rng.uniform(300, 3000)) ** 4.0) ** (-(late - early) / 4.0)
    return rng.uniform(0.7, 0.97) - rng.uniform(0.1, 0.4) * (n / 250) ** -early * bend


def _logarithm(rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
    return rng.uniform(0.3, 0.7) + rng.uniform(0.005, 0.08) * np.log(n / 250)


def _sigmoid(rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
    low, rise = rng.uniform(0.03, 0.5), rng.uniform(0.2, 0.45)
    return low + rise / (1 + (n / rng.uniform(200, 2000)) ** -rng.uniform(0.8, 2.5))


TRUTHS = {"power": _power, "broken": _broken, "logarithm": _logarithm, "sigmoid": _sigmoid}


def _scored(cases: Iterator[Case]) -> dict[str, Any]:
    """Cover and mean width of both, and the root of the mean squared error of the forecasts."""
    rows = [(case.gain, _before(case), _now(case)) for case in cases]
    figures: dict[str, Any] = {"curves": len(rows)}
    for place, name in ((1, "before"), (2, "now")):
        for k, confidence in enumerate(CONFIDENCES):
            low, high = np.array([row[place][1 + k] for row in rows]).T
            truth = np.array([row[0] for row in rows])
            figures[f"{name}_cover_{confidence:.0%}"] = round(
                float(np.mean((low <= truth) & (truth <= high))), 3
            )
            figures[f"{name}_width_{confidence:.0%}"] = round(float(np.mean(high - low)), 4)
        off = np.array([row[place][0] - row[0] for row in rows])
        figures[f"{name}_error"] = round(float(np.sqrt(np.mean(off**2))), 4)
        figures[f"{name}_bias"] = round(float(off.mean()), 4)
    figures["misfits_said"] = round(float(np.mean([row[2][3] for row in rows])), 3)
    return figures


def _before(case: Case) -> tuple[Any, ...]:
    curve = Before.of(case.labels, case.quality, case.se)
    told = [curve.gain(case.labels[-1], case.after, confidence=c) for c in CONFIDENCES]
    return told[0][0], *((low, high) for _, low, high in told)


def _now(case: Case) -> tuple[Any, ...]:
    curve = _fitted(case)
    told = [curve.gain(int(case.labels[-1]), case.after, confidence=c) for c in CONFIDENCES]
    return told[0].value, *((i.low, i.high) for i in told), curve.misfit is not None


def _fitted(case: Case):
    rows = zip(case.labels, case.quality, case.se, strict=True)
    points = [Point(int(n), float(q), float(se)) for n, q, se in rows]
    return fit_curve(points, seed=0, runs=case.runs, correlations=case.correlations)


def _cost(cases: Iterator[Case]) -> float:
    """Median CPU time of a fit, in milliseconds."""
    took = []
    for case in cases:
        started = time.process_time()
        _fitted(case)
        took.append(1000 * (time.process_time() - started))
    return float(np.median(took))


def _alike(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Correlation of right and wrong on the hold-out by the ratio of labels, beside what a fit takes it for."""
    found = {}
    for ratio, pairs in {
        "2": ((2, 4), (4, 6), (6, 7)),
        "4": ((2, 6), (4, 7)),
        "8": ((2, 7),),
    }.items():
        values = [row["alike"][i][j] for row in rows for i, j in pairs]
        usual = float(alike(np.array([1.0, float(ratio)]))[0, 1])
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        found[f"{ratio} times the labels"] = {
            "a_tenth_below": round(float(low), 2),
            "median": round(float(middle), 2),
            "a_tenth_above": round(float(high), 2),
            "taken": round(usual, 2),
        }
    return found


def _deviations(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Deviation of what models are worth at each number of labels, without that of the test's records; and
    the correlation of half a part with the whole."""
    test = np.array([row["test"] for row in rows])
    asked, pool = rows[0]["tested"]
    mean = test.mean(axis=0)
    records = mean * (1 - mean) / asked * (1 - asked / pool)
    own = np.sqrt(np.maximum(test.var(axis=0, ddof=1) - records, 0.0))
    by_labels = {str(n): round(float(d), 4) for n, d in zip(rows[0]["labels"], own, strict=True)}
    return by_labels | {"half_and_whole": round(float(np.corrcoef(test.T)[2, 4]), 2)}


if __name__ == "__main__":
    main()
