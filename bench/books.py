"""Simulated companies that a plan knows from their books alone: what its split loses, and whether its intervals hold.

    python bench/books.py [--companies 24]

Of each company two years are written as files of spend, visits, customers and sales, imported, and believed by the step
`market`, as a user's are: the mix is fitted to sales, to visits, or to neither (`by_price`: what a customer cost). Labels have a
curve of five trainings. What a point of quality does to conversion and to how long customers stay is true as every product
assumes it before an experiment (about nothing, `as_assumed`), or as the kind of company has it, which is more than that
(`of_the_kind`). `plan` divides one unit of money; the truth says what that brings within a year. An
oracle divides the same money by the truth, with the places no larger than the plan takes them.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, save
from scipy.special import expit, ndtr

from steelyard.api.market import import_file
from steelyard.as_json import to_json
from steelyard.clock import Clock
from steelyard.market import mixing
from steelyard.market.beliefs import believed
from steelyard.market.elasticity import PRIORS
from steelyard.plan.channels import CREDIT, CREDIT_SPREAD
from steelyard.plan.company import Company, Move, Place, Profits, Step
from steelyard.plan.facts import PlanFacts, Priced
from steelyard.plan.levers import levers
from steelyard.plan.market import Market
from steelyard.plan.outlook import MONTH, Outlook
from steelyard.plan.simulate import KINDS, Kind, Simulated
from steelyard.plan.split import Question, split
from steelyard.plan.weigh import Weighed, weigh
from steelyard.spec import ProductFile, load
from steelyard.stats import Point, fit_curve
from steelyard.store import Store
from steelyard.taken import value_of

TODAY = date(2026, 10, 28)
WEEKS, MONTHS, WEEK = 104, 12, 7 / MONTH
SIZE: dict[Kind, float] = {"service_desk": 1.0, "opinion_monitor": 1.0, "recommender": 0.1}
REFUNDED, FEES = 0.04, 0.006
SLOPES = ("as_assumed", "of_the_kind")
LUCKS = 64  # trainings that the truth is a mean over
HOLDOUT = 0.006  # error of a quality that was measured
RESTS = 0.12  # of the weeks, in which a channel is dark
BELIEVED = ("labels", "channels")  # levers whose truth is known here
Array = np.ndarray[Any, Any]
PRODUCT = """\
product: books
task: {name: text_classification, labels: [negative, positive]}
data: {sources: [{reader: lines, path: product.yaml, every_label: positive, licence: own}]}
money: {currency: CNY, correct_answer: 0.01, prices: {label: 0.3, cpu_hour: 0.35}}
market: {simulated: true}
"""


class OnTheDay(Clock):
    """A clock that stands still but for what tells two moments apart."""

    def __init__(self) -> None:
        self.at = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)

    def now(self) -> str:
        self.at += timedelta(microseconds=1)
        return self.at.isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Lived:
    """A company with channels that carry over within a week only, and customers who buy again."""

    sim: Simulated
    slopes: str = "as_assumed"
    unit: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", self.sim.budget() * self.size / 12)

    @property
    def size(self) -> float:
        return SIZE[self.sim.kind]

    def of(self, name: str) -> float:
        """A parameter; what a point of quality does is drawn as every product takes it to be, or as its kind has it."""
        outcome = {"to_conversion": "conversion", "to_worth": "retention"}.get(name)
        if outcome is None or self.slopes == "of_the_kind":
            return float(self.sim.truth[name][0])
        rng = np.random.default_rng([self.sim.seed, 71, len(name)])
        return float(rng.normal(*PRIORS[outcome, "quality"]))

    @cached_property
    def usual(self) -> dict[str, float]:
        """Spend of each channel in a month: from a third of its bend to one and a half times that."""
        rng = np.random.default_rng([self.sim.seed, 41])
        parts = rng.uniform(0.3, 1.5, size=3)
        return {
            f"channel_{j}": self.of(f"spend_{j}") * self.size * part for j, part in enumerate(parts)
        }

    @cached_property
    def credit(self) -> dict[str, float]:
        """Of the visits that a channel is credited with, the share that it brought: as a plan takes it to be."""
        rng = np.random.default_rng([self.sim.seed, 67])
        drawn = expit(CREDIT + CREDIT_SPREAD * rng.normal(size=3))
        return dict(zip(self.usual, drawn.tolist(), strict=True))

    def visits(self, channel: str, a_month: Array | float) -> Array:
        """Visits a month at so much spend a month."""
        j = channel.removeprefix("channel_")
        bend, most = self.of(f"spend_{j}") * self.size, self.of(f"reach_{j}") * self.size
        return np.asarray(most * -np.expm1(-np.asarray(a_month) / bend))

    def season(self, months: Array | float) -> Array:
        return np.asarray(1 + self.sim.setting.season * np.sin(2 * np.pi * np.asarray(months) / 12))

    @cached_property
    def bought(self) -> Array:
        """[K, 24] orders of a customer by month, of many: what a customer is worth comes as they do."""
        rng = np.random.default_rng([self.sim.seed, 43])
        came = np.zeros((4000, 24))
        for each in came:
            for day in purchases(rng):
                if day < 24 * MONTH:
                    each[int(day / MONTH)] += 1
        return came

    @cached_property
    def order(self) -> float:
        """What one pays, so that what is left of all orders within 24 months is what a customer is worth."""
        left = (1 - REFUNDED) * (1 - FEES)
        return self.of("worth") / float(self.bought.sum(axis=1).mean()) / left

    def quality(self, labels: float) -> float:
        times = labels / self.sim.setting.labels
        return 1 - self.of("floor") - self.of("above") * times ** -self.of("exponent")


def purchases(rng: np.random.Generator) -> Iterator[float]:
    """Days after the first on which somebody buys."""
    again, between, day = float(rng.beta(1.2, 1.4)), 35.0 / float(rng.gamma(3, 1 / 3)), 0.0
    yield day
    while rng.random() < again:
        day += 1 + float(rng.exponential(between))
        yield day


# --- what it leaves in its books


def books(company: Lived, folder: Path) -> dict[str, Path]:
    """Two years of files, up to the last whole week."""
    rng = np.random.default_rng([company.sim.seed, 47])
    last = TODAY - timedelta(days=TODAY.weekday())
    tables: dict[str, list[list[Any]]] = {
        "spend": [["day", "channel", "amount"]],
        "visits": [["day", "channel", "visits", "conversions"]],
        "customers": [["since", "id", "channel"]],
        "sales": [["day", "id", "customer", "amount", "refund", "fee", "channel"]],
    }
    own = company.sim.setting.visits * company.size * WEEK
    for week in range(WEEKS):
        monday = last - timedelta(weeks=WEEKS - week)
        season = float(company.season((week - WEEKS) * WEEK))
        came = {"direct": own * season * math.exp(rng.normal(0, 0.03))}
        for channel, usual in company.usual.items():
            amount = 0.0 if rng.random() < RESTS else usual * math.exp(rng.normal(-0.125, 0.5))
            came[channel] = float(company.visits(channel, amount)) * WEEK
            tables["spend"].append([monday, channel, f"{amount * WEEK:.2f}"])
        seen_of = credited(rng, company, came)
        for channel, seen in seen_of.items():
            won = int(rng.binomial(seen, company.of("conversion")))
            tables["visits"].append([monday, channel, seen, won])
            people(rng, company, monday, channel, won, last, tables)
    found = {}
    for kind, rows in tables.items():
        found[kind] = folder / f"{kind}.csv"
        with found[kind].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return found


def credited(rng: np.random.Generator, company: Lived, came: dict[str, float]) -> dict[str, int]:
    """Visits as tracking counts them: an ad is credited with some who would have come by themselves."""
    seen = {name: int(rng.poisson(expected)) for name, expected in came.items()}
    for channel, share in company.credit.items():
        own = min(seen["direct"] // 4, int(rng.poisson(came[channel] * (1 / share - 1))))
        seen[channel] += own
        seen["direct"] -= own
    return seen


def people(
    rng: np.random.Generator,
    company: Lived,
    monday: date,
    channel: str,
    won: int,
    last: date,
    tables: dict[str, list[list[Any]]],
) -> None:
    for number in range(won):
        first, who = monday + timedelta(days=int(rng.integers(7))), f"{monday}-{channel}-{number}"
        tables["customers"].append([first, who, channel])
        for order, later in enumerate(purchases(rng)):
            day = first + timedelta(days=int(later))
            if day >= last:
                break
            paid = company.order * float(rng.uniform(0.6, 1.4))
            back, fee = (paid if rng.random() < REFUNDED else 0.0), paid * FEES
            money = [f"{paid:.2f}", f"{back:.2f}", f"{fee:.2f}"]
            tables["sales"].append([day, f"{who}-{order}", who, *money, channel])


# --- what is believed of it


def facts_of(company: Lived, market: Market) -> PlanFacts:
    """As the steps before the plan leave them; the trainings are simulated."""
    setting, (points, live) = company.sim.setting, trained(company)
    curve = fit_curve(points, seed=0)
    return PlanFacts(
        currency="CNY",
        unit=company.unit,
        requests=int(setting.requests * company.size * 30 / MONTH),
        label_price=setting.label_price,
        answer=setting.answer,
        labels_bought=setting.labels,
        labels_pool=4 * setting.labels,
        retrain_cost=1.0,
        curve=curve,
        live=Priced("v", "live", live, live - 1.96 * HOLDOUT, live + 1.96 * HOLDOUT, 1.0),
        market=market,
        horizon=MONTHS,
    )


def noise(labels: float) -> float:
    """How much trainings on so many labels differ."""
    return 0.02 * math.sqrt(500 / labels)


def trained(company: Lived) -> tuple[list[Point], float]:
    """Five trainings as they were measured, and the last as it is measured."""
    rng = np.random.default_rng([company.sim.seed, 53])
    found = []
    for part in (0.06, 0.125, 0.25, 0.5, 1.0):
        labels = int(part * company.sim.setting.labels)
        true = company.quality(labels) + noise(labels) * rng.normal()
        found.append(Point(labels, min(0.999, true + HOLDOUT * rng.normal()), HOLDOUT))
    return found, found[-1].quality


# --- and what is true


@dataclass(frozen=True)
class Truth:
    """What amounts bring within the horizon, over trainings that may turn out so or so."""

    company: Company
    places: tuple[Place, ...]
    training: Step

    def gain(self, amounts: dict[str, float]) -> Array:
        """[LUCKS] profit above that of leaving everything as it is."""
        money = [amounts.get(place.name, 0.0) for place in self.places]
        steps = (self.training,) if amounts.get("labels", 0.0) > 0 else ()
        made = Profits.of(self.company, self.places, money, steps).profit
        return np.asarray(made - Profits.of(self.company, (), []).profit)

    def oracle(self, unit: float, most: dict[str, float]) -> float:
        """The best mean gain, of places that take no more than the plan could give them."""
        able = [replace(place, most=most.get(place.name, 0.0)) for place in self.places]
        found = 0.0
        for with_labels in (False, True):
            open_ = [p for p in able if with_labels or p.name != "labels"]
            menus = [[self.training]] if with_labels else []
            made = split(self.company, open_, menus, Question(unit, caution=0.0))
            found = max(found, float(self.gain(made.spend).mean()))
        return found


def truth_of(company: Lived, facts: PlanFacts) -> Truth:
    rng, setting = np.random.default_rng([company.sim.seed, 59]), company.sim.setting
    months, all_draws = np.arange(MONTHS), np.ones(LUCKS)
    assert facts.market is not None
    # more is spent on top of what was spent of late
    today = {
        c.channel: c.spend * MONTH for c in facts.market.channels if c.channel in company.usual
    }
    came = sum(float(company.visits(name, spend)) for name, spend in today.items())
    visits = setting.visits * company.size * company.season(months + 0.5) + came
    arrived = company.bought.mean(axis=0).cumsum() / company.bought.sum(axis=1).mean()
    labels, base = setting.labels, company.quality(setting.labels)
    luck = noise(labels) * np.random.default_rng([company.sim.seed, 61]).normal()
    new = rng.normal(size=LUCKS)
    true = Company(
        visits=visits,
        conversion=all_draws * company.of("conversion"),
        worth=all_draws * company.of("worth"),
        requests=np.full(MONTHS, setting.requests * company.size),
        requests_a_visit=0.0,
        answer=setting.answer,
        cost=all_draws * 0.001,
        quality=all_draws * min(0.999, base + luck),
        quality_to_conversion=all_draws * company.of("to_conversion"),
        quality_to_worth=all_draws * company.of("to_worth"),
        price_to_conversion=0 * all_draws,
        arrives=arrived,
    )

    def better(money: float) -> Array:
        """Quality that users meet more of: a training that the hold-out shows no better is not released."""
        n = labels + money / setting.label_price
        rise = company.quality(n) + noise(n) * new - base - luck
        return np.asarray(rise * ndtr(rise / HOLDOUT)) if money > 0 else 0 * new

    paid, turn = np.eye(MONTHS)[0], facts.days / MONTH
    later = np.clip(months + 1 - 7 / MONTH, 0.0, 1.0)
    places = [Place("labels", "technology", [Move("quality", sloped(better), later)], paid)]
    for name, usual in today.items():

        def brings(money: float, name: str = name, usual: float = usual) -> Array:
            more = company.visits(name, usual + money / turn) - company.visits(name, usual)
            return np.asarray(more * turn * all_draws)

        places.append(Place(name, "market", [Move("visits", sloped(brings), paid)], paid))
    return Truth(true, tuple(places), Step("training", "technology", (), facts.retrain_cost))


def sloped(gain: Callable[[float], Array]) -> Callable[[float], tuple[Array, Array]]:
    return lambda money: (
        gain(money),
        (gain(money + 0.5) - gain(max(0.0, money - 0.5))) / min(1.0, money + 0.5),
    )


# --- one beside the other


def scored(company: Lived, facts: PlanFacts, weighed: Weighed) -> dict[str, Any]:
    truth, unit = truth_of(company, facts), company.unit
    spend = {
        one.place.name: float(x) for one, x in zip(weighed.places, weighed.amounts, strict=True)
    }
    most = {one.place.name: one.place.most for one in weighed.places}
    seen, low, high = truth.gain(spend), *np.quantile(weighed.gain, [0.1, 0.9])
    best = max(truth.oracle(unit, most), float(seen.mean()))
    even = dict.fromkeys(["labels", *company.usual], unit / (1 + len(company.usual)))
    parts = {n: float((seen - truth.gain({**spend, n: 0.0})).mean()) for n, x in spend.items() if x}
    base = Profits.of(truth.company, (), []).profit.mean()
    return {
        "unit": unit,
        "placed": sum(spend.values()) / unit,
        "gain": float(seen.mean()),
        "believed": float(weighed.gain.mean()),
        "oracle": best,
        "equal": float(truth.gain(even).mean()),
        "profit": abs(float(base)) + best,
        "held": float(((seen >= low) & (seen <= high)).mean()) if any(spend.values()) else None,
        "earned": [x > 0 for x in parts.values()],
        "places": dict(each_place(facts, weighed, truth)),
    }


def each_place(
    facts: PlanFacts, weighed: Weighed, truth: Truth
) -> Iterator[tuple[str, dict[str, float]]]:
    """Half a unit in each place alone, as it is believed and as it is."""
    company = weighed.outlook.company
    for one in weighed.places:
        money = min(one.place.most, facts.unit / 2)
        steps = () if one.once is None else (one.once,)
        made = Profits.of(company, [one.place], [money], steps).profit - weighed.nothing.profit
        low, high = np.quantile(made, [0.1, 0.9])
        seen = truth.gain({one.place.name: money})
        held = float(((seen >= low) & (seen <= high)).mean())
        yield (
            one.place.name,
            {
                "believed": float(made.mean()),
                "true": float(seen.mean()),
                "held": held,
                "width": float(high - low),
                "money": money,
            },
        )


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    def total(name: str) -> float:
        return sum(row[name] / row["unit"] for row in rows)

    earned = [one for row in rows for one in row["earned"]]
    held = [row["held"] for row in rows if row["held"] is not None]
    lost = [(row["oracle"] - row["gain"]) / row["profit"] for row in rows]
    each = [(n.partition("_")[0], one) for row in rows for n, one in row["places"].items()]
    of = {
        kind: [one for n, one in each if n == kind and one["money"] > 0]
        for kind in ("labels", "channel")
    }
    return {
        "companies": len(rows),
        "a_unit_brings": {
            "oracle": round(total("oracle") / len(rows), 3),
            "plan": round(total("gain") / len(rows), 3),
            "as_it_says": round(total("believed") / len(rows), 3),
            "equal_split": round(total("equal") / len(rows), 3),
            "keep": 0.0,
        },
        "placed": round(total_placed(rows), 3),
        "regret": round(float(np.mean(lost)), 4),
        "regret_of_equal_split": mean(rows, "equal"),
        "regret_of_keeping": round(float(np.mean([r["oracle"] / r["profit"] for r in rows])), 4),
        "cover_of_80_percent": round(float(np.mean(held)), 3) if held else None,
        "advices_that_earned": round(float(np.mean(earned)), 3) if earned else None,
        "advices": len(earned),
        "never_below_keeping": round(float(np.mean([row["gain"] >= 0 for row in rows])), 3),
        **{
            f"half_a_unit_in_{kind}": {
                "believed": round(float(np.mean([o["believed"] / o["money"] for o in those])), 3),
                "true": round(float(np.mean([o["true"] / o["money"] for o in those])), 3),
                "width": round(float(np.mean([o["width"] / o["money"] for o in those])), 3),
                "cover_of_80_percent": round(float(np.mean([o["held"] for o in those])), 3),
            }
            for kind, those in of.items()
            if those
        },
    }


def total_placed(rows: list[dict[str, Any]]) -> float:
    return float(np.mean([row["placed"] for row in rows]))


def mean(rows: list[dict[str, Any]], name: str) -> float:
    return round(float(np.mean([(r["oracle"] - r[name]) / r["profit"] for r in rows])), 4)


def markets(product: ProductFile) -> Iterator[tuple[str, Market]]:
    """What the books say, by what the mix is fitted to, and as if it could not be."""
    for outcome in ("sales", "visits"):
        mix = product.spec.market.mix.model_copy(update={"outcome": outcome})
        market = product.spec.market.model_copy(update={"mix": mix})
        asked = replace(product, spec=product.spec.model_copy(update={"market": market}))
        with closing(Store.open(asked, clock=OnTheDay())) as store:
            found = value_of(Market | None, to_json(believed(store, asked, keeps=False)))
        assert found is not None
        yield outcome, found
    yield "by_price", replace(found, channels=tuple(replace(c, curve=None) for c in found.channels))


def weighed_by(company: Lived, market: Market) -> tuple[PlanFacts, Weighed]:
    facts = facts_of(company, market)
    return facts, weigh(Outlook.of(facts), among=[one for one in levers() if one.name in BELIEVED])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--companies", type=int, default=24)
    asked = parser.parse_args()
    state = machine()
    mixing._forecast = lambda *_: {"forecast": None, "no_forecast": None}  # no plan reads it
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for seed in range(asked.companies):
        sim, began = Simulated.of(KINDS[seed % 3], 3000 + seed), time.perf_counter()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "product.yaml").write_text(PRODUCT, encoding="utf-8")
            product = load(folder / "product.yaml")
            for kind, path in books(Lived(sim), folder).items():
                import_file(product, path, kind=kind)
            for outcome, market in markets(product):
                facts, weighed = weighed_by(Lived(sim), market)
                for slopes in SLOPES:
                    rows[slopes, outcome].append(scored(Lived(sim, slopes), facts, weighed))
        took = time.perf_counter() - began
        gains = {o: round(r[-1]["gain"] / r[-1]["unit"], 2) for (_, o), r in rows.items()}
        print(seed, sim.kind, f"{took:.0f} s", gains, flush=True)
    figures = {
        f"slopes_{slopes}": {o: summary(found) for (s, o), found in rows.items() if s == slopes}
        for slopes in SLOPES
    }
    save("books", f"python bench/books.py --companies {asked.companies}", figures, state)


if __name__ == "__main__":
    main()
