"""The thread that counts: full, away, raced by another server, killed; on SQLite and on PostgreSQL."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from tests.counted import OWN, convert, product_in
from tests.serving import call

from steelyard.errors import RequestError, Unavailable
from steelyard.serve import Server, counter
from steelyard.serve.counter import Counter
from steelyard.serve.schema import ConversionRequest
from steelyard.serve.told import Teller
from steelyard.spec import load
from steelyard.store import Store, tables

CASH = "market: {counting: {channels: [wechat], cash: true}}\n"


@pytest.fixture
def product(tmp_path):
    return product_in(tmp_path, market=CASH)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_product(request, product):
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
        text = product.path.read_text(encoding="utf-8") + f"ledger: '{url}'\n"
        product.path.write_text(text, encoding="utf-8")
    return load(product.path)


def nobody(error):
    raise AssertionError(error)


def converted(store, product, **said):
    teller = Teller(product, salt=store.salt())
    return teller.converted(ConversionRequest(**said), now=store.clock.now(), partner=None)


def nano(store):
    store.ledger.verify()
    rows = store.database.rows(tables.entry.select())
    return [row["nano"] // 10**9 for row in rows if row["account"] == "sale.income"]


def test_two_servers_of_one_ledger_count_an_id_once(any_product):
    """Each with a counter of its own, all at once: one writes, the others find what it wrote."""
    outcomes = []
    with closing(Store.open(any_product)) as store:
        counters = [Counter(store, any_product, away=nobody) for _ in range(4)]

        def tell(one, i):
            for n in range(5):
                told = converted(store, any_product, id=f"o{n}", value=1 + i % 2)
                try:
                    outcomes.append(one.put(told).result(30).revision)
                except RequestError as error:
                    outcomes.append(error.status)

        threads = [threading.Thread(target=tell, args=(one, i)) for i, one in enumerate(counters)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in counters:
            one.close()
        assert sorted(outcomes) == [0] * 10 + [409] * 10
        assert len(store.events.of_kind("conversion")) == len(nano(store)) == 5


def test_corrections_and_a_revocation_in_one_group_book_what_is_left(any_product):
    with closing(Store.open(any_product)) as store:
        one = Counter(store, any_product, away=nobody)
        bodies = [
            {"id": "o", "value": 5},
            {"id": "o", "value": 5},
            {"id": "o", "value": 7, "revision": 1},
            {"id": "o", "revoked": True},
            {"id": "p", "value": 3},
        ]
        futures = [one.put(converted(store, any_product, **body)) for body in bodies]
        assert [future.result(30).revision for future in futures] == [0, 0, 1, 2, 0]
        one.close()
        assert nano(store) == [5, -5, 7, -7, 3]


def test_a_full_queue_is_503_and_says_when_to_come_again(product, monkeypatch):
    monkeypatch.setattr(counter, "WAITING_MAX", 0)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        status, _, headers = convert(url, id="o", value=1)
        assert (status, headers["Retry-After"]) == (503, "1")
        assert call(url, "GET", "/go/wechat", headers={"User-Agent": "a person"})[0] == 302
        assert "steelyard_visits_uncounted_total 1.0" in call(url, "GET", "/metrics")[1]


def test_a_ledger_that_is_away_is_503_and_the_retry_counts_once(product, monkeypatch):
    with closing(Store.open(product)) as store, Server(store, product) as url:
        whole = store.record_once

        def away(*_, **__):
            raise Unavailable("ledger", "one that can be written", "locked")

        monkeypatch.setattr(store, "record_once", away)
        assert convert(url, id="o", value=1)[0] == 503
        monkeypatch.setattr(store, "record_once", whole)
        assert convert(url, id="o", value=1)[0] == 200
        assert nano(store) == [1]


def test_one_row_that_is_refused_costs_the_others_nothing(product, monkeypatch):
    with closing(Store.open(product)) as store:
        one, whole, go = Counter(store, product, away=nobody), store.record_once, threading.Event()

        def record(facts, lines, **more):
            assert go.wait(20)
            if any(row["nano"] == 13 * 10**9 for _, row in facts):
                raise ValueError("no such row")
            whole(facts, lines, **more)

        monkeypatch.setattr(store, "record_once", record)
        futures = [one.put(converted(store, product, id=f"o{i}", value=i)) for i in (1, 12, 13, 14)]
        go.set()
        told = [future.exception(20) for future in futures]
        one.close()
        assert [type(error) for error in told] == [type(None), type(None), ValueError, type(None)]
        assert sorted(nano(store)) == [1, 12, 14]


def test_a_counter_that_ends_writes_what_it_was_given_and_takes_no_more(product):
    with closing(Store.open(product)) as store:
        one = Counter(store, product, away=nobody)
        futures = [one.put(converted(store, product, id=f"o{i}", value=1)) for i in range(300)]
        one.close()
        assert all(future.done() for future in futures) and len(nano(store)) == 300
        with pytest.raises(RequestError, match="one that ends"):
            one.put(converted(store, product, id="late"))


def test_a_group_is_one_durable_commit_and_answers_have_most_of_the_time(product, monkeypatch):
    groups = []
    with closing(Store.open(product)) as store:
        whole = store.record_once

        def record(facts, lines, **more):
            groups.append(len(facts))
            whole(facts, lines, **more)
            time.sleep(0.02)

        monkeypatch.setattr(store, "record_once", record)
        one, began_s = Counter(store, product, away=nobody), time.monotonic()
        futures = []
        while time.monotonic() - began_s < 1:
            futures.append(one.put(converted(store, product, id=f"o{len(futures)}", value=1)))
            time.sleep(0.002)
        for future in futures:
            future.result(20)
        one.close()
    assert max(groups) > 10 and len(groups) < 20  # back to back there would be fifty


SERVER = """
import sys
from contextlib import closing
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store
product = load(sys.argv[1])
with closing(Store.open(product)) as store, Server(store, product) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(product):
    """kill -9 while many tell: every id with a 200 is there, once, with its line."""
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(product.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    url, known = started.stdout.readline().strip(), []

    def tell(k):
        for i in range(1000):
            try:
                if convert(url, id=f"o{k}.{i}", value=1)[0] == 200:
                    known.append(f"o{k}.{i}")
            except OSError:
                return

    threads = [threading.Thread(target=tell, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(known) < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGKILL)
    started.wait(20)
    for thread in threads:
        thread.join()
    assert len(known) >= 40
    with closing(Store.open(product)) as store:
        there = {row["key"] for row in store.events.of_kind("conversion")}
        assert {converted(store, product, id=name).key for name in known} <= there
        assert len(nano(store)) == len(there)
        with Server(store, product) as again:
            assert {convert(again, OWN, id=name, value=1)[0] for name in known[:5]} == {200}
            assert len(store.events.of_kind("conversion")) == len(there)
