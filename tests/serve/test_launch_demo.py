"""The demo: whoever visits may ask the live release a little, and nobody who pays waits for it."""

from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest
from tests.launching import (
    FORM,
    PAGE,
    TASKS,
    demo,
    examples,
    launched,
    product,
    publish,
    upload,
    visit,
)
from tests.serving import ask, call, connect, picture, release

from steelyard.errors import RequestError
from steelyard.plugins import own
from steelyard.serve import Server
from steelyard.serve.launch.demo import AT_ONCE, Gate, Limits, TooOften
from steelyard.serve.launch.forms import FIELDS_MAX, Field, fields, value_in
from steelyard.spec.launch import Demo
from steelyard.store import Store, tables
from steelyard.tasks import content_kind, task_of

HOSTILE = "</textarea><script>alert(1)</script>\"' &amp; 很好"


def limited(**limits):
    said = ", ".join(f"{name}: {value}" for name, value in limits.items())
    return PAGE + f"  demo: {{{said}}}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page whose demo is seldom full; (address, store)."""
    page = limited(per_client=1000, overall=1000, length_max=100)
    with launched(tmp_path_factory.mktemp("demo"), page=page, key="secret") as (address, store, _):
        yield address, store


@pytest.fixture
def address(site):
    return site[0]


def rows(store):
    return store.database.rows(tables.answer.select())


def test_a_visitor_is_answered_by_the_live_release_without_a_key(site):
    address, _ = site
    status, page, told = demo(address, "真的很好，很满意")
    assert status == 200 and told["Cache-Control"] == "no-store"
    assert page.by_id("answer").text.startswith("Answerpositive")
    assert page.one("textarea").text.strip() == "真的很好，很满意"
    shares = [float(meter["value"]) for meter in page.all("meter")]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1, abs=1e-3)


def test_the_answer_comes_in_the_language_of_the_page(address):
    status, page, _ = demo(address, "太差", language="zh")
    assert status == 200 and page.one("html")["lang"] == "zh-CN"
    assert page.by_id("answer").text.startswith("回答negative")
    assert page.one("form")["action"] == "demo?lang=zh#answer"


def test_an_answer_page_is_not_for_search_engines(address):
    _, page, _ = demo(address, "good")
    assert {e["content"] for e in page.all("meta") if e.get("name") == "robots"} == {"noindex"}


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_a_form_and_an_answer(stranger, tmp_path, task):
    with launched(tmp_path, task=task) as (address, store, file):
        opened = task_of(file)
        _, page, _ = visit(address)
        (form,) = page.all("form")
        content = examples(opened).contents[0]
        sent = content_kind(opened.content).sent(content)
        if opened.content == "image":
            assert form["enctype"] == "multipart/form-data"
            assert page.one("input")["type"] == "file" and page.one("input")["accept"] == "image/*"
            status, page, _ = upload(address, content)
        else:
            said = sent if isinstance(sent, str) else '{"kind": "flat", "size": 3}'
            status, page, _ = demo(address, said)
        assert status == 200, page.by_id("answer").text
        assert len(page.by_id("answer").text) > len("Answer")
        (row,) = rows(store)
        assert row["origin"] == "demo"


def test_every_task_of_ours_is_among_them():
    assert own("tasks") <= set(TASKS)


def test_spans_are_marked_where_they_stand(tmp_path):
    with launched(tmp_path, task="token_classification") as (address, _, _):
        _, page, _ = demo(address, "<i>这个很好</i>，用了一周 0")
        (mark,) = page.all("mark")
        assert mark.text == "很好person" and not page.all("i")
        (marked,) = [e for e in page.all("p") if e.get("class") == "marked"]
        assert marked.text == "<i>这个很好person</i>，用了一周 0"
        assert "Nothing was found" in demo(address, "abc")[1].by_id("answer").text


def test_mark_up_of_a_visitor_is_text(address):
    _, page, _ = demo(address, HOSTILE[:100])
    assert page.one("textarea").text.strip() == HOSTILE
    assert [s["type"] for s in page.all("script")] == ["application/ld+json"]


