"""What is believed of a market by its books: the figures a plan is made of, each with how sure it is. Knows no plan.

A mix that can be fitted is fitted here. Example: `believed(store, product).worth.value`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import Damaged, UserError
from steelyard.market.customers import Channel, channels, customers, won_in
from steelyard.market.elasticity import elasticities
from steelyard.market.figures import Figure
from steelyard.market.keeping import MADE
from steelyard.market.left import Curve, Market, Marketed, OfChannel
from steelyard.market.mixing import RECENT, fitted
from steelyard.market.series import DAYS
from steelyard.market.serving import CONFIDENCE, Period, variants
from steelyard.market.shares import shared
from steelyard.market.weekly import weekly
from steelyard.market.worth import Event, Worth, in_days, paid, worth
from steelyard.reason import Reason
from steelyard.spec import NANO, ProductFile
from steelyard.stats.proportion import wilson
from steelyard.store import CONVERSION, VISIT, Store

LOOKED_BACK = 90  # days
BOOKED = {"spend", "sales", "customers", "visits", VISIT, CONVERSION}


def run(store: Store, product: ProductFile, *, keeps: bool = True) -> Marketed:
    """What the books say now, a new fit kept if it `keeps`; a fact of the market that was changed afterwards is said, and the plan does without."""
    booked = any(row["kind"] not in MADE for row in store.events.sums())
    if not booked:
        return Marketed()
    other = _other_currency(store, product.spec.money.currency)
    if other is not None:
        return Marketed(other_currency=other)
    try:
        return Marketed(believed(store, product, keeps=keeps))
    except Damaged as error:
        return Marketed(damaged=str(error))


def _other_currency(store: Store, currency: str) -> str | None:
    """One that books are kept in and the product file is not: its figures would be read as other money."""
    rows = store.events.sums(by=("kind", "currency"))
    found = {row["currency"] for row in rows if row["currency"] and row["kind"] not in MADE}
    return min(found - {currency}, default=None)


def believed(store: Store, product: ProductFile, *, keeps: bool = True) -> Market:
    """Of the last 90 days; how customers stay is told from all that is booked."""
    spec = product.spec
    now = datetime.fromisoformat(store.clock.now())
    today = now.astimezone(ZoneInfo(spec.market.time_zone)).date()
    period = Period((today - timedelta(days=LOOKED_BACK - 1)).isoformat(), today.isoformat())
    served = variants(store, period)
    listed, payments = store.events.of_kind("customers"), store.events.payments()
    sales = in_days(payments, period.last, since=period.first)
    own = customers(store, period, served, sales)
    yearly = {n: float(p.a_year / 12) for n, p in spec.money.plans.items() if p.a_year is not None}
    until = today.isoformat()
    lasting = worth(
        in_days(listed, until), in_days(payments, until), until, own.share, yearly=yearly
    )
    won = won_in(period, listed, payments)
    each = channels(store, period, lasting, own.margin, won)
    mix, no_fit = _mix(store, product, keeps=keeps)
    days = _Days.of(store, period)
    new, visits = sum(won.values()), _visits(store, period)
    value = lasting.value if isinstance(lasting.value, Figure) else own.margin
    customers_a_day = days.a_day(new, events={"customers": new})
    conversion = _conversion(customers_a_day, visits)
    return Market(
        until,
        spec.money.currency,
        spec.market.simulated,
        # fewer visits than customers are not those of the same people
        visits=visits if conversion is not None else None,
        customers=customers_a_day,
        conversion=conversion,
        worth=value if isinstance(value, Figure) else None,
        margin_share=own.share if isinstance(own.share, Figure) else None,
        kept_of_sales=_kept(own.share, sales),
        arrives=_arrives(lasting),
        left=_left(listed, period),
        partners=tuple(shared(store, product, today)) if spec.market.partners else (),
        elasticity=elasticities(store),
        channels=tuple(_channel(one, mix, days.spend(one.channel)) for one in each if one.channel),
        why=value if isinstance(value, Reason) else None,
        no_fit=no_fit,
    )


@dataclass(frozen=True)
class _Days:
    """The days of the period for which anything is booked, and the spend of each channel by day."""

    first: date
    last: date
    spent: Mapping[str, Mapping[date, float]]

    @classmethod
    def of(cls, store: Store, period: Period) -> _Days:
        sums = store.events.sums(by=("kind", "day", "channel"), until=period.last, partners=False)
        rows = [row for row in sums if row["kind"] in BOOKED]
        booked = [date.fromisoformat(row["day"]) for row in rows]
        spent: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
        for row in rows:
            if row["kind"] == "spend":
                spent[row["channel"]][date.fromisoformat(row["day"])] -= (row["nano"] or 0) / NANO
        first = max(min(booked, default=date.max), date.fromisoformat(period.first))
        return cls(first, max(booked, default=date.min), spent)

    @property
    def n(self) -> int:
        return max(0, (self.last - self.first).days + 1)

    def a_day(self, count: int, events: Mapping[str, int]) -> Figure | None:
        return (
            Figure(count / self.n, "measured", count, events=events) if count and self.n else None
        )

    def spend(self, channel: str) -> float:
        """A day, of the last four weeks that are booked."""
        n = min(self.n, RECENT["day"])
        days = [self.last - timedelta(days=i) for i in range(n)]
        return sum(self.spent.get(channel, {}).get(day, 0.0) for day in days) / n if n else 0.0


def _visits(store: Store, period: Period) -> Figure | None:
    """Visits a day, of whole weeks that the period holds."""
    weeks = [w for w in weekly(store, until=period.last) if w["over"] and w["week"] >= period.first]
    seen = [w for w in weeks if w["visits"]]
    if not seen:
        return None
    last, first = max(w["last"] for w in seen), seen[0]["week"]
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    whole = sum(w["visits"] for w in seen)
    return Figure(whole / days, "measured", days, events={"visits": int(whole)})


def _conversion(customers: Figure | None, visits: Figure | None) -> Figure | None:
    """Customers won by visit, both a day; an interval as if visits were independent."""
    if customers is None or visits is None or customers.value >= visits.value:
        return None
    share, n = customers.value / visits.value, customers.n / (customers.value / visits.value)
    return Figure.of(
        wilson(share, max(1, round(n)), confidence=CONFIDENCE),
        "measured",
        events={**customers.events, **visits.events},
    )


def _kept(share: Figure | Reason, sales: Sequence[Event]) -> Figure | None:
    """Of what was sold before refunds, what is left: a mix counts it so."""
    gross = sum(max(0, sale["nano"]) for sale in sales) / NANO
    if isinstance(share, Reason) or gross <= 0:
        return None
    part = sum(paid(sale) for sale in sales) / gross
    low, high = (None if end is None else end * part for end in (share.low, share.high))
    return Figure(
        share.value * part,
        "measured",
        len(sales),
        low,
        high,
        lines=share.lines,
        events={"sales": len(sales)},
        also=share.also,
    )


def _arrives(lasting: Worth) -> tuple[float, ...]:
    """Share of what a new customer is worth that came by the end of each month after the first day."""
    months = [one.value for one in lasting.by_month]
    whole = months[-1] if months else 0.0
    return tuple(round(max(0.0, m / whole), 6) for m in months[1:]) if whole > 0 else ()


def _left(listed: Sequence[Event], period: Period) -> Figure | None:
    """Customers of the list who left in the period, a month; None where the list never says who left."""
    days = [event["body"]["until"] for event in listed if "until" in event["body"]]
    if not days:
        return None
    n = sum(period.first <= day <= period.last for day in days)
    return Figure(n / period.months, "measured", n, events={"customers": n})


def _mix(
    store: Store, product: ProductFile, *, keeps: bool
) -> tuple[Mapping[str, Any] | None, Reason | None]:
    """The fit of what is booked; why there is none."""
    try:
        market, currency = product.spec.market, product.spec.money.currency
        return fitted(store, market, currency, keeps=keeps), None
    except Damaged:
        raise
    except UserError as error:
        return None, no_fit(error)


def no_fit(error: UserError) -> Reason:
    """Why the mix was not fitted."""
    said = error.found or error.expected
    return Reason(
        "market.no_fit", {"place": error.place, "expected": error.expected, "found": said}
    )


def _channel(one: Channel, mix: Mapping[str, Any] | None, usual: float) -> OfChannel:
    told = next((c for c in (mix or {}).get("channels", ()) if c["channel"] == one.channel), None)
    captures = bool(told and told["captures"])
    cost = one.cost if isinstance(one.cost, Figure) else None
    if told is None or mix is None or mix["not_measured"] or one.channel not in mix["curves"]:
        why = one.cost if isinstance(one.cost, Reason) else None
        return OfChannel(one.channel, usual, one.won, cost, captures=captures, why=why)
    drawn, days = mix["curves"][one.channel], DAYS[mix["period"]]
    curve = Curve(
        mix["outcome"],
        float(days),
        mix["settings"]["saturation"],
        drawn["mean"],
        drawn["seen"],
        tuple(tuple(row) for row in drawn["values"]),
        tuple(drawn["effect"]),
    )
    today = told["spend_today"] / days
    evidence = told.get("curve_evidence") or "assumed"
    return OfChannel(one.channel, today, one.won, cost, curve, evidence, captures)
