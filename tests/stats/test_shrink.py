"""A small measured difference beside its posterior, integrated without the grid."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr

from steelyard.stats.shrink import _LEAST, _MOST, shrunk

SEEN = st.floats(-30, 30)
ERROR = st.floats(0.05, 20)
MEAN = st.floats(-3, 3)
SCALE = st.floats(0.1, 10)


def posterior(figure, seen, error, mean, scale):
    """Mean of `figure(middle, deviation)` over the deviation of true differences, between the ends of the grid."""

    def weight(log):
        tau = scale * math.exp(log)
        total = tau**2 + error**2
        cauchy = 1 / (1 + (tau / scale) ** 2)
        return tau * cauchy * math.exp(-0.5 * (seen - mean) ** 2 / total) / math.sqrt(total)

    def at(log):
        tau = scale * math.exp(log)
        total = tau**2 + error**2
        return figure(mean + tau**2 / total * (seen - mean), error * tau / math.sqrt(total))

    ends = math.log(_LEAST), math.log(_MOST)
    top = quad(lambda log: weight(log) * at(log), *ends, limit=400, epsabs=0, epsrel=1e-9)[0]
    return top / quad(weight, *ends, limit=400, epsabs=0, epsrel=1e-9)[0]


@settings(max_examples=60)
@given(SEEN, ERROR, MEAN, SCALE)
def test_the_expected_difference_is_the_integral(seen, error, mean, scale):
    found = shrunk(seen, error, mean=mean, scale=scale).value
    right = posterior(lambda middle, _: middle, seen, error, mean, scale)
    assert found == pytest.approx(right, abs=0.02 * (abs(seen - mean) + 1e-9))


@settings(max_examples=60)
@given(SEEN, ERROR, MEAN, SCALE, st.floats(-20, 20))
def test_the_chance_of_a_limit_is_the_integral(seen, error, mean, scale, limit):
    found = shrunk(seen, error, mean=mean, scale=scale).below(limit)
    right = posterior(lambda m, d: float(ndtr((limit - m) / d)), seen, error, mean, scale)
    assert found == pytest.approx(right, abs=0.02)


@given(SEEN, ERROR, MEAN, SCALE)
def test_it_lies_between_what_is_usual_and_what_was_seen(seen, error, mean, scale):
    found = shrunk(seen, error, mean=mean, scale=scale).value
    slack = 1e-9 * (1 + abs(seen) + abs(mean))
    assert min(seen, mean) - slack <= found <= max(seen, mean) + slack


@given(SEEN, ERROR, MEAN, SCALE, st.floats(-20, 20))
def test_turned_around_it_is_turned_around(seen, error, mean, scale, limit):
    one = shrunk(seen, error, mean=mean, scale=scale)
    other = shrunk(-seen, error, mean=-mean, scale=scale)
    assert other.value == pytest.approx(-one.value, abs=1e-9)
    assert other.below(-limit) == pytest.approx(1 - one.below(limit), abs=1e-9)


@given(SEEN, ERROR, MEAN, SCALE, st.floats(0.01, 100))
def test_another_unit_is_another_unit(seen, error, mean, scale, unit):
    one = shrunk(seen, error, mean=mean, scale=scale)
    other = shrunk(seen * unit, error * unit, mean=mean * unit, scale=scale * unit)
    assert other.value == pytest.approx(one.value * unit, rel=1e-9, abs=1e-12)


@given(ERROR, MEAN, SCALE, st.lists(SEEN, min_size=2, max_size=2, unique=True))
def test_who_saw_more_expects_more(error, mean, scale, pair):
    less, more = (shrunk(seen, error, mean=mean, scale=scale).value for seen in sorted(pair))
    assert less <= more + 1e-9


@given(SEEN, MEAN, SCALE)
def test_what_is_measured_without_error_is_believed(seen, mean, scale):
    assert shrunk(seen, 1e-6 * scale, mean=mean, scale=scale).value == pytest.approx(
        seen, abs=1e-6 * (1 + abs(seen) + abs(mean))
    )
