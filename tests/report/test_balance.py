"""The steelyard hangs its weights where the plan puts the money and tilts to the side that is worth more alone."""

import re
from xml.etree import ElementTree

import pytest
from tests.report.sample import place, split, step, three

from steelyard.report.balance import FULL, balance, said_of_money, said_of_scale, said_of_tilt, tilt
from steelyard.report.charts import NARROW, WIDE
from steelyard.report.svg import text_width

BOTH = {"technology": 300.0, "market": 500.0}


def drawn(made, width=WIDE, language="en"):
    return ElementTree.fromstring(balance(made, language=language, width=width))


def of(picture, css):
    return [e for e in picture.iter() if css in e.get("class", "").split()]


def points(element):
    return [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]


def weights(picture):
    """Middle of each weight, from left to right."""
    hung = [sum(x for x, _ in points(e)) / 4 for e in of(picture, "weight") if e.get("points")]
    return sorted(hung)


def lying(picture):
    return [e for e in of(picture, "weight") if e.tag == "rect"]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("money", "left", "right", "pan"),
    [
        (BOTH, 1, 1, 1),
        ({"technology": 400.0, "market": 600.0}, 1, 1, 0),
        ({"technology": 1000.0}, 1, 0, 0),
        ({"market": 200.0}, 0, 1, 1),
        ({}, 0, 0, 1),
    ],
)
def test_a_weight_hangs_on_each_side_that_gets_money_and_what_is_kept_lies_in_the_pan(
    width, money, left, right, pan
):
    picture = drawn(split(**money), width)
    hung = weights(picture)
    assert sum(x < width / 2 for x in hung) == left and sum(x > width / 2 for x in hung) == right
    assert len(lying(picture)) == pan


def test_more_money_is_a_larger_weight():
    def size(money):
        (weight,) = (e for e in of(drawn(split(market=money)), "weight") if e.get("points"))
        return max(x for x, _ in points(weight)) - min(x for x, _ in points(weight))

    assert size(50.0) < size(400.0) < size(1000.0)


@pytest.mark.parametrize(
    ("alone", "lower"),
    [((900.0, 1300.0), "right"), ((1300.0, 900.0), "left"), ((700.0, 700.0), None)],
)
def test_the_beam_is_lower_on_the_side_that_is_worth_more_alone(alone, lower):
    (beam,) = of(drawn(split(alone=alone, **BOTH)), "beam")
    ends = sorted(points(beam))
    left, right = ends[0][1], ends[-1][1]
    found = None if abs(left - right) < 5 else ("left" if left > right else "right")
    assert found == lower


def test_the_sector_holds_the_interval_of_the_difference_on_both_arms():
    made = split(
        alone=(900.0, 1300.0), **BOTH
    )  # a difference of 400 [-100, 900], and a budget of 1,000
    degrees, low, high = tilt(made)
    assert (degrees, low, high) == pytest.approx((0.4 * FULL, -0.1 * FULL, 0.9 * FULL))
    assert len(of(drawn(made), "band")) == 2
    sure = split(alone=(0.0, 0.0), **BOTH)
    sure["arms"]["difference"] = three(0.0, 0.0, 0.0)
    assert not of(drawn(sure), "band") and tilt(sure) == (0.0, 0.0, 0.0)
    assert "sector" in said_of_scale(made, "en") and "sector" not in said_of_scale(sure, "en")


@pytest.mark.parametrize("money", [1e-9, 1e9])
def test_no_tilt_leaves_the_scale_whatever_the_sums(money):
    made = split(alone=(-money, money), **BOTH)
    made["arms"]["difference"] = three(2 * money, -5 * money, 9 * money)
    assert all(abs(angle) <= FULL + 1e-9 for angle in tilt(made))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    "made",
    [
        split(simulated=True, **BOTH),
        split(),
        split(technology=1000.0, alone=(40_000.0, 0.0)),
        split(
            market=900.0,
            alone=(0.0, 123_456_789.0),
            parts=[
                place(f"一个名字很长的合作渠道 number {i}", "market", 90.0, 1, 0, 2)
                for i in range(9)
            ],
            steps=[step("int8", taken=True)],
        ),
    ],
)
def test_every_mark_and_every_word_is_inside_the_picture(made, width, language):
    picture = drawn(made, width, language)
    high = float(picture.get("viewBox").split()[3])
    for part in picture.iter():
        for x, y in points(part) if part.get("points") else []:
            assert 0 <= x <= width and 0 <= y <= high
        if part.tag == "text":
            css, wide = part.get("class").split(), text_width(part.text)
            left = float(part.get("x")) - wide * ("end" in css) - wide / 2 * ("mid" in css)
            assert left >= -1 and left + wide <= width + 1 and 8 < float(part.get("y")) < high


@pytest.mark.parametrize(
    ("money", "en", "zh"),
    [
        (
            BOTH,
            "puts 300 CNY on technology and 500 CNY on the market; 200 CNY are kept",
            "保留 200",
        ),
        ({"market": 1000.0}, "puts 1,000 CNY on the market; nothing is kept", "投向市场，没有保留"),
        ({}, "no money on either side: all 1,000 CNY are kept", "两边都不投：1,000 CNY 全部保留"),
    ],
)
def test_the_description_says_the_same_in_words(money, en, zh):
    for language, said in (("en", en), ("zh", zh)):
        picture = drawn(split(**money), language=language)
        assert picture.get("role") == "img" and picture.find("title").text
        described = picture.find("desc").text
        assert said in described and said_of_tilt(split(**money), language) in described
        assert said_of_money(split(**money), language) in described


def test_the_tilt_is_said_with_its_probability_and_a_level_beam_is_said_level():
    assert "tilts to the market" in said_of_tilt(split(), "en")
    assert "83 %" in said_of_tilt(split(), "en") and "偏向市场" in said_of_tilt(split(), "zh")
    even = split(alone=(500.0, 500.0))
    assert "is level" in said_of_tilt(even, "en") and "持平" in said_of_tilt(even, "zh")


def test_a_side_that_has_nothing_to_offer_says_so_and_one_that_is_not_worth_it_does_not():
    only = [place("labels", "technology", 0.0, -0.5, -1, 0)]
    assert "has nothing to offer" in balance(split(parts=only), language="en")
    assert "has nothing to offer" not in balance(split(), language="en")


def test_what_is_free_is_said_under_its_arm_though_no_money_hangs_there():
    picture = balance(split(market=10.0, steps=[step("int8", taken=True)]), language="en")
    assert "free: int8" in picture and len(weights(ElementTree.fromstring(picture))) == 1


def test_a_simulated_market_is_marked_and_a_real_one_is_not():
    for language, said in (("en", "simulated market"), ("zh", "模拟市场")):
        for simulated in (True, False):
            picture = drawn(split(simulated=simulated, **BOTH), language=language)
            shown = [e.text for e in of(picture, "marked")]
            assert shown == ([said] if simulated else [])
            assert (said in picture.find("desc").text) is simulated


def test_a_long_name_is_cut_before_its_money():
    parts = [place("x" * 90, "market", 480.0, 1, 0, 2)]
    words = [e.text or "" for e in drawn(split(market=480.0, parts=parts), NARROW).iter()]
    assert any(re.fullmatch(r"x+… 480", said) for said in words)
