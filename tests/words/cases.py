"""Every sentence that a turn says of its own decisions, made by the code that decides.

Each case leaves what it found; `pairs` reads the English and the Chinese of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from tests.api.test_approving import a_plan
from tests.plan.test_channels import ADS, MARKET, SALES, SOLD, with_channels
from tests.plan.test_page import CROWD
from tests.plan.test_partner_shares import ACME
from tests.plan.test_plan import AS_SERVED, FACTS, FLAT, LIVE, POOR, RISKY, planned
from tests.plan.test_score import PLAN as SCORED
from tests.plan.test_score import WEIGHED as SCORED_BY
from tests.plan.test_score import brought, past
from tests.plan.test_score import served as served_as
from tests.plan.test_support import LEAVING
from tests.release.test_decide import WORTH, seen, users
from tests.release.test_metric import shown as metric_of
from tests.report.sample import arm, facts, outputs, row, without

from steelyard.as_json import to_json
from steelyard.compress import table as compress
from steelyard.compress.candidate import Candidate, Gap
from steelyard.compress.choose import Stakes, choose
from steelyard.compress.limits import Loss, judged
from steelyard.compress.quality import Quality
from steelyard.compress.unchosen import Unchosen
from steelyard.compress.unchosen import _said as unchosen_said
from steelyard.engine.evaluate import Evaluation
from steelyard.errors import UserError
from steelyard.goals import limits
from steelyard.interval import too_few
from steelyard.market import calendar, grounds, lifts, mixing
from steelyard.market.beliefs import no_fit
from steelyard.market.customers import cost_of_one, pays_back
from steelyard.market.figures import Figure
from steelyard.market.gaps import Gaps
from steelyard.market.margins import margin_share, mean_margin
from steelyard.market.series import History, Regions
from steelyard.market.serving import OfVariant, Period, break_even, cost_of_right, right_share
from steelyard.market.testing import Block, ChannelTest, little_known
from steelyard.market.worth import Worth as Lasting
from steelyard.plan.advice import advice
from steelyard.plan.answer import switch_reason
from steelyard.plan.around import Trained
from steelyard.plan.capacity import offer as capacity
from steelyard.plan.channels import offer as channels
from steelyard.plan.doing import keep
from steelyard.plan.facts import Priced, Served, Undecided
from steelyard.plan.hours import offer as hours
from steelyard.plan.labels import offer as offered
from steelyard.plan.market import Figure as MarketFigure
from steelyard.plan.menu import offer as variants
from steelyard.plan.moved import moved
from steelyard.plan.outlook import Outlook
from steelyard.plan.page import offer as page
from steelyard.plan.partners import offer as partners
from steelyard.plan.score import none_scored, scored
from steelyard.plan.support import offer as support
from steelyard.plan.switch import Switch
from steelyard.plan.tornado import Asked
from steelyard.plan.trials import offer as trials
from steelyard.plan.variants import served
from steelyard.plan.weigh import weigh
from steelyard.reason import Reason, told
from steelyard.release import classes, experiment, walk
from steelyard.release.checks import contradicted, held, users_broken
from steelyard.release.decide import Worth, decide
from steelyard.release.gate import Check, inferior
from steelyard.release.goals import misses
from steelyard.release.left import Decision, Response
from steelyard.release.metric import _missing as missing_of
from steelyard.release.metric import _until as until_of
from steelyard.release.metric import decide_by
from steelyard.release.option import option
from steelyard.release.readout import Readout, with_changes
from steelyard.release.seen import TUNED_AT
from steelyard.report.headline import headline
from steelyard.report.headline import say as say_headline
from steelyard.spec.model import Goals
from steelyard.spec.pricing import Values
from steelyard.stats import Interval, Point, fit_curve
from steelyard.stats.designs import RegionDesign, Switchback, design_regions, design_switchback
from steelyard.stats.lifetime import (
    BgNbd,
    GammaGamma,
    Summary,
    acquisition_cost,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_shifted_beta_geometric,
    payback,
    summarize,
)
from steelyard.stats.lifetime.maximum import Maximum
from steelyard.stats.mix import Series, checks, identify
from steelyard.stats.mix.diagnostics import Convergence
from steelyard.stats.mix.fit import disagreement
from steelyard.store.nouns.use import Right
from steelyard.terms import LANGUAGES
from steelyard.words import say

SENTENCES = ("reason", "why", "because", "do")
WIDE = fit_curve(
    [Point(n, q, 0.05) for n, q in ((250, 0.7), (500, 0.78), (1000, 0.76), (2000, 0.83))], seed=0
)
TORN = fit_curve(
    [Point(n, q, 0.01) for n, q in ((250, 0.6), (500, 0.8), (1000, 0.6), (2000, 0.8))], seed=0
)
EXACT = replace(LIVE, low=0.85, high=0.85)
SMALL = Priced("b", "small", 0.85, 0.85, 0.85, 0.005)
NOISY = Priced("b", "fp32", 0.852, 0.842, 0.862, 0.06)
LARGE = Priced("c", "large", 0.95, 0.95, 0.95, 0.06)
STAYING = {
    "conversion": MARKET.elasticity["conversion"]
    | {"price": Figure(-0.026, "assumed", 0, -0.06, 0.01)},
    "retention": {"quality": MARKET.elasticity["conversion"]["quality"]},
}
PRICED = {"conversion": {"quality": MarketFigure(0.01, "measured", 3, 0.005, 0.015)}}
UNDECIDED = Undecided(
    Interval(200.0, -45.0, 446.0, 300),
    Reason("option.net", {"net": (200.0, -45.0, 446.0), "currency": "CNY", "requests": 1_000_000}),
)
PRODUCT = SimpleNamespace(path=Path("shop.yaml"))


def pairs(found) -> list[list[str]]:
    """[English, Chinese] of each sentence: of a row as JSON, of a decision, of a reason."""
    if isinstance(found, str):
        return [[found]]
    if isinstance(found, Mapping):
        return [[found[n], found[f"{n}_zh"]] for n in SENTENCES if found.get(n)]
    if isinstance(found, Decision):
        return pairs(found.reason)
    return [[say(found, language) for language in LANGUAGES]]


def codes(found) -> set[str]:
    """Codes of every reason in what a case found, of those inside others too."""
    if isinstance(found, Decision):
        return codes(found.reason)
    if isinstance(found, Reason):
        return codes([found.to_json()])
    if isinstance(found, Mapping):
        own = {value for name, value in found.items() if name == "code" or name.endswith("_code")}
        return {code for code in own if code} | codes(list(found.values()))
    return {code for one in found for code in codes(one)} if isinstance(found, list) else set()


# --- the release


def decisions():
    sure, back, open_ = (0.05, 0.01, 0.09), (-0.1, -0.15, -0.05), (0.01, -0.04, 0.06)
    yield decide([seen(*sure)], WORTH, loss_max=0.02)
    yield decide([seen(*sure), users(*open_)], Worth(0.005, "EUR"), loss_max=0.0125)
    yield decide([seen(*back), users(*sure)], WORTH, loss_max=0.02)
    yield decide([seen(*open_, n=1234567)], WORTH, loss_max=0.02)
    yield decide([seen(0.02, 0.01, 0.03), users(-0.05, -0.09, -0.01)], WORTH, loss_max=0.02)
    yield decide([seen(0.0, -0.01, 0.01, canary_cost=0.02)], WORTH, loss_max=0.02)
    yield decide([seen(0.0, -0.01, 0.01, canary_cost=0.2)], WORTH, loss_max=0.02)
    yield decide([seen(0.0, -0.01, 0.01, live_cost=0.02)], WORTH, loss_max=0.02)
    yield decide([seen(*sure, canary_cost=0.02)], Worth(0.0, "CNY"), loss_max=0.02)
    told_less = Response(live=0.5, canary=0.4, difference=Interval(-0.1, -0.15, -0.05, 4000))
    cut = replace(users(*sure), worst=Interval(0.05, -0.15, 0.14, 1000), response=told_less)
    yield decide([cut], WORTH, loss_max=0.02)


def an_option():
    both = [
        seen(0.0, -0.04, 0.04, live_cost=0.05),
        seen(0.0, -0.2, 0.2, source="users", live_cost=0.05),
    ]
    asked = {"requests": 200_000, "requests_a_user": 3.0, "confidence": 0.975}
    yield to_json(option(both, WORTH, loss_max=0.02, tuned_at=TUNED_AT, **asked))


def not_decided():
    sure = decide([seen(0.05, 0.01, 0.09)], WORTH, loss_max=0.02)
    day, later = "2026-03-01T10:00:00.000000+00:00", "2026-03-02T10:00:00.000000+00:00"
    rows = [{"created": day}]
    arms = {"live": "a", "canary": "b"}
    old = {"id": "0123456789abcdef", "arms": arms, "readout": {"decision": "rolled back"}}
    store = SimpleNamespace(
        releases=SimpleNamespace(history=lambda: rows),
        experiments=SimpleNamespace(all=lambda: [old]),
        clock=SimpleNamespace(now=lambda: later),
    )
    lost = users_broken(store, {"live": 9000, "canary": 700}, since=day, share=0.1)
    yield held(sure, lost, None)
    yield users_broken(store, {"live": 9000, "canary": 700}, since=later + "1", share=0.1)
    yield contradicted(store, sure, **arms)
    yield with_changes(sure, ("release.confidence", "release.canary_share"))


def bought():
    open_ = seen(0.01, -0.04, 0.06)
    more, less, none = (0.5, 0.1, 0.9), (-0.5, -0.9, -0.1), (-0.05, -0.1, 0.01)
    asked = {"told": [told("replay", "重放")], "outcome_loss_max": 0.02}
    for figures, loss_max in ((more, 0), (less, 0), (none, 0.2), (None, 0)):
        yield decide_by(metric_of(figures), [open_], **asked, loss_max=loss_max)
    yield decide_by(metric_of(more, lift=(0.3, 0.05, 0.6)), [open_], **asked, loss_max=0)
    yield decide_by(metric_of(more), [seen(-0.1, -0.15, -0.05)], **asked, loss_max=0)
    arms = metric_of(None).arms
    empty = {arm: replace(one, n=0) for arm, one in arms.items()}
    near = Interval(0.1, -0.1, 0.3, 1800)
    for given, known, total in (
        (empty, None, None),
        (arms, None, None),
        (arms, near, None),
        (arms, near, 2212),
    ):
        yield missing_of(given, known, total, loss_max=0.0, elapsed_s=864000.0)
    few = missing_of(arms, None, None, loss_max=0.0, elapsed_s=864000.0)
    yield from (until_of(few, day) for day in ("2026-03-31", ""))
    yield decide_by(metric_of(more), [seen(-0.03, -0.05, -0.01)], **asked, loss_max=0)


def exhausted():
    undecided = decide([seen(0.01, -0.04, 0.06)], WORTH, loss_max=0.02)
    found = Readout(seen(0.01, -0.04, 0.06), None, None, [], undecided)
    yield experiment._exhausted(found, PRODUCT).to_json()


def nothing_to_compare():
    store = SimpleNamespace(releases=SimpleNamespace(current=lambda: []))
    for live, canary in ((None, None), ("a", "b")):
        yield to_json(
            experiment.run(
                store, None, None, task=None, dataset="d", live=live, canary=canary, serve=None
            )
        )


def unlike_labels():
    kept = classes._strange
    classes._strange = lambda store, task, names, variant: sorted(set(variant) - {"known"})
    try:
        yield classes.unlike(None, None, {}, live=("known", "好评"), canary=("known",))
        yield classes.unlike(None, None, {}, live=("known",), canary=("a", "b", "c", "d"))
    finally:
        classes._strange = kept


def below_on_the_holdout():
    far, near = Interval(-0.08, -0.17, 0.01, 2503), Interval(0.0, -0.01, 0.01, 2503)
    yield inferior(Check(far, None), metric="macro_f1", loss_max=0.02)
    yield inferior(Check(near, Interval(-0.4, -0.5, -0.3, 2503)), metric="macro_f1", loss_max=0.02)


def walked(*, current=(), experiments=(), history=(), live="a", chosen="b"):
    store = SimpleNamespace(
        releases=SimpleNamespace(current=lambda: list(current), history=lambda: list(history)),
        experiments=SimpleNamespace(all=lambda: list(experiments)),
        measures=SimpleNamespace(of=lambda variant: {}),
    )
    product = SimpleNamespace(
        spec=SimpleNamespace(goals=Goals(), release=SimpleNamespace(canary_share=0.1))
    )
    current = [*current, {"state": "live", "variant": live, "pinned": None, "share": 1.0}]
    return to_json(
        walk.run(store, product, Step(), task=None, dataset="d", chosen=chosen, baseline="a")
    )


def no_canary():
    by_hand = {"variant": "b", "state": "retired", "who": "li", "reason": "users complain"}
    pin = {"who": "li", "reason": "the fair"}
    arms = {"live": "a", "canary": "b"}
    old = {"decision": "rolled back", "reason": "worse by more than 0.02: before"}
    live = {"state": "live", "variant": "a", "pinned": None}
    yield walked(current=[live | {"pinned": pin}])
    yield walked(current=[live], chosen=None)
    yield walked(current=[live], chosen="a")
    yield walked(current=[live], history=[by_hand])
    yield walked(current=[live], experiments=[{"arms": arms, "readout": old}])
    kept = old | {"reason_zh": "差于容许值 0.02：以前"}
    yield walked(current=[live], experiments=[{"arms": arms, "readout": kept}])


class Step:
    """Remembers what a step says of a release."""

    key = "0123456789abcdef"

    def __init__(self, current=()):
        self.rows, now = [], list(current)
        releases = SimpleNamespace(current=lambda: now)
        self.store = SimpleNamespace(product="shop", releases=releases)

    def add(self, kind, **row):
        if kind == "release":
            self.rows.append(row["reason"])

    def measure(self, *row, **more):
        return None


def rows_of_releases():
    """A release row keeps one line, in English: a person's own words stand beside it."""
    step = Step(
        {"state": s, "variant": v, "pinned": None} for s, v in (("live", "a"), ("canary", "b"))
    )
    for below_goals, chosen, figures in (
        ("release", "b", {}),
        ("release", "b", {"macro_f1": 0.41}),
        ("refuse", "b", {"macro_f1": 0.41}),
    ):
        store = SimpleNamespace(
            measures=SimpleNamespace(
                of=lambda v, f=figures: {n: {"value": x} for n, x in f.items()}
            )
        )
        rule = SimpleNamespace(below_goals=below_goals)
        product = SimpleNamespace(
            spec=SimpleNamespace(goals=Goals(quality={"macro_f1": 0.5}), release=rule)
        )
        walk._first(store, product, step, chosen=chosen, baseline="a")
    wanted = walk.Wanted("0123456789abcdef")
    walk._canary(step, wanted, {"variant": "old", "share": 0.1}, share=0.1)
    walk._canary(step, wanted, {"variant": "0123456789abcdef", "share": 0.2}, share=0.1)
    sure = decide([seen(0.05, 0.01, 0.09)], WORTH, loss_max=0.02)
    found = Readout(seen(0.05, 0.01, 0.09), None, None, [], sure)
    rule = SimpleNamespace(
        metric="outcome", confidence=0.95, look_every=10, outcome_loss_max=0.02, outcome_days=None
    )
    product = SimpleNamespace(spec=SimpleNamespace(release=rule))
    assert experiment._facts(step, product, found, live="a", canary="b")
    yield from step.rows


