"""Economics: each figure is what the ledger and the imports say, with an interval that knows its users."""

import json
import random
from contextlib import closing
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from tests.conftest import PRODUCT, reviews, with_ledger, write_jsonl
from typer.testing import CliRunner

from steelyard.api.economics import economics
from steelyard.api.market import import_file
from steelyard.api.rows import events, lines
from steelyard.cli.commands import app
from steelyard.errors import SpecError, UserError
from steelyard.market.worth import _a_month, cohorts, months_between
from steelyard.spec import Money, load
from steelyard.store import Line, Store

DAYS = {"since": "2026-01-01", "until": "2026-03-31"}


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "product.yaml"
    text = PRODUCT.format(encoder="x/y").replace("label: 0.30", "label: 0.30, api_call: 0.05")
    path.write_text(text, encoding="utf-8")
    write_jsonl(tmp_path / "reviews.jsonl", reviews(10))
    with closing(Store.open(with_ledger(load(path)))):
        pass
    return load(path)


@pytest.fixture
def shop_on_postgresql(shop, empty_postgres_url):
    text = shop.path.read_text(encoding="utf-8") + f"ledger: '{empty_postgres_url}'\n"
    shop.path.write_text(text, encoding="utf-8")
    with closing(Store.open(load(shop.path))):
        pass
    return load(shop.path)


def answers(shop, users, *, variant="v1", day="2026-02-01", right=()):
    """user -> how many answers; each of a user in `right` gets an outcome of that utility. A CNY a thousand."""
    facts, n = [], 0
    with closing(Store.open(shop)) as store:
        salt = store.salt()
        from steelyard.store import hashed

        for user, count in users.items():
            for _ in range(count):
                n += 1
                identity = f"{variant}{day}{n:08d}"
                row = {
                    "id": identity,
                    "product": store.product,
                    "variant": variant,
                    "state": "live",
                    "user": hashed(salt, user),
                    "request": "",
                    "value": "positive",
                    "score": 0.9,
                    "detail": {},
                    "cpu_s": 0.01,
                    "latency_ms": 5.0,
                    "created": f"{day}T10:00:00.000000+00:00",
                    "origin": "user",
                }
                facts.append(("answer", row))
                if user in right:
                    said = {
                        "id": f"f{identity}",
                        "answer": identity,
                        "kind": "outcome",
                        "value": "positive",
                        "utility": right[user],
                    }
                    facts.append(("feedback", said))
        line = Line(
            "cpu.serve",
            Decimal("0.01"),
            "cpu_hour",
            Money.of(-Decimal(n) / 1000, "CNY"),
            f"variant:{variant} answers:{n}",
            about={"variant": variant, "day": day},
        )
        store.record_once(facts, lambda new: [line], turn=0)
    return n


def booked(shop, text, kind):
    path = shop.folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    return import_file(shop, path, preset=f"plain_{kind}")


def test_a_request_and_a_right_answer_have_their_cost(shop):
    users = {f"u{i}": 10 for i in range(40)}
    right = {f"u{i}": float(i % 4 != 0) for i in range(40)}
    n = answers(shop, users, right=right)
    (one,) = economics(shop, **DAYS)["variants"]
    assert one["answers"] == n == 400
    assert one["per_request"]["value"] == pytest.approx(0.001)
    assert one["per_request"]["evidence"] == one["right"]["evidence"] == "measured"
    assert one["right"]["value"] == pytest.approx(0.75)
    assert one["per_right"]["value"] == pytest.approx(0.001 / 0.75)
    # ten answers of a user are not ten users: 1.645 * sqrt(.75 * .25 / 40), not / 400
    half = (one["right"]["high"] - one["right"]["low"]) / 2
    assert half == pytest.approx(1.645 * (0.75 * 0.25 / 39) ** 0.5, rel=0.01)
    assert one["per_right"]["low"] < one["per_right"]["value"] < one["per_right"]["high"]


