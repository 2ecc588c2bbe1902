"""A seal outside the ledger finds what the chain alone cannot: cut ends and chains computed anew."""

import json
import sys
from decimal import Decimal

import pytest
import sqlalchemy as sa

from steelyard.cli import main
from steelyard.errors import Damaged, UserError
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.store.chain import GENESIS, digest
from steelyard.store.ledger import verify
from steelyard.store.seal import _sha256, against, as_text, load_seal, seal, write_seal


def buy(store, key, *, n=10):
    def work(step):
        step.spend("label", n, "label", Decimal("0.30"), evidence=f"labels:{key}")
        return {}

    store.step(store.begin_turn("spec"), "label", key, work, cpu_price=Decimal(0))


@pytest.fixture
def sealed(store):
    buy(store, "a")
    buy(store, "b")
    with store.database.read() as connection:
        return seal(connection, time="2026-11-25T08:00:00+00:00")


def compare(store, sealed) -> int:
    with store.database.read() as connection:
        return against(connection, sealed)


def test_a_ledger_that_went_on_holds_what_was_sealed(store, sealed):
    assert sealed["sums"] == {"tiny": {"CNY": str(-6 * 10**9)}} and sealed["lines"] == 4
    buy(store, "c")
    assert compare(store, sealed) == 6


def delete(store, *statements):
    with store.database.write() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_newest_lines_that_were_cut_off_with_their_steps_are_found(store, sealed):
    delete(store, "DELETE FROM entry WHERE id > 2", "DELETE FROM step WHERE key = 'b'")
    with store.database.read() as connection:
        assert verify(connection) == 2  # the chain alone does not miss them
    with pytest.raises(
        Damaged, match=r"expected 4 lines or more.*found 2: the newest were cut off"
    ):
        compare(store, sealed)


def test_a_chain_that_was_computed_anew_is_found(store, sealed):
    with store.database.write() as connection:
        rows = [dict(r) for r in connection.execute(sa.select(tables.entry)).mappings()]
        connection.execute(tables.entry.delete())
        previous = GENESIS
        for row in rows:
            row |= {"nano": row["nano"] // 2, "previous": previous}
            row["hash"] = previous = digest(row)
            connection.execute(tables.entry.insert().values(row))
        assert verify(connection) == 4
    with pytest.raises(Damaged, match=r"entry 4.*the chain was computed anew"):
        compare(store, sealed)


def test_what_came_behind_a_seal_is_verified_without_what_stands_before_it(store, sealed):
    buy(store, "c")
    assert store.ledger.verify_behind(sealed) == 6
    with store.database.write() as connection:  # in the part that is believed
        connection.execute(sa.text("UPDATE entry SET nano = nano - 1 WHERE id = 1"))
    assert store.ledger.verify_behind(sealed) == 6
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE entry SET nano = nano - 1 WHERE id = 5"))
    with pytest.raises(Damaged, match="ledger entry 5"):
        store.ledger.verify_behind(sealed)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM entry WHERE id > 3", "ledger entry 4"),
        ("UPDATE entry SET hash = 'x' WHERE id = 4", "ledger entry 4"),
        ("DELETE FROM turn_step", "ledger table turn_step"),
    ],
)
def test_a_seal_that_no_longer_fits_is_found_without_reading_what_stands_before(
    store, sealed, harm, said
):
    with store.database.write() as connection:
        connection.execute(sa.text(harm))
    with pytest.raises(Damaged, match=said):
        store.ledger.verify_behind(sealed)


def test_newest_lines_that_were_cut_off_behind_a_seal_are_found_by_their_steps(store, sealed):
    buy(store, "c")
    with store.database.write() as connection:
        connection.execute(sa.text("DELETE FROM entry WHERE id > 5"))
    with pytest.raises(Damaged, match="ledger step label"):
        store.ledger.verify_behind(sealed)


def test_rows_of_other_tables_that_are_gone_are_found(store, sealed):
    delete(store, "DELETE FROM step WHERE key = 'b'")
    with pytest.raises(Damaged, match="ledger table step: expected 2 rows or more"):
        compare(store, sealed)


