"""Every name of ours that a page or a table shows has its words in both languages."""

import re
from pathlib import Path

import pytest

from steelyard.data.normalize import Normalize
from steelyard.plugins import get, names
from steelyard.spec.model import Goals
from steelyard.stage import names as steps
from steelyard.tasks import cleaning
from steelyard.terms import TERMS, term

SOURCE = Path(__file__).parents[2] / "src" / "steelyard"


def found(pattern: str, *folders: str) -> set[str]:
    """What the source writes at a place."""
    files = [p for folder in folders for p in (SOURCE / folder).rglob("*.py")]
    return {m for p in files for m in re.findall(pattern, p.read_text(encoding="utf-8"))}


def in_both(kind: str, name: str) -> bool:
    english, chinese = (term(kind, name, language) for language in ("en", "zh"))
    return bool(english) and bool(re.search(r"[\u4e00-\u9fff]|^IP|F1", chinese))


def test_every_step_of_the_loop_has_both_languages():
    assert [name for name in steps() if not in_both("step", name)] == []


def test_every_account_and_unit_that_the_source_writes_has_both_languages():
    line = r"\b(?:spend|earn|Line)\(\s*\"([\w.]+)\","
    accounts = found(line, "label", "serve", "release", "plan", "train", "compress", "data")
    accounts |= {f"cpu.{name}" for name in steps()}
    units = found(
        line.replace(r"([\w.]+)", r"[\w.]+") + r"[^\"]*\"(\w+)\"", "label", "serve", "release"
    )
    accounts |= found(r"\"(value\.\w+)\"", "serve")
    units |= found(r"return Decimal\(.+\), \"(\w+)\"", "serve")
    assert {"label", "cpu.serve", "value.correct", "value.wrong", "cpu.replay"} <= accounts
    assert {"label", "cpu_hour", "correct_answer", "outcome"} <= units
    assert [name for name in accounts if not in_both("account", name)] == []
    assert [name for name in units if not in_both("unit", name)] == []


def test_every_state_of_a_release_has_both_languages():
    comment = found(r"\"state\", sa\.String\(16\), nullable=False\),  # (canary[\w, ]+)", "store")
    states = {name for line in comment for name in line.split(", ")}
    assert {"live", "canary", "retired"} <= states
    assert [name for name in states if not in_both("state", name)] == []


def test_every_option_and_evidence_of_the_plan_has_both_languages():
    options = found(r"(?:Option|Lever)\(\s*\"(\w+)\"", "plan")
    assert {"labels", "canary", "another_variant", "channels"} <= options
    assert [name for name in options if not in_both("option", name)] == []
    evidence = set(
        re.findall(
            r"= \"(\w+)\", \"(\w+)\", \"(\w+)\"",
            (SOURCE / "plan/levers.py").read_text(encoding="utf-8"),
        )[0]
    )
    assert [name for name in evidence if not in_both("evidence", name)] == []


def test_every_decision_has_both_languages():
    decisions = found(r"Decision\(\s*\"([\w ]+)\"", "release")
    decisions |= found(r"decision=\"(\w+)\"", "release")
    assert {"promote", "rolled back", "keep", "none"} <= decisions
    assert [name for name in decisions if not in_both("decision", name)] == []


def test_every_operator_and_what_it_counts_has_both_languages():
    assert [name for name in names("operators") if not in_both("operator", name)] == []
    kinds = set(re.findall(r"\?P<([A-Z]+)>", Path(cleaning.__file__).read_text(encoding="utf-8")))
    details = found(r"detail\[\"(\w+)\"\]", "data") | kinds | {"changed", "empty", "duplicate"}
    assert Normalize.name == "normalize"
    assert [name for name in details if not in_both("detail", name)] == []


def test_every_goal_has_both_languages():
    served = Goals.model_fields.keys() - {"quality"}
    known = {name for task in names("tasks") for name in get("tasks", task).known}
    assert {"p95_ms", "macro_f1", "calibration_error"} <= served | known
    assert [name for name in served | known if not in_both("goal", name)] == []


@pytest.mark.parametrize("kind", sorted(TERMS))
def test_every_term_has_two_words(kind):
    for name, pair in TERMS[kind].items():
        assert len(pair) == 2 and all(pair), f"{kind} {name}"


def test_a_name_of_a_plug_in_stands_for_itself():
    assert term("operator", "my_operator", "zh") == "my_operator"
