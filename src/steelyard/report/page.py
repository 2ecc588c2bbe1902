"""One self-contained HTML page for one turn: no script, nothing loaded. Knows no store.

Example: `render(facts, language="zh").startswith("<!doctype html>")`
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from steelyard.report import charts
from steelyard.report.facts import ReportFacts
from steelyard.report.words import DECISIONS, EVIDENCE, OPTION_NAMES, WORDS

Words = Mapping[str, str]


def render(facts: ReportFacts, *, language: str = "en") -> str:
    """The page in English (`en`) or Chinese (`zh`); KeyError for another language."""
    words = WORDS[language]
    title = words["title"].format(turn=facts.turn, product=facts.product)
    style = files("steelyard.report").joinpath("style.css").read_text(encoding="utf-8")
    sections = "".join(
        _section(words[name], words.get(f"{name}_note", ""), draw(facts, words, language), words)
        for name, draw in SECTIONS
    )
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(title)}</title><style>{style}</style></head><body><main>"
        f"<header><p class=kicker>{_e(title)}</p>{_answer(facts, words, language)}{_figures(facts, words, language)}</header>"
        f"{sections}<footer>{_e(words['footer'])}</footer></main></body></html>"
    )


def _answer(facts: ReportFacts, words: Words, language: str) -> str:
    plan = (facts.of("plan") or {}).get("plan")
    if plan is None:
        return f"<h1>{_e(words['absent'])}</h1>"
    head = words["next"].format(unit=facts.unit, currency=facts.currency)
    what = recommendation(plan["recommendation"], language)
    why = plan["because_zh" if language == "zh" else "because"]
    return f"<h1>{_e(head)}: <em>{_e(what)}</em></h1><p class=why>{_e(why)}</p>"


def recommendation(name: str, language: str) -> str:
    """The plan's answer in words."""
    names = OPTION_NAMES[language]
    prefix, _, option = name.rpartition(": ")
    said = names.get(option, option)
    if not prefix:
        return said
    return f"先做试验：{said}" if language == "zh" else f"an experiment first, on {said}"


def _figures(facts: ReportFacts, words: Words, language: str) -> str:
    found: list[tuple[str, str, str]] = []
    compress, trained, replay = facts.of("compress"), facts.of("train"), facts.of("replay")
    chosen = next((r for r in (compress or {}).get("table", []) if r["chosen"]), None)
    if chosen:
        span = f"[{chosen['low']:.3f}, {chosen['high']:.3f}]"
        found.append((words["quality"], f"{chosen['quality']:.3f}", span))
        found.append((words["chosen"], chosen["name"], f"p95 {chosen['p95_ms']:.3g} ms"))
        found.append((words["cost"], f"{chosen['cost_per_1000']:.2g}", facts.currency))
    if trained:
        gain = trained["against_baseline"]
        found.append(
            (words["gain"], f"{gain['value']:+.3f}", f"[{gain['low']:+.3f}, {gain['high']:+.3f}]")
        )
    if replay:
        arms = replay.get("arms", {})
        n = sum(a["n"] for a in arms.values())
        found.append(
            (
                words["decision"],
                DECISIONS[language].get(str(replay["decision"]), ""),
                f"n = {n:,}",
            )
        )
    found.append((words["balance"], facts.balance.split()[0], facts.currency))
    cards = "".join(
        f"<li><span>{_e(name)}</span><strong>{_e(value)}</strong><small>{_e(note)}</small></li>"
        for name, value, note in found
    )
    return f"<ul class=figures>{cards}</ul>"


def _section(title: str, note: str, body: str, words: Words) -> str:
    inside = body or f"<p class=absent>{_e(words['absent'])}</p>"
    said = f"<p class=note>{_e(note)}</p>" if note and body else ""
    return f"<section><h2>{_e(title)}</h2>{said}{inside}</section>"


def _plan(facts: ReportFacts, words: Words, language: str) -> str:
    plan = (facts.of("plan") or {}).get("plan")
    if not plan:
        return ""
    names, evidence = OPTION_NAMES[language], EVIDENCE[language]
    because = "because_zh" if language == "zh" else "because"
    rows = [
        [
            names.get(o["name"], o["name"]), f"{o['spend']:,.2f}",
            "?" if o["net"] is None else f"{o['net']:+,.2f}",
            "?" if o["net"] is None else f"[{o['low']:+,.0f}, {o['high']:+,.0f}]",
            evidence.get(o["evidence"], o["evidence"]), o[because],
        ]
        for o in plan["options"]
    ]  # fmt: skip
    picture = charts.options(plan["options"], names, words, plan["recommendation"])
    return _figure(picture) + _table(words["options"], rows)


