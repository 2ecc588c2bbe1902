"""A row of a total is known by what it adds up, not by its name; what was left out is told."""

import pytest
from tests.market.books import entries, exported, money
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.cli.commands import app
from steelyard.errors import DataError
from steelyard.market import totals

HEAD = "day,channel,campaign,amount\n"
DAYS = "2026-05-01,search,a,7.25\n2026-05-01,social,b,2.75\n2026-05-03,search,a,5.00\n"


def book(shop, text, **how):
    how = how or {"kind": "spend"}
    return import_file(shop, exported(shop, text), **how)


@pytest.mark.parametrize(
    "total",
    [
        "2026-05-03,Total,,15\n",  # of all
        "2026-05-01,Total,,10.00\n",  # of its day
        "2026-05-03,合计,,15.01\n",  # as far as rounding goes
        "2026-05-31,search,Grand total,15.00\n",
    ],
)
def test_a_total_with_a_day_is_left_out_and_told(shop, total):
    facts = book(shop, HEAD + DAYS + total)
    assert (facts["booked"]["new"], facts["totals"], facts["remarks"]) == (3, 1, [])
    assert facts["left_out"] == [{"row": 5, "amount": total.strip().rpartition(",")[2]}]
    assert money(shop) == {"ads.spend": -15}


def test_totals_between_the_rows_are_of_those_above(shop):
    text = "2026-05-01,a,x,1\n2026-05-02,a,x,2\n2026-05-02,Total,,3\n2026-05-01,b,y,4\n2026-05-02,b,y,5\n2026-05-02,Total,,9\n"
    facts = book(shop, HEAD + text)
    assert (facts["booked"]["new"], facts["totals"]) == (4, 2)


@pytest.mark.parametrize("total", ["2026-05-03,Total,,16\n", "2026-05-03,Total,,7.25\n"])
def test_what_is_called_a_total_and_is_none_is_refused(shop, total):
    with pytest.raises(
        DataError,
        match=r"export.csv:5 amount: expected the sum of the other rows, 15.00, .*'Total'",
    ):
        book(shop, HEAD + DAYS + total)
    assert entries(shop) == []


META = "Reporting starts,Reporting ends,Campaign name,Amount spent (CNY)\n2026-05-01,2026-05-01,a,70.97\n2026-05-02,2026-05-02,a,74.63\n"


def test_a_row_without_a_campaign_is_a_total_only_where_it_adds_up(shop):
    facts = book(shop, META + "2026-05-01,2026-05-02,,145.60\n", preset="meta_ads")
    assert facts["left_out"] == [{"row": 4, "amount": "145.60"}]
    with pytest.raises(DataError, match=r"csv:4 Amount spent.*145.60, in a row that has no name"):
        book(shop, META + "2026-05-02,2026-05-02,,20.00\n", preset="meta_ads")


def test_a_plan_and_what_has_an_id_may_be_called_total(shop):
    text = "day,id,plan,amount\n2026-05-01,p1,Total,9.90\n2026-05-02,p2,Total,5.00\n"
    assert book(shop, text, preset="plain_sales")["booked"]["new"] == 2


def test_a_whole_beside_its_parts_is_their_total(shop):
    day = "2026-05-01,search"
    facts = book(shop, HEAD + f"{day},,10\n{day},a,6\n{day},b,4\n2026-05-02,search,,3\n")
    assert facts["left_out"] == [{"row": 2, "amount": "10"}]
    assert money(shop) == {"ads.spend": -13}


def test_totals_of_totals_are_left_out_too(shop):
    text = "day,channel,campaign,part,amount\n"
    rows = ["a,x,1", "a,y,2", "a,,3", "b,x,4", "b,,4", ",,7"]
    facts = book(shop, text + "".join(f"2026-05-01,search,{row}\n" for row in rows))
    assert [one["row"] for one in facts["left_out"]] == [4, 6, 7]
    assert money(shop) == {"ads.spend": -7}


def test_a_whole_that_is_not_the_sum_of_its_parts_is_refused(shop):
    day = "2026-05-01,search"
    with pytest.raises(
        DataError, match=r"csv:2: expected search of 2026-05-01 .*one as a whole, and row 3 by camp"
    ):
        book(shop, HEAD + f"{day},,12\n{day},a,6\n{day},b,4\n")
    named = f"{day},other,2\n{day},a,6\n{day},b,4\n"
    assert book(shop, HEAD + named)["booked"]["new"] == 3


@pytest.mark.parametrize("n", [3, 10])
def test_visits_of_no_campaign_stay_beside_others_also_where_they_add_up_by_chance(shop, n):
    head = "day,channel,campaign,visits\n"
    rows = "2026-05-01,search,a,6\n2026-05-01,search,b,4\n2026-05-01,search,,"
    facts = book(shop, f"{head}{rows}{n}\n", kind="visits")
    assert (facts["booked"]["new"], facts["left_out"]) == (3, [])


def test_a_total_that_the_rows_do_not_reach_is_told(shop):
    facts = book(shop, HEAD + DAYS + "Total,,,99.00\n")
    (remark,) = facts["remarks"]
    assert remark == {"code": "totals", "row": 5, "amount": "99.00", "rows": "15.00"}
    path = exported(shop, HEAD + DAYS + "Total,,,99.00\n")
    done = CliRunner().invoke(app, ["market", "import", str(path), str(shop.path), "--as", "spend"])
    assert "1 row of totals left out: 99.00" in done.output
    assert "the total in row 5 says 99.00, the rows that were read add up to 15.00" in done.output


def test_totals_of_two_currencies_are_of_their_own_rows(shop):
    text = "day,channel,campaign,amount,currency\n2026-05-01,search,a,7,CNY\n2026-05-01,search,b,3,USD\n"
    totals = "2026-05-01,Total,,7,CNY\n2026-05-01,Total,,3,USD\n"
    facts = book(shop, text + totals)
    assert [one["row"] for one in facts["left_out"]] == [4, 5]
    with pytest.raises(DataError, match="csv:4"):
        book(shop, text + totals.replace("7,CNY", "10,CNY"))


def test_totals_of_every_day_among_many_rows_are_told(shop):
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    text = "".join(
        "".join(f"{day},search,c{n},1\n" for n in range(20)) + f"{day},Total,,20\n" for day in days
    )
    facts = import_file(shop, exported(shop, HEAD + text), kind="spend", dry=True)
    assert (facts["rows"], facts["totals"]) == (6720, 336)


@pytest.mark.parametrize(
    "total", ["2026-05-01,Total,,3.58\n", "Total,,,3.58\n", "2026-05-01,tv,,3.58\n"]
)
def test_a_total_that_is_rounded_to_cents_is_one_of_finer_amounts(shop, total):
    parts = "2026-05-01,tv,A,1.23456\n2026-05-01,tv,B,2.34567\n2026-05-01,tv,C,1.05E-05\n"
    facts = book(shop, HEAD + parts + total)
    assert (facts["booked"]["new"], facts["totals"], facts["remarks"]) == (3, 1, [])


def test_many_totals_without_a_day_are_read_in_one_pass(shop, monkeypatch):
    asked = []
    own = totals.numbers
    monkeypatch.setattr(totals, "numbers", lambda *a, **k: asked.append(1) or own(*a, **k))
    book(shop, HEAD + DAYS + "Total,,,15.00\n" * 300)
    assert len(asked) == 1
