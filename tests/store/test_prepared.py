"""A prepared statement says and keeps what SQLAlchemy's own would, on SQLite and on PostgreSQL."""

from contextlib import closing

import pytest
import sqlalchemy as sa
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.errors import RowRefused, SteelyardError
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.store.prepared import Prepared
from steelyard.store.rows import present, put_all

ANSWER = {
    "product": "p",
    "variant": "v",
    "state": "live",
    "user": "u",
    "request": "",
    "value": "好'\"%s :x ?",
    "score": 1,
    "detail": {"好": 0.25, "a'b": None},
    "cpu_s": 0.1,
    "latency_ms": 2.5,
    "created": "2026",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(10))
    path, extra = tmp_path / "product.yaml", ""
    if request.param == "postgresql":
        extra = f"ledger: '{request.getfixturevalue('postgres_url')}'\n"
    path.write_text(PRODUCT.format(encoder="x/y") + extra, encoding="utf-8")
    with closing(Store.open(load(path))) as store:
        yield store.database


def ids(n: int, start: int = 0) -> list[str]:
    return [f"prepared-{i}" for i in range(start, start + n)]


def test_rows_come_back_as_they_were_put(database):
    a = tables.answer
    rows = [ANSWER | {"id": i} for i in ids(3)]
    with database.write() as connection:
        put_all(connection, a, rows)
    found = database.rows(sa.select(a).where(a.c.id.in_(ids(3))).order_by(a.c.id))
    assert [{k: r[k] for k in ANSWER} for r in found] == [ANSWER] * 3
    assert {r["origin"] for r in found} == {"user"}  # the default of a column that was not given
    with database.write() as connection:
        for row in connection.execute(sa.select(a).where(a.c.id.in_(ids(3)))).mappings():
            assert tables.row_sha256(a, row) == row["sha256"]
        connection.execute(a.delete().where(a.c.id.in_(ids(3))))


@pytest.mark.parametrize("n", [1, 2, 3, 511, 512, 513, 1_300])
def test_all_that_are_present_are_found_and_no_other(database, n):
    a = tables.answer
    with database.write() as connection:
        put_all(connection, a, [ANSWER | {"id": i} for i in ids(n)])
        assert present(connection, a, ids(2 * n, start=-n)) == set(ids(n))
        assert present(connection, a, []) == set()
        connection.execute(a.delete().where(a.c.id.in_(ids(n))))


def test_a_row_that_the_database_refuses_is_an_error_of_ours(database):
    with pytest.raises(RowRefused), database.write() as connection:
        put_all(connection, tables.answer, [ANSWER | {"id": "twice"}] * 2)
    with pytest.raises(RowRefused), database.write() as connection:
        put_all(connection, tables.answer, [ANSWER | {"id": "none", "value": None}])
    assert database.rows(sa.select(tables.answer.c.id).where(tables.answer.c.id == "twice")) == []


def test_a_row_with_a_column_that_is_none_is_a_fault_of_ours_and_not_lost(database):
    with pytest.raises(SteelyardError, match="answer"), database.write() as connection:
        put_all(connection, tables.answer, [ANSWER | {"id": "odd", "label": "好"}])


def test_values_of_the_statement_itself_are_kept(database):
    a = tables.answer
    some = Prepared(sa.select(a.c.id).where(a.c.id.like("limit-%")).order_by(a.c.id).limit(2))
    with database.write() as connection:
        put_all(connection, a, [ANSWER | {"id": f"limit-{i}"} for i in range(5)])
        for _ in range(2):
            assert [row[0] for row in some.run(connection)] == ["limit-0", "limit-1"]
        connection.execute(a.delete().where(a.c.id.like("limit-%")))
