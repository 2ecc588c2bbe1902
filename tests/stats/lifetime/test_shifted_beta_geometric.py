"""Shifted-beta-geometric against its paper, sums to the end of time, and simulated subscribers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta
from tests.stats.lifetime.simulated import subscribers

from steelyard.stats.lifetime import ShiftedBetaGeometric, fit_shifted_beta_geometric
from steelyard.stats.lifetime.maximum import Maximum

# Fader & Hardie 2007, table 1: per mille of a cohort that is here after 0, 1, ... 12 years
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
SURE = Maximum(np.zeros(2), np.zeros((2, 2)), 0.0)


def of(alpha, beta):
    return ShiftedBetaGeometric(alpha, beta, 1000, SURE)


@pytest.mark.parametrize(
    ("cohort", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)]
)
def test_seven_years_give_the_published_parameters_and_twelve_are_forecast(cohort, alpha, beta):
    model = fit_shifted_beta_geometric([cohort[:8]])
    assert (model.alpha, model.beta) == (
        pytest.approx(alpha, abs=1e-3),
        pytest.approx(beta, abs=1e-3),
    )
    assert model.survival(12) == pytest.approx(cohort[12] / 1000, abs=0.02)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 20.0), st.floats(0.1, 20.0), st.integers(1, 30))
def test_survival_is_the_mean_over_the_chance_and_the_product_of_retentions(a, b, t):
    brute = quad(lambda p: (1 - p) ** t * beta.pdf(p, a, b), 0, 1, limit=200)[0]
    found = of(a, b)
    assert found.survival(t) == pytest.approx(brute, rel=1e-3)
    assert found.survival(t) == pytest.approx(
        np.prod(found.retention(np.arange(1, t + 1))), rel=1e-9
    )


def test_retention_rises_as_those_who_leave_are_gone():
    assert np.all(np.diff(of(0.668, 3.806).retention(np.arange(1, 40))) > 0)


@pytest.mark.parametrize("renewed", [0, 1, 4, 40])
@pytest.mark.parametrize(("alpha", "beta"), [(0.668, 3.806), (1.5, 0.4), (30.0, 200.0)])
def test_the_discounted_residual_lifetime_is_the_sum_of_its_payments(alpha, beta, renewed):
    model, t = of(alpha, beta), np.arange(1, 4000)
    still = model.survival(renewed + t) / model.survival(renewed)
    assert model.residual_lifetime(renewed, discount_rate=0.1) == pytest.approx(
        float((still * 1.1**-t).sum()), rel=1e-8
    )


def test_a_lifetime_is_finite_without_discount_only_where_alpha_is_above_one():
    assert of(0.668, 3.806).lifetime() == float("inf")
    model = of(3.0, 4.0)
    assert model.lifetime() == pytest.approx((3 + 4 - 1) / (3 - 1))
    assert model.residual_lifetime(2) == pytest.approx((4 + 2) / (3 - 1))
    assert model.lifetime(discount_rate=0.1) < model.lifetime(discount_rate=0.01) < model.lifetime()


def test_cohorts_of_different_length_are_read_together():
    whole = subscribers(4000, 6, 1), subscribers(3000, 4, 2), subscribers(1000, 1, 3)
    model = fit_shifted_beta_geometric(whole)
    sds = np.sqrt(np.diag(model.maximum.covariance))
    assert model.customers == 8000
    for found, truth, sd in zip((model.alpha, model.beta), (0.668, 3.806), sds, strict=True):
        assert abs(np.log(found / truth)) < 3 * sd < 1.0


def test_a_cohort_cut_in_two_is_the_same_cohort():
    half = [n // 2 for n in HIGH_END[:8]]
    other = [n - h for n, h in zip(HIGH_END[:8], half, strict=True)]
    assert fit_shifted_beta_geometric([half, other]).alpha == pytest.approx(
        fit_shifted_beta_geometric([HIGH_END[:8]]).alpha
    )


def test_the_interval_of_survival_holds_the_truth_as_often_as_it_says():
    truth = of(0.668, 3.806).survival(12)
    fits = [fit_shifted_beta_geometric([subscribers(500, 7, seed)]) for seed in range(25)]
    held = [
        m.survival_interval(12, confidence=0.9).low <= truth <= m.survival_interval(12).high
        for m in fits
    ]
    assert sum(held) >= 18  # 22.5 expected


def test_intervals_hold_their_value_and_may_be_open_above():
    model = fit_shifted_beta_geometric([HIGH_END[:8]])
    now = model.residual_interval(4, discount_rate=0.1)
    assert now.low < now.value < now.high < 15 and now.n == 1000
    assert model.residual_interval(4, discount_rate=0.0).high == float("inf")


@pytest.mark.parametrize("cohort", [[100, 90, 95], [100, -1], []])
def test_counts_that_rise_or_are_none_are_told(cohort):
    with pytest.raises(ValueError, match="never rise"):
        fit_shifted_beta_geometric([cohort])


@pytest.mark.parametrize("given", [{"renewed": -1}, {"renewed": 1, "discount_rate": -0.5}])
def test_a_rate_or_a_number_of_renewals_below_zero_is_told(given):
    with pytest.raises(ValueError, match="not negative"):
        of(1.0, 1.0).residual_lifetime(**given)


@pytest.mark.parametrize(
    "cohorts", [[], [[1000]], [[1000, 500]], [[1000, 1000, 1000]], [[10, 8, 7]]]
)
def test_subscribers_who_tell_too_little_are_refused(cohorts):
    assert fit_shifted_beta_geometric(cohorts).code == "lifetime.few_losses"


def test_retention_that_does_not_rise_is_refused():
    falling = [1000, 950, 850, 700, 500, 300]
    assert fit_shifted_beta_geometric([falling]).code == "lifetime.retention_flat"