def test_the_lines_behind_a_figure_are_those_that_it_names(shop):
    answers(shop, {"u": 10}, variant="v1")
    answers(shop, {"u": 20}, variant="v2")
    (one,) = (v for v in economics(shop, **DAYS)["variants"] if v["variant"] == "v2")
    named = one["per_request"]["lines"]
    named = {"since": named["from"], "until": named["to"]} | {
        n: named[n] for n in ("account", "variant")
    }
    (line,) = lines(shop, **named)
    assert line["nano"] == -20_000_000 and line["about"]["variant"] == "v2"
    run = CliRunner().invoke(
        app,
        ["ledger", "lines", str(shop.path), "--account", "cpu.serve", "--variant", "v2", "--json"],
    )
    assert [row["id"] for row in json.loads(run.stdout)] == [line["id"]]


def test_few_users_tell_no_share_and_say_so(shop):
    answers(shop, {"u": 10}, right={"u": 1.0})
    (one,) = economics(shop, **DAYS)["variants"]
    assert one["right"]["value"] is None and one["right"]["code"] == "economics.no_outcomes"
    assert "20 are needed" in one["right"]["why"]["en"] and one["right"]["why"]["zh"]


def test_a_customer_leaves_what_he_pays_less_fees_and_what_he_asks(shop):
    answers(shop, {f"c{i}": 100 for i in range(6)} | {"stranger": 1000})
    sales = "day,id,customer,amount,fee,refund\n" + "".join(
        f"2026-02-{i + 1:02},p{i},c{i},{10 + i},1,0\n" for i in range(6)
    )
    booked(shop, sales, "sales")
    usage = "day,id,customer,amount\n2026-02-01,a1,c0,2\n"
    booked(shop, usage, "api_usage")
    facts = economics(shop, **DAYS)
    own = facts["customers"]
    # six of them: 75 paid, 6 fees, .1 each for a hundred requests, 2 for calls of another's model
    assert own["margin"]["value"] == pytest.approx((75 - 6 - 0.6 - 2) / 6)
    assert own["margin_share"]["value"] == pytest.approx(66.4 / 75)
    assert own["paid"] == 6 and own["most"][0]["income"] == 15
    assert own["most"][0]["requests"] == 100 and own["most"][-1]["calls"] == 2


def test_the_share_that_is_left_has_an_interval_over_customers_and_all_of_them_are_told(shop):
    few = "day,id,customer,amount,fee\n2026-02-01,a,c0,10,1\n"
    booked(shop, few, "sales")
    assert economics(shop, **DAYS)["customers"]["margin_share"]["low"] is None
    many = few + "".join(
        f"2026-02-{i % 27 + 1:02},p{i},c{i},{10 + i},{1 + 8 * (i % 2)}\n" for i in range(1, 40)
    )
    booked(shop, many, "sales")
    share = economics(shop, **DAYS)["customers"]["margin_share"]
    assert share["low"] < share["value"] < share["high"]
    fees = np.array([1.0] + [1 + 8 * (i % 2) for i in range(1, 40)])
    income = np.array([10.0] + [10 + i for i in range(1, 40)])
    # a ratio of means, by the delta method
    residual = (income - fees) - share["value"] * income
    half = 1.645 * residual.std(ddof=1) / 40**0.5 / income.mean()
    assert (share["high"] - share["low"]) / 2 == pytest.approx(half, rel=0.15)
    assert len(economics(shop, **DAYS)["customers"]["most"]) == 40
    said = CliRunner().invoke(
        app, ["economics", str(shop.path), "--customers", "3", "--json", "--from", "2026-01-01"]
    )
    assert len(json.loads(said.stdout)["customers"]["most"]) == 3


