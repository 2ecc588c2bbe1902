"""Small inline SVG: scales, axes, marks. Knows no report.

Coordinates are finite for any finite data, also one point or no range.
Example: `Canvas(640, 300, "Learning curve", "accuracy by labels").line(points)`
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

MARGIN_TOP, MARGIN_BOTTOM = 24, 44
SMALL = 480  # pixels: below, margins are narrow too
NARROWEST = 1 + 1e-9  # a scale's end over its beginning


@dataclass(frozen=True)
class Scale:
    """Data [low, high] to pixels [start, end], linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def of(
        cls,
        values: Sequence[float],
        start: float,
        end: float,
        *,
        log: bool = False,
        pad: float = 0.06,
    ) -> Scale:
        """A scale that holds every value with a little room."""
        known = [v for v in values if math.isfinite(v) and (v > 0 or not log)] or [1.0]
        low, high = min(known), max(known)
        if log:
            room = max((high / low) ** pad, NARROWEST) if high > low else 1.5
            return cls(low / room, high * room, start, end, log=True)
        # two values that are nearly one leave the same number on both sides
        least = max(abs(low), abs(high)) * (NARROWEST - 1)
        room = max((high - low) * pad or abs(high) * 0.1 or 1.0, least)
        return cls(low - room, high + room, start, end)

    def __call__(self, value: float) -> float:
        if self.log:
            at = (math.log(max(value, 1e-300)) - math.log(self.low)) / (
                math.log(self.high) - math.log(self.low)
            )
        else:
            at = (value - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, at)) * (self.end - self.start), 2)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers inside the scale."""
        if self.log:
            ticks = [
                m * 10.0**e
                for e in range(-12, 13)
                for m in (1, 2, 5)
                if self.low <= m * 10.0**e <= self.high
            ]
            return ticks[:: max(1, math.ceil(len(ticks) / about))] or [self.low]
        raw = (self.high - self.low) / about
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
        first = math.ceil(self.low / step)
        count = math.floor(self.high / step) - first
        return [round((first + i) * step, 12) for i in range(count + 1)]


def number(value: float) -> str:
    """Short and exact enough for an axis."""
    if value == 0:
        return "0"
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def signed(value: float) -> str:
    """With its sign, and never `+0` for what is not zero."""
    if value == 0 or abs(value) >= 100:
        return f"{value:+,.0f}"
    return f"{value:+.3g}" if abs(value) < 10 else f"{value:+.1f}"


def text_width(words: str) -> float:
    """Pixels of a label: Chinese letters are nearly twice as wide."""
    return sum(12.5 if unicodedata.east_asian_width(c) in "WF" else 7.0 for c in words)


def clipped(words: str, room: float) -> str:
    """The words, cut with an ellipsis to fit."""
    if text_width(words) <= room:
        return words
    while words and text_width(words) > room - 8:
        words = words[:-1]
    return words + "…"


@dataclass
class Canvas:
    """One picture with a title and a description for those who cannot see it."""

    width: int
    height: int
    title: str
    description: str
    parts: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        return 46 if self.width < SMALL else 64

    @property
    def right(self) -> int:
        return self.width - (14 if self.width < SMALL else 24)

    @property
    def top(self) -> int:
        return MARGIN_TOP

    @property
    def bottom(self) -> int:
        return self.height - MARGIN_BOTTOM

    def axes(
        self,
        x: Scale,
        y: Scale,
        *,
        x_title: str,
        y_title: str,
        right: float | None = None,
        x_ticks: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        """Grid, ticks and names; `x_ticks` are values with their words, where they are no numbers."""
        end = self.right if right is None else right
        for tick in y.ticks():
            self.rule(self.left, y(tick), end, y(tick), css="grid")
            self.text(self.left - 8, y(tick) + 4, number(tick), css="tick end")
        if x_ticks is None:
            x_ticks = [(tick, number(tick)) for tick in x.ticks(3 if self.width < SMALL else 5)]
        for tick, words in x_ticks:
            self.text(x(tick), self.bottom + 18, words, css="tick mid")
        self.rule(self.left, self.bottom, end, self.bottom, css="axis")
        self.text((self.left + end) / 2, self.height - 6, x_title, css="name mid")
        self.text(0, self.top - 12, y_title, css="name")

    def band(
        self,
        low: Sequence[tuple[float, float]],
        high: Sequence[tuple[float, float]],
        *,
        css: str = "band",
    ) -> None:
        points = [*low, *reversed(high)]
        if len(low) > 1:
            self.add(f'<polygon class="{css}" points="{_points(points)}"/>')

    def line(self, points: Sequence[tuple[float, float]], *, css: str = "line") -> None:
        if len(points) > 1:
            self.add(f'<polyline class="{css}" points="{_points(points)}"/>')

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, css: str) -> None:
        self.add(f'<line class="{css}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')

    def dot(self, x: float, y: float, *, css: str = "dot", radius: float = 4.5) -> None:
        self.add(f'<circle class="{css}" cx="{x}" cy="{y}" r="{radius}"/>')

    def box(
        self, x: float, y: float, width: float, height: float, *, css: str, extra: str = ""
    ) -> None:
        self.add(
            f'<rect class="{css}" x="{x}" y="{y}" width="{max(0.0, width)}" height="{max(0.0, height)}"{extra}/>'
        )

    def text(self, x: float, y: float, words: str, *, css: str = "label") -> None:
        self.add(
            f'<text class="{css}" x="{round(x, 2)}" y="{round(y, 2)}">{html.escape(words)}</text>'
        )

    def upright(self, x: float, y: float, words: str, *, css: str) -> None:
        """Text from (x, y) upwards."""
        x, y = round(x, 2), round(y, 2)
        self.add(
            f'<text class="{css}" transform="rotate(-90 {x} {y})" x="{x}" y="{y}">{html.escape(words)}</text>'
        )

    def add(self, part: str) -> None:
        self.parts.append(part)

    def svg(self) -> str:
        head = f'<svg viewBox="0 0 {self.width} {self.height}" width="{self.width}" role="img">'
        about = (
            f"<title>{html.escape(self.title)}</title><desc>{html.escape(self.description)}</desc>"
        )
        return head + about + "".join(self.parts) + "</svg>"


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, at least `gap` apart: labels that do not cover each other."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    at = low - gap
    for i in order:
        at = max(wanted[i], at + gap)
        placed[i] = at
    over = at - high
    for i in reversed(order):
        if over <= 0:
            break
        placed[i] = min(placed[i], high)
        high = placed[i] - gap
    return placed
