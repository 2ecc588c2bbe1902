"""The page stands alone, says what is missing, and shows user data as text."""

import itertools
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.report import ReportFacts, render
from steelyard.report.svg import Scale, spread
from steelyard.report.words import DECISIONS, EVIDENCE, OPTION_NAMES, WORDS

M = {"value": 0.86, "low": 0.85, "high": 0.87, "n": 2503}


def row(name, quality, cost, *, chosen=False):
    return {
        "variant": name, "name": name, "quality": quality, "low": quality - 0.01,
        "high": quality + 0.01, "p95_ms": 20.0, "memory_mb": 200.0, "cpu_ms": 5.0,
        "cost_per_1000": cost, "meets": True, "chosen": chosen, "why": "costs 2.1x <openvino_int8>",
        "why_zh": "成本是 <openvino_int8> 的 2.1 倍",
    }  # fmt: skip


def option(name, net, low, high, evidence="measured"):
    return {
        "name": name, "spend": 1000.0, "value": net + 1000, "net": net, "low": low, "high": high,
        "evidence": evidence, "because": f"because {name}", "because_zh": f"因为{name}",
    }  # fmt: skip


def outputs():
    """Sample figures, invented for this test."""
    arm = {
        "variant": "a",
        "name": "baseline",
        "n": 750,
        "outcome": 0.81,
        "cost_per_1000": 0.001,
        "p95_ms": 6.0,
    }
    return {
        "data": {
            "dataset": "d", "counts": [{"operator": "dedupe", "in": 100, "out": 60, "detail": {"duplicate": 40}}],
            "splits": {"train": {"负面": 30, "<b>": 30}}, "rejects": {"total": 0}, "languages": {},
        },
        "label": {"bought": 2000, "pool": 9000, "price": "0.30"},
        "train": {
            "variant": "t", "metrics": {"macro_f1": M}, "against_baseline": {"value": 0.03, "low": 0.01, "high": 0.05, "n": 2503},
            "detail": {
                "labels": ["负面", "<script>alert(1)</script>"], "confusion": [[90, 10], [12, 88]],
                "per_label": [], "calibration": {"error": 0.02, "bins": [{"n": 10, "confidence": 0.9, "accuracy": 0.88}]},
            },
        },
        "compress": {"chosen": "int8", "table": [row("torch_fp32", 0.86, 0.02), row("int8", 0.858, 0.004, chosen=True), row("baseline", 0.81, 0.0001)]},
        "replay": {
            "experiment": "e", "decision": "promote", "reason": "better", "reason_zh": "更好", "sent": 1500, "lost": 0,
            "arms": {"live": arm, "canary": arm | {"name": "int8"}}, "difference": M,
            "path": [{"n": n, "value": 0.03, "low": 0.03 - 9 / n, "high": 0.03 + 9 / n} for n in range(50, 1501, 50)],
        },
        "curve": {"curve": [{"labels": n, "quality": 0.8, "accuracy": 0.8, "low": 0.78, "high": 0.82} for n in (250, 500, 1000, 2000)]},
        "plan": {
            "plan": {"recommendation": "labels", "because": "3,333 more", "because_zh": "再买", "options": [option("labels", 500, 100, 900), option("nothing", 0, 0, 0), option("market", 0, 0, 0, "assumed")]},
            "forecast": [{"labels": n, "quality": 0.8, "low": 0.79, "high": 0.82} for n in (250, 1000, 5333)],
        },
    }  # fmt: skip


def facts(**changed) -> ReportFacts:
    money = [
        {
            "account": "label",
            "lines": 1,
            "quantity": "2,000 label",
            "amount": -600.0,
            "money": "-600.00 CNY",
        },
        {
            "account": "value.correct",
            "lines": 9,
            "quantity": "1,296 correct_answer",
            "amount": 40.5,
            "money": "40.50 CNY",
        },
    ]
    base = ReportFacts(
        product="reviews<i>", turn=1, currency="CNY", unit="1,000", goals={"macro_f1": 0.83, "cost_per_1000": None},
        loss_max=0.02, outputs=outputs(), money=money, balance="-559.50 CNY",
    )  # fmt: skip
    return replace(base, **changed)


def svgs(page: str) -> list[ET.Element]:
    parts = page.split("<svg")[1:]
    return [ET.fromstring("<svg" + p.split("</svg>")[0] + "</svg>") for p in parts]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_stands_alone_with_every_picture_well_formed(language):
    page = render(facts(), language=language)
    assert len(svgs(page)) == 7 and page.count("<section>") == 7
    for forbidden in ("<script", "http", "src=", "@import", "url("):
        assert forbidden not in page
    for picture in svgs(page):
        assert picture.find("title").text and picture.find("desc").text


def test_labels_and_names_of_users_are_shown_as_text():
    page = render(facts())
    assert "&lt;script&gt;" in page and "reviews&lt;i&gt;" in page and "<b>" not in page


def test_the_answer_stands_on_top_in_both_languages():
    assert "The next 1,000 CNY: <em>labels</em>" in render(facts())
    assert "下一笔 1,000 CNY: <em>标注</em>" in render(facts(), language="zh")


def test_a_turn_that_has_run_nothing_says_so_in_every_section():
    page = render(facts(outputs={}, money=[]))
    assert page.count(WORDS["en"]["absent"]) == 8 and "<svg" not in page


@pytest.mark.parametrize("step", ["data", "train", "compress", "replay", "curve", "plan"])
def test_each_part_may_be_missing(step):
    left = {k: v for k, v in outputs().items() if k != step}
    for language in ("en", "zh"):
        assert WORDS[language]["absent"] in render(facts(outputs=left), language=language)


def test_both_languages_say_the_same_things():
    assert set(WORDS["en"]) == set(WORDS["zh"])
    for table in (OPTION_NAMES, EVIDENCE, DECISIONS):
        assert set(table["en"]) == set(table["zh"])
    for key, head in WORDS["en"].items():
        assert head.count("|") == WORDS["zh"][key].count("|") and head.count("{") == WORDS["zh"][
            key
        ].count("{")


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6), st.booleans())
def test_scales_stay_inside_the_picture_and_have_round_ticks(values, log):
    scale = Scale.of([abs(v) + 1e-9 for v in values] if log else values, 64, 600, log=log)
    for value in values:
        assert 64 <= scale(abs(value) + 1e-9 if log else value) <= 600
    assert 1 <= len(scale.ticks()) <= 12


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_labels_do_not_cover_each_other(wanted):
    placed = sorted(spread(wanted, 15, 0, 300))
    assert all(b - a > 14.9 for a, b in itertools.pairwise(placed))
