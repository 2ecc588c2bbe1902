"""Metrics of summed counts are those of the textbooks, for any number of labels and resamples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from steelyard.engine.arrays import softmax
from steelyard.engine.heads import LabelHead
from steelyard.tasks.classification import Classification, Labels, calibration


def made(labels, n, seed):
    rng = np.random.default_rng(seed)
    task = Classification(Labels(labels=tuple(f"l{i}" for i in range(labels))))
    return task, rng.normal(0, 2, (n, labels)), rng.integers(0, labels, n)


def summed(task, logits, targets):
    return np.asarray(counted(task, logits, targets).sum(axis=0)).reshape(-1)


def counted(task, logits, targets):
    return task.counts(LabelHead(task).answers(list(logits), []), [task.labels[t] for t in targets])


@given(st.integers(2, 9), st.integers(1, 60), st.integers(0, 10**6))
def test_metrics_are_those_of_another_library(labels, n, seed):
    task, logits, targets = made(labels, n, seed)
    found = task.metrics(summed(task, logits, targets))
    answered, among = logits.argmax(-1), range(labels)
    told = {"labels": list(among), "average": "macro", "zero_division": 0}
    assert found["accuracy"] == pytest.approx(accuracy_score(targets, answered))
    assert found["macro_f1"] == pytest.approx(f1_score(targets, answered, **told))
    assert found["precision"] == pytest.approx(precision_score(targets, answered, **told))
    assert found["recall"] == pytest.approx(recall_score(targets, answered, **told))
    assert found["calibration_error"] == pytest.approx(
        calibration(softmax(logits).max(-1), answered == targets)["error"]
    )


def test_sums_of_parts_are_the_sums_of_the_whole_and_come_in_any_shape():
    task, logits, targets = made(200, 500, 0)
    whole = summed(task, logits, targets)
    parts = summed(task, logits[:100], targets[:100]) + summed(task, logits[100:], targets[100:])
    assert whole == pytest.approx(parts)
    stacked = task.metrics(np.stack([[whole, parts], [parts, whole]]))
    assert all(values.shape == (2, 2) for values in stacked.values())
    assert counted(task, logits, targets).nnz <= 6 * 500  # two hundred labels take no square
