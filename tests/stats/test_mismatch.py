"""Users that an arm lost are found at whatever look, and arms that got theirs are left alone."""

import numpy as np
import pytest

from steelyard.stats import mismatch
from steelyard.stats.shares import LEVEL


def first_found(seed, share, lost, *, n=20_000):
    rng = np.random.default_rng(seed)
    here = share * (1 - lost) / (share * (1 - lost) + 1 - share)
    canary = np.cumsum(rng.random(n) < here)
    looks = range(100, n + 1, 100)
    found = (
        end
        for end in looks
        if mismatch([end - int(canary[end - 1]), int(canary[end - 1])], [1 - share, share]).found
    )
    return next(found, None)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_shares_that_are_kept_are_not_doubted_at_any_look(share):
    assert sum(first_found(seed, share, 0.0) is not None for seed in range(100)) <= 1


@pytest.mark.parametrize(("share", "lost", "users"), [(0.5, 0.3, 3000), (0.5, 0.1, 15_000)])
def test_an_arm_that_loses_users_is_found(share, lost, users):
    found = [first_found(seed, share, lost) for seed in range(40)]
    assert sum(n is not None and n <= users for n in found) >= 36


def test_before_anybody_came_nothing_speaks_against_the_shares():
    assert mismatch([0, 0], [0.9, 0.1]).odds == pytest.approx(1.0)
    assert mismatch([10**7, 0], [0.5, 0.5]).odds > 1 / LEVEL


@pytest.mark.parametrize("shares", [[0.5], [0.5, 0.4], [1.0, 0.0]])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(ValueError, match="share"):
        mismatch([5, 5], shares)
