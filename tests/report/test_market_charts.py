"""Pictures of a marketing mix: what is seen is what is told, at both widths, for whoever cannot see it too."""

import re

import pytest

from steelyard.report.charts import NARROW, WIDE
from steelyard.report.market_charts import brought, contributions, marginal, saturation
from steelyard.report.market_words import WORDS

DATES = [f"2026-{m:02}-01" for m in range(1, 13)]
BAND = {"value": [3.0] * 12, "low": [1.0] * 12, "high": [5.0] * 12}
FACTS = {
    "periods": DATES,
    "outcome": [20.0] * 12,
    "base": [10.0] * 12,
    "channels": {"电视": BAND, "a channel of a very long name": BAND},
    "outcome_name": "sales",
}
GRID = [10.0 * i for i in range(14)]
CURVE = {
    "spend": GRID,
    "seen": 100.0,
    "response": {"value": GRID, "low": GRID, "high": [2 * s for s in GRID]},
    "marginal": {"value": [2.0] * 14, "low": [0.5] * 14, "high": [3.0] * 14},
}


def pictures(width, language, today=45.0):
    words = WORDS[language]
    how = {"title": "a < b", "axes": ("spend", "brought"), "width": width}
    return [
        contributions(FACTS, words, width=width),
        brought(BAND, DATES, words, title="a < b", unit="", width=width),
        saturation(CURVE, today, words, **how),
        marginal(CURVE, today, words, **how),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_picture_has_a_title_a_description_and_finite_places_inside_it(width, language):
    for svg in pictures(width, language):
        assert svg.count("<title>") == svg.count("<desc>") == 1 and "a < b" not in svg
        assert "nan" not in svg and "inf" not in svg
        marks = re.findall(r'points="([^"]*)"', svg)
        places = [tuple(map(float, p.split(","))) for mark in marks for p in mark.split()]
        assert all(0 <= x <= width and y >= 0 for x, y in places)


def test_areas_stand_on_each_other_and_reach_what_they_add_up_to():
    svg = contributions(FACTS, WORDS["en"])
    areas = re.findall(r'class="area (\w+)" points="([^"]*)"', svg)
    assert [css for css, _ in areas] == ["base", "c0", "c1"]
    tops = [float(points.split()[12].split(",")[1]) for _, points in areas]
    assert tops == sorted(tops, reverse=True)
    assert "…" in contributions(FACTS, WORDS["en"], width=NARROW), "a long name is cut"


def test_beyond_what_was_spent_a_curve_is_dashed_and_today_is_marked():
    words = WORDS["en"]
    svg = saturation(CURVE, 45.0, words, title="tv", axes=("x", "y"), width=WIDE)
    assert svg.count("line dashed") == 1 and "band faint" in svg and "today 45" in svg


def test_the_line_where_a_unit_brings_one_stands_only_where_the_outcome_is_money():
    words = WORDS["en"]
    how = {"title": "tv", "axes": ("x", "y"), "width": WIDE}
    assert words["pays"] in marginal(CURVE, 45.0, words, **how)
    assert words["pays"] not in marginal(CURVE, 45.0, words | {"pays": ""}, **how)
    assert words["pays"] not in saturation(CURVE, 45.0, words, **how)


def test_a_channel_that_spends_nothing_today_has_its_mark_at_zero():
    svg = saturation(CURVE, 0.0, WORDS["en"], title="tv", axes=("x", "y"), width=NARROW)
    assert "today 0" in svg


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for name, said in WORDS["en"].items():
        holes = set(re.findall(r"{\w+}", said))
        assert holes == set(re.findall(r"{\w+}", WORDS["zh"][name])), name
