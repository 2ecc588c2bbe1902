"""The files of a store cost what their GB-month costs, from one turn's end to the next."""

from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from steelyard.clock import Clock
from steelyard.spec import load
from steelyard.spec.pricing import DatedPrice, Prices
from steelyard.store import Store
from steelyard.store.kept import KEPT

PRICES = Prices(label=0, cpu_hour=0, storage_gb_month=Decimal(10_000_000))


class Dated(Clock):
    day = "2026-03-01"

    def now(self):
        return f"{self.day}T00:00:00.000000+00:00"


@pytest.fixture
def store(product_file):
    with closing(Store.open(load(product_file), clock=Dated())) as opened:
        (opened.root / "artifacts").mkdir(exist_ok=True)
        (opened.root / "artifacts" / "big").write_bytes(b"x" * 4_000_000)
        yield opened


def months(store):
    return [float(line["quantity"]) for line in store.ledger.lines(account=KEPT)]


def test_time_between_turns_is_booked_once_at_its_size(store):
    turn = store.begin_turn("a")
    store.clock.day = "2026-03-31"
    store.end_turn(turn, prices=PRICES)
    store.end_turn(turn, prices=PRICES)  # no time has passed
    (first,) = months(store)
    share = 30 / (365.25 / 12)
    assert 0.004 * share <= first < 0.01 * share
    store.clock.day = "2026-06-29"
    store.end_turn(store.begin_turn("b"), prices=PRICES)
    assert months(store)[1] == pytest.approx(3 * first, rel=0.2)
    (line, _) = store.ledger.lines(account=KEPT)
    assert line["nano"] == -round(first * 10_000_000 * 10**9)


def test_without_a_price_nothing_is_booked(store):
    turn = store.begin_turn("a")
    store.clock.day = "2026-03-31"
    store.end_turn(turn, prices=Prices(label=0, cpu_hour=0))
    assert months(store) == []


def test_a_price_holds_from_its_day_on_and_the_past_is_not_billed(store):
    store.end_turn(store.begin_turn("a"), prices=Prices(label=0, cpu_hour=0))
    store.clock.day = "2026-05-01"
    turn = store.begin_turn("b")
    store.clock.day = "2026-05-11"
    dated = DatedPrice(1)
    dated.since = {date(2026, 5, 6): Decimal(1_000_000), date(2026, 5, 9): Decimal(2_000_000)}
    store.end_turn(turn, prices=PRICES.model_copy(update={"storage_gb_month": dated}))
    (line,) = store.ledger.lines(account=KEPT)
    a_day = float(line["quantity"]) / 5  # from the 6th on
    assert 0.004 <= a_day * 365.25 / 12 < 0.01
    assert -line["nano"] / 10**9 == pytest.approx(a_day * (3 * 1_000_000 + 2 * 2_000_000), rel=1e-3)


def test_a_clock_that_was_wrong_once_is_no_debt_for_ever(store):
    turn = store.begin_turn("a")
    for day, lines in (("2026-04-01", 1), ("2026-03-02", 1), ("2026-05-01", 2)):
        store.clock.day = day
        store.end_turn(turn, prices=PRICES)
        assert len(months(store)) == lines


def test_products_of_one_store_share_it(store, product_file):
    turn = store.begin_turn("a")
    store.clock.day = "2026-03-31"
    store.end_turn(turn, prices=PRICES)
    text = product_file.read_text(encoding="utf-8").replace("product: ", "product: other-", 1)
    product_file.write_text(text, encoding="utf-8")
    with closing(Store.open(load(product_file), clock=Dated())) as other:
        other.clock.day = "2026-03-01"
        turn = other.begin_turn("a")
        other.clock.day = "2026-03-31"
        other.end_turn(turn, prices=PRICES)
        assert months(other)[0] == pytest.approx(months(store)[0] / 2, rel=0.2)
