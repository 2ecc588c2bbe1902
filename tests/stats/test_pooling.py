"""Slopes pooled over experiments: intervals cover, errors in x attenuate nothing, and a prior stands for none."""

import numpy as np
import pytest

from steelyard.stats.pooling import pooled

WIDE = (0.0, 0.3)


def simulated(seed, *, n, slopes, error, noise=0.02, between=0.03, about=0.0):
    """Experiments whose true differences are `about` this, as deviations of one."""
    rng, slopes = np.random.default_rng(seed), np.asarray(slopes)
    shape = n, len(slopes)
    true = about + rng.standard_normal(shape)
    x = true + error * rng.standard_normal(shape)
    y = true @ slopes + between * rng.standard_normal(n) + noise * rng.standard_normal(n)
    return pooled(
        x, np.full(shape, error), y, np.full(n, noise), prior=[WIDE] * len(slopes), between=0.05
    )


@pytest.mark.parametrize(("n", "error"), [(3, 0.3), (6, 1.0), (12, 0.3), (30, 1.0)])
def test_the_interval_covers_the_slope_as_often_as_it_says(n, error):
    found = [simulated(seed, n=n, slopes=[0.04], error=error).slopes[0] for seed in range(200)]
    assert np.mean([one.low <= 0.04 <= one.high for one in found]) >= 0.93


@pytest.mark.parametrize("about", [0.0, 1.0])
def test_two_causes_are_told_apart_also_where_they_go_together(about):
    slopes = [0.04, -0.03]
    found = [simulated(seed, n=20, slopes=slopes, error=0.7, about=about) for seed in range(60)]
    for k, true in enumerate(slopes):
        own = [one.slopes[k] for one in found]
        assert np.mean([one.low <= true <= one.high for one in own]) >= 0.9
        assert np.mean([one.value for one in own]) == pytest.approx(true, abs=0.012)


def test_an_error_in_x_as_large_as_its_spread_does_not_flatten_the_slope():
    """A plain regression halves it."""
    true, flat, mended = 0.04, [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(60)
        y = true * x + 0.02 * rng.standard_normal(60)
        seen = x + rng.standard_normal(60)
        flat.append(seen @ y / (seen @ seen))
        asked = {"prior": [WIDE], "between": 0.05}
        found = pooled(seen[:, None], np.ones((60, 1)), y, np.full(60, 0.02), **asked)
        mended.append(found.slopes[0].value)
    assert np.mean(flat) < 0.6 * true
    assert true * 0.95 < np.mean(mended) < true * 1.2


def test_without_an_experiment_the_slope_is_its_prior():
    found = pooled([], [], [], [], prior=[(0.01, 0.02), (-0.03, 0.001)], between=0.05)
    for slope, (mean, deviation) in zip(found.slopes, [(0.01, 0.02), (-0.03, 0.001)], strict=True):
        assert slope.value == pytest.approx(mean) and slope.n == 0
        assert slope.high - slope.value == pytest.approx(1.95996 * deviation, rel=1e-4)
    assert found.told == pytest.approx((0, 0), abs=1e-9)


def test_experiments_take_the_place_of_the_prior_as_they_come():
    told = [simulated(1, n=n, slopes=[0.04], error=0.1).told[0] for n in (1, 3, 10, 40)]
    assert told == sorted(told) and told[0] > 0.3 and told[-1] > 0.99


def test_what_differs_between_experiments_widens_the_interval():
    alike = simulated(3, n=12, slopes=[0.04], error=0.1, between=0.0)
    apart = simulated(3, n=12, slopes=[0.04], error=0.1, between=0.1)
    assert apart.between > 3 * alike.between
    width = [one.slopes[0].high - one.slopes[0].low for one in (alike, apart)]
    assert width[1] > 2 * width[0]


def test_an_experiment_that_hardly_knows_what_it_changed_changes_little():
    asked = {"prior": [(0.0, 0.02)], "between": 0.05}
    vague = pooled([[0.1]], [[5.0]], [0.5], [0.01], **asked)
    exact = pooled([[5.0]], [[0.1]], [0.5], [0.01], **asked)
    assert abs(vague.slopes[0].value) < 0.01 < 0.03 < exact.slopes[0].value
