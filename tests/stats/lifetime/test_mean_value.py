"""Customers who all pay alike have a mean that gamma-gamma cannot find; a few large ones have none."""

import numpy as np
import pytest
from tests.stats.lifetime.test_gamma_gamma import of

from steelyard.stats.lifetime import fit_gamma_gamma, mean_value


def test_a_shop_of_one_price_has_a_mean_though_gamma_gamma_finds_none():
    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, 300)
    one_price = of(x, 20.0 * (1 + 0.2 / np.sqrt(x) * rng.normal(size=300)))
    assert fit_gamma_gamma(one_price).code == "lifetime.value_not_identified"
    found = mean_value(one_price)
    assert abs(found.mean_of_all - 20.0) < 3 * found.error < 0.5
    drawn = found.means(4000, seed=1)
    assert drawn.mean() == pytest.approx(found.mean_of_all, abs=0.02)
    assert drawn.std() == pytest.approx(found.error, rel=0.1)


def test_whoever_did_not_come_back_is_left_out():
    found = mean_value(of([1] * 30 + [0] * 70, [10.0] * 30 + [0.0] * 70))
    assert (found.mean_of_all, found.error, found.customers) == (10.0, 0.0, 30)


def test_few_are_refused_and_so_are_amounts_that_a_few_make_up():
    assert mean_value(of([1] * 5, [10.0] * 5)).code == "lifetime.few_paid"
    far = list(1e3 ** (np.arange(200.0) % 7))
    assert mean_value(of([1] * 200, far)).code == "lifetime.value_not_identified"
