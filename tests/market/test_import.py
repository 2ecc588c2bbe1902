"""Exports into the books: each row once, to the nano, with its place when it cannot be; all or nothing."""

import json
import multiprocessing
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.market.books import MARKET, entries, exported, money
from typer.testing import CliRunner

from steelyard.api.market import import_file, imported
from steelyard.cli.commands import app
from steelyard.errors import DataError, UserError
from steelyard.market.booking import lines_of
from steelyard.market.kinds import KINDS
from steelyard.market.presets import PRESETS
from steelyard.serve.service import Asked, Service
from steelyard.spec import load
from steelyard.store import Store, tables

ADS = '日期,推广计划,消费,点击\n2026年1月1日,品牌,"1,234.50",１２\n2026/1/2,通用,88.00,3\n'
SALES = """\
id,Paid at,Amount,Refunded,Currency,Fee,Status,Email
p1,2026-01-31 23:30:00,20.00,0.00,usd,0.88,Paid,a@b.c
p2,2026-02-03 10:00:00,5.00,5.00,usd,0.10,Refunded,z@b.c
p3,2026-02-04 10:00:00,5.00,0,usd,0,Failed,z@b.c
"""


def booked(shop, text, **how):
    return import_file(shop, exported(shop, text), **how)["booked"]


def test_spend_is_a_fact_for_each_day_and_a_line_of_money_that_went_out(shop):
    assert booked(shop, ADS) == {"new": 2, "known": 0, "corrected": 0, "lines": 2}
    assert entries(shop) == [
        (
            "ads.spend",
            -1_234_500_000_000,
            {"campaign": "品牌", "channel": "baidu", "day": "2026-01-01"},
        ),
        (
            "ads.spend",
            -88_000_000_000,
            {"campaign": "通用", "channel": "baidu", "day": "2026-01-02"},
        ),
    ]
    (row,) = imported(shop)
    assert (row["rows"], row["first"], row["last"]) == (2, "2026-01-01", "2026-01-02")
    with closing(Store.open(shop)) as store:
        assert next(e["body"] for e in store.events.of_kind("spend")) == {
            "campaign": "品牌",
            "clicks": "12",
        }


def test_sales_are_booked_in_the_currency_of_the_books_at_the_rate_of_their_day(any_shop):
    assert booked(any_shop, SALES) == {"new": 2, "known": 0, "corrected": 0, "lines": 5}
    # half past eleven at night in UTC is the first of February in Shanghai
    assert money(any_shop) == {
        "sale.income": Decimal("180.00"),
        "sale.refund": Decimal("-36.00"),
        "sale.fee": Decimal("-7.056"),
    }
    with closing(Store.open(any_shop)) as store:
        first = store.events.of_kind("sales")[0]
    assert first["day"] == "2026-02-01" and first["at"] == "2026-01-31T23:30:00+00:00"
    assert first["body"]["foreign"] == {
        "currency": "USD",
        "rate": "7.2",
        "amount": "20.00",
        "refund": "0.00",
        "fee": "0.88",
    }


def test_the_same_file_and_an_overlapping_one_change_nothing_twice(any_shop):
    booked(any_shop, ADS)
    before = entries(any_shop)
    assert booked(any_shop, ADS) == {"new": 0, "known": 2, "corrected": 0, "lines": 0}
    # another file, in another form, in another encoding
    more = "日期;消费;点击;推广计划\n02.01.2026;88,00;3;通用\n03.01.2026;1,00;0;通用\n"
    path = any_shop.folder / "more.csv"
    path.write_bytes(more.encode("gb18030"))
    assert import_file(any_shop, path)["booked"]["new"] == 1
    assert entries(any_shop)[:2] == before and len(entries(any_shop)) == 3


def test_equal_rows_without_an_id_are_as_many_as_the_file_has_of_them(shop):
    header = "day,customer,amount\n"
    row = "2026-01-05,u1,9.90\n"
    assert booked(shop, header + row * 2, preset="plain_sales")["new"] == 2
    assert booked(shop, header + row * 2, preset="plain_sales")["new"] == 0
    assert booked(shop, header + row * 3, preset="plain_sales") == {
        "new": 1,
        "known": 2,
        "corrected": 0,
        "lines": 1,
    }
    assert money(shop) == {"sale.income": Decimal("29.70")}


