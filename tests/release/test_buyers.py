"""Users ask a real server, convert, and the next look decides by what they bought."""

import json
from datetime import datetime, timedelta

import pytest
from tests.buying import COUNTED, Later, asked, bought
from tests.release.common import canary_of, edit, pair_in_service, replayed
from tests.serving import call
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.cli.commands import app
from steelyard.clock import Clock
from steelyard.errors import UserError
from steelyard.release.readout import readout
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.tasks import task_of

USERS = [f"user {i}" for i in range(300)]


def by(product_file, metric, more="", market=COUNTED):
    """The product file with a metric, and something that tells of it."""
    edit(product_file, ("release: {", f"release: {{metric: {metric}, {more}"))
    product_file.write_text(product_file.read_text(encoding="utf-8") + market, encoding="utf-8")
    return load(product_file)


def looked(store, product, pair):
    return readout(store, product, task=task_of(product), variants=pair)


def one_in(n, users):
    return [user for i, user in enumerate(sorted(users)) if i % n == 0]


def of(states, arm):
    return [user for user, state in states.items() if state == arm]


@pytest.fixture
def later(store):
    store.clock = Later()
    return store.clock


def test_a_canary_whose_users_pay_more_is_promoted_by_revenue(store, product_file, later):
    pair = canary_of(store, product_file, flip=False, loss_max=0.3)
    product = by(product_file, "revenue")
    with Server(store, product) as url:
        states = asked(url, USERS)
        few, many = one_in(4, of(states, "live")), of(states, "canary")
        bought(url, [(user, 9 + i % 5) for i, user in enumerate([*few, *many])])
    first = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert first["decision"] == "keep" and "the days of 300 are not over" in first["reason"]
    assert first["sent"] < 100  # replayed records guard, and are no longer sent once they do
    later.days = 7.1
    found = replayed(store, product_file, pair, turn=store.begin_turn("n"), key="b")
    assert (found["decision"], found["live"]) == ("promote", pair["canary"])
    shown = found["metric"]
    assert (
        shown["currency"] == "CNY" and shown["difference"]["low"] > 0 and shown["lift"]["low"] > 0
    )
    assert shown["arms"]["canary"]["converted"] == len(many) and "missing" not in shown
    paid = sum(9 + (i + len(few)) % 5 for i in range(len(many)))
    assert shown["arms"]["canary"]["value"] == pytest.approx(paid / len(of(states, "canary")))
    (row,) = [r for r in store.experiments.all() if r["readout"]["decision"] == "promote"]
    assert (row["metric"], row["unit"]) == ("revenue", "user")
    assert row["rule"]["metric_days"] == 7
    assert [(r["variant"], r["state"]) for r in store.releases.current()] == [
        (pair["canary"], "live")
    ]


def test_a_canary_whose_users_convert_less_is_rolled_back(store, product_file, later):
    """Its answers are as good: only what users do speaks against it."""
    pair = canary_of(store, product_file, flip=False, loss_max=0.3)
    product = by(product_file, "conversion")
    with Server(store, product) as url:
        states = asked(url, USERS)
        bought(url, [(user, None) for user in one_in(2, of(states, "live"))])
    later.days = 7.1
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "rolled back" and found["sent"] == 0
    assert "conversion" in found["reason"] and "转化率" in found["reason_zh"]
    assert found["metric"]["difference"]["high"] < 0 == found["metric"]["arms"]["canary"]["value"]
    assert [r["state"] for r in store.releases.current()] == ["live"]


def test_a_loss_of_outcome_on_the_stream_rolls_back_whatever_is_bought(store, product_file, later):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    by(product_file, "revenue")
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "rolled back" and found["metric"]["difference"] is None


def test_a_stream_that_is_spent_waits_for_users_and_says_how_many(store, product_file, later):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=20, stream=20)
    product = by(product_file, "conversion")
    with Server(store, product) as url:
        states = asked(url, USERS[:60])
        few, many = one_in(3, of(states, "live")), one_in(2, of(states, "canary"))
        bought(url, [(user, 1) for user in [*few, *many]])
    later.days = 10
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "keep" and "users more are needed" in found["reason"]
    assert "every labelled record" not in found["reason"]
    more = found["metric"]["missing_numbers"]["more"]
    assert found["metric"]["missing_numbers"]["days"] == pytest.approx(more / 6, rel=0.01)


def test_only_what_is_bought_after_the_first_answer_and_within_the_days_counts(
    any_store, product_file
):
    """On both databases."""
    store, later = any_store, Later()
    store.clock = later
    pair = pair_in_service(store)
    product = by(product_file, "revenue")
    with Server(store, product) as url:
        states = asked(url, USERS[:4])
        now = datetime.fromisoformat(store.clock.now())
        for i, days in enumerate((-1, 1, 6.9, 7.1)):
            later.days = max(0, days)
            at = (now + timedelta(days=days)).isoformat()
            body = {"id": f"o{i}", "user": f"user {i}", "value": 10, "currency": "CNY", "at": at}
            assert call(url, "POST", "/v1/conversions", body)[0] == 200
        later.days = 7.2
        counted = looked(store, product, pair).metric
        assert sum(arm.converted for arm in counted.arms.values()) == 2
        call(url, "POST", "/v1/conversions", {"id": "o1", "revoked": True})
        counted = looked(store, product, pair).metric
    assert sum(arm.converted for arm in counted.arms.values()) == 1
    state = states["user 2"]
    assert counted.arms[state].value * counted.arms[state].n == pytest.approx(10)


