"""What every benchmark shares: the machine's state, a results file, a page made from them."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steelyard.files import write

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Enough to know what a figure was measured on."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8", errors="replace") if info.is_file() else ""
    model = next(
        (line.split(":")[1].strip() for line in text.splitlines() if "model name" in line), ""
    )
    flags = [f for f in ("avx2", "avx512_vnni", "avx512_bf16", "amx_bf16") if f in text]
    load = os.getloadavg()[0]
    return {
        "processor": f"{model} ({' '.join(flags)})",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": round(load, 2),
        "measured": datetime.now(UTC).date().isoformat(),
    }


def save(name: str, command: str, figures: dict[str, Any], state: dict[str, Any]) -> None:
    """Rewrite the results file of one benchmark and print its figures; a short run says it is one."""
    if "--quick" in sys.argv and "--quick" not in command:
        command += " --quick"
    body = {"command": command, "machine": state, "figures": figures}
    write(RESULTS / f"{name}.json", json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps(figures, ensure_ascii=False, indent=1))
