"""What one unit of money more returns in each place, as dots and whiskers, and what moves the answer, as bars. Knows no store.

Example: `marginal(split, language="en", width=860).startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.charts import WIDE
from steelyard.report.plan_named import DUST, named, signed
from steelyard.report.plan_words import WORDS
from steelyard.report.svg import Canvas, Scale, clipped, number, text_width
from steelyard.words import sentence

Facts = Mapping[str, Any]
BEYOND = 3.0  # times the second longest reach: a longer one is cut, with an arrow
TOP, STEP, STACKED = 30, 36, 52  # pixels above the rows, and of a row


def marginal(split: Facts, *, language: str, width: int = WIDE) -> str:
    """The best place first; filled where the plan puts money."""
    words = WORDS[language]
    rows = sorted(split["parts"], key=lambda one: -one["next"]["value"])
    stacked = width < WIDE
    step = STACKED if stacked else STEP
    note = words["next_note"].format(months=split["months"])
    canvas = Canvas(width, TOP + 30 + step * len(rows), words["next"], note)
    names = [clipped(named(row, language), (0.88 if stacked else 0.3) * width) for row in rows]
    column = 8.0 if stacked else 1.1 * max(map(text_width, names)) + 16  # bold ones are wider
    x = _scale(rows, column, canvas.width - 66)
    foot = TOP + step * len(rows)
    for tick in x.ticks(3 if stacked else 5):
        if not stacked:
            canvas.rule(x(tick), TOP - 6, x(tick), foot, css="grid")
        canvas.text(x(tick), foot + 18, number(tick), css="tick mid")
    canvas.text(
        _inside(x(0.0), words["returns_itself"], width), 14, words["returns_itself"], css="name mid"
    )
    if not stacked:
        canvas.rule(x(0.0), TOP - 6, x(0.0), foot, css="axis")
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        level = TOP + i * step + (34 if stacked else step / 2)
        _row(canvas, x, row, name, level, stacked=stacked)
    return canvas.svg()


def _inside(x: float, words: str, width: float) -> float:
    """Where words in the middle of x do not leave the picture."""
    half = text_width(words) / 2
    return min(max(x, half), width - half)


def _scale(rows: Sequence[Facts], start: float, end: float) -> Scale:
    """Of all ends, but for one place that is far less known than the others."""
    reach = sorted(max(abs(row["next"]["low"]), abs(row["next"]["high"])) for row in rows)
    most = reach[-1] if len(reach) < 2 or not reach[-2] else min(reach[-1], BEYOND * reach[-2])
    ends = [row["next"][end] for row in rows for end in ("low", "high", "value")]
    return Scale.of([0.0, *(min(max(v, -most), most) for v in ends)], start, end, pad=0.04)


def _row(canvas: Canvas, x: Scale, row: Facts, name: str, level: float, *, stacked: bool) -> None:
    here = abs(row["spend"]) >= DUST
    css = "label strong" if here else "label"
    canvas.text(0, level - 16 if stacked else level + 4, name, css=css)
    if stacked:  # a line through all rows would strike the names out
        canvas.rule(x(0.0), level - 11, x(0.0), level + 13, css="axis")
    low, value, high = (row["next"][end] for end in ("low", "value", "high"))
    canvas.rule(x(low), level, x(high), level, css="error thick")
    for end, way, beyond in ((low, 1, low < x.low), (high, -1, high > x.high)):
        if beyond:
            tip = x(end)
            points = [(tip, level), (tip + way * 8, level - 5), (tip + way * 8, level + 5)]
            canvas.band(points[:1] * 2, points[1:], css="arrow")
    canvas.dot(x(value), level, css="dot" if here else "dot open", radius=6)
    canvas.text(canvas.width, level + 4, signed(value), css="label end")


def tornado(split: Facts, *, language: str, width: int = WIDE) -> str:
    """Profit of the plan by one belief at a time, the widest bar above."""
    words, moved = WORDS[language], split["tornado"]
    rows, stacked = moved["rows"], width < WIDE
    step = STACKED if stacked else STEP
    note = words["tornado_note"].format(months=split["months"])
    canvas = Canvas(width, TOP + 30 + step * len(rows), words["tornado"], note)
    said = [sentence(row, "said", language) for row in rows]
    names = [clipped(one, (0.98 if stacked else 0.42) * width) for one in said]
    column = 8.0 if stacked else max(map(text_width, names)) + 16
    each = [row[end] for row in rows for end in ("low", "high")]
    ends = [one["profit"] for one in each]
    ends += [one["better"]["profit"] for one in each if "better" in one]
    x = Scale.of([moved["profit"], *ends], column, canvas.width - 8, pad=0.03)
    foot = TOP + step * len(rows)
    for tick in x.ticks(3 if stacked else 5):
        if not stacked:
            canvas.rule(x(tick), TOP - 6, x(tick), foot, css="grid")
        canvas.text(x(tick), foot + 18, number(tick), css="tick mid")
    middle = x(moved["profit"])
    own = signed(moved["profit"])
    canvas.text(_inside(middle, own, width), 14, own, css="name mid")
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        level = TOP + i * step + (34 if stacked else step / 2)
        canvas.text(0, level - 16 if stacked else level + 4, name, css="label")
        for end, css in (("low", "bar out"), ("high", "bar in")):
            at = x(row[end]["profit"])
            canvas.box(min(at, middle), level - 9, max(abs(at - middle), 1.5), 18, css=css)
            if "better" in row[end]:
                canvas.dot(x(row[end]["better"]["profit"]), level, css="dot open", radius=6)
        if stacked:
            canvas.rule(middle, level - 12, middle, level + 12, css="axis")
    if not stacked:
        canvas.rule(middle, TOP - 6, middle, foot, css="axis")
    return canvas.svg()
