"""What a test of a channel showed: the lift by the test that its draw allows, and what that was in money.

Knows no screen. A readout is written down once, with the rows behind it; an early look is written down too, since
each is another chance to be wrong. Example: `read(store, fact, today=date(2026, 6, 1), early=False).lift`
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from steelyard.errors import UserError
from steelyard.interval import Interval
from steelyard.market.keeping import LIFT, LOOK, Kept, keep, kept
from steelyard.market.series import History, Regions, history, regions, rows_behind
from steelyard.market.testing import Block, ChannelTest, of_fact, so_far
from steelyard.reason import Reason
from steelyard.stats.designs import RegionDesign, Switchback
from steelyard.stats.designs.readout import CONFIDENCE, Lift
from steelyard.stats.designs.switchback import MEMORY_MAX
from steelyard.store import Store

IDS_MAX = 2000  # above, the hash of the ids stands for them
NORMAL = 1.959964  # standard errors in half of an interval of 95 %


@dataclass(frozen=True)
class Readout:
    """`state` is planned, running, ended or read; `body` what is told of the lift, None where there is none yet."""

    state: str
    days_left: int
    body: dict[str, Any] | None = None
    notes: tuple[Reason, ...] = field(default=())


def read(store: Store, fact: Kept, *, today: date, early: bool) -> Readout:
    """The lift of a test that is over, as it was read the first time; of one that is not, only with `early`."""
    test = of_fact(fact)
    done = next((one for one in kept(store, LIFT) if one.body["test"] == fact.id), None)
    if done is not None:
        return Readout("read", 0, done.body, _notes(done.body, test))
    if today < test.first:
        return Readout("planned", (test.last - today).days + 1)
    past = history(store, test.of, since=test.first)
    whole = len(past.periods)
    over = today > test.last
    left = max(0, (test.last - today).days + 1)
    state = "ended" if over else "running"
    if whole >= test.weeks:
        body = _body(store, fact, test, past) | {"looks": _looks(store, fact) + 1, "early": False}
        keep(store, LIFT, fact.id, day=test.last.isoformat(), channel=test.channel, body=body)
        done = next(one for one in kept(store, LIFT) if one.body["test"] == fact.id)
        return Readout("read", 0, done.body, _notes(done.body, test))
    missing = _not_booked(test, past) if over else _running(test, left)
    part = so_far(test, whole) if early else None
    if part is None:
        return Readout(state, left, None, (missing,))
    looks = _looks(store, fact) + 1
    named = f"{fact.id} {looks}"
    keep(
        store,
        LOOK,
        named,
        day=today.isoformat(),
        channel=test.channel,
        body={"test": fact.id, "look": looks, "weeks": part.weeks},
    )
    # the last readout is another one
    body = _body(store, fact, part, past) | {"looks": looks + 1, "early": True}
    return Readout(state, left, body, (missing, *_notes(body, test)))


def _running(test: ChannelTest, left: int) -> Reason:
    return Reason("test.running", {"days": left, "last": test.last.isoformat()})


def _not_booked(test: ChannelTest, past: History) -> Reason:
    return Reason(
        "test.not_booked",
        {"last": test.last.isoformat(), "outcome": test.of, "known": past.until.isoformat()},
    )


def _looks(store: Store, fact: Kept) -> int:
    return sum(look.body["test"] == fact.id for look in kept(store, LOOK))


def _notes(body: dict[str, Any], test: ChannelTest) -> tuple[Reason, ...]:
    """What is to be said beside a lift."""
    notes = [Reason.of_json(one) for one in body["not_followed"]]
    if isinstance(test.design, Switchback):
        notes.append(_carried(body, test.channel, test.design))
    return tuple(notes) + ((_looked(body["looks"]),) if body["looks"] > 1 else ())


def _carried(body: dict[str, Any], channel: str, made: Switchback) -> Reason:
    """What of an effect the interval does not hold; a readout of before allowed for nothing behind the weeks left out."""
    if "between_weeks" not in body:
        return Reason("test.carries_over", {"channel": channel, "weeks": made.washout})
    _, low, high = body["between_weeks"]
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return Reason("test.allows_unbounded", {"channel": channel, "memory": MEMORY_MAX})
    return Reason(
        "test.allows_carry_over",
        {"channel": channel, "memory": MEMORY_MAX, "low": low, "high": high},
    )


def _looked(looks: int) -> Reason:
    """By the union bound: each readout misses in 5 % of tests."""
    chance = min(1.0, (1 - CONFIDENCE) * looks)
    return Reason("test.looked", {"looks": looks, "chance": chance})


def _body(store: Store, fact: Kept, test: ChannelTest, past: History) -> dict[str, Any]:
    """The lift of having the channel on, and what it brought in the weeks or regions that had it."""
    more: dict[str, Any] = {}
    row: dict[str, float] | None = None
    if isinstance(test.design, Switchback):
        lift, brought, between = _switched(test, test.design, past)
        more = {"between_weeks": _three(between)}
        broken = _switches_not_followed(test, past)
    else:
        whole = history(store, test.of)
        by_region = regions(store, whole)
        lift, brought, row = _parted(test, test.design, whole, by_region)
        broken = _regions_not_followed(test, test.design, whole, by_region)
    behind = rows_behind(store, test.of, test.first, test.last)
    return {
        "test": fact.id,
        "form": test.form,
        "outcome": test.of,
        "first": test.first.isoformat(),
        "last": test.last.isoformat(),
        "lift": _three(lift.lift),
        "n": lift.lift.n,
        "p_value": lift.p_value,
        "assignments": lift.assignments,
        "brought": _three(brought),
        "row": row,
        "not_followed": [reason.to_json() for reason in broken],
        "rows": {kind: _ids(ids) for kind, ids in behind.items()},
        "evidence": "measured",
        **more,
    }


def _switched(
    test: ChannelTest, made: Switchback, past: History
) -> tuple[Lift, Interval, Interval]:
    """The lift with an interval that allows for carry-over, what was brought, and the lift between weeks on and off as
    it was drawn. It is no row for the mix: its weeks are rows of the series already, and would count twice."""
    y = past.outcome[: test.weeks]
    read = _read(test, lambda: made.readout(y))
    lift = replace(read, lift=made.allowing(read.lift))
    return lift, _brought(lift.lift, float(y[made.on].sum())), read.lift


def _parted(
    test: ChannelTest, made: RegionDesign, past: History, by_region: Regions
) -> tuple[Lift, Interval, dict[str, float] | None]:
    """Regions: also as a row for the mix, what the other spend would have brought the treated in all."""
    end = (test.first - past.periods[0]).days // 7 + test.weeks
    order = [by_region.names.index(name) for name in made.regions if name in by_region.names]
    y = by_region.outcome[:end, order]
    lift = _read(test, lambda: made.readout(y))
    if not test.on:  # regions lost it: what they have with it, against what they had without
        lift = Lift(_turned(lift.lift), lift.p_value, lift.assignments)
    treated = list(made.sets[made.drawn])
    sold = float(y[-test.weeks :, treated].sum())
    brought = _brought(lift.lift, sold) if test.on else _missed(lift.lift, sold)
    usual = _spend_of_treated(test, made, by_region, past, end)
    return lift, brought, _row(brought, usual if not test.on else -usual)


def _spend_of_treated(
    test: ChannelTest, made: RegionDesign, by_region: Regions, past: History, end: int
) -> float:
    """A week's spend in the treated regions during the test: what they got, or what they would have got beside the
    others, by their share of spend before it, or of the outcome where spend is not imported by region."""
    start = end - test.weeks
    treated = np.isin(by_region.names, made.treated)
    column = by_region.spend.get(test.channel)
    national = past.channel(test.channel)[start:end]
    if test.on:
        got = national if column is None else column[start:end, treated].sum(axis=1)
        return float(got.mean())
    known = (by_region.outcome if column is None else column)[:start].sum(axis=0)
    others = national if column is None else column[start:end, ~treated].sum(axis=1)
    left = float(known[~treated].sum())
    return float(others.mean() * known[treated].sum() / left) if left > 0 else 0.0


def _row(brought: Interval, change: float) -> dict[str, float] | None:
    """`LiftTest` of the mix: change of a week's spend, what it would have brought in all, its standard error."""
    ends = np.array([brought.value, brought.low, brought.high])
    if not np.isfinite(ends).all() or change == 0:
        return None
    se = (brought.high - brought.low) / (2 * NORMAL)
    return {"change": change, "lift": brought.value if change > 0 else -brought.value, "se": se}


