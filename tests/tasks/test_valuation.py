"""What answers are worth: exact money, shares that keep its order, and kinds that can be priced later."""

from decimal import Decimal

import numpy as np
import pytest
from pydantic import ValidationError

from steelyard.errors import UserError
from steelyard.spec.pricing import MoneySpec
from steelyard.stats import bootstrap
from steelyard.stats.bootstrap import bootstrap_kinds
from steelyard.tasks import Answer, open_task
from steelyard.tasks.valuation import Valuation, kinds_of, problems, valuation_of

FRAUD = open_task("text_classification", {"labels": ["fraud", "fine"]})
NAMES = open_task("token_classification", {"entities": ["name"]})
PAIRS = [("fraud", "fraud"), ("fraud", "fine"), ("fine", "fraud"), ("fine", "fine")]
TABLE = {"fraud": {"fine": "-2.5"}, "fine": {"fraud": "-0.05"}}  # a miss costs 50 false alarms


def money(values=None, correct="0.05"):
    plain = {"currency": "CNY", "correct_answer": correct, "prices": {"label": 1, "cpu_hour": 1}}
    return MoneySpec.model_validate(plain | ({"values": values} if values else {}))


def told(pairs):
    """Truths and the answers to them."""
    return [Answer(said, 0.9) for _, said in pairs], [truth for truth, _ in pairs]


def test_without_a_table_an_answer_is_worth_its_utility():
    valuation = Valuation(FRAUD, money())
    assert valuation.money(*told(PAIRS)) == [Decimal("0.05"), 0, 0, Decimal("0.05")]
    assert valuation.shares(*told(PAIRS)).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert (valuation.range, valuation.scale, valuation.nothing) == (Decimal("0.05"), "", 0.0)


def test_a_missed_fraud_costs_fifty_false_alarms():
    valuation = valuation_of(FRAUD, money({"labels": TABLE}))
    assert valuation.money(*told(PAIRS)) == [Decimal(t) for t in ("0.05", "-2.5", "-0.05", "0.05")]
    assert (valuation.least, valuation.most) == (Decimal("-2.5"), Decimal("0.05"))


@pytest.mark.parametrize("correct", ["0", "0.05", "3"])
def test_shares_turned_back_are_the_money(correct):
    """What experiments compare and what the plan multiplies cannot part."""
    valuation = Valuation(FRAUD, money({"labels": TABLE}, correct))
    shares = valuation.shares(*told(PAIRS))
    back = [float(valuation.least) + s * float(valuation.range) for s in shares]
    assert back == pytest.approx([float(m) for m in valuation.money(*told(PAIRS))])
    assert shares.min() == 0.0 and shares.max() == 1.0
    assert valuation.share(Decimal(0)) == pytest.approx(valuation.nothing)


def test_tiers_price_the_utility_that_an_answer_reaches():
    valuation = Valuation(NAMES, money({"tiers": {"0": "-0.2", "0.5": "0.01", "1": "0.05"}}))
    truth = [[0, 2, "name"], [3, 5, "name"]]
    answers = [Answer(truth), Answer(truth[:1]), Answer([]), Answer([[9, 10, "name"]])]
    assert valuation.money(answers, [truth] * 4) == [
        Decimal(t) for t in ("0.05", "0.01", "-0.2", "-0.2")
    ]


def test_an_answer_that_says_nothing_has_its_own_price_and_needs_no_utility():
    valuation = Valuation(NAMES, money({"no_answer": "-0.4"}))
    answers = [Answer(None), Answer([[0, 1, "name"]])]
    truths = [[[0, 1, "name"]]] * 2
    assert valuation.money(answers, truths) == [Decimal("-0.4"), Decimal("0.05")]
    assert Valuation(NAMES, money()).money(answers, truths)[0] == 0


