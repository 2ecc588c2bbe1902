"""What each customer leaves, and what one costs by channel. Knows no terminal.

Example: `customers(store, period, served, sales).margin.value`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steelyard.market.figures import Figure
from steelyard.market.margins import Customer, Rows, margin_share, mean_margin
from steelyard.market.serving import CONFIDENCE, SERVE, OfVariant, Period
from steelyard.market.worth import Event, Worth, in_days, paid
from steelyard.reason import Reason
from steelyard.spec import NANO
from steelyard.spec.pricing import MoneySpec
from steelyard.stats.lifetime import acquisition_cost
from steelyard.store import CASH, Store

ADS = "ads.spend"


@dataclass(frozen=True)
class Customers:
    """Those who paid in the period."""

    each: Mapping[str, Customer]
    margin: Figure | Reason  # money a customer in the period
    share: Figure | Reason  # of income that is left


def customers(
    store: Store, period: Period, served: Sequence[OfVariant], sales: Sequence[Event]
) -> Customers:
    """Those of the `sales` of the period: income less fees, less the CPU and the calls of their requests. A customer whose name is not that of
    `user` in requests has none there."""
    each: dict[str, Customer] = defaultdict(Customer)
    income = loose = 0
    for event in sales:
        own = event["nano"] - event["body"].get("refund_nano", 0)
        income += own
        if not event["customer"] and own <= 0:  # a fee of its own, of nobody's payment
            loose += event["body"].get("fee_nano", 0)
        if event["customer"]:
            one = each[event["customer"]]
            one.income += event["nano"] - event["body"].get("refund_nano", 0)
            one.fees += event["body"].get("fee_nano", 0)
    cost = {one.variant: one.per_request.value * NANO for one in served}
    for row in store.use.of_payers(since=period.first, until=period.last):
        if row["user"] in each:
            each[row["user"]].serving += cost.get(row["variant"], 0.0) * row["n"]
            each[row["user"]].requests += row["n"]
    for kind in ("api_usage", "usage"):
        for event in store.events.of_kind(kind, since=period.first, until=period.last):
            if event["customer"] in each:
                each[event["customer"]].calls -= event["nano"]
    n = {"sales": len(sales)}
    apart = loose / income if income > 0 else 0.0
    rows = _rows(period)
    share = margin_share(each.values(), n, apart=apart, rows=rows)
    return Customers(dict(each), mean_margin(each.values(), n, rows=rows), share)


def _rows(period: Period) -> Rows:
    """What customers paid, the CPU of all answers, whose share is theirs, and what was called for them."""
    return (
        {"events": "payments", **period.days},
        {"account": SERVE, **period.days},
        {"events": "api_usage", **period.days},
        {"events": "usage", **period.days},
    )


@dataclass(frozen=True)
class OfPlan:
    """Customers of the list who have a plan at the end of the period, what they should pay a month, and what
    came in by it a month."""

    plan: str
    customers: int
    owed: Figure
    received: Figure


def plans(
    listed: Sequence[Event], sales: Sequence[Event], money: MoneySpec, period: Period
) -> list[OfPlan]:
    """Of every plan with a price a month, by the list of customers and the `sales` of the period; `requests` and
    `once` are what the customer is told."""
    have: dict[str, int] = defaultdict(int)
    for event in in_days(listed, period.last):
        if event["body"].get("until", period.last) >= period.last:
            have[event["body"].get("plan", "")] += 1
    received: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for sale in sales:
        plan = sale["body"].get("plan") or sale["body"].get("said", {}).get("plan", "")
        received[plan] += paid(sale)
        count[plan] += 1
    return [
        OfPlan(
            name,
            have[name],
            Figure(
                float(plan.monthly) * have[name],
                "assumed",
                have[name],
                lines={"events": "customers", "to": period.last},
                events={"customers": have[name]},
            ),
            Figure(
                received[name] / period.months,
                "measured",
                count[name],
                lines={"events": "payments", **period.days},
                events={"sales": count[name]},
            ),
        )
        for name, plan in money.plans.items()
        if plan.monthly is not None
    ]


@dataclass(frozen=True)
class Channel:
    """Spend, customers won, what one costs, and when he has paid it back, in months."""

    channel: str
    spend: float
    won: int
    cost: Figure | Reason
    months: Figure | Reason


def channels(
    store: Store,
    period: Period,
    worth: Worth,
    margin: Figure | Reason,
    won: Mapping[str, int],
) -> list[Channel]:
    """Every channel that cost something or won somebody in the period."""
    rows = store.ledger.parted("account", "channel", since=period.first, until=period.last)
    nano: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["account"] == ADS and row["basis"] == CASH:
            nano[row["channel"]] -= row["nano"]
    # of what was booked and taken back nothing is left
    spend = defaultdict(float, {name: spent / NANO for name, spent in nano.items() if spent})
    made = []
    for channel in sorted(spend.keys() | won.keys(), key=lambda one: (-spend[one], one)):
        n = won.get(channel, 0)
        cost = cost_of_one(channel, spend[channel], n, period)
        made.append(
            Channel(channel, spend[channel], n, cost, pays_back(cost, worth, margin, period))
        )
    return made


def won_in(period: Period, listed: Sequence[Event], payments: Sequence[Event]) -> dict[str, int]:
    """Channel -> customers whose first day is in the period, or whose first payment is where no list of
    customers names them."""
    first: dict[str, tuple[str, str]] = {}
    for event in payments:
        if event["customer"]:
            first.setdefault(event["customer"], (event["day"], event["channel"] or ""))
    for event in listed:
        channel = event["channel"] or first.get(event["customer"], ("", ""))[1]
        first[event["customer"]] = (event["day"], channel)
    won: dict[str, int] = defaultdict(int)
    for day, channel in first.values():
        if period.first <= day <= period.last:
            won[channel] += 1
    return won


def cost_of_one(channel: str, spend: float, won: int, period: Period) -> Figure | Reason:
    if not spend:
        return Reason("economics.no_spend", {})
    found = acquisition_cost(spend, won, confidence=CONFIDENCE)
    if isinstance(found, Reason):
        return found
    lines = {"account": ADS, "channel": channel, **period.days}
    who = ({"events": "customers", **period.days}, {"events": "payments", "to": period.last})
    return Figure.of(found, "measured", lines=lines, events={"customers": won}, also=who)


def pays_back(
    cost: Figure | Reason, worth: Worth, margin: Figure | Reason, period: Period
) -> Figure | Reason:
    """Until the margin of a customer reaches his cost: at the pace of the period, or as repeat purchases go."""
    if isinstance(cost, Reason):
        return cost
    if worth.pays_back is not None:
        return worth.pays_back(cost)
    if isinstance(margin, Reason):
        return margin
    a_month = margin.value / period.months
    if a_month <= 0:
        return Reason("economics.no_margin", {"margin": a_month})
    low = None if cost.low is None or not margin.high else cost.low / margin.high * period.months
    high = (
        None
        if cost.high is None or margin.low is None or margin.low <= 0
        else cost.high / margin.low * period.months
    )
    return Figure(
        cost.value / a_month,
        "extrapolated",
        cost.n,
        low,
        high,
        lines=cost.lines,
        events=cost.events,
        also=(*(cost.also or ()), *margin.rows),
    )
