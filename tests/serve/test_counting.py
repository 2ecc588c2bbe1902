"""Visits and conversions through a real server: what is counted, what is refused, and that nothing counts twice."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
import schemathesis.openapi
from schemathesis import GenerationMode
from tests.counted import KEY, OWN, PARTNERS, convert, events, product_in, sales, visit
from tests.serve import test_openapi as openapi
from tests.serving import call, publish, release

from steelyard.serve import Server
from steelyard.serve.counting import CAMPAIGNS_MAX, ROBOTS
from steelyard.store import Store, tables

LANDING = "https://shop.example/start?from=ad"
VISITOR = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 50)"}


@pytest.fixture
def product(tmp_path):
    return product_in(tmp_path)


@pytest.fixture
def store(product):
    with closing(Store.open(product)) as opened:
        yield opened


@pytest.fixture
def url(store, product):
    with Server(store, product, key=KEY, partners=PARTNERS) as address:
        yield address


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """(url, store) of one server for tests that change nothing, or look at an id of their own."""
    product = product_in(tmp_path_factory.mktemp("counting"))
    with closing(Store.open(product)) as store, Server(store, product, key=KEY) as address:
        yield address, store


def until(store, n):
    """Its rows, once there are so many: a visitor waits for no disk."""
    deadline = time.monotonic() + 10
    while len(rows := store.database.rows(tables.event.select())) < n:
        assert time.monotonic() < deadline, rows
        time.sleep(0.01)
    return rows


def ago(**span):
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def test_a_visitor_is_counted_and_led_on_without_a_cookie(url, store):
    status, _, headers = call(url, "GET", "/go/%E5%BE%AE%E4%BF%A1?campaign=may", headers=VISITOR)
    assert (status, headers["Location"], headers["Cache-Control"]) == (302, LANDING, "no-store")
    assert "Set-Cookie" not in headers
    (row,) = until(store, 1)
    assert (row["kind"], row["channel"], row["customer"]) == ("visit", "微信", None)
    assert row["body"] == {"said": {"channel": "微信", "campaign": "may"}}


def test_a_link_of_the_product_file_leads_elsewhere(lasting):
    assert call(lasting[0], "GET", "/go/wechat?to=pricing")[2]["Location"] == "/pricing"


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "/%0d%0aSet-Cookie:a=b",
        "%2f%2fevil",
        "https:evil.example",
        "pricing%0d%0aLocation:%20//evil",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_visitor_is_never_led_where_the_address_says(lasting, to):
    status, body, headers = call(lasting[0], "GET", f"/go/wechat?to={to}")
    assert (status, headers["Location"], headers["Set-Cookie"]) == (404, None, None)
    assert "evil" not in str(body)


@pytest.mark.parametrize(
    "query", ["url=//evil", "next=https://evil", "landing=//evil", "to=pricing&url=//e"]
)
def test_no_other_word_of_the_query_leads_anywhere(lasting, query):
    location = call(lasting[0], "GET", f"/go/wechat?{query}")[2]["Location"]
    assert location in (LANDING, "/pricing")


@pytest.mark.parametrize(
    "path", ["/go//evil.example", "/go/%2f%2fevil", "/go/..", "/go/invented", "/go/"]
)
def test_a_channel_that_nobody_declared_is_no_channel(lasting, path):
    before = len(lasting[1].database.rows(tables.event.select()))
    status, _, headers = call(lasting[0], "GET", path, headers=VISITOR)
    assert (status, headers["Location"]) == (404, None)
    assert visit(lasting[0], channel="invented")[0] == 422
    assert len(lasting[1].database.rows(tables.event.select())) == before


def test_what_is_fetched_ahead_by_robots_or_for_its_head_is_not_counted(url, store):
    for headers in (
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": ""},
    ):
        assert call(url, "GET", "/go/wechat", headers=VISITOR | headers)[0] == 302
    assert call(url, "HEAD", "/go/wechat", headers=VISITOR)[0] == 302
    assert call(url, "GET", "/go/wechat", headers=VISITOR)[0] == 302
    assert visit(url, channel="wechat")[0] == 200  # behind all of them in the queue
    assert events(store) == [("visit", "wechat", 0)] * 2


@pytest.mark.parametrize(
    "agent", ["CUBOT X70", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "curl/8"]
)
def test_people_are_no_robots(agent):
    assert not ROBOTS.search(agent)


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_of_who_asks_not_to_be_followed_only_the_channel_is_kept(url, store, header):
    call(url, "GET", "/go/wechat?campaign=for-you-alone", headers=VISITOR | {header: "1"})
    assert until(store, 1)[0]["body"] == {"said": {"channel": "wechat"}}


def test_invented_campaigns_are_counted_as_others(url, store):
    for i in range(CAMPAIGNS_MAX + 5):
        call(url, "GET", f"/go/wechat?campaign=c{i}", headers=VISITOR)
    call(url, "GET", "/go/wechat?campaign=%3Cscript%3E", headers=VISITOR)
    said = [row["body"]["said"].get("campaign") for row in until(store, CAMPAIGNS_MAX + 6)]
    assert (
        len(set(said)) == CAMPAIGNS_MAX + 2 and said.count("other") == 5 and said.count(None) == 1
    )


def test_the_same_conversion_again_changes_nothing(url, store):
    first = convert(url, id="o1", user="u", value="9.90", plan="pro", channel="wechat")
    again = convert(url, id="o1", user="u", value=9.9, plan="pro", channel="wechat")
    assert first[:2] == again[:2] and first[0] == 200
    assert events(store) == [("conversion", "wechat", 0)]


def test_posts_of_one_id_at_once_are_one_conversion(url, store):
    told = []
    threads = [
        threading.Thread(target=lambda i=i: told.append(convert(url, id="o1", value=1 + i % 2)[0]))
        for i in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [200] * 12 + [409] * 12
    assert events(store) == [("conversion", None, 0)]


def test_another_body_under_one_id_is_refused_with_what_differs(lasting):
    convert(lasting[0], id="differs", value=1, plan="pro")
    status, body, _ = convert(lasting[0], id="differs", value=2)
    assert (status, body["error"]["found"]) == (409, "another plan and another value")
    assert "revision 1" in body["error"]["repair"]


def test_a_correction_is_the_next_revision_and_a_retry_of_any_changes_nothing(url, store):
    convert(url, id="o1", value=1)
    assert convert(url, id="o1", value=3, revision=2)[0] == 409
    for _ in range(2):
        assert convert(url, id="o1", value=2, revision=1)[1]["revision"] == 1
        assert convert(url, id="o1", value=1)[0] == 200
    assert [r["nano"] for r in store.events.of_kind("conversion")] == [2 * 10**9]


def test_a_revoked_conversion_is_taken_back_once_and_for_ever(url, store):
    convert(url, id="o1", value=1, channel="wechat")
    for _ in range(2):
        status, body, _ = convert(url, id="o1", revoked=True)
        assert (status, body["revoked"], body["revision"]) == (200, True, 1)
    assert convert(url, id="o1", value=1, channel="wechat")[1]["revoked"]  # a retry that came late
    assert convert(url, id="o1", value=2, revision=2)[0] == 409
    assert store.events.of_kind("conversion") == [] and len(store.events.of_kind("revoked")) == 1


def test_only_what_was_told_can_be_taken_back(lasting):
    assert convert(lasting[0], id="never", revoked=True)[0] == 404
    status, body, _ = convert(lasting[0], id="never", revoked=True, value=1)
    assert (status, body["error"]["place"]) == (422, "value")


@pytest.mark.parametrize(
    ("said", "place", "found"),
    [
        ({"value": -1}, "value", "one below zero"),
        ({"value": "-0.01"}, "value", "one below zero"),
        ({"value": 10**9}, "value", "another value"),
        ({"value": 1e300}, "value", "another value"),
        ({"value": 10**4200}, "value", "another value"),
        ({"value": "1,000"}, "value", "another value"),
        ({"value": "1e3"}, "value", "another value"),
        ({"value": "٣"}, "value", "another value"),
        ({"value": True}, "value", "another value"),
        ({"value": []}, "value", "another value"),
        ({"value": 1, "currency": "EUR"}, "currency", "one without"),
        ({"value": 1, "currency": "RMB"}, "currency", "one without"),
        ({"currency": "USD"}, "currency", "none"),
        ({"at": "2999-01-01T00:00:00Z"}, "at", "355"),
        ({"at": "2020-01-01T00:00:00Z"}, "at", "before"),
        ({"at": "2026-11-01T00:00:00"}, "at", "a time without its offset"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at", "another text"),
        ({"revision": -1}, "revision", "a number"),
        ({"revision": 1}, "revision", "a later one"),
        ({"revoked": "yes"}, "revoked", "a text"),
        ({"channel": "invented"}, "channel", "another one"),
        ({"user": "a\0b"}, "user", "a text"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_named(lasting, said, place, found):
    url, store = lasting
    before = len(store.database.rows(tables.event.select()))
    status, body, _ = convert(url, id="refused", **said)
    assert status in (409, 422) and body["error"]["place"] == place
    assert found in body["error"]["found"] and body["error"]["repair"]
    assert len(store.database.rows(tables.event.select())) == before


def test_a_late_conversion_has_the_day_and_the_rate_of_its_own_time(url, store):
    at = ago(days=80)
    assert convert(url, id="late", value="10", currency="USD", at=at)[0] == 200
    status, body, _ = convert(url, id="later", value=1, at=ago(days=91))
    assert status == 422 and "it is" in body["error"]["expected"]
    (row,) = store.events.of_kind("conversion")
    local = datetime.fromisoformat(at).astimezone(UTC) + timedelta(hours=8)
    assert (row["day"], row["nano"]) == (local.date().isoformat(), 72 * 10**9)
    assert row["body"]["rate"] == "7.2"


def test_a_value_that_no_row_can_hold_is_refused_with_what_it_may_be(url, monkeypatch):
    monkeypatch.setattr("steelyard.serve.told.NANO_MAX", 10 * 10**9)
    assert convert(url, id="fits", value=1, currency="USD")[0] == 200
    status, body, _ = convert(url, id="more", value=2, currency="USD")
    assert status == 422 and body["error"]["place"] == "value"
    assert "at most 10 CNY" in body["error"]["expected"]


class Jumped:
    """The machine's clock, some time off."""

    def __init__(self, clock, **span):
        self._clock, self._span = clock, timedelta(**span)

    def now(self):
        return (datetime.fromisoformat(self._clock.now()) + self._span).isoformat()

    def __getattr__(self, name):
        return getattr(self._clock, name)


