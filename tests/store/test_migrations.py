"""A ledger of an earlier version is brought up to date, and goes on with every line it had."""

import hashlib
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from steelyard.errors import StoreError
from steelyard.report import gather, render
from steelyard.report.markup import text
from steelyard.spec import Money, load
from steelyard.stage import names as steps_of_a_turn
from steelyard.store import Line, Store, tables
from steelyard.store.database import _MIGRATIONS, _OLDER, HEAD
from steelyard.store.ledger import verify
from steelyard.store.releases import experiment_of
from steelyard.terms import LANGUAGES
from steelyard.words import sentence

OLD = Path(__file__).with_name("ledger_0001.sql")  # written by the version before schema 0002
# written by 0.2.2: two turns of the tiny product, an experiment, answers and feedback, a pin
NEWER = Path(__file__).with_name("ledger_0003.sql")
LABELS = -60 * 10**9


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, product_file, tmp_path):
    """The product file of a store whose ledger an earlier version wrote."""
    return _with(OLD, request, product_file, revision="0001")


def _with(dump, request, product_file, *, revision):
    """The product file, with the rows of a dump as its ledger: in SQLite or in PostgreSQL."""
    path = product_file.parent / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as written:
        written.executescript(dump.read_text(encoding="utf-8"))
    written.close()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        _copy(path, sa.make_url(url).set(drivername="postgresql+psycopg"), revision=revision)
        path.unlink()
        text = product_file.read_text(encoding="utf-8") + f"ledger: '{url}'\n"
        product_file.write_text(text, encoding="utf-8")
    return product_file


def _copy(path: Path, url: sa.URL, *, revision: str) -> None:
    """The same rows in PostgreSQL, in the tables of an older schema."""
    from alembic import command
    from alembic.config import Config

    engine, config = sa.create_engine(url), Config()
    config.set_main_option("script_location", "src/steelyard/store/migrations")
    source = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection, source.connect() as rows:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        made = sa.inspect(connection).get_table_names()
        for table in tables.metadata.sorted_tables:
            if table.name not in made:
                continue
            old = sa.Table(table.name, sa.MetaData(), autoload_with=connection)
            for row in rows.execute(sa.select(old)).mappings():
                connection.execute(old.insert().values(dict(row)))
        for name in ("turn", "measure", "release"):
            connection.execute(sa.text(f"SELECT setval('{name}_id_seq', 9)"))
    engine.dispose()
    source.dispose()


def checked(store) -> int:
    with store.database.read() as connection:
        return verify(connection)


def test_an_old_ledger_is_upgraded_with_its_chain_and_its_sums(old):
    store = Store.open(load(old))
    assert checked(store) == 13  # and the line that holds the products of the twelve
    spent = {row["account"]: (row["nano"], row["currency"]) for row in store.ledger.sums()}
    assert spent["label"] == (LABELS, "CNY") and "ledger.carried" not in spent
    assert len(spent) == 6
    store.close()
    again = Store.open(load(old))
    assert checked(again) == 13
    again.close()


def test_an_old_ledger_goes_on_and_its_steps_are_not_paid_again(old):
    store = Store.open(load(old))
    turn = store.begin_turn("spec-new")

    def work(step):
        step.spend("label", 100, "label", Decimal("0.30"), evidence="labels:new")
        return {}

    assert store.step(turn, "label", "label-tiny", work, cpu_price=Decimal(1))[1] is False
    assert store.step(turn, "label", "label-new", work, cpu_price=Decimal(1))[1] is True
    assert checked(store) == 15
    spent = {row["account"]: row["nano"] for row in store.ledger.sums()}
    assert spent["label"] == LABELS - 30 * 10**9
    assert {r["origin"] for r in store.database.rows(sa.select(tables.answer))} == {"user"}
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def newer(request, product_file):
    """The product file of a store whose ledger 0.2.2 wrote."""
    return _with(NEWER, request, product_file, revision="0003")


