"""`steelyard doctor product.yaml` looks a whole store over and says what makes each thing again."""

import json
import sys
from contextlib import closing
from decimal import Decimal

import pyarrow as pa
import pytest

from steelyard.cli import main
from steelyard.cli.whole import examine_store
from steelyard.errors import Missing
from steelyard.spec import load
from steelyard.store import Store, tables

TABLE = pa.table({"id": ["a", "b"], "label": ["x", "y"]})


@pytest.fixture
def made(product_file):
    """A store as a turn leaves it: records, labels, an artifact, one that no step left."""
    with closing(Store.open(load(product_file))) as store:
        turn = store.begin_turn("spec")
        store.step(turn, "data", "k1", _data, cpu_price=Decimal(3600))
        store.step(turn, "label", "k2", _label, cpu_price=Decimal(3600))
        store.step(turn, "baseline", "k3", _baseline, cpu_price=Decimal(3600))
    return product_file


def _data(step):
    step.store.datasets.publish("records", TABLE, tag="d")
    step.add("dataset", id="d", product="tiny", version=1, tag="d", parent=None, sources=[], recipe={}, counts=[])  # fmt: skip
    step.cpu_s = 5.0
    return {"dataset": "d"}


def _label(step):
    step.store.datasets.publish("labels", TABLE, tag="l", copy=True)
    return {"labels": "l"}


def _baseline(step):
    with step.store.artifacts.draft() as draft:
        (draft / "model.bin").write_text("weights")
        identity = step.store.artifacts.publish(draft)
    step.add("variant", id=identity, name="baseline", task="t", parent=None, dataset="d", bytes=7, card={})  # fmt: skip
    step.add("release", product="tiny", variant=identity, state="live", share=1.0, reason="r", who="w")  # fmt: skip
    step.cpu_s = 2.0
    return {"variant": identity}


def root(product_file):
    return product_file.parent / ".steelyard"


def problems(product_file) -> dict:
    return {p["what"]: p for p in examine_store(load(product_file))["problems"]}


def test_a_whole_store_has_no_problem(made):
    found = examine_store(load(made))
    assert found == {"checked": {"ledger_lines": 3, "datasets": 2, "artifacts": 1}, "problems": []}


def test_damage_is_listed_with_what_makes_it_again_and_what_that_took(made):
    (artifact,) = [p for p in (root(made) / "artifacts").iterdir() if p.is_dir()]
    (artifact / "model.bin").write_text("weightz")
    (data,) = (root(made) / "datasets/records.lance/data").iterdir()
    data.write_bytes(data.read_bytes()[:-1] + b"!")
    found = problems(made)
    assert {what.split()[0] for what in found} == {"records", "artifact"}
    records, model = found["records d (data)"], found[f"artifact {artifact.name} (baseline)"]
    assert (records["state"], records["cost"]) == ("damaged", "5.00 CNY")
    assert records["repair"] == model["repair"] == "run: steelyard turn product.yaml"
    assert model["cost"] == "2.00 CNY" and "model.bin" in model["found"]


def test_what_the_ledger_names_and_is_not_here_is_missing(made):
    import shutil

    shutil.rmtree(root(made) / "artifacts")
    (one,) = problems(made).values()
    assert one["state"] == "missing" and one["cost"] == "2.00 CNY"


def test_an_old_live_variant_that_no_turn_makes_again_is_left_to_a_person(made):
    def newer(step):
        with step.store.artifacts.draft() as draft:
            (draft / "model.bin").write_text("newer")
            return {"variant": step.store.artifacts.publish(draft)}

    with closing(Store.open(load(made))) as store:
        store.step(store.begin_turn("spec"), "baseline", "k4", newer, cpu_price=Decimal(1))
        live = store.releases.current()[0]["variant"]
    (root(made) / "artifacts" / live / "manifest.json").unlink()
    (one,) = problems(made).values()
    assert "release rollback product.yaml" in one["repair"] and one["cost"] == ""


def test_a_damaged_ledger_is_listed_and_the_files_are_looked_at_all_the_same(made):
    with closing(Store.open(load(made))) as store, store.database.write() as connection:
        connection.execute(tables.measure.delete())
        connection.execute(tables.entry.delete().where(tables.entry.c.id == 2))
    found = examine_store(load(made))
    assert [p["what"] for p in found["problems"]] == ["ledger"]
    assert "entry 3" in found["problems"][0]["found"] and found["checked"]["artifacts"] == 1


def test_a_lost_ledger_does_not_hide_the_rest(made):
    for path in root(made).glob("ledger.db*"):
        path.unlink()
    found = examine_store(load(made))
    assert "restore the ledger from a backup" in found["problems"][0]["repair"]
    assert found["checked"] == {"ledger_lines": 0, "datasets": 2, "artifacts": 1}


def test_what_lies_about_is_told_and_is_no_damage(made):
    with closing(Store.open(load(made))) as store, store.artifacts.draft() as draft:
        (draft / "x").write_text("orphan")
        orphan = store.artifacts.publish(draft)
    root(made).chmod(0o755)
    found = problems(made)
    assert found[f"artifact {orphan}"]["state"] == "left over"
    assert found[str(root(made))]["repair"].startswith("run: chmod 700")


def test_before_the_first_turn_there_is_no_store_to_look_at(product_file):
    with pytest.raises(Missing, match="steelyard turn"):
        examine_store(load(product_file))


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_command_exits_2_when_something_is_damaged_and_0_when_nothing_is(
    made, monkeypatch, capsys, arguments
):
    def run() -> int:
        monkeypatch.setattr(sys, "argv", ["steelyard", "doctor", str(made), *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    assert run() == 0
    said = capsys.readouterr().out
    assert json.loads(said)["whole"] is True if arguments else "all whole" in said
    (data,) = (root(made) / "datasets/records.lance/data").iterdir()
    data.unlink()
    assert run() == 2
    said = capsys.readouterr().out
    assert json.loads(said)["whole"] is False if arguments else "not whole" in said