@pytest.mark.parametrize("span", [{"days": -400}, {"days": 400}])
def test_a_clock_that_jumped_refuses_and_tells_what_it_shows(url, store, span):
    store.clock = Jumped(store.clock, **span)
    status, body, _ = convert(url, id="o1", value=1, at=datetime.now(UTC).isoformat())
    assert status == 422 and f"it is {store.clock.now()[:10]}" in body["error"]["expected"]


def test_a_conversion_without_a_channel_takes_that_of_its_users_last_visit(url, store):
    for channel in ("wechat", "微信"):
        visit(url, channel=channel, user="u1")
    assert convert(url, id="o1", user="u1")[1]["channel"] == "微信"
    assert convert(url, id="o2", user="u1", channel="wechat")[1]["channel"] == "wechat"
    assert convert(url, id="o3", user="u2")[1]["channel"] is None
    assert convert(url, id="o4")[1]["channel"] is None
    assert convert(url, id="o5", user="u1", at=ago(hours=1))[1]["channel"] is None  # it came later
    store.clock = Jumped(store.clock, days=8)
    assert (
        convert(url, id="o6", user="u1")[1]["channel"] is None
    )  # longer ago than attribution_days
    by = {r["body"].get("visit") for r in store.events.of_kind("conversion")}
    assert by == {None, *[r["id"] for r in store.events.of_kind("visit") if r["channel"] == "微信"]}


