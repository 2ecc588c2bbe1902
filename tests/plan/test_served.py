"""What a lever of service answers, what a person types, and what trainings cost: held against small oracles."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.plan.test_plan import FACTS, LIVE, en

from steelyard.plan.doing import TRAINED, buy_labels, keep, measure_again, try_variant
from steelyard.plan.facts import Priced, Served
from steelyard.plan.run import _retrain_cost, _served
from steelyard.plan.variants import SERVED_MIN, SERVED_WITHIN, served
from steelyard.words import both

SURE = replace(LIVE, low=0.85, high=0.85)


@pytest.mark.parametrize(
    ("served_cost", "n", "p95_ms", "goal_ms", "opens"),
    [
        (0.02 * SERVED_WITHIN, SERVED_MIN, 50.0, None, False),  # at the edge, as predicted
        (0.02 * SERVED_WITHIN * 1.01, SERVED_MIN, 50.0, None, True),
        (0.02 * SERVED_WITHIN * 1.01, SERVED_MIN - 1, 50.0, None, False),
        (0.02, SERVED_MIN, 60.0, 60.0, False),
        (0.02, SERVED_MIN, 60.1, 60.0, True),
        (0.02, SERVED_MIN, 600.0, None, False),  # no goal was set
        (0.02, SERVED_MIN, None, 60.0, False),  # nobody measured it
        (0.02, SERVED_MIN - 1, 600.0, 60.0, False),
    ],
)
def test_served_figures_open_the_choice_where_they_contradict_it(
    served_cost, n, p95_ms, goal_ms, opens
):
    live = replace(SURE, p95_ms=50.0, served=Served(served_cost, p95_ms, n))
    other = Priced("b", "onnx", 0.85, 0.85, 0.85, 0.01)
    facts = replace(FACTS, unit=100.0, live=live, alternatives=[other], p95_goal_ms=goal_ms)
    assert bool(served(facts)) == opens
    assert all(o.reopens and both(o.because) for o in served(facts))


def test_a_live_variant_that_was_measured_at_no_cost_is_not_divided_by():
    live = replace(SURE, cost_per_1000=0.0, served=Served(0.5, 10.0, 500))
    assert served(replace(FACTS, live=live)) == []


def test_a_p95_that_was_never_predicted_is_told_without_a_before():
    live = replace(SURE, served=Served(0.02, 90.0, 500))
    (seen,) = served(replace(FACTS, live=live, p95_goal_ms=60.0))
    assert seen.because.code == "served.slow" and "before" not in en(seen.because)


@pytest.mark.parametrize(
    ("name", "own", "code", "variants"),
    [
        ("onnx_int8", True, "do.build_variant", ("onnx_int8",)),
        (TRAINED, True, "do.build_variant", ()),  # it is always a candidate
        ("onnx_int8", False, "do.promote", None),
    ],
)
def test_another_variant_is_asked_for_where_the_chooser_would_take_it(name, own, code, variants):
    do = try_variant(replace(FACTS, file="产品.yaml"), name, own=own)
    assert (do.code, do.numbers.get("variants"), do.numbers["file"]) == (
        code,
        variants,
        "产品.yaml",
    )
    assert all(both(do).values())


def test_what_to_do_names_the_file_and_the_money_in_both_languages():
    facts = replace(FACTS, file="产品.yaml", currency="EUR", unit=12.5)
    for do in (buy_labels(facts, 2100, money=30.0), measure_again(facts), keep(facts)):
        assert all("产品.yaml" in words for words in both(do).values())
    for do in (buy_labels(facts, 2100, money=12.5), keep(facts)):
        assert all("12.50 EUR" in words for words in both(do).values())


class Steps:
    """What each step took, as a store has it."""

    def __init__(self, **took):
        self.steps, self.took = self, took

    def cpu_s(self):
        return self.took


@pytest.mark.parametrize(
    ("took", "cost"),
    [
        ({}, 0.0),
        ({"train": 3600.0}, 0.5),
        ({"baseline": 1800.0, "train": 1800.0, "compress": 3600.0}, 1.0),
        ({"data": 1e9, "curve": 1e9, "replay": 1e9}, 0.0),  # not what more labels make again
    ],
)
def test_a_training_costs_the_steps_that_new_labels_make_again(took, cost):
    assert _retrain_cost(Steps(**took), Decimal("0.5")) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ({}, None),
        ({"served_p95_ms": {"value": 9.0, "n": 5}}, None),
        ({"served_cost_per_1000": {"value": 0.5, "n": 7}}, Served(0.5, None, 7)),
        (
            {"served_cost_per_1000": {"value": 0.5, "n": 7}, "served_p95_ms": {"value": 9.0}},
            Served(0.5, 9.0, 7),
        ),
    ],
)
def test_figures_of_service_are_there_once_a_request_was_answered(measures, expected):
    assert _served(measures) == expected
