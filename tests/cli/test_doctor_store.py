"""`steelyard doctor product.yaml` looks a whole store over and says what makes each thing again."""

import json
import shutil
import sys
from contextlib import closing
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlalchemy as sa
from tests.conftest import HARMS

from steelyard.api.whole import examine_store
from steelyard.cli import main
from steelyard.errors import Missing
from steelyard.spec import load
from steelyard.store import Datasets, Store, tables
from steelyard.store.scratch import keep
from steelyard.store.storage import Local

TABLE = pa.table({"id": ["a", "b"], "label": ["x", "y"]})


@pytest.fixture
def made(product_file):
    """A store as a turn leaves it: records, labels, an artifact, one that no step left."""
    with closing(Store.open(load(product_file))) as store:
        turn = store.begin_turn("spec")
        store.step(turn, "data", "k1", _data, cpu_price=Decimal(3600))
        store.step(turn, "label", "k2", _label, cpu_price=Decimal(3600))
        store.step(turn, "baseline", "k3", _baseline, cpu_price=Decimal(3600))
        store.step(turn, "train", "k4", _train, cpu_price=Decimal(3600))
        store.step(turn, "compress", "k5", _compress, cpu_price=Decimal(3600))
    return product_file


def _data(step):
    step.store.datasets.publish("records", TABLE, tag="d")
    step.add(
        "dataset",
        id="d",
        product="tiny",
        version=1,
        tag="d",
        parent=None,
        sources=[],
        recipe={},
        counts=[],
    )
    step.cpu_s = 5.0
    return {"dataset": "d"}


def _label(step):
    step.store.datasets.publish("labels", TABLE, tag="l", copy=True)
    return {"labels": "l"}


def _baseline(step):
    with step.store.artifacts.draft() as draft:
        (draft / "model.bin").write_text("weights")
        identity = step.store.artifacts.publish(draft)
    step.add(
        "variant",
        id=identity,
        name="baseline",
        task="t",
        parent=None,
        dataset="d",
        bytes=7,
        card={},
    )
    step.add(
        "release", product="tiny", variant=identity, state="live", share=1.0, reason="r", who="w"
    )
    step.cpu_s = 2.0
    return {"variant": identity}


def _artifact(step, body) -> str:
    with step.store.artifacts.draft() as draft:
        (draft / "model.bin").write_text(body)
        return step.store.artifacts.publish(draft)


def _train(step):
    step.cpu_s = 7.0
    return {"variant": _artifact(step, "trained")}


def _compress(step):
    """Its table lists what the steps before it left, too."""
    step.cpu_s = 11.0
    before = [
        row["output"]["variant"] for row in step.store.steps.all() if "variant" in row["output"]
    ]
    return {"table": [{"variant": v} for v in [*before, _artifact(step, "smaller")]]}


def artifact(made, step: str) -> str:
    """What a step left, the last of several."""
    with closing(Store.open(load(made))) as store:
        (row,) = store.steps.all(step)
    return row["output"].get("variant") or row["output"]["table"][-1]["variant"]


def root(product_file):
    return product_file.parent / ".steelyard"


def problems(product_file) -> dict:
    return {p["what"]: p for p in examine_store(load(product_file))["problems"]}


def test_a_whole_store_has_no_problem(made):
    found = examine_store(load(made))
    assert found == {"checked": {"ledger_lines": 5, "datasets": 2, "artifacts": 3}, "problems": []}


def test_damage_is_listed_with_what_makes_it_again_and_what_that_took(made):
    identity = artifact(made, "baseline")
    (root(made) / "artifacts" / identity / "model.bin").write_text("weightz")
    (data,) = (root(made) / "datasets/records.lance/data").iterdir()
    data.write_bytes(data.read_bytes()[:-1] + b"!")
    found = problems(made)
    assert {what.split()[0] for what in found} == {"records", "artifact"}
    records, model = found["records d (data)"], found[f"artifact {identity} (baseline)"]
    assert (records["state"], records["cost"]) == ("damaged", "5.00 CNY")
    assert records["repair"] == model["repair"] == "run: steelyard turn product.yaml"
    assert model["cost"] == "2.00 CNY" and "model.bin" in model["found"]


