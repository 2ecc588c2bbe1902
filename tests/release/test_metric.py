"""What users bought decides; what replayed records and users' outcomes show only guards."""

from dataclasses import replace

import numpy as np
import pytest
from tests.release.test_decide import seen, users

from steelyard.interval import Interval
from steelyard.release.left import MetricArm, MetricShown
from steelyard.release.metric import decide_by, metric_shown
from steelyard.release.visitors import Visitors
from steelyard.words import both

NAMED = {"live": ("a", "baseline"), "canary": ("b", "int8")}
FINE, OPEN, BACK = (0.0, -0.01, 0.01), (0.0, -0.2, 0.2), (-0.2, -0.3, -0.1)


def shown(difference, *, metric="revenue", lift=None):
    arms = {
        arm: MetricArm(variant=v, name=n, n=900, waiting=30, converted=90, value=1.5)
        for arm, (v, n) in NAMED.items()
    }
    return MetricShown(
        metric=metric,
        since="2026-01-01",
        days=7,
        currency="CNY",
        arms=arms,
        difference=None if difference is None else Interval(*difference, 1800),
        lift=None if lift is None else Interval(*lift, 1800),
    )


def decided(metric, *guards, loss_max=0.0, **how):
    return decide_by(shown(metric, **how), guards, (), outcome_loss_max=0.02, loss_max=loss_max)


@pytest.mark.parametrize(
    ("metric", "guards", "loss_max", "decision"),
    [
        ((0.5, 0.1, 0.9), [seen(*OPEN)], 0, "promote"),  # the stream need not prove anything
        ((0.5, 0.1, 0.9), [seen(*FINE), users(*FINE)], 0, "promote"),
        ((0.5, 0.1, 0.9), [seen(*BACK)], 0, "rolled back"),  # the stream guards
        ((0.5, 0.1, 0.9), [seen(*FINE), users(*BACK)], 0, "rolled back"),  # and so do outcomes
        ((-0.5, -0.9, -0.1), [seen(0.1, 0.05, 0.15)], 0, "rolled back"),
        ((-0.5, -0.9, -0.1), [seen(*FINE)], 0.2, "keep"),
        ((0.1, -0.1, 0.3), [seen(0.1, 0.05, 0.15)], 0, "keep"),  # outcomes promote nothing
        ((0.1, -0.1, 0.3), [seen(*FINE)], 0.2, "promote"),  # a loss of so much may be borne
        ((-0.05, -0.1, 0.01), [seen(*FINE)], 0.2, "keep"),
        (None, [seen(0.1, 0.05, 0.15)], 0, "keep"),
        # surely worse, and perhaps by more than is borne: a person decides
        ((0.5, 0.1, 0.9), [seen(-0.03, -0.05, -0.01)], 0, "keep"),
        ((0.5, 0.1, 0.9), [seen(-0.01, -0.015, -0.005)], 0, "promote"),
    ],
)
def test_the_metric_promotes_and_outcomes_guard(metric, guards, loss_max, decision):
    assert decided(metric, *guards, loss_max=loss_max).decision == decision


def visitors(paid, *, waiting=0):
    paid = np.asarray(paid, float)
    return Visitors(
        waiting,
        (paid > 0).astype(float),
        paid,
        paid - 0.01,
        np.zeros(len(paid)),
        int((paid > 0).sum()),
    )


def test_who_signed_up_and_paid_nothing_says_nothing_of_money():
    live, canary = (replace(visitors([1] * 400), revenue=np.zeros(400), payers=0) for _ in "ab")
    for metric in ("revenue", "profit"):
        shown = told(metric, live, canary)
        assert shown.difference is None and shown.missing.code == "metric.few"
        assert shown.missing.numbers["buyers"] == 0
    assert told("conversion", live, canary).difference is not None


def told(metric, live, canary, **changed):
    asked = {
        "confidence": 0.95,
        "loss_max": 0.0,
        "currency": "CNY",
        "since": "2026-01-01T00:00:00+00:00",
        "now": "2026-01-11T00:00:00+00:00",
        "days": 7,
    }
    return metric_shown(metric, {"live": live, "canary": canary}, NAMED, **(asked | changed))


def test_each_metric_reads_its_own_numbers():
    arms = visitors([0, 10] * 40), visitors([10, 10] * 40)
    assert told("conversion", *arms).difference.value == pytest.approx(0.5)
    assert told("revenue", *arms).difference.value == pytest.approx(5)
    assert told("profit", *arms).arms["live"].value == pytest.approx(4.99)
    assert told("conversion", *arms).currency is None
    assert told("revenue", *arms).missing is None


def test_what_is_missing_is_said_with_the_pace_of_users():
    live = visitors([10] * 30 + [0] * 70, waiting=40)
    open_ = told("conversion", live, visitors([10] * 36 + [0] * 64, waiting=60)).missing
    assert open_.code == "metric.more" and open_.numbers["waiting"] == 100
    assert open_.numbers["days"] == pytest.approx(open_.numbers["more"] / 30)
    few = told("revenue", visitors([10, 0]), visitors([10, 0], waiting=3)).missing
    assert few.numbers == {"users": 4, "waiting": 3, "buyers": 2, "needed": 20}
    nobody = told("conversion", visitors([10]), visitors([], waiting=3)).missing
    assert nobody.numbers == {"users": 1, "waiting": 3}
    alike = told("conversion", live, visitors([10] * 30 + [0] * 70)).missing
    assert alike.code == "metric.alike" and "release.metric_loss_max" in both(alike)["en"]


def test_a_share_that_converts_is_never_told_outside_of_what_shares_can_differ_by():
    d = told("conversion", visitors([1] * 3), visitors([0] * 3)).difference
    assert d.low == -1.0 and d.high <= 1.0


def test_a_canary_that_sells_nothing_is_told_apart_though_none_of_its_amounts_differ():
    d = told("revenue", visitors([10, 30] * 400), visitors([0] * 800)).difference
    assert d.high < 0
