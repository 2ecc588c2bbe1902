"""Intervals that hold what they promise."""

import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.stats import norm

from steelyard.stats import (
    Interval,
    Sample,
    bootstrap,
    bootstrap_sums,
    difference,
    paired,
    paired_sums,
    radius,
)

LOOKS = range(20, 1001, 5)


def peeked(simulate, reject) -> float:
    """Share of 200 experiments without any effect that a peeking analyst would call an effect."""
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        a, b = simulate(rng)
        found += any(reject(a, b, n) for n in LOOKS)
    return found / 200


def arms(rng):
    return rng.random(1000) < 0.8, rng.random(1000) < 0.8


def always_valid(a, b, n) -> bool:
    found = difference(Sample.of(a[:n]), Sample.of(b[:n]), tuned_at=2000)
    return found.low > 0 or found.high < 0


def fixed_z(a, b, n) -> bool:
    spread = np.sqrt(a[:n].var() / n + b[:n].var() / n)
    return bool(abs(a[:n].mean() - b[:n].mean()) > norm.ppf(0.975) * spread)


def test_peeking_at_an_always_valid_interval_keeps_the_promised_error():
    assert peeked(arms, always_valid) <= 0.05


def test_peeking_at_a_fixed_test_does_not_so_the_simulation_can_tell():
    assert peeked(arms, fixed_z) > 0.15


@pytest.mark.parametrize("right", [0.8, 0.95, 0.99])
def test_a_small_canary_does_not_raise_false_alarms(right):
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(300):
        outcome, canary = rng.random(2000) < right, rng.random(2000) < 0.1
        looks = [(outcome[:n][~canary[:n]], outcome[:n][canary[:n]]) for n in range(20, 2001, 20)]
        seen = [difference(Sample.of(a), Sample.of(b), tuned_at=1000) for a, b in looks]
        alarms += any(i.low > 0 or i.high < 0 for i in seen)
    assert alarms <= 15


def pairs(rng, worse, better, shape):
    """Differences of answers that agree but for a share that got worse and one that got better."""
    u = rng.random(shape)
    return np.where(u < worse, -1.0, np.where(u < worse + better, 1.0, 0.0))


def missed(worse, better, *, experiments=400, confidence=0.95):
    """Share of paired sequences that once left out the true mean difference, at 150 looks."""
    looks = range(20, 3001, 20)
    seen = pairs(np.random.default_rng(5), worse, better, (experiments, 3000))
    found = 0
    for one in seen:
        sums, squares = np.cumsum(one), np.cumsum(one**2)
        for n in looks:
            mean = sums[n - 1] / n
            sample = Sample(n, mean, squares[n - 1] / n - mean**2)
            interval = paired(sample, confidence=confidence, tuned_at=1000)
            if not interval.low <= better - worse <= interval.high:
                found += 1
                break
    return found / experiments


@pytest.mark.parametrize(
    ("worse", "better"), [(0.005, 0.005), (0.02, 0.02), (0.1, 0.1), (0.02, 0.0), (0.03, 0.01)]
)
def test_peeking_at_pairs_keeps_the_promised_error_even_where_all_differences_point_one_way(
    worse, better
):
    assert missed(worse, better) <= 0.05


def test_pairs_of_answers_that_mostly_agree_tell_more_than_two_arms_of_as_many_requests():
    rng = np.random.default_rng(0)
    live = (rng.random(1000) < 0.85).astype(float)
    canary = np.clip(live + pairs(rng, 0.02, 0.02, 1000), 0, 1)
    pair = paired(Sample.of(canary - live), tuned_at=1000)
    arms = difference(Sample.of(live[::2]), Sample.of(canary[1::2]), tuned_at=1000)
    assert pair.high - pair.low < (arms.high - arms.low) / 2


def test_no_pairs_know_nothing_and_pairs_that_all_agree_are_not_certainty():
    nothing = paired(Sample.of([]), tuned_at=1000)
    assert (nothing.low, nothing.high, nothing.n) == (-np.inf, np.inf, 0)
    alike = paired(Sample.of([0.0] * 100), tuned_at=1000)
    assert alike.low < -0.02 and alike.high > 0.02


def test_a_real_difference_is_found_in_the_right_direction():
    rng = np.random.default_rng(0)
    found = difference(
        Sample.of(rng.random(4000) < 0.7), Sample.of(rng.random(4000) < 0.8), tuned_at=8000
    )
    assert 0 < found.low < 0.1 < found.high


