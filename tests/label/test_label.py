"""A label is paid once for a text, is kept while the text is there, and serves no other text."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.test_names import rows_of, write
from tests.versions import look, old_turn

from steelyard.errors import DataError, StoreError
from steelyard.label.purchase import purchase
from steelyard.spec import load
from steelyard.spec.load import ProductFile
from steelyard.spec.model import Label
from steelyard.store.records import Known
from steelyard.tasks import open_task, task_of


@pytest.fixture
def small(product_file):
    """The tiny product with 300 records of which none is near another, and 60 labels."""
    text = product_file.read_text(encoding="utf-8").replace("start: 200", "start: 60")
    product_file.write_text(text.replace("replay: 60", "replay: 10"), encoding="utf-8")
    write(product_file, rows_of())
    return product_file


def say(product_file, old, new):
    text = product_file.read_text(encoding="utf-8")
    assert old in text
    product_file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("old", [False, True], ids=["own store", "store of 0.1"])
def test_added_data_buy_nothing_while_there_are_labels_enough(small, old):
    before = old_turn(small) if old else look(small)
    write(small, rows_of(seed=1), "more.jsonl")
    say(small, "sources: [", "sources: [{path: more.jsonl, reader: jsonl, label: label, id: id}, ")
    after = look(small)
    assert after.output["new"] == 0 and after.spent == 60 and after.labels == before.labels
    say(small, "start: 60", "start: 90")
    grown = look(small)
    assert grown.output["new"] == 30 and grown.spent == 90
    assert before.labels.items() <= grown.labels.items()


def test_a_lower_number_drops_no_label_that_was_paid(small):
    before = look(small)
    say(small, "start: 60", "start: 20")
    after = look(small)
    assert after.labels == before.labels and after.spent == 60


def test_a_corrected_label_is_taken_over_and_costs_nothing(small):
    before = look(small)
    rows = rows_of()
    flip = {"positive": "negative", "negative": "positive"}
    for r in rows[:100]:
        r["label"] = flip[r["label"]]
    write(small, rows)
    after = look(small)
    changed = {t for t in before.labels if after.labels[t] != before.labels[t]}
    assert after.labels.keys() == before.labels.keys() and len(changed) > 5
    assert after.output["corrected"] == len(changed) and after.output["new"] == 0


def test_a_label_that_left_the_file_stays_paid_and_trained_on(small):
    before = look(small)
    rows = rows_of()
    for r in rows[::2]:
        r["label"] = ""
    # both labels stay in each part
    write(small, rows + [r | {"id": f"n{i}"} for i, r in enumerate(rows_of(seed=1))])
    after = look(small)
    assert after.labels == before.labels and after.spent == 60


def test_only_what_the_file_itself_asks_for_is_refused(small):
    say(small, "start: 60", "start: 5000")
    with pytest.raises(DataError, match=r"label\.start: expected at most \d+ labels .*found 5000"):
        look(small)
    say(small, "label: {start: 5000}", "label: {seed: 0}")
    found = look(small).output
    assert found["bought"] == found["new"] == found["pool"] > 100


def test_a_purchase_whose_file_is_gone_is_never_paid_again_unsaid(small):
    look(small)
    shutil.rmtree(small.parent / ".steelyard" / "datasets" / "labels.lance")
    for copies in (small.parent / ".steelyard" / "datasets").glob("labels.*"):
        shutil.rmtree(copies)
    say(small, "start: 60", "start: 80")
    with pytest.raises(StoreError, match="that were paid"):
        look(small)
    say(small, "start: 80", "start: 60")
    assert look(small).spent == 60  # made again, not paid again
    say(small, "start: 60", "start: 80")
    assert look(small).spent == 80


AB = open_task("text_classification", {"labels": ("a", "b")})


def product_with(start):
    class Spec:
        label = Label(start=start)

    return ProductFile(Spec, __import__("pathlib").Path("p.yaml"), "")


records = st.lists(
    st.builds(
        lambda key, part, label: (key, part, label),
        st.integers(0, 40),
        st.sampled_from(["train", "train", "holdout"]),
        st.sampled_from(["a", "b", None]),
    ),
    min_size=15,
    max_size=60,
)


@given(records, st.sets(st.integers(0, 40), max_size=20), st.none() | st.integers(10, 80))
def test_a_purchase_holds_every_paid_text_of_training_and_pays_each_new_text_once(
    rows, keys, start
):
    known = [
        Known(f"i{n}", f"k{k}", "", part, label, "s") for n, (k, part, label) in enumerate(rows)
    ]
    known += [Known(f"z{label}", f"z{label}", "", "train", label, "s") for label in "ab"]
    paid = {f"k{k}": "a" for k in keys} | {"za": "a", "zb": "b"}
    try:
        found = purchase(product_with(start), AB, known, paid)
    except DataError:
        assert start is not None  # a default refuses nothing
        return
    train = [r for r in known if r.part == "train"]
    assert set(found.ids) >= {r.id for r in train if r.key in paid}
    assert found.new == len(set(found.keys) - paid.keys())
    here = len({r.key for r in known if r.key in paid})
    if start is not None:
        assert here + found.new == max(start, here)
    by_key = {r.key for r in train if r.label}
    assert set(found.keys) <= by_key | set(paid)
    assert (
        purchase(
            product_with(start), AB, known, dict(zip(found.keys, found.labels, strict=True)) | paid
        ).new
        == 0
    )


def test_equal_texts_are_paid_once(product_file):
    spec = load(product_file)
    rows = [
        Known(str(i), f"k{i // 2}", "", "train", "positive" if i % 4 < 2 else "negative", "s")
        for i in range(40)
    ]
    object.__setattr__(spec.spec, "label", Label(start=20))
    found = purchase(spec, task_of(spec), rows, {})
    assert found.new == 20 and len(found.ids) == 40
