"""What the books say of a market is what the plan takes: each figure with its rows, and why one is not there."""

import importlib.util
import json
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.market.companies import At

from steelyard.api.market import import_file
from steelyard.as_json import of_json, to_json
from steelyard.errors import Damaged
from steelyard.market import STAGE, beliefs
from steelyard.market.beliefs import believed, run
from steelyard.market.left import Marketed
from steelyard.plan.market import Market
from steelyard.spec import load
from steelyard.store import Store
from steelyard.taken import value_of

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 10, 28)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The example's company in the books of a product, and the module that made it."""
    where = ROOT / "examples/reviews/market.py"
    spec = importlib.util.spec_from_file_location("market_of_beliefs", where)
    module = sys.modules["market_of_beliefs"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("beliefs")
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    text = PRODUCT.format(encoder="x/y") + "market: {time_zone: Asia/Shanghai, simulated: true}\n"
    (folder / "product.yaml").write_text(text, encoding="utf-8")
    shop = load(folder / "product.yaml")
    for path in module.write(folder, seed=7, before=TODAY):
        kind = path.stem.rpartition("-")[2]
        if kind != "invoices":
            import_file(shop, path, kind=kind)
    del sys.modules["market_of_beliefs"]
    return shop, module


@pytest.fixture(scope="module")
def market(simulated):
    shop, _ = simulated
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        return believed(store, shop)


def test_the_figures_are_those_of_the_company_that_was_booked(market, simulated):
    _, module = simulated
    assert market.simulated and market.currency == "CNY" and market.until == "2026-10-28"
    # ten organic customers a week and what three channels bring, at most 29 more
    assert 10 / 7 < market.customers.value < (10 + 16 + 9 + 4) / 7
    assert market.conversion.low < market.conversion.value < market.conversion.high
    assert market.conversion.value == pytest.approx(
        market.customers.value / market.visits.value, rel=1e-6
    )
    assert market.worth.value > module.ORDER_CNY * 0.9  # who buys once leaves that
    assert market.worth.evidence == "extrapolated" and market.worth.events["sales"] > 1000
    assert 0.9 < market.margin_share.value < 1
    # four of a hundred payments are given back, which a mix of sales does not see
    assert market.kept_of_sales.value == pytest.approx(market.margin_share.value * 0.96, rel=0.03)
    assert list(market.arrives) == sorted(market.arrives) and market.arrives[-1] == 1.0


def test_every_channel_has_a_curve_with_draws_and_what_it_costs_today(market, simulated):
    _, module = simulated
    spends = {one.name: one.spend / 7 for one in module.CHANNELS}
    assert {one.channel for one in market.channels} == spends.keys()
    for one in market.channels:
        assert one.spend == pytest.approx(spends[one.channel], rel=0.5)
        assert one.curve.of == "sales" and one.curve.days == 7.0 and one.won > 0
        assert len(one.curve.values) == len(one.curve.effect) <= 200
        assert np.isfinite(one.curve.effect).all() and min(one.curve.effect) >= 0
    search = next(one for one in market.channels if one.channel == "search")
    # its most is 16 customers a week, each of whom buys again: no draw is far beyond what that can bring
    assert 0 < np.mean(search.curve.effect) < 16 * 5 * module.ORDER_CNY


def test_the_plan_reads_it_as_it_was_left(market):
    left = Marketed(market)
    body = json.loads(json.dumps(to_json(left)))
    assert of_json(Marketed, body) == left
    taken = value_of(Market | None, body["market"])
    assert taken.worth.value == market.worth.value
    assert taken.channels[0].curve.effect == market.channels[0].curve.effect
    assert len(json.dumps(body)) < 60_000


def test_a_line_says_what_was_found(market):
    said = STAGE.summary(Marketed(market))
    assert said.startswith("simulated: 3 channels, ") and "of visits become customers" in said
    assert "nothing is booked" in STAGE.summary(Marketed())
    assert "steelyard verify" in STAGE.summary(Marketed(damaged="x"))
    assert STAGE.summary(Marketed(replace(market, simulated=False, channels=()))).startswith("0 ch")


def test_nothing_booked_is_no_market(shop):
    with closing(Store.open(shop)) as store:
        assert run(store, shop) == Marketed()


def test_books_in_another_currency_are_left_out_by_name(shop, tmp_path):
    path = tmp_path / "spend.csv"
    path.write_text("day,channel,amount\n2026-10-05,ads,300\n", encoding="utf-8")
    import_file(shop, path, preset="plain_spend")
    other = shop.spec.model_copy(
        update={"money": shop.spec.money.model_copy(update={"currency": "EUR"})}
    )
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        left = run(store, replace(shop, spec=other))
    assert left == Marketed(other_currency="CNY") and "in CNY" in STAGE.summary(left)


def test_a_few_weeks_have_no_curve_and_say_why(shop, tmp_path):
    spend = ["day,channel,amount", "2026-10-05,ads,300", "2026-10-12,ads,300"]
    sales = ["day,id,amount,customer"]
    sales += [f"2026-10-{6 + i:02},s{i},120,c{i}" for i in range(20)]
    customers = ["since,id,channel"] + [f"2026-10-{6 + i:02},c{i},ads" for i in range(20)]
    for name, rows in (("spend", spend), ("sales", sales), ("customers", customers)):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        import_file(shop, path, preset=f"plain_{name}")
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        found = run(store, shop).market
    (ads,) = found.channels
    assert ads.curve is None and ads.cost.value == pytest.approx(30.0) and ads.won == 20
    # of 22 days that are booked, not of the 90 that are looked at
    assert found.customers.value == pytest.approx(20 / 21)
    assert ads.spend == pytest.approx(600 / 21)
    assert found.no_fit.code == "market.no_fit" and found.conversion is None
    assert found.worth.evidence == "measured"  # nobody came back yet: what a customer left so far
    assert found.worth.value == pytest.approx(120.0)


@pytest.mark.parametrize("ends, left", [(["", ""], None), (["2026-10-09", "2026-03-01"], 1)])
def test_customers_who_left_are_told_by_month_where_the_list_says_who_did(
    shop, tmp_path, ends, left
):
    path = tmp_path / "customers.csv"
    rows = [f"2026-01-0{1 + i},c{i},ads,{end}" for i, end in enumerate(ends)]
    path.write_text("\n".join(["since,id,channel,until", *rows]) + "\n", encoding="utf-8")
    import_file(shop, path, preset="plain_customers")
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        found = run(store, shop).market.left
    if left is None:
        assert found is None
    else:  # one in the ninety days before, in months of them
        assert found.value == pytest.approx(left / (90 / 30.44), rel=0.01) and found.n == left


def test_refunds_and_fees_above_income_leave_a_worth_below_zero_and_nothing_of_sales(
    shop, tmp_path
):
    sales = ["day,id,amount,customer,refund,fee"]
    sales += [f"2026-10-{6 + i:02},s{i},50,c{i},50,1" for i in range(20)]
    for name, rows in (("sales", sales), ("spend", ["day,channel,amount", "2026-10-05,ads,300"])):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        import_file(shop, path, preset=f"plain_{name}")
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        found = run(store, shop).market
    assert found.kept_of_sales is None or found.kept_of_sales.value <= 0
    assert found.worth is None or found.worth.value <= 0


def test_a_fact_that_was_changed_is_said_and_the_plan_does_without(shop, tmp_path, monkeypatch):
    path = tmp_path / "spend.csv"
    path.write_text("day,channel,amount\n2026-10-05,ads,300\n", encoding="utf-8")
    import_file(shop, path, preset="plain_spend")

    def torn(store, market, currency, *, keeps):
        raise Damaged("market_fit of ads", "what was written down", "something else")

    monkeypatch.setattr(beliefs, "fitted", torn)
    with closing(Store.open(shop, clock=At(TODAY))) as store:
        left = run(store, shop)
    assert left.market is None and "market_fit of ads" in left.damaged
