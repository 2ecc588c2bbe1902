"""One contract over every registered method, on every task that it suits."""

import json

import numpy as np
import pytest
from tests.contract.common import TASKS, examples_of, opened

from steelyard.clock import Clock
from steelyard.engine.heads import head_of
from steelyard.engine.model import open_model, open_reading, read_config
from steelyard.methods import FitJob, method_named
from steelyard.methods.encoder import Encoder
from steelyard.methods.trained import TorchMethod
from steelyard.plugins import names
from steelyard.spec.model import Train

SETTINGS = Train(
    epochs=1, batch=12, learning_rate=1e-3, precision="fp32", length_max=32, checkpoint_steps=1
)
PAIRS = [
    (method, task)
    for method in names("methods")
    for task in TASKS
    if method_named(method).suits(opened(task))
]


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request):
    method, task = request.param
    return method_named(method), opened(task)


@pytest.fixture
def fitted(pair, encoder, tmp_path):
    """(fitted, task, examples): a few steps of training."""
    method, task = pair
    examples = examples_of(task)
    job = FitJob(
        task,
        SETTINGS,
        examples,
        folder=tmp_path,
        clock=Clock(),
        encoder=Encoder(encoder, "test") if method.needs_backbone else None,
    )
    return method.fit(job), task, examples


def test_every_task_has_methods_that_suit_it():
    suited = {task for _, task in PAIRS}
    assert suited == set(TASKS)
    for task in map(opened, TASKS):
        assert len(task.methods) >= 2 and all(method_named(m).suits(task) for m in task.methods)


def test_what_it_fitted_is_saved_and_opened_with_equal_answers(fitted, pair, tmp_path):
    made, task, examples = fitted
    folder = tmp_path / "saved"
    folder.mkdir()
    made.save(folder)
    before, model = made.answers(examples.contents), open_model(folder)
    after = model.answers(examples.contents)
    assert [a.value for a in before] == [a.value for a in after]
    scores = [[a.score or 0.0 for a in side] for side in (before, after)]
    assert np.allclose(*scores, atol=1e-5)
    assert read_config(folder).method == pair[0].name
    assert model.task.options == task.options and model.threads >= 1
    assert not list(folder.glob("*.pt")) and not list(folder.glob("*.pkl"))


def test_its_reading_half_makes_the_features_of_the_whole(fitted, tmp_path):
    made, _, examples = fitted
    folder = tmp_path / "saved"
    folder.mkdir()
    made.save(folder)
    model, reading = open_model(folder), open_reading(folder, read_config(folder))
    features = reading.features(examples.contents)
    for here, there in zip(model.features(examples.contents), features, strict=True):
        assert here.dtype.hasobject is False and np.array_equal(here, there)
        assert model.size(here) == reading.size(there) > 0
    values = [a.value for a in model.answers_of(features)]
    assert values == [a.value for a in model.answers(examples.contents)]


def test_no_input_is_no_answer_and_answers_are_json(fitted, tmp_path):
    made, task, examples = fitted
    folder = tmp_path / "saved"
    folder.mkdir()
    made.save(folder)
    model = open_model(folder)
    assert model.answers([]) == [] and model.answers_of([]) == []
    for answer in model.answers(examples.contents):
        sent = task.sent(answer)
        assert json.loads(json.dumps(sent)) == sent
        assert answer.score is None or 0 <= answer.score <= 1


def test_what_it_tells_of_a_training_is_json(fitted):
    made, _, _ = fitted
    assert json.loads(json.dumps(made.told)) == made.told
    assert json.loads(json.dumps(made.card)) == made.card


def test_the_same_job_fits_the_same_model(pair, encoder, tmp_path):
    method, task = pair
    examples = examples_of(task)
    answers = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        job = FitJob(
            task,
            SETTINGS,
            examples,
            folder=tmp_path / name,
            clock=Clock(),
            encoder=Encoder(encoder, "test") if method.needs_backbone else None,
        )
        answers.append(method.fit(job).answers(examples.contents))
    assert answers[0] == answers[1]


def test_eight_thousand_chinese_characters_are_answered_or_refused_with_a_reason(fitted, tmp_path):
    made, task, _ = fitted
    folder = tmp_path / "saved"
    folder.mkdir()
    made.save(folder)
    long = "物流很快，" * 1600
    if task.content != "text":  # what is no text of theirs is refused, and never answered
        with pytest.raises(ValueError, match="expected"):
            task.decode(long)
        return
    content = task.decode(long)
    (answer,) = open_model(folder).answers([content])
    assert task.truth(answer.value, content) == answer.value


def test_what_a_torch_method_says_of_its_modules_is_so(fitted, pair):
    """Exports, LoRA and the rate of the head believe it."""
    made, task, examples = fitted
    if not isinstance(pair[0], TorchMethod):
        pytest.skip("it makes no torch module")
    import torch

    said, module = pair[0].parts(head_of(task)), made.parts.module.eval()
    shapes = {}
    for n in (1, 3):  # another number, and texts of another length
        some = sorted(examples.contents, key=len)[-n:] if n > 1 else examples.contents[:1]
        features = made.parts.preprocessor.features(some)
        inputs = made.parts.preprocessor.collate(features)
        with torch.inference_mode():
            outputs = module(**{name: torch.as_tensor(a) for name, a in inputs.items()})
        shapes[n] = {name: a.shape for name, a in inputs.items()} | {"": tuple(outputs.shape)}
    assert said.inputs.keys() == shapes[1].keys() - {""}
    for name, free in {**said.inputs, "": said.outputs}.items():
        pairs = list(zip(shapes[1][name], shapes[3][name], strict=True))
        assert all(a == b for axis, (a, b) in enumerate(pairs) if axis not in free)
        assert pairs[0] == (1, 3) and 0 in free
    assert all(hasattr(module, part) for part in (said.encoder, said.head) if part is not None)
    assert (said.encoder is not None) == pair[0].needs_backbone
    assert made.parts.new == said.head
