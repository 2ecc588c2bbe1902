"""What levers answer that offer nothing to divide: options that are done or not, and those that only speak up. Knows no lever.

Example: `answered(facts, levers())["canary"]`
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from steelyard.plan.company import Move, Place, Step
from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import Lever, Option
from steelyard.plan.offers import Offer, Offered, OfferedStep
from steelyard.plan.outlook import HALF_95, Outlook, normal
from steelyard.plugins import own
from steelyard.reason import Reason
from steelyard.terms import LANGUAGES, term
from steelyard.words import both

T = TypeVar("T")
log = logging.getLogger("steelyard.levers")


def offers(outlook: Outlook, among: Iterable[Lever]) -> dict[str, Offer]:
    """What each lever offers, by its name; one of a stranger that fails is left out, and the others are weighed."""
    made = {}
    for lever in among:
        offer = lever.offer
        if offer is not None:
            found = _heard(lever, partial(offer, outlook))
            if found is not None:
                made[lever.name] = found
    return made


def apart(made: dict[str, Offer]) -> dict[str, Offer]:
    """The same with a name of its own for each place and step: a channel may be called as a variant is."""
    seen: set[str] = set()

    def named(name: str, lever: str) -> str:
        own = name if name not in seen else f"{name} ({lever})"
        while own in seen:
            own += "'"
        seen.add(own)
        return own

    found = {}
    for lever, offer in made.items():
        places = [
            _called(one, replace(one.place, name=named(one.place.name, lever)))
            for one in offer.places
        ]
        menu = [
            replace(one, step=replace(one.step, name=named(one.step.name, lever)))
            for one in offer.menu
        ]
        once = [
            one
            if one.once is None
            else replace(one, once=replace(one.once, name=named(one.once.name, lever)))
            for one in places
        ]
        found[lever] = replace(offer, places=once, menu=menu)
    return found


def _called(one: Offered, place: Place) -> Offered:
    """With another name it is called as before."""
    if place.name == one.place.name or one.called is not None:
        return replace(one, place=place)
    en, zh = (term("option", one.place.name, language) for language in LANGUAGES)
    return replace(one, place=place, called=(en, zh))


def answered(facts: PlanFacts, among: Iterable[Lever]) -> dict[str, list[Option]]:
    """Options by the name of their lever, each with words for all that it says."""
    made = {}
    for lever in among:
        if lever.respond is not None:
            found = _heard(lever, partial(_options, lever, facts))
            if found is not None:
                made[lever.name] = found
    return made


def _heard(lever: Lever, ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception as error:  # a stranger's, whatever it does
        if lever.name in own("levers"):
            raise
        log.warning("lever.failed name=%s because=%s: %s", lever.name, type(error).__name__, error)
        return None


def _options(lever: Lever, facts: PlanFacts) -> list[Option]:
    assert lever.respond is not None
    found = [replace(o, called=o.called or lever.called) for o in lever.respond(facts, facts.unit)]
    for reason in (r for o in found for r in (o.because, o.do) if r is not None):
        both(reason)  # before one is chosen: what has no words could not be told
    return found


def steps(outlook: Outlook, options: Sequence[Option]) -> list[OfferedStep]:
    """Options as steps that bring money: those that compete and have a figure."""
    competing = [o for o in options if o.net is not None and not o.aside and not o.reopens]
    return [_step(outlook, option) for option in competing]


def _step(outlook: Outlook, option: Option) -> OfferedStep:
    net, low, high = option.net or 0.0, option.low or 0.0, option.high or 0.0
    value = net + option.spend
    drawn = value + (high - low) / (2 * HALF_95) * normal(f"option {option.name}")
    none, at_once = np.zeros(len(drawn)), np.eye(outlook.months)[0]
    move = Move("money", lambda _: (drawn, none), at_once)
    do = option.do or Reason("split.option", {"option": option.name})
    step = Step(option.name, option.arm, [move], option.spend)
    return OfferedStep(step, option.evidence, option.because, do, option.called)
