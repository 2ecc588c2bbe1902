"""Labels that nobody trains on are paid too: of the hold-out and of replayed records, each once."""

import shutil
from contextlib import closing

import pytest
from tests.conftest import write_jsonl
from tests.data.test_names import rows_of, write

from steelyard.api.estimate import estimate
from steelyard.api.whole import examine_store
from steelyard.errors import OverBudget, StoreError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Store
from steelyard.store.truths import HOLDOUT, Truths


@pytest.fixture
def small(product_file):
    text = product_file.read_text(encoding="utf-8").replace("start: 200", "start: 60")
    product_file.write_text(text.replace("replay: 60", "replay: 10"), encoding="utf-8")
    write(product_file, rows_of())
    return product_file


def labelled(path):
    """What a turn up to its labels left, and labels paid by account."""
    done = turn(load(path), until="label")
    with closing(Store.open(load(path))) as store:
        paid = {
            r["account"]: int(r["quantity"]) for r in store.ledger.sums() if r["unit"] == "label"
        }
    return done.outputs, {name: paid.get(name, 0) for name in ("label", HOLDOUT)}


def held(outputs):
    return sum(outputs["data"]["splits"]["holdout"].values())


def test_labels_of_the_hold_out_are_paid_once(small):
    outputs, paid = labelled(small)
    assert paid == {"label": 60, HOLDOUT: held(outputs)} and paid[HOLDOUT] > 20
    assert outputs["label"]["measured"] == paid[HOLDOUT]
    text = small.read_text(encoding="utf-8")
    small.write_text(text.replace("start: 60", "start: 70"), encoding="utf-8")
    assert labelled(small)[1] == {"label": 70, HOLDOUT: held(outputs)}
    more = write(small, rows_of(seed=1), "more.jsonl")
    assert more is None
    small.write_text(
        small.read_text(encoding="utf-8").replace(
            "sources: [", "sources: [{path: more.jsonl, reader: jsonl, label: label, id: id}, "
        ),
        encoding="utf-8",
    )
    grown, again = labelled(small)
    assert again[HOLDOUT] == held(grown) > paid[HOLDOUT]


def test_a_label_that_measured_before_is_not_paid_again_to_train(small):
    outputs, paid = labelled(small)
    with closing(Store.open(load(small))) as store:
        keys = {
            r["key"]: r["split"]
            for r in store.datasets.read("records", outputs["data"]["dataset"]).to_pylist()
        }
        truths = Truths(store)
        measured = [key for key, part in keys.items() if part == "holdout"]
        assert len(measured) == paid[HOLDOUT] and truths.unpaid(measured) == []
        assert truths.unpaid([*measured, "new", "new"]) == ["new"]
        trained = store.datasets.read("labels", outputs["label"]["labels"])["key"].to_pylist()
        assert truths.unpaid(trained) == []


def test_a_file_of_paid_labels_that_is_gone_is_made_again_or_missed(small):
    outputs, _ = labelled(small)
    shutil.rmtree(small.parent / ".steelyard" / "datasets" / "truths.lance")
    for copies in (small.parent / ".steelyard" / "datasets").glob("truths.*"):
        shutil.rmtree(copies)
    with closing(Store.open(load(small))) as store:
        records = store.datasets.read("records", outputs["data"]["dataset"]).to_pylist()
        same = [r["key"] for r in records if r["split"] == "holdout"]
        assert Truths(store).unpaid(same) == []  # the tag says that these were paid
        with pytest.raises(StoreError, match=r"put the file back from a backup"):
            Truths(store).unpaid([*same, "another"])


def test_a_diagnosis_misses_the_file_that_says_which_labels_were_paid(small):
    labelled(small)
    assert examine_store(load(small))["problems"] == []
    datasets = small.parent / ".steelyard" / "datasets"
    for gone in datasets.glob("truths*"):
        shutil.rmtree(gone)
    (problem,) = examine_store(load(small))["problems"]
    assert problem["what"].startswith("truths ") and "would be paid again" in problem["repair"]


def test_a_budget_of_the_hold_out_alone_is_asked_by_check_too(small):
    text = small.read_text(encoding="utf-8")
    budget = "  budgets: {label.holdout: {a_month: 1}}\n  prices:"
    small.write_text(text.replace("  prices:", budget, 1), encoding="utf-8")
    (problem,) = estimate(load(small))["problems"]
    assert problem.startswith("money.budgets.label.holdout")
    with pytest.raises(OverBudget, match=r"money\.budgets\.label\.holdout"):
        labelled(small)


def test_check_says_what_the_labels_of_all_parts_will_cost(small):
    before = estimate(load(small))
    label, measured = (r for r in before["steps"] if r["step"] == "label")
    (sent,) = [r for r in before["steps"] if (r["step"], r["unit"]) == ("replay", "label")]
    outputs, paid = labelled(small)
    assert (label["quantity"], measured["quantity"]) == (60, paid[HOLDOUT])
    assert label["unit"] == "label" and "of the hold-out" in measured["because"]
    assert sent["quantity"] == 10 and sent["because"].startswith("at most")
    after = estimate(load(small))
    (label,) = [r for r in after["steps"] if (r["step"], r["unit"]) == ("label", "label")]
    assert label["quantity"] == 0
    assert held(outputs) == paid[HOLDOUT]


def test_what_is_not_labelled_costs_nothing(small):
    rows = rows_of()
    for row in rows[::2]:
        row["label"] = ""
    more = rows + [r | {"id": f"n{i}"} for i, r in enumerate(rows_of(seed=1))]
    write_jsonl(small.parent / "reviews.jsonl", more)
    outputs, paid = labelled(small)
    splits = outputs["data"]["splits"]["holdout"]
    assert paid[HOLDOUT] == sum(n for name, n in splits.items() if name in ("positive", "negative"))
    assert paid[HOLDOUT] < sum(splits.values())
