"""A test of one channel: weeks on and off, or regions with and without it, drawn by lot before they come.

Knows no file and no screen. What was drawn is all that the readout needs, and stands in the ledger before the
first week. Example: `design(past, by_region, Asked(channel="tv", lift=0.1, start=monday, seed=7)).blocks[0].on`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from steelyard.errors import UserError
from steelyard.market.keeping import TEST, Kept, keep, kept, plain
from steelyard.market.series import Array, History, Regions
from steelyard.reason import Reason
from steelyard.stats.designs import RegionDesign, Switchback, design_regions, design_switchback
from steelyard.stats.designs.switchback import PAIRS_MIN
from steelyard.store import Store
from steelyard.words import say

WEEK = timedelta(days=7)
RECENT = 4  # weeks that say what a channel spends today
REGIONS_MIN = 8
LONG_HISTORY = 4 * PAIRS_MIN  # weeks: enough for blocks of two
KNOWN_MIN = 8  # weeks with a spend, below which nothing is known of what a channel brings
Design = Switchback | RegionDesign


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a test is to tell: a relative `lift`, from the Monday `start`. Blocks are in weeks; `treat` and `length`
    are regions and weeks of a test by region; `form` is switchback or regions, or empty: regions where there are enough."""

    channel: str
    lift: float
    start: date
    seed: int
    form: str = ""
    block: int = 1
    washout: int = 0
    treat: int | None = None
    length: int = 4


