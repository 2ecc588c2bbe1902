"""A statement is the ledger's lines in parts: to the nano, cash and declared worth apart."""

import csv
import io
import json
from contextlib import closing
from decimal import Decimal

import pytest
from tests.conftest import PRODUCT, reviews, with_ledger, write_jsonl
from typer.testing import CliRunner

from steelyard.api.facts import sums
from steelyard.api.market import import_file
from steelyard.api.rows import events, lines
from steelyard.api.statement import BY, statement
from steelyard.cli.commands import app
from steelyard.errors import UserError
from steelyard.market.keeping import TEST, keep
from steelyard.spec import Money, load
from steelyard.store import IMPUTED, Line, Store

SPEND = "day,channel,amount\n2026-01-31,search,100\n2026-02-01,search,50.5\n2026-02-10,social,7\n"
SALES = "day,id,customer,amount,refund,fee,channel\n2026-01-15,a,u1,80,0,0.5,search\n2026-02-02,b,u1,30,10,0.25,social\n2026-02-03,c,u2,20,0,0,social\n"
PEOPLE = "since,id,segment\n2026-01-01,u1,small\n2026-01-02,u2,large\n"


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "product.yaml"
    cash = "  cash: {2026-01-01: 500, 2026-02-01: 1000}\n"
    path.write_text(
        PRODUCT.format(encoder="x/y").replace("  prices:", f"{cash}  prices:", 1), encoding="utf-8"
    )
    write_jsonl(tmp_path / "reviews.jsonl", reviews(10))
    file = with_ledger(load(path))
    for kind, text in {"spend": SPEND, "sales": SALES, "customers": PEOPLE}.items():
        imported(file, kind, text)
    with closing(Store.open(file)) as store:
        worth = Line(
            "value.correct",
            1,
            "correct_answer",
            Money.of("0.01", "CNY"),
            "answer:1",
            IMPUTED,
            {"variant": "v1"},
        )
        store.record_once([], lambda new: [worth])
    return file


def imported(file, kind, text, **how):
    path = file.folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    return import_file(file, path, preset=f"plain_{kind}", **how)["booked"]


def figures(row):
    return {name: Decimal(row[name]) for name in ("income", "cost", "profit", "imputed")}


def test_cash_is_told_by_account_and_declared_worth_stands_beside_it(shop):
    facts = statement(shop)
    rows = {row["account"]: figures(row) for row in facts["rows"]}
    assert rows["ads.spend"] == {
        "income": 0,
        "cost": Decimal("-157.5"),
        "profit": Decimal("-157.5"),
        "imputed": 0,
    }
    assert rows["sale.income"]["income"] == 130 and rows["sale.refund"]["income"] == -10
    assert rows["sale.fee"]["cost"] == Decimal("-0.75")
    assert rows["value.correct"] == {
        "income": 0,
        "cost": 0,
        "profit": 0,
        "imputed": Decimal("0.01"),
    }
    assert figures(facts["total"]) == {
        "income": 120,
        "cost": Decimal("-158.25"),
        "profit": Decimal("-38.25"),
        "imputed": Decimal("0.01"),
    }


@pytest.mark.parametrize("by", BY)
def test_however_it_is_parted_it_is_the_ledger_to_the_nano(shop, by):
    facts = statement(shop, by=by)
    with closing(Store.open(shop)) as store:
        nano = {row["basis"]: 0 for row in store.ledger.sums()}
        for row in store.ledger.sums():
            nano[row["basis"]] += row["nano"]
    total = figures(facts["total"])
    assert total["profit"] == Decimal(nano["cash"]) / 10**9
    assert total["imputed"] == Decimal(nano["imputed"]) / 10**9
    for name in total:
        assert sum(figures(row)[name] for row in facts["rows"]) == total[name]


