"""What is believed of a market by its books: the figures a plan is made of, each with how sure it is. Knows no plan.

A mix that can be fitted is fitted here. Example: `believed(store, product).worth.value`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import Damaged, UserError
from steelyard.market.customers import Channel, channels, customers, won_in
from steelyard.market.elasticity import elasticities
from steelyard.market.figures import Figure
from steelyard.market.keeping import MADE
from steelyard.market.left import Curve, Market, Marketed, OfChannel
from steelyard.market.mixing import fitted
from steelyard.market.series import DAYS
from steelyard.market.serving import CONFIDENCE, Period, variants
from steelyard.market.weekly import weekly
from steelyard.market.worth import Worth, in_days, worth
from steelyard.reason import Reason
from steelyard.spec import ProductFile
from steelyard.stats.proportion import wilson
from steelyard.store import Store

LOOKED_BACK = 90  # days


def run(store: Store, product: ProductFile, *, keeps: bool = True) -> Marketed:
    """What the books say now, a new fit kept if it `keeps`; a fact of the market that was changed afterwards is said, and the plan does without."""
    booked = any(row["kind"] not in MADE for row in store.events.sums())
    if not booked:
        return Marketed()
    try:
        return Marketed(believed(store, product, keeps=keeps))
    except Damaged as error:
        return Marketed(damaged=str(error))


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
    visits, days = _visits(store, period)
    new = sum(won.values())
    value = lasting.value if isinstance(lasting.value, Figure) else own.margin
    return Market(
        until,
        spec.money.currency,
        spec.market.simulated,
        visits=Figure(visits / days, "measured", days, events={"visits": int(visits)})
        if visits
        else None,
        customers=Figure(new / LOOKED_BACK, "measured", new, events={"customers": new})
        if new
        else None,
        conversion=_conversion(new, visits, days),
        worth=value if isinstance(value, Figure) else None,
        margin_share=own.share if isinstance(own.share, Figure) else None,
        arrives=_arrives(lasting),
        elasticity=elasticities(store),
        channels=tuple(_channel(one, mix, product) for one in each if one.channel),
        why=value if isinstance(value, Reason) else None,
        no_fit=no_fit,
    )


def _visits(store: Store, period: Period) -> tuple[float, int]:
    """Visits of whole weeks that the period holds, and their days."""
    weeks = [w for w in weekly(store, until=period.last) if w["over"] and w["week"] >= period.first]
    seen = [w for w in weeks if w["visits"]]
    if not seen:
        return 0.0, 1
    span = (
        date.fromisoformat(max(w["last"] for w in seen)) - date.fromisoformat(seen[0]["week"])
    ).days
    return float(sum(w["visits"] for w in seen)), span + 1


def _conversion(new: int, visits: float, days: int) -> Figure | None:
    """Customers won by visit, both a day; an interval as if visits were independent."""
    if not visits or not new:
        return None
    n = visits / days * LOOKED_BACK
    share = min(0.99, new / n)
    return Figure.of(
        wilson(share, max(1, round(n)), confidence=CONFIDENCE),
        "measured",
        events={"customers": new, "visits": round(n)},
    )


def _arrives(lasting: Worth) -> tuple[float, ...]:
    """Share of what a new customer is worth that came by the end of each month after the first day."""
    months = [one.value for one in lasting.by_month]
    whole = months[-1] if months else 0.0
    return tuple(round(max(0.0, m / whole), 6) for m in months[1:]) if whole > 0 else ()


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


def _channel(one: Channel, mix: Mapping[str, Any] | None, product: ProductFile) -> OfChannel:
    told = next((c for c in (mix or {}).get("channels", ()) if c["channel"] == one.channel), None)
    captures = bool(told and told["captures"])
    cost = one.cost if isinstance(one.cost, Figure) else None
    usual = one.spend / LOOKED_BACK
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
