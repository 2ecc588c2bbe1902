"""One contract over every registered task: what the stages rely on, whichever task it is."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.contract.common import TASKS, examples_of, opened

from steelyard.tasks import Answer, BadInput, cleaning, pictures


@pytest.fixture(params=TASKS)
def task(request):
    return opened(request.param)


@pytest.fixture
def examples(task):
    return examples_of(task)


def right(truths):
    """Answers that are the truths themselves."""
    return [Answer(truth, 1.0) for truth in truths]


def summed(task, answers, truths):
    return np.asarray(task.counts(answers, truths).sum(axis=0)).reshape(-1)


def test_more_of_its_quality_is_better_and_every_metric_is_known(task, examples):
    assert not task.known[task.quality].less
    sums = summed(task, right(examples.truths), examples.truths)
    assert task.metrics(sums).keys() == task.known.keys()


def test_metrics_know_perfect_and_worse(task, examples):
    truths = list(examples.truths)
    sums = summed(task, right(truths), truths)
    assert task.metrics(sums)[task.quality] == pytest.approx(1.0)
    many = task.metrics(np.stack([sums, 2 * sums]))  # of as many sums as there are rows
    assert many[task.quality] == pytest.approx([1.0] * 2)
    other = summed(task, right(truths[1:] + truths[:1]), truths)
    assert task.metrics(other)[task.quality] < 1.0


def test_what_a_report_shows_is_json(task, examples):
    detail = task.detail(right(examples.truths), examples.truths)
    assert json.loads(json.dumps(detail)) == detail


def test_a_truth_is_written_and_read_and_is_a_truth(task, examples):
    for content, truth in zip(examples.contents, examples.truths, strict=True):
        written = task.write(truth)
        assert isinstance(written, str) and "\n" not in written
        assert task.read(written) == truth and task.write(task.read(written)) == written
        assert task.truth(json.loads(json.dumps(truth)), content) == truth
        assert task.moved(truth, content) == truth and task.renamed(truth, {}) == truth
        assert set(task.classes_of(truth)) <= set(task.classes)
        assert isinstance(task.counted_as(truth), str)


@pytest.mark.parametrize("value", [None, 7, {"no": "truth"}, [None], True, ["x", 1]])
def test_what_is_no_truth_is_refused_with_a_reason(task, value):
    with pytest.raises(ValueError, match="expected"):
        task.truth(value)


def test_an_outcome_is_worth_all_or_less(task, examples):
    truths = list(examples.truths)
    assert task.utility(right(truths), truths).tolist() == [1.0] * len(truths)
    other = task.utility(right(truths[1:] + truths[:1]), truths)
    assert other.shape == (len(truths),) and ((other >= 0) & (other <= 1)).all() and other.min() < 1


def test_what_is_sent_is_what_its_document_says(task, examples):
    wire = task.wire()
    for answer in right(examples.truths):
        assert task.sent(answer).keys() == wire.answer.keys()
    assert json.loads(json.dumps([wire.input, wire.answer, wire.truth]))


@pytest.mark.parametrize("value", [None, 7, "", "  ", [], {}, ["很好"], b"\x89PNG broken", True])
def test_what_is_no_input_is_refused_with_a_reason(task, value):
    with pytest.raises(ValueError, match="expected"):
        task.decode(value)


def test_no_values_are_no_contents(task):
    assert task.decode_all([]) == []


def test_a_request_is_read_as_its_values_one_by_one(task):
    values = [v for v, _ in task.contract_examples()]
    assert task.decode_all(values) == [task.decode(v) for v in values]


@pytest.mark.parametrize("bad", [None, 7, "", [], {}, b"\x89PNG broken", True])
def test_one_bad_value_among_good_ones_is_named_by_its_place(task, bad):
    good = [v for v, _ in task.contract_examples()[:3]]
    with pytest.raises(BadInput, match="expected") as refused:
        task.decode_all([*good, bad, *good])
    assert refused.value.index == len(good) and str(refused.value) == refused.value.message


def test_a_request_above_its_budget_is_refused_before_anything_of_it_is_read(task, monkeypatch):
    """One value alone is within its limits; enough of it is not."""
    value = next(v for v in _large(task) if task.decode(v))
    monkeypatch.setattr(cleaning, "normalize", _never)
    monkeypatch.setattr(pictures, "_small", _never)
    with pytest.raises(BadInput, match="in one request, found") as said:
        task.decode_all([value] * 64)
    assert 0 < said.value.index < 63


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.binary().map(lambda b: base64.b64encode(b).decode()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("name", TASKS)
@settings(deadline=None)
@given(values=st.lists(ANYTHING, max_size=3))
def test_anything_that_json_or_a_file_may_hold_is_read_or_refused_in_words(name, values):
    task = opened(name)
    for value in values:
        for read in (task.parse, task.decode):
            try:
                read(value)
            except ValueError as error:
                assert str(error).startswith("expected")
    try:
        assert len(task.decode_all(values)) == len(values)
    except BadInput as error:
        assert 0 <= error.index < len(values)
        with pytest.raises(ValueError, match="expected"):
            task.decode(values[error.index])


def _large(task):
    """Values of each kind that take much of a budget."""
    if task.content == "text":
        return ["物流很快，" * 2_000]
    body = io.BytesIO()
    Image.new("L", (4000, 3000)).save(body, format="PNG")
    return [base64.b64encode(body.getvalue()).decode()]


def _never(*_):
    raise AssertionError("nothing may be read before the budget is checked")
