"""Pictures of how long customers stay and what a new one brings, month by month. Knows no store.

Each is a function of plain facts and a width. Example: `survival(points, words, width=860).startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.amounts import amount
from steelyard.report.charts import HEIGHT, WIDE
from steelyard.report.svg import SMALL, Canvas, Scale, clipped, spread, text_width

Words = Mapping[str, str]
Facts = Mapping[str, Any]
COSTS = 5  # channels that are drawn: above, lines cannot be told apart
LINE = 17  # pixels of a name beside a line
STEPS = 3, 6  # months between two ticks, at most six of them on a narrow screen


def brings(
    points: Sequence[Facts], costs: Sequence[Facts], words: Words, *, unit: str, width: int = WIDE
) -> str:
    """Margin of a new customer by the end of each month; what one costs by channel as a level, and a dot where he has
    paid it back. `costs` are `channel`, `cost` and the `month`, None where he does not."""
    canvas = Canvas(width, HEIGHT, words["brings"], words["brings_note"])
    shown = costs[:COSTS]
    room = 96.0 if width < SMALL else 190.0
    names = [_named(one, room - 10) for one in shown]
    right = canvas.right - (max(map(text_width, names)) + 10 if names else 0.0)
    ends = [end for p in points for end in (p["low"], p["high"], p["value"]) if end is not None]
    top = max([*ends, *(one["cost"] for one in shown)])
    x = Scale(0.0, float(points[-1]["month"]), canvas.left, right)
    y = Scale(min(0.0, *ends), top * 1.06 or 1.0, canvas.bottom, canvas.top)
    _axes(canvas, x, y, words, y_title=f"{words['brought_so_far']}{unit}", right=right)
    _curve(canvas, x, y, points)
    heights = spread([y(one["cost"]) for one in shown], LINE, canvas.top + 8, canvas.bottom - 4)
    for one, name, height in zip(shown, names, heights, strict=True):
        level = y(one["cost"])
        canvas.rule(canvas.left, level, right, level, css="goal")
        if one["month"] is not None:
            canvas.dot(x(one["month"]), level)
        canvas.text(right + 8, height + 4, name)
    return canvas.svg()


def _named(cost: Facts, room: float) -> str:
    """The channel, cut to leave room for what one costs."""
    said = amount(cost["cost"])
    return f"{clipped(cost['channel'], room - text_width(said) - 7)} {said}"


def survival(points: Sequence[Facts], words: Words, *, width: int = WIDE) -> str:
    """Share of subscribers that is here after each month."""
    canvas = Canvas(width, HEIGHT - 60, words["survival"], words["survival_note"])
    x = Scale(0.0, float(points[-1]["month"]), canvas.left, canvas.right)
    y = Scale(0.0, 1.0, canvas.bottom, canvas.top)
    _axes(canvas, x, y, words, y_title=words["here"])
    _curve(canvas, x, y, points)
    return canvas.svg()


def _axes(
    canvas: Canvas, x: Scale, y: Scale, words: Words, *, y_title: str, right: float | None = None
) -> None:
    step = STEPS[canvas.width < SMALL]
    ticks = [(float(month), str(month)) for month in range(0, int(x.high) + 1, step)]
    canvas.axes(x, y, x_title=words["months_since"], y_title=y_title, right=right, x_ticks=ticks)


def _curve(canvas: Canvas, x: Scale, y: Scale, points: Sequence[Facts]) -> None:
    """Expected, in its band; an end that is not known is that of the picture."""
    low, value, high = (
        [(x(p["month"]), y(none if p[end] is None else p[end])) for p in points]
        for end, none in (("low", y.low), ("value", 0.0), ("high", y.high))
    )
    canvas.band(low, high)
    canvas.line(value)
