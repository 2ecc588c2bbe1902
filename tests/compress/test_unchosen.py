"""What the chosen variant shows on records that did not choose it: every half is told with the other's choice."""

from types import SimpleNamespace

import numpy as np
from tests.compress.test_choice import MONEY

from steelyard.compress.candidate import Gap
from steelyard.compress.quality import Quality
from steelyard.compress.table import Assessed
from steelyard.compress.unchosen import unchosen
from steelyard.engine.evaluate import Evaluation
from steelyard.tasks import Answer, open_task
from steelyard.tasks.valuation import Valuation

TASK = open_task("text_classification", {"labels": ["bad", "good"]})
VALUATION = Valuation(TASK, MONEY)


def assessed(name, gap=None):
    return Assessed(name, name, Quality(Evaluation({}, {}), "all"), SimpleNamespace(), gap)


def answers(right, truths):
    other = {"bad": "good", "good": "bad"}
    each = zip(right, truths, strict=True)
    return [Answer(truth if ok else other[truth], 0.9) for ok, truth in each]


def told(right, truths, *, choice=None, parent="fp32"):
    """`right` is variant -> whether each record is answered right; the best on a half is its choice."""
    given = {name: answers(each, truths) for name, each in right.items()}

    def best(part):
        return max(part, key=lambda n: part[n].quality.evaluation.metrics["utility"].value)

    made = {n: assessed(n, None if n == parent else Gap(0, 1, 0, 1, 0, 1)) for n in right}
    return unchosen(VALUATION, made, given, truths, parent=parent, choice=choice or best)


TRUTHS = ["bad", "good", "good", "bad"] * 50


def test_each_half_is_told_with_what_the_other_half_chose():
    even = np.arange(200) % 2 == 0
    seen = told({"fp32": even & False, "int8": even, "bf16": ~even}, TRUTHS)
    # the even records choose int8, which answers no odd one right; the odd ones bf16
    assert seen.picked == ("int8", "bf16")
    assert seen.seen.metrics["utility"].value == 0.0
    both = told({"fp32": even & False, "int8": even, "bf16": even | True}, TRUTHS)
    assert both.picked[1] == "bf16" and both.seen.metrics["utility"].n == 200


def test_a_variant_is_compared_with_its_parent_on_the_half_alone():
    even, found = np.arange(200) % 2 == 0, []

    def choice(part):
        found.append(part["int8"].gap)
        assert part["fp32"].gap is None
        return "int8"

    told({"fp32": even, "int8": even | True}, TRUTHS, choice=choice)
    assert [(gap.n, round(gap.worth, 6)) for gap in found] == [(100, 0.0), (100, 1.0)]


def test_nothing_is_told_where_a_half_chooses_nothing():
    right = np.ones(200, bool)
    picks = iter(["fp32", None])
    assert told({"fp32": right, "int8": right}, TRUTHS, choice=lambda _: next(picks)) is None


def test_what_is_told_is_not_too_high_where_the_best_of_several_equal_ones_is():
    rng, truth, lucky, fair = np.random.default_rng(0), 0.8, [], []
    truths = ["bad", "good"] * 100
    for _ in range(40):
        right = {f"v{i}": rng.random(200) < truth for i in range(8)}
        lucky.append(max(each.mean() for each in right.values()) - truth)
        seen = told(right, truths, parent="v0").seen.metrics["utility"].value
        fair.append(seen - truth)
    error = np.std(fair) / 40**0.5
    assert np.mean(lucky) > 0.03  # the best of eight looks better than it is
    assert abs(np.mean(fair)) < 2.5 * error < 0.015
