"""One table says each reason in English and in Chinese, and its figures are written in one place."""

import json
import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.figures import (
    BESIDE,
    COUNTED,
    FIGURES,
    NAMES,
    apart,
    briefly_apart,
    exact,
    saving,
    times,
)
from steelyard.reason import Reason, together, told
from steelyard.terms import TERMS
from steelyard.words import WORDS, both, kept, learn, say, sentence, spoken

HAN = re.compile(r"[\u4e00-\u9fff]")
# codes whose Chinese differs from the English in its signs alone
SIGNS = {"several", "told", "release.by_hand", "plan.do", "plan.again", "mix.and_test"}
SIGNS |= {"split.option", "split.because"}


def holes(template: str) -> set[str]:
    """Names of the numbers that a template needs."""
    found = set()
    for _, name, way, _ in Formatter().parse(template):
        if name is not None:
            kind, *beside = (way or "").split(" ")
            found |= {name, *(beside if kind != COUNTED else ())}
    return found


def test_every_code_has_words_in_both_languages():
    for code, (english, chinese) in WORDS.items():
        assert english and chinese and not HAN.search(english), code
        assert bool(HAN.search(chinese)) != (code in SIGNS), code


@pytest.mark.parametrize("code", sorted(WORDS.keys() - {"told"}))
def test_both_languages_say_the_same_numbers_in_ways_that_are_known(code):
    assert holes(WORDS[code][0]) == holes(WORDS[code][1])
    known = FIGURES.keys() | BESIDE.keys() | NAMES.keys() | TERMS.keys() | {COUNTED}
    for template in WORDS[code]:
        for _, name, way, _ in Formatter().parse(template):
            assert name is None or (way or "").split(" ")[0] in known, way


def test_every_way_of_writing_is_used():
    used = {
        (way or "").split(" ")[0]
        for pair in WORDS.values()
        for template in pair
        for _, _, way, _ in Formatter().parse(template)
    }
    assert (FIGURES.keys() | BESIDE.keys() | NAMES.keys()) - used == set()


figures = (
    st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
reasons = st.recursive(
    st.builds(Reason, st.text(), st.dictionaries(st.text(), figures)),
    lambda inner: st.builds(
        Reason,
        st.text(),
        st.dictionaries(st.text(), figures | inner | st.lists(figures | inner).map(tuple)),
    ),
)


@given(reasons)
def test_a_reason_is_the_same_behind_json(reason):
    assert Reason.of_json(json.loads(json.dumps(reason.to_json()))) == reason


def test_a_step_leaves_the_sentences_with_the_code_and_its_numbers():
    found = spoken("why", Reason("goal.above", {"goal": "p95_ms", "value": 52.8, "limit": 20.0}))
    assert found == {
        "why": "p95 52.8 ms is above the goal 20",
        "why_zh": "p95 52.8 ms 高于目标 20",
        "why_code": "goal.above",
        "why_numbers": {"goal": "p95_ms", "value": 52.8, "limit": 20.0},
    }
    assert spoken("do", None) == {"do": "", "do_zh": "", "do_code": None, "do_numbers": {}}


def test_several_reasons_stand_behind_each_other_and_one_stands_alone():
    one, other = told("a", "甲"), told("b", "乙")
    assert together([one]) is one
    assert both(together([one, other])) == {"en": "a; b", "zh": "甲；乙"}


BEFORE = {"why": "worse: before", "why_zh": "更差：以前"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ({}, BEFORE["why"]),  # a ledger of before had no codes
        ({"why_code": "gone.with_its_plug_in", "why_numbers": {}}, BEFORE["why"]),
        ({"why_code": "goal.above", "why_numbers": {"goal": "p95_ms"}}, BEFORE["why"]),
        ({"why_code": None, "why_numbers": None}, BEFORE["why"]),
        (
            {
                "why_code": "goal.above",
                "why_numbers": {"goal": "p95_ms", "value": "much", "limit": 1},
            },
            BEFORE["why"],
        ),
        ({"why_code": "release.none_meets", "why_numbers": {}}, "no variant meets the goals"),
    ],
)
def test_a_reason_that_a_step_left_is_read_and_its_sentences_stand_where_it_has_no_code(code, said):
    assert say(kept(BEFORE | code, "why"), "en") == said


def test_a_sentence_without_chinese_is_shown_in_english():
    assert sentence(BEFORE, "why", "zh") == "更差：以前"
    assert (
        sentence({"why": "worse"}, "why", "zh")
        == "worse"
        == say(kept({"why": "worse"}, "why"), "zh")
    )


def test_words_of_a_plug_in_are_learned_and_never_replace_ours():
    learn("my_lever.returns", ("{n:count} clicks", "{n:count} 次点击"))
    learn("several", ("mine", "mine"))
    try:
        assert say(Reason("my_lever.returns", {"n": 1200}), "zh") == "1,200 次点击"
        assert WORDS["several"] == ("{each}", "{each}")
    finally:
        WORDS.pop("my_lever.returns")


@pytest.mark.parametrize(
    "reason", [Reason("no.such_code"), Reason("goal.above", {"goal": "p95_ms", "value": 2.0})]
)
def test_a_code_without_words_and_words_without_their_number_are_no_sentence(reason):
    with pytest.raises(KeyError):
        say(reason, "en")


def test_what_a_person_wrote_is_never_taken_for_a_template():
    by_hand = Reason("release.by_hand", {"who": "li", "why": "{who:count} {0} }{"})
    assert say(by_hand, "en") == "li: {who:count} {0} }{"


def test_a_small_saving_is_never_written_as_zero():
    assert [saving(v) for v in (0.0, -0.0031, 0.5, 51.14, -1234.5)] == [
        "+0.00",
        "-0.0031",
        "+0.5",
        "+51.14",
        "-1,234.50",
    ]


@given(st.floats(0.01, 1e6), st.floats(0, 1e-9))
def test_a_missed_goal_is_never_shown_as_the_goal_itself(goal, beyond):
    value = goal * (1 + 1e-12) + beyond
    assert float(apart(value, goal)) != float(exact(goal)) or value == goal


def test_a_figure_is_as_short_as_it_may_be():
    assert (apart(20.4, 20), apart(20.00004, 20), exact(0.8123456789)) == (
        "20.4",
        "20.00004",
        "0.8123456789",
    )
    assert (briefly_apart(104.2, 100.0), briefly_apart(0.49999, 0.5)) == ("104", "0.49999")
    assert (times(3.0), times(1.04)) == ("3.0", "1.04")
