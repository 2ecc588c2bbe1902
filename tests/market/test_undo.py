"""A file that was imported is taken back: its rows say nothing any more, and its money is as if it never came."""

import json
from contextlib import closing
from decimal import Decimal

import pytest
from sqlalchemy.exc import SQLAlchemyError
from tests.market.books import entries, exported, money
from typer.testing import CliRunner

from steelyard.api.economics import economics
from steelyard.api.imports import imported_files, undo_import
from steelyard.api.market import import_file, imported, weeks
from steelyard.api.statement import statement
from steelyard.cli.commands import app
from steelyard.errors import UserError
from steelyard.market.chapter import chapter
from steelyard.market.series import history
from steelyard.spec import Money, load
from steelyard.store import Line, Store, tables

ADS = "日期,推广计划,消费,点击\n2026-01-01,品牌,1234.50,12\n2026-01-02,通用,88.00,3\n"
MORE = "日期,推广计划,消费,点击\n2026-01-02,通用,90.00,3\n2026-01-03,通用,5.00,1\n"
SALES = """\
id,Paid at,Amount,Refunded,Currency,Fee,Status,Email
p1,2026-01-31 12:30:00,20.00,0.00,usd,0.88,Paid,a@b.c
p2,2026-02-03 10:00:00,5.00,5.00,usd,0.10,Refunded,z@b.c
"""
CUSTOMERS = "id,since,segment\na@b.c,2026-01-05,small\n"
HOURS = "day,meter,quantity,id\n2026-01-31,person_hour,1,h1\n"
INVOICE = "day,account,amount,covers,since,until,id\n2026-03-02,wages,504,people,2026-01-01,2026-02-28,i1\n"


def books(shop, name, text, **how):
    path = exported(shop, text, name)
    import_file(shop, path, **how)
    return path


def test_all_of_a_file_is_taken_back_by_lines_of_its_own(any_shop):
    path = books(any_shop, "sales.csv", SALES)
    before = entries(any_shop)
    facts = undo_import(any_shop, path)
    assert (facts["rows"], facts["kinds"], facts["undone"]) == (2, {"sales": 2}, True)
    assert facts["lines"] == len(before) and money(any_shop) == {}
    after = entries(any_shop)  # also verifies the chain
    assert after[: len(before)] == before and len(after) == 2 * len(before)
    with closing(Store.open(any_shop)) as store:
        lines = store.database.rows(tables.entry.select().order_by(tables.entry.c.id))
        (event,) = {line["evidence"] for line in lines[:1]}
        assert [line["evidence"] for line in lines if event in line["evidence"]][-1] == (
            f"{event} undone"
        )
        assert store.events.sums() == [] and store.events.of_kind("sales") == []
    assert imported(any_shop) == [] and imported_files(any_shop) == []


def test_again_it_changes_nothing_and_the_file_can_come_back_as_new(any_shop):
    path = books(any_shop, "sales.csv", SALES)
    whole = money(any_shop)
    undo_import(any_shop, path)
    n = len(entries(any_shop))
    again = undo_import(any_shop, path)
    assert (again["rows"], again["lines"], again["money"]) == (0, 0, [])
    assert len(entries(any_shop)) == n
    assert import_file(any_shop, path)["booked"]["new"] == 2
    assert import_file(any_shop, path)["booked"] == {
        "new": 0,
        "known": 2,
        "corrected": 0,
        "lines": 0,
    }
    assert money(any_shop) == whole
    undo_import(any_shop, path)
    assert money(any_shop) == {}


def test_rows_that_another_file_corrected_stay_and_are_told(any_shop):
    first = books(any_shop, "ads.csv", ADS)
    second = books(any_shop, "more.csv", MORE, correct=True)
    facts = undo_import(any_shop, first)
    assert (facts["rows"], facts["corrected"], facts["replaced"]) == (1, 1, 0)
    assert money(any_shop) == {"ads.spend": Decimal(-95)}
    # the other one had taken the place of a row, which does not come back by itself
    facts = undo_import(any_shop, second)
    assert (facts["rows"], facts["corrected"], facts["replaced"]) == (2, 0, 1)
    assert money(any_shop) == {}
    assert import_file(any_shop, first)["booked"]["new"] == 2
    assert undo_import(any_shop, second)["rows"] == 0


