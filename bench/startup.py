"""`steelyard --help`: milliseconds, and whether torch was imported.

`python bench/startup.py`
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from common import machine, save

ROUNDS = 15


def main() -> None:
    state = machine()
    command = [sys.executable, "-m", "steelyard", "--help"]
    bare = [sys.executable, "-c", "pass"]
    took: dict[str, list[float]] = {"help": [], "python": []}
    for _ in range(ROUNDS):
        for name, run in (("help", command), ("python", bare)):
            before = time.perf_counter()
            subprocess.run(run, stdout=subprocess.DEVNULL, check=True)
            took[name].append((time.perf_counter() - before) * 1000)
    probe = "import sys; sys.argv = ['steelyard', '--help']\ntry:\n import steelyard.cli as c; c.main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, file=sys.stderr)"
    seen = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    figures = {
        "help_ms_median": round(statistics.median(took["help"])),
        "bare_python_ms_median": round(statistics.median(took["python"])),
        "torch_imported": seen.stderr.strip().endswith("True"),
    }
    save("startup", "python bench/startup.py", figures, state)


if __name__ == "__main__":
    main()
