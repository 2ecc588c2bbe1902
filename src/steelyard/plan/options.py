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
from steelyard.terms import term

log = logging.getLogger("steelyard.levers")


@dataclass(frozen=True)
class Recommendation:
    """The option to take; with `experiment` a part of the money first, to measure it."""

    option: str
    experiment: bool = False


@dataclass(frozen=True)
class Plan:
    """Every option, the best first, and what to do: `do` is a sentence that can be done as it
    stands, and `because` begins with it."""

    recommendation: Recommendation
    unit: float
    currency: str
    options: list[Option]
    because: str
    because_zh: str
    do: str = ""
    do_zh: str = ""

    def to_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("unit", "currency", "because", "because_zh", "do", "do_zh")}  # fmt: skip
        options = [option.to_json() for option in self.options]
        return {"recommendation": asdict(self.recommendation), "options": options, **said}


def allocate(facts: PlanFacts, among: Iterable[Lever] | None = None) -> Plan:
    """The largest net value among those whose whole interval is above zero; where there is none,
    an experiment with the most promising one; the money is kept when none promises anything."""
    asked = levers() if among is None else among
    found = [option for lever in asked for option in _answers(lever, facts)]
    options = sorted(found, key=lambda o: (o.net is None, -(o.net or 0.0), not o.keeps))
    best = options[0]
    sure = next((o for o in options if o.low is not None and o.low > 0), None)
    if sure is best:
        return _plan(facts, options, best, best.because, best.because_zh)
    if sure:
        name, name_zh = _said(best)
        why = (
            f"{sure.because}; {name} may return more, but its interval holds zero: try a part of it"
        )
        why_zh = f"{sure.because_zh}；{name_zh}可能回报更高，但区间包含零：可先小规模试验"
        return _plan(facts, options, sure, why, why_zh)
    if best.keeps:
        why, why_zh = "no known option returns more than it costs", "已知选项都不能收回成本"
        return _plan(facts, options, best, why, why_zh)
    why = f"{best.because}; the interval holds zero, so measure on a part before the whole unit"
    why_zh = f"{best.because_zh}；区间包含零，应先小规模试验"
    return _plan(facts, options, best, why, why_zh, experiment=True)


def _answers(lever: Lever, facts: PlanFacts) -> Sequence[Option]:
    """What a lever answers; one that fails is left out, and the others are weighed."""
    try:
        return [
            replace(o, called=o.called or lever.called) for o in lever.respond(facts, facts.unit)
        ]
    except Exception as error:  # a stranger's, whatever it does
        if lever.name in own("levers"):
            raise
        log.warning("lever.failed name=%s because=%s: %s", lever.name, type(error).__name__, error)
        return []


def _plan(
    facts: PlanFacts, options: list[Option], option: Option, why: str, why_zh: str, *,
    experiment: bool = False,
) -> Plan:  # fmt: skip
    part = option.part if experiment else None
    do, do_zh = (part.en, part.zh) if part else (option.do, option.do_zh)
    reopened = next((o for o in options if o.reopens and o is not option), None)
    if reopened is not None:
        why += f"; and the choice is open again: {reopened.because}: {reopened.do}"
        why_zh += f"；另外，选择需要重新考虑：{reopened.because_zh}：{reopened.do_zh}"
    said, said_zh = (f"{do}: {why}", f"{do_zh}：{why_zh}") if do else (why, why_zh)
    advice = Recommendation(option.name, experiment)
    return Plan(advice, facts.unit, facts.currency, options, said, said_zh, do, do_zh)


def _said(option: Option) -> tuple[str, str]:
    """An option inside a sentence."""
    named = term("option", option.name, "en"), term("option", option.name, "zh")
    return option.said or option.called or named
