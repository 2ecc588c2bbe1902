"""Facts for the eye or, with --json, for a program. Knows no command.

Example: `table("Variants", ["name", "macro_f1"], rows, as_json=False)`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any


def out(value: Any) -> None:
    """JSON on standard output, Chinese readable."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, note: str = ""
) -> None:
    """A rich table; numbers to the right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    made = Table(title=title or None, title_justify="left", caption=note or None, caption_justify="left")  # fmt: skip
    for i, column in enumerate(columns):
        numeric = any(isinstance(row[i], (int, float)) for row in rows)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell(v)) for v in row))  # steelyard[train] is no markup
    Console().print(made)


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
