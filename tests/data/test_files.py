"""A file is read, or named as what it is with the repair that works; nothing in it raises a bug."""

import gzip
import io
import json
import random
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.conftest import GOOD, reviews, write_jsonl

from steelyard.data.sources import root_of
from steelyard.encodings import looks_like
from steelyard.errors import DataError, Missing
from steelyard.plugins import get
from steelyard.spec.model import Source

ZH = "这家店的东西真的非常好，物流也很快，包装完好，下次还会再来购买的。"


def read(path, *, limit=10_000, **fields):
    rejects = []
    source = Source(path=path.name, **fields)
    reader = get("readers", source.reader.name)
    raws = reader.read(
        source, path, line_bytes_max=limit, reject=lambda w, r: rejects.append((w, r))
    )
    return list(raws), rejects


def refused(path, **fields) -> str:
    with pytest.raises(DataError) as error:
        read(path, **fields)
    return str(error.value)


def lines_with(*, n: int, at: int, broken: bytes, good: str = ZH) -> bytes:
    lines = [f"{good}{i}".encode() for i in range(1, n + 1)]
    lines[at - 1] = broken
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize(
    "broken",
    [
        ZH.encode()[:-1],
        b"\xe5" + ZH.encode(),
        b"ok \xff bad",
        ZH.encode().replace(b"\xe5", b"\x41", 1),
    ],
    ids=["cut at its end", "one byte too many", "a byte of no encoding", "a byte replaced"],
)
def test_one_broken_line_of_utf_8_is_a_counted_reject(tmp_path, broken):
    path = tmp_path / "a.txt"
    path.write_bytes(lines_with(n=300, at=202, broken=broken))
    raws, rejects = read(path, reader="lines")
    assert len(raws) == 299 and rejects == [("a.txt:202", "bytes that are not UTF-8")]


@pytest.mark.parametrize(
    "cut", [b"cut \xe5\xa5", b"caf\xc3", b"caf\xc3 au lait", b"caf\xa9", b"na\xc3ve"]
)
def test_a_broken_character_in_a_file_of_plain_ascii_is_a_counted_reject(tmp_path, cut):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\n" + b"good\n" * 50 + cut + b"\n" + b"good\n" * 50)
    raws, rejects = read(path, reader="csv")
    assert len(raws) == 100 and rejects == [("a.csv:52", "bytes that are not UTF-8")]


def test_gbk_lines_behind_good_utf_8_are_never_called_a_file_of_gbk(tmp_path):
    path = tmp_path / "a.txt"
    half = [ZH.encode(), ZH.encode("gbk")] * 10
    path.write_bytes(b"\n".join(half))
    raws, rejects = read(path, reader="lines")
    assert len(raws) == 10 and len(rejects) == 10
    path.write_bytes(b"\n".join([*half, *[ZH.encode("gbk")] * 5]))
    said = refused(path, reader="lines")
    assert "10 lines in UTF-8 and 15 that are not" in said and "GB18030" not in said


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (ZH, "gbk", "GB18030"),
        (ZH, "gb18030", "GB18030"),
        ("這家店的東西真的非常好，物流也很快，包裝完好，下次還會再來購買。", "big5", "BIG5"),
        ("très bon café, déjà reçu à l'hôtel", "latin-1", "ISO-8859-1"),
        ("sehr schön, größer als gedacht", "latin-1", "ISO-8859-1"),
        ("it’s “good” – déjà vu", "cp1252", "WINDOWS-1252"),
        ("only £5, 20 °C", "latin-1", "ISO-8859-1"),
        ("Очень хороший магазин, быстрая доставка", "cp1251", "WINDOWS-1251"),
        ("이 가게의 물건은 정말 좋습니다 배송도 빠릅니다", "euc-kr", "EUC-KR"),
    ],
)
def test_another_encoding_is_named_and_its_repair_gives_a_file_that_is_read(
    tmp_path, text, encoding, named
):
    path = tmp_path / "my reviews.csv"
    path.write_bytes(b"text,label\n" + f'"{text}",x\n'.encode(encoding) * 30)
    said = refused(path, reader="csv", label="label")
    assert "my reviews.csv:2: expected UTF-8, found byte 0x" in said
    assert f"it looks like {named}" in said
    command = said.split("save it as UTF-8: ")[1]
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    raws, rejects = read(tmp_path / "utf8-my reviews.csv", reader="csv", label="label")
    assert {r.content for r in raws} == {text} and rejects == []