@pytest.mark.parametrize(
    ("step", "cost"), [("baseline", "2.00 CNY"), ("train", "7.00 CNY"), ("compress", "11.00 CNY")]
)
def test_what_the_ledger_names_and_is_not_here_is_missing_with_the_step_that_left_it(
    made, step, cost
):
    identity = artifact(made, step)
    shutil.rmtree(root(made) / "artifacts" / identity)
    (one,) = problems(made).values()
    assert one["what"] == f"artifact {identity} ({step})"
    assert (one["state"], one["cost"]) == ("missing", cost)


def test_a_step_that_was_run_again_says_what_it_took_the_last_time(made):
    identity = artifact(made, "baseline")
    shutil.rmtree(root(made) / "artifacts" / identity)

    def again(step):
        step.cpu_s = 3.0
        with step.store.artifacts.draft() as draft:
            (draft / "model.bin").write_text("weights")
            return {"variant": step.store.artifacts.publish(draft)}

    with closing(Store.open(load(made))) as store:
        store.step(store.begin_turn("spec"), "baseline", "k6", again, cpu_price=Decimal(3600))
    shutil.rmtree(root(made) / "artifacts" / identity)
    (one,) = problems(made).values()
    assert one["what"] == f"artifact {identity} (baseline)" and one["cost"] == "3.00 CNY"


def test_an_old_live_variant_that_no_turn_makes_again_is_left_to_a_person(made):
    def newer(step):
        with step.store.artifacts.draft() as draft:
            (draft / "model.bin").write_text("newer")
            return {"variant": step.store.artifacts.publish(draft)}

    with closing(Store.open(load(made))) as store:
        store.step(store.begin_turn("spec"), "baseline", "k6", newer, cpu_price=Decimal(1))
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
    assert "entry 3" in found["problems"][0]["found"] and found["checked"]["artifacts"] == 3


def test_a_lost_ledger_does_not_hide_the_rest(made):
    for path in root(made).glob("ledger.db*"):
        path.unlink()
    found = examine_store(load(made))
    assert "restore the ledger from a backup" in found["problems"][0]["repair"]
    assert found["checked"] == {"ledger_lines": 0, "datasets": 2, "artifacts": 3}


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
    assert json.loads(said)["whole"] is True if arguments else said.endswith("all whole\n")
    (data,) = (root(made) / "datasets/records.lance/data").iterdir()
    data.unlink()
    assert run() == 2
    said = capsys.readouterr().out
    assert json.loads(said)["whole"] is False if arguments else "not whole" in said


def contents(folder) -> dict:
    """Of every file but those that SQLite writes when it is opened."""
    files = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("ledger.db"))
    return {path: path.read_bytes() for path in files}


def one_copy(made):
    (path,) = (root(made) / "datasets/labels.tags").glob("*.arrow")
    return path


def weights(made):
    return root(made) / "artifacts" / artifact(made, "train") / "model.bin"


PLACES = {
    "copy of labels l": one_copy,
    "labels l (label)": lambda made: next((root(made) / "datasets/labels.lance/data").iterdir()),
    "records d (data)": lambda made: root(made) / "datasets/records.tags/d.json",
    "artifact": weights,
    "scratch": lambda made: keep(root(made) / "scratch/key/60", "kept.safetensors", "weights"),
}


@pytest.mark.parametrize("harm", ["gone", *HARMS])
@pytest.mark.parametrize("what", PLACES)
def test_whatever_is_harmed_is_listed_with_a_repair_and_nothing_is_written(made, what, harm):
    path = PLACES[what](made)
    (HARMS | {"gone": lambda path: path.unlink()})[harm](path)
    before = contents(root(made))
    found = [p for p in problems(made).values() if p["what"].startswith(what)]
    gone = what == "scratch" and harm == "gone"  # nobody misses a file to go on from
    assert [p["state"] in ("damaged", "missing") for p in found] == ([] if gone else [True])
    assert all(p["repair"] and "expected" in p["found"] for p in found)
    assert contents(root(made)) == before


