"""Exports compute what was trained; the choice follows goals, money and a stable order."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.variants import compressed, outputs, saved_picture, saved_text

from steelyard.compress.candidate import Candidate
from steelyard.compress.choose import SAME_COST, Stakes, choose
from steelyard.compress.job import check_equal
from steelyard.compress.limits import Loss, judged
from steelyard.engine.model import open_model, read_config
from steelyard.engine.predictor import preprocessor_in, write_arrays
from steelyard.errors import Damaged, SteelyardError
from steelyard.goals import limits
from steelyard.plugins import names
from steelyard.spec.model import Goals
from steelyard.words import say


@pytest.mark.parametrize("make", [saved_text, saved_picture])
@pytest.mark.parametrize("name", names("compressors"))
def test_every_compressor_keeps_the_answers_of_what_was_trained(make, name, encoder, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    _, contents = make(encoder, source)
    levels = {logger: logging.getLogger(logger).level for logger in ("", "steelyard")}
    draft = compressed(source, name, tmp_path / "draft", contents)
    assert {logger: logging.getLogger(logger).level for logger in levels} == levels  # else silent
    precision = read_config(draft).precision
    expected = outputs(open_model(source), contents)
    found = outputs(open_model(draft), contents)
    spread = expected.max() - expected.min()
    allowed = {"fp32": 1e-3, "bf16": 0.05, "int8": 0.25}[precision]
    assert np.abs(expected - found).max() < allowed * spread
    assert (expected.argmax(1) == found.argmax(1)).mean() >= 0.8
    one = outputs(open_model(draft), contents[:1])
    assert np.allclose(one, found[:1], atol=0.1 * spread)


def test_an_export_that_computes_something_else_is_refused():
    with pytest.raises(SteelyardError, match="exported logits differ"):
        check_equal("x", np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))


@pytest.mark.parametrize("runtime", names("runtimes"))
def test_damaged_weights_are_refused_at_load(runtime, encoder, tmp_path):
    task, _ = saved_text(encoder, tmp_path)
    preprocessor = preprocessor_in(tmp_path, read_config(tmp_path))
    backbone = read_config(tmp_path).backbone
    write_arrays(
        tmp_path,
        task,
        preprocessor,
        method="fine_tune",
        runtime=runtime,
        precision="fp32",
        backbone=backbone,
    )
    for name in ("model.onnx", "model.xml", "model.safetensors"):
        (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(Damaged):
        open_model(tmp_path)


def candidate(name="v", **changed) -> Candidate:
    facts = {
        "quality": 0.86,
        "low": 0.85,
        "high": 0.87,
        "cpu_ms": 1.0,
        "p95_ms": 10.0,
        "memory_mb": 100.0,
        "cost_per_1000": 1.0,
    }
    return Candidate(variant=name, name=name, **(facts | changed))


LOSS = Loss(0.005, 0.95)
MANY = Stakes(10**9, 100.0, "CNY")  # every difference is money
FEW = Stakes(1000, 1000.0, "CNY")  # none is
GOALS = limits(Goals(quality={"macro_f1": 0.8}, p95_ms=50, memory_mb=500, cost_per_1000=5), ())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quality": 0.79}, "below the goal 0.8; 低于目标 0.8"),
        ({"quality": 0.85}, "below the uncompressed 0.8600 (limit 0.005); 比未压缩的 0.8600 低"),
        ({"p95_ms": 83.0}, "p95 83 ms is above the goal 50; p95 83 ms 高于目标 50"),
        ({"memory_mb": 900.0}, "memory 900 MB is above the goal 500; 内存 900 MB 高于目标 500"),
        ({"cost_per_1000": 9.0}, "cost per 1,000 9 is above the goal 5; 每千次成本 9 高于目标 5"),
    ],
)
def test_each_missed_goal_is_said_with_its_numbers_in_both_languages(changed, said):
    found = judged(candidate(**changed), GOALS, metric="macro_f1", reference=0.86, loss=LOSS).breaks
    english, chinese = said.split("; ")
    assert any(english in say(why, "en") and chinese in say(why, "zh") for why in found)


def test_a_goal_of_another_metric_is_not_asked_of_this_one():
    assert not judged(
        candidate(quality=0.1),
        limits(Goals(quality={"macro_f1": 0.8}), ()),
        metric="bleu",
        reference=0.1,
        loss=Loss(1, 0.95),
    ).breaks


def test_the_cheapest_that_meets_the_goals_is_chosen_and_the_others_told_why():
    rows = [
        candidate("dear", cost_per_1000=3.0),
        candidate("cheap"),
        candidate("bad", quality=0.5, cost_per_1000=0.1),
    ]
    judged = {
        j.candidate.name: j
        for j in choose(rows, GOALS, metric="macro_f1", reference=0.86, loss=LOSS, stakes=MANY)
    }
    assert judged["cheap"].chosen and say(judged["dear"].why, "en") == "costs 3.0x cheap"
    assert not judged["bad"].meets and "below the goal" in say(judged["bad"].why, "en")


def test_nothing_is_chosen_when_nothing_meets_the_goals():
    judged = choose(
        [candidate(p95_ms=99.0)],
        GOALS,
        metric="macro_f1",
        reference=0.86,
        loss=LOSS,
        stakes=MANY,
    )
    assert not any(j.chosen for j in judged)


@given(
    st.lists(st.floats(1.0, 100.0), min_size=2, max_size=6),
    st.integers(0, 5),
    st.floats(0.985, 1.015),
)
def test_a_little_noise_does_not_flip_a_choice_that_is_not_on_the_edge(costs, which, noise):
    rows = [candidate(f"v{i}", cost_per_1000=c) for i, c in enumerate(costs)]
    cheapest = min(costs)
    edge = [c for c in costs if abs(c / cheapest - (1 + SAME_COST)) < 0.05]
    shaken = [
        candidate(f"v{i}", cost_per_1000=c * (noise if i == which else 1))
        for i, c in enumerate(costs)
    ]
    pick = [
        next(
            j.candidate.name
            for j in choose(
                r, [], metric="macro_f1", reference=0.86, loss=Loss(1, 0.95), stakes=MANY
            )
            if j.chosen
        )
        for r in (rows, shaken)
    ]
    assert edge or pick[0] == pick[1]


@given(st.lists(st.tuples(st.floats(0.7, 0.9), st.floats(0.1, 10.0)), min_size=1, max_size=8))
def test_what_is_chosen_meets_every_goal_and_is_never_much_dearer_than_another_that_does(pairs):
    rows = [candidate(f"v{i}", quality=q, cost_per_1000=c) for i, (q, c) in enumerate(pairs)]
    judged = choose(
        rows, GOALS, metric="macro_f1", reference=0.9, loss=Loss(0.1, 0.95), stakes=MANY
    )
    able = [j.candidate.cost_per_1000 for j in judged if j.meets]
    chosen = [j for j in judged if j.chosen]
    assert len(chosen) == bool(able)
    if chosen:
        assert chosen[0].meets and chosen[0].candidate.cost_per_1000 <= min(able) * (1 + SAME_COST)


def chosen(rows, *, stakes, goals=GOALS):
    judged = choose(rows, goals, metric="macro_f1", reference=0.86, loss=LOSS, stakes=stakes)
    return next(j for j in judged if j.chosen), judged


def test_a_hair_of_money_at_the_products_traffic_does_not_win_over_a_lower_p95():
    rows = [
        candidate("slow", cost_per_1000=0.00100, p95_ms=52.8),
        candidate("quick", cost_per_1000=0.00111, p95_ms=20.5),
    ]
    goals = limits(Goals(quality={"macro_f1": 0.8}, p95_ms=100), ())
    best, judged = chosen(rows, stakes=Stakes(1_000_000, 1000.0, "CNY"), goals=goals)
    assert best.candidate.name == "quick"
    said = say(best.why, "en")
    assert "0.11 CNY more than slow" in said and "p95 52.8 ms against 20.5" in said
    assert best.why.numbers["behind"] == judged[0].why.numbers["behind"]


def test_the_same_difference_is_money_where_the_traffic_makes_it_money():
    rows = [
        candidate("slow", cost_per_1000=0.00100, p95_ms=40.0),
        candidate("quick", cost_per_1000=0.00111, p95_ms=20.5),
    ]
    best, _ = chosen(rows, stakes=Stakes(1_000_000_000, 1000.0, "CNY"))
    assert best.candidate.name == "slow"


def test_between_variants_of_one_cost_and_one_p95_the_smaller_wins_and_then_the_earlier():
    rows = [
        candidate("big", memory_mb=400.0),
        candidate("small", memory_mb=100.0, p95_ms=10.5),
        candidate("same", memory_mb=101.0),
    ]
    best, judged = chosen(rows, stakes=FEW)
    assert best.candidate.name == "small"
    assert "memory 400 MB against 100" in say(judged[0].why, "en")


def test_a_p95_just_above_its_goal_is_told_apart_from_it():
    (why,) = judged(
        candidate(p95_ms=20.0004),
        limits(Goals(p95_ms=20), ()),
        metric="macro_f1",
        reference=0.86,
        loss=Loss(1, 0.95),
    ).breaks
    assert say(why, "en") == "p95 20.0004 ms is above the goal 20"
