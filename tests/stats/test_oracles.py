"""Intervals and curves against closed forms, exact distributions and symmetries."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from steelyard.stats import (
    Sample,
    bootstrap,
    bootstrap_kinds,
    difference,
    paired,
    paired_sums,
    radius,
)

few = settings(max_examples=25)
outcomes = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)
samples = st.builds(Sample, st.integers(1, 5000), st.floats(0.0, 1.0), st.floats(0.0, 0.25))


@pytest.mark.parametrize(("right", "n"), [(5, 10), (199, 200), (0, 50), (50, 50), (2250, 2500)])
def test_the_bootstrap_of_a_share_is_the_binomial_one(right, n):
    seen = bootstrap([1.0] * right + [0.0] * (n - right), repeats=4000, seed=2)
    low, high = binom.ppf([0.025, 0.975], n, right / n) / n
    assert (seen.low, seen.high) == (
        pytest.approx(low, abs=1.01 / min(n, 1500)),
        pytest.approx(high, abs=1.01 / min(n, 1500)),
    )


@pytest.mark.parametrize(("right", "n"), [(5, 10), (199, 200), (2250, 2500)])
def test_counts_of_kinds_give_the_interval_of_their_observations(right, n):
    kinds = bootstrap_kinds([1.0, 0.0], [right, n - right], repeats=4000, seed=2)
    low, high = binom.ppf([0.025, 0.975], n, right / n) / n
    assert (kinds.low, kinds.high) == (
        pytest.approx(low, abs=1.01 / min(n, 1500)),
        pytest.approx(high, abs=1.01 / min(n, 1500)),
    )
    assert (kinds.value, kinds.n) == (right / n, n)


def test_kinds_that_nobody_saw_are_refused_and_one_kind_is_certain():
    with pytest.raises(ValueError, match="at least one observation"):
        bootstrap_kinds([1.0, 0.0], [0, 0], seed=0)
    only = bootstrap_kinds([0.25, 9.0], [7, 0], seed=0)
    assert (only.low, only.value, only.high) == (0.25, 0.25, 0.25)


@few
@given(outcomes, st.integers(0, 5))
def test_an_interval_of_more_confidence_holds_that_of_less(values, seed):
    wide, narrow = (bootstrap(values, repeats=60, confidence=c, seed=seed) for c in (0.99, 0.5))
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    assert min(values) - 1e-12 <= wide.low and wide.high <= max(values) + 1e-12


@few
@given(outcomes, st.floats(-10, 10))
def test_an_interval_moves_with_its_values(values, shift):
    here = bootstrap(values, repeats=40, seed=1)
    there = bootstrap(np.asarray(values) + shift, repeats=40, seed=1)
    assert (there.low - here.low, there.high - here.high) == (
        pytest.approx(shift, abs=1e-9),
        pytest.approx(shift, abs=1e-9),
    )


def test_the_same_answers_differ_by_nothing_and_for_certain():
    counts = np.random.default_rng(0).integers(0, 3, (40, 2)).astype(float)
    pair = paired_sums(counts, counts, lambda sums: {"all": sums.sum(axis=-1)}, seed=0)["all"]
    assert (pair.low, pair.value, pair.high) == (0.0, 0.0, 0.0)


def test_a_sequence_of_normal_observations_leaves_its_radius_as_seldom_as_promised():
    walks = np.cumsum(np.random.default_rng(7).normal(0, 1, (600, 1500)), axis=1)
    n = np.arange(1, 1501)
    away = np.abs(walks / n)[:, 19:]
    wide = np.array([radius(k, confidence=0.9, tuned_at=500) for k in n[19:]])
    always, fixed = (
        (away > limit).any(axis=1).mean() for limit in (wide, norm.ppf(0.95) / np.sqrt(n[19:]))
    )
    assert 0.01 < always <= 0.1 < 0.3 < fixed


@pytest.mark.parametrize("n", [50, 500, 5000])
def test_a_sequence_is_narrowest_where_it_was_tuned(n):
    there = radius(n, confidence=0.95, tuned_at=n)
    for factor in (0.1, 0.5, 2.0, 10.0):
        assert there < radius(n, confidence=0.95, tuned_at=n * factor)


@pytest.mark.parametrize("n", [0, -1, -0.5])
def test_before_the_first_observation_nothing_is_known(n):
    assert radius(n, confidence=0.95, tuned_at=100) == math.inf


@given(st.integers(1, 10**6), st.floats(0.5, 0.94))
def test_more_confidence_is_a_wider_radius(n, confidence):
    less = radius(n, confidence=confidence, tuned_at=1000)
    assert less < radius(n, confidence=confidence + 0.05, tuned_at=1000)


@given(samples, samples)
def test_a_difference_turned_around_is_the_same_interval_turned_around(a, b):
    one, other = difference(a, b, tuned_at=1000), difference(b, a, tuned_at=1000)
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))
    assert one.value == pytest.approx(b.mean - a.mean) and one.n == a.n + b.n


@given(samples, st.integers(2, 50))
def test_more_of_the_same_observations_never_widen_a_difference(a, times):
    more = replace(a, n=a.n * times)
    few, many = difference(a, a, tuned_at=1000), difference(more, more, tuned_at=1000)
    assert many.high - many.low < few.high - few.low


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=50))
def test_pairs_are_centred_on_their_mean_and_wider_than_a_fixed_interval(differences):
    seen = paired(Sample.of(differences), tuned_at=100)
    mean, spread = np.mean(differences), np.std(differences)
    assert seen.value == pytest.approx(mean)
    assert seen.high - mean == pytest.approx(mean - seen.low)
    assert seen.high - mean > norm.ppf(0.975) * spread / math.sqrt(len(differences))


def test_a_sample_has_the_variance_of_its_observations_and_none_has_none():
    assert Sample.of([True, False, True, True]) == Sample(4, 0.75, 0.1875)
    assert Sample.of([]) == Sample(0, 0.0, 0.0)
    assert Sample.of(np.array([[1.0, 0.0], [0.0, 1.0]])) == Sample(4, 0.5, 0.25)
