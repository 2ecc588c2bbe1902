"""What a request costs by variant, and a right answer; and from which traffic on an own model costs less
than another's. Knows no terminal.

Example: `variants(store, period)[0].per_right.value`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist

from steelyard.interval import Interval
from steelyard.market.figures import Evidence, Figure
from steelyard.market.metered import Payer, paid_of_days, period_of
from steelyard.reason import Reason
from steelyard.spec import NANO
from steelyard.spec.pricing import MoneySpec, on
from steelyard.stats.proportion import wilson
from steelyard.store import CASH, Store
from steelyard.store.nouns.use import Right

SERVE, IDLE = "cpu.serve", "cpu.idle"
CONFIDENCE = 0.9
USERS_MIN = 20  # below, the spread between users is told by single ones
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Period:
    """Days of ISO 8601, both included."""

    first: str
    last: str

    @property
    def days(self) -> dict[str, str]:
        """As `steelyard ledger lines` takes them."""
        return {"from": self.first, "to": self.last}

    @property
    def months(self) -> float:
        days = (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1
        return days / DAYS_A_MONTH


@dataclass(frozen=True)
class OfVariant:
    """Answers, what one costs, how often it is right, and what a right one costs; or why that is not known."""

    variant: str
    name: str
    answers: int
    per_request: Figure
    right: Figure | Reason
    per_right: Figure | Reason


def variants(store: Store, period: Period) -> list[OfVariant]:
    """Of every variant that answered in the period."""
    cost = _cost(store, period)
    said = store.use.right(since=period.first, until=period.last)
    names = store.variants.names()
    made = []
    for variant, n in store.use.of_variants(since=period.first, until=period.last).items():
        lines = {"account": SERVE, "variant": variant, **period.days}
        each = Figure(-cost.get(variant, 0) / NANO / n, "measured", n, lines=lines)
        right = right_share(store, variant, said.get(variant))
        per_right = right if isinstance(right, Reason) else cost_of_right(each, right)
        name = names.get(variant, variant[:12])
        made.append(OfVariant(variant, name, n, each, right, per_right))
    return sorted(made, key=lambda one: -one.answers)


def _cost(store: Store, period: Period) -> Mapping[str, int]:
    """Variant -> nano-units of the CPU of its answers."""
    rows = store.ledger.parted("account", "variant", since=period.first, until=period.last)
    return {r["variant"]: r["nano"] for r in rows if r["account"] == SERVE and r["basis"] == CASH}


def right_share(store: Store, variant: str, said: Right | None) -> Figure | Reason:
    """Share of answers that are right: of real outcomes with users as the unit, else of the hold-out, which
    may differ from what users ask."""
    if said is not None and said.users >= USERS_MIN:
        return Figure.of(_ratio(said), "measured", events={"outcome": int(said.n)})
    measures = store.measures.of(variant)
    found = next((measures[n] for n in ("utility", "accuracy") if n in measures), None)
    if found is None or not found["value"] > 0:
        return Reason(
            "economics.no_outcomes", {"users": said.users if said else 0, "needed": USERS_MIN}
        )
    return Figure(
        found["value"],
        "extrapolated",
        found["n"],
        found["low"],
        found["high"],
        events={"holdout": found["n"]},
    )


def _ratio(said: Right) -> Interval:
    """Right answers over outcomes; the variance is that between users (delta method)."""
    share = said.t / said.n
    squares = said.tt - 2 * share * said.nt + share * share * said.nn
    k = said.users
    if squares <= 1e-12 * said.nn:  # all users alike: as many trials as there are users
        return replace(wilson(share, k, confidence=CONFIDENCE), n=int(said.n))
    error = math.sqrt(max(0.0, squares) * k / (k - 1)) / said.n
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
    return Interval(share, max(0.0, share - half), min(1.0, share + half), int(said.n))


def cost_of_right(each: Figure, right: Figure) -> Figure | Reason:
    if right.value <= 0:
        return Reason("economics.none_right", {"answers": right.n})
    low = None if right.high is None else each.value / right.high
    high = None if right.low is None or right.low <= 0 else each.value / right.low
    return Figure(
        each.value / right.value, right.evidence, right.n, low, high, each.lines, right.events
    )


@dataclass(frozen=True)
class BreakEven:
    """Requests a month at which a machine of one's own costs what another's calls would, beside what is asked
    now; the cost a month that does not depend on requests, and that of one request."""

    requests: Figure
    now: Figure
    fixed: Figure
    own: Figure
    theirs: Figure


def break_even(
    store: Store, money: MoneySpec, period: Period, served: list[OfVariant]
) -> BreakEven | Reason:
    """A reason where there is no price of another's call, or nothing was asked."""
    theirs = (
        None
        if money.prices.api_call is None
        else on(money.prices.api_call, date.fromisoformat(period.last))
    )
    if theirs is None:
        return Reason("economics.no_api_price", {})
    asked = sum(one.answers for one in served)
    if not asked:
        return Reason("economics.nobody_asked", {})
    months = period.months
    own = sum(one.per_request.value * one.answers for one in served) / asked
    fixed, invoices = _idle(store, period)
    if own >= float(theirs):
        return Reason("economics.api_is_cheaper", {"own": own, "theirs": float(theirs)})
    served_by = {"account": SERVE, **period.days}
    idle = {"account": IDLE, **period.days}
    bills = {"events": "invoices", "to": period.last}  # one of before may be for these days
    n = {"invoices": invoices}
    sure: Evidence = "measured" if invoices else "assumed"
    per_month = Figure(fixed / months, sure, invoices, lines=idle, events=n, also=(bills,))
    at = per_month.value / (float(theirs) - own)
    guess: Evidence = "extrapolated" if invoices else "assumed"
    return BreakEven(
        Figure(at, guess, asked, lines=served_by, events=n, also=(idle, bills)),
        Figure(asked / months, "measured", asked, lines=served_by),
        per_month,
        Figure(own, "measured", asked, lines=served_by),
        Figure(float(theirs), "assumed", 0),
    )


def _idle(store: Store, period: Period) -> tuple[float, int]:
    """What the machine cost above what was metered, by the days of the period that invoices are for, and cores
    that were paid and idle; and how many invoices they are."""
    rows = store.ledger.parted("account", since=period.first, until=period.last)
    total, n = -sum(r["nano"] for r in rows if r["account"] == IDLE) / NANO, 0
    paid = paid_of_days(store, period.first, period.last)
    for event in store.events.of_kind("invoices"):
        share = _overlap(Period(*period_of(event)), period)
        covers = event["body"].get("covers")
        if share and covers is not None:
            payer = Payer.of(event)
            metered = sum(paid.pop(at) for at in list(paid) if payer.pays(*at))
            if "cpu" in payer.families:
                total, n = total + (share * -event["nano"] - metered) / NANO, n + 1
    return total, n


def _overlap(one: Period, other: Period) -> float:
    """Share of the days of one that the other has."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Period(first, last).months / one.months if first <= last else 0.0
