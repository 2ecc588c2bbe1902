"""Readers refuse what is broken, operators count what they do, twins never cross the split."""

import gzip
import io
import itertools
import random
import tracemalloc

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import reviews, shared, write_jsonl

from steelyard.as_json import to_json
from steelyard.data import pipeline
from steelyard.data.dedupe import drop_exact, near
from steelyard.data.operators import Row
from steelyard.data.split import split_of
from steelyard.errors import DataError, Missing
from steelyard.plugins import get
from steelyard.spec import load
from steelyard.spec.model import Source, Split
from steelyard.store import Step
from steelyard.tasks import open_task, task_of
from steelyard.tasks.cleaning import normalize
from steelyard.tasks.masking import mask
from steelyard.tasks.numbers import is_card, is_id_card

LIMIT = 10_000


def read(path, *, limit=LIMIT, **fields):
    rejects = []
    source = Source(path=path.name, **fields)
    reader = get("readers", source.reader.name)
    raws = list(
        reader.read(source, path, line_bytes_max=limit, reject=lambda w, r: rejects.append((w, r)))
    )
    return raws, rejects


def run(product_file):
    product = load(product_file)
    from steelyard.store import Store

    store = Store.open(product)
    task = task_of(product)
    step = Step(store, "data", "key", store.begin_turn("spec"), "CNY")
    output = to_json(pipeline.run(store, product, step, task=task))
    rows = store.datasets.read("records", output["dataset"]).to_pylist()
    store.close()
    return output, rows


def test_a_csv_with_quotes_and_line_breaks_is_read_by_column(tmp_path):
    path = tmp_path / "评论.csv"
    path.write_text(
        '\ufeffid,text,label\n1,"很好，\n""真的""",positive\n2,plain,negative\n', encoding="utf-8"
    )
    raws, rejects = read(path, reader="csv", label="label", id="id")
    assert [(r.id, r.content, r.label, r.where) for r in raws] == [
        ("1", '很好，\n"真的"', "positive", "评论.csv:2"),
        ("2", "plain", "negative", "评论.csv:4"),
    ]
    assert rejects == []


def test_a_missing_column_says_which_was_meant(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("txt,label\nx,y\n")
    with pytest.raises(DataError, match=r"a.csv:1: expected a column 'text'.*did you mean 'txt'"):
        read(path, reader="csv")


def test_a_quote_that_is_never_closed_is_a_counted_reject(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('text\nok\n"open\n' + "more\n" * 50)
    raws, rejects = read(path, reader="csv")
    assert [r.content for r in raws] == ["ok", *["more"] * 50]
    assert rejects == [("a.csv:3", "a quote that is never closed")]


def test_a_quote_inside_a_field_swallows_no_record(tmp_path):
    path = tmp_path / "a.csv"
    lines = [f"第{i}条,neg" for i in range(40)]
    lines[10], lines[20] = '5" 屏,neg', '6" 屏,neg'
    path.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    raws, rejects = read(path, reader="csv", label="label")
    assert len(raws) == 40 and rejects == [] and raws[10].content == '5" 屏'


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), min_size=1, max_size=20))
def test_every_record_a_csv_writer_writes_is_read_or_counted(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    rows = [[c.replace("\r", "") for c in row] for row in rows]
    with path.open("w", encoding="utf-8", newline="", errors="surrogatepass") as file:
        csv.writer(file, lineterminator="\n").writerows([["text", "label"], *rows])
    try:
        raws, rejects = read(path, reader="csv", label="label")
    except DataError:
        return  # half a surrogate pair is no UTF-8
    whole = [row for row in rows if "\0" not in "".join(row)]
    assert [why for _, why in rejects] == ["a NUL byte"] * (len(rows) - len(whole))
    assert [r.content for r in raws] == [row[0] for row in whole]


def test_a_cell_larger_than_allowed_is_a_counted_reject_in_parquet_too(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["好", "长" * 1000]}), path)
    raws, rejects = read(path, reader="parquet", limit=300)
    assert [r.content for r in raws] == ["好"] and "more than 300 bytes" in rejects[0][1]


@pytest.mark.parametrize("threshold", [0.4, 0.6, 0.8, 0.9])
def test_twins_are_found_at_every_threshold(threshold):
    from steelyard.data.dedupe import shingles

    rng = random.Random(1)
    words = [chr(0x4E00 + i) for i in range(2000)]
    rows, pairs = [], []
    for _ in range(60):
        base = "".join(rng.choices(words, k=80))
        keep = round(80 * (threshold + 0.02))
        a, b = row(f"{len(rows):03}", base), row(f"{len(rows) + 1:03}", base[:keep])
        sets = [shingles(r.content, "zh") for r in (a, b)]
        if len(sets[0] & sets[1]) >= threshold * len(sets[0] | sets[1]):
            pairs.append((len(rows), len(rows) + 1))
        rows += [a, b]
    groups = {tuple(sorted(g)) for g in near(rows, threshold=threshold)}
    assert len(pairs) > 40 and len(groups & set(pairs)) >= 0.99 * len(pairs)


