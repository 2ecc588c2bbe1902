"""The page stands alone, says what is missing, and shows user data as text."""

import io
import itertools
import math
import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.report.sample import facts, money, outputs, row, without

from steelyard.interval import too_few
from steelyard.reason import Reason
from steelyard.report import closing_table, render
from steelyard.report.facts import balances
from steelyard.report.svg import Scale, clipped, signed, spread, text_width
from steelyard.report.values import PricedKind
from steelyard.report.words import WORDS
from steelyard.words import say, spoken

PAGE_BYTES_MAX = 500_000


def svgs(page: str) -> list[ET.Element]:
    parts = page.split("<svg")[1:]
    return [ET.fromstring("<svg" + p.split("</svg>")[0] + "</svg>") for p in parts]


def words_of(page: str) -> str:
    """What a person reads: no style, no tags."""
    body = page.split("</style>")[1]
    return re.sub(r"<[^>]*>", "\n", body)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_stands_alone_with_every_picture_well_formed(language):
    page = render(facts(), language=language)
    assert len(svgs(page)) == 14 and page.count("<section>") == 8  # each picture wide and narrow
    for forbidden in ("<script", "http", "src=", "@import", "url("):
        assert forbidden not in page
    for picture in svgs(page):
        assert picture.find("title").text and picture.find("desc").text


def test_labels_and_names_of_users_are_shown_as_text():
    page = render(facts())
    assert "&lt;script&gt;" in page and "reviews&lt;i&gt;" in page and "<b>" not in page


def test_the_answer_stands_on_top_in_both_languages():
    assert "The next 1,000 CNY: <em>more labels</em>" in render(facts())
    assert "下一笔 1,000 CNY：<em>更多标注</em>" in render(facts(), language="zh")


def test_the_first_line_of_the_page_is_what_is_live():
    page = words_of(render(facts())).split("\n")
    assert next(filter(str.strip, page)) == "Live is int8."


def test_a_turn_of_a_ledger_that_kept_english_alone_has_a_page_in_chinese():
    """No turn of before 0.4 has codes, as these have none."""
    old = outputs()
    for found in (
        old["replay"],
        old["plan"]["plan"],
        *old["compress"]["table"],
        *old["plan"]["plan"]["options"],
    ):
        assert not [name for name in found if name.endswith("_code")]
        for name in [name for name in found if name.endswith("_zh")]:
            del found[name]
    page = render(facts(outputs=old), language="zh")
    assert "3,333 more" in page and "costs 2.1x" in page and "because labels" in page


def test_a_turn_that_has_run_nothing_says_so_in_every_section():
    page = render(facts(outputs={}, money=[]))
    assert page.count(WORDS["en"]["absent"]) == 9 and "<svg" not in page


@pytest.mark.parametrize(
    "steps", [("data",), ("baseline", "train"), ("compress",), ("replay",), ("curve",), ("plan",)]
)
def test_each_part_may_be_missing(steps):
    for language in ("en", "zh"):
        page = render(facts(outputs=without(*steps)), language=language)
        assert WORDS[language]["absent"] in page


@pytest.mark.parametrize("labels", [2, 10, 20, 21, 77, 150, 200])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_of_any_number_of_labels_is_small_and_names_the_worst_confusion(labels, language):
    names = [f"intent_with_a_long_name_{i}" if i % 2 else f"标签{i}" for i in range(labels)]
    page = render(facts(labels=names), language=language)
    assert len(page.encode()) < PAGE_BYTES_MAX
    worst = labels // 2 if labels > 2 else 0
    for name in (names[worst], names[worst + 1]):
        assert f'">{name}</td>' in page
    squares = re.search(r"<rect class=\"cell\"", page)
    assert (squares is not None) == (labels <= 20)


def test_texts_of_held_out_records_stand_beside_their_confusion():
    from steelyard.report.mistakes import Mistake

    found = [Mistake("负面", "<script>", 3, 43, ("物流<b>慢", "坏了"))]
    assert "物流&lt;b&gt;慢 / 坏了" in render(facts(mistakes=found))


