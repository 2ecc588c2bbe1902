"""Each belief at its ends moves the plan as it says, and where it makes another place better, that one is named."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_channels import MARKET, SOLD
from tests.plan.test_plan import FACTS, POOR

from steelyard.plan.channels import LEVER as CHANNELS
from steelyard.plan.labels import LEVER as LABELS
from steelyard.plan.market import Figure
from steelyard.plan.outlook import Outlook
from steelyard.plan.tornado import LESS, MORE, tornado
from steelyard.plan.weigh import weigh


def moved(facts, among=None):
    weighed = weigh(Outlook.of(facts), among=among)
    return tornado(weighed), weighed


def row(told, belief):
    return next(one for one in told["rows"] if one["belief"] == belief)


def test_the_widest_is_first_and_its_ends_are_those_of_its_draws():
    told, weighed = moved(replace(SOLD, answer=0.001), [CHANNELS])
    swings = [one["swing"] for one in told["rows"]]
    assert swings == sorted(swings, reverse=True) and told["profit"] == pytest.approx(
        weighed.gain.mean()
    )
    worth = row(told, "worth")
    low, high = np.quantile(weighed.outlook.company.worth, [0.1, 0.9])
    assert (worth["low"]["at"], worth["high"]["at"]) == pytest.approx((low, high))
    # all that the channel brings are customers: money in, less the unit
    spent = weighed.amounts.sum()
    times = [worth[end]["profit"] + spent for end in ("low", "high")]
    assert times[1] / times[0] == pytest.approx(high / low, rel=0.01)
    assert not worth["assumed"] and worth["low"]["profit"] < told["profit"]


def test_conversion_does_not_move_a_channel_that_is_known_by_its_customers():
    wide = replace(
        SOLD, market=replace(MARKET, conversion=Figure(0.025, "measured", 9, 0.01, 0.06))
    )
    told, _ = moved(replace(wide, answer=0.0), [CHANNELS])
    assert "conversion" not in {one["belief"] for one in told["rows"]}


def test_what_is_written_in_the_file_is_said_to_be_assumed():
    told, _ = moved(FACTS, [LABELS])
    answer, requests = row(told, "answer"), row(told, "requests")
    assert answer["assumed"] and answer["low"]["at"] == pytest.approx(LESS * FACTS.answer)
    assert answer["high"]["at"] == pytest.approx(MORE * FACTS.answer)
    # money is requests times what an answer is worth, less the same price
    assert answer["high"]["profit"] == pytest.approx(requests["high"]["profit"])
    assert row(told, "labels")["unit"] == "quality"


def test_another_place_is_named_where_it_would_be_better():
    told, weighed = moved(replace(SOLD, answer=0.001))
    assert weighed.split.spend.get("labels", 0.0) == 0.0
    slope = row(told, "quality_to_conversion")
    assert slope["high"]["better"]["name"] == "labels" and "better" not in slope["low"]
    assert slope["high"]["better"]["profit"] > slope["high"]["profit"] + 1000


def test_what_caution_leaves_lying_anyway_is_no_news_of_a_belief():
    """By means all of the money were better in labels, whatever the channel brings."""
    told, weighed = moved(replace(SOLD, answer=0.02))
    assert 0 < weighed.split.spend["labels"] < weighed.question.budget / 2
    assert "better" not in row(told, "ads")["low"] and "better" not in row(told, "ads")["high"]


def test_where_nothing_is_placed_only_what_would_change_that_is_told():
    told, weighed = moved(POOR, [LABELS])
    assert not weighed.amounts.any()
    for one in told["rows"]:
        assert one["low"]["profit"] == one["high"]["profit"] == 0.0
        assert "better" in one["low"] or "better" in one["high"]
    assert moved(FACTS, [])[0] == {"profit": 0.0, "rows": []}
