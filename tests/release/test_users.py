"""Real users' outcomes count, each user once, and say the same as a replay may say."""

import pytest
from tests.conftest import reviews
from tests.release.common import (
    ask,
    canary_of,
    edit,
    pair_in_service,
    replayed,
    tell,
    valuation,
)
from tests.serving import publish, release

from steelyard.release.evidence import began
from steelyard.release.readout import readout
from steelyard.release.users import users
from steelyard.serve import Server
from steelyard.spec import load, names_in
from steelyard.store import tables
from steelyard.store.releases import experiment_of
from steelyard.store.rows import put_all
from steelyard.tasks import task_of

OTHER = {"negative": "positive", "positive": "negative"}


def shown(store, product_file, pair):
    product = load(product_file)
    return readout(store, product, task=task_of(product), variants=pair)


def test_answers_that_users_say_are_wrong_roll_a_canary_back(store, product_file):
    """The stream is spent; users alone decide."""
    pair = canary_of(store, product_file, flip=False, loss_max=0.02, replay=10, stream=10)
    counted = {"live": 0, "canary": 0}
    with Server(store, load(product_file)) as url:
        for i, row in enumerate(reviews(120, seed=4)):
            answer, state = ask(url, row, f"user {i}")
            wrong = OTHER[answer["label"]]
            tell(url, answer, wrong if state == "canary" else answer["label"])
            counted[state] += 1
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert {arm: a["n"] for arm, a in found["users"]["arms"].items()} == counted
    assert found["users"]["difference"]["high"] < -0.02 and found["decision"] == "rolled back"
    assert "real users" in found["reason"] and "真实用户" in found["reason_zh"]


def test_many_requests_of_one_user_are_one_unit(store, product_file):
    pair = pair_in_service(store)
    rows = reviews(12, seed=4)
    with Server(store, load(product_file)) as url:
        for row in rows[:10]:
            answer, state = ask(url, row, "a busy user")
            tell(url, answer, answer["label"])
        answer, _ = ask(url, rows[10], "a busy user")
        tell(url, answer, OTHER[answer["label"]])
    found = users(store, valuation(), names_in(load(product_file)), **pair)
    one = found[state]
    assert (one.sample.n, one.sample.mean, one.answers) == (1, 10 / 11, 11)


def test_requests_without_a_user_are_each_their_own_unit(store, product_file):
    pair = pair_in_service(store)
    with Server(store, load(product_file)) as url:
        for row in reviews(12, seed=4):
            answer, _ = ask(url, row, None)
            tell(url, answer, answer["label"])
    found = users(store, valuation(), names_in(load(product_file)), **pair)
    assert sum(arm.sample.n for arm in found.values()) == 12


def test_outcomes_of_before_the_canary_and_of_replays_are_no_users_of_this_test(
    store, product_file
):
    live = publish(store)
    release(store, live, "live")
    with Server(store, load(product_file)) as url:
        answer, _ = ask(url, reviews(1)[0], "early")
        tell(url, answer, answer["label"])
    canary = publish(store, seed=3, name="new")
    release(store, canary, "canary", 0.5)
    assert shown(store, product_file, {"live": live, "canary": canary}).users is None


def test_a_changed_share_begins_the_users_test_anew_since_users_changed_arms(store):
    pair = pair_in_service(store)
    first = began(store, **pair)
    release(store, pair["canary"], "canary", 0.5)
    assert began(store, **pair) == first  # the same share again changes nothing
    release(store, pair["canary"], "canary", 0.1)
    assert began(store, **pair) > first
    release(store, pair["live"], "retired", 0.0)
    assert began(store, **pair) is None


def test_an_answer_knows_its_release_its_experiment_and_its_arm(store, product_file):
    alone = publish(store)
    release(store, alone, "live")
    with Server(store, load(product_file)) as url:
        ask(url, reviews(1)[0], "early")
    canary = publish(store, seed=3, name="new")
    release(store, canary, "canary", 0.5)
    numbers = {row["state"]: row["id"] for row in store.releases.current()}
    with Server(store, load(product_file)) as url:
        for i, row in enumerate(reviews(20, seed=4)):
            ask(url, row, f"user {i}")
    rows = store.database.rows(tables.answer.select())
    early = [row for row in rows if row["experiment"] is None]
    assert [(row["release"], row["arm"]) for row in early] == [(numbers["live"], None)]
    shared = [row for row in rows if row not in early]
    assert {row["experiment"] for row in shared} == {experiment_of(alone, canary)}
    assert {(row["arm"], row["release"]) for row in shared} == set(numbers.items())
    assert all(row["variant"] == {"live": alone, "canary": canary}[row["arm"]] for row in shared)


def test_outcomes_without_a_utility_are_read_word_by_word_and_say_the_same(
    store, product_file, monkeypatch
):
    pair = pair_in_service(store)
    with Server(store, load(product_file)) as url:
        for i, row in enumerate(reviews(40, seed=4)):
            answer, _ = ask(url, row, f"user {i % 9}")
            tell(url, answer, row["label"])
    told = shown(store, product_file, pair).users
    with store.database.write() as connection:  # as an earlier version left them
        rows = [dict(row) for row in connection.execute(tables.feedback.select()).mappings()]
        for table in (tables.feedback, tables.tally):
            connection.execute(table.delete())
        put_all(connection, tables.feedback, [row | {"utility": None} for row in rows])
    pairs = store.answers.untold(experiment_of(**pair), since="2026")
    assert len(pairs) == 4  # two labels, two truths
    read = shown(store, product_file, pair).users
    monkeypatch.setattr("steelyard.release.users.PAIRS_MAX", 1)  # as of many labels
    assert shown(store, product_file, pair).users == read
    for arm, a in told.arms.items():
        assert (a.n, a.p95_ms) == (read.arms[arm].n, read.arms[arm].p95_ms)
        assert a.outcome == pytest.approx(read.arms[arm].outcome)
    assert told.difference.low == pytest.approx(read.difference.low)


RENAMED = ("labels: [negative, positive]", "labels: [差评, positive]")


def test_labels_that_were_renamed_are_not_compared_and_said(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    edit(product_file, RENAMED)
    found = shown(store, product_file, pair)
    assert found.decision.decision == "keep"
    reason = found.decision.reason
    assert reason.code == "release.strange_labels" and "negative" in reason.numbers["labels"]


def test_labels_that_the_file_maps_are_read_as_they_are_called_now(store, product_file):
    pair = pair_in_service(store)
    with Server(store, load(product_file)) as url:
        for i, row in enumerate(reviews(40, seed=4)):
            answer, _ = ask(url, row, f"user {i}")
            tell(url, answer, answer["label"])
    edit(
        product_file,
        RENAMED,
        ("label: label, id: id", "label: label, id: id, names: {negative: 差评}"),
    )
    found = shown(store, product_file, pair)
    assert found.users.arms["live"].outcome == 1.0 == found.users.arms["canary"].outcome
    assert found.decision.reason.code != "release.strange_labels"
