"""The document and the page about the server are true, and need no other host."""

import base64
import re

import pytest
import schemathesis
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.serving import call, picture, publish, publish_pictures, release

from steelyard.cli.examples import example_text
from steelyard.serve import Server
from steelyard.serve.app import build_app
from steelyard.serve.metrics import Metrics
from steelyard.serve.service import Service
from steelyard.spec import load
from steelyard.store import Store

KEY = "a-key-of-this-test"
HEADERS = {"Authorization": f"Bearer {KEY}"}
OPERATIONS = (
    ("POST", "/v1/predict"),
    ("POST", "/v1/feedback"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
)
bounded = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """A server with a key, that stays for all examples."""
    folder = tmp_path_factory.mktemp("openapi")
    write_jsonl(folder / "reviews.jsonl", reviews(20))
    path = folder / "product.yaml"
    path.write_text(PRODUCT.format(encoder=folder), encoding="utf-8")
    product = load(path)
    store = Store.open(product)
    release(store, publish(store), "live")
    with Server(store, product, key=KEY) as address:
        yield address
    store.close()


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """The same with a product of pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    path = folder / "product.yaml"
    text = re.sub(r"labels: \[.*\]", "labels: [dark, light]", example_text("digits"))
    path.write_text(text, encoding="utf-8")
    product = load(path)
    store = Store.open(product)
    release(store, publish_pictures(store), "live")
    with Server(store, product, key=KEY) as address:
        yield address
    store.close()


@pytest.fixture(scope="module")
def schema(keyed):
    return schemathesis.openapi.from_url(f"{keyed}/openapi.json")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_generated_request_finds_an_answer_that_is_not_in_the_document(
    schema, keyed, method, path, mode
):
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and method == "GET":
        pytest.skip("a route without a parameter has none that could be wrong")

    fuzz(operation, mode)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_generated_request_with_a_picture_finds_an_answer_that_is_not_in_the_document(
    pictured, mode
):
    document = schemathesis.openapi.from_url(f"{pictured}/openapi.json")
    sent = fuzz(document["/v1/predict"]["POST"], mode)
    assert sent
    if mode is GenerationMode.POSITIVE:  # which of them is made wrong first is left to chance
        assert "application/json" in sent and any(kind.startswith("image/") for kind in sent)


def fuzz(operation, mode) -> set[str]:
    """The content types that were sent."""
    sent = set()

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        sent.add(str(case.media_type))
        response = case.call(headers=HEADERS)
        # text of the right type may still be unreadable, an id unknown: both are in the document
        left_out = [positive_data_acceptance] if response.status_code in (404, 422) else []
        case.validate_response(response, headers=HEADERS, excluded_checks=left_out)

    check()
    return sent


def test_the_document_of_pictures_offers_them_raw_and_in_base64_with_their_headers(pictured):
    operation = call(pictured, "GET", "/openapi.json")[1]["paths"]["/v1/predict"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "image/*"}
    limits = {p["name"]: p["schema"]["maxLength"] for p in operation["parameters"]}
    assert limits == {"X-User": 200, "X-Request-Id": 64}
    for name, most in limits.items():
        for length, status in ((most, 200), (most + 1, 422)):
            sent = HEADERS | {"Content-Type": "image/png", name: "x" * length}
            assert call(pictured, "POST", "/v1/predict", picture(255), sent)[0] == status


def test_a_picture_is_answered_raw_and_in_base64(pictured):
    for shade, label in ((0, "dark"), (255, "light")):
        raw = HEADERS | {"Content-Type": "image/png"}
        encoded = base64.b64encode(picture(shade)).decode()
        for body, headers in ((picture(shade), raw), ({"input": encoded}, HEADERS)):
            _, answer, _ = call(pictured, "POST", "/v1/predict", body, headers)
            assert answer["answers"][0]["label"] == label


# what a person reads, and the document itself
LEFT_OUT = {("GET", "/docs"), ("GET", "/openapi.json")}


def test_the_document_knows_every_route_that_answers(schema, store, product, live):
    named = {(m.upper(), p) for p, ops in schema.raw_schema["paths"].items() for m in ops}
    service = Service(store, product)
    routes = build_app(service, Metrics(lambda: 0), key=None).app.routes
    service.close()
    answering = {(m, r.path) for r in routes for m in r.methods - {"HEAD"}}
    assert named == answering - LEFT_OUT and answering >= LEFT_OUT
    assert named == set(OPERATIONS)  # which are all asked above


def test_with_a_key_the_document_says_which_and_the_routes_ask_for_it(schema, keyed):
    document = schema.raw_schema
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    for path in ("/v1/predict", "/v1/feedback"):
        assert document["paths"][path]["post"]["security"] == [{"bearer": []}, {"key": []}]
        assert call(keyed, "POST", path, {})[0] == 401
    for path in ("/healthz", "/readyz", "/metrics"):
        assert "security" not in document["paths"][path]["get"]
        assert call(keyed, "GET", path)[0] == 200


def test_without_a_key_the_document_asks_for_none(url):
    document = call(url, "GET", "/openapi.json")[1]
    assert "securitySchemes" not in document["components"]
    assert all("security" not in op for ops in document["paths"].values() for op in ops.values())


def test_a_text_product_offers_no_picture_and_says_how_many_inputs_it_takes(url):
    document = call(url, "GET", "/openapi.json")[1]
    content = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]
    assert list(content) == ["application/json"]
    assert (
        content["application/json"]["schema"]["oneOf"][1]["properties"]["inputs"]["maxItems"] == 64
    )


def test_metrics_are_text_in_the_document_and_in_the_answer(url):
    document = call(url, "GET", "/openapi.json")[1]
    assert list(document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]) == [
        "text/plain"
    ]
    assert call(url, "GET", "/metrics")[2]["Content-Type"].startswith("text/plain")


def test_the_page_names_no_other_host_and_may_ask_none(url):
    status, page, headers = call(url, "GET", "/docs")
    assert status == 200 and "openapi.json" in page
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", page.lower())
    assert not re.findall(r"<(?:script|img|iframe)[^>]+src|@import|url\(", page)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "connect-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