@pytest.mark.parametrize("reader", ["csv", "jsonl", "lines"])
def test_an_empty_file_is_refused(tmp_path, reader):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    with pytest.raises(DataError, match="an empty file"):
        read(path, reader=reader)


def test_a_truncated_gzip_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    body = "".join(f"{random.Random(i).random()}\n" for i in range(20_000))
    path.write_bytes(gzip.compress(("text\n" + body).encode())[:50_000])
    with pytest.raises(DataError, match="a whole gzip file"):
        read(path, reader="csv")


def test_a_truncated_parquet_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(DataError, match="a whole Parquet file"):
        read(path, reader="parquet")


def test_a_gbk_file_is_named_by_line_and_by_what_it_looks_like(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"first\n" + "物流很快\n".encode("gbk"))
    with pytest.raises(DataError, match=r"a\.txt:2: expected UTF-8.*GB18030.*iconv"):
        read(path, reader="lines")


def test_utf_16_is_called_by_its_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\n物流,x\n".encode("utf-16"))
    with pytest.raises(DataError, match=r"found UTF-16.*iconv -f UTF-16"):
        read(path, reader="csv")


def test_one_line_of_100_mb_is_a_counted_reject_in_little_memory(tmp_path):
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        file.write(b"before\n")
        for _ in range(100):
            file.write(b"x" * 2**20)
        file.write(b"\nafter\n")
    tracemalloc.start()
    raws, rejects = read(path, reader="lines", limit=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.content for r in raws] == ["before", "after"] and len(rejects) == 1
    assert peak < 20 * 2**20


def test_a_gzip_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    from steelyard.data import streams

    monkeypatch.setattr(streams, "RATIO_FROM", 1 << 20)
    path = tmp_path / "bomb.txt.gz"
    path.write_bytes(gzip.compress((b"x" * 100 + b"\n") * 100_000))
    with pytest.raises(DataError, match="times its packed size"):
        read(path, reader="lines")


def test_broken_json_lines_are_counted_with_their_place(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "好"}\n{"text": \n[1]\n{"body": "x"}\n', encoding="utf-8")
    raws, rejects = read(path, reader="jsonl")
    assert [r.content for r in raws] == ["好"]
    assert [w for w, _ in rejects] == ["a.jsonl:2", "a.jsonl:3", "a.jsonl:4"]


def test_a_folder_gives_its_names_as_labels(tmp_path):
    for label, text in (("正面", "很好"), ("负面", "太差")):
        (tmp_path / "d" / label).mkdir(parents=True)
        (tmp_path / "d" / label / "1.txt").write_text(text, encoding="utf-8")
    raws, _ = read(tmp_path / "d", reader="folder", names={"正面": "positive"})
    assert {(r.content, r.label) for r in raws} == {("很好", "positive"), ("太差", "负面")}


def test_a_package_that_is_not_installed_says_how_to_get_it(product_file):
    text = product_file.read_text().replace("path: reviews.jsonl", "package: snownlq, file: a.txt")
    product_file.write_text(text)
    with pytest.raises(Missing, match="pip install 'snownlq'"):
        run(product_file)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678谢谢", "电话[PHONE]谢谢"),
        ("发到a.b@example.com吧", "发到[EMAIL]吧"),
        ("我的身份证11010519491231002X丢了", "我的身份证[ID]丢了"),
        ("卡号6222 0202 0000 0000 006？", "卡号[CARD]？"),
        ("卡号6222 0202 0000 0000 003？", "卡号6222 0202 0000 0000 003？"),
        ("card 4111-1111-1111-1111 please", "card [CARD] please"),
        ("服务器192.168.1.1挂了", "服务器[IP]挂了"),
        ("call +86 138 1234 5678 now", "call [PHONE] now"),
        ("订单号1234567890123456", "订单号1234567890123456"),
        ("版本1.2.3.4.5和999.1.1.1", "版本1.2.3.4.5和999.1.1.1"),
        ("价格12345678901元", "价格12345678901元"),
    ],
)
def test_personal_data_is_masked_also_where_it_touches_chinese(text, masked):
    assert mask(text)[0] == masked


def test_check_digits_are_checked():
    assert is_id_card("11010519491231002X") and not is_id_card("110105194912310021")
    assert not is_id_card("110105194913310020")  # month 13
    assert is_card("4111111111111111") and not is_card("4111111111111112")
    assert not is_card("0000000000000000")


@given(st.text(max_size=200))
def test_masking_and_normalizing_never_fail_and_settle(text):
    once = normalize(text)
    assert normalize(once) == once
    masked = mask(once)[0]
    assert mask(masked)[0] == masked


def test_normalizing_keeps_chinese_punctuation_and_folds_full_width_letters():
    assert normalize("Ｈｅｌｌｏ　世界\u200b！，①\n\t好") == "Hello 世界！，①好".replace(
        "①好", "① 好"
    )


def row(identity, text, label="positive", language="zh"):
    return Row(identity, text, label, "s", language)