def _read(test: ChannelTest, readout: Any) -> Lift:
    try:
        lift: Lift = readout()
    except ValueError as error:
        raise UserError(
            f"{test.of} from {test.first} to {test.last}",
            "something in every week, and in every region of a test by region",
            str(error),
            "import what is missing",
        ) from error
    return lift


def _brought(lift: Interval, sold: float) -> Interval:
    """Of what was sold with the channel, what was sold by it."""
    ends = [-end for end in _inverse(lift)]
    return Interval(sold * ends[0], sold * ends[1], sold * ends[2], lift.n)


def _turned(lift: Interval) -> Interval:
    """Of having something, from that of losing it."""
    value, high, low = _inverse(lift)
    return Interval(value, low, high, lift.n)


def _inverse(lift: Interval) -> tuple[float, float, float]:
    """1 / (1 + lift) - 1, endless for a lift that takes all."""
    ends = np.array([lift.value, lift.low, lift.high])
    with np.errstate(divide="ignore"):
        value, low, high = 1 / np.maximum(1 + ends, 0.0) - 1
    return float(value), float(low), float(high)


def _missed(lift: Interval, sold: float) -> Interval:
    """Of what was sold without the channel, what would have been sold more with it."""
    return Interval(sold * lift.value, sold * lift.low, sold * lift.high, lift.n)


