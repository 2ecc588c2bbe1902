"""The market's part of a turn's report: what it cost and brought, and what is known of that. Knows no store.

Example: `market_sections(facts, "en")` says how to begin where `facts["booked"]` is False
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from steelyard.report.amounts import amount
from steelyard.report.market_page import mix_sections
from steelyard.report.market_weeks import by_week
from steelyard.report.market_words import CHAPTER
from steelyard.report.markup import head, note, table, text
from steelyard.report.worth_section import worth_sections
from steelyard.terms import term

Facts = Mapping[str, Any]
Words = Mapping[str, str]
MONTHS = 6  # shown


def market_sections(facts: Facts, language: str) -> str:
    """Sections of what `steelyard.market.chapter` tells; one line that says how to begin where nothing is booked."""
    words = CHAPTER[language]
    if facts["simulated"]:  # each part says it, since each may be read alone
        names = ("market", "cash", "economics", "tests", "mix")
        mark = f" ({term('title', 'simulated', language)})"
        words = {**words, **{name: words[name] + mark for name in names}}
    limits = _budgets(facts["budgets"], words)
    if not facts["booked"]:
        return _section(words["market"], note(words["begin"]) + limits)
    as_booked = words["as_booked"].format(until=facts["until"], booked_on=facts["booked_on"])
    as_booked = note(as_booked + words["space"] + words["again"] if facts["again"] else as_booked)
    damaged = facts["damaged"]
    warned = note(words["damaged"].format(why=damaged)) if damaged else ""
    parts = (
        _section(words["market"], as_booked + warned + by_week(facts, words)),
        _section(words["cash"], _months(facts, words) + limits),
        _section(words["economics"], _economics(facts["economics"], words, language)),
        _section(words["tests"], _tests(facts["tests"], words, language)),
        _mix(facts["mix"], words, language),
    )
    return "".join(parts)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{text(title)}</h2>{body}</section>"


def _months(facts: Facts, words: Words) -> str:
    rows = [
        [
            one["month"],
            *(amount(float(one[name])) for name in ("income", "cost", "profit", "imputed")),
        ]
        for one in reversed(facts["months"][-MONTHS:])
    ]
    columns = words["months"].format(currency=facts["currency"]).split("|")
    return note(words["cash_note"].format(until=facts["until"])) + table(columns, rows)


def _budgets(budgets: Iterable[Facts], words: Words) -> str:
    """What was spent of each, with a mark where it is near its end."""
    rows = []
    for one in budgets:
        share = f"{100 * one['share']:.0f}"
        said = words["near"].format(share=share) if one["alert"] else f"{share} %"
        rows.append([one["name"], one["month"], one["spent"], one["a_month"], said])
    return head(words["budgets"]) + table(words["budgets_table"].split("|"), rows) if rows else ""


def _economics(facts: Facts, words: Words, language: str) -> str:
    said = {"first": facts["from"], "last": facts["to"], "currency": facts["currency"]}
    return (
        note(words["economics_note"].format(**said))
        + _variants(facts, words, language)
        + _channels(facts, words, language)
        + _customers(facts, words, language)
        + worth_sections(facts, words)
        + _elasticity(facts["elasticity"], words, language)
    )


def _variants(facts: Facts, words: Words, language: str) -> str:
    if not facts["variants"]:
        return ""
    names = ("per_request", "right", "per_right")
    rows = [
        [
            term("variant", one["name"], language),
            f"{one['answers']:,}",
            *(_figure(one[name], language) for name in names),
        ]
        for one in facts["variants"]
    ]
    told = [
        (row[0], one[name])
        for row, one in zip(rows, facts["variants"], strict=True)
        for name in names
    ]
    return table(words["variants"].split("|"), rows) + _why(told, words, language)


def _channels(facts: Facts, words: Words, language: str) -> str:
    if not facts["channels"]:
        return ""
    rows = [
        [
            one["channel"] or words["no_channel"],
            amount(one["spend"]),
            f"{one['won']:,}",
            _figure(one["cost"], language),
            _figure(one["months"], language),
        ]
        for one in facts["channels"]
    ]
    names = ("cost", "months")
    told = [
        (row[0], one[name])
        for row, one in zip(rows, facts["channels"], strict=True)
        for name in names
    ]
    return table(words["channels"].split("|"), rows) + _why(told, words, language)


def _customers(facts: Facts, words: Words, language: str) -> str:
    own, worth, even = facts["customers"], facts["worth"], facts["break_even"]
    stay = "kept" if worth["model"] == "subscriptions" else "came_back"
    told = [
        (words["margin"], own["margin"]),
        (words["margin_share"], own["margin_share"]),
        (words[stay], worth["retention"]),
        (words["value"].format(weeks=worth["weeks"]), worth["value"]),
    ]
    told += (
        [(words["even"], even)]
        if "why" in even
        else [(words["even"], even["requests"]), (words["even_now"], even["now"])]
    )
    rows = [[name, _figure(one, language)] for name, one in told]
    return table(words["customers"].split("|"), rows) + _why(told, words, language)


def _elasticity(told: Facts, words: Words, language: str) -> str:
    """Relative change of conversion and retention by one unit of each cause."""
    named = {cause: term("cause", cause, language) for cause in told["conversion"]}
    rows = [
        [name, *(_change(told[outcome][cause], language) for outcome in told)]
        for cause, name in named.items()
    ]
    columns = [words["cause"], *(term("metric", outcome, language) for outcome in told)]
    why = _why(
        ((name, told["conversion"][cause]) for cause, name in named.items()), words, language
    )
    return head(words["elasticity"]) + note(words["elasticity_note"]) + table(columns, rows) + why


def _change(one: Facts, language: str) -> str:
    if one["value"] is None:
        return "?"
    value, low, high = (f"{100 * one[name]:+.2g} %" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}] {term('evidence', one['evidence'], language)}, n = {one['n']}"


def _figure(one: Facts, language: str) -> str:
    """The number, its interval, and what it rests on; `?` where it is not known."""
    if one["value"] is None:
        return "?"
    said = amount(one["value"])
    if one["low"] is not None:
        high = "?" if one["high"] is None else amount(one["high"])
        said += f" [{amount(one['low'])}, {high}]"
    return f"{said} {term('evidence', one['evidence'], language)}"


def _why(told: Iterable[tuple[str, Facts]], words: Words, language: str) -> str:
    """Why figures are not known, by their names, each reason once."""
    known = [(name, one["why"][language]) for name, one in told if "why" in one]
    lines = dict.fromkeys(words["said"].format(name=name, why=why) for name, why in known)
    return (
        f"<ul class=why>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>" if lines else ""
    )


def _tests(tests: Iterable[Facts], words: Words, language: str) -> str:
    rows = [
        [
            one["channel"],
            term("form", one["form"], language),
            one["first"],
            one["last"],
            term("test", one["state"], language),
            _percent(one["smallest_lift"]),
            *_lift(one["readout"], language),
        ]
        for one in tests
    ]
    return table(words["tests_table"].split("|"), rows) if rows else note(words["no_tests"])


def _lift(readout: Facts | None, language: str) -> tuple[str, str]:
    if readout is None:
        return "?", ""
    value, low, high = (_percent(one) for one in readout["lift"])
    return f"{value} [{low}, {high}]", term("evidence", readout["evidence"], language)


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.1f} %"


def _mix(fit: Facts | None, words: Words, language: str) -> str:
    """The sections of the fit that was kept, behind one that says of when it is."""
    if fit is None:
        return _section(words["mix"], note(words["no_fit"]))
    series = fit["series"]
    said = words["mix_note"].format(
        made=str(fit["made"])[:10], first=series["first"], last=series["last"]
    )
    warned = fit["not_measured"]
    if warned:
        said += words["space"] + str(warned["text_zh" if language == "zh" else "text"])
    return _section(words["mix"], note(said)) + mix_sections(fit, language=language)
