"""What a body lacks is said in our words, and a key that is there twice is refused."""

import json

import pytest
from tests.serving import call

from steelyard.errors import RequestError
from steelyard.serve.body import parsed
from steelyard.serve.schema import FeedbackRequest, PredictRequest

TOLD = {"answer_id": "a", "kind": "rating", "value": "5"}
WRONG = [None, True, 7, 1.5, "text", [], [1], {}, {"a": 1}]
THEIR_WORDS = (
    "valid",
    "Input",
    "should",
    "String",
    "instance",
    "required",
    "dictionary",
    "Request",
    "pattern",
    "str",
    "dict",
    "int",
    "NoneType",
)


def refusal(model, body):
    with pytest.raises(RequestError) as caught:
        parsed(model, body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


@pytest.mark.parametrize("sent", [None, True, 7, "text", [], [1, 2]])
@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (PredictRequest, "'input' or 'inputs'"),
        (FeedbackRequest, "'answer_id', 'kind' and 'value'"),
    ],
)
def test_a_body_that_is_no_object_is_told_which_fields_one_has(model, fields, sent):
    error = refusal(model, sent)
    assert (error.status, error.place, error.expected) == (422, "body", f"an object with {fields}")


TOLD_AS = [
    (PredictRequest, {}, "body", "either 'input' or 'inputs'", "neither"),
    (PredictRequest, {"input": None}, "body", "either 'input' or 'inputs'", "neither"),
    (PredictRequest, {"input": "a", "inputs": []}, "body", "either 'input' or 'inputs'", "both"),
    (PredictRequest, {"inputs": "a"}, "inputs", "a list", "a text"),
    (PredictRequest, {"inputs": {"a": 1}}, "inputs", "a list", "an object"),
    (PredictRequest, {"input": "a", "user": 7}, "user", "a text", "a number"),
    (PredictRequest, {"input": "a", "user": ["x"]}, "user", "a text", "a list"),
    (PredictRequest, {"input": "a", "user": "x" * 201}, "user", "at most 200 characters", "201"),
    (PredictRequest, {"input": "a", "request_id": ""}, "request_id", "at least 1 character", "0"),
    (
        PredictRequest,
        {"input": "a", "request_id": "a\nb"},
        "request_id",
        "a text without control characters",
        "a text",
    ),
    (PredictRequest, {"input": "a", "arm": "best"}, "arm", "'live' or 'canary'", "a text"),
    (PredictRequest, {"input": "a", "arm": {}}, "arm", "'live' or 'canary'", "an object"),
    (FeedbackRequest, {"answer_id": "a", "value": "b"}, "kind", "a value", "nothing"),
    (
        FeedbackRequest,
        TOLD | {"kind": False},
        "kind",
        "'outcome', 'correction', 'rating' or 'preference'",
        "true or false",
    ),
]


@pytest.mark.parametrize(("model", "body", "place", "expected", "found"), TOLD_AS)
def test_a_wrong_field_is_told_in_our_words(model, body, place, expected, found):
    error = refusal(model, body)
    assert (error.status, error.place, error.expected, error.found) == (422, place, expected, found)


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize(
    ("model", "whole", "field"),
    [(PredictRequest, {"input": "a"}, f) for f in ("inputs", "user", "request_id", "arm", "more")]
    + [(FeedbackRequest, TOLD, f) for f in TOLD],
)
def test_no_message_speaks_of_how_the_server_is_written(model, whole, field, value):
    try:
        parsed(model, json.dumps(whole | {field: value}).encode())
    except RequestError as error:
        words = f"{error.place} {error.expected} {error.found} {error.repair}".replace(
            "'", " "
        ).split()
        assert not set(words) & set(THEIR_WORDS) and "another value" not in error.expected


TWICE = [
    (b'{"input":"good","input":"bad"}', "body", "'input' as its keys 1 and 2"),
    (b'{"input":"good","\\u0069nput":"bad"}', "body", "'input' as its keys 1 and 2"),
    (b'{"input":"a","user":"u","arm":null,"user":"u"}', "body", "'user' as its keys 2 and 4"),
    (b'{"input":"a: b","secret":1,"secret":2}', "body", "the same one as its keys 2 and 3"),
    (b'{"input":{"secret":1,"a":2,"secret":3}}', "input", "the same one as its keys 1 and 3"),
    (
        b'{"inputs":["a",{"b":{"secret":1,"secret":1}}]}',
        "inputs[1], key 1",
        "the same one as its keys 1 and 2",
    ),
    (
        b'{"inputs":["a",[{},{"user":1,"user":2}]]}',
        "inputs[1][1]",
        "the same one as its keys 1 and 2",
    ),
    (b'[{"secret":1,"secret":2}]', "body[0]", "the same one as its keys 1 and 2"),
    (b'{"input":{"secret":1,"secret":2},"input":"a"}', "input", "the same one as its keys 1 and 2"),
]


@pytest.mark.parametrize(("body", "place", "found"), TWICE)
def test_a_key_that_is_there_twice_is_refused_with_its_place_and_no_text_of_a_user(
    body, place, found
):
    error = refusal(PredictRequest, body)
    assert (error.status, error.place, error.found) == (422, place, found)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b'{"input":"a: b, \\"input\\": c","user":"input:"}',
        b'{"inputs":["a:",{"input":{"input":1}},{"input":2},9999' + b"9" * 4_000 + b"]}",
        b'{"input":"::::" , "user" : "u"}',
    ],
)
def test_a_key_that_is_there_once_in_every_object_is_none_twice(body):
    assert parsed(PredictRequest, body).values


def test_an_outcome_that_is_said_twice_earns_nothing(url, store):
    body = b'{"answer_id":"a","kind":"outcome","value":"negative","value":"positive"}'
    status, answer, _ = call(url, "POST", "/v1/feedback", body)
    assert status == 422 and "'value' as its keys 3 and 4" in answer["error"]["found"]
    assert not store.ledger.sums() or all(
        r["account"] != "value.correct" for r in store.ledger.sums()
    )
