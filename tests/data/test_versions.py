"""Records keep their names, their parts and their paid labels when the data around them change."""

import json
import os
import shutil
from contextlib import closing

import pytest
from tests.conftest import reviews, write_jsonl

from steelyard.data.sources import fingerprint
from steelyard.data.split import assign, split_of
from steelyard.errors import DataError, Missing, SpecError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.spec.model import Source, Split
from steelyard.store import Store


def money(path) -> dict:
    with closing(Store.open(load(path))) as store:
        return {r["account"]: r["nano"] for r in store.ledger.sums()}


def without_ids(product_file):
    """The tiny product on records that have no id of their own."""
    rows = [{k: v for k, v in r.items() if k != "id"} for r in reviews(600)]
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    text = product_file.read_text(encoding="utf-8").replace(", id: id", "")
    product_file.write_text(text, encoding="utf-8")
    return rows


def test_a_source_put_in_front_pays_no_label_again(product_file):
    without_ids(product_file)
    turn(load(product_file), until="label")
    write_jsonl(product_file.parent / "more.jsonl", [{"text": "一条新的评论", "label": "positive"}])
    text = product_file.read_text(encoding="utf-8").replace(
        "sources: [", "sources: [{path: more.jsonl, reader: jsonl, label: label}, "
    )
    product_file.write_text(text, encoding="utf-8")
    done = turn(load(product_file), until="label")
    assert done.outputs["label"]["new"] <= 1
    assert money(product_file)["label"] >= -(60 * 10**9 + 3 * 10**8)


def test_the_same_text_twice_is_one_record_whatever_the_order_of_the_sources(product_file):
    rows = without_ids(product_file)
    path = product_file.parent / "reviews.jsonl"
    first = turn(load(product_file), until="data").outputs["data"]["dataset"]
    write_jsonl(path, rows[300:] + rows[:300] + rows[:50])
    assert turn(load(product_file), until="data").outputs["data"]["dataset"] == first


def test_a_new_twin_moves_no_record_to_another_part():
    split = Split(holdout=0.3, stream=0.3)
    before = {f"m{i}": split_of(f"m{i}", split) for i in range(300)}
    clusters = {f"m{i}": f"a{i}" for i in range(300)} | {f"a{i}": f"a{i}" for i in range(300)}
    after = assign(clusters, split, before=before)
    assert {i: after[i] for i in before} == before
    assert all(after[f"a{i}"] == before[f"m{i}"] for i in range(300))
    fresh = assign(clusters, split, before={})
    assert {i: fresh[i] for i in before} != before  # so the test can tell


def test_clusters_that_grow_together_leave_the_training_part():
    split = Split()
    found = assign({"a": "x", "b": "x"}, split, before={"a": "train", "b": "holdout"})
    assert found == {"a": "holdout", "b": "holdout"}


def test_added_data_keep_every_earlier_record_where_it_was(product_file):
    path = product_file.parent / "reviews.jsonl"

    def parts():
        done = turn(load(product_file), until="data")
        with closing(Store.open(load(product_file))) as store:
            table = store.datasets.read("records", done.outputs["data"]["dataset"])
        return dict(zip(table["id"].to_pylist(), table["split"].to_pylist(), strict=True))

    first = parts()
    twins = [r | {"id": "0" + r["id"], "text": r["text"] + "。"} for r in reviews(600)[:200]]
    write_jsonl(path, reviews(600) + twins)
    second = parts()
    assert len(second) > len(first)
    assert {i: second[i] for i in first if i in second} == {
        i: p for i, p in first.items() if i in second
    }


def test_files_that_are_gone_are_made_again_and_labels_not_paid_again(product_file):
    done = turn(load(product_file), until="baseline")
    before = money(product_file)
    root = product_file.parent / ".steelyard"
    shutil.rmtree(root / "datasets")
    shutil.rmtree(root / "artifacts")
    again = turn(load(product_file), until="baseline")
    assert again.ran == ["data", "label", "baseline"]
    assert again.outputs["baseline"]["variant"] == done.outputs["baseline"]["variant"]
    assert money(product_file)["label"] == before["label"]
    assert turn(load(product_file), until="baseline").ran == []


