"""What of a plan is done by the next turn, and by how much the plan of now is another one. Knows no ledger and no file.

Example: `Doing.of(plan).labels`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.reason import Reason
from steelyard.words import kept

MOVED = 0.05  # of the budget: amounts that moved by no more are the same plan
# Sentences of more and of less money in a channel, and the number in them that was promised.
CUSTOMERS = ("channels.brings", "channels.fewer", "customers")
SALES = ("channels.sells", "channels.less", "left")
Three = tuple[float, float, float]


@dataclass(frozen=True)
class Doing:
    """Labels to have in all, money by channel with the customers or sales that it should bring, both below zero where
    money is taken away, and steps of which a person types what the plan says."""

    labels: int | None
    channels: Mapping[str, float]
    customers: Mapping[str, Three]
    steps: tuple[str, ...]
    sales: Mapping[str, Three] = field(default_factory=dict)  # money that should be left of them

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> Doing:
        """Read of the sentences that say what to do, so that no more is approved than a person read."""
        labels, channels, hours = None, {}, []
        for one in _all(kept(plan, "do")):
            if one.code == "do.buy_labels":
                labels = int(_float(one.numbers["total"]))
            if one.code == "do.spend_more":
                channels[str(one.numbers["channel"])] = _float(one.numbers["money"])
            if one.code == "do.spend_less":
                channels[str(one.numbers["channel"])] = -_float(one.numbers["money"])
            if one.code == "do.hours":  # for a person to do, as a step is
                hours.append("hours")
        why = list(_all(kept(plan, "because")))
        customers, sales = (
            {
                str(one.numbers["channel"]): _three(one.numbers[name], less=one.code == less)
                for one in why
                if one.code in (more, less) and one.numbers["channel"] in channels
            }
            for more, less, name in (CUSTOMERS, SALES)
        )
        advised = plan["recommendation"]
        look = [advised["look"][0]] if advised["look"] and labels is None else []
        return cls(labels, channels, customers, (*advised["steps"], *hours, *look), sales)

    @property
    def nothing(self) -> bool:
        return self.labels is None and not self.channels and not self.steps


def moved(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Reason]:
    """What is another in the plan of now: amounts by more than `MOVED` of the budget, steps, what is measured first."""
    split, currency = then["split"], then["currency"]
    budget = float(split["budget"]) + float(split.get("freed", 0.0))
    before, after = _spend(then), _spend(now)
    found = [
        Reason(
            "approve.moved",
            {
                "name": name,
                "before": before.get(name, 0.0),
                "after": after.get(name, 0.0),
                "currency": currency,
            },
        )
        for name in sorted({*before, *after})
        if abs(before.get(name, 0.0) - after.get(name, 0.0)) > MOVED * budget
    ]
    had, has = (set(plan["recommendation"]["steps"]) for plan in (then, now))
    found += [Reason("approve.dropped", {"name": name}) for name in sorted(had - has)]
    found += [Reason("approve.taken", {"name": name}) for name in sorted(has - had)]
    looks = [plan["recommendation"]["look"] for plan in (then, now)]
    if looks[0] != looks[1]:
        found.append(Reason("approve.look"))
    return found


def _spend(plan: Mapping[str, Any]) -> dict[str, float]:
    return {part["name"]: float(part["spend"]) for part in plan["split"]["parts"]}


def _all(reason: Reason) -> Iterator[Reason]:
    """A reason and every one inside it."""
    yield reason
    for value in reason.numbers.values():
        inside = value if isinstance(value, tuple) else (value,)
        for one in inside:
            if isinstance(one, Reason):
                yield from _all(one)


def _float(value: Any) -> float:
    return float(value)


def _three(value: Any, *, less: bool = False) -> Three:
    middle, low, high = (float(one) for one in value)
    return (-middle, -high, -low) if less else (middle, low, high)
