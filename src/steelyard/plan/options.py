"""Where the next unit of money goes: what every lever answers, and what to do. Knows no lever.

Every figure says whether it was measured, extrapolated or is only assumed.
Example: `allocate(facts).recommendation == Recommendation("labels")`
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import Lever, Option, levers
from steelyard.plugins import own
from steelyard.reason import Reason, told
from steelyard.words import both, spoken

log = logging.getLogger("steelyard.levers")


@dataclass(frozen=True)
class Recommendation:
    """The option to take; with `experiment` a part of the money first, to measure it."""

    option: str
    experiment: bool = False


@dataclass(frozen=True)
class Plan:
    """Every option, the best first, and what to do: what `do` says can be done as it stands, and
    `because` begins with it."""

    recommendation: Recommendation
    unit: float
    currency: str
    options: list[Option]
    because: Reason
    do: Reason | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "recommendation": asdict(self.recommendation),
            "options": [option.to_json() for option in self.options],
            "unit": self.unit,
            "currency": self.currency,
            **spoken("because", self.because),
            **spoken("do", self.do),
        }


def allocate(facts: PlanFacts, among: Iterable[Lever] | None = None) -> Plan:
    """The largest net value among those whose whole interval is above zero; where there is none,
    an experiment with the most promising one; the money is kept when none promises anything."""
    asked = levers() if among is None else among
    answered = [option for lever in asked for option in _answers(lever, facts)]
    options = sorted(answered, key=lambda o: (o.net is None, -(o.net or 0.0), not o.keeps))
    competing = [option for option in options if not option.aside] or options
    best = competing[0]
    sure = next((o for o in competing if o.low is not None and o.low > 0), None)
    if sure is best:
        return _plan(facts, options, best, best.because)
    if sure:
        why = Reason("plan.sure", {"sure": sure.because, "hopeful": _named(best)})
        return _plan(facts, options, sure, why)
    if best.keeps:
        return _plan(facts, options, best, Reason("plan.nothing_returns"))
    why = Reason("plan.part_first", {"because": best.because})
    return _plan(facts, options, best, why, experiment=True)


def _answers(lever: Lever, facts: PlanFacts) -> Sequence[Option]:
    """What a lever answers; one that fails is left out, and the others are weighed."""
    try:
        answers = [
            replace(o, called=o.called or lever.called) for o in lever.respond(facts, facts.unit)
        ]
        for reason in (r for o in answers for r in (o.because, o.do, o.part) if r is not None):
            both(reason)  # before one is chosen: what has no words could not be told
        return answers
    except Exception as error:  # a stranger's, whatever it does
        if lever.name in own("levers"):
            raise
        log.warning("lever.failed name=%s because=%s: %s", lever.name, type(error).__name__, error)
        return []


def _plan(
    facts: PlanFacts,
    options: list[Option],
    option: Option,
    why: Reason,
    *,
    experiment: bool = False,
) -> Plan:
    do = option.part if experiment and option.part else option.do
    reopened = next((o for o in options if o.reopens and o is not option), None)
    if reopened is not None:
        why = Reason("plan.reopened", {"why": why, "again": _again(reopened)})
    for beside in (o for o in options if o.aside):
        why = Reason("plan.beside", {"why": why, "beside": _again(beside)})
    because = why if do is None else Reason("plan.do", {"do": do, "why": why})
    advice = Recommendation(option.name, experiment)
    return Plan(advice, facts.unit, facts.currency, options, because, do)


def _again(option: Option) -> Reason:
    if option.do is None:
        return option.because
    return Reason("plan.again", {"because": option.because, "do": option.do})


def _named(option: Option) -> Reason | str:
    """An option inside a sentence: as its lever calls it, or by its own name."""
    return option.name if option.called is None else told(*option.called)
