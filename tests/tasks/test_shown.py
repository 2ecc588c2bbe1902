"""An answer as a person reads it: a task's own words, or its fields."""

import pytest

from steelyard.tasks import Answer, open_task
from steelyard.tasks.shown import Shown, shown


def test_a_label_stands_with_how_likely_each_is():
    task = open_task("text_classification", {"labels": ("neg", "pos")})
    sent = task.sent(Answer("pos", 0.9, {"neg": 0.1, "pos": 0.9}))
    assert shown(task, sent) == Shown("pos", {"neg": 0.1, "pos": 0.9})


def test_spans_stand_in_their_text():
    task = open_task("token_classification", {"entities": ("name", "place")})
    sent = task.sent(Answer([[0, 2, "name"]], 0.9, [0.9]))
    assert shown(task, sent) == Shown(spans=((0, 2, "name"),))
    assert shown(task, task.sent(Answer([]))).spans == ()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"reply": "您好"}, "您好"),
        ({"rent": 100.5}, "100.5"),
        ({"rent": 100, "unit": "CNY", "score": None}, "rent: 100; unit: CNY"),
        ({"rows": [{"名": 1}]}, '[{"名": 1}]'),
        ({}, ""),
    ],
)
def test_a_task_without_words_of_its_own_shows_its_fields(sent, said):
    assert shown(object(), sent) == Shown(said)
