"""What each door shows of a ledger that holds two products, on SQLite and on PostgreSQL."""

from contextlib import closing

import pytest

from steelyard.store import nouns, tables
from steelyard.store.database import Database
from steelyard.store.nouns.answers import Sums, Untold
from steelyard.store.rows import put

TIMES = [f"2026-01-0{day}T00:00:00.000000+00:00" for day in range(1, 10)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path}/ledger.db")
    else:
        opened = Database.open(request.getfixturevalue("postgres_url"))
    with closing(opened):
        with opened.write() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
        fill(opened)
        yield opened


def fill(database):
    """Product `a`: two turns, two datasets, two variants that shared users; `b`: one of each."""
    with database.write() as connection:
        for product in ("a", "a", "b"):
            put(
                connection,
                tables.turn,
                {"product": product, "spec_sha256": "s", "started": TIMES[0]},
            )
        steps = [
            ("k1", "train", 1, 2.0),
            ("k2", "label", 1, 1.0),
            ("k3", "train", 2, 5.0),
            ("kb", "train", 3, 9.0),
        ]
        for i, (key, name, turn, cpu_s) in enumerate(steps):
            put(
                connection,
                tables.step,
                {
                    "key": key,
                    "name": name,
                    "turn": turn,
                    "done": TIMES[i],
                    "cpu_s": cpu_s,
                    "output": {"of": key},
                },
            )
        for i, (identity, product) in enumerate([("d1", "a"), ("d2", "a"), ("db", "b")]):
            put(
                connection,
                tables.dataset,
                {
                    "id": identity,
                    "product": product,
                    "version": i + 1,
                    "tag": identity,
                    "parent": None,
                    "sources": [],
                    "recipe": {},
                    "counts": [],
                    "created": TIMES[i],
                },
            )
        for identity, of in (("v1", "d1"), ("v2", "d2"), ("vb", "db")):
            put(
                connection,
                tables.variant,
                {
                    "id": identity,
                    "name": f"n{identity}",
                    "task": "t",
                    "parent": None,
                    "dataset": of,
                    "bytes": 1,
                    "card": {},
                    "created": TIMES[0],
                },
            )
        for value, on in ((0.1, "old"), (0.2, "new"), (0.3, "new")):
            put(
                connection,
                tables.measure,
                {
                    "subject": "v1",
                    "name": "f1",
                    "value": value,
                    "low": None,
                    "high": None,
                    "n": 3,
                    "on": on,
                    "detail": None,
                    "created": TIMES[0],
                },
            )
        for product, variant, state, who in (
            ("a", "v1", "live", "steelyard"),
            ("a", "v2", "canary", "li"),
            ("b", "vb", "live", "bo"),
        ):
            put(
                connection,
                tables.release,
                {
                    "product": product,
                    "variant": variant,
                    "state": state,
                    "share": 0.5,
                    "reason": "r",
                    "who": who,
                    "created": TIMES[0],
                },
            )
        for product in ("a", "b"):
            put(
                connection,
                tables.experiment,
                {
                    "id": f"e{product}",
                    "product": product,
                    "arms": {},
                    "unit": "user",
                    "metric": "outcome",
                    "rule": {},
                    "readout": {},
                    "created": TIMES[0],
                },
            )
            put(
                connection,
                tables.plan,
                {
                    "id": f"p{product}",
                    "turn": 1,
                    "product": product,
                    "body": {},
                    "created": TIMES[0],
                },
            )
        answers(connection)
        # read-outs begin with a release
        put(
            connection,
            tables.release,
            {
                "product": "a",
                "variant": "v2",
                "state": "canary",
                "share": 0.4,
                "reason": "r",
                "who": "li",
                "created": TIMES[4],
            },
        )


def answers(connection):
    """Users u0 to u9 at v1, 0.1 s each, and u10 at v2; one before they shared, two replays."""
    given = [
        (f"x{i}", "a", "v1", f"u{i}", "", "user", TIMES[5], float(i), "e1", "live")
        for i in range(10)
    ]
    given += [
        ("x10", "a", "v2", "u10", "", "user", TIMES[5], 7.0, "e1", "canary"),
        ("early", "a", "v1", "u1", "", "user", TIMES[1], 900.0, "e1", "live"),
        ("old", "a", "v1", "u1", "", "user", TIMES[5], 900.0, None, None),
        ("r1", "a", "v1", "r", "e1:1:rec:live", "replay", TIMES[5], 1.0, "e1", "live"),
        ("r2", "a", "v2", "r", "e2:1:rec:canary", "replay", TIMES[5], 1.0, "e2", "canary"),
        ("other", "b", "v1", "u", "e1:2:rec:live", "replay", TIMES[5], 1.0, "e1", "live"),
    ]
    for identity, product, variant, user, request, origin, created, latency, pair, arm in given:
        put(
            connection,
            tables.answer,
            {
                "id": identity,
                "product": product,
                "variant": variant,
                "state": "live",
                "user": user,
                "request": request,
                "value": "pos",
                "score": 1.0,
                "detail": {"pos": 1.0},
                "cpu_s": 0.1,
                "latency_ms": latency,
                "origin": origin,
                "created": created,
                "release": 1,
                "experiment": pair,
                "arm": arm,
            },
        )
    for identity, answer, kind, value in (
        ("f0", "x0", "outcome", "pos"),
        ("f1", "x1", "correction", "neg"),
        ("f2", "r1", "outcome", "neg"),
    ):
        put(
            connection,
            tables.feedback,
            {"id": identity, "answer": answer, "kind": kind, "value": value, "created": TIMES[6]},
        )