def test_a_row_that_says_something_else_is_refused_and_corrected_when_that_is_asked_for(any_shop):
    booked(any_shop, ADS)
    other = ADS.replace("88.00", "90.00")
    with pytest.raises(
        DataError,
        match=r"export.csv:3: expected what was booked on .* 88.00 CNY.*found amount 90.00 CNY.*--correct",
    ):
        booked(any_shop, other)
    assert money(any_shop) == {"ads.spend": Decimal("-1322.50")}
    assert booked(any_shop, other, correct=True) == {
        "new": 0,
        "known": 1,
        "corrected": 1,
        "lines": 2,
    }
    assert money(any_shop) == {"ads.spend": Decimal("-1324.50")}
    assert booked(any_shop, other)["known"] == 2
    assert booked(any_shop, ADS, correct=True)["corrected"] == 1  # and back
    assert money(any_shop) == {"ads.spend": Decimal("-1322.50")}
    with closing(Store.open(any_shop)) as store:
        assert [e["nano"] for e in store.events.of_kind("spend")] == [
            -1_234_500_000_000,
            -88_000_000_000,
        ]
        assert sum(row["rows"] for row in store.events.sums()) == 2


def test_what_a_correction_takes_back_is_what_was_booked_also_fees_and_refunds(shop):
    booked(shop, SALES)
    booked(shop, SALES.replace("0.88", "0.50").replace("5.00,5.00", "5.00,0.00"), correct=True)
    assert money(shop) == {"sale.income": Decimal("180.00"), "sale.fee": Decimal("-4.32")}


@pytest.mark.parametrize(
    ("cell", "by", "said"),
    [
        ("2026/1/2", "2026/13/2", r"export.csv:3 日期: expected a day such as"),
        ("2026/1/2", "2126/1/2", r"export.csv:3 日期: expected a day from 2000-01-01 to today"),
        (
            "2026/1/2",
            "1/2/2026",
            r"export.csv:3 日期: expected a day that can be read in one way.*dates",
        ),
        ("2026/1/2", "", r"export.csv:3 日期: expected day: the day it was spent, found nothing"),
        ("88.00", "-88.00", r"export.csv:3 消费: expected zero or more, found -88"),
        ("88.00", "many", r"export.csv:3 消费: expected a number, found 'many'"),
        (
            "88.00",
            "$88.00",
            r"export.csv:3 消费: expected an amount in CNY, found one with the sign of",
        ),
        (",3\n", ",3.5\n", r"export.csv:3 点击: expected .*number.*found '3.5'"),
        (
            "2026/1/2,通用",
            "2026/1/1,品牌",
            r"export.csv:3: expected one row for each day and channel and campaign, found the same as in row 2",
        ),
        ("消费", "花掉", r"export.csv: expected a header that one of these knows: ads"),
    ],
)
def test_one_bad_row_names_its_file_row_and_column_and_nothing_is_booked(shop, cell, by, said):
    assert ADS.count(cell) == 1
    with pytest.raises(UserError, match=said):
        booked(shop, ADS.replace(cell, by))
    with closing(Store.open(shop)) as store:
        assert store.events.sums() == [] and store.ledger.sums() == []


def test_a_currency_without_a_rate_on_that_day_is_refused_with_how_to_say_it(shop):
    with pytest.raises(
        DataError,
        match=r"export.csv:2: expected what 1 USD is worth in CNY on 2025-12-31, found the first is of 2026-01-01",
    ):
        booked(shop, SALES.replace("2026-01-31 23", "2025-12-31 03"))
    with pytest.raises(DataError, match=r"1 GBP .* found there is none; add it"):
        booked(shop, SALES.replace("usd", "GBP"))
    assert entries(shop) == []


def test_more_is_never_given_back_than_was_paid(shop):
    with pytest.raises(
        DataError, match=r"export.csv:3 Refunded: expected at most what was paid, 5.00, found 6.00"
    ):
        booked(shop, SALES.replace("5.00,5.00", "5.00,6.00"))


