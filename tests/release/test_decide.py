"""The decision follows two bodies of evidence, the money, and the error that was promised."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.release.decide import REPLAY, USERS, Worth, decide
from steelyard.release.left import Arm, Seen
from steelyard.stats import Interval, Sample, difference, paired
from steelyard.words import both

WORTH = Worth(0.005, "CNY")


def seen(value, low, high, *, source=REPLAY, live_cost=0.01, canary_cost=0.01, n=1000):
    arms = {
        arm: Arm(arm[0], arm, n, 0.8, cost, 5.0)
        for arm, cost in (("live", live_cost), ("canary", canary_cost))
    }
    cost = canary_cost - live_cost
    return Seen(source, Interval(value, low, high, n), arms, dearer=Interval(cost, cost, cost, n))


def users(*figures):
    return seen(*figures, source=USERS)


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ({"value": 0.05, "low": 0.01, "high": 0.09}, "promote"),
        ({"value": -0.10, "low": -0.15, "high": -0.05}, "rolled back"),
        ({"value": 0.01, "low": -0.04, "high": 0.06}, "keep"),
        ({"value": 0.0, "low": -0.01, "high": 0.01, "live_cost": 0.02}, "promote"),
        ({"value": 0.0, "low": -0.01, "high": 0.01, "canary_cost": 0.02}, "keep"),
        ({"value": 0.01, "low": 0.005, "high": 0.015, "canary_cost": 0.2}, "rolled back"),
    ],
)
def test_the_decision_follows_the_interval_and_the_money(facts, decision):
    found = decide([seen(**facts)], WORTH, loss_max=0.02)
    assert found.decision == decision
    said = both(found.reason)
    assert "1,000 replayed records" in said["en"] and "1,000 条" in said["zh"]


@pytest.mark.parametrize(
    ("replayed", "real", "decision"),
    [
        ((0.02, 0.01, 0.03), (-0.20, -0.30, -0.10), "rolled back"),  # users say worse
        ((-0.20, -0.30, -0.10), (0.02, 0.01, 0.03), "rolled back"),  # the stream says worse
        ((0.02, 0.01, 0.03), (0.0, -0.2, 0.2), "promote"),  # users say nothing yet
        ((0.0, -0.2, 0.2), (0.02, 0.01, 0.03), "promote"),  # users alone prove it
        ((0.02, 0.01, 0.03), (-0.05, -0.09, -0.01), "keep"),  # worse for users, how much is open
        ((0.0, -0.2, 0.2), (0.0, -0.2, 0.2), "keep"),
    ],
)
def test_either_evidence_rolls_back_and_one_promotes_unless_the_other_contradicts(
    replayed, real, decision
):
    found = decide([seen(*replayed), users(*real)], WORTH, loss_max=0.02)
    assert found.decision == decision
    assert [one.code for one in found.reason.numbers["told"]] == [
        "evidence.replay",
        "evidence.users",
    ]
    said = both(found.reason)
    assert "replayed records" in said["en"] and "users" in said["en"]
    assert "重放记录" in said["zh"] and "真实用户" in said["zh"]


def test_money_of_the_readout_names_its_currency():
    found = decide([seen(0.05, 0.01, 0.09)], Worth(0.005, "EUR"), loss_max=0.02)
    said = both(found.reason)
    assert "EUR per 1,000 requests" in said["en"] and "EUR" in said["zh"]


@given(st.floats(-0.5, 0.5), st.floats(0, 0.5), st.floats(-0.5, 0.5), st.floats(0, 0.5))
def test_nothing_is_promoted_while_a_real_loss_is_still_possible_everywhere(a, half, b, other):
    evidence = [seen(a, a - half, a + half), users(b, b - other, b + other)]
    found = decide(evidence, WORTH, loss_max=0.02)
    assert found.decision != "promote" or max(a - half, b - other) > -0.02


def test_a_canary_just_at_the_limit_is_promoted_by_neither_more_often_than_promised():
    """Both bodies of evidence, looked at again and again, at the very edge of what is allowed."""
    rng, wrong, runs, each = np.random.default_rng(2), 0, 200, 0.975
    for _ in range(runs):
        pairs = np.where(rng.random(1000) < 0.03, -1.0, 0) + np.where(
            rng.random(1000) < 0.01, 1.0, 0
        )
        live, canary = rng.random(1000) < 0.80, rng.random(1000) < 0.78
        for n in range(50, 1001, 50):
            replayed = paired(Sample.of(pairs[:n]), confidence=each, tuned_at=1000)
            real = difference(
                Sample.of(live[:n]), Sample.of(canary[:n]), confidence=each, tuned_at=2000
            )
            found = decide(
                [_seen(i, s) for i, s in ((replayed, REPLAY), (real, USERS))],
                Worth(1.0, "CNY"),
                loss_max=0.02,
            )
            if found.decision in ("promote", "rolled back"):
                wrong += 1
                break
    assert wrong / runs <= 0.05


def _seen(found, source):
    return seen(found.value, found.low, found.high, source=source, live_cost=1000.0)


NOTHING = Worth(0.0, "CNY")


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        (
            (0.052, -0.012, 0.116),
            "readout.net_open",
        ),  # not worse, and may be better by more than may be lost
        ((0.052, 0.012, 0.116), "readout.no_worth"),
        (
            (0.0, -0.015, 0.015),
            "readout.loses",
        ),  # settled: neither worse nor better by more than that
        ((0.0, -0.2, 0.2), "readout.undecided"),
    ],
)
def test_without_a_worth_a_cost_decides_only_where_quality_is_settled(figures, code):
    found = decide([seen(*figures, canary_cost=0.015)], NOTHING, loss_max=0.02)
    assert found.reason.code == code
    assert found.decision == ("rolled back" if code == "readout.loses" else "keep")


@pytest.mark.parametrize("canary_cost", [0.0101, 0.0099])
def test_a_cost_that_only_means_tell_is_not_certain(canary_cost):
    plain = seen(0.0, -0.01, 0.01, source=USERS, canary_cost=canary_cost)
    unsure = replace(plain, dearer=None)
    assert decide([plain], NOTHING, loss_max=0.02).decision != "keep"
    assert decide([unsure], NOTHING, loss_max=0.02).decision == "keep"
