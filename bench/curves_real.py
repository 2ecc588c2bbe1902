"""Learning curves of real data that were trained many times: what bench/curves.py forecasts. Knows no curve.

Each repetition draws another order of the data: parts of the labels are its first ones, as in a turn, and the rest is a
hold-out of 1,000 and a test that says what a model is really worth. Texts become character n-grams as in the method
`linear`; the learner is its logistic regression, or least squares where there are many labels.
Example: `trained(Path("data"), "sentiment", repetitions=40)[0]["test"]`
"""

from __future__ import annotations

import csv
import gzip
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

SHARES = (0.0625, 0.08, 0.125, 0.16, 0.25, 0.32, 0.5, 1.0)
HELD = 1000
PENALTY = 0.1  # of least squares; rows have unit length
SMALLEST = 6000  # records of a task: fewer would not say what its models are worth
FIRST = 1000  # seed of the various tasks
Learner = Callable[[csr_matrix, np.ndarray, csr_matrix], np.ndarray]


@dataclass(frozen=True)
class Set:
    """How a set is read, what it is learned by, and how many labels and test records it has."""

    read: Callable[[Path], tuple[list[str], list[str]]]
    learner: str
    labels: int
    test: int


@dataclass(frozen=True)
class Pool:
    """Records as counts of n-grams [n, f] and their labels by number [n]."""

    counts: csr_matrix
    truth: np.ndarray

    @classmethod
    def of(cls, texts: list[str], labels: list[str], *, most: int) -> Pool:
        chosen = np.random.default_rng(0).permutation(len(texts))[:most]
        counts = CountVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2)
        whole = counts.fit_transform([texts[i] for i in chosen]).tocsr().astype(np.float32)
        return cls(whole, np.unique([labels[i] for i in chosen], return_inverse=True)[1])

    def only(self, labels: np.ndarray) -> Pool:
        kept = np.flatnonzero(np.isin(self.truth, labels))
        return Pool(self.counts[kept], self.truth[kept])


def trained(folder: Path, name: str, *, repetitions: int) -> list[dict[str, Any]]:
    """For each repetition the labels of each part, what its model is worth on the hold-out and on
    the test, and how alike two models are right or wrong on the hold-out (correlations [8, 8])."""
    of = SETS[name]
    pool = Pool.of(*of.read(folder), most=3 * of.test)
    return [_curve(pool, of.learner, of.labels, HELD, of.test, seed) for seed in range(repetitions)]


def various(folder: Path, *, curves: int) -> list[dict[str, Any]]:
    """As `trained`, but every curve is of another task: some of the labels of one of the sets, another
    number of records, either learner."""
    pools = {name: Pool.of(*of.read(folder), most=30_000) for name, of in SETS.items()}
    made = []
    while len(made) < curves:
        seed = FIRST + len(made)
        rng = np.random.default_rng(seed)
        name = list(SETS)[seed % len(SETS)]
        whole = pools[name]
        k = int(whole.truth.max()) + 1
        some = rng.permutation(k)[: max(2, round(k * rng.uniform(0.3, 1.0)))]
        part = whole.only(some)
        size = len(part.truth)
        if size < SMALLEST:
            part, size = whole, len(whole.truth)
        labels = round(float(np.exp(rng.uniform(np.log(400), np.log(min(3200, 0.4 * size))))))
        learner = sorted(LEARNERS)[int(rng.integers(2))]
        test = min(9000, size - labels - HELD)
        made.append({"set": name} | _curve(part, learner, labels, HELD, test, seed))
    return made


def _curve(
    pool: Pool, learner: str, labels: int, held: int, test: int, seed: int
) -> dict[str, Any]:
    order = np.random.default_rng(seed).permutation(len(pool.truth))
    train, asked = order[:labels], order[labels : labels + held + test]
    sizes = [round(labels * share) for share in SHARES]
    right = [_right(pool, LEARNERS[learner], train[:n], asked) for n in sizes]
    on_held = np.array([r[:held] for r in right], dtype=float)
    return {
        "labels": sizes,
        "n": held,
        "held": [round(float(r), 4) for r in on_held.mean(axis=1)],
        "test": [round(float(r[held:].mean()), 5) for r in right],
        "tested": [len(asked) - held, len(pool.truth)],
        "alike": np.corrcoef(on_held).round(3).tolist(),
    }


def _right(pool: Pool, learner: Learner, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether a model of `train` is right on each of `asked`."""
    mine, others = pool.counts[train], pool.counts[asked]
    frequency = np.bincount(mine.indices, minlength=mine.shape[1])
    kept = np.flatnonzero(frequency >= 2)
    idf = np.log((1 + len(train)) / (1 + frequency[kept])) + 1
    x, z = (_weighted(m[:, kept], idf) for m in (mine, others))
    return learner(x, pool.truth[train], z) == pool.truth[asked]


def _weighted(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    out = counts.copy()
    out.data = 1 + np.log(out.data)
    out = out @ diags(idf.astype(np.float32))
    norms = np.sqrt(np.asarray(out.multiply(out).sum(axis=1)).ravel())
    return (diags(1 / np.maximum(norms, 1e-12)) @ out).tocsr()


def _regression(x: csr_matrix, y: np.ndarray, z: csr_matrix) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few steps, as the method's own
        return LogisticRegression(C=10.0, max_iter=100).fit(x, y).predict(z)


def _least_squares(x: csr_matrix, y: np.ndarray, z: csr_matrix) -> np.ndarray:
    classes, place = np.unique(y, return_inverse=True)
    targets = np.eye(len(classes), dtype=np.float32)[place]
    inner = np.asarray((x @ x.T).todense()) + PENALTY * np.eye(len(y), dtype=np.float32)
    weight = x.T @ np.linalg.solve(inner, targets - targets.mean(axis=0))
    return classes[(z @ weight + targets.mean(axis=0)).argmax(axis=1)]


LEARNERS = {"regression": _regression, "least_squares": _least_squares}


def _rows(path: Path, **form: str) -> list[dict[str, str]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines(), **form))


def _intents(folder: Path) -> tuple[list[str], list[str]]:
    rows = [r for part in ("train", "test") for r in _rows(folder / f"banking77_{part}.csv")]
    return [r["text"] for r in rows], [r["category"] for r in rows]


def _reviews(column: str) -> Callable[[Path], tuple[list[str], list[str]]]:
    def read(folder: Path) -> tuple[list[str], list[str]]:
        rows = _rows(folder / "online_shopping_10_cats.csv.gz")
        return [r["review"] for r in rows], [r[column] for r in rows]

    return read


def _offensive(folder: Path) -> tuple[list[str], list[str]]:
    rows = _rows(folder / "cold_dev.csv.gz")
    return [r["TEXT"] for r in rows], [r["label"] for r in rows]


def _emotions(folder: Path) -> tuple[list[str], list[str]]:
    """Comments of one emotion."""
    form = {"fieldnames": ["text", "label", "id"], "delimiter": "\t", "quoting": csv.QUOTE_NONE}
    rows = [r for r in _rows(folder / "goemotions_train.tsv.gz", **form) if "," not in r["label"]]
    return [r["text"] for r in rows], [r["label"] for r in rows]


SETS = {
    "intents": Set(_intents, "least_squares", 2400, 9000),
    "sentiment": Set(_reviews("label"), "regression", 2400, 9000),
    "topics": Set(_reviews("cat"), "regression", 1600, 6000),
    "offensive": Set(_offensive, "regression", 2000, 3400),
    "emotions": Set(_emotions, "least_squares", 3200, 9000),
}
