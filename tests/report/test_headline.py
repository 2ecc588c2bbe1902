"""What must be known first is said first, on the page and on the console."""

import io

import pytest
from rich.console import Console
from tests.report.sample import M, arm, facts, outputs, row, without

from steelyard.goals import Limit
from steelyard.report import closing_table, headline, render, say
from steelyard.report.headline import misses, of_miss
from steelyard.report.words import HEADLINES
from steelyard.words import say as sentence


def said(found, language="en"):
    return [say(one, language) for one in headline(found)]


def refused():
    table = [
        row(
            "int8",
            0.70,
            0.004,
            meets=False,
            why="macro_f1 0.7 is below the goal 0.83",
            why_zh="低于目标",
        ),
        row("baseline", 0.65, 0.0001, meets=False),
    ]
    none = {
        "decision": "none",
        "reason": "no canary",
        "reason_zh": "没有金丝雀",
        "live": "baseline",
    }
    release = {"live": "baseline", "canary": None, "why": "no variant meets the goals"}
    changed = {"compress": {"chosen": None, "table": table}, "release": release, "replay": none}
    return facts(outputs=outputs() | changed)


def replayed(decision, **changed):
    live = "int8" if decision == "promote" else "baseline"
    return facts(
        outputs=outputs()
        | {"replay": outputs()["replay"] | {"decision": decision, "live": live} | changed}
    )


def test_a_refused_turn_says_first_that_no_variant_meets_the_goals_and_what_the_nearest_lacks():
    first = said(refused())[0]
    assert first == (
        "Refused: none of 1 variants meets the goals, so nothing new is released. "
        "Nearest is int8: macro_f1 0.7 is below the goal 0.83."
    )
    assert said(refused(), "zh")[0].startswith("已拒绝：1 个版本都没有达到目标")


def test_a_live_variant_below_its_goal_is_said_before_all_else():
    assert (
        said(refused())[1] == "Live is baseline, and it misses its goal: macro-F1 0.65 below 0.83."
    )


def test_a_refused_turn_says_so_on_the_first_line_of_the_page_and_of_the_console():
    page = render(refused())
    assert page.index("Refused: none of 1") < page.index("The next 1,000")
    assert console(refused(), 80).startswith("Refused: none of 1 variants")


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("promote", "Promoted: int8 replaced baseline after 1,500 requests."),
        ("rolled back", "Rolled back: int8 after 1,500 requests; baseline stays."),
        ("keep", "Undecided: int8 stays canary after 1,500 requests."),
    ],
)
def test_every_decision_on_a_canary_is_said(decision, words):
    assert words in said(replayed(decision))


def test_records_that_both_variants_answered_and_users_are_counted_apart():
    users = {"arms": {"live": arm("baseline", n=20), "canary": arm("int8", n=26)}}
    found = replayed("keep", scheme="pairs", difference=M | {"n": 750}, users=users)
    assert (
        "Undecided: int8 stays canary after 750 replayed records and 46 answers to users."
        in said(found)
    )


def test_a_decision_that_met_a_release_changed_by_hand_is_not_called_a_promotion():
    found = said(replayed("promote", applied=False, live="baseline"))
    assert any(line.startswith("Not applied: the readout says promoted for int8") for line in found)
    assert not any(line.startswith("Promoted") for line in found)


def test_goals_that_the_release_found_missed_are_said_as_it_found_them():
    missed = [
        {"code": "goal.above", "goal": "p95_ms", "value": 104.2, "limit": 100.0, "en": "", "zh": ""}
    ]
    found = replayed("keep", live_misses=missed)
    assert "Live is baseline, and it misses its goal: p95 104 ms above 100 ms." in said(found)
    assert not any("misses" in line for line in said(replayed("keep", live_misses=[])))


def test_lost_requests_are_said():
    assert "3 of 1,500 requests of the replay were lost." in said(replayed("keep", lost=3))


def test_a_served_cost_far_from_the_measured_one_is_said():
    arms = {"live": arm("baseline", cost=0.0001), "canary": arm("int8", cost=0.009)}
    found = said(replayed("keep", arms=arms))
    assert "Served, int8 costs 2.2 times what was measured before." in found
    assert not any("baseline costs" in line for line in found)


def test_steps_that_were_not_run_are_named():
    assert (
        said(facts(outputs=without("curve", "market", "plan")))[-1]
        == "Not run in this turn: learning curve, market, plan."
    )


def test_nothing_live_is_said_and_not_passed_over():
    assert said(facts(outputs={}, money=[]))[0] == "Nothing is live."


def test_a_live_variant_of_an_earlier_turn_is_judged_by_its_own_measures():
    old = {"old": {"macro_f1": 0.9, "p95_ms": 120.04}}
    kept = replayed("keep", live="old")
    kept = facts(outputs=kept.outputs, names={"old": "onnx_int8"}, measured=old)
    assert "Live is onnx_int8, and it misses its goal: p95 120 ms above 100 ms." in said(kept)


def test_a_value_a_hair_above_its_goal_is_written_apart_from_it():
    (missed,) = misses([Limit("p95_ms", 20.0, ceiling=True)], {"p95_ms": 20.0004})
    assert sentence(of_miss(missed, "CNY"), "en") == "p95 20.0004 ms above 20 ms"


def test_a_goal_that_is_reached_exactly_is_not_missed():
    asked = [Limit("macro_f1", 0.8, ceiling=False), Limit("p95_ms", 20.0, ceiling=True)]
    assert misses(asked, {"macro_f1": 0.8, "p95_ms": 20.0}) == []
    assert misses(asked, {}) == []  # never measured: not judged


def test_facts_that_a_stage_did_not_leave_stop_no_report():
    bare = {
        "compress": {"chosen": None, "table": []},
        "release": {},
        "replay": {"decision": "none", "reason": "", "reason_zh": ""},
    }
    assert said(facts(outputs=bare)) and render(facts(outputs=bare))


def test_every_headline_has_both_languages_with_the_same_values():
    import re

    for code, (english, chinese) in HEADLINES.items():
        holes = [sorted(re.findall(r"{\w+}", text)) for text in (english, chinese)]
        assert english and chinese and set(holes[0]) == set(holes[1]), code


def console(found, width, language="en") -> str:
    out = Console(width=width, file=io.StringIO(), color_system=None)
    out.print(closing_table(found, language=language))
    return out.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_closing_words_fit_the_terminal_and_fold_no_name(width, language):
    from rich.cells import cell_len

    names, why = ["openvino_bf16", "torch_fp32", "baseline"], "costs 2.1x int8: " + "word " * 12
    table = [row(name, 0.86, 0.02, why=why, why_zh=why) for name in names]
    found = facts(outputs=outputs() | {"compress": {"chosen": None, "table": table}})
    lines = console(found, width, language).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert any("openvino_bf16" in line for line in lines)
    reason = next(line for line in lines if "costs 2.1x" in line)
    assert len(reason.split()) > 6  # not folded to a few words a line