def missed_goals():
    goals = Goals(
        quality={"macro_f1": 0.5, "calibration_error": 0.05},
        p95_ms=20,
        memory_mb=500,
        cost_per_1000=0.125,
    )
    figures = {
        "macro_f1": 0.41,
        "calibration_error": 0.0731,
        "p95_ms": 20.00004,
        "memory_mb": 900.5,
        "cost_per_1000": 9,
    }
    yield from misses({name: {"value": value} for name, value in figures.items()}, goals)


# --- the choice among variants


def candidate(name="v", **changed):
    base = {
        "quality": 0.86,
        "low": 0.85,
        "high": 0.87,
        "cpu_ms": 1.0,
        "p95_ms": 10.0,
        "memory_mb": 100.0,
        "cost_per_1000": 1.0,
    }
    return Candidate(variant=name, name=name, **(base | changed))


GOALS = limits(Goals(quality={"macro_f1": 0.8}, p95_ms=50, memory_mb=500, cost_per_1000=5), ())
LOSS = Loss(0.005, 0.95)
MANY, FEW = Stakes(10**9, 100.0, "CNY"), Stakes(1_000_000, 1000.0, "CNY")


def lacks():
    for changed in (
        {"quality": 0.79},
        {"quality": 0.85},
        {"p95_ms": 83.0},
        {"memory_mb": 900.0},
        {"cost_per_1000": 9.0},
    ):
        yield from judged(
            candidate(**changed), GOALS, metric="macro_f1", reference=0.86, loss=LOSS
        ).breaks


