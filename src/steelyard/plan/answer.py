"""The split as a plan keeps it: numbers with intervals, and sentences in both languages. Knows no lever.

Intervals are of 80 %. Example: `told(weighed)["parts"][0]["spend"]`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.chain import chain
from steelyard.plan.levers import Option
from steelyard.plan.looks import Worth
from steelyard.plan.offers import Offered, OfferedLook, OfferedStep
from steelyard.plan.sliders import sliders
from steelyard.plan.switch import Switch, better, switches
from steelyard.plan.weigh import ARMS, Weighed
from steelyard.reason import Reason, together
from steelyard.words import both, spoken

Array = NDArray[np.float64]
TAIL = 0.1
LOOKS = 6  # shown
FIRST = 0.02  # of the unit: what a look has to be worth, to come first


def told(weighed: Weighed) -> dict[str, Any]:
    """All of it as JSON."""
    facts = weighed.outlook.facts
    first, _ = better(weighed)
    shares, kept = weighed.best
    return {
        "budget": weighed.question.budget,
        "currency": facts.currency,
        "months": weighed.outlook.months,
        "caution": facts.caution,
        "simulated": facts.market is not None and facts.market.simulated,
        "solved": weighed.split.solved.solved,
        "residual": finite(weighed.split.solved.residual),
        "shadow": weighed.split.solved.shadow,
        "profit": three(weighed.gain) | {"sure": float((weighed.gain > 0).mean())},
        "kept": {"money": weighed.kept, "best": kept},
        "parts": [
            _part(weighed, at, one, float(shares[at])) for at, one in enumerate(weighed.places)
        ],
        "steps": [_step(weighed, one) for one in weighed.steps],
        "arms": {arm: _arm(weighed, arm) for arm in ARMS}
        | {"better": first, "sure": _sure(weighed), "difference": _difference(weighed)},
        "switch": [_switch(weighed, one) for one in switches(weighed)],
        "looks": [_look(one, worth) for one, worth in weighed.looks[:LOOKS]],
        "unknown": [spoken("because", r) for o in weighed.offers.values() for r in o.unknown],
        "chain": chain(weighed),
        "sliders": sliders(weighed),
    }


def three(drawn: Array) -> dict[str, float]:
    """Mean and interval of draws."""
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    return {"value": float(drawn.mean()), "low": float(low), "high": float(high)}


def finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _part(weighed: Weighed, at: int, one: Offered, best: float) -> dict[str, Any]:
    money = float(weighed.amounts[at])
    named = {} if one.called is None else {"called": list(one.called)}
    said = spoken("because", one.told(money)) | spoken("do", one.do(money)) if money > 0 else {}
    return {
        "name": one.place.name,
        "arm": one.place.arm,
        "spend": money,
        "most": finite(one.place.most),
        "evidence": one.evidence,
        "next": three(weighed.next[:, at]),
        "best": best,
        **named,
        **said,
    }


def _step(weighed: Weighed, one: OfferedStep) -> dict[str, Any]:
    taken = one.step in weighed.split.steps
    named = {} if one.called is None else {"called": list(one.called)}
    return {
        "name": one.step.name,
        "arm": one.step.arm,
        "cost": one.step.cost,
        "taken": taken,
        "evidence": one.evidence,
        **named,
        **spoken("because", one.because),
        **spoken("do", one.do),
    }


def _arm(weighed: Weighed, arm: Any) -> dict[str, Any]:
    gain = weighed.alone[arm].profit - weighed.nothing.profit
    return {"spend": weighed.split.of_arm(arm), "alone": three(gain)}


def _sure(weighed: Weighed) -> float:
    """How likely the better side alone is better than the other alone."""
    first, second = better(weighed)
    return float((weighed.alone[first].profit > weighed.alone[second].profit).mean())


def _difference(weighed: Weighed) -> dict[str, float]:
    """Of the market above technology, each alone."""
    return three(weighed.alone["market"].profit - weighed.alone["technology"].profit)


def _switch(weighed: Weighed, one: Switch) -> dict[str, Any]:
    reason = switch_reason(weighed, one)
    body = {"belief": one.belief, "of": one.of, "now": one.now, "at": one.at, "factor": one.factor}
    return body | spoken("because", reason)


def switch_reason(weighed: Weighed, one: Switch) -> Reason:
    """What would have to be true for the other side to be the better place."""
    first, _ = better(weighed)
    side = Reason("arm.technology") if first == "technology" else Reason("arm.market")
    if one.belief == "quality_to_conversion":
        return Reason("switch.conversion", {"better": side, "now": one.now, "at": one.at})
    times = one.at / one.now
    if one.belief == "gain":
        of = Reason("arm.technology") if one.of == "technology" else Reason("arm.market")
        return Reason("switch.gain", {"better": side, "of": of, "times": times})
    if one.belief == "worth":
        return Reason(
            "switch.worth", {"better": side, "now": one.now, "at": one.at, "times": times}
        )
    if one.belief == "answer":
        return Reason(
            "switch.answer", {"better": side, "now": one.now, "at": one.at, "times": times}
        )
    return Reason("switch.requests", {"better": side, "now": one.now, "at": one.at, "times": times})


def _look(one: OfferedLook, worth: Worth) -> dict[str, Any]:
    return {
        "name": one.look.name,
        "called": list(both(one.named).values()),
        "arm": one.look.arm,
        "cost": one.look.cost,
        "months": one.look.periods,
        "gross": worth.gross,
        "net": worth.net,
        **spoken("because", one.because),
        **spoken("do", one.do),
    }


def advice(weighed: Weighed) -> dict[str, Any]:
    """{"recommendation", "because", "do", ...}: what a plan says at its head."""
    parts = [
        (one, float(x)) for one, x in zip(weighed.places, weighed.amounts, strict=True) if x > 0
    ]
    because, do = _reopened(weighed, _because(weighed, parts)), _do(weighed, parts)
    looks, facts = worth_it(weighed), weighed.outlook.facts
    first = next((one for one in looks if one[0].look.cost > 0), None)
    if first is not None:
        look, worth = first
        because = Reason(
            "split.look_first",
            {
                "because": because,
                "look": look.named,
                "cost": look.look.cost,
                "net": worth.net,
                "currency": weighed.outlook.facts.currency,
            },
        )
        do = together([look.do, *_of_steps(weighed)])
    for look, worth in [one for one in looks if one[0].look.cost <= 0][:1]:
        because = Reason(
            "split.look_beside",
            {
                "because": because,
                "look": look.named,
                "net": worth.net,
                "currency": weighed.outlook.facts.currency,
                "do": look.do,
            },
        )
    for option in (o for o in weighed.options if o.aside):
        because = Reason("plan.beside", {"why": because, "beside": _again(option)})
    if not (facts.market or facts.damaged or facts.books_in):
        book = Reason("do.book_market", {"file": facts.file})
        because = Reason("plan.beside", {"why": because, "beside": book})
    money = {one.place.name: round(x, 2) for one, x in parts}
    named = [(o.place.name, o.called) for o, _ in parts]
    named += [(o.step.name, o.called) for o in weighed.taken]
    called = {name: list(words) for name, words in named if words is not None}
    largest = max(money, key=lambda name: money[name]) if money else _free(weighed)
    recommendation = {
        "option": largest,
        "experiment": first is not None,
        "spend": money,
        "kept": round(weighed.kept, 2),
        "currency": weighed.outlook.facts.currency,
        "called": called,
        "steps": [one.step.name for one in weighed.taken],
        "look": None if first is None else list(both(first[0].named).values()),
    }
    return {
        "recommendation": recommendation,
        "options": [option.to_json() for option in weighed.options],
        "unit": weighed.question.budget,
        "currency": weighed.outlook.facts.currency,
        **spoken("because", Reason("plan.do", {"do": do, "why": because})),
        **spoken("do", do),
    }


def _reopened(weighed: Weighed, why: Reason) -> Reason:
    """With what opens the choice of the live variant again."""
    again = next((o for o in weighed.options if o.reopens), None)
    return why if again is None else Reason("plan.reopened", {"why": why, "again": _again(again)})


def _again(option: Option) -> Reason:
    if option.do is None:
        return option.because
    return Reason("plan.again", {"because": option.because, "do": option.do})


def worth_it(weighed: Weighed) -> list[tuple[OfferedLook, Worth]]:
    """Looks that are worth more than they cost, and more than a hair. One that costs something comes before the
    money is placed, since it is paid of it; one that is free is had beside."""
    least = FIRST * max(weighed.question.budget, 1.0)
    return [one for one in weighed.looks if one[1].net > least]


def _free(weighed: Weighed) -> str:
    """What is advised where no money goes anywhere."""
    levers = (name for name, o in weighed.offers.items() if any(s in weighed.taken for s in o.menu))
    return next(levers, "nothing")


def _because(weighed: Weighed, parts: Sequence[tuple[Offered, float]]) -> Reason:
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
        return Reason("split.no_money")
    means = weighed.next.mean(axis=0)
    at = int(means.argmax())
    one, drawn = weighed.places[at], three(weighed.next[:, at])
    returns = (1 + drawn["value"], 1 + drawn["low"], 1 + drawn["high"])
    return Reason(
        "split.none_returns",
        {
            "name": _name(one.called, one.place.name),
            "returns": returns,
            "currency": weighed.outlook.facts.currency,
        },
    )


def _do(weighed: Weighed, parts: Sequence[tuple[Offered, float]]) -> Reason:
    facts = weighed.outlook.facts
    doings = [one.do(x) for one, x in parts] + _of_steps(weighed)
    if parts and weighed.kept > 0.01 * weighed.question.budget:
        doings.append(Reason("do.keep_rest", {"money": weighed.kept, "currency": facts.currency}))
    if not doings:
        return Reason(
            "do.keep", {"file": facts.file, "money": facts.unit, "currency": facts.currency}
        )
    return together(doings)


def _of_steps(weighed: Weighed) -> list[Reason]:
    return [one.do for one in weighed.taken]


def _name(called: tuple[str, str] | None, name: str) -> Reason:
    if called is None:
        return Reason("split.option", {"option": name})
    return Reason("told", {"en": called[0], "zh": called[1]})
