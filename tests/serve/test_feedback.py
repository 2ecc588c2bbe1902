"""What may be said about an answer, and what each kind does today."""

import pytest
from tests.launching import launched
from tests.serving import ask, call, publish, release

from steelyard.serve import Server
from steelyard.store import tables


def say(url, answer, kind, value):
    return call(url, "POST", "/v1/feedback", {"answer_id": answer, "kind": kind, "value": value})


@pytest.fixture
def answer(url):
    return ask(url)[1]["answers"][0]["answer_id"]


@pytest.mark.parametrize("kind", ["outcome", "correction"])
def test_a_label_that_is_none_of_the_task_is_refused_with_those_that_are(url, answer, kind):
    status, body, _ = say(url, answer, kind, "好评")
    assert status == 422 and "'negative', 'positive'" in body["error"]["expected"]
    assert say(url, answer, kind, "negative")[0] == 200


@pytest.mark.parametrize("value", ["1", "4.5", "5", "5.0"])
def test_a_rating_is_a_number_from_1_to_5(url, answer, value):
    assert say(url, answer, "rating", value)[0] == 200


@pytest.mark.parametrize("value", ["0", "6", "5.1", "-1", "nan", "1e0", "٣", "good", " 4", "4\n"])
def test_a_rating_that_is_no_number_from_1_to_5_is_refused(url, answer, value):
    status, body, _ = say(url, answer, "rating", value)
    assert status == 422 and body["error"]["place"] == "value"


@pytest.mark.parametrize("kind", ["outcome", "correction", "rating", "preference"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "null"),
        (5, "a number"),
        ([], "a list"),
        ({"a": "\0"}, "one"),
        (True, "true or false"),
    ],
)
def test_a_value_of_another_type_is_named_for_what_it_is(url, answer, kind, value, found):
    status, body, _ = say(url, answer, kind, value)
    assert (status, body["error"]["place"]) == (422, "value")
    assert body["error"]["found"] == (
        "no such id" if kind == "preference" and found != "one" else found
    )


def test_a_preference_names_another_answer(url, answer):
    other = ask(url, "太差，失望")[1]["answers"][0]["answer_id"]
    assert say(url, answer, "preference", other)[0] == 200
    for none in ("better", answer):
        assert say(url, answer, "preference", none)[0] == 422


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        ("2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00.000000+00:00"),
        ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00.000000+00:00"),
        (None, None),
    ],
)
def test_feedback_may_speak_of_an_earlier_time(url, store, answer, at, kept):
    said = {"answer_id": answer, "kind": "outcome", "value": "positive", "at": at}
    assert call(url, "POST", "/v1/feedback", said)[0] == 200
    (row,) = store.database.rows(tables.feedback.select())
    assert row["at"] == kept and row["created"] > "2026-11" and row["utility"] in (0.0, 1.0)


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2026-01-31T08:00:00", "a time without its offset"),
        ("yesterday", "another text"),
        ("2999-01-01T00:00:00+00:00", "one in the future"),
        ("0001-01-01T00:00:00+14:00", "another"),
        ("2026-02-30T00:00:00Z", "another text"),
        (1769846400, "a number"),
    ],
)
def test_a_time_that_is_none_or_still_to_come_is_refused(url, store, answer, at, found):
    said = {"answer_id": answer, "kind": "outcome", "value": "positive", "at": at}
    status, body, _ = call(url, "POST", "/v1/feedback", said)
    assert (status, body["error"]["place"], body["error"]["found"]) == (422, "at", found)
    assert store.database.rows(tables.feedback.select()) == []


def test_only_an_outcome_has_a_utility(url, store, answer):
    for kind, value in (("correction", "positive"), ("rating", "5"), ("outcome", "negative")):
        assert say(url, answer, kind, value)[0] == 200
    utility = {r["kind"]: r["utility"] for r in store.database.rows(tables.feedback.select())}
    assert utility == {"correction": None, "rating": None, "outcome": 0.0}


def test_only_an_outcome_earns(url, store, answer):
    other = ask(url, "太差，失望")[1]["answers"][0]["answer_id"]
    for kind, value in (("correction", "positive"), ("rating", "5"), ("preference", other)):
        assert say(url, answer, kind, value)[0] == 200
    assert all(r["account"] != "value.correct" for r in store.ledger.sums())


def test_the_outcome_of_a_replayed_record_is_kept_and_earns_nothing(store, product, live):
    canary = publish(store, seed=9, name="new")
    release(store, canary, "canary", 0.3)
    with Server(store, product) as url:
        for arm in ("live", "canary"):
            body = ask(url, request_id="r", arm=arm)[1]
            assert say(url, body["answers"][0]["answer_id"], "outcome", "positive")[0] == 200
        ask(url, user="u")
    origins = sorted(r["origin"] for r in store.database.rows(tables.answer.select()))
    assert origins == ["replay", "replay", "user"]
    assert len(store.database.rows(tables.feedback.select())) == 2
    accounts = {r["account"]: r["nano"] for r in store.ledger.sums()}
    assert "value.correct" not in accounts and accounts["cpu.serve"] < 0


def test_spans_of_an_outcome_lie_inside_the_text_of_their_answer(tmp_path):
    text = "这个很好 😀"  # six characters, as offsets count them
    with launched(tmp_path, task="token_classification") as (address, store, _):
        _, body, _ = call(address, "POST", "/v1/predict", {"input": text, "request_id": "r"})
        (answer,) = body["answers"]
        said = {"answer_id": answer["answer_id"], "kind": "outcome"}
        for kind in ("outcome", "correction"):
            outside = [{"start": 1, "end": len(text) + 1, "label": "person"}]
            status, told, _ = call(
                address, "POST", "/v1/feedback", said | {"kind": kind, "value": outside}
            )
            assert status == 422 and "inside the 6 characters" in told["error"]["expected"]
            assert told["error"]["found"] == "one that ends at 7"
        inside = [{"start": 1, "end": len(text), "label": "person"}]
        assert call(address, "POST", "/v1/feedback", said | {"value": inside})[0] == 200
        # a retry is answered with what was kept, its scores among it
        again = call(address, "POST", "/v1/predict", {"input": text, "request_id": "r"})[1]
        assert again["answers"] == [answer] and answer["spans"]
        assert text not in str(store.database.rows(tables.answer.select()))
