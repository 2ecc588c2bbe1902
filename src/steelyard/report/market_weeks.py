"""Spend, visits, conversions and revenue by channel and week: pictures, and the tables behind them. Knows no store.

Example: `by_week(facts, words).startswith("<ul class=key>")`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from steelyard.report.amounts import amount
from steelyard.report.charts import NARROW, WIDE
from steelyard.report.market_charts import COLORS
from steelyard.report.markup import figure, head, note, table, text
from steelyard.report.svg import SMALL, Canvas, Scale

Words = Mapping[str, str]
WEEKS = 26  # shown
WHAT = ("spend", "visits", "conversions", "revenue")
PAIR, HEIGHT = 420, 230  # pixels of one of two pictures beside each other
OTHERS = "\n"  # stands for channels behind the colors; no name of an export holds it
Values = Mapping[tuple[str, str], Mapping[str, float]]  # week and channel -> what -> value


@dataclass(frozen=True)
class Shown:
    """Weeks and channels in their order, and what each pair has; a channel of no name is last."""

    weeks: Sequence[str]
    channels: Sequence[str]
    values: Values

    def of(self, what: str, channel: str, week: str) -> float:
        return self.values.get((week, channel), {}).get(what, 0.0)

    def total(self, what: str, channel: str) -> float:
        return sum(self.of(what, channel, week) for week in self.weeks)


def by_week(facts: Mapping[str, Any], words: Words) -> str:
    """A picture of each figure that is booked, sums by channel, and every week behind a fold."""
    rows = facts["weeks"]
    if not rows:
        return ""
    shown = _shown(rows)
    currency = {"currency": facts["currency"]}
    last = [row for row in rows if row["week"] == shown.weeks[-1]]
    said = words["window"].format(first=shown.weeks[0], last=last[0]["last"])
    said += "" if last[0]["over"] else f"{words['space']}{words['not_over']}"
    money = {"spend": f", {facts['currency']}", "revenue": f", {facts['currency']}"}
    booked = [what for what in WHAT if any(shown.total(what, c) for c in shown.channels)]
    pictures = "".join(
        f"<div>{head(words['a_week'].format(what=words[what]) + money.get(what, ''))}"
        f"{figure(_draw(shown, what, words))}</div>"
        for what in booked
    )
    behind = table(words["rows"].format(**currency).split("|"), _weeks(shown, words))
    return (
        note(said)
        + _key(shown.channels, words)
        + f"<div class='pair two'>{pictures}</div>"
        + table(words["totals"].format(**currency).split("|"), _totals(shown, words))
        + f"<details><summary>{text(words['behind'])}</summary>{behind}</details>"
    )


def bars(shown: Shown, what: str, words: Words, *, width: int) -> str:
    """A column for each week, its channels on each other."""
    title = words["a_week"].format(what=words[what])
    canvas = Canvas(width, HEIGHT, title, words["market"])
    n = len(shown.weeks)
    x = Scale(-0.5, n - 0.5, canvas.left, canvas.right)
    sums = [sum(shown.of(what, c, week) for c in shown.channels) for week in shown.weeks]
    y = Scale(0.0, max(sums) * 1.06 or 1.0, canvas.bottom, canvas.top - 8)
    step = max(1, -(-n // (3 if width < SMALL else 4)))
    ticks = [(float(i), shown.weeks[i][5:]) for i in range((n - 1) % step // 2, n, step)]
    canvas.axes(x, y, x_title=words["week_from"], y_title="", x_ticks=ticks)
    wide = (canvas.right - canvas.left) / n
    gap = min(3.0, wide * 0.2)
    for i, week in enumerate(shown.weeks):
        level = 0.0
        for css, channel in zip(_colors(shown.channels), shown.channels, strict=True):
            value = max(0.0, shown.of(what, channel, week))
            if value:
                top = y(level + value)
                left = round(x(i) - wide / 2 + gap / 2, 2)
                canvas.box(left, top, round(wide - gap, 2), round(y(level) - top, 2), css=css)
                level += value
    return canvas.svg()


def _draw(shown: Shown, what: str, words: Words) -> Any:
    return lambda width: bars(shown, what, words, width=PAIR if width == WIDE else NARROW)


def _shown(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """The last weeks, those between without a row too; channels in the order of a fit: with a spend first."""
    weeks = _mondays(min(row["week"] for row in rows), max(row["week"] for row in rows))[-WEEKS:]
    seen = [row for row in rows if row["week"] >= weeks[0]]
    spends = {row["channel"] for row in seen if float(row["spend"])}
    named = {row["channel"] for row in seen} - {None}
    order = sorted(named, key=lambda name: (name not in spends, name))
    if len(order) > COLORS - 1:
        largest = sorted(order, key=lambda name: -_weight(seen, name))[: COLORS - 2]
        order = [name for name in order if name in largest] + [OTHERS]
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: dict.fromkeys(WHAT, 0.0))
    for row in seen:
        name = row["channel"] or ""
        name = OTHERS if name and name not in order else name
        for what in WHAT:
            values[row["week"], name][what] += float(row[what])
    nameless = [""] if any(not row["channel"] for row in seen) else []
    return Shown(weeks, [*order, *nameless], dict(values))


def _mondays(first: str, last: str) -> list[str]:
    start = date.fromisoformat(first)
    count = (date.fromisoformat(last) - start).days // 7 + 1
    return [(start + timedelta(days=7 * i)).isoformat() for i in range(count)]


def _weight(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    own = [row for row in rows if row["channel"] == name]
    return sum(float(row["spend"]) + float(row["revenue"]) for row in own)


def _colors(channels: Sequence[str]) -> list[str]:
    return [f"c{i}" if name else "nameless" for i, name in enumerate(channels)]


def _key(channels: Sequence[str], words: Words) -> str:
    parts = "".join(
        f"<li><i class={css}></i>{text(_name(channel, words))}</li>"
        for css, channel in zip(_colors(channels), channels, strict=True)
    )
    return f"<ul class=key>{parts}</ul>"


def _name(channel: str, words: Words) -> str:
    return {"": words["no_channel"], OTHERS: words["others"]}.get(channel, channel)


def _totals(shown: Shown, words: Words) -> list[list[str]]:
    rows = []
    for name in shown.channels:
        rows.append([_name(name, words), *_told([shown.total(what, name) for what in WHAT])])
    if len(rows) > 1:
        sums = [sum(shown.total(what, name) for name in shown.channels) for what in WHAT]
        rows.append([words["all"], *_told(sums)])
    return rows


def _told(figures: Sequence[float]) -> list[str]:
    spend, visits, conversions, revenue = figures
    each = amount(spend / conversions) if spend and conversions else "?"
    return [amount(spend), _count(visits), _count(conversions), amount(revenue), each]


def _weeks(shown: Shown, words: Words) -> list[list[str]]:
    return [
        [week, _name(name, words), *_told([shown.of(what, name, week) for what in WHAT])[:4]]
        for week in reversed(shown.weeks)
        for name in shown.channels
        if (week, name) in shown.values
    ]


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
