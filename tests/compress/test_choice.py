"""What answers lose is money, a loss is within the limit, beyond it or open, and noise is drawn to what is likely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compress.test_compress import GOALS, candidate

from steelyard.compress.candidate import Gap
from steelyard.compress.choose import Stakes, choose
from steelyard.compress.gaps import gap_of
from steelyard.compress.limits import FAR, Loss
from steelyard.goals import limits
from steelyard.spec.model import Goals
from steelyard.spec.pricing import MoneySpec
from steelyard.stats.shrink import shrunk
from steelyard.tasks import Answer, open_task
from steelyard.tasks.valuation import Valuation
from steelyard.words import say

MILLION = Stakes(1_000_000, 100.0, "CNY", 0.01)
MONEY = MoneySpec.model_validate(
    {"currency": "CNY", "prices": {"label": 0.3, "cpu_hour": 0.35}, "correct_answer": 0.01}
)
FREE = Stakes(1_000_000, 100.0, "CNY")  # answers have no declared worth


def gap(loss: float, *, moved: float = 0.02, n: int = 100_000) -> Gap:
    """A loss that was measured on n records, of which a share of `moved` is answered otherwise; as `gap_of` has it,
    with one record that may differ more."""
    error = (moved / n + n**-2) ** 0.5
    return Gap(-loss, error, -loss, error, moved + 1 / n, n)


def of(*rows, stakes=MILLION, goals=GOALS, loss=0.005, confidence=0.95):
    judged = choose(
        rows,
        goals,
        metric="macro_f1",
        reference=0.86,
        loss=Loss(loss, confidence),
        stakes=stakes,
    )
    return {j.candidate.name: j for j in judged}


def codes(why):
    return [why.code, *(r.code for v in why.numbers.values() for r in _reasons(v))]


def _reasons(value):
    return value if isinstance(value, tuple) else [value] if hasattr(value, "code") else []


# cost_per_1000 of 1.0 is 1,000 CNY until the next turn; a loss of 0.004 is 40 CNY of answers


@pytest.mark.parametrize(("saved", "best"), [(0.080, "int8"), (0.010, "fp32")])
def test_a_cheaper_variant_is_chosen_where_it_saves_more_than_its_answers_lose(saved, best):
    cost = 1.0 - saved
    found = of(
        candidate("fp32"), candidate("int8", cost_per_1000=cost, gap=gap(0.004, n=4_000_000))
    )
    assert found[best].chosen


def test_a_variant_that_loses_more_than_it_saves_is_told_both_amounts():
    found = of(
        candidate("fp32", cost_per_1000=0.01),
        candidate("int8", cost_per_1000=0.002, gap=gap(0.004, n=4_000_000)),
    )
    assert found["fp32"].chosen and found["fp32"].why.code == "variant.most_money"
    numbers = found["int8"].why.numbers
    assert found["int8"].why.code == "variant.less_money"
    assert numbers["serving"] == pytest.approx(8.0) and numbers["answers"] == pytest.approx(
        -40, 0.1
    )
    assert numbers["less"] == pytest.approx(-numbers["serving"] - numbers["answers"])


def test_without_a_declared_worth_the_cheapest_within_the_limit_is_chosen():
    rows = candidate("fp32"), candidate("int8", cost_per_1000=0.95, gap=gap(0.004, n=4_000_000))
    assert of(*rows, stakes=FREE)["int8"].chosen


def test_of_two_that_are_worth_the_same_the_one_wins_that_answers_as_its_parent():
    same = candidate("int8", cost_per_1000=0.9995, p95_ms=5.0, gap=gap(0.0, moved=0.03))
    found = of(candidate("fp32"), same)
    assert found["fp32"].chosen and found["int8"].why.code == "variant.same_cost"
    assert found["int8"].why.numbers["behind"].code == "variant.changes_more"
    near = candidate("bf16", cost_per_1000=0.9995, p95_ms=5.0, gap=gap(0.0, moved=0.005))
    assert of(candidate("fp32"), near)["bf16"].chosen  # hardly any: the lower p95 wins


@pytest.mark.parametrize(
    ("loss", "n", "meets", "code"),
    [
        (0.002, 100_000, True, "variant.cheapest"),
        (0.009, 100_000, False, "variant.lost_quality"),
        (0.005, 2_000, False, "variant.cannot_tell"),
    ],
)
def test_a_loss_is_within_the_limit_beyond_it_or_cannot_be_told(loss, n, meets, code):
    found = of(
        candidate("fp32"),
        candidate("int8", quality=0.86 - loss, cost_per_1000=0.5, gap=gap(loss, moved=0.05, n=n)),
    )["int8"]
    assert (found.meets, found.why.code) == (meets, code)
    assert found.chosen == meets


def test_what_cannot_be_told_says_how_many_more_records_would_tell():
    row = candidate("int8", cost_per_1000=0.5, gap=gap(0.001, moved=0.05, n=800))
    why = of(candidate("fp32"), row)["int8"].why
    numbers = why.numbers
    assert 0.05 < numbers["chance"] < 0.95 and 0 < numbers["likely"] < 0.005
    assert f"about {numbers['more']:,} more labelled records" in say(why, "en")
    assert f"约 {numbers['more']:,} 条标注记录" in say(why, "zh")
    n = 800 + numbers["more"]
    told = gap(numbers["likely"], moved=0.05, n=n)
    assert of(candidate("fp32"), candidate("int8", cost_per_1000=0.5, gap=told))["int8"].meets
    half = gap(numbers["likely"], moved=0.05, n=n // 2)
    assert not of(candidate("fp32"), candidate("int8", cost_per_1000=0.5, gap=half))["int8"].meets


def test_as_many_records_that_answer_alike_tell_what_is_asked_of_them():
    """Of records that all answered alike so many more of the same are within the limit."""
    row = candidate("int8", cost_per_1000=0.5, gap=gap(0.0, moved=0.0, n=60))
    more = of(candidate("fp32"), row)["int8"].why.numbers["more"]
    assert 0 < more < 400
    alike = candidate("int8", cost_per_1000=0.5, gap=gap(0.0, moved=0.0, n=60 + more))
    assert of(candidate("fp32"), alike)["int8"].meets


def test_an_open_loss_is_taken_only_where_all_that_lose_nothing_miss_a_goal():
    open_ = candidate("int8", cost_per_1000=0.5, gap=gap(0.005, moved=0.05, n=2000))
    slow = of(candidate("fp32", p95_ms=99.0), open_)
    assert slow["int8"].chosen and slow["int8"].why.code == "variant.taken_open"
    assert "cannot tell" in say(slow["int8"].why, "en")
    assert of(candidate("fp32", p95_ms=99.0), candidate("export"), open_)["export"].chosen


def test_the_confidence_of_the_file_decides_what_cannot_be_told():
    row = candidate("int8", cost_per_1000=0.5, gap=gap(0.002, moved=0.05, n=3000))
    assert of(candidate("fp32"), row, confidence=0.6)["int8"].chosen
    assert of(candidate("fp32"), row, confidence=0.999)["fp32"].chosen


def test_a_goal_missed_by_a_hair_is_told_with_its_probability_and_so_is_one_met_by_a_hair():
    goals = limits(Goals(quality={"macro_f1": 0.861}), ())
    under = of(candidate("a"), goals=goals)["a"]
    assert not under.chosen and under.why.code == "goal.near"
    assert under.why.numbers["chance"] == pytest.approx(0.42, abs=0.01)
    over = of(candidate("a", quality=0.862), goals=goals)["a"]
    assert over.chosen and codes(over.why) == ["several", "variant.cheapest", "goal.barely"]
    far = limits(Goals(quality={"macro_f1": 0.5}), ())
    assert of(candidate("a"), goals=far)["a"].why.code == "variant.cheapest"
    assert (
        of(candidate("a"), goals=limits(Goals(quality={"macro_f1": 0.99}), ()))["a"].why.code
        == "goal.below"
    )


def test_another_metric_of_quality_has_its_own_error():
    goals = limits(Goals(quality={"recall": 0.8}), ())
    row = candidate("a", metrics={"recall": 0.79}, errors={"recall": 0.02})
    assert of(row, goals=goals)["a"].why.numbers["chance"] == pytest.approx(0.31, abs=0.01)
    sure = candidate("a", metrics={"recall": 0.79}, errors={"recall": 0.001})
    assert of(sure, goals=goals)["a"].why.code == "goal.below"


def test_a_gap_is_paired_and_never_sure_of_what_no_record_showed():
    task = open_task("text_classification", {"labels": ["a", "b"]})
    valuation = Valuation(task, MONEY)
    rng = np.random.default_rng(0)
    truths = [str(w) for w in rng.choice(["a", "b"], 400)]
    before = [Answer(t if rng.random() < 0.9 else "a", 0.9) for t in truths]
    same = gap_of(valuation, before, before, truths)
    assert same.quality == same.worth == 0 and same.quality_error == same.worth_error == 1 / 400
    wrong = [Answer("b" if t == "a" else "a", 0.9) for t in truths[:8]]
    after = [*wrong, *before[8:]]
    found = gap_of(valuation, before, after, truths)
    lost = sum(b.value == t for b, t in zip(before[:8], truths[:8], strict=True))
    assert found.worth == pytest.approx(-lost / 400) and found.quality < 0
    assert found.worth_error < 0.01  # unpaired it would be 0.02
    assert found.moved == pytest.approx((lost + 1) / 400 + (8 - lost) * 0 / 400, abs=1e-9)


@given(st.floats(-0.05, 0.05), st.floats(1e-4, 0.02))
def test_a_difference_is_drawn_to_what_is_likely_and_never_past_it(seen, error):
    found = shrunk(seen, error, mean=-0.001, scale=0.002)
    low, high = sorted((seen, -0.001))
    assert low - 1e-9 <= found.value <= high + 1e-9
    assert 0 <= found.below(-0.005) <= found.below(0.0) <= 1


def test_a_large_difference_stays_and_a_small_one_beside_its_error_goes():
    assert shrunk(-0.05, 0.002, mean=0.0, scale=0.001).value == pytest.approx(-0.05, rel=0.01)
    assert shrunk(-0.002, 0.004, mean=0.0, scale=0.001).value > -0.0005


def test_records_that_would_tell_grow_as_the_limit_comes_near_and_end_somewhere():
    def more(loss):
        row = candidate("int8", cost_per_1000=0.5, gap=gap(loss, moved=0.05, n=2000))
        return of(candidate("fp32"), row)["int8"].why.numbers["more"]

    assert 0 < more(0.001) < more(0.003)
    limit = likeliest_at_the_limit(gap(0.004, moved=0.05, n=2000))
    assert more(limit) == FAR


def likeliest_at_the_limit(seen: Gap) -> float:
    """The loss that, once measured, leaves the limit itself likeliest."""
    low, high = 0.0, 0.02
    for _ in range(60):
        middle = (low + high) / 2
        value = -gap(middle, moved=seen.moved, n=seen.n).likely_quality.value
        low, high = (middle, high) if value < 0.005 else (low, middle)
    return low


def test_a_limit_holds_at_its_confidence_where_losses_are_as_they_are_thought():
    rng, taken, beyond = np.random.default_rng(2), 0, 0
    for _ in range(400):
        n, moved = 2000, 0.03
        true = moved * (0.08 + 0.05 * rng.standard_t(2))
        true = float(np.clip(true, -moved, moved))
        worse, better = (moved + true) / 2, (moved - true) / 2
        lost, won = rng.binomial(n, worse), rng.binomial(n, better)
        seen, share = (lost - won) / n, (lost + won + 1) / n
        error = ((share - seen**2) / n) ** 0.5
        row = candidate("int8", cost_per_1000=0.1, gap=Gap(-seen, error, -seen, error, share, n))
        if of(candidate("fp32"), row)["int8"].meets:
            taken, beyond = taken + 1, beyond + (true > 0.005)
    assert taken > 60 and beyond / taken <= 0.05
