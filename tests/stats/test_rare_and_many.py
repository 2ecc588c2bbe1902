"""Rare failures and users of many requests: the two ways in which a count of requests is too sure."""

import numpy as np
import pytest

from steelyard.stats import Sample, difference, grown, radius, ratio_sample


def rate(n, right):
    return Sample(n, right / n, right / n * (1 - right / n))


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_a_canary_whose_failures_are_rare_is_not_proven_good_before_they_show(share):
    """Worse by the margin: .97 against .99; 8 to 12 % were promoted with half an observation of prior."""
    seeds, promoted, n = 150, 0, 10_000
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        canary = rng.random(n) < share
        good = rng.random(n) < np.where(canary, 0.97, 0.99)
        k, s, right = np.cumsum(canary), np.cumsum(good & canary), np.cumsum(good)
        for end in range(20, n + 1, 50):
            b, own = int(k[end - 1]), float(s[end - 1])
            if 0 < b < end:
                d = difference(rate(end - b, right[end - 1] - own), rate(b, own), tuned_at=2000)
                if d.low > -0.02:
                    promoted += 1
                    break
    assert promoted / seeds <= 0.05


def test_requests_of_one_user_are_what_one_user_says():
    """Of users alike in all their answers, ten requests each say no more than one."""
    once, right = np.ones(40), np.arange(40) % 4 > 0
    many = of(10 * once, 10.0 * right)
    assert many == of(once, 1.0 * right)
    assert many.mean == pytest.approx(0.75) and many.variance == pytest.approx(0.75 * 0.25)


def test_a_user_of_many_requests_counts_by_his_requests():
    assert of(np.array([9.0, 1.0]), np.array([0.0, 1.0])).mean == pytest.approx(0.1)
    assert of(np.array([]), np.array([])) == Sample(0, 0.0, 0.0)


def of(count, total):
    return ratio_sample(
        len(count),
        total=float(total.sum()),
        count=float(count.sum()),
        total2=float(total @ total),
        count2=float(count @ count),
        product=float(total @ count),
    )


def test_what_is_missing_makes_the_interval_as_narrow_as_asked():
    n = grown(500, 0.4, tuned_at=1000)
    asked = 0.4 * radius(500, confidence=0.95, tuned_at=1000)
    assert radius(n, confidence=0.95, tuned_at=1000) < asked
    assert radius(n - 1, confidence=0.95, tuned_at=1000) >= asked
    assert grown(500, 1.5, tuned_at=1000) == 500
    assert grown(500, 0.0, tuned_at=1000) is None is grown(0, 0.5, tuned_at=1000)
