"""A readout does not decide by users who came in other shares, under a clock that jumped, or against what is finished."""

from types import SimpleNamespace

import pytest
from tests.release.common import canary_of, pair_in_service, replayed, valuation
from tests.release.test_decide import WORTH, seen

from steelyard.release.checks import clock_jumped, contradicted, held, users_broken
from steelyard.release.decide import decide
from steelyard.release.evidence import began
from steelyard.release.left import Decision
from steelyard.release.readout import readout
from steelyard.release.users import users
from steelyard.spec import load, names_in
from steelyard.store import tables
from steelyard.store.releases import experiment_of
from steelyard.store.rows import put, put_all
from steelyard.tasks import task_of

SURE = decide([seen(0.05, 0.01, 0.09)], WORTH, loss_max=0.02)
BACK = decide([seen(-0.1, -0.15, -0.05)], WORTH, loss_max=0.02)
PAIR = {"live": "a", "canary": "b"}


def history(*times, now="2026-03-09"):
    rows = [{"created": time, "variant": "b"} for time in times]
    return SimpleNamespace(
        releases=SimpleNamespace(history=lambda: rows), clock=SimpleNamespace(now=lambda: now)
    )


def finished(*ended):
    rows = [
        {"id": f"e{i}", "arms": arms, "readout": {"decision": said}}
        for i, (arms, said) in enumerate(ended)
    ]
    return SimpleNamespace(experiments=SimpleNamespace(all=lambda: rows))


def answered(store, pair, arm, n, *, told=None, at=None, start=0):
    """Answers to `n` users of an arm, one each, all as if in service now; `told` of them with an outcome of that
    utility, at `at` or now."""
    experiment, created = experiment_of(**pair), store.clock.now()
    rows = [
        {
            "id": f"{arm}{i}",
            "product": store.product,
            "variant": pair[arm],
            "state": arm,
            "user": f"{arm} user {i}",
            "request": f"{arm}{i}",
            "value": "positive",
            "score": None,
            "detail": {},
            "cpu_s": 0.001,
            "latency_ms": 2.0,
            "created": created,
            "origin": "user",
            "release": 1,
            "experiment": experiment,
            "arm": arm,
        }
        for i in range(start, start + n)
    ]
    with store.database.write() as connection:
        put_all(connection, tables.answer, rows)
        for i in range(start, start + (n if told is not None else 0)):
            outcome = {"id": f"o{arm}{i}", "answer": f"{arm}{i}", "kind": "outcome", "at": None}
            told_at = {"created": at or created, "value": "positive", "utility": told}
            put(connection, tables.feedback, outcome | told_at)


def looked(store, product_file, pair):
    product = load(product_file)
    return readout(store, product, task=task_of(product), variants=pair)


def test_users_who_did_not_come_in_their_shares_decide_nothing(store, product_file):
    pair = pair_in_service(store)
    answered(store, pair, "live", 400, told=0.0)
    answered(store, pair, "canary", 200, told=1.0)
    found = looked(store, product_file, pair)
    assert found.users.difference.low > 0.5  # and would promote
    decision = found.decision
    assert (decision.decision, decision.reason.code) == ("keep", "readout.broken")
    broken = decision.reason.numbers["broken"]
    assert broken.code == "readout.mismatch" and broken.numbers["canary"] == 200
    answered(store, pair, "canary", 200, told=1.0, start=200)
    assert looked(store, product_file, pair).decision.decision == "promote"


def test_what_the_stream_proves_bad_is_taken_back_though_users_tell_nothing():
    store = history("2026-03-01")
    broken = users_broken(store, {"live": 900, "canary": 10}, since="2026-03-01", share=0.5)
    assert broken.code == "readout.mismatch"
    assert held(SURE, broken, BACK) is BACK
    assert held(SURE, broken, SURE).decision == "keep"
    assert held(SURE, None, None) is SURE


@pytest.mark.parametrize(
    ("times", "now", "jumped"),
    [
        (("2026-03-01", "2026-03-02"), "2026-03-09", False),
        (("2026-03-05", "2026-03-02"), "2026-03-09", True),  # it began before what was before
        (("2026-03-01", "2026-03-02", "2026-03-01"), "2026-03-09", True),
        (("2026-03-01", "2026-03-02"), "2026-03-01", True),  # now is before its beginning
        (("2026-03-01", "2026-02-01", "2026-03-02"), "2026-03-09", False),  # long caught up with
    ],
)
def test_a_clock_that_jumped_back_is_said(times, now, jumped):
    found = clock_jumped(history(*times, now=now), since="2026-03-02")
    assert (found is not None) == jumped
    assert not jumped or found.code == "readout.clock"