def _figures(told):
    if isinstance(told, dict):
        if "evidence" in told and "rows" in told and "value" in told:
            yield told
        for inner in told.values():
            yield from _figures(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from _figures(inner)


def test_every_figure_that_is_booked_names_rows_that_are_there(shop):
    answers(shop, {f"c{i}": 50 for i in range(30)}, right={f"c{i}": 0.8 for i in range(30)})
    booked(shop, "day,channel,amount\n2026-02-01,search,300\n", "spend")
    listed = "since,id,channel,until\n" + "".join(
        f"2025-{1 + i % 9:02}-01,c{i},search,{'2026-01-15' if i % 5 == 0 else ''}\n"
        for i in range(30)
    )
    booked(shop, listed + "2026-02-01,new,search,\n", "customers")
    sales = "day,id,customer,amount,fee\n" + "".join(
        f"2026-02-03,p{i},c{i},60,1\n" for i in range(30)
    )
    booked(shop, sales, "sales")
    facts = economics(shop, **DAYS)
    told = list(_figures({name: facts[name] for name in facts if name != "elasticity"}))
    named = [figure for figure in told if not figure["events"].keys() & {"outcome", "holdout"}]
    named = [figure for figure in named if figure["evidence"] != "assumed"]
    assert len(named) >= 6
    for figure in named:
        asked = figure["rows"][0]
        how = {{"from": "since", "to": "until"}.get(n, n): said for n, said in asked.items()}
        kind = how.pop("events", None)
        assert events(shop, kind, **how) if kind else lines(shop, **how), figure
    paid = facts["customers"]["margin"]["rows"][0]
    assert paid == {"events": "payments", "from": "2026-01-01", "to": "2026-03-31"}


def test_a_channel_has_a_cost_of_a_customer_and_a_day_it_is_paid_back(shop):
    booked(
        shop,
        "day,channel,amount\n2026-02-01,search,300\n2026-02-01,social,100\n2025-01-01,search,999\n",
        "spend",
    )
    listed = "since,id,channel\n" + "".join(f"2026-02-{i + 1:02},c{i},search\n" for i in range(10))
    booked(shop, listed, "customers")
    sales = "day,id,customer,amount\n" + "".join(f"2026-02-03,p{i},c{i},60\n" for i in range(10))
    booked(shop, sales, "sales")
    found = {one["channel"]: one for one in economics(shop, **DAYS)["channels"]}
    search, social = found["search"], found["social"]
    assert search["won"] == 10 and search["cost"]["value"] == 30
    assert search["cost"]["low"] < 30 < search["cost"]["high"]
    # 60 in the three months of the period, 30 to be paid back
    assert search["months"]["value"] == pytest.approx(1.478, abs=0.01)
    assert social["cost"]["value"] is None and social["cost"]["code"] == "lifetime.nobody_won"


def test_repeat_purchases_tell_what_a_new_customer_is_worth(shop):
    rng = np.random.default_rng(0)
    rows, number = [], 0
    for i in range(400):
        day, rate = int(rng.integers(0, 200)), rng.gamma(0.8, 1 / 30)
        gone = rng.beta(1.0, 4.0)
        while day < 400:
            number += 1
            date = np.datetime64("2025-01-01") + day
            rows.append(f"{date},p{number},c{i},{rng.gamma(8, 5):.2f}")
            if rng.random() < gone:
                break
            day += 1 + int(rng.exponential(1 / max(rate, 1e-3)))
    booked(shop, "day,id,customer,amount\n" + "\n".join(rows) + "\n", "sales")
    booked(shop, "day,channel,amount\n2025-03-01,search,2000\n", "spend")
    facts = economics(shop, since="2025-01-01", until="2026-01-31")
    worth = facts["worth"]
    assert worth["model"] == "purchases" and worth["retention"]["evidence"] == "measured"
    value = worth["value"]
    assert value["evidence"] == "extrapolated" and value["low"] < value["value"] < value["high"]
    assert value["value"] > 40  # the first purchase alone is worth as much
    months = worth["by_month"]
    assert [one["month"] for one in months] == list(range(25)) and worth["survival"] == []
    assert [months[-1][end] for end in ("value", "low", "high")] == [
        pytest.approx(value[end]) for end in ("value", "low", "high")
    ]
    for before, after in pairwise(months):
        assert before["low"] < before["value"] < before["high"]
        assert before["value"] < after["value"]


def test_a_customer_is_paid_back_where_the_curve_of_what_he_brings_reaches_his_cost(shop):
    """Payback is drawn on that curve: the two may not say different things."""
    subscribers(shop)
    booked(shop, "day,channel,amount\n2025-02-01,search,3000\n", "spend")
    facts = economics(shop, since="2025-01-01", until="2026-06-30")
    months, (search,) = facts["worth"]["by_month"], facts["channels"]
    at = int(search["months"]["value"])
    assert at > 0 and search["months"]["evidence"] == "extrapolated"
    assert months[at - 1]["value"] < search["cost"]["value"] <= months[at]["value"]
    assert search["months"]["low"] <= at <= search["months"]["high"]


def test_a_subscriber_who_never_pays_his_cost_back_says_so(shop):
    subscribers(shop)
    booked(shop, "day,channel,amount\n2025-02-01,search,900000\n", "spend")
    (search,) = economics(shop, since="2025-01-01", until="2026-06-30")["channels"]
    assert search["months"]["value"] is None
    assert search["months"]["code"] == "lifetime.never_pays_back"


def subscribers(shop):
    """Six months of fifty who pay 20 a month, of whom the truth is known."""
    rng = random.Random(0)
    rows, sales = [], []
    for i in range(300):
        month = 1 + i % 6
        stay, churn = 0, rng.betavariate(1, 5)
        while stay < 12 - month + 8 and rng.random() > churn:
            stay += 1
        over = month + stay
        left = "" if over > 18 else f"{2025 + (over - 1) // 12}-{(over - 1) % 12 + 1:02}-10"
        rows.append(f"2025-{month:02}-05,c{i},{left},search")
        sales.append(f"2025-{month:02}-05,p{i},c{i},20")
    booked(shop, "since,id,until,channel\n" + "\n".join(rows) + "\n", "customers")
    booked(shop, "day,id,customer,amount\n" + "\n".join(sales) + "\n", "sales")


def test_subscriptions_are_told_from_who_left(shop):
    subscribers(shop)
    worth = economics(shop, since="2025-01-01", until="2026-06-30")["worth"]
    assert worth["model"] == "subscriptions" and worth["customers"] == 300
    kept = worth["retention"]
    truth = np.mean(np.random.default_rng(1).beta(5, 1, 100_000) ** 12)
    assert kept["low"] < truth < kept["high"]
    here = worth["survival"]
    assert here[0] == {"month": 0, "value": 1.0, "low": 1.0, "high": 1.0} and len(here) == 24
    assert here[12]["value"] == kept["value"] and here[12]["high"] == kept["high"]
    assert all(after["value"] < before["value"] for before, after in pairwise(here))
    # what he paid so far is each month's payment times who was here for it
    months = worth["by_month"]
    each = [after["value"] - before["value"] for before, after in pairwise(months)]
    assert each == pytest.approx([one["value"] * months[0]["value"] for one in here[1:]])
    assert months[-1]["value"] == pytest.approx(worth["value"]["value"])


def test_income_a_month_knows_plans_of_a_year_and_when_payments_begin():
    def here(day, plan=None):
        return {"day": day, "customer": day, "body": {"plan": plan} if plan else {}}

    def sale(day, customer, amount):
        return {"day": day, "customer": customer, "nano": amount * 10**9, "body": {}}

    yearly = [here("2026-01-10", "big"), here("2026-01-20", "big")]
    paid = [sale(e["day"], e["customer"], 1200) for e in yearly]
    assert _a_month(yearly, paid, "2026-03-25", {"big": 100.0}) == 100
    assert _a_month(yearly, paid, "2026-03-25", {}) == pytest.approx(2400 / 6)
    # a subscriber since 2025 whose payments are in the books for three months only
    old = [here("2025-01-05")]
    sold = [sale(f"2026-0{m}-05", "2025-01-05", 50) for m in (1, 2, 3)]
    assert _a_month(old, sold, "2026-03-25", {}) == 50
    mixed = _a_month([*old, *yearly], [*sold, *paid], "2026-03-25", {"big": 100.0})
    assert mixed == pytest.approx((50 + 200) / 3)
    assert _a_month(old, [], "2026-03-25", {}) == 0


def test_a_fee_that_is_a_row_of_nobody_is_in_the_share_that_is_left(shop):
    rows = [f"2026-02-0{i % 9 + 1},p{i},c{i},10,0" for i in range(30)]
    rows.append("2026-02-05,fee1,,0,15")
    booked(shop, "day,id,customer,amount,fee\n" + "\n".join(rows) + "\n", "sales")
    share = economics(shop, **DAYS)["customers"]["margin_share"]["value"]
    assert share == pytest.approx(1 - 15 / 300)


def test_cohorts_count_nobody_before_his_month_is_over():
    listed = [
        {"day": "2026-01-02", "body": {}},
        {"day": "2026-01-31", "body": {}},
        {"day": "2026-01-15", "body": {"until": "2026-02-20"}},
    ]
    assert cohorts(listed, "2026-03-30") == [[3, 3]]
    assert cohorts(listed, "2026-03-31") == [[3, 3, 2]]
    assert months_between("2026-01-31", "2026-02-28") == 1
    assert months_between("2026-01-31", "2026-02-27") == 0


def test_a_plan_says_what_should_come_in_beside_what_does(shop):
    text = shop.path.read_text(encoding="utf-8")
    text = text.replace(
        "  prices:", "  plans: {small: {a_month: 99}, free: {once: 0}}\n  prices:", 1
    )
    shop.path.write_text(text, encoding="utf-8")
    listed = "since,id,plan,until\n2026-01-05,a,small,\n2026-01-05,b,small,2026-02-01\n2026-02-01,c,small,\n"
    booked(load(shop.path), listed, "customers")
    booked(
        shop,
        "day,id,customer,amount,plan\n2026-02-05,p1,a,99,small\n2026-02-06,p2,c,50,\n",
        "sales",
    )
    (one,) = economics(load(shop.path), **DAYS)["plans"]
    assert (one["plan"], one["customers"], one["owed"]["value"]) == ("small", 2, 198)
    assert one["received"]["value"] == pytest.approx(99 / (90 / (365.25 / 12)))


@pytest.mark.parametrize(
    ("paid", "owed"), [("{a_year: 1200}", [100.0]), ("{a_user_month: 8}", []), ("{once: 5}", [])]
)
def test_of_a_year_a_month_owes_its_part_and_of_users_nobody_knows(shop, paid, owed):
    text = shop.path.read_text(encoding="utf-8")
    shop.path.write_text(
        text.replace("  prices:", f"  plans: {{p: {paid}}}\n  prices:", 1), "utf-8"
    )
    booked(load(shop.path), "since,id,plan\n2026-01-05,a,p\n", "customers")
    told = economics(load(shop.path), **DAYS)["plans"]
    assert [one["owed"]["value"] for one in told] == owed


def test_two_prices_that_come_again_are_two_plans(shop):
    text = shop.path.read_text(encoding="utf-8")
    plans = "  plans: {p: {a_month: 9, a_year: 99}}\n  prices:"
    shop.path.write_text(text.replace("  prices:", plans, 1), encoding="utf-8")
    with pytest.raises(SpecError, match="name 'a_month' or 'a_year': two prices are two plans"):
        load(shop.path)


def test_from_which_traffic_on_an_own_model_costs_less(shop):
    answers(shop, {"u": 1000})
    invoice = "day,account,amount,covers,since,until,id\n2026-03-02,machine,60,cpu,2026-01-01,2026-02-28,i1\n"
    booked(shop, invoice, "invoices")
    even = economics(shop, **DAYS)["break_even"]
    months = 90 / (365.25 / 12)
    assert even["fixed"]["value"] == pytest.approx((60 - 1) / months)
    assert even["own"]["value"] == pytest.approx(0.001)
    assert even["requests"]["value"] == pytest.approx(59 / months / 0.049)
    assert even["theirs"]["evidence"] == "assumed" and even["now"]["value"] == pytest.approx(
        1000 / months
    )


def test_without_another_price_there_is_nothing_to_weigh(shop):
    answers(shop, {"u": 10})
    text = shop.path.read_text(encoding="utf-8").replace(", api_call: 0.05", "")
    shop.path.write_text(text, encoding="utf-8")
    even = economics(load(shop.path), **DAYS)["break_even"]
    assert "money.prices.api_call" in even["why"]["en"]


def test_a_dear_model_is_never_cheaper(shop):
    answers(shop, {"u": 10})
    text = shop.path.read_text(encoding="utf-8").replace("api_call: 0.05", "api_call: 0.0005")
    shop.path.write_text(text, encoding="utf-8")
    assert economics(load(shop.path), **DAYS)["break_even"]["code"] == "economics.api_is_cheaper"


def test_an_empty_store_says_why_nothing_is_known(shop):
    facts = economics(shop)
    assert facts["variants"] == [] and facts["channels"] == []
    assert facts["worth"]["value"]["code"] == "economics.no_income"
    run = CliRunner().invoke(app, ["economics", str(shop.path)])
    assert run.exit_code == 0 and "no customer paid yet" in run.stdout


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"since": "2026-02-30"}, "a day such as"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "up to"),
    ],
)
def test_a_period_that_is_none_is_refused(shop, days, said):
    with pytest.raises(UserError, match=said):
        economics(shop, **days)


