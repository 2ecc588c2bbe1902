"""A whole turn whose files lie in an object store, and another machine that goes on from them."""

import pytest
from tests.bucket import Bucket
from tests.conftest import HARMS, PRODUCT, reviews, write_jsonl

from steelyard.api.facts import reports
from steelyard.api.whole import examine_store
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.stage import names
from steelyard.store import holdings, store


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Name a machine: what this process opens from then on lies in the bucket and on that one."""

    def on(name: str) -> Bucket:
        bucket = Bucket(tmp_path / "objects", tmp_path / name)
        for module in (store, holdings):
            monkeypatch.setattr(module, "storage_at", lambda root: bucket)
        return bucket

    return on


def test_a_turn_on_a_bucket_releases_and_another_machine_reuses_all_of_it(
    tmp_path, encoder, machine
):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    text = PRODUCT.format(encoder=encoder).replace("train:\n", "train:\n  vocabulary: trimmed\n")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    file = load(tmp_path / "product.yaml")
    machine("one")
    first = turn(file)
    assert first.ran == list(names()) and first.outputs["replay"]["lost"] == 0
    assert first.report.read_text("utf-8").startswith("<!")
    assert reports(file)[0].startswith("bucket://reports/turn-1.")
    assert sorted(p.name for p in (tmp_path / ".steelyard").iterdir() if p.is_dir()) == []

    other = machine("two")
    again = turn(file)
    assert set(again.ran) <= {"release", "replay", "market", "plan"} and again.report.is_file()
    assert examine_store(file)["problems"] == []

    live = again.outputs["compress"]["chosen"]
    HARMS["flipped"](other.objects / "artifacts" / live / "tokenizer.json")
    (problem,) = examine_store(file)["problems"]
    assert f"bucket://artifacts/{live}/tokenizer.json: expected SHA-256" in problem["found"]
    assert {"compress", "release"} <= set(turn(file).ran)
    assert examine_store(file)["problems"] == []
