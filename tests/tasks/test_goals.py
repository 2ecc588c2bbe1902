"""Any metric of the task may be a goal; its direction is known, and a wrong name is told with the right one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.errors import SpecError
from steelyard.goals import Limit, errors_of, limits, problems
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.spec.model import Goals
from steelyard.tasks.classification import Classification

KNOWN = Classification.known


def test_goals_of_quality_are_floors_errors_and_what_a_variant_takes_are_ceilings():
    goals = Goals(quality={"macro_f1": 0.8, "calibration_error": 0.1}, p95_ms=20)
    assert limits(goals, errors_of(KNOWN)) == [
        Limit("macro_f1", 0.8, ceiling=False),
        Limit("calibration_error", 0.1, ceiling=True),
        Limit("p95_ms", 20.0, ceiling=True),
    ]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_goal_that_is_reached_exactly_is_not_missed_and_what_is_unknown_is_not_judged(a, b):
    floor, ceiling = Limit("x", a, ceiling=False), Limit("x", a, ceiling=True)
    assert floor.missed(b) is (b < a) and ceiling.missed(b) is (b > a)
    assert not floor.missed(None) and not ceiling.missed(None)


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (
            {"macro_f2": 0.8},
            "expected a metric of text_classification: accuracy, calibration_error, macro_f1, precision, recall, found 'macro_f2'; did you mean 'macro_f1'?",
        ),
        ({"bleu": 0.8}, "found 'bleu'"),
        ({"macro_f1": 81}, "expected at least 0 and at most 1, found 81"),
        ({"accuracy": -0.1}, "found -0.1"),
    ],
)
def test_a_goal_the_task_does_not_have_is_told_with_those_it_has(quality, said):
    (wrong,) = problems(Goals(quality=quality), KNOWN, "text_classification").items()
    assert wrong[0] in quality and wrong[1].endswith(said)


def test_a_wrong_goal_is_refused_where_it_stands_before_anything_is_spent(product_file):
    text = product_file.read_text(encoding="utf-8").replace("macro_f1: 0.5", "macro_f2: 0.5")
    product_file.write_text(text, encoding="utf-8")
    before, _, _ = text.partition("macro_f2")
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    with pytest.raises(
        SpecError,
        match=rf"product\.yaml:{line}:{column} goals\.quality\.macro_f2: expected a metric",
    ):
        turn(load(product_file))
    assert not (product_file.parent / ".steelyard").exists()