@dataclass(frozen=True)
class Block:
    """Days, both included, in which the channel is on or off; in some regions alone where they are named."""

    first: date
    last: date
    on: bool
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChannelTest:
    """A design on the calendar. `on` says what is done in the treated regions; `cost` is (lost outcome, spend saved);
    `seen` names the history it was made from."""

    channel: str
    of: str
    first: date
    design: Design
    lift_wanted: float
    on: bool
    cost: tuple[float, float]
    seen: Mapping[str, Any]

    @property
    def form(self) -> str:
        return "switchback" if isinstance(self.design, Switchback) else "regions"

    @property
    def weeks(self) -> int:
        if isinstance(self.design, Switchback):
            return 2 * self.design.block * len(self.design.first_on)
        return self.design.length

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + self.weeks * WEEK - timedelta(days=1)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is to be done, in order."""
        if isinstance(self.design, RegionDesign):
            return (Block(self.first, self.last, self.on, self.design.treated),)
        long = self.design.block * WEEK
        starts = self.design.on[:: self.design.block]
        return tuple(
            Block(self.first + i * long, self.first + (i + 1) * long - timedelta(days=1), bool(on))
            for i, on in enumerate(starts)
        )


def blocks(weeks: int, block: int | None = None, washout: int | None = None) -> tuple[int, int]:
    """Weeks of a block and those left out of it, as asked for or as a history of so many weeks carries."""
    long = block or (2 if weeks >= LONG_HISTORY else 1)
    return long, long // 2 if washout is None else washout


def design(past: History, by_region: Regions, asked: Asked) -> ChannelTest:
    """The shortest that detects the lift; UserError where history does not carry one."""
    spend = past.channel(asked.channel)
    if np.any(past.outcome <= 0) and not by_region_wanted(by_region, asked):
        raise _empty(past)
    try:
        made = designed(past, by_region, asked)
    except ValueError as error:
        raise UserError(f"market test {asked.channel}", str(error)) from error
    if isinstance(made, Reason):
        raise UserError(
            f"market test {asked.channel}",
            "a history that a test can be planned from",
            say(made, "en"),
            "see --lift, --block, --length and --by",
        )
    on = isinstance(made, RegionDesign) and not spend[-RECENT:].any()
    seen = {
        "first": past.periods[0].isoformat(),
        "until": past.until.isoformat(),
        "weeks": len(past.periods),
        "sha256": past.sha256({}),
        "spent_weeks": int(np.count_nonzero(spend)),
        "spend": float(spend[-RECENT:].mean()),
        "sold": float(past.outcome.mean()),
    }
    cost = _cost(made, by_region, past, asked.channel, on=on)
    return ChannelTest(asked.channel, past.of, asked.start, made, asked.lift, on, cost, seen)


def designed(past: History, by_region: Regions, asked: Asked) -> Design | Reason:
    """The design, or why there is none; ValueError for an outcome that is empty in a region."""
    if by_region_wanted(by_region, asked):
        return _regions(by_region, asked)
    return _switchback(past, past.channel(asked.channel), asked)


def by_region_wanted(by_region: Regions, asked: Asked) -> bool:
    """Whether a test by regions is asked for, or can be had."""
    return asked.form == "regions" or (
        asked.form == "" and len(by_region.names) >= REGIONS_MIN and bool(by_region.spend)
    )


def _switchback(past: History, spend: Array, asked: Asked) -> Switchback | Reason:
    """Also what is saved in its weeks off, by what the channel spends today."""
    if np.any(past.outcome <= 0):
        at = int(np.argmax(past.outcome <= 0))
        return Reason("design.empty", {"outcome": past.of, "week": past.periods[at].isoformat()})
    if len(spend) >= RECENT and not np.any(spend[-RECENT:] > 0):
        last = past.spent_until[asked.channel].isoformat()
        return Reason(
            "design.silent",
            {
                "channel": asked.channel,
                "last": last,
                "weeks": RECENT,
                "until": past.until.isoformat(),
            },
        )
    made = design_switchback(
        past.outcome,
        spend,
        lift_wanted=asked.lift,
        seed=asked.seed,
        block=asked.block,
        washout=asked.washout,
    )
    if isinstance(made, Reason):
        return made
    off = len(made.first_on) * made.block
    return replace(made, spend_saved=off * float(spend[-RECENT:].mean()))


def _regions(by_region: Regions, asked: Asked) -> RegionDesign | Reason:
    names = by_region.names
    if len(names) < REGIONS_MIN:
        return Reason("design.few_regions", {"regions": len(names), "needed": REGIONS_MIN})
    for week, at in np.argwhere(by_region.outcome <= 0)[:1].tolist():
        return Reason("design.empty_region", {"region": names[at], "week": week + 1})
    return design_regions(
        by_region.outcome,
        names,
        treat=asked.treat or len(names) // 2,
        length=asked.length,
        seed=asked.seed,
        lift_wanted=asked.lift,
    )


def _empty(past: History) -> UserError:
    at = next(i for i, value in enumerate(past.outcome) if value <= 0)
    return UserError(
        f"{past.of}, week of {past.periods[at]}",
        "something in every week that a test is planned from",
        f"{past.outcome[at]:g}",
        "import what is missing, or test another outcome with --outcome",
    )


def _cost(
    made: Design, by_region: Regions, past: History, channel: str, *, on: bool
) -> tuple[float, float]:
    """Outcome that is lost if the channel brings just the smallest lift, and spend that is saved."""
    if isinstance(made, Switchback):
        return made.lost_outcome, made.spend_saved
    spent = float(usual_spend(made, by_region, past, channel)) * made.length
    return (0.0, 0.0) if on else (made.lost_outcome, spent)


def usual_spend(made: RegionDesign, by_region: Regions, past: History, channel: str) -> float:
    """A week's spend in the treated regions as it was of late; by their share of the outcome where spend is not
    imported by region."""
    treated = [by_region.names.index(name) for name in made.treated]
    if channel in by_region.spend:
        return float(by_region.spend[channel][-RECENT:, treated].sum(axis=1).mean())
    share = by_region.outcome[:, treated].sum() / by_region.outcome.sum()
    return float(past.channel(channel)[-RECENT:].mean() * share)


def little_known(test: ChannelTest) -> Reason | None:
    """What is to be said of a channel that hardly spent yet: the power is that for the lift which was asked for, and
    this is what each unit spent would have to bring for it. None where enough is known, or a design of before."""
    weeks = test.seen.get("spent_weeks")
    if weeks is None or weeks >= KNOWN_MIN:
        return None
    lift, sold, spend = test.lift_wanted, test.seen["sold"], test.seen["spend"]
    if not spend:
        return Reason("test.unknown", {"channel": test.channel, "weeks": weeks, "lift": lift})
    needed = lift / (1 + lift) * sold / spend
    return Reason(
        "test.little_known",
        {"channel": test.channel, "weeks": weeks, "lift": lift, "returns": needed},
    )


def to_body(test: ChannelTest) -> dict[str, Any]:
    """All of it as JSON."""
    own = dict(vars(test.design))
    return {
        "form": test.form,
        "outcome": test.of,
        "first": test.first.isoformat(),
        "last": test.last.isoformat(),
        "lift_wanted": test.lift_wanted,
        "on": test.on,
        "cost": list(test.cost),
        "seen": dict(test.seen),
        "design": own,
    }


def of_fact(fact: Kept) -> ChannelTest:
    """The inverse of `to_body`, of a fact as it is kept."""
    body = fact.body
    own = {name: _tuples(value) for name, value in body["design"].items()}
    made: Design = (Switchback if body["form"] == "switchback" else RegionDesign)(**own)
    return ChannelTest(
        fact.channel,
        body["outcome"],
        date.fromisoformat(body["first"]),
        made,
        body["lift_wanted"],
        body["on"],
        (body["cost"][0], body["cost"][1]),
        body["seen"],
    )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def record(store: Store, test: ChannelTest) -> str:
    """Write the design down before its first week; UserError where another test of the channel is in its weeks."""
    body = plain(to_body(test))
    for fact in kept(store, TEST):
        other = of_fact(fact)
        if fact.channel == test.channel and fact.body == body:
            return fact.id  # the same one again
        if other.channel == test.channel and other.first <= test.last and test.first <= other.last:
            raise UserError(
                f"market test {test.channel}",
                "weeks in which no other test of the channel runs",
                f"one from {other.first} to {other.last}",
                f"begin behind it: --start {other.last + timedelta(days=1)}",
            )
    named = f"{test.channel} {test.first.isoformat()}"
    return keep(store, TEST, named, day=test.first.isoformat(), channel=test.channel, body=body)


def so_far(test: ChannelTest, weeks: int) -> ChannelTest | None:
    """The part of a test that so many weeks of it can be read from: whole pairs; None where that is nothing."""
    if weeks >= test.weeks:
        return test
    if isinstance(test.design, Switchback):
        pairs = weeks // (2 * test.design.block)
        if pairs == 0:
            return None
        return replace(test, design=replace(test.design, first_on=test.design.first_on[:pairs]))
    return replace(test, design=replace(test.design, length=weeks)) if weeks else None
