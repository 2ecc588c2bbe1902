"""A real server on a free port, asked as users and strangers ask."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from decimal import Decimal
from http.client import HTTPException

import pytest
from tests.serving import ask, call, publish, release

from steelyard.errors import RequestError, RowRefused, UserError
from steelyard.serve import Server, serve
from steelyard.serve.batcher import Batcher, Replaced
from steelyard.spec.model import Serve
from steelyard.store import Clock, Store, tables
from steelyard.store.failures import told
from steelyard.store.ledger import verify


def test_one_text_gets_one_answer_with_its_release(url, live):
    status, body, _ = ask(url)
    assert status == 200 and body["release"] == live and body["state"] == "live"
    (answer,) = body["answers"]
    assert answer["label"] == "positive" and answer["score"] == max(answer["scores"].values())


def test_many_texts_get_answers_in_their_order(url):
    _, body, _ = call(
        url, "POST", "/v1/predict", {"inputs": ["很好，满意", "太差，失望", "great lovely"]}
    )
    assert [a["label"] for a in body["answers"]] == ["positive", "negative", "positive"]


def test_an_answer_is_in_the_ledger_with_its_cost_before_it_is_given(url, store):
    _, body, _ = ask(url)
    (row,) = store.database.rows(tables.answer.select())
    assert row["id"] == body["answers"][0]["answer_id"] and row["cpu_s"] > 0
    assert any(r["account"] == "cpu.serve" for r in store.ledger.sums())


def test_users_and_texts_are_not_kept_in_the_clear(url, store):
    ask(url, user="王小明", request_id="r1")
    (row,) = store.database.rows(tables.answer.select())
    assert "王小明" not in str(row) and "满意" not in str(row)


def test_feedback_earns_once_however_often_it_is_sent(url, store):
    _, body, _ = ask(url)
    sent = {"answer_id": body["answers"][0]["answer_id"], "kind": "outcome", "value": "positive"}
    first = call(url, "POST", "/v1/feedback", sent)
    assert first[0] == 200 and call(url, "POST", "/v1/feedback", sent)[1] == first[1]
    earned = {r["account"]: r["nano"] for r in store.ledger.sums()}["value.correct"]
    assert earned == 10_000_000  # one correct answer at 0.01
    with store.database.read() as connection:
        assert verify(connection) > 0


def test_a_second_outcome_that_contradicts_the_first_is_refused_and_earns_nothing(url, store):
    identity = ask(url)[1]["answers"][0]["answer_id"]
    outcome = {"answer_id": identity, "kind": "outcome"}
    assert call(url, "POST", "/v1/feedback", outcome | {"value": "negative"})[0] == 200
    status, body, _ = call(url, "POST", "/v1/feedback", outcome | {"value": "positive"})
    assert status == 409 and "correction" in body["error"]["repair"]
    assert {r["account"]: r["nano"] for r in store.ledger.sums()}["value.correct"] == 0
    correction = {"answer_id": identity, "kind": "correction", "value": "positive"}
    assert call(url, "POST", "/v1/feedback", correction)[0] == 200


def test_simultaneous_outcomes_of_one_answer_are_one(url, store):
    identity = ask(url)[1]["answers"][0]["answer_id"]
    found = []

    def send(value):
        body = {"answer_id": identity, "kind": "outcome", "value": value}
        found.append((call(url, "POST", "/v1/feedback", body)[0], value))

    threads = [threading.Thread(target=send, args=(v,)) for v in ["positive", "negative"] * 4]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    (kept,) = store.database.rows(tables.feedback.select())
    assert all((status == 200) == (value == kept["value"]) for status, value in found)


def test_a_wrong_answer_earns_nothing(url, store):
    _, body, _ = ask(url)
    sent = {"answer_id": body["answers"][0]["answer_id"], "kind": "outcome", "value": "negative"}
    assert call(url, "POST", "/v1/feedback", sent)[0] == 200
    assert {r["account"]: r["nano"] for r in store.ledger.sums()}["value.correct"] == 0


def test_a_retry_with_the_same_request_id_gets_the_same_answer_and_is_not_paid_again(url, store):
    first = ask(url, user="u", request_id="r1")[1]["answers"][0]
    again = ask(url, user="u", request_id="r1")[1]["answers"][0]
    assert again["answer_id"] == first["answer_id"] and again["label"] == first["label"]
    assert len(store.database.rows(tables.answer.select())) == 1
    other = ask(url, user="v", request_id="r1")[1]["answers"][0]
    assert other["answer_id"] != first["answer_id"]


def test_a_retry_repeats_every_answer_with_every_score(url, store):
    sent = {"inputs": ["很好，满意", "太差，失望"], "user": "u", "request_id": "r1"}
    first = call(url, "POST", "/v1/predict", sent)[1]
    assert call(url, "POST", "/v1/predict", sent)[1] == first
    assert len(first["answers"]) == 2 == len(store.database.rows(tables.answer.select()))
    assert all(set(a["scores"]) == {"negative", "positive"} for a in first["answers"])


def test_a_request_id_used_for_another_text_is_another_request(url, store):
    first = ask(url, "真的很好，满意", request_id="1")[1]["answers"][0]
    other = ask(url, "太差，失望，退货", request_id="1")[1]["answers"][0]
    assert (first["label"], other["label"]) == ("positive", "negative")
    tabbed = ask(url, user="a\tb", request_id="c")[1], ask(url, user="a", request_id="b\tc")
    assert tabbed[1][0] == 422  # no control characters in an id


def test_reading_the_input_is_paid_with_its_answer(store, live):
    from steelyard.engine.model import open_model
    from steelyard.tasks import open_task

    class Second(Clock):
        """Every look at the thread's clock is a second later."""

        s = 0.0

        def thread_cpu_s(self):
            self.s += 1
            return self.s

    predictor = open_model(store.artifacts.open(live))
    batcher = Batcher(predictor, Serve(batch_wait_ms=0), clock=Second())
    task = open_task("text_classification", {"labels": ("negative", "positive")})
    (priced,) = batcher.submit(batcher.prepare(lambda: [task.decode("很好")])).result(20)
    batcher.close()
    assert priced.cpu_s == 2.0  # one for reading it, one for the batch


