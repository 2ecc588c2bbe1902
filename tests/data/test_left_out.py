"""A label or an entity of a file may be left out: null in `names`."""

import json

import pytest
from tests.release.common import edit

from steelyard.data import reading
from steelyard.data.normalize import Normalize
from steelyard.errors import SpecError
from steelyard.loop import turn
from steelyard.spec import load, names_in
from steelyard.tasks import open_task

NAMES = ", names: {neutral: null, bad: negative}}"


@pytest.fixture
def three(product_file):
    """A file of three labels, for a task of two."""
    path = product_file.parent / "reviews.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for i, row in enumerate(rows):
        row["label"] = "neutral" if i % 10 == 0 else row["label"].replace("negative", "bad")
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    edit(product_file, ("label: label, id: id}", f"label: label, id: id{NAMES}"))
    return product_file


def test_records_of_a_label_that_is_left_out_are_counted_and_left_out(three):
    output = turn(load(three), until="data").outputs["data"]
    left_out = {"a label that data.sources.names leave out": 60}
    assert output["rejects"]["reasons"] == left_out
    assert set(output["splits"]["train"]) == {"negative", "positive"}


def test_what_is_left_out_is_no_word_of_today(three):
    assert names_in(load(three)) == {"bad": "negative"}


def test_spans_of_an_entity_that_is_left_out_leave_the_text_its_others():
    task = open_task("token_classification", {"entities": ["name"]})
    spans = [[0, 2, "PER"], [3, 5, "GPE"]]
    assert task.truth(spans, "马云在杭州", {"PER": "name", "GPE": None}) == [[0, 2, "name"]]
    with pytest.raises(ValueError, match="expected an entity in"):
        task.truth(spans, "马云在杭州", {"PER": "name"})


def test_null_names_nothing_else(product_file):
    edit(product_file, ("label: label, id: id}", "label: label, id: id, names: {neutral: nul}}"))
    with pytest.raises(SpecError, match="expected labels in"):
        load(product_file)


def test_a_batch_of_which_nothing_is_left_meets_no_operator(three, monkeypatch):
    """A record a batch: every tenth is left out, and an operator need not know what nothing is."""
    seen = []
    monkeypatch.setattr(reading, "BATCH", 1)
    apply = Normalize.apply
    monkeypatch.setattr(
        Normalize, "apply", lambda self, rows: seen.append(len(rows)) or apply(self, rows)
    )
    turn(load(three), until="data")
    assert seen == [1] * 540