def test_a_demo_is_booked_and_earns_nothing_and_is_in_no_experiment(tmp_path):
    file = product(tmp_path)
    with closing(Store.open(file)) as store:
        live, other = (publish(store, task_of(file), seed=seed) for seed in (0, 7))
        release(store, live, "live")
        release(store, other, "canary", share=0.999)
        with Server(store, file) as address:
            for _ in range(5):
                assert demo(address, "很好")[0] == 200
            assert {row["variant"] for row in rows(store)} == {live}  # whatever the canary's share
            assert all(r["experiment"] is None and r["arm"] is None for r in rows(store))
            assert {row["origin"] for row in rows(store)} == {"demo"}
            assert len({row["user"] for row in rows(store)}) == 5  # nobody is known again
            sums = {row["account"]: row for row in store.ledger.sums()}
            assert sums["cpu.serve"]["lines"] >= 1 and float(sums["cpu.serve"]["quantity"]) > 0
            told = {"answer_id": rows(store)[0]["id"], "kind": "outcome", "value": "positive"}
            assert call(address, "POST", "/v1/feedback", told)[0] == 200
            assert not [row for row in store.ledger.sums() if row["account"].startswith("value.")]
            assert not store.database.rows(tables.tally.select())
            assert not store.database.rows(tables.pace.select())
            ask(address)
            assert len(store.database.rows(tables.pace.select())) == 1


def test_what_a_visitor_sends_is_kept_nowhere(site, tmp_path_factory):
    address, _ = site
    word = "qzvxunlikely"
    assert demo(address, f"很好 {word}")[0] == 200
    folder = tmp_path_factory.getbasetemp()
    held = [p for p in folder.rglob("*") if p.is_file() and word.encode() in p.read_bytes()]
    assert held == []


@pytest.mark.parametrize("content", ["", "  \r\n ", "\u200b"])
def test_nothing_to_read_is_told(address, content):
    status, page, _ = demo(address, content)
    assert status == 422 and page.by_id("answer")["role"] == "alert"
    assert page.one("textarea")["aria-invalid"] == "true"


def test_a_long_text_is_told_and_never_cut(address):
    assert demo(address, "好" * 100)[0] == 200
    status, page, _ = demo(address, "好" * 101, language="zh")
    assert status == 413 and "最多 100 个字符" in page.by_id("answer").text
    body = b"content=" + b"a" * 20_000
    assert call(address, "POST", "/demo", body, FORM)[0] == 413


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"content=%ff%fe", FORM["Content-Type"], 422),
        (b"\xff", FORM["Content-Type"], 422),
        (b"&".join(b"a%d=1" % i for i in range(99)), FORM["Content-Type"], 422),
        (b'{"content": "hi"}', "application/json", 415),
        (b"content=hi", "text/plain", 415),
        (b"--b\r\nbroken", "multipart/form-data; boundary=b", 422),
        (b"", "multipart/form-data", 415),
    ],
)
def test_what_is_no_form_is_refused_with_a_page(address, body, kind, status):
    found, page, _ = call(address, "POST", "/demo", body, {"Content-Type": kind})
    assert found == status and "<h1>" in page


def test_another_site_cannot_send_its_visitors_forms_here(address):
    body, foreign = b"content=hi", {"Origin": "https://evil.example"}
    assert call(address, "POST", "/demo", body, FORM | foreign)[0] == 403
    assert call(address, "POST", "/demo", body, FORM | {"Origin": address})[0] == 200


def test_a_picture_that_is_none_is_told(tmp_path):
    page = limited(bytes_max=2000)
    with launched(tmp_path, task="image_classification", page=page) as (address, _, _):
        assert upload(address, picture(240))[1].by_id("answer").text.startswith("Answerlight")
        status, seen, _ = upload(address, b"no picture")
        assert status == 422 and "expected a PNG" in seen.by_id("answer").text
        assert upload(address, bytes(2001))[0] == 413
        assert upload(address, b"")[0] == 422


def test_each_client_and_all_together_may_ask_so_often(tmp_path):
    page = limited(per_client=2, overall=3)
    with launched(tmp_path, page=page) as (address, store, _):
        first, second = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
        assert [demo(address, "好", **first)[0] for _ in range(3)] == [200, 200, 429]
        assert demo(address, "好", **second)[0] == 200
        status, seen, told = demo(address, "好", **second)
        assert status == 429 and 1 <= int(told["Retry-After"]) <= 60
        assert "Too many questions" in seen.by_id("answer").text
        assert len(rows(store)) == 3
        assert ask(address)[0] == 200  # who pays is not a visitor


def test_no_questions_allowed_is_no_demo(tmp_path):
    with launched(tmp_path, page=limited(per_client=0)) as (address, _, _):
        assert not visit(address)[1].all("form")
        assert demo(address, "好")[0] == 404