def test_a_seal_that_was_changed_is_no_seal(tmp_path, sealed):
    path = tmp_path / "封.json"
    path.write_text(as_text(sealed), encoding="utf-8")
    assert load_seal(path)["lines"] == 4
    path.write_text(as_text(sealed | {"lines": 3}), encoding="utf-8")
    for text in (path.read_text(encoding="utf-8"), "{", "[]", "", '{"seal": 1}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match="expected a seal as it was made"):
            load_seal(path)
    with pytest.raises(UserError, match="a seal, found No such file"):
        load_seal(tmp_path / "none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"seal": "1"},
        {"seal": None},
        {"made": 5},
        {"made": None},
        {"lines": "55"},
        {"lines": None},
        {"lines": True},
        {"lines": -1},
        {"lines": 1.5},
        {"hash": None},
        {"hash": 3},
        {"sums": []},
        {"sums": None},
        {"sums": {"tiny": 3}},
        {"counts": []},
        {"counts": None},
        {"counts": {"step": "2"}},
        {"counts": {"step": None}},
    ],
    ids=str,
)
def test_a_seal_of_other_kinds_of_values_is_no_seal_though_its_hash_is_right(
    tmp_path, sealed, wrong
):
    path = tmp_path / "anchor.json"
    body = {name: value for name, value in (sealed | wrong).items() if name != "sha256"}
    path.write_text(as_text(body | {"sha256": _sha256(body)}), encoding="utf-8")
    with pytest.raises(UserError, match="expected a seal as it was made"):
        load_seal(path)


@pytest.mark.parametrize("name", ["seal", "made", "lines", "hash", "sums", "counts", "sha256"])
def test_a_seal_that_lacks_a_value_is_no_seal(tmp_path, sealed, name):
    path = tmp_path / "anchor.json"
    body = {n: value for n, value in sealed.items() if n not in (name, "sha256")}
    whole = body if name == "sha256" else body | {"sha256": _sha256(body)}
    path.write_text(as_text(whole), encoding="utf-8")
    with pytest.raises(UserError, match="expected a seal as it was made"):
        load_seal(path)


def test_a_seal_takes_the_place_of_an_earlier_one_or_of_an_empty_file(tmp_path, sealed):
    path = tmp_path / "anchor.json"
    path.touch()
    for time in ("2026", "2027"):
        write_seal(path, _anew(sealed, time))
        assert load_seal(path)["made"] == time


def _anew(sealed, time):
    body = {n: v for n, v in sealed.items() if n != "sha256"} | {"made": time}
    return body | {"sha256": _sha256(body)}


def test_a_seal_is_written_over_nothing_else_and_makes_no_folder(tmp_path, sealed):
    ledger_file = tmp_path / "ledger.db"
    ledger_file.write_bytes(b"SQLite format 3")
    places = {
        tmp_path: "a folder",
        ledger_file: "something else",
        tmp_path / "none" / "x.json": "expected a folder, found none",
        ledger_file / "x.json": "expected a folder, found none",
        tmp_path / ("x" * 300): "too long",
    }
    before = sorted(tmp_path.rglob("*"))
    for place, said in places.items():
        with pytest.raises(UserError, match=said):
            write_seal(place, sealed)
    assert sorted(tmp_path.rglob("*")) == before and ledger_file.stat().st_size == 15


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["steelyard", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_the_command_line_seals_and_verifies_against_it(
    product_file, monkeypatch, capsys, tmp_path
):
    store = Store.open(load(product_file))
    buy(store, "a")
    out, file = tmp_path / "anchor.json", str(product_file)
    assert run(monkeypatch, "ledger", "seal", file, "--out", str(out)) == 0
    assert "sealed 2 lines" in capsys.readouterr().out
    assert run(monkeypatch, "ledger", "verify", file, "--against", str(out), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"lines": 2, "unbroken": True}
    delete(store, "DELETE FROM entry", "DELETE FROM step", "DELETE FROM measure")
    store.close()
    assert run(monkeypatch, "ledger", "verify", file) == 0
    assert run(monkeypatch, "ledger", "verify", file, "--against", str(out)) == 2
    assert "the newest were cut off" in capsys.readouterr().err
    assert run(monkeypatch, "ledger", "seal", file) == 0
    assert json.loads(capsys.readouterr().out)["lines"] == 0
    assert run(monkeypatch, "ledger", "seal", file, "--out", str(tmp_path / "none" / "x.json")) == 2
    assert not (tmp_path / "none").exists()
