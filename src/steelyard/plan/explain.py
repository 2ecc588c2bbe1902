"""Everything about one place, step or look of a plan: what amounts would bring, what that rests on, what would change it.

Knows no lever by name. Example: `explain(weighed, "labels")["amounts"][0]["next"]`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.errors import UserError
from steelyard.near import near
from steelyard.plan.answer import finite, switch_reason, three
from steelyard.plan.chain import chain
from steelyard.plan.company import Arm, Array, Move, Place, Profits, Step
from steelyard.plan.looks import Worth
from steelyard.plan.offers import Called, Offered, OfferedLook, OfferedStep
from steelyard.plan.split import Split
from steelyard.plan.switch import switches
from steelyard.plan.weigh import Weighed
from steelyard.reason import Reason
from steelyard.terms import LANGUAGES, term
from steelyard.words import both, spoken

SHOWN_AS = ("option", "variant")  # what a plan calls a place or a step that says no name itself
UNITS = (0.0, 0.5, 1.0, 2.0)  # of the budget, at which a place is shown


def explain(weighed: Weighed, name: str) -> dict[str, Any]:
    """As JSON; UserError for a name that stands for nothing here, with what does, and of one that could not be
    offered with why."""
    for at, place in enumerate(weighed.places):
        if _is(name, place.place.name, place.called):
            return _place(weighed, at, place)
    for step in weighed.steps:
        if _is(name, step.step.name, step.called):
            return _step(weighed, step)
    for look, worth in weighed.looks:
        if _is(name, look.look.name, _names(look)):
            return _look(look, worth)
    lever = weighed.offers.get(name)
    if lever is not None and lever.menu:  # of several steps the one that is taken, or the first
        taken = (one for one in lever.menu if one.step in weighed.split.steps)
        return _step(weighed, next(taken, lever.menu[0]))
    if lever is not None and lever.on_request and not lever.unknown:
        said = [spoken("because", reason) for reason in lever.on_request]
        return {"kind": "lever", "name": name, "said": said}
    raise _unknown(weighed, name)


def _is(name: str, own: str, called: Called) -> bool:
    shown = (term(kind, own, language) for kind in SHOWN_AS for language in LANGUAGES)
    return name in (own, *(called or shown))


def names(weighed: Weighed) -> list[str]:
    """Whatever can be explained, as `--json` names it."""
    named = [one.place.name for one in weighed.places]
    named += [one.step.name for one in weighed.steps]
    named += [name for name, offer in weighed.offers.items() if offer.on_request]
    return named + [one.look.name for one, _ in weighed.looks]


def _unknown(weighed: Weighed, name: str) -> UserError:
    why = [both(one)["en"] for one in _why_not(weighed, name)]
    known = names(weighed)
    expected = f"one of {', '.join(known)}" if known else "a lever that offers something"
    if why:
        return UserError(f"plan explain {name}", expected, f"nothing to offer: {'; '.join(why)}")
    return UserError("plan explain", expected, repr(name), near(name, known))


def _why_not(weighed: Weighed, name: str) -> Sequence[Reason]:
    """Of a lever, all that it could not offer; of one of its places, why that one is not there."""
    of_lever = weighed.offers.get(name)
    if of_lever is not None:
        return of_lever.unknown
    unknown = [reason for offer in weighed.offers.values() for reason in offer.unknown]
    return [one for one in unknown if name in one.numbers.values()]


def _place(weighed: Weighed, at: int, one: Offered) -> dict[str, Any]:
    unit, spend = weighed.question.budget, float(weighed.amounts[at])
    returns = three(weighed.next[:, at] + _paid(weighed, one.place))
    example = spend or min(unit, one.place.most) or one.place.least
    return {
        "kind": "place",
        **_named(one.place.name, one.place.arm, one.called),
        "evidence": one.evidence,
        "spend": spend,
        "most": finite(one.place.most),
        "least": one.place.least,
        "best": float(weighed.best[0][at]),
        "delay": max((_delay(move) for move in one.place.moves), default=0.0),
        "amounts": [_amount(weighed, at, one, money) for money in _shown(one.place, unit)],
        **_whole(weighed, at, one),
        **({} if one.once is None else {"once": {"name": one.once.name, "cost": one.once.cost}}),
        "pays_from": finite(_paid(weighed, one.place) / returns["value"])
        if returns["value"] > 0
        else None,
        "switch": _switches(weighed, one.place.arm),
        "chain": [
            row | {"commands": commands(row["rows"])} for row in _chain(weighed, at, example)
        ],
        "shown_at": example,
        **spoken("because", one.told(example)),
        **spoken("do", one.do(example)),
    }


def _shown(place: Place, unit: float) -> list[float]:
    """Amounts at which a place is told, each once; what may be taken away there first."""
    amounts = [min(times * unit, place.most) for times in UNITS]
    return sorted({*amounts, *([place.least, place.least / 2] if place.least < 0 else [])})


def _whole(weighed: Weighed, at: int, one: Offered) -> dict[str, Any]:
    """Where something is paid once and is not: a unit of as much as could go there, as the plan tells it."""
    if one.once is None or one.once in weighed.split.steps:
        return {}
    return {"unit_more": three(weighed.next[:, at])}


def _paid(weighed: Weighed, place: Place) -> float:
    """A unit of money there, as it is worth today."""
    return float(place.paid @ weighed.outlook.company.discounts)


def _delay(move: Move) -> float:
    """Months that are lost until it first works at its height."""
    height = float(np.max(move.ramp, initial=0.0))
    if not height > 0:
        return 0.0
    lost = (height - move.ramp)[: int(np.argmax(move.ramp >= height))]
    return float(lost.sum() / height)


def _with(weighed: Weighed, at: int, one: Offered, money: float) -> tuple[Array, tuple[Step, ...]]:
    """The split with another amount in one place, and what that has to be begun with."""
    amounts, steps = weighed.amounts.copy(), weighed.split.steps
    amounts[at] = money
    if one.once is not None:
        steps = tuple(step for step in steps if step.name != one.once.name)
        steps = (*steps, one.once) if money > 0 else steps
    return amounts, steps


def _amount(weighed: Weighed, at: int, one: Offered, money: float) -> dict[str, Any]:
    """What so much there brings beside the rest of the split."""
    company, places = weighed.outlook.company, [each.place for each in weighed.places]
    amounts, steps = _with(weighed, at, one, money)
    none, without = _with(weighed, at, one, 0.0)
    made = Profits.of(company, places, amounts, steps)
    base = Profits.of(company, places, none, without)
    moved = {move.driver: three(np.asarray(move.gain(money)[0])) for move in one.place.moves}
    return {
        "money": money,
        "moves": moved,
        "profit": three(made.profit - base.profit),
        "next": three(made.slopes[:, at]),
    }


def _chain(weighed: Weighed, at: int, money: float) -> list[dict[str, Any]]:
    """The chain of this place alone."""
    one = weighed.places[at]
    amounts = np.zeros(len(weighed.places))
    amounts[at] = money
    steps = () if one.once is None else (one.once,)
    places = tuple(each.place for each in weighed.places)
    made = Profits.of(weighed.outlook.company, places, amounts, steps)
    old = weighed.split
    alone = Split(places, steps, amounts, made.profit, made.slopes, old.value, old.solved)
    return chain(replace(weighed, split=alone))


def commands(rows: Mapping[str, Any]) -> list[str]:
    """What shows the rows that a link cites."""
    found = []
    if "account" in rows:
        said = {name: rows[name] for name in ("account", "channel", "from", "to") if name in rows}
        found.append(" ".join(["steelyard ledger lines", *(f"--{k} {v}" for k, v in said.items())]))
    if {"customers", "sales", "visits"} & rows.keys():
        found.append("steelyard market show")
    if "experiments" in rows:
        found.append("steelyard release status")
    if "points of the curve" in rows:
        found.append("steelyard report")
    return found


def _switches(weighed: Weighed, arm: Arm) -> list[dict[str, Any]]:
    """Those that speak of no side, or of that of the place."""
    return [
        {"factor": one.factor, **spoken("because", switch_reason(weighed, one))}
        for one in switches(weighed)
        if one.of in ("", arm)
    ]


def _step(weighed: Weighed, one: OfferedStep) -> dict[str, Any]:
    company, made = weighed.outlook.company, weighed.split
    rest = tuple(step for step in made.steps if step.name not in _menu_of(weighed, one))
    without = Profits.of(company, made.places, made.amounts, rest)
    with_it = Profits.of(company, made.places, made.amounts, (*rest, one.step))
    return {
        "kind": "step",
        **_named(one.step.name, one.step.arm, one.called),
        "evidence": one.evidence,
        "taken": one.step in made.steps,
        "cost": one.step.cost,
        "moves": {
            move.driver: three(np.asarray(move.gain(one.step.cost)[0])) for move in one.step.moves
        },
        "profit": three(with_it.profit - without.profit),
        **spoken("because", one.because),
        **spoken("do", one.do),
    }


def _menu_of(weighed: Weighed, one: OfferedStep) -> set[str]:
    """Steps of which only one can be taken."""
    menus = (offer.menu for offer in weighed.offers.values() if one in offer.menu)
    return {step.step.name for menu in menus for step in menu}


def _look(one: OfferedLook, worth: Worth) -> dict[str, Any]:
    return {
        "kind": "look",
        **_named(one.look.name, one.look.arm, _names(one)),
        "reads": three(one.look.reads),
        "error": one.look.error,
        "cost": one.look.cost,
        "takes_months": one.look.periods,
        "gross": worth.gross,
        "net": worth.net,
        **spoken("because", one.because),
        **spoken("do", one.do),
    }


def _names(look: OfferedLook) -> tuple[str, str]:
    said = both(look.named)
    return said["en"], said["zh"]


def _named(name: str, arm: str, called: Called) -> dict[str, Any]:
    return {"name": name, "arm": arm} | ({} if called is None else {"called": list(called)})
