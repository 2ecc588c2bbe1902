"""The answer follows the evidence, and says where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.plan.advice import advice
from steelyard.plan.answer import told
from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.labels import LEVER as LABELS
from steelyard.plan.labels import offer as labels
from steelyard.plan.menu import difference
from steelyard.plan.menu import offer as variants
from steelyard.plan.outlook import Outlook
from steelyard.plan.run import _ratios
from steelyard.plan.variants import ANOTHER, served
from steelyard.plan.weigh import weigh
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
POOR = replace(FACTS, curve=FLAT, answer=0.001)


# more labels return something on average, and in the worst half of the draws they do not
UNSURE = fit_curve([Point(n, q, 0.03) for n, q in ((250, 0.7), (500, 0.76), (2000, 0.8))], seed=0)
RISKY = replace(FACTS, curve=UNSURE, caution=1.0, answer=0.02)


def en(reason):
    return say(reason, "en")


def zh(reason):
    return say(reason, "zh")


def planned(facts, among=None):
    """What a plan keeps, and what it was made of."""
    weighed = weigh(Outlook.of(facts), among=among)
    return advice(weighed) | {"split": told(weighed)}, weighed


def test_a_steep_curve_and_dear_answers_say_labels_and_what_to_type():
    plan, weighed = planned(FACTS)
    assert plan["recommendation"]["option"] == "labels"
    assert plan["recommendation"]["spend"]["labels"] > 900 and not weighed.kept > 100
    assert "more labels" in plan["because"] and "条标注" in plan["because_zh"]
    assert "`label.start: 53" in plan["do"] and "steelyard turn product.yaml" in plan["do"]
    assert plan["split"]["profit"]["low"] > 0 and plan["split"]["solved"]


def test_a_flat_curve_says_keep_the_money_and_when_to_ask_again():
    plan, weighed = planned(POOR)
    assert (plan["recommendation"]["option"], plan["recommendation"]["spend"]) == ("nothing", {})
    assert "keep the 1,000.00 CNY" in plan["do"] and "1,000.00 CNY" in plan["do_zh"]
    assert "no place returns what is put there; the nearest, more labels" in plan["because"]
    assert weighed.kept == 1000.0 and plan["split"]["profit"]["value"] == 0.0


def test_without_a_market_in_the_books_the_free_thing_to_do_is_named():
    plan, _ = planned(FACTS)
    assert "steelyard market import FILE product.yaml --as spend" in plan["because"]
    assert any(
        "what the market brings is not known" in u["because"] for u in plan["split"]["unknown"]
    )


def test_a_curve_whose_last_point_has_no_error_is_a_plan_like_any_other():
    points = [
        Point(n, q, se) for n, q, se in ((250, 0.9, 0.01), (500, 0.97, 0.01), (2000, 1.0, 0.0))
    ]
    plan, _ = planned(replace(FACTS, curve=fit_curve(points, seed=0)))
    assert np.isfinite([p["next"]["value"] for p in plan["split"]["parts"]]).all()


def test_money_that_is_kept_for_caution_is_not_said_to_return_nothing():
    plan, weighed = planned(RISKY, [LABELS])
    assert plan["recommendation"]["spend"] == {} and float(weighed.next.mean()) > 0
    assert "on average, but its bad outcomes weigh more with `plan.caution: 1`" in plan["because"]
    bold, _ = planned(replace(RISKY, caution=0.0), [LABELS])
    assert bold["recommendation"]["spend"]["labels"] > 0


def test_no_curve_and_an_empty_pool_are_said_and_buy_nothing():
    for facts, code in (
        (replace(FACTS, curve=None), "labels.no_curve"),
        (replace(FACTS, labels_pool=2000), "labels.none_left"),
        (replace(FACTS, labels_pool=1000), "labels.none_left"),  # records went away meanwhile
    ):
        plan, _ = planned(facts)
        assert plan["recommendation"]["spend"] == {}
        assert code in {u["because_code"] for u in plan["split"]["unknown"]}
    assert "nothing that is measured takes money" in plan["because"]


@settings(max_examples=12, deadline=None)
@given(st.floats(0.01, 5), st.integers(1, 5000), st.floats(1, 5000))
def test_labels_never_exceed_the_pool_or_the_unit(price, room, unit):
    facts = replace(FACTS, label_price=price, labels_pool=2000 + room, unit=unit)
    plan, weighed = planned(facts, [LABELS])
    spend = weighed.split.spend.get("labels", 0.0)
    assert spend <= unit + 1e-6 and spend / price <= room + 1e-6
    assert sum(weighed.split.spend.values()) <= unit * (1 + 1e-9)
    for part in plan["split"]["parts"]:
        if "do_numbers" in part:
            assert 2000 < part["do_numbers"]["total"] <= 2000 + room
            assert part["do_numbers"]["money"] <= unit + 1e-6


def test_worthless_answers_never_buy_labels():
    plan, _ = planned(replace(FACTS, answer=0.0))
    assert plan["recommendation"]["spend"] == {}


def test_labels_that_cost_nothing_are_all_taken_where_answers_are_worth_anything():
    plan, weighed = planned(replace(FACTS, label_price=0.0))
    assert [one.step.name for one in weighed.taken] == ["labels"]
    assert "`label.start: 10000`" in plan["do"] and "0.10 CNY" in plan["do"]
    plan, weighed = planned(replace(FACTS, label_price=0.0, answer=0.0))
    assert weighed.taken == []


def test_labels_that_only_reach_what_is_live_are_no_gain():
    far = replace(FACTS, behind=0.2)
    plan, _ = planned(far)
    assert plan["recommendation"]["spend"] == {}
    near, _ = planned(replace(FACTS, behind=0.01))
    assert "0.0100 only reaches the live live" in near["because"]


def test_what_a_unit_returns_counts_what_has_to_be_paid_once_with_it():
    _, paid = planned(FACTS)
    _, dear = planned(replace(FACTS, retrain_cost=1e6))
    assert float(dear.next.mean()) < -0.5 < float(paid.next.mean())
    lucky = replace(FACTS, behind=0.2)  # the next training first has to reach what is live
    _, far = planned(lucky)
    assert far.amounts[0] == 0 and float(far.next.mean()) < 0


def test_a_training_that_costs_more_than_the_unit_is_none():
    plan, _ = planned(replace(FACTS, retrain_cost=1001.0))
    assert plan["recommendation"]["spend"] == {}


def test_the_gain_of_labels_has_the_slope_that_it_says():
    place = labels(Outlook.of(FACTS)).places[0].place
    for money in (1.0, 300.0, 1500.0):
        gain, slope = place.moves[0].gain(money)
        near = (place.moves[0].gain(money + 0.01)[0] - place.moves[0].gain(money - 0.01)[0]) / 0.02
        assert np.allclose(slope, near, rtol=1e-4, atol=1e-12)
        assert gain.mean() > 0
    assert not place.moves[0].gain(0.0)[0].any()


def test_a_cheaper_variant_of_equal_answers_is_taken_beside_the_money():
    small = Priced("b", "small", 0.85, 0.84, 0.86, 0.005)
    paired = {"a": (0.0, 0.0), "b": (0.0, 1e-5)}
    plan, weighed = planned(replace(FACTS, alternatives=[small], paired=paired))
    assert [one.step.name for one in weighed.taken] == ["small"]
    assert plan["recommendation"]["spend"]["labels"] > 900  # it does not compete with paid ones
    assert (
        "`compress.variants: [small]`" in plan["do"] and "small instead of live" in plan["because"]
    )


def test_a_variant_that_the_chooser_would_not_take_is_promoted_by_a_person():
    trained = Priced("t", "torch_fp32", 0.85, 0.85, 0.85, 0.001)
    large = Priced("c", "large", 0.95, 0.95, 0.95, 0.06)
    plan, _ = planned(replace(FACTS, curve=None, alternatives=[large, trained]))
    assert "steelyard release promote product.yaml large" in plan["do"] and "large" in plan["do_zh"]


def test_the_baseline_is_no_compressor_so_a_person_promotes_it():
    base = Priced("b", "baseline", 0.85, 0.85, 0.85, 0.001)
    paired = {"a": (0.0, 0.0), "b": (0.0, 1e-5)}
    facts = replace(FACTS, curve=None, alternatives=[base], baseline=base, paired=paired)
    plan, _ = planned(facts)
    assert "steelyard release promote product.yaml baseline" in plan["do"]


def test_what_loses_more_in_answers_than_it_saves_is_not_taken():
    worse = Priced("b", "worse", 0.84, 0.839, 0.841, 0.005)
    _, weighed = planned(replace(FACTS, alternatives=[worse]), [ANOTHER])
    assert weighed.taken == []


def test_the_live_variant_is_no_step_and_while_a_canary_is_open_there_is_none():
    facts = replace(FACTS, alternatives=[LIVE, Priced("k", "canary", 0.9, 0.9, 0.9, 0.001)])
    assert [one.step.name for one in variants(Outlook.of(facts)).menu] == ["canary"]
    from tests.plan.test_canary_lever import OPEN

    assert variants(Outlook.of(replace(facts, canary=OPEN.canary))).menu == ()


def test_the_same_records_tell_two_variants_apart_where_separate_ones_do_not():
    other = Priced("b", "other", 0.853, 0.843, 0.863, 0.02)
    apart = difference(FACTS, other)
    facts = replace(FACTS, paired={"a": (0.0, 0.0), "b": (0.003, 0.0004)})
    together = difference(facts, other)
    assert together.std() < apart.std() / 5
    assert abs(together.mean() - 0.003) < 0.001


def test_a_noisy_difference_is_drawn_to_none():
    noisy = replace(FACTS, paired={"a": (0.0, 0.0), "b": (0.01, 0.02)})
    assert 0 <= difference(noisy, Priced("b", "b", 0.86, 0.84, 0.88, 0.02)).mean() < 0.003


def test_more_money_never_returns_less():
    values = [weigh(Outlook.of(FACTS), budget=b).split.value for b in (0.0, 100.0, 1000.0, 5000.0)]
    assert values == sorted(values)


def test_a_budget_of_zero_places_nothing_and_still_takes_what_is_free():
    small = Priced("b", "small", 0.85, 0.84, 0.86, 0.005)
    paired = {"a": (0.0, 0.0), "b": (0.0, 1e-5)}
    plan, weighed = planned(replace(FACTS, unit=0.0, alternatives=[small], paired=paired))
    assert plan["recommendation"]["spend"] == {} and weighed.kept == 0.0
    assert [one.step.name for one in weighed.taken] == ["small"]


def test_the_parts_of_the_chain_make_up_the_gain():
    plan, weighed = planned(FACTS)
    rows = {row["because_code"]: row for row in plan["split"]["chain"]}
    cash = rows["chain.cash"]["because_numbers"]["cash"][0]
    declared = rows["chain.declared"]["because_numbers"]["declared"][0]
    assert cash + declared == pytest.approx(float(weighed.gain.mean()))
    assert cash < 0 < declared  # no market: what comes back is only declared
    assert rows["chain.declared"]["evidence"] == "assumed"
    assert rows["labels.gain"]["rows"] == {"points of the curve": 4}


def test_one_side_alone_is_never_worth_more_than_both():
    _, weighed = planned(FACTS)
    assert all(alone.value <= weighed.split.value + 1e-9 for alone in weighed.alone.values())


AS_SERVED = replace(LIVE, p95_ms=50.0, served=Served(0.044, 60.0, 500))  # 2.2 times the predicted


def test_a_choice_that_served_cost_contradicts_is_said_beside_the_answer():
    other = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.03)
    facts = replace(POOR, live=AS_SERVED, alternatives=[other])
    plan, _ = planned(facts)
    assert "choice is open again" in plan["because"] and "cost 2.20x" in plan["because"]
    (found,) = plan["options"]
    assert found["low"] < 0 < found["high"] and found["evidence"] == "assumed"
    assert "steelyard compress product.yaml --again" in found["do"] and "--again" in found["do_zh"]


def test_two_variants_that_both_served_are_compared_as_they_served():
    exact = replace(AS_SERVED, low=0.85, high=0.85)
    other = Priced("b", "onnx", 0.85, 0.85, 0.85, 0.03, 40.0, Served(0.0365, 40.0, 500))
    (found,) = served(replace(FACTS, unit=500.0, live=exact, alternatives=[other]))
    assert found.net == pytest.approx(7.5) and found.evidence == "measured"
    assert "onnx costs 0.83x of that in service" in en(found.because)
    assert "`compress.variants: [onnx]`" in en(found.do)


def test_a_hair_of_serving_cost_opens_nothing_though_the_answers_of_another_are_better():
    live = replace(LIVE, cost_per_1000=0.00001, served=Served(0.0000187, 5.0, 500))
    other = Priced("b", "onnx", 0.90, 0.89, 0.91, 0.000012)
    facts = replace(POOR, answer=0.01, unit=50.0, live=live, alternatives=[other])
    plan, weighed = planned(facts)
    assert [one.step.name for one in weighed.taken] == ["onnx"] and plan["options"] == []


def test_a_served_p95_above_the_goal_opens_the_choice_again_and_has_no_figure():
    live = replace(LIVE, p95_ms=52.8, served=Served(0.02, 92.7, 500))
    (found,) = served(replace(FACTS, live=live, p95_goal_ms=60.0))
    assert "p95 92.7 ms in service (52.8 before), above the goal 60" in en(found.because)
    assert found.net is None and "--again" in en(found.do) and "92.7" in zh(found.because)


@pytest.mark.parametrize(
    "seen", [None, Served(0.022, 55.0, 500), Served(0.044, 55.0, 10), Served(0.01, 55.0, 500)]
)
def test_served_figures_as_predicted_or_of_few_requests_open_nothing(seen):
    other = Priced("b", "onnx", 0.85, 0.84, 0.86, 0.018)
    live = replace(LIVE, p95_ms=50.0, served=seen)
    assert served(replace(FACTS, live=live, alternatives=[other], p95_goal_ms=60.0)) == []


def test_predicted_and_served_stand_side_by_side_in_the_facts():
    (only,) = _ratios([AS_SERVED, LIVE.__class__("b", "never served", 0.8, 0.8, 0.8, 0.01)])
    assert only.cost_ratio == pytest.approx(2.2) and only.p95_ratio == pytest.approx(1.2)
    assert (only.n, only.name) == (500, "live")


def test_a_chinese_sentence_calls_the_baseline_by_its_chinese_name():
    live = replace(LIVE, name="baseline", p95_ms=5.0, served=Served(0.5, 500.0, 90))
    noisy = Priced("c", "onnx", 0.86, 0.80, 0.92, 0.03)
    facts = replace(FACTS, alternatives=[noisy], live=live, behind=0.01, p95_goal_ms=100.0)
    plan, _ = planned(facts)
    said = [plan["because_zh"]] + [s["because_zh"] for s in plan["split"]["steps"]]
    assert not [words for words in said if "baseline" in words]
    assert len([words for words in said if "基线" in words]) >= 2