def test_an_answers_user_a_visits_and_a_conversions_are_one_hash(url, store):
    release(store, publish(store), "live")
    deadline = time.monotonic() + 20
    while call(url, "GET", "/readyz")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    call(url, "POST", "/v1/predict", {"input": "很好", "user": "王"}, OWN)
    visit(url, channel="wechat", user="王")
    convert(url, id="o1", user="王")
    answer = store.database.rows(tables.answer.select())[0]["user"]
    assert {r["customer"] for r in store.database.rows(tables.event.select())} == {answer}


def test_a_visit_with_an_id_counts_once_and_one_without_every_time(url, store):
    assert visit(url, channel="wechat", id="v1")[1] == visit(url, channel="wechat", id="v1")[1]
    assert visit(url, channel="wechat", id="v1", campaign="x")[0] == 409
    for _ in range(2):
        visit(url, channel="wechat")
    assert len(events(store)) == 3


def test_neither_route_counts_for_who_has_no_key(lasting):
    for path, body in (
        ("/v1/visits", {"channel": "wechat"}),
        ("/v1/conversions", {"id": "forged"}),
    ):
        for headers in ({}, {"X-API-Key": "guess"}, {"Authorization": "Bearer guess"}):
            assert call(lasting[0], "POST", path, body, headers)[0] == 401
    assert (
        convert(lasting[0], {"X-API-Key": KEY, "Origin": "https://evil.example"}, id="f")[0] == 403
    )


