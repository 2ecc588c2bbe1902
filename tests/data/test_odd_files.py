"""Files that are nearly what was expected: named as what they are, or read as a person would."""

import base64
import gzip
import io
import tarfile

import pytest
from tests.conftest import GOOD
from tests.data.test_files import ZH, read, refused

from steelyard.data.magic import kind_of
from steelyard.errors import DataError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.tasks import open_task


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("reader", ["lines", "csv"])
@pytest.mark.parametrize(
    "letters", [ZH[:-1], "물류가정말빠르고포장도아주좋았습니다"], ids=["Han", "Hangul"]
)
def test_utf_16_of_long_lines_is_named_though_it_holds_few_nul_bytes(
    tmp_path, encoding, reader, letters
):
    path = tmp_path / "a.csv"
    path.write_bytes("".join(f"{letters * 40}\n" for _ in range(200)).encode(encoding))
    said = refused(path, reader=reader)
    assert f"found UTF-16{encoding[-2:].upper()} without a byte order mark" in said
    assert f"iconv -f UTF-16{encoding[-2:].upper()} -t UTF-8" in said


@pytest.mark.parametrize(
    "body",
    [
        "caf\u00e9 au lait\n".encode("latin-1") * 50,
        f"{ZH}\n".encode("gb18030") * 50,
        f"{ZH}\n".encode() * 50,
    ],
    ids=["Latin-1", "GBK", "UTF-8"],
)
def test_one_nul_byte_makes_no_utf_16_of_another_text(tmp_path, body):
    kind = kind_of(tmp_path / "a.txt", body[:40] + b"\0" + body[40:])
    assert kind is None or "UTF-16" not in kind.name


def test_a_tar_and_a_file_packed_twice_are_named(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = 90_000
        archive.addfile(member, io.BytesIO(b"text,label\n" * 9000))
    path = tmp_path / "a.csv"
    path.write_bytes(packed.getvalue())
    assert "found a tar archive; unpack it" in refused(path, reader="csv")
    path.write_bytes(gzip.compress(gzip.compress(b"text\ngood\n")))
    assert "found a gzip file inside a gzip file" in refused(path, reader="csv")


def test_a_column_that_begins_like_a_magic_number_is_a_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("ORCID,text\n1,très bien, bientôt\n".encode("latin-1"))
    assert "ISO-8859-1" in refused(path, reader="csv")


def test_line_ends_of_two_kinds_are_told_in_words_of_a_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\n\rgood,pos\n\rbad,neg\n")
    _, rejects = read(path, reader="csv", label="label")
    assert [why for _, why in rejects] == [
        "not CSV: a carriage return (CR) outside quotes; give all lines one kind of end"
    ] * 2


@pytest.mark.parametrize("body", ["text,label\n", "text,label", "\n\n"])
def test_a_file_without_a_record_is_named(product_file, body):
    (product_file.parent / "more.csv").write_text(body, encoding="utf-8")
    text = product_file.read_text(encoding="utf-8").replace(
        "id: id}]", "id: id}, {path: more.csv, reader: csv, label: label}]"
    )
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"more\.csv: expected records, found none: a header or"):
        turn(load(product_file), until="data")


def test_a_file_where_a_folder_should_be_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\ngood\n", encoding="utf-8")
    assert "expected a folder, found a file" in refused(path, reader="folder")


def test_a_folder_says_what_each_file_is_that_is_neither_text_nor_picture(tmp_path):
    png = open_task("image_classification", {"labels": ("a", "b")}).contract_examples()[0][0]
    files = {
        "a.txt": "很好".encode(),
        "b": base64.b64decode(png),
        "c.txt": f"{ZH}{GOOD}".encode("gb18030"),
        "d.txt": f"{ZH}\n".encode("utf-16-le"),
        "e.tif": b"II*\0" + bytes(100),
    }
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    raws, rejects = read(tmp_path, reader="folder", every_label="a")
    assert [raw.content for raw in raws] == ["很好", files["b"]]
    assert dict(rejects) == {
        "c.txt": "bytes that are not UTF-8: they look like GB18030 (GBK)",
        "d.txt": "UTF-16LE without a byte order mark where a text or a picture was expected",
        "e.tif": "a TIFF picture where a text or a picture was expected",
    }


@pytest.mark.parametrize("cut", [76, 64, 1000])
def test_base64_that_is_cut_into_lines_is_a_picture(cut):
    task = open_task("image_classification", {"labels": ("a", "b")})
    png = task.contract_examples()[0][0]
    for end in ("\n", "\r\n", " "):
        lines = end.join(png[i : i + cut] for i in range(0, len(png), cut))
        assert task.parse(f" {lines}{end}") == task.parse(png)
        assert task.decode(f"{lines}{end}") == task.decode(png)
