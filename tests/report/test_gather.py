"""What the report reads from a real store."""

from contextlib import closing

from steelyard.engine.examples import holdout
from steelyard.loop import turn
from steelyard.report import gather, render
from steelyard.spec import load
from steelyard.store import Store
from steelyard.tasks import task_of


def test_examples_of_a_confusion_are_held_out_texts_of_that_label(product_file):
    file = load(product_file)
    done = turn(file, until="baseline")
    with closing(Store.open(file)) as store:
        facts = gather(store, file, done.outputs)
        held = holdout(store, task=task_of(file), dataset=done.outputs["data"]["dataset"])
    label = dict(zip(held.contents, held.truths, strict=True))
    assert facts.mistakes and all(m.examples for m in facts.mistakes)
    assert all(label[text] == m.truth for m in facts.mistakes for text in m.examples)
    assert facts.mistakes[0].examples[0] in render(facts, language="zh")


def test_a_product_before_its_first_step_has_a_report(product_file):
    file = load(product_file)
    with closing(Store.open(file)) as store:
        facts = gather(store, file, {})
    assert "Nothing is live." in render(facts) and facts.balances == []
