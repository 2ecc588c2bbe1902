"""What has another name and is the same is not booked twice; and the repair that is told works."""

import re

import pytest
from tests.market.books import entries, exported, money
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.cli.commands import app
from steelyard.errors import DataError

WHOLE = "day,channel,amount\n2026-05-01,search,10\n"
PARTS = "day,channel,campaign,amount\n2026-05-01,search,a,6\n2026-05-01,search,b,4\n"
REGIONS = "day,channel,region,amount\n2026-05-01,search,CN,10\n"
FINEST = "day,channel,campaign,part,amount\n2026-05-01,search,a,x,6\n"


def book(shop, text, name="export.csv", **how):
    return import_file(shop, exported(shop, text, name), **(how or {"kind": "spend"}))


def undone(shop, error):
    """Do what the error says."""
    digits = re.search(r"steelyard market undo (\S+) --yes", str(error))[1]
    named = shop.folder / digits
    target = str(named) if named.is_file() else digits
    assert (
        CliRunner().invoke(app, ["market", "undo", target, str(shop.path), "--yes"]).exit_code == 0
    )


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (
            WHOLE,
            PARTS,
            r"search of 2026-05-01 as a whole, as row 2 of the file \w+ is booked, found it by campaign",
        ),
        (PARTS, WHOLE, r"search of 2026-05-01 by campaign, as row \d .*found it as a whole"),
        (PARTS, FINEST, ".* by campaign, as .*found it by campaign and part"),
        (REGIONS, PARTS, ".* by region, as .*found it by campaign"),
    ],
)
def test_spend_that_is_booked_in_another_grain_is_refused(any_shop, first, then, said):
    book(any_shop, first, "first.csv")
    before = money(any_shop)
    with pytest.raises(DataError, match=rf"then.csv:2: expected {said}") as refused:
        book(any_shop, then, "then.csv")
    assert money(any_shop) == before
    undone(any_shop, refused.value)
    assert book(any_shop, then, "then.csv")["booked"]["new"] > 0


@pytest.mark.parametrize(
    "other",
    [
        PARTS.replace("05-01", "05-02"),
        PARTS.replace("search", "social"),
        WHOLE.replace(",10", ",0").replace("05-01", "05-03"),
    ],
)
def test_another_day_or_channel_is_no_other_grain_and_zero_is_nothing_twice(shop, other):
    book(shop, WHOLE + "2026-05-03,search,0\n", "first.csv")
    assert book(shop, other, "then.csv")["booked"]["lines"] >= 0
    parts = PARTS.replace("05-01", "05-03")
    assert book(shop, parts, "parts.csv")["booked"]["new"] == 2


def test_parts_of_another_campaign_are_no_parts_of_this_one(shop):
    book(shop, PARTS, "first.csv")
    assert book(shop, FINEST.replace(",a,", ",c,"), "then.csv")["booked"]["new"] == 1


def test_visits_in_another_grain_are_refused_and_a_file_may_have_both(shop):
    head = "day,channel,campaign,visits\n2026-05-01,search,,3\n"
    both = head + "2026-05-01,search,a,6\n"
    book(shop, both, "first.csv", kind="visits")
    longer = both + "2026-05-01,search,b,9\n"
    assert book(shop, longer, "then.csv", kind="visits")["booked"]["new"] == 1
    with pytest.raises(DataError, match="found it by campaign and region"):
        text = "day,channel,campaign,region,visits\n2026-05-01,search,a,CN,3\n"
        book(shop, text, "other.csv", kind="visits")


NAMED = "day,id,customer,amount,plan\n2026-05-01,p1,a@b.c,20.00,pro\n2026-05-02,p2,a@b.c,9.90,\n"
BARE = "day,customer,amount\n2026-05-01,a@b.c,20\n"


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (NAMED, BARE, "row 2 of the file .* says the same with one, found the same without an id"),
        (BARE, NAMED, "row 2 of the file .* says the same without one, found the same with an id"),
    ],
)
def test_a_payment_with_its_id_and_without_is_one(any_shop, first, then, said):
    book(any_shop, first, "first.csv", preset="plain_sales")
    before = money(any_shop)
    with pytest.raises(DataError, match=rf"then.csv:2: .*{said}") as refused:
        book(any_shop, then, "then.csv", preset="plain_sales")
    assert money(any_shop) == before
    # of another shop it is another payment
    facts = book(any_shop, then, "then.csv", preset="plain_sales", says={"source": "market"})
    assert facts["booked"]["new"] == then.count("\n") - 1
    undone(any_shop, refused.value)


