"""BG/NBD against its paper, brute force over its two mixtures, and customers who live by it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma
from tests.stats.lifetime.simulated import CDNOW, customers

from steelyard.reason import Reason
from steelyard.stats.lifetime import BgNbd, Summary, bg_nbd_log_likelihood, fit_bg_nbd
from steelyard.stats.lifetime.bg_nbd import REPEATERS_MIN, _BgNbdLikelihood, purchases_of_new
from steelyard.stats.lifetime.maximum import Maximum

SURE = Maximum(np.zeros(4), np.zeros((4, 4)), 0.0)
AS_CDNOW = BgNbd(**CDNOW, customers=2357, maximum=SURE)
positive = st.floats(0.05, 20.0)


def rows(*triples):
    x, recency, age = np.array(triples, dtype=float).T
    return Summary(np.arange(len(x)), x.astype(int), recency, age, np.zeros(len(x)))


def mean_over_both(lived, *, r, alpha, a, b):
    """Mean of lived(p, rate) over chance and rate, on a grid of Gauss-Legendre."""
    node, weight = np.polynomial.legendre.leggauss(600)
    p, rate = (node + 1) / 2, 15 * (node + 1)
    density = (beta.pdf(p, a, b) * weight / 2)[:, None] * gamma.pdf(rate, r, scale=1 / alpha)
    return float((lived(p[:, None], rate) * density * 15 * weight).sum())


def brute(x, recency, age, **given):
    """What one customer's purchases are worth as data (their eq. 3, mixed)."""

    def alike(p, rate):
        stays = (1 - p) ** x * rate**x * np.exp(-rate * age)
        goes = p * (1 - p) ** (x - 1) * rate**x * np.exp(-rate * recency) if x else 0.0
        return stays + goes

    return mean_over_both(alike, **given)


@pytest.mark.parametrize("one", [(0, 0.0, 5.0), (1, 2.0, 5.0), (3, 4.5, 6.0)])
def test_the_likelihood_is_the_mean_over_both_mixtures(one):
    given = {"r": 2.0, "alpha": 3.0, "a": 1.5, "b": 2.5}
    assert bg_nbd_log_likelihood(rows(one), **given) == pytest.approx(
        np.log(brute(*one, **given)), rel=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(positive, positive, positive, positive)
def test_the_gradient_is_that_of_the_likelihood(r, alpha, a, b):
    likelihood = _BgNbdLikelihood.of(rows((0, 0, 9), (1, 3, 9), (12, 8.5, 9), (4, 4, 40)))
    logs = np.log([r, alpha, a, b])
    slopes = [
        (likelihood(logs + step)[0] - likelihood(logs - step)[0]) / 2e-5
        for step in np.eye(4) * 1e-5
    ]
    assert likelihood(logs)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-5)


def test_the_likelihood_of_a_very_loyal_customer_is_finite():
    logs = np.log([0.243, 4.414, 0.793, 2.426])
    value, gradient = _BgNbdLikelihood.of(rows((20000, 500.0, 500.0)))(logs)
    assert np.isfinite(value) and np.all(np.isfinite(gradient))


def closed_form(x, recency, age, weeks, *, r, alpha, a, b):
    """Their eq. 10 as it stands."""
    z = weeks / (alpha + age + weeks)
    term = hyp2f1(r + x, b + x, a + b + x - 1, z) * (1 - z) ** (r + x)
    gone = (a / (b + x - 1)) * ((alpha + age) / (alpha + recency)) ** (r + x) if x else 0.0
    return (a + b + x - 1) / (a - 1) * (1 - term) / (1 + gone)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 30),
    st.floats(0.1, 0.9),
    st.floats(5.0, 60.0),
    st.floats(0.5, 100.0),
    st.floats(0.2, 0.8) | st.floats(1.2, 4.0),
    st.floats(1.1, 6.0),
)
def test_what_is_expected_is_the_closed_form_where_that_is_stable(x, share, age, weeks, a, b):
    given = {"r": 0.6, "alpha": 5.0, "a": a, "b": b}
    recency = share * age if x else 0.0
    model = BgNbd(**given, customers=1, maximum=SURE)
    assert model.expected(rows((x, recency, age)), weeks=weeks)[0] == pytest.approx(
        closed_form(x, recency, age, weeks, **given), rel=1e-7
    )


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-9, 0.05, 300.0])
@pytest.mark.parametrize(("x", "weeks"), [(0, 1e-3), (0, 2000.0), (2, 39.0), (400, 52.0)])
def test_where_the_closed_form_cancels_or_overflows_it_is_still_the_mean_over_the_chance(
    a, x, weeks
):
    b, r, alpha, age = 2.4, 0.3, 4.0, 30.0

    def lived(logit):
        p = 1 / (1 + np.exp(-logit))
        grows = -np.expm1(-(r + x) * np.log1p(p * weeks / (alpha + age))) / p
        return grows * np.exp(beta.logpdf(p, a, b + x) + np.log(p) + np.log1p(-p))

    brute = sum(quad(lived, low, low + 10, epsabs=0, epsrel=1e-7)[0] for low in range(-600, 30, 10))
    model = BgNbd(r, alpha, a, b, 1, SURE)
    found = model.expected(rows((x, float(age if x else 0), age)), weeks=weeks)[0]
    alive = model.alive(rows((x, float(age if x else 0), age)))[0]
    assert found == pytest.approx(brute * alive, rel=1e-6)


