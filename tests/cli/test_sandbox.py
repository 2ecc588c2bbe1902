"""`steelyard sandbox` plays a simulated company, in both languages, and draws it."""

import json

import pytest
from typer.testing import CliRunner

from steelyard.api.sandbox import MANAGERS, sandbox
from steelyard.cli.commands import app
from steelyard.errors import UserError
from steelyard.report.sandbox_page import did, headline, render

RUN = ["sandbox", "--kind", "recommender", "--seed", "3", "--months", "2"]


@pytest.fixture(scope="module")
def months():
    return list(sandbox("recommender", seed=3, months=2))


def test_every_month_is_told_and_the_picture_is_written(tmp_path, monkeypatch, months):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    shown = CliRunner().invoke(app, RUN)
    assert shown.exit_code == 0
    assert " 1/2  " in shown.output and " 2/2  " in shown.output and "simulated" in shown.output
    assert headline(months[-1], "en") in shown.output and "sandbox.html" in shown.output
    page = (tmp_path / "sandbox.html").read_text(encoding="utf-8")
    assert page == render(months, language="en")


def test_the_language_that_is_asked_for_is_that_of_every_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C.UTF-8")
    shown = CliRunner().invoke(app, [*RUN, "--language", "zh"])
    assert "平均分配" in shown.output and "equal parts" not in shown.output
    assert "simulated" not in shown.output


def test_json_is_the_same_months(tmp_path, monkeypatch, months):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, [*RUN, "--json"])
    assert json.loads(shown.output) == json.loads(json.dumps(months))
    assert not (tmp_path / "sandbox.html").exists()


def test_profit_adds_up_and_every_manager_is_there(months):
    assert [m["month"] for m in months] == [1, 2]
    for month in months:
        assert set(month["profit"]) == set(MANAGERS)
    assert all(months[1]["profit"][n] > months[0]["profit"][n] > 0 for n in MANAGERS)


def test_the_page_is_whole_in_both_languages_and_says_that_it_is_simulated(months):
    for language, said in (("en", "simulated company"), ("zh", "模拟公司")):
        page = render(months, language=language)
        assert page.startswith("<!doctype html>") and said in page and "http" not in page
        assert page.count("<svg") == 2 and page.count('class="line other') == 6
        assert "channel_" not in page and "to_price" not in page and "only" not in page


@pytest.mark.parametrize(
    ("profit", "said"),
    [
        (
            {"plan": 5.0, "equal_parts": 3.0, "market_only": 4.0, "technology_only": 1.0},
            "earns 1 more than market alone",
        ),
        (
            {"plan": 3.0, "equal_parts": 9.0, "market_only": 4.0, "technology_only": 1.0},
            "equal parts earns 6 more than the plan",
        ),
    ],
)
def test_the_headline_says_who_earned_most_though_it_is_not_the_plan(profit, said):
    assert said in headline({"profit": profit}, "en")


def test_a_month_of_nothing_is_said():
    assert did({}, "en") == "nothing" and did({"test page": 500.0}, "zh") == "试验：落地页 500"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "recomender"}, "did you mean 'recommender'"),
        ({"months": 1}, "expected 2 to 12, found 1"),
        ({"months": 13}, "expected 2 to 12"),
        ({"budget": 0.0}, "an amount above 0"),
        ({"budget": float("nan")}, "an amount above 0"),
        ({"seed": -1}, "0 or more"),
    ],
)
def test_what_cannot_be_played_is_refused(wrong, said):
    with pytest.raises(UserError, match=said):
        sandbox(**{"kind": "recommender"} | wrong)
