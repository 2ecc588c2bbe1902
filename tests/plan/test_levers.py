"""A place for the money is a lever: the planner weighs whatever is registered and knows none by name."""

import ast
import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.plan.test_page import CROWD
from tests.plan.test_partner_shares import ACME
from tests.plan.test_plan import FACTS, POOR, planned
from tests.plan.test_support import LEAVING

from steelyard import plugins
from steelyard.cli.doctor import examine
from steelyard.plan import levers as module
from steelyard.plan.around import Around, Trained
from steelyard.plan.levers import MEASURED, Lever, Option, broken, levers
from steelyard.plan.offers import Offer
from steelyard.plan.outlook import DRAWS, Outlook
from steelyard.reason import Reason, told
from steelyard.terms import LANGUAGES, TERMS, advice, learn_options, recommendation, term
from steelyard.words import WORDS, both, learn


def option(name, net, low, **more):
    high = None if net is None else 2 * net - low
    return Option(
        name, 10.0, net, net, low, high, MEASURED, told(f"{name} returns", f"{name}有回报"), **more
    )


def lever(name, *options, called=None):
    return Lever(name, lambda facts, money: options, called)


def taken(plan):
    return plan["recommendation"]["steps"]


def test_the_built_in_levers_are_registered_and_none_is_broken():
    names = {"labels", "another_variant", "served_variant", "canary", "channels", "trials"}
    names |= {"capacity", "hours", "page", "partners", "support"}
    assert {one.name for one in levers()} == names and broken() == {}


# the server short of cores, hours booked, a crowd of visitors, a partner whose share changed, customers who leave
EVERYTHING = replace(
    CROWD,
    requests=100_000_000,
    around=Around(
        cpu_hour=0.36,
        peak=3.0,
        hour_price=100.0,
        trained=[Trained(t, 2000, 0.8 + 0.01 * t, 1e-4, 8.0) for t in range(5)],
    ),
    market=replace(CROWD.market, left=LEAVING.left, arrives=LEAVING.arrives, partners=(ACME,)),
)
EMPTY = replace(FACTS, curve=None, label_price=0.0, answer=0.0, requests=1)


@pytest.mark.parametrize("facts", [FACTS, EVERYTHING, EMPTY], ids=["usual", "all", "nothing"])
@pytest.mark.parametrize("one", levers(), ids=lambda one: one.name)
@pytest.mark.parametrize("money", [0.0, 10.0, 1000.0, 1e7])
def test_every_lever_answers_any_amount_with_figures_and_words(one, money, facts):
    facts = replace(facts, unit=money)
    for found in one.respond(facts, money) if one.respond else ():
        assert all(both(found.because).values()) and found.spend <= max(money, 0.0) + 1e-6
    offer = one.offer(Outlook.of(facts)) if one.offer else Offer()
    for place in offer.places:
        at = min(money, place.place.most)
        assert place.place.paid.sum() == pytest.approx(1.0)
        of_moves(place.place.moves, at)
        assert all(both(place.told(at)).values()) and all(both(place.do(at)).values())
    for step in offer.menu:
        assert 0 <= step.step.cost < np.inf
        of_moves(step.step.moves, step.step.cost)
        assert all(both(step.because).values()) and all(both(step.do).values())
    for look in offer.looks:
        assert np.isfinite(look.look.reads).all() and 0 <= look.look.error < np.inf
        assert 0 <= look.look.cost < np.inf and look.look.periods > 0
        assert all(both(r)[lang] for r in (look.named, look.because, look.do) for lang in LANGUAGES)
    assert all(both(r)[lang] for r in (*offer.unknown, *offer.on_request) for lang in LANGUAGES)


def of_moves(moves, money):
    for move in moves:
        gain, slope = move.gain(money)
        assert gain.shape == slope.shape == (DRAWS,)
        assert np.isfinite(gain).all() and np.isfinite(slope).all()
        assert ((move.ramp >= 0) & (move.ramp <= 1)).all()


