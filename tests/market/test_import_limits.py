"""What no book can hold is refused with its row, a wrong option is named, and a dry run refuses what a run does."""

from decimal import Decimal

import pytest
from tests.market.books import entries, exported, money
from typer.testing import CliRunner

from steelyard.api.market import import_file, imported
from steelyard.api.statement import statement
from steelyard.cli.commands import app
from steelyard.errors import DataError, SpecError, UserError
from steelyard.spec import load

WHOLE = "day,channel,amount\n2026-05-01,search,{}\n"


def asked(shop, text, *more, name="export.csv"):
    path = exported(shop, text, name)
    return CliRunner().invoke(app, ["market", "import", str(path), str(shop.path), *more])


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("column", ["amount", "fee"])
def test_an_amount_that_no_line_holds_is_refused_with_its_row(shop, column, dry):
    row = {"amount": "1", "fee": "0"} | {column: "9223372037"}
    text = f"day,amount,fee\n2026-05-01,{row['amount']},{row['fee']}\n"
    with pytest.raises(
        DataError, match=rf"export.csv:2 {column}: expected at most 9,223,372,036.85"
    ):
        import_file(shop, exported(shop, text), preset="plain_sales", dry=dry)
    assert entries(shop) == []


def test_the_largest_amounts_are_booked_and_add_up(any_shop):
    shop = any_shop
    text = WHOLE.format("9223372036.85") + "2026-05-02,search,9223372036.85\n"
    import_file(shop, exported(shop, text), kind="spend")
    assert money(shop) == {"ads.spend": Decimal("-18446744073.70")}
    assert statement(shop)["total"]["cost"] == "-18446744073.7"
    assert imported(shop)[0]["money"] == "-18,446,744,073.70 CNY"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--as", "spendd"], "--as: expected one of spend, sales,"),
        (["--as", "spendd"], "did you mean 'spend'?"),
        (
            ["--as", "spend", "--say", "chanel=x"],
            "--say: expected a field of spend, found 'chanel'; did you mean 'channel'?",
        ),
        (["--say", "chanel=x"], "did you mean 'channel'?"),
        (
            ["--as", "spend", "--say", "decimal=;"],
            "expected --say decimal=. or --say decimal=,, found decimal=;",
        ),
        (["--as", "spend", "--say", "time_zone=Peking"], "--say time_zone: expected a time zone"),
    ],
)
def test_a_wrong_option_is_named_with_a_near_word(shop, more, said):
    done = asked(shop, WHOLE.format(5), *more)
    assert isinstance(done.exception, UserError) and said in str(done.exception)


def test_a_repair_that_is_printed_can_be_said_to_the_command(shop):
    text = WHOLE.format('"1,234"')
    refused = asked(shop, text, "--as", "spend")
    assert "say --say decimal=. or --say decimal=," in str(refused.exception)
    assert asked(shop, text, "--as", "spend", "--say", "decimal=.").exit_code == 0
    assert money(shop) == {"ads.spend": -1234}
    text = "day,channel,amount\n1/2/2026,search,5\n"
    refused = asked(shop, text, "--as", "spend")
    assert "--say dates=month_first" in str(refused.exception)
    assert asked(shop, text, "--as", "spend", "--say", "dates=month_first").exit_code == 0


def test_half_a_visit_is_told_as_no_whole_number(shop):
    done = asked(shop, "day,channel,visits\n2026-05-01,search,10.5\n", "--as", "visits")
    said = "export.csv:2 visits: expected a whole number, found '10.5'; correct the cell"
    assert isinstance(done.exception, UserError) and said in str(done.exception)


def test_a_time_zone_that_is_none_is_refused_with_the_file(shop):
    text = shop.path.read_text(encoding="utf-8").replace("Asia/Shanghai", "Asia/Shangai")
    shop.path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"market.time_zone.*expected a name such as Asia/Shanghai"):
        load(shop.path)


@pytest.mark.parametrize("rate", ["0", "-7.1"])
def test_a_rate_that_makes_money_nothing_is_refused_with_the_file(shop, rate):
    text = shop.path.read_text(encoding="utf-8").replace("2026-02-01: 7.2", f"2026-02-01: {rate}")
    shop.path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"rates.*above 0|rates.*greater than 0|rates.*more than 0"):
        load(shop.path)


REFUND = "day,id,refund_id,amount\n2026-05-01,p1,,5\n2026-05-02,p1,r1,6\n"


@pytest.mark.parametrize("has_ledger", [False, True])
@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        (WHOLE.format(5), {"kind": "spend", "says": {"currency": "GBP"}}, "what 1 GBP is worth"),
        (WHOLE.format(5), {"kind": "spend", "says": {"currency": "XXQ"}}, "what 1 XXQ is worth"),
        (REFUND, {"preset": "plain_sales"}, "at most what was paid, 5.00 CNY, found 6.00 CNY"),
        (
            "day,meter,quantity\n2026-05-01,gpu_hour,1\n",
            {"kind": "usage"},
            "a price of one gpu_hour",
        ),
    ],
)
def test_a_dry_run_refuses_what_a_run_refuses(new_shop, text, how, said, has_ledger):
    if has_ledger:
        import_file(new_shop, exported(new_shop, WHOLE.format(1), "first.csv"), kind="spend")
    with pytest.raises(UserError, match=said) as dry:
        import_file(new_shop, exported(new_shop, text), dry=True, **how)
    assert (new_shop.folder / ".steelyard").exists() is has_ledger
    with pytest.raises(UserError) as wet:
        import_file(new_shop, exported(new_shop, text), **how)
    assert str(dry.value) == str(wet.value)


def test_a_dry_run_tells_a_contradiction_and_writes_nothing(shop):
    import_file(shop, exported(shop, WHOLE.format(1)), kind="spend")
    with pytest.raises(DataError, match="what was booked on"):
        import_file(shop, exported(shop, WHOLE.format(2)), kind="spend", dry=True)
    import_file(shop, exported(shop, WHOLE.format(2)), kind="spend", dry=True, correct=True)
    assert money(shop) == {"ads.spend": -1}


@pytest.mark.parametrize(
    ("kind", "text", "code", "sentence"),
    [
        (
            "spend",
            "day,channel,amount,clicks,impressions\n2026-05-01,a,1,5,9\n2026-05-02,a,1,5,4\n",
            "clicks",
            "1 row with more clicks than impressions, the first is row 3",
        ),
        (
            "visits",
            "day,channel,visits,conversions\n2026-05-01,a,3,3\n2026-05-02,a,3,4\n",
            "conversions",
            "1 row with more conversions than visits, the first is row 3",
        ),
        (
            "sales",
            "day,amount,fee\n2026-05-01,0,5\n2026-05-02,1,5\n",
            "fees",
            "1 sale with a fee larger than the amount, the first is row 3",
        ),
    ],
)
def test_figures_that_seldom_are_are_booked_and_said(shop, kind, text, code, sentence):
    facts = import_file(shop, exported(shop, text), kind=kind)
    assert facts["remarks"] == [{"code": code, "row": 3, "n": 1}] and facts["booked"]["new"] == 2
    assert sentence in asked(shop, text, "--as", kind).output
