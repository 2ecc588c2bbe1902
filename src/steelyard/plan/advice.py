"""What a plan says at its head: what to do, why, and what to measure first or beside. Knows no lever.

Example: `advice(weighed)["do"]`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.plan.answer import three
from steelyard.plan.levers import Option
from steelyard.plan.looks import Worth
from steelyard.plan.offers import Offered, OfferedLook
from steelyard.plan.split import movable
from steelyard.plan.weigh import Weighed
from steelyard.reason import Reason, together
from steelyard.words import both, spoken

FIRST = 0.02  # of the unit: what a look has to be worth, to come first
Parts = Sequence[tuple[Offered, float]]
Look = tuple[OfferedLook, Worth]


def advice(weighed: Weighed) -> dict[str, Any]:
    """{"recommendation", "options", "unit", "currency", "because", "do"}, the last two in both languages."""
    found = zip(weighed.places, weighed.amounts.tolist(), strict=True)
    # what is taken away is said first: the others are paid of it
    parts = sorted(((one, x) for one, x in found if x), key=lambda part: part[1] > 0)
    looks = worth_it(weighed)
    first = next((one for one in looks if one[0].look.cost > 0), None)
    free = next((one for one in looks if one[0].look.cost <= 0), None)
    do = _do(weighed, parts) if first is None else together([first[0].do, *_of_steps(weighed)])
    because = _reopened(weighed, _because(weighed, parts))
    because = _beside(weighed, _limited(weighed, _measured(weighed, because, first, free)))
    return {
        "recommendation": _recommendation(weighed, parts, first),
        "options": [option.to_json() for option in weighed.options],
        "unit": weighed.question.budget,
        "currency": weighed.outlook.facts.currency,
        **spoken("because", Reason("plan.do", {"do": do, "why": because})),
        **spoken("do", do),
    }


def _recommendation(weighed: Weighed, parts: Parts, first: Look | None) -> dict[str, Any]:
    money = {one.place.name: round(x, 2) for one, x in sorted(parts, key=lambda part: part[1] < 0)}
    named = [(o.place.name, o.called) for o, _ in parts]
    named += [(o.step.name, o.called) for o in weighed.taken]
    return {
        "option": max(money, key=lambda name: money[name]) if money else _free(weighed),
        "experiment": first is not None,
        "spend": money,
        "kept": round(weighed.kept, 2),
        "currency": weighed.outlook.facts.currency,
        "called": {name: list(words) for name, words in named if words is not None},
        "steps": [one.step.name for one in weighed.taken],
        "look": None if first is None else list(both(first[0].named).values()),
    }


def _measured(weighed: Weighed, because: Reason, first: Look | None, free: Look | None) -> Reason:
    """With what is measured before the money goes, and what beside it."""
    currency = weighed.outlook.facts.currency
    if first is not None:
        look, worth = first
        because = Reason(
            "split.look_first",
            {
                "because": because,
                "look": look.named,
                "cost": look.look.cost,
                "net": worth.net,
                "currency": currency,
            },
        )
    if free is not None:
        look, worth = free
        because = Reason(
            "split.look_beside",
            {
                "because": because,
                "look": look.named,
                "net": worth.net,
                "currency": currency,
                "do": look.do,
            },
        )
    return because


def _beside(weighed: Weighed, because: Reason) -> Reason:
    """With what is free and decided elsewhere, and how a market is booked where none is."""
    facts = weighed.outlook.facts
    for option in (o for o in weighed.options if o.aside):
        because = Reason("plan.beside", {"why": because, "beside": _again(option)})
    if not (facts.market or facts.damaged or facts.books_in):
        book = Reason("do.book_market", {"file": facts.file})
        because = Reason("plan.beside", {"why": because, "beside": book})
    return because


def _limited(weighed: Weighed, why: Reason) -> Reason:
    """With what of the product file says two things at once."""
    facts = weighed.outlook.facts
    if facts.cash is None:
        return why
    least = float(np.quantile(weighed.least_cash, facts.ruin))
    if not np.isfinite(weighed.split.solved.residual) and least < 0:
        runs_out = Reason(
            "split.cash_runs_out",
            {
                "cash": facts.cash,
                "months": weighed.outlook.months,
                "share": float((weighed.least_cash < 0).mean()),
                "ruin": facts.ruin,
                "needed": facts.cash - least,
                "currency": facts.currency,
            },
        )
        return Reason("plan.beside", {"why": why, "beside": runs_out})
    if weighed.unit > facts.cash:
        less = Reason(
            "split.no_cash_for_unit",
            {
                "unit": weighed.unit,
                "cash": facts.cash,
                "currency": facts.currency,
                "file": facts.file,
            },
        )
        return Reason("plan.beside", {"why": why, "beside": less})
    return why


def _reopened(weighed: Weighed, why: Reason) -> Reason:
    """With what opens the choice of the live variant again."""
    again = next((o for o in weighed.options if o.reopens), None)
    return why if again is None else Reason("plan.reopened", {"why": why, "again": _again(again)})


def _again(option: Option) -> Reason:
    if option.do is None:
        return option.because
    return Reason("plan.again", {"because": option.because, "do": option.do})


def worth_it(weighed: Weighed) -> list[Look]:
    """Looks that are worth more than they cost, and more than a hair. One that costs something comes before the
    money is placed, since it is paid of it; one that is free is had beside."""
    least = FIRST * max(weighed.question.budget, 1.0)
    return [one for one in weighed.looks if one[1].net > least]


def _free(weighed: Weighed) -> str:
    """What is advised where no money goes anywhere."""
    levers = (name for name, o in weighed.offers.items() if any(s in weighed.taken for s in o.menu))
    return next(levers, "nothing")


def _because(weighed: Weighed, parts: Parts) -> Reason:
    facts, gain = weighed.outlook.facts, three(weighed.gain)
    if not parts and not weighed.taken:
        return _kept_because(weighed)
    told = Reason(
        "split.brings",
        {
            "gain": (gain["value"], gain["low"], gain["high"]),
            "currency": facts.currency,
            "months": weighed.outlook.months,
        },
    )
    why = [one.told(x) for one, x in parts] + [one.because for one in weighed.taken]
    return Reason("split.because", {"brings": told, "each": tuple(why)})


def _kept_because(weighed: Weighed) -> Reason:
    """The place whose next unit comes nearest to returning itself."""
    if not weighed.places:
        return Reason("split.no_place")
    if weighed.question.budget <= 0:
        if movable([one.place for one in weighed.places]) > 0:
            return Reason("split.stays", {})
        return Reason("split.no_money", {"file": weighed.outlook.facts.file})
    means = weighed.next.mean(axis=0)
    at = int(means.argmax())
    one, drawn = weighed.places[at], three(weighed.next[:, at])
    returns = (1 + drawn["value"], 1 + drawn["low"], 1 + drawn["high"])
    if drawn["value"] > 0:
        return Reason(
            "split.too_risky",
            {
                "name": _name(one.called, one.place.name),
                "returns": returns,
                "currency": weighed.outlook.facts.currency,
                "caution": weighed.outlook.facts.caution,
            },
        )
    return Reason(
        "split.none_returns",
        {
            "name": _name(one.called, one.place.name),
            "returns": returns,
            "currency": weighed.outlook.facts.currency,
        },
    )


def _do(weighed: Weighed, parts: Parts) -> Reason:
    facts = weighed.outlook.facts
    doings = [one.do(x) for one, x in parts] + _of_steps(weighed)
    if parts and weighed.kept > 0.01 * (weighed.question.budget + weighed.freed):
        doings.append(Reason("do.keep_rest", {"money": weighed.kept, "currency": facts.currency}))
    if not doings and weighed.question.budget <= 0:
        return Reason("do.leave", {"file": facts.file})
    if not doings:
        return Reason(
            "do.keep",
            {"file": facts.file, "money": weighed.question.budget, "currency": facts.currency},
        )
    return together(doings)


def _of_steps(weighed: Weighed) -> list[Reason]:
    return [one.do for one in weighed.taken]


def _name(called: tuple[str, str] | None, name: str) -> Reason:
    if called is None:
        return Reason("split.option", {"option": name})
    return Reason("told", {"en": called[0], "zh": called[1]})
