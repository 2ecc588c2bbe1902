"""How long the plan of now takes, and what it holds: of a store that was turned, with the market of the example in its books.

`python bench/answer.py FOLDER` (a folder with a product.yaml that has a plan; `bench/demo.py FOLDER` and the imports of `make demo`
make one). Each command is a process of its own; the start is that of `steelyard show`, which opens the same store.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from common import machine, save

ROUNDS = 5
COMMANDS = {
    "start": ("show",),
    "plan": ("plan",),
    "what_if": ("plan", "--what-if", "budget=3000"),
    "explain": ("plan", "explain", "labels"),
    "score": ("plan", "score"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    state = machine()
    figures = {}
    for name, words in COMMANDS.items():
        took = [_run(asked.folder, words) for _ in range(ROUNDS)]
        figures[f"{name}_s"] = round(min(wall for wall, _ in took), 2)
        figures[f"{name}_cpu_s"] = round(min(cpu for _, cpu in took), 2)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures["memory_mb"] = round(peak / 1024)
    save("answer", "python bench/answer.py FOLDER", figures, state)


def _run(folder: Path, words: tuple[str, ...]) -> tuple[float, float]:
    """Seconds by the wall and by the CPU."""
    command = [sys.executable, "-m", "steelyard", *words, "--json"]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system
    return wall, cpu - before.children_user - before.children_system


if __name__ == "__main__":
    main()
