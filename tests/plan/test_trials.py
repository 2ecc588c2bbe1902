"""Tests that no place owns: which variant answers half of the users, how much is read, and what is lost meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.test_channels import MARKET, SOLD

from steelyard.plan.facts import Priced
from steelyard.plan.market import Figure
from steelyard.plan.outlook import MONTH, Outlook
from steelyard.plan.trials import APART, PRICES, WEEKS, offer
from steelyard.reason import Reason

WORTH = st.floats(0.01, 0.99)


def variant(worth, name="other", **more):
    return Priced(name, name, worth, worth - 0.005, worth + 0.005, 1.0, **more)


def asked(live, alternatives=(), baseline=None, **market):
    facts = replace(
        SOLD,
        live=variant(live, "live"),
        alternatives=alternatives,
        baseline=baseline,
        market=replace(MARKET, **market),
    )
    return Outlook.of(facts)


def look_of(outlook, named):
    found = [one for one in offer(outlook).looks if one.named.code == named]
    return found[0] if found else None


@given(WORTH, st.lists(WORTH, max_size=4), st.one_of(st.none(), WORTH))
def test_half_of_the_users_are_answered_by_the_farthest_variant_that_meets_the_goals(
    live, others, baseline
):
    able = [variant(worth, f"v{i}") for i, worth in enumerate(others)]
    barred = [variant(0.0001 if live > 0.5 else 0.9999, "slow", misses=(Reason("x"),))]
    known = None if baseline is None else variant(baseline, "baseline")
    outlook = asked(live, [*able, *barred], known)
    found = look_of(outlook, "named.conversion")
    choices = [*others, *([] if baseline is None else [baseline])]
    apart = max((100 * abs(worth - live) for worth in choices), default=0.0)
    if apart < APART:
        assert found is None
        return
    assert found.because.numbers["points"] == pytest.approx(apart)
    # half of the requests of its weeks are answered worse by so much, and none better costs anything
    farthest = max(choices, key=lambda worth: abs(worth - live))
    requests = outlook.facts.requests / outlook.facts.days * WEEKS * 7
    lost = max(0.0, live - farthest) / 2 * requests * outlook.facts.answer
    assert found.look.cost == pytest.approx(lost)
    assert found.look.periods == pytest.approx(WEEKS * 7 / MONTH)


@pytest.mark.parametrize(("customers", "points"), [(3.0, 4.0), (20.0, 1.0)])
def test_its_error_is_that_of_simulated_halves(customers, points):
    """The slope of the log odds of buying, a point of quality, as two halves of the visitors tell it."""
    outlook = asked(
        0.80,
        [variant(0.80 - points / 100)],
        customers=Figure(customers, "measured", 100),
    )
    said = look_of(outlook, "named.conversion").look.error
    rng, share = np.random.default_rng(0), 0.02
    each = int(customers * WEEKS * 7 / share / 2)
    won = rng.binomial(each, share, size=(2, 20_000))
    odds = np.log(won / (each - won))
    assert np.std(odds[0] - odds[1]) / points == pytest.approx(said, rel=0.05)


@given(st.floats(0.1, 500), st.floats(0.1, 500))
def test_four_times_the_customers_halve_the_error(customers, times):
    errors = [
        look_of(asked(0.8, customers=Figure(n, "measured", 100)), "named.price").look.error
        for n in (customers, 4 * customers)
    ]
    assert errors[0] == pytest.approx(2 * errors[1], rel=1e-6)


@pytest.mark.parametrize("slope", [-0.03, -0.005, 0.0, 0.02])
def test_the_price_that_is_asked_loses_least_while_it_is_asked(slope):
    """Half of the visitors see it, and what they leave is written down here by hand."""
    figure = Figure(slope, "assumed", 0, slope - 0.002, slope + 0.002)
    elasticity = {
        "conversion": {"price": figure, "quality": Figure(0.0, "assumed", 0, -0.03, 0.03)}
    }
    outlook = asked(0.8, elasticity=elasticity)
    found, company = look_of(outlook, "named.price"), outlook.company
    odds = np.log(company.conversion / (1 - company.conversion))
    losses = {}
    for times in PRICES.values():
        lost = 0.0
        for part in (1.0, WEEKS * 7 / MONTH - 1):  # of the first month and of the second
            step = part * np.log(times)
            share = 1 / (1 + np.exp(-odds - company.price_to_conversion * step))
            left = company.conversion - share * np.exp(step)
            lost += float((120.0 * MONTH * company.worth * left).mean())
        losses[times] = lost / 2
    assert found.because.numbers["times"] == min(losses, key=losses.get)
    assert found.look.cost == pytest.approx(max(0.0, min(losses.values())))
    assert found.look.error == pytest.approx(
        2 / np.sqrt(3.0 * WEEKS * 7) / abs(np.log(found.because.numbers["times"]))
    )
    assert set(found.opens) == {one.step.name for one in offer(outlook).menu} == set(PRICES)


@pytest.mark.parametrize("lacks", ["worth", "customers"])
def test_without_customers_or_what_they_are_worth_nothing_is_offered(lacks):
    made = offer(asked(0.8, [variant(0.5)], **{lacks: None}))
    assert not (made.places or made.menu or made.looks or made.unknown)
