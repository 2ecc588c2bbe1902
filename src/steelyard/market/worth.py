"""How customers stay, and what a new one is worth: by repeat purchases, or by subscriptions. Knows no channel.

Example: `worth(customers, store.events.payments(), "2026-11-28", share).value`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import accumulate
from typing import Any

from steelyard.interval import Interval
from steelyard.market.days import month_end
from steelyard.market.figures import Figure
from steelyard.market.serving import CONFIDENCE, DAYS_A_MONTH
from steelyard.reason import Reason
from steelyard.spec import NANO
from steelyard.stats import lifetime
from steelyard.stats.proportion import wilson

WEEKS = 104  # how far ahead the worth of a new customer is told
MONTHS = round(WEEKS * 7 / DAYS_A_MONTH)
SEED = 0
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Worth:
    """How customers stay and what a new one is worth; `model` says by what."""

    model: str  # purchases or subscriptions
    customers: int
    retention: (
        Figure | Reason
    )  # subscribers that are here after a year; buyers that came back at all
    value: Figure | Reason  # margin of a new customer within WEEKS
    pays_back: Callable[[Figure], Figure | Reason] | None = None  # cost of a customer -> months
    # from the first day on: margin of a new customer so far, and the share of subscribers that is here
    by_month: Sequence[Interval] = ()
    survival: Sequence[Interval] = ()


def worth(
    listed: Sequence[Event],
    payments: Sequence[Event],
    today: str,
    share: Figure | Reason,
    *,
    yearly: Mapping[str, float] | None = None,
) -> Worth:
    """Subscriptions where the list of customers says who left, else repeat purchases; `share` is that of
    income which is left, `yearly` what plans that are paid by the year cost a month."""
    sales = [event for event in payments if event["customer"]]
    if any("until" in event["body"] for event in listed):
        return _subscriptions(listed, sales, today, share, yearly or {})
    return _purchases(sales, today, share)


def in_days(events: Sequence[Event], last: str, *, since: str = "") -> list[Event]:
    """Those of the days from one to another."""
    return [event for event in events if since <= event["day"] <= last]


def paid(event: Event) -> float:
    """Money of a sale, less what was given back."""
    return float(event["nano"] - event["body"].get("refund_nano", 0)) / NANO


def _purchases(sales: Sequence[Event], today: str, share: Figure | Reason) -> Worth:
    buyers = len({event["customer"] for event in sales})
    if not buyers:
        nobody = Reason("economics.no_income", {})
        return Worth("purchases", 0, nobody, nobody)
    summary = lifetime.summarize(
        [event["customer"] for event in sales],
        [event["day"] for event in sales],
        [paid(event) for event in sales],
        until=today,
    )
    events, paid_by = {"sales": len(sales)}, {"events": "payments", "to": today}
    share_back = wilson(summary.repeaters / len(summary), len(summary), confidence=CONFIDENCE)
    back = Figure.of(share_back, "measured", events=events, lines=paid_by)
    model, spend = lifetime.fit_bg_nbd(summary), _of_a_purchase(summary)
    if isinstance(model, Reason) or isinstance(spend, Reason):
        return Worth("purchases", buyers, back, model if isinstance(model, Reason) else spend)  # type: ignore[arg-type]
    if isinstance(share, Reason):
        return Worth("purchases", buyers, back, share)
    if share.value <= 0:
        return Worth(
            "purchases", buyers, back, Reason("economics.no_margin", {"margin": share.value})
        )
    on = {"events": events, "lines": paid_by, "also": tuple(share.rows)}
    future = _Future(model, spend, min(1.0, share.value), on)
    return Worth("purchases", buyers, back, future.value(), future.months, future.by_month())


def _of_a_purchase(
    summary: lifetime.Summary,
) -> lifetime.GammaGamma | lifetime.MeanValue | Reason:
    """By gamma-gamma, or where customers pay too much alike for it, their mean."""
    found = lifetime.fit_gamma_gamma(summary)
    return lifetime.mean_value(summary) if isinstance(found, Reason) else found


@dataclass(frozen=True)
class _Future:
    """What repeat purchases of a new customer bring."""

    model: lifetime.BgNbd
    spend: lifetime.GammaGamma | lifetime.MeanValue
    share: float
    rests_on: Mapping[str, Any]  # rows of a figure

    def _paid_back(self, cost: float, won: int | None = None) -> lifetime.Payback | Reason:
        return lifetime.payback(
            self.model,
            self.spend,
            cost_per_customer=cost,
            won=won,
            margin_share=self.share,
            weeks_max=WEEKS,
            seed=SEED,
            confidence=CONFIDENCE,
        )

    def value(self) -> Figure | Reason:
        found = self._paid_back(0.0)
        if isinstance(found, Reason):
            return found
        return Figure.of(found.value, "extrapolated", **self.rests_on)

    def by_month(self) -> list[Interval]:
        weeks = lifetime.earned(
            self.model,
            self.spend,
            margin_share=self.share,
            weeks_max=WEEKS,
            seed=SEED,
            confidence=CONFIDENCE,
        )
        return [weeks[min(WEEKS, round(k * DAYS_A_MONTH / 7))] for k in range(MONTHS + 1)]

    def months(self, cost: Figure) -> Figure | Reason:
        found = self._paid_back(cost.value, cost.n)
        if isinstance(found, Reason):
            return found
        w = found.weeks
        a, b, c = (weeks * 7 / DAYS_A_MONTH for weeks in (w.value, w.low, w.high))
        own = {**self.rests_on, "also": (*self.rests_on["also"], *cost.rows)}
        return Figure.of(Interval(a, b, c, w.n), "extrapolated", **own)


def _subscriptions(
    listed: Sequence[Event],
    sales: Sequence[Event],
    today: str,
    share: Figure | Reason,
    yearly: Mapping[str, float],
) -> Worth:
    model = lifetime.fit_shifted_beta_geometric(cohorts(listed, today))
    if isinstance(model, Reason):
        return Worth("subscriptions", len(listed), model, model)
    on: dict[str, Any] = {"events": {"customers": len(listed)}}
    on["lines"] = {"events": "customers", "to": today}
    alive = [model.survival_interval(k, confidence=CONFIDENCE, seed=SEED) for k in range(MONTHS)]
    kept = Figure.of(alive[12], "extrapolated", **on)
    a_month = _a_month(listed, sales, today, yearly)
    if isinstance(share, Reason) or a_month <= 0 or share.value <= 0:
        why = share if isinstance(share, Reason) else Reason("economics.no_income", {})
        if a_month > 0 and isinstance(share, Figure):
            why = Reason("economics.no_margin", {"margin": a_month * share.value})
        return Worth("subscriptions", len(listed), kept, why, survival=alive)
    paid_so_far = _paid_so_far(alive, a_month * share.value)
    on["also"] = ({"events": "payments", "to": today}, *share.rows)
    worth_of = Figure.of(paid_so_far[-1], "extrapolated", **on)
    months = partial(_reached, paid_so_far, on)
    return Worth("subscriptions", len(listed), kept, worth_of, months, paid_so_far, alive)


def _paid_so_far(alive: Sequence[Interval], a_month: float) -> list[Interval]:
    """Margin of a subscriber by the end of each month: the first payment at once, then one of each month he is
    here for."""
    value, low, high = (
        list(accumulate(a_month * getattr(one, name) for one in alive))
        for name in ("value", "low", "high")
    )
    return [Interval(*three, n=alive[0].n) for three in zip(value, low, high, strict=True)]


def _reached(
    paid_so_far: Sequence[Interval], on: Mapping[str, Any], cost: Figure
) -> Figure | Reason:
    """The first month by whose end what a subscriber pays is as much as he cost; its ends are those of both."""
    ends = (("value", cost.value), ("high", cost.low), ("low", cost.high))
    value, low, high = (
        next((float(k) for k, one in enumerate(paid_so_far) if getattr(one, name) >= at), None)
        for name, at in ((name, cost.value if at is None else at) for name, at in ends)
    )
    if value is None:
        earned = paid_so_far[-1].value
        return Reason(
            "lifetime.never_pays_back", {"cost": cost.value, "earned": earned, "weeks": WEEKS}
        )
    own = {**on, "also": (*on["also"], *cost.rows)}
    return Figure(value, "extrapolated", paid_so_far[0].n, low, high, **own)


def cohorts(listed: Sequence[Event], today: str) -> list[list[int]]:
    """Of those who began in a month: how many, and how many were left after each month that is over for
    all of them."""
    stayed: dict[str, list[int]] = defaultdict(list)
    for event in listed:
        left = min(event["body"].get("until", today), today)
        stayed[event["day"][:7]].append(months_between(event["day"], left))
    return [
        [
            sum(k <= months for months in own)
            for k in range(months_between(month_end(month), today) + 1)
        ]
        for month, own in sorted(stayed.items())
        if month_end(month) <= today
    ]


def months_between(first: str, last: str) -> int:
    """Whole months from one day to another; a month from the 31st is over on the 30th of a shorter one."""
    a, b = date.fromisoformat(first), date.fromisoformat(last)
    short = b.day < a.day and b.isoformat() != month_end(last[:7])
    return (b.year - a.year) * 12 + b.month - a.month - short


def _a_month(
    listed: Sequence[Event], sales: Sequence[Event], today: str, yearly: Mapping[str, float]
) -> float:
    """Income of a subscriber in each month that he was one: of those who pay by the year what their plan says a
    month, of the others what came in over the months that payments are in the books for."""
    by_year = [e for e in listed if e["body"].get("plan") in yearly]
    others = [e for e in listed if e["body"].get("plan") not in yearly]
    income, months = 0.0, 0
    if sales:
        first = min(sale["day"] for sale in sales)
        for e in others:
            last = min(e["body"].get("until", today), today)
            if last >= first:
                months += 1 + months_between(max(e["day"], first), last)
        own = {e["customer"] for e in others}
        income = sum(paid(sale) for sale in sales if sale["customer"] in own)
    each = income / months if months else 0.0
    said = sum(yearly[e["body"]["plan"]] for e in by_year)
    return (said + each * len(others)) / len(listed) if listed else 0.0
