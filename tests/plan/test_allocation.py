"""Which option wins is a rule of four lines, held against an oracle over generated options."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.test_plan import FACTS, FLAT, LIVE, STEEP, en, zh

from steelyard.plan.doing import TRAINED, buy_labels, keep, measure_again, try_market, try_variant
from steelyard.plan.facts import Priced, Served
from steelyard.plan.labels import labels
from steelyard.plan.levers import ASSUMED, EXTRAPOLATED, MEASURED, Lever, Option
from steelyard.plan.options import Recommendation, allocate
from steelyard.plan.others import market, nothing
from steelyard.plan.run import _retrain_cost, _served
from steelyard.plan.variants import SERVED_MIN, SERVED_WITHIN, another, served
from steelyard.reason import told
from steelyard.words import both

SURE = replace(LIVE, low=0.85, high=0.85)


def option(name, figures, **more):
    net, low, high = figures or (None, None, None)
    evidence = ASSUMED if figures is None else MEASURED
    because = told(f"{name}!", f"{name}！")
    return Option(name, 1.0, net, net, low, high, evidence, because, **more)


KEEP = option("keep", (0.0, 0.0, 0.0), keeps=True)
figures = st.none() | st.tuples(st.integers(-50, 50), st.integers(0, 40), st.integers(0, 40)).map(
    lambda f: (float(f[0]), float(f[0] - f[1]), float(f[0] + f[2]))
)


def allocated(options, facts=FACTS):
    return allocate(facts, [Lever(o.name, lambda facts, money, o=o: [o]) for o in options])


@settings(max_examples=60)
@given(st.lists(figures, max_size=6), st.randoms(use_true_random=False))
def test_the_most_that_is_sure_wins_else_a_part_of_the_most_hoped_for_else_the_money_stays(
    several, rng
):
    options = [option(f"o{i}", f) for i, f in enumerate(several)] + [KEEP]
    rng.shuffle(options)
    plan = allocated(options)
    known = [o for o in options if o.net is not None]
    sure, most = [o.net for o in known if o.low > 0], max(o.net for o in known)
    chosen = next(o for o in options if o.name == plan.recommendation.option)
    if sure:
        assert chosen.low > 0 and chosen.net == max(sure)
    elif most > 0:
        assert chosen.net == most
    else:
        assert chosen is KEEP
    assert plan.recommendation.experiment == (not sure and most > 0)
    nets = [o.net for o in plan.options]
    assert nets == sorted((n for n in nets if n is not None), reverse=True) + [None] * nets.count(
        None
    )


@given(st.lists(figures, max_size=4))
def test_a_plan_is_json_and_said_in_both_languages(several):
    body = allocated([KEEP, *(option(f"选{i}", f) for i, f in enumerate(several))]).to_json()
    assert json.loads(json.dumps(body, allow_nan=False, ensure_ascii=False)) == body
    assert body["because"] and body["because_zh"]
    assert len(body["options"]) == len(several) + 1


def test_of_equals_the_money_is_kept():
    for options in (
        [KEEP, option("other", (0.0, 0.0, 0.0))],
        [option("o", (0.0, -1.0, 1.0)), KEEP],
    ):
        assert allocated(options).recommendation == Recommendation("keep")


def test_a_sure_option_that_is_the_best_is_told_by_its_own_reason_alone():
    plan = allocated([KEEP, option("channel", (5.0, 1.0, 9.0), do=told("do it", "去做"))])
    assert en(plan.because) == "do it: channel!" and zh(plan.because) == "去做：channel！"


def test_an_experiment_without_a_part_of_its_own_does_the_whole():
    unsure = option("channel", (5.0, -1.0, 9.0), do=told("do it", "去做"))
    plan = allocated([KEEP, unsure])
    assert (
        plan.recommendation == Recommendation("channel", experiment=True) and plan.do == unsure.do
    )


def test_an_option_that_is_chosen_does_not_open_itself_again():
    again = option("again", (5.0, 1.0, 9.0), reopens=True)
    assert "open again" not in en(allocated([KEEP, again]).because)


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({}, 3333),
        ({"unit": 0.4, "retrain_cost": 0.1}, 1),
        ({"unit": 0.3, "label_price": 0.1, "retrain_cost": 0.0}, 3),  # 0.3 / 0.1 is 2.999...
        ({"unit": 0.7, "label_price": 0.1, "retrain_cost": 0.1}, 6),
        ({"label_price": 0.0}, 8000),  # free labels: all there are
        ({"labels_pool": 2001}, 1),
    ],
)
def test_labels_are_as_many_as_the_unit_pays_for_and_the_pool_holds(facts, more):
    seen = labels(replace(FACTS, **facts))
    assert seen.because.numbers["more"] == more
    assert seen.because.numbers["total"] == 2000 + more
    assert seen.spend <= replace(FACTS, **facts).unit + 1e-9
    assert seen.evidence == EXTRAPOLATED


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"labels_pool": 2000}, "labels.none_left"),
        ({"labels_pool": 1000}, "labels.none_left"),  # records went away meanwhile
        ({"unit": 0.39}, "labels.too_dear"),
        ({"unit": 0.0}, "labels.too_dear"),
        ({"label_price": 0.0, "unit": 0.05}, "labels.too_dear"),  # the training is not free
    ],
)
def test_labels_that_cannot_be_bought_cost_and_return_nothing(facts, code):
    seen = labels(replace(FACTS, **facts))
    assert (seen.because.code, seen.net, seen.spend, seen.do) == (code, 0.0, 0.0, None)


def test_a_gain_that_is_no_accuracy_is_called_by_its_name():
    seen = labels(replace(FACTS, measure="worth"))
    assert seen.because.code == "labels.gain_of" and "worth" in en(seen.because)
    assert labels(FACTS).because.code == "labels.gain"


def test_answers_that_are_worth_less_when_right_turn_the_interval_around_and_keep_its_order():
    seen = labels(replace(FACTS, answer=-0.5))
    assert seen.low <= seen.net <= seen.high < 0


def test_a_part_of_the_unit_buys_at_least_one_label_and_never_more_than_there_are():
    few = labels(replace(FACTS, unit=1.0))
    assert few.part.numbers["total"] == 2001
    last = labels(replace(FACTS, labels_pool=2002))
    assert last.part.numbers["total"] == 2002
    assert labels(replace(FACTS, label_price=0.0)).part is None


def test_another_variant_is_never_the_live_one():
    assert (
        another(replace(FACTS, live=SURE, alternatives=[replace(SURE, cost_per_1000=0.0)])).net == 0
    )


@pytest.mark.parametrize(
    ("worth", "cost", "net"),
    [
        (0.85, 0.005, 15.0),  # 0.015 a thousand, a million requests
        (0.85, 0.02, 0.0),  # the same money is no saving
        (0.8499, 0.005, 0.0),  # 15 saved, 50 lost
        (0.84998, 0.005, 5.0),  # 15 saved, 10 lost
        (0.9, 0.03, 24_990.0),  # dearer, and better for certain
    ],
)
def test_another_variant_returns_what_it_saves_less_what_its_answers_lose(worth, cost, net):
    other = Priced("b", "small", worth, worth, worth, cost)
    seen = another(replace(FACTS, live=SURE, alternatives=[other]))
    assert seen.net == pytest.approx(net) and (seen.do is None) == (net == 0.0)


@given(st.lists(st.tuples(st.floats(0.5, 1), st.floats(0, 0.1), st.floats(0.001, 0.1)), max_size=5))
def test_the_best_of_several_variants_returns_no_less_than_each_of_them(several):
    others = [
        Priced(f"v{i}", f"n{i}", worth, worth - half, worth + half, cost)
        for i, (worth, half, cost) in enumerate(several)
    ]
    best = another(replace(FACTS, alternatives=others))
    for other in others:
        assert best.net >= another(replace(FACTS, alternatives=[other])).net - 1e-9
    assert best.low <= best.net <= best.high and best.spend == 0.0


@pytest.mark.parametrize(
    ("served_cost", "n", "p95_ms", "goal_ms", "opens"),
    [
        (0.02 * SERVED_WITHIN, SERVED_MIN, 50.0, None, False),  # at the edge, as predicted
        (0.02 * SERVED_WITHIN * 1.01, SERVED_MIN, 50.0, None, True),
        (0.02 * SERVED_WITHIN * 1.01, SERVED_MIN - 1, 50.0, None, False),
        (0.02, SERVED_MIN, 60.0, 60.0, False),
        (0.02, SERVED_MIN, 60.1, 60.0, True),
        (0.02, SERVED_MIN, 600.0, None, False),  # no goal was set
        (0.02, SERVED_MIN, None, 60.0, False),  # nobody measured it
        (0.02, SERVED_MIN - 1, 600.0, 60.0, False),
    ],
)
def test_served_figures_open_the_choice_where_they_contradict_it(
    served_cost, n, p95_ms, goal_ms, opens
):
    live = replace(SURE, p95_ms=50.0, served=Served(served_cost, p95_ms, n))
    other = Priced("b", "onnx", 0.85, 0.85, 0.85, 0.01)
    facts = replace(FACTS, unit=100.0, live=live, alternatives=[other], p95_goal_ms=goal_ms)
    assert bool(served(facts)) == opens
    assert all(o.reopens and both(o.because) for o in served(facts))


def test_a_live_variant_that_was_measured_at_no_cost_is_not_divided_by():
    live = replace(SURE, cost_per_1000=0.0, served=Served(0.5, 10.0, 500))
    assert served(replace(FACTS, live=live)) == []


def test_a_p95_that_was_never_predicted_is_told_without_a_before():
    live = replace(SURE, served=Served(0.02, 90.0, 500))
    (seen,) = served(replace(FACTS, live=live, p95_goal_ms=60.0))
    assert seen.because.code == "served.slow" and "before" not in en(seen.because)


@pytest.mark.parametrize(
    ("name", "own", "code", "variants"),
    [
        ("onnx_int8", True, "do.build_variant", ("onnx_int8",)),
        (TRAINED, True, "do.build_variant", ()),  # it is always a candidate
        ("onnx_int8", False, "do.promote", None),
    ],
)
def test_another_variant_is_asked_for_where_the_chooser_would_take_it(name, own, code, variants):
    do = try_variant(replace(FACTS, file="产品.yaml"), name, own=own)
    assert (do.code, do.numbers.get("variants"), do.numbers["file"]) == (
        code,
        variants,
        "产品.yaml",
    )
    assert all(both(do).values())


def test_what_to_do_names_the_file_and_the_money_in_both_languages():
    facts = replace(FACTS, file="产品.yaml", currency="EUR", unit=12.5)
    for do in (buy_labels(facts, 2100, money=30.0), measure_again(facts), keep(facts)):
        assert all("产品.yaml" in words for words in both(do).values())
    for do in (buy_labels(facts, 2100, money=12.5), keep(facts), try_market(facts, 12.5)):
        assert all("12.50 EUR" in words for words in both(do).values())


def test_keeping_the_money_is_free_and_a_market_has_no_figure_but_its_probe():
    assert (nothing(FACTS).net, nothing(FACTS).spend, nothing(FACTS).keeps) == (0.0, 0.0, True)
    probe = market(FACTS)
    assert (probe.net, probe.spend, probe.evidence) == (None, 100.0, ASSUMED)


@pytest.mark.parametrize("money", [0.0, 0.01, 30.0, 1e6])
def test_a_first_experiment_is_a_tenth_of_any_money_and_told_with_it(money):
    facts = replace(FACTS, unit=money, currency="EUR")
    probe = market(facts)
    assert probe.spend == pytest.approx(money / 10) and probe.low is None and probe.high is None
    assert probe.do == try_market(facts, money / 10)
    assert all(f"{money / 10:,.2f} EUR" in words for words in both(probe.because).values())


def test_no_option_of_a_market_nobody_measured_is_ever_taken_as_sure():
    for promised in (None, (5.0, -1.0, 9.0)):
        others = [KEEP] if promised is None else [KEEP, option("hope", promised)]
        plan = allocated([market(FACTS), *others])
        assert plan.recommendation.option != "market"


def test_a_flat_curve_costs_more_than_it_returns_and_a_steep_one_does_not():
    flat, steep = (labels(replace(FACTS, curve=c, answer=0.01)) for c in (FLAT, STEEP))
    assert flat.net < 0 < steep.net + steep.spend


class Steps:
    """What each step took, as a store has it."""

    def __init__(self, **took):
        self.steps, self.took = self, took

    def cpu_s(self):
        return self.took


@pytest.mark.parametrize(
    ("took", "cost"),
    [
        ({}, 0.0),
        ({"train": 3600.0}, 0.5),
        ({"baseline": 1800.0, "train": 1800.0, "compress": 3600.0}, 1.0),
        ({"data": 1e9, "curve": 1e9, "replay": 1e9}, 0.0),  # not what more labels make again
    ],
)
def test_a_training_costs_the_steps_that_new_labels_make_again(took, cost):
    assert _retrain_cost(Steps(**took), Decimal("0.5")) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ({}, None),
        ({"served_p95_ms": {"value": 9.0, "n": 5}}, None),
        ({"served_cost_per_1000": {"value": 0.5, "n": 7}}, Served(0.5, None, 7)),
        (
            {"served_cost_per_1000": {"value": 0.5, "n": 7}, "served_p95_ms": {"value": 9.0}},
            Served(0.5, 9.0, 7),
        ),
    ],
)
def test_figures_of_service_are_there_once_a_request_was_answered(measures, expected):
    assert _served(measures) == expected