def chosen():
    def among(*rows, stakes=MANY):
        judged = choose(rows, GOALS, metric="macro_f1", reference=0.86, loss=LOSS, stakes=stakes)
        return [one.why for one in judged]

    yield from among(candidate("dear", cost_per_1000=3.0), candidate("cheap"))
    yield from among(candidate("nearly", cost_per_1000=1.04), candidate("cheap"))
    yield from among(candidate("bad", quality=0.5, p95_ms=99.0), candidate("good"))
    slow = candidate("slow", cost_per_1000=0.00100, p95_ms=45.8)
    yield from among(slow, candidate("quick", cost_per_1000=0.00111, p95_ms=20.5), stakes=FEW)
    big = candidate("big", memory_mb=400.0)
    yield from among(big, candidate("small", cost_per_1000=1.01), candidate("same"), stakes=FEW)


def chosen_by_money():
    """A cheaper variant whose answers lose more than it saves, one of whose loss nobody can tell, and
    goals that are met and missed by a hair."""

    def among(*rows, goals=GOALS, answer=0.002):
        stakes = Stakes(1_000_000, 100.0, "CNY", answer)
        judged = choose(
            rows, goals, metric="macro_f1", reference=0.86, loss=Loss(0.01, 0.9), stakes=stakes
        )
        return [one.why for one in judged]

    small = Gap(-0.006, 0.001, -0.006, 0.001, 0.02, 5000)
    int8 = candidate("int8", cost_per_1000=0.9, gap=small)
    yield from among(candidate("fp32"), int8, answer=0.05)
    open_ = candidate("int8", cost_per_1000=0.5, gap=Gap(-0.01, 0.004, -0.01, 0.004, 0.05, 800))
    yield from among(candidate("fp32"), open_)
    yield from among(candidate("fp32", p95_ms=99.0), open_)
    same = candidate("int8", cost_per_1000=0.999, gap=Gap(0.0, 0.001, 0.0, 0.001, 0.03, 9000))
    yield from among(candidate("fp32"), same)
    beyond = Gap(-0.03, 0.004, -0.03, 0.004, 0.05, 800)
    yield from among(candidate("int8", quality=0.83, gap=beyond))
    hair = limits(Goals(quality={"macro_f1": 0.862}), ())
    yield from among(candidate("over", quality=0.864), candidate("under"), goals=hair)