def test_turns_and_steps_are_those_of_the_product(database):
    turns, steps = nouns.Turns(database, "a"), nouns.Steps(database, "a")
    assert (turns.newest(), nouns.Turns(database, "none").newest()) == (2, 0)
    assert turns.begin("s", now=TIMES[8]) == 2  # it was not ended
    turns.end(2, now=TIMES[8])
    turns.end(1, now=TIMES[8])
    assert turns.begin("s", now=TIMES[8]) == 4
    assert [row["key"] for row in steps.all()] == ["k1", "k2", "k3"]
    assert [row["output"]["of"] for row in steps.all("train")] == ["k1", "k3"]
    assert steps.cpu_s() == {"train": 5.0, "label": 1.0}
    assert steps.done("k2") == {"of": "k2"} and steps.done("none") is None


def test_versions_variants_and_measures_are_those_of_the_product(database):
    versions = nouns.Versions(database, "a")
    assert [row["id"] for row in versions.all()] == ["d2", "d1"]
    assert [row["id"] for row in versions.all(until=TIMES[0])] == ["d1"]
    assert versions.known("d1") and not versions.known("none")
    assert nouns.Variants(database, "a").names() == {"v1": "nv1", "v2": "nv2"}
    measures = nouns.Measures(database, "a")
    assert measures.of("v1")["f1"]["value"] == 0.3
    assert measures.of("v1", on="old")["f1"]["value"] == 0.1 and measures.of("v2") == {}


def test_releases_are_added_to_what_was_read_in_one_transaction(database):
    releases = nouns.Releases(database, "a")
    assert {row["variant"]: row["state"] for row in releases.current()} == {
        "v1": "live",
        "v2": "canary",
    }
    assert releases.newest_not_by("steelyard") == 4 and releases.newest_not_by("li") == 1
    seen = []

    def moves(history):
        seen.extend(row["variant"] for row in history)
        return [{"variant": "v2", "state": "retired", "share": 0.0, "who": "li", "reason": "slow"}]

    releases.change(moves, now=TIMES[8])
    assert seen == ["v1", "v2", "v2"]
    assert [row["state"] for row in releases.newest(2)] == ["retired", "canary"]
    assert releases.newest(1)[0]["created"] == TIMES[8]
    with pytest.raises(ZeroDivisionError):
        releases.change(lambda history: 1 / 0, now=TIMES[8])
    assert len(releases.history()) == 4
    assert [row["id"] for row in nouns.Experiments(database, "a").all()] == ["ea"]
    assert [row["id"] for row in nouns.Plans(database, "b").all()] == ["pb"]


def test_answers_are_summed_and_joined_by_the_database(database):
    door, feedback = nouns.Answers(database, "a"), nouns.Feedback(database, "a")
    assert door.of_ids(["x0", "other", "none"]).keys() == {"x0"}
    one = {"variant": "v1", "value": "pos", "origin": "user", "detail": {"pos": 1.0}}
    assert door.one("x0") == one
    assert door.one("other") is None
    (replayed,) = door.replayed("e1")
    assert (replayed["variant"], replayed["truth"], replayed["arm"]) == ("v1", "neg", "live")
    assert door.cpu_s("e1") == pytest.approx(0.1) and door.cpu_s("none") == 0.0
    assert feedback.value("f1") == "neg"
    with pytest.raises(KeyError):
        feedback.value("none")


def test_users_since_two_variants_share_them(database):
    door, since = nouns.Answers(database, "a"), TIMES[4]
    took = door.took("e1", since=since, arm="live")
    assert (took.n, took.p95_ms) == (10, 9.0) and took.cpu_s == pytest.approx(0.1)
    assert door.took("e1", since=since, arm="canary").p95_ms == 7.0
    assert door.took("e1", since=TIMES[8], arm="live").n == 0


def test_utilities_of_users_are_averaged_by_the_database(database):
    door, since = nouns.Answers(database, "a"), TIMES[4]
    (pair,) = door.untold("e1", since=since)  # f0 came without one
    assert (pair.value, pair.truth) == ("pos", "pos")
    assert door.by_user("e1", since=since, worth={pair: None}) == {}  # it is no outcome
    assert door.by_user("e1", since=since, worth={pair: 0.75}) == {"live": Sums.of([(0.75, 1)])}
    with database.write() as connection:
        shared = {"kind": "outcome", "created": TIMES[6], "at": None}
        said = [("x1", 1.0), ("x2", 0.0), ("early", 0.5), ("x10", 0.25), ("old", 0.0)]
        for answer, utility in said:
            put(
                connection,
                tables.feedback,
                {
                    "id": f"u{answer}",
                    "answer": answer,
                    "value": ["any", {"JSON": 5}],
                    "utility": utility,
                    **shared,
                },
            )
    assert door.by_user("e1", since=since, worth={pair: None}) == {
        "live": Sums.of([(1.0, 1), (0.0, 1)]),
        "canary": Sums.of([(0.25, 1)]),
    }
    assert door.by_user("e1", since=since, worth={pair: 0.5})["live"].n == 3
    early = door.by_user("e1", since=TIMES[0], worth={pair: None})["live"]
    assert early == Sums.of([(1.5, 2), (0.0, 1)])  # u1: .5 and 1
    assert nouns.Feedback(database, "a").value("ux1") == ["any", {"JSON": 5}]


def test_many_pairs_without_a_utility_are_read_in_one_query(database):
    """Two hundred labels: forty thousand pairs, of which two hundred are right."""
    door, since = nouns.Answers(database, "a"), TIMES[4]
    (pair,) = door.untold("e1", since=since)
    others = {
        Untold(None, None, f'"l{i}"', f'"l{j}"'): float(i == j)
        for i in range(200)
        for j in range(200)
    }
    found = door.by_user("e1", since=since, worth=others | {pair: 0.25})
    assert found == {"live": Sums.of([(0.25, 1)])}