def test_a_conversion_that_is_told_moves_no_money_by_itself(url, product):
    convert(url, id="o1", value=5)
    assert sales(product) == []


def test_where_the_product_file_says_so_it_is_cash_and_a_revocation_takes_it_back(tmp_path):
    market = "market: {counting: {channels: [wechat], cash: true}}\n"
    product = product_in(tmp_path, market=market)
    with closing(Store.open(product)) as store, Server(store, product) as url:
        for _ in range(2):
            convert(url, id="o1", value=5)
            convert(url, id="o1", value=7, revision=1)
            convert(url, id="o2", value=2, channel="wechat")
            convert(url, id="o2", revoked=True)
    assert sales(product) == [5, -5, 7, 2, -2]


def test_a_restart_keeps_what_was_counted(product):
    for _ in range(2):
        with closing(Store.open(product)) as store, Server(store, product) as url:
            assert convert(url, id="o1", value=1)[1]["revision"] == 0
            visit(url, channel="wechat", id="v")
            assert len(events(store)) == 2


def test_a_product_that_counts_nothing_has_none_of_the_routes(tmp_path):
    product = product_in(tmp_path, market="")
    with closing(Store.open(product)) as store, Server(store, product) as url:
        assert call(url, "GET", "/go/wechat")[0] == visit(url, channel="wechat")[0] == 404


def test_the_document_says_what_the_routes_take(lasting):
    paths = call(lasting[0], "GET", "/openapi.json")[1]["paths"]
    sent = paths["/v1/conversions"]["post"]
    assert sent["security"] and "409" in sent["responses"]
    schema = sent["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["id"] and "revoked" in schema["properties"]
    assert "302" in paths["/go/{channel}"]["get"]["responses"]
    assert "security" not in paths["/go/{channel}"]["get"]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """Of a server that is asked anything, with a partner so that 429 is in it."""
    product = product_in(tmp_path_factory.mktemp("fuzzed"))
    with closing(Store.open(product)) as store, Server(store, product, key=openapi.KEY) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", ["/v1/visits", "/v1/conversions"])
def test_no_generated_count_finds_an_answer_that_is_not_in_the_document(document, path, mode):
    openapi.fuzz(document[path]["POST"], mode)


def test_the_document_knows_every_route_of_a_product_that_counts(document):
    paths = document.raw_schema["paths"]
    named = {(method.upper(), path) for path, ways in paths.items() for method in ways}
    own = {("GET", "/go/{channel}"), ("POST", "/v1/visits"), ("POST", "/v1/conversions")}
    assert named == {*openapi.OPERATIONS, *own}
    assert "Retry-After" in paths["/v1/predict"]["post"]["responses"]["429"]["headers"]
