"""The rule of an experiment is that of its beginning: the file may change, and is named."""

import pytest
from tests.release.common import canary_of, edit, replayed, task
from tests.serving import publish, release

from steelyard.errors import SteelyardError
from steelyard.release import REPLAY
from steelyard.release.frozen import frozen
from steelyard.release.readout import readout
from steelyard.release.status import status_of
from steelyard.spec import load
from steelyard.spec.declared import only


def began(store, product_file):
    """An experiment that a turn left undecided, with a margin of .0001."""
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=60)
    first = replayed(store, product_file, pair, turn=store.begin_turn("m1"), key="a")
    assert first["decision"] == "keep" and "release." not in first["reason"]
    return pair


def test_a_margin_that_is_widened_meanwhile_does_not_decide(store, product_file):
    pair = began(store, product_file)
    edit(product_file, ("outcome_loss_max: 0.0001", "outcome_loss_max: 0.9"))
    found = replayed(store, product_file, pair, turn=store.begin_turn("m2"), key="b")
    assert found["decision"] == "keep"
    for words in (found["reason"], found["reason_zh"]):
        assert "release.outcome_loss_max" in words
    rules = [row["rule"]["outcome_loss_max"] for row in store.experiments.all()]
    assert rules == [0.0001, 0.0001]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("confidence: 0.6, ", "release.confidence"),
        ("outcome_days: 3, ", "release.outcome_days"),
        ("metric: conversion, ", "release.metric"),
    ],
)
def test_each_setting_that_is_another_now_is_named(store, product_file, change, named):
    pair = began(store, product_file)
    edit(product_file, ("release: {", "release: {" + change))
    still = frozen(store, load(product_file), **pair)
    assert still.changed == (named,)
    name = named.removeprefix("release.")
    kept = getattr(still.product.spec.release, name)
    assert kept == {"confidence": 0.95, "outcome_days": None, "metric": "outcome"}[name]


def test_a_share_that_is_another_now_is_named_where_one_looks(store, product_file):
    began(store, product_file)
    edit(product_file, ("canary_share: 0.5", "canary_share: 0.05"))
    readout = status_of(store, load(product_file))["readout"]
    assert "release.canary_share" in readout["reason"]


def test_with_the_next_experiment_the_file_holds(store, product_file):
    pair = began(store, product_file)
    edit(product_file, ("outcome_loss_max: 0.0001", "outcome_loss_max: 0.9"))
    other = publish(store, seed=5, name="another")
    release(store, pair["canary"], "retired", 0.0)
    release(store, other, "canary", 0.5)
    still = frozen(store, load(product_file), live=pair["live"], canary=other)
    assert still.changed == () and still.product.spec.release.outcome_loss_max == 0.9


def test_what_a_step_declares_is_enough_to_read_out_a_changed_file(store, product_file):
    """A step sees its sections alone, and the file with the rule of before is cut in the same way."""
    pair = began(store, product_file)
    edit(product_file, ("outcome_loss_max: 0.0001", "outcome_loss_max: 0.9"))
    own = only(load(product_file), *REPLAY.reads)
    found = readout(store, own, task=task(), variants=pair)
    assert found.decision.reason.code == "readout.frozen"
    with pytest.raises(SteelyardError, match="does not declare"):
        _ = frozen(store, own, **pair).product.spec.label


def test_how_many_are_sent_and_when_one_looks_may_change(store, product_file):
    pair = began(store, product_file)
    edit(product_file, ("replay: 60", "replay: 20"), ("look_every: 20", "look_every: 5"))
    assert frozen(store, load(product_file), **pair).changed == ()
