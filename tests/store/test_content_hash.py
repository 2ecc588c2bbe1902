"""A tag without a record of its files is known by its rows, as each stage names them."""

import hashlib
import shutil
from contextlib import closing

import pyarrow as pa
import pytest
from tests.versions import look, old_turn

from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Store
from steelyard.store.content import is_of


def test_what_a_turn_publishes_is_known_by_its_rows_and_nothing_else_is(product_file):
    done = turn(load(product_file), until="label")
    tags = {"records": done.outputs["data"]["dataset"], "labels": done.outputs["label"]["labels"]}
    with closing(Store.open(load(product_file))) as store:
        for name, tag in tags.items():
            table = store.datasets.read(name, tag)
            assert is_of(name, table, tag=tag, products=store.products())
            assert not is_of(name, table.slice(1), tag=tag, products=store.products())
            assert not is_of("others", table, tag=tag, products=store.products())
        records = store.datasets.read("records", tags["records"])
        assert not is_of("records", records, tag=tags["records"], products=["another"])


def test_pictures_are_known_too():
    table = pa.table(
        {
            "id": ["p"],
            "label": [None],
            "split": ["train"],
            "cluster": ["p"],
            "content": [b"\x89PNG"],
        }
    )
    for product in ("", "one"):
        tag = hashlib.sha256(f"{product}p\tNone\ttrain\tp\t4\n".encode() + b"\x89PNG").hexdigest()
        assert is_of("records", table, tag=tag[:24], products=["one"])


@pytest.mark.parametrize("table", [pa.table({"x": [1]}), pa.table({"id": [1], "label": ["a"]})])
@pytest.mark.parametrize("name", ["records", "labels"])
def test_rows_of_another_kind_are_known_by_no_tag(name, table):
    assert not is_of(name, table, tag="0" * 24, products=[])


def test_a_store_of_before_records_of_files_opens_and_pays_nothing_again(product_file):
    old = old_turn(product_file)
    for name in ("records", "labels"):
        shutil.rmtree(product_file.parent / ".steelyard" / "datasets" / f"{name}.tags")
    after = look(product_file)
    assert (after.spent, after.labels) == (old.spent, old.labels)
    assert after.parts == old.parts
