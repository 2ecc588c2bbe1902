"""What another kind changes: the lines of each kind of a stranger's package, and those of this repository that name it.

`python bench/lines.py`
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

from common import ROOT, machine, save

STRANGER = ROOT / "tests" / "stranger"
TABLE = STRANGER / "stranger-1.0.dist-info" / "entry_points.txt"
# One of every kind, and a task and a method that inherit nothing beside those that do.
SHOWN = (
    ("stages", "label_audit"),
    ("tasks", "mood_of_text"),
    ("tasks", "rent"),
    ("contents", "field_row"),
    ("methods", "letter_sums"),
    ("methods", "by_field"),
    ("preprocessors", "letter_counts"),
    ("compressors", "whole_steps"),
    ("runtimes", "step_sums"),
    ("readers", "feed"),
    ("operators", "well_sized"),
    ("levers", "fair_flyers"),
)


def shown() -> Iterator[EntryPoint]:
    """The entry points of `SHOWN`; KeyError for one that the package does not bring."""
    (package,) = distributions(path=[str(STRANGER)])
    points = {(p.group.removeprefix("steelyard."), p.name): p for p in package.entry_points}
    yield from (points[named] for named in SHOWN)


def files_of(point: EntryPoint) -> list[Path]:
    """The file of a kind, and what it imports of its package that is no kind of its own."""
    (package,) = distributions(path=[str(STRANGER)])
    kinds = {p.module for p in package.entry_points} - {point.module}
    found, ahead = [], [point.module]
    while ahead:
        path = STRANGER / f"{ahead.pop()}.py"
        found.append(path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asked = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        known = kinds | {p.stem for p in found}
        ahead += sorted(m for m in asked - known if (STRANGER / f"{m}.py").is_file())
    return found


def written(point: EntryPoint) -> str:
    """An entry point as the package's table says it."""
    return f"{point.name} = {point.value}"


def naming(name: str, module: str) -> list[str]:
    """`file:line` of every line of the source and of its table of entry points that holds the module's name, or the
    kind's as a whole text or key."""
    said = re.compile(
        rf"\b{re.escape(module)}\b|[\"']{re.escape(name)}[\"']|^{re.escape(name)} *[=:]"
    )
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [ROOT / "pyproject.toml", *sorted((ROOT / "src").rglob("*.py"))]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if said.search(line)
    ]


def figures() -> dict[str, dict[str, object]]:
    """Of each kind: its file, the lines of its files and of its entry point, and lines elsewhere."""
    return {
        f"{point.group.removeprefix('steelyard.')} {point.name}": {
            "files": ", ".join(path.name for path in files_of(point)),
            "lines": sum(len(p.read_text(encoding="utf-8").splitlines()) for p in files_of(point)),
            "entry_point_lines": TABLE.read_text(encoding="utf-8")
            .splitlines()
            .count(written(point)),
            "lines_elsewhere": len(naming(point.name, point.module)),
        }
        for point in shown()
    }


def main() -> None:
    state = machine()
    save("lines", "python bench/lines.py", {"kinds": figures()}, state)


if __name__ == "__main__":
    main()
