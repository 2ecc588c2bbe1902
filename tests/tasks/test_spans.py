"""Spans are read in the forms that people have, and judged by their exact borders."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.errors import UserError
from steelyard.tasks import Answer, Unknown, open_task
from steelyard.tasks.spans import spans_in

ENTITIES = ("name", "address", "公司")
TASK = open_task("token_classification", {"entities": ENTITIES})


@pytest.mark.parametrize(
    "raw",
    [
        [[0, 2, "name"], [3, 5, "address"]],
        [{"start": 3, "end": 5, "label": "address"}, {"start": 0, "end": 2, "label": "name"}],
        '[[0, 2, "name"], [3, 5, "address"]]',
        {"name": {"马云": [[0, 1]]}, "address": {"杭州": [[3, 4]]}},
        [{"start": 0, "end": 2, "label": "name", "score": 0.9}, [3, 5, "address"]],
    ],
)
def test_every_form_is_the_same_spans(raw):
    assert TASK.truth(raw, "马云在杭州") == [[0, 2, "name"], [3, 5, "address"]]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([[0, 2, "name"], [1, 3, "name"]], "overlap"),
        ([[0, 6, "name"]], "leaves it"),
        ([[2, 2, "name"]], "0 <= start < end"),
        ([[-1, 2, "name"]], "0 <= start < end"),
        ([[0, 1.5, "name"]], "0 <= start < end"),
        ([[False, True, "name"]], "0 <= start < end"),
        ([[0, 2, 7]], "name of an entity"),
        ("not json", "another text"),
        ("[" * 100_000, "another text"),
        ({"name": [[0, 1]]}, "another form"),
        ({"name": {"x": [[0, "1"]]}}, "another form"),
        ([[0, 1, "name"]] * 10_001, "at most 10,000"),
        (7, "found int"),
    ],
)
def test_what_is_no_spans_is_refused_with_its_reason(raw, said):
    with pytest.raises(ValueError, match="expected") as refused:
        TASK.truth(raw, "马云在杭州")
    assert said in str(refused.value)


def test_an_entity_of_another_name_is_named_and_may_be_renamed():
    with pytest.raises(Unknown) as refused:
        TASK.truth([[0, 2, "PER"]])
    assert refused.value.word == "PER"
    assert spans_in([[0, 2, "PER"]], ENTITIES, names={"PER": "name"}) == [[0, 2, "name"]]
    assert TASK.renamed([[0, 2, "PER"]], {"PER": "name"}) == [[0, 2, "name"]]
    assert TASK.renamed([[0, 2, "PER"]], {}) is None


def test_metrics_are_those_of_exact_spans():
    truths = [[[0, 2, "name"], [3, 5, "address"]], [[0, 4, "公司"]], []]
    said = [[[0, 2, "name"], [3, 6, "address"]], [[0, 4, "name"]], [[1, 2, "name"]]]
    sums = TASK.counts([Answer(s) for s in said], truths).sum(axis=0)
    found = {name: float(value) for name, value in TASK.metrics(sums).items()}
    # 1 right of 4 answered and 3 true
    assert found["span_precision"] == 1 / 4 and found["span_recall"] == 1 / 3
    assert found["span_f1"] == pytest.approx(2 / 7)
    assert found["span_macro_f1"] == pytest.approx((2 / 4) / 3)
    worth = TASK.utility([Answer(s) for s in said], truths)
    assert worth.tolist() == [0.5, 0.0, 0.0]
    assert TASK.utility([Answer([])], [[]]).tolist() == [1.0]


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 5), st.sampled_from(ENTITIES)), max_size=6
).map(lambda parts: _apart(parts))


def _apart(parts):
    at, made = 0, []
    for gap, length, entity in parts:
        made.append([at + gap, at + gap + length, entity])
        at += gap + length
    return made


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=8))
def test_micro_f1_is_that_of_the_sets_of_all_texts(pairs):
    answers, truths = [Answer(a) for a, _ in pairs], [t for _, t in pairs]
    metrics = TASK.metrics(TASK.counts(answers, truths).sum(axis=0))
    said = {(i, *s) for i, (a, _) in enumerate(pairs) for s in a}
    true = {(i, *s) for i, (_, t) in enumerate(pairs) for s in t}
    expected = 2 * len(said & true) / max(1, len(said) + len(true))
    assert float(metrics["span_f1"]) == pytest.approx(expected)
    assert all(json.loads(json.dumps(TASK.write(t))) for t in truths)
    assert np.isclose(TASK.utility([Answer(t) for t in truths], truths), 1).all()


def test_a_word_of_today_is_never_renamed_and_another_kind_of_answer_has_none():
    task = open_task("token_classification", {"entities": ("name", "company")})
    assert task.renamed([[0, 2, "name"]], {"name": "company"}) == [[0, 2, "name"]]
    for other in ("positive", None, 7, [1], [["x"]], {}):
        assert task.renamed(other, {}) is None
    assert task.sent(Answer("positive", 0.9, {"positive": 0.9})) == {"spans": [], "score": 0.9}


def test_an_answer_that_is_sent_back_as_it_came_is_its_spans():
    sent = TASK.sent(Answer([[0, 2, "name"]], 0.9, [0.8]))
    assert TASK.truth(sent) == [[0, 2, "name"]]
    assert TASK.truth({"name": {"马云": [[0, 1]]}, "address": None}) == [[0, 2, "name"]]


def test_personal_data_are_masked_in_requests_as_in_records_or_kept_in_both():
    text = "电话 13812345678 找马云"
    assert TASK.decode(text) == "电话 [PHONE] 找马云" and "pii" in TASK.operators
    keeps = open_task("token_classification", {"entities": ("phone",), "personal": "keep"})
    assert keeps.decode(text) == text and "pii" not in keeps.operators


def test_entities_that_look_the_same_are_refused():
    with pytest.raises(UserError, match="told apart"):
        open_task("token_classification", {"entities": ("name", "name\u200b")})
