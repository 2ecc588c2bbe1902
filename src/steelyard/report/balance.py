"""The split as a steelyard: a beam with technology on one arm and the market on the other. Knows no store.

The weights hang where the money goes, kept money lies in the pan below, and the beam tilts to the side that is worth
more alone. Example: `balance(split, language="zh", width=860).startswith("<svg")`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.report.charts import WIDE
from steelyard.report.plan_named import DUST, named, percent, plain, signed, span
from steelyard.report.plan_words import WORDS
from steelyard.report.svg import SMALL, Canvas, clipped, text_width

Facts = Mapping[str, Any]
Point = tuple[float, float]
SIDES = (("technology", -1), ("market", 1))  # which arm is left
FULL = 12.0  # degrees of the largest tilt
LEVEL = 0.01  # of the largest tilt: what is less is level
HANGS = 0.76  # of an arm: where its weight does
STARS = 10  # marks of an arm
LINE = 17  # pixels from one line of words to the next
NAMED = 3  # places under a weight; the others are counted


def balance(split: Facts, *, language: str, width: int = WIDE) -> str:
    """The picture; what it says in words is its description."""
    said = said_of(split, language)
    if split["simulated"]:
        said = f"{WORDS[language]['simulated']}: {said}"
    small = width < SMALL
    canvas = Canvas(width, 372 if small else 350, WORDS[language]["balance"], said)
    _Drawn(canvas, split, language).draw()
    return canvas.svg()


def said_of(split: Facts, language: str) -> str:
    """What the picture shows."""
    first, second = said_of_tilt(split, language), said_of_money(split, language)
    return WORDS[language]["two_sentences"].format(first=first, second=second)


def said_of_tilt(split: Facts, language: str) -> str:
    """Which side is worth more alone, and how sure that is."""
    words, arms = WORDS[language], split["arms"]
    about = {"currency": split["currency"], "months": split["months"]}
    if abs(tilt(split)[0]) < LEVEL * FULL:
        first, second = (span(arms[side]["alone"]) for side, _ in SIDES)
        return words["level"].format(first=first, second=second, **about)
    better = str(arms["better"])
    other = next(side for side, _ in SIDES if side != better)
    return words["tilt"].format(
        better=words[better],
        other=words[other],
        first=span(arms[better]["alone"]),
        second=span(arms[other]["alone"]),
        sure=percent(arms["sure"]),
        **about,
    )


def said_of_money(split: Facts, language: str) -> str:
    """Where the plan puts it, and how much of today's it takes away."""
    said, taken = _said_of_put(split, language), split.get("freed", 0.0)
    if taken < DUST:
        return said
    words = WORDS[language]
    freed = words["freed"].format(money=plain(taken), currency=split["currency"])
    return words["two_sentences"].format(first=said, second=freed)


def _said_of_put(split: Facts, language: str) -> str:
    words, currency, kept = WORDS[language], split["currency"], split["kept"]["money"]
    spent = {side: split["arms"][side]["spend"] for side, _ in SIDES}
    paid = [side for side, money in spent.items() if money >= DUST]
    if not paid:
        return words["none"].format(kept=plain(kept), currency=currency)
    rest = words["kept_some" if kept >= DUST else "kept_none"]
    rest = rest.format(kept=plain(kept), currency=currency)
    if len(paid) == 1:
        arm, money = words[paid[0]], plain(spent[paid[0]])
        return words["one"].format(arm=arm, money=money, kept=rest, currency=currency)
    each = {side: plain(money) for side, money in spent.items()}
    return words["both"].format(**each, kept=rest, currency=currency)


def said_of_scale(split: Facts, language: str) -> str:
    """What a degree is."""
    words, (_, low, high) = WORDS[language], tilt(split)
    scale = words["scale"].format(
        full=plain(full(split)), currency=split["currency"], degrees=f"{FULL:g}"
    )
    return words["sector"].format(scale=scale) if high - low >= LEVEL * FULL else scale


def full(split: Facts) -> float:
    """The difference of both sides at the largest tilt: the farthest end of its interval, and not less than the budget."""
    arms = split["arms"]
    apart = abs(arms["market"]["alone"]["value"] - arms["technology"]["alone"]["value"])
    ends = [abs(arms["difference"][end]) for end in ("low", "high")] if "difference" in arms else []
    return float(max(apart, *ends, split["budget"], 1e-9))


