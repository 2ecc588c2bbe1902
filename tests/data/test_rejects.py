"""What was refused is told so that it can be repaired: which labels, how many, what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import reviews, write_jsonl

from steelyard.as_json import to_json
from steelyard.data.rejects import Rejects
from steelyard.errors import DataError
from steelyard.loop import turn
from steelyard.spec import load


def data_of(product_file, rows):
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    return turn(load(product_file), until="data").outputs["data"]


@pytest.mark.parametrize(
    ("label", "known", "meant"),
    [
        ("positive ", ("negative", "positive"), "positive"),
        ("Positive", ("negative", "positive"), "positive"),
        ("ＰＯＳＩＴＩＶＥ", ("negative", "positive"), "positive"),
        ("posi\u200btive", ("negative", "positive"), "positive"),
        ("postive", ("negative", "positive"), "positive"),
        ("'positive'", ("negative", "positive"), "positive"),
        ("1.0", ("0", "1"), "1"),
        ("-1.00", ("-1", "1"), "-1"),
        ("好评 ", ("差评", "好评"), "好评"),
        ("好 评", ("差评", "好 评"), "好 评"),
        ("xyz", ("negative", "positive"), None),
        ("1.5", ("0", "1"), None),
    ],
)
def test_the_label_that_was_meant_is_found(label, known, meant):
    assert Rejects(known).nearest(label) == meant


def test_unknown_labels_are_counted_each_with_the_one_that_was_meant(product_file):
    rows = reviews(600)
    for i in range(40):
        rows[i]["label"] = {"positive": "1.0", "negative": "negative "}[rows[i]["label"]]
    rejects = data_of(product_file, rows)["rejects"]
    assert rejects["reasons"] == {"a label outside task.labels": 40}
    told = {row["label"]: row for row in rejects["labels"]}
    assert sum(row["n"] for row in told.values()) == 40
    assert told["negative "]["nearest"] == "negative" and told["1.0"]["nearest"] is None


def test_the_error_of_an_empty_part_says_how_to_make_the_labels_known(product_file):
    rows = [r | {"label": f"{r['label'].upper()} "} for r in reviews(300)]
    with pytest.raises(DataError) as error:
        data_of(product_file, rows)
    said = str(error.value)
    assert "300 records were rejected, 300 for a label outside task.labels: '" in said
    assert '"NEGATIVE ": "negative"' in said and "'POSITIVE ' 1" in said
    text = product_file.read_text(encoding="utf-8")
    names = said.split("in the source, ")[1].split(", or correct")[0]
    product_file.write_text(text.replace("id: id}", f"id: id, {names}}}"), encoding="utf-8")
    assert turn(load(product_file), until="data").outputs["data"]["rejects"]["total"] == 0


def test_a_column_of_texts_taken_for_labels_fills_no_memory_and_no_screen(product_file):
    rows = [r | {"label": r["text"] * 50} for r in reviews(600)]
    with pytest.raises(DataError) as error:
        data_of(product_file, rows)
    assert len(str(error.value)) < 1500 and "task.labels" in str(error.value)


@given(st.lists(st.text(max_size=20), max_size=30))
def test_any_label_can_be_told(labels):
    import json

    rejects = Rejects(("a", "b"))
    for label in [*labels, "\ud800"]:
        rejects.word("f:1", label)
    json.dumps(to_json(rejects.counted()), ensure_ascii=False).encode()
    str(rejects).encode()
    assert rejects.total == len(labels) + 1


def test_messages_that_differ_in_a_number_are_said_to_be_one_cluster(product_file):
    rows = [
        {
            "id": str(i),
            "label": "positive" if i % 2 else "negative",
            "text": f"【快递】您的包裹已到达小区东门驿站，取件码{1000 + i * 17}，请在今天晚上八点之前凭码领取，逾期将退回寄件人，如有疑问请联系本站客服，祝您生活愉快，感谢您的理解与支持，欢迎再次光临本站。",
        }
        for i in range(400)
    ]
    with pytest.raises(DataError) as error:
        data_of(product_file, rows)
    said = str(error.value)
    assert "400 of 400 records are near-duplicates of each other" in said
    value = said.split("say data.operators: ")[1].split(" (")[0]
    text = product_file.read_text(encoding="utf-8")
    text = text.replace("data:\n", f"data:\n  operators: {value}\n")
    product_file.write_text(text, encoding="utf-8")
    splits = turn(load(product_file), until="data").outputs["data"]["splits"]
    assert all(sum(part.values()) > 20 for part in splits.values())


def test_a_label_with_personal_data_is_told_and_kept_masked(product_file):
    rows = reviews(600)
    for i in range(40):
        rows[i]["label"] = f"李雷 1391234{5600 + i} li.lei{i}@163.com"
    output = data_of(product_file, rows)
    (told,) = output["rejects"]["labels"]
    assert told == {"label": "李雷 [PHONE] [EMAIL]", "n": 40, "nearest": None}
    store = product_file.parent / ".steelyard"
    kept = [path.read_bytes() for path in store.rglob("*") if path.is_file()]
    assert any(b"[PHONE]" in body for body in kept)
    assert not any(b"1391234" in body or b"@163.com" in body for body in kept)


def test_a_masked_label_has_no_near_one_and_a_long_one_is_masked_before_it_is_cut():
    rejects = Rejects(("[PHONE]", "positive"))
    rejects.word("f:1", "13912345678")
    rejects.word("f:2", "x" * 55 + " 13912345678")
    told = rejects.told()
    assert [one.nearest for one in told] == [None, None]
    assert "139" not in str(rejects) and "139" not in rejects.repair("")


def test_a_place_with_personal_data_is_masked():
    rejects = Rejects(("a", "b"))
    rejects.add("neg/13912345678.txt", "not text")
    rejects.add("reviews-20240101.jsonl:13912", "not text")
    assert [e.where for e in rejects.examples] == [
        "neg/[PHONE].txt",
        "reviews-20240101.jsonl:13912",
    ]


@pytest.mark.parametrize(
    ("label", "known", "said", "pair"),
    [
        ("a\u200b", "a", "\"a\\u200b\" 1 times (near 'a')", '{"a\\u200b": "a"}'),
        ("cafe\u0301", "café", "\"cafe\\u0301\" 1 times (near 'café')", '{"cafe\\u0301": "café"}'),
        ("café", "cafe\u0301", "'café' 1 times (near \"cafe\\u0301\")", '{"café": "cafe\\u0301"}'),
        ("好评\u3000", "好评", '"好评\\u3000" 1 times', '{"好评\\u3000": "好评"}'),
        ("한", "\u1112\u1161\u11ab", 'near "\\u1112\\u1161\\u11ab"', '{"한": "'),
        ("a ", "a", "'a ' 1 times (near 'a')", '{"a ": "a"}'),
        ('"a"', "a", '"\\"a\\"" 1 times', '{"\\"a\\"": "a"}'),
    ],
)
def test_what_differs_only_invisibly_is_told_by_its_codes(label, known, said, pair):
    from ruamel.yaml import YAML

    rejects = Rejects((known, "other"))
    rejects.word("f:1", label)
    assert said in str(rejects)
    repair = rejects.repair("")
    assert pair in repair
    pairs = repair.split("names: ")[1].split(", or correct")[0]
    assert YAML(typ="safe", pure=True).load(pairs) == {label: known}


def test_copies_and_contradictions_are_named_when_they_are_most_of_the_data(product_file):
    rows = [{"id": str(i), "label": "positive", "text": "一样的话"} for i in range(200)]
    with pytest.raises(DataError, match="199 of 200 were copies of others"):
        data_of(product_file, rows)
    rows = [r | {"label": ["positive", "negative"][i % 2]} for i, r in enumerate(rows)]
    with pytest.raises(DataError, match="200 of 200 stand there with two labels"):
        data_of(product_file, rows)
