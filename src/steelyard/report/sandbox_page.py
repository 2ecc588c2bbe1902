"""A simulated company played by four managers, as one page with its picture. Knows no simulation.

Example: `render(list(sandbox("recommender")), language="zh").startswith("<!doctype html>")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from steelyard.report.charts import HEIGHT, WIDE
from steelyard.report.markup import figure, note, table, text
from steelyard.report.sandbox_words import WORDS
from steelyard.report.svg import SMALL, Canvas, Scale, spread, text_width
from steelyard.terms import term

Facts = Mapping[str, Any]
LINE = 17  # pixels of a name beside a line
STYLES = {
    "plan": "line",
    "equal_parts": "line other",
    "market_only": "line other dashed",
    "technology_only": "line other dotted",
}


def render(months: Sequence[Facts], *, language: str = "en") -> str:
    """`months` are those of `steelyard.api.sandbox.sandbox`; KeyError for another language than en and zh."""
    words, last = WORDS[language], months[-1]
    title = words["title"].format(kind=term("kind", last["kind"], language), months=len(months))
    kicker = words["kicker"].format(seed=last["seed"], budget=money(last["budget"]))
    style = files("steelyard.report").joinpath("style.css").read_text(encoding="utf-8")
    pictures = figure(lambda width: curves(months, language, width=width))
    rows = [[str(m["month"]), did(m["did"], language)] for m in months]
    done = table([words["month"], words["did"]], rows)
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{style}</style></head><body><main>"
        f'<header><p class="kicker">{text(kicker)}</p><h1>{text(title)}</h1>'
        f'<p class="headline">{text(headline(last, language))}</p></header>'
        f"<section><h2>{text(words['profit'])}</h2>{pictures}{note(words['why'])}</section>"
        f"<section><h2>{text(words['table'])}</h2>{done}</section>"
        f"<footer>{text(words['footer'])}</footer></main></body></html>"
    )


def headline(last: Facts, language: str) -> str:
    """Who earned most, and by how much."""
    profit = dict(last["profit"])
    own = profit.pop("plan")
    second = max(profit, key=lambda name: profit[name])
    code = "ahead" if own >= profit[second] else "behind"
    return WORDS[language][code].format(
        more=money(abs(own - profit[second])), second=term("manager", second, language)
    )


def did(spent: Mapping[str, float], language: str) -> str:
    """Money by place, tests, and changes that are free."""
    words, parts = WORDS[language], []
    for name, amount in sorted(spent.items(), key=lambda one: -one[1]):
        what = term("place", name.removeprefix("test "), language)
        said = words["test"].format(what=what) if name.startswith("test ") else what
        parts.append(f"{said} {money(amount)}" if amount >= 0.5 else said)
    return ", ".join(parts) or words["nothing"]


def money(amount: float) -> str:
    return f"{amount:,.0f}"


def curves(months: Sequence[Facts], language: str, *, width: int = WIDE) -> str:
    """Profit so far of each manager, by month."""
    words = WORDS[language]
    canvas = Canvas(width, HEIGHT + 40, words["profit"], words["why"])
    last = months[-1]["profit"]
    order = sorted(last, key=lambda name: -last[name])
    names = [term("manager", name, language) for name in order]
    right = canvas.right - max(map(text_width, names)) - 10
    values = [value for month in months for value in month["profit"].values()]
    x = Scale(0.0, float(len(months)), canvas.left, right)
    y = Scale(min(0.0, *values), max(0.0, *values) * 1.06 or 1.0, canvas.bottom, canvas.top)
    step = 3 if width < SMALL else 1
    ticks = [(float(m), str(m)) for m in range(0, len(months) + 1, step)]
    canvas.axes(x, y, x_title=words["month"], y_title=words["money"], right=right, x_ticks=ticks)
    for name in order:
        points = [(x(float(m["month"])), y(m["profit"][name])) for m in months]
        canvas.line([(x(0.0), y(0.0)), *points], css=STYLES[name])
    heights = spread([y(last[name]) for name in order], LINE, canvas.top + 8, canvas.bottom - 4)
    for name, said, height in zip(order, names, heights, strict=True):
        canvas.text(right + 8, height + 4, said, css="strong" if name == "plan" else "label")
    return canvas.svg()