def test_exact_twins_are_one_and_contradicting_ones_none():
    kept, counts = drop_exact(
        [row("b", "很好"), row("a", "很好"), row("c", "差"), row("d", "差", "negative")]
    )
    assert [r.id for r in kept] == ["a"] and counts == {"duplicate": 1, "conflict": 2}


def test_near_twins_are_found_in_chinese_and_in_english():
    zh = "这家店的东西真的非常好，物流也很快，包装完好，下次还会再来购买的，强烈推荐给大家"
    en = "this shop is really very good and the parcel came quickly so I will buy here again for sure"
    rows = [
        row("1", zh),
        row("2", zh + "！"),
        row("3", en, language="en"),
        row("4", en + " yes", language="en"),
        row("5", "完全不同的一句话，说的是另一件事情"),
    ]
    assert sorted(map(sorted, near(rows, threshold=0.8))) == [[0, 1], [2, 3]]


def test_near_duplicates_agree_with_comparing_every_pair():
    rng = random.Random(0)
    words = [chr(0x4E00 + i) for i in range(300)]
    base = ["".join(rng.choices(words, k=40)) for _ in range(60)]
    texts = base + [t[: rng.randint(30, 39)] for t in base]
    rows = [row(str(i), t) for i, t in enumerate(texts)]
    from steelyard.data.dedupe import shingles

    sets = [shingles(t, "zh") for t in texts]
    pairs = {
        (i, j)
        for i in range(len(sets))
        for j in range(i)
        if len(sets[i] & sets[j]) >= 0.8 * len(sets[i] | sets[j])
    }
    together = {(i, j) for g in near(rows, threshold=0.8) for i in g for j in g if j < i}
    assert len(pairs & together) >= 0.95 * len(pairs) and together <= pairs


def test_parts_have_the_shares_that_were_asked():
    split = Split(holdout=0.2, stream=0.3)
    parts = [split_of(str(i), split) for i in range(20_000)]
    shares = {p: parts.count(p) / len(parts) for p in ("holdout", "stream", "train")}
    assert np.allclose(
        [shares["holdout"], shares["stream"], shares["train"]], [0.2, 0.3, 0.5], atol=0.02
    )


def test_counts_add_up_and_no_twin_crosses_the_split(product_file):
    rows = reviews(400)
    twins = [r | {"id": f"t{i}", "text": r["text"] + "。"} for i, r in enumerate(rows[:100])]
    write_jsonl(product_file.parent / "reviews.jsonl", rows + twins + rows[:30])
    output, records = run(product_file)
    counts = output["counts"]
    assert counts[0]["in"] == 530 and counts[0]["out"] == 500
    assert output["rejects"]["reasons"] == {"a duplicate id": 30}
    assert all(a["out"] == b["in"] for a, b in itertools.pairwise(counts))
    assert (
        counts[-1]["out"] == len(records) == sum(sum(s.values()) for s in output["splits"].values())
    )
    parts = {}
    for r in records:
        parts.setdefault(r["cluster"], set()).add(r["split"])
    assert len(parts) < len(records) and all(len(p) == 1 for p in parts.values())


def test_the_same_data_give_the_same_dataset_in_any_order(product_file):
    first, _ = run(product_file)
    path = product_file.parent / "reviews.jsonl"
    path.write_text(
        "\n".join(reversed(path.read_text(encoding="utf-8").splitlines())), encoding="utf-8"
    )
    assert run(product_file)[0]["dataset"] == first["dataset"]


def test_a_label_outside_the_list_is_a_counted_reject(product_file):
    rows = reviews(300)
    rows[5]["label"] = "neutral"
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    output, _ = run(product_file)
    assert output["rejects"]["reasons"] == {"a label outside task.labels": 1}
    assert output["rejects"]["examples"] == [
        {"where": "reviews.jsonl:6", "reason": "a label outside task.labels"}
    ]


def test_a_label_without_records_is_refused_and_nothing_is_published(product_file):
    rows = [r for r in reviews(300) if r["label"] == "positive"]
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    with pytest.raises(DataError, match="negative"):
        run(product_file)
    assert not (product_file.parent / ".steelyard" / "datasets" / "records.lance").exists()


def test_banking_questions_are_read_as_they_are(tmp_path):
    path = shared("banking77_train.csv")
    raws, rejects = read(path, reader="csv", label="category")
    assert len(raws) == 10_003 and rejects == [] and len({r.label for r in raws}) == 77


def test_cifar_pictures_come_out_of_parquet():
    path = shared("cifar10_test.parquet")
    source = Source(
        path=path.name,
        reader="parquet",
        content="image",
        label="label",
        names={"airplane": "plane", "cat": "kitten"},
    )
    rows = get("readers", "parquet").read(source, path, line_bytes_max=LIMIT, reject=print)
    firsts = list(itertools.islice(rows, 200))
    names = {row.label for row in firsts}
    assert {"plane", "kitten"} <= names and not {"airplane", "cat"} & names and len(names) == 10
    task = open_task("image_classification", {"labels": tuple(sorted(names))})
    with PIL.Image.open(io.BytesIO(task.parse(firsts[0].content))) as picture:
        assert picture.size == (32, 32)
