"""CIFAR-10 through the whole turn: accuracy of the textbook network and minutes of training.

`python bench/cifar.py FOLDER` where FOLDER holds cifar10_train.parquet and cifar10_test.parquet.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, machine, save


def main() -> None:
    state = machine()
    data = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        text = (ROOT / "examples" / "digits" / "cifar10.yaml").read_text(encoding="utf-8")
        product = Path(folder) / "cifar10.yaml"
        product.write_text(text.replace("path: cifar10", f"path: {data}/cifar10"), encoding="utf-8")
        command = [sys.executable, "-m", "steelyard", "turn", str(product), "--json"]
        before = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        wall_s = time.perf_counter() - before
        shutil.rmtree(Path(folder) / ".steelyard")
    outputs = json.loads(done.stdout)["outputs"]
    train = outputs["train"]
    figures = {
        "accuracy": train["metrics"]["accuracy"],
        "train_cpu_minutes": round(train["seconds"] / 60, 2),
        "turn_wall_minutes": round(wall_s / 60, 2),
        "baseline_accuracy": outputs["baseline"]["metrics"]["accuracy"],
        "epochs": len(train["history"]),
        "canary": outputs["replay"]["decision"],
    }
    save("cifar", "python bench/cifar.py ../shared/data", figures, state)


if __name__ == "__main__":
    main()
