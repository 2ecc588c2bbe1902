"""The marketing mix as one page: no script, nothing loaded from anywhere. Knows no store.

Example: `render(facts, product="shop", language="zh").startswith("<!doctype html>")`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from steelyard.report.charts import NARROW, WIDE
from steelyard.report.market_charts import brought, contributions, marginal, saturation
from steelyard.report.market_words import WORDS
from steelyard.report.markup import figure, head, note, table, text
from steelyard.terms import term

Words = Mapping[str, str]
Facts = Mapping[str, Any]
PAIR = 420  # pixels of one of two pictures beside each other


def render(facts: Facts, *, product: str, language: str = "en") -> str:
    """The page in English (`en`) or Chinese (`zh`); KeyError for another language. `facts` are those of
    `steelyard.api.measuring.mix`."""
    words = WORDS[language]
    title = words["title"].format(product=product)
    style = files("steelyard.report").joinpath("style.css").read_text(encoding="utf-8")
    made = str(facts["made"])[:10]
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{style}</style></head><body><main>"
        f"{_top(facts, words, product, language)}{mix_sections(facts, language=language)}"
        f"<footer>{text(words['footer'].format(made=made))}</footer></main></body></html>"
    )


def mix_sections(facts: Facts, *, language: str) -> str:
    """The sections alone, for another page."""
    words = WORDS[language]
    parts = [
        (words["channels"], _table(facts, words, language)),
        (words["over_time"], note(words["over_time_note"]) + _over_time(facts, words)),
        *((c["channel"], _channel(facts, c, words, language)) for c in _with_curve(facts)),
        (words["identify"], _not_told(facts, words, language)),
        (words["checks"], _checks(facts, words, language)),
    ]
    return "".join(f"<section><h2>{text(name)}</h2>{body}</section>" for name, body in parts)


def _top(facts: Facts, words: Words, product: str, language: str) -> str:
    s = facts["series"]
    kicker = words["kicker"].format(
        product=product,
        outcome=words[facts["outcome"]],
        first=s["first"],
        last=s["last"],
        periods=s["periods"],
        period=words[facts["period"]],
    )
    cards = "".join(
        f"<li><span>{text(c['channel'])}</span><strong>{text(_number(c['marginal'][0]))}</strong>"
        f"<small>[{_number(c['marginal'][1])}, {_number(c['marginal'][2])}] {text(_evidence(c['curve_evidence'], language))}</small></li>"
        for c in _with_curve(facts)
    )
    warned = facts["not_measured"]
    state = (
        f"<ul class=state><li class=is-bad>{text(_said(warned, language))}</li></ul>"
        if warned
        else ""
    )
    why = words["why"].format(confidence=_confidence(facts))
    return (
        f"<header>{state}<p class=kicker>{text(kicker)}</p><h1>{text(words['headline'])}</h1>"
        f"<p class=why>{text(why)}</p><ul class=figures>{cards}</ul></header>"
    )


def _confidence(facts: Facts) -> str:
    return f"{100 * facts['settings']['confidence']:g}"


def _with_curve(facts: Facts) -> Iterator[Facts]:
    return (c for c in facts["channels"] if c["channel"] in facts["curves"])


def _table(facts: Facts, words: Words, language: str) -> str:
    rows = [
        [
            c["channel"],
            _number(c["spent"]),
            _span(c["brought"]),
            _span(c["roi"]),
            _span(c["marginal"]),
            _evidence(c["evidence"], language),
        ]
        for c in facts["channels"]
    ]
    return table(words["table"].split("|"), rows)


def _over_time(facts: Facts, words: Words) -> str:
    given = dict(facts["contributions"]) | {"outcome_name": facts["outcome"]}
    unit = _unit(facts, words)
    return figure(lambda width: contributions(given, words, unit=unit, width=width))


def _channel(facts: Facts, c: Facts, words: Words, language: str) -> str:
    name, over_time = c["channel"], facts["contributions"]
    curve, unit = facts["curves"][name], _unit(facts, words)
    period = {"period": words[facts["period"]]}
    spend = words["spend"].format(**period) + words["unit"].format(currency=facts["currency"])
    own = dict(words) | {"pays": words["pays"] if facts["outcome"] == "sales" else ""}
    response = partial(
        saturation,
        curve,
        c["spend_today"],
        own,
        title=words["saturation_title"].format(channel=name),
        axes=(spend, words["response"].format(**period) + unit),
    )
    next_unit = partial(
        marginal,
        curve,
        c["spend_today"],
        own,
        title=words["marginal_title"].format(channel=name),
        axes=(spend, words["marginal"] + unit),
    )
    time = partial(
        brought,
        over_time["channels"][name],
        over_time["periods"],
        words,
        title=words["brought_title"].format(channel=name),
        unit=unit,
    )
    return (
        (note(words["captures"]) if c["captures"] else "")
        + f"<div class=pair>{_half(words['saturation_title'], name, response, c, language)}"
        + f"{_half(words['marginal_title'], name, next_unit, c, language)}</div>"
        + note(words["curve_note"])
        + head(
            words["aside"].format(
                what=words["brought_title"].format(channel=name),
                how=_evidence(c["evidence"], language),
            )
        )
        + figure(lambda width: time(width=width))
    )


def _half(title: str, name: str, draw: Any, c: Facts, language: str) -> str:
    """One of two pictures beside each other, each as wide as half a page or as a narrow screen."""
    how = _evidence(c["curve_evidence"], language)
    said = WORDS[language]["aside"].format(what=title.format(channel=name), how=how)
    return f"<div>{head(said)}{figure(lambda width: draw(width=PAIR if width == WIDE else NARROW))}</div>"


def _not_told(facts: Facts, words: Words, language: str) -> str:
    told: Sequence[Facts] = [*facts["not_identified"], *facts["misfits"], *facts["notes"]]
    if not told:
        return note(words["identify_none"])
    return "<ul>" + "".join(f"<li>{text(_said(one, language))}</li>" for one in told) + "</ul>"


def _checks(facts: Facts, words: Words, language: str) -> str:
    d, f = facts["diagnostics"], facts["forecast"]
    period = words[facts["period"]]
    rows = [
        [words["rhat"], f"{d['rhat']:.3f}", words["rhat_said"]],
        [words["ess"], f"{d['ess']:,.0f}", words["ess_said"]],
        *([words[one["name"]], f"{one['p']:.2f}", words["p_said"]] for one in d["checks"]),
    ]
    if f is not None:
        naive = _number(f["naive_error"])
        said = words["forecast_said"].format(
            folds=f["folds"], horizon=f["horizon"], period=period, naive=naive
        )
        promised = words["covered_said"].format(period=period, confidence=_confidence(facts))
        rows += [
            [words["forecast"], _number(f["error"]), said],
            [words["covered"], f"{100 * f['covered']:.0f} %", promised],
        ]
    tests = [f"{t['channel']} {t['first']} - {t['last']}" for t in facts["lift_tests"]]
    with_rows = words["rows"].format(tests=words["comma"].join(tests))
    taken = with_rows if tests else words["no_rows"]
    none = "" if f is not None else note(_said(facts["no_forecast"], language))
    return table(words["checks_table"].split("|"), rows) + none + note(taken)


def _evidence(name: str, language: str) -> str:
    return term("evidence", name, language)


def _said(one: Facts, language: str) -> str:
    return str(one["text_zh"] if language == "zh" else one["text"])


def _unit(facts: Facts, words: Words) -> str:
    return words["unit"].format(currency=facts["currency"]) if facts["outcome"] == "sales" else ""


def _span(three: Sequence[float] | None) -> str:
    return (
        "?" if three is None else f"{_number(three[0])} [{_number(three[1])}, {_number(three[2])}]"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