def test_simultaneous_retries_are_one_answer(url, store):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(url, user="u", request_id="same")))
        for _ in range(8)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {f[1]["answers"][0]["answer_id"] for f in found} == {
        found[0][1]["answers"][0]["answer_id"]
    }
    assert len(store.database.rows(tables.answer.select())) == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/predict", b"{broken", 400, "JSON"),
        ("/v1/predict", "中".encode("gbk"), 400, "JSON"),
        ("/v1/predict", b"[" * 100_000, 400, "JSON"),
        ("/v1/predict", {}, 422, "either 'input' or 'inputs'"),
        ("/v1/predict", {"input": "x", "inputs": ["y"]}, 422, "either"),
        ("/v1/predict", {"input": 7}, 422, "expected a text, found int"),
        ("/v1/predict", {"input": "   "}, 422, "an empty one"),
        ("/v1/predict", {"inputs": []}, 422, "at least one"),
        ("/v1/predict", {"inputs": ["x"] * 65}, 422, "at most 64"),
        ("/v1/predict", {"input": "x", "usr": "y"}, 422, "'user'"),
        ("/v1/predict", {"input": "x", "user": 7}, 422, "user"),
        ("/v1/predict", [1, 2], 422, "an object with 'input' or 'inputs'"),
        ("/v1/predict", b'{"input": "\\ud800"}', 400, "surrogate"),
        ("/v1/predict", {"input": "x", "request_id": "a\u0000b"}, 422, "request_id"),
        ("/v1/predict", {"input": "x", "request_id": "x" * 65}, 422, "request_id"),
        ("/v1/predict", b'{"input": "x", "request_id": "\\ud800"}', 400, "surrogate"),
        (
            "/v1/feedback",
            {"answer_id": "a\u0000", "kind": "rating", "value": "5"},
            422,
            "answer_id",
        ),
        ("/v1/predict", b"x" * 1_000_001, 413, "at most 1000000 bytes"),
        (
            "/v1/feedback",
            {"answer_id": "none", "kind": "outcome", "value": "positive"},
            404,
            "answer",
        ),
        ("/v1/feedback", {"answer_id": "x", "kind": "applause", "value": "y"}, 422, "kind"),
        ("/v1/nothing", {}, 404, "path"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_right_status_and_why(
    url, path, body, status, said
):
    found, answer, _ = call(url, "POST", path, body)
    assert found == status and set(answer["error"]) == {
        "status",
        "place",
        "expected",
        "found",
        "repair",
    }
    assert said in str(answer["error"])


def test_errors_never_repeat_what_the_user_sent(url):
    secret = "我的电话13812345678"
    for body in (
        {"input": [secret]},
        {"input": "x", "user": [secret]},
        {"input": "x", secret: 1},
        {"input": "x", "request_id": secret + "\x00"},
        {secret: secret},
    ):
        status, answer, _ = call(url, "POST", "/v1/predict", body)
        assert status == 422 and secret not in str(answer)


def test_a_wrong_type_is_named_for_what_it_is(url):
    wanted = {"answer_id": "x", "kind": "outcome", "value": 0}
    assert call(url, "POST", "/v1/feedback", wanted)[1]["error"]["found"] == "a number"
    assert call(url, "POST", "/v1/predict", {"inputs": "x"})[1]["error"]["found"] == "a text"
    missing = call(url, "POST", "/v1/feedback", {"answer_id": "x", "value": "y"})[1]["error"]
    assert (missing["place"], missing["found"]) == ("kind", "nothing")


def test_an_outcome_outside_the_labels_is_refused(url):
    _, body, _ = ask(url)
    sent = {"answer_id": body["answers"][0]["answer_id"], "kind": "outcome", "value": "neutral"}
    assert call(url, "POST", "/v1/feedback", sent)[0] == 422


def test_another_method_and_another_content_type_are_refused(url):
    assert call(url, "GET", "/v1/predict")[0] == 405
    assert call(url, "POST", "/v1/predict", b"x", {"Content-Type": "text/plain"})[0] == 415


def test_a_picture_sent_to_a_text_product_is_refused(url):
    status, body, _ = call(url, "POST", "/v1/predict", b"\x89PNG", {"Content-Type": "image/png"})
    assert status == 415 and body["error"]["expected"] == "application/json"


def test_a_journal_that_cannot_keep_up_refuses_instead_of_filling_the_memory(
    store, product, monkeypatch
):
    from steelyard.serve import journal as module

    monkeypatch.setattr(module, "WAITING_MAX", 2)
    held, taken = threading.Event(), threading.Event()
    monkeypatch.setattr(store, "record_once", lambda *_: (taken.set(), held.wait(20)))
    journal = module.Journal(store, product)
    rows = [{"id": "a", "variant": "v", "cpu_s": 0.0}]
    journal.answers(rows)
    assert taken.wait(20)  # the writer has the first
    journal.answers(rows)
    journal.answers(rows)
    with pytest.raises(RequestError) as error:
        journal.answers(rows)
    assert error.value.status == 503
    held.set()
    journal.close()


def test_a_body_without_an_honest_length_is_still_bounded(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        try:
            for _ in range(40):
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except OSError:
            pass  # the server may close while we still send
        assert b"413" in connection.recv(200)


def test_probes_metrics_and_docs_answer(url):
    ask(url)
    assert call(url, "GET", "/healthz")[1] == {"status": "alive"}
    assert call(url, "GET", "/readyz")[1]["status"] == "ready"
    assert (
        'steelyard_requests_total{route="predict",status="200"} 1.0'
        in call(url, "GET", "/metrics")[1]
    )
    assert call(url, "GET", "/docs")[0] == 200
    assert "PredictRequest" in str(call(url, "GET", "/openapi.json")[1])


def test_without_a_release_the_server_is_alive_but_not_ready(store, product):
    with Server(store, product) as url:
        assert call(url, "GET", "/healthz")[0] == 200
        status, _, headers = call(url, "GET", "/readyz")
        assert status == 503 and headers["Retry-After"] == "1"
        assert ask(url)[0] == 503


def test_a_user_stays_on_one_release_and_the_share_is_kept(store, product, live):
    canary = publish(store, seed=9, name="new")
    release(store, canary, "canary", 0.3)
    with Server(store, product) as url:
        seen = {f"u{i}": ask(url, user=f"u{i}")[1]["state"] for i in range(150)}
        again = {u: ask(url, user=u)[1]["state"] for u in list(seen)[:30]}
    share = list(seen.values()).count("canary") / 150
    assert 0.15 < share < 0.45 and all(seen[u] == s for u, s in again.items())


def test_another_canary_meets_other_users(store, product, live):
    from steelyard.serve.router import Router

    met = []
    for seed in (9, 10):
        canary = publish(store, seed=seed, name="new")
        release(store, canary, "canary", 0.5)
        router = Router(store, product.spec.serve, every_s=3600)
        met.append({f"u{i}" for i in range(200) if router.pick(f"u{i}").variant == canary})
        router.close()
        release(store, canary, "retired", 0.0)
    assert 20 < len(met[0] & met[1]) < 80  # a quarter of 200, not a half


def test_a_damaged_release_is_refused_and_the_previous_one_keeps_serving(store, product, live):
    from steelyard.serve.router import Router

    router = Router(store, product.spec.serve, every_s=3600)
    newer = publish(store, seed=5, name="newer")
    (store.artifacts.peek(newer) / "model.safetensors").write_bytes(b"damaged")
    release(store, live, "retired", 0.0)
    release(store, newer, "live")
    router.refresh()
    assert router.pick("u").variant == live
    router.close()
    restarted = Router(store, product.spec.serve, every_s=3600)  # and after a restart
    assert restarted.pick("u").variant == live
    restarted.close()


def test_a_manifest_that_is_no_text_is_refused_and_the_previous_one_keeps_serving(
    store, product, live
):
    from steelyard.serve.router import Router

    newer = publish(store, seed=5, name="newer")
    (store.artifacts.peek(newer) / "manifest.json").write_bytes(b"\xff\xfe")
    release(store, live, "retired", 0.0)
    release(store, newer, "live")
    router = Router(store, product.spec.serve, every_s=3600)
    assert router.pick("u").variant == live
    router.close()


def test_a_new_release_is_taken_up_without_a_restart(store, product, live):
    from steelyard.serve.router import Router

    router = Router(store, product.spec.serve, every_s=0.05)
    newer = publish(store, seed=5, name="newer")
    release(store, newer, "live")
    release(store, live, "retired", 0.0)
    deadline = time.monotonic() + 20
    while router.pick("u").variant != newer and time.monotonic() < deadline:
        time.sleep(0.02)
    assert router.pick("u").variant == newer
    router.close()


class Slow:
    """Stands for a model that takes its time; only the queue in front of it is under test."""

    threads = 1

    def __init__(self):
        self.go, self.taken = threading.Event(), threading.Event()

    def features(self, contents):
        return list(contents)

    def size(self, feature):
        return 1

    def answers_of(self, features, *, batch_tokens):
        self.taken.set()
        self.go.wait(20)
        raise RuntimeError("done")


def test_a_full_queue_refuses_at_once(store):
    slow = Slow()
    batcher = Batcher(slow, Serve(queue_max=2, batch_tokens=1, batch_wait_ms=0), clock=Clock())
    job = batcher.prepare(lambda: ["x"])
    waiting = [batcher.submit(job)]
    assert slow.taken.wait(20)  # the worker has the first
    waiting += [batcher.submit(job) for _ in range(2)]
    for refused in (batcher.check_room, lambda: batcher.submit(job)):
        with pytest.raises(RequestError) as error:
            refused()
        assert error.value.status == 503
    slow.go.set()
    batcher.close()
    assert all(isinstance(f.exception(timeout=5), RuntimeError) for f in waiting)
    with pytest.raises(Replaced):
        batcher.submit(job)


def test_a_caller_that_is_gone_stops_no_batch(store, live):
    from steelyard.engine.model import open_model

    predictor = open_model(store.artifacts.open(live))
    batcher = Batcher(predictor, Serve(batch_wait_ms=100), clock=Clock())
    gone = batcher.submit(batcher.prepare(lambda: ["很好"]))
    gone.cancel()
    assert (
        batcher.submit(batcher.prepare(lambda: ["很好"])).result(20)[0].answer.value == "positive"
    )
    batcher.close()


def test_a_row_the_database_refuses_costs_no_other_request(store, product, monkeypatch):
    from steelyard.serve.journal import Journal

    write, groups, all_sent = store.record_once, [], threading.Event()

    def record(facts, lines):
        groups.append(len(facts))
        assert all_sent.wait(20)  # so that others join the next group
        if any(row["id"] == "bad" for _, row in facts):
            raise ValueError("no such row")
        write(facts, lines)

    monkeypatch.setattr(store, "record_once", record)
    journal = Journal(store, product)
    rows = [row_of(i) for i in ("a", "bad", "b", "bad", "c")]
    futures = [journal.answers([row]) for row in rows]
    all_sent.set()
    failed = [isinstance(f.exception(20), ValueError) for f in futures]
    journal.close()
    assert failed == [False, True, False, True, False] and max(groups) > 1
    assert {r["id"] for r in store.database.rows(tables.answer.select())} == {"a", "b", "c"}


def row_of(identity):
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
        "cpu_s": 0.0,
        "latency_ms": 1.0,
    }


def test_a_ledger_that_is_away_is_a_503_and_no_text_of_a_user_is_in_the_error(
    url, store, monkeypatch
):
    def away(*_):
        raise told(sqlite3.OperationalError("database is locked"), "ledger", busy_s=1)

    monkeypatch.setattr(store, "record_once", away)
    status, body, headers = ask(url)
    assert status == 503 and headers["Retry-After"] == "1" and "locked" not in str(body)
    with pytest.raises(RowRefused) as error, store.database.write() as connection:
        connection.execute(
            tables.feedback.insert().values(
                id="f", answer="no", kind="我的电话", value="秘密", created="t"
            )
        )
    assert "秘密" not in str(error.value) and "我的电话" not in str(error.value)


def test_more_requests_in_work_than_there_is_room_for_are_refused(
    store, product, live, monkeypatch
):
    from steelyard.serve import service

    monkeypatch.setattr(service, "IN_FLIGHT_QUEUES", 0)
    with Server(store, product) as url:
        assert ask(url)[0] == 503
        sent = {"answer_id": "a", "kind": "rating", "value": "5"}
        status, body, _ = call(url, "POST", "/v1/feedback", sent)
        assert status == 503 and "room for a request" in str(body)


def test_a_request_that_is_never_finished_does_not_keep_the_server(product_file, store, live):
    process, url = start(product_file)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
        time.sleep(0.3)
        process.terminate()
        process.wait(60)  # the grace of server.SHUTDOWN_S, and no longer


def test_a_server_open_to_a_network_without_a_key_does_not_start(product, monkeypatch):
    monkeypatch.delenv("STEELYARD_API_KEY", raising=False)
    with pytest.raises(UserError, match="STEELYARD_API_KEY"):
        serve(product, host="0.0.0.0")


def start(product_file, port=0, key=None):
    # given as bytes: a key may be any bytes but NUL
    env = {os.fsencode(k): os.fsencode(v) for k, v in os.environ.items()}
    env |= {b"STEELYARD_API_KEY": key if isinstance(key, bytes) else key.encode()} if key else {}
    command = [sys.executable, "-m", "steelyard", "serve", str(product_file), "--port", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
    )
    url = process.stdout.readline().split(" on ")[1].split(" ")[0]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if call(url, "GET", "/readyz")[0] == 200:
                return process, url
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def test_a_key_is_asked_for_when_one_is_set(product_file, store, live):
    process, url = start(product_file, key="geheim")
    try:
        status, body, headers = ask(url)
        assert (
            status == 401 and headers["WWW-Authenticate"] == "Bearer" and "geheim" not in str(body)
        )
        body = {"input": "很好"}
        assert call(url, "POST", "/v1/predict", body, {"Authorization": "Bearer wrong"})[0] == 401
        assert call(url, "POST", "/v1/predict", body, {"Authorization": "Bearer geheim"})[0] == 200
        assert call(url, "POST", "/v1/predict", body, {"X-API-Key": "geheim"})[0] == 200
        assert call(url, "GET", "/healthz")[0] == 200
    finally:
        process.terminate()
        process.wait(30)


def test_a_key_of_other_bytes_is_compared_as_bytes(product_file, store, live):
    key = "密钥".encode() + b"\xff"
    process, url = start(product_file, key=key)
    try:
        for sent, status in (
            (b"Bearer " + key, 200),
            (b"bearer " + key, 200),
            (b"Bearer ???", 401),
        ):
            found = call(url, "POST", "/v1/predict", {"input": "很好"}, {"Authorization": sent})
            assert found[0] == status
    finally:
        process.terminate()
        process.wait(60)


def test_a_port_that_cannot_be_is_a_clear_error(product_file):
    command = [sys.executable, "-m", "steelyard", "serve", str(product_file), "--port", "70000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "65535" in done.stderr and "Traceback" not in done.stderr


def test_the_server_of_a_turn_asks_for_its_own_key(store, product, live):
    with Server(store, product, key="only-this-turn") as url:
        assert ask(url)[0] == 401
        body = {"input": "很好"}
        assert call(url, "POST", "/v1/predict", body, {"X-API-Key": "only-this-turn"})[0] == 200


def test_a_port_in_use_is_a_clear_error(product, live):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="a free port"):
            serve(product, port=taken.getsockname()[1])


def test_kill_9_loses_no_acknowledged_answer_and_no_acknowledged_feedback(
    product_file, store, live
):
    process, url = start(product_file)
    acknowledged, feedback = [], []
    stop = threading.Event()

    def user(n):
        i = 0
        while not stop.is_set():
            try:
                body = ask(url, user=f"u{n}", request_id=f"{n}-{i}")[1]
                identity = body["answers"][0]["answer_id"]
                acknowledged.append(identity)
                sent = {"answer_id": identity, "kind": "outcome", "value": "positive"}
                if call(url, "POST", "/v1/feedback", sent)[0] == 200:
                    feedback.append(identity)
            except (OSError, HTTPException, KeyError, TypeError):
                return
            i += 1

    threads = [threading.Thread(target=user, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    while len(feedback) < 60:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    stop.set()
    for t in threads:
        t.join()
    process.wait(30)
    answers = {r["id"] for r in store.database.rows(tables.answer.select())}
    kept = {r["answer"] for r in store.database.rows(tables.feedback.select())}
    assert set(acknowledged) <= answers and set(feedback) <= kept
    with store.database.read() as connection:
        verify(connection)
    label = {r["id"]: r["value"] for r in store.database.rows(tables.answer.select())}
    right = sum(
        label[r["answer"]] == r["value"] for r in store.database.rows(tables.feedback.select())
    )
    earned = {r["account"]: Decimal(r["quantity"]) for r in store.ledger.sums()}["value.correct"]
    assert earned == right > 0


def test_the_store_is_one_for_server_and_reader(product, store, live):
    other = Store.open(product)
    assert other.releases.current()[0]["variant"] == live
    other.close()


@pytest.mark.parametrize(
    "body", [{"inptu": "a"}, {"inputs": []}, {"input": 7}, {"input": "a", "user": 7}, {}]
)
def test_every_refused_request_says_how_to_repair_it(url, body):
    status, answer, _ = call(url, "POST", "/v1/predict", body)
    assert status == 422 and answer["error"]["repair"]
