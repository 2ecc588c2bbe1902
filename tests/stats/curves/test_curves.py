"""What a learning curve believes after its points, against truths that are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.stats import Point, fit_curve
from steelyard.stats.curves import FINE_TUNED, STEADY, Runs
from steelyard.stats.curves.fit import DRAWS
from steelyard.words import both

SIZES = (250, 500, 1000, 2000)


def points(truth, sizes=SIZES, *, se=0.01):
    return [Point(n, truth(n), se) for n in sizes]


def power(n):
    return 0.9 - 1.2 * n**-0.5


def sigmoid(n):
    return 0.05 + 0.85 / (1 + (n / 800) ** -1.6)


def logarithm(n):
    return 0.3 + 0.06 * np.log(n)


@pytest.mark.parametrize("truth", [power, sigmoid, logarithm])
def test_a_curve_of_each_family_is_found_and_goes_on(truth):
    curve = fit_curve(points(truth, (125, *SIZES), se=0.004), seed=0, runs=STEADY)
    found = curve.predict(4000)
    assert found.low < truth(4000) < found.high and abs(found.value - truth(4000)) < 0.02
    assert [curve.predict(n).value for n in SIZES] == pytest.approx(
        [truth(n) for n in SIZES], abs=0.015
    )


def test_the_family_that_explains_the_points_weighs_most():
    rising = fit_curve(points(sigmoid, (125, *SIZES), se=0.004), seed=0, runs=STEADY).weights
    assert max(rising, key=rising.get) == "sigmoid" and sum(rising.values()) == pytest.approx(1.0)
    straight = fit_curve(points(logarithm, (125, *SIZES), se=0.002), seed=0, runs=STEADY).weights
    assert straight["logarithm"] > 0.25 > straight["power"]


def test_the_gain_of_one_training_is_less_sure_than_that_of_the_curve():
    curve = fit_curve(points(power), seed=0)
    mean = np.std(curve.draws(4000) - curve.draws(2000))
    assert np.std(curve.gain_draws(2000, 4000)) > 1.2 * mean


def test_a_method_whose_runs_differ_more_has_the_wider_gain():
    wide, narrow = (fit_curve(points(power), seed=0, runs=r) for r in (FINE_TUNED, STEADY))
    assert spread(wide) > 1.2 * spread(narrow)


def spread(curve, before=2000, after=4000):
    gain = curve.gain(before, after)
    return gain.high - gain.low


def test_seeds_that_were_repeated_say_how_much_runs_differ():
    """Two sets of points with the same means: in one the runs agree, in the other they do not."""
    sure, unsure = (
        fit_curve([Point(n, power(n) + k * d, 0.003) for n in SIZES for k in (-1, 0, 1)], seed=0)
        for d in (0.001, 0.03)
    )
    assert np.median(unsure.beliefs.deviation) > 2 * np.median(sure.beliefs.deviation)
    assert spread(unsure) > 1.5 * spread(sure)


def test_a_lucky_model_of_today_has_less_to_gain_and_an_unlucky_one_more():
    """The gain is counted from the model that was measured, not from the curve."""
    *parts, today = points(power, se=0.003)
    for luck in (0.02, -0.02):
        curve = fit_curve([*parts, Point(2000, today.quality + luck, 0.003)], seed=0)
        from_curve = curve.predict(4000).value - curve.predict(2000).value
        assert (curve.gain(2000, 4000).value - from_curve) * np.sign(luck) < -0.0015


def test_an_unsure_measurement_of_today_is_believed_less():
    *parts, today = points(power, se=0.005)
    luck = [
        fit_curve([*parts, Point(2000, today.quality + 0.02, se)], seed=0).beliefs.luck[:, -1]
        for se in (0.002, 0.03)
    ]
    assert luck[0].mean() > 2 * luck[1].mean() > 0


def test_the_last_of_several_models_of_today_is_the_one_that_is_improved():
    parts, low, high = points(power, SIZES[:3]), Point(2000, 0.85, 0.002), Point(2000, 0.89, 0.002)
    worse, better = (
        fit_curve([*parts, *two], seed=0).gain(2000, 4000).value
        for two in ((high, low), (low, high))
    )
    assert worse > better + 0.02


def test_a_model_that_was_not_measured_is_a_training_of_which_nothing_is_known():
    *parts, today = points(power, se=0.002)
    curve = fit_curve([*parts, Point(2000, today.quality + 0.02, 0.002)], seed=0)
    from_curve = curve.draws(4000) - curve.draws(1999)
    unknown = curve.gain_draws(1999, 4000)
    assert unknown.mean() == pytest.approx(from_curve.mean(), abs=0.001)
    assert np.std(unknown) > 1.2 * np.std(from_curve)
    assert curve.gain(2000, 4000).value < unknown.mean() - 0.0015


def test_points_on_one_hold_out_are_surer_of_differences_than_of_levels():
    shared, apart = (
        fit_curve(points(power, se=0.02), seed=0, runs=STEADY, correlations=c)
        for c in (np.full((4, 4), 0.9) + 0.1 * np.eye(4), np.eye(4))
    )
    assert np.std(shared.draws(2000)) > np.std(apart.draws(2000))
    assert np.std(shared.draws(2000) - shared.draws(500)) < 0.8 * np.std(
        apart.draws(2000) - apart.draws(500)
    )
    usual = fit_curve(points(power, se=0.02), seed=0, runs=STEADY)
    assert spread(shared) < spread(usual) < spread(apart)


def test_what_nested_parts_share_makes_a_gain_surer():
    alone, nested = (
        fit_curve(points(power, se=0.002), seed=0, runs=Runs(0.02, 0.5, shared=s))
        for s in (0.0, 0.9)
    )
    assert spread(nested) < 0.9 * spread(alone)


def test_no_labels_more_are_no_training_and_bring_nothing():
    curve = fit_curve(points(power), seed=0)
    assert not curve.gain_draws(2000, 2000).any()
    none = curve.gain(800, 800)
    assert (none.low, none.value, none.high, none.n) == (0.0, 0.0, 0.0, 4)


def test_one_draw_is_one_curve_and_one_luck_for_every_number_of_labels():
    curve = fit_curve(points(power), seed=0)
    one, two = (curve.gain_draws(2000, n) for n in (4000, 4100))
    assert one.shape == (DRAWS,) and np.corrcoef(one, two)[0, 1] > 0.99
    assert np.array_equal(curve.gain_draws(2000, 4000), one)
    assert np.corrcoef(curve.draws(4000), curve.draws(4100))[0, 1] > 0.99
    gain = curve.gain(2000, 4000, confidence=0.9)
    assert gain.low == pytest.approx(np.quantile(one, 0.05)) and gain.value == one.mean()


def test_intervals_hold_what_one_training_brought_as_often_as_they_say():
    inside, outcomes = 0, 300
    for seed in range(outcomes):
        rng = np.random.default_rng(seed)
        truth = (power, sigmoid, logarithm)[seed % 3]
        real = {n: truth(n) + rng.normal(0, 0.0179 * (n / 640) ** -0.79) for n in (*SIZES, 4000)}
        same = rng.normal(0, 0.008)
        seen = [Point(n, real[n] + same + rng.normal(0, 0.006), 0.01) for n in SIZES]
        gain = fit_curve(seen, seed=0).gain(2000, 4000, confidence=0.8)
        inside += gain.low <= real[4000] - real[2000] <= gain.high
    assert 0.75 <= inside / outcomes <= 0.97


def test_a_flat_curve_promises_no_gain_and_a_falling_one_says_so():
    flat = fit_curve(points(lambda n: 0.8), seed=0).gain(2000, 4000)
    assert flat.low < 0 < flat.high and abs(flat.value) < 0.006
    falling = fit_curve(points(lambda n: 0.9 - n / 5000, se=0.002), seed=0)
    assert falling.gain(2000, 4000).high < 0


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_equal_points_at_the_ends_stay_from_0_to_1(level):
    curve = fit_curve(points(lambda n: level, se=0.0), seed=0)
    assert abs(curve.gain(2000, 4000).value) < 0.01
    assert curve.draws(10**9).min() >= 0 and curve.draws(10**9).max() <= 1


def test_a_slow_start_of_many_labels_may_go_on_rising():
    slow = fit_curve([Point(n, q, 0.01) for n, q in ((150, 0.04), (300, 0.1), (600, 0.3))], seed=0)
    assert slow.gain(600, 2400).high > 0.3 and slow.gain(600, 2400).value > 0.08


def test_points_that_no_family_explains_are_said_and_widen_the_forecast():
    torn = fit_curve(
        [Point(n, q, 0.01) for n, q in zip(SIZES, (0.6, 0.8, 0.6, 0.8), strict=True)], seed=0
    )
    assert torn.misfit.code == "curve.misfit" and torn.misfit.numbers["times"] > 2
    assert spread(torn) > 3 * spread(fit_curve(points(power), seed=0))
    assert all("3" in said for said in both(torn.misfit).values())


@pytest.mark.parametrize("seed", range(4))
def test_many_exact_points_leave_the_forecast_as_unsure_as_the_draws_are_few(seed):
    sizes = [125 * 2**k for k in range(9)]
    gain = fit_curve(points(sigmoid, sizes, se=0.001), seed=seed, runs=STEADY).gain(32000, 64000)
    assert gain.low < sigmoid(64000) - sigmoid(32000) < gain.high


@pytest.mark.parametrize("truth", [power, sigmoid, logarithm, lambda n: 0.9 - n / 5000])
def test_points_of_a_family_with_usual_noise_are_no_misfit(truth):
    rng = np.random.default_rng(1)
    seen = [
        fit_curve([Point(n, truth(n) + rng.normal(0, 0.02), 0.01) for n in SIZES], seed=0).misfit
        for _ in range(20)
    ]
    assert seen.count(None) >= 19


def test_points_are_fitted_in_whatever_order_they_come():
    given_ = points(power)
    one, other = fit_curve(given_, seed=3), fit_curve(given_[::-1], seed=3)
    assert one.points == other.points
    assert np.array_equal(one.gain_draws(2000, 4000), other.gain_draws(2000, 4000))
    other = fit_curve(given_, seed=4)
    assert not np.array_equal(one.gain_draws(2000, 4000), other.gain_draws(2000, 4000))
    assert one.gain(2000, 4000).value == pytest.approx(other.gain(2000, 4000).value, abs=0.003)


def test_correlations_follow_the_points_they_are_of():
    errors = [Point(n, power(n), se) for n, se in zip(SIZES, (0.01, 0.02, 0.03, 0.04), strict=True)]
    like = np.exp(-np.abs(np.subtract.outer(range(4), range(4))) / 2.0)
    order = [2, 0, 3, 1]
    mixed = fit_curve([errors[k] for k in order], seed=0, correlations=like[np.ix_(order, order)])
    assert np.array_equal(
        mixed.draws(4000), fit_curve(errors, seed=0, correlations=like).draws(4000)
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([Point(100, 0.7, 0.01), Point(200, 0.8, 0.01), Point(200, 0.8, 0.01)], "3 different"),
        ([*points(power), Point(0, 0.5, 0.01)], "at least one label at every point, found 0"),
        ([*points(power), Point(99, 1.2, 0.01)], "from 0 to 1, found 1.2"),
        ([*points(power), Point(99, float("nan"), 0.01)], "from 0 to 1, found nan"),
        ([*points(power), Point(99, 0.5, -1.0)], "0 or more, found -1.0"),
        ([*points(power), Point(99, 0.5, float("inf"))], "0 or more, found inf"),
    ],
)
def test_what_is_no_point_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        fit_curve(wrong, seed=0)


@pytest.mark.parametrize(
    "wrong",
    [np.eye(3), 2 * np.eye(4), np.ones((4, 4)) - 2 * (1 - np.eye(4)), np.full((4, 4), np.nan)],
)
def test_correlations_that_numbers_cannot_have_are_refused(wrong):
    with pytest.raises(ValueError, match="expected correlations"):
        fit_curve(points(power), seed=0, correlations=wrong)


def test_less_than_one_label_is_refused():
    with pytest.raises(ValueError, match="at least one label, found 0"):
        fit_curve(points(power), seed=0).draws(0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=6), st.floats(0.0, 0.2))
def test_no_qualities_make_the_fit_fail(qualities, se):
    seen = [Point(50 * 2**i, q, se) for i, q in enumerate(qualities)]
    curve = fit_curve(seen, seed=0)
    gain = curve.gain(seen[-1].labels, 2 * seen[-1].labels)
    assert -1 <= gain.low <= gain.value <= gain.high <= 1
    assert curve.draws(10**9).min() >= 0 and curve.draws(10**9).max() <= 1
