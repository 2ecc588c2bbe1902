"""The sections of the page, one function each: facts and words to HTML, or nothing. Knows no store.

Example: `plan(facts, WORDS["en"], "en").startswith("<figure>")`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from steelyard.report import bars, charts
from steelyard.report.amounts import amount, interval_of, with_currency
from steelyard.report.bought import bought
from steelyard.report.caveats import caveats
from steelyard.report.facts import MoneyRow, ReportFacts, ratio
from steelyard.report.markup import figure, head, note, table, text
from steelyard.report.mistakes import confusions, weakest
from steelyard.report.svg import signed
from steelyard.terms import TERMS, advice, term
from steelyard.words import sentence

Words = Mapping[str, str]
LABELS_NAMED = 6  # of a split; the rest are counted
LABELS_ONE_PICTURE = 8  # up to here the squares stand beside the calibration


def plan(facts: ReportFacts, words: Words, language: str) -> str:
    planned = (facts.of("plan") or {}).get("plan")
    if not planned:
        return ""
    names = {name: term("option", name, language) for name in TERMS["option"]}
    rows = [
        [
            names.get(o["name"], o["name"]),
            f"{o['spend']:,.2f}",
            "?" if o["net"] is None else f"{o['net']:+,.2f}",
            "?" if o["net"] is None else f"[{signed(o['low'])}, {signed(o['high'])}]",
            term("evidence", o["evidence"], language),
            sentence(o, "because", language),
        ]
        for o in planned["options"]
    ]
    draw = partial(_options, planned["options"], names, words, advice(planned["recommendation"])[0])
    return figure(draw) + table(words["options"].split("|"), rows)


def _options(rows: Any, names: Any, words: Words, best: str, width: int) -> str:
    return bars.options(rows, names, words, best, width=width)


def curve(facts: ReportFacts, words: Words, language: str) -> str:
    points = (facts.of("curve") or {}).get("curve")
    if not points:
        return ""
    planned = facts.of("plan") or {}
    forecast = planned.get("forecast", [])
    said = note(sentence(planned, "misfit", language)) if planned.get("misfit") else ""
    return said + figure(lambda width: charts.learning_curve(points, forecast, words, width=width))


def variants(facts: ReportFacts, words: Words, language: str) -> str:
    left = facts.of("compress") or {}
    measured = left.get("table")
    if not measured:
        return ""
    named = [r | {"name": term("variant", r["name"], language)} for r in measured]
    rows = [
        [
            r["name"] + (" ✓" if r["chosen"] else ""),
            f"{r['quality']:.4f}",
            interval_of(r, r.get("few"), language),
            f"{r['p95_ms']:.1f}",
            f"{r['memory_mb']:,.0f}",
            f"{r['cpu_ms']:.2f}",
            amount(r["cost_per_1000"]),
            at_traffic(facts, r["cost_per_1000"]),
            sentence(r, "why", language),
        ]
        for r in named
    ]
    at = requests(facts, words)
    axis = dict(words) | {"cost_axis": words["cost_axis"].format(currency=facts.currency, at=at)}
    times = facts.requests / 1000
    asked = {limit.goal: limit.value for limit in facts.goals}
    limit = asked.get("cost_per_1000")
    goals = {
        "quality": asked.get(facts.quality),
        "cost": None if limit is None else limit * times,
    }
    dots = [r | {"cost": r["cost_per_1000"] * times} for r in named]
    picture = figure(lambda width: charts.quality_cost(dots, goals, axis, width=width))
    told = [sentence(left, "unchosen", language)] if left.get("unchosen") else []
    said = "".join(note(line) for line in (*told, *caveats(measured, words, language)))
    return picture + table(words["table"].format(at=at).split("|"), rows) + said


def canary(facts: ReportFacts, words: Words, language: str) -> str:
    replay = facts.of("replay")
    if not replay:
        return ""
    why = sentence(replay, "reason", language)
    decision = term("decision", replay["decision"], language)
    said = f"<p class=decision><strong>{text(decision)}</strong> {text(why)}</p>"
    said += bought(replay, words, language)
    if not replay.get("path"):
        return said
    users = (replay.get("users") or {}).get("arms", {})
    rows = [
        [
            by,
            term("state", arm, language),
            term("variant", a["name"], language),
            f"{a['n']:,}",
            f"{a['outcome']:.4f}",
        ]
        for by, arms in ((words["replayed"], replay["arms"]), (words["users"], users))
        for arm, a in arms.items()
    ]
    path, loss = replay["path"], facts.loss_max
    if not facts.shares:
        words = {**words, "difference": words["worth_difference"], "arms": words["worth_arms"]}
    picture = figure(lambda width: charts.canary(path, loss, words, width=width))
    sent = note(words["sent"].format(sent=f"{replay['sent']:,}", lost=f"{replay['lost']:,}"))
    return said + picture + table(words["arms"].split("|"), rows) + sent


def served(facts: ReportFacts, words: Words, language: str) -> str:
    """Each arm as measured before and as it answered, with the ratio of the two."""
    rows = [
        [
            term("state", one.arm, language),
            term("variant", one.name, language),
            f"{one.n:,}",
            *(at_traffic(facts, cost) for cost in one.cost_per_1000),
            _times(one.cost_per_1000),
            *("?" if ms is None else f"{ms:.1f}" for ms in one.p95_ms),
            _times(one.p95_ms),
        ]
        for one in facts.served
    ]
    columns = words["served_table"].format(at=requests(facts, words)).split("|")
    return table(columns, rows) if rows else ""


def money(facts: ReportFacts, words: Words, language: str) -> str:
    if not facts.money:
        return ""
    rows = [
        [
            _account(r, language),
            f"{r.lines:,}",
            f"{r.quantity:,.6g} {term('unit', r.unit, language)}",
            with_currency(r.money),
        ]
        for r in facts.money
    ]
    currencies = sorted({r.money.currency for r in facts.money})
    pictures = "".join(_bars(facts.money, words, language, currency) for currency in currencies)
    balances = "".join(note(line) for line in balance_lines(facts, words))
    return pictures + table(words["accounts"].split("|"), rows) + balances


def _bars(rows: Sequence[MoneyRow], words: Words, language: str, currency: str) -> str:
    shown = [
        {
            "name": _account(r, language),
            "amount": r.amount,
            "money": amount(r.money.amount),
        }
        for r in rows
        if r.money.currency == currency
    ]
    titled = dict(words) | {"money": f"{words['money']}, {currency}"}
    return head(currency) + figure(lambda width: bars.money(shown, titled, width=width))


def _account(row: MoneyRow, language: str) -> str:
    """By its name; what no money moved for says so."""
    name = term("account", row.account, language)
    return f"{name} ({term('basis', 'imputed', language)})" if row.imputed else name


def balance_lines(facts: ReportFacts, words: Words) -> list[str]:
    """One sentence a currency: what moved, what is imputed, and both together."""
    lines = []
    for b in facts.balances:
        spends = b.moved.nano <= 0  # in words, spending carries no sign
        line = words["balance_line" if spends else "earned_line"]
        moved = -b.moved if spends else b.moved
        numbers = {"spent": moved, "worth": b.imputed, "total": b.total}
        said = {name: amount(value.amount) for name, value in numbers.items()}
        lines.append(line.format(currency=moved.currency, **said))
    return lines


def model(facts: ReportFacts, words: Words, language: str) -> str:
    """Squares where they can be read, the worst labels and confusions, the calibration; of a task
    without labels the tables that it brings."""
    judged = facts.of("train") or facts.of("baseline")
    if not judged:
        return ""
    detail = judged["detail"]
    if "confusion" not in detail:
        tables = "".join(_brought(t, language) for t in detail.get("tables", []))
        return _metrics(judged, language) + tables + _valued(facts, words)
    labels, counts = detail["labels"], detail["confusion"]
    bins = detail["calibration"]["bins"]
    half = 400 if len(labels) <= LABELS_ONE_PICTURE else charts.WIDE
    squares = figure(lambda width: bars.confusion(labels, counts, words, width=min(width, half)))
    right = figure(lambda width: charts.calibration(bins, words, width=width))
    pair = f"<div class=pair>{squares}{right}</div>" if half < charts.WIDE else squares + right
    return pair + _weak(detail, words) + _mistakes(facts, detail, words) + _valued(facts, words)


def _metrics(judged: Mapping[str, Any], language: str) -> str:
    """Every metric with its interval."""
    few = judged["detail"].get("few", {})
    rows = [
        [
            term("goal", name, language),
            f"{m['value']:.3f}",
            interval_of(m, few.get(name), language),
            f"{m['n']:,}",
        ]
        for name, m in judged["metrics"].items()
    ]
    return table(["", "", "95 %", "n"], rows)


def _brought(one: Mapping[str, Any], language: str) -> str:
    """A table that a task brings: `title` and `columns` by language, and `rows` of texts."""
    return head(one["title"][language]) + table(one["columns"][language], one["rows"])


def _valued(facts: ReportFacts, words: Words) -> str:
    """What each kind of right and wrong is worth by the value table; nothing without one."""
    if not facts.values:
        return ""
    rows = [
        [
            " -> ".join([v.truth or "", v.answer or ""]) if v.truth else words["of_price"],
            f"{v.n:,}",
            amount(v.each),
            amount(v.per_1000),
        ]
        if v.says
        else [words["says_nothing"], f"{v.n:,}", amount(v.each), amount(v.per_1000)]
        for v in facts.values
    ]
    title = head(words["valued"].format(currency=facts.currency))
    return title + table(words["valued_table"].split("|"), rows)


def _weak(detail: Mapping[str, Any], words: Words) -> str:
    rows = [
        [w.label, f"{w.n:,}", f"{w.precision:.3f}", f"{w.recall:.3f}", f"{w.f1:.3f}"]
        for w in weakest(detail)
    ]
    return head(words["weak"]) + table(words["weak_table"].split("|"), rows) if rows else ""


def _mistakes(facts: ReportFacts, detail: Mapping[str, Any], words: Words) -> str:
    mistakes = facts.mistakes or confusions(detail["labels"], detail["confusion"])
    if not mistakes:
        return note(words["no_mistakes"])
    columns = words["mistakes_table"].split("|")
    rows = [[m.truth, m.answer, f"{m.n:,}", f"{m.of:,}", " / ".join(m.examples)] for m in mistakes]
    if not any(m.examples for m in mistakes):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return head(words["mistakes"]) + table(columns, rows)


def data(facts: ReportFacts, words: Words, language: str) -> str:
    prepared = facts.of("data")
    if not prepared:
        return ""
    rows = [
        [
            term("operator", c["operator"], language),
            f"{c['in']:,}",
            f"{c['out']:,}",
            _named(c["detail"], words, language),
        ]
        for c in prepared["counts"]
    ]
    splits = [
        [
            term("split", name, language),
            "",
            f"{sum(by.values()):,}",
            _named(by, words, language),
        ]
        for name, by in prepared["splits"].items()
    ]
    return table(words["operators"].split("|"), rows + splits)


Draw = Callable[[ReportFacts, Words, str], str]
SECTIONS: tuple[tuple[str, Draw], ...] = (
    ("plan", plan),
    ("curve", curve),
    ("variants", variants),
    ("canary", canary),
    ("served", served),
    ("money", money),
    ("model", model),
    ("data", data),
)


def note_of(name: str, facts: ReportFacts) -> str:
    """The note under a section's title, by its name among the words."""
    if name == "model":
        judged = facts.of("train") or facts.of("baseline") or {}
        if "confusion" not in judged.get("detail", {"confusion": None}):
            return "model_plain_note"
    return f"{name}_note"


def requests(facts: ReportFacts, words: Words) -> str:
    return words["at_traffic"].format(requests=f"{facts.requests:,}")


def at_traffic(facts: ReportFacts, cost_per_1000: float | None) -> str:
    """Money for the requests that are expected until the next turn."""
    if cost_per_1000 is None:
        return "?"
    return amount(cost_per_1000 * facts.requests / 1000)


def _times(pair: tuple[float | None, float | None]) -> str:
    times = ratio(pair)
    return "?" if times is None else f"{times:.2f}×"


def _named(counts: Mapping[str, int], words: Words, language: str) -> str:
    """`name count` of the largest, and how many more there are."""
    largest = sorted(((n, k) for k, n in counts.items() if n), key=lambda pair: -pair[0])
    said = [f"{term('detail', name, language)} {n:,}" for n, name in largest[:LABELS_NAMED]]
    left = len(largest) - LABELS_NAMED
    joined = words["comma"].join(said)
    return joined + (f" {words['more'].format(n=left)}" if left > 0 else "")
