"""Bars and squares of the report: money, options, confusion. Knows no store.

Each is a function of plain facts and a width. Example: `money(rows, words).startswith("<svg")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.charts import WIDE
from steelyard.report.svg import Canvas, Scale, clipped, number, signed, text_width

Words = Mapping[str, str]
Facts = Mapping[str, Any]
VISIBLE = 0.01  # a bar below this share of the longest is not seen, and goes with the others
LABELS_MAX = 20  # above, nobody finds anything among the squares
CELL_MIN, CELL_MAX = 23, 56  # pixels of a square that holds a count


def money(rows: Sequence[Facts], words: Words, *, width: int = WIDE) -> str:
    """{"name", "amount", "money"} of one currency: spent to the left, earned to the right."""
    shown = _visible(rows, words)
    stacked = width < WIDE
    step = 46 if stacked else 34
    canvas = Canvas(width, 12 + step * len(shown), words["money"], words["money_note"])
    names = 0.0 if stacked else min(220.0, max(text_width(r["name"]) for r in shown) + 14)
    room = max(text_width(r["money"]) for r in shown) + 14
    x = Scale.of([0.0, *(r["amount"] for r in shown)], names, canvas.width - room, pad=0.0)
    zero = x(0.0)
    for i, row in enumerate(shown):
        top = 6 + i * step
        level = top + (18 if stacked else 0)
        at = x(row["amount"])
        css = "bar in" if row["amount"] >= 0 else "bar out"
        canvas.text(0, top + (12 if stacked else 15), row["name"], css="label")
        canvas.box(min(zero, at), level, max(abs(at - zero), 1.5), 20, css=css)
        canvas.text(canvas.width, level + 15, row["money"], css="label end")
    canvas.rule(zero, 2, zero, canvas.height - 6, css="axis")
    return canvas.svg()


def _visible(rows: Sequence[Facts], words: Words) -> list[Facts]:
    longest = max(abs(r["amount"]) for r in rows)
    seen = [r for r in rows if abs(r["amount"]) >= VISIBLE * longest]
    left = [r for r in rows if abs(r["amount"]) < VISIBLE * longest]
    if len(left) < 2:
        return [*seen, *left]
    total = sum(r["amount"] for r in left)
    name = words["others"].format(n=len(left))
    return [*seen, {"name": name, "amount": total, "money": signed(total)}]


def options(
    rows: Sequence[Facts],
    names: Mapping[str, str],
    words: Words,
    recommended: str,
    *,
    width: int = WIDE,
) -> str:
    """Net value of each option with its interval."""
    stacked = width < WIDE
    step = 52 if stacked else 44
    canvas = Canvas(width, 48 + step * max(1, len(rows)), words["plan"], words["plan_note"])
    said = {row["name"]: names.get(row["name"], row["name"]) for row in rows}
    column = 8.0 if stacked else max((text_width(name) for name in said.values()), default=0) + 20
    values = [0.0, *(r[k] for r in rows for k in ("low", "high", "net") if r[k] is not None)]
    x = Scale.of(values, column, canvas.width - 80)
    foot = 14 + step * len(rows)
    for tick in x.ticks(3 if stacked else 5):
        if not stacked:
            canvas.rule(x(tick), 6, x(tick), foot, css="grid")
        canvas.text(x(tick), foot + 18, number(tick), css="tick mid")
    if not stacked:
        canvas.rule(x(0.0), 6, x(0.0), foot, css="axis")
    for i, row in enumerate(rows):
        level = 14 + i * step + (34 if stacked else step / 2 - 6)
        best = row["name"] == recommended
        css = "label strong" if best else "label"
        canvas.text(0, level - 16 if stacked else level + 4, said[row["name"]], css=css)
        if stacked:  # a line through all rows would strike the names out
            canvas.rule(x(0.0), level - 11, x(0.0), level + 13, css="axis")
        if row["net"] is None:
            canvas.text(x(0.0) + 10, level + 4, "?", css="label")
            continue
        canvas.rule(x(row["low"]), level, x(row["high"]), level, css="error thick")
        canvas.dot(x(row["net"]), level, css="dot" if best else "dot open", radius=6)
        canvas.text(canvas.width, level + 4, signed(row["net"]), css="label end")
    return canvas.svg()


def confusion(
    labels: Sequence[str], table: Sequence[Sequence[int]], words: Words, *, width: int = WIDE
) -> str:
    """Counts by truth and answer, shaded by the share of the truth's row; nothing where the
    squares would be too small for their counts."""
    if len(labels) > LABELS_MAX:
        return ""
    left = min(0.3 * width, max(text_width(label) for label in labels)) + 8
    cell = int(min(CELL_MAX, (width - left) / len(labels)))
    if cell < CELL_MIN:
        return ""
    side = cell * len(labels)
    turned = any(text_width(label) > cell for label in labels)
    head = min(90.0, max(text_width(label) for label in labels)) + 8 if turned else 24
    foot = head + side + 22
    size = max(left + side, left + text_width(words["answer"]))
    canvas = Canvas(round(size), round(foot + 8), words["model"], words["model_note"])
    for i, row in enumerate(table):
        middle = head + i * cell + cell / 2 + 4
        canvas.text(left - 6, middle, clipped(labels[i], left - 8), css="tick end")
        for j, count in enumerate(row):
            _cell(canvas, left + j * cell, head + i * cell, cell, count, count / max(1, sum(row)))
    for j, label in enumerate(labels):
        at = left + j * cell + cell / 2
        if turned:
            canvas.upright(at + 4, head - 6, clipped(label, head - 8), css="tick")
        else:
            canvas.text(at, head - 6, label, css="tick mid")
    canvas.text(left + side / 2, foot, words["answer"], css="name mid")
    return canvas.svg()


def _cell(canvas: Canvas, x: float, y: float, cell: int, count: int, share: float) -> None:
    opacity = f' fill-opacity="{0.06 + 0.9 * share:.2f}"'
    canvas.box(x, y, cell - 2, cell - 2, css="cell", extra=opacity)
    if not count and cell < CELL_MAX:
        return  # zeros would hide what is wrong
    said = number(count) if count < 1000 else f"{count / 1000:.1f}k"
    tiny = "" if text_width(said) < cell - 4 else " tiny"
    canvas.text(
        x + cell / 2 - 1,
        y + cell / 2 + 4,
        said,
        css=f"tick mid{' inverse' if share > 0.5 else ''}{tiny}",
    )
