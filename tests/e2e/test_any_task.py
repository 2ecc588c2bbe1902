"""The whole wheel turns for tasks that exist only here, in a package of a stranger's, and on no label."""

import json
import random
from contextlib import closing

import pytest
from tests.conftest import reviews
from tests.e2e.strange import WORDS, replies, written
from tests.serving import call
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.engine.model import read_config
from steelyard.errors import SteelyardError
from steelyard.loop import turn
from steelyard.report import gather, render
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store


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
    steps = [
        "data",
        "label",
        "baseline",
        "label_audit",  # a stage of the stranger's
        "train",
        "compress",
        "release",
        "replay",
        "curve",
        "market",
        "plan",
    ]
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


def moods(n=500):
    """Reviews as the feed of the stranger's gives them, a few of them too short for its operator."""
    for i, row in enumerate(reviews(n)):
        yield {"id": row["id"], "said": "ok" if i % 50 == 0 else row["text"], "reply": row["label"]}


def test_one_of_every_kind_of_a_strangers_turns_in_one_product(stranger, tmp_path, monkeypatch):
    """Task, method, preprocessor, compressor, runtime, reader, operator, stage and lever; the kind of content has a turn above."""
    feed = tmp_path / "feed.txt"
    monkeypatch.setenv("STRANGER_FEED", str(feed))
    feed.write_text("\n".join(map(json.dumps, moods())), encoding="utf-8")
    more = """\
train: {methods: [linear, {letter_sums: {buckets: 1024}}], epochs: 20, batch: 16, learning_rate: 1.0e-2, precision: fp32}
compress: {variants: [{whole_steps: {steps: 100}}], quality_loss_max: 0.2, measure_items: 32}"""
    path = written(tmp_path, "{name: mood_of_text, labels: [negative, positive]}", [], more)
    source = "{path: data.jsonl, reader: jsonl, label: right, id: id}]"
    text = path.read_text(encoding="utf-8").replace(
        source, "{reader: feed}]\n  operators: [normalize, pii, {well_sized: {least: 5}}, dedupe]"
    )
    path.write_text(text, encoding="utf-8")
    left = turn(load(path)).outputs
    counts = {row["operator"]: row for row in left["data"]["counts"]}
    assert counts["read feed of strangers"]["out"] == 500
    assert counts["well_sized"]["detail"] == {"too_short": 10}
    assert left["label_audit"] == {"share": 120 / left["label"]["pool"], "seed": 0}
    assert left["train"]["method"] == "letter_sums"
    rows = {row["name"]: row for row in left["compress"]["table"]}
    assert rows["whole_steps"]["quality"] > 0.8 and rows["whole_steps"]["cpu_ms"] > 0
    options = {row["name"]: row for row in left["plan"]["plan"]["options"]}
    assert options["fair_flyers"]["net"] == pytest.approx(30.0)
    product = load(path)
    with closing(Store.open(product)) as store:
        step_sums = store.artifacts.open(rows["whole_steps"]["variant"])
        assert (read_config(step_sums).runtime, read_config(step_sums).precision) == (
            "step_sums",
            "int8",
        )
        for language, said in (("en", "labelled: "), ("zh", "已标注: ")):
            page = render(gather(store, product, left), language=language)
            assert (
                said in page and ("展会传单" if language == "zh" else "flyers at the fair") in page
            )
    answer = served(path, "很好，满意，喜欢，推荐", "positive")
    assert answer["label"] == "positive"


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
    with pytest.raises(SteelyardError, match=r"task half .*without Options, content"):
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
