"""Each variant that answers otherwise is compared with its parent on every record; no other is."""

from contextlib import closing
from types import SimpleNamespace

import pytest

from steelyard.compress import gaps
from steelyard.compress.gaps import gaps_of
from steelyard.compress.quality import Quality
from steelyard.engine.evaluate import Evaluation
from steelyard.engine.fit import Examples
from steelyard.engine.kept import keep
from steelyard.spec import load
from steelyard.store import Store
from steelyard.tasks import Answer, task_of

TRUTHS = ["positive", "negative"] * 30
RIGHT = [Answer(truth, 0.9) for truth in TRUTHS]
WRONG = [Answer("negative", 0.9), *RIGHT[1:]]
OF = SimpleNamespace(parent=SimpleNamespace(name="torch_fp32", variant="p"), dataset="d")


def quality(answers=None):
    return Quality(Evaluation({}, {}), "all", answers)


@pytest.mark.parametrize("known", [True, False])
def test_the_parents_answers_are_those_it_gave_and_it_is_asked_where_they_are_gone(
    product_file, monkeypatch, known
):
    product = load(product_file)
    asked = []

    def opened(*_, **__):
        asked.append(1)
        return SimpleNamespace(answers=lambda contents: RIGHT)

    monkeypatch.setattr(gaps, "open_model", opened)
    with closing(Store.open(product)) as store:
        if known:
            keep(store, "p", dataset="d", answers=RIGHT)
        monkeypatch.setattr(type(store.artifacts), "open", lambda *_: None)
        held = Examples(TRUTHS, TRUTHS)
        found = gaps_of(
            store,
            product,
            task_of(product),
            OF,
            held,
            {"torch_fp32": quality(), "onnx_fp32": quality(), "onnx_int8": quality(WRONG)},
        )
    assert list(found) == ["onnx_int8"] and bool(asked) != known
    gap = found["onnx_int8"]
    assert gap.n == 60 and gap.worth == pytest.approx(-1 / 60) and gap.quality < 0