@pytest.mark.parametrize("narrow", [340])
def test_no_label_of_a_narrow_picture_leaves_it(narrow):
    for picture in svgs(render(facts(), language="zh")):
        if int(picture.get("width")) > narrow:
            continue
        for label in picture.iter("text"):
            kinds = label.get("class").split()
            wide = text_width(label.text)
            left = float(label.get("x")) - (
                wide if "end" in kinds else wide / 2 if "mid" in kinds else 0
            )
            if label.get("transform") is None:
                assert left > -8 and left + wide < float(picture.get("width")) + 24, label.text


def test_a_chinese_page_has_no_word_of_ours_left_in_english():
    read = words_of(render(facts(), language="zh"))
    for name in (
        "live",
        "canary",
        "cpu",
        "cpu_hour",
        "value",
        "correct_answer",
        "cheaper_variant",
        "nothing",
        "market",
        "holdout",
        "baseline",
        "stream",
        "dedupe",
        "promote",
        "keep",
        "measured",
    ):
        assert not re.search(rf"(?<![\w.]){name}(?![\w.])", read), name


def test_bars_that_nobody_sees_are_one_bar():
    rows = [
        money("label", -600, unit="label"),
        *(money(f"cpu.step{i}", "-0.01") for i in range(11)),
    ]
    page = render(facts(money=rows))
    assert page.count('class="bar out"') == 2 * 2 and "11 smaller ones" in page  # wide and narrow
    assert all(f"step{i}, CPU" in page for i in range(11))  # the table has them all


def test_a_cost_that_says_nothing_for_a_thousand_requests_is_shown_at_the_products_traffic():
    table = [row("int8", 0.86, 0.00058, chosen=True), row("baseline", 0.8, 0.0001)]
    page = render(facts(outputs=outputs() | {"compress": {"chosen": "int8", "table": table}}))
    assert "0.580 CNY" in page and "for 1,000,000 requests" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_with_too_few_examples_are_named_where_an_interval_would_lie(language):
    named = row("int8", 0.86, 0.1, chosen=True, low=0.21, high=0.99, few=["fraud"])
    table = [named, row("baseline", 0.8, 0.1)]
    page = render(
        facts(outputs=outputs() | {"compress": {"chosen": "int8", "table": table}}),
        language=language,
    )
    said = say(too_few(["fraud"]), language)
    assert page.count(said) == 2 and "[0.210, 0.990]" not in page  # at the top and in the table
    assert "[0.790, 0.810]" in page


def test_served_figures_stand_beside_those_measured_before_with_their_ratio():
    page = words_of(render(facts()))
    at = page.index("Measured before and as served")
    cells = [c for c in page[at : page.index("Money in and out")].split("\n") if c.strip()]
    assert cells[-8:] == ["int8", "750", "4.00", "9.00", "2.25×", "20.0", "6.0", "0.30×"]


def test_two_currencies_have_two_balances_and_two_pictures():
    rows = [money("label", -600, unit="label"), money("label", -80, currency="USD", unit="label")]
    assert [(b.total.currency, b.total.amount) for b in balances(rows)] == [
        ("CNY", -600),
        ("USD", -80),
    ]
    page = render(facts(money=rows))
    assert "<h3>CNY</h3>" in page and "<h3>USD</h3>" in page
    assert "CNY: spent 600.00;" in page and "USD: spent 80.00;" in page


def test_money_that_moved_and_declared_worth_are_told_apart():
    page = words_of(render(facts()))
    assert (
        "CNY: spent 600.02; worth of right answers (imputed, no money moved) 40.50; together -559.52."
        in page
    )


