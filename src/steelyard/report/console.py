"""The closing words of a turn for the terminal, from 60 columns on. Knows no HTML.

Example: `rich.print(closing_table(facts))`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.report.amounts import with_currency
from steelyard.report.caveats import caveats
from steelyard.report.facts import ReportFacts
from steelyard.report.headline import headline, say
from steelyard.report.sections import at_traffic, balance_lines, requests
from steelyard.report.svg import signed
from steelyard.report.words import WORDS
from steelyard.terms import LANGUAGES, recommendation, term
from steelyard.words import sentence

STYLES = {"good": "green", "note": "", "bad": "bold red"}


def closing_table(facts: ReportFacts, *, language: str = "en") -> Any:
    """What is live or refused, the variants, the money and the answer: a rich Group.

    Reasons stand below the tables, as wide as the terminal is.
    """
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = [Text(say(one, language), style=STYLES[one.tone]) for one in headline(facts)]
    compress = facts.of("compress")
    if compress:
        parts += [Text(""), *_variants(facts, compress, language)]
    if facts.money:
        parts += [Text(""), *_money(facts, language)]
    plan = (facts.of("plan") or {}).get("plan")
    if plan:
        words = WORDS[language]
        said = recommendation(plan["recommendation"], language)
        head = words["next"].format(unit=facts.unit, currency=facts.currency)
        parts += [Text(""), *(_split if "split" in plan else _options)(facts, plan, language)]
        parts.append(Text(f"\n{head}{words['colon']}{said}", style="bold"))
        parts.append(Text(sentence(plan, "because", language)))
    return Group(*parts)


def _variants(facts: ReportFacts, compress: Mapping[str, Any], language: str) -> list[Any]:
    words, rows = WORDS[language], compress["table"]
    cost = words["cost_axis"].format(currency=facts.currency, at=requests(facts, words))
    heads = words["table"].split("|")
    table = _table(words["variants"], [heads[0], heads[1], heads[3], heads[4], cost])
    for r in rows:
        table.add_row(
            term("variant", r["name"], language),
            f"{r['quality']:.4f}",
            f"{r['p95_ms']:.1f}",
            f"{r['memory_mb']:,.0f}",
            at_traffic(facts, r["cost_per_1000"]),
            style="bold green" if r["chosen"] else None,
        )
    why = [(term("variant", r["name"], language), sentence(r, "why", language)) for r in rows]
    reasons = _reasons(why, words)
    told = [sentence(compress, "unchosen", language)] if compress.get("unchosen") else []
    return [table, *reasons, *map(_plain, (*told, *caveats(rows, words, language)))]


def _money(facts: ReportFacts, language: str) -> list[Any]:
    from rich.text import Text

    words = WORDS[language]
    heads = words["accounts"].split("|")
    table = _table(words["money"], [heads[0], heads[1], heads[3]])
    for r in facts.money:
        table.add_row(term("account", r.account, language), f"{r.lines:,}", with_currency(r.money))
    return [table, *(Text(line) for line in balance_lines(facts, words))]


def _options(facts: ReportFacts, plan: dict[str, Any], language: str) -> list[Any]:
    words = WORDS[language]
    heads = words["options"].split("|")
    table = _table(words["plan"], [heads[0], heads[2], heads[3], heads[4]])
    for o in plan["options"]:
        known = o["net"] is not None
        table.add_row(
            term("option", o["name"], language),
            f"{o['net']:+,.2f}" if known else "?",
            _plain(f"[{signed(o['low'])}, {signed(o['high'])}]") if known else "?",
            term("evidence", o["evidence"], language),
        )
    said = [
        (term("option", o["name"], language), sentence(o, "because", language))
        for o in plan["options"]
    ]
    return [table, *_reasons(said, words)]


def _split(facts: ReportFacts, plan: dict[str, Any], language: str) -> list[Any]:
    """Where money can go, what a unit more returns there, and what can be done besides."""
    words, split, at = WORDS[language], plan["split"], LANGUAGES.index(language)
    heads = words["split"].split("|")
    table = _table(words["plan"], heads)
    for part in split["parts"]:
        unit = part["next"]
        table.add_row(
            part["called"][at] if "called" in part else term("option", part["name"], language),
            f"{part['spend']:,.0f}",
            _plain(f"{unit['value']:+.2f} [{unit['low']:+.2f}, {unit['high']:+.2f}]"),
            term("evidence", part["evidence"], language),
        )
    table.add_row(words["kept"], f"{split['kept']['money']:,.0f}", "", "")
    said = [
        (term("option", o["name"], language), sentence(o, "because", language))
        for o in plan["options"]
    ]
    switch = [_plain(sentence(one, "because", language)) for one in split["switch"][:2]]
    unknown = [_plain(sentence(one, "because", language)) for one in split["unknown"]]
    return [table, *_reasons(said, words), *switch, *unknown]


def _reasons(said: list[tuple[str, str]], words: Any) -> list[Any]:
    """`name: why` a line, wrapped and set in; one that only repeats the name is left out."""
    from rich.padding import Padding
    from rich.text import Text

    return [
        Padding(Text.assemble((name, "bold"), words["colon"], why), (0, 0, 0, 2))
        for name, why in said
        if why != name
    ]


def _plain(words: str) -> Any:
    """Brackets are no mark-up."""
    from rich.text import Text

    return Text(words)


def _table(title: str, columns: list[str]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        last_words = i == 0 or (i == len(columns) - 1 and len(columns) == 4)
        justify: Any = "left" if last_words else "right"
        table.add_column(column, justify=justify, no_wrap=i == 0, overflow="fold")
    return table
