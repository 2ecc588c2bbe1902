"""`steelyard plan` as a person meets it: the plan of now, what-if, explain, approve and score, in both languages."""

import json
import re
from string import Formatter

import pytest
from tests.planned import a_product, outputs_of, turned
from typer.testing import CliRunner

from steelyard.cli import commands
from steelyard.cli.commands import app
from steelyard.cli.plan_explained import show_explained
from steelyard.cli.plan_show import show_plan, show_scores, show_what_if
from steelyard.cli.plan_words import SENTENCES
from steelyard.errors import Refused, UserError
from steelyard.spec import load

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def file(tmp_path):
    made = a_product(tmp_path)
    turned(made)
    return made


@pytest.fixture(params=["en", "zh"])
def spoken(request, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", request.param)
    return request.param


def run(*words, **more):
    done = CliRunner().invoke(app, ["plan", *map(str, words)], catch_exceptions=True, **more)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_both_languages_say_the_same_figures_each_in_its_own_words(name):
    english, chinese = SENTENCES[name]
    holes = [
        {field for _, field, *_ in Formatter().parse(text) if field} for text in (english, chinese)
    ]
    assert holes[0] == holes[1] and not HAN.search(english) and HAN.search(chinese)


def test_the_answer_comes_first_then_the_split_the_sides_and_the_looks(file, spoken):
    said = run(file.path)
    expected = {
        "en": [
            "The next 30 CNY: more labels 30 CNY",
            "label.start: 299",
            "a unit more brings",
            "Technology against the market",
            "a batch of labels",
        ],
        "zh": [
            "下一笔 30 CNY：更多标注 30 CNY",
            "label.start: 299",
            "再加一单位带来",
            "技术对市场",
            "一批标注",
        ],
    }[spoken]
    places = [said.find(part) for part in expected]
    assert -1 not in places and places == sorted(places)
    assert run("now", file.path) == said  # the word may be said


def test_json_has_both_languages_and_the_whole_plan(file):
    told = json.loads(run(file.path, "--json"))
    assert told["turn"] == 1 and told["do"] != told["do_zh"] and told["split"]["parts"]
    told = json.loads(run(file.path, "--what-if", "budget=60", "--what-if", "caution=1", "--json"))
    assert told["asked"] == {"plan.unit": 60.0, "plan.caution": 1.0}
    assert json.loads(run("explain", "labels", file.path, "--json"))["kind"] == "place"
    assert json.loads(run("score", file.path, "--json"))["rows"] == []


def test_before_the_first_plan_the_steps_up_to_it_are_run(tmp_path, monkeypatch):
    file, asked = a_product(tmp_path), []
    monkeypatch.setattr(commands, "run_until", lambda path, **more: asked.append((path, more)))
    run(file.path)
    assert asked == [(file.path, {"until": "plan", "as_json": False})]
    turned(file)
    run(file.path)
    assert len(asked) == 1


def test_a_what_if_before_the_first_plan_runs_nothing(tmp_path):
    file = a_product(tmp_path)
    with pytest.raises(UserError, match="none yet; run: steelyard turn"):
        run(file.path, "--what-if", "budget=1")
    assert not (tmp_path / ".steelyard").exists()


def test_what_changed_in_the_file_since_is_said(file, spoken):
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("unit: 30", "unit: 1500"), encoding="utf-8")
    said = run(file.path)
    assert {"en": "changed since turn 1 (plan)", "zh": "第 1 轮之后改过（plan）"}[spoken] in said
    assert "1,500 CNY" in said


def test_a_refused_turn_shows_its_plan_and_exits_3(file):
    outputs = outputs_of()
    outputs["compress"] = outputs["compress"] | {"chosen": None}
    turned(file, outputs)
    with pytest.raises(Refused, match="no variant meets the goals"):
        run(file.path)


def test_a_what_if_is_shown_side_by_side(file, spoken):
    said = run(file.path, "--what-if", "answer=0")
    assert "money.correct_answer = 0" in said
    for part in {
        "en": ["better side", "more labels", "kept"],
        "zh": ["更划算的一方", "更多标注", "留着"],
    }[spoken]:
        assert part in said