def test_totals_notes_and_a_second_header_are_left_out_and_told(shop):
    header = ADS.splitlines()[0]
    text = f'百度推广报告\n# 2026-01\n{ADS}{header}\n合计,,"1,322.50",15\n备注,,,\n'
    facts = import_file(shop, exported(shop, text))
    assert facts["booked"]["new"] == 2 and facts["totals"] == 2
    assert facts["amounts"] == [
        {"channel": "baidu", "currency": "CNY", "rows": 2, "amount": "1322.50"}
    ]


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_row_with_a_wrong_day_beside_a_total_is_refused_and_never_part_of_it(shop, where):
    lines = [*ADS.splitlines()[1:], "总计,,1,1"]
    lines.insert(where, "2026/2/31,通用,5.00,1")
    with pytest.raises(DataError, match=rf"export.csv:{where + 2} 日期: expected a day such as"):
        booked(shop, "\n".join([ADS.splitlines()[0], *lines]) + "\n")
    with pytest.raises(DataError, match=r"export.csv:4 日期: expected a day such as"):
        booked(shop, f"{ADS.splitlines()[0]}\n总计,,1,1\n2026/1/1,a,1,1\n2026/2/31,a,5.00,1\n")


def test_ids_of_two_systems_are_told_apart_by_their_source(shop):
    header = "day,id,amount\n"
    how = {"preset": "plain_sales"}
    booked(shop, header + "2026-01-05,1001,9.90\n", says={"source": "shop"}, **how)
    assert (
        booked(shop, header + "2026-01-06,1001,5.00\n", says={"source": "app"}, **how)["new"] == 1
    )
    with pytest.raises(DataError, match="what was booked"):
        booked(shop, header + "2026-01-06,1001,5.00\n", says={"source": "shop"}, **how)


def test_what_people_write_into_a_free_field_is_masked_and_no_turn_pays_for_it(shop):
    booked(
        shop, "day,amount,plan\n2026-01-05,9.90,给 a.b@example.com 的月卡\n", preset="plain_sales"
    )
    with closing(Store.open(shop)) as store:
        (event,) = store.events.of_kind("sales")
        assert "a.b@example.com" not in event["body"]["plan"] and "月卡" in event["body"]["plan"]
        assert [row["turn"] for row in store.database.rows(tables.entry.select())] == [0]


def test_a_row_behind_the_total_that_has_a_day_is_a_row(shop):
    assert booked(shop, f'{ADS}合计,,"1,322.50",15\n2026-01-03,通用,1.00,1\n')["new"] == 3


def test_whoever_pays_is_the_user_who_asks(shop):
    booked(shop, SALES)
    with closing(Store.open(shop)) as store, closing(Service(store, shop)) as service:
        (sale,) = (e for e in store.events.of_kind("sales") if e["body"]["id"] == "p1")
        assert sale["customer"] == service._unit(Asked(["很好"], "a@b.c", None))


def test_a_wrong_field_of_a_mapping_is_told_before_any_export_is_there(shop):
    text = shop.path.read_text(encoding="utf-8").replace("campaign: 推广计划", "campain: 推广计划")
    shop.path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(shop.path), "--json"])
    assert any(
        "market.imports.ads" in said and "did you mean 'campaign'" in said
        for said in json.loads(done.output)["problems"]
    )


