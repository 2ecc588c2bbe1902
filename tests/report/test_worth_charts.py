"""What a new customer brings beside what he costs, drawn and told as a table, at both widths and in both languages."""

import re
from xml.etree import ElementTree

import pytest

from steelyard.report.charts import NARROW, WIDE
from steelyard.report.market_words import CHAPTER
from steelyard.report.worth_charts import COSTS, brings, survival
from steelyard.report.worth_section import worth_sections

MONTHS = [
    {"month": m, "value": 20.0 + 8 * m, "low": 20.0 + 6 * m, "high": 20.0 + 11 * m}
    for m in range(25)
]
HERE = [{"month": m, "value": 0.9**m, "low": 0.85**m, "high": 0.95**m} for m in range(24)]
LONG = "the name of a partner that is longer than any picture"


def channel(name, cost, months):
    return {"channel": name, "cost": {"value": cost}, "months": {"value": months}}


def facts(channels=(), by_month=MONTHS, here=HERE):
    return {
        "currency": "CNY",
        "channels": list(channels),
        "worth": {"by_month": list(by_month), "survival": list(here)},
    }


def drawn(costs, width=WIDE, language="en", points=MONTHS):
    picture = brings(points, costs, CHAPTER[language], unit=", CNY", width=width)
    return ElementTree.fromstring(picture)


def of(picture, css):
    return [e for e in picture.iter() if e.get("class", "").split()[:1] == [css]]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_mark_and_every_word_is_inside_the_picture(width, language):
    costs = [{"channel": LONG, "cost": 900.0, "month": None}]
    costs += [{"channel": f"渠道{i}", "cost": 30.0 + i, "month": 2.0} for i in range(3)]
    for picture in (
        drawn(costs, width, language),
        ElementTree.fromstring(survival(HERE, CHAPTER[language], width=width)),
    ):
        high = float(picture.get("viewBox").split()[3])
        for part in picture.iter():
            for x in ("x", "x1", "x2", "cx"):
                assert 0 <= float(part.get(x, 0)) <= width
            for y in ("y", "y1", "y2", "cy"):
                assert 0 <= float(part.get(y, 0)) <= high
            pairs = (pair.split(",") for pair in part.get("points", "").split())
            assert all(0 <= float(a) <= width and 0 <= float(b) <= high for a, b in pairs)


def test_a_dot_is_where_the_cost_of_a_channel_meets_what_a_customer_brings():
    picture = drawn([{"channel": "tv", "cost": 100.0, "month": 10.0}])
    (dot,), (level,) = of(picture, "dot"), of(picture, "goal")
    points = [tuple(map(float, p.split(","))) for p in of(picture, "line")[0].get("points").split()]
    assert (float(dot.get("cx")), float(dot.get("cy"))) == points[10]
    assert level.get("y1") == level.get("y2") == dot.get("cy")


def test_a_channel_that_is_not_paid_back_has_its_level_and_no_dot():
    picture = drawn([{"channel": "tv", "cost": 900.0, "month": None}])
    assert not of(picture, "dot") and len(of(picture, "goal")) == 1
    assert float(of(picture, "goal")[0].get("y1")) >= 24.0  # inside, though dearer than he is worth


def test_a_long_name_leaves_room_for_what_one_costs():
    words = [e.text for e in drawn([{"channel": LONG, "cost": 12.5, "month": 1}], NARROW).iter()]
    assert any(w and w.endswith("… 12.50") for w in words)


def test_an_end_that_no_model_tells_is_the_edge_of_the_picture_and_a_question_mark():
    open_ended = [one | {"high": None} for one in MONTHS]
    picture = drawn([], points=open_ended)
    assert "24" in of(picture, "band")[0].get("points")  # y of the upper edge
    assert "20.00 [20.00, ?]" in worth_sections(facts(by_month=open_ended), CHAPTER["en"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_says_what_the_pictures_show(language):
    page = worth_sections(facts([channel("tv", 100.0, 10.0)]), CHAPTER[language])
    assert page.count("<figure>") == 2
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    rows = [cells[i : i + 3] for i in range(0, len(cells), 3)]
    assert rows[0] == ["0", "20.00 [20.00, 20.00]", "100.0 % [100.0 %, 100.0 %]"]
    assert [row[0] for row in rows] == ["0", "1", "3", "6", "12", "18", "23"]
    assert rows[4][1:] == ["116.00 [92.00, 152.00]", "28.2 % [14.2 %, 54.0 %]"]


def test_channels_whose_cost_is_not_known_are_left_out_and_many_are_named():
    many = [channel(f"c{i}", 50.0 + i, None) for i in range(COSTS + 2)]
    page = worth_sections(facts([channel("none", None, None), *many]), CHAPTER["en"])
    assert "2 more channels stand in the table above" in page
    assert "none 5" not in page and f"c{COSTS - 1} " in page and f"c{COSTS} " not in page


def test_a_name_is_shown_as_text():
    page = worth_sections(facts([channel("<img src=x>", 50.0, 1.0)]), CHAPTER["en"])
    assert "<img" not in page and "&lt;img" in page


def test_nothing_is_drawn_where_customers_tell_no_model():
    assert worth_sections(facts(by_month=(), here=()), CHAPTER["en"]) == ""
    only = worth_sections(facts(by_month=()), CHAPTER["en"])
    assert only.count("<figure>") == 1 and "margin so far" not in only
    assert worth_sections({"worth": {}, "channels": []}, CHAPTER["en"]) == ""
