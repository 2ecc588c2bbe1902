"""What past plans said beside what happened since, oldest first, and how often their intervals held. Knows no market's books.

Intervals are of 80 %. Example: `scored(past_turns(store, product), answers=answered)[0].held`
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np

from steelyard.as_json import of_json
from steelyard.plan.answer import three
from steelyard.plan.brought import Brought
from steelyard.plan.company import Profits, Step
from steelyard.plan.now import planned
from steelyard.plan.outlook import COST_SPREAD, SERVED_MIN
from steelyard.plan.weigh import Weighed
from steelyard.point import CurvePoint
from steelyard.reason import Reason
from steelyard.spec import ProductFile, as_it_was
from steelyard.stats.proportion import wilson
from steelyard.store import Store
from steelyard.words import spoken

HALF_80, HALF_90, HALF_95 = (NormalDist().inv_cdf(p) for p in (0.9, 0.95, 0.975))
CONFIDENCE = 0.95  # of the share of intervals that held
Three = tuple[float, float, float]
Output = dict[str, Any]


@dataclass(frozen=True)
class Past:
    """A turn that is over: what its steps left, and the days between which the next one had not begun."""

    turn: int
    outputs: Mapping[str, Output]
    first: str  # the first whole day behind it
    last: str  # the last whole day before the next turn, or before today
    requests: int | None = None  # expected of `days`, as its product file said
    days: float = 30.0

    @property
    def whole_days(self) -> int:
        return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1


@dataclass(frozen=True)
class Score:
    """One forecast: `held` is whether `seen` is inside, None where no interval was promised. What is `counted` says
    something of how sure plans may be: it was seen, and not believed again."""

    turn: int
    what: str
    said: tuple[float, float | None, float | None]
    seen: float
    text: Reason
    held: bool | None = None
    counted: bool = True

    def to_json(self) -> dict[str, Any]:
        body = {"turn": self.turn, "what": self.what, "said": list(self.said), "seen": self.seen}
        return body | {
            "held": self.held,
            "counted": self.counted and self.held is not None,
            **spoken("text", self.text),
        }


Weigh = Callable[[float], Weighed]  # an amount of money -> what is believed now of it


def past_turns(store: Store, product: ProductFile, *, until: int | None = None) -> list[Past]:
    """Every turn that was planned, oldest first; until a past one, as things stood when that ended."""
    turns = [turn for turn in store.turns.all() if until is None or turn["id"] <= until]
    if not turns:
        return []
    begun = [turn["started"] for turn in turns[1:]]
    end = store.clock.now() if until is None else turns[-1]["ended"] or turns[-1]["started"]
    found = []
    for turn, later in zip(turns, [*begun, end], strict=True):
        outputs = {row["name"]: row["output"] for row in store.turns.steps(turn["id"])}
        if planned(outputs) is None:
            continue
        one = Past(turn["id"], outputs, _day(turn["ended"] or turn["started"], 1), _day(later, -1))
        text = (store.turns.one(one.turn) or {}).get("file") if one.whole_days >= 1 else None
        if text:  # what was expected stood in the product file of then
            asked = as_it_was(text, product.path).spec.plan
            one = replace(one, requests=asked.requests, days=asked.days)
        found.append(one)
    return found


def _day(moment: str, later: int) -> str:
    return (date.fromisoformat(moment[:10]) + timedelta(days=later)).isoformat()


def scored(
    past: Sequence[Past],
    *,
    answers: Callable[[str, str], int],
    brought: Sequence[Brought] = (),
    now: Weigh | None = None,
) -> list[Score]:
    """By turn; `answers` counts those between two days. Without `now` no split is weighed again."""
    rows = [*_qualities(past), *_served(past), *_requests(past, answers), *map(_brought, brought)]
    if now is not None:
        rows += _splits(past[:-1], now)
    return sorted(rows, key=lambda row: row.turn)


def none_scored() -> Reason:
    """What will be scored, and when."""
    return Reason("score.none")


def calibration_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many of the intervals of rows as JSON held, and between what the share of all of them lies."""
    held = [row["held"] for row in rows if row["counted"]]
    body: dict[str, Any] = {"n": len(held), "held": sum(held), "promised": 0.8}
    if not held:
        return body | {"share": None, "low": None, "high": None}
    share = wilson(sum(held) / len(held), len(held), confidence=CONFIDENCE)
    return body | {"share": share.value, "low": share.low, "high": share.high}


def _inside(said: Three, seen: float) -> bool:
    return said[1] <= seen <= said[2]


def _widened(said: Three, error: float) -> Three:
    """With what was not known about the thing seen: independent errors, each of 80 %."""
    value, low, high = said
    more = HALF_80 * error
    return value, value - math.hypot(value - low, more), value + math.hypot(high - value, more)


def _qualities(past: Sequence[Past]) -> Iterator[Score]:
    """The learning curve at the labels that were bought next."""
    for at, one in enumerate(past):
        had = one.outputs.get("label", {}).get("bought", 0)
        later = next((p for p in past[at + 1 :] if _bought(p) > had), None)
        seen = None if later is None else _measured(later)
        if later is None or seen is None:
            continue
        said = _forecast(one, _bought(later))
        if said is None:
            continue
        value, low, high = seen
        said = _widened(said, math.hypot((high - low) / (2 * HALF_95), _run_noise(one)))
        text = Reason("score.quality", {"labels": _bought(later), "turn": later.turn})
        # each plan since the labels before said the same of one training: that of the turn before it counts
        last = past[at + 1] is later
        yield Score(one.turn, "quality", said, value, text, _inside(said, value), counted=last)