CALLS = "day,id,customer,amount\n2026-02-05,k1,u1,1.25\n2026-02-06,k2,,3\n"


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("days", [{}, {"since": "2026-02-01", "until": "2026-02-09"}])
def test_each_part_names_the_very_lines_that_it_is_the_sum_of(shop, by, days):
    imported(shop, "api_usage", CALLS)
    imported(shop, "sales", SALES.replace("c,u2,20", "c,u2,5"), correct=True)
    facts = statement(shop, by=by, **days)
    assert facts["rows"]
    for row in facts["rows"]:
        (asked,) = row["rows"]
        asked = {{"from": "since", "to": "until"}.get(n, n): said for n, said in asked.items()}
        nano = {"cash": 0, "imputed": 0}
        for line in lines(shop, **asked):
            nano[line["basis"] or "cash"] += line["nano"]
        assert Decimal(row["profit"]) == Decimal(nano["cash"]) / 10**9
        assert Decimal(row["imputed"]) == Decimal(nano["imputed"]) / 10**9


def test_what_is_of_no_customer_is_a_row_of_its_own_that_makes_the_whole(shop):
    for by in ("customer", "segment"):
        facts = statement(shop, by=by)
        rest = facts["rows"][-1]
        assert rest[by] is None and Decimal(rest["cost"]) == Decimal("-157.5")
        assert figures(facts["total"]) == figures(statement(shop)["total"])


def test_calls_for_a_customer_are_his_cost(shop):
    imported(shop, "api_usage", CALLS)
    costs = [row["cost"] for row in statement(shop, by="customer")["rows"]]
    assert costs == ["-2", "0", "-160.5"]


def test_a_test_that_is_planned_moves_no_end_of_a_statement(shop):
    last = statement(shop)["to"]
    body = {"first": "2027-01-04"}
    with closing(Store.open(shop)) as store:
        keep(store, TEST, "search 2027", day="2027-01-04", channel="search", body=body)
    facts = statement(shop)
    assert facts["to"] == last and any(row["account"] == "market.test" for row in facts["rows"])


def test_each_figure_says_of_which_money_it_is_and_how_it_is_known(shop):
    facts = statement(shop)
    assert facts["figures"]["profit"] == {"basis": "cash", "evidence": "measured"}
    assert facts["figures"]["imputed"] == {"basis": "imputed", "evidence": "assumed"}
    assert {*facts["total"]} - {"lines"} <= facts["figures"].keys()


def test_a_period_holds_the_days_that_its_money_speaks_of_and_not_those_of_its_import(shop):
    facts = statement(shop, since="2026-02-01", until="2026-02-28", by="channel")
    rows = {row["channel"]: figures(row)["profit"] for row in facts["rows"]}
    assert rows == {"search": Decimal("-50.5"), "social": Decimal("32.75")}
    assert (facts["from"], facts["to"]) == ("2026-02-01", "2026-02-28")
    assert statement(shop, since="2019-01-01", until="2019-12-31")["rows"] == []


def test_customers_and_segments_have_what_they_paid_less_refunds_and_fees(shop):
    people = statement(shop, by="customer")
    named = [figures(r)["profit"] for r in people["rows"] if r["customer"]]
    assert named == [Decimal("99.25"), 20]
    segments = {r["segment"]: figures(r) for r in statement(shop, by="segment")["rows"]}
    assert segments["small"]["income"] == 100 and segments["large"]["income"] == 20
    assert figures(people["total"])["income"] == 120


def test_a_correction_changes_income_and_is_no_cost(shop):
    other = SALES.replace("2026-02-03,c,u2,20", "2026-02-04,c,u2,5")
    assert imported(shop, "sales", other, correct=True)["corrected"] == 1
    total = figures(statement(shop)["total"])
    assert total["income"] == 105 and total["cost"] == Decimal("-158.25")


@pytest.mark.parametrize(
    ("until", "balance", "said_on"),
    [
        ("2026-01-31", "479.5", "2026-01-01"),
        ("2026-02-28", "982.25", "2026-02-01"),
        ("2026-01-01", "500", "2026-01-01"),
    ],
)
def test_the_balance_is_what_there_was_and_every_line_since(shop, until, balance, said_on):
    cash = statement(shop, until=until)["cash"]
    assert (cash["balance"], cash["said_on"]) == (balance, said_on)


