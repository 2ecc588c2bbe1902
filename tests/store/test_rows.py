"""A damaged row is told with its table and its key: never used, never a traceback."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.api.facts import released, sums, variants, verified
from steelyard.api.market import import_file, imported
from steelyard.api.statement import statement
from steelyard.errors import Damaged, StoreError
from steelyard.report import gather
from steelyard.spec import load
from steelyard.store import Store, look, subtotals, tables

OLD = Path(__file__).with_name("ledger_0001.sql")
VALUES = [None, "x", "评", b"\xff\xfe", -1, 2**62, 1.5, "{", "[1", "NaN", ""]

OF_AN_EXPERIMENT = [
    (
        "answer",
        {
            "id": "e",
            "product": "tiny",
            "variant": "v-tiny",
            "state": "live",
            "user": "u",
            "request": "",
            "value": "好评",
            "score": 0.5,
            "detail": {},
            "cpu_s": 0.1,
            "latency_ms": 2.5,
            "origin": "user",
            "release": 1,
            "experiment": "x",
            "arm": "live",
        },
    ),
    (
        "feedback",
        {"id": "t", "answer": "e", "kind": "outcome", "value": "差评", "at": None, "utility": None},
    ),
    (
        "feedback",
        {"id": "w", "answer": "e", "kind": "outcome", "value": "好评", "at": None, "utility": 0.5},
    ),
]


@pytest.fixture
def ledger(product_file):
    """A ledger that holds a row of every table, brought up to date."""
    path = product_file.parent / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as written:
        written.executescript(OLD.read_text(encoding="utf-8"))
    Store.open(load(product_file)).close()
    return path


def facts(product_file) -> list:
    """Everything that the reading commands and the report read."""
    file = load(product_file)
    with closing(Store.open(file)) as store:
        shown = gather(store, file, {})
    market = [imported(file), statement(file, by="customer")]
    return [variants(file), released(file), sums(file), verified(file), shown, market]


def columns():
    return [(t.name, c.name) for t in tables.metadata.sorted_tables for c in t.columns]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A product file, its ledger, what the ledger holds, and the facts read from it."""
    folder = tmp_path_factory.mktemp("whole")
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    (folder / "product.yaml").write_text(PRODUCT.format(encoder="x/y"), encoding="utf-8")
    path = folder / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as written:
        written.executescript(OLD.read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtotals, "BLOCK", 5)
        with closing(Store.open(load(folder / "product.yaml"))) as store:
            store.begin_turn("newer", text="product: tiny")
            store.salt()
            store.record_once(OF_AN_EXPERIMENT, lambda new: [])
        export = folder / "sales.csv"
        export.write_text(
            "day,at,id,customer,amount,channel\n2026-01-05,,a,u,9.90,search\n", encoding="utf-8"
        )
        import_file(load(folder / "product.yaml"), export, preset="plain_sales")
    found = facts(folder / "product.yaml")
    return folder / "product.yaml", path, path.read_bytes(), found


@pytest.mark.parametrize(("table", "column"), columns())
def test_a_damaged_column_of_any_table_is_named_or_changes_no_fact(whole, table, column):
    product_file, ledger, body, before = whole
    rng = random.Random(f"{table}.{column}")
    for value in rng.sample(VALUES, 5):
        ledger.write_bytes(body)
        with closing(sqlite3.connect(ledger)) as bad:
            keys = [f'"{c.name}"' for c in tables.metadata.tables[table].primary_key]
            row = rng.choice(bad.execute(f'SELECT {", ".join(keys)} FROM "{table}"').fetchall())
            which = " AND ".join(f"{key} = ?" for key in keys)
            try:
                bad.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {which}', (value, *row))
            except sqlite3.IntegrityError:
                continue  # the database itself refuses it
            bad.commit()
        try:
            assert facts(product_file) == before
        except StoreError as error:
            assert "ledger" in error.place and error.repair


def test_the_row_and_the_table_are_named(ledger, product_file):
    with closing(sqlite3.connect(ledger)) as bad:
        bad.execute("UPDATE measure SET value = 0.99 WHERE id = 2")
        bad.commit()
    with pytest.raises(Damaged, match="ledger table measure row 2: expected the values it was"):
        Store.open(load(product_file))


