"""Damage is seen before it is used, named with a repair, and the repair repairs."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from tests.conftest import HARMS, flip

from steelyard.errors import Damaged, Missing, StoreError
from steelyard.files import write, write_new
from steelyard.spec import load
from steelyard.store import Artifacts, Datasets, Step, Store, tables
from steelyard.store.storage import Local

TABLE = pa.table({"id": [f"r{i}" for i in range(300)], "text": [f"很好 {i}" for i in range(300)]})
LABELS = pa.table({"id": ["r1", "r2"], "label": ["好", "坏"], "key": ["k1", "k2"]})
NEWER = pa.table({"id": ["a"], "text": ["b"]})


def labels_tag(table: pa.Table) -> str:
    """As the label step names a purchase."""
    rows = "\n".join("\t".join(row.values()) for row in table.to_pylist())
    return hashlib.sha256(rows.encode()).hexdigest()[:24]


@pytest.fixture
def datasets(tmp_path):
    made = Datasets(Local(tmp_path / "d"))
    made.publish("records", TABLE, tag="first")
    made.publish("records", NEWER, tag="second")
    return made


def files(datasets: Datasets) -> list[Path]:
    return sorted(p for p in datasets.storage.local.rglob("*") if p.is_file())


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_of_a_dataset_is_named_or_changes_nothing(datasets, seed):
    rng = random.Random(seed)
    path = files(datasets)[seed % len(files(datasets))]
    flip(path, rng.randrange(8 * path.stat().st_size))
    for tag, table in (("first", TABLE), ("second", NEWER)):
        try:
            assert datasets.read("records", tag).equals(table)
        except Damaged as error:
            assert "expected" in str(error) and "run: steelyard turn" in error.repair
            assert str(datasets.storage.local) in error.place


@pytest.mark.parametrize("seed", range(20))
def test_publishing_again_replaces_what_a_flipped_bit_damaged(datasets, seed):
    rng = random.Random(100 + seed)
    path = files(datasets)[seed % len(files(datasets))]
    flip(path, rng.randrange(8 * path.stat().st_size))
    for tag, table in (("second", NEWER), ("first", TABLE)):
        datasets.publish("records", table, tag=tag)
    again = Datasets(Local(datasets.storage.local))
    assert again.read("records", "first").equals(TABLE)
    assert again.read("records", "second").equals(NEWER)


@pytest.mark.parametrize("which", ["data", "_versions", "_refs/tags"])
def test_a_file_of_a_version_that_is_gone_is_named_and_made_again(datasets, which):
    for path in (datasets.storage.local / "records.lance" / which).iterdir():
        path.unlink()
    with pytest.raises(Damaged, match=f"{which.split('/')[0]}.*found no file"):
        datasets.read("records", "first")
    assert not datasets.whole("records", "first")
    datasets.publish("records", TABLE, tag="first")
    assert datasets.read("records", "first").equals(TABLE)


@pytest.mark.parametrize("left", ["", "data", "_versions", "_transactions"])
def test_a_first_write_that_was_killed_is_no_dataset_and_the_next_one_writes_it(tmp_path, left):
    (tmp_path / "records.lance" / left).mkdir(parents=True)
    if left:
        (tmp_path / "records.lance" / left / "half").write_bytes(b"x")
    datasets = Datasets(Local(tmp_path))
    assert datasets.tags("records") == {} and not datasets.whole("records", "t")
    with pytest.raises(Missing, match="run: steelyard data"):
        datasets.read("records", "t")
    datasets.publish("records", TABLE, tag="t")
    assert datasets.read("records", "t").equals(TABLE)


def test_a_manifest_that_was_written_by_half_does_not_stop_the_next_write(datasets):
    (
        datasets.storage.local / "records.lance" / "_versions" / f"{2**64 - 4:020d}.manifest"
    ).write_bytes(b"h")
    third = pa.table({"id": ["c"], "text": ["d"]})
    datasets.publish("records", third, tag="third")
    for tag, table in (("first", TABLE), ("second", NEWER), ("third", third)):
        assert datasets.read("records", tag).equals(table)


def test_a_tag_of_an_earlier_version_is_recorded_at_first_sight_and_watched_from_then_on(
    tmp_path, caplog
):
    datasets = Datasets(Local(tmp_path))
    tag = labels_tag(LABELS)
    datasets.publish("labels", LABELS, tag=tag)
    shutil.rmtree(tmp_path / "labels.tags")
    assert datasets.read("labels", tag).equals(LABELS)
    assert "it had no hash of its files" in caplog.text
    (data,) = (tmp_path / "labels.lance" / "data").iterdir()
    flip(data, 80)
    with pytest.raises(Damaged):
        datasets.read("labels", tag)


@pytest.mark.parametrize("name", ["labels", "records", "others"])
def test_rows_that_their_tag_is_no_hash_of_are_not_taken_as_published(tmp_path, name):
    """As when the record of the hashes was removed and the rows were changed."""
    datasets = Datasets(Local(tmp_path))
    datasets.publish(name, LABELS, tag="0" * 24)
    shutil.rmtree(tmp_path / f"{name}.tags")
    for look in (datasets.read, datasets.examine, datasets.verify):
        with pytest.raises(Damaged, match="rows that are not those of the tag"):
            look(name, "0" * 24)
    assert not (tmp_path / f"{name}.tags").exists()
    datasets.publish(name, LABELS, tag="0" * 24)
    assert datasets.read(name, "0" * 24).equals(LABELS)


def test_a_look_records_and_restores_nothing(tmp_path):
    datasets, tag = Datasets(Local(tmp_path)), labels_tag(LABELS)
    datasets.publish("labels", LABELS, tag=tag, copy=True)
    (tmp_path / "labels.tags" / f"{tag}.json").unlink()
    before = contents(tmp_path)
    datasets.examine("labels", tag)
    assert contents(tmp_path) == before
    datasets.read("labels", tag)
    (data,) = (tmp_path / "labels.lance" / "data").iterdir()
    flip(data, 80)
    before = contents(tmp_path)
    with pytest.raises(Damaged):
        datasets.examine("labels", tag)
    assert contents(tmp_path) == before and datasets.has_copy("labels", tag)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unreadable_tag_of_an_earlier_version_is_damaged_not_a_traceback(datasets):
    for path in (datasets.storage.local / "records.tags").iterdir():
        path.unlink()
    for path in (datasets.storage.local / "records.lance" / "_versions").glob("*.manifest"):
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Damaged, match="steelyard turn"):
        datasets.read("records", "first")


def publish(artifacts: Artifacts, body="weights") -> str:
    with artifacts.draft() as draft:
        (draft / "model.bin").write_text(body)
        (draft / "config.json").write_text("{}")
        return artifacts.publish(draft)


@pytest.mark.parametrize(
    "harm",
    [
        "manifest gone",
        "manifest cut",
        "manifest a folder",
        "file gone",
        "file changed",
        "more",
        "folder emptied",
    ],
)
def test_publishing_an_artifact_again_repairs_it(tmp_path, harm):
    artifacts = Artifacts(Local(tmp_path))
    identity = publish(artifacts)
    folder = tmp_path / identity
    {
        "manifest gone": lambda: (folder / "manifest.json").unlink(),
        "manifest cut": lambda: (folder / "manifest.json").write_text("{"),
        "manifest a folder": lambda: HARMS["a folder"](folder / "manifest.json"),
        "file gone": lambda: (folder / "model.bin").unlink(),
        "file changed": lambda: (folder / "model.bin").write_text("weightz"),
        "more": lambda: (folder / "x.py").write_text("import os"),
        "folder emptied": lambda: [p.unlink() for p in folder.iterdir()],
    }[harm]()
    assert not artifacts.holds(identity)
    with pytest.raises((Damaged, Missing), match="run: steelyard turn"):
        artifacts.open(identity)
    assert publish(artifacts) == identity and artifacts.holds(identity)
    assert (artifacts.open(identity) / "model.bin").read_text() == "weights"
    assert artifacts.names() == [identity] and artifacts.drafts() == []


@pytest.mark.parametrize("seed", range(12))
def test_a_flipped_bit_of_an_artifact_is_never_opened(tmp_path, seed):
    artifacts = Artifacts(Local(tmp_path))
    identity = publish(artifacts)
    path = sorted((tmp_path / identity).iterdir())[seed % 3]
    flip(path, random.Random(seed).randrange(8 * path.stat().st_size))
    with pytest.raises(Damaged):
        artifacts.open(identity)


def test_a_file_is_hashed_again_when_it_changed_and_not_before(tmp_path, monkeypatch):
    from steelyard.store.hashed import sha256

    path, read = tmp_path / "x", []
    path.write_text("a")
    whole = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *a: read.append(1) or whole(*a))
    assert sha256(path) == sha256(path) and len(read) == 1
    path.write_text("b")
    os.utime(path, ns=(0, time.time_ns()))
    assert sha256(path) == hashlib.sha256(b"b").hexdigest() and len(read) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from steelyard.store import Artifacts
from steelyard.store.storage import Local
with Artifacts(Local(Path(sys.argv[1]))).draft() as draft:
    (draft / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_draft_of_a_killed_process_goes_at_once_and_that_of_a_living_one_stays(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    artifacts = Artifacts(Local(tmp_path))
    assert len(artifacts.drafts()) == 1
    with artifacts.draft() as mine:
        Artifacts(Local(tmp_path)).sweep()
        assert artifacts.drafts() == [mine]
    assert list(tmp_path.iterdir()) == []


def test_work_done_again_is_charged_once(store):
    """A damaged artifact is made again under a key of its own, and then stays."""
    from steelyard.loop import Silent, Turn, _run
    from steelyard.stage import Stage

    def work(context, step):
        with context.store.artifacts.draft() as draft:
            (draft / "model.bin").write_text("weights")
            return {"variant": context.store.artifacts.publish(draft)}

    stage = Stage("baseline", work, leaves=lambda out: [("artifact", out["variant"])])
    product = load(store.root.parent / "product.yaml")
    run = Turn(product, store, None, Silent(), store.begin_turn("spec"))
    for harm in (False, True, False, False):
        if harm:
            (store.artifacts.peek(run.outputs["baseline"]["variant"]) / "manifest.json").unlink()
        _run(run, stage)
    assert [row["lines"] for row in store.ledger.sums()] == [2]


def secret(store, statement):
    with store.database.write() as connection:
        connection.execute(sa.text(statement))


def test_a_salt_is_made_once_and_a_changed_one_is_damaged(store):
    made = store.salt()
    assert store.salt() == made and len(made) == 32
    store.check_salt()
    secret(store, "UPDATE secret SET value = 'other'")
    for look in (store.salt, store.check_salt, lambda: store.begin_turn("spec")):
        with pytest.raises(Damaged, match="ledger table secret row salt:tiny"):
            look()
    assert store.turns.newest() == 0


def test_a_salt_whose_row_is_gone_is_missing_once_it_hashed_a_user(store):
    made = store.salt()
    secret(store, "DELETE FROM secret")
    assert store.salt() != made  # nobody was hashed with it
    row = {
        "id": "a",
        "product": "tiny",
        "variant": "v",
        "state": "live",
        "user": "u",
        "request": "",
    }
    row |= {"value": "positive", "score": 1.0, "detail": {}, "cpu_s": 0.0, "latency_ms": 1.0}
    store.record_once([("answer", row | {"release": 1})], lambda new: [])
    secret(store, "DELETE FROM secret")
    for look in (store.salt, store.check_salt, lambda: store.begin_turn("spec")):
        with pytest.raises(Missing, match="the salt of the answers of 'tiny'"):
            look()


def salt_files(root, salt="00" * 16):
    """A salt as versions before 0.4 kept it."""
    (root / "salt").write_text(salt)
    (root / "salt.sha256").write_text(hashlib.sha256(salt.encode()).hexdigest())


def test_the_salt_of_an_earlier_version_stays_what_it_is(store):
    salt_files(store.root)
    store.check_salt()
    assert store.salt() == b"00" * 16
    for name in ("salt", "salt.sha256"):  # it lives in the ledger from now on
        (store.root / name).unlink()
    assert store.salt() == b"00" * 16


@pytest.mark.parametrize(
    ("name", "harm"),  # an earlier version wrote no hash
    [("salt", "gone"), *((name, harm) for name in ("salt", "salt.sha256") for harm in HARMS)],
)
def test_a_salt_file_that_is_not_what_it_was_is_told_and_nothing_is_made(store, name, harm):
    salt_files(store.root)
    (HARMS | {"gone": Path.unlink})[harm](store.root / name)
    for look in (store.salt, store.check_salt, lambda: store.begin_turn("spec")):
        with pytest.raises((Damaged, Missing), match="put the file back from a backup"):
            look()
    assert store.turns.newest() == 0
    assert store.database.rows(sa.select(tables.secret)) == []


def test_a_look_at_a_salt_that_was_not_made_yet_makes_none(store):
    store.check_salt()
    assert store.database.rows(sa.select(tables.secret)) == []


def test_two_stores_of_one_ledger_hash_a_user_alike_and_their_turns_exclude_each_other(
    any_store, product_file
):
    other = product_file.with_name("other.yaml")
    text = product_file.read_text(encoding="utf-8") + "store: elsewhere\n"
    if "ledger:" not in text:
        text += "ledger: sqlite:///.steelyard/ledger.db\n"
    other.write_text(text, encoding="utf-8")
    with closing(Store.open(load(other))) as second:
        assert second.root != any_store.root
        assert second.salt() == any_store.salt()
        refused = pytest.raises(StoreError, match="another one that runs now")
        with any_store.alone(), refused, second.alone():
            pass
        with second.alone():
            pass
        with any_store.alone():  # both were let go
            pass


def test_a_file_in_the_place_of_a_dataset_is_put_away_and_not_lost(tmp_path):
    (tmp_path / "records.lance").write_text("a file")
    datasets = Datasets(Local(tmp_path))
    datasets.publish("records", TABLE, tag="t")
    assert datasets.read("records", "t").equals(TABLE)
    assert (tmp_path / "records.lance.damaged-0").read_text() == "a file"


@pytest.mark.parametrize("seed", range(12))
def test_labels_that_were_paid_for_are_restored_from_their_copy(tmp_path, seed, caplog):
    datasets, rng = Datasets(Local(tmp_path)), random.Random(seed)
    datasets.publish("labels", TABLE, tag="t", copy=True)
    (copy,) = (tmp_path / "labels.tags").glob("*.arrow")
    path = sorted(set(files(datasets)) - {copy})[seed % 6]
    flip(path, rng.randrange(8 * path.stat().st_size))
    assert datasets.read("labels", "t").equals(TABLE)
    assert datasets.whole("labels", "t") and Datasets(Local(tmp_path)).read("labels", "t").equals(
        TABLE
    )


def test_a_damaged_copy_restores_nothing(tmp_path):
    datasets = Datasets(Local(tmp_path))
    datasets.publish("labels", TABLE, tag="t", copy=True)
    (copy,) = (tmp_path / "labels.tags").glob("*.arrow")
    flip(copy, 900)
    (data,) = (tmp_path / "labels.lance" / "data").iterdir()
    flip(data, 80)
    with pytest.raises(Damaged):
        datasets.read("labels", "t")


@pytest.mark.parametrize("harm", ["gone", *HARMS])
def test_a_copy_of_paid_labels_that_is_not_whole_is_told_and_made_again(tmp_path, harm):
    datasets = Datasets(Local(tmp_path))
    datasets.publish("labels", TABLE, tag="t", copy=True)
    (copy,) = (tmp_path / "labels.tags").glob("*.arrow")
    datasets.examine_copy("labels", "t")
    (HARMS | {"gone": Path.unlink})[harm](copy)
    with pytest.raises((Damaged, Missing), match=r"copy of the rows|name is the hash of"):
        datasets.examine_copy("labels", "t")
    assert datasets.read("labels", "t").equals(TABLE) and not datasets.has_copy("labels", "t")
    datasets.mend_copies()
    datasets.examine_copy("labels", "t")
    assert [p for p in (tmp_path / "labels.tags").glob("*.arrow") if p.is_file()] == [copy]
    shutil.rmtree(tmp_path / "labels.lance")
    assert datasets.read("labels", "t").equals(TABLE)


def test_no_copy_is_made_of_what_is_damaged(tmp_path):
    datasets = Datasets(Local(tmp_path))
    datasets.publish("labels", TABLE, tag="t", copy=True)
    (copy,) = (tmp_path / "labels.tags").glob("*.arrow")
    copy.unlink()
    (data,) = (tmp_path / "labels.lance" / "data").iterdir()
    flip(data, 80)
    datasets.mend_copies()
    assert list((tmp_path / "labels.tags").glob("*.arrow")) == []


def test_a_new_turn_makes_a_lost_copy_again(store):
    store.datasets.publish("labels", TABLE, tag="t")  # of a version that kept none
    store.begin_turn("spec")
    assert store.datasets.has_copy("labels", "t")


@pytest.mark.parametrize("place", ["records.tags", "records.tags/first.json"])
def test_what_is_of_the_wrong_kind_in_the_place_of_a_record_is_told_and_put_away(datasets, place):
    path = datasets.storage.local / place
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("a file")
    else:
        HARMS["a folder"](path)
    for look in (datasets.read, datasets.examine):
        with pytest.raises(Damaged, match="run: steelyard turn"):
            look("records", "first")
    datasets.publish("records", TABLE, tag="first")
    assert datasets.read("records", "first").equals(TABLE)
    assert len(list(datasets.storage.local.rglob("*.damaged-0"))) == 1


@pytest.mark.parametrize(
    ("place", "work"),
    [
        ("artifacts", lambda store: publish(store.artifacts)),
        ("datasets", lambda store: store.datasets.publish("records", TABLE, tag="t")),
        ("scratch", lambda store: Step(store, "s", "k", 1, "CNY").scratch),
        ("reports", lambda store: store.reports.write(1, {"en": ""})),
        ("reports", lambda store: write_new(store.root / "reports" / "x", "")),
    ],
)
def test_a_file_in_the_place_of_a_folder_of_the_store_is_named_with_a_repair(store, place, work):
    (store.root / place).write_text("a file")
    with pytest.raises(StoreError, match=f"{place}: expected a folder, found a file; move it"):
        work(store)


@pytest.mark.parametrize(
    ("place", "work"),
    [
        ("turn.lock", lambda store: store.alone().__enter__()),
        ("report.html", lambda store: write(store.root / "report.html", "")),
    ],
)
def test_a_folder_in_the_place_of_a_file_is_named_with_a_repair(store, place, work):
    (store.root / place).mkdir()
    with pytest.raises(StoreError, match=f"{place}: expected a file, found a folder; move it"):
        work(store)