def test_each_lever_says_why_where_it_offers_nothing():
    """Or nobody would learn what books its figure."""
    silent = {"another_variant", "trials"}  # nothing was built, nobody buys: others say it
    for one in (one for one in levers() if one.offer and one.name not in silent):
        offer = one.offer(Outlook.of(EMPTY))
        assert any((offer.places, offer.menu, offer.looks, offer.unknown, offer.on_request)), (
            one.name
        )


def test_no_lever_knows_another():
    own = {point.value.partition(":")[0] for point in plugins._points("levers").values()}
    for name in own - {"steelyard.plan.variants"}:  # whose two levers share what a variant is
        tree = ast.parse(Path(importlib.import_module(name).__file__).read_text(encoding="utf-8"))
        asked = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not asked & (own - {name}), name


def test_who_has_nothing_to_do_with_them_reads_one_line_of_the_levers_that_are_quiet():
    plan, _ = planned(FACTS)
    around = {"capacity", "hours", "page", "partners", "support"}
    assert around <= plan["split"]["on_request"].keys()
    assert len(plan["split"]["unknown"]) == 1  # that no market is booked
    busy, _ = planned(EVERYTHING)
    assert not around & busy["split"]["on_request"].keys()


def test_a_lever_nobody_knows_wins_where_it_returns_most():
    sure = lever("channel", option("channel", 50.0, 20.0, do=told("spend 10 on it", "花 10")))
    other = lever("other", option("other", 40.0, 30.0))
    plan, weighed = planned(POOR, [sure, other])
    assert set(taken(plan)) == {"channel", "other"}  # there is money for both
    assert "spend 10 on it" in plan["do"]
    assert float(weighed.gain.mean()) == pytest.approx(90.0, abs=1.0)
    few, _ = planned(replace(POOR, unit=15.0), [sure, other])
    assert taken(few) == ["channel"] and few["recommendation"]["kept"] == 5.0


def test_more_levers_than_can_be_combined_lose_those_that_bring_least(caplog):
    many = [lever(f"l{i}", option(f"o{i}", 10.0 * (i + 1), 5.0 * (i + 1))) for i in range(9)]
    plan, _ = planned(POOR, many)
    assert {"o8", "o7", "o6"} <= set(taken(plan)) and "o0" not in taken(plan)
    assert "step.left_out name=o0" in caplog.text


def test_a_lever_that_loses_is_not_taken():
    plan, _ = planned(POOR, [lever("bad", option("bad", -5.0, -9.0))])
    assert taken(plan) == []


def test_a_lever_that_reopens_the_choice_is_told_whatever_is_chosen():
    again = lever(
        "again", option("again", 1.0, -1.0, reopens=True, do=told("measure again", "重新测量"))
    )
    plan, _ = planned(POOR, [lever("channel", option("channel", 50.0, 20.0)), again])
    assert taken(plan) == ["channel"]
    assert "the choice is open again: again returns: measure again" in plan["because"]


def test_a_strangers_lever_that_breaks_its_protocol_is_left_out_and_a_good_one_is_weighed(
    monkeypatch,
):
    class Point:
        def __init__(self, thing):
            self.value, self.thing = "stranger:x", thing

        def load(self):
            if isinstance(self.thing, Exception):
                raise self.thing
            return self.thing

    good = lever("channel", option("channel", 10**9, 10**8), called=("a channel", "渠道"))
    things = {"channel": good, "bad": "no lever", "other": good, "gone": ImportError("gone")}
    own, whole = {name: Point(thing) for name, thing in things.items()}, plugins._points
    monkeypatch.setattr(
        plugins, "_points", lambda group: whole(group) | (own if group == "levers" else {})
    )
    module._registered.cache_clear()
    try:
        assert set(broken()) == {"bad", "other", "gone"}
        plan, _ = planned(POOR)
        assert taken(plan) == ["channel"]
        assert {row["name"] for row in examine() if not row["found"]} >= {"lever bad", "lever gone"}
        assert term("option", "channel", "zh") == "channel"
        learn_options(plan)  # the plan keeps the words, whether or not the package is still here
        words = [term("option", "channel", language) for language in LANGUAGES]
        assert words == ["a channel", "渠道"]
    finally:
        TERMS["option"].pop("channel", None)
        monkeypatch.undo()
        module._registered.cache_clear()