def test_a_ledger_of_0_2_keeps_every_row_and_its_turns_remember_what_they_ran(newer):
    store = Store.open(load(newer))
    store.ledger.look_over()
    assert checked(store) == 38
    spent = {row["account"]: row["nano"] for row in store.ledger.sums()}
    assert spent["label"] == -15 * 10**9
    first, second = ([(s["name"], s["how"]) for s in store.turns.steps(n)] for n in (1, 2))
    names = ["data", "label", "baseline", "train", "compress", "release", "replay", "curve", "plan"]
    assert first == [(name, "ran") for name in names]
    assert second == [(name, "ran") for name in ("release", "replay", "plan")]
    paid = {s["name"]: s["nano"] for s in store.turns.steps(1)}
    assert paid["train"] == spent["cpu.train"] < 0
    assert store.turns.one(1)["file"] is None and store.turns.one(3) is None
    kinds = {row["kind"] for row in store.database.rows(sa.select(tables.feedback))}
    assert kinds == {"outcome", "correction", "rating"}
    pin = next(row["pinned"] for row in store.releases.current() if row["state"] == "live")
    assert pin["who"] == "li.lei"
    store.close()


def test_a_ledger_of_0_2_goes_on_and_remembers_what_it_reuses(newer):
    store = Store.open(load(newer))
    key = store.turns.steps(1)[3]["key"]
    turn = store.begin_turn("spec-new", text="product: tiny")
    assert store.step(turn, "train", key, lambda step: {}, cpu_price=Decimal(1))[1] is False
    assert store.step(turn, "plan", "new", lambda step: {"x": 1}, cpu_price=Decimal(1))[1] is True
    steps = store.turns.steps(turn)
    assert [(s["name"], s["how"]) for s in steps] == [("train", "reused"), ("plan", "ran")]
    assert steps[0]["output"]["name"] == "torch_fp32" and steps[0]["nano"] == 0
    assert store.turns.one(turn)["file"] == "product: tiny"
    store.ledger.look_over()
    store.close()


def test_answers_of_0_2_know_their_experiment_and_their_arm(newer):
    store = Store.open(load(newer))
    live, canary = (store.releases.history()[n]["variant"] for n in (0, 1))
    since, until = (store.releases.history()[n]["created"] for n in (1, 2))
    pair = experiment_of(live, canary)
    rows = store.database.rows(sa.select(tables.answer))
    assert {row["origin"] for row in rows} == {"user", "replay"}
    for row in rows:
        shared = since <= row["created"] < until and row["variant"] in (live, canary)
        arm = "live" if row["variant"] == live else "canary"
        expected = (pair, arm) if row["origin"] == "replay" or shared else (None, None)
        assert (row["experiment"], row["arm"], row["release"]) == (*expected, None)
    assert len(store.answers.replayed(pair)) > 20 and store.answers.cpu_s(pair) > 0
    store.ledger.look_over()  # each with the hash of what it holds now
    store.close()


def test_outcomes_of_0_2_are_added_up_by_user(newer):
    store = Store.open(load(newer))
    live, canary = (store.releases.history()[n]["variant"] for n in (0, 1))
    since, of = store.releases.history()[1]["created"], experiment_of(live, canary)
    a, f = tables.answer.c, tables.feedback.c
    told = sa.select(a.user, a.arm, a.value, f.value.label("truth")).join(
        tables.feedback, f.answer == a.id
    )
    rows = store.database.rows(
        told.where(f.kind == "outcome", a.origin == "user", a.experiment == of)
    )
    kept = store.database.rows(sa.select(tables.tally))
    assert sum(row["n"] for row in kept) == len(rows) > 0
    assert {(r["since"], r["total"], r["experiment"]) for r in kept} == {(since, 0.0, of)}
    pairs = {(p.value, p.truth) for p in store.answers.untold(of, since=since)}
    assert pairs == {(row["value"], row["truth"]) for row in rows}
    users = {(row["arm"], row["user"]) for row in store.answers.each_user(of, since=since)}
    assert users == {(row["arm"], row["user"]) for row in rows}
    store.ledger.look_over()
    store.close()


