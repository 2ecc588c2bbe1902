"""Curves of the report: labels, quality against cost, the canary, calibration. Knows no store.

Each is a function of plain facts and a width. Example: `learning_curve(points, [], words).startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.svg import Canvas, Scale, spread, text_width

WIDE, NARROW = 860, 340  # the page shows one of the two: letters keep their size on a small screen
HEIGHT = 340
Words = Mapping[str, str]
Facts = Mapping[str, Any]


def learning_curve(
    points: Sequence[Facts], forecast: Sequence[Facts], words: Words, *, width: int = WIDE
) -> str:
    """Measured points with error bars, the fitted curve and its band."""
    canvas = Canvas(width, HEIGHT, words["curve"], words["curve_note"])
    seen = [*forecast, *points]
    x = Scale.of([p["labels"] for p in seen], canvas.left, canvas.right, log=True)
    ys = [p[k] for p in seen for k in ("low", "high")]
    y = Scale.of(ys, canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["labels"], y_title=words["utility"])
    canvas.band(
        [(x(p["labels"]), y(p["low"])) for p in forecast],
        [(x(p["labels"]), y(p["high"])) for p in forecast],
    )
    last = max((p["labels"] for p in points), default=0)
    fitted = [(x(p["labels"]), y(p["quality"])) for p in forecast]
    known = [c for c, p in zip(fitted, forecast, strict=True) if p["labels"] <= last]
    canvas.line(known)
    canvas.line(fitted[max(0, len(known) - 1) :], css="line dashed")
    for p in points:
        at = x(p["labels"])
        canvas.rule(at, y(p["low"]), at, y(p["high"]), css="error")
        canvas.dot(at, y(p.get("utility", p.get("accuracy"))))
    return canvas.svg()


def quality_cost(
    rows: Sequence[Facts], goals: Mapping[str, float | None], words: Words, *, width: int = WIDE
) -> str:
    """Every variant with its interval; the chosen one filled, the goals dashed. Names stand in a
    column of their own, so that near-equal variants do not cover each other's."""
    canvas = Canvas(width, HEIGHT + 40, words["variants"], words["variants_note"])
    column = canvas.right - max(text_width(row["name"]) for row in rows)
    costs = [r["cost"] for r in rows]
    wide = min(costs) > 0 and max(costs) / min(costs) > 8
    limit, floor = goals.get("cost"), goals.get("quality")
    x = Scale.of(costs, canvas.left, column - 24, log=wide)
    shown = [] if floor is None else [floor]
    ends = [r[k] for r in rows for k in ("low", "high")]
    y = Scale.of([*ends, *shown], canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["cost_axis"], y_title=words["quality"], right=column - 10)
    if floor is not None:
        canvas.rule(canvas.left, y(floor), column - 10, y(floor), css="goal")
        canvas.text(canvas.left + 6, y(floor) - 5, f"{words['goal']} {floor:g}", css="tick")
    if limit is not None and x.low < limit < x.high:
        canvas.rule(x(limit), canvas.top, x(limit), canvas.bottom, css="goal")
    # Near-equal ones from right to left, so that the lines to their names do not cross.
    rows = sorted(rows, key=lambda r: (-r["quality"], -r["cost"]))
    heights = spread([y(r["quality"]) for r in rows], 17, canvas.top + 8, canvas.bottom - 8)
    for row, height in zip(rows, heights, strict=True):
        at, level = x(row["cost"]), y(row["quality"])
        canvas.rule(at, y(row["low"]), at, y(row["high"]), css="error")
        canvas.rule(at, level, column - 4, height, css="lead")
    for row, height in zip(rows, heights, strict=True):
        at, level, best = x(row["cost"]), y(row["quality"]), row["chosen"]
        canvas.dot(at, level, css="dot" if best else "dot open", radius=6 if best else 4.5)
        canvas.text(column, height + 4, row["name"], css="label strong" if best else "label")
    return canvas.svg()


def canary(path: Sequence[Facts], loss_max: float, words: Words, *, width: int = WIDE) -> str:
    """The always-valid interval as requests came in."""
    canvas = Canvas(width, HEIGHT, words["canary"], words["canary_note"])
    # The first looks are so wide that they would flatten the rest.
    shown = path[min(2, max(0, len(path) - 2)) :]
    x = Scale.of([0.0, *(p["n"] for p in shown)], canvas.left, canvas.right, pad=0.02)
    ends = [p[k] for p in shown for k in ("low", "high")]
    y = Scale.of([0.0, -loss_max, *ends], canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["requests"], y_title=words["difference"])
    canvas.band(
        [(x(p["n"]), y(p["low"])) for p in shown], [(x(p["n"]), y(p["high"])) for p in shown]
    )
    canvas.rule(canvas.left, y(0.0), canvas.right, y(0.0), css="axis")
    canvas.rule(canvas.left, y(-loss_max), canvas.right, y(-loss_max), css="goal")
    canvas.text(canvas.right, y(-loss_max) + 13, f"{words['limit']} {-loss_max:g}", css="tick end")
    canvas.line([(x(p["n"]), y(p["value"])) for p in shown])
    return canvas.svg()


def calibration(bins: Sequence[Facts], words: Words, *, width: int = WIDE) -> str:
    """Share right by confidence; the diagonal is what confidence promises."""
    canvas = Canvas(min(width, 400), 300, words["share_right"], words["model_note"])
    x = Scale(0.0, 1.0, canvas.left, canvas.right)
    y = Scale(0.0, 1.0, canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["confidence"], y_title=words["share_right"])
    canvas.rule(x(0), y(0), x(1), y(1), css="goal")
    most = max((b["n"] for b in bins), default=1)
    canvas.line([(x(b["confidence"]), y(b["accuracy"])) for b in bins])
    for b in bins:
        radius = round(2.5 + 4 * (b["n"] / most) ** 0.5, 2)
        canvas.dot(x(b["confidence"]), y(b["accuracy"]), radius=radius)
    return canvas.svg()
