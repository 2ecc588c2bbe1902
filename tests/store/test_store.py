"""What lasts: atomic files, verified artifacts, a chain nobody can bend, steps paid once."""

import os
import subprocess
import sys
import threading
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlalchemy as sa

from steelyard.errors import Damaged, Missing, StoreError
from steelyard.files import write, write_new
from steelyard.spec import load
from steelyard.store import Clock, Datasets, Store, database, step_key, tables
from steelyard.store.ledger import verify
from steelyard.store.storage import Local

PRICE = Decimal("0.35")


def buy(store, key="k", *, fail=False):
    def work(step):
        step.spend("label", 2000, "label", Decimal("0.30"), evidence="labels:x")
        step.measure("v", "accuracy", 0.9, n=10, on="holdout")
        if fail:
            raise RuntimeError("in the middle")
        return {"bought": 2000}

    turn = store.begin_turn("spec")
    return store.step(turn, "label", key, work, cpu_price=PRICE)


def test_a_step_is_run_once_and_paid_once(any_store):
    assert buy(any_store) == ({"bought": 2000}, True)
    assert buy(any_store) == ({"bought": 2000}, False)
    spent = {row["account"]: row["nano"] for row in any_store.ledger.sums()}
    assert spent["label"] == -600 * 10**9
    assert {row["account"]: row["quantity"] for row in any_store.ledger.sums()}["label"] == "2000"


def test_the_newest_lines_are_missed_when_they_are_gone(any_store):
    buy(any_store)
    with any_store.database.write() as connection:
        newest = connection.execute(sa.select(sa.func.max(tables.entry.c.id))).scalar()
        connection.execute(tables.entry.delete().where(tables.entry.c.id == newest))
    with any_store.database.read() as connection, pytest.raises(StoreError, match="ledger step"):
        verify(connection)


def test_one_ledger_keeps_the_sums_of_its_products_apart(any_store, product_file):
    buy(any_store)
    text = product_file.read_text(encoding="utf-8").replace("product: tiny", "product: other")
    (product_file.parent / "other.yaml").write_text(text, encoding="utf-8")
    other = Store.open(load(product_file.parent / "other.yaml"))
    assert other.ledger.sums() == [] and any_store.ledger.sums() != []
    other.close()


def test_a_relative_sqlite_ledger_stands_beside_the_product_file(
    product_file, monkeypatch, tmp_path
):
    text = product_file.read_text(encoding="utf-8") + "ledger: 'sqlite:///books/led.db'\n"
    product_file.write_text(text, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Store.open(load(product_file)).close()
    assert (product_file.parent / "books" / "led.db").is_file()


def test_a_store_that_cannot_be_made_is_a_clear_error(product_file):
    (product_file.parent / "file").write_text("x")
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text + "store: file\n", encoding="utf-8")
    with pytest.raises(StoreError, match="expected a folder, found a file"):
        Store.open(load(product_file))
    product_file.write_text(text + "ledger: 'sqlite:////proc/none/x.db'\n", encoding="utf-8")
    with pytest.raises(StoreError, match="ledger"):
        Store.open(load(product_file))


def test_processes_that_open_a_new_ledger_at_once_all_get_it(product_file):
    code = "import sys; from steelyard.spec import load; from steelyard.store import Store; Store.open(load(sys.argv[1])).close()"
    made = [subprocess.Popen([sys.executable, "-c", code, str(product_file)]) for _ in range(4)]
    assert [process.wait(60) for process in made] == [0, 0, 0, 0]