def test_sales_of_an_export_count_less_refunds_and_profit_less_fees_and_serving(
    store, product_file, tmp_path, later, monkeypatch
):
    pair = pair_in_service(store)
    sales = "market: {imports: {shop: {kind: sales, columns: {day: day, id: id, customer: who, amount: paid, refund: back, fee: fee}, says: {currency: CNY}}}}\n"
    product = by(product_file, "profit", market=sales)
    with Server(store, product) as url:
        states = asked(url, ["li.lei", "han"])
    store.close()
    later.days, day = 8, Later(0).now()[:10]
    rows = [("o1", "li.lei", 100, 30, 2), ("o2", "han", 50, 50, 1), ("o3", "nobody", 9, 0, 0)]
    export = tmp_path / "sales.csv"
    lines = [f"{day},{i},{who},{paid},{back},{fee}" for i, who, paid, back, fee in rows]
    export.write_text("\n".join(["day,id,who,paid,back,fee", *lines]), encoding="utf-8")
    last = f"{Later(8).now()[:10]},o4,somebody,1,0,0"  # so that the days before are known
    export.write_text(export.read_text(encoding="utf-8") + f"\n{last}", encoding="utf-8")
    then_s = Later(9).now()
    with monkeypatch.context() as then:
        then.setattr(Clock, "now", lambda self: then_s)
        done = CliRunner().invoke(app, ["market", "import", str(export), str(product_file)])
    assert done.exit_code == 0, done.output
    from steelyard.store import Store

    again = Store.open(product, clock=later)
    shown = looked(again, product, pair)
    by_user = {"li.lei": 70 - 2, "han": 0 - 1}
    for arm in ("live", "canary"):
        own = [by_user[user] for user in of(states, arm)]
        counted = shown.metric.arms[arm]
        assert counted.n == len(own)
        assert counted.value * counted.n == pytest.approx(sum(own), abs=0.001)
        assert counted.value * counted.n < sum(own) or not own  # the CPU of answers was taken off
    assert sum(arm.converted for arm in shown.metric.arms.values()) == 1  # all of it was given back
    again.close()


def test_nobody_counts_before_the_payments_of_his_days_are_in_the_books(
    store, product_file, tmp_path, later, monkeypatch
):
    pair = pair_in_service(store)
    product = by(product_file, "revenue", market="market: {time_zone: UTC}\n")
    with Server(store, product) as url:
        asked(url, ["li.lei", "han"])
    later.days = 30
    store.clock = later
    shown = looked(store, product, pair)
    assert [arm.n for arm in shown.metric.arms.values()] == [0, 0]
    assert shown.metric.missing.code == "metric.no_sales"
    now = {day: Later(day).now() for day in (7, 10)}
    for day, known in ((6, 0), (9, 2)):
        export = tmp_path / f"sales-{day}.csv"
        export.write_text(f"day,id,amount\n{Later(day).now()[:10]},o{day},5\n", encoding="utf-8")
        with monkeypatch.context() as then:
            then.setattr(Clock, "now", lambda self, day=day: now[day + 1])
            import_file(product, export, preset="plain_sales")
        shown = looked(store, product, pair)
        assert sum(arm.n for arm in shown.metric.arms.values()) == known
        assert shown.metric.missing.code == "metric.until"
        assert shown.metric.missing.numbers["day"] == Later(day).now()[:10]


def test_what_partners_tell_of_is_known_as_it_happens(store, product_file, later):
    pair = pair_in_service(store)
    product = by(product_file, "conversion", market="market: {partners: {acme: {}}}\n")
    with Server(store, product, key="own", partners={"acme": "theirs"}) as url:
        for user in ("li.lei", "han"):
            said = {"input": "很好", "user": user}
            assert call(url, "POST", "/v1/predict", said, {"X-API-Key": "own"})[0] == 200
    later.days = 30
    shown = looked(store, product, pair)
    assert sum(arm.n for arm in shown.metric.arms.values()) == 2


@pytest.mark.parametrize(
    ("metric", "market", "repair"),
    [
        ("conversion", "", "market.counting, or sales that are imported"),
        ("revenue", "", "cash: true"),
        ("profit", "", "say metric: outcome"),
    ],
)
def test_a_metric_that_nothing_tells_of_is_refused_before_anything_is_spent(
    product_file, metric, market, repair
):
    by(product_file, metric, market=market)
    for verb in ("check", "turn"):
        refused = CliRunner().invoke(app, [verb, str(product_file)]).exception
        assert isinstance(refused, UserError) and repair in str(refused)
        assert "product.yaml release.metric: expected" in str(refused)
    assert not (product_file.parent / ".steelyard").exists()


def test_the_status_shows_both_arms_the_lift_and_what_is_missing(store, product_file, later):
    pair_in_service(store)
    product = by(product_file, "revenue")
    with Server(store, product) as url:
        asked(url, USERS[:6])
    done = CliRunner().invoke(app, ["release", "status", str(product_file)])
    assert done.exit_code == 0, done.output
    assert "revenue, CNY" in done.output and "lift: ?" in done.output
    assert "the days of 6 are not over" in done.output
    found = json.loads(
        CliRunner().invoke(app, ["release", "status", str(product_file), "--json"]).output
    )
    assert found["readout"]["metric"]["arms"]["live"]["waiting"] > 0
