"""How a figure and a name are written inside a sentence. Knows no sentence.

A template names the way behind a colon: `{spend:money}`, with what it must be told apart from,
`{value:apart limit}`, or a count with its noun, `{days:many day}`. Example: `written(0.012, "share", numbers={}, language="en") == "0.0120"`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steelyard.terms import LANGUAGES, term

NAMED_MAX = 3  # labels in a sentence
ID_DIGITS = 10  # of a variant's id in a sentence
UNITS = {"p95_ms": " ms", "memory_mb": " MB"}
TIMES_APART = 1.05  # below, one digit would say that two costs are the same


def exact(value: float) -> str:
    """A figure of the product file as it stands there."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def apart(value: float, limit: float) -> str:
    """`value` in as many digits as tell it from `limit`: 20 is never above the goal 20."""
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))
    return next((text for text in texts if float(text) != limit), repr(value))


def briefly_apart(value: float, limit: float) -> str:
    """In the fewest digits, from three on, in which the two are not the same."""
    digits = (n for n in range(3, 17) if f"{value:.{n}g}" != f"{limit:.{n}g}")
    fewest = next(digits, None)
    return repr(value) if fewest is None else f"{value:.{fewest}g}"


def money(value: float) -> str:
    """In cents."""
    return f"{value:,.2f}"


def saving(value: float) -> str:
    """Cents, and below one the digits that count: a saving is never `+0.00`."""
    return f"{value:+,.2f}" if abs(value) >= 1 or value == 0 else f"{value:+.3g}"


def around(value: float) -> str:
    """An amount that is an estimate: cents of thousands would be no figures but noise."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def believed(value: float, unit: str) -> str:
    """An end of a belief of the plan, by what it counts."""
    if unit in ("count", "visits"):
        return f"{value:,.0f}"
    if unit in ("small", "cost"):
        return small(value)
    if unit == "share":
        return f"{100 * value:.2f} %"
    if unit == "quality":
        return f"{value:+.4f}"
    return around(value) if unit == "money" else f"{100 * value:+.2g} %"


def times(value: float) -> str:
    """How many times as much."""
    return f"{value:.1f}" if value >= TIMES_APART else f"{value:.2f}"


def small(value: float, sign: str = "") -> str:
    """Four digits behind the point, and two that tell something where those are none: a profit of a request."""
    return f"{value:{sign}.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:{sign}.2g}"


def _named(labels: Sequence[Any]) -> str:
    return ", ".join(map(str, labels[:NAMED_MAX])) + (" ..." if len(labels) > NAMED_MAX else "")


# way -> how a figure is written that way
FIGURES: dict[str, Callable[[Any], str]] = {
    "": str,
    "count": lambda n: f"{n:,}",
    "asked": lambda value: f"{value:g}",  # of the product file
    "exact": exact,
    "share": lambda value: f"{value:.4f}",
    "whole_percent": lambda value: f"{100 * value:.0f} %",
    "percent": lambda value: f"{100 * value:.3g} %",
    "small": small,
    "spread": lambda i: f"{small(i[0], '+')} [{small(i[1], '+')}, {small(i[2], '+')}]",
    "within": lambda i: f"{i[0]:.4f} [{i[1]:.4f}, {i[2]:.4f}]",
    "interval": lambda i: f"{i[0]:+.4f} [{i[1]:+.4f}, {i[2]:+.4f}]",
    "lift": lambda i: f"{100 * i[0]:+.3g} % [{100 * i[1]:+.3g}, {100 * i[2]:+.3g}]",
    "money": money,
    "saving": saving,
    "around": around,
    "amid": lambda i: f"{around(i[0])} [{around(i[1])} – {around(i[2])}]",
    "of_all": lambda i: f"{100 * i[0]:.0f} % [{100 * i[1]:.0f}, {100 * i[2]:.0f}]",
    "net": lambda i: f"{i[0]:+,.2f} [{i[1]:+,.2f}, {i[2]:+,.2f}]",
    "about": lambda value: f"{value:.2g}",
    "ms": lambda value: f"{value:.3g}",
    "served_ms": lambda value: f"{value:.4g}",
    "mb": lambda value: f"{value:.0f}",
    "times": times,
    "ratio": lambda value: f"{value:.2f}",
    "named": _named,
    "unit": lambda goal: UNITS.get(goal, ""),
    "behind": lambda unit: f" {unit}" if unit else "",
    "yaml": lambda names: f"[{', '.join(names)}]",
    "id": lambda name: str(name)[:ID_DIGITS],
}
COUNTED = "many"  # a count before its noun, which follows: one day, two days
# way -> how a figure is written beside another one of the same sentence
BESIDE: dict[str, Callable[[Any, Any], str]] = {"apart": apart, "briefly": briefly_apart}
# way -> name -> (English, Chinese) inside a sentence; what is not here is written as it is
NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "figure": {
        "p95_ms": ("p95", "p95"),
        "memory_mb": ("memory", "内存"),
        "cost_per_1000": ("cost per 1,000", "每千次成本"),
    },
    "curve": {
        "retention": ("carry-over", "延续效应"),
        "delay": ("delay", "延迟"),
        "saturation": ("saturation", "饱和曲线"),
        "half": ("point of half effect", "半效点"),
        "power": ("steepness", "陡度"),
    },
    "check": {
        "memory": ("a memory of the last period", "对上一期的记忆"),
        "outlier": ("an outlier", "离群值"),
        "widening": ("a spread that follows the outcome", "随结果变化的离散度"),
    },
    "outcome": {
        "sales": ("sales", "销售"),
        "visits": ("visits", "访问"),
        "conversions": ("conversions", "转化"),
    },
    "periods": {"week": ("weeks", "周"), "day": ("days", "天")},
    "measured": {"outcome": ("outcome", "结果")},
    "arm": {"live": ("live", "现行版本"), "canary": ("canary", "候选版本")},
}


def written(value: Any, way: str, *, numbers: Mapping[str, Any], language: str) -> str:
    """A value of a sentence; KeyError for a way that is not known, or that needs another number."""
    kind, _, beside = way.partition(" ")
    if kind == COUNTED:
        return f"{value:,} {beside if value == 1 else beside + 's'}"
    if kind in BESIDE:
        return BESIDE[kind](value, numbers[beside])
    if kind in FIGURES:
        return FIGURES[kind](value)
    if kind in NAMES:
        name = str(value)
        return NAMES[kind].get(name, (name, name))[LANGUAGES.index(language)]
    return term(kind, str(value), language)