def test_connections_that_change_to_the_write_ahead_log_at_once_wait_for_each_other(tmp_path):
    """SQLite refuses that lock at once, whatever its timeout: one in some forty rounds failed."""
    failed = []

    def connect(url, barrier):
        barrier.wait(20)
        try:
            database._sqlite(url, 20).connect().close()
        except Exception as error:
            failed.append(error)

    for i in range(100):
        barrier, url = threading.Barrier(4), sa.make_url(f"sqlite:///{tmp_path}/{i}.db")
        threads = [threading.Thread(target=connect, args=(url, barrier)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failed == []


def test_time_of_a_process_that_was_waited_for_is_counted():
    clock, code = Clock(), "sum(range(20_000_000))"
    before = clock.cpu_s()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert clock.cpu_s() - before > 0.1


def test_of_two_writers_of_a_new_file_the_first_stays(tmp_path):
    write_new(tmp_path / "salt", "first")
    write_new(tmp_path / "salt", "second")
    assert (tmp_path / "salt").read_text() == "first" and len(list(tmp_path.iterdir())) == 1


def test_a_step_that_fails_leaves_neither_facts_nor_money(any_store):
    with pytest.raises(RuntimeError):
        buy(any_store, fail=True)
    assert any_store.ledger.sums() == [] and any_store.measures.of("v") == {}
    assert buy(any_store)[1] is True


def test_the_chain_is_verified_on_both_databases(any_store):
    buy(any_store)
    buy(any_store, key="k2")
    with any_store.database.read() as connection:
        assert verify(connection) == 4


@pytest.mark.parametrize("column", ["nano", "evidence", "quantity", "time"])
def test_a_changed_ledger_line_is_found(store, column):
    buy(store)
    value = {"nano": -1}.get(column, "999")
    with store.database.write() as connection:
        connection.execute(
            tables.entry.update().where(tables.entry.c.id == 1).values({column: value})
        )
    with store.database.read() as connection, pytest.raises(StoreError, match="ledger entry 1"):
        verify(connection)


def test_a_removed_ledger_line_is_found(store):
    buy(store)
    buy(store, key="k2")
    with store.database.write() as connection:
        connection.execute(tables.entry.delete().where(tables.entry.c.id == 2))
    with store.database.read() as connection, pytest.raises(StoreError, match="ledger entry 3"):
        verify(connection)


def test_a_file_that_is_changed_back_begins_a_new_turn(store):
    first = store.begin_turn("a", text="product: a")
    second = store.begin_turn("b", text="product: b")
    third = store.begin_turn("a", text="product: a")
    assert len({first, second, third}) == 3
    assert [row["ended"] is None for row in store.turns.all()] == [False, False, True]
    assert [store.turns.one(n)["file"] for n in (first, second)] == ["product: a", "product: b"]


def test_a_turn_remembers_each_step_once_however_often_it_was_interrupted(store):
    turn = store.begin_turn("a")
    for number in (turn, turn, store.begin_turn("b")):
        store.step(number, "label", "k", lambda step: {"n": 1}, cpu_price=Decimal(1))
    assert [s["how"] for s in store.turns.steps(turn)] == ["ran"]
    assert [s["how"] for s in store.turns.steps(turn + 1)] == ["reused"]
    again = store.step(turn + 1, "label", "k2", lambda step: {"n": 2}, cpu_price=Decimal(1))
    assert again == ({"n": 2}, True)
    (kept,) = store.turns.steps(turn + 1)  # made again in the same turn: the last is what it left
    assert (kept["how"], kept["output"]) == ("ran", {"n": 2})


def test_an_interrupted_turn_is_continued_and_a_finished_one_is_not(store):
    first = store.begin_turn("spec")
    assert store.begin_turn("spec") == first
    store.end_turn(first)
    assert store.begin_turn("spec") == first + 1


def test_a_key_depends_on_name_sections_and_inputs():
    keys = {
        step_key("train", {"a": 1}, ["x"]),
        step_key("label", {"a": 1}, ["x"]),
        step_key("train", {"a": 2}, ["x"]),
        step_key("train", {"a": 1}, ["y"]),
    }
    assert len(keys) == 4


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "计划.json"
    write(path, "old")

    def broken(_handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def publish(store, body="weights"):
    with store.artifacts.draft() as draft:
        (draft / "model.bin").write_text(body)
        return store.artifacts.publish(draft)


def test_the_same_bytes_are_the_same_artifact(store):
    assert publish(store) == publish(store)
    assert publish(store, "other") != publish(store)


@pytest.mark.parametrize("harm", ["change", "add", "remove", "manifest"])
def test_a_damaged_artifact_is_refused(store, harm):
    identity = publish(store)
    folder = store.artifacts.peek(identity)
    {
        "change": lambda: (folder / "model.bin").write_text("weightz"),
        "add": lambda: (folder / "more.py").write_text("import os"),
        "remove": lambda: (folder / "model.bin").unlink(),
        "manifest": lambda: (folder / "manifest.json").write_text("{}"),
    }[harm]()
    with pytest.raises(Damaged):
        store.artifacts.open(identity)


def test_a_draft_that_is_not_published_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.artifacts.draft() as draft:
        (draft / "half").write_text("x")
        raise RuntimeError
    assert list((store.root / "artifacts").iterdir()) == []


def test_a_draft_of_a_killed_process_is_swept_once_it_is_old(store):
    (store.root / "artifacts").mkdir(parents=True, exist_ok=True)
    old, young = (store.root / "artifacts" / f".draft-{name}" for name in ("old", "young"))
    old.mkdir()
    young.mkdir()
    os.utime(old, (0, 0))
    store.artifacts.sweep()
    assert not old.exists() and young.exists()


def test_a_missing_artifact_says_how_to_get_it(store):
    with pytest.raises(Missing, match="steelyard turn"):
        store.artifacts.open("0" * 24)


def test_a_tagged_version_survives_newer_ones_and_upkeep(tmp_path):
    datasets = Datasets(Local(tmp_path))
    for n in range(1, 15):
        datasets.publish("records", pa.table({"id": [str(i) for i in range(n)]}), tag=f"v{n}")
    datasets.upkeep("records")
    assert datasets.read("records", "v1").num_rows == 1
    assert datasets.read("records", "v14", where="id = '3'").num_rows == 1


def test_publishing_a_tag_again_changes_nothing(tmp_path):
    datasets = Datasets(Local(tmp_path))
    first = datasets.publish("records", pa.table({"id": ["a"]}), tag="t")
    assert datasets.publish("records", pa.table({"id": ["b"]}), tag="t") == first
    assert datasets.read("records", "t")["id"].to_pylist() == ["a"]


def test_an_unknown_tag_says_what_to_run(tmp_path):
    with pytest.raises(Missing, match="steelyard data"):
        Datasets(Local(tmp_path)).read("records", "none")


@pytest.mark.parametrize("url", ["oracle://x", "nonsense", "postgresql://127.0.0.1:1/x"])
def test_a_database_that_cannot_be_opened_is_a_clear_error(product_file, url):
    text = product_file.read_text(encoding="utf-8") + f"ledger: {url}\n"
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError):
        Store.open(load(product_file))


def test_a_database_password_is_not_shown(product_file):
    url = "postgresql://someone:hunter2@127.0.0.1:1/x"
    product_file.write_text(
        product_file.read_text(encoding="utf-8") + f"ledger: {url}\n", encoding="utf-8"
    )
    with pytest.raises(StoreError) as error:
        Store.open(load(product_file))
    assert "hunter2" not in str(error.value)
