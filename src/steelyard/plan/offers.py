"""What a lever offers the split: places for amounts, steps that are done or not, and looks, each with its words. Knows no lever.

Example: `Offer(places=[Offered(place, EXTRAPOLATED, told, do)])`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.plan.company import Place, Step
from steelyard.plan.looks import Look
from steelyard.reason import Reason

Called = tuple[str, str] | None  # in English and Chinese; else by its name


@dataclass(frozen=True)
class Offered:
    """A place. `told` says what an amount would do and `do` how a person does it; `once` is what has to be done and
    paid as soon as anything is put there."""

    place: Place
    evidence: str
    told: Callable[[float], Reason]
    do: Callable[[float], Reason]
    called: Called = None
    once: Step | None = None
    least: float = 0.0  # with less nothing can be bought
    rows: Mapping[str, Any] = field(default_factory=dict)  # of the ledger that it rests on
    taken_for: Reason | None = None  # what is assumed of it beside


@dataclass(frozen=True)
class OfferedStep:
    """Something that is done or not. One whose evidence is only assumed is never advised, but a look may be worth it."""

    step: Step
    evidence: str
    because: Reason
    do: Reason
    called: Called = None


@dataclass(frozen=True)
class OfferedLook:
    """Something that can be measured now, what it is called in a sentence, what it tells, and how it is done. `opens`
    are steps that are only assumed before it."""

    look: Look
    named: Reason
    because: Reason
    do: Reason
    opens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """`menu` are steps of which at most one is taken. `unknown` says why a place has no figure; `on_request` what is only
    said to who asks for the lever, since the product has nothing to do with it or nothing is to be done."""

    places: Sequence[Offered] = ()
    menu: Sequence[OfferedStep] = ()
    looks: Sequence[OfferedLook] = ()
    unknown: Sequence[Reason] = field(default=())
    on_request: Sequence[Reason] = field(default=())
