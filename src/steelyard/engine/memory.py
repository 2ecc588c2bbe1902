"""`python -m steelyard.engine.memory FOLDER` prints the MB a variant adds to a process.

Knows no ledger. The runtime's own libraries are loaded first, so only the variant is counted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from steelyard.engine.predictor import Predictor, read_config
from steelyard.tasks import open_task

_LIBRARIES = {"torch": ("torch", "transformers"), "onnxruntime": ("onnxruntime",), "openvino": ("openvino",)}  # fmt: skip


def resident_mb() -> float:
    """Anonymous and file pages of this process that are in memory now."""
    return float(psutil.Process().memory_info().rss) / 2**20


def main(folder: Path) -> float:
    config = read_config(folder)
    for library in _LIBRARIES.get(config["runtime"], ()):
        __import__(library)
    before = resident_mb()
    predictor = Predictor.open(folder, threads=1)
    task = open_task(config["task"], labels=config["labels"])
    predictor.predict([task.decode(value) for value, _ in task.contract_examples()[:4]])
    return resident_mb() - before


if __name__ == "__main__":
    print(round(main(Path(sys.argv[1])), 1))