@pytest.mark.parametrize("figures", [(5.0, None, None), (5.0, 1.0, float("nan")), (None, 1.0, 2.0)])
def test_an_option_with_half_an_interval_is_none(figures):
    with pytest.raises(ValueError, match="expected net, low and high, or none of them"):
        Option("ads", 1.0, 5.0, *figures, MEASURED, told("x", "x"))


def test_a_strangers_lever_that_fails_is_left_out_and_the_others_are_weighed(caplog):
    def fail(*_):
        raise RuntimeError("no campaign")

    sure = lever("channel", option("channel", 50.0, 20.0))
    plan, _ = planned(POOR, [Lever("broken", fail), Lever("torn", offer=fail), sure])
    assert taken(plan) == ["channel"]
    for name in ("broken", "torn"):
        assert f"name={name} because=RuntimeError: no campaign" in caplog.text


def test_a_recommendation_is_said_in_both_languages_and_old_plans_are_read():
    typed = {"option": "labels", "experiment": True}
    assert recommendation(typed, "en") == "an experiment first, on more labels"
    assert recommendation(typed, "zh") == "先做试验：更多标注"
    assert advice("an experiment first: labels") == ("labels", True)
    assert recommendation("an experiment first: labels", "en") == recommendation(typed, "en")
    assert recommendation("nothing", "en") == recommendation(
        {"option": "nothing", "experiment": False}, "en"
    )


def test_a_division_is_said_with_its_amounts_and_what_is_measured_first_alone():
    divided = {
        "option": "labels",
        "experiment": False,
        "spend": {"labels": 412.4, "ads": 300.0},
        "kept": 287.6,
        "currency": "CNY",
        "called": {"ads": ["the ads", "广告"]},
        "steps": ["baseline"],
        "look": None,
    }
    assert recommendation(divided, "en") == "more labels 412 CNY + the ads 300 CNY + baseline"
    assert recommendation(divided, "zh") == "更多标注 412 CNY + 广告 300 CNY + 基线"
    first = divided | {"experiment": True, "look": ["a test", "一次试验"]}
    assert recommendation(first, "en") == "measure first: a test"
    assert recommendation(first, "zh") == "先测量：一次试验"
    nothing = divided | {"spend": {}, "steps": []}
    assert recommendation(nothing, "en") == recommendation("nothing", "en")


def test_a_strangers_lever_brings_words_for_its_codes_and_without_them_it_is_left_out(caplog):
    figures = {"clicks": 1200, "money": 30.0}
    because = {"a": Reason("channel.returns", figures), "b": Reason("channel.unheard_of", figures)}
    mine, dumb = (lever(n, replace(option(n, 50.0, 20.0), because=because[n])) for n in "ab")
    learn(
        "channel.returns",
        ("{clicks:count} clicks for {money:money}", "{money:money} 换 {clicks:count} 次点击"),
    )
    learn("plan.do", ("mine", "mine"))  # what has words keeps them
    try:
        plan, _ = planned(POOR, [mine, dumb])
        assert "1,200 clicks for 30.00" in plan["because"]
        assert "30.00 换 1,200 次点击" in plan["because_zh"]
        assert {row["name"] for row in plan["options"]} == {"a"}
        assert "name=b because=KeyError: 'channel.unheard_of'" in caplog.text
        assert WORDS["plan.do"] == ("{do}: {why}", "{do}：{why}")
    finally:
        WORDS.pop("channel.returns")


def test_a_choice_that_is_open_again_with_nothing_to_do_is_said_without_it():
    again = lever("again", option("again", 1.0, -1.0, reopens=True))
    plan, _ = planned(POOR, [again])
    assert "and the choice is open again: again returns" in plan["because"]
