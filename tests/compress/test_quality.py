"""The same function is evaluated once; another one on every record of the hold-out."""

import pytest
from tests.conftest import reviews
from tests.variants import compressed, saved_text

from steelyard.compress import quality
from steelyard.compress.quality import evaluated, parent_of
from steelyard.engine.evaluate import evaluate
from steelyard.engine.fit import Examples
from steelyard.engine.model import open_model


@pytest.fixture(scope="module")
def built(encoder, tmp_path_factory):
    """The task, the trained folder and one of each kind of variant."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    task, contents = saved_text(encoder, source)
    made = {n: compressed(source, n, folder / n, contents) for n in ("onnx_fp32", "onnx_int8")}
    return task, source, made


def parent(task, source, held):
    whole = evaluate(task, open_model(source).answers(held.contents), held.truths)
    return parent_of(source, "torch_fp32", whole, held)


def held_out(n: int) -> Examples:
    rows = reviews(n, seed=5)
    return Examples([r["text"] for r in rows], [r["label"] for r in rows])


@pytest.mark.parametrize("n", [20, 150])
def test_an_export_with_the_same_logits_has_the_figures_of_what_was_trained(built, n, monkeypatch):
    task, source, made = built
    held = held_out(n)
    known = parent(task, source, held)
    monkeypatch.setattr(quality, "evaluate", lambda *_: pytest.fail("evaluated twice"))
    found = evaluated(made["onnx_fp32"], task, held, parent=known)
    assert found.evaluation is known.evaluation and f"{min(n, 64)} records" in found.on


@pytest.mark.parametrize("n", [20, 150])
def test_a_variant_with_other_logits_is_evaluated_on_every_record_in_its_order(
    built, n, monkeypatch
):
    task, source, made = built
    held = held_out(n)
    known = parent(task, source, held)
    monkeypatch.setattr(quality, "SAME_LOGITS", 0.0)  # int8 of a tiny encoder is nearly the same
    found = evaluated(made["onnx_int8"], task, held, parent=known)
    whole = evaluate(task, open_model(made["onnx_int8"]).answers(held.contents), held.truths)
    assert found.on == f"all {n} records"
    assert found.evaluation.metrics == whole.metrics