def test_before_the_first_release_a_visitor_is_told_to_wait(tmp_path):
    with launched(tmp_path, live=False) as (address, _, _):
        status, page, _ = demo(address, "好")
        assert status == 503 and not page.all("form")


class Ticking:
    def __init__(self):
        self.s = 0.0

    def wall_s(self):
        return self.s


def test_questions_come_back_evenly():
    clock = Ticking()
    limits = Limits(Demo(per_client=6, overall=60), clock)
    for _ in range(6):
        limits.take("a")
    with pytest.raises(TooOften) as refused:
        limits.take("a")
    assert refused.value.wait_s == pytest.approx(10)
    clock.s = 10.0
    limits.take("a")
    with pytest.raises(TooOften):
        limits.take("a")


def test_a_refused_question_costs_the_others_none():
    limits = Limits(Demo(per_client=1, overall=2), Ticking())
    limits.take("a")
    for _ in range(5):
        with pytest.raises(TooOften):
            limits.take("a")
    limits.take("b")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not an address", "not an address", True),
    ],
)
def test_a_subscriber_is_one_client(one, other, same):
    limits = Limits(Demo(per_client=1, overall=9), Ticking())
    limits.take(one)
    if not same:
        return limits.take(other)
    with pytest.raises(TooOften):
        limits.take(other)


def test_clients_are_forgotten_after_a_minute():
    clock = Ticking()
    limits = Limits(Demo(per_client=1, overall=100_000), clock)
    for i in range(1000):
        limits.take(f"10.0.{i // 250}.{i % 250}")
    clock.s = 61.0
    limits.take("203.0.113.1")
    assert len(limits._clients) == 1


def service(*, present=0, most=256.0, expected_s=0.0, waiting=0, room=None):
    flow = SimpleNamespace(present=present, most=most, expected_s=lambda: expected_s, within_s=1.0)
    return SimpleNamespace(
        flow=flow,
        waiting=waiting,
        settings=SimpleNamespace(queue_max=64),
        router=SimpleNamespace(live=lambda: None),
        no_room=lambda: room,
        store=SimpleNamespace(clock=Ticking()),
    )


@pytest.mark.parametrize(
    "load",
    [
        {"present": 129},
        {"expected_s": 0.6},
        {"waiting": 33},
        {"room": RequestError(503, "server", "room", "none", "wait")},
    ],
)
def test_visitors_give_way_while_customers_still_have_room(load):
    limits = Demo(per_client=1)
    gate = Gate(limits, service(**load))
    with pytest.raises(RequestError) as refused:
        gate.check("a")
    assert refused.value.status == 503
    gate.service = service()
    gate.check("a")  # the refused question was not counted


def test_few_visitors_are_in_work_at_once():
    gate = Gate(Demo(), service())
    with ExitStack() as inside:
        for _ in range(AT_ONCE):
            inside.enter_context(gate.room())
        with pytest.raises(RequestError), gate.room():
            pass
        with pytest.raises(RequestError):
            gate.check("b")
    gate.check("b")


def test_visitors_who_send_slowly_keep_nobody_out(address):
    head = f"POST /demo HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM['Content-Type']}\r\nContent-Length: 50\r\n\r\n"
    with ExitStack() as slow:
        for _ in range(2 * AT_ONCE):
            connection = slow.enter_context(connect(address))
            connection.sendall(head.encode() + b"content=")
        assert demo(address, "很好")[0] == 200


def test_a_file_comes_as_it_is_whatever_is_in_it():
    content = bytes(range(256)) * 3 + b"\r\n--a\r\n\r\n--ab\r\n\n"
    body = b'--abc\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--abc\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'
    sent = body + content + b"\r\n--abc--\r\n"
    assert fields(sent, 'multipart/form-data; boundary="abc"')["content"] == content
    assert value_in(sent, "multipart/form-data; boundary=abc", Field("file", 5000))[0] == content


def test_more_fields_than_a_page_has_are_refused():
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    with pytest.raises(RequestError):
        fields(part * (FIELDS_MAX + 1) + b"--b--\r\n", "multipart/form-data; boundary=b")


def test_json_is_read_as_such_and_else_told():
    json_field = Field("json", 100)
    assert value_in(b"content=%7B%22a%22:1%7D", FORM["Content-Type"], json_field)[0] == {"a": 1}
    with pytest.raises(RequestError, match="JSON"):
        value_in(b"content=%7B", FORM["Content-Type"], json_field)
    assert value_in(b"content=a%0D%0Ab", FORM["Content-Type"], Field("text", 9))[0] == "a\nb"
