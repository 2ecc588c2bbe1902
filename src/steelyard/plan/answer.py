"""The split as a plan keeps it: numbers with intervals, and sentences in both languages. Knows no lever.

Intervals are of 80 %. Example: `told(weighed)["parts"][0]["spend"]`
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.chain import chain
from steelyard.plan.looks import Worth
from steelyard.plan.offers import Offer, Offered, OfferedLook, OfferedStep
from steelyard.plan.outlook import middle
from steelyard.plan.sliders import sliders
from steelyard.plan.switch import Switch, better, switches
from steelyard.plan.tornado import tornado
from steelyard.plan.weigh import ARMS, Weighed
from steelyard.reason import Reason
from steelyard.words import both, spoken

Array = NDArray[np.float64]
LOOKS = 6  # shown


def told(weighed: Weighed, *, drawn: bool = True) -> dict[str, Any]:
    """All of it as JSON; what the report alone draws (sliders, tornado) where it is `drawn`."""
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
        "freed": weighed.freed,
        "parts": [
            _part(weighed, at, one, float(shares[at])) for at, one in enumerate(weighed.places)
        ],
        "steps": [_step(weighed, one) for one in weighed.steps],
        "arms": {arm: _arm(weighed, arm) for arm in ARMS}
        | {"better": first, "sure": _sure(weighed), "difference": _difference(weighed)},
        "switch": [_switch(weighed, one) for one in switches(weighed)],
        "looks": [_look(one, worth) for one, worth in weighed.looks[:LOOKS]],
        "unknown": [spoken("because", r) for o in _unknown_first(weighed) for r in o.unknown],
        "on_request": {
            name: [spoken("because", r) for r in o.on_request]
            for name, o in weighed.offers.items()
            if o.on_request
        },
        "chain": chain(weighed),
        **({"sliders": sliders(weighed), "tornado": tornado(weighed)} if drawn else {}),
    }


def _unknown_first(weighed: Weighed) -> list[Offer]:
    """A lever of which nothing is known before one that lacks a figure of several."""
    return sorted(weighed.offers.values(), key=lambda o: bool(o.places or o.menu or o.looks))


def three(drawn: Array) -> dict[str, float]:
    """Mean and interval of draws."""
    return dict(zip(("value", "low", "high"), middle(drawn), strict=True))


def finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _part(weighed: Weighed, at: int, one: Offered, best: float) -> dict[str, Any]:
    money = float(weighed.amounts[at])
    named = {} if one.called is None else {"called": list(one.called)}
    said = spoken("because", one.told(money)) | spoken("do", one.do(money)) if money != 0 else {}
    return {
        "name": one.place.name,
        "arm": one.place.arm,
        "spend": money,
        "most": finite(one.place.most),
        "least": one.place.least,
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
    put, taken = weighed.split.of_arm(arm), weighed.split.taken_from(arm)
    return {"spend": put, "freed": taken, "alone": three(gain)}


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