def too_few_examples():
    yield too_few(["fraud"])
    yield too_few(["a", "b", "c", "d"])


def table_of_variants():
    def one(name, cpu_ms, *, busy=False):
        interval = Interval(0.86, 0.85, 0.87, 100)
        quality = Quality(Evaluation({"macro_f1": interval, "accuracy": interval}, {}), "all")
        timed = SimpleNamespace(
            cpu_ms=cpu_ms,
            p50_ms=cpu_ms,
            p95_ms=10 * cpu_ms,
            memory_mb=100.0,
            n=100,
            flat=True,
            on_busy_machine=busy,
            busy=3.216,
            conditions=lambda: "",
        )
        return compress.Assessed(name, name, quality, timed)

    spec = SimpleNamespace(
        plan=SimpleNamespace(requests=10**9, unit=100),
        goals=Goals(p95_ms=50),
        money=SimpleNamespace(
            currency="CNY",
            prices=SimpleNamespace(cpu_hour=0.35),
            correct_answer=Decimal(0),
            values=Values(),
        ),
        compress=SimpleNamespace(quality_loss_max=0.01, confidence=0.95),
    )
    task = SimpleNamespace(known={}, quality="macro_f1")
    found = [one("torch_fp32", 2.0), one("int8", 9.0, busy=True), one("baseline", 0.1, busy=True)]
    left = compress.chosen(
        SimpleNamespace(spec=spec), task, {f.name: f for f in found}, "torch_fp32"
    )
    yield from to_json(left.table)
    seen = Unchosen(Evaluation({}, {}), ("torch_fp32", "openvino_int8"))
    yield unchosen_said(
        SimpleNamespace(quality="macro_f1"), seen, Interval(0.8421, 0.8256, 0.8577, 1919)
    )


