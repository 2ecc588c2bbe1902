"""What a month of a partner comes to, from events and lines, and what the product file may say of counting."""

import csv
import io
import json
from contextlib import closing

import pytest
from tests.counted import KEY, OWN, PARTNERS, convert, key_of, product_in, visit
from typer.testing import CliRunner

from steelyard.api.market import import_file, imported
from steelyard.api.partners import partners
from steelyard.api.statement import statement
from steelyard.cli.commands import app
from steelyard.errors import SpecError, UserError
from steelyard.serve import Server
from steelyard.spec import Money
from steelyard.store import Line, Store

ABOUT = {"variant": "v", "partner": "acme", "channel": "acme", "requests": 2, "answers": 5}
ASKED = [
    Line("cpu.serve", 1, "cpu_hour", Money(-7, "CNY"), "variant:v", about=ABOUT),
    Line("cpu.serve", 1, "cpu_hour", Money(-9, "CNY"), "variant:v", about={"variant": "v"}),
]


def run(*words):
    return CliRunner().invoke(app, ["market", "partners", *words])


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request, tmp_path):
    """With a month of two partners in its books."""
    postgres = request.param == "postgresql"
    ledger = f"ledger: '{request.getfixturevalue('empty_postgres_url')}'\n" if postgres else ""
    product = product_in(tmp_path, more=ledger)
    with (
        closing(Store.open(product)) as store,
        Server(store, product, key=KEY, partners=PARTNERS) as url,
    ):
        for name in ("acme", "beta", "beta"):
            visit(url, key_of(name))
        convert(url, OWN, id="o1", channel="acme", value="10.05")
        convert(url, OWN, id="o2", channel="acme", value=100)
        convert(url, OWN, id="o2", revoked=True)
        convert(url, OWN, id="o3", channel="news", value=1, currency="USD")
        convert(url, OWN, id="o4", channel="wechat", value=1000)
        for name in ("acme", "beta"):
            convert(url, key_of(name), id="own", value=50)
        store.record_once([], lambda _: ASKED, turn=0)
    return product


def test_a_share_is_owed_for_what_stands_and_for_claims_of_the_trusted_only(product):
    acme, beta = partners(product)["rows"]
    assert (acme["visits"], acme["conversions"], acme["claimed"], acme["revoked"]) == (1, 1, 1, 1)
    assert (acme["value"], acme["claimed_value"], acme["owed"]) == ("10.05", "50", "2.01")
    assert (beta["visits"], beta["value"], beta["owed"]) == (2, "7.2", "28.6")
    with closing(Store.open(product)) as store:
        told = {row["id"] for row in store.events.of_kind("conversion")}
        assert {*acme["events"], *beta["events"]} < told
        assert {row["account"] for row in store.ledger.sums()} == {"cpu.serve"}  # said, not booked


def test_what_a_partners_key_asked_is_read_from_the_ledgers_lines(product):
    acme, beta = partners(product)["rows"]
    assert (acme["requests"], acme["answers"], acme["cost"]) == (2, 5, "0.000000007")
    assert (beta["requests"], beta["cost"]) == (0, "0")


def test_another_month_is_empty_and_no_month_is_refused(product):
    empty = partners(product, month="2025-12")
    assert (empty["until"], [row["owed"] for row in empty["rows"]]) == ("2025-12-31", ["0", "0"])
    for said in ("2026-13", "2026", "20261", "2026-1", "9999-12"):
        with pytest.raises(UserError, match="a month such as"):
            partners(product, month=said)


def test_counted_visits_and_imported_ones_are_told_apart(product):
    export = product.folder / "visits.csv"
    export.write_text("day,channel,visits\n2026-01-05,news,40\n", encoding="utf-8")
    import_file(product, export, preset="plain_visits")
    rows = {(r["kind"], r["channel"]): r["rows"] for r in imported(product)}
    assert rows["visits", "news"] == 1 and rows["visit", "news"] == 2
    assert partners(product)["rows"][1]["visits"] == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_says_the_same_as_a_table_as_json_and_as_csv(product, monkeypatch, language):
    monkeypatch.setenv("STEELYARD_LANGUAGE", language)
    shown = run(str(product.path))
    facts = json.loads(run(str(product.path), "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(run(str(product.path), "--csv").stdout)))
    assert shown.exit_code == 0 and "28.60" in shown.stdout
    assert ("合作方" in shown.stdout) == (language == "zh")
    assert [r["owed"] for r in rows] == [r["owed"] for r in facts["rows"]] == ["2.01", "28.6"]


def test_conversions_that_are_cash_stand_in_the_statement_by_customer(tmp_path):
    product = product_in(tmp_path, market="market: {counting: {channels: [a], cash: true}}\n")
    with closing(Store.open(product)) as store, Server(store, product) as url:
        convert(url, {}, id="o1", user="u", value=5)
        convert(url, {}, id="o2", user="u", value=7)
        convert(url, {}, id="o2", revoked=True)
    for by in ("account", "customer"):
        assert statement(product, by=by)["total"]["income"] == "5"


def test_sales_are_counted_in_one_place(tmp_path):
    cash = "market:\n  counting: {cash: true}\n"
    with pytest.raises(SpecError, match=r"sales from one place, found counting.cash"):
        product_in(
            tmp_path, market=f"{cash}  imports: {{shop: {{kind: sales, preset: plain_sales}}}}\n"
        )
    product = product_in(tmp_path, market=cash)
    export = tmp_path / "sales.csv"
    export.write_text("day,amount\n2026-01-05,40\n", encoding="utf-8")
    with pytest.raises(UserError, match="sales from one place"):
        import_file(product, export, preset="plain_sales")


def test_what_was_told_as_cash_is_not_imported_as_well(tmp_path):
    cash = "market: {counting: {channels: [a], cash: true}}\n"
    product = product_in(tmp_path, market=cash)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        convert(url, {}, id="o1", user="u", value=5)
        (day,) = (e["day"] for e in store.events.of_kind("conversion"))
    product = product_in(tmp_path, market=cash.replace(", cash: true", ""))
    export = tmp_path / "sales.csv"
    export.write_text(f"day,id,amount\n2026-01-05,p0,40\n{day},p1,5\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"1 conversions from {day} to {day} that are booked as"):
        import_file(product, export, preset="plain_sales")
    export.write_text("day,id,amount\n2026-01-05,p0,40\n", encoding="utf-8")
    assert import_file(product, export, preset="plain_sales")["booked"]["new"] == 1
    assert statement(product)["total"]["income"] == "45"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("counting: {landing: '//evil.example'}", "a path of this server"),
        ("counting: {landing: '/\\evil'}", "a path of this server"),
        ("counting: {landing: 'javascript:alert(1)'}", "a path of this server"),
        ("counting: {links: {a: 'https://u:p@h.example/'}}", "a path of this server"),
        ('counting: {links: {a: "/x\\r\\nSet-Cookie: a=b"}}', "a path of this server"),
        ("counting: {channels: ['a/b']}", "at most 80 letters"),
        ("counting: {channels: [a, a]}", "named once"),
        ("counting: {late_days: 0}", "greater than or equal to 1"),
        ("partners: {acme: {share: 1}}", "less than 1"),
        ("partners: {acme: {channel: b}, b: {}}", "a channel of its own"),
        ("partners: {acme: {key: secret}}", "not a field"),
    ],
)
def test_a_product_file_that_would_count_or_lead_wrong_is_refused(tmp_path, said, why):
    with pytest.raises(SpecError, match=why):
        product_in(tmp_path, market=f"market:\n  {said}\n")
