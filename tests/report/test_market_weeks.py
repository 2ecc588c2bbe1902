"""Weeks of the market as they are drawn and told: every week has its place, and every sum is that of its rows."""

import re
from xml.etree import ElementTree

import pytest

from steelyard.report.charts import NARROW
from steelyard.report.market_charts import COLORS
from steelyard.report.market_weeks import OTHERS, PAIR, WEEKS, _shown, bars, by_week
from steelyard.report.market_words import CHAPTER

MONDAYS = ("2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26")


def row(week, channel, *, spend="0", visits=0, conversions=0, revenue="0", over=True):
    return {
        "week": week,
        "last": week,
        "channel": channel,
        "spend": spend,
        "visits": visits,
        "conversions": conversions,
        "revenue": revenue,
        "over": over,
    }


def facts(rows):
    return {"weeks": rows, "currency": "CNY"}


def cells(page):
    """Of each table, the cells of its rows."""
    tables = re.findall(r"<tbody>(.*?)</tbody>", page)
    return [
        [re.findall(r"<td[^>]*>([^<]*)</td>", one) for one in re.findall(r"<tr>(.*?)</tr>", part)]
        for part in tables
    ]


def test_a_week_without_a_row_is_between_the_others_and_empty():
    shown = _shown([row(MONDAYS[0], "tv", spend="7"), row(MONDAYS[3], "tv", spend="5")])
    assert tuple(shown.weeks) == MONDAYS
    assert [shown.of("spend", "tv", week) for week in shown.weeks] == [7.0, 0.0, 0.0, 5.0]


def test_only_the_last_half_year_is_shown_and_its_sums_are_of_what_is_shown():
    late = [row(week, "tv", spend="3", revenue="10") for week in MONDAYS]
    shown = _shown([row("2024-01-01", "old", spend="9"), *late])
    assert len(shown.weeks) == WEEKS and shown.weeks[-1] == MONDAYS[-1]
    assert list(shown.channels) == ["tv"] and shown.total("spend", "tv") == 12.0


def test_channels_that_cost_are_first_and_the_nameless_one_is_last():
    rows = [row(MONDAYS[0], name, visits=4) for name in (None, "b", "a")]
    shown = _shown([*rows, row(MONDAYS[0], "z", spend="1")])
    assert list(shown.channels) == ["z", "a", "b", ""]


def test_channels_behind_the_colors_are_one_and_nothing_of_them_is_lost():
    rows = [row(MONDAYS[0], f"c{i:02}", spend=str(100 - i), revenue="1") for i in range(12)]
    shown = _shown(rows)
    assert len(shown.channels) == COLORS - 1 and shown.channels[-1] == OTHERS
    assert sum(shown.total("spend", name) for name in shown.channels) == sum(range(89, 101))
    assert shown.total("revenue", OTHERS) == 12 - (COLORS - 2)
    page = by_week(facts(rows), CHAPTER["en"])
    assert "other channels" in page and "c11" not in page


@pytest.mark.parametrize("width", [PAIR, NARROW])
def test_a_column_is_as_high_as_its_sum_and_inside_the_picture(width):
    rows = [row(MONDAYS[0], "a", spend="30"), row(MONDAYS[0], "b", spend="10")]
    rows += [row(MONDAYS[2], "a", spend="20")]
    picture = ElementTree.fromstring(bars(_shown(rows), "spend", CHAPTER["en"], width=width))
    boxes = [
        {k: float(box.get(k)) for k in ("x", "y", "width", "height")}
        for box in picture.iter("rect")
    ]
    first, second, third = (box["height"] for box in boxes)
    assert first == pytest.approx(3 * second, rel=0.01)
    assert third == pytest.approx(2 * second, rel=0.01)
    assert boxes[0]["x"] == boxes[1]["x"] < boxes[2]["x"]  # on each other, then two weeks on
    assert boxes[1]["y"] + boxes[1]["height"] == pytest.approx(boxes[0]["y"], abs=0.02)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


def test_a_week_of_corrections_below_nothing_draws_no_column_downwards():
    rows = [row(MONDAYS[0], "a", spend="-5"), row(MONDAYS[1], "a", spend="8")]
    picture = ElementTree.fromstring(bars(_shown(rows), "spend", CHAPTER["en"], width=PAIR))
    (box,) = picture.iter("rect")
    assert float(box.get("height")) > 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_totals_are_those_of_the_weeks_behind_them(language):
    rows = [
        row(MONDAYS[0], "tv", spend="70.50", visits=140, conversions=14, revenue="100"),
        row(MONDAYS[1], "tv", spend="29.50", visits=60, conversions=6),
        row(MONDAYS[1], None, visits=5, revenue="0.75", over=False),
    ]
    page = by_week(facts(rows), CHAPTER[language])
    totals, behind = cells(page)
    assert totals[0] == ["tv", "100.00", "200", "20", "100.00", "5.00"]
    assert totals[1] == [CHAPTER[language]["no_channel"], "0", "5", "0", "0.750", "?"]
    assert totals[2] == [CHAPTER[language]["all"], "100.00", "205", "20", "100.75", "5.00"]
    assert [one[:2] for one in behind] == [
        [MONDAYS[1], "tv"],
        [MONDAYS[1], CHAPTER[language]["no_channel"]],
        [MONDAYS[0], "tv"],
    ]
    assert CHAPTER[language]["not_over"] in by_week(
        facts([row(MONDAYS[0], "tv", spend="1", over=False)]), CHAPTER[language]
    )


def test_a_figure_that_nobody_booked_has_no_picture():
    page = by_week(facts([row(MONDAYS[0], "tv", spend="1")]), CHAPTER["en"])
    assert page.count("<figure>") == 1 and "Visits by week" not in page


def test_nothing_booked_shows_nothing():
    assert by_week(facts([]), CHAPTER["en"]) == ""