def test_rows_are_checked_when_they_are_read_too(ledger, product_file):
    with closing(Store.open(load(product_file))) as store:
        with store.database.engine.begin() as connection:
            connection.execute(sa.text("UPDATE step SET output = '{' WHERE key = 'train-tiny'"))
        with pytest.raises(
            Damaged, match="ledger table step row 1: expected JSON as 'output', found"
        ):
            store.steps.done("train-tiny")
        with store.database.engine.begin() as connection:
            connection.execute(sa.text("UPDATE measure SET value = 'much'"))
        with pytest.raises(Damaged, match="table measure row 1: expected a number as 'value'"):
            store.measures.of("v-tiny")


def test_a_row_written_by_an_earlier_version_that_still_runs_is_read(ledger, product_file):
    with closing(sqlite3.connect(ledger)) as old:
        old.execute(
            "INSERT INTO turn (id, product, spec_sha256, started) VALUES (9, 'tiny', 's', 't')"
        )
        old.commit()
    with closing(Store.open(load(product_file))) as store:
        assert store.begin_turn("s") == 9


def test_commits_that_are_cut_off_are_missed(store, product_file):
    """The log is cut at its first damaged page, and SQLite goes on with what is before it."""
    store.begin_turn("first")
    path = store.root / "ledger.db"
    kept = {p: p.read_bytes() for p in path.parent.glob("ledger.db*") if not p.name.endswith("end")}
    store.begin_turn("second")
    store.close()
    for p in path.parent.glob("ledger.db*"):
        if not p.name.endswith("end"):
            p.unlink()
    for p, body in kept.items():
        p.write_bytes(body)
    with pytest.raises(
        Damaged, match=r"expected 2 commits.*found 1: the newest are gone.*remove ledger\.db\.end"
    ):
        Store.open(load(product_file))
    (path.parent / "ledger.db.end").unlink()
    with closing(Store.open(load(product_file))) as back:
        assert back.begin_turn("first") == 1


def test_an_index_that_lost_a_row_is_damaged(ledger, product_file):
    """Found through it, a finished step would be missed and paid again."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as bad:
        bad.execute("PRAGMA writable_schema = ON")
        (page,) = bad.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_step_1'"
        ).fetchone()
        (size,) = bad.execute("PRAGMA page_size").fetchone()
    body = bytearray(ledger.read_bytes())
    at = body.index(b"train-tiny", (page - 1) * size)
    body[at] ^= 1
    ledger.write_bytes(body)
    with pytest.raises(Damaged):
        Store.open(load(product_file))


def test_a_commit_stays_one_when_its_number_cannot_be_noted(store):
    (store.root / "ledger.db.end").unlink(missing_ok=True)
    (store.root / "ledger.db.end").mkdir()
    assert store.begin_turn("spec") == 1
    assert len(store.database.rows(sa.select(tables.turn))) == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_of_the_database_is_seen_or_changes_no_fact(whole, seed):
    product_file, ledger, body, before = whole
    rng, flipped = random.Random(seed), bytearray(body)
    for _ in range(3):
        flipped[:] = body
        at = rng.choice([i for i, byte in enumerate(body) if byte])
        flipped[at] ^= 1 << rng.randrange(8)
        ledger.write_bytes(flipped)
        try:
            assert facts(product_file) == before
        except StoreError as error:
            assert "ledger" in error.place and error.repair


def test_a_name_of_a_table_that_is_no_text_is_damaged(ledger, product_file):
    body = ledger.read_bytes()
    ledger.write_bytes(body.replace(b"CREATE TABLE measure", b"CREATE TABLE \xffeasure"))
    with pytest.raises(Damaged, match="restore the ledger"):
        Store.open(load(product_file))


def test_a_ledger_that_nobody_wrote_is_looked_over_once_by_a_process(
    store, product_file, monkeypatch
):
    store.begin_turn("spec")
    store.close()
    looked = []
    monkeypatch.setattr(look, "_pages", lambda *_: looked.append(1))
    for _ in range(2):
        with closing(Store.open(load(product_file))):
            pass
    assert len(looked) == 1
    with closing(Store.open(load(product_file))) as again:
        again.begin_turn("another")
    with closing(Store.open(load(product_file))):
        pass
    assert len(looked) == 2