# --- the plan


def places_of_labels():
    for changed in (
        {},
        {"behind": 0.05},
        {"labels_pool": 2000},
        {"label_price": 0.0},
        {"curve": None},
        {"curve": TORN},
        {"curve": TORN, "behind": 0.05},
        {"behind": 0.05, "live": replace(LIVE, name="baseline"), "currency": "EUR"},
        {"measure": "utility"},
        {"measure": "worth", "behind": 0.05},
    ):
        offer = offered(Outlook.of(replace(FACTS, **changed)))
        for place in offer.places:
            yield place.told(300.0)
            yield place.do(300.0)
        for step in offer.menu:
            yield step.because
            yield step.do
        for look in offer.looks:
            yield look.named
            yield look.because
        yield from offer.unknown


def steps_of_variants():
    baseline = replace(EXACT, name="baseline")
    trained = Priced("t", "torch_fp32", 0.85, 0.85, 0.85, 0.001)
    below = Reason("goal.below", {"goal": "accuracy", "value": 0.95, "limit": 0.97})
    misses = replace(LARGE, misses=(below,))
    for live, others in (
        (baseline, [NOISY]),
        (EXACT, [SMALL]),
        (EXACT, [LARGE, trained]),
        (EXACT, [misses]),
    ):
        facts = replace(FACTS, live=live, alternatives=others, baseline=baseline)
        for step in variants(Outlook.of(facts)).menu:
            yield step.because
            yield step.do


def options_as_served():
    exact = replace(AS_SERVED, low=0.85, high=0.85)
    onnx = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.03)
    seen_too = Priced("b", "onnx", 0.85, 0.85, 0.85, 0.03, 40.0, Served(0.0365, 40.0, 500))
    slow = replace(LIVE, name="baseline", p95_ms=52.8, served=Served(0.02, 92.7, 500))
    both = replace(AS_SERVED, served=Served(0.044, 160.25, 500))
    for live, others in (
        (AS_SERVED, [onnx]),
        (exact, [seen_too]),
        (slow, []),
        (replace(slow, p95_ms=None), []),
        (both, [onnx]),
    ):
        given = replace(FACTS, unit=500.0, live=live, alternatives=others, p95_goal_ms=60.0)
        yield from (one.to_json() for one in served(given))


def of_the_market():
    silent = replace(ADS, channel="tv", curve=None)
    for given in (
        SOLD,
        FACTS,
        with_channels(silent),
        with_channels(replace(silent, spend=0.0)),
        with_channels(replace(ADS, curve=replace(ADS.curve, of="sales"))),
        with_channels(SALES, kept_of_sales=MarketFigure(0.6, "measured")),
        replace(SOLD, damaged=True),
        replace(SOLD, books_in="USD"),
        with_channels(ADS, worth=None),
        with_channels(ADS, worth=None, why=Reason("economics.no_income", {})),
    ):
        given = replace(given, baseline=replace(SMALL, worth=0.82), answer=0.02, change=0.25)
        outlook = Outlook.of(given)
        for offer in (channels(outlook), trials(outlook)):
            yield from (place.told(300.0) for place in offer.places)
            yield from (place.do(300.0) for place in offer.places)
            for one in (one for one in offer.places if one.place.least < 0):
                yield one.told(-300.0)
                yield one.do(-300.0)
            yield from offer.unknown
            for one in (*offer.menu, *offer.looks):
                yield one.because
                yield one.do
            yield from (look.named for look in offer.looks)
    yield no_fit(UserError("market fit", "20 weeks", "3"))


def customers():
    """Who told too little; the tests of each model hold when."""
    few = summarize(["a"], ["1997-01-01"], [9.0], until="1997-09-30")
    alike = Summary(np.arange(60), *np.array([[10] * 60, [39.9] * 60, [40.0] * 60, [20.0] * 60]))
    yield fit_bg_nbd(few)
    yield fit_bg_nbd(alike)
    yield fit_gamma_gamma(few)
    yield fit_gamma_gamma(alike)
    yield fit_shifted_beta_geometric([[1000, 995]])
    yield fit_shifted_beta_geometric([[1000, 950, 850, 700, 500, 300]])
    yield acquisition_cost(100.0, 0)
    sure = Maximum(np.zeros(4), np.zeros((4, 4)), 0.0), Maximum(np.zeros(3), np.zeros((3, 3)), 0.0)
    yield payback(
        BgNbd(0.243, 4.414, 0.793, 2.426, 2357, sure[0]),
        GammaGamma(6.25, 3.74, 15.44, 946, 0.0, sure[1]),
        cost_per_customer=100.0,
        margin_share=0.4,
        weeks_max=52,
        seed=0,
    )


