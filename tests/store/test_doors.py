"""The doors of rows, nouns and a store: empty, one and many, odd names, and what is not one's own."""

from contextlib import closing

import pyarrow as pa
import pytest
import sqlalchemy as sa

from steelyard.errors import Damaged, RowRefused, SteelyardError
from steelyard.store import Datasets, nouns, tables
from steelyard.store.beside import refuse_emptied, refuse_lost_file
from steelyard.store.database import Database, file_of, shown
from steelyard.store.prepared import VALUES_MAX, Prepared
from steelyard.store.records import Known, digest_of, known_records
from steelyard.store.rows import present, put, put_all
from steelyard.store.storage import Local

SHARED = {"user": "u", "request": "", "value": "好", "score": None, "detail": {}, "cpu_s": 0.1}
SHARED |= {"variant": "v", "state": "live", "latency_ms": 1.0, "created": "2026"}
ODD = ["a'b", 'a"b', "好评", "%s", ":id", "?", "a;--", "\U0001f469\u200d\U0001f52c", " "]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("doors") / "账本.db"
    with closing(Database.open(f"sqlite:///{path}")) as opened:
        yield opened


def answers(database, ids, product):
    with database.write() as connection:
        put_all(connection, tables.answer, [SHARED | {"id": i, "product": product} for i in ids])


@pytest.mark.parametrize("n", [1, VALUES_MAX // 20, VALUES_MAX + 1])
def test_many_rows_are_put_in_parts_and_all_are_there_with_their_hash(database, n):
    product = f"many {n}"
    answers(database, [f"{product}:{i}" for i in range(n)], product)
    a = tables.answer
    rows = database.rows(sa.select(a.c.id).where(a.c.product == product))
    assert sorted(row["id"] for row in rows) == sorted(f"{product}:{i}" for i in range(n))
    database.look_over(all_rows=True)


def test_no_rows_are_put_without_a_word(database):
    with database.write() as connection:
        put_all(connection, tables.answer, [])
        assert present(connection, tables.answer, []) == set()


@pytest.mark.parametrize("identity", ODD)
def test_an_id_is_no_part_of_a_statement(database, identity):
    product = f"odd {identity}"
    answers(database, [f"id {identity}"], product)
    door = nouns.Answers(database, product)
    assert door.of_ids([f"id {identity}", identity]).keys() == {f"id {identity}"}
    assert door.one(f"id {identity}")["value"] == "好" and door.one(identity) is None
    with database.read() as connection:
        asked = [f"id {identity}", f"no {identity}"]
        assert present(connection, tables.answer, asked) == {f"id {identity}"}


def test_answers_of_no_ids_and_of_thousands_are_read(database):
    ids = [f"thousands:{i}" for i in range(3000)]
    answers(database, ids[:40], "thousands")
    door = nouns.Answers(database, "thousands")
    assert door.of_ids([]) == {} and door.of_ids(ids).keys() == set(ids[:40])
    assert nouns.Answers(database, "another").of_ids(ids) == {}


def test_rows_are_numbered_behind_the_largest_number_there_is(database):
    row = {"subject": "numbered", "name": "f1", "value": 1.0, "n": 1, "on": "x", "created": "2026"}
    with database.write() as connection:
        first = put(connection, tables.measure, row | {"detail": None})
        assert put(connection, tables.measure, row | {"id": first + 5, "detail": None}) == first + 5
        assert put(connection, tables.measure, row | {"detail": None}) == first + 6


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"id": "x", "product": "p"}, RowRefused),  # half a row
        (SHARED | {"id": "x", "product": "p", "nonsense": 1}, SteelyardError),
        (SHARED | {"id": "x", "product": None}, RowRefused),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_nothing_of_its_transaction_stays(
    database, row, error
):
    def both():
        with database.write() as connection:
            put(connection, tables.answer, SHARED | {"id": "before", "product": "refused"})
            put(connection, tables.answer, row)

    with pytest.raises(error):
        both()
    assert nouns.Answers(database, "refused").one("before") is None


def test_values_of_a_refused_row_are_not_told(database):
    answers(database, ["twice"], "p13812345678")
    with pytest.raises(RowRefused) as error:
        answers(database, ["twice"], "p13812345678")
    assert "13812345678" not in str(error.value)


def test_a_prepared_statement_brings_its_own_values_and_takes_those_it_is_given(database):
    answers(database, ["p1", "p2"], "prepared")
    a = tables.answer.c
    query = sa.select(a.id).where(a.product == sa.bindparam("of")).order_by(a.id.desc()).limit(1)
    prepared = Prepared(query)
    for product, rows in (("prepared", [("p2",)]), ("none", []), ("prepared", [("p2",)])):
        with database.write() as connection:
            assert prepared.run(connection, {"of": product}) == rows


@pytest.mark.parametrize("value", [0, "", [], {"词": ["好", None]}, 2**60], ids=str)
def test_what_was_said_of_an_answer_is_read_by_its_own_id_whatever_it_is(database, value):
    answers(database, [f"said {value}"], "feedback")
    said = {"id": f"f {value}", "answer": f"said {value}", "kind": "rating", "created": "2026"}
    with database.write() as connection:
        put(connection, tables.feedback, said | {"value": value, "at": None, "utility": None})
    assert nouns.Feedback(database, "feedback").value(f"f {value}") == value


