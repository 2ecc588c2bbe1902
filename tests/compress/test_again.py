"""Measuring again: nothing is built or trained, the newest measurement is what a turn reads."""

import importlib
import shutil
from contextlib import closing

import pytest
import sqlalchemy as sa

from steelyard.compress import quality
from steelyard.engine.predictor import Predictor
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Step, Store, tables


@pytest.fixture
def compressed_product(product_file):
    text = product_file.read_text(encoding="utf-8").replace("[onnx_fp32, onnx_int8]", "[onnx_fp32]")
    product_file.write_text(text.replace("epochs: 3", "epochs: 1"), encoding="utf-8")
    return load(product_file), turn(load(product_file), until="compress")


def test_what_a_killed_run_had_half_exported_is_exported_anew(compressed_product, monkeypatch):
    product, first = compressed_product
    with closing(Store.open(product)) as store:
        for row in first.outputs["compress"]["table"]:
            if row["name"] == "onnx_fp32":  # gone, so that the step is done again
                shutil.rmtree(store.artifacts.peek(row["variant"]))
    scratch = Step.scratch.fget

    def half_written(step):
        folder = scratch(step)
        if step.name == "compress":
            (folder / "shared").mkdir(exist_ok=True)
            (folder / "shared" / "model.onnx").write_bytes(b"half")
        return folder

    monkeypatch.setattr(Step, "scratch", property(half_written))
    again = turn(product, until="compress")
    assert again.ran == ["compress"]
    names = [
        {r["name"]: r["variant"] for r in t.outputs["compress"]["table"]} for t in (first, again)
    ]
    assert names[0] == names[1]


def test_measuring_again_builds_nothing_and_the_next_turn_reads_what_it_found(
    compressed_product, monkeypatch
):
    product, first = compressed_product
    rows = {r["name"]: r for r in first.outputs["compress"]["table"]}
    assert "records whose logits are those of torch_fp32" in rows["onnx_fp32"]["evaluated_on"]
    assert rows["onnx_fp32"]["quality"] == rows["torch_fp32"]["quality"]
    assert "macro_f1 on records that took no part" in first.outputs["compress"]["unchosen"]
    assert rows["onnx_fp32"]["flat"] and "wall/CPU" in rows["onnx_fp32"]["timed_on"]

    def never(*_: object, **__: object) -> None:
        raise AssertionError("built or evaluated again")

    monkeypatch.setattr(importlib.import_module("steelyard.compress.run"), "_build", never)
    monkeypatch.setattr(quality, "evaluate", never)
    monkeypatch.setattr(Predictor, "outputs_of", never)
    again = turn(product, until="compress", again=True)
    assert again.ran == ["compress"]
    table = {r["name"]: r for r in again.outputs["compress"]["table"]}
    assert {n: r["variant"] for n, r in table.items()} == {n: r["variant"] for n, r in rows.items()}
    assert [r["quality"] for r in table.values()] == [r["quality"] for r in rows.values()]
    after = turn(product, until="compress")
    assert not after.ran and after.outputs["compress"] == again.outputs["compress"]
    with closing(Store.open(product)) as store:
        steps = store.database.rows(sa.select(tables.step).where(tables.step.c.name == "compress"))
        assert len({row["key"] for row in steps}) == 2  # each measurement is a fact of its own
        m = tables.measure
        timed = sa.select(m.c.id).where(
            m.c.name == "p95_ms", m.c.subject == rows["onnx_fp32"]["variant"]
        )
        assert len(store.database.rows(timed)) == 2
