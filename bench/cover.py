"""How often the interval of a metric holds the truth: few and many classes, short hold-outs, rare classes.

`python bench/cover.py [--samples 400]`. Populations are drawn: what each class is answered as, with classes of one size
or some of them rare; the truth is the metric of the whole population. Of each, hold-outs are drawn. `before` is the
percentile interval that was told up to 0.3; `after` is what an evaluation tells now where it tells an interval, `told`
how often it does, and `safe` the interval that code reads where there are too few examples of a class.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from common import machine, save
from numpy.typing import NDArray

from steelyard.engine.evaluate import evaluate
from steelyard.stats.bootstrap import _sums
from steelyard.tasks import Answer, Task, open_task

Array = NDArray[np.float64]
A_POPULATION = 10  # hold-outs of each
REPEATS = 1000
MOVED = 0.05  # of the answered spans stand at another place
CASES = [
    (classes, n, rare)
    for classes in (2, 12, 77)
    for n in (200, 500, 2000)
    for rare in (0.0, 0.01, 0.03)
    if rare * classes < 1 or not rare
]
METRICS = {
    "text_classification": ("accuracy", "macro_f1", "precision"),
    "token_classification": ("span_f1", "span_macro_f1"),
}


@dataclass
class Cover:
    """Hold-outs in which an interval was told and held the truth, and how wide it was."""

    n: int = 0
    held: int = 0
    width: float = 0.0

    def add(self, low: float, high: float, truth: float) -> None:
        self.n, self.held = self.n + 1, self.held + (low <= truth <= high)
        self.width += high - low

    def told(self) -> tuple[float | None, float | None]:
        return (
            (round(self.held / self.n, 3), round(self.width / self.n, 4)) if self.n else (None,) * 2
        )


@dataclass
class Seen:
    before: Cover = field(default_factory=Cover)
    after: Cover = field(default_factory=Cover)
    safe: Cover = field(default_factory=Cover)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--samples", type=int, default=400)
    samples, state = asked.parse_args().samples, machine()
    figures: dict[str, object] = {"samples": samples}
    for name, of in METRICS.items():
        for classes, n, rare in CASES:
            case = f"{classes} classes, n = {n:,}" + (f", some of {rare:.0%}" if rare else "")
            for metric, row in _covered(name, of, classes, n, rare, samples).items():
                table = figures.setdefault(metric, {})
                assert isinstance(table, dict)
                table[case] = row
                print(metric, case, row, flush=True)
    save("cover", f"python bench/cover.py --samples {samples}", figures, state)


def _covered(
    name: str, metrics: tuple[str, ...], classes: int, n: int, rare: float, samples: int
) -> dict[str, dict[str, object]]:
    rng = np.random.default_rng([classes, n, int(100 * rare)])
    words = [f"c{i}" for i in range(classes)]
    task = open_task(name, {"labels" if name.startswith("text") else "entities": words})
    seen = {metric: Seen() for metric in metrics}
    for _ in range(samples // A_POPULATION):
        population = _population(classes, rare, rng)
        truth = _truth(task, population)
        for _ in range(A_POPULATION):
            _add(task, *_held_out(task, population, n, rng), truth, seen)
    return {
        metric: _row(one, samples // A_POPULATION * A_POPULATION) for metric, one in seen.items()
    }


def _add(
    task: Task,
    answers: list[Answer],
    truths: list[Any],
    truth: dict[str, float],
    seen: dict[str, Seen],
) -> None:
    counts = task.counts(answers, truths)
    draws = task.metrics(_sums(counts, len(truths), REPEATS, 0))
    told = evaluate(task, answers, truths)
    for metric, one in seen.items():
        one.before.add(*np.quantile(draws[metric], [0.025, 0.975]).tolist(), truth[metric])
        now = told.metrics[metric]
        place = one.safe if told.few(metric) else one.after
        place.add(now.low, now.high, truth[metric])


def _row(one: Seen, samples: int) -> dict[str, object]:
    row: dict[str, object] = {}
    row["before"], row["width before"] = one.before.told()
    row["told"] = round(one.after.n / samples, 3)
    row["after"], row["width after"] = one.after.told()
    row["safe"], row["width safe"] = one.safe.told()
    return row


def _population(classes: int, rare: float, rng: np.random.Generator) -> Array:
    """Shares of (true, answered) [K, K]: a sixth of the classes rare, three quarters to nine tenths right."""
    size = np.full(classes, 1 / classes)
    if rare:
        some = max(1, classes // 6)
        size[:some], size[some:] = rare, (1 - some * rare) / (classes - some)
    level = rng.uniform(0.75, 0.92)
    right = np.clip(rng.beta(12 * level, 12 * (1 - level), classes), 0.05, 0.99)
    wrong = rng.gamma(0.3, size=(classes, classes)) * size + 1e-9
    np.fill_diagonal(wrong, 0.0)
    shares = wrong / wrong.sum(axis=1, keepdims=True) * (1 - right)[:, None] + np.diag(right)
    return size[:, None] * shares


def _truth(task: Task, population: Array) -> dict[str, float]:
    """Of every kind of record, as often as it is in the population."""
    kinds = np.arange(2 * population.size)
    answers, truths = _records(task, *np.divmod(kinds // 2, len(population)), kinds % 2 == 1)
    often = np.tile([1 - MOVED, MOVED], population.size)
    shares = np.repeat(population.ravel() / population.sum(), 2) * often
    sums = np.asarray(task.counts(answers, truths).T @ (1e9 * shares)).reshape(-1)
    return {name: float(value) for name, value in task.metrics(sums).items()}


def _held_out(
    task: Task, population: Array, n: int, rng: np.random.Generator
) -> tuple[list[Answer], list[Any]]:
    cells = rng.choice(population.size, size=n, p=population.ravel() / population.sum())
    return _records(task, *np.divmod(cells, len(population)), rng.random(n) < MOVED)


def _records(
    task: Task, true: NDArray[Any], said: NDArray[Any], moved: NDArray[Any]
) -> tuple[list[Answer], list[Any]]:
    """A label, or a span that some answers put at another place."""
    words = task.classes
    if task.answer == "label":
        return [Answer(words[s], 0.8) for s in said], [words[t] for t in true]
    answers = [Answer([[int(m), 2, words[s]]]) for s, m in zip(said, moved, strict=True)]
    return answers, [[[0, 2, words[t]]] for t in true]


if __name__ == "__main__":
    main()
