"""Cores that answer one request at a time: what they can do in time, and what a day's busiest hours lose."""

import math

import numpy as np
import pytest

from steelyard.stats.queue import lost_share, rate_within, waiting


def test_one_core_waits_as_the_closed_form_says_and_two_as_erlang_does():
    assert waiting(1, 0.4) == pytest.approx(0.4)
    # C(2, a) = a^2 / (2 + a), by hand
    assert waiting(2, 1.2) == pytest.approx(1.2**2 / 3.2)


def test_in_a_simulated_queue_one_in_twenty_waits_longer_at_that_rate():
    cores, service, wait = 2, 0.02, 0.05
    rate = rate_within(cores, service, wait)
    rng = np.random.default_rng(0)
    free, late, n = [0.0] * cores, 0, 200_000
    for at, takes in zip(
        np.cumsum(rng.exponential(1 / rate, n)), rng.exponential(service, n), strict=True
    ):
        first = min(range(cores), key=free.__getitem__)
        begins = max(at, free[first])
        late += begins - at > wait
        free[first] = begins + takes
    assert late / n == pytest.approx(0.05, abs=0.01)


def test_more_cores_and_more_patience_can_do_more_and_never_more_than_all():
    rates = [rate_within(cores, 0.01, 0.05) for cores in (1, 2, 4)]
    assert rates == sorted(rates) and rates[2] > 4 * rates[0]  # sharing a line helps
    assert rate_within(2, 0.01, 10.0) == pytest.approx(200.0, rel=1e-2)
    assert rate_within(2, 0.01, None) == 200.0 and rate_within(2, 0.01, 0.0) == 0.0
    assert math.isfinite(rate_within(1000, 0.01, 0.05))


@pytest.mark.parametrize("cores, service", [(0, 0.1), (1, 0.0), (1, -1.0)])
def test_no_core_and_no_time_are_refused(cores, service):
    with pytest.raises(ValueError, match="expected a core and a time above 0"):
        rate_within(cores, service, 0.1)


def test_a_day_loses_nothing_below_its_peak_and_all_above_what_can_be_done_beyond_it():
    assert lost_share(10.0, 24.0, 2.4) == 0.0 and lost_share(0.0, 1.0, 2.4) == 0.0
    assert lost_share(10.0, 0.0, 2.4) == pytest.approx(1.0, rel=1e-6)
    # the same at every hour: what is over is lost
    assert lost_share(10.0, 8.0, 1.0) == pytest.approx(0.2, rel=1e-3)
    shares = [lost_share(10.0, most, 3.0) for most in (5.0, 10.0, 20.0, 29.0)]
    assert shares == sorted(shares, reverse=True) and 0 < shares[3] < 0.01
