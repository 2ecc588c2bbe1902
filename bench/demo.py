"""The demo after installation: wall time, memory over all its processes, and what the turn found.

`python bench/demo.py [FOLDER] [--against CHECKOUT] [--quick]` runs examples/reviews from nothing in a
temporary store, which is copied to FOLDER afterwards. With --against the package in CHECKOUT/src runs
CHECKOUT's own spelling of that file before it, with CHECKOUT/.venv if there is one (its entry points
differ), in the same run: only the ratio of the two can be trusted on a shared machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from common import ROOT, machine, save

WATCH_S = 0.5
GROWTH = 1.01  # of the resident pages, before a family is asked again
QUICK = (
    ("start: 2000", "start: 200"),
    ("epochs: 3", "epochs: 1"),
    ("replay: 2500", "replay: 50"),
    ("macro_f1: 0.81", "macro_f1: 0.01"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, help="where the store is kept")
    parser.add_argument("--against", type=Path, help="a checkout of the version before")
    parser.add_argument("--quick", action="store_true", help="200 labels, one epoch")
    asked = parser.parse_args()
    state = machine()
    figures: dict[str, Any] = {}
    if asked.against is not None:
        _, figures["before"] = run(asked.against.resolve(), quick=asked.quick)
    outputs, now = run(ROOT, quick=asked.quick, keep=asked.folder)
    if "before" in figures:
        before = figures["before"]
        figures["now_over_before"] = {k: round(now[k] / before[k], 3) for k in now}
    command = f"python bench/demo.py{' --against CHECKOUT' if asked.against else ''}"
    save("demo", command, now | figures | found(outputs), state)


def run(
    checkout: Path, *, quick: bool, keep: Path | None = None
) -> tuple[dict[str, Any], dict[str, float]]:
    """(outputs of the turn, minutes and memory) of the package in `checkout`/src."""
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product.yaml"
        text = (checkout / "examples" / "reviews" / "product.yaml").read_text(encoding="utf-8")
        text = (
            text.partition("\n# The market of this example")[0] + "\n"
        )  # the turn reads none of it
        for before, after in QUICK if quick else ():
            text = text.replace(before, after)
        product.write_text(text, encoding="utf-8")
        own = checkout / ".venv" / "bin" / "python"
        python = str(own) if own.is_file() else sys.executable
        command = [python, "-m", "steelyard", "turn", str(product), "--json"]
        environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
        started, times = time.perf_counter(), os.times()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            watch = Watch(process.pid)
            assert process.stdout is not None
            said = process.stdout.read()
        peak, spent = watch.end(), os.times()
        if process.returncode:
            raise SystemExit(f"the turn ended with {process.returncode}")
        if keep is not None:  # for bench/replay.py, bench/served.py and its report
            shutil.copytree(Path(folder) / ".steelyard", keep, dirs_exist_ok=True)
    cpu_s = spent.children_user + spent.children_system
    cpu_s -= times.children_user + times.children_system
    return json.loads(said)["outputs"], {
        "wall_minutes": round((time.perf_counter() - started) / 60, 2),
        "peak_memory_gb": round(peak / 1e9, 2),
        "cpu_minutes": round(cpu_s / 60, 2),
    }


class Watch:
    """The largest sum of the memory of a process and of all that it started; a page that several
    share is divided among them. To ask for that stops what is asked (27 ms in a training), so it
    is done only where the resident pages, which are told at once, leave room for a new peak."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._over = pid, 0, threading.Event()
        self._resident: dict[tuple[int, ...], int] = {}  # of a family, where it was asked last
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> int:
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(WATCH_S):
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(self._pid)
                family = [root, *root.children(recursive=True)]
                resident, known = sum(map(_resident, family)), tuple(p.pid for p in family)
                if resident > max(self._peak, GROWTH * self._resident.get(known, 0)):
                    self._resident[known] = resident
                    self._peak = max(self._peak, sum(map(_bytes, family)))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it has ended


def _bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0  # it has ended
    return int(getattr(memory, "pss", 0) or memory.rss)


def found(outputs: dict[str, Any]) -> dict[str, Any]:
    table = {row["name"]: row for row in outputs["compress"]["table"]}
    chosen = next(row for row in table.values() if row["chosen"])
    fp32 = table["torch_fp32"]
    shown = ("quality", "cpu_ms", "p95_ms", "memory_mb", "cost_per_1000")
    return {
        "baseline_macro_f1": outputs["baseline"]["metrics"]["macro_f1"],
        "fine_tuned_macro_f1": outputs["train"]["metrics"]["macro_f1"],
        "gain_over_baseline": outputs["train"]["against_baseline"],
        "chosen": chosen["name"],
        "chosen_quality_loss_against_torch_fp32": round(fp32["quality"] - chosen["quality"], 5),
        "chosen_times_cheaper_than_torch_fp32": round(fp32["cpu_ms"] / chosen["cpu_ms"], 2),
        "variants": {name: {k: row[k] for k in shown} for name, row in table.items()},
        "canary": {k: outputs["replay"].get(k) for k in ("decision", "reason", "sent", "lost")},
        "curve": [
            [p["labels"], round(p["utility"] if "utility" in p else p["accuracy"], 4)]
            for p in outputs["curve"]["curve"]
        ],
        "plan": outputs["plan"]["plan"]["recommendation"],
    }


if __name__ == "__main__":
    main()