def test_customers_are_the_users_of_requests_and_nobodys_name_is_kept(shop):
    text = "id,since,segment\na@b.c,2026-01-05,small\n"
    booked(shop, text, kind="customers", preset="plain_customers")
    booked(shop, SALES)
    with closing(Store.open(shop)) as store:
        (customer,) = store.events.of_kind("customers")
        sale = next(e for e in store.events.of_kind("sales") if e["body"]["id"] == "p1")
        everything = json.dumps(store.database.rows(tables.event.select())) + json.dumps(
            store.database.rows(tables.entry.select())
        )
        assert customer["customer"] == sale["customer"] and len(customer["customer"]) == 24
        assert customer["nano"] is None and customer["body"] == {"segment": "small"}
    assert "a@b.c" not in everything


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_read_from_a_table_with_our_own_names(shop, kind):
    cells = {"day": "2026-01-05", "money": "12.50", "count": "3", "number": "2.5", "word": "w"}
    words = {"currency": "CNY", "covers": "cpu", "meter": "cpu_hour"}
    fields = {
        n: words.get(n, "1.00" if n in ("refund", "fee") else cells[f.of])
        for n, f in KINDS[kind].fields.items()
    }
    text = f"{','.join(fields)}\n{','.join(fields.values())}\n"
    facts = import_file(shop, exported(shop, text), preset=f"plain_{kind}")
    assert facts["booked"]["new"] == 1 and facts["kind"] == kind
    with closing(Store.open(shop)) as store:
        (event,) = store.events.of_kind(kind)
        assert sum(line.money.nano for line in lines_of(event)) == sum(
            n for _, n, _ in entries(shop)
        )
    assert all(PRESETS[f"plain_{kind}"].columns[name] == (name,) for name in fields)


def test_a_file_that_two_mappings_fit_is_read_by_neither(shop):
    text = (shop.folder / "product.yaml").read_text(encoding="utf-8")
    twice = text + MARKET.split("imports:\n")[1].split("    shop:")[0].replace("ads:", "same:")
    (shop.folder / "product.yaml").write_text(twice, encoding="utf-8")
    other = load(shop.folder / "product.yaml")
    with pytest.raises(
        UserError, match=r"expected one way to read it, found ads, same; name one with --with"
    ):
        booked(other, ADS)
    assert booked(other, ADS, mapping="same")["new"] == 2


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"mapping": "adz"}, "did you mean 'ads'"),
        ({"preset": "plain_spent"}, "did you mean 'plain_spend'"),
        ({"mapping": "ads", "kind": "sales"}, "expected spend, found 'sales'"),
        ({"kind": "visits"}, "a header that one of these knows"),
    ],
)
def test_a_way_to_read_that_is_not_known_or_fits_another_kind_is_told(shop, how, said):
    with pytest.raises(UserError, match=said):
        booked(shop, ADS, **how)


def test_a_dry_run_says_what_would_be_read_and_makes_no_store(new_shop):
    facts = import_file(new_shop, exported(new_shop, ADS), dry=True)
    assert facts["rows"] == 2 and "booked" not in facts
    assert not (new_shop.folder / ".steelyard").exists()


def _import(path, export):
    import_file(load(path), export)


def test_writers_at_once_book_every_row_once(any_shop, monkeypatch):
    monkeypatch.syspath_prepend(
        Path(__file__).parents[2]
    )  # the command takes it off in tests before
    header = ADS.splitlines()[0]
    days = [date(2025, 1, 1 + n) for n in range(28)]
    texts = [
        "\n".join([header, *(f"{d},计划{w % 2},1.00,1" for d in days)]) + "\n" for w in range(4)
    ]
    paths = [exported(any_shop, text, f"w{i}.csv") for i, text in enumerate(texts)]
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_import, args=(any_shop.path, path)) for path in paths]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert all(worker.exitcode == 0 for worker in workers)
    assert money(any_shop) == {"ads.spend": Decimal(-56)} and len(entries(any_shop)) == 56


def test_the_command_says_what_it_read_how_and_what_was_booked(shop):
    path = exported(shop, ADS + "合计,,1322.5,15\n")
    done = CliRunner().invoke(app, ["market", "import", str(path), str(shop.path)])
    assert done.exit_code == 0
    assert (
        "export.csv: 2 rows of spend, 2026-01-01 to 2026-01-02 (CSV in UTF-8; columns of ads; 1 row of totals left out: 1,322.50)"
        in done.output
    )
    assert "2 booked, 0 booked before; 2 lines in the ledger" in done.output
    shown = CliRunner().invoke(app, ["market", "show", str(shop.path), "--json"])
    assert json.loads(shown.output)["booked"][0]["money"] == "-1,322.50 CNY"
    known = CliRunner().invoke(app, ["market", "presets", "--json"])
    assert "plain_sales" in json.loads(known.output)