def _bought(one: Past) -> int:
    return int(one.outputs.get("label", {}).get("bought", 0))


def _measured(one: Past) -> Three | None:
    """Mean utility of the trained model, with its interval of 95 %."""
    metrics = one.outputs.get("train", {}).get("metrics", {})
    found = metrics.get("utility") or metrics.get("accuracy")
    return None if found is None else (found["value"], found["low"], found["high"])


def _forecast(one: Past, labels: int) -> Three | None:
    """Between the points that the plan kept, whose intervals are of 90 %; None beyond them."""
    points = one.outputs["plan"].get("forecast") or []
    if not points or not points[0]["labels"] <= labels <= points[-1]["labels"]:
        return None
    x = np.log([p["labels"] for p in points])
    value, low, high = (
        float(np.interp(math.log(labels), x, [p[name] for p in points]))
        for name in ("quality", "low", "high")
    )
    narrow = HALF_80 / HALF_90
    return value, value - narrow * (value - low), value + narrow * (high - value)


def _run_noise(one: Past) -> float:
    """By how much one training differs from another: the forecast is of the curve."""
    from steelyard.plan.run import curve_of

    points = [of_json(CurvePoint, p) for p in one.outputs["plan"].get("curve") or []]
    curve = curve_of(points, one.outputs.get("train", {}).get("method"))
    return 0.0 if curve is None else float(curve.beliefs.deviation.mean())


def _served(past: Sequence[Past]) -> Iterator[Score]:
    """Cost and p95 of each variant as first measured, beside the newest figures of its service."""
    first: dict[str, tuple[int, Output]] = {}
    newest: dict[str, Output] = {}
    for one in past:
        for row in one.outputs["plan"].get("served") or []:
            first.setdefault(row["variant"], (one.turn, row))
            newest[row["variant"]] = row
    for variant, (turn, row) in first.items():
        last, name = newest[variant], row["name"]
        cost, seen = row["predicted_cost_per_1000"], last["served_cost_per_1000"]
        if cost > 0 and last["n"] >= SERVED_MIN:
            spread = math.exp(HALF_80 * COST_SPREAD)
            said = (cost, cost / spread, cost * spread)
            text = Reason("score.cost", {"name": name, "n": last["n"], "times": seen / cost})
            yield Score(turn, "cost_per_1000", said, seen, text, _inside(said, seen))
        p95, took = row["predicted_p95_ms"], last["served_p95_ms"]
        if p95 and took is not None:
            text = Reason("score.p95", {"name": name, "n": last["n"], "times": took / p95})
            yield Score(turn, "p95_ms", (p95, None, None), took, text)


def _requests(past: Sequence[Past], answers: Callable[[str, str], int]) -> Iterator[Score]:
    """On whole days between two turns, on which nothing is replayed."""
    for one in past:
        days = one.whole_days
        if one.requests is None or days < 1:
            continue
        expected, seen = one.requests / one.days * days, answers(one.first, one.last)
        text = Reason("score.requests", {"days": days, "times": seen / expected})
        yield Score(one.turn, "requests", (expected, None, None), float(seen), text)


def _brought(one: Brought) -> Score:
    """Before and after."""
    seen = float(one.since - one.before)
    said = _widened(one.said, one.chance)
    return Score(one.turn, one.of, said, seen, one.text, _inside(said, seen))


def _splits(past: Sequence[Past], now: Weigh) -> Iterator[Score]:
    """The split of then, as if the same money were placed now, beside the best of now."""
    for one in past:
        plan = planned(one.outputs)
        assert plan is not None
        weighed = now(float(plan["split"]["budget"]))
        same = plan["currency"] == weighed.outlook.facts.currency
        if not same or plan["split"]["months"] != weighed.outlook.months:
            continue  # money of another currency, or within other months, is another figure
        drawn = _worth_now(weighed, plan)
        if drawn is None:
            continue
        lost = three(weighed.gain - drawn)
        said, seen = plan["split"]["profit"], float(drawn.mean())
        text = Reason(
            "score.split",
            {
                "best": float(weighed.gain.mean()),
                "lost": (lost["value"], lost["low"], lost["high"]),
                "currency": plan["currency"],
            },
        )
        interval = (said["value"], said["low"], said["high"])
        yield Score(one.turn, "split", interval, seen, text, counted=False)


def _worth_now(weighed: Weighed, plan: Mapping[str, Any]) -> np.ndarray[Any, Any] | None:
    """Draws of what a past split would bring now; None where one of its places or steps is offered no more."""
    at = {one.place.name: i for i, one in enumerate(weighed.places)}
    of_step = {one.step.name: one.step for one in weighed.steps}
    parts = {part["name"]: part["spend"] for part in plan["split"]["parts"] if part["spend"]}
    named = [step["name"] for step in plan["split"]["steps"] if step["taken"]]
    if parts.keys() - at.keys():
        return None
    amounts = np.zeros(len(weighed.places))
    # a step of then that is no longer offered is what is live now, or was dropped: it changes nothing more
    steps: list[Step] = [of_step[name] for name in named if name in of_step]
    for name, money in parts.items():
        place = weighed.places[at[name]]
        amounts[at[name]] = min(max(money, place.place.least), place.place.most)
        steps += [] if place.once is None else [place.once]
    made = Profits.of(weighed.outlook.company, [p.place for p in weighed.places], amounts, steps)
    return np.asarray(made.profit - weighed.nothing.profit)