def test_experiments_and_plans_are_told_oldest_first_and_by_product(database):
    with database.write() as connection:
        put(
            connection, tables.turn, {"id": 900, "product": "p", "spec_sha256": "s", "started": "1"}
        )
        for identity, created in (("c", "2"), ("b", "3"), ("a", "2")):
            shared = {"id": identity, "product": "told", "created": created}
            own = {"arms": {}, "unit": "u", "metric": "m", "rule": {}, "readout": {}}
            put(connection, tables.experiment, shared | own)
            put(connection, tables.plan, shared | {"turn": 900, "body": {"of": identity}})
    assert [row["id"] for row in nouns.Experiments(database, "told").all()] == ["a", "c", "b"]
    assert nouns.Plans(database, "told").all()[-1]["body"] == {"of": "b"}
    assert nouns.Plans(database, "other").all() == []


@pytest.mark.parametrize(
    ("url", "file", "said"),
    [
        ("sqlite:////srv/账本.db", "/srv/账本.db", "/srv/账本.db"),
        ("sqlite://", None, "in memory"),
        ("sqlite:///:memory:", None, ":memory:"),
        ("sqlite:///file:/srv/x.db?uri=true", None, "file:/srv/x.db"),
        ("postgresql://u:secret@host/db", None, "postgresql://u:***@host/db"),
    ],
)
def test_a_ledger_is_shown_without_its_password_and_has_a_file_or_none(url, file, said):
    made = sa.make_url(url)
    assert (str(file_of(made)) if file_of(made) else None, shown(made)) == (file, said)


def laid(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"{}")
    return Local(root)


TAG, MANIFEST = "datasets/records.lance/_refs/tags/t.json", "artifacts/a1/manifest.json"


@pytest.mark.parametrize(
    ("names", "ledger", "lost"),
    [
        ((), None, False),
        ((), b"", False),
        ((TAG,), None, True),
        ((TAG,), b"", True),
        ((TAG,), b"SQLite format 3", False),
        ((MANIFEST,), None, True),
        (("artifacts/.draft-x/model.bin",), None, False),
        (("artifacts/a1/model.bin",), None, False),  # on its way: no manifest yet
        (("datasets/records.lance/data/x", "datasets/notes/_refs/tags/t.json"), None, False),
        (("reports/turn-1.en.html", "salt"), None, False),
    ],
)
def test_a_ledger_that_is_gone_is_missed_where_its_store_holds_what_it_paid_for(
    tmp_path, names, ledger, lost
):
    storage, path = laid(tmp_path / "store", *names), tmp_path / "ledger.db"
    if ledger is not None:
        path.write_bytes(ledger)
    url = sa.make_url(f"sqlite:///{path}")
    if not lost:
        refuse_lost_file(url, storage)
        return
    with pytest.raises(Damaged, match="found no file" if ledger is None else "an empty file"):
        refuse_lost_file(url, storage)


@pytest.mark.parametrize(
    ("rows", "names", "lost"),
    [
        ((), (), False),
        ((), (TAG,), True),
        (("turn",), (TAG,), False),  # a first turn that was killed behind its data
        (("turn",), (TAG.replace("records", "labels"),), True),
        (("turn",), (MANIFEST,), True),
        (("turn", "step"), (TAG, MANIFEST), False),
    ],
)
def test_a_ledger_without_the_steps_of_what_its_store_holds_is_refused(tmp_path, rows, names, lost):
    storage = laid(tmp_path / "store", *names)
    with closing(Database.open(f"sqlite:///{tmp_path}/ledger.db")) as database:
        with database.write() as connection:
            if "turn" in rows:
                turn = {"product": "p", "spec_sha256": "s", "started": "2026"}
                put(connection, tables.turn, turn)
            if "step" in rows:
                step = {"key": "k", "name": "data", "turn": 1, "done": "2026", "cpu_s": 1.0}
                put(connection, tables.step, step | {"output": {}})
        if not lost:
            refuse_emptied(database, storage)
            return
        with pytest.raises(Damaged, match="found no step"):
            refuse_emptied(database, storage)


@pytest.mark.parametrize("keys", [True, False])
def test_records_are_known_by_the_key_of_their_text_or_of_before_by_the_text_itself(tmp_path, keys):
    datasets = Datasets(Local(tmp_path))
    table = {
        "id": ["a", "记录"],
        "content": ["很好", "太差"],
        "label": ["好评", None],
        "source": ["s", "s"],
        "split": ["train", "stream"],
    } | ({"key": ["k1", "k2"]} if keys else {})
    datasets.publish("records", pa.table(table), tag="t")
    one, other = known_records(datasets, "t")
    digest = digest_of("很好")
    assert one == Known("a", "k1" if keys else digest, digest, "train", "好评", "s")
    assert (other.id, other.label, other.part) == ("记录", None, "stream")