@pytest.mark.parametrize(
    "bare",
    [
        "day,customer,amount\n2026-05-01,z@b.c,20\n",
        "day,customer,amount,plan\n2026-05-01,a@b.c,20,small\n",
        "day,customer,amount\n2026-05-01,a@b.c,20.01\n",
        "day,customer,amount\n2026-05-02,a@b.c,20\n",
    ],
)
def test_a_payment_that_says_something_else_is_another_one(shop, bare):
    book(shop, NAMED, "first.csv", preset="plain_sales")
    assert book(shop, bare, "then.csv", preset="plain_sales")["booked"]["new"] == 1


def test_rows_with_and_without_ids_of_one_file_are_as_many_as_it_has(shop):
    text = NAMED + "2026-05-02,,a@b.c,9.90,\n"
    assert book(shop, text, preset="plain_sales")["booked"]["new"] == 3
    assert book(shop, text + "2026-05-03,,,1,\n", preset="plain_sales")["booked"]["new"] == 1


def test_invoices_and_calls_are_told_apart_in_the_same_way(shop):
    row = "2026-05-01,{}rent,900\n"
    book(shop, "day,id,account,amount\n" + row.format("i1,"), "a.csv", kind="invoices")
    with pytest.raises(DataError, match="says the same with one"):
        book(shop, "day,account,amount\n" + row.format(""), "b.csv", kind="invoices")
    book(shop, "day,model,amount\n2026-05-01,m,3\n", "c.csv", kind="api_usage")
    with pytest.raises(DataError, match="says the same without one"):
        book(shop, "day,id,model,amount\n2026-05-01,r,m,3\n", "d.csv", kind="api_usage")


def test_a_file_is_not_money_of_two_kinds(shop):
    book(shop, WHOLE)
    with pytest.raises(
        DataError,
        match=r"export.csv: expected a file that is imported once, found 1 rows? of it that were imported as spend on 2",
    ) as refused:
        book(shop, WHOLE, kind="sales")
    assert money(shop) == {"ads.spend": -10}
    undone(shop, refused.value)
    assert book(shop, WHOLE, kind="sales")["booked"]["new"] == 1


def test_a_file_is_not_read_in_two_ways(shop):
    text = "day,amount\n2026-05-01,10\n"
    book(shop, text, kind="spend", says={"channel": "search"})
    with pytest.raises(DataError, match="imported in another way on 2"):
        book(shop, text, kind="spend", says={"channel": "sem"})
    assert len(entries(shop)) == 1


def test_spend_and_visits_may_stand_in_one_file(shop):
    text = "day,channel,amount,visits\n2026-05-01,search,10,200\n"
    book(shop, text, kind="spend")
    assert book(shop, text, kind="visits")["booked"]["new"] == 1


INVOICES = "day,id,account,amount,covers,since,until\n2026-03-02,i1,machine,504,cpu,2026-01-01,2026-01-31\n"


def test_invoices_that_cover_the_same_days_are_told(shop):
    assert book(shop, INVOICES, "a.csv", kind="invoices")["remarks"] == []
    other = INVOICES.replace("i1", "i2").replace("2026-01-01,2026-01-31", "2026-01-20,2026-02-10")
    (remark,) = book(shop, other, "b.csv", kind="invoices")["remarks"]
    assert (remark["code"], remark["what"], remark["other"]) == ("covers", "cpu", 2)
    assert (remark["first"], remark["last"]) == ("2026-01-20", "2026-01-31")
    path = exported(shop, other, "b.csv")
    done = CliRunner().invoke(app, ["market", "import", str(path), str(shop.path)])
    assert (
        "the invoice in row 2 covers cpu from 2026-01-20 to 2026-01-31, and so does" in done.output
    )
    apart = INVOICES.replace("i1", "i3").replace("-01-31", "-01-30").replace("-01-", "-04-")
    assert book(shop, apart.replace("03-02", "05-02"), "c.csv", kind="invoices")["remarks"] == []