def test_how_long_the_cash_lasts_is_told_from_three_whole_months(shop):
    assert statement(shop, until="2026-03-31")["cash"]["burnt_a_month"] is None
    rows = "".join(f"2026-{month}-05,search,60\n" for month in ("03", "04", "05"))
    imported(shop, "spend", SPEND + rows)
    cash = statement(shop, until="2026-06-15")["cash"]
    assert cash["months"] == ["2026-03", "2026-05"] and cash["burnt_a_month"] == "60"
    assert cash["runway_months"] == pytest.approx((982.25 - 180) / 60, abs=0.05)
    imported(shop, "sales", SALES + "2026-05-06,d,u2,1000,0,0,social\n")
    assert statement(shop, until="2026-06-15")["cash"]["runway_months"] is None


def test_without_cash_in_the_file_no_balance_is_made_up(shop):
    text = shop.path.read_text(encoding="utf-8")
    shop.path.write_text(
        "\n".join(x for x in text.splitlines() if "cash:" not in x), encoding="utf-8"
    )
    assert statement(load(shop.path))["cash"] is None


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"since": "1/2/2026"}, "--from: expected a day such as 2026-01-31"),
        ({"until": "2026-02-30"}, "--to: expected a day"),
        (
            {"since": "2026-05-01", "until": "2026-04-01"},
            "--from: expected a day up to that of --to, 2026-04-01, found 2026-05-01",
        ),
        ({"by": "chanel"}, "did you mean 'channel'"),
    ],
)
def test_what_is_no_day_or_no_part_is_refused(shop, how, said):
    with pytest.raises(UserError, match=said):
        statement(shop, **how)


def test_the_command_shows_it_writes_it_for_a_spreadsheet_and_for_a_program(shop):
    run = CliRunner().invoke
    shown = run(app, ["statement", str(shop.path), "--to", "2026-02-28"])
    assert shown.exit_code == 0 and "-157.50" in shown.output and "Cash: 982.25" in shown.output
    table = list(
        csv.DictReader(io.StringIO(run(app, ["statement", str(shop.path), "--csv"]).output))
    )
    assert table[-1]["profit"] == "-38.25" and len(table) == len(statement(shop)["rows"]) + 1
    body = json.loads(run(app, ["statement", str(shop.path), "--by", "month", "--json"]).output)
    assert [row["month"] for row in body["rows"]][:2] == ["2026-01", "2026-02"]
    assert set(BY) == {"account", "channel", "variant", "month", "customer", "segment"}


def test_rows_of_imports_are_shown_by_kind_channel_and_customer(shop):
    found = events(shop, "payments", channel="social", since="2026-02-01")
    assert [row["money"] for row in found] == ["30.00 CNY", "20.00 CNY"]
    one = found[0]["customer"]
    assert [row["day"] for row in events(shop, "sales", customer=one)] == [
        "2026-01-15",
        "2026-02-02",
    ]
    run = CliRunner().invoke
    path = str(shop.path)
    said = run(app, ["ledger", "lines", path, "--events", "customers", "--json"])
    assert [row["day"] for row in json.loads(said.stdout)] == ["2026-01-01", "2026-01-02"]
    for wrong, why in (
        (["--events", "payment"], "did you mean 'payments'"),
        (["--events", "sales", "--account", "ads.spend"], "found --account"),
        (["--without", "chanel"], "did you mean 'channel'"),
    ):
        assert why in str(run(app, ["ledger", "lines", path, *wrong]).exception)
    shown = run(app, ["ledger", "lines", path, "--customer", one], env={"COLUMNS": "200"})
    assert shown.exit_code == 0 and shown.output.count("event:") == 5


def test_rows_of_a_simulated_market_say_so(shop):
    for simulated in (False, True):
        if simulated:
            text = shop.path.read_text(encoding="utf-8")
            shop.path.write_text(f"{text}market: {{simulated: true}}\n", encoding="utf-8")
        file = load(shop.path)
        for rows in (sums(file), lines(file), events(file, "sales")):
            assert {row["simulated"] for row in rows} == {simulated}
