"""Money to the nano at any price, a ledger that is away, and one ledger under two servers."""

import logging
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serving import ask, call

from steelyard.errors import RequestError
from steelyard.serve import Server
from steelyard.serve.journal import Journal
from steelyard.store import Store, tables

PRICES = ["0.0000001", "0.002", "0.005", "0.3", "123.456"]


def priced(product, cpu_hour):
    prices = product.spec.money.prices.model_copy(update={"cpu_hour": Decimal(cpu_hour)})
    money = product.spec.money.model_copy(update={"prices": prices})
    return replace(product, spec=product.spec.model_copy(update={"money": money}))


def row_of(identity, cpu_s=0.0):
    return {
        "id": identity,
        "product": "tiny",
        "variant": "v",
        "state": "live",
        "user": "u",
        "request": "",
        "value": "positive",
        "score": 1.0,
        "detail": {},
        "cpu_s": cpu_s,
        "latency_ms": 1.0,
    }


@pytest.mark.parametrize("price", PRICES)
def test_a_thousand_small_commits_cost_quantity_times_price(store, product, price, monkeypatch):
    taken = []
    monkeypatch.setattr(
        store, "record_once", lambda facts, lines: taken.extend(lines({r["id"] for _, r in facts}))
    )
    journal = Journal(store, priced(product, price))
    for i in range(1000):
        journal.answers([row_of(f"a{i}", 0.00105)]).result(20)
    journal.close()
    exact = sum(Decimal(line.quantity) for line in taken) * Decimal(price) * 10**9
    assert abs(-sum(line.money.nano for line in taken) - exact) <= 1
    assert abs(sum(Decimal(line.quantity) for line in taken) * 3600 - Decimal("1.05")) < Decimal(
        "0.001"
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(amounts=st.lists(st.decimals("-0.0000009", "0.0000009", places=14), max_size=60))
def test_what_rounding_leaves_is_carried_and_never_lost(amounts):
    journal, carried = Journal.__new__(Journal), {}
    journal.store = type("Of", (), {"currency": "CNY"})
    nano = sum(journal._rounded("a", amount, carried).nano for amount in amounts)
    assert abs(nano - sum(amounts) * 10**9) <= Decimal("0.5")


def test_after_a_refused_row_each_is_told_as_it_is_written(store, product, monkeypatch):
    """The others of its group are written one by one: who is durable must not wait for the rest."""
    began, go, told = threading.Event(), threading.Event(), []

    def record(facts, lines):
        began.set()
        assert go.wait(20)
        if any(row["id"] == "bad" for _, row in facts):
            raise ValueError("no such row")
        lines({row["id"] for _, row in facts})

    @contextmanager
    def telling():
        told.append([])
        yield

    monkeypatch.setattr(store, "record_once", record)
    journal = Journal(store, product, telling=telling)
    journal.answers([row_of("first")])
    assert began.wait(20)
    for name in ("a", "bad", "b"):
        future = journal.answers([row_of(name)])
        future.add_done_callback(lambda _, name=name: told[-1].append(name))
    go.set()
    journal.close()
    assert told[1:] == [["a"], ["bad"], ["b"]]


def test_what_comes_to_a_closed_journal_is_refused(store, product):
    journal = Journal(store, product)
    journal.close()
    with pytest.raises(RequestError, match="one that ends") as refused:
        journal.answers([row_of("late")])
    assert refused.value.status == 503


def test_a_request_of_many_rows_is_waited_for_once_and_not_with_others_of_its_kind(
    store, product, monkeypatch
):
    """Four clients of 64 inputs each made commits of 256 rows, and everybody else waited for them."""
    began, go, groups = threading.Event(), threading.Event(), []

    def record(facts, lines):
        began.set()
        assert go.wait(20)
        groups.append([row["id"] for _, row in facts])
        lines({row["id"] for _, row in facts})

    monkeypatch.setattr(store, "record_once", record)
    journal = Journal(store, product)
    journal.answers([row_of("first")])
    assert began.wait(20)
    for name in ("a", "many0", "b", "many1", "c", "many2"):
        n = 20 if name.startswith("many") else 1
        journal.answers([row_of(f"{name}.{i}") for i in range(n)])
    go.set()
    journal.close()
    found = [list(dict.fromkeys(i.split(".")[0] for i in group)) for group in groups]
    assert found == [["first"], ["a", "many0", "b", "c"], ["many1"], ["many2"]]


def test_who_waited_for_many_rows_is_written_before_the_next_many(store, product, monkeypatch):
    """With one of 64 inputs in every commit, whoever came during one waited for two of them."""
    began, groups, journal = threading.Event(), [], None
    meanwhile = {"a": ("many1", "b"), "many0": ("c", "many2"), "many1": ("d",)}

    def record(facts, lines):
        assert began.wait(20)
        groups.append(list(dict.fromkeys(row["id"].split(".")[0] for _, row in facts)))
        for first in groups[-1]:
            for name in meanwhile.pop(first, ()):
                put(name)
        lines({row["id"] for _, row in facts})

    def put(name):
        n = 20 if name.startswith("many") else 1
        told.append(journal.answers([row_of(f"{name}.{i}") for i in range(n)]))

    told = []
    monkeypatch.setattr(store, "record_once", record)
    journal = Journal(store, product)
    with journal.together():
        put("a")
        put("many0")
    began.set()
    for i in range(7):
        assert told[i].result(20)
    journal.close()
    assert groups == [["a", "many0"], ["b", "c"], ["many1"], ["d"], ["many2"]]


def test_a_commit_that_failed_moves_no_money(store, product, monkeypatch):
    write = store.record_once

    def fails(facts, lines):
        lines({row["id"] for _, row in facts})
        raise ValueError("no")

    journal = Journal(store, priced(product, "0.005"))
    monkeypatch.setattr(store, "record_once", fails)
    assert isinstance(journal.answers([row_of("a", 0.1)]).exception(20), ValueError)
    monkeypatch.setattr(store, "record_once", write)
    assert journal._carried == {}
    journal.close()


def test_a_locked_ledger_is_a_503_said_once_and_over_when_it_is_free(product, store, live, caplog):
    with (
        caplog.at_level(logging.INFO, "steelyard.serve"),
        closing(Store.open(product, busy_s=0.05)) as own,
        Server(own, product) as url,
    ):
        first = ask(url)[1]["answers"][0]["answer_id"]
        outcome = {"answer_id": first, "kind": "outcome", "value": "positive"}
        with closing(sqlite3.connect(store.root / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(5):
                status, _, headers = ask(url, request_id="r")
                assert status == 503 and int(headers["Retry-After"]) >= 1
                assert call(url, "POST", "/v1/feedback", outcome)[0] == 503
            other.execute("ROLLBACK")
        assert ask(url, request_id="r")[0] == 200
        assert call(url, "POST", "/v1/feedback", outcome)[0] == 200
    said = [r.getMessage().split(" ")[0] for r in caplog.records]
    assert said.count("ledger.away") == 1 and said.count("ledger.back") == 1


def test_a_server_waits_for_a_lock_less_than_a_client_waits_for_it():
    from steelyard.serve import server

    assert 2 * server.BUSY_S < 2  # one group at work, and the one that joined behind it


def test_a_full_disk_is_a_503_said_once_and_over_when_there_is_room(
    url, store, caplog, monkeypatch
):
    from steelyard.store.failures import no_room

    def full(*_):
        raise no_room("ledger")

    with caplog.at_level(logging.INFO, "steelyard.serve"), monkeypatch.context() as patch:
        patch.setattr(store, "record_once", full)
        answers = [ask(url) for _ in range(4)]
    assert {status for status, _, _ in answers} == {503}
    assert "disk" not in str(answers[0][1])
    assert ask(url)[0] == 200
    assert len([r for r in caplog.records if "ledger.away" in r.getMessage()]) == 1


def test_a_ledger_that_cannot_be_read_is_said_in_the_log_too(url, store, caplog, monkeypatch):
    from steelyard.errors import Unavailable

    def away(*_):
        raise Unavailable("ledger", "a database that answers", "none")

    with caplog.at_level(logging.INFO, "steelyard.serve"), monkeypatch.context() as patch:
        patch.setattr(store.database, "rows", away)
        assert [ask(url, request_id="r")[0] for _ in range(3)] == [503] * 3
    assert len([r for r in caplog.records if "ledger.away" in r.getMessage()]) == 1


def test_one_request_id_at_two_servers_of_one_ledger_gets_the_row_that_is_stored(
    product, store, live, monkeypatch
):
    from steelyard.serve.service import Service

    both = threading.Barrier(2)
    stored = Service._stored

    def late(self, ids):
        """Both look before either has written, once each."""
        found = stored(self, ids)
        if not getattr(self, "looked", False):
            self.looked = True
            both.wait(20)
        return found

    monkeypatch.setattr(Service, "_stored", late)
    bodies = []
    with (
        closing(Store.open(product)) as other,
        Server(store, product) as a,
        Server(other, product) as b,
    ):
        threads = [
            threading.Thread(target=lambda u=u: bodies.append(ask(u, user="u", request_id="r")))
            for u in (a, b)
        ]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        again = ask(a, user="u", request_id="r")[1]
    (row,) = store.database.rows(tables.answer.select())
    assert [status for status, _, _ in bodies] == [200, 200]
    assert bodies[0][1] == bodies[1][1] == again
    assert again["answers"][0]["answer_id"] == row["id"]
    assert again["answers"][0]["score"] == row["score"]
    (line,) = [r for r in store.ledger.sums() if r["account"] == "cpu.serve"]
    assert float(line["quantity"]) * 3600 == pytest.approx(row["cpu_s"], rel=1e-3)


def test_a_clock_that_was_set_back_answers_no_known_request_again(url, store, monkeypatch):
    first = ask(url, user="u", request_id="r")[1]
    monkeypatch.setattr(store.clock, "now", lambda: "1999-01-01T00:00:00.000000+00:00")
    assert ask(url, user="u", request_id="r")[1] == first
    assert len(store.database.rows(tables.answer.select())) == 1
