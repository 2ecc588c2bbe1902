"""One contract over every registered task: what the stages rely on, whichever task it is."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from steelyard.clock import Clock
from steelyard.engine.backbone import load_backbone
from steelyard.engine.fit import Examples, Recipe, fit, torch_logits
from steelyard.engine.predictor import Predictor, write_config
from steelyard.plugins import names
from steelyard.tasks import Answer, BadInput, cleaning, open_task, pictures
from steelyard.train.model import Trained, save

LABELS = ("负面", "positive", "其他")
RECIPE = Recipe(
    epochs=1, batch=12, learning_rate=1e-3, weight_decay=0.01, precision="fp32", patience=1,
    checkpoint_steps=1, augment=True, seed=0,
)  # fmt: skip


@pytest.fixture(params=names("tasks"))
def task(request):
    return open_task(request.param, labels=LABELS)


@pytest.fixture
def examples(task) -> Examples:
    pairs = task.contract_examples()
    return Examples(
        [task.decode(json.loads(json.dumps(v))) for v, _ in pairs], [lb for _, lb in pairs]
    )


@pytest.fixture
def trained(task, examples, encoder, tmp_path) -> Trained:
    """Two steps of training."""
    backbone = load_backbone((str(encoder),), cache=tmp_path) if task.needs_backbone else None
    preprocessor = task.preprocessor(backbone, examples.contents, length_max=32)
    module = task.build(backbone, preprocessor, dropout=0.1)
    progress = fit(
        task, module, preprocessor, examples, examples, RECIPE, folder=tmp_path, clock=Clock()
    )
    assert progress.step == 2
    return Trained(module, preprocessor, backbone, progress, RECIPE)


def test_a_trained_model_is_saved_and_loaded_with_equal_predictions(
    task, examples, trained, tmp_path
):
    import torch

    folder = tmp_path / "saved"
    folder.mkdir()
    save(folder, task, trained)
    before = torch_logits(torch, trained.module, trained.preprocessor, examples.contents)
    after = Predictor.open(folder).logits(examples.contents)
    assert np.allclose(before, after, atol=1e-5)
    assert not list(folder.glob("*.pt")) and not list(folder.glob("*.pkl"))


def test_the_loss_is_one_number_for_each_example(task, examples, trained):
    import torch

    logits = torch.zeros(len(examples), len(LABELS))
    loss = task.loss(logits, torch.as_tensor(task.targets(examples.labels)))
    assert loss.shape == (len(examples),)


def test_answers_are_plain_json_and_probabilities(task, examples, trained):
    logits = np.random.default_rng(0).normal(size=(4, len(LABELS)))
    for answer in task.answers(logits):
        assert json.loads(json.dumps(answer.detail)) == answer.detail
        assert sum(answer.detail.values()) == pytest.approx(1.0) and answer.value in LABELS
        assert answer.score == max(answer.detail.values())


def test_the_baseline_is_a_variant_like_any_other(task, examples, tmp_path):
    from safetensors.numpy import save_file

    fitted = task.baseline(examples.contents, task.targets(examples.labels), seed=0)
    save_file({"weight": fitted.weight, "bias": fitted.bias}, tmp_path / "model.safetensors")
    write_config(tmp_path, task, fitted.preprocessor, runtime="linear", precision="fp32")
    answers = Predictor.open(tmp_path).predict(examples.contents)
    assert len(answers) == len(examples) and {a.value for a in answers} <= set(LABELS)


def test_more_of_its_quality_is_better_and_every_metric_is_known(task, examples):
    assert not task.known[task.quality].less
    counts = task.counts(task.answers(np.eye(len(LABELS))[task.targets(examples.labels)]), examples.labels)  # fmt: skip
    assert task.metrics(np.asarray(counts.sum(axis=0)).reshape(-1)).keys() == task.known.keys()


def test_metrics_know_perfect_and_worst(task, examples):
    targets = task.targets(examples.labels)
    perfect = np.eye(len(LABELS))[targets] * 20
    for logits, quality in ((perfect, 1.0), (np.roll(perfect, 1, axis=1), 0.0)):
        counts = task.counts(task.answers(logits), examples.labels)
        assert counts.shape[0] == len(targets)
        sums = np.asarray(counts.sum(axis=0)).reshape(-1)
        assert task.metrics(sums)[task.quality] == pytest.approx(quality)
        many = task.metrics(np.stack([sums, 2 * sums]))  # of as many sums as there are rows
        assert many[task.quality] == pytest.approx([quality] * 2)
    detail = json.loads(json.dumps(task.detail(task.answers(perfect), examples.labels)))
    assert np.trace(detail["confusion"]) == len(targets)


def test_no_input_is_no_answer(task, trained, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    save(folder, task, trained)
    assert Predictor.open(folder).predict([]) == []


@pytest.mark.parametrize("value", [None, 7, "", "  ", [], {}, ["很好"], b"\x89PNG broken", True])
def test_what_is_no_input_is_refused_with_a_reason(task, value):
    with pytest.raises(ValueError, match="expected"):
        task.decode(value)


def test_eight_thousand_chinese_characters_are_answered_or_refused_with_a_reason(
    task, trained, tmp_path
):
    folder = tmp_path / "saved"
    folder.mkdir()
    save(folder, task, trained)
    try:
        content = task.decode("物流很快，" * 1600)
    except ValueError as error:
        assert "expected" in str(error)
        return
    assert Predictor.open(folder).predict([content])[0].value in LABELS


def test_an_outcome_is_right_or_wrong(task):
    said = [Answer("负面"), Answer("负面")]
    assert task.utility(said, ["负面", "positive"]).tolist() == [1.0, 0.0]


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
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.binary().map(lambda b: base64.b64encode(b).decode()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@pytest.mark.parametrize("name", names("tasks"))
@settings(deadline=None)
@given(values=st.lists(ANYTHING, max_size=3))
def test_anything_that_json_or_a_file_may_hold_is_read_or_refused_in_words(name, values):
    task = open_task(name, labels=LABELS)
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
    if task.modality == "text":
        return ["物流很快，" * 2_000]
    body = io.BytesIO()
    Image.new("L", (4000, 3000)).save(body, format="PNG")
    return [base64.b64encode(body.getvalue()).decode()]


def _never(*_):
    raise AssertionError("nothing may be read before the budget is checked")
