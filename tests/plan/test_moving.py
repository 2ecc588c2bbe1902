"""Today's spend is moved as far as the owner allows and a curve was measured, and each figure of that is right."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_channels import ADS, CURVE, MARKET, PRICED, SALES, SOLD, with_channels
from tests.plan.test_plan import planned
from tests.plan.test_score import past, rows

from steelyard.plan.advice import advice
from steelyard.plan.company import Profits
from steelyard.plan.explain import explain
from steelyard.plan.market import Figure
from steelyard.plan.moved import Doing, moved
from steelyard.plan.outlook import Outlook
from steelyard.plan.score import Brought
from steelyard.plan.weigh import weigh
from steelyard.plan.what_if import changed, summary
from steelyard.stats.allocation.risk import worst
from steelyard.terms import recommendation
from steelyard.words import say

# one brings little of what is spent on it today, the other much of what is not
WEAK = replace(
    ADS,
    channel="weak",
    spend=200.0,
    curve=replace(CURVE, effect=tuple(np.linspace(0.6, 1.5, 50))),
)
TWO = replace(with_channels(ADS, WEAK), answer=0.001, change=0.25)


def spends(facts):
    return weigh(Outlook.of(facts)).split.spend


def test_as_much_is_taken_away_as_may_be_and_goes_where_it_returns_more():
    plan, weighed = planned(TWO)
    assert weighed.split.solved.solved
    assert weighed.split.spend["weak"] == pytest.approx(-0.25 * 200 * 30)
    assert weighed.split.spend["ads"] == pytest.approx(1000 + 0.25 * 200 * 30)
    assert plan["recommendation"]["spend"] == {"ads": 2500.0, "weak": -1500.0}
    assert recommendation(plan["recommendation"], "en") == "ads 2,500 CNY − weak 1,500 CNY"
    assert plan["do"].startswith(
        "take 50.00 CNY a day from weak until the next turn, of the 200.00 of today (1,500.00 in all); spend 2,500.00"
    )
    assert "每天从 weak 减去 50.00 CNY" in plan["do_zh"]
    assert plan["split"]["freed"] == pytest.approx(1500) and plan["split"]["kept"]["money"] < 1e-6
    ways = weighed.split.taken_from("market"), weighed.split.of_arm("market")
    assert ways == (pytest.approx(1500), pytest.approx(2500))


def test_no_change_asks_the_old_question():
    assert spends(replace(TWO, change=0.0)) == {"ads": pytest.approx(1000.0), "weak": 0.0}
    assert "freed" in planned(replace(TWO, change=0.0))[0]["split"]


def test_what_is_freed_may_be_kept_and_says_what_it_returned():
    plan, weighed = planned(replace(with_channels(WEAK), curve=None, unit=0.0, change=0.25))
    assert weighed.kept == pytest.approx(1500) and weighed.split.solved.shadow == 0
    assert (
        "keep 1,500.00 CNY" in plan["do"]
        and "each CNY that is taken away returned" in plan["because"]
    )
    one = weighed.places[0]
    value, low, high = one.told(-1500.0).numbers["returns"]
    company, usual = weighed.outlook.company, 200.0 * 30
    before, after = (
        (company.conversion * company.worth) * visits for visits in _visits(one, usual)
    )
    by_hand = (before - after).mean() / 1500
    assert value == pytest.approx(by_hand, rel=0.02) and low < value < high < 1


def _visits(one, usual):
    gone = one.place.moves[0].gain(-1500.0)[0]
    return np.zeros_like(gone), gone


def test_money_of_a_place_goes_to_labels_too():
    found = spends(replace(TWO, answer=0.5, unit=300.0, change=0.5))
    assert found["weak"] == pytest.approx(-3000) and found["labels"] > 300


def test_only_a_curve_that_was_measured_lets_money_go():
    assumed = replace(WEAK, evidence="assumed")
    paused = replace(WEAK, spend=0.0)
    captures = replace(WEAK, captures=True)
    for one in (assumed, paused, captures, replace(PRICED, channel="weak")):
        weighed = weigh(Outlook.of(replace(with_channels(ADS, one), answer=0.001, change=1.0)))
        assert weighed.split.spend.get("weak", 0.0) == 0
        assert all(each.place.least == 0 for each in weighed.places if each.place.name == "weak")


@pytest.mark.parametrize("caution", [0.0, 1.0])
@pytest.mark.parametrize("unit", [0.0, 700.0])
def test_no_division_of_a_grid_is_better(caution, unit):
    facts = replace(TWO, caution=caution, unit=unit, change=0.3, curve=None)
    weighed = weigh(Outlook.of(facts))
    places = [one.place for one in weighed.places]

    def value(x):
        drawn = Profits.of(weighed.outlook.company, places, x).profit
        return (1 - caution) * drawn.mean() + caution * worst(drawn)

    grid = [
        (a, min(b, unit - a))
        for a in np.linspace(places[0].least, unit - places[1].least, 60)
        for b in np.linspace(places[1].least, unit, 40)
        if min(b, unit - a) >= places[1].least - 1e-9 and a <= places[0].most
    ]
    best = max(value(np.array(x)) for x in grid)
    own = value(weighed.amounts)
    # the corner of the worst tenth is rounded where amounts are climbed
    assert own >= best - (0.002 * abs(best) if caution else 1e-6 * abs(best))
    assert float(weighed.amounts.sum()) <= unit + 1e-6
    assert weighed.split.solved.solved


def test_the_shadow_price_is_what_one_more_unit_of_budget_brings():
    facts = replace(TWO, caution=0.0)
    less, more = (weigh(Outlook.of(replace(facts, unit=u))) for u in (1000.0, 1010.0))
    gained = float(more.gain.mean() - less.gain.mean()) / 10
    assert gained == pytest.approx(less.split.solved.shadow, rel=0.02)


def test_each_side_alone_and_its_switch_leave_todays_spend_where_it_is():
    plan, weighed = planned(TWO)
    old, before = planned(replace(TWO, change=0.0))
    for arm in ("technology", "market"):
        assert min(weighed.alone[arm].amounts, default=0.0) >= 0
        assert weighed.alone[arm].value == pytest.approx(before.alone[arm].value)
    assert [one["factor"] for one in plan["split"]["switch"]] == pytest.approx(
        [one["factor"] for one in old["split"]["switch"]]
    )


def test_looks_count_what_could_be_moved():
    market = replace(TWO.market, channels=(replace(ADS, curve=WIDE), WEAK), customers=None)
    facts = replace(TWO, market=market, curve=None)
    still, free = (
        weigh(Outlook.of(replace(facts, change=c, unit=100.0))).looks for c in (0.0, 0.5)
    )
    worth = [
        {look.look.name: one.gross for look, one in each}["test of ads"] for each in (still, free)
    ]
    assert worth[1] > worth[0]  # more money may go where the test says


WIDE = replace(CURVE, effect=tuple(np.linspace(0.2, 8.0, 50)))


def test_an_amount_that_is_next_to_nothing_is_not_taken_away_and_the_budget_still_holds():
    weighed = weigh(Outlook.of(replace(TWO, change=1e-4)))
    assert weighed.split.spend["weak"] == 0
    assert sum(weighed.split.spend.values()) <= 1000 * (1 + 1e-12)


def test_explain_tells_what_may_be_taken_away():
    weighed = weigh(Outlook.of(TWO))
    told = explain(weighed, "weak")
    assert told["least"] == pytest.approx(-1500) and told["spend"] == pytest.approx(-1500)
    amounts = {one["money"]: one["profit"]["value"] for one in told["amounts"]}
    assert min(amounts) == pytest.approx(-1500) and amounts[0.0] == 0 and amounts[min(amounts)] > 0
    assert "1,500.00 CNY less in weak" in told["because"] and "take 50.00" in told["do"]


def test_a_what_if_of_the_change():
    before, after = (
        summary(weigh(Outlook.of(changed(TWO, {"plan.change": c})))) for c in (0.0, 0.1)
    )
    assert before["spend"] == {"ads": pytest.approx(1000)}
    assert after["spend"] == {"ads": pytest.approx(1600), "weak": pytest.approx(-600)}


@pytest.mark.parametrize("change", [0.25, 0.0])
def test_sliders_add_up_to_the_plan_with_amounts_below_zero(change):
    plan, weighed = planned(replace(TWO, change=change))
    made = plan["split"]["sliders"]
    assert made["added"]["value"] == pytest.approx(made["own"]["value"], rel=0.01)
    weak = next((one for one in made["places"] if one["name"] == "weak"), None)
    assert weak is not None and (weak["amounts"][0] < 0) == (change > 0)
    assert 0 in weak["amounts"] and weak["amounts"] == sorted(weak["amounts"])
    assert weak["spend"] == pytest.approx(weighed.split.spend["weak"])


def test_an_approval_takes_it_with_the_customers_that_will_be_fewer():
    plan, _ = planned(TWO)
    doing = Doing.of(plan)
    assert doing.channels == {"ads": pytest.approx(2500), "weak": pytest.approx(-1500)}
    value, low, high = doing.customers["weak"]
    assert low < value < high < 0 < doing.customers["ads"][0]
    other = planned(replace(TWO, change=0.0))[0]
    codes = [(one.code, one.numbers.get("name")) for one in moved(plan, other)]
    assert ("approve.moved", "weak") in codes and moved(plan, plan) == []


def test_a_curve_of_sales_says_what_is_missed_in_money():
    sold = replace(SALES, channel="weak", spend=200.0)
    facts = with_channels(sold, kept_of_sales=Figure(0.02, "measured"))
    plan, weighed = planned(replace(facts, curve=None, change=0.25, caution=0.0))
    assert weighed.split.spend["weak"] == pytest.approx(-1500)
    assert "of what is left of its sales are missed" in plan["because"]
    assert Doing.of(plan).customers == {}


def test_customers_that_were_fewer_are_scored_against_what_was_said():
    said = Brought(1, "weak", -1500.0, "CNY", 30.0, (-4.0, -6.0, -2.0), 20, 25)
    (row,) = rows(past(1, 200), what="customers", brought=[said])
    assert row.seen == -5 and row.held and "1,500.00 CNY less in weak" in say(row.text, "en")


def test_a_past_split_that_took_money_away_is_weighed_again_as_such():
    plan, weighed = planned(TWO)
    then, newer = past(1, 200, plan=plan), past(2, 200, plan=plan)
    (row,) = rows(then, newer, what="split", now=lambda _: weighed)
    assert row.seen == pytest.approx(float(weighed.gain.mean()), rel=1e-6)


# --- what the product file says two times


def test_where_there_is_no_new_money_it_says_whether_any_may_be_moved():
    none = replace(TWO, unit=0.0, change=0.0)
    assert "neither a new unit (`plan.unit` in product.yaml)" in planned(none)[0]["because"]
    good = replace(with_channels(ADS), unit=0.0, change=0.25, answer=0.001)
    assert "what is spent today returns more where it is" in planned(good)[0]["because"]


def test_a_unit_above_the_cash_is_named():
    said = planned(replace(SOLD, cash=1e5))[0]["because"]
    assert "plan.cash" not in said
    facts = replace(SOLD, cash=400.0, market=replace(MARKET, channels=(replace(ADS, spend=0.0),)))
    weighed = weigh(Outlook.of(facts))
    told = advice(weighed)["because"]
    assert "`plan.unit` is 1,000.00 CNY and `plan.cash` is 400.00" in told
    assert sum(weighed.split.spend.values()) <= 400 * (1 + 1e-9)


def test_cash_that_runs_out_whatever_is_done_is_named_with_what_would_last_and_money_is_held():
    dear = replace(ADS, spend=9000.0)
    facts = replace(with_channels(dear), curve=None, cash=2e4, change=0.25)
    plan, weighed = planned(facts)
    assert not weighed.split.solved.solved and "cash runs out whatever is placed" in plan["because"]
    assert weighed.split.spend["ads"] == pytest.approx(-0.25 * 9000 * 30)  # it lasts longest so
    reason = plan["because_numbers"]
    needed = _find(reason, "split.cash_runs_out")["needed"]
    enough = planned(replace(facts, cash=1.02 * needed))[1]
    assert enough.split.solved.residual < np.inf


def test_where_cash_runs_out_it_lasts_as_long_as_it_can_though_something_else_would_earn_more():
    late = {"arrives": (0.0,) * 11 + (1.0,)}
    facts = replace(with_channels(replace(ADS, spend=150.0), **late), cash=9e3, change=0.25)
    facts = replace(facts, answer=0.0)
    weighed = weigh(Outlook.of(facts))
    assert not weighed.split.solved.solved
    assert weighed.split.spend["ads"] == pytest.approx(-0.25 * 150 * 30)
    assert weighed.gain.mean() < 0  # what is cut would have earned more than it costs, too late
    assert max(one.value for one in weighed.alone.values()) > weighed.split.value


def _find(body, code):
    if isinstance(body, dict):
        if body.get("code") == code:
            return body["numbers"]
        body = list(body.values())
    if isinstance(body, list):
        return next((found for one in body if (found := _find(one, code))), None)
    return None
