"""Pictures of a marketing mix: what brought the outcome over time, and the curve of one channel. Knows no store.

Each is a function of plain facts and a width. Example: `contributions(facts, words, unit=", CNY").startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.charts import HEIGHT, WIDE
from steelyard.report.svg import SMALL, Canvas, Scale, clipped, number, spread, text_width

Words = Mapping[str, str]
Facts = Mapping[str, Any]
COLORS = 8  # of the style; a ninth channel has the first one's
LINE = 17  # pixels of a name beside an area


def contributions(facts: Facts, words: Words, *, unit: str = "", width: int = WIDE) -> str:
    """Areas of what each channel brought, on what came without spend; the outcome as a line."""
    canvas = Canvas(width, HEIGHT, words["over_time"], words["over_time_note"])
    parts = [("base", words["base"], facts["base"])]
    parts += [
        (f"c{i % COLORS}", name, band["value"])
        for i, (name, band) in enumerate(facts["channels"].items())
    ]
    room = 74.0 if width < SMALL else 150.0
    right = canvas.right - min(room, max(text_width(name) for _, name, _ in parts) + 26)
    dates = facts["periods"]
    x = Scale(0.0, float(max(1, len(dates) - 1)), canvas.left, right)
    stacked = _stacked([values for _, _, values in parts])
    known = [value for value in facts["outcome"] if value is not None]
    top = max(max(stacked[-1]), *known)
    y = Scale(min(0.0, *facts["base"], *known), top * 1.04, canvas.bottom, canvas.top)
    ticks = _dates(dates, 3 if width < SMALL else 6)
    name = f"{words[facts['outcome_name']]}{unit}"
    canvas.axes(x, y, x_title="", y_title=name, right=right, x_ticks=ticks)
    below = [0.0] * len(dates)
    for (css, _, _), above in zip(parts, stacked, strict=True):
        canvas.band(_line(x, y, below), _line(x, y, above), css=f"area {css}")
        below = above
    for stretch in _known(x, y, facts["outcome"]):
        canvas.line(stretch, css="ink")
    _names(canvas, y, parts, stacked, right)
    return canvas.svg()


def brought(
    band: Facts, dates: Sequence[str], words: Words, *, title: str, unit: str, width: int = WIDE
) -> str:
    """What one channel brought in each period, with its interval."""
    canvas = Canvas(width, HEIGHT - 80, title, words["brought_note"])
    x = Scale(0.0, float(max(1, len(dates) - 1)), canvas.left, canvas.right)
    y = Scale(0.0, max(band["high"]) * 1.04 or 1.0, canvas.bottom, canvas.top)
    ticks = _dates(dates, 3 if width < SMALL else 6)
    canvas.axes(x, y, x_title="", y_title=f"{words['brought']}{unit}", x_ticks=ticks)
    canvas.band(_line(x, y, band["low"]), _line(x, y, band["high"]))
    canvas.line(_line(x, y, band["value"]))
    return canvas.svg()


def saturation(
    curve: Facts, today: float, words: Words, *, title: str, axes: tuple[str, str], width: int
) -> str:
    """What a steady spend brings a period, today's spend marked; dashed beyond what was ever spent."""
    return _curve(curve, curve["response"], today, words, title=title, axes=axes, width=width)


def marginal(
    curve: Facts, today: float, words: Words, *, title: str, axes: tuple[str, str], width: int
) -> str:
    """What the next unit of a steady spend brings; where that is money, the line is where it pays for itself."""
    return _curve(
        curve, curve["marginal"], today, words, title=title, axes=axes, width=width, pays=True
    )


