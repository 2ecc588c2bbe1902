"""A larger share is offered where a change of one showed what it does, beside what others did in the same days."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_channels import MARKET, SOLD
from tests.plan.test_plan import FACTS, planned

from steelyard.plan.market import Change, Shared
from steelyard.plan.outlook import Outlook
from steelyard.plan.partners import LEVER, lift, offer

RAISED = Change("2026-10-01", 40, (0.1, 0.2), (100, 200), (400, 400))
ACME = Shared("acme", 0.2, won=5.0, value=300.0, change=RAISED)


def with_partners(*partners, facts=SOLD):
    return replace(facts, market=replace(facts.market, partners=partners))


def test_what_all_had_in_the_same_days_is_no_effect_of_the_share():
    value, error = lift(RAISED)
    assert value == pytest.approx(math.log(2))
    assert error == pytest.approx(math.sqrt(1 / 100 + 1 / 200 + 2 / 400))
    season, _ = lift(replace(RAISED, others=(400, 800)))
    assert season == pytest.approx(0.0)


def test_a_share_that_drew_customers_is_raised_farther_and_pays_on_all_of_them():
    [one] = offer(Outlook.of(with_partners(ACME))).menu
    assert one.because.numbers["share"] == pytest.approx(0.25) and one.step.arm == "market"
    gain, _ = one.step.moves[0].gain(0.0)
    value, error = lift(RAISED)
    # half of what was seen, in 30 days of 5 conversions; a customer of 500 less a quarter of 300
    drawn = 0.5 * (value + error * np.random.default_rng(0).normal(size=20_000))
    owed = 150 * 0.05 * 300
    expected = (150 * np.expm1(drawn)).mean() * (500 - 75) - owed
    assert float(np.mean(gain)) == pytest.approx(expected, rel=0.02)
    plan, _ = planned(with_partners(ACME), [LEVER])
    assert plan["recommendation"]["steps"] == ["share of acme"]
    assert "`market.partners.acme.share: 0.25`" in plan["do"]


def test_a_partner_that_has_nearly_all_is_given_no_more():
    assert offer(Outlook.of(with_partners(replace(ACME, share=0.97)))).menu == []


def test_a_cut_that_cost_nobody_is_not_paid_back():
    cut = replace(RAISED, share=(0.2, 0.1), own=(100, 100))
    [one] = offer(Outlook.of(with_partners(replace(ACME, share=0.1, change=cut)))).menu
    assert float(np.mean(one.step.moves[0].gain(0.0)[0])) < 0
    plan, _ = planned(with_partners(replace(ACME, share=0.1, change=cut)), [LEVER])
    assert plan["recommendation"]["steps"] == []


def test_without_others_a_season_may_be_the_cause_and_nothing_is_advised():
    alone = replace(ACME, change=replace(RAISED, others=(0, 0)))
    plan, _ = planned(with_partners(alone), [LEVER])
    assert plan["recommendation"]["steps"] == []
    assert plan["split"]["steps"][0]["evidence"] == "assumed"


def test_partners_whose_share_never_changed_are_named_and_none_is_said_to_who_asks():
    few = replace(ACME, name="beta", change=replace(RAISED, own=(3, 9)))
    found = offer(Outlook.of(with_partners(replace(ACME, change=None), few)))
    assert [one.code for one in found.unknown] == ["partners.never_changed"]
    assert found.unknown[0].numbers["partners"] == ("acme", "beta")
    none = offer(Outlook.of(SOLD))
    assert (none.unknown, [one.code for one in none.on_request]) == ((), ["partners.none"])
    poor = replace(SOLD, market=replace(MARKET, worth=None))
    unknown = offer(Outlook.of(with_partners(ACME, facts=poor))).unknown
    assert [one.code for one in unknown] == ["partners.no_worth"]
    assert [one.code for one in offer(Outlook.of(FACTS)).on_request] == ["partners.none"]
