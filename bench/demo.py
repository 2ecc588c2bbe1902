"""The demo after installation: wall time, peak memory, and what the turn found.

`python bench/demo.py [FOLDER]` runs examples/reviews from nothing in a temporary store, which is
copied to FOLDER afterwards.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, machine, save


def main() -> None:
    state = machine()
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product.yaml"
        shutil.copy(ROOT / "examples" / "reviews" / "product.yaml", product)
        before = time.perf_counter()
        command = [sys.executable, "-m", "steelyard", "turn", str(product), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        wall_s = time.perf_counter() - before
        if len(sys.argv) > 1:  # keep the store, for bench/replay.py and for its report
            shutil.copytree(Path(folder) / ".steelyard", sys.argv[1], dirs_exist_ok=True)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    outputs = json.loads(done.stdout)["outputs"]
    table = {row["name"]: row for row in outputs["compress"]["table"]}
    chosen = next(row for row in table.values() if row["chosen"])
    fp32 = table["torch_fp32"]
    figures = {
        "wall_minutes": round(wall_s / 60, 2),
        "peak_memory_gb": round(usage.ru_maxrss / 1e6, 2),
        "cpu_minutes": round((usage.ru_utime + usage.ru_stime) / 60, 2),
        "baseline_macro_f1": outputs["baseline"]["metrics"]["macro_f1"],
        "fine_tuned_macro_f1": outputs["train"]["metrics"]["macro_f1"],
        "gain_over_baseline": outputs["train"]["against_baseline"],
        "chosen": chosen["name"],
        "chosen_quality_loss_against_torch_fp32": round(fp32["quality"] - chosen["quality"], 5),
        "chosen_times_cheaper_than_torch_fp32": round(fp32["cpu_ms"] / chosen["cpu_ms"], 2),
        "variants": {n: {k: r[k] for k in ("quality", "cpu_ms", "p95_ms", "memory_mb", "cost_per_1000")} for n, r in table.items()},
        "canary": {k: outputs["replay"][k] for k in ("decision", "reason", "sent", "lost")},
        "curve": [[p["labels"], round(p["accuracy"], 4)] for p in outputs["curve"]["curve"]],
        "plan": outputs["plan"]["plan"]["recommendation"],
    }  # fmt: skip
    save("demo", "python bench/demo.py", figures, state)


if __name__ == "__main__":
    main()