def test_a_dry_run_changes_nothing_and_tells_money_by_account(shop):
    path = books(shop, "sales.csv", SALES)
    n = len(entries(shop))
    facts = undo_import(shop, path, dry=True)
    assert len(entries(shop)) == n and facts["undone"] is False
    assert facts["money"] == [
        {"account": "sale.fee", "lines": 2, "money": "6.97 CNY"},
        {"account": "sale.income", "lines": 2, "money": "-178.00 CNY"},
        {"account": "sale.refund", "lines": 1, "money": "36.00 CNY"},
    ]


def test_nothing_that_reads_the_books_sees_a_row_that_was_taken_back(shop):
    """Each reader says what it says of books that the files never came to."""
    tv = "day,channel,amount\n2026-01-05,tv,3.00\n2026-03-02,tv,3.00\n"
    books(shop, "tv.csv", tv, preset="plain_spend")
    paid = "day,amount,customer\n2026-01-06,30,c@b.c\n2026-03-03,1,c@b.c\n"
    books(shop, "paid.csv", paid, preset="plain_sales")

    def told():
        with closing(Store.open(shop)) as store:
            series = str(history(store, "sales")), str(sorted(history(store, "sales").spend))
            page = chapter(store, shop)
            for month in page["months"]:
                del month["lines"]  # of the ledger there are more now
        by_customer = statement(shop, by="customer", since="2026-01-01")
        by_segment = statement(shop, by="segment")
        for row in (*by_customer["rows"], by_customer["total"], *by_segment["rows"]):
            del row["lines"]
        return [
            imported(shop),
            weeks(shop),
            by_customer,
            by_segment["rows"],
            economics(shop, since="2026-01-01", until="2026-03-31"),
            series,
            page,
        ]

    before = told()
    files = [
        books(shop, "ads.csv", ADS),
        books(shop, "sales.csv", SALES),
        books(shop, "customers.csv", CUSTOMERS, preset="plain_customers"),
        books(shop, "visits.csv", "day,channel,visits\n2026-01-05,tv,30\n", preset="plain_visits"),
    ]
    between = told()
    assert all(one != other for one, other in zip(before, between, strict=True))
    for path in files:
        undo_import(shop, path)
    for one, other in zip(told(), before, strict=True):
        assert one == other


@pytest.fixture
def priced(shop):
    text = shop.path.read_text(encoding="utf-8")
    shop.path.write_text(text.replace("label: 0.30", "label: 0.30, person_hour: 120"), "utf-8")
    return load(shop.path)


@pytest.mark.parametrize("invoice_first", [True, False])
@pytest.mark.parametrize("undo_first", ["invoice", "hours"])
def test_what_an_invoice_paid_for_follows_both_of_them(priced, invoice_first, undo_first):
    files = {"invoice": INVOICE, "hours": HOURS}
    order = ("invoice", "hours") if invoice_first else ("hours", "invoice")
    paths = {name: books(priced, f"{name}.csv", files[name]) for name in order}
    assert sum(money(priced).values()) == Decimal(-504)
    undo_import(priced, paths[undo_first])
    left = {
        "invoice": {"people.hours": Decimal(-120)},
        "hours": {"invoice.wages": Decimal(-504)},
    }
    assert money(priced) == left[undo_first]
    import_file(priced, paths[undo_first])
    assert sum(money(priced).values()) == Decimal(-504)
    for name in order:
        undo_import(priced, paths[name])
    assert money(priced) == {}


def test_usage_is_corrected_after_its_invoice_was_taken_back(priced):
    invoice = books(priced, "invoice.csv", INVOICE)
    books(priced, "hours.csv", HOURS)
    undo_import(priced, invoice)
    books(priced, "hours.csv", HOURS.replace("hour,1,", "hour,2,"), correct=True)
    assert money(priced) == {"people.hours": Decimal(-240)}


