"""A step's facts, money and output come together or not at all, and once, whoever runs it."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from steelyard.clock import Clock
from steelyard.errors import Damaged, RowRefused, SteelyardError, StoreError
from steelyard.spec import Money
from steelyard.store import Line, Step, step_key, tables

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
names = st.text(min_size=1, max_size=5)


class Ticks(Clock):
    """An hour of CPU between any two looks."""

    def __init__(self):
        self.used = 0.0

    def now(self):
        return "2026-01-02T00:00:00.000000+00:00"

    def cpu_s(self):
        self.used += 3600.0
        return self.used


def run(store, key, work, *, turn=None, price="0.36"):
    turn = store.begin_turn("spec") if turn is None else turn
    return store.step(turn, "train", key, work, cpu_price=Decimal(price))


def count(store, table):
    return len(store.database.rows(sa.select(table)))


def fact(identity="e", **more):
    row = {"id": identity, "product": "tiny", "arms": {}, "unit": "user", "metric": "m"}
    return row | {"rule": {}, "readout": {}} | more


@given(names, st.dictionaries(names, json_values), st.lists(names))
def test_a_key_is_the_same_whatever_the_order_of_what_is_read(name, reads, inputs):
    key = step_key(name, reads, inputs)
    assert key == step_key(name, dict(reversed(reads.items())), list(inputs))
    assert len(key) == 32 and key.isalnum()


@given(names, st.dictionaries(names, json_values, min_size=1), st.lists(names, min_size=1))
def test_a_key_is_another_for_any_other_name_section_or_input(name, reads, inputs):
    section = next(iter(reads))
    others = {
        step_key(f"{name}+", reads, inputs),
        step_key(name, reads | {section: [reads[section]]}, inputs),
        step_key(name, {k: v for k, v in reads.items() if k != section}, inputs),
        step_key(name, reads, [*inputs, inputs[0]]),
        step_key(name, reads, ["".join(inputs) + "+"]),
        step_key(name, reads, inputs),
    }
    assert len(others) == 6


@given(st.integers(0, 10**6), st.decimals("0", "100", places=9))
def test_a_step_spends_quantity_times_price_to_the_last_nano_unit(quantity, price):
    step = Step(None, "label", "k", 1, "CNY")
    step.spend("label", quantity, "label", price, evidence="labels:x")
    (line,) = step.lines
    assert line.money == Money(-int(quantity * price * 10**9), "CNY")


def test_cpu_of_a_step_is_charged_by_the_hour_and_kept_with_its_output(store):
    store.clock = Ticks()
    run(store, "k", lambda step: {"数": 1}, price="2")
    (line,) = store.ledger.sums()
    assert (line["account"], line["nano"]) == ("cpu.train", -2 * 10**9)
    (row,) = store.steps.all()
    assert (row["cpu_s"], row["output"], row["done"]) == (3600.0, {"数": 1}, store.clock.now())


def test_a_step_that_resumed_is_charged_for_all_its_attempts(store):
    def work(step):
        step.cpu_s = 7200.0
        return {}

    run(store, "k", work, price="0.5")
    assert store.ledger.of_steps() == {"k": Money.of("-1", "CNY")}
    assert store.steps.cpu_s() == {"train": 7200.0}


def test_of_two_runs_of_one_step_the_slower_one_leaves_nothing(store):
    def slower(step):
        run(store, "k", lambda quick: quick.add("experiment", **fact("quick")) or {}, turn=1)
        step.add("experiment", **fact("slow"))
        return {}

    with pytest.raises(StoreError, match="another run finished it first"):
        run(store, "k", slower)
    assert [row["id"] for row in store.experiments.all()] == ["quick"]
    assert store.ledger.verify() == 1


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (fact(metric=None), RowRefused),
        (fact("e0"), RowRefused),  # there already
        (fact(odd=1), SteelyardError),
    ],
)
def test_a_fact_that_is_refused_takes_the_whole_step_back(any_store, bad, error):
    run(any_store, "first", lambda step: step.add("experiment", **fact("e0")) or {})

    def work(step):
        step.measure("v", "f1", 0.5, n=3, on="holdout")
        step.add("experiment", **bad)
        return {}

    with pytest.raises(error):
        run(any_store, "second", work)
    assert any_store.steps.done("second") is None and count(any_store, tables.measure) == 0
    assert any_store.ledger.verify() == 1 and len(any_store.experiments.all()) == 1


def test_a_fact_of_no_noun_is_a_fault_at_once(store):
    with pytest.raises(KeyError):
        Step(store, "train", "k", 1, "CNY").add("experiments", id="e")


def test_the_same_bytes_published_by_two_steps_are_one_variant(store):
    def work(step):
        if step.key == "a":
            own = {"id": "d", "product": "tiny", "version": 1, "tag": "d"}
            step.add("dataset", **own, sources=[], recipe={}, counts=[])
        variant = {"id": "v", "task": "t", "dataset": "d", "bytes": 1, "card": {}}
        step.add("variant", name=f"of {step.key}", **variant)
        return {}

    run(store, "a", work)
    run(store, "b", work)
    assert store.variants.names() == {"v": "of a"}


def test_facts_are_of_the_time_of_their_step_unless_they_say_another(store):
    store.clock = Ticks()

    def work(step):
        step.add("experiment", **fact("now"))
        step.add("experiment", **fact("then"), created="2025")
        return {}

    run(store, "k", work)
    made = {row["id"]: row["created"] for row in store.experiments.all()}
    assert made == {"now": store.clock.now(), "then": "2025"}


def test_a_turn_tells_of_each_step_how_it_came_and_what_it_took(store):
    store.clock = Ticks()
    run(store, "k", lambda step: {"of": "k"}, price="2")
    store.end_turn(1)
    run(store, "k", lambda step: {"of": "again"}, price="2")
    first, second = store.turns.steps(1), store.turns.steps(2)
    assert [(s["how"], s["nano"], s["cpu_s"]) for s in first] == [("ran", -2 * 10**9, 3600.0)]
    assert [(s["how"], s["nano"], s["output"]) for s in second] == [("reused", 0, {"of": "k"})]
    assert store.turns.steps(3) == []


def test_a_step_that_was_made_again_in_a_turn_is_told_by_its_last_run(store):
    run(store, "a", lambda step: {"of": "a"})
    run(store, "b", lambda step: {"of": "b"})
    assert [s["output"] for s in store.turns.steps(1)] == [{"of": "b"}]


def test_facts_outside_a_step_are_kept_once_and_paid_once(any_store):
    any_store.begin_turn("spec")
    paid: list[set[str]] = []

    def lines(new):
        paid.append(new)
        return [Line("cpu.serve", 1, "s", Money(-5, "CNY"), i) for i in sorted(new)]

    for ids in (["a", "b", "a"], ["b", "用户"], [], ["a"]):
        facts = [("experiment", fact(i, metric=f"{n}")) for n, i in enumerate(ids)]
        any_store.record_once(facts, lines)
    assert paid == [{"a", "b"}, {"用户"}, set(), set()]
    assert {row["id"]: row["metric"] for row in any_store.experiments.all()} == {
        "a": "0",
        "b": "1",
        "用户": "1",
    }
    assert any_store.ledger.sums(turn=1)[0]["nano"] == -15 and any_store.ledger.verify() == 3


def test_facts_whose_money_cannot_be_written_are_not_there(store):
    with pytest.raises(ZeroDivisionError):
        store.record_once([("experiment", fact())], lambda new: 1 / 0)
    assert store.experiments.all() == []


def test_files_that_a_step_left_must_all_be_here_and_whole(store):
    with store.artifacts.draft() as draft:
        (draft / "模型.bin").write_bytes(b"x")
        identity = store.artifacts.publish(draft)
    assert store.holds([]) and store.holds([("artifact", identity)])
    assert not store.holds([("artifact", identity), ("artifact", "0" * 24)])
    assert not store.holds([("records", "none")])
    (store.artifacts.peek(identity) / "模型.bin").write_bytes(b"y")
    assert not store.holds([("artifact", identity)])


def test_a_sentence_for_strangers_does_not_say_where_files_lie(store):
    with pytest.raises(Damaged) as error:
        raise Damaged(f"{store.root}/datasets/记录.lance", "whole pages", "others")
    assert store.placeless(str(error.value)).startswith("datasets/记录.lance: expected")


def test_every_product_of_a_ledger_is_known_and_ones_own_before_its_first_turn(store):
    assert store.products() == ["tiny"]
    store.begin_turn("spec")
    with store.database.write() as connection:
        other = {"product": "评论", "spec_sha256": "s", "started": "2026"}
        connection.execute(tables.turn.insert().values(id=2, **other))
    assert store.products() == ["tiny", "评论"]


def test_one_turn_at_a_time_and_the_next_once_it_ended(any_store):
    refused = pytest.raises(StoreError, match="one turn at a time")
    with any_store.alone(), refused, any_store.alone():
        pass
    with pytest.raises(ZeroDivisionError), any_store.alone():
        _ = 1 / 0
    with any_store.alone():
        pass


def test_cores_that_are_paid_and_idle_have_a_line_of_their_own(store):
    class Walls(Ticks):
        def __init__(self):
            super().__init__()
            self.wall = 0.0

        def wall_s(self):
            self.wall += 5400.0
            return self.wall

    store.clock = Walls()
    work = {"price": Decimal("0.36"), "turn": store.begin_turn("spec")}
    for key, cores in (("a", 2), ("b", 1), ("c", None)):
        store.step(
            work["turn"], "train", key, lambda step: {}, cpu_price=work["price"], cores=cores
        )
    money = {row["account"]: row["nano"] for row in store.ledger.sums()}
    # an hour and a half of two cores, of which an hour was used; then of one core, half an hour
    assert money == {"cpu.train": -3 * 360_000_000, "cpu.idle": -(2 + 0.5) * 360_000_000}
    store.ledger.verify()