@pytest.mark.parametrize(
    "values", [{"labels": TABLE}, {"no_answer": "-0.4"}, {"tiers": {"0": "-1", "1": "2"}}, None]
)
def test_kinds_that_an_evaluation_kept_are_priced_as_the_answers_themselves(values):
    """Prices may change without another training: none is in what is kept."""
    rng = np.random.default_rng(5)
    pairs = [(FRAUD.labels[t], FRAUD.labels[a]) for t, a in rng.integers(0, 2, (400, 2))]
    answers, truths = told(pairs)
    answers[7] = Answer(None)
    valuation = Valuation(FRAUD, money(values))
    shares, n = valuation.of_kinds(kinds_of(FRAUD, answers, truths))
    assert n.sum() == 400
    assert shares @ n / 400 == pytest.approx(valuation.shares(answers, truths).mean())


def test_kinds_of_spans_keep_their_mean_and_their_tiers():
    truth = [[i, i + 1, "name"] for i in range(0, 14, 2)]
    answers = [Answer(truth[:n]) for n in range(8)]
    kinds = kinds_of(NAMES, answers, [truth] * 8)
    plain = Valuation(NAMES, money())
    shares, n = plain.of_kinds(kinds)
    assert shares @ n / 8 == pytest.approx(NAMES.utility(answers, [truth] * 8).mean())
    tiers = Valuation(NAMES, money({"tiers": {"0.727": "1", "0.25": "0.5"}}))
    shares, n = tiers.of_kinds(kinds)
    assert shares @ n / 8 == pytest.approx(tiers.shares(answers, [truth] * 8).mean())


def test_an_interval_from_counts_is_the_interval_from_records():
    rng = np.random.default_rng(2)
    values = rng.choice([0.0, 0.98, 1.0], 3000, p=[0.1, 0.2, 0.7])
    distinct, counts = np.unique(values, return_counts=True)
    whole = bootstrap(values, seed=1)
    counted = bootstrap_kinds(distinct, counts, seed=1)
    assert counted.value == pytest.approx(whole.value) and counted.n == 3000
    assert (counted.low, counted.high) == pytest.approx((whole.low, whole.high), abs=2e-3)
    with pytest.raises(ValueError, match="at least one observation"):
        bootstrap_kinds([], [], seed=1)


def test_another_table_is_another_scale_and_the_same_one_is_not():
    scales = {
        Valuation(FRAUD, money(values, correct)).scale
        for values in ({"labels": TABLE}, {"no_answer": "-1"}, {"tiers": {"1": "1"}})
        for correct in ("0.05", "0.06")
    }
    assert len(scales) == 6
    assert Valuation(FRAUD, money({"labels": TABLE})).scale in scales


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (
            {"frau": {"fine": 1}},
            "money.values.labels.frau: expected a label of the task, found 'frau'; did you mean 'fraud'?",
        ),
        (
            {"fraud": {"Fine": 1}},
            "money.values.labels.fraud.Fine: expected a label of the task, found 'Fine'; did you mean 'fine'?",
        ),
    ],
)
def test_a_label_that_the_task_has_not_is_named(labels, said):
    ((path, why),) = problems(FRAUD, money({"labels": labels}))
    assert f"{'.'.join(path)}: {why}" == said
    with pytest.raises(UserError, match="expected a label of the task"):
        valuation_of(FRAUD, money({"labels": labels}))


def test_a_table_of_labels_is_refused_for_spans():
    ((path, why),) = problems(NAMES, money({"labels": {"name": {"name": 1}}}))
    assert path == ("money", "values", "labels")
    assert why.startswith("expected 'tiers', since answers of token_")


@pytest.mark.parametrize(
    "values",
    [
        {"labels": TABLE, "tiers": {"1": 1}},
        {"tiers": {"1.5": 1}},
        {"tiers": {"0.33333": 1}},
        {"tiers": {"high": 1}},
        {"no_answer": "much"},
        {"labels": {"fraud": -2}},
    ],
)
def test_a_table_that_says_two_things_or_none_is_refused(values):
    with pytest.raises(ValidationError):
        money(values)
