"""Exports as rows of text, whatever encoding, delimiter or container they come in."""

import datetime
import io

import pytest

from steelyard.errors import DataError, Missing
from steelyard.market import sheets
from steelyard.market.sheets import sheet

ROWS = [["日期", "花费", "备注"], ["2026-01-01", "1,234.50", "很 好"], ["2026-01-02", "7", ""]]


def written(tmp_path, body, name="export.csv"):
    path = tmp_path / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def as_csv(delimiter=","):
    quoted = [[f'"{c}"' if delimiter in c or "," in c else c for c in row] for row in ROWS]
    return "\r\n".join(delimiter.join(row) for row in quoted) + "\r\n"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_rows_are_the_same_in_any_encoding_and_with_any_delimiter(tmp_path, codec, delimiter):
    read = sheet(written(tmp_path, as_csv(delimiter).encode(codec)))
    assert [row.cells for row in read.rows] == ROWS
    assert [row.number for row in read.rows] == [1, 2, 3]
    assert {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030"}.get(
        codec, "UTF-16"
    ) in read.read_as


def test_the_line_of_a_row_is_that_of_the_file_behind_blank_ones_and_breaks_in_cells(tmp_path):
    read = sheet(written(tmp_path, 'a,b\n\n"two\nlines",2\n,\nlast,3\n'))
    assert [(row.number, row.cells[0]) for row in read.rows] == [
        (1, "a"),
        (3, "two\nlines"),
        (6, "last"),
    ]


def test_a_title_above_the_header_does_not_hide_the_delimiter(tmp_path):
    read = sheet(written(tmp_path, "Campaign report, all\nJanuary\n" + as_csv(";")))
    assert [row.cells for row in read.rows][2:] == ROWS


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1.10, "u": {"in": 3}, "l": [1]}\n{"b": null, "a": "x"}\n',
        '[{"a": 1.10, "u": {"in": 3}, "l": [1]}, {"b": null, "a": "x"}]',
    ],
)
def test_json_has_its_fields_as_columns_and_its_numbers_as_they_are_written(tmp_path, body):
    read = sheet(written(tmp_path, body, "x.jsonl"))
    header, first, second = (row.cells for row in read.rows)
    assert header == ["a", "u.in", "l", "b"]
    assert first == ["1.10", "3", '["1"]', ""] and second == ["x", "", "", ""]


def test_a_workbook_is_read_with_its_days_and_amounts_as_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    page.append(["日期", "花费", "时间"])
    page.append([datetime.date(2026, 1, 2), 0.1 + 0.2, datetime.datetime(2026, 1, 2, 3, 4, 5)])
    page.append([datetime.datetime(2026, 1, 2), 1234.5, 12.0])
    body = io.BytesIO()
    book.save(body)
    read = sheet(written(tmp_path, body.getvalue(), "x.xlsx"))
    assert sheets._shown(0.1 + 0.2) == "0.3" and sheets._shown(1e15) == "1000000000000000"
    assert [row.cells for row in read.rows][1:] == [
        ["2026-01-02", "0.3", "2026-01-02 03:04:05"],
        ["2026-01-02", "1234.5", "12"],
    ]
    book.create_sheet("二月")
    book.save(body := io.BytesIO())
    path = written(tmp_path, body.getvalue(), "two.xlsx")
    with pytest.raises(DataError, match="expected one sheet, found 2: Sheet, 二月"):
        sheet(path)
    assert sheet(path, page="Sheet").rows[1].cells[1] == "0.3"
    with pytest.raises(DataError, match="one of the sheets"):
        sheet(path, page="三月")


def test_without_the_library_a_workbook_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(Missing, match=r"steelyard\[market\]"):
        sheet(written(tmp_path, b"PK\x03\x04", "x.xlsx"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "expected rows, found none"),
        (b"\n\n , \n", "expected rows, found none"),
        (b"\xd0\xcf\x11\xe0rest", "xls of before 2007"),
        (b"PK\x03\x04broken", "an .xlsx workbook"),
        (b"a,b\n\xff\xfe\xfd1,2\n", "expected text in UTF-8"),
        (b'{"a": 1}\n{"a":\n', "x.csv:2: expected one JSON object a line"),
        (b"[1, 2]", "x.csv:1: expected an object, found str"),
        (b"[{]", "an array of objects"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, body, said):
    with pytest.raises(DataError, match=said):
        sheet(written(tmp_path, body, "x.csv"))


def test_a_file_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "BYTES_MAX", 10)
    with pytest.raises(DataError, match="split the file"):
        sheet(written(tmp_path, as_csv()))
    with pytest.raises(DataError, match="a file to read"):
        sheet(tmp_path / "absent.csv")
