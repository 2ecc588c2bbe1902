"""What is used and nobody can meter is booked at the price of its day; an invoice pays for what was metered once."""

from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from tests.market.books import entries, exported, money

from steelyard.api.market import import_file
from steelyard.api.statement import statement
from steelyard.errors import DataError
from steelyard.market.metered import METERS, used
from steelyard.spec import Money, load
from steelyard.spec.pricing import Prices
from steelyard.store import Line, Store

HOURS = "day,meter,quantity,id\n2026-01-31,person_hour,2.5,h1\n2026-02-01,person_hour,1,h2\n2026-02-02,gpu_hour,0.5,h3\n"
INVOICE = "day,account,amount,covers,since,until,id\n2026-03-02,machine,504,cpu,2026-01-01,2026-02-28,i1\n"
DATED = "label: 0.30, person_hour: {2026-01-01: 100, 2026-02-01: 120}, gpu_hour: 12"


@pytest.fixture
def priced(shop):
    text = shop.path.read_text(encoding="utf-8").replace("label: 0.30", DATED)
    shop.path.write_text(text, encoding="utf-8")
    return load(shop.path)


def metered(shop, *parts):
    """CPU that was booked on these days, in CNY."""
    with closing(Store.open(shop)) as store:
        lines = [
            Line("cpu.train", 1, "cpu_hour", Money.of(-amount, "CNY"), "x", about={"day": day})
            for day, amount in parts
        ]
        store.record_once([], lambda new: lines, turn=0)


def booked(shop, text, **how):
    return import_file(shop, exported(shop, text), **how)["booked"]


def test_hours_are_booked_at_the_price_of_their_day(priced):
    assert booked(priced, HOURS) == {"new": 3, "known": 0, "corrected": 0, "lines": 3}
    assert money(priced) == {"people.hours": Decimal(-370), "gpu.elsewhere": Decimal(-6)}
    assert booked(priced, HOURS) == {"new": 0, "known": 3, "corrected": 0, "lines": 0}
    with closing(Store.open(priced)) as store:
        by = {row["account"]: row for row in store.ledger.sums()}
    assert (by["people.hours"]["quantity"], by["people.hours"]["unit"]) == ("3.5", "person_hour")


def test_every_price_has_a_meter_and_every_meter_a_price():
    assert METERS.keys() == Prices.model_fields.keys()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-01-31,egress_gb,1,a", "a price of one egress_gb on 2026-01-31, found none"),
        (
            "2025-12-31,person_hour,1,a",
            "a price of one person_hour on 2025-12-31, found the first is of 2026-01-01",
        ),
        ("2026-01-31,person_hours,1,a", "found person_hours; did you mean 'person_hour'?"),
        ("2026-01-31,person_hour,-1,a", "expected zero or more, found -1"),
    ],
)
def test_what_has_no_price_on_its_day_is_refused_with_its_row(priced, row, said):
    with pytest.raises(DataError, match=r"export\.csv:2 ") as refused:
        booked(priced, f"day,meter,quantity,id\n{row}\n")
    assert said in str(refused.value)
    assert entries(priced) == []


def test_another_price_later_is_another_amount_of_the_same_row(priced):
    booked(priced, HOURS)
    text = priced.path.read_text(encoding="utf-8").replace("gpu_hour: 12", "gpu_hour: 14")
    priced.path.write_text(text, encoding="utf-8")
    changed = load(priced.path)
    with pytest.raises(DataError, match="what was booked"):
        booked(changed, HOURS)
    booked(changed, HOURS, correct=True)
    assert money(changed)["gpu.elsewhere"] == Decimal(-7)


def test_an_invoice_pays_for_what_was_metered_and_the_rest_is_idle(priced):
    metered(priced, ("2026-01-10", 3), ("2026-02-10", 5), ("2026-03-01", 7))
    booked(priced, INVOICE)
    assert money(priced) == {
        "cpu.train": Decimal(-15),
        "metered.cpu": Decimal(8),
        "invoice.machine": Decimal(-504),
    }
    # in each month what was metered and what was paid for it are beside each other
    months = {row["month"]: Decimal(row["cost"]) for row in statement(priced, by="month")["rows"]}
    assert months == {"2026-01": 0, "2026-02": 0, "2026-03": Decimal(-511)}


def test_a_second_invoice_of_the_same_days_pays_for_nothing_more(priced):
    metered(priced, ("2026-01-10", 3))
    booked(priced, INVOICE)
    booked(priced, INVOICE.replace("i1", "i2").replace("504", "100"))
    assert money(priced)["metered.cpu"] == Decimal(3)


def test_a_corrected_invoice_takes_back_what_it_paid_for(priced):
    metered(priced, ("2026-01-10", 3), ("2026-02-10", 5))
    booked(priced, INVOICE)
    shorter = INVOICE.replace("2026-02-28", "2026-01-31").replace("504", "252")
    booked(priced, shorter, correct=True)
    assert money(priced)["metered.cpu"] == Decimal(3)
    assert money(priced)["invoice.machine"] == Decimal(-252)
    assert booked(priced, shorter) == {"new": 0, "known": 1, "corrected": 0, "lines": 0}