def _curve(
    curve: Facts,
    band: Facts,
    today: float,
    words: Words,
    *,
    title: str,
    axes: tuple[str, str],
    width: int,
    pays: bool = False,
) -> str:
    """One curve with its band; `pays` draws the level of one unit for one unit."""
    canvas = Canvas(width, HEIGHT - 40, title, words["curve_note"])
    spend = curve["spend"]
    x = Scale(0.0, max(spend[-1], today), canvas.left, canvas.right)
    y = Scale(0.0, max(band["high"]) * 1.06 or 1.0, canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=axes[0], y_title=axes[1])
    points = {
        end: [(x(s), y(v)) for s, v in zip(spend, band[end], strict=True)]
        for end in ("value", "low", "high")
    }
    known = sum(s <= curve["seen"] for s in spend)
    cut = max(1, known)
    canvas.band(points["low"][:cut], points["high"][:cut])
    canvas.band(points["low"][cut - 1 :], points["high"][cut - 1 :], css="band faint")
    level = pays and words["pays"] and y.high > 1.0
    if level:
        above = _at(spend, band["value"], today) > 1.0
        _level_of_one(canvas, y, words["pays"], start=x(today) + 8 if above else None)
    canvas.line(points["value"][:cut])
    canvas.line(points["value"][cut - 1 :], css="line dashed")
    # where the level of one is near the bottom, its words are where those of today would be
    low = level and canvas.bottom - y(1.0) < 2 * LINE
    base = y(1.0) - 5 - LINE if low else canvas.bottom - 8
    _today(canvas, x, y, _at(spend, band["value"], today), today, words, base=base)
    return canvas.svg()


def _level_of_one(canvas: Canvas, y: Scale, words: str, *, start: float | None) -> None:
    """Its words stand where the curve, which falls, is not: under its left end, from `start` on, or over its right."""
    canvas.rule(canvas.left, y(1.0), canvas.right, y(1.0), css="goal")
    middle = (canvas.left + canvas.right) / 2
    if start is not None and start < middle and canvas.bottom - y(1.0) > 2 * LINE:
        canvas.text(start, y(1.0) + 14, words, css="tick")
    else:
        canvas.text(canvas.right, y(1.0) - 5, words, css="tick end")


def _today(
    canvas: Canvas, x: Scale, y: Scale, level: float, today: float, words: Words, *, base: float
) -> None:
    at = x(today)
    canvas.rule(at, y(level), at, canvas.bottom, css="goal")
    canvas.dot(at, y(level))
    said = f"{words['today']} {number(today)}"
    right = at + 8 + text_width(said) > canvas.right
    canvas.text(at - 8 if right else at + 8, base, said, css="tick end" if right else "tick")


def _at(spend: Sequence[float], values: Sequence[float], today: float) -> float:
    """A curve's value between two of its points."""
    for i in range(1, len(spend)):
        if today <= spend[i]:
            part = (today - spend[i - 1]) / (spend[i] - spend[i - 1])
            return float(values[i - 1] + part * (values[i] - values[i - 1]))
    return float(values[-1])


def _stacked(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    sums, so_far = [], [0.0] * len(rows[0])
    for row in rows:
        so_far = [a + b for a, b in zip(so_far, row, strict=True)]
        sums.append(so_far)
    return sums


def _line(x: Scale, y: Scale, values: Sequence[float]) -> list[tuple[float, float]]:
    return [(x(float(i)), y(value)) for i, value in enumerate(values)]


def _known(x: Scale, y: Scale, values: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """The stretches of a line between periods whose value is not known."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for i, value in enumerate(values):
        if value is not None:
            stretches[-1].append((x(float(i)), y(value)))
        elif stretches[-1]:
            stretches.append([])
    return stretches


def _dates(dates: Sequence[str], about: int) -> list[tuple[float, str]]:
    """Evenly spaced months, the ends left room for their words."""
    last = len(dates) - 1
    step = max(1, last // about)
    return [(float(at), dates[at][:7]) for at in range(step // 2, last + 1, step)][:about]


def _names(
    canvas: Canvas,
    y: Scale,
    parts: Sequence[tuple[str, str, Sequence[float]]],
    stacked: Sequence[Sequence[float]],
    right: float,
) -> None:
    """Beside the end of each area, with a square of its color."""
    below = [0.0, *(row[-1] for row in stacked[:-1])]
    middles = [y((low + row[-1]) / 2) for low, row in zip(below, stacked, strict=True)]
    heights = spread(middles, LINE, canvas.top + 8, canvas.bottom - 4)
    for (css, name, _), height in zip(parts, heights, strict=True):
        canvas.box(right + 8, height - 5, 10, 10, css=css)
        canvas.text(right + 22, height + 4, clipped(name, canvas.width - right - 22))
