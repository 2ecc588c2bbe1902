"""The plan reads answers as the value table prices them, from counts that evaluations kept."""

from dataclasses import dataclass, field, replace

import pytest
from tests.release.common import edit
from tests.tasks.test_valuation import FRAUD, TABLE, money, told

from steelyard.as_json import to_json
from steelyard.engine.evaluate import evaluate
from steelyard.errors import SpecError
from steelyard.loop import check
from steelyard.plan.run import _curve, _measure, _worth
from steelyard.report.values import priced
from steelyard.spec import load
from steelyard.tasks import open_task, task_of
from steelyard.tasks.valuation import Valuation
from steelyard.train.points import point

PLAIN, PRICED = Valuation(FRAUD, money()), Valuation(FRAUD, money({"labels": TABLE}))
# as often right: one misses frauds, the other cries wolf
MISSES = [("fraud", "fine")] * 10 + [("fraud", "fraud")] * 40 + [("fine", "fine")] * 50
ALARMS = [("fine", "fraud")] * 10 + [("fraud", "fraud")] * 50 + [("fine", "fine")] * 40


@dataclass
class Held:
    contents: list = field(default_factory=list)
    truths: list = field(default_factory=list)


def measured(pairs):
    seen = evaluate(FRAUD, *told(pairs), seed=0)
    utility = seen.metrics["utility"]
    detail = seen.of_measure("utility", ())
    return utility, {"utility": {**to_json(utility), "detail": detail}}


def test_two_models_as_often_right_differ_by_what_their_mistakes_cost():
    plain = [_worth(*measured(pairs), PLAIN)[0] for pairs in (MISSES, ALARMS)]
    assert plain == [0.9, 0.9]
    misses, alarms = (_worth(*measured(pairs), PRICED) for pairs in (MISSES, ALARMS))
    span = float(PRICED.range)
    assert (alarms[0] - misses[0]) * span == pytest.approx(10 / 100 * (2.5 - 0.05))
    assert misses[1] < misses[0] < misses[2] < alarms[1]  # no chance of a hundred records


def test_the_interval_of_a_table_is_that_of_the_answers():
    body, measures = measured(MISSES)
    low_plain, high_plain = _worth(body, measures, PLAIN)[1:]
    only = Valuation(FRAUD, money({"labels": {"fraud": {"fraud": "0.05"}}}))  # what it is anyway
    assert _worth(body, measures, only)[1:] == pytest.approx((low_plain, high_plain), abs=0.02)


def test_a_variant_of_before_the_counts_could_be_worth_anything():
    body, _ = measured(MISSES)
    assert _worth(body, {}, PRICED)[1:] == (0.0, 1.0)
    assert _worth(body, {}, PLAIN)[0] == 0.9


def test_the_learning_curve_is_that_of_the_money():
    points = []
    for n, wrong in ((100, 30), (200, 20), (400, 10)):
        pairs = [("fraud", "fine")] * wrong + [("fine", "fine")] * (100 - wrong)
        answers, truths = told(pairs)
        points.append(point(FRAUD, n, answers, Held(truths=truths)))
    gain = [_curve(points, v).gain(400, 800, confidence=0.8).value for v in (PLAIN, PRICED)]
    assert gain[1] * float(PRICED.range) > 10 * gain[0] * float(PLAIN.range) > 0
    old = [replace(p, kinds=None) for p in points]
    assert _curve(old, PRICED) is None and _curve(old, PLAIN) is not None


def test_the_worth_of_answers_is_called_by_its_name():
    spans = Valuation(open_task("token_classification", {"entities": ["name"]}), money())
    assert [_measure(v) for v in (PLAIN, PRICED, spans)] == ["accuracy", "worth", "utility"]


def test_the_report_shows_the_dearest_kinds_first():
    kinds = evaluate(FRAUD, *told(MISSES + ALARMS), seed=0).kinds
    rows = priced(PRICED, kinds)
    assert (rows[0].truth, rows[0].answer, rows[0].n) == ("fraud", "fine", 10)
    assert float(rows[0].per_1000) == pytest.approx(-2.5 * 1000 * 10 / 200)
    assert sum(row.n for row in rows) == 200 and priced(PLAIN, kinds) == []


def test_a_table_of_other_labels_is_refused_before_anything_is_spent(product_file):
    line = "correct_answer: 0.01"
    edit(product_file, (line, f"{line}\n  values: {{labels: {{negativ: {{positive: -2}}}}}}"))
    product = load(product_file)
    with pytest.raises(SpecError, match="did you mean 'negative'"):
        check(product, task_of(product))
