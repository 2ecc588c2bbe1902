"""Flip one bit of a small store at a time and read everything: seen, harmless, silent or a traceback.

    PYTHONPATH=. python bench/flips.py [--quick] [--flips 300]

A turn of a tiny product makes the store; its ledger is left with an unfolded write-ahead log, as a
killed server leaves it. Each flip starts from a fresh copy, then does what the reading commands, a
training, an evaluation and an answer do. Turns that were killed in their training and in their curve
leave scratch files: a bit of each is flipped twice, and the turn goes on; its results must be those
of a turn that nobody disturbed. Seen: refused with place and repair. Harmless: the same
results to the last digit. Required: 0 silent, 0 tracebacks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from common import ROOT, machine, save
from tests.conftest import tiny_encoder
from tests.faults.test_kill import make

from steelyard.api.facts import released, reports, sums, variants, verified
from steelyard.engine.examples import bought, holdout
from steelyard.engine.model import open_model
from steelyard.errors import SteelyardError
from steelyard.loop import turn
from steelyard.report import gather, render
from steelyard.spec import load
from steelyard.store import Store
from steelyard.tasks import task_of

KILLED = (
    "train:16",
    "commit:train",
    "curve 60:5",
    "commit:curve",
)  # as tests/faults/driver.py names them
SAMPLE = ["很好，满意，物流很快", "太差，失望，退货"]


def make_store(folder: Path) -> Path:
    """A folder with a product after one turn twice: its ledger `open`, as a killed process leaves
    it, and `closed`."""
    (folder / "encoder").mkdir()
    product = make(folder / "made", tiny_encoder(folder / "encoder"))
    done = turn(load(product))
    (folder / "made" / "outputs.json").write_text(json.dumps(done.outputs))
    with closing(Store.open(load(product))) as store:
        store.salt()
        store.end_turn(store.begin_turn("a later turn"))
        shutil.copytree(folder / "made", folder / "open")
    (folder / "made").rename(folder / "closed")
    return folder


def read_all(folder: Path) -> dict[str, Any]:
    """What every reader gets."""
    file = load(folder / "product.yaml")
    outputs = json.loads((folder / "outputs.json").read_text())
    dataset, labels = outputs["data"]["dataset"], outputs["label"]["labels"]
    found: dict[str, Any] = {
        "show": [variants(file), released(file)],
        "sums": sums(file),
        "verify": verified(file),
        "reports": sorted(Path(p).name for p in reports(file)),
    }
    with closing(Store.open(file)) as store:
        task = task_of(file)
        parts = (
            bought(store, task=task, dataset=dataset, labels=labels),
            holdout(store, task=task, dataset=dataset),
        )
        found["learned"] = [[p.contents, p.truths] for p in parts]
        found["salt"] = store.salt().hex()
        found["report"] = render(gather(store, file, outputs), language="zh")
        for row in store.variants.all():
            predictor = open_model(store.artifacts.open(row["id"]))
            found[row["id"]] = [vars(a) for a in predictor.answers(SAMPLE)]
    return found


def flip(path: Path, rng: random.Random) -> int:
    body = bytearray(path.read_bytes())
    # half of a database is room for more: a bit of what is written, three times out of four
    filled = [i for i, byte in enumerate(body) if byte]
    at = rng.choice(filled) if filled and rng.random() < 0.75 else rng.randrange(len(body))
    bit = 8 * at + rng.randrange(8)
    body[bit // 8] ^= 1 << bit % 8
    path.write_bytes(body)
    return bit


def kind_of(path: Path) -> str:
    """The part of the store a file belongs to."""
    state, _, *inside = path.parts
    if inside[0].startswith("ledger.db"):
        return f"{inside[0]} ({state})"
    return "/".join(inside[:2]) if inside[0] == "datasets" else inside[0]


def run(whole: Path, work: Path, *, flips: int, seed: int = 0) -> dict[str, Any]:
    rng, counts, faults = random.Random(seed), Counter[str](), []
    by_kind: dict[str, Counter[str]] = {}
    names = [
        p.relative_to(whole)
        for p in sorted(whole.glob("*/.steelyard/**/*"))
        if p.is_file()
        and p.stat().st_size
        and (p.name.startswith("ledger.db") or "closed" in p.parts)
    ]
    groups = sorted({kind_of(n) for n in names})
    expected = {
        state: json.dumps(read_all(_fresh(whole / state, work)), default=str, sort_keys=True)
        for state in ("open", "closed")
    }
    # every file once, then the parts of the store in turn
    for i in range(max(flips, len(names))):
        group = groups[i % len(groups)]
        own = [n for n in names if kind_of(n) == group]
        chosen = names[i] if i < len(names) else rng.choice(own)
        group = kind_of(chosen)
        state, name = chosen.parts[0], Path(*chosen.parts[2:])
        folder = _fresh(whole / state, work)
        bit = flip(folder / ".steelyard" / name, rng)
        try:
            same = json.dumps(read_all(folder), default=str, sort_keys=True) == expected[state]
            seen = "harmless" if same else "silent"
        except SteelyardError as error:
            seen = "seen" if getattr(error, "repair", "") else "traceback"
        except BaseException:
            seen = "traceback"
        if seen in ("silent", "traceback"):
            faults.append(
                {
                    "file": str(chosen),
                    "bit": bit,
                    "what": seen,
                    "last": traceback.format_exc()[-600:],
                }
            )
        counts[seen] += 1
        by_kind.setdefault(group, Counter())[seen] += 1
    return {
        "flips": sum(counts.values()),
        "files": len(names),
        **{k: counts[k] for k in ("seen", "harmless", "silent", "traceback")},
        "by_part": {k: dict(v) for k, v in sorted(by_kind.items())},
        "faults": faults[:20],
    }


def run_killed(folder: Path, *, seed: int = 0) -> dict[str, Any]:
    """Flips in what killed turns left behind them in `scratch`."""
    rng, counts, faults, files = random.Random(seed), Counter[str](), [], 0
    (folder / "encoder").mkdir(parents=True)
    encoder = tiny_encoder(folder / "encoder")
    expected = _learned(make(folder / "whole", encoder))
    for at in KILLED:
        product = make(folder / at.replace(" ", "-").replace(":", "-"), encoder)
        _die(product, at)
        names = [p.relative_to(product.parent) for p in _scratch(product.parent)]
        files += len(names)
        for name in names * 2:
            copy = _fresh(product.parent, folder / "work")
            bit = flip(copy / name, rng)
            seen = _went_on(copy / product.name, expected)
            counts[seen] += 1
            if seen in ("silent", "traceback"):
                faults.append({"killed": at, "file": str(name), "bit": bit, "what": seen})
    return {
        "files": files,
        **{k: counts[k] for k in ("the_same", "seen", "silent", "traceback")},
        "faults": faults,
    }


def _scratch(folder: Path) -> list[Path]:
    found = sorted((folder / ".steelyard" / "scratch").rglob("*"))
    return [p for p in found if p.is_file() and p.stat().st_size]


def _die(product: Path, at: str) -> None:
    command = [sys.executable, "-m", "tests.faults.driver", str(product), at]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    if done.returncode != -signal.SIGKILL:
        raise SystemExit(f"{at} was never reached: exit {done.returncode}")


def _learned(product: Path) -> str:
    """What a turn up to its curve leaves, without the seconds it took."""
    outputs = turn(load(product), until="curve").outputs
    found = [outputs["train"]["variant"], outputs["train"]["metrics"], outputs["curve"]["curve"]]
    return json.dumps(found, sort_keys=True)


def _went_on(product: Path, expected: str) -> str:
    try:
        return "the_same" if _learned(product) == expected else "silent"
    except SteelyardError as error:
        return "seen" if getattr(error, "repair", "") else "traceback"
    except BaseException:
        return "traceback"


def _fresh(whole: Path, work: Path) -> Path:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(whole, work)
    return work


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=400)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    flips = 60 if given.quick else given.flips
    state = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = run(make_store(folder), folder / "work", flips=flips)
        figures["killed"] = run_killed(folder / "killed")
    save("flips", f"PYTHONPATH=. python bench/flips.py --flips {flips}", figures, state)
    if any(
        found[what] for found in (figures, figures["killed"]) for what in ("silent", "traceback")
    ):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