def experiments():
    noisy = np.exp(np.random.default_rng(0).normal(size=60))
    yield design_switchback(noisy[:9], noisy[:9], lift_wanted=0.1, seed=0)
    yield design_switchback(noisy, np.zeros(60), lift_wanted=0.1, seed=0)
    yield design_switchback(noisy, noisy, lift_wanted=0.1, seed=0, pairs_max=6)
    yield design_regions(noisy.reshape(15, 4), "abcd", treat=2, length=2, seed=0)


def plans():
    onnx = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.03)
    flat = replace(FACTS, curve=FLAT, answer=0.01)
    for given in (
        FACTS,
        flat,
        replace(FACTS, alternatives=[SMALL], live=EXACT),
        replace(FACTS, live=AS_SERVED, alternatives=[onnx]),
        replace(flat, live=AS_SERVED, alternatives=[onnx]),
        replace(FACTS, curve=None),
        replace(flat, canary=UNDECIDED, canary_name="onnx_int8"),
        replace(SOLD, answer=0.001),
        replace(SOLD, unit=0.0),
        replace(SOLD, unit=0.0, answer=0.001, change=0.25),
        replace(SOLD, cash=200.0, fading=9.0),
        replace(POOR, market=replace(MARKET, channels=(replace(ADS, spend=9e3),)), cash=1e4),
        RISKY,
        replace(SOLD, answer=0.02, unit=4000.0),
        replace(SOLD, answer=0.001, unit=40_000.0),
        replace(SOLD, answer=0.02, market=replace(MARKET, elasticity=PRICED)),
    ):
        plan, weighed = planned(given)
        yield plan
        yield from plan["split"]["switch"]
        yield from plan["split"]["chain"]
        if given.answer == 0.02:
            for belief in ("worth", "answer", "requests", "gain", "quality_to_conversion"):
                yield switch_reason(weighed, Switch(belief, 2.0, 3.0, 1.5, "ads"))
    moving = replace(SOLD, market=replace(MARKET, elasticity=STAYING))
    for given in (moving, replace(FACTS, alternatives=[SMALL], live=EXACT)):
        yield from (one.said for one in Asked(weigh(Outlook.of(given))).beliefs())
    weighed = weigh(Outlook.of(FACTS))
    yield from (Reason("split.option", {"option": "ads"}), Reason("named.batch"))
    look, worth = weighed.looks[0]
    free = replace(look, look=replace(look.look, cost=0.0))
    dear = [(look, replace(worth, net=900.0)), (free, replace(worth, net=500.0))]
    vars(weighed)["looks"] = dear
    yield advice(weighed)


# --- figures of money that are not known


def economics():
    store = SimpleNamespace(
        measures=SimpleNamespace(of=lambda variant: {}),
        events=SimpleNamespace(of_kind=lambda kind, **days: []),
        ledger=SimpleNamespace(parted=lambda *by, **days: []),
    )
    period = Period("2026-01-01", "2026-03-31")
    yield right_share(store, "v", None)
    wrong = right_share(store, "v", Right(25, 30.0, 0.0, 40.0, 0.0, 0.0))
    yield cost_of_right(Figure(0.5, "measured"), wrong)
    dear = OfVariant("v", "v", 3, Figure(0.5, "measured"), untold(), untold())
    for price, shown in ((None, []), (0.25, []), (0.25, [dear])):
        money = SimpleNamespace(prices=SimpleNamespace(api_call=price))
        yield break_even(store, money, period, shown)
    yield mean_margin([], {})
    yield margin_share([], {})
    yield cost_of_one("search", 0.0, 3, period)
    lasting = Lasting("purchases", 0, untold(), untold())
    yield pays_back(Figure(30.0, "measured"), lasting, Figure(-1.5, "measured"), period)


def untold():
    return margin_share([], {})


# --- a marketing mix


def mixes():
    rng = np.random.default_rng(0)
    weeks = [date(2024, 1, 1) + timedelta(weeks=k) for k in range(60)]
    spend = {"radio": np.full(60, 12.5), "print": np.repeat([0.0, 3.0], [57, 3])}
    untold = identify.cannot_fit(Series(weeks, rng.normal(100, 1, 60), spend))
    yield from map(identify.with_any_test, untold.values())
    wave = np.sin(np.arange(60.0))
    yield from identify.shared(("tv",), wave[None], 0.99 * wave[None] / np.linalg.norm(wave))
    one = rng.normal(1000, 300, 800)
    totals = np.stack([one, 2000 - one + rng.normal(0, 30, 800)], axis=1)
    [traded] = identify.traded(("tv", "社交"), totals)
    yield identify.with_test([traded], "tv", 1234.5)
    [faint] = identify.faint(("tv",), totals[:, :1], {"tv": Interval(1000.0, 20.5, 1600.0, 60)})
    yield identify.with_test([faint, traded], "tv", 0.25)
    yield from identify.beyond(("tv",), totals[:, :1] + 500, 1200.0, 0.03)
    yield from identify.beyond(("tv", "社交"), totals, 1900.0, 0.03)
    curves = ("retention", "delay", "saturation", "half", "power")
    yield from identify.unmoved(("tv",), curves, rng.normal(0, 0.95, (400, 1, 5)))
    yield disagreement(Convergence(1.0312, 380.0, 1250.0))
    yield from checks.misfits(tuple(checks.Check(name, 0.0) for name in checks.FIGURES))