def test_of_two_invoices_of_a_day_the_other_one_pays(priced):
    with closing(Store.open(priced)) as store:
        line = Line(
            "cpu.train", 1, "cpu_hour", Money.of(-3, "CNY"), "x", about={"day": "2026-01-10"}
        )
        store.record_once([], lambda new: [line], turn=0)
    first = books(priced, "one.csv", INVOICE.replace(",people,", ",cpu,"))
    books(priced, "two.csv", INVOICE.replace(",people,", ",cpu,").replace("i1", "i2"))
    undo_import(priced, first)
    assert money(priced)["metered.cpu"] == Decimal(3)
    assert sum(money(priced).values()) == Decimal(-504)


PAYING = """\
    payments:
      kind: sales
      columns: {day: day, id: order, refund_id: back, amount: amount}
"""
PAID, BACK = "2026-01-10,o1,,100\n", "2026-02-10,o1,r1,60\n"


def test_a_refund_whose_payment_is_taken_back_stands_alone_and_is_told(shop):
    shop.path.write_text(shop.path.read_text(encoding="utf-8") + PAYING, encoding="utf-8")
    paying, header = load(shop.path), "day,order,back,amount\n"
    paid = books(paying, "paid.csv", header + PAID)
    books(paying, "back.csv", header + BACK)
    assert undo_import(paying, paid)["refunds"] == 1
    assert money(paying) == {"sale.refund": Decimal(-60)}
    # a payment that is less than what was given back is refused as it always was
    with pytest.raises(UserError, match=r"at most what was paid, 59\.00 CNY"):
        books(paying, "less.csv", header + PAID.replace("100", "59"))
    assert import_file(paying, paid)["booked"]["new"] == 1


def test_rows_of_others_that_name_its_customers_are_told(shop):
    customers = books(shop, "customers.csv", CUSTOMERS, preset="plain_customers")
    books(shop, "sales.csv", SALES)
    assert undo_import(shop, customers)["customers"] == 1
    assert sum(money(shop).values()) > 0


def test_a_file_is_named_by_itself_or_by_digits_of_its_hash(shop):
    path = books(shop, "ads.csv", ADS)
    (listed,) = imported_files(shop)
    assert (listed["kind"], listed["rows"], listed["first"]) == ("spend", 2, "2026-01-01")
    for named in (listed["file"][:7], "other.csv", "f" * 64):
        with pytest.raises(UserError, match="a file that was imported"):
            undo_import(shop, named)
    with pytest.raises(UserError, match="a file that was imported"):
        undo_import(shop, exported(shop, MORE, "more.csv"))
    path.unlink()
    assert undo_import(shop, listed["file"][:8].upper())["rows"] == 2


def test_of_a_break_in_the_middle_nothing_is_left(shop, monkeypatch):
    path = books(shop, "sales.csv", SALES)
    before = entries(shop)

    def broken(*_args, **_how):
        raise SQLAlchemyError("no more")

    with monkeypatch.context() as patched, pytest.raises(SQLAlchemyError):
        patched.setattr("steelyard.store.ledger.append", broken)
        undo_import(shop, path)
    assert entries(shop) == before and imported(shop)[0]["rows"] == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_tells_before_it_does(shop, monkeypatch, language):
    monkeypatch.setenv("STEELYARD_LANGUAGE", language)
    path = books(shop, "sales.csv", SALES)
    run = CliRunner()
    listed = run.invoke(app, ["market", "imports", str(shop.path), "--json"])
    (digits,) = {row["file"] for row in json.loads(listed.output)}
    told = run.invoke(app, ["market", "undo", digits[:12], str(shop.path)])
    assert told.exit_code == 0 and "-178.00 CNY" in told.output
    assert {"en": "nothing was taken back", "zh": "没有撤回"}[language] in told.output
    assert {"en": "payment fees", "zh": "支付手续费"}[language] in told.output
    assert money(shop) != {}
    done = run.invoke(app, ["market", "undo", str(path), str(shop.path), "--yes"])
    assert done.exit_code == 0, done.output
    assert {"en": "2 rows taken back; 5 lines", "zh": "撤回了 2 行；账本新增 5 条"}[
        language
    ] in done.output
    assert money(shop) == {}
    again = run.invoke(app, ["market", "undo", str(path), str(shop.path), "--yes"])
    assert {"en": "nothing of it is in the books", "zh": "账本里没有它的内容"}[
        language
    ] in again.output