def test_replays_of_0_1_that_had_no_mark_are_no_users_of_an_experiment(product_file):
    path = product_file.parent / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as written, written:
        written.executescript(NEWER.read_text(encoding="utf-8"))
        rows = written.execute("SELECT variant, created FROM release ORDER BY id").fetchall()
        (live, _), (canary, since) = rows[:2]
        old = hashlib.sha256(f"{live}\t{canary}".encode()).hexdigest()[:16]
        columns = [row[1] for row in written.execute("PRAGMA table_info(answer)")]
        named = ", ".join(f'"{c}"' for c in columns)
        for identity, request in (("replayed", f"{old}:abc"), ("asked", "")):
            taken = {
                "id": f"'{identity}'",
                "request": f"'{request}'",
                "origin": "'user'",
                "created": f"'{since}'",
                "variant": f"'{canary}'",
                "sha256": "NULL",
            }
            picked = ", ".join(taken.get(c, f'"{c}"') for c in columns)
            written.execute(f"INSERT INTO answer ({named}) SELECT {picked} FROM answer LIMIT 1")
    store = Store.open(load(product_file))
    found = store.answers.of_ids(["replayed", "asked"])
    assert found["replayed"]["experiment"] is None
    assert (found["asked"]["experiment"], found["asked"]["arm"]) == (
        experiment_of(live, canary),
        "canary",
    )
    store.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE answer SET cpu_s = 99.0 WHERE origin = 'replay'",
        "UPDATE answer SET scores = 'oops' WHERE origin = 'replay'",
    ],
)
def test_what_was_damaged_before_an_upgrade_is_damaged_after_it(product_file, harm):
    path = product_file.parent / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as written, written:
        written.executescript(NEWER.read_text(encoding="utf-8"))
        written.execute(harm)
    with pytest.raises(StoreError, match="ledger table answer row"):
        Store.open(load(product_file))


def test_commits_that_are_gone_are_missed_before_an_upgrade_commits_more(product_file):
    path = product_file.parent / ".steelyard" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as written, written:
        written.executescript(NEWER.read_text(encoding="utf-8"))
        written.execute("PRAGMA user_version = 41")
    path.with_name("ledger.db.end").write_bytes(b"commits %020d\n" % 42)
    for _ in range(2):
        with pytest.raises(StoreError, match="expected 42 commits"):
            Store.open(load(product_file))


def change(store, statement: str) -> None:
    with store.database.write() as connection:
        connection.execute(sa.text(statement))


def test_a_renamed_turn_of_old_lines_is_found(old):
    store = Store.open(load(old))
    change(store, "UPDATE turn SET product = 'tiny' WHERE id = 2")
    with pytest.raises(StoreError, match="ledger entry 13: expected the products"):
        checked(store)
    store.close()


@pytest.mark.parametrize(
    "harm", [["UPDATE turn SET product = 'other'"], ["DELETE FROM turn_file", "DELETE FROM turn"]]
)
def test_money_whose_turn_is_renamed_or_gone_is_found_and_stays_in_its_sums(store, harm):
    turn = store.begin_turn("spec")
    line = Line("label", 1, "label", Money.of(-1, "CNY"), "labels:x")
    with store.database.write() as connection:
        from steelyard.store import ledger

        ledger.append(connection, [line], product="tiny", turn=turn, time="2026")
    for statement in harm:
        change(store, statement)
    with pytest.raises(StoreError, match="turn 1"):
        checked(store)
    assert [row["nano"] for row in store.ledger.sums()] == [-(10**9)]


def test_the_product_of_a_line_is_under_the_chain(store):
    with store.database.write() as connection:
        from steelyard.store import ledger

        line = Line("label", 1, "label", Money.of(-1, "CNY"), "labels:x")
        ledger.append(connection, [line], product="tiny", turn=0, time="2026")
    for value in ("'other'", "NULL"):
        change(store, f"UPDATE entry SET product = {value}")
        with pytest.raises(StoreError, match="ledger entry 1"):
            checked(store)


def test_the_migrations_make_the_tables_the_code_reads(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, tables.metadata) == []


def test_every_schema_of_before_is_known_as_one_that_can_be_upgraded():
    """A ledger of the one before was refused as damaged when the list was not told of a new one."""
    written = sorted(path.name[:4] for path in _MIGRATIONS.glob("versions/0*.py"))
    assert written == [*_OLDER, HEAD]


def test_a_ledger_of_a_later_version_is_refused_with_its_repair(store, product_file):
    change(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="schema 0010 or older, found 9999; install the newer"):
        Store.open(load(product_file))


def test_the_turns_of_a_ledger_of_0_2_are_reported_though_their_reasons_have_no_codes(
    newer, monkeypatch
):
    monkeypatch.setattr("steelyard.report.facts.with_examples", lambda *_: [])  # no texts are here
    file = load(newer)
    store = Store.open(file)
    for turn in (1, 2):
        outputs = {row["name"]: row["output"] for row in store.turns.steps(turn)}
        assert not any("_code" in json.dumps(output) for output in outputs.values())
        facts = gather(store, file, outputs, turn=turn, steps=steps_of_a_turn())
        for language in LANGUAGES:
            page = render(facts, language=language)
            assert text(sentence(outputs["replay"], "reason", language)) in page
            assert text(sentence(outputs["plan"]["plan"], "because", language)) in page
    store.close()
