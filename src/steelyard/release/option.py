"""An undecided canary as a place for money: what it may bring, and what would decide. Knows no store.

Example: `decisive(seen, worth, loss_max=0.02)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.release.decide import REPLAY, USERS, Worth, dearer_of, net_of
from steelyard.release.left import Option, Seen
from steelyard.stats import grown


def option(
    evidence: Sequence[Seen],
    worth: Worth,
    *,
    loss_max: float,
    requests: int,
    requests_a_user: float,
    confidence: float,
    tuned_at: Mapping[str, int],
    more_tells: bool = True,
) -> Option | None:
    """By the evidence whose net value is known best; None where nobody has said anything yet. `tuned_at` is where
    the intervals of each source are narrowest; a source that is not in it would decide nothing, and none does
    where more of the same would not help (`more_tells`)."""
    told = [seen for seen in evidence if seen.difference.n]
    if not told:
        return None
    best = min(told, key=lambda seen: _width(net_of(seen, worth)))
    net = net_of(best, worth)
    more: dict[str, int | None] = {}
    for seen in told:
        n, tuned = seen.difference.n, tuned_at.get(seen.source)
        times = decisive(seen, worth, loss_max=loss_max)
        total = None
        if more_tells and times is not None and tuned is not None:
            total = grown(n, times, confidence=confidence, tuned_at=tuned)
        more[seen.source] = None if total is None else max(1, total - n)
    users = more.get(USERS)
    of_users = None if users is None else round(users * requests_a_user)
    k = requests / 1000
    until = Interval(net.value * k, net.low * k, net.high * k, net.n)
    return Option(
        source=best.source,
        currency=worth.currency,
        net_per_1000=net,
        net_until_next_turn=until,
        requests_until_next_turn=requests,
        more_records=more.get(REPLAY),
        more_users=users,
        more_requests=of_users,
        because=_because(until, worth.currency, requests, more.get(REPLAY), users, of_users),
    )


def _because(
    until: Interval,
    currency: str,
    requests: int,
    records: int | None,
    users: int | None,
    of_users: int | None,
) -> Reason:
    net = until.value, until.low, until.high
    said = Reason("option.net", {"net": net, "currency": currency, "requests": requests})
    if records is not None:
        said = Reason("option.records", {"said": said, "more": records})
    if users is not None and of_users is not None:
        said = Reason("option.users", {"said": said, "more": users, "requests": of_users})
    return said


def decisive(seen: Seen, worth: Worth, *, loss_max: float) -> float | None:
    """The part of its half width that an interval may have for a decision, at the values as they are; None where no
    width would decide."""
    d, net = seen.reading, net_of(seen, worth)
    if seen.difference.low > -loss_max >= d.low:
        return None  # what is open is who told, and that stays
    quality = abs(d.value + loss_max), max(d.value - d.low, d.high - d.value)
    money = abs(net.value), max(net.value - net.low, net.high - net.value)
    if d.value < -loss_max:
        asked = [quality]
    elif net.value < 0:
        asked = [money]
    elif dearer_of(seen).high < 0:
        asked = [quality]
    else:
        asked = [quality, money]
    parts = [gap / half if half > 0 else 1.0 for gap, half in asked]
    return min(parts) if min(parts) > 0 else None


def _width(interval: Interval) -> float:
    return interval.high - interval.low
