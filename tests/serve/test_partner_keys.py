"""What a partner's key may ask, tell and see: its own, up to its quota, and nothing of anybody else's."""

import time
from contextlib import closing
from dataclasses import replace

import pytest
from tests.counted import ACME, KEY, OWN, PARTNERS, convert, key_of, product_in, visit
from tests.serving import call, publish, release

from steelyard.errors import UserError
from steelyard.serve import Server
from steelyard.serve.callers import Callers, partner_keys
from steelyard.store import Store, tables


@pytest.fixture
def product(tmp_path):
    return product_in(tmp_path)


@pytest.fixture
def store(product):
    with closing(Store.open(product)) as opened:
        release(opened, publish(opened), "live")
        yield opened


@pytest.fixture
def url(store, product):
    with Server(store, product, key=KEY, partners=PARTNERS) as address:
        yield address


def ask(url, headers, **fields):
    fields = fields or {"input": "真的很好"}
    return call(url, "POST", "/v1/predict", fields, headers)


def test_a_partner_tells_of_its_own_channel_only(url, store):
    assert visit(url, key_of("beta"))[0] == 200
    assert convert(url, key_of("beta"), id="o1", channel="news")[1]["channel"] == "news"
    for channel in ("acme", "wechat"):
        for status, body, _ in (
            visit(url, key_of("beta"), channel=channel),
            convert(url, key_of("beta"), id="o2", channel=channel),
        ):
            assert (status, body["error"]["place"]) == (403, "channel")
    assert {r["channel"] for r in store.database.rows(tables.event.select())} == {"news"}


def test_an_id_of_one_partner_says_nothing_to_another(url, store):
    for headers in (OWN, key_of("acme"), key_of("beta")):
        assert convert(url, headers, id="o1", value=1)[0] == 200
        assert convert(url, headers, id="o1", value=2)[0] == 409
    assert len(store.events.of_kind("conversion")) == 3
    convert(url, key_of("acme"), id="o1", revoked=True)
    assert len(store.events.of_kind("conversion")) == 2
    assert convert(url, key_of("beta"), id="only-acme", revoked=True)[0] == 404


def test_a_partner_cannot_claim_the_customers_of_others_by_their_names(url):
    visit(url, key_of("acme"), user="u1")
    assert convert(url, OWN, id="o1", user="u1")[1]["channel"] is None


def test_an_answer_of_a_partner_is_its_own_even_where_the_request_is_the_same(url):
    same = {"input": "很好", "user": "u", "request_id": "r1"}
    answers = [
        ask(url, headers, **same)[1]["answers"][0]["answer_id"]
        for headers in (OWN, key_of("acme"), key_of("beta"), key_of("acme"))
    ]
    assert len(set(answers)) == 3 and answers[1] == answers[3]


def test_a_partner_may_neither_judge_answers_nor_ask_an_arm(url):
    answer = ask(url, key_of("acme"))[1]["answers"][0]["answer_id"]
    said = {"answer_id": answer, "kind": "outcome", "value": "positive"}
    assert call(url, "POST", "/v1/feedback", said, key_of("acme"))[0] == 403
    assert call(url, "POST", "/v1/feedback", said, OWN)[0] == 200
    assert ask(url, key_of("acme"), input="好", arm="live")[0] == 403


def test_beyond_its_quota_a_partner_gets_429_till_the_next_day_and_others_go_on(url):
    assert ask(url, key_of("acme"), inputs=["好", "差"])[0] == 200
    status, body, headers = ask(url, key_of("acme"), inputs=["好", "差"])
    assert (status, body["error"]["expected"]) == (429, "at most 3 answers of this key a day")
    assert 1 <= int(headers["Retry-After"]) <= 86_400
    assert ask(url, key_of("acme"))[0] == 200  # one was left
    assert ask(url, key_of("acme"))[0] == 429
    assert ask(url, OWN)[0] == ask(url, key_of("beta"))[0] == 200
    assert convert(url, key_of("acme"), id="o1")[0] == 200


def test_what_is_refused_uses_nothing_of_the_quota(url):
    for _ in range(5):
        assert ask(url, key_of("acme"), input=5)[0] == 422
    assert [ask(url, key_of("acme"))[0] for _ in range(4)] == [200, 200, 200, 429]


def test_a_retry_of_an_answer_uses_nothing_of_the_quota(url):
    once = {"input": "真的很好", "request_id": "once"}
    first = ask(url, key_of("acme"), **once)
    again = [ask(url, key_of("acme"), **once) for _ in range(5)]
    assert first[0] == 200 and [one[0] for one in again] == [200] * 5
    assert [ask(url, key_of("acme"))[0] for _ in range(3)] == [200, 200, 429]


def test_a_restart_gives_no_quota_back(store, product):
    for status in (200, 429):
        with Server(store, product, key=KEY, partners=PARTNERS) as url:
            assert ask(url, key_of("acme"), inputs=["好"] * 2)[0] == status
            assert ask(url, OWN, inputs=["好"] * 2)[0] == 200


def test_each_answers_cost_is_about_whose_key_asked(url, store):
    ask(url, OWN)
    ask(url, key_of("acme"), inputs=["好", "差"])
    ask(url, key_of("acme"))
    deadline = time.monotonic() + 10
    while sum(r["about"]["answers"] for r in store.ledger.of_partners()) < 3:
        assert time.monotonic() < deadline
    lines = store.ledger.of_partners()
    about = lines[0]["about"]
    assert (about["partner"], about["channel"], bool(about["variant"])) == ("acme", "acme", True)
    assert sum(r["about"]["requests"] for r in lines) == 2 and all(r["nano"] < 0 for r in lines)
    entries = store.database.rows(tables.entry.select())
    plain = [r for r in entries if r["account"] == "cpu.serve" and "partner" not in r["about"]]
    assert len(plain) == 1 and set(plain[0]["about"]) == {"variant"}
    store.ledger.verify()


def test_keys_come_from_the_environment_and_one_that_lacks_its_own_cannot_ask(
    product, monkeypatch, caplog
):
    monkeypatch.setenv("STEELYARD_KEY_ACME", ACME)
    monkeypatch.delenv("STEELYARD_KEY_BETA", raising=False)
    assert partner_keys(product.spec.market) == {"acme": ACME}
    assert "STEELYARD_KEY_BETA" in caplog.text and ACME not in caplog.text


def test_two_of_one_key_are_told_before_anybody_is_served():
    for key, partners in ((KEY, {"acme": KEY}), (None, {"acme": "x", "beta": "x"})):
        with pytest.raises(UserError, match="one key twice") as error:
            Callers(key, partners)
        assert KEY not in str(error.value)


def test_no_log_and_no_answer_holds_a_key(url, caplog):
    texts = [str(ask(url, {"X-API-Key": ACME + "x"})[1]), str(visit(url, key_of("acme"))[1])]
    assert ACME not in caplog.text + "".join(texts)


def test_without_a_key_of_its_own_a_server_still_knows_its_partners(store, product):
    partner = product.spec.market.partners["acme"].model_copy(update={"answers_a_day": 0})
    market = product.spec.market.model_copy(update={"partners": {"acme": partner}})
    none = replace(product, spec=product.spec.model_copy(update={"market": market}))
    with Server(store, none, partners={"acme": ACME}) as url:
        assert ask(url, key_of("acme"))[0] == 429
        assert ask(url, {})[0] == 200
