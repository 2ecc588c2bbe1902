"""The layer behind an encoder may learn at a rate of its own, and the encoder keeps its own."""

import pytest
from tests.contract.common import examples_of, opened

from steelyard.clock import Clock
from steelyard.methods import FitJob, method_named
from steelyard.methods.encoder import Encoder
from steelyard.spec.model import Train


def trained(encoder, folder, *, head_rate, epochs=1):
    """The weights after a few steps."""
    folder.mkdir()
    task = opened("text_classification")
    settings = Train(
        epochs=epochs,
        batch=12,
        learning_rate=1e-4,
        head_rate=head_rate,
        dropout=0.01,
        precision="fp32",
        length_max=32,
        frozen_embeddings=True,
    )
    job = FitJob(
        task,
        settings,
        examples_of(task),
        folder=folder,
        clock=Clock(),
        encoder=Encoder(encoder, "test"),
    )
    return method_named("fine_tune").fit(job).parts.module.state_dict()


def moved(before, after, part):
    return max(
        float((after[name] - tensor).abs().max())
        for name, tensor in before.items()
        if name.startswith(part)
    )


def test_a_rate_of_the_head_moves_the_head(encoder, tmp_path):
    still, once, fast = (
        trained(encoder, tmp_path / str(rate), head_rate=rate) for rate in (1e-6, 1.0, 30.0)
    )
    # AdamW's first steps are as long as the rate, whatever the gradient
    assert moved(still, fast, "head.") == pytest.approx(30 * moved(still, once, "head."), rel=0.2)
    assert moved(still, fast, "encoder.") < 3 * moved(still, once, "encoder.") + 1e-4


def test_what_is_frozen_stays(encoder, tmp_path):
    one, other = (trained(encoder, tmp_path / str(n), head_rate=2.0, epochs=n) for n in (1, 2))
    name = next(n for n in one if "word_embeddings" in n)
    assert bool((one[name] == other[name]).all()) and moved(one, other, "head.") > 0
