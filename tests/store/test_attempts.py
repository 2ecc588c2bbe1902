"""What killed and failed attempts took is money too: booked once, as far as nothing goes on from them."""

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.clock import Clock
from steelyard.spec.pricing import Prices
from steelyard.store import Store
from steelyard.store.attempts import FAILED, Attempts
from steelyard.store.step import Step

PRICES = Prices(label=Decimal(0), cpu_hour=Decimal(36))  # a second is a cent


class Counted(Clock):
    """CPU seconds are what a test says."""

    def __init__(self):
        self.s = 0.0

    def cpu_s(self):
        return self.s


@pytest.fixture
def store(product_file):
    from steelyard.spec import load

    with closing(Store.open(load(product_file), clock=Counted())) as opened:
        yield opened


def run(store, turn, key, *, seconds, fails=False, of=None, elsewhere=0.0):
    """A step that takes so many seconds, and says that it took `of` over all its attempts."""

    def work(step):
        step.elsewhere = lambda: elsewhere
        store.clock.s += seconds
        if fails:
            raise RuntimeError("the disk is full")
        step.cpu_s = of
        return {}

    return store.step(turn, "train", key, work, cpu_price=PRICES.cpu_hour)


def cents(store):
    return {r["account"]: round(-r["nano"] / 10**7, 4) for r in store.ledger.sums() if r["nano"]}


def failed(store, turn, key, seconds, **how):
    with pytest.raises(RuntimeError, match="disk"):
        run(store, turn, key, seconds=seconds, fails=True, **how)


def left(store):
    return list((Path(store.root) / "attempts").glob("*"))


def test_a_failed_attempt_is_booked_with_the_one_that_ends(store):
    turn = store.begin_turn("a")
    failed(store, turn, "k", 30)
    failed(store, turn, "k", 20)
    assert cents(store) == {}
    run(store, turn, "k", seconds=100)
    assert cents(store) == {"cpu.train": 100, FAILED: 50} and left(store) == []
    store.end_turn(turn, prices=PRICES)
    assert cents(store) == {"cpu.train": 100, FAILED: 50}


def test_what_a_step_goes_on_from_is_not_lost(store):
    turn = store.begin_turn("a")
    failed(store, turn, "k", 50)
    run(store, turn, "k", seconds=60, of=100)  # forty of the first attempt's fifty were kept
    assert cents(store) == {"cpu.train": 100, FAILED: 10}


def test_answers_of_a_replay_that_failed_are_not_booked_twice(store):
    turn = store.begin_turn("a")
    failed(store, turn, "k", 50, elsewhere=40)
    run(store, turn, "k", seconds=60)  # it gets the answers that are there
    assert cents(store) == {"cpu.train": 60, FAILED: 10}
    failed(store, turn, "l", 50, elsewhere=40)
    run(store, turn, "l", seconds=60, elsewhere=45)
    assert cents(store) == {"cpu.train": 75, FAILED: 20}
    failed(store, turn, "m", 50, elsewhere=40)
    store.end_turn(turn, prices=PRICES)
    assert cents(store) == {"cpu.train": 75, FAILED: 30}


def test_an_attempt_of_a_turn_that_a_restored_ledger_has_not_is_booked_on_this_one(store):
    turn = store.begin_turn("a")
    failed(store, turn, "k", 50)
    (path,) = left(store)
    path.write_text(path.read_text().replace(f'"turn": {turn}', '"turn": 77'), encoding="utf-8")
    store.end_turn(turn, prices=PRICES)
    (line,) = store.ledger.lines(account=FAILED)
    assert line["turn"] == turn
    store.ledger.verify()


def test_an_attempt_whose_step_never_comes_is_booked_as_its_turn_ends(store):
    first = store.begin_turn("a")
    failed(store, first, "k", 50)
    second = store.begin_turn("b")  # the file was changed, and with it the key
    run(store, second, "other", seconds=10)
    store.end_turn(second, prices=PRICES)
    assert cents(store) == {"cpu.train": 10, FAILED: 50} and left(store) == []
    (line,) = store.ledger.lines(account=FAILED)
    assert line["turn"] == first
    store.end_turn(store.begin_turn("c"), prices=PRICES)
    assert cents(store)[FAILED] == 50


def test_a_kill_between_the_line_and_the_file_books_nothing_twice(store, monkeypatch):
    turn = store.begin_turn("a")
    failed(store, turn, "k", 50)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(
            Attempts, "forget", lambda self, them: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        store.end_turn(turn, prices=PRICES)
    assert cents(store) == {FAILED: 50} and len(left(store)) == 1
    store.end_turn(turn, prices=PRICES)
    assert cents(store) == {FAILED: 50} and left(store) == []


def test_a_kill_loses_what_came_behind_the_last_look_only(store, tmp_path):
    attempts, clock = Attempts(tmp_path / "attempts"), Counted()
    step = Step(None, "train", "k", 1, "CNY")
    with attempts.of(step, product="p", clock=clock, look_s=0.01):
        clock.s = 7.0
        while not any(one.cpu_s == 7.0 for one in attempts.left("p")):
            pass
    assert [one.cpu_s for one in attempts.left("p")] == [7.0] and attempts.left("q") == []


@pytest.mark.parametrize(
    "said", ["", "[]", '{"product": "p"}', '{"product": "p", "odd": 1}', "\udcff"]
)
def test_what_is_no_attempt_is_none(tmp_path, said):
    (tmp_path / "x.json").write_bytes(said.encode("utf-8", "surrogateescape"))
    assert Attempts(tmp_path).left("p") == []
    (tmp_path / "y.json").write_text(
        json.dumps({"product": "p", "key": "k", "turn": 1, "cpu_s": 2})
    )
    assert [one.cpu_s for one in Attempts(tmp_path).left("p")] == [2]