def _curve(facts: ReportFacts, words: Words, language: str) -> str:
    plan, curve = facts.of("plan") or {}, (facts.of("curve") or {}).get("curve")
    if not curve:
        return ""
    return _figure(charts.learning_curve(curve, plan.get("forecast", []), words))


def _variants(facts: ReportFacts, words: Words, language: str) -> str:
    found = facts.of("compress")
    if not found or not found["table"]:
        return ""
    axis = dict(words) | {"cost_axis": words["cost_axis"].format(currency=facts.currency)}
    rows = [
        [
            r["name"] + (" ✓" if r["chosen"] else ""), f"{r['quality']:.4f}",
            f"[{r['low']:.3f}, {r['high']:.3f}]", f"{r['p95_ms']:.1f}", f"{r['memory_mb']:,.0f}",
            f"{r['cpu_ms']:.2f}", f"{r['cost_per_1000']:.5f}",
            r["why_zh" if language == "zh" else "why"],
        ]
        for r in found["table"]
    ]  # fmt: skip
    return _figure(charts.quality_cost(found["table"], facts.goals, axis)) + _table(
        words["table"], rows
    )


def _canary(facts: ReportFacts, words: Words, language: str) -> str:
    found = facts.of("replay")
    if not found:
        return ""
    why = found["reason_zh" if language == "zh" else "reason"]
    said = f"<p class=decision><strong>{_e(DECISIONS[language].get(found['decision'], ''))}</strong> {_e(why)}</p>"
    if not found.get("path"):
        return said
    rows = [
        [
            arm,
            a["name"],
            f"{a['n']:,}",
            f"{a['outcome']:.4f}",
            f"{a['cost_per_1000']:.5f}",
            f"{a['p95_ms']:.1f}",
        ]
        for arm, a in found["arms"].items()
    ]
    sent = f"<p class=note>{_e(words['sent'].format(sent=found['sent'], lost=found['lost']))}</p>"
    return (
        said
        + _figure(charts.canary(found["path"], facts.loss_max, words))
        + _table(words["arms"], rows)
        + sent
    )


def _money(facts: ReportFacts, words: Words, language: str) -> str:
    if not facts.money:
        return ""
    rows = [[r["account"], f"{r['lines']:,}", r["quantity"], r["money"]] for r in facts.money]
    return _figure(charts.money(facts.money, words)) + _table(words["accounts"], rows)


def _model(facts: ReportFacts, words: Words, language: str) -> str:
    found = facts.of("train") or facts.of("baseline")
    if not found:
        return ""
    detail = found["detail"]
    pictures = (
        charts.confusion(detail["labels"], detail["confusion"], words),
        charts.calibration(detail["calibration"]["bins"], words),
    )
    return "<div class=pair>" + "".join(_figure(p) for p in pictures) + "</div>"


def _data(facts: ReportFacts, words: Words, language: str) -> str:
    found = facts.of("data")
    if not found:
        return ""
    rows = [
        [
            c["operator"],
            f"{c['in']:,}",
            f"{c['out']:,}",
            ", ".join(f"{k} {v:,}" for k, v in c["detail"].items() if v),
        ]
        for c in found["counts"]
    ]
    splits = [
        [name, "", f"{sum(by.values()):,}", ", ".join(f"{k} {v:,}" for k, v in by.items())]
        for name, by in found["splits"].items()
    ]
    return _table(words["operators"], rows + splits)


Draw = Callable[[ReportFacts, Words, str], str]
SECTIONS: tuple[tuple[str, Draw], ...] = (
    ("plan", _plan),
    ("curve", _curve),
    ("variants", _variants),
    ("canary", _canary),
    ("money", _money),
    ("model", _model),
    ("data", _data),
)


def _figure(svg: str) -> str:
    return f"<figure>{svg}</figure>"


def _table(head: str, rows: Sequence[Sequence[Any]]) -> str:
    columns = head.split("|")
    numeric = [all(_numeric(str(row[i])) for row in rows) for i in range(len(columns))]
    css = [" class=n" if n else "" for n in numeric]
    top = "".join(f"<th scope=col{c}>{_e(name)}</th>" for c, name in zip(css, columns, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{c}>{_e(str(v))}</td>" for c, v in zip(css, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class=scroll><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _numeric(text: str) -> bool:
    """Digits and signs, perhaps with a currency behind them; `?` stands for a number not known."""
    number = text.removesuffix(" " + text[-3:]) if text[-3:].isupper() else text
    return bool(number) and all(c in "0123456789.,+- []?" for c in number)


def _e(text: str) -> str:
    return html.escape(text, quote=True)
