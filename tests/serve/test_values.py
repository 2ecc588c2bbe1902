"""With a value table outcomes earn and cost what it says, and experiments compare that."""

from contextlib import closing
from decimal import Decimal
from statistics import fmean

import pytest
from tests.conftest import reviews
from tests.release.common import ask, canary_of, edit, pair_in_service, replayed, task, tell
from tests.serving import publish, release

from steelyard.release.users import users
from steelyard.serve import Server
from steelyard.spec import load, names_in
from steelyard.store import Store, tables
from steelyard.store.releases import experiment_of
from steelyard.tasks import Answer
from steelyard.tasks.valuation import Valuation

TABLE = "{labels: {negative: {positive: -2.5}, positive: {negative: -0.05}}}"
PLAIN = "correct_answer: 0.01"


@pytest.fixture
def priced(product_file):
    """The product file with a table: a missed complaint costs fifty false alarms."""
    edit(product_file, (PLAIN, f"{PLAIN}\n  values: {TABLE}"))
    return product_file


def answered(url, text, user="u"):
    return ask(url, {"text": text}, user)[0]


def booked(store, account):
    return [r for r in store.ledger.sums() if r["account"] == account]


def test_what_is_wrong_costs_what_its_kind_costs_and_stands_in_a_line_of_its_own(priced):
    with closing(Store.open(load(priced))) as store:
        release(store, publish(store), "live")
        with Server(store, load(priced)) as url:
            for text in ("很好，满意，喜欢", "太差，失望，退货"):
                said = answered(url, text)
                tell(url, said, "negative")  # true: a complaint, whatever was answered
        right, wrong = booked(store, "value.correct"), booked(store, "value.wrong")
        assert [(r["nano"], r["unit"]) for r in right] == [(10_000_000, "outcome")]
        assert [(r["nano"], r["unit"], r["basis"]) for r in wrong] == [
            (-2_500_000_000, "outcome", "imputed")
        ]
        kept = {row["utility"] for row in store.database.rows(tables.feedback.select())}
        assert kept == {0.0, 1.0}


def test_real_users_are_compared_by_the_money_of_their_answers(priced):
    product, told = load(priced), {"live": [], "canary": []}
    valuation = Valuation(task(), product.spec.money)
    with closing(Store.open(product)) as store:
        pair = pair_in_service(store)
        with Server(store, product) as url:
            for i, row in enumerate(reviews(60, seed=4)):
                said, state = ask(url, row, f"u{i}")
                truth = row["label"] if i % 3 else "negative"
                tell(url, said, truth)
                told[state] += valuation.shares([Answer(said["label"])], [truth]).tolist()
        seen = users(store, valuation, names_in(product), **pair)
    for arm, shares in told.items():
        assert 0 < seen[arm].sample.mean < 1
        assert (seen[arm].sample.n, seen[arm].sample.mean) == (
            len(shares),
            pytest.approx(fmean(shares)),
        )


def test_sums_by_one_table_are_not_read_by_another(priced, product_file):
    product = load(priced)
    scale = Valuation(task(), product.spec.money).scale
    with closing(Store.open(product)) as store:
        pair = pair_in_service(store)
        with Server(store, product) as url:
            said = answered(url, "很好，满意", user="u")
            tell(url, said, "positive")
        (row,) = store.database.rows(tables.answer.select())
        assert row["experiment"] == experiment_of(**pair, scale=scale) != experiment_of(**pair)
        edit(priced, ("-2.5", "-3.5"))
        other = Valuation(task(), load(priced).spec.money)
        seen = users(store, other, names_in(product), **pair)
        assert [seen[arm].sample.n for arm in ("live", "canary")] == [0, 0]


def test_a_canary_is_judged_by_money_and_not_by_how_often_it_is_right(product_file):
    """The canary is wrong in every record; where wrong answers are worth more, it is the better one."""
    edit(
        product_file,
        (
            PLAIN,
            f"{PLAIN}\n  values: {{labels: {{negative: {{positive: 5}}, positive: {{negative: 5}}}}}}",
        ),
    )
    with closing(Store.open(load(product_file))) as store:
        pair = canary_of(store, product_file, flip=True, loss_max=0.02)
        found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "promote" and found["difference"]["low"] > 0


def test_money_of_outcomes_is_exact(priced):
    """Of a table too: rounding is carried from line to line."""
    edit(priced, ("-2.5", "-0.0000000004"))
    with closing(Store.open(load(priced))) as store:
        release(store, publish(store), "live")
        with Server(store, load(priced)) as url:
            for i in range(5):
                tell(url, answered(url, f"很好，满意，喜欢 {i}"), "negative")
        total = sum(Decimal(r["nano"]) for r in booked(store, "value.wrong"))
    assert total == -2
