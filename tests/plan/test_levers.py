"""A place for the money is a lever: the planner weighs whatever is registered and knows none by name."""

from dataclasses import replace

import pytest
from tests.plan.test_plan import FACTS, FLAT

from steelyard import plugins
from steelyard.cli.doctor import examine
from steelyard.plan import levers as module
from steelyard.plan.levers import ASSUMED, MEASURED, Lever, Option, broken, levers
from steelyard.plan.options import Recommendation, allocate
from steelyard.reason import Reason, told
from steelyard.terms import LANGUAGES, TERMS, advice, learn_options, recommendation, term
from steelyard.words import WORDS, both, learn, say


def option(name, net, low, **more):
    high = None if net is None else 2 * net - low
    return Option(
        name, 10.0, net, net, low, high, MEASURED, told(f"{name} returns", f"{name}有回报"), **more
    )


def lever(name, *options, called=None):
    return Lever(name, lambda facts, money: options, called)


KEEP = lever("keep", Option("keep", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, told("k", "k"), keeps=True))


def test_the_built_in_levers_are_registered_and_none_is_broken():
    names = {"labels", "another_variant", "served_variant", "canary", "nothing", "market"}
    assert {one.name for one in levers()} == names and broken() == {}
    assert all(name in TERMS["option"] for name in names)


@pytest.mark.parametrize("one", levers(), ids=lambda one: one.name)
@pytest.mark.parametrize("money", [0.0, 10.0, 1000.0, 1e7])
def test_every_lever_answers_any_amount_with_an_interval_or_with_nothing_known(one, money):
    for found in one.respond(FACTS, money):
        assert all(both(found.because).values()) and found.spend <= max(money, 0.0) + 1e-6
        known = [found.net, found.low, found.high]
        assert all(v is None for v in known) or found.low <= found.net <= found.high
        assert (found.net is None) <= (found.evidence == ASSUMED or found.reopens)


def test_a_lever_nobody_knows_wins_where_it_returns_most():
    sure = lever("channel", option("channel", 50.0, 20.0, do=told("spend 10 on it", "花 10")))
    plan = allocate(FACTS, [KEEP, sure, lever("other", option("other", 40.0, 30.0))])
    assert (
        plan.recommendation == Recommendation("channel") and say(plan.do, "en") == "spend 10 on it"
    )
    assert [o.name for o in plan.options] == ["channel", "other", "keep"]


def test_a_lever_whose_interval_holds_zero_is_tried_with_its_own_part_first():
    part = told("spend 1 on it", "先花 1")
    unsure = lever(
        "channel", option("channel", 50.0, -5.0, part=part, called=("a channel", "渠道"))
    )
    plan = allocate(FACTS, [KEEP, unsure])
    assert plan.recommendation == Recommendation("channel", experiment=True)
    assert plan.do == part
    sure = lever("small", option("small", 9.0, 3.0))
    plan = allocate(FACTS, [KEEP, unsure, sure])
    assert plan.recommendation == Recommendation("small") and "a channel may return more" in say(
        plan.because, "en"
    )


def test_a_lever_that_reopens_the_choice_is_told_whatever_is_chosen():
    again = lever(
        "again", option("again", 1.0, -1.0, reopens=True, do=told("measure again", "重新测量"))
    )
    plan = allocate(FACTS, [KEEP, lever("channel", option("channel", 50.0, 20.0)), again])
    assert plan.recommendation == Recommendation("channel")
    assert "the choice is open again: again returns: measure again" in say(plan.because, "en")


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
        plan = allocate(replace(FACTS, curve=FLAT))
        assert plan.recommendation == Recommendation("channel")
        body = plan.to_json()
        assert body["recommendation"] == {"option": "channel", "experiment": False}
        assert {row["name"] for row in examine() if not row["found"]} >= {"lever bad", "lever gone"}
        assert term("option", "channel", "zh") == "channel"
        learn_options(body)  # the plan keeps the words, whether or not the package is still here
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
    def fail(facts, money):
        raise RuntimeError("no campaign")

    sure = lever("channel", option("channel", 50.0, 20.0))
    plan = allocate(FACTS, [KEEP, Lever("broken", fail), sure])
    assert plan.recommendation == Recommendation("channel")
    assert "name=broken because=RuntimeError: no campaign" in caplog.text


def test_a_recommendation_is_said_in_both_languages_and_old_plans_are_read():
    typed = {"option": "labels", "experiment": True}
    assert recommendation(typed, "en") == "an experiment first, on more labels"
    assert recommendation(typed, "zh") == "先做试验：更多标注"
    assert advice("an experiment first: labels") == ("labels", True)
    assert recommendation("an experiment first: labels", "en") == recommendation(typed, "en")
    assert recommendation("nothing", "en") == recommendation(
        {"option": "nothing", "experiment": False}, "en"
    )


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
        body = allocate(FACTS, [KEEP, mine, dumb]).to_json()
        assert (
            body["because"] == "1,200 clicks for 30.00"
            and body["because_zh"] == "30.00 换 1,200 次点击"
        )
        assert (body["because_code"], body["because_numbers"]) == ("channel.returns", figures)
        assert {row["name"] for row in body["options"]} == {"keep", "a"}
        assert "name=b because=KeyError: 'channel.unheard_of'" in caplog.text
        assert WORDS["plan.do"] == ("{do}: {why}", "{do}：{why}")
    finally:
        WORDS.pop("channel.returns")


def test_a_choice_that_is_open_again_with_nothing_to_do_is_said_without_it():
    again = lever("again", option("again", 1.0, -1.0, reopens=True))
    plan = allocate(FACTS, [KEEP, lever("channel", option("channel", 50.0, 20.0)), again])
    assert say(plan.because, "en") == "channel returns; and the choice is open again: again returns"