# --- tests of a channel, and what a mix rests on


def channel_tests():
    first, days = date(2026, 3, 2), timedelta(days=6)
    switch = Switchback((True, False), 1, 0, 7, 0.1, 0.0, 0.0)
    test = ChannelTest("tv", "sales", first, switch, 0.1, False, (0.0, 0.0), {})
    regions = RegionDesign(("北京", "上海"), ((1,),), 0, 4, 7, 0.1, 0.0)
    by_region = replace(test, design=regions)
    for one in (test, by_region, replace(by_region, on=True)):
        yield from (calendar.title(one, block) for block in one.blocks)
    yield calendar._why()
    yield lifts._running(test, 12)
    past = History("week", "sales", (first,), np.ones(1), {}, first + days, {"tv": first - days})
    yield lifts._not_booked(test, past)
    yield from grounds.gone(past)
    lacking = Gaps((first, first + 7 * days), (first,))
    ahead = replace(past, gaps=lacking, spent_until={"tv": first + 9 * days})
    yield from grounds.gone(ahead)
    yield from grounds.gone(replace(ahead, period="day", of="conversions"))
    held = SimpleNamespace(misfits=tuple(checks.misfits((checks.Check("memory", 0.0),))))
    yield from grounds.doubts(held, {"error": 324.71, "naive_error": 70.6})
    nothing = Regions((), np.ones((1, 0)), {})
    yield grounds.command(replace(past, spend={"tv": np.ones(1)}), nothing, "tv")
    long = tuple(first + timedelta(weeks=k) for k in range(60))
    noise = np.random.default_rng(0).lognormal(0, 0.5, 60)
    sold = replace(past, periods=long, outcome=noise, spend={"tv": np.ones(60)})
    yield grounds.command(sold, nothing, "tv")
    yield grounds.command(replace(sold, spend={"tv": np.zeros(60)}), nothing, "tv")
    yield grounds.command(replace(sold, outcome=noise * (noise > 0.5)), nothing, "tv")
    names = tuple(f"r{i}" for i in range(8))
    none_in_one = Regions(names, np.eye(8), {"tv": np.ones((8, 8))})
    yield grounds.command(past, none_in_one, "tv")
    seen = {"spent_weeks": 2, "spend": 50.0, "sold": 12000.0}
    yield little_known(replace(test, seen=seen))
    yield little_known(replace(test, seen=seen | {"spend": 0.0, "spent_weeks": 1}))
    for block, spent in (
        (Block(first, first + days, False), 7.5),
        (Block(first, first + days, True), 0),
    ):
        yield lifts._not_followed("tv", block, spent)
    unknown = Regions(regions.regions, np.ones((1, 2)), {})
    yield from lifts._regions_not_followed(by_region, regions, past, unknown)
    yield from lifts._notes({"not_followed": [], "looks": 3}, test)
    read = {"not_followed": [], "looks": 1, "between_weeks": [0.05, -0.0123, 0.118]}
    yield from lifts._notes(read, test)
    yield from lifts._notes(read | {"between_weeks": [0.1, -1.0, float("inf")]}, test)
    steady = replace(sold, outcome=100 + noise)
    yield grounds.with_command(told("a", "甲"), grounds.command(steady, nothing, "tv"))
    yield mixing._few(past)


# --- the first lines of a report


def headlines():
    def replayed(decision, **changed):
        live = "int8" if decision == "promote" else "baseline"
        return outputs() | {
            "replay": outputs()["replay"] | {"decision": decision, "live": live} | changed
        }

    table = [
        row("int8", 0.70, 0.004, meets=False, why="short", why_zh="不够"),
        row("baseline", 0.65, 0.0001),
    ]
    none = {
        "decision": "none",
        "reason": "no canary",
        "reason_zh": "没有金丝雀",
        "live": "baseline",
    }
    old = {"live": "baseline", "canary": None, "why": "no variant meets the goals"}
    refused = {"compress": {"chosen": None, "table": table}, "release": old, "replay": none}
    now = old | {"why": "pinned", "why_zh": "已固定"}
    arms = {"live": arm("baseline", cost=0.0001), "canary": arm("int8", cost=0.009)}
    real = {"arms": {"live": arm("baseline", n=20), "canary": arm("int8", n=26)}}
    counted = {"scheme": "pairs", "difference": {"value": 0, "low": 0, "high": 0, "n": 1750}}
    missed = [
        {
            "code": "goal.above",
            "goal": "p95_ms",
            "value": 104.2,
            "limit": 100.0,
            "en": "",
            "zh": "",
        },
        {
            "code": "goal.above",
            "goal": "cost_per_1000",
            "value": 0.02,
            "limit": 0.01,
            "en": "",
            "zh": "",
        },
        {
            "code": "goal.below",
            "goal": "macro_f1",
            "value": 0.49999,
            "limit": 0.5,
            "en": "",
            "zh": "",
        },
    ]
    for given in (
        outputs() | refused,
        outputs() | refused | {"release": now},
        replayed("promote"),
        replayed("rolled back"),
        replayed("keep", **counted),
        replayed("keep", **counted, users=real),
        replayed("promote", applied=False),
        replayed("keep", live_misses=missed, lost=3),
        replayed("keep", arms=arms, live="unknown"),
        without("curve", "plan", "replay"),
        {},
    ):
        for one in headline(facts(outputs=given)):
            yield told(*(say_headline(one, language) for language in LANGUAGES))