def test_both_databases_tell_the_same(shop_on_postgresql):
    users = {f"u{i}": 3 for i in range(25)}
    answers(shop_on_postgresql, users, right={u: float(u != "u1") for u in users})
    (one,) = economics(shop_on_postgresql, **DAYS)["variants"]
    assert one["answers"] == 75 and one["right"]["value"] == pytest.approx(0.96)
    assert one["right"]["n"] == 75


def test_conversions_that_are_cash_are_what_customers_paid(shop):
    with closing(Store.open(shop)) as store:
        from steelyard.store import hashed

        names = [hashed(store.salt(), f"c{i}") for i in range(6)]
        told = [
            {
                "id": f"e{i}",
                "product": store.product,
                "kind": "conversion",
                "key": f"k{i}",
                "revision": 0,
                "day": "2026-02-03",
                "at": "2026-02-03T10:00:00+00:00",
                "channel": "search",
                "customer": names[i],
                "nano": 10**10,
                "currency": "CNY",
                "body": {"cash": True} if i else {},
                "file": "",
                "row": 0,
            }
            for i in range(6)
        ]
        store.record_once([("event", one) for one in told], lambda new: [], turn=0)
    answers(shop, {"c1": 7, "c2": 2, "nobody": 3}, variant="live")
    facts = economics(shop, **DAYS)
    asked = {one["customer"]: one["requests"] for one in facts["customers"]["most"]}
    assert [asked[name] for name in names[1:4]] == [7, 2, 0]
    assert facts["customers"]["paid"] == 5 and facts["customers"]["margin"][
        "value"
    ] == pytest.approx(10 - 0.009 / 5)
    assert {one["channel"]: one["won"] for one in facts["channels"]} == {"search": 5}


