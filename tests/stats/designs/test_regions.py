"""Region tests: the control follows the treated, the draw is the test, and the promised errors are kept."""

import numpy as np
import pytest
from tests.stats.designs.histories import lifted, regions

from steelyard.stats import ratio_lift
from steelyard.stats.designs import design_regions
from steelyard.stats.designs.regions import _contrasts

NAMES = [f"region {i}" for i in range(16)]
HISTORY = regions(90, 16, 0)


def design(history=HISTORY, **more):
    return design_regions(history, NAMES, **{"treat": 3, "length": 14, "seed": 0} | more)


def test_one_of_the_sets_that_could_be_drawn_is_and_the_same_by_seed():
    found = design()
    assert len(found.treated) == 3 and len(set(found.sets)) == len(found.sets) >= 40
    assert design() == found and {design(seed=s).treated for s in range(4)} != {found.treated}
    assert found.lost_outcome < HISTORY.mean(axis=0).max() * 3 * 14 * found.smallest_lift


def test_weights_of_the_control_are_a_mean_of_regions_that_are_not_treated():
    contrasts = _contrasts(HISTORY, [(0, 1, 2), (4, 7, 9)])
    assert contrasts.sum(axis=1) == pytest.approx([0, 0], abs=1e-9)
    assert contrasts[1, [4, 7, 9]] == pytest.approx(1 / 3)
    assert np.all(np.delete(contrasts[1], [4, 7, 9]) <= 0)


def test_a_region_that_is_another_on_a_higher_level_is_followed_exactly():
    history = HISTORY.copy()
    history[:, 0] = 200 + history[:, 5]
    assert _contrasts(history, [(0,)])[0, 5] == pytest.approx(-1, abs=1e-6)


def test_a_lift_moves_the_readout_by_just_that():
    run = regions(104, 16, 3)
    found = design(run[:90])
    before, after = found.readout(run).lift, found.readout(lifted(run, found, 0.2)).lift
    assert 1 + after.value == pytest.approx((1 + before.value) * 1.2)
    assert 1 + after.low == pytest.approx((1 + before.low) * 1.2)


def test_nothing_is_found_where_nothing_is_and_what_was_promised_is():
    false, true, covered, n = 0, 0, 0, 24
    for seed in range(n):
        run = regions(104, 16, 100 + seed)
        found = design(run[:90], seed=seed)
        told = found.readout(lifted(run, found, found.smallest_lift))
        false += found.readout(run).p_value <= 0.05
        true += told.p_value <= 0.05
        covered += told.lift.low <= found.smallest_lift <= told.lift.high
    assert false <= 4 and true >= 14 and covered >= 19  # 1.2, 19.2 and 22.8 expected


def test_regions_may_be_chosen_by_hand():
    found = design(treated=["region 7", "region 2", "region 5"])
    assert found.treated == ("region 2", "region 5", "region 7")


@pytest.mark.parametrize(
    ("code", "history", "more"),
    [
        ("design.short_history", HISTORY[:69], {}),
        ("design.too_noisy", HISTORY, {"lift_wanted": 0.001}),
        ("design.few_regions", HISTORY, {"treat": 1}),
    ],
)
def test_what_cannot_be_designed_is_refused(code, history, more):
    assert design(history, **more).code == code


@pytest.mark.parametrize("more", [{"treat": 0}, {"treat": 16}, {"length": 0}, {"treated": ["x"]}])
def test_a_design_that_is_none_is_told(more):
    with pytest.raises(ValueError):
        design(**more)


def test_an_outcome_of_nothing_is_told():
    with pytest.raises(ValueError, match="above zero"):
        design(np.minimum(HISTORY, HISTORY.mean()) * 0)
    with pytest.raises(ValueError, match="history before the test"):
        design().readout(HISTORY[:20])


def test_a_ratio_of_users_is_read_as_often_right_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        orders = rng.poisson(2.0, (2, 400)) + 1
        money = orders * rng.gamma(2.0, 5.0, (2, 400))
        found = ratio_lift((money[0], orders[0]), (money[1] * 1.1, orders[1]))
        held += found.low <= 0.1 <= found.high
    assert 180 <= held <= 198  # 190 expected


def test_a_conversion_is_a_ratio_over_one_and_bad_arms_are_told():
    found = ratio_lift(([1, 0, 0, 1], 1.0), ([1, 0, 1, 1], 1.0))
    assert found.value == pytest.approx(0.5) and found.n == 8 and found.low < 0 < found.high
    for arm in (([0.0, 0.0], 1.0), ([1.0], 1.0), ([1.0, 2.0], [0.0, 0.0])):
        with pytest.raises(ValueError, match="two users"):
            ratio_lift(arm, ([1, 2], 1.0))
