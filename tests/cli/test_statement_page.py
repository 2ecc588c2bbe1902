"""The statement as a page: the same figures, in both languages, nothing loaded, nothing of a name as mark-up."""

import re
from contextlib import closing

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.spec import Money, load
from steelyard.store import Line, Store


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "product.yaml"
    budgets = "  budgets: {ads: {a_month: 1, stop: false}}\n  cash: {2026-01-01: 100}\n"
    text = PRODUCT.format(encoder="x/y").replace("  prices:", f"{budgets}  prices:", 1)
    path.write_text(text, encoding="utf-8")
    write_jsonl(tmp_path / "reviews.jsonl", reviews(10))
    file = load(path)
    with closing(Store.open(file)) as store:
        lines = [
            Line(
                "sale.income", 1, "sale", Money.of(50, "CNY"), "x", about={"channel": "<b>ads</b>"}
            ),
            Line("ads.spend", 1, "day", Money.of(-20, "CNY"), "x", about={"channel": "<b>ads</b>"}),
        ]
        store.record_once([], lambda new: lines, turn=0)
    return file


def page(shop, *options):
    out = shop.folder / "page.html"
    run = CliRunner().invoke(app, ["statement", str(shop.path), "--html", str(out), *options])
    assert run.exit_code == 0, run.output
    assert str(out) in run.stdout
    return out.read_text(encoding="utf-8")


def test_a_page_has_the_figures_of_the_statement_and_loads_nothing(shop):
    said = page(shop, "--by", "channel")
    assert "30.00 CNY are left" in said and "50.00" in said and "-20.00" in said
    assert "20.00 CNY" in said and "1.00 CNY" in said  # of the budget
    assert "130.00" in said  # cash
    assert not re.search(r"https?://|src=|<script|@import|url\(", said)
    assert "<b>ads" not in said and "&lt;b&gt;ads" in said


def test_a_page_is_in_the_language_that_is_asked_for(shop):
    said = page(shop, "--language", "zh")
    assert '<html lang="zh' in said and "结余 30.00 CNY" in said and "广告花费" in said


def test_another_language_is_refused_and_nothing_is_written(shop):
    out = shop.folder / "other.html"
    run = CliRunner().invoke(
        app, ["statement", str(shop.path), "--html", str(out), "--language", "fr"]
    )
    assert run.exit_code != 0 and "one of en, zh" in str(run.exception)
    assert not out.exists()
