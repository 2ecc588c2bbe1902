"""The whole wheel turns for tasks that exist only here, in a package of a stranger's, and on no label."""

import http.client
import json
import random
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from tests.serving import call
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.errors import SteelyardError
from steelyard.loop import turn
from steelyard.report import gather, render
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store, tables

FILE = """\
product: strange
task: {task}
goals: {{p95_ms: 500}}
money: {{currency: CNY, prices: {{label: 0.3, cpu_hour: 0.35}}, correct_answer: 0.01}}
data:
  sources: [{{path: data.jsonl, reader: jsonl, label: right, id: id}}]
  split: {{holdout: 0.2, stream: 0.3}}
label: {{start: 120}}
{train}
release: {{replay: 60}}
plan: {{unit: 30, requests: 100000, curve: [0.3, 0.6]}}
"""
REPLIES = {
    "hello": "hello, how can I help?",
    "你好": "您好，请讲",
    "refund": "退款三天内到账",
    "bye": "再见",
}
WORDS = ["parcel", "颜色", "物流", "broken", "下周", "客服", "please"]


def written(tmp_path, task, rows, train=""):
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "data.jsonl").write_text(lines, encoding="utf-8")
    path = tmp_path / "product.yaml"
    path.write_text(FILE.format(task=task, train=train), encoding="utf-8")
    return path


def replies(n=500):
    rng = random.Random(0)
    for i in range(n):
        word = rng.choice([*REPLIES, "hello"])
        yield {"id": f"r{i}", "text": f"{word} {rng.choice(WORDS)} {i}", "right": REPLIES[word]}


def spans(n=500):
    """A number of one to four digits in a text that cleaning changes in front of it."""
    rng = random.Random(0)
    for i in range(n):
        head = f"{rng.choice(WORDS)}\u200b  {rng.choice(WORDS)} "
        number = str(rng.randrange(1, 9999))
        span = {"start": len(head), "end": len(head) + len(number), "label": "number"}
        yield {"id": f"s{i}", "text": f"{head}{number} 块 {'abc'[i % 3]}", "right": [span]}


def rents(n=500):
    """Fields instead of a text, and a number to say."""
    rng = random.Random(0)
    for i in range(n):
        kind, size = rng.choice(["flat", "房", "house"]), rng.randrange(20, 90)
        right = {"flat": 30, "房": 60, "house": 90}[kind] + rng.random()
        yield {"id": f"f{i}", "text": {"kind": kind, "size": size, "at": i}, "right": right}


def check_whole(path):
    done = turn(load(path))
    steps = ["data", "label", "baseline", "train", "compress", "release", "replay", "curve", "plan"]
    assert list(done.outputs) == steps
    assert done.outputs["train"]["against_baseline"]["low"] > 0
    assert [p["labels"] for p in done.outputs["curve"]["curve"]] == [36, 72, 120]
    assert done.outputs["label"]["bought"] == 120  # the gain of more is counted from that point
    assert done.outputs["compress"]["chosen"] == done.outputs["train"]["variant"]
    assert done.outputs["replay"]["sent"] > 0 and done.outputs["replay"]["lost"] == 0
    again = turn(load(path))
    assert not {"data", "label", "baseline", "train", "compress", "curve"} & set(again.ran)
    product = load(path)
    with closing(Store.open(product)) as store:
        facts = gather(store, product, done.outputs)
        for language in ("en", "zh"):
            assert "<table" in render(facts, language=language)
    assert show(path).exit_code == 0
    return done


def show(path):
    return CliRunner().invoke(app, ["show", str(path)])


def served(path, text, truth):
    """What the server says of a text, and to its truth."""
    product = load(path)
    store = Store.open(product)
    with Server(store, product) as url:
        status, body, _ = call(url, "POST", "/v1/predict", {"input": text})
        assert status == 200
        (answer,) = body["answers"]
        said = {"answer_id": answer["answer_id"], "kind": "outcome", "value": truth}
        assert call(url, "POST", "/v1/feedback", said)[0] == 200
        wrong = said | {"value": {"no": "truth"}}
        assert call(url, "POST", "/v1/feedback", wrong)[0] == 422
        document = call(url, "GET", "/openapi.json")[1]
    store.close()
    fields = document["components"]["schemas"]["PredictResponse"]["properties"]["answers"]
    assert set(fields["items"]["properties"]) == set(answer)
    return answer


