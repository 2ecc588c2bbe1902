"""A test of the launch page says what it takes and tells; what another page does is assumed and never advised alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_channels import MARKET, SOLD
from tests.plan.test_plan import FACTS, planned

from steelyard.plan.around import Around
from steelyard.plan.market import Figure
from steelyard.plan.outlook import Outlook
from steelyard.plan.page import HOURS, LEVER, USUAL, effect, offer
from steelyard.words import both

PRICED = replace(SOLD, around=Around(hour_price=100.0))
CROWD = replace(
    PRICED,
    market=replace(
        MARKET,
        visits=Figure(400_000.0, "measured", 63),
        customers=Figure(10_000.0, "measured", 900_000),
        conversion=Figure(0.025, "measured", 10**6, 0.0248, 0.0252),
    ),
)


def test_nine_in_ten_pages_do_less_than_published_tests_say_and_the_mean_is_none():
    drawn = effect()
    assert np.mean(np.abs(drawn) < USUAL) == pytest.approx(0.9, abs=0.01)
    assert drawn.mean() == pytest.approx(0.0, abs=1e-12) and np.abs(drawn).max() > 3 * USUAL


def test_visitors_of_an_arm_tell_the_smallest_change_four_times_in_five():
    [look] = offer(Outlook.of(CROWD)).looks
    numbers, rng = look.because.numbers, np.random.default_rng(0)
    n, share = numbers["visits"], 0.025
    assert n == 400_000 * 56 / 2 and look.look.cost == HOURS * 100.0
    a, b = (rng.binomial(n, share * times, 4000) for times in (1.0, 1 + numbers["smallest"]))
    z = (b - a) / np.sqrt(a + b)
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)
    a, b = (rng.binomial(numbers["for_usual"], share * times, 4000) for times in (1.0, 1 + USUAL))
    assert np.mean((b - a) / np.sqrt(a + b) > 1.96) == pytest.approx(0.8, abs=0.03)
    assert numbers["days"] == pytest.approx(2 * numbers["for_usual"] / 400_000, abs=1)


def test_many_visitors_make_the_test_worth_its_hours_and_few_do_not():
    for facts, worth in ((CROWD, True), (PRICED, False)):
        plan, weighed = planned(facts, [LEVER])
        [(look, found)] = weighed.looks
        assert (found.net > 0) is worth
        assert plan["recommendation"]["steps"] == []  # no page is advised untested
        assert plan["recommendation"]["experiment"] is worth
    assert "/go/page_a" in both(look.do)["en"] and "page_b" in both(look.do)["zh"]


@pytest.mark.parametrize(
    "facts, code",
    [
        (FACTS, "page.not_counted"),
        (SOLD, "page.no_price"),
        (replace(PRICED, around=Around(hour_price=100.0, hours=3.0)), "page.no_time"),
    ],
)
def test_what_is_missing_is_said_to_who_asks(facts, code):
    found = offer(Outlook.of(facts))
    assert (found.looks, found.menu, found.unknown) == ((), (), ())
    assert [one.code for one in found.on_request] == [code]
