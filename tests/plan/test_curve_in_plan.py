"""What the plan makes of a learning curve: whose trainings differ how much, and that a misfit is said."""

import json
from dataclasses import replace

import pytest
from tests.plan.test_plan import FACTS

from steelyard.as_json import of_json, to_json
from steelyard.methods import method_named
from steelyard.plan.labels import offer
from steelyard.plan.left import Planned, PlanOf
from steelyard.plan.outlook import Outlook
from steelyard.plan.run import _curve, _runs
from steelyard.point import CurvePoint
from steelyard.reason import Reason
from steelyard.stats import Point, fit_curve
from steelyard.stats.curves import FINE_TUNED, STEADY
from steelyard.taken import names_of
from steelyard.words import both, say

MEASURED = [
    CurvePoint(labels=n, quality=u, low=u - 0.03, high=u + 0.03, utility=u, n=1000)
    for n, u in ((250, 0.70), (500, 0.76), (1000, 0.80), (2000, 0.83))
]
TORN = fit_curve(
    [Point(n, q, 0.01) for n, q in ((250, 0.6), (500, 0.8), (1000, 0.6), (2000, 0.8))], seed=0
)


def bought(facts):
    """What 300 of money in labels are said to bring."""
    return offer(Outlook.of(facts)).places[0].told(300.0)


@pytest.mark.parametrize(
    ("method", "runs"),
    [("linear", STEADY), ("dictionary", STEADY), ("fine_tune", FINE_TUNED), (None, FINE_TUNED)],
)
def test_a_method_without_a_seed_is_steadier(method, runs):
    assert _runs(method) == runs
    assert "train.method" in names_of(PlanOf)


def test_a_method_that_does_not_say_is_taken_for_unsteady(monkeypatch):
    monkeypatch.delattr(type(method_named("linear")), "steady")
    assert _runs("linear") == FINE_TUNED


def test_the_forecast_of_labels_has_the_luck_of_the_methods_runs():
    wide, narrow = (_curve(MEASURED, runs=r).gain(2000, 4000) for r in (FINE_TUNED, STEADY))
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_a_larger_hold_out_makes_the_forecast_surer():
    few = [replace(point, n=100) for point in MEASURED]
    one, other = (_curve(p, runs=STEADY).gain(2000, 4000) for p in (MEASURED, few))
    assert other.high - other.low > 1.2 * (one.high - one.low)


def test_more_labels_say_that_no_curve_goes_through_the_points():
    because = bought(replace(FACTS, curve=TORN))
    assert because.code == "labels.misfit" and because.numbers["misfit"] == TORN.misfit
    assert "no learning curve goes through" in say(because, "en")
    assert "没有一条学习曲线能穿过实测点" in say(because, "zh")
    assert "no learning curve" not in say(bought(FACTS), "en")


def test_the_misfit_is_left_with_the_plan_and_read_again():
    left = Planned({}, (), (), (), TORN.misfit)
    body = json.loads(json.dumps(to_json(left), ensure_ascii=False))
    assert {body["misfit"], body["misfit_zh"]} == set(both(TORN.misfit).values())
    assert of_json(Planned, body).misfit == TORN.misfit
    assert isinstance(TORN.misfit, Reason) and "misfit" not in to_json(replace(left, misfit=None))