def test_a_lever_is_explained_with_amounts_and_rows(file, spoken):
    said = run("explain", "labels", file.path)
    for part in {
        "en": ["takes at most 120.00 CNY", "is paid once beside it", "steelyard report"],
        "zh": ["最多容纳 120.00 CNY", "一次性支付", "steelyard report"],
    }[spoken]:
        assert part in said
    batch = run("explain", "batch of labels", file.path)
    assert {"en": "it would read", "zh": "会读到"}[spoken] in batch
    assert "label.start: 250" in batch


def test_what_moves_the_answer_is_a_table(file, spoken):
    said = run("tornado", file.path)
    for part in {
        "en": ["What moves the answer", "what comes of", "not measured"],
        "zh": ["什么会改变答案", "带来的", "没有测量过"],
    }[spoken]:
        assert part in said
    told = json.loads(run("tornado", file.path, "--json"))
    assert told["rows"][0]["swing"] > 0 and told["turn"] == 1 and told["rows"][0]["said_zh"]


def test_an_approval_shows_the_change_and_asks(file, spoken):
    before = file.path.read_text(encoding="utf-8")
    said = run("approve", file.path, "--who", "li.lei", input="n\n")
    assert (
        "+label: {start: 299}  # ours" in said and file.path.read_text(encoding="utf-8") == before
    )
    assert {"en": "nothing was changed", "zh": "没有任何改动"}[spoken] in said
    said = run("approve", file.path, "--who", "li.lei", input="y\n")
    assert {"en": "approved by li.lei", "zh": "已由 li.lei 批准"}[spoken] in said
    assert load(file.path).spec.label.start == 299
    with pytest.raises(UserError, match="nobody approved yet"):
        run("approve", file.path, "--who", "li.lei", "--yes")


def test_json_of_an_approval_asks_nobody(file):
    with pytest.raises(UserError, match="--yes beside --json"):
        run("approve", file.path, "--who", "li", "--json")
    told = json.loads(run("approve", file.path, "--who", "li", "--json", "--yes"))
    assert told["labels"] == 299 and told["diff"] and told["do_zh"]


def test_scores_are_told_with_how_many_intervals_held(file, spoken):
    assert {"en": "nothing is scored yet", "zh": "还没有可评分的"}[spoken] in run(
        "score", file.path
    )
    turned(file, outputs_of(bought=299, accuracy=0.86))
    said = run("score", file.path)
    for part in {
        "en": ["1 of 1 intervals of 80 % held: 100 % [21 %, 100 %]", "quality with 299 labels"],
        "zh": ["1 个 80 % 区间中有 1 个成立", "299 条标注时的质量"],
    }[spoken]:
        assert part in said


def test_a_word_that_is_no_command_is_told_which_there_are(file):
    with pytest.raises(
        UserError,
        match="one of now, explain, tornado, approve, score, or a product file, found 'scroe'; did you mean 'score'",
    ):
        run("scroe")


