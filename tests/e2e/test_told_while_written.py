"""A reply is told while it is written: measured, streamed, broken off, left by its caller, counted."""

import http.client
import json
import shutil
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from tests.e2e.strange import replies, written
from tests.serving import call

from steelyard.loop import turn
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store, tables

TASK = "{name: reply, length_max: 60}"


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """An empty folder, in which the first test that needs it leaves a product with a live release."""
    return tmp_path_factory.mktemp("turned") / "product"


@pytest.fixture
def path(stranger, turned, tmp_path):
    """A copy of that product; none of its tests looks at how it was trained."""
    if not turned.exists():
        made = tmp_path / "made"
        made.mkdir()
        train = "train: {methods: [commonest, {by_word: {place: 0}}]}"
        turn(load(written(made, TASK, replies(), train)), until="replay")
        made.rename(turned)
    shutil.copytree(turned, tmp_path / "product")
    return tmp_path / "product" / "product.yaml"


JSON = {"Content-Type": "application/json"}


def streamed(url, body):
    """(status, events) as a plain client reads them."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    with closing(connection):
        connection.request("POST", "/v1/predict", json.dumps(body | {"stream": True}), JSON)
        response = connection.getresponse()
        said = response.read().decode()
    if response.getheader("content-type") == "application/json":
        return response.status, json.loads(said)["error"]
    assert response.getheader("content-type").startswith("text/event-stream")
    events = [event.split("\n") for event in said.split("\n\n")[:-1]]
    return response.status, [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in events
    ]


def test_how_a_generator_writes_is_measured_chosen_and_streamed(stranger, tmp_path):
    train = "train: {methods: [commonest, by_word]}\ncompress: {decodings: [{by_word: {length_max: 2}}, {by_word: {at_once: 5}}]}"
    path = written(tmp_path, TASK, replies(), train)
    done = turn(load(path))
    rows = {row["name"]: row for row in done.outputs["compress"]["table"]}
    assert list(rows)[:3] == ["by_word", "by_word length_max=2", "by_word at_once=5"]
    assert rows["by_word length_max=2"]["quality"] < 0.7 < rows["by_word at_once=5"]["quality"] == 1
    assert not rows["by_word length_max=2"]["chosen"]
    trained = done.outputs["train"]["variant"]
    again = turn(load(path))  # another way to write is no other training
    assert {"train", "compress"}.isdisjoint(again.ran)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("length_max: 2}", "length_max: 40}"), encoding="utf-8")
    third = turn(load(path))
    assert "train" not in third.ran and "compress" in third.ran
    assert third.outputs["train"]["variant"] == trained

    product = load(path)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        plain = call(url, "POST", "/v1/predict", {"input": "你好 物流"})[1]["answers"][0]
        status, events = streamed(url, {"input": "你好 物流", "user": "u", "request_id": "r1"})
        names = [name for name, _ in events]
        assert status == 200 and names[-1] == "answer" and set(names[:-1]) == {"piece"}
        (answer,) = events[-1][1]["answers"]
        assert "".join(data["text"] for _, data in events[:-1]) == answer["reply"] == plain["reply"]
        said = {"answer_id": answer["answer_id"], "kind": "outcome", "value": "您好，请讲"}
        assert call(url, "POST", "/v1/feedback", said)[0] == 200
        # a retry has the same answer, in one event
        assert (
            streamed(url, {"input": "你好 物流", "user": "u", "request_id": "r1"})[1] == events[-1:]
        )
        (row,) = store.database.rows(
            tables.answer.select().where(tables.answer.c.id == answer["answer_id"])
        )
        assert row["value"] == "您好，请讲" and row["cpu_s"] > 0
        status, error = streamed(url, {"inputs": ["你好 a", "你好 b"]})
        assert status == 422 and error["expected"] == "one input, to be streamed"
        assert streamed(url, {"input": 7})[0] == 422
        operation = call(url, "GET", "/openapi.json")[1]["paths"]["/v1/predict"]["post"]
        assert "text/event-stream" in operation["responses"]["200"]["content"]


def let_by_letter(monkeypatch):
    """The writer tells a letter each time that what comes back is released."""
    import stranger_reply

    go = threading.Semaphore(0)

    def slow(self, feature):
        (answer,) = self.answers_of([feature])
        for letter in answer.value:
            assert go.acquire(timeout=30)
            yield letter
        yield answer

    monkeypatch.setattr(stranger_reply.Writer, "stream", slow)
    return go


def test_a_caller_who_leaves_ends_the_writing_and_a_retry_still_gets_its_answer(path, monkeypatch):
    go = let_by_letter(monkeypatch)
    product = load(path)
    with closing(Store.open(product)) as store, Server(store, product) as url:

        def left(**more):
            """A client that reads one event and goes."""
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            body = {"input": "你好 物流", "stream": True} | more
            connection.request("POST", "/v1/predict", json.dumps(body), JSON)
            go.release()
            response = connection.getresponse()
            assert response.readline() == b"event: piece\n"
            connection.close()
            response.close()

        def kept(n):
            """The answers in the ledger, once there are so many."""
            end = time.monotonic() + 30
            of_users = tables.answer.select().where(tables.answer.c.origin == "user")
            while len(rows := store.database.rows(of_users)) < n:
                assert time.monotonic() < end
                go.release()
                time.sleep(0.05)
            return rows

        left()
        (row,) = kept(1)
        assert row["detail"] == {"unfinished": True} and "您好，请讲".startswith(row["value"])
        left(user="u", request_id="again")
        whole = [r for r in kept(2) if r["request"] == "again"]
        assert [r["value"] for r in whole] == ["您好，请讲"]
        _, events = streamed(url, {"input": "你好 物流", "user": "u", "request_id": "again"})
        assert [name for name, _ in events] == ["answer"]
        assert events[0][1]["answers"][0]["answer_id"] == whole[0]["id"]


def test_an_answer_that_is_being_written_is_of_its_partners_quota(path, monkeypatch):
    partners = "market: {partners: {acme: {answers_a_day: 1}}}\n"
    path.write_text(path.read_text(encoding="utf-8") + partners, encoding="utf-8")
    go = let_by_letter(monkeypatch)
    product = load(path)
    with (
        closing(Store.open(product)) as store,
        Server(store, product, key="own", partners={"acme": "theirs"}) as url,
        closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection,
    ):
        theirs = JSON | {"X-API-Key": "theirs"}
        body = json.dumps({"input": "你好 物流", "stream": True})
        go.release()
        connection.request("POST", "/v1/predict", body, theirs)
        response = connection.getresponse()
        assert response.readline() == b"event: piece\n"
        for _ in range(2):
            assert call(url, "POST", "/v1/predict", {"input": "bye"}, theirs)[0] == 429
        go.release(10)
        assert b"event: answer" in response.read()
        assert call(url, "POST", "/v1/predict", {"input": "bye"}, theirs)[0] == 429


def test_a_model_that_breaks_off_says_so_in_its_last_event(path, monkeypatch, caplog):
    import stranger_reply

    def broken(self, feature):
        yield "您"
        raise ValueError("what a user said")

    monkeypatch.setattr(stranger_reply.Writer, "stream", broken)
    product = load(path)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        status, events = streamed(url, {"input": "你好 物流"})
    assert status == 200 and [name for name, _ in events] == ["piece", "error"]
    assert events[1][1]["error"]["status"] == 500
    assert "ValueError" in caplog.text and "what a user said" not in caplog.text