def test_a_task_that_writes_texts_turns_the_whole_wheel(stranger, tmp_path):
    train = "train: {methods: [commonest, {by_word: {place: 0}}]}"
    path = written(tmp_path, "{name: reply, length_max: 60}", replies(), train)
    done = check_whole(path)
    assert done.outputs["train"]["metrics"]["exact"]["value"] == 1.0
    answer = served(path, "你好 物流", "您好，请讲")
    assert answer["reply"] == "您好，请讲"


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
    path = written(tmp_path, "{name: reply, length_max: 60}", replies(), train)
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


def test_a_caller_who_leaves_ends_the_writing_and_a_retry_still_gets_its_answer(
    stranger, tmp_path, monkeypatch
):
    train = "train: {methods: [commonest, {by_word: {place: 0}}]}"
    path = written(tmp_path, "{name: reply, length_max: 60}", replies(), train)
    turn(load(path), until="replay")
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


def test_an_answer_that_is_being_written_is_of_its_partners_quota(stranger, tmp_path, monkeypatch):
    train = "train: {methods: [commonest, {by_word: {place: 0}}]}"
    path = written(tmp_path, "{name: reply, length_max: 60}", replies(), train)
    path.write_text(
        path.read_text(encoding="utf-8") + "market: {partners: {acme: {answers_a_day: 1}}}\n",
        encoding="utf-8",
    )
    turn(load(path), until="replay")
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


def test_a_model_that_breaks_off_says_so_in_its_last_event(stranger, tmp_path, monkeypatch, caplog):
    train = "train: {methods: [commonest, {by_word: {place: 0}}]}"
    path = written(tmp_path, "{name: reply, length_max: 60}", replies(), train)
    turn(load(path), until="replay")
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


def test_a_task_of_spans_turns_the_whole_wheel_and_tells_places_as_they_were_sent(
    stranger, tmp_path
):
    path = written(tmp_path, "{name: digit_spans, entities: [number]}", spans())
    done = check_whole(path)
    assert done.outputs["train"]["metrics"]["span_f1"]["value"] == 1.0
    text = "\u3000颜色\u200b\u200b  ok 77 块 a"
    at = text.index("77")
    answer = served(path, text, [{"start": at, "end": at + 2, "label": "number"}])
    assert text[answer["spans"][0]["start"] : answer["spans"][0]["end"]] == "77"


def test_a_kind_of_content_of_a_strangers_turns_the_whole_wheel(stranger, tmp_path):
    """Rows: kept in Arrow, hashed, sent over HTTP, replayed, trained in processes of their own."""
    path = written(tmp_path, "{name: rent, tolerance: 5}", rents())
    done = check_whole(path)
    metrics = done.outputs["train"]["metrics"]
    assert metrics["within"]["value"] == 1.0 and metrics["mean_error"]["value"] < 1
    answer = served(path, {"kind": "房", "size": 7}, 60.2)
    assert answer["rent"] == pytest.approx(60.5, abs=0.3)
    product = load(path)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        document = call(url, "GET", "/openapi.json")[1]["paths"]["/v1/predict"]["post"]
        (body,) = document["requestBody"]["content"].values()
        assert body["schema"]["properties"] or body["schema"]["oneOf"]
        first = body["schema"]["oneOf"][0]["properties"]["input"]
        assert first["description"] == "fields by name"
        long = {"kind": "flat", "notes": "x" * 500}, {"kind": "flat", "notes": "x" * 5000}
        for row in long:  # read in a thread, and in a process of its own
            status, said, _ = call(url, "POST", "/v1/predict", {"input": row})
            assert status == 200 and said["answers"][0]["rent"] == pytest.approx(30.5, abs=0.3)
        assert call(url, "POST", "/v1/predict", {"input": "a text"})[0] == 422
        assert call(url, "POST", "/v1/predict", b"x", {"Content-Type": "image/png"})[0] == 415