def _switches_not_followed(test: ChannelTest, past: History) -> list[Reason]:
    spend = past.spend.get(test.channel, np.zeros(len(past.periods)))
    broken = []
    for block in test.blocks:
        at = [i for i, day in enumerate(past.periods) if block.first <= day <= block.last]
        reason = _not_followed(test.channel, block, float(spend[at].sum()))
        broken += [reason] if reason else []
    return broken


def _not_followed(channel: str, block: Block, spent: float) -> Reason | None:
    days = (block.first.isoformat(), block.last.isoformat())
    if not block.on and spent > 0:
        return Reason(
            "test.spent_while_off",
            {"channel": channel, "spend": spent, "first": days[0], "last": days[1]},
        )
    if block.on and spent <= 0:
        return Reason(
            "test.silent_while_on", {"channel": channel, "first": days[0], "last": days[1]}
        )
    return None


def _regions_not_followed(
    test: ChannelTest, made: RegionDesign, past: History, by_region: Regions
) -> list[Reason]:
    if test.channel not in by_region.spend:
        return [Reason("test.regions_not_followed", {})]
    treated = [by_region.names.index(name) for name in made.treated]
    broken = []
    for at, day in enumerate(past.periods):
        if test.first <= day <= test.last:
            week = Block(day, day + timedelta(days=6), test.on)
            spent = float(by_region.spend[test.channel][at, treated].sum())
            reason = _not_followed(test.channel, week, spent)
            broken += [reason] if reason else []
    return broken


def _ids(ids: list[str]) -> dict[str, Any]:
    said = hashlib.sha256(" ".join(sorted(ids)).encode()).hexdigest()
    return {"count": len(ids), "sha256": said} | ({"ids": ids} if len(ids) <= IDS_MAX else {})


def _three(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high]
