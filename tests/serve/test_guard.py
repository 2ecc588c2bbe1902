"""A browser as accomplice, and bodies made to break a parser."""

import json

import pytest
from tests.serving import ask, call

from steelyard.serve import Server

BODY = {"input": "很好"}


@pytest.fixture
def own_url(store, product, live):
    with Server(store, product) as address:
        yield address


@pytest.fixture
def url(lasting_url):
    """What is refused changes nothing in a server, so one does for all."""
    return lasting_url


def predict(url, headers, body=BODY):
    return call(url, "POST", "/v1/predict", body, headers)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://["]
)
def test_a_page_of_another_site_is_refused(own_url, store, origin):
    status, body, _ = predict(own_url, {"Origin": origin})
    assert status == 403 and origin not in str(body)
    assert not store.ledger.sums() or all(r["account"] != "cpu.serve" for r in store.ledger.sums())


def test_our_own_page_may_ask(url):
    assert predict(url, {"Origin": url})[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", ""])
def test_an_open_server_answers_loopback_names_only(url, host):
    assert predict(url, {"Host": host})[0] == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "[::1]:8080"])
def test_every_name_of_loopback_is_ours(url, host):
    assert predict(url, {"Host": host})[0] == 200


def test_with_a_key_a_proxy_may_pass_any_name(store, product, live):
    with Server(store, product, key="k") as url:
        sent = {"Host": "api.example.com", "X-API-Key": "k"}
        assert predict(url, sent)[0] == 200
        assert predict(url, sent | {"Origin": "https://evil.example"})[0] == 403


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
@pytest.mark.parametrize("path", ["/v1/predict", "/v1/feedback"])
def test_a_body_that_is_not_said_to_be_json_is_refused(url, path, kind):
    assert call(url, "POST", path, BODY, {"Content-Type": kind})[0] == 415


@pytest.mark.parametrize("path", ["/v1/predict/", "/healthz/", "//v1/predict"])
def test_nothing_is_redirected(url, path):
    status, _, headers = call(url, "POST", path, BODY, {"Host": "localhost"})
    assert status == 404 and "Location" not in headers


@pytest.mark.parametrize("depth", [201, 950, 5_000, 100_000])
@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_nested_json_is_refused_before_anything_walks_over_it(url, depth, opened):
    closed = "]" if opened == "[" else "}"
    nested = opened * depth + "1" + closed * depth
    sent = f'{{"input": {nested}, "request_id": "r"}}'.encode()
    status, body, _ = call(url, "POST", "/v1/predict", sent)
    assert status == 400 and "nested" in body["error"]["found"]


def test_json_of_some_depth_is_refused_by_the_task_and_not_by_a_fault(url):
    nested = json.loads("[" * 190 + "]" * 190)
    assert ask(url, nested, request_id="r")[0] == 422


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999999", "9" * 5_000])
def test_numbers_no_json_has_are_refused(url, value):
    sent = f'{{"input": "x", "user": {value}}}'.encode()
    assert call(url, "POST", "/v1/predict", sent)[0] in (400, 422)


def test_another_method_is_refused_with_the_one_that_is_allowed(url):
    for path, method, allowed in (("/v1/predict", "GET", "POST"), ("/healthz", "DELETE", "GET")):
        status, body, headers = call(url, method, path)
        assert status == 405 and headers["Allow"] == allowed and body["error"]["status"] == 405


def test_a_strangers_path_is_no_label_of_the_metrics(own_url):
    call(own_url, "GET", "/v1/13812345678")
    call(own_url, "PUT", "/v1/predict")
    text = call(own_url, "GET", "/metrics")[1]
    assert "13812345678" not in text and 'route="other",status="404"' in text
