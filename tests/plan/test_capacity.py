"""Another core is weighed where the busiest hours ask more than the cores can answer in time, and on what is said alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_plan import FACTS, planned

from steelyard.plan.around import Around
from steelyard.plan.capacity import LEVER, PEAK, offer
from steelyard.plan.explain import explain
from steelyard.plan.outlook import Outlook
from steelyard.words import both

# 0.02 CNY a thousand at 0.36 CNY an hour is 0.2 s of CPU a request: 5 a second on a core
SERVED = replace(FACTS, around=Around(cores=1, cpu_hour=0.36, peak=3.0))
BUSY = replace(SERVED, requests=10_000_000, answer=0.01)


def code_of(facts, of="on_request"):
    return [one.code for one in getattr(offer(Outlook.of(facts)), of)]


def test_what_is_lost_is_what_comes_above_the_cores_and_a_core_brings_it_back():
    menu = offer(Outlook.of(BUSY)).menu
    assert [one.step.name for one in menu] == ["cores +1", "cores +2"]  # a fourth would idle
    one = menu[0]
    assert one.step.cost == pytest.approx(0.36 * 24 * 30)
    lost, left = one.because.numbers["lost"], one.because.numbers["left"]
    moved, _ = one.step.moves[0].gain(one.step.cost)
    assert 0 < left < lost < 1
    assert float(np.mean(moved)) == pytest.approx((lost - left) * 1e7 * 0.01 * 0.85, rel=0.05)
    assert np.std(moved) > 0  # an answer takes more CPU or less


def test_a_core_that_brings_more_than_it_costs_is_taken_and_says_what_to_type():
    plan, weighed = planned(BUSY, [LEVER])
    assert plan["recommendation"]["steps"] == ["cores +2"]
    assert "`serve.threads: 3`" in plan["do"] and "serve.threads: 3" in plan["do_zh"]
    assert explain(weighed, "capacity")["name"] == "cores +2"
    worthless, _ = planned(replace(BUSY, answer=0.0), [LEVER])
    assert worthless["recommendation"]["steps"] == []


def test_enough_is_said_with_how_much_only_to_who_asks():
    facts = replace(SERVED, requests=1_000_000)
    plan, weighed = planned(facts, [LEVER])
    assert plan["split"]["unknown"] == []
    [said] = plan["split"]["on_request"]["capacity"]
    # 5 a second at the peak of 3, over a month
    assert said["because_numbers"]["requests"] == pytest.approx(5 / 3 * 2_629_800, rel=0.01)
    assert explain(weighed, "capacity")["said"] == [said]


def test_a_peak_that_nobody_said_advises_no_core_and_says_where_to_write_it():
    facts = replace(BUSY, around=replace(BUSY.around, peak=None))
    plan, _ = planned(facts, [LEVER])
    [said] = plan["split"]["unknown"]
    assert said["because_code"] == "capacity.perhaps" and f"{PEAK:g} times" in said["because"]
    assert "`plan.peak` in product.yaml" in said["because"]
    assert plan["recommendation"]["steps"] == []


def test_a_goal_leaves_less_to_wait_and_one_that_is_missed_alone_is_no_matter_of_cores():
    live = replace(BUSY.live, p95_ms=250.0)
    hurried = replace(SERVED, live=live, p95_goal_ms=300.0)
    easy = offer(Outlook.of(SERVED)).on_request[0].numbers["requests"]
    assert offer(Outlook.of(replace(hurried, requests=1))).on_request[0].numbers["requests"] < easy
    assert code_of(replace(hurried, p95_goal_ms=200.0)) == ["capacity.slow_alone"]


def test_without_a_price_of_a_core_it_says_which_one():
    facts = replace(BUSY, around=Around(cores=2))
    assert code_of(facts) == ["capacity.no_price"]
    assert "`money.prices.cpu_hour`" in both(offer(Outlook.of(facts)).on_request[0])["en"]
