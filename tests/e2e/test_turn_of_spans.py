"""token_classification from a file to a server, with an encoder, exports and a dictionary beside it."""

import json
import random
from contextlib import closing

import pytest
from tests.conftest import PRODUCT
from tests.serving import call

from steelyard.engine.model import open_model
from steelyard.loop import turn
from steelyard.report import gather, render
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store

WORDS = ["这个", "东西", "真的", "有点", "the parcel", "用了", "一周", "客服", "颜色", "again"]
GOOD = ["很好", "满意", "喜欢", "推荐", "great", "lovely"]
BAD = ["太差", "失望", "退货", "难用", "awful", "broken"]


def rows(n):
    rng = random.Random(0)
    for i in range(n):
        entity, words = rng.choice([("praise", GOOD), ("blame", BAD)])
        word, head = rng.choice(words), "，".join(rng.sample(WORDS, 2)) + "\u200b，"
        text = f"{head}{word}，{rng.choice(WORDS)} {i}"
        span = [len(head), len(head) + len(word), entity]
        yield {"id": f"r{i}", "text": text, "label": [span] if i % 10 else []}


@pytest.fixture
def product(tmp_path, encoder):
    rng = list(rows(500))
    # one in ten has none, and its text says so
    for row in rng:
        if not row["label"]:
            row["text"] = f"，一周 {row['id']}，颜色"
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rng)
    (tmp_path / "reviews.jsonl").write_text(lines, encoding="utf-8")
    text = PRODUCT.format(encoder=encoder)
    text = text.replace(
        "{name: text_classification, labels: [negative, positive]}",
        "{name: token_classification, entities: [praise, blame]}",
    )
    text = text.replace("macro_f1: 0.5", "span_f1: 0.5").replace("vocabulary", "vocabulary")
    path = tmp_path / "product.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_spans_from_a_file_to_a_server(product):
    done = turn(product)
    trained, table = done.outputs["train"], done.outputs["compress"]["table"]
    assert trained["metrics"]["span_f1"]["value"] > 0.8
    assert {r["name"] for r in table} == {"torch_fp32", "onnx_fp32", "onnx_int8", "baseline"}
    assert (
        next(r for r in table if r["name"] == "onnx_fp32")["quality"]
        == trained["metrics"]["span_f1"]["value"]
    )
    assert done.outputs["replay"]["lost"] == 0 and done.outputs["replay"]["sent"] > 0
    with closing(Store.open(product)) as store:
        facts = gather(store, product, done.outputs)
        for language, said in (("en", "true spans"), ("zh", "真实片段")):
            assert said in render(facts, language=language)
        models = [open_model(store.artifacts.open(r["variant"])) for r in table]
        text = "\u3000这个\u200b\u200b  东西，很好，用了 😀 一周"
        (torch, onnx, *_, dictionary) = [m.answers([m.task.decode(text)])[0].value for m in models]
        assert dictionary == [[text.index("很好"), text.index("很好") + 2, "praise"]]
        assert torch == onnx
        with Server(store, product) as url:
            status, body, _ = call(url, "POST", "/v1/predict", {"inputs": [text, "太差" * 9000]})
            assert status == 200, body
            for sent, answer in zip([text, "太差" * 9000], body["answers"], strict=True):
                for span in answer["spans"]:
                    assert 0 <= span["start"] < span["end"] <= len(sent)
            truth = [{"start": 9, "end": 11, "label": "praise"}]
            said = {"answer_id": body["answers"][0]["answer_id"], "kind": "outcome", "value": truth}
            assert call(url, "POST", "/v1/feedback", said)[0] == 200
            other = said | {"value": [{"start": 9, "end": 11, "label": "nobody"}]}
            status, refused, _ = call(url, "POST", "/v1/feedback", other)
            assert status == 422 and "praise" in refused["error"]["expected"]
