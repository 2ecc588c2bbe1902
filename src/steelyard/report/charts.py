"""The report's pictures, each a function of plain facts. Knows no store.

Example: `learning_curve(points, forecast, words).startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.svg import Canvas, Scale, number, spread

WIDTH, HEIGHT = 640, 320
Words = Mapping[str, str]
Facts = Mapping[str, Any]


def learning_curve(points: Sequence[Facts], forecast: Sequence[Facts], words: Words) -> str:
    """Measured points with error bars, the fitted curve and its band."""
    canvas = Canvas(WIDTH, HEIGHT, words["curve"], words["curve_note"])
    seen = [*forecast, *points]
    x = Scale.of([p["labels"] for p in seen], canvas.left, canvas.right, log=True)
    ys = [p[k] for p in seen for k in ("low", "high")]
    y = Scale.of(ys, canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["labels"], y_title=words["accuracy"])
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
        canvas.dot(at, y(p["accuracy"]))
    return canvas.svg()


def quality_cost(rows: Sequence[Facts], goals: Mapping[str, float | None], words: Words) -> str:
    """Every variant with its interval; the chosen one filled, the goals dashed."""
    canvas = Canvas(WIDTH, HEIGHT + 40, words["variants"], words["variants_note"])
    costs = [r["cost_per_1000"] for r in rows]
    wide = min(costs) > 0 and max(costs) / min(costs) > 8
    limit, floor = goals.get("cost_per_1000"), goals.get("macro_f1")
    x = Scale.of(costs, canvas.left, canvas.right - 130, log=wide)
    shown = [floor] if floor is not None else []
    y = Scale.of([*(r["low"] for r in rows), *(r["high"] for r in rows), *shown], canvas.bottom, canvas.top)  # fmt: skip
    canvas.axes(x, y, x_title=words["cost_axis"], y_title=words["quality"])
    if floor is not None:
        canvas.rule(canvas.left, y(floor), canvas.right, y(floor), css="goal")
        canvas.text(canvas.left + 6, y(floor) - 5, f"{words['goal']} {floor:g}", css="tick")
    if limit is not None and x.low < limit < x.high:
        canvas.rule(x(limit), canvas.top, x(limit), canvas.bottom, css="goal")
    # Near-equal variants stand in one heap, so their names go to a column of their own.
    heap = [r for r in rows if x(r["cost_per_1000"]) > (canvas.left + canvas.right) / 2]
    heights = dict(
        zip(
            (r["name"] for r in heap),
            spread([y(r["quality"]) for r in heap], 16, canvas.top + 8, canvas.bottom - 8),
            strict=True,
        )
    )
    column = canvas.right - 96
    for row in rows:
        at, level = x(row["cost_per_1000"]), y(row["quality"])
        place, height = (
            (column, heights[row["name"]]) if row["name"] in heights else (at + 8, level)
        )
        canvas.rule(at, y(row["low"]), at, y(row["high"]), css="error")
        if place == column:
            canvas.rule(at, level, column - 3, height, css="lead")
        canvas.dot(at, level, css="dot" if row["chosen"] else "dot open", radius=6 if row["chosen"] else 4.5)  # fmt: skip
        canvas.text(
            place + 2, height + 4, row["name"], css="label strong" if row["chosen"] else "label"
        )
    return canvas.svg()


def canary(path: Sequence[Facts], loss_max: float, words: Words) -> str:
    """The always-valid interval as requests came in."""
    canvas = Canvas(WIDTH, HEIGHT, words["canary"], words["canary_note"])
    # The first looks are so wide that they would flatten the rest.
    shown = path[min(2, max(0, len(path) - 2)) :]
    x = Scale.of([0.0, *(p["n"] for p in shown)], canvas.left, canvas.right, pad=0.02)
    y = Scale.of([0.0, -loss_max, *(p[k] for p in shown for k in ("low", "high"))], canvas.bottom, canvas.top)  # fmt: skip
    canvas.axes(x, y, x_title=words["requests"], y_title=words["difference"])
    canvas.band(
        [(x(p["n"]), y(p["low"])) for p in shown], [(x(p["n"]), y(p["high"])) for p in shown]
    )
    canvas.rule(canvas.left, y(0.0), canvas.right, y(0.0), css="axis")
    canvas.rule(canvas.left, y(-loss_max), canvas.right, y(-loss_max), css="goal")
    canvas.text(canvas.right, y(-loss_max) + 13, f"{words['limit']} {-loss_max:g}", css="tick end")
    canvas.line([(x(p["n"]), y(p["value"])) for p in shown])
    return canvas.svg()


def money(rows: Sequence[Facts], words: Words) -> str:
    """Spent to the left, earned to the right of one line."""
    step = 34
    canvas = Canvas(WIDTH, 30 + step * max(1, len(rows)), words["money"], words["money_note"])
    x = Scale.of([0.0, *(r["amount"] for r in rows)], 150, canvas.width - 110)
    zero = x(0.0)
    for i, row in enumerate(rows):
        level = 14 + i * step
        at = x(row["amount"])
        css = "bar in" if row["amount"] >= 0 else "bar out"
        canvas.box(min(zero, at), level, max(abs(at - zero), 1.5), 20, css=css)
        canvas.text(0, level + 15, row["account"], css="label")
        canvas.text(canvas.width, level + 15, row["money"], css="label end")
    canvas.rule(zero, 4, zero, canvas.height - 8, css="axis")
    return canvas.svg()


def options(rows: Sequence[Facts], names: Mapping[str, str], words: Words, recommended: str) -> str:
    """Net value of each option with its interval."""
    step = 44
    canvas = Canvas(WIDTH, 48 + step * max(1, len(rows)), words["plan"], words["plan_note"])
    values = [0.0, *(r[k] for r in rows for k in ("low", "high", "net") if r[k] is not None)]
    x = Scale.of(values, 150, canvas.width - 90)
    foot = 14 + step * len(rows)
    for tick in x.ticks():
        canvas.rule(x(tick), 6, x(tick), foot, css="grid")
        canvas.text(x(tick), foot + 18, number(tick), css="tick mid")
    canvas.rule(x(0.0), 6, x(0.0), foot, css="axis")
    for i, row in enumerate(rows):
        level = 14 + i * step + step / 2 - 6
        best = row["name"] in recommended
        canvas.text(0, level + 4, names.get(row["name"], row["name"]), css="label strong" if best else "label")  # fmt: skip
        if row["net"] is None:
            canvas.text(x(0.0) + 10, level + 4, "?", css="label")
            continue
        canvas.rule(x(row["low"]), level, x(row["high"]), level, css="error thick")
        canvas.dot(x(row["net"]), level, css="dot" if best else "dot open", radius=6)
        canvas.text(canvas.width, level + 4, f"{row['net']:+,.0f}", css="label end")
    return canvas.svg()


def confusion(labels: Sequence[str], table: Sequence[Sequence[int]], words: Words) -> str:
    """Counts by truth and answer, shaded by the share of the truth's row."""
    cell = max(20, min(64, 300 // max(1, len(labels))))
    side = cell * len(labels)
    canvas = Canvas(side + 110, side + 60, words["model"], words["model_note"])
    for i, row in enumerate(table):
        total = max(1, sum(row))
        canvas.text(100, 30 + i * cell + cell / 2 + 4, _short(labels[i]), css="tick end")
        for j, count in enumerate(row):
            share = count / total
            canvas.box(106 + j * cell, 30 + i * cell, cell - 2, cell - 2, css="cell", extra=f' fill-opacity="{0.06 + 0.9 * share:.3f}"')  # fmt: skip
            css = "tick mid inverse" if share > 0.5 else "tick mid"
            canvas.text(106 + j * cell + cell / 2, 34 + i * cell + cell / 2, number(count), css=css)
    for j, label in enumerate(labels):
        canvas.text(106 + j * cell + cell / 2, 22, _short(label, cell), css="tick mid")
    canvas.text(106 + side / 2, side + 52, words["answer"], css="name mid")
    return canvas.svg()


def calibration(bins: Sequence[Facts], words: Words) -> str:
    """Share right by confidence; the diagonal is what confidence promises."""
    canvas = Canvas(360, 300, words["share_right"], words["model_note"])
    x = Scale(0.0, 1.0, canvas.left, canvas.right)
    y = Scale(0.0, 1.0, canvas.bottom, canvas.top)
    canvas.axes(x, y, x_title=words["confidence"], y_title=words["share_right"])
    canvas.rule(x(0), y(0), x(1), y(1), css="goal")
    most = max((b["n"] for b in bins), default=1)
    canvas.line([(x(b["confidence"]), y(b["accuracy"])) for b in bins])
    for b in bins:
        canvas.dot(x(b["confidence"]), y(b["accuracy"]), radius=round(2.5 + 4 * (b["n"] / most) ** 0.5, 2))  # fmt: skip
    return canvas.svg()


def _short(label: str, room: int = 90) -> str:
    most = max(3, room // 7)
    return label if len(label) <= most else label[: most - 1] + "…"