@pytest.mark.parametrize(
    ("ended", "decision"),
    [
        ([], "promote"),
        ([(PAIR, "promote"), (PAIR, "keep")], "promote"),
        ([(PAIR, "rolled back")], "keep"),
        ([(PAIR, "promote"), (PAIR, "rolled back")], "keep"),
        ([({"live": "b", "canary": "a"}, "promote")], "keep"),  # the other one was the better
        ([({"live": "b", "canary": "a"}, "rolled back")], "promote"),
        ([({"live": "c", "canary": "b"}, "rolled back")], "promote"),  # another pair
    ],
)
def test_an_experiment_that_ended_the_other_way_is_said_and_not_averaged(ended, decision):
    found = contradicted(finished(*ended), SURE, **PAIR)
    assert found.decision == decision
    assert decision == "promote" or found.reason.code == "readout.contradicted"
    assert contradicted(finished(*ended), Decision("keep", SURE.reason), **PAIR).decision == "keep"


def test_a_decision_against_an_earlier_one_changes_no_release(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)

    def work(step):
        rule = {"confidence": 0.95, "outcome_loss_max": 0.02}
        facts = {"unit": "record", "metric": "outcome", "rule": rule, "product": store.product}
        step.add("experiment", id="e", arms=pair, readout={"decision": "promote"}, **facts)
        return {}

    store.step(store.begin_turn("m0"), "replay", "e0", work, cpu_price=0)
    found = replayed(store, product_file, pair, turn=store.begin_turn("m1"), key="a")
    assert (
        found["decision"] == "keep" and "an earlier experiment of these two (e)" in found["reason"]
    )
    assert {r["state"] for r in store.releases.current()} == {"live", "canary"}


def test_outcomes_of_answers_of_no_experiment_are_not_counted(store, product_file):
    pair = pair_in_service(store)
    answered(store, pair, "live", 3, told=1.0)
    with store.database.write() as connection:
        for i, experiment in enumerate((None, "another")):
            row = dict(connection.execute(tables.answer.select()).mappings().first())
            put(connection, tables.answer, row | {"id": f"x{i}", "experiment": experiment})
            outcome = {"id": f"ox{i}", "answer": f"x{i}", "kind": "outcome", "at": None}
            said = {"created": store.clock.now(), "value": "positive", "utility": 0.0}
            put(connection, tables.feedback, outcome | said)
    found = users(store, valuation(), names_in(load(product_file)), **pair)
    assert (found["live"].sample.n, found["live"].sample.mean) == (3, 1.0)
    assert (found["live"].reached, found["live"].told.mean) == (3, 1.0)


def test_an_outcome_counts_within_its_days_and_an_answer_once_they_are_over(store, product_file):
    pair = pair_in_service(store)
    asked = store.clock.now()
    answered(store, pair, "live", 2, told=1.0)
    answered(store, pair, "live", 1, told=0.0, at="2999-01-01T00:00:00+00:00", start=2)
    of = {"days": 3, **pair}
    first = users(store, valuation(), names_in(load(product_file)), **of)["live"]
    assert (first.sample.n, first.waiting, first.reached) == (0, 3, 1 + 2)
    store.clock = SimpleNamespace(now=lambda: "2998-01-01T00:00:00+00:00")
    later = users(store, valuation(), names_in(load(product_file)), **of)["live"]
    assert (later.sample.n, later.sample.mean, later.waiting) == (2, 1.0, 0)
    assert later.told.mean == pytest.approx(2 / 3)  # the third came too late
    every = users(store, valuation(), names_in(load(product_file)), **pair)["live"]
    assert every.sample.mean == pytest.approx(2 / 3) and began(store, **pair) <= asked


def test_arms_that_told_of_unlike_shares_are_said_with_the_worst_reading(store, product_file):
    pair = pair_in_service(store)
    answered(store, pair, "live", 300, told=0.5)
    answered(store, pair, "canary", 150, told=0.5)
    answered(store, pair, "canary", 150, start=150)
    shown = looked(store, product_file, pair).shown.users
    assert shown.response.unlike and shown.response.canary == pytest.approx(0.5)
    assert shown.worst.low < shown.difference.low - 0.2
    assert shown.reached == {"live": 300, "canary": 300}