def test_damaged_labels_cost_nothing_while_their_copy_is_whole(made):
    (data,) = (root(made) / "datasets/labels.lance/data").iterdir()
    data.unlink()
    (one,) = problems(made).values()
    assert (one["what"], one["cost"]) == ("labels l (label)", "")
    assert one["repair"] == "run: steelyard turn product.yaml, which restores them from their copy"


def test_damaged_scratch_says_that_the_next_turn_trains_again(made):
    path = keep(root(made) / "scratch" / "key", "checkpoint.safetensors", "weights")
    assert problems(made) == {}
    path.write_text("weightz")
    (one,) = problems(made).values()
    assert "left over by a killed turn" in one["found"]
    assert one["repair"] == "run: steelyard turn product.yaml, which trains again"


@pytest.mark.parametrize("place", ["artifacts", "datasets", "reports", "scratch"])
def test_a_file_in_the_place_of_a_folder_is_listed(made, place):
    shutil.rmtree(root(made) / place, ignore_errors=True)
    (root(made) / place).write_text("a file")
    assert problems(made)[place]["repair"] == "move it away"


def test_a_salt_that_was_changed_is_listed(made):
    with closing(Store.open(load(made))) as store:
        store.salt()
        with store.database.write() as connection:
            connection.execute(sa.text("UPDATE secret SET value = 'other'"))
    said = list(problems(made).values())
    assert said and all("ledger table secret row salt:tiny" in one["found"] for one in said)


@pytest.mark.parametrize("place", ["turn.lock", "salt", "salt.sha256"])
def test_a_folder_in_the_place_of_a_file_is_listed_once(made, place):
    (root(made) / place).mkdir()
    (one,) = examine_store(load(made))["problems"]
    assert place in one["found"] and one["repair"].startswith("move it away")


def test_records_that_were_changed_behind_their_removed_hashes_are_damaged(product_file):
    """Removing the record must not make altered texts the published ones."""
    from steelyard.loop import turn

    first = turn(load(product_file), until="data").outputs["data"]["dataset"]
    datasets = root(product_file) / "datasets"
    shutil.rmtree(datasets / "records.tags")
    before = contents(root(product_file))
    assert problems(product_file) == {} and contents(root(product_file)) == before
    with closing(Store.open(load(product_file))) as store:
        rows = store.datasets.read("records", first).to_pylist()
    altered = [row | {"content": row["content"].replace("很好", "很坏")} for row in rows]
    shutil.rmtree(datasets)
    Datasets(Local(datasets)).publish("records", pa.Table.from_pylist(altered), tag=first)
    shutil.rmtree(datasets / "records.tags")
    one = problems(product_file)[f"records {first} (data)"]
    assert one["state"] == "damaged"
    assert not (datasets / "records.tags").exists()
    again = turn(load(product_file), until="data")
    assert again.outputs["data"]["dataset"] == first and "data" in again.ran
    with closing(Store.open(load(product_file))) as store:
        texts = store.datasets.read("records", first)["content"].to_pylist()
    assert not any("很坏" in text for text in texts)


def test_records_of_every_product_of_a_store_are_known_without_their_hashes(product_file):
    from steelyard.loop import turn

    turn(load(product_file), until="data")
    text = product_file.read_text(encoding="utf-8").replace("product: tiny", "product: other")
    other = product_file.with_name("other.yaml")
    other.write_text(text, encoding="utf-8")
    turn(load(other), until="data")
    shutil.rmtree(root(product_file) / "datasets/records.tags")
    assert problems(product_file) == {} == problems(other)


def test_an_empty_store_folder_stays_empty(product_file):
    root(product_file).mkdir()
    with pytest.raises(Missing, match="steelyard turn"):
        examine_store(load(product_file))
    assert list(root(product_file).iterdir()) == []
