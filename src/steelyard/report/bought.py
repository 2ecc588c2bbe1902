"""What users of an experiment bought, by arm, in a turn's report. Knows no store and no mathematics.

Example: `bought(replay, words, "en")` is empty for an experiment that outcomes decide
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.figures import small
from steelyard.report.markup import head, note, table
from steelyard.terms import term
from steelyard.words import sentence

Facts = Mapping[str, Any]


def bought(replay: Facts, words: Mapping[str, str], language: str) -> str:
    """Both arms, the difference and the lift with their intervals, and what is still missing."""
    shown = replay.get("metric")
    if not shown:
        return ""
    metric = term("metric", shown["metric"], language)
    unit = f", {shown['currency']}" if shown["currency"] else ""
    rows = [
        [
            term("state", arm, language),
            term("variant", one["name"], language),
            f"{one['n']:,}",
            f"{one['waiting']:,}",
            f"{one['converted']:,}",
            small(one["value"]),
        ]
        for arm, one in shown["arms"].items()
    ]
    difference = _interval(shown["difference"], "+") + unit
    lines = [words["bought_difference"].format(metric=metric, said=difference)]
    lines += [words["bought_lift"].format(said=_lift(shown["lift"]))]
    if shown.get("missing"):
        lines += [words["bought_missing"].format(why=sentence(shown, "missing", language))]
    title = head(words["bought"].format(metric=metric, days=shown["days"]))
    columns = words["bought_table"].format(metric=metric + unit).split("|")
    return title + table(columns, rows) + "".join(note(line) for line in lines)


def _interval(one: Facts | None, sign: str) -> str:
    if one is None:
        return "?"
    value, low, high = (small(one[name], sign) for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _lift(one: Facts | None) -> str:
    if one is None:
        return "?"
    value, low, high = (f"{one[name]:+.1%}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
