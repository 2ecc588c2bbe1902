"""What every picture stands on: scales that hold their data, round ticks, labels that do not cover each other."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.report.amounts import amount
from steelyard.report.svg import Canvas, Scale, clipped, number, signed, spread, text_width

FINITE = st.floats(-1e9, 1e9).map(lambda value: round(value, 3))
ABOVE_ZERO = st.floats(1e-6, 1e9)


@given(st.lists(FINITE, min_size=1, max_size=30))
def test_every_value_has_a_place_inside_its_scale(values):
    scale = Scale.of(values, 64.0, 800.0)
    assert all(64.0 <= scale(v) <= 800.0 for v in values)
    ordered = [scale(v) for v in sorted(values)]
    assert ordered == sorted(ordered)


@given(st.lists(ABOVE_ZERO, min_size=1, max_size=30))
def test_a_logarithmic_scale_holds_them_too_and_puts_equal_ratios_apart_alike(values):
    scale = Scale.of(values, 0.0, 600.0, log=True)
    assert all(0.0 <= scale(v) <= 600.0 for v in values)
    middle = math.sqrt(scale.low * scale.high)
    assert scale(middle) == pytest.approx(300.0, abs=0.1)


def test_nothing_and_what_is_no_number_leave_a_scale_that_can_be_drawn():
    for values in ([], [math.nan], [math.inf, -math.inf], [0.0]):
        for log in (False, True):
            scale = Scale.of(values, 0.0, 100.0, log=log)
            assert scale.low < scale.high and 0.0 <= scale(0.0) <= 100.0


@given(st.lists(FINITE, min_size=2, max_size=5), st.integers(2, 8))
def test_ticks_are_inside_evenly_spaced_and_not_many(values, about):
    scale = Scale.of(values, 0.0, 500.0)
    ticks = scale.ticks(about)
    room = (scale.high - scale.low) * 1e-6
    assert all(scale.low - room <= tick <= scale.high + room for tick in ticks)
    assert len(ticks) <= about + 1
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-3, abs=1e-11) for step in steps)


@given(ABOVE_ZERO, st.floats(1.01, 1e6))
def test_ticks_of_a_logarithmic_scale_are_ones_twos_and_fives(low, times):
    scale = Scale(low, low * times, 0.0, 500.0, log=True)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 5
    if ticks != [scale.low]:
        digits = {f"{tick:.0e}"[0] for tick in ticks}
        assert digits <= {"1", "2", "5"} and all(low <= tick <= low * times for tick in ticks)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12), st.floats(5, 20))
def test_labels_that_find_room_are_apart_and_in_their_order(wanted, gap):
    low, high = 0.0, 300.0
    placed = spread(wanted, gap, low, high)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    heights = [placed[i] for i in order]
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(heights))
    if gap * (len(wanted) - 1) <= high - low:
        assert max(heights) <= high + 1e-6
    alone = len(wanted) == 1
    assert not alone or placed == [wanted[0]]


@given(st.text(max_size=40), st.floats(30, 300))
def test_words_that_are_cut_fit_and_those_that_fit_are_not_cut(words, room):
    cut = clipped(words, room)
    assert (cut == words) == (text_width(words) <= room)
    assert cut == words or (cut.endswith("…") and words.startswith(cut[:-1]))
    assert cut == words or text_width(cut[:-1]) <= room - 8 or cut == "…"


def test_chinese_letters_are_wider_than_latin_ones():
    assert text_width("中文") > text_width("zh") and text_width("（") > text_width("(")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (12.345678, "12.35"),
        (123.4, "123"),
        (9999.0, "9,999"),
        (12_345.0, "12k"),
        (-0.00012, "-0.00012"),
        (-150.0, "-150"),
        (2_500_000.0, "2,500k"),
    ],
)
def test_numbers_of_an_axis_are_short(value, said):
    assert number(value) == said


@given(FINITE.filter(lambda v: abs(v) > 1e-6))
def test_a_signed_number_is_never_a_zero_with_a_sign(value):
    said = signed(value)
    assert said[0] == ("+" if value > 0 else "-") and re.search(r"[1-9]", said)


@given(st.floats(-1e6, 1e6))
def test_an_amount_is_nought_only_for_nothing(value):
    said = amount(value)
    assert (said == "0") == (value == 0)
    if value and abs(value) > 1e-9:
        assert re.search(r"[1-9]", said)
        assert float(said.replace(",", "")) == pytest.approx(value, rel=0.006, abs=0.0051)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=30))
def test_no_word_of_a_user_is_markup(words):
    canvas = Canvas(640, 300, words, words)
    canvas.text(10, 10, words)
    picture = ElementTree.fromstring(canvas.svg())
    assert [element.text or "" for element in picture] == [words] * 3


def test_axes_of_a_narrow_picture_have_fewer_ticks_and_all_words_are_inside():
    for width in (860, 340):
        canvas = Canvas(width, 300, "a", "b")
        x, y = Scale(0.0, 1000.0, canvas.left, canvas.right), Scale(0, 5, canvas.bottom, canvas.top)
        canvas.axes(x, y, x_title="labels", y_title="share")
        words = ElementTree.fromstring(canvas.svg()).iter("text")
        places = [(float(w.get("x")), float(w.get("y"))) for w in words]
        assert all(0 <= a <= width and 0 <= b <= 300 for a, b in places)
        assert len(places) <= (14 if width == 860 else 12)


def test_one_point_makes_no_line_and_no_band():
    canvas = Canvas(640, 300, "a", "b")
    canvas.line([(1.0, 1.0)])
    canvas.band([(1.0, 1.0)], [(1.0, 2.0)])
    assert canvas.parts == []