def test_usage_that_comes_after_its_invoice_counts_once(priced):
    booked(priced, INVOICE.replace(",cpu,", ",people gpu,"))
    booked(priced, HOURS)
    assert sum(money(priced).values()) == Decimal(-504)
    assert booked(priced, HOURS)["lines"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("2026-02-28", "2099-01-01"), "a day from 2000-01-01 to today"),
        (("2026-02-28", "2025-02-28"), "expected a day from 2026-01-01 on, found 2025-02-28"),
        ((",cpu,", ",cpus,"), "some of cpu, gpu, label, people, storage, api, found cpus"),
    ],
)
def test_an_invoice_that_cannot_pay_for_what_it_says_is_refused(priced, change, said):
    with pytest.raises(DataError, match=r"export\.csv:2 ") as refused:
        booked(priced, INVOICE.replace(*change))
    assert said in str(refused.value)
    assert entries(priced) == []


def test_an_invoice_of_days_that_are_not_over_is_refused(priced):
    today = date.today().isoformat()
    with pytest.raises(DataError, match="over before today"):
        booked(priced, INVOICE.replace("2026-03-02", today).replace("2026-02-28", today))


def test_a_price_is_that_of_its_day(priced):
    of = [
        used(priced.spec.money, "person_hour", Decimal(1), date(2026, month, day)).amount
        for month, day in ((1, 31), (2, 1))
    ]
    assert of == [100, 120]


def test_a_customer_who_left_keeps_the_day(priced):
    text = "since,id,until,channel\n2026-01-05,a@b.c,2026-03-01,search\n"
    booked(priced, text)
    with closing(Store.open(priced)) as store:
        (event,) = store.events.of_kind("customers")
    assert event["body"]["until"] == "2026-03-01"


def test_an_invoice_of_a_part_of_days_that_are_paid_pays_for_none_of_them(priced):
    metered(priced, *((f"2026-01-{day:02}", 1) for day in range(1, 32)))
    booked(priced, INVOICE.replace("2026-02-28", "2026-01-31"))
    part = INVOICE.replace("2026-02-28", "2026-01-15").replace("i1", "i2").replace("504", "100")
    booked(priced, part)
    assert money(priced)["metered.cpu"] == Decimal(31)


CALLS = "day,amount,model,id\n2026-01-10,480,m,a1\n"


@pytest.mark.parametrize("invoice_first", [True, False])
def test_calls_and_their_invoice_count_once_in_either_order(priced, invoice_first):
    invoice = INVOICE.replace(",cpu,", ",api,")
    for text in (invoice, CALLS) if invoice_first else (CALLS, invoice):
        booked(priced, text)
    assert sum(money(priced).values()) == Decimal(-504)


@pytest.mark.parametrize("invoice_first", [True, False])
def test_corrected_usage_that_an_invoice_paid_for_counts_once(priced, invoice_first):
    invoice = INVOICE.replace(",cpu,", ",people,")
    row = "day,meter,quantity,id\n2026-01-31,person_hour,1,h1\n"
    for text in (invoice, row) if invoice_first else (row, invoice):
        booked(priced, text)
    booked(priced, row.replace("hour,1,", "hour,1.2,"), correct=True)
    assert money(priced)["metered.people"] == Decimal(120)
    assert sum(money(priced).values()) == Decimal(-504)


LATE = "day,meter,quantity,id\n2026-02-20,person_hour,1,late\n"


@pytest.mark.parametrize("again", [None, "longer", "corrected usage", "covers nothing"])
def test_an_invoice_made_shorter_pays_for_late_usage_no_more(priced, again):
    invoice = INVOICE.replace(",cpu,", ",people,")
    booked(priced, invoice)
    booked(priced, LATE)
    assert sum(money(priced).values()) == Decimal(-504)
    shorter = invoice.replace("2026-02-28", "2026-01-31")
    booked(priced, shorter, correct=True)
    assert money(priced) == {"people.hours": Decimal(-120), "invoice.machine": Decimal(-504)}
    if again == "longer":
        booked(priced, invoice, correct=True)
        assert sum(money(priced).values()) == Decimal(-504)
    elif again == "corrected usage":
        booked(priced, LATE.replace("hour,1,", "hour,2,"), correct=True)
        assert sum(money(priced).values()) == Decimal(-504 - 240)
    elif again == "covers nothing":
        booked(priced, shorter.replace(",people,", ",,"), correct=True)
        assert sum(money(priced).values()) == Decimal(-504 - 120)


def test_days_that_one_invoice_gives_up_are_paid_by_another_of_the_same_file(priced):
    booked(priced, INVOICE.replace(",cpu,", ",people,"))
    booked(priced, LATE)
    header, row = INVOICE.replace(",cpu,", ",people,").splitlines()
    first = row.replace("2026-02-28", "2026-01-31").replace("504", "252")
    then = row.replace("2026-01-01", "2026-02-01").replace("504", "252").replace("i1", "i2")
    booked(priced, f"{header}\n{first}\n{then}\n", correct=True)
    assert money(priced)["metered.people"] == Decimal(120)
    assert sum(money(priced).values()) == Decimal(-504)
