"""What was predicted against what is served: CPU cost and p95 of each variant, and its memory.

`python bench/served.py [product.yaml] [--quick]` works on a copy of a product after a turn; without
one it trains a small one on shop reviews. The variants are measured again first, so that both figures
are of the same hour of a shared machine. Each variant goes live in turn. One client sends the stream as
it is (cost, p95), then eight clients send texts of unlike lengths (memory).
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa
from common import ROOT, machine, save

from serving import started
from steelyard.loop import turn
from steelyard.release.replay import Visit, replay
from steelyard.spec import ProductFile, load
from steelyard.store import Store, tables

FULL = {"cost": 5_000, "memory": 20_000}
QUICK = {"cost": 300, "memory": 1_200}
PORT = 18_766
URL = f"http://127.0.0.1:{PORT}"
LOOKS = 20  # at the memory
COMPARED = ("onnx_int8", "openvino_int8")
SMALL = (
    ("start: 2000", "start: 200"),
    ("epochs: 3", "epochs: 1"),
    ("replay: 2500", "replay: 10"),
    ("macro_f1: 0.81", "macro_f1: 0.01"),
)


def made(folder: Path) -> Path:
    """A product with the reviews' encoder, trained for a moment: enough to time it."""
    text = (ROOT / "examples/reviews/product.yaml").read_text(encoding="utf-8")
    for before, after in SMALL:
        text = text.replace(before, after)
    product = folder / "product.yaml"
    product.write_text(
        f"{text}\ncompress: {{variants: [{', '.join(COMPARED)}]}}\n", encoding="utf-8"
    )
    turn(load(product), until="compress")
    return product


@contextmanager
def served(product: Path) -> Iterator[psutil.Process]:
    process = started(product, PORT)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def stream(store: Store) -> list[dict[str, Any]]:
    d = tables.dataset
    newest = store.database.rows(sa.select(d.c.id).order_by(d.c.created.desc()))[0]["id"]
    where = "split = 'stream' AND label IS NOT NULL"
    rows: list[dict[str, Any]] = store.datasets.read("records", newest, where=where).to_pylist()
    return rows


def as_they_come(rows: list[dict[str, Any]], n: int, name: str) -> list[Visit]:
    return [
        Visit(f"{name}{i}", f"user-{i}", row["content"], row["label"])
        for i, row in zip(range(n), itertools.cycle(rows), strict=False)
    ]


def of_unlike_lengths(rows: list[dict[str, Any]], n: int, name: str) -> list[Visit]:
    """From a few characters to several records in one, evenly."""
    rng = random.Random(0)
    whole = [row["content"] for row in rows]
    found = []
    for i in range(n):
        text = "".join(rng.choices(whole, k=3))[: rng.randint(2, 160)]
        found.append(Visit(f"{name}{i}", f"user-{i}", text.strip() or "好", rows[0]["label"]))
    return found


def go_live(store: Store, variant: str) -> None:
    def work(step: Any) -> dict[str, Any]:
        for row in store.releases.current():
            step.add(
                "release",
                product=store.product,
                variant=row["variant"],
                state="retired",
                share=0.0,
                reason="bench",
                who="bench",
            )
        step.add(
            "release",
            product=store.product,
            variant=variant,
            state="live",
            share=1.0,
            reason="bench",
            who="bench",
        )
        return {}

    price = 0
    store.step(store.begin_turn("bench"), "release", f"bench {variant}", work, cpu_price=price)  # type: ignore[arg-type]


def measured(
    store: Store, product: ProductFile, name: str, variant: str, sizes: dict[str, int]
) -> dict[str, Any]:
    rows = stream(store)
    go_live(store, variant)
    with served(product.path) as process:
        before_mb = process.memory_info().rss / 2**20
        replay(URL, as_they_come(rows, sizes["cost"], f"{name}-cost-"), concurrency=1)
        a = tables.answer.c
        query = sa.select(a.cpu_s, a.latency_ms).where(
            a.variant == variant, a.request.startswith(f"{name}-cost-")
        )
        answers = store.database.rows(query)
        memory = []
        visits = of_unlike_lengths(rows, sizes["memory"], f"{name}-memory-")
        for part in range(LOOKS):
            replay(URL, visits[part * len(visits) // LOOKS : (part + 1) * len(visits) // LOOKS])
            memory.append(process.memory_info().rss / 2**20)
    price = float(product.spec.money.prices.cpu_hour)
    cost = float(np.mean([r["cpu_s"] for r in answers])) * 1000 / 3600 * price
    p95 = float(np.quantile([r["latency_ms"] for r in answers], 0.95))
    m = {n: row["value"] for n, row in store.measures.of(variant).items()}
    half = memory[len(memory) // 2 - 1]
    return {
        "requests": len(answers),
        "cost_per_1000_predicted": m["cost_per_1000"],
        "cost_per_1000_served": cost,
        "cost_served_over_predicted": round(cost / m["cost_per_1000"], 3),
        "p95_ms_predicted": m["p95_ms"],
        "p95_ms_served": p95,
        "p95_served_over_predicted": round(p95 / m["p95_ms"], 3),
        "p50_ms_predicted": m["p50_ms"],
        "p50_ms_served": float(np.median([r["latency_ms"] for r in answers])),
        "memory_mb_predicted": m["memory_mb"],
        "server_mb_before": round(before_mb),
        "server_mb": [round(mb) for mb in memory],
        "memory_growth_in_second_half": round(memory[-1] / half - 1, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("product", nargs="?", type=Path)
    parser.add_argument("--only", nargs="*", choices=COMPARED, default=list(COMPARED))
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    state, sizes = machine(), QUICK if asked.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        if asked.product is None:
            path = made(Path(folder))
        else:
            shutil.copytree(asked.product.parent, Path(folder) / "p")
            path = Path(folder) / "p" / asked.product.name
        product = load(path)
        if asked.product is not None:
            again = [sys.executable, "-m", "steelyard", "compress", str(path), "--again"]
            subprocess.run(again, check=True, stdout=subprocess.DEVNULL)
        with closing(Store.open(product)) as store:
            newest = {row["name"]: row["id"] for row in store.variants.all()}
            figures = {
                n: measured(store, product, n, newest[n], sizes) for n in asked.only if n in newest
            }
    named = f" --only {' '.join(asked.only)}" * (len(asked.only) < len(COMPARED))
    command = f"python bench/served.py{' product.yaml' * bool(asked.product)}{named}"
    save("served", command, figures, state)


if __name__ == "__main__":
    main()
