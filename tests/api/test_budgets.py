"""A budget is asked before money is spent: what would break it is refused, and nothing is bought."""

from contextlib import closing
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from typer.testing import CliRunner

from steelyard.api.budgets import budgets
from steelyard.api.estimate import estimate
from steelyard.cli.commands import app
from steelyard.clock import Clock
from steelyard.errors import OverBudget, SpecError
from steelyard.loop import turn
from steelyard.market.chapter import chapter
from steelyard.spec import Money, load
from steelyard.store import Line, Store
from steelyard.store.budgets import Budgets


class At(Clock):
    """A clock that stands."""

    def __init__(self, now):
        self._now = now

    def now(self):
        return self._now


def product(tmp_path, said):
    path = tmp_path / "product.yaml"
    text = PRODUCT.format(encoder="x/y").replace("  prices:", f"  budgets: {said}\n  prices:", 1)
    path.write_text(text, encoding="utf-8")
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    return load(path)


def spent(file, account, amount, day=None):
    with closing(Store.open(file)) as store:
        about = None if day is None else {"day": day}
        line = Line(account, 1, "x", Money.of(-amount, "CNY"), "x", about=about)
        store.record_once([], lambda new: [line], turn=0)


def labels(file):
    with closing(Store.open(file, create=False)) as store:
        return [r["nano"] for r in store.ledger.sums() if r["account"] == "label"]


def test_labels_that_would_break_the_budget_are_not_bought(tmp_path):
    file = product(tmp_path, "{label: {a_month: 50}}")  # 200 labels at .30 are 60
    with pytest.raises(OverBudget, match=r"at most 50\.00 CNY in .*60\.00 CNY more for label"):
        turn(file, until="label")
    assert labels(file) == []
    turn(file, until="label", over_budget=True)
    assert labels(file) == [-60 * 10**9]


def test_what_one_step_buys_is_asked_together(tmp_path):
    file = product(tmp_path, "{label: {a_month: 90}}")  # and 122 of the hold-out are 36.60
    with pytest.raises(
        OverBudget, match=r"60\.00 CNY spent, and 36\.60 CNY more for label.holdout"
    ):
        turn(file, until="label")
    assert labels(file) == []


def test_what_fits_is_bought_and_an_alert_is_said(tmp_path):
    file = product(tmp_path, "{label: {a_month: 120}}")
    turn(file, until="label")
    (one,) = budgets(file)
    assert (one["spent"], one["a_month"], one["alert"]) == ("96.60 CNY", "120.00 CNY", True)
    run = CliRunner().invoke(app, ["statement", str(file.path)])
    assert "budget label (!): 96.60 CNY of 120.00 CNY" in run.stdout


def test_a_family_has_one_budget_and_the_last_run_says_what_the_next_takes(tmp_path):
    file = product(tmp_path, "{cpu: {a_month: 5}, ads: {a_month: 1, stop: false}}")
    spent(file, "cpu.train", 4)
    spent(file, "cpu.serve", 2)
    spent(file, "ads.spend", 9)
    with closing(Store.open(file)) as store:
        own = Budgets(store.ledger, file.spec.money, store.clock.now)
        own.afford("ads.spend", Money.of(99, "CNY"))  # is said only
        own.afford("label", Money.of(99, "CNY"))
        with pytest.raises(OverBudget, match=r"6\.00 CNY spent"):
            own.afford("cpu.data", Money.of(0, "CNY"))
    with pytest.raises(OverBudget):
        turn(file, until="data")


def test_another_month_is_another_budget(tmp_path):
    file = product(tmp_path, "{label: {a_month: 50}}")
    spent(file, "label", 50, day="2026-01-05")
    assert budgets(file)[0]["spent"] == "0.00 CNY"


def test_a_check_says_that_a_turn_would_stop(tmp_path):
    file = product(tmp_path, "{label: {a_month: 50}}")
    (problem,) = [p for p in estimate(file)["problems"] if "budgets" in p]
    assert "money.budgets.label: a turn is estimated at 114.60 CNY" in problem
    assert "steelyard turn --over-budget" in problem


