"""Records that were taken out of the data and are put back are not new ones: neither their part nor
their paid label is drawn again."""

from contextlib import closing

import pytest
from tests.conftest import reviews, write_jsonl

from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Store

ONE, TWO = reviews(300), reviews(300, seed=1)
NO_IDS = [{"text": row["text"], "label": row["label"]} for row in ONE]
A, B = (
    "{path: a.jsonl, reader: jsonl, label: label, id: id}",
    "{path: b.jsonl, reader: jsonl, label: label, id: id}",
)


@pytest.fixture
def versions(product_file):
    """Runs one turn on these files and sources: the part of every text, and the labels paid."""
    plain = product_file.read_text(encoding="utf-8")
    plain = plain.replace("start: 200", "start: 60").replace("replay: 60", "replay: 20")
    before, rest = plain.split("sources: [")
    rest = rest[rest.index("]") :]

    def run(*sources: str, **files: list) -> tuple[dict[str, str], int]:
        for name, rows in files.items():
            write_jsonl(product_file.parent / f"{name}.jsonl", rows)
        text = f"{before}sources: [{', '.join(sources)}{rest}"
        product_file.write_text(text, encoding="utf-8")
        done = turn(load(product_file), until="label")
        with closing(Store.open(load(product_file))) as store:
            rows = store.datasets.read("records", done.outputs["data"]["dataset"]).to_pylist()
        new = done.outputs["label"]["new"] if "label" in done.ran else 0
        return {row["content"]: row["split"] for row in rows}, new

    return run


def moved(first: dict[str, str], later: dict[str, str]) -> int:
    return sum(later.get(text, part) != part for text, part in first.items())


def test_a_source_that_comes_back_beside_another_moves_no_record(versions):
    first, _ = versions(A, a=ONE, b=TWO)
    second, _ = versions(B)
    both, new = versions(A, B)
    assert moved(first, both) == moved(second, both) == 0 and new == 0
    assert first.keys() | second.keys() == both.keys()


def test_records_that_come_back_under_ids_move_no_record(versions):
    bare = A.replace(", id: id", "")
    first, paid = versions(bare, a=NO_IDS)
    versions(bare, a=NO_IDS[:250])
    third, new = versions(A, a=ONE)
    assert moved(first, third) == 0 and paid > 0 and new == 0


def test_a_twin_whose_cluster_left_and_came_back_alone_moves_no_record(versions):
    bare = A.replace(", id: id", "")
    twins = [row | {"text": row["text"] + "。"} for row in NO_IDS]
    first, _ = versions(bare, a=NO_IDS + twins)
    versions(bare, a=twins)
    third, _ = versions(bare, a=NO_IDS)
    assert moved(first, third) == 0