def test_a_source_that_grows_is_read_again_and_one_that_does_not_is_not(
    stranger, tmp_path, monkeypatch
):
    """A reader says where its records are and whether they changed; no file of ours is asked."""
    feed = tmp_path / "elsewhere.txt"
    monkeypatch.setenv("STRANGER_FEED", str(feed))
    items = [
        json.dumps({"id": r["id"], "said": r["text"], "reply": r["right"]}, ensure_ascii=False)
        for r in replies(400)
    ]
    feed.write_text("\n".join([*items[:300], "{broken"]), encoding="utf-8")
    path = written(tmp_path, "{name: reply}", [])
    source = "{path: data.jsonl, reader: jsonl, label: right, id: id}"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(source, "{reader: {feed: {newest: 350}}}"), encoding="utf-8")

    def data():
        done = turn(load(path), until="data")
        return done.ran, done.outputs["data"]

    ran, output = data()
    assert ran == ["data"] and output["counts"][0]["operator"] == "read feed of strangers"
    assert output["rejects"]["examples"] == [{"where": "feed:301", "reason": "no item"}]
    assert sum(sum(n.values()) for n in output["splits"].values()) == 300
    assert data()[0] == []
    feed.write_text("\n".join(items), encoding="utf-8")
    ran, output = data()
    assert ran == ["data"]
    assert sum(sum(n.values()) for n in output["splits"].values()) == 350
    path.write_text(text.replace(source, "{reader: feed}"), encoding="utf-8")  # all by default
    _, output = data()
    assert sum(sum(n.values()) for n in output["splits"].values()) == 400


def test_options_of_a_task_are_checked_with_their_place(stranger, tmp_path):
    path = written(tmp_path, "{name: reply, length_mx: 60}", replies(3))
    with pytest.raises(
        SteelyardError, match=r"product.yaml:2:.*length_mx.*did you mean 'length_max'"
    ):
        load(path)


def test_a_task_that_breaks_the_protocol_is_named_with_what_it_lacks(stranger, tmp_path):
    path = written(tmp_path, "{name: half}", replies(3))
    with pytest.raises(SteelyardError, match=r"task half: .*no Options, content"):
        turn(load(path))


def test_a_method_that_does_not_suit_the_task_is_named(stranger, tmp_path):
    train = "train: {methods: [commonest, silent]}"
    path = written(tmp_path, "{name: reply}", replies(3), train)
    with pytest.raises(SteelyardError, match=r"train.methods.1: .*found 'silent'"):
        turn(load(path))


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (
            "{by_word: {plase: 0}}",
            r"train.methods.1.by_word.plase: not a setting; did you mean 'place'",
        ),
        ("{by_word: {place: x}}", r"train.methods.1.by_word.place: expected an integer, found 'x'"),
        (
            "{commonest: {place: 0}}",
            r"train.methods.1.commonest.place: not a setting; commonest has none",
        ),
    ],
)
def test_settings_of_a_kind_are_checked_with_their_place(stranger, tmp_path, train, said):
    path = written(tmp_path, "{name: reply}", replies(3), f"train: {{methods: [silent, {train}]}}")
    with pytest.raises(SteelyardError, match=said) as refused:
        load(path)
    assert "product.yaml:9:" in str(refused.value)


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        (
            "{by_word: {length_mx: 3}}",
            r"10:.*compress.decodings.0.by_word.length_mx: not a setting; did you mean 'length_max'",
        ),
        (
            "by_word",
            r"10:.*compress.decodings.0: expected settings of how 'by_word' writes, found none",
        ),
        (
            "{commonest: {length_max: 3}}",
            r"10:.*compress.decodings.0.commonest.length_max: not a setting; commonest has none",
        ),
        (
            "mean",
            r"10:.*compress.decodings.0: expected a method that is tried, one of .*found 'mean'",
        ),
    ],
)
def test_a_way_to_write_that_would_make_no_variant_is_refused(stranger, tmp_path, decoding, said):
    train = f"train: {{methods: [commonest, by_word]}}\ncompress: {{decodings: [{decoding}]}}"
    with pytest.raises(SteelyardError, match=said):
        load(written(tmp_path, "{name: reply}", replies(3), train))
