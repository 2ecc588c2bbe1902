"""Wilson's interval beside the one of scipy, and that it never has no width."""

import pytest
from scipy.stats import binomtest

from steelyard.stats.proportion import wilson


@pytest.mark.parametrize(("right", "n"), [(0, 1), (20, 20), (0, 20), (7, 20), (500, 1000)])
def test_it_is_that_of_scipy(right, n):
    theirs = binomtest(right, n).proportion_ci(confidence_level=0.9, method="wilson")
    ours = wilson(right / n, n, confidence=0.9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert ours.low < ours.high and ours.n == n
