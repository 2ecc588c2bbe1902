"""A step's key holds what its work can see: a change of either is another key."""

import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from steelyard.engine.backbone import known_as
from steelyard.errors import DataError, SteelyardError
from steelyard.loop import Silent, Turn, _context, _key, turn
from steelyard.spec import load
from steelyard.stage import stages
from steelyard.store import Store
from steelyard.tasks import task_of

LEFT = {
    "data": {"dataset": "d", "splits": {"stream": {"positive": 99, "negative": 99}}},
    "label": {"labels": "l", "bought": 200, "pool": 300},
    "baseline": {"variant": "b"},
    "train": {"variant": "t"},
    "compress": {"chosen": "c"},
    "release": {"live": "b", "canary": "c"},
    "replay": {"experiment": "e"},
    "curve": {"curve": []},
    "market": {},
}


def keys(path):
    """Key of each step in the first turn of a file, as if those before it had left `LEFT`."""
    file = load(path)
    task = task_of(file)
    with closing(Store.open(file)) as store:
        run = Turn(file, store, task, Silent(), 1, outputs=dict(LEFT))
        return {s.name: _key(run, s, _context(run, s)) for s in stages()}


def changed(path, before: str, after: str) -> set[str]:
    """Steps whose key is another one after a change of the file."""
    old, text = keys(path), path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    new = keys(path)
    path.write_text(text, encoding="utf-8")
    return {name for name in old if old[name] != new[name]}


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("macro_f1: 0.5", "macro_f1: 0.6", {"compress", "release", "replay", "plan"}),
        ("replay: 60", "replay: 61", {"release", "replay"}),
        ("label: 0.30", "label: 0.40", {"label", "replay", "plan"}),
        ("epochs: 3", "epochs: 4", {"baseline", "train", "curve"}),
        ("unit: 30", "unit: 40", {"compress", "plan"}),
        ("start: 200", "start: 201", {"label"}),
    ],
)
def test_a_change_of_the_file_reaches_the_steps_that_read_it(product_file, before, after, steps):
    assert changed(product_file, before, after) == steps


def test_other_weights_in_the_same_folder_are_another_training(product_file, encoder, tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(encoder, folder)
    text = product_file.read_text(encoding="utf-8").replace(str(encoder), str(folder))
    product_file.write_text(text, encoding="utf-8")
    old, name = keys(product_file), known_as([str(folder)], base=tmp_path)
    assert name == known_as([str(encoder)], base=tmp_path)  # the place is not what counts
    weights = folder / "model.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    new = keys(product_file)
    assert known_as([str(folder)], base=tmp_path) != name
    assert {step for step in old if old[step] != new[step]} == {"train"}
    assert known_as(["package:none", "nobody/nothing"], base=tmp_path) == "hub nobody/nothing"


def test_work_that_reads_beyond_its_sections_fails_by_name(product_file, monkeypatch):
    from steelyard.label import run

    def beyond(store, product, step, *, task, dataset):
        return {"labels": str(product.spec.release.replay)}

    monkeypatch.setattr(run, "run", beyond)
    with pytest.raises(
        SteelyardError, match="'release' is read by a step that does not declare it"
    ):
        turn(load(product_file), until="label")


def test_a_stream_that_is_too_small_is_said_before_a_label_is_paid_and_after_it_was(product_file):
    file = load(product_file)
    turn(file, until="label")
    asking = file.spec.release.model_copy(update={"replay": 10_000})
    more = replace(file, spec=file.spec.model_copy(update={"release": asking}))
    with pytest.raises(DataError, match=r"release\.replay"):
        turn(more, until="label")


def test_a_value_table_prices_what_is_there_and_trains_nothing_again(product_file):
    table = "correct_answer: 0.01\n  values: {labels: {negative: {positive: -2.5}}}"
    chosen_again = {"compress", "release", "replay", "plan"}  # the choice is by money
    assert changed(product_file, "correct_answer: 0.01", table) == chosen_again
