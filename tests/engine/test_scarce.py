"""A class with too few examples is named instead of an interval, and what code reads holds for any."""

import numpy as np
import pytest

from steelyard.engine.evaluate import UTILITY, evaluate
from steelyard.engine.scarce import safe
from steelyard.goals import Metric
from steelyard.interval import ENOUGH, Interval, few_in, too_few
from steelyard.tasks import Answer, open_task
from steelyard.words import both


def evaluated(rare: int, *, right: bool = True):
    """Of two labels, one of which is there `rare` times: all of these right, or none."""
    task = open_task("text_classification", {"labels": ["fine", "fraud"]})
    rng = np.random.default_rng(0)
    truths = ["fine"] * 200 + ["fraud"] * rare
    said = ["fine" if u < 0.9 else "fraud" for u in rng.random(200)]
    said += ["fraud" if right else "fine"] * rare
    return evaluate(task, [Answer(word, 0.9) for word in said], truths)


@pytest.mark.parametrize("right", [True, False])
def test_a_label_of_two_examples_may_be_anything(right):
    found = evaluated(2, right=right)
    assert found.few("macro_f1") == found.few("recall") == ("fraud",)
    seen = found.metrics["recall"]
    assert seen.low < 0.5 and seen.high > 0.9  # it may always be right, and it may never be
    assert not found.few("accuracy") and not found.few(UTILITY)
    assert found.of_measure("macro_f1", ()) == {"few": ["fraud"]}


def test_from_enough_examples_on_there_is_an_interval():
    few, enough = evaluated(ENOUGH - 1), evaluated(ENOUGH)
    assert few.few("macro_f1") and not enough.few("macro_f1") and "few" not in enough.detail
    width = [f.metrics["macro_f1"].high - f.metrics["macro_f1"].low for f in (few, enough)]
    assert width[0] > 0.5 > width[1]
    assert enough.of_measure("macro_f1", ()) is None


def test_an_entity_of_few_spans_is_named_too():
    task = open_task("token_classification", {"entities": ["name", "ship"]})
    truths = [[[0, 2, "name"]]] * 30 + [[[0, 2, "ship"]]] * 3
    found = evaluate(task, [Answer(spans) for spans in truths], truths)
    assert found.few("span_macro_f1") == ("ship",) and not found.few("span_f1")
    assert found.metrics["span_macro_f1"].low <= 0.5


def test_an_interval_stays_in_the_range_of_its_metric():
    share = safe(Interval(0.98, 0.95, 1.01, 50), 0, 3, Metric())
    assert (share.low, share.high) == (0.95, 1.0)
    error = safe(Interval(3.0, 2.0, 4.0, 50), 0, 3, Metric(less=True, high=float("inf")))
    assert (error.low, error.high) == (2.0, 4.0)


def test_what_is_said_names_the_labels_in_both_languages_and_is_kept_with_a_measure():
    said = both(too_few(["fraud", "退货"]))
    assert (
        "too few examples of fraud, 退货" in said["en"] and "fraud, 退货 的样本太少" in said["zh"]
    )
    assert few_in({"few": ["fraud"]}) == ("fraud",) and few_in(None) == few_in({"less": True}) == ()