def test_an_accent_is_no_chinese():
    assert looks_like("un café et un thé".encode("latin-1")) == "ISO-8859-1"
    assert looks_like("bardzo dobry, żółć, część".encode("cp1250")) is None
    assert looks_like("物流很快".encode()[:-1]) is None


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("text", ["text,label\ngood,x\n", f"text,label\n{ZH},x\n"])
def test_wide_encodings_are_named_with_and_without_their_mark(tmp_path, codec, marked, text):
    path = tmp_path / "a.csv"
    path.write_bytes(("\ufeff" * marked + text).encode(codec))
    said = refused(path, reader="csv", label="label")
    assert codec.upper()[:6] in said
    subprocess.run(["sh", "-c", said.split("UTF-8: ")[1]], cwd=tmp_path, check=True)
    raws, _ = read(tmp_path / "utf8-a.csv", reader="csv", label="label")
    assert [r.label for r in raws] == ["x"]


def zipped(*names: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return body.getvalue()


@pytest.mark.parametrize("reader", ["csv", "jsonl", "lines"])
@pytest.mark.parametrize(
    ("body", "named", "repair"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook", "CSV UTF-8"),
        (zipped("a.csv"), "a zip archive", "unpack it"),
        (b"PK\x03\x04" + b"\0" * 40, "a zip archive", "unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, "an Excel workbook", "CSV UTF-8"),
        (b"PAR1\x15\x04\x15" + b"\0" * 40, "a Parquet file", "reader: parquet"),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "a PDF", "export its text"),
        (b"SQLite format 3\0" + b"\0" * 40, "an SQLite database", "export the table"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 9, "a zstd file", "unpack it"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 9, "a PNG picture", "reader: folder"),
        (bytes(range(32)) * 9, "binary data", "a text file"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, body, named, repair, reader):
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    said = refused(path, reader=reader)
    assert f"found {named}" in said and repair in said


def test_a_text_may_begin_with_the_letters_of_a_format(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("BZh is bzip2\nORC is a format\nPAR1 too\n")
    assert len(read(path, reader="lines")[0]) == 3


def test_gzip_is_unpacked_whatever_the_file_is_called(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"text\ngood\n"))
    assert [r.content for r in read(path, reader="csv")[0]] == ["good"]
    plain = tmp_path / "b.csv.gz"
    plain.write_bytes(b"text\ngood\n")
    assert "expected a gzip file" in refused(plain, reader="csv")


@pytest.mark.parametrize("reader", ["csv", "jsonl", "lines"])
def test_line_ends_of_an_old_macintosh_are_read(tmp_path, reader):
    path = tmp_path / "a"
    lines = {
        "csv": ["text,label", "很好,x", '"two, cells",y'],
        "jsonl": ['{"text": "很好", "label": "x"}', '{"text": "two, cells", "label": "y"}'],
        "lines": ["很好", "two, cells"],
    }[reader]
    path.write_bytes("\r".join([*lines, ""]).encode())
    label = None if reader == "lines" else "label"
    raws, rejects = read(path, reader=reader, label=label)
    assert [r.content for r in raws] == ["很好", "two, cells"] and rejects == []


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_cells_are_parted_by_what_parts_the_header(tmp_path, delimiter):
    path = tmp_path / "a.tsv"
    rows = [["label", "review"], ["positive", "good, very; good"], ["negative", "bad"]]
    quoted = [[f'"{c}"' if set(c) & set(",;") else c for c in row] for row in rows]
    path.write_text("\n".join(delimiter.join(row) for row in quoted))
    raws, rejects = read(path, reader="csv", content="review", label="label")
    assert [(r.content, r.label) for r in raws] == [tuple(reversed(row)) for row in rows[1:]]
    assert rejects == []


def test_the_separator_line_of_excel_is_no_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\ntext;label\ngood;x\n")
    assert [r.label for r in read(path, reader="csv", label="label")[0]] == ["x"]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_a_wrong_column_is_told_by_whole_columns(tmp_path, delimiter):
    path = tmp_path / "a.tsv"
    path.write_text(delimiter.join(["labels", "review"]) + "\n" + delimiter.join("xy") + "\n")
    said = refused(path, reader="csv", content="review", label="label")
    assert "columns ['labels', 'review']; did you mean 'labels'?" in said


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("twice", ["label", "text", "id"])
def test_two_columns_of_one_name_are_refused_by_name(tmp_path, delimiter, twice):
    path = tmp_path / "a.csv"
    header = ["text", "label", "id", twice]
    path.write_text(delimiter.join(header) + "\n" + delimiter.join("abcd") + "\n")
    said = refused(path, reader="csv", label="label", id="id")
    assert f"expected one column '{twice}', found 2 of that name" in said


def test_columns_that_nobody_reads_may_share_a_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,,,note,note\ngood,,,x,y\n")
    assert len(read(path, reader="csv")[0]) == 1


def test_two_parquet_columns_of_one_name_are_refused_by_name(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["text", "label", "label"])
    pq.write_table(table, path)
    assert "one column 'label'" in refused(path, reader="parquet", label="label")


def test_a_json_key_twice_is_a_counted_reject(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "a", "label": "x", "label": "y"}\n'
        '{"text": "b", "label": "x", "more": {"label": 1, "label": 2}, "note": 1, "note": 2}\n'
    )
    raws, rejects = read(path, reader="jsonl", label="label")
    assert [r.content for r in raws] == ["b"]
    assert rejects == [("a.jsonl:1", "the field 'label' twice")]


def test_a_json_array_says_how_to_write_lines(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": "a"}, {"text": "b"}], indent=1))
    assert "found a JSON array" in refused(path, reader="jsonl")
    assert "say reader: jsonl" in refused(
        write_jsonl(path, [{"review": "a", "id": "1"}]), reader="csv"
    )


def test_a_header_that_cannot_be_read_is_an_error_and_the_next_line_no_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,\xff\n" + f"{ZH},x\n".encode() * 30)
    assert "a.csv:1: expected a header" in refused(path, reader="csv")


def test_values_of_a_table_are_read_as_they_are_written(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    nan = float("nan")
    pq.write_table(
        pa.table({"text": ["a", "b", "c"], "label": [1.0, nan, None], "id": [1.0, nan, None]}), path
    )
    raws, _ = read(path, reader="parquet", label="label", id="id")
    assert [(r.id, r.label) for r in raws] == [("1.0", "1.0"), (None, None), (None, None)]
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"text": "a", "label": true, "id": " "}\n{"text": "b", "label": false}\n')
    raws, _ = read(lines, reader="jsonl", label="label", id="id", names={"true": "yes"})
    assert [(r.id, r.label) for r in raws] == [(None, "yes"), (None, "false")]


def test_another_format_given_as_parquet_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_text("text,label\n")
    assert "say reader: csv" in refused(path, reader="parquet")
    path.write_bytes(zipped("xl/workbook.xml"))
    assert "this is an Excel workbook" in refused(path, reader="parquet")


def whole_parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    body = io.BytesIO()
    pq.write_table(pa.table({"text": GOOD, "label": ["x"] * len(GOOD)}), body)
    return body.getvalue()


PARQUET = whole_parquet()
TEXTS = ["\n".join([f"text{d}label", *[f"{t}{d}x" for t in GOOD]]).encode() for d in ",\t;"]
TEXTS += [
    "\n".join(json.dumps(r) for r in reviews(9)).encode(),
    ZH.encode("gbk"),
    gzip.compress(b"text\na"),
]
TEXTS += [ZH.encode("utf-16"), ZH.encode("utf-32"), zipped("xl/workbook.xml")]


def damage(body: bytes, draws: list[tuple[int, int]]) -> bytes:
    made = bytearray(body)
    for at, value in draws:
        if made:
            made[at % len(made)] = value
    return bytes(made)


damaged = st.builds(
    damage,
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=300), damaged, st.text(max_size=200).map(str.encode)),
    reader=st.sampled_from(["csv", "jsonl", "lines"]),
    suffix=st.sampled_from(["", ".gz"]),
)
@example(body=b"text\n\x00", reader="csv", suffix="")
@example(body=b'text\n"\n', reader="csv", suffix="")
@example(body=b"\xef\xbb\xbf", reader="lines", suffix="")
@example(body=b'{"text": ' + b"[" * 4000, reader="jsonl", suffix="")
def test_any_bytes_are_records_counted_rejects_or_a_data_error(
    tmp_path_factory, body, reader, suffix
):
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(body)
    try:
        raws, rejects = read(path, limit=100, reader=reader, label="label", id="id")
    except DataError:
        return
    places = [r.where for r in raws] + [where for where, _ in rejects]
    assert len(places) == len(set(places)) and all(p.startswith(f"fuzz{suffix}:") for p in places)
    if reader == "lines":  # every line that holds something is a record or a reject
        plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        end = b"\r" if b"\r" in plain and b"\n" not in plain else b"\n"
        held = [line for line in plain.removeprefix(b"\xef\xbb\xbf").split(end) if line.strip()]
        blank = sum(not line.decode("utf-8", "replace").strip() for line in held)
        assert len(places) == len(held) - blank


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_parquet_file_is_records_or_a_data_error(tmp_path_factory, draws):
    path = tmp_path_factory.getbasetemp() / "fuzz.parquet"
    path.write_bytes(damage(PARQUET, draws))
    try:
        raws, rejects = read(path, reader="parquet", label="label")
    except DataError:
        return
    assert len(raws) + len(rejects) > 0


def test_a_folder_of_any_bytes_is_records_or_counted_rejects(tmp_path):
    rng = random.Random(0)
    (tmp_path / "d" / "x").mkdir(parents=True)
    for i in range(40):
        (tmp_path / "d" / "x" / f"{i}.txt").write_bytes(rng.randbytes(20) if i % 2 else ZH.encode())
    (tmp_path / "d" / "x" / "gone.txt").symlink_to(tmp_path / "nowhere")
    raws, rejects = read(tmp_path / "d", reader="folder")
    assert len(raws) + len(rejects) == 40 and len(raws) >= 20


def test_a_quote_in_a_tab_separated_line_is_a_letter(tmp_path):
    path = tmp_path / "a.tsv"
    lines = ['"never closed\tx', 'say "hi" there\ty', "plain\tx", 'ends with one"\ty', '"whole"\tx']
    path.write_text("text\tlabel\n" + "\n".join(lines) + "\n")
    raws, rejects = read(path, reader="csv", label="label")
    assert [r.content for r in raws] == [
        '"never closed',
        'say "hi" there',
        "plain",
        'ends with one"',
        "whole",
    ]
    assert rejects == []


def test_a_line_break_in_a_quoted_cell_of_a_tab_separated_file_stays(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('text\tlabel\n"one\ntwo"\tx\nthree\ty\n')
    raws, rejects = read(path, reader="csv", label="label")
    assert [r.content for r in raws] == ["one\ntwo", "three"] and rejects == []


def test_a_quote_that_closes_in_another_record_costs_its_own_line_alone(tmp_path):
    path = tmp_path / "a.csv"
    lines = [
        '"open,x',
        *[f"{i},x" for i in range(20)],
        'five" wide,x,',
        *[f"{i},y" for i in range(20)],
    ]
    lines[21] = '5",6,x'
    path.write_text("text,label\n" + "\n".join(lines) + "\n")
    raws, rejects = read(path, reader="csv", label="label")
    assert len(raws) == 40 and [where for where, _ in rejects] == ["a.csv:2", "a.csv:23"]


@pytest.mark.parametrize(
    ("reader", "body"),
    [
        ("csv", "text,label\ngood,x\n"),
        ("jsonl", '{"text": "good", "label": "x"}\n'),
        ("lines", "good\n"),
    ],
)
def test_a_second_byte_order_mark_is_ignored(tmp_path, reader, body):
    path = tmp_path / "a"
    path.write_bytes(f"\ufeff\ufeff{body}".encode())
    raws, rejects = read(path, reader=reader, label=None if reader == "lines" else "label")
    assert [r.content for r in raws] == ["good"] and rejects == []


def test_a_file_of_a_folder_may_begin_with_two_marks(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeff\ufeffgood".encode())
    assert [r.content for r in read(tmp_path, reader="folder")[0]] == ["good"]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("text\u200b", 'found columns ["text\\u200b", \'label\']; did you mean "text\\u200b"?'),
        ("te\u0301xt", 'did you mean "te\\u0301xt"?'),
        ("text ", "did you mean 'text '?"),
    ],
)
def test_a_column_that_differs_only_invisibly_is_told_by_its_codes(tmp_path, column, said):
    path = tmp_path / "a.csv"
    path.write_text(f"{column},label\ngood,x\n", encoding="utf-8")
    assert said in refused(path, reader="csv")


def test_a_record_in_the_place_of_the_header_is_told_masked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("13912345678,text13912345678\n", encoding="utf-8")
    said = refused(path, reader="csv")
    assert "1391234" not in said and "'[PHONE]'" in said


@pytest.mark.parametrize("kind", ["binary", "large_binary", "string"])
def test_texts_that_parquet_holds_as_bytes_are_labels_and_ids(tmp_path, kind):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    column = pa.array([b"p", "好".encode(), b" ", None], getattr(pa, kind)())
    pq.write_table(pa.table({"text": list("abcd"), "label": column, "id": column}), path)
    raws, rejects = read(path, reader="parquet", label="label", id="id", names={"p": "pos"})
    assert [(r.label, r.id) for r in raws] == [
        ("pos", "p"),
        ("好", "好"),
        (None, None),
        (None, None),
    ]
    assert rejects == []


@pytest.mark.parametrize("column", ["label", "id"])
def test_bytes_that_are_no_text_are_no_label_and_no_id(tmp_path, column):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a", "b"], column: pa.array([b"\xff\xfe", b"x"])}), path)
    raws, rejects = read(path, reader="parquet", **{column: column})
    assert [r.content for r in raws] == ["b"]
    assert rejects == [("a.parquet:1", f"bytes that are not UTF-8 in the column '{column}'")]


@pytest.mark.parametrize(
    ("package", "file", "said"),
    [
        (
            "json",
            "nosuch",
            "package:json/nosuch: expected a file of that package, found nothing there; 'json' is installed and holds no such file: correct 'file'",
        ),
        ("sys", "nosuch", "'sys' is installed and holds no such file"),
        ("snownlp_no", "x", "run: pip install 'snownlp_no'"),
    ],
)
def test_a_file_that_a_package_does_not_hold_is_not_told_to_install_it(package, file, said):
    source = Source(package=package, file=file, reader="lines")
    with pytest.raises(Missing) as error:
        root_of(source, Path())
    assert said in str(error.value) and ("pip" in said) == ("pip" in str(error.value))
