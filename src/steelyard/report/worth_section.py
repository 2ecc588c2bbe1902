"""What a new customer brings month by month, beside what he cost, as pictures and as a table. Knows no store.

Example: `worth_sections(facts["economics"], words)` is empty where there is no model of customers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.report.amounts import amount
from steelyard.report.markup import figure, head, note, table
from steelyard.report.worth_charts import COSTS, brings, survival

Facts = Mapping[str, Any]
Words = Mapping[str, str]
SHOWN = 0, 1, 3, 6, 12, 18, 24  # months of the table; the last one too, whichever it is


def worth_sections(facts: Facts, words: Words) -> str:
    """Pictures and their table; nothing where customers tell no model, which the table of customers says."""
    worth = facts["worth"]
    by_month, here = worth.get("by_month", ()), worth.get("survival", ())
    made = ""
    if by_month:
        costs = _costs(facts["channels"], words)
        unit = words["unit"].format(currency=facts["currency"])
        made += head(words["brings"]) + note(words["brings_note"] + _left_out(costs, words))
        made += figure(lambda width: brings(by_month, costs, words, unit=unit, width=width))
    if here:
        made += head(words["survival"]) + note(words["survival_note"])
        made += figure(lambda width: survival(here, words, width=width))
    return made + (_table(by_month, here, facts["currency"], words) if made else "")


def _costs(channels: Sequence[Facts], words: Words) -> list[dict[str, Any]]:
    """What one costs, and when he has paid it back, of channels that tell; the dearest spend first."""
    return [
        {
            "channel": one["channel"] or words["no_channel"],
            "cost": one["cost"]["value"],
            "month": one["months"]["value"],
        }
        for one in channels
        if one["cost"]["value"] is not None
    ]


def _left_out(costs: Sequence[Facts], words: Words) -> str:
    n = len(costs) - COSTS
    return words["space"] + words["more_channels"].format(n=n) if n > 0 else ""


def _table(by_month: Sequence[Facts], here: Sequence[Facts], currency: str, words: Words) -> str:
    """Both by month, for whoever cannot see a picture."""
    columns = [words["months_since"]]
    columns += [words["brings_column"].format(currency=currency)] if by_month else []
    columns += [words["here"]] if here else []
    parts = [(part, tell) for part, tell in ((by_month, amount), (here, _share)) if part]
    last = min(len(part) for part, _ in parts) - 1
    months = sorted({month for month in (*SHOWN, last) if month <= last})
    rows = [
        [
            str(month),
            *(_span(part[month], tell) for part, tell in parts),
        ]
        for month in months
    ]
    return table(columns, rows)


def _span(one: Facts, tell: Any) -> str:
    low, high = ("?" if one[end] is None else tell(one[end]) for end in ("low", "high"))
    return f"{tell(one['value'])} [{low}, {high}]"


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"
