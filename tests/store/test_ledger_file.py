"""Where the ledger stands and what is said when it cannot be had: names, locks, modes, loss."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pyarrow as pa
import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.cli import main
from steelyard.errors import Damaged, StoreError, Unavailable
from steelyard.spec import load
from steelyard.store import Store, tables

NAMES = [
    "100%20好评",
    "q?mark",
    "a#b",
    "with space",
    'it\'s "so"',
    "back\\slash",
    "%",
    "a:b",
    "sqlite:x",
    "~",
    "[*]",
]


def place(folder, *, ledger=""):
    folder.mkdir(parents=True)
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    path = folder / "product.yaml"
    path.write_text(PRODUCT.format(encoder="x/y") + ledger, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ledger", ["", "ledger: 'sqlite:///books/led.db'\n"])
def test_all_files_stay_inside_the_products_folder_whatever_its_name(tmp_path, name, ledger):
    product = place(tmp_path / "all" / name, ledger=ledger)
    with closing(Store.open(load(product))) as store:
        store.begin_turn("spec")
        store.datasets.publish("records", pa.table({"id": ["a"]}), tag="t")
        assert store.datasets.read("records", "t")["id"].to_pylist() == ["a"]
    outside = [p for p in (tmp_path / "all").rglob("*") if not p.is_relative_to(product.parent)]
    assert outside == []
    assert list(product.parent.rglob("l*.db")) and list(product.parent.rglob("*.lance"))


def test_a_moved_folder_keeps_its_ledger_and_its_datasets(tmp_path):
    product = place(tmp_path / "100%20好评")
    with closing(Store.open(load(product))) as store:
        first = store.begin_turn("spec")
        store.datasets.publish("records", pa.table({"id": ["a"]}), tag="t")
    shutil.move(product.parent, tmp_path / "100 好评?x#y")
    with closing(Store.open(load(tmp_path / "100 好评?x#y" / "product.yaml"))) as store:
        assert store.begin_turn("spec") == first
        assert store.datasets.tags("records") == {"t": 1}


def test_a_name_no_file_format_can_hold_is_said_before_anything_is_written(tmp_path):
    product = place(tmp_path / "new\nline")
    with pytest.raises(StoreError, match="without control characters"):
        Store.open(load(product))
    assert not (product.parent / ".steelyard").exists()


def test_a_chinese_path_works_in_a_locale_that_knows_no_chinese(tmp_path):
    product = place(tmp_path / "好评 店")
    code = "import sys, pyarrow as pa; from steelyard.spec import load; from steelyard.store import Store; s = Store.open(load(sys.argv[1])); s.datasets.publish('records', pa.table({'id': ['a']}), tag='t'); assert s.datasets.read('records', 't').num_rows == 1; s.begin_turn('x')"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(product)], env=os.environ | plain, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["好评 店"]


def test_ledger_and_datasets_are_their_owners_alone(tmp_path):
    product = place(tmp_path / "p", ledger="ledger: 'sqlite:///books/led.db'\n")
    old = os.umask(0)
    try:
        with closing(Store.open(load(product))) as store:
            store.begin_turn("spec")
            modes = {
                p.name: stat.S_IMODE(p.stat().st_mode) for p in (product.parent / "books").iterdir()
            }
    finally:
        os.umask(old)
    assert modes.pop("led.db") == 0o600 and set(modes.values()) <= {0o600}
    assert stat.S_IMODE((product.parent / ".steelyard").stat().st_mode) == 0o700
    assert stat.S_IMODE((product.parent / "books").stat().st_mode) == 0o700


def test_a_store_keeps_the_mode_its_owner_gave_it(tmp_path):
    product = place(tmp_path / "p")
    Store.open(load(product)).close()
    (product.parent / ".steelyard").chmod(0o750)
    Store.open(load(product)).close()
    assert stat.S_IMODE((product.parent / ".steelyard").stat().st_mode) == 0o750


def test_a_locked_ledger_is_one_sentence_after_the_time_the_caller_gave(product_file):
    Store.open(load(product_file)).close()
    with closing(Store.open(load(product_file), busy_s=0.1)) as store, held(product_file):
        assert store.ledger.sums() == []  # readers do not wait
        with pytest.raises(
            Unavailable, match=r"within 0\.1 s, found another process.*same command"
        ):
            store.begin_turn("spec")


def held(product_file):
    """Another connection that holds the write lock."""
    other = sqlite3.connect(product_file.parent / ".steelyard" / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return closing(other)


def test_a_locked_ledger_ends_a_command_with_exit_2_and_no_traceback(
    product_file, monkeypatch, capsys
):
    Store.open(load(product_file)).close()
    monkeypatch.setattr(
        Store.open.__func__, "__kwdefaults__", {"clock": None, "create": True, "busy_s": 0.1}
    )
    with held(product_file):
        code = run(monkeypatch, "data", str(product_file))
    said = capsys.readouterr().err
    assert code == 2 and said.strip().count("\n") == 0 and "another process that holds it" in said


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["steelyard", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device", "/data/x"),
        RuntimeError(
            "LanceError(IO): Generic LocalFileSystem error: No space left on device (os error 28)"
        ),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_ends_a_command_with_one_sentence_whoever_meets_it(
    product_file, monkeypatch, capsys, error
):
    def full(*_args, **_more):
        raise error

    monkeypatch.setattr("steelyard.store.store.Store.begin_turn", full)
    assert run(monkeypatch, "data", str(product_file)) == 2
    said = capsys.readouterr().err
    assert (
        said.strip().count("\n") == 0
        and "expected room on the disk, found none left; free some" in said
    )


def test_a_database_that_runs_full_says_so_and_keeps_what_it_had(product_file):
    with closing(Store.open(load(product_file))) as store:
        store.begin_turn("before")
        with store.database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            with pytest.raises(Unavailable, match="room on the disk"), store.database._told():
                for i in range(10_000):
                    row = {
                        "product": "tiny",
                        "spec_sha256": "x" * 64,
                        "started": str(i),
                        "ended": "t",
                    }
                    connection.execute(tables.turn.insert().values(row))
        assert store.begin_turn("before") == 1


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_sentence_and_the_command_works_once_there_is_room(
    small_disk, monkeypatch, capsys
):
    product = place(small_disk / "p")
    write_jsonl(product.parent / "reviews.jsonl", reviews(600))
    (small_disk / "filler").write_bytes(b"x" * (small_disk_free(small_disk) - 150_000))
    assert run(monkeypatch, "data", str(product)) == 2
    said = capsys.readouterr().err
    assert "room on the disk" in said and "Traceback" not in said and said.strip().count("\n") == 0
    (small_disk / "filler").unlink()
    assert run(monkeypatch, "data", str(product)) == 0


def small_disk_free(folder) -> int:
    return shutil.disk_usage(folder).free


@pytest.mark.skipif(os.getuid() == 0, reason="root may write what is read-only")
def test_a_read_only_ledger_is_one_sentence(product_file):
    Store.open(load(product_file)).close()
    for path in (product_file.parent / ".steelyard").iterdir():
        path.chmod(0o400)
    with closing(Store.open(load(product_file))) as store, pytest.raises(StoreError, match="mode"):
        store.begin_turn("spec")


def filled(product_file):
    with closing(Store.open(load(product_file))) as store:
        turn = store.begin_turn("spec")
        store.datasets.publish("records", pa.table({"id": ["a"]}), tag="t")
        return store, turn


@pytest.mark.parametrize("harm", ["removed", "emptied"])
def test_a_store_without_its_ledger_is_refused_and_nothing_is_made(product_file, harm):
    filled(product_file)
    for path in (product_file.parent / ".steelyard").glob("ledger.db*"):
        path.unlink() if harm == "removed" else path.write_bytes(b"")
    with pytest.raises(Damaged, match=r"records t.*restore the ledger from a backup"):
        Store.open(load(product_file))
    left = list((product_file.parent / ".steelyard").glob("ledger.db*"))
    assert all(path.stat().st_size == 0 for path in left)


def test_a_store_whose_ledger_lost_its_rows_is_refused(product_file):
    store, _ = filled(product_file)
    with store.database.write() as connection:
        for table in (tables.turn_file, tables.turn_step, tables.turn):
            connection.execute(table.delete())
    store.close()
    with pytest.raises(Damaged, match="found no step"):
        Store.open(load(product_file))


def test_a_first_turn_that_was_killed_before_its_step_goes_on(product_file):
    _, turn = filled(product_file)
    with closing(Store.open(load(product_file))) as store:
        assert store.begin_turn("spec") == turn


def test_a_file_that_is_no_database_is_damaged(product_file):
    Store.open(load(product_file)).close()
    (product_file.parent / ".steelyard" / "ledger.db").write_bytes(b"not a database" * 400)
    with pytest.raises(Damaged, match="restore the ledger"):
        Store.open(load(product_file))


def test_a_ledger_that_is_up_to_date_is_opened_without_migrations_and_datasets(product_file):
    """They take longer to import than most commands take to run, and log seven lines."""
    Store.open(load(product_file)).close()
    code = "import sys, logging; logging.basicConfig(level=20); from steelyard.spec import load; from steelyard.store import Store; Store.open(load(sys.argv[1])).close(); sys.exit(any(name in sys.modules for name in ('alembic', 'pyarrow', 'lance', 'numpy')))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(product_file)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_ledger_is_made_without_a_word(product_file):
    code = "import sys, logging; logging.basicConfig(level=20); from steelyard.spec import load; from steelyard.store import Store; Store.open(load(sys.argv[1])).close()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(product_file)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
