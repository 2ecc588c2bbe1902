"""Points of a curve answer in the precision of their training; what is published answers as it is served."""

import pytest
from tests.contract.common import examples_of, opened

from steelyard.clock import Clock
from steelyard.engine import fit as loop
from steelyard.methods import FitJob, method_named
from steelyard.methods.encoder import Encoder
from steelyard.spec.model import Train


@pytest.mark.parametrize(("published", "used"), [(True, "fp32"), (False, "bf16")])
def test_the_precision_of_answers(published, used, encoder, tmp_path, monkeypatch):
    seen, plain = [], loop._autocast
    task = opened("text_classification")
    fitted = method_named("fine_tune").fit(
        FitJob(
            task,
            Train(epochs=1, batch=8, precision="bf16", vocabulary="full"),
            examples_of(task),
            folder=tmp_path,
            clock=Clock(),
            encoder=Encoder(encoder, "test"),
            published=published,
        )
    )

    def spied(torch, precision):
        seen.append(precision)
        return plain(torch, precision)

    monkeypatch.setattr(loop, "_autocast", spied)
    answers = fitted.answers(["很好", "太差"])
    assert len(answers) == 2 and seen == [used]
