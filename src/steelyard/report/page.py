"""One self-contained HTML page for one turn: nothing loaded, and no script but that of the plan's sliders. Knows no store.

Example: `render(facts, language="zh").startswith("<!doctype html>")`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from steelyard.report.amounts import amount, interval_of
from steelyard.report.facts import ReportFacts
from steelyard.report.headline import headline, say
from steelyard.report.market_section import market_sections
from steelyard.report.markup import head, note, table, text
from steelyard.report.plan_page import sections as plan_sections
from steelyard.report.plan_page import split_of, weighing
from steelyard.report.sections import SECTIONS, at_traffic, note_of, requests
from steelyard.report.words import WORDS
from steelyard.stage import Block, stages
from steelyard.terms import recommendation, term
from steelyard.words import sentence

Words = Mapping[str, str]
Plan = Mapping[str, Any] | None
Card = tuple[str, str, str]  # what it is, the figure, a note


def render(facts: ReportFacts, *, language: str = "en") -> str:
    """The page in English (`en`) or Chinese (`zh`); KeyError for another language."""
    words = WORDS[language]
    plan = (facts.of("plan") or {}).get("plan")
    split = split_of(plan)
    title = words["title"].format(turn=facts.turn, product=facts.product)
    style = files("steelyard.report").joinpath("style.css").read_text(encoding="utf-8")
    sections = "".join(
        _section(
            words[name], words.get(note_of(name, facts), ""), draw(facts, words, language), words
        )
        for name, draw in SECTIONS
        if name != "plan" or split is None
    )
    market = market_sections(facts.market, language) if facts.market is not None else ""
    sections += market + "".join(_brought(facts, words, language))
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{style}</style></head><body><main>"
        f"<header>{_state(facts, language)}<p class=kicker>{text(title)}</p>"
        f"{_answer(facts, words, language)}{_first(facts, plan, language)}"
        f"{_figures(facts, words, language)}</header>"
        f"{sections}<footer>{text(words['footer'])}</footer></main></body></html>"
    )


def _first(facts: ReportFacts, plan: Plan, language: str) -> str:
    """What a founder asks first; nothing of a plan of before there were splits."""
    if plan is None or split_of(plan) is None:
        return ""
    return weighing(plan["split"], language) + plan_sections(
        plan, scores=facts.scores, language=language
    )


def _brought(facts: ReportFacts, words: Words, language: str) -> Iterator[str]:
    """Sections that stages bring themselves, of those that left something. One that fails says so: the
    rest of the report is no worse for it."""
    for stage in stages():
        output = facts.of(stage.name)
        if stage.section is None or output is None:
            continue
        try:
            body = "".join(_block(block) for block in stage.section(stage.read(output), language))
        except Exception as error:  # of a stranger's package, on what an older version of it left
            body = note(words["section_failed"].format(kind=type(error).__name__))
        yield _section(term("step", stage.name, language), "", body, words)


def _block(block: Block) -> str:
    said = (head(block.title) if block.title else "") + (note(block.text) if block.text else "")
    return said + (table(block.columns, block.rows) if block.columns else "")


def _state(facts: ReportFacts, language: str) -> str:
    lines = "".join(
        f"<li class=is-{one.tone}>{text(say(one, language))}</li>" for one in headline(facts)
    )
    return f"<ul class=state>{lines}</ul>"


def _answer(facts: ReportFacts, words: Words, language: str) -> str:
    plan = (facts.of("plan") or {}).get("plan")
    if plan is None:
        return f"<h1>{text(words['absent'])}</h1>"
    first = words["next"].format(unit=facts.unit, currency=facts.currency)
    what = recommendation(plan["recommendation"], language)
    # with a split the reasons follow it
    why = sentence(plan, "because" if split_of(plan) is None else "do", language)
    return (
        f"<h1>{text(first)}{words['colon']}<em>{text(what)}</em></h1><p class=why>{text(why)}</p>"
    )


def _figures(facts: ReportFacts, words: Words, language: str) -> str:
    figures = [*_chosen(facts, words, language), *_measured(facts, words, language)]
    for b in facts.balances:
        earned = b.moved.amount > 0  # more came in than was spent
        said = amount(b.moved.amount) if earned else amount(-b.moved.amount)
        figures.append((words["came_in" if earned else "spent"], said, b.moved.currency))
        if b.imputed.nano:
            figures.append((words["worth"], amount(b.imputed.amount), b.imputed.currency))
    cards = "".join(
        f"<li><span>{text(name)}</span><strong>{text(value)}</strong><small>{text(said)}</small></li>"
        for name, value, said in figures
    )
    return f"<ul class=figures>{cards}</ul>"


def _chosen(facts: ReportFacts, words: Words, language: str) -> list[Card]:
    table = (facts.of("compress") or {}).get("table", [])
    chosen = next((r for r in table if r["chosen"]), None)
    if chosen is None:
        return []
    span = interval_of(chosen, chosen.get("few"), language)
    cost = f"{at_traffic(facts, chosen['cost_per_1000'])} {facts.currency}"
    return [
        (words["quality"], f"{chosen['quality']:.3f}", span),
        (
            words["chosen"],
            term("variant", chosen["name"], language),
            f"p95 {chosen['p95_ms']:.3g} ms",
        ),
        (words["cost"], cost, requests(facts, words)),
    ]


def _measured(facts: ReportFacts, words: Words, language: str) -> list[Card]:
    cards: list[Card] = []
    trained, replay = facts.of("train"), facts.of("replay")
    if trained:
        gain = trained["against_baseline"]
        span = f"[{gain['low']:+.3f}, {gain['high']:+.3f}]"
        cards.append((words["gain"], f"{gain['value']:+.3f}", span))
    if replay:
        arms = replay.get("arms", {})
        paired = replay.get("scheme") == "pairs"  # both variants answered each record
        n = replay["difference"]["n"] if paired else sum(a["n"] for a in arms.values())
        decision = term("decision", str(replay["decision"]), language)
        cards.append((words["decision"], decision, f"n = {n:,}"))
    return cards


def _section(title: str, note: str, body: str, words: Words) -> str:
    inside = body or f"<p class=absent>{text(words['absent'])}</p>"
    said = f"<p class=note>{text(note)}</p>" if note and body else ""
    return f"<section><h2>{text(title)}</h2>{said}{inside}</section>"
