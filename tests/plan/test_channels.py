"""Channels bring what the mix or their price of a customer says, and nothing is made up where neither is known."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_plan import FACTS, POOR, planned

from steelyard.plan.channels import BEYOND, LEVER, offer
from steelyard.plan.labels import LEVER as LABELS
from steelyard.plan.market import Curve, Figure, Market, OfChannel
from steelyard.plan.outlook import MONTH, Outlook, amount, normal, one_of, share
from steelyard.plan.switch import better, switches
from steelyard.plan.trials import LEVER as TRIALS
from steelyard.plan.weigh import weigh
from steelyard.reason import Reason

DAY = 7.0
CURVE = Curve(
    of="conversions",
    days=DAY,
    shape="tanh",
    mean=700.0,
    seen=1400.0,
    values=tuple((v,) for v in np.linspace(1.0, 2.0, 50)),
    effect=tuple(np.linspace(18.0, 22.0, 50)),
)
ADS = OfChannel("ads", spend=100.0, won=60, curve=CURVE, evidence="measured")
PRICED = OfChannel("shop", spend=50.0, won=40, cost=Figure(112.5, "measured", 40, 90.0, 140.0))
MARKET = Market(
    until="2026-11-28",
    currency="CNY",
    visits=Figure(120.0, "measured", 63),
    customers=Figure(3.0, "measured", 270),
    conversion=Figure(0.025, "measured", 10_000, 0.0225, 0.0277),
    worth=Figure(500.0, "extrapolated", 900, 450.0, 550.0),
    elasticity={"conversion": {"quality": Figure(0.0, "assumed", 0, -0.032, 0.033)}},
    channels=(ADS,),
)
SOLD = replace(FACTS, market=MARKET)


def place(facts, name="ads"):
    return next(p for p in offer(Outlook.of(facts)).places if p.place.name == name)


def with_channels(*channels, **more):
    return replace(SOLD, market=replace(MARKET, channels=channels, **more))


def test_a_good_channel_takes_the_money_and_says_what_it_brings():
    plan, weighed = planned(replace(SOLD, answer=0.001))
    assert plan["recommendation"]["spend"] == {"ads": 1000.0}
    assert "spend 1,000.00 CNY more in ads until the next turn (33.33 a day" in plan["do"]
    assert weighed.split.of_arm("market") == pytest.approx(1000.0)
    assert plan["split"]["arms"]["better"] == "market" and plan["split"]["profit"]["low"] > 0


def test_the_gain_of_a_curve_is_that_of_the_curve_and_has_its_slope():
    one = place(SOLD).place
    weeks = FACTS.days / DAY
    company = Outlook.of(SOLD).company
    gain, slope = one.moves[0].gain(430.0)
    customers = float((gain * company.conversion).mean())
    now, then = (
        np.mean(
            [
                e * np.tanh(v[0] * (700.0 + more) / 700.0 / 2)
                for v, e in zip(CURVE.values, CURVE.effect, strict=True)
            ]
        )
        for more in (0.0, 430.0 / weeks)
    )
    assert customers == pytest.approx(weeks * (then - now), rel=0.02)
    near = (one.moves[0].gain(430.01)[0] - one.moves[0].gain(429.99)[0]) / 0.02
    assert np.allclose(slope, near, rtol=1e-4)
    assert sum(one.paid) == pytest.approx(1.0) and one.paid[0] == pytest.approx(1.0)


@pytest.mark.parametrize("of", ["visits", "conversions"])
def test_money_is_the_same_whatever_the_curve_counts(of):
    """A customer of 500 is what 40 visits bring of which 2.5 % become one."""
    times = {"conversions": 1.0, "visits": 40.0}[of]
    curve = replace(CURVE, of=of, effect=tuple(times * e for e in CURVE.effect))
    facts = with_channels(replace(ADS, curve=curve))
    gains = [weigh(Outlook.of(f), among=[LEVER]).gain.mean() for f in (SOLD, facts)]
    assert gains[1] == pytest.approx(gains[0], rel=0.05)


SALES = replace(ADS, curve=replace(CURVE, of="sales", effect=tuple(200 * e for e in CURVE.effect)))


def test_of_a_curve_of_sales_what_is_left_is_money_whatever_a_customer_is_worth():
    kept = Figure(0.6, "measured", 900)
    found = {}
    for worth in (50.0, 500.0):
        facts = with_channels(SALES, kept_of_sales=kept, worth=Figure(worth, "measured", 9))
        plan, weighed = planned(facts, [LEVER])
        found[worth] = float(weighed.gain.mean())
        assert {one["belief"] for one in plan["split"]["switch"]} <= {"gain", "requests", "answer"}
    assert found[50.0] == pytest.approx(found[500.0])
    gain, _ = place(facts).place.moves[0].gain(1000.0)
    sold = (
        30
        / 7
        * np.mean(
            [
                e * (np.tanh(v[0] * (700 + 1000 * 7 / 30) / 1400) - np.tanh(v[0] / 2))
                for v, e in zip(CURVE.values, SALES.curve.effect, strict=True)
            ]
        )
    )
    assert float(gain.mean()) == pytest.approx(0.6 * sold, rel=0.02)
    assert "are left of the sales" in plan["because"] and "customers" not in plan["because"]


@pytest.mark.parametrize("kept", [None, Figure(0.0, "measured"), Figure(-0.2, "measured")])
def test_sales_of_which_nothing_is_left_take_no_money(kept):
    found = offer(Outlook.of(with_channels(SALES, kept_of_sales=kept)))
    assert found.places == []
    assert found.unknown[0].numbers["because"].code == "channels.no_margin"


@pytest.mark.parametrize(
    "worth", [Figure(-1.0, "measured", 9, -7.0, 5.0), Figure(0.0, "measured", 9, -2.0, 2.0)]
)
def test_customers_who_leave_nothing_are_not_bought(worth):
    plan, weighed = planned(with_channels(ADS, worth=worth), [LEVER])
    assert plan["recommendation"]["spend"] == {}
    assert float(weighed.outlook.company.worth.mean()) == pytest.approx(worth.value, abs=0.05)


@pytest.mark.parametrize("ends", [(5.0, 195.0), (1.0, 199.0), (0.01, 200.0), (-1.0, 201.0)])
def test_however_wide_an_interval_is_the_mean_stays_what_was_measured(ends):
    drawn = amount(Figure(100.0, "measured", 9, *ends), "worth")
    assert drawn.mean() == pytest.approx(100.0, rel=0.25)
    # won / spent, however few were won
    few = Figure(1000.0, "measured", 1, 211.0, 19_496.0)
    assert one_of(few, "cost").mean() == pytest.approx(1 / 1000.0, rel=0.25)


def test_a_channel_that_is_paused_is_offered_by_its_curve_and_else_said():
    paused = replace(ADS, spend=0.0)
    one = place(with_channels(paused))
    assert one.place.most > 0 and not one.place.moves[0].gain(0.0)[0].any()
    assert one.place.moves[0].gain(100.0)[0].mean() > 0
    found = offer(Outlook.of(with_channels(replace(PRICED, spend=0.0))))
    assert found.unknown[0].numbers["because"].code == "channels.paused"


def test_worth_that_is_known_counts_though_nobody_was_won_of_late():
    known = with_channels(ADS, customers=None, conversion=None, visits=None)
    _, weighed = planned(known, [LEVER])
    _, usual = planned(SOLD, [LEVER])
    assert weighed.gain.mean() == pytest.approx(usual.gain.mean(), rel=0.1)


def test_a_worth_that_comes_late_counts_as_far_as_the_horizon_reaches():
    even = tuple((k + 1) / 24 for k in range(24))
    gains = {}
    for horizon in (1, 12, 24):
        facts = replace(with_channels(ADS, arrives=even), horizon=horizon)
        weighed = weigh(Outlook.of(facts), among=[LEVER], budget=1000.0)
        gains[horizon] = float(weighed.gain.mean() + sum(weighed.split.spend.values()))
    assert gains[1] < gains[12] == pytest.approx(gains[24] / 2, rel=0.1)


def test_what_a_channel_costs_anyway_is_paid_of_the_cash_and_nothing_is_spent_that_is_not_there():
    facts = with_channels(replace(ADS, spend=3000.0))
    assert Outlook.of(facts).company.fixed == pytest.approx(3000.0 * MONTH)
    plan, weighed = planned(replace(SOLD, cash=100.0), [LEVER])
    assert weighed.question.budget == 100.0 == plan["split"]["budget"]
    plan, weighed = planned(replace(SOLD, cash=0.0))
    assert plan["recommendation"]["spend"] == {} and weighed.kept == 0.0


def test_a_channel_may_be_called_as_anything_else():
    for name in ("labels", "training", "onnx", "dearer"):
        facts = replace(
            with_channels(replace(ADS, channel=name)),
            alternatives=[replace(FACTS.live, variant="o", name="onnx")],
        )
        _, weighed = planned(facts)
        names = [p.place.name for p in weighed.places] + [s.step.name for s in weighed.steps]
        assert len(set(names)) == len(names) and any(n.startswith(name) for n in names)


def test_a_place_that_is_full_is_not_the_best_for_the_next_unit():
    small = replace(CURVE, seen=750.0)
    weighed = weigh(Outlook.of(with_channels(replace(ADS, curve=small))), among=[LEVER], budget=2e4)
    assert weighed.amounts[0] == pytest.approx(weighed.places[0].place.most)
    assert weighed.best[1] == 1.0 and weighed.best[0][0] == 0.0


def test_a_market_that_was_tampered_with_is_not_taken_for_an_empty_one():
    plan, _ = planned(replace(FACTS, damaged=True))
    assert "steelyard verify" in plan["split"]["unknown"][0]["because"]
    assert "import" not in plan["because"]


def test_books_in_another_currency_are_no_money_of_this_one():
    plan, _ = planned(replace(FACTS, books_in="USD"))
    assert (
        "its books are in USD, and `money.currency` is CNY"
        in plan["split"]["unknown"][0]["because"]
    )
    assert "import" not in plan["because"]


def test_a_test_of_sales_reads_sales_however_unsure_the_worth_is():
    kept = Figure(0.6, "measured", 900)
    looks = []
    for low, high in ((499.0, 501.0), (250.0, 1000.0)):
        facts = with_channels(
            SALES, kept_of_sales=kept, worth=Figure(500.0, "measured", 9, low, high)
        )
        looks.append(next(one.look for one in offer(Outlook.of(facts)).looks))
    assert looks[0].reads == pytest.approx(looks[1].reads) and looks[0].error == looks[1].error


def test_a_channel_that_is_only_paid_by_customer_is_assumed_and_half_of_it_believed():
    one = place(with_channels(PRICED), "shop")
    assert one.evidence == "assumed"
    outlook = Outlook.of(with_channels(PRICED))
    gain, slope = one.place.moves[0].gain(0.0)
    assert not gain.any()
    a_unit = float((slope * outlook.company.conversion).mean())
    assert (
        0 < a_unit < 1 / 112.5
    )  # less than the average customer costs, and less than it is credited with
    near = one.place.moves[0].gain(100.01)[0] - one.place.moves[0].gain(99.99)[0]
    assert np.allclose(one.place.moves[0].gain(100.0)[1], near / 0.02, rtol=1e-4)


def test_no_curve_is_believed_far_beyond_what_was_spent():
    one = place(SOLD).place
    assert one.most == pytest.approx(BEYOND * 1400.0 / 7 * 30 - 3000.0)
    rich = weigh(Outlook.of(replace(SOLD, unit=1e6)), among=[LEVER])
    assert rich.split.spend["ads"] <= one.most + 1e-6 and rich.kept > 9e5


def test_what_is_not_known_is_named_and_takes_no_money():
    silent = OfChannel("tv", spend=10.0, won=0)
    for facts, said in (
        (replace(SOLD, market=None), "channels.not_booked"),
        (with_channels(silent), "channels.unknown"),
        (with_channels(ADS, worth=None, why=Reason("economics.no_income")), "channels.unknown"),
        (with_channels(ADS, worth=None), "channels.unknown"),
    ):
        found = offer(Outlook.of(facts))
        assert found.places == [] or found.places == ()
        assert {r.code for r in found.unknown} == {said}
        plan, _ = planned(facts)
        assert plan["split"]["unknown"][0]["because"] and plan["split"]["unknown"][0]["because_zh"]


def test_a_channel_that_takes_up_demand_is_no_place():
    assert offer(Outlook.of(with_channels(replace(ADS, captures=True)))).places == []


def test_labels_and_ads_share_the_money_where_both_return():
    plan, weighed = planned(replace(SOLD, unit=4000.0, answer=0.03), [LEVER, LABELS])
    spend = plan["recommendation"]["spend"]
    assert spend["ads"] > 200 and spend["labels"] > 200
    assert plan["split"]["solved"]
    one, other = (
        weighed.split.solved.gradient
    )  # with its caution, the next unit returns the same in both
    assert one == pytest.approx(other, abs=1e-3)


def test_the_switch_point_is_where_the_other_side_is_as_good():
    facts = replace(SOLD, answer=0.02)
    weighed = weigh(Outlook.of(facts), among=[LEVER, LABELS])
    first, second = better(weighed)
    found = {one.belief: one for one in switches(weighed) if not one.of}
    one = found["answer"]
    assert weighed.alone[first].profit.mean() > weighed.alone[second].profit.mean()
    for times, other in ((0.4, False), (1.1, True)):  # amounts are those of today
        moved = weigh(
            Outlook.of(replace(facts, answer=one.now * (one.factor or 1.0) ** times)),
            among=[LEVER, LABELS],
        )
        means = {arm: moved.alone[arm].profit.mean() for arm in (first, second)}
        assert (means[second] > means[first]) == other


def test_no_switch_is_told_where_the_other_side_has_nothing():
    weighed = weigh(Outlook.of(replace(FACTS, answer=0.5)), among=[LABELS])
    names = {one.belief for one in switches(weighed)}
    assert names <= {"answer", "requests", "gain"}  # it may be kept instead
    assert all(one.factor is not None and one.factor < 1 for one in switches(weighed))


def test_a_test_is_offered_where_it_can_tell_and_costs_what_it_stops():
    plan, _ = planned(SOLD)
    looks = {one["name"]: one for one in plan["split"]["looks"]}
    assert {"test of ads", "batch of labels", "test of the price"} <= looks.keys()
    # ads bring 14 customers of 500 a week for 700: half of eight weeks lose four times the difference
    outlook = Outlook.of(SOLD)
    a_week = np.mean(
        [e * np.tanh(v[0] / 2) for v, e in zip(CURVE.values, CURVE.effect, strict=True)]
    )
    lost = 4 * (a_week * float(outlook.company.worth.mean()) - 700.0)
    assert looks["test of ads"]["cost"] == pytest.approx(lost, rel=0.02)
    nets = [one["net"] for one in plan["split"]["looks"]]
    assert nets == sorted(nets, reverse=True)
    assert all("steelyard" in one["do"] or "price" in one["do"] for one in looks.values())


def test_a_price_that_would_pay_makes_no_other_look_worth_less():
    # asking more would bring more whatever the ads do: before its own test it is not an alternative to them
    pays = {"conversion": {"price": Figure(0.0, "assumed", 0, -0.01, 0.01)}}
    both, ads = SOLD, {}
    for name, elasticity in (("as it was", MARKET.elasticity), ("pays", pays)):
        facts = replace(both, market=replace(MARKET, elasticity=elasticity))
        for among in ([LEVER, LABELS], [LEVER, LABELS, TRIALS]):
            looks = {o.look.name: w for o, w in weigh(Outlook.of(facts), among=among).looks}
            ads[name, len(among)] = looks["test of ads"].gross
            if len(among) == 3 and name == "pays":
                assert looks["test of the price"].gross >= 0
    assert ads["pays", 2] > 0
    assert ads["pays", 3] == pytest.approx(ads["pays", 2], rel=1e-6)


def test_a_price_is_never_advised_on_what_is_only_assumed():
    dear = replace(
        MARKET,
        elasticity={"conversion": {"price": Figure(0.05, "assumed", 0, 0.04, 0.06)}},
    )
    plan, weighed = planned(replace(SOLD, market=dear), [TRIALS])
    assert weighed.taken == [] and {s["name"] for s in plan["split"]["steps"]} == {
        "dearer",
        "cheaper",
    }


def test_draws_keep_the_figures_that_they_are_made_of():
    assert np.quantile(amount(MARKET.worth, "w"), [0.05, 0.95]) == pytest.approx(
        [450, 550], rel=0.02
    )
    drawn = share(MARKET.conversion, "c")
    assert drawn.mean() == pytest.approx(0.025, rel=0.02) and drawn.min() > 0 and drawn.max() < 1
    assert np.array_equal(normal("x"), normal("x")) and not np.array_equal(normal("x"), normal("y"))
    assert abs(normal("x").mean()) < 0.01 and abs(normal("x").std() - 1) < 0.02
    assert np.corrcoef(normal("x"), normal("y"))[0, 1] < 0.15
    exact = Figure(7.0, "measured")
    assert np.allclose(amount(exact, "e"), 7.0)


def test_a_belief_about_zero_moves_nothing_by_the_luck_of_the_draws():
    """The same figures under other names are the same advice."""
    paired = {"a": (0.0, 0.0), "b": (-0.0005, 0.002)}
    for name in ("x", "y", "z", "other", "onnx_int8"):
        other = replace(FACTS.live, variant="b", name=name, cost_per_1000=0.0201)
        facts = replace(SOLD, alternatives=[other], paired=paired, curve=None, answer=0.001)
        _, weighed = planned(facts)
        assert weighed.taken == []
    slope = Outlook.of(SOLD).company.quality_to_conversion
    assert abs(np.corrcoef(slope, normal("variant x"))[0, 1]) < 1e-9
    assert abs(np.corrcoef(slope, amount(MARKET.worth, "worth"))[0, 1]) < 1e-9


def test_customers_without_visits_are_the_same_money():
    bare = replace(MARKET, visits=None, conversion=None)
    outlook = Outlook.of(replace(POOR, market=bare))
    company = outlook.company
    won = float((company.visits[0] * company.conversion).mean())
    assert won == pytest.approx(3.0 * MONTH)