def test_an_arm_without_observations_knows_nothing():
    found = difference(Sample.of([]), Sample.of([1, 0]), tuned_at=10)
    assert found.low == -np.inf and found.high == np.inf


def test_a_run_of_equal_outcomes_is_not_certainty():
    found = difference(Sample.of([1.0] * 10), Sample.of([1.0] * 10), tuned_at=100)
    assert found.low < -0.05


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_sequence_narrows_with_n_and_is_wider_than_a_fixed_interval(n, tuned_at):
    here = radius(n, confidence=0.95, tuned_at=tuned_at)
    assert radius(4 * n, confidence=0.95, tuned_at=tuned_at) < here
    assert here > norm.ppf(0.975) / np.sqrt(n)


def test_the_radius_is_that_of_the_published_equation():
    n, alpha, tuned = 500, 0.05, 1000
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha)) + 1) / tuned
    expected = np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha))
    assert radius(n, confidence=0.95, tuned_at=tuned) == pytest.approx(expected)


def test_the_bootstrap_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(0).normal(0, 1, 400)
    found = bootstrap(values, seed=0)
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert (found.value, found.n) == (pytest.approx(values.mean()), 400)


def ratio(sums):
    """A metric that is no mean of its records: of sums of two columns."""
    return {"ratio": sums[..., 0] / np.maximum(sums[..., 1], 1), "first": sums[..., 0] * 1.0}


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("block", [1, 7, 2**22])
def test_sums_of_weighted_counts_are_the_statistics_of_resampled_records(
    monkeypatch, sparse, block
):
    monkeypatch.setattr(importlib.import_module("steelyard.stats.bootstrap"), "BLOCK", block * 60)
    counts = np.random.default_rng(3).integers(0, 4, (60, 2)).astype(float)
    found = bootstrap_sums(csr_matrix(counts) if sparse else counts, ratio, repeats=50, seed=5)
    rng = np.random.default_rng(5)
    drawn = [ratio(counts[rng.integers(0, 60, 60)].sum(0)) for _ in range(50)]
    for name in ("ratio", "first"):
        low, high = np.quantile([d[name] for d in drawn], [0.025, 0.975])
        assert (found[name].low, found[name].high) == (pytest.approx(low), pytest.approx(high))
        assert found[name].value == pytest.approx(float(ratio(counts.sum(0))[name]))


def test_a_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(0)
    a = (rng.random(500) < 0.8).astype(float)
    b = np.where(rng.random(500) < 0.05, 1.0, a)
    columns = (v.reshape(-1, 1) for v in (a, b))
    pair = paired_sums(*columns, lambda sums: {"mean": sums[..., 0] / 500}, seed=0)["mean"]
    alone = bootstrap(a, seed=0)
    assert pair.high - pair.low < (alone.high - alone.low) / 2
    assert pair.value == pytest.approx(b.mean() - a.mean())


def many_ratios(sums):
    """The mean over 40 classes of a ratio whose sums are small: macro-F1 of hits, answers and truths."""
    hits, said, true = (sums[..., 40 * i : 40 * (i + 1)] for i in range(3))
    return {"macro": (2 * hits / np.maximum(said + true, 1)).mean(-1)}


def test_an_interval_of_a_mean_of_ratios_of_small_sums_holds_the_truth():
    rng, held, every = np.random.default_rng(1), 0, np.arange(240)
    for _ in range(60):  # six of each class, three quarters of them right, errors anywhere
        true = rng.integers(0, 40, 240)
        said = np.where(rng.random(240) < 0.75, true, rng.integers(0, 40, 240))
        counts = np.zeros((240, 120))
        for block, column in ((0, true), (1, said), (2, true)):
            counts[every, 40 * block + column] = 1
        counts[:, :40] *= (said == true)[:, None]
        found = bootstrap_sums(counts, many_ratios, repeats=300, seed=0)["macro"]
        held += found.low <= 0.75 + 0.25 / 40 <= found.high
    assert held >= 54


def test_the_same_seed_gives_the_same_interval():
    one, two = (bootstrap(np.arange(50.0), seed=7) for _ in range(2))
    assert one == two and isinstance(one, Interval) and one != bootstrap(np.arange(50.0), seed=8)


def test_no_observations_are_refused_and_neither_are_others_paired():
    with pytest.raises(ValueError, match="none"):
        bootstrap([], seed=0)
    with pytest.raises(ValueError, match="expected the same 3 records, found 2"):
        paired_sums(np.ones((3, 2)), np.ones((2, 2)), ratio, seed=0)
