"""A replay over HTTP: nothing lost, nothing twice, nobody waits for a port where nothing is."""

import threading
import time

import pytest
from tests.conftest import reviews
from tests.release.common import pair_in_service
from tests.serving import publish, release

from steelyard.errors import StoreError, UserError
from steelyard.release.client import Client
from steelyard.release.replay import Visit, replay
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import tables


def visits(n, *, seed=0, experiment="e"):
    return [
        Visit(f"{experiment}:{r['id']}", f"u{r['id']}", r["text"], r["label"])
        for r in reviews(n, seed=seed)
    ]


def count(store, table):
    return len(store.database.rows(table.select()))


def test_every_record_is_answered_and_acknowledged(store, product_file):
    release(store, publish(store), "live")
    with Server(store, load(product_file)) as url:
        report = replay(url, visits(120))
    assert (report.sent, report.answered, report.acknowledged, report.lost) == (120, 120, 120, 0)
    assert count(store, tables.feedback) == 120


def test_every_record_goes_to_both_arms_once_however_often_it_is_sent(store, product_file):
    pair = pair_in_service(store)
    with Server(store, load(product_file)) as url:
        replay(url, visits(40)[:25], arms=pair)  # stands for an attempt that was killed
        for _ in range(2):
            replay(url, visits(40), arms=pair)
    rows = store.database.rows(tables.answer.select())
    assert len(rows) == 80 == count(store, tables.feedback)
    assert {r["origin"] for r in rows} == {"replay"}
    for arm, variant in pair.items():
        mine = {r["request"].removesuffix(f":{arm}") for r in rows if r["variant"] == variant}
        assert mine == {v.request_id for v in visits(40)}


def test_a_record_outlives_a_restart_of_the_server(store, product_file):
    release(store, publish(store), "live")
    product = load(product_file)
    first = Server(store, product)
    url = first.__enter__()
    port = int(url.rsplit(":", 1)[1])
    report = []
    sender = threading.Thread(target=lambda: report.append(replay(url, visits(200), concurrency=2)))
    sender.start()
    while not count(store, tables.answer):
        time.sleep(0.01)  # until it has begun
    first.__exit__(None, None, None)
    with Server(store, product, port=port):
        sender.join(60)
    assert report[0].lost == 0 and report[0].acknowledged == 200


def test_a_port_where_nothing_listens_is_said_at_once_with_the_cause(monkeypatch):
    monkeypatch.setattr("steelyard.release.client.FIRST_S", 0.2)
    with pytest.raises(StoreError, match="Connection refused; start it: steelyard serve"):
        replay("http://127.0.0.1:9", visits(2))


def test_a_server_that_went_away_is_said_and_not_waited_for_for_ever(caplog):
    with pytest.raises(StoreError, match="start it again"):
        Client("http://127.0.0.1:9", give_up_s=0.3).post("/v1/predict", {})
    assert caplog.text.count("replay.waiting") == 1 and "refused" in caplog.text


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://127.0.0.1:x", "nothing"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(UserError, match="http://host:port"):
        replay(url, visits(1))


def test_an_arm_that_is_not_in_service_spends_nothing(store, product_file, monkeypatch):
    monkeypatch.setattr("steelyard.release.client.FIRST_S", 0.2)
    live, other = publish(store), publish(store, seed=5, name="other")
    release(store, live, "live")
    with Server(store, load(product_file)) as url, pytest.raises(StoreError, match="as canary"):
        replay(url, visits(5), arms={"live": live, "canary": other})
    assert count(store, tables.answer) == 0


def test_a_record_the_server_refuses_is_counted_and_the_rest_is_sent(store, product_file):
    pair = pair_in_service(store)
    rows = visits(20)
    rows[3] = Visit("e:big", "u", "长" * 400_000, "positive")
    rows[7] = Visit("e:empty", "u", "\u200b", "positive")
    with Server(store, load(product_file)) as url:
        report = replay(url, rows, arms=pair)
    assert (report.sent, report.refused, report.acknowledged, report.lost) == (20, 2, 18, 0)


def test_a_field_that_an_older_server_does_not_know_is_no_refused_record(monkeypatch):
    told = {"error": {"place": "body", "expected": "fields among [...]", "found": "another one"}}
    monkeypatch.setattr(Client, "_once", lambda *_: (422, told, 1.0))
    with pytest.raises(UserError, match="fields among"):
        Client("http://127.0.0.1:9").post("/v1/predict", {}, refusable=True)