def scores():
    """What past plans said beside what happened since, and what moved since one that is to be approved."""
    texts = [
        row.text
        for row in scored(
            [
                past(
                    1, 200, served=[served_as(0.0125, 25.0, 500)], plan=SCORED | {"currency": "CNY"}
                ),
                past(2, 400, quality=0.82, first="2026-01-03", last="2026-01-07", requests=30_000),
            ],
            answers=lambda first, last: 4500,
            brought=[
                brought(31, 20),
                replace(brought(20, 31), money=-300.0),
                replace(brought(31, 20), of="sales", since=2600.0, before=1800.0, error=90.0),
                replace(
                    brought(20, 31),
                    money=-300.0,
                    of="sales",
                    since=1800.0,
                    before=2600.0,
                    error=90.0,
                ),
            ],
            now=lambda budget: SCORED_BY,
        )
    ]
    then = a_plan()
    other = a_plan(
        split={"budget": 1000.0, "parts": [{"name": "labels", "spend": 400.0}]},
        recommendation={"steps": ["onnx_int8"], "look": ["a test", "试验"]},
    )
    changes = moved(then, other)
    file = {"file": "product.yaml"}
    twice = {"turn": 3, "who": "li", "day": "2026-01-02"}
    refused = [
        Reason("refuse.nothing", {"turn": 3, "do": keep(FACTS)}),
        Reason("refuse.twice", twice | {"then": Reason("refuse.labels_come", file)}),
        Reason("refuse.twice", twice | {"then": Reason("refuse.plans_anew", file)}),
        Reason("refuse.older", {"turn": 3, "sections": "plan, money"} | file),
        Reason("refuse.moved", {"changes": tuple(changes)} | file),
        Reason("refuse.meanwhile"),
    ]
    return [*texts, none_scored(), *changes, *refused]


def levers_around():
    """What levers of the machine, hours, the page, partners and support say, with figures and without."""
    crowd = replace(CROWD, requests=10_000_000, live=replace(FACTS.live, p95_ms=250.0))
    told_of = [Trained(t, 2000, 0.8 + 0.01 * t, 1e-4, 8.0) for t in range(5)]
    every = replace(crowd.around, cores=1, cpu_hour=0.36, peak=3.0, hours=20.0, trained=told_of)
    left = replace(CROWD.market, left=LEAVING.left, arrives=LEAVING.arrives, partners=(ACME,))
    for market, around, more in (
        (left, every, {}),
        (left, every, {"measure": "worth", "p95_goal_ms": 200.0}),
        (left, replace(every, peak=None, trained=(), hours=2.0), {}),
        (left, replace(every, hour_price=None, cpu_hour=0.0), {}),
        (
            replace(
                left,
                worth=MarketFigure(-5.0, "measured", 9),
                partners=(replace(ACME, change=None),),
            ),
            every,
            {"requests": 1000},
        ),
        (None, replace(every, hours=0.0), {}),
        (replace(left, worth=None), every, {}),
    ):
        outlook = Outlook.of(replace(crowd, market=market, around=around, **more))
        for lever in (capacity, hours, page, partners, support):
            found = lever(outlook)
            yield from (*found.unknown, *found.on_request)
            for place in found.places:
                yield from (place.told(100.0), place.do(100.0))
            for step in found.menu:
                yield from (step.because, step.do)
                yield Reason("told", {"en": step.called[0], "zh": step.called[1]})
            for look in found.looks:
                yield from (look.named, look.because, look.do)
    yield Reason("named.cores", {"more": 1})
    yield Reason("named.share", {"partner": "acme"})


CASES = (
    decisions,
    not_decided,
    an_option,
    bought,
    exhausted,
    nothing_to_compare,
    unlike_labels,
    below_on_the_holdout,
    no_canary,
    rows_of_releases,
    missed_goals,
    lacks,
    chosen,
    chosen_by_money,
    too_few_examples,
    table_of_variants,
    places_of_labels,
    steps_of_variants,
    options_as_served,
    of_the_market,
    customers,
    economics,
    experiments,
    plans,
    levers_around,
    mixes,
    channel_tests,
    headlines,
    scores,
)