def test_a_file_in_another_folder_is_another_source(tmp_path):
    for label in ("pos", "neg"):
        (tmp_path / "d" / label).mkdir(parents=True)
    (tmp_path / "d" / "pos" / "1.txt").write_text("x")
    source = Source(path="d", reader="folder")
    first = fingerprint(source, tmp_path)
    (tmp_path / "d" / "pos" / "1.txt").rename(tmp_path / "d" / "neg" / "1.txt")
    assert fingerprint(source, tmp_path) != first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_clear_error(product_file):
    (product_file.parent / "reviews.jsonl").chmod(0)
    with pytest.raises(DataError, match="a file that can be read"):
        turn(load(product_file), until="data")


def test_a_folder_where_a_file_should_be_is_said(product_file):
    (product_file.parent / "reviews.jsonl").unlink()
    (product_file.parent / "reviews.jsonl").mkdir()
    with pytest.raises(DataError, match="reader: folder"):
        turn(load(product_file), until="data")


def test_what_is_too_much_for_the_stream_is_said_before_a_label_is_paid(product_file):
    text = product_file.read_text(encoding="utf-8").replace("replay: 60", "replay: 5000")
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"release\.replay: expected at most"):
        turn(load(product_file))
    assert "label" not in money(product_file)


def test_a_purchase_without_every_label_is_refused_before_it_is_paid(product_file):
    rare = [r for r in reviews(900) if r["label"] == "positive"][:400]
    few = [r for r in reviews(900, seed=1) if r["label"] == "negative"][:12]
    rows = [r | {"id": f"{r['label']}{i}"} for i, r in enumerate(rare + few)]
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    text = product_file.read_text(encoding="utf-8").replace("start: 200", "start: 10")
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"label\.start.*none of \['negative'\]"):
        turn(load(product_file), until="label")
    assert "label" not in money(product_file)


def test_when_records_were_rejected_the_error_says_how_many_and_why(product_file):
    rows = [r | {"label": "good"} for r in reviews(300)]
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    with pytest.raises(DataError, match=r"300 records were rejected.*reviews\.jsonl:1"):
        turn(load(product_file), until="data")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("path: reviews.jsonl, ", "", "expected a 'path' or a 'package'"),
        ("reader: jsonl, label: label, id: id", "reader: digits", "expected no 'path'"),
    ],
)
def test_a_source_that_cannot_work_is_refused_by_check(product_file, old, new, said):
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SpecError, match=said):
        turn(load(product_file), until="data")


def test_operators_for_text_are_refused_for_pictures(tmp_path):
    text = """\
product: digits
task: {name: image_classification, labels: ["0", "1"]}
money: {currency: CNY, prices: {label: 0.1, cpu_hour: 0.35}, correct_answer: 0.002}
data: {sources: [{reader: digits}], operators: [normalize]}
"""
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match="found 'normalize' for text"):
        turn(load(tmp_path / "product.yaml"), until="data")


def test_a_misspelt_field_of_jsonl_is_an_error(product_file):
    text = product_file.read_text(encoding="utf-8").replace("label: label", "label: labell")
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="did you mean 'label'"):
        turn(load(product_file), until="data")


def test_an_id_that_is_not_unicode_is_a_counted_reject(product_file):
    rows = [json.dumps(r, ensure_ascii=False) for r in reviews(300)]
    rows.append('{"id": "\\ud800", "text": "很好", "label": "positive"}')
    (product_file.parent / "reviews.jsonl").write_text("\n".join(rows), encoding="utf-8")
    rejects = turn(load(product_file), until="data").outputs["data"]["rejects"]
    assert rejects["reasons"] == {"an id with characters that cannot be printed": 1}


def test_one_turn_at_a_time(product_file):
    from steelyard.errors import StoreError

    with (
        closing(Store.open(load(product_file))) as store,
        store.alone(),
        pytest.raises(StoreError, match="one turn at a time"),
    ):
        turn(load(product_file), until="data")


def test_looking_at_what_is_not_there_creates_nothing(product_file):
    from steelyard.api.facts import sums, verified

    for look in (sums, verified):
        with pytest.raises(Missing, match="run: steelyard turn"):
            look(load(product_file))
    assert not (product_file.parent / ".steelyard").exists()
