"""What the market's commands print in sentences: in both languages, with counts that go with their nouns."""

import re
from string import Formatter

import pytest
from tests.market.books import MARKET, exported
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.cli.market_words import SENTENCES, told
from steelyard.cli.measuring import _forecast, _show_design, _show_readout
from steelyard.reason import Reason
from steelyard.spec import load
from steelyard.words import say

ADS = "日期,推广计划,消费,点击\n2026-01-01,品牌,1.00,1\n合计,,1.00,1\n"
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def shop(product_file):
    text = product_file.read_text(encoding="utf-8") + MARKET
    product_file.write_text(text, encoding="utf-8")
    return load(product_file)


@pytest.fixture(params=["en", "zh"])
def spoken(request, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", request.param)
    return request.param


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_both_languages_say_the_same_figures_each_in_its_own_words(name):
    english, chinese = SENTENCES[name]
    holes = [
        {field for _, field, *_ in Formatter().parse(text) if field} for text in (english, chinese)
    ]
    assert holes[0] == holes[1] and not HAN.search(english)
    assert HAN.search(chinese) or not re.sub(r"\{.*?\}", "", english).strip(" ;:()")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1, "1 row taken back; 0 lines in the ledger"),
        (1200, "1,200 rows taken back; 0 lines in the ledger"),
    ],
)
def test_a_noun_goes_with_its_count(monkeypatch, rows, said):
    monkeypatch.setenv("STEELYARD_LANGUAGE", "en")
    assert told("undo.done", rows=rows, lines=0) == said


def test_an_import_says_what_it_read_in_the_language_that_is_asked_for(shop, spoken):
    path = exported(shop, ADS)
    done = CliRunner().invoke(app, ["market", "import", str(path), str(shop.path)])
    first, last = done.output.splitlines()[0], done.output.splitlines()[-1]
    assert (first, last) == {
        "en": (
            "export.csv: 1 row of spend, 2026-01-01 to 2026-01-01 (CSV in UTF-8; columns of ads; 1 row of totals left out: 1.00)",
            "1 booked, 0 booked before; 1 line in the ledger",
        ),
        "zh": (
            "export.csv：花费 1 行，2026-01-01 至 2026-01-01（CSV，编码 UTF-8; 列按 ads; 略去合计 1 行：1.00）",
            "入账 1 行，以前已入账 0 行；账本新增 1 条",
        ),
    }[spoken]
    dry = CliRunner().invoke(app, ["market", "import", str(path), str(shop.path), "--dry-run"])
    assert told("import.dry") in dry.output


DESIGN = {
    "channel": "tv",
    "form": "switchback",
    "blocks": [],
    "smallest_lift": 0.1,
    "weeks": 1,
    "lost_outcome": 1200.0,
    "outcome": "sales",
    "spend_saved": 300.0,
    "warnings": [{"text": "two weeks only", "text_zh": "只有两周", "code": "test.little_known"}],
    "currency": "CNY",
    "id": None,
    "calendar": None,
}
READ = {
    "channel": "tv",
    "form": "regions",
    "first": "2026-01-05",
    "last": "2026-02-01",
    "state": "read",
    "outcome": "sales",
    "currency": "CNY",
    "notes": [],
    "readout": {
        "lift": [0.1, 0.0, 0.2],
        "p_value": 0.04,
        "assignments": 70,
        "brought": [50.0, 10.0, 90.0],
        "evidence": "measured",
    },
}


def test_a_design_and_a_readout_are_told_in_the_language_that_is_asked_for(capsys, spoken):
    _show_design(DESIGN, simulated=False)
    _show_design(DESIGN | {"id": "0123456789abcdef", "calendar": "tv.ics"}, simulated=False)
    _show_readout(READ, simulated=False)
    told_lines = " ".join(capsys.readouterr().out.split())
    expected = {
        "en": [
            "in 1 week.",
            "1,200 CNY of sales are lost",
            "calendar: tv.ics",
            "over 70 draws",
            "to 2026-02-01, read",
        ],
        "zh": [
            "在 1 周内",
            "1,200 CNY 的销售",
            "日程：tv.ics",
            "70 次抽签",
            "至 2026-02-01，已读取",
        ],
    }[spoken]
    assert [part for part in expected if part not in told_lines] == []
    assert spoken == "en" or not re.search(r"\b(lift|detects?|spend|lost|over)\b", told_lines)


def test_a_forecast_is_told_in_the_language_that_is_asked_for(spoken):
    facts = {
        "diagnostics": {"rhat": 1.0012, "ess": 900.4},
        "forecast": {"error": 1234.0, "naive_error": 2000.0},
        "period": "week",
    }
    assert (
        _forecast(facts)
        == {
            "en": "R-hat 1.001, 900 independent draws; mean error of forecasts that had not seen their weeks 1,234, of repeating the last season 2,000",
            "zh": "R-hat 1.001，独立样本 900 个；对未见过的各周的预测平均误差 1,234，照搬上一季的平均误差 2,000",
        }[spoken]
    )
    without = facts | {"forecast": None, "no_forecast": {"text": "too short", "text_zh": "太短"}}
    assert _forecast(without).endswith({"en": "; too short", "zh": "；太短"}[spoken])


def test_what_the_data_did_not_tell_is_said_in_a_share_and_nobody_is_counted_wrong():
    unmoved = Reason("mix.unmoved", {"channel": "tv", "curve": "retention", "contraction": 0.0})
    assert say(unmoved, "en").endswith("before the data, which narrow it by 0 %")
    lost = Reason("lifetime.few_losses", {"lost": 1, "renewals": 2, "needed": 3})
    assert say(lost, "en").startswith("1 subscriber left at 2 renewals;")
    paid = Reason("economics.few_customers", {"customers": 1, "needed": 5})
    assert say(paid, "en").startswith("1 customer paid in this period")
