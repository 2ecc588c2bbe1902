"""What is kept of outcomes says the same as every answer and outcome read one by one, whatever came when."""

import math
import random
import threading
from contextlib import closing
from statistics import fmean

import numpy as np
import pytest
import sqlalchemy as sa
from tests.release.common import LABELS, valuation

from steelyard.release.evidence import ARMS, began
from steelyard.release.users import users
from steelyard.spec import load, names_in
from steelyard.store import Store, tables
from steelyard.store.releases import experiment_of
from steelyard.store.rows import put, put_all
from steelyard.store.tallies import check_tallies

VARIANTS, PRODUCTS, USERS = ("v1", "v2", "v3"), ("tiny", "other"), ("a", "b", "c", "用户")
WORDS = (*LABELS, "was called so once", '好"评')


class History:
    """Random releases, answers and outcomes of two products; times come out of order, as from servers
    with clocks of their own."""

    def __init__(self, store, seed):
        self.store, self.rng, self.n, self.told = store, random.Random(seed), 0, set()
        dataset = {
            "id": "d",
            "product": "tiny",
            "version": 1,
            "tag": "d",
            "parent": None,
            "sources": [],
            "recipe": {},
            "counts": [],
            "created": "2026",
        }
        with store.database.write() as connection:
            put(connection, tables.dataset, dataset)
            for name in VARIANTS:
                put(
                    connection,
                    tables.variant,
                    {
                        "id": name,
                        "name": name,
                        "task": "t",
                        "parent": None,
                        "dataset": "d",
                        "bytes": 1,
                        "card": {},
                        "created": "2026",
                    },
                )

    def go_on(self, steps):
        for _ in range(steps):
            act = self.rng.choices([self.release, self.answer, self.outcome], [1, 4, 4])[0]
            with self.store.database.write() as connection:
                act(connection)

    def now(self):
        """Later with every step, but for a clock that is up to 20 steps ahead or behind."""
        self.n += 1
        return f"2026-01-01T00:00:{self.n + self.rng.choice([0, 0, -20, 20]) + 30:07d}"

    def release(self, connection):
        state = self.rng.choice(["live", "canary"] * 5 + ["retired", "pinned"])
        row = {
            "product": self.rng.choice(PRODUCTS),
            "variant": self.rng.choice(VARIANTS),
            "state": state,
        }
        put(
            connection,
            tables.release,
            row
            | {
                "share": self.rng.choice([0.1, 0.5]),
                "reason": "r",
                "who": "w",
                "created": self.now(),
            },
        )

    def answer(self, connection):
        rows, pair = [], self.rng.sample(VARIANTS, 2)
        for _ in range(self.rng.randint(1, 5)):
            side = self.rng.randrange(2)
            self.n += 1
            rows.append(
                {
                    "id": f"a{self.n}",
                    "product": self.rng.choice(PRODUCTS),
                    "variant": pair[side],
                    "state": ARMS[side],
                    "user": self.rng.choice(USERS),
                    "request": "",
                    "value": self.rng.choice(WORDS),
                    "score": None,
                    "detail": {},
                    "cpu_s": self.rng.random(),
                    "latency_ms": self.rng.choice(
                        [float(self.rng.randint(1, 50)), self.rng.uniform(0, 3000), -0.5, 1024.0]
                    ),
                    "created": self.now(),
                    "origin": self.rng.choice(["user", "user", "user", "replay"]),
                    "release": 1,
                    "experiment": self.rng.choice([experiment_of(*pair)] * 5 + [None]),
                    "arm": ARMS[side],
                }
            )
        put_all(connection, tables.answer, rows)

    def outcome(self, connection):
        known = [row.id for row in connection.execute(sa.select(tables.answer.c.id))]
        left = sorted(set(known) - self.told)
        some = self.rng.sample(left, min(len(left), self.rng.randint(1, 6)))
        self.told |= set(some)
        rows = [
            {
                "id": f"f{i}",
                "answer": i,
                "kind": self.rng.choice(["outcome"] * 4 + ["correction"]),
                "value": self.rng.choice(WORDS),
                "created": self.now(),
                "at": None,
                "utility": self.rng.choice([None, 0.0, 1.0, self.rng.random()]),
            }
            for i in some
        ]
        put_all(connection, tables.feedback, rows)