@pytest.mark.parametrize(
    ("zone", "now", "month", "day", "expected"),
    [
        # eight in the morning of the first is the last of the month before in UTC
        ("Asia/Shanghai", "2026-01-31T17:00:00", "2026-02", "2026-02-01", 5),
        ("Asia/Shanghai", "2026-01-31T15:00:00", "2026-01", "2026-01-31", 5),
        ("America/New_York", "2026-02-01T03:00:00", "2026-01", "2026-01-31", 5),
        ("America/New_York", "2026-02-01T06:00:00", "2026-02", "2026-02-01", 5),
        ("UTC", "2026-01-31T23:00:00", "2026-01", "2026-01-31", 5),
    ],
)
def test_a_month_is_that_of_the_books(tmp_path, zone, now, month, day, expected):
    file = product(tmp_path, "{ads: {a_month: 50}, cpu: {a_month: 9}}")
    text = file.path.read_text(encoding="utf-8") + f"market: {{time_zone: {zone}}}\n"
    file.path.write_text(text, encoding="utf-8")
    file = load(file.path)
    at = f"{now}.000000+00:00"
    spent(file, "ads.spend", expected, day=day)
    others = {"2026-01": "2026-02-01", "2026-02": "2026-01-31"}
    spent(file, "ads.spend", 7, day=others[month])
    with closing(Store.open(file, clock=At(at))) as store:
        line = Line("cpu.train", 1, "cpu_hour", Money.of(-3, "CNY"), "x")
        store.record_once([], lambda new: [line], turn=0)
        where = ZoneInfo(zone)
        own = Budgets(store.ledger, file.spec.money, store.clock.now, where).all()
        middle = Budgets(
            store.ledger, file.spec.money, lambda: "2026-01-15T00:00:00+00:00", where
        ).all()
    assert [(one.month, one.spent.amount) for one in own] == [(month, expected), (month, 3)]
    assert middle[1].spent.amount == (3 if month == "2026-01" else 0)


def test_every_place_asks_for_the_month_of_the_books(tmp_path, monkeypatch):
    file = product(tmp_path, "{ads: {a_month: 50}}")
    text = file.path.read_text(encoding="utf-8") + "market: {time_zone: Asia/Shanghai}\n"
    file.path.write_text(text, encoding="utf-8")
    file = load(file.path)
    spent(file, "ads.spend", 5, day="2026-02-01")
    monkeypatch.setattr(Clock, "now", lambda self: "2026-01-31T17:00:00.000000+00:00")
    (one,) = budgets(file)
    assert (one["month"], one["spent"]) == ("2026-02", "5.00 CNY")
    with closing(Store.open(file)) as store:
        (told,) = chapter(store, file)["budgets"]
    assert (told["month"], told["spent"]) == ("2026-02", "5.00 CNY")


def test_a_budget_of_an_account_that_nothing_books_is_told_by_a_check(tmp_path):
    said = "{adz: {a_month: 5}, ads.spent: {a_month: 5}, ads: {a_month: 5}, cpu.train: {a_month: 5}, invoice.rent: {a_month: 5}, own.thing: {a_month: 5}}"
    file = product(tmp_path, said)
    wrong = [p for p in estimate(file)["problems"] if "that something books" in p]
    named = [one.partition(":")[0].removeprefix("money.budgets.") for one in wrong]
    assert named == ["adz", "ads.spent", "own.thing"]
    assert "did you mean 'ads'?" in wrong[0] and "did you mean 'ads.spend'?" in wrong[1]
    spent(file, "own.thing", 1)  # what a step of somebody else's booked
    assert len([p for p in estimate(file)["problems"] if "that something books" in p]) == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{Label: {a_month: 5}}", "an account of the ledger"),
        ("{label: {}}", "a_month"),
        ("{label: {a_month: -5}}", "a_month"),
        ("{label: {a_month: 5, alert: 2}}", "alert"),
    ],
)
def test_a_budget_that_is_none_is_refused(tmp_path, said, why):
    with pytest.raises(SpecError, match=why):
        product(tmp_path, said)
