"""The closing table of a turn for the terminal. Knows no HTML.

Example: `rich.print(closing_table(facts))`
"""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from steelyard.report.facts import ReportFacts
from steelyard.report.page import recommendation


def closing_table(facts: ReportFacts) -> Any:
    """Variants with why each was not chosen, the money, and the answer: a rich Group."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = []
    compress = facts.of("compress")
    if compress:
        parts.append(_variants(facts, compress["table"]))
    parts.append(_money(facts))
    plan = (facts.of("plan") or {}).get("plan")
    if plan:
        parts.append(_options(facts, plan))
        said = recommendation(plan["recommendation"], "en")
        parts.append(Text(f"\nThe next {facts.unit} {facts.currency}: {said}", style="bold"))
        parts.append(Text(plan["because"]))
    return Group(*parts)


def _variants(facts: ReportFacts, rows: list[dict[str, Any]]) -> Any:
    table = _table(
        "Variants", ["variant", "quality", "p95 ms", "MB", f"{facts.currency}/1,000", "why"]
    )
    for r in rows:
        mark = "[bold green]" if r["chosen"] else ""
        table.add_row(
            f"{mark}{r['name']}", f"{r['quality']:.4f}", f"{r['p95_ms']:.1f}",
            f"{r['memory_mb']:,.0f}", f"{r['cost_per_1000']:.5f}", escape(r["why"]),
        )  # fmt: skip
    return table


def _money(facts: ReportFacts) -> Any:
    table = _table("Money", ["account", "lines", "money"])
    for r in facts.money:
        table.add_row(r["account"], f"{r['lines']:,}", r["money"])
    table.add_row("[bold]balance", "", f"[bold]{facts.balance}")
    return table


def _options(facts: ReportFacts, plan: dict[str, Any]) -> Any:
    table = _table(f"Where {facts.unit} {facts.currency} go", ["option", "net", "interval", "evidence", "because"])  # fmt: skip
    for o in plan["options"]:
        known = o["net"] is not None
        table.add_row(
            o["name"], f"{o['net']:+,.2f}" if known else "?",
            f"[{o['low']:+,.0f}, {o['high']:+,.0f}]".replace("[", "\\[") if known else "?",
            o["evidence"], escape(o["because"]),
        )  # fmt: skip
    return table


def _table(title: str, columns: list[str]) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        words = i == 0 or column in ("why", "because", "evidence")
        table.add_column(column, justify="left" if words else "right", overflow="fold")
    return table