def opened(store):
    """The same ledger as each product sees it."""
    return [
        Store(store.root, store.database, product=p, currency="CNY", clock=store.clock)
        for p in PRODUCTS
    ]


def plain(store, *, live, canary, since):
    """Arm -> (outcomes of each user, responses of each, answers, CPU, p95), each row read and added up by hand."""
    answers = store.database.rows(sa.select(tables.answer))
    told = {}
    for row in store.database.rows(sa.select(tables.feedback)):
        if row["kind"] == "outcome":
            told[row["answer"]] = row
    found = {}
    for arm in ARMS:
        own = [
            a
            for a in answers
            if (a["product"], a["experiment"], a["arm"], a["origin"])
            == (store.product, experiment_of(live, canary), arm, "user")
            and a["created"] >= since
        ]
        outcomes, responses = [], []
        for user in {a["user"] for a in own}:
            mine = [a for a in own if a["user"] == user]
            worth = [_worth(a, told[a["id"]]) for a in mine if a["id"] in told]
            responses.append((len(worth), len(mine)))
            worth = [w for w in worth if w is not None]
            outcomes += [(sum(worth), len(worth))] if worth else []
        slow = sorted(a["latency_ms"] for a in own)
        p95 = slow[max(0, math.ceil(0.95 * len(slow)) - 1)] if slow else 0.0
        found[arm] = (outcomes, responses, len(own), fmean([a["cpu_s"] for a in own] or [0.0]), p95)
    return found


def _worth(answer, outcome):
    if outcome["utility"] is not None:
        return outcome["utility"]
    if outcome["value"] not in LABELS:
        return None
    return float(answer["value"] == outcome["value"])


def same(store, names, pair):
    """Whether both ways say the same of a pair that shares the users; None of one that does not."""
    found = users(store, valuation(), names, **pair)
    if found is None:
        return None
    expected = plain(store, **pair, since=began(store, **pair))
    for arm, (outcomes, responses, answers, cpu_s, p95_ms) in expected.items():
        one = found[arm]
        assert (one.reached, one.answers, one.p95_ms) == (len(responses), answers, p95_ms)
        assert one.cpu_s == pytest.approx(cpu_s, rel=1e-12)
        assert_ratio(one.sample, outcomes)
        assert_ratio(one.told, responses)
    return True


def assert_ratio(sample, users):
    """The ratio of both sums, and the variance of what one user adds to it."""
    above, below = np.array(users or [(0.0, 0.0)], float).T
    ratio = above.sum() / below.sum() if below.sum() else 0.0
    each = (above - ratio * below) / below.mean() if below.sum() else np.zeros(1)
    assert (sample.n, sample.mean) == (len(users), pytest.approx(ratio, rel=1e-12))
    assert sample.variance == pytest.approx((each**2).mean(), rel=1e-9, abs=1e-12)


def agree(store, names):
    pairs = [{"live": a, "canary": b} for a in VARIANTS for b in VARIANTS if a != b]
    looked = [same(own, names, pair) for own in opened(store) for pair in pairs]
    with store.database.read() as connection:
        check_tallies(connection)
    return sum(bool(seen) for seen in looked)


@pytest.mark.parametrize("pairs_max", [500, 1])
def test_any_history_reads_as_its_rows_do_one_by_one(
    any_store, product_file, monkeypatch, pairs_max
):
    monkeypatch.setattr("steelyard.release.users.PAIRS_MAX", pairs_max)
    names, compared = names_in(load(product_file)), 0
    history = History(any_store, seed=pairs_max)
    for _ in range(25):
        history.go_on(12)
        compared += agree(any_store, names)
    assert compared >= 8


