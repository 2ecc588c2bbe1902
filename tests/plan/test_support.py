"""Of support nothing is invented: what an hour would have to keep is said, and no money is placed there."""

from dataclasses import replace

import pytest
from tests.plan.test_channels import MARKET, SOLD

from steelyard.plan.around import Around
from steelyard.plan.market import Figure
from steelyard.plan.outlook import Outlook
from steelyard.plan.support import offer
from steelyard.words import both

LEAVING = replace(MARKET, left=Figure(12.0, "measured", 36), arrives=(0.1, 0.3, 0.6, 1.0))


def test_an_hour_pays_from_where_it_keeps_as_much_as_it_costs_within_the_horizon():
    for months, came in ((2, 0.3), (12, 1.0)):
        facts = replace(SOLD, market=LEAVING, horizon=months, around=Around(hour_price=120.0))
        found = offer(Outlook.of(facts))
        [said] = found.unknown
        assert found.places == () and found.menu == ()
        assert said.numbers["keeps"] == pytest.approx(120 / (500 * came), rel=0.01)
        assert "of the 12.00 customers who leave a month" in both(said)["en"]


@pytest.mark.parametrize(
    "market, price, code",
    [
        (MARKET, 120.0, "support.not_booked"),
        (None, 120.0, "support.not_booked"),
        (replace(LEAVING, worth=None), 120.0, "support.not_booked"),
        (replace(LEAVING, worth=Figure(-5.0, "measured", 9)), 120.0, "support.worthless"),
        (LEAVING, None, "support.no_price"),
    ],
)
def test_what_is_missing_is_said_to_who_asks(market, price, code):
    found = offer(Outlook.of(replace(SOLD, market=market, around=Around(hour_price=price))))
    assert (found.unknown, [one.code for one in found.on_request]) == ((), [code])