def _share(money: float, split: Facts) -> float:
    """Of the budget and of what is taken away."""
    whole = split["budget"] + split.get("freed", 0.0)
    return min(1.0, money / whole) if whole > 0 else 1.0


def tilt(split: Facts) -> tuple[float, float, float]:
    """Degrees by which the arm of the market is lower: expected, and the ends of the sector."""
    arms, most = split["arms"], full(split)
    apart = arms["market"]["alone"]["value"] - arms["technology"]["alone"]["value"]
    between = arms.get("difference") or {"low": apart, "high": apart}
    return FULL * apart / most, FULL * between["low"] / most, FULL * between["high"] / most


@dataclass(frozen=True)
class _Drawn:
    """The picture while it is drawn."""

    canvas: Canvas
    split: Facts
    language: str

    @property
    def small(self) -> bool:
        return self.canvas.width < SMALL

    @property
    def pivot(self) -> Point:
        return self.canvas.width / 2, 148.0 if self.small else 140.0

    @property
    def arm(self) -> float:
        return 0.37 * self.canvas.width if self.small else 0.36 * self.canvas.width

    def draw(self) -> None:
        degrees, low, high = tilt(self.split)
        self._sector(low, high)
        self._pan()
        for side, way in SIDES:
            self._side(side, way)
            self._weight(side, self._at(HANGS * way, degrees))
        self._beam(degrees)
        if self.split["simulated"]:
            self.canvas.text(
                self.pivot[0],
                82 if self.small else 22,
                WORDS[self.language]["simulated"],
                css="label mid marked",
            )

    def _at(self, part: float, degrees: float, off: float = 0.0) -> Point:
        """A point of the beam: a part of an arm, to the right above zero; `off` pixels below its line."""
        turn, (x, y) = math.radians(degrees), self.pivot
        along = part * self.arm
        return (
            round(x + along * math.cos(turn) - off * math.sin(turn), 2),
            round(y + along * math.sin(turn) + off * math.cos(turn), 2),
        )

    def _sector(self, low: float, high: float) -> None:
        """Where the beam may be, on both arms; the level behind it."""
        self.canvas.line([self._at(-1, 0), self._at(1, 0)], css="grid dashed")
        if high - low < LEVEL * FULL:
            return
        steps = [low + (high - low) * i / 12 for i in range(13)]
        for way in (-1, 1):
            arc = [self._at(way, degrees) for degrees in steps]
            self.canvas.band([self.pivot, self.pivot], arc)

    def _beam(self, degrees: float) -> None:
        """Thick at the cord that holds it, thin at its ends, with the stars of a scale."""
        x, y = self.pivot
        self.canvas.line([(x, y), (x, y - 44)], css="cord")
        self.canvas.dot(x, y - 48, css="ring", radius=5)
        ends = [(-1, 2.0), (0, 5.0), (1, 2.0)]
        above = [self._at(part, degrees, -thick) for part, thick in ends]
        below = [self._at(part, degrees, thick) for part, thick in ends]
        self.canvas.band(above, below, css="beam")
        for i in range(1, STARS):
            for way in (-1, 1):
                self.canvas.dot(*self._at(way * i / STARS, degrees), css="star", radius=1.3)
        self.canvas.dot(x, y, css="dot", radius=5)

    def _side(self, side: str, way: int) -> None:
        """What stands above an arm: its name, and what it is worth alone."""
        words, alone = WORDS[self.language], self.split["arms"][side]["alone"]
        css = " end" if way > 0 else ""
        x = self.canvas.width - 4 if way > 0 else 4
        better = self.split["arms"]["better"] == side and abs(tilt(self.split)[0]) >= LEVEL * FULL
        self.canvas.text(x, 20, words[f"{side}_side"], css=f"{'strong' if better else 'bold'}{css}")
        if not self._offered(side):
            self.canvas.text(x, 20 + LINE, words["nothing_offered"], css=f"label{css}")
            return
        value = words["alone"].format(value=signed(alone["value"]), currency=self.split["currency"])
        ends = words["interval"].format(low=signed(alone["low"]), high=signed(alone["high"]))
        lines = [value, ends] if self.small else [f"{value} {ends}"]
        for i, line in enumerate(lines, start=1):
            self.canvas.text(x, 20 + i * LINE, line, css=f"label{css}")

    def _offered(self, side: str) -> bool:
        known = [*self.split["parts"], *self.split["steps"]]
        return any(one["arm"] == side for one in known)

    def _weight(self, side: str, hook: Point) -> None:
        """It hangs where money goes; what is free beside it is said."""
        money = self.split["arms"][side]["spend"]
        lines = self._under(side, money)
        if not lines:
            return
        x, y = hook
        foot = y + 26
        self.canvas.line([hook, (x, foot)], css="cord")
        if money >= DUST:
            foot = self._block(x, foot, money)
        for i, line in enumerate(lines):
            css = "strong mid" if i == 0 and money >= DUST else "label mid"
            self.canvas.text(x, foot + (i + 1) * LINE, clipped(line, self._room), css=css)

    @property
    def _room(self) -> float:
        """Of words under a weight."""
        return 2 * (self.canvas.width / 2 - HANGS * self.arm) - 4 if self.small else 250.0

    def _under(self, side: str, money: float) -> list[str]:
        """Money first, then each place with its own, then what is free, then what is taken away."""
        words = WORDS[self.language]
        places = [p for p in self.split["parts"] if p["arm"] == side and p["spend"] >= DUST]
        steps = [s for s in self.split["steps"] if s["arm"] == side and s["taken"]]
        parts = [(named(p, self.language), p["spend"]) for p in places]
        parts += [(named(s, self.language), s["cost"]) for s in steps]
        said = [self._named(*one) for one in sorted(parts, key=lambda one: -one[1])]
        said += [
            words["less"].format(name=named(p, self.language), money=plain(-p["spend"]))
            for p in self.split["parts"]
            if p["arm"] == side and p["spend"] <= -DUST
        ]
        if len(said) > NAMED:
            said = [*said[: NAMED - 1], words["more"].format(n=len(said) - NAMED + 1)]
        if money < DUST:
            return said
        return [self._money("money", money), *said]

    def _named(self, name: str, cost: float) -> str:
        """The money stays where a name is cut."""
        words, paid = WORDS[self.language], cost >= DUST
        template = words["one_place"] if paid else words["free"]
        room = self._room - text_width(template.format(name="", money=plain(cost)))
        return template.format(name=clipped(name, room), money=plain(cost))

    def _money(self, code: str, money: float) -> str:
        return WORDS[self.language][code].format(
            money=plain(money), currency=self.split["currency"]
        )

    def _block(self, x: float, top: float, money: float) -> float:
        """A weight whose face is its share of the budget; where it ends below."""
        share = _share(money, self.split)
        size = (9 if self.small else 11) + (17 if self.small else 21) * math.sqrt(share)
        self.canvas.dot(x, top + 4, css="ring", radius=4)
        outline: Sequence[Point] = [
            (x - 0.55 * size, top + 8),
            (x + 0.55 * size, top + 8),
            (x + 0.8 * size, top + 8 + 1.3 * size),
            (x - 0.8 * size, top + 8 + 1.3 * size),
        ]
        rounded = [(round(a, 2), round(b, 2)) for a, b in outline]
        self.canvas.band(rounded[:2], rounded[2:][::-1], css="weight")
        return top + 10 + 1.3 * size

    def _pan(self) -> None:
        """It hangs under the cord, so that what lies in it tilts nothing."""
        (x, y), kept = self.pivot, self.split["kept"]["money"]
        half, floor = (34, y + 178) if self.small else (56, y + 150)
        self.canvas.line([(x - half, floor), (x, y), (x + half, floor)], css="cord")
        if kept >= DUST:
            share = _share(kept, self.split)
            size = (12 if self.small else 16) + (18 if self.small else 26) * math.sqrt(share)
            self.canvas.box(
                round(x - size, 2), round(floor - 0.7 * size, 2), 2 * size, 0.7 * size, css="weight"
            )
        self.canvas.add(
            f'<path class="pan" d="M{x - half},{floor} Q{x},{floor + 22} {x + half},{floor} Z"/>'
        )
        css = "strong mid" if kept >= 0.5 * self.split["budget"] > 0 else "label mid"
        self.canvas.text(x, floor + 32, self._money("kept_money", kept), css=css)
