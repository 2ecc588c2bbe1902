"""The dictionary keeps what comes again, and no text makes it slow."""

from pathlib import Path

from steelyard.clock import Clock
from steelyard.engine.fit import Examples
from steelyard.methods import FitJob, method_named
from steelyard.methods.dictionary import LENGTH_MAX
from steelyard.spec.model import Train
from steelyard.tasks import open_task
from steelyard.tasks.places import Placed

TASK = open_task("token_classification", {"entities": ("name", "place")})


def fitted(*pairs):
    examples = Examples([text for text, _ in pairs], [spans for _, spans in pairs])
    job = FitJob(TASK, Train(), examples, folder=Path(), clock=Clock())
    return method_named("dictionary").fit(job)


def test_the_longest_is_found_first_and_a_word_only_where_it_stands_alone():
    model = fitted(
        ("北京", [[0, 2, "place"]]),
        ("北京", [[0, 2, "place"]]),
        ("北京大学", [[0, 4, "name"]]),
        ("Ma said", [[0, 2, "name"]]),
        ("马 马 马 马", [[0, 1, "name"]]),
    )
    (answer,) = model.answers(["在北京大学和北京，Mary met Ma. 马"])
    assert answer.value == [[1, 5, "name"], [6, 8, "place"], [18, 20, "name"]]


def test_a_span_longer_than_any_name_is_not_kept():
    long = "很" * (LENGTH_MAX + 1)
    assert fitted((long, [[0, len(long), "name"]])).entries == {}


def test_places_are_those_of_the_text_that_was_sent():
    model = fitted(("马云", [[0, 2, "name"]]))
    made = Placed("马云", [(3, 4), (5, 7)])
    assert model.answers([made])[0].value == [[3, 7, "name"]]