def test_both_languages_say_the_same_things():
    assert set(WORDS["en"]) == set(WORDS["zh"])
    for key, said in WORDS["en"].items():
        other = WORDS["zh"][key]
        assert said.count("|") == other.count("|"), key
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", other)), key


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6), st.booleans())
def test_scales_stay_inside_the_picture_and_have_round_ticks(values, log):
    scale = Scale.of([abs(v) + 1e-9 for v in values] if log else values, 64, 600, log=log)
    for value in values:
        assert 64 <= scale(abs(value) + 1e-9 if log else value) <= 600
    assert 1 <= len(scale.ticks()) <= 12


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("value", [1.0, 1e9, 3.3e-7])
def test_two_values_that_are_nearly_one_have_a_scale(value, log):
    values = [value, math.nextafter(value, math.inf)]
    scale = Scale.of(values, 64, 600, log=log)
    assert all(64 <= scale(v) <= 600 for v in values) and scale.ticks()


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_labels_do_not_cover_each_other(wanted):
    placed = sorted(spread(wanted, 15, 0, 300))
    assert all(b - a > 14.9 for a, b in itertools.pairwise(placed))


@given(st.text(max_size=40), st.integers(20, 200))
def test_a_clipped_label_fits(words, room):
    assert text_width(clipped(words, room)) <= room


@given(st.floats(-1e6, 1e6).filter(lambda v: abs(v) > 1e-6))
def test_what_is_not_zero_is_never_written_as_zero(value):
    assert float(signed(value).replace(",", "")) != 0


@pytest.mark.parametrize(
    ("language", "busy", "grew"),
    [
        ("en", "The machine was busy", "Memory had not stopped growing"),
        ("zh", "计时时机器繁忙", "测量时内存仍在增长"),
    ],
)
def test_figures_of_a_busy_machine_are_marked_whether_the_variant_was_chosen_or_not(
    language, busy, grew
):
    quiet = [row("torch_fp32", 0.86, 0.02, busy=False, flat=True, wall_per_cpu=1.02)]
    noted = [
        row("int8", 0.858, 0.004, chosen=True, busy=True, flat=True, wall_per_cpu=1.374),
        row("baseline", 0.81, 0.0001, busy=True, flat=False, wall_per_cpu=1.2),
    ]
    name = {"en": "baseline", "zh": "基线"}[language]
    for table, told in ((quiet, False), (quiet + noted, True)):
        found = facts(outputs=outputs() | {"compress": {"chosen": "int8", "table": table}})
        shown = io.StringIO()
        Console(file=shown, width=200).print(closing_table(found, language=language))
        for said in (words_of(render(found, language=language)), shown.getvalue()):
            assert (busy in said) is told and (grew in said) is told
            if told:
                assert "int8" in said[said.index(busy) :] and "1.37" in said
                assert name in said[said.index(grew) :].split("\n")[0]


@pytest.mark.parametrize(
    ("language", "right", "worth"),
    [("en", "share right", "mean worth"), ("zh", "正确比例", "平均价值")],
)
def test_outcomes_that_are_no_shares_of_right_answers_are_not_called_so(language, right, worth):
    """Spans are worth a part, and a value table prices each kind."""
    kinds = [PricedKind(3, Decimal("-2.5"), Decimal("-75"), "fraud", "<fine>")]
    plain = words_of(render(facts(), language=language))
    priced = words_of(render(facts(shares=False, values=kinds), language=language))
    assert right in plain and worth not in plain
    assert worth in priced and priced.count(right) < plain.count(right)
    assert "fraud -&gt; &lt;fine&gt;" in priced and "-75.00" in priced


@pytest.mark.parametrize(
    ("language", "said"), [("en", "no learning curve goes"), ("zh", "没有一条学习曲线")]
)
def test_the_curve_says_that_points_lie_off_every_curve(language, said):
    given = outputs()
    assert said not in render(facts(outputs=given), language=language)
    misfit = spoken("misfit", Reason("curve.misfit", {"times": 3.2}))
    page = render(facts(outputs=given | {"plan": given["plan"] | misfit}), language=language)
    assert page.count(said) == 1 and "3.2" in page[page.index(said) :][:200]


@pytest.mark.parametrize(
    ("income", "said"),
    [(0, "spent so far 600"), (1000, "more came in than was spent 400")],
)
def test_money_that_came_in_is_no_negative_spending(income, said):
    rows = [money("label", -600, unit="label"), money("sale.income", income, unit="sale")]
    page = " ".join(words_of(render(facts(money=rows))).split())
    assert said in page and "spent so far -" not in page