@pytest.mark.parametrize("seed", range(12))
def test_many_short_histories_read_as_their_rows_do(store, product_file, seed):
    history = History(store, seed)
    history.go_on(150)
    with store.database.write() as connection:
        for state, variant in (("live", "v1"), ("canary", "v2")):
            put(
                connection,
                tables.release,
                {
                    "product": "tiny",
                    "variant": variant,
                    "state": state,
                    "share": 0.3,
                    "reason": "r",
                    "who": "w",
                    "created": history.now(),
                },
            )
    history.go_on(40)
    agree(store, names_in(load(product_file)))


def test_a_release_that_is_written_late_takes_the_outcomes_that_came_behind_its_time(
    store, product_file
):
    history, names = History(store, 5), names_in(load(product_file))
    pair = {"live": "v1", "canary": "v2"}
    with store.database.write() as connection:
        shared = {"product": "tiny", "reason": "r", "who": "w"}
        put(
            connection,
            tables.release,
            shared | {"variant": "v1", "state": "live", "share": 1.0, "created": "2026-01-01"},
        )
        put(
            connection,
            tables.release,
            shared | {"variant": "v2", "state": "canary", "share": 0.5, "created": "2026-01-02"},
        )
        answer = {
            "product": "tiny",
            "variant": "v1",
            "state": "live",
            "request": "",
            "value": "positive",
            "score": None,
            "detail": {},
            "cpu_s": 1.0,
            "latency_ms": 2.0,
            "release": 1,
            "experiment": experiment_of(**pair),
            "arm": "live",
        }
        for day in (3, 5, 7):
            put(
                connection,
                tables.answer,
                answer | {"id": f"{day}", "user": f"u{day}", "created": f"2026-01-0{day}"},
            )
            put(
                connection,
                tables.feedback,
                {
                    "id": f"f{day}",
                    "answer": f"{day}",
                    "kind": "outcome",
                    "value": "positive",
                    "created": "2026-02",
                    "utility": day / 10,
                },
            )
    assert users(store, valuation(), names, **pair)["live"].sample.n == 3
    with store.database.write() as connection:
        put(
            connection,
            tables.release,
            shared | {"variant": "v2", "state": "canary", "share": 0.4, "created": "2026-01-05"},
        )
    assert users(store, valuation(), names, **pair)["live"].sample.mean == pytest.approx(0.6)
    assert same(store, names, pair) and history.store is store
    rows = store.database.rows(sa.select(tables.tally))
    assert sorted((r["user"], r["since"], r["n"], r["total"]) for r in rows) == [
        ("u3", "2026-01-02", 1, 0.3),
        ("u5", "2026-01-05", 1, 0.5),
        ("u7", "2026-01-05", 1, 0.7),
    ]


def test_two_writers_at_once_count_every_outcome_once(any_store, product_file):
    history = History(any_store, 3)
    history.go_on(60)
    left = [r["id"] for r in any_store.database.rows(sa.select(tables.answer.c.id))]
    left = [i for i in left if i not in history.told]
    facts = [
        (
            "feedback",
            {
                "id": f"f{i}",
                "answer": i,
                "kind": "outcome",
                "value": "positive",
                "at": None,
                "utility": 0.5,
            },
        )
        for i in left
    ]

    def tell(store):
        for fact in facts:  # both tell all: one of the two is first
            store.record_once([fact], lambda new: [])

    with closing(Store.open(load(product_file))) as second:
        threads = [threading.Thread(target=tell, args=(s,)) for s in (any_store, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(left) > 10
    agree(any_store, names_in(load(product_file)))


def test_a_transaction_that_fails_leaves_neither_outcome_nor_sum(store):
    history = History(store, 4)
    history.go_on(60)
    before = store.database.rows(sa.select(tables.tally))
    with pytest.raises(ZeroDivisionError), store.database.write() as connection:
        history.outcome(connection)
        raise ZeroDivisionError
    assert store.database.rows(sa.select(tables.tally)) == before
    with store.database.read() as connection:
        check_tallies(connection)
