"""The answer follows the evidence, and says where there is none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.labels import labels
from steelyard.plan.options import Recommendation, allocate
from steelyard.plan.run import _ratios
from steelyard.stats import Point, fit_curve
from steelyard.words import say

STEEP = fit_curve([Point(n, 0.97 - 5 * n**-0.5, 0.003) for n in (250, 500, 1000, 2000)], seed=0)
FLAT = fit_curve([Point(n, 0.8, 0.003) for n in (250, 500, 1000, 2000)], seed=0)
LIVE = Priced("a", "live", 0.85, 0.84, 0.86, 0.02)
FACTS = PlanFacts(
    currency="CNY",
    unit=1000.0,
    requests=1_000_000,
    label_price=0.3,
    answer=0.5,
    labels_bought=2000,
    labels_pool=10_000,
    retrain_cost=0.1,
    curve=STEEP,
    live=LIVE,
)


def en(reason):
    return say(reason, "en")


def zh(reason):
    return say(reason, "zh")


def option(plan, name):
    return next(o for o in plan.options if o.name == name)


def test_a_steep_curve_and_dear_answers_say_labels():
    plan = allocate(FACTS)
    assert (
        plan.recommendation == Recommendation("labels")
        and option(plan, "labels").evidence == "extrapolated"
    )
    assert "3,333 more labels" in en(plan.because) and "3,333 条标注" in zh(plan.because)


def test_a_flat_curve_says_keep_the_money():
    assert allocate(replace(FACTS, curve=FLAT, answer=0.01)).recommendation == Recommendation(
        "nothing"
    )


def test_an_interval_that_holds_zero_says_an_experiment_first():
    wide = fit_curve(
        [Point(n, q, 0.05) for n, q in ((250, 0.7), (500, 0.78), (1000, 0.76), (2000, 0.83))],
        seed=0,
    )
    plan = allocate(replace(FACTS, curve=wide, answer=0.1))
    assert plan.recommendation == Recommendation("labels", experiment=True)
    assert option(plan, "labels").low < 0 < option(plan, "labels").net


def test_the_market_without_evidence_is_assumed_and_has_no_figure():
    market = option(allocate(FACTS), "market")
    assert (
        market.evidence == "assumed"
        and market.net is market.low is None
        and "held-out group" in en(market.because)
    )


def test_a_cheaper_variant_of_equal_quality_is_worth_what_it_saves():
    other = Priced("b", "small", 0.85, 0.85, 0.85, 0.005)
    plan = allocate(
        replace(FACTS, curve=None, alternatives=[other], live=replace(LIVE, low=0.85, high=0.85))
    )
    assert plan.recommendation == Recommendation("another_variant")
    assert option(plan, "another_variant").net == pytest.approx(15.0)


def test_a_sure_saving_is_not_hidden_behind_an_unsure_gain():
    wide = fit_curve(
        [Point(n, q, 0.05) for n, q in ((250, 0.7), (500, 0.78), (1000, 0.76), (2000, 0.83))],
        seed=0,
    )
    other = Priced("b", "small", 0.85, 0.85, 0.85, 0.005)
    live = replace(LIVE, low=0.85, high=0.85)
    plan = allocate(replace(FACTS, curve=wide, answer=0.1, alternatives=[other], live=live))
    assert plan.options[0].name == "labels" and plan.recommendation == Recommendation(
        "another_variant"
    )
    assert "labels may return more" in en(plan.because) and "更多标注可能" in zh(plan.because)


def test_unknown_is_not_zero():
    found = labels(replace(FACTS, curve=None))
    assert found.net is None and found.evidence == "assumed"
    assert allocate(replace(FACTS, curve=None)).recommendation == Recommendation("nothing")


def test_a_dearer_variant_that_only_looks_better_is_no_option():
    noisy = Priced("b", "fp32", 0.852, 0.842, 0.862, 0.06)
    surely = Priced("c", "large", 0.95, 0.945, 0.955, 0.06)
    assert allocate(
        replace(FACTS, curve=None, alternatives=[noisy])
    ).recommendation == Recommendation("nothing")
    plan = allocate(replace(FACTS, curve=None, alternatives=[noisy, surely]))
    assert plan.recommendation == Recommendation(
        "another_variant"
    ) and "large instead of live" in en(plan.because)


def test_no_curve_and_an_empty_pool_are_said():
    assert "no learning curve" in en(labels(replace(FACTS, curve=None)).because)
    assert "pool is empty" in en(labels(replace(FACTS, labels_pool=2000)).because)


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_more_requests_never_make_labels_worth_less(a, b):
    few, many = sorted((a, b))
    assert (
        labels(replace(FACTS, requests=few)).net <= labels(replace(FACTS, requests=many)).net + 1e-6
    )


@given(st.floats(0.01, 100.0), st.integers(2000, 20_000), st.floats(1.0, 1e5))
def test_labels_never_exceed_the_pool_or_the_unit(price, pool, unit):
    found = labels(replace(FACTS, label_price=price, labels_pool=pool, unit=unit))
    bought = (found.spend - FACTS.retrain_cost) / price if found.spend else 0
    assert bought <= pool - 2000 + 1e-6 and found.spend <= unit + 1e-6


@given(st.floats(0.0, 1e4))
def test_worthless_answers_never_buy_labels(unit):
    plan = allocate(replace(FACTS, answer=0.0, unit=unit))
    assert plan.recommendation == Recommendation("nothing")


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_dearer_labels_never_return_more(a, b):
    low, high = sorted((a, b))
    cheap, dear = (labels(replace(FACTS, label_price=p)) for p in (low, high))
    # the unit may leave up to one label's price unspent, and nothing more
    assert dear.net <= cheap.net + high + 1e-6


def test_a_saving_is_as_uncertain_as_two_separate_measurements():
    other = Priced("b", "small", 0.85, 0.83, 0.87, 0.005)
    found = option(allocate(replace(FACTS, curve=None, alternatives=[other])), "another_variant")
    assert found.high - found.net == pytest.approx((0.01**2 + 0.02**2) ** 0.5 * 500_000)


def test_labels_that_only_reach_what_is_live_are_no_gain():
    plain, behind = labels(FACTS), labels(replace(FACTS, behind=0.05))
    assert plain.net - behind.net == pytest.approx(0.05 * 500_000)
    assert plain.low - behind.low == pytest.approx(0.05 * 500_000)
    assert "only reaches the live live" in en(behind.because) and "追上" in zh(behind.because)


def test_a_hopeful_variant_is_named_with_its_interval_though_it_is_not_certain():
    noisy = Priced("b", "fp32", 0.852, 0.842, 0.862, 0.06)
    found = option(allocate(replace(FACTS, curve=None, alternatives=[noisy])), "another_variant")
    assert "for certain" in en(found.because) and "fp32 instead of live" in en(found.because)
    assert found.net == 0.0 and "fp32 代替 live" in zh(found.because)


def test_the_answer_is_a_sentence_that_can_be_done_as_it_stands():
    plan = allocate(replace(FACTS, unit=900.0, currency="EUR", retrain_cost=0.0))
    assert (
        en(plan.do)
        == "set `label.start: 5000` in product.yaml and run `steelyard turn product.yaml`; 900.00 EUR"
    )
    assert en(plan.because).startswith(en(plan.do)) and zh(plan.because).startswith(zh(plan.do))
    assert "label.start: 5000" in zh(plan.do) and "900.00 EUR" in zh(plan.do)
    assert "labels of the data that are here" in en(plan.because)


def test_an_experiment_with_labels_says_how_many_a_part_of_the_unit_buys():
    wide = fit_curve(
        [Point(n, q, 0.05) for n, q in ((250, 0.7), (500, 0.78), (1000, 0.76), (2000, 0.83))],
        seed=0,
    )
    plan = allocate(replace(FACTS, curve=wide, answer=0.1))
    assert plan.recommendation == Recommendation("labels", experiment=True)
    assert "`label.start: 2333`" in en(plan.do) and "99.90 CNY" in en(plan.do)


def test_keeping_the_money_says_when_to_ask_again():
    plan = allocate(replace(FACTS, curve=FLAT, answer=0.01))
    assert plan.recommendation == Recommendation("nothing") and "keep the 1,000.00 CNY" in en(
        plan.do
    )
    assert "steelyard turn product.yaml" in en(plan.do) and "1,000.00 CNY" in zh(plan.do)


def test_another_variant_is_taken_by_the_chooser_where_it_can_and_by_a_person_where_not():
    sure = replace(LIVE, low=0.85, high=0.85)
    small = Priced("b", "small", 0.85, 0.85, 0.85, 0.005)
    plan = allocate(replace(FACTS, curve=None, alternatives=[small], live=sure))
    assert "`compress.variants: [small]`" in en(plan.do)
    trained = Priced("t", "torch_fp32", 0.85, 0.85, 0.85, 0.001)
    large = Priced("c", "large", 0.95, 0.95, 0.95, 0.06)
    plan = allocate(replace(FACTS, curve=None, alternatives=[large, trained], live=sure))
    assert "steelyard release promote product.yaml large" in en(plan.do) and "large" in zh(plan.do)


AS_SERVED = replace(LIVE, p95_ms=50.0, served=Served(0.044, 60.0, 500))  # 2.2 times the predicted


def test_a_choice_that_served_cost_contradicts_is_an_option_to_measure_again():
    other = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.03)
    plan = allocate(replace(FACTS, curve=FLAT, live=AS_SERVED, alternatives=[other]))
    found = option(plan, "served_variant")
    assert "cost 2.20x" in en(found.because) and "onnx costs 0.68x" in en(found.because)
    assert found.low < 0 < found.high and found.evidence == "assumed"
    assert "steelyard compress product.yaml --again" in en(found.do) and "--again" in zh(found.do)
    assert (
        "choice is open again" in en(plan.because) or plan.recommendation.option == "served_variant"
    )


def test_two_variants_that_both_served_are_compared_as_they_served():
    exact = replace(AS_SERVED, low=0.85, high=0.85)
    other = Priced("b", "onnx", 0.85, 0.85, 0.85, 0.03, 40.0, Served(0.0365, 40.0, 500))
    facts = replace(FACTS, unit=500.0, live=exact, alternatives=[other])
    found = option(allocate(facts), "served_variant")
    assert found.net == pytest.approx(7.5) and found.evidence == "measured"
    assert "onnx costs 0.83x of that in service" in en(found.because)
    assert "`compress.variants: [onnx]`" in en(found.do)


def test_a_hair_of_serving_cost_opens_nothing_though_the_answers_of_another_are_better():
    live = replace(LIVE, cost_per_1000=0.00001, served=Served(0.0000187, 5.0, 500))
    other = Priced("b", "onnx", 0.90, 0.89, 0.91, 0.000012)
    plan = allocate(replace(FACTS, curve=FLAT, unit=50.0, live=live, alternatives=[other]))
    assert plan.recommendation == Recommendation("another_variant")
    assert "served_variant" not in {o.name for o in plan.options}


def test_a_served_p95_above_the_goal_opens_the_choice_again_and_has_no_figure():
    live = replace(LIVE, p95_ms=52.8, served=Served(0.02, 92.7, 500))
    found = option(allocate(replace(FACTS, live=live, p95_goal_ms=60.0)), "served_variant")
    assert "p95 92.7 ms in service (52.8 before), above the goal 60" in en(found.because)
    assert found.net is None and "--again" in en(found.do) and "92.7" in zh(found.because)


@pytest.mark.parametrize(
    "seen", [None, Served(0.022, 55.0, 500), Served(0.044, 55.0, 10), Served(0.01, 55.0, 500)]
)
def test_served_figures_as_predicted_or_of_few_requests_open_nothing(seen):
    other = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.018)
    live = replace(LIVE, p95_ms=50.0, served=seen)
    plan = allocate(replace(FACTS, live=live, alternatives=[other], p95_goal_ms=60.0))
    assert not [o for o in plan.options if o.name == "served_variant"]


def test_predicted_and_served_stand_side_by_side_in_the_facts():
    (only,) = _ratios([AS_SERVED, LIVE.__class__("b", "never served", 0.8, 0.8, 0.8, 0.01)])
    assert only.cost_ratio == pytest.approx(2.2) and only.p95_ratio == pytest.approx(1.2)
    assert (only.n, only.name) == (500, "live")


def test_a_chinese_sentence_calls_the_baseline_by_its_chinese_name():
    live = replace(
        LIVE, name="baseline", low=0.85, high=0.85, p95_ms=5.0, served=Served(0.5, 500.0, 90)
    )
    cheap = Priced("b", "baseline", 0.85, 0.85, 0.85, 0.005)
    noisy = Priced("c", "onnx", 0.86, 0.80, 0.92, 0.03)
    said = [
        zh(option.because)
        for alternatives in ([], [cheap], [noisy])
        for facts in (
            replace(FACTS, alternatives=alternatives, live=live, behind=0.01, p95_goal_ms=100.0),
            replace(FACTS, curve=None, alternatives=alternatives, live=live, p95_goal_ms=100.0),
        )
        for option in allocate(facts).options
    ]
    assert not [words for words in said if "baseline" in words]
    assert len([words for words in said if "基线" in words]) >= 5
