"""A statement as one page: no script, nothing loaded from anywhere. Knows no store.

Example: `render(statement(file, by="month"), product="shop", language="zh").startswith("<!doctype html>")`
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from steelyard.report.markup import note, table, text
from steelyard.report.statement_words import WORDS
from steelyard.terms import term

FIGURES = ("income", "cost", "profit", "imputed")
Facts = Mapping[str, Any]


def render(facts: Facts, *, product: str, language: str = "en") -> str:
    """The page in English (`en`) or Chinese (`zh`); KeyError for another language. `facts` are those of
    `steelyard.api.statement.statement`."""
    words = WORDS[language]
    if facts["simulated"]:
        product = f"{product} ({term('title', 'simulated', language)})"
    title = words["title"].format(product=product)
    style = files("steelyard.report").joinpath("style.css").read_text(encoding="utf-8")
    parts = [
        (words["by"].format(by=term("head", facts["by"], language)), _rows(facts, language)),
        *([(words["budgets"], _budgets(facts, language))] if facts["budgets"] else []),
    ]
    sections = "".join(f"<section><h2>{text(n)}</h2>{body}</section>" for n, body in parts)
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{style}</style></head><body><main>"
        f"{_top(facts, words, product, language)}{sections}"
        f"<footer>{text(words['footer'])}</footer></main></body></html>"
    )


def _top(facts: Facts, words: Mapping[str, str], product: str, language: str) -> str:
    kicker = words["kicker"].format(
        product=product, first=facts["from"] or "-", last=facts["to"] or "-", unit=facts["currency"]
    )
    figures = [(term("head", name, language), money(facts["total"][name])) for name in FIGURES]
    cash = facts["cash"]
    if cash is not None:
        figures.append((words["cash"], money(cash["balance"])))
        months = cash["runway_months"]
        figures.append((words["runway"], "-" if months is None else f"{months:g}"))
    cards = "".join(
        f"<li><span>{text(name)}</span><strong>{text(value)}</strong></li>"
        for name, value in figures
    )
    profit = money(facts["total"]["profit"])
    headline = words["headline"].format(profit=profit, unit=facts["currency"])
    why = words["why"] if cash is not None else words["no_cash"]
    return (
        f"<header><p class=kicker>{text(kicker)}</p><h1>{text(headline)}</h1>"
        f"<p class=why>{text(why)}</p><ul class=figures>{cards}</ul></header>"
    )


def _rows(facts: Facts, language: str) -> str:
    by = facts["by"]
    names = [term("head", name, language) for name in (by, *FIGURES)]
    rows = [
        [_named(by, row[by], language), *(money(row[n]) for n in FIGURES)] for row in facts["rows"]
    ]
    rows.append([term("head", "total", language), *(money(facts["total"][n]) for n in FIGURES)])
    return note(WORDS[language]["note"]) + table(names, rows)


def _named(by: str, name: str | None, language: str) -> str:
    if name is None:
        return "-"
    return term("account", name, language) if by == "account" else name


def _budgets(facts: Facts, language: str) -> str:
    names = [term("head", name, language) for name in ("account", "month", "spend", "budget")]
    rows = [
        [("! " if one["alert"] else "") + one["name"], one["month"], one["spent"], one["a_month"]]
        for one in facts["budgets"]
    ]
    return table(names, rows)


def money(amount: str) -> str:
    """Two digits behind the point, or as many as show that it is something."""
    value = Decimal(amount)
    return f"{value:,.2f}" if abs(value) >= Decimal("0.005") or not value else f"{value:.6f}"
