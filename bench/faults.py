"""Every kind of fault that was found in the first build, with its tests and their result now.

`python bench/faults.py` runs the tests that `bench/faults.json` names and writes the table; with
`--report JUNIT` it reads a run of the whole suite (`pytest --junit-xml=JUNIT`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from common import RESULTS, ROOT, machine

from steelyard.files import write

TABLE = Path(__file__).parent / "faults.json"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--report",
        type=Path,
        nargs="+",
        help="of a run of the whole suite; of a test in several the last",
    )
    asked = parser.parse_args()
    state = machine()
    areas = json.loads(TABLE.read_text(encoding="utf-8"))
    wanted = sorted({test for area in areas for row in area["rows"] for test in row[3]})
    results = _run(wanted) if asked.report is None else {}
    for report in asked.report or []:
        results |= _read(report)
    rows = [
        {
            "area": area["area"],
            "fault": what,
            "input": given,
            "right": right,
            "tests": {test: results.get(test, "not found") for test in tests},
        }
        for area in areas
        for what, given, right, tests in area["rows"]
    ]
    held = sum(bool(r["tests"]) and set(r["tests"].values()) == {"passed"} for r in rows)
    figures = {"rows": len(rows), "held_by_passing_tests": held, "tests": len(wanted)}
    body = {
        "command": "python bench/faults.py",
        "machine": state,
        "figures": figures | {"faults": rows},
    }
    write(RESULTS / "faults.json", json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    for row in rows:
        if not row["tests"] or set(row["tests"].values()) != {"passed"}:
            print(f"open: {row['area']}: {row['fault']}: {row['tests'] or 'no test'}")


def _run(tests: list[str]) -> dict[str, str]:
    """Result of each `file::name`: passed, failed or skipped; the worst of its parameters."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *tests]
        subprocess.run(command, cwd=ROOT, check=False)
        return _read(report)


def _read(report: Path) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for case in ET.parse(report).iter("testcase"):
        found.setdefault(_identity(case), set()).add(_result(case))
    order = ("failed", "passed", "skipped")  # some parameters have nothing to try
    return {test: next(r for r in order if r in seen) for test, seen in found.items()}


def _identity(case: Any) -> str:
    file = case.get("classname", "").replace(".", "/") + ".py"
    return f"{file}::{case.get('name', '').split('[')[0]}"


def _result(case: Any) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


if __name__ == "__main__":
    main()
