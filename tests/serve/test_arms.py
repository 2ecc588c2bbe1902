"""Which release answers whom: arms by name, shares, and what cannot be loaded."""

import pytest
from tests.serving import ask, call, publish, release

from steelyard.errors import RequestError
from steelyard.serve import Server
from steelyard.serve.asked import Asked
from steelyard.serve.router import Router
from steelyard.serve.service import Service


@pytest.fixture
def canary(store, live):
    variant = publish(store, seed=9, name="new")
    release(store, variant, "canary", 0.3)
    return variant


def damage(store, variant):
    (store.artifacts.peek(variant) / "model.safetensors").write_bytes(b"damaged")


def test_an_arm_that_is_named_answers_whatever_the_user(store, product, live, canary):
    with Server(store, product) as url:
        for user in ("a", "b", "c", "d", "e", "f"):
            for arm, variant in (("live", live), ("canary", canary)):
                status, body, _ = ask(url, user=user, arm=arm)
                assert (status, body["state"], body["release"]) == (200, arm, variant)


def test_one_request_id_sent_to_both_arms_gets_two_answers_and_each_again(
    store, product, live, canary
):
    with Server(store, product) as url:
        first = {arm: ask(url, user="u", request_id="r", arm=arm)[1] for arm in ("live", "canary")}
        again = {arm: ask(url, user="u", request_id="r", arm=arm)[1] for arm in ("live", "canary")}
    assert first == again and first["live"]["release"] == live
    assert len({body["answers"][0]["answer_id"] for body in first.values()}) == 2


def test_an_arm_that_is_not_in_service_is_refused_and_says_so(store, product, live):
    with Server(store, product) as url:
        status, body, _ = ask(url, arm="canary")
        assert status == 409 and body["error"]["place"] == "arm"
        assert "canary release in service" in body["error"]["expected"]
        assert ask(url, arm="shadow")[0] == 422


def test_a_damaged_arm_is_refused_with_its_cause_and_nobody_stands_in(store, product, live, canary):
    damage(store, canary)
    with Server(store, product) as url:
        status, body, _ = ask(url, arm="canary")
        assert status == 409 and "model.safetensors" in body["error"]["repair"]
        assert str(store.root) not in str(body)
        assert ask(url, user="u")[1]["state"] == "live"
        assert canary in call(url, "GET", "/readyz")[1]["refused"]


def test_an_older_release_never_stands_in_for_the_live_arm(store, product, live):
    newer = publish(store, seed=5, name="newer")
    release(store, live, "retired", 0.0)
    release(store, newer, "live")
    damage(store, newer)
    router = Router(store, product.spec.serve, every_s=3600)
    assert router.pick("u").variant == live and list(router.refused) == [newer]
    with pytest.raises(RequestError, match="cannot be loaded") as error:
        router.arm("live")
    assert error.value.status == 409
    router.close()


def test_a_server_whose_only_release_is_damaged_names_the_cause_to_whoever_waits(
    store, product, live
):
    damage(store, live)
    with Server(store, product) as url:
        for status, body, headers in (call(url, "GET", "/readyz"), ask(url)):
            assert status == 503 and "Retry-After" in headers
            assert "model.safetensors" in body["error"]["repair"]


def test_requests_without_a_user_keep_the_share_of_the_canary(store, product, live, canary):
    with Server(store, product) as url:
        states = [ask(url)[1]["state"] for _ in range(150)]
        named = [ask(url, request_id=f"r{i}")[1]["state"] for i in range(150)]
    for seen in (states, named):
        assert 0.15 < seen.count("canary") / 150 < 0.45


def test_a_retry_without_a_user_meets_the_same_release(store, product, live, canary):
    router = Router(store, product.spec.serve, every_s=3600)
    service = Service(store, product, poll_s=3600)
    asked = [Asked(["x"], None, f"r{i}") for i in range(60)]
    units = [service._unit(one) for one in asked]
    assert units == [service._unit(one) for one in asked] and len(set(units)) == 60
    assert len({router.pick(unit).state for unit in units}) == 2
    assert len({service._unit(Asked(["x"], None, None)) for _ in range(60)}) == 60
    assert len({service._unit(Asked(["x"], "u", f"r{i}")) for i in range(60)}) == 1
    service.close()
    router.close()
