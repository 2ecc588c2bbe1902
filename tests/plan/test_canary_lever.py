"""A canary that is not decided is an option with figures, said beside whatever the money does."""

from dataclasses import replace

import pytest
from tests.plan.test_plan import FACTS, POOR, planned

from steelyard.as_json import to_json
from steelyard.interval import Interval
from steelyard.plan.canary import LEVER, undecided
from steelyard.plan.facts import Undecided
from steelyard.plan.labels import LEVER as LABELS
from steelyard.reason import Reason
from steelyard.release.left import Option as Left
from steelyard.taken import value_of

NET = Interval(200.0, -45.0, 446.0, 300)
BECAUSE = Reason(
    "option.records",
    {
        "said": Reason(
            "option.net", {"net": (200.0, -45.0, 446.0), "currency": "CNY", "requests": 1_000_000}
        ),
        "more": 400,
    },
)
OPEN = replace(FACTS, canary=Undecided(NET, BECAUSE), canary_name="onnx_int8")
LEVERS = [LEVER, LABELS]


def test_nothing_is_said_without_an_open_canary():
    assert undecided(FACTS) == []


def test_the_money_is_kept_and_the_canary_is_said_with_its_figures():
    plan, _ = planned(replace(POOR, canary=OPEN.canary, canary_name="onnx_int8"), LEVERS)
    assert plan["recommendation"]["option"] == "nothing"
    for figure in ("+200", "-45", "+446", "400", "onnx_int8", "steelyard turn"):
        assert figure in plan["because"] and figure in plan["because_zh"]
    row = next(o for o in plan["options"] if o["name"] == "canary")
    assert (row["spend"], row["net"], row["low"], row["high"]) == (0.0, 200.0, -45.0, 446.0)


def test_it_is_beside_a_purchase_and_does_not_compete_with_it():
    sure = Undecided(Interval(9e9, 8e9, 1e10, 300), BECAUSE)
    plan, _ = planned(replace(OPEN, canary=sure), LEVERS)
    assert plan["recommendation"]["option"] == "labels"
    assert "onnx_int8" in plan["because"]


def test_what_the_replay_left_is_read_as_it_was_written():
    left = Left(
        source="replay",
        currency="CNY",
        net_per_1000=Interval(0.2, -0.045, 0.446, 300),
        net_until_next_turn=NET,
        requests_until_next_turn=1_000_000,
        more_records=400,
        more_users=None,
        more_requests=None,
        because=BECAUSE,
    )
    assert value_of(Undecided | None, to_json(left)) == Undecided(NET, BECAUSE)


@pytest.mark.parametrize("money", [0.0, 1e6])
def test_it_costs_nothing_whatever_the_budget(money):
    assert LEVER.respond(OPEN, money)[0].spend == 0.0