def test_users_who_all_say_the_same_leave_an_interval(shop):
    answers(
        shop,
        {f"u{i}": 2 for i in range(20)},
        variant="good",
        right={f"u{i}": 1.0 for i in range(20)},
    )
    answers(
        shop,
        {f"u{i}": 2 for i in range(20)},
        variant="bad",
        right={f"u{i}": 0.0 for i in range(20)},
    )
    found = {one["variant"]: one for one in economics(shop, **DAYS)["variants"]}
    good, bad = found["good"]["right"], found["bad"]["right"]
    assert good["value"] == 1.0 and 0.85 < good["low"] < 0.9
    assert bad["value"] == 0.0 and bad["evidence"] == "measured" and bad["high"] > 0.1
    assert found["bad"]["per_right"]["code"] == "economics.none_right"


def test_a_year_that_was_paid_at_once_costs_each_month_its_part(shop):
    answers(shop, {"u": 1000})
    invoice = "day,account,amount,covers,since,until,id\n2026-05-02,machine,1200,cpu,2025-05-01,2026-04-30,i1\n"
    booked(shop, invoice, "invoices")
    with closing(Store.open(shop)) as store:
        idle = Line(
            "cpu.idle", 1, "cpu_hour", Money.of(-3, "CNY"), "x", about={"day": "2026-03-01"}
        )
        store.record_once([], lambda new: [idle], turn=0)
    fixed = economics(shop, **DAYS)["break_even"]["fixed"]
    months = 90 / (365.25 / 12)
    assert fixed["value"] == pytest.approx((1200 * 90 / 365 - 1 + 3) / months)
    assert fixed["evidence"] == "measured"