def test_a_customer_with_two_purchases_buys_as_the_paper_says():
    """Their section 4.3 works one customer through: x = 2, t_x = 30.43, T = 38.86 -> 1.226."""
    assert AS_CDNOW.expected(rows((2, 30.43, 38.86)), weeks=39.0)[0] == pytest.approx(
        1.226, abs=5e-4
    )


def test_new_customers_buy_as_the_mean_over_rate_and_chance():
    given = {"r": 2.0, "alpha": 4.414, "a": 1.6, "b": 2.426}
    brute = mean_over_both(lambda p, rate: -np.expm1(-rate * p * 20.0) / p, **given)
    found = purchases_of_new(np.array(list(given.values())), 20.0)[0]
    assert found == pytest.approx(brute, rel=1e-5)


def test_whoever_never_came_back_is_alive_and_the_longer_away_the_less():
    away = AS_CDNOW.alive(rows((0, 0, 30), (3, 29, 30), (3, 15, 30), (3, 1, 30), (2000, 100, 900)))
    assert away[0] == 1.0 and np.all(np.diff(away) < 0) and 0 <= away[4] < 1e-300


@settings(max_examples=30, deadline=None)
@given(positive, positive, positive, positive, st.integers(1, 50), st.floats(0.0, 1.0))
def test_expectations_rise_with_time_and_never_above_the_rate(r, alpha, a, b, x, share):
    model = BgNbd(r, alpha, a, b, 1, SURE)
    ahead = np.array([0.0, 0.1, 1.0, 10.0, 100.0])
    found = model.expected_by(rows((x, max(share, 0.01) * 40, 40.0)), ahead)[0]
    assert found[0] == 0 and np.all(np.diff(found) >= 0)
    assert np.all(found <= (r + x) / (alpha + 40) * ahead * (1 + 1e-9))


def test_simulated_customers_give_their_parameters_back():
    model = fit_bg_nbd(customers(6000, 3)[0])
    for name, sd in zip(
        ("r", "alpha", "a", "b"), np.sqrt(np.diag(model.maximum.covariance)), strict=True
    ):
        assert abs(np.log(getattr(model, name) / CDNOW[name])) < 3 * sd < 1.0


def test_the_order_of_customers_changes_nothing():
    summary, _ = customers(800, 1)
    order = np.random.default_rng(0).permutation(800)
    turned = Summary(
        *(
            getattr(summary, n)[order]
            for n in ("customers", "frequency", "recency_weeks", "age_weeks", "mean_value")
        )
    )
    assert fit_bg_nbd(turned).r == pytest.approx(fit_bg_nbd(summary).r, rel=1e-9)


def test_few_customers_are_refused_and_told_how_many_came_back():
    few, _ = customers(30, 0)
    found = fit_bg_nbd(few)
    assert isinstance(found, Reason) and found.code == "lifetime.few_repeaters"
    assert found.numbers == {"customers": 30, "repeaters": few.repeaters, "needed": REPEATERS_MIN}


def test_customers_who_never_come_back_are_refused():
    nobody = rows(*[(0, 0.0, 30.0)] * 5000)
    assert fit_bg_nbd(nobody).code == "lifetime.few_repeaters"


def test_purchases_that_do_not_tell_who_leaves_are_refused():
    """All alike and all here until the end: any chance to go that is small enough does."""
    alike = rows(*[(10, 39.9, 40.0)] * 60)
    assert fit_bg_nbd(alike).code == "lifetime.not_identified"
