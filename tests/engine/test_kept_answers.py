"""Answers to the whole hold-out are kept: a pair of variants is compared on every record of it."""

from steelyard.engine.kept import RECORDS_MAX, keep, kept
from steelyard.tasks import Answer


def test_answers_to_more_records_than_a_release_compares_are_kept_too(store):
    answers = [Answer(f"a{i}", 0.5) for i in range(RECORDS_MAX + 200)]
    keep(store, "v", dataset="d", answers=answers)
    assert kept(store, "v", dataset="d") == answers
    assert kept(store, "v", dataset="d", n=RECORDS_MAX) == answers[:RECORDS_MAX]
    assert kept(store, "v", dataset="d", n=len(answers) + 1) is None
