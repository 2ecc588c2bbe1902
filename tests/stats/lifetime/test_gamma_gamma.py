"""Gamma-gamma against its integral, simulated amounts, and amounts that tell nothing."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, spearmanr
from tests.stats.lifetime.simulated import customers

from steelyard.stats.lifetime import GammaGamma, Summary, fit_gamma_gamma
from steelyard.stats.lifetime.gamma_gamma import _GammaGammaLikelihood
from steelyard.stats.lifetime.maximum import Maximum
from steelyard.stats.ranks import ranks

AS_CDNOW = GammaGamma(
    6.25, 3.74, 15.44, 946, 0.0, Maximum(np.zeros(3), np.zeros((3, 3)), 0.0)
)  # Fader & Hardie 2013, section 5


def of(frequency, mean):
    n = len(frequency)
    x = np.array(frequency)
    return Summary(
        np.arange(n), x, np.where(x > 0, 10.0, 0.0), np.full(n, 30.0), np.array(mean, dtype=float)
    )


@pytest.mark.parametrize(("x", "mean"), [(1, 12.0), (2, 30.5), (9, 4.0)])
def test_the_likelihood_is_the_mean_over_the_customers_scale(x, mean):
    p, q, v = 2.0, 3.0, 15.0
    brute = quad(
        lambda nu: gamma.pdf(mean, p * x, scale=1 / (nu * x)) * gamma.pdf(nu, q, scale=1 / v), 0, 20
    )[0]
    found = _GammaGammaLikelihood(np.array([float(x)]), np.array([mean]))(np.log([p, q, v]))
    assert found[0] == pytest.approx(np.log(brute), rel=1e-7)


def test_the_gradient_is_that_of_the_likelihood():
    likelihood = _GammaGammaLikelihood(np.array([1.0, 4, 30]), np.array([0.02, 9, 4e4]))
    logs = np.log([2.0, 3.0, 15.0])
    slopes = [
        (likelihood(logs + step)[0] - likelihood(logs - step)[0]) / 2e-6
        for step in np.eye(3) * 1e-6
    ]
    assert likelihood(logs)[1] == pytest.approx(slopes, rel=1e-6)


def test_values_lie_between_the_customers_own_mean_and_that_of_all():
    """The paper's mean of all is 35.2, and its weighted average is eq. 5."""
    found = AS_CDNOW.mean_value(of([0, 1, 1, 50], [0.0, 20.0, 80.0, 80.0]))
    everybody = AS_CDNOW.mean_of_all
    assert everybody == pytest.approx(35.2, abs=0.05) and found[0] == pytest.approx(everybody)
    assert 20 < found[1] < everybody < found[2] < found[3] < 80
    weight = 6.25 / (6.25 + 3.74 - 1)
    assert found[2] == pytest.approx((1 - weight) * everybody + weight * 80.0)


def test_simulated_amounts_give_their_parameters_back():
    model = fit_gamma_gamma(customers(6000, 5)[0])
    sds = np.sqrt(np.diag(model.maximum.covariance))
    for found, truth, sd in zip((model.p, model.q, model.v), (6.0, 4.0, 15.0), sds, strict=True):
        assert abs(np.log(found / truth)) < 3 * sd < 0.6
    assert abs(model.correlation) < 0.1


def test_money_in_cents_is_money_a_hundred_times_as_much():
    summary, _ = customers(1500, 2)
    cents = of(summary.frequency, summary.mean_value * 100)
    one, other = fit_gamma_gamma(summary), fit_gamma_gamma(cents)
    assert (other.p, other.q) == pytest.approx((one.p, one.q), rel=1e-4)
    assert other.mean_of_all == pytest.approx(100 * one.mean_of_all, rel=1e-4)


def test_value_that_goes_with_frequency_is_told_by_the_correlation():
    x = np.tile(np.arange(1, 21), 10)
    noise = np.random.default_rng(0).gamma(3.0, 1 / 3, 200)
    assert fit_gamma_gamma(of(x, 5.0 * x**0.5 * noise)).correlation > 0.3


def test_purchases_that_cost_nothing_are_left_out_of_the_fit():
    summary, _ = customers(400, 2)
    free = of([*summary.frequency, 3, 4], [*summary.mean_value, 0.0, 0.0])
    one, other = fit_gamma_gamma(summary), fit_gamma_gamma(free)
    assert other.customers == one.customers and other.p == pytest.approx(one.p)
    assert other.mean_value(free)[-1] == pytest.approx(other.mean_of_all)


def test_few_who_paid_are_refused():
    found = fit_gamma_gamma(of([1] * 19 + [0] * 500, [9.0] * 19 + [0.0] * 500))
    assert found.code == "lifetime.few_paid" and found.numbers["customers"] == 19


@pytest.mark.parametrize(
    "mean", [[20.0] * 200, list(1.05 ** np.arange(200.0) * 1e3 ** (np.arange(200) % 7))]
)
def test_amounts_without_a_mean_that_can_be_told_are_refused(mean):
    assert fit_gamma_gamma(of([1] * 200, mean)).code == "lifetime.value_not_identified"


def test_the_correlation_is_spearmans_with_ties():
    rng = np.random.default_rng(3)
    for digits in (0, 1, 6):
        x, y = rng.integers(1, 6, 80).astype(float), np.round(rng.gamma(2, 3, 80), digits)
        own = np.corrcoef(ranks(x), ranks(y))[0, 1]
        assert own == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
