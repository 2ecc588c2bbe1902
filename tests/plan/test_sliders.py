"""What a page adds up is what the plan says, and how far it is from that stands beside it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_plan import FACTS

from steelyard.plan.company import Move, Place, Profits, Step
from steelyard.plan.levers import MEASURED, Lever
from steelyard.plan.market import Figure, Market
from steelyard.plan.offers import Offer, Offered, OfferedStep
from steelyard.plan.outlook import Outlook, normal
from steelyard.plan.sliders import BYTES_MAX, KINDS, added, sliders
from steelyard.plan.weigh import weigh
from steelyard.reason import told

MARKET = Market(
    "2026-06-01",
    "CNY",
    visits=Figure(300.0, MEASURED, 9000),
    customers=Figure(9.0, MEASURED, 270, 8.0, 10.0),
    conversion=Figure(0.03, MEASURED, 9000, 0.027, 0.033),
    worth=Figure(500.0, MEASURED, 270, 460.0, 540.0),
)
SAID = told("x", "x")


def lever(outlook, name, arm, driver, height, scale, *, once=None):
    """A place that brings up to `height`, half of it at `scale`."""
    drawn = height * np.exp(0.3 * normal(name))

    def gain(money):
        return drawn * money / (money + scale), drawn * scale / (money + scale) ** 2

    months = outlook.months
    move = Move(driver, gain, np.ones(months))
    place = Place(name, arm, [move], np.eye(months)[0], most=50_000.0)
    offered = Offered(place, MEASURED, lambda money: SAID, lambda money: SAID, once=once)
    return Lever(name, lambda facts, money: (), None, offer=lambda _: Offer([offered]))


def variant(outlook, cost=0.0):
    move = Move("serving", lambda _: (np.full(512, -0.5), np.zeros(512)), np.ones(outlook.months))
    step = Step("cheaper", "technology", [move], cost)
    offered = OfferedStep(step, MEASURED, SAID, SAID)
    return Lever("variant", lambda facts, money: (), None, offer=lambda _: Offer(menu=[offered]))


def asked(*, answer=0.05, once=None, cost=0.0):
    facts = replace(FACTS, market=MARKET, answer=answer, label_price=0.0)
    outlook = Outlook.of(facts)
    among = [
        lever(outlook, "search", "market", "visits", 200.0, 900.0),
        lever(outlook, "labels", "technology", "quality", 0.02, 400.0, once=once),
        variant(outlook, cost),
    ]
    return weigh(outlook, among=among)


@pytest.fixture(scope="module")
def weighed():
    return asked()


def test_at_the_plans_amounts_the_sum_is_what_the_plan_says_but_for_what_was_thinned(weighed):
    made = sliders(weighed)
    spread = made["own"]["high"] - made["own"]["low"]
    assert weighed.amounts.min() > 0 and weighed.taken  # money in both places, and a free step
    for end in ("value", "low", "high"):
        assert abs(made["added"][end] - made["own"][end]) < 0.1 * spread


def test_each_amount_is_the_profit_that_its_place_brings_alone(weighed):
    made = sliders(weighed)
    company, steps = weighed.outlook.company, weighed.split.steps
    before = Profits.of(company, (), [], steps).profit
    for place, offered in zip(made["places"], weighed.places, strict=True):
        for at, x in enumerate(place["amounts"]):
            alone = Profits.of(company, [offered.place], [x], steps).profit - before
            parts = sum(np.array(place[k][at]) for k in KINDS if k in place)
            mean = parts.mean() - place["paid"] * x
            assert mean == pytest.approx(
                alone.mean(), abs=0.05 * alone.std() + 0.02 * abs(mean) + 0.1
            )


def test_what_nobody_is_paid_for_is_no_money_of_customers(weighed):
    by_name = {one["name"]: one for one in sliders(weighed)["places"]}
    assert "declared" not in by_name["search"] and "customers" in by_name["search"]
    assert "declared" in by_name["labels"]
    unpaid = {one["name"]: one for one in sliders(asked(answer=0.0))["places"]}
    assert not any("declared" in one for one in unpaid.values())


def test_a_step_that_is_free_is_in_what_no_slider_moves(weighed):
    base = sliders(weighed)["base"]
    assert np.mean(base["serving"]) > 0 and not np.any(base["customers"])


def test_a_step_that_is_paid_is_paid_whatever_a_slider_says(weighed):
    dear = asked(cost=5.0)
    made, company = sliders(dear), dear.outlook.company
    assert made["steps"] == 5.0 and sliders(weighed)["steps"] == 0.0
    steps = [one.step for one in dear.taken]
    alone = Profits.of(company, (), [], steps).profit - Profits.of(company, (), [], ()).profit
    assert np.mean(made["base"]["serving"]) == pytest.approx(alone.mean(), abs=2.0)


def test_what_is_paid_once_is_paid_with_the_first_money_alone():
    weighed = asked(once=Step("training", "technology", [], 25.0))
    made = sliders(weighed)
    labels = next(one for one in made["places"] if one["name"] == "labels")
    assert labels["once"] == 25.0 and labels["spend"] > 0
    without = {**made, "places": [{**labels, "spend": 0.0}]}
    base = sum(np.array(made["base"][kind], dtype=float) for kind in KINDS)
    assert np.allclose(added(without), base)
    assert abs(made["added"]["value"] - made["own"]["value"]) < 0.05 * made["own"]["value"]


@pytest.mark.parametrize("places", [0, 3, 40])
def test_the_json_is_small_however_many_places_there_are(places):
    outlook = Outlook.of(replace(FACTS, market=MARKET, answer=0.05, label_price=0.0))
    among = [
        lever(outlook, f"place {i}", "technology", "quality", 1e-4, 4e4) for i in range(places)
    ]
    made = sliders(weigh(outlook, among=among))
    assert len(json.dumps(made)) <= BYTES_MAX and len(made["places"]) == places
    draws = {len(row) for one in made["places"] for k in KINDS if k in one for row in one[k]}
    assert draws <= {len(made["base"]["customers"])}