THREE = {"value": 1.0, "low": 0.5, "high": 2.0}
NONE = {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_simulated_market_is_said_over_every_table(capsys, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", "en")
    side = {
        "budget": 1.0,
        "spend": {},
        "kept": 1.0,
        "profit": NONE,
        "better": "market",
        "sure": 0.0,
        "alone": {"technology": NONE, "market": NONE},
        "shadow": 0.0,
        "steps": [],
    }
    show_what_if(
        {
            "asked": {"plan.unit": 1.0},
            "simulated": True,
            "before": side,
            "after": side,
            "currency": "CNY",
        }
    )
    row = {
        "turn": 1,
        "what": "requests",
        "said": [1500.0, None, None],
        "seen": 3.0,
        "held": None,
        "text": "a",
        "text_zh": "b",
    }
    show_scores({"rows": [row], "simulated": True, "currency": "CNY", "calibration": {"n": 0}})
    assert capsys.readouterr().out.count("simulated market") == 2


def test_a_plan_without_places_and_sides_that_are_equal_are_told(capsys, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", "en")
    arms = {arm: {"spend": 0.0, "alone": NONE} for arm in ("technology", "market")}
    split = {
        "budget": 10.0,
        "currency": "CNY",
        "parts": [],
        "steps": [
            {"name": "cores +1", "cost": 4.0, "taken": True, "evidence": "extrapolated"},
            {"name": "small", "cost": 0.0, "taken": True, "evidence": "measured"},
            {"name": "dear", "cost": 9.0, "taken": False, "evidence": "measured"},
        ],
        "looks": [],
        "switch": [],
        "simulated": False,
        "kept": {"money": 6.0, "best": 1.0},
        "arms": arms | {"better": "technology", "sure": 0.0},
        "unknown": [
            {"because": "what labels bring is not known", "because_zh": "不知道"},
            *({"because": f"unknown {i}", "because_zh": "不知道"} for i in range(4)),
        ],
        "on_request": {"page": [], "support": []},
    }
    advised = {
        "option": "nothing",
        "experiment": False,
        "spend": {},
        "kept": 10.0,
        "currency": "CNY",
        "called": {},
        "steps": [],
        "look": None,
    }
    show_plan(
        {
            "split": split,
            "recommendation": advised,
            "because": "why",
            "because_zh": "因",
            "turn": 3,
            "changed": [],
        }
    )
    said = capsys.readouterr().out
    assert "The next 10 CNY: keep the money" in said and "neither side is worth more" in said
    assert "  what labels bring is not known" in said
    assert "unknown 1" in said and "unknown 2" not in said and "and 2 more: see --json" in said
    assert "page, support; `steelyard plan explain NAME`" in said
    # a step that is paid stands with the money, one that is free beside it
    assert "cores +1" in said and "4.00" in said and "dear" not in said
    assert "free of charge: small" in " ".join(said.split())


def test_a_place_that_takes_any_amount_and_brings_nothing_and_a_step_are_told(capsys, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", "en")
    words = {
        "because": "b",
        "because_zh": "b",
        "do": "d",
        "do_zh": "d",
        "currency": "CNY",
        "months": 12,
        "simulated": False,
    }
    show_explained(
        {
            "kind": "place",
            "name": "labels",
            "evidence": "measured",
            "amounts": [],
            "most": None,
            "least": 0.0,
            "delay": 0.0,
            "best": 0.0,
            "pays_from": None,
            "chain": [],
            "switch": [],
            "shown_at": 1.0,
        }
        | words
    )
    show_explained(
        {"kind": "step", "name": "cheaper", "evidence": "assumed", "profit": THREE, "taken": False}
        | words
    )
    sentence = {"because": "2 cores are enough", "because_zh": "够用"}
    show_explained({"kind": "lever", "name": "capacity", "said": [sentence]} | words)
    said = capsys.readouterr().out
    assert "2 cores are enough" in said
    assert "takes any amount" in said and "brings nothing" in said
    assert "price 10 % down: +1.00 [+0.50, +2.00] CNY within 12 months (assumed)" in said


def test_a_place_that_gives_money_away_says_how_much_it_may(capsys, spoken):
    show_explained(
        {
            "kind": "place",
            "name": "ads",
            "evidence": "measured",
            "amounts": [
                {"money": x, "profit": {"value": -x, "low": -x, "high": -x}, "next": NEXT}
                for x in (-300.0, 0.0)
            ],
            "most": 500.0,
            "least": -300.0,
            "delay": 0.0,
            "best": 0.0,
            "pays_from": None,
            "chain": [],
            "switch": [],
            "shown_at": -300.0,
            "currency": "CNY",
            "months": 12,
            "simulated": False,
            "because": "b",
            "because_zh": "b",
            "do": "d",
            "do_zh": "d",
        }
    )
    said = capsys.readouterr().out
    assert (
        "300.00 CNY" in said and "plan.change" in said and "-300.00" in said and "+300.00" in said
    )


NEXT = {"value": -0.5, "low": -0.6, "high": -0.4}
