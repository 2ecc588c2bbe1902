"""No cell is lost on the way: a row too long, a second column of a name and a quote that swallows rows are refused."""

import io

import pytest
from tests.market.books import entries, exported, money

from steelyard.api.market import import_file
from steelyard.errors import DataError

HEAD = "day,channel,amount\n"
ROW = "2026-06-03,search,100.00\n"


def refused(shop, text, said, name="export.csv"):
    with pytest.raises(DataError, match=said):
        import_file(shop, exported(shop, text, name), kind="spend")
    assert entries(shop) == []


@pytest.mark.parametrize(
    ("head", "row", "found"),
    [
        (HEAD, "2026-06-02,search,1,234.50\n", "4, '234.50' behind the last one"),
        (HEAD.replace("amount", "amount,"), "2026-06-02,search,1,234.50\n", "4, '234.50' behind"),
        # with an empty note the row has a cell more, though the last one is empty
        (HEAD.replace("amount", "amount,note"), "2026-06-02,search,1,234.50,\n", "5; put the cell"),
        (HEAD, "2026-06-02,search, north,5.00\n", "4, '5.00' behind the last one"),
    ],
)
def test_a_row_with_more_cells_than_headers_is_named(shop, head, row, found):
    short = ROW if head.count(",") == 2 else ROW.replace("\n", ",\n")
    said = rf"export.csv:2: expected at most \d cells, one for each header, found {found}"
    refused(shop, head + row + short, said)
    refused(shop, head + short + row, said.replace("csv:2", "csv:3"))
    refused(shop, head + row, r"export.csv:2") if "behind" in found else None


def test_the_repair_of_a_row_too_long_is_one_that_works(shop):
    text = HEAD + '2026-06-02,search,"1,234.50"\n' + ROW
    import_file(shop, exported(shop, text), kind="spend")
    assert money(shop) == {"ads.spend": -1334.5}


def test_empty_cells_at_the_end_of_every_row_are_none(shop):
    text = HEAD + "2026-06-02,search,1.50,,\n2026-06-03,search,2.00,,\n"
    assert import_file(shop, exported(shop, text), kind="spend")["booked"]["new"] == 2


def test_a_row_that_does_not_count_by_its_status_may_be_a_shifted_one(shop):
    head = "id,day,amount,status\n"
    text = head + "a,2026-06-02,1,234.50,Paid\n"
    with pytest.raises(DataError, match=r"export.csv:2: expected at most 4 cells"):
        import_file(shop, exported(shop, text), preset="plain_sales")


def test_a_cell_beside_the_table_of_a_workbook_is_named(shop):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["day", "channel", "amount"], ["2026-06-02", "search", 1, 234.5]):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    path = shop.folder / "export.xlsx"
    path.write_bytes(kept.getvalue())
    with pytest.raises(DataError, match=r"xlsx:2: .*'234.5' behind .*; write a header above"):
        import_file(shop, path, kind="spend")


def test_a_row_with_fewer_cells_lacks_what_is_needed_or_says_nothing_there(shop):
    refused(shop, HEAD + "2026-06-02,search\n" + ROW, r"export.csv:2 amount: expected amount")
    head = "day,channel,amount,campaign\n"
    text = head + "2026-06-02,search,5.00\n"
    assert import_file(shop, exported(shop, text), kind="spend")["booked"]["new"] == 1


def test_a_quote_that_closes_a_row_too_late_hides_none(shop):
    text = 'day,channel,campaign,amount\n2026-06-02,search,"a,100\n2026-06-03,search,b",5.00\n'
    refused(shop, text, r"export.csv:2: expected a quote that closes in its cell")


@pytest.mark.parametrize("head", ["day,channel,amount,amount\n", "day,channel,amount, Amount \n"])
def test_two_columns_of_one_name_must_say_the_same_in_every_row(shop, head):
    row = "2026-06-01,search,10,10\n"
    said = r"export.csv:3 amount: expected one column of this name.*'10' and '99'; remove or rename"
    refused(shop, head + row + "2026-06-02,search,10,99\n", said)
    assert import_file(shop, exported(shop, head + row), kind="spend")["booked"]["new"] == 1


def test_amounts_in_two_currencies_are_two_columns(shop):
    text = "Day,Campaign name,Amount spent (USD),Amount spent (USD)\n2026-06-01,a,10,72\n"
    with pytest.raises(DataError, match="'10' and '72'"):
        import_file(shop, exported(shop, text), preset="meta_ads")


def test_an_object_that_says_a_field_twice_is_named(shop):
    line = '{"day": "2026-06-01", "channel": "search", "amount": 10, "amount": 99}\n'
    said = r"export.jsonl:1: expected one value of 'amount', found two"
    refused(shop, line, said, "export.jsonl")
    refused(shop, f"[{line}]", "expected one value of 'amount'", "export.json")
