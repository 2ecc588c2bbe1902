"""The founder's first page: the split as a balance, its reasons, and what to measure next. Knows no store.

Example: `sections(plan, scores=(), language="zh")`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steelyard.figures import believed
from steelyard.reason import Reason
from steelyard.report.balance import balance, said_of, said_of_scale
from steelyard.report.markup import figure, note, table, text
from steelyard.report.plan_charts import marginal, tornado
from steelyard.report.plan_named import DUST, named, percent, plain, signed, span
from steelyard.report.plan_words import WORDS
from steelyard.report.what_if import what_if
from steelyard.terms import term
from steelyard.words import kept, say, sentence

Facts = Mapping[str, Any]
LINES_MAX = 10  # of reason; what else there is stands folded
WEEKS = 365.25 / 12 / 7  # of a month


def split_of(plan: Facts | None) -> Facts | None:
    """None for a plan of before there were splits."""
    return None if plan is None else plan.get("split")


def weighing(split: Facts, language: str) -> str:
    """The balance, with what it says in words."""
    drawn = figure(lambda width: balance(split, language=language, width=width))
    scale = note(said_of_scale(split, language))
    return f"<section class=balance>{drawn}<p>{text(said_of(split, language))}</p>{scale}</section>"


def sections(plan: Facts, *, scores: Sequence[Facts], language: str) -> str:
    """Everything below the balance; a part that has nothing to show is left out."""
    split, words = plan["split"], WORDS[language]
    mark = f" ({words['simulated']})" if split["simulated"] else ""
    parts = [
        (words["split"] + mark, _divided(split, language)),
        (words["why"], _reasons(plan, language)),
        (words["next"] + mark, _next(split, language)),
        (words["tornado"] + mark, _tornado(split, language)),
        (words["looks"], _looks(split, language)),
        (words["scores"], _scores(scores, language)),
    ]
    return "".join(
        f"<section><h2>{text(title)}</h2>{body}</section>" for title, body in parts if body
    )


def _divided(split: Facts, language: str) -> str:
    words, currency = WORDS[language], split["currency"]
    said = words["split_note"].format(
        months=split["months"], shadow=signed(split["shadow"]), currency=currency
    )
    unsolved = "" if split["solved"] else f"<p><strong>{text(words['unsolved'])}</strong></p>"
    rows = [*_places(split, language), *_steps(split, language), _kept(split, language)]
    columns = words["split_table"].format(currency=currency).split("|")
    return note(said) + unsolved + table(columns, rows) + what_if(split, language)


def _places(split: Facts, language: str) -> Iterator[list[str]]:
    """Where most money is moved first, then where the next unit returns more."""
    order = sorted(split["parts"], key=lambda one: (-abs(one["spend"]), -one["next"]["value"]))
    for one in order:
        yield [
            named(one, language),
            plain(one["spend"]),
            sentence(one, "because", language) if "because" in one else "",
            span(one["next"]),
            percent(one["best"]),
            term("evidence", one["evidence"], language),
        ]


def _steps(split: Facts, language: str) -> Iterator[list[str]]:
    words = WORDS[language]
    for one in split["steps"]:
        if one["taken"]:
            cost = plain(one["cost"]) if one["cost"] >= DUST else words["no_cost"]
            said, evidence = (
                sentence(one, "because", language),
                term("evidence", one["evidence"], language),
            )
            yield [named(one, language), cost, said, "", "", evidence]


def _kept(split: Facts, language: str) -> list[str]:
    kept_money = split["kept"]
    return [
        WORDS[language]["keep_it"],
        plain(kept_money["money"]),
        "",
        "0",
        percent(kept_money["best"]),
        "",
    ]


def _reasons(plan: Facts, language: str) -> str:
    """Ten lines: of each kind in turn, so that none is crowded out; in their own order."""
    split = plan["split"]
    groups = [
        [text(_because(plan, language))],
        [_link(one, language) for one in split["chain"]],
        [text(sentence(one, "because", language)) for one in split["switch"]],
        [_not_known(one, language) for one in split["unknown"]],
    ]
    lines = [(at, kind) for kind, group in enumerate(groups) for at in range(len(group))]
    shown = sorted(lines)[:LINES_MAX]  # the first of each kind, the second of each, ...
    first = [groups[kind][at] for at, kind in lines if (at, kind) in shown]
    rest = [groups[kind][at] for at, kind in lines if (at, kind) not in shown]
    if not rest:
        return _listed(first)
    more = WORDS[language]["rest"].format(n=len(rest))
    return f"{_listed(first)}<details><summary>{text(more)}</summary>{_listed(rest)}</details>"


def _listed(lines: Sequence[str]) -> str:
    return f"<ul class=why>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _because(plan: Facts, language: str) -> str:
    """Without what is done, which stands at the head of the page."""
    reason = kept(plan, "because")
    why = reason.numbers.get("why")
    return say(why if isinstance(why, Reason) else reason, language)


def _link(one: Facts, language: str) -> str:
    said = text(sentence(one, "because", language))
    return f"{said} <small>{text(_behind(one, language))}</small>"


def _behind(one: Facts, language: str) -> str:
    """Whether it was measured, of how many rows, and of when."""
    words, rows = WORDS[language], one.get("rows") or {}
    said = term("evidence", one["evidence"], language)
    n = sum(count for count in rows.values() if isinstance(count, int))
    if n:
        said = words["rows"].format(evidence=said, n=f"{n:,}")
    if "from" in rows and "to" in rows:
        said = words["period"].format(rows=said, start=rows["from"], end=rows["to"])
    return said


def _not_known(one: Facts, language: str) -> str:
    said = text(sentence(one, "because", language))
    return f"{said} <small>{text(WORDS[language]['unknown'])}</small>"


def _next(split: Facts, language: str) -> str:
    if not split["parts"]:
        return ""
    said = WORDS[language]["next_note"].format(months=split["months"])
    return note(said) + figure(lambda width: marginal(split, language=language, width=width))


def _tornado(split: Facts, language: str) -> str:
    """Of plans of before it was kept, and where nothing moves, none."""
    moved = split.get("tornado") or {"rows": []}
    if not moved["rows"]:
        return ""
    words = WORDS[language]
    said = words["tornado_note"].format(months=split["months"])
    rows = [
        [
            sentence(one, "said", language),
            *(believed(one[end]["at"], one["unit"]) for end in ("low", "high")),
            *(_there(one[end], language) for end in ("low", "high")),
            words["assumed_range"] if one["assumed"] else words["believed_range"],
        ]
        for one in moved["rows"]
    ]
    columns = words["tornado_table"].format(currency=split["currency"]).split("|")
    drawn = figure(lambda width: tornado(split, language=language, width=width))
    return note(said) + drawn + table(columns, rows)


def _there(end: Facts, language: str) -> str:
    """Profit of the plan, and where more would be had."""
    if "better" not in end:
        return signed(end["profit"])
    better = {"name": named(end["better"], language), "more": signed(end["better"]["profit"])}
    return WORDS[language]["tornado_better"].format(profit=signed(end["profit"]), **better)


def _looks(split: Facts, language: str) -> str:
    """What is worth its price, then the rest in grey."""
    looks = sorted(split["looks"], key=lambda one: -one["net"])
    if not looks:
        return ""
    words = WORDS[language]
    rows = [
        [
            named(one, language),
            plain(one["cost"]) if one["cost"] >= DUST else words["no_cost"],
            f"{one['months'] * WEEKS:.2g}",
            signed(one["net"]),
            sentence(one, "because", language),
            sentence(one, "do", language),
        ]
        for one in looks
    ]
    columns = words["looks_table"].format(currency=split["currency"]).split("|")
    grey = sum(one["net"] <= 0 for one in looks)
    return note(words["looks_note"]) + table(columns, rows, grey=grey)


def _scores(scores: Sequence[Facts], language: str) -> str:
    """What was said and what was seen; only what promised an interval held or did not."""
    if not scores:
        return ""
    words = WORDS[language]
    rows = [
        [
            str(one["turn"]),
            sentence(one, "text" if "text" in one else "what", language),
            _figure(one["said"][0]),
            _between(one["said"]),
            _figure(one["seen"]),
            "" if one["held"] is None else words["yes" if one["held"] else "no"],
        ]
        for one in scores
    ]
    counted = [one for one in scores if one["held"] is not None and one.get("counted", True)]
    held = sum(bool(one["held"]) for one in counted)
    said = words["scores_note"].format(held=held, n=len(counted))
    return note(said) + table(words["scores_table"].split("|"), rows)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _between(said: Sequence[float | None]) -> str:
    _, low, high = said
    return "" if low is None or high is None else f"[{_figure(low)}, {_figure(high)}]"
