"""The founder's first page: the split, its reasons, what to measure, and sliders that run in the browser alone."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from tests.report.sample import divided, facts, link, look, place, split, step
from tests.report.test_report import svgs

from steelyard.reason import Reason
from steelyard.report import render
from steelyard.report.charts import NARROW, WIDE
from steelyard.report.plan_charts import marginal, tornado
from steelyard.report.plan_named import named
from steelyard.report.plan_words import WORDS
from steelyard.report.svg import text_width
from steelyard.words import spoken

BOTH = {"technology": 300.0, "market": 500.0}
SCRIPT_BYTES_MAX = 4000


class Elements(HTMLParser):
    """What a browser would see: elements, and what is inside scripts."""

    def __init__(self, page):
        super().__init__()
        self.found, self.scripts, self.inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "script"

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


def page(language="en", **changed):
    return render(divided(split(**{**BOTH, **changed})), language=language)


def rows(html, title):
    """Cells of the table in the section with this title."""
    section = next(s for s in html.split("<section") if f"<h2>{title}" in s)
    found = re.findall(r"<tr( class=grey)?>(<td.*?)</tr>", section)
    return [(bool(grey), re.findall(r"<td[^>]*>([^<]*)</td>", row)) for grey, row in found]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_begins_with_the_balance_and_stands_alone(language):
    html = page(language)
    assert html.index("class=balance") < html.index(f"<h2>{WORDS[language]['split']}")
    assert html.index(f"<h2>{WORDS[language]['looks']}") < html.index("</header>")
    for forbidden in ("http", "src=", "@import", "url(", "<b>"):
        assert forbidden not in html
    for picture in svgs(html):
        assert picture.find("title").text and picture.find("desc").text


def tornado_of(*, better=False):
    high = {"at": 5.0, "profit": 900.0}
    if better:
        high["better"] = {"name": "labels", "profit": 2500.0, "called": ["more labels", "更多标注"]}
    row = {"belief": "worth", "unit": "money", "assumed": not better, "swing": 1100.0}
    said = {"said": "a customer & his worth", "said_zh": "客户的价值"}
    return {
        "profit": 400.0,
        "rows": [row | {"low": {"at": 1.0, "profit": -200.0}, "high": high} | said],
    }


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_what_moves_the_answer_is_a_bar_with_its_ends_and_a_ring(width):
    picture = ElementTree.fromstring(
        tornado(split(tornado=tornado_of(better=True)), language="en", width=width)
    )
    found = [one.get("class") for one in picture.iter()]
    assert found.count("bar out") == found.count("bar in") == found.count("dot open") == 1
    boxes = [one for one in picture.iter() if (one.get("class") or "").startswith("bar")]
    assert float(boxes[0].get("x")) < float(boxes[1].get("x"))
    assert max(float(one.get("x")) + float(one.get("width")) for one in boxes) <= width


def test_the_table_of_what_moves_it_says_where_more_would_be_had():
    (_, cells), *_ = rows(page(tornado=tornado_of(better=True)), "What moves the answer")
    assert cells[:5] == [
        "a customer &amp; his worth",
        "1.00",
        "5.00",
        "-200",
        "+900; better: more labels +2,500",
    ]
    (_, cells), *_ = rows(page(tornado=tornado_of()), "What moves the answer")
    assert "a fifth less" in cells[5]
    assert "What moves the answer" not in page(tornado={"profit": 0.0, "rows": []})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plan_of_before_there_were_splits_has_the_page_that_it_had(language):
    html = render(facts(), language=language)
    assert "<script" not in html and "class=balance" not in html
    assert "because labels" in html or "因为如此" in html


def test_the_table_has_each_place_what_is_free_and_what_is_kept():
    html = page(steps=[step("int8", taken=True), step("fp16", taken=False)])
    found = [cells for _, cells in rows(html, "The split")]
    assert [cells[0] for cells in found] == [
        "&lt;/script&gt;&lt;b&gt;ads",
        "more labels",
        "int8",
        "kept money",
    ]
    assert found[0][1:] == ["500", "ads brings", "+0.90 [+0.20, +1.80]", "30 %", "measured"]
    assert found[2][1:3] == ["free", "saves"] and found[3][1] == "200"


def test_the_table_says_simulated_and_a_split_that_is_not_solved_says_so():
    assert "<h2>The split (simulated market)" in page(simulated=True)
    assert "资金分配 (模拟市场)" in page("zh", simulated=True)
    assert "(simulated market)" not in page()
    assert "is not solved" in page(solved=False) and "is not solved" not in page()


def test_reasons_are_the_sentence_the_chain_with_its_rows_the_switch_and_the_unknown():
    section = next(s for s in page().split("<section") if "<h2>Why" in s)
    said = [re.sub("<[^>]*>", "", line) for line in re.findall("<li>(.*?)</li>", section)]
    assert said == [
        "3,333 more",
        "ads bring customers measured, 68 rows, 2026-01-01 to 2026-02-01",
        "a customer is worth 529 extrapolated, 7,085 rows",
        "until a customer is worth 100",
        "what partners bring not known",
    ]


def test_reasons_are_ten_at_most_of_every_kind_and_the_rest_is_folded():
    many = {k: [link(f"{k} {i}") for i in range(9)] for k in ("chain", "switch", "unknown")}
    section = next(s for s in page(**many).split("<section") if "<h2>Why" in s)
    shown, folded = section.split("<details>")
    assert shown.count("<li>") == 10 and folded.count("<li>") == 1 + 27 - 10
    assert all(f"{kind} 0" in shown and f"{kind} 2" in shown for kind in many)
    assert "18 more" in folded


def test_what_is_done_stands_at_the_head_and_not_among_the_reasons():
    given = divided(split(**BOTH))
    why = Reason("split.no_place")
    plan = given.outputs["plan"]["plan"]
    plan |= spoken("because", Reason("plan.do", {"do": why, "why": why}))
    plan |= spoken("do", Reason("told", {"en": "buy the labels", "zh": "买标注"}))
    html = render(given)
    assert html.count("buy the labels") == 1
    assert html.index("buy the labels") < html.index("class=balance")


def test_a_look_that_is_worth_its_price_comes_first_and_the_others_are_grey():
    looks = [look("a", -5.0), look("b", 90.0, cost=0.0), look("c", 30.0), look("d", 0.0)]
    found = rows(page(looks=looks), "What to measure next")
    assert [(grey, cells[0]) for grey, cells in found] == [
        (False, "b"),
        (False, "c"),
        (True, "d"),
        (True, "a"),
    ]
    assert found[1][1][1:] == ["100", "8", "+30.00", "why c", "do c"] and found[0][1][1] == "free"
    assert "What to measure next" not in page(looks=[])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_of_the_next_unit_marks_zero_and_cuts_what_is_hardly_known(language):
    picture = marginal(split(**BOTH), language=language)  # 31 beside 1.8
    assert picture.count('class="arrow"') == 2
    assert WORDS[language]["returns_itself"] in picture and "+0.40" in picture
    known = [place(str(i), "market", 0.0, 1.0, 0.5, 1.5 + i / 9) for i in range(3)]
    assert 'class="arrow"' not in marginal(split(parts=known), language=language)


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_name_of_a_place_leaves_its_picture_or_lies_on_a_bar(width):
    long = [place("合作渠道 with a very long name " * 4, "market", 9.0, 1.0, -40.0, 50.0)]
    picture = ElementTree.fromstring(marginal(split(parts=long), language="en", width=width))
    name = next(e for e in picture.iter() if "strong" in e.get("class", ""))
    bar = next(e for e in picture.iter() if "thick" in e.get("class", ""))
    room = width if width == NARROW else float(bar.get("x1"))
    assert 1.08 * text_width(name.text) < room
    assert width == WIDE or float(name.get("y")) < float(bar.get("y1")) - 8


def test_a_script_is_given_numbers_alone_and_no_name_ends_it():
    seen = Elements(page())
    data, script = seen.scripts
    assert set(json.loads(data)) == {"base", "steps", "places"} and "ads" not in data
    assert script == files("steelyard.report").joinpath("sliders.js").read_text(encoding="utf-8")
    assert ("b", {}) not in seen.found
    hostile = split(**BOTH)
    # of a ledger that somebody else wrote
    hostile["sliders"]["places"][0] |= {"paid": "</script><b>", "amounts": [0, '"><b>']}
    seen = Elements(render(divided(hostile)))
    assert json.loads(seen.scripts[0])["places"][0]["paid"] == "</script><b>"
    assert ("b", {}) not in seen.found and "</script><b>" not in seen.scripts[0]


def test_the_script_is_small_and_asks_nobody():
    script = files("steelyard.report").joinpath("sliders.js").read_text(encoding="utf-8")
    assert len(script.encode()) < SCRIPT_BYTES_MAX
    for word in (
        "fetch",
        "XMLHttp",
        "WebSocket",
        "import",
        "eval",
        "innerHTML",
        "Function",
        "http",
    ):
        assert word not in script


def test_sliders_begin_where_the_plan_is_and_the_block_says_that_it_needs_a_script():
    html = page()
    inputs = [a for tag, a in Elements(html).found if tag == "input"]
    money = {a["data-place"]: (a["value"], a["max"]) for a in inputs if a["data-kind"] == "money"}
    assert money == {"0": ("300.0", "4000"), "1": ("500.0", "4000")}
    assert [a["data-kind"] for a in inputs[2:]] == ["worth", "answer", "gain", "gain"]
    assert "<noscript>" in html and "6.00 apart" in html
    assert "<script" not in page(sliders=None)


def test_beliefs_that_move_nothing_have_no_slider():
    made = split(**BOTH)
    for one in made["sliders"]["places"]:
        del one["declared"]
    inputs = [a for tag, a in Elements(render(divided(made))).found if tag == "input"]
    assert "answer" not in {a["data-kind"] for a in inputs}


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs the script")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # 5 and 7 of the steps; at 500: 1,000 and 1,200 of customers, 50 of answers, 500 paid, 3 once
        ({"money": [0, 500]}, [5 + 1050 - 503, 7 + 1250 - 503]),
        ({"money": [0, 0]}, [5, 7]),
        ({"money": [1000, 2500]}, [5 + 2100 - 1003 + 3750 - 2503, 7 + 2500 - 1003 + 4450 - 2503]),
        ({"money": [0, 500], "worth": 2}, [5 + 2050 - 503, 7 + 2450 - 503]),
        ({"money": [0, 500], "answer": 0}, [5 + 1000 - 503, 7 + 1200 - 503]),
        ({"money": [0, 500], "gain": [1, 0.5]}, [5 + 525 - 503, 7 + 625 - 503]),
    ],
)
def test_the_script_interpolates_scales_and_sums(asked, expected):
    script = files("steelyard.report").joinpath("sliders.js").read_text(encoding="utf-8")
    asked = {"worth": 1, "answer": 1, "gain": [1, 1], **asked}
    said = json.dumps(split(**BOTH)["sliders"])
    run = f"{script}\nconst drawn = profits({said}, {json.dumps(asked)});"
    run += f"const spent = placed({said}, {json.dumps(asked)});"
    run += "console.log(JSON.stringify([drawn, spent, three([4, 1, 3, 2, 0])]))"
    out = subprocess.run(
        [shutil.which("node"), "-e", run], capture_output=True, text=True, timeout=60, check=True
    )
    drawn, spent, (mean, low, high) = json.loads(out.stdout)
    assert spent == 20 + sum(asked["money"]) + 3 * sum(money > 0 for money in asked["money"])
    assert drawn == pytest.approx(expected) and (mean, low, high) == pytest.approx((2, 0.4, 3.6))


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs the script")
def test_the_script_takes_away_what_a_slider_below_zero_says():
    """Half of 200 of today's spend, which brought 60: no first money is paid for that."""
    script = files("steelyard.report").joinpath("sliders.js").read_text(encoding="utf-8")
    place = {"amounts": [-200, 0, 500], "paid": 1, "once": 3, "customers": [[-60], [0], [900]]}
    base = {"customers": [5], "declared": [0], "serving": [0]}
    data = {"base": base, "steps": 20, "places": [place]}
    asked = {"worth": 1, "answer": 1, "gain": [1], "money": [-100]}
    both = f"{json.dumps(data)}, {json.dumps(asked)}"
    run = f"{script}\nconsole.log(JSON.stringify([profits({both}), placed({both})]))"
    out = subprocess.run(
        [shutil.which("node"), "-e", run], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(out.stdout) == [[5 - 30 + 100], 20 - 100]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_money_that_is_taken_away_stands_in_the_table_and_under_the_arm(language):
    parts = [
        place("labels", "technology", 300.0, 0.4, -1.0, 2.0),
        place("ads", "market", 0.0, 0.1, -1.0, 2.0),
        place("search", "market", -450.0, -0.4, -1.0, 0.2),
    ]
    html = page(language, parts=parts, technology=300.0, market=0.0, freed=450.0)
    names = [cells[0] for _, cells in rows(html, WORDS[language]["split"])]
    assert names[:2] == ["search", named_of("labels", language)]  # most money that is moved first
    first = next(cells for _, cells in rows(html, WORDS[language]["split"]) if cells[0] == "search")
    assert first[1] == "-450"
    assert WORDS[language]["freed"].format(money="450", currency="CNY") in html
    assert WORDS[language]["less"].format(name="search", money="450") in html
    (slider,) = (
        a
        for tag, a in Elements(html).found
        if tag == "input" and a.get("data-kind") == "money" and float(a["value"]) < 0
    )
    assert float(slider["min"]) <= -450


def named_of(name, language):
    return named({"name": name}, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_scores_of_past_plans_are_a_table_and_without_any_there_is_none(language):
    scores = [
        {"turn": 3, "what": "profit", "said": [900.0, 200.0, 1700.0], "seen": 640.0, "held": True},
        {"turn": 4, "what": "sales", "said": [7.0, 4.0, 10.0], "seen": 2.0, "held": False},
        {"turn": 4, "what": "p95", "said": [9.0, None, None], "seen": 12.0, "held": None},
    ]
    title = WORDS[language]["scores"]
    html = render(divided(split(**BOTH), scores=scores), language=language)
    found = [cells for _, cells in rows(html, title)]
    yes, no = WORDS[language]["yes"], WORDS[language]["no"]
    assert found == [
        ["3", "profit", "900", "[200, 1,700]", "640", yes],
        ["4", "sales", "7", "[4, 10]", "2", no],
        ["4", "p95", "9", "", "12", ""],
    ]
    assert WORDS[language]["scores_note"].format(held=1, n=2) in html
    assert title not in page(language)


def test_both_languages_say_the_same_things():
    assert set(WORDS["en"]) == set(WORDS["zh"])
    for key, said in WORDS["en"].items():
        other = WORDS["zh"][key]
        assert said.count("|") == other.count("|"), key
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", other)), key
