"""The launch page: true, in both languages, safe, and changed by a release."""

import json
import re
import textwrap
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.launching import PAGE, URL, launched, product, publish, visit
from tests.serving import call, release
from tests.serving import publish as bare

from steelyard.errors import SpecError, Unavailable
from steelyard.interval import Interval
from steelyard.serve import Server
from steelyard.serve.launch import facts, routes
from steelyard.serve.launch.facts import Figure
from steelyard.serve.launch.prices import sold
from steelyard.store import Store
from steelyard.tasks import open_task, task_of

DOCS = Path(__file__).parents[2] / "docs"
HOSTILE = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"' &amp; ]]>"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One page for the tests that change nothing; (address, store)."""
    with launched(tmp_path_factory.mktemp("site"), url=URL) as (address, store, _):
        yield address, store


@pytest.fixture
def address(site):
    return site[0]


def structured(page):
    (script,) = page.all("script")
    assert script["type"] == "application/ld+json"
    return json.loads(script.text)


def test_without_the_section_there_is_nothing_at_the_root(tmp_path):
    with launched(tmp_path, page="") as (address, _, _):
        for path in ("/", "/demo", "/robots.txt", "/sitemap.xml", "/llms.txt", "/preview.en.png"):
            assert call(address, "GET", path)[0] == 404


@pytest.mark.parametrize(
    ("asked", "headers", "language"),
    [
        ("/", {}, "en"),
        ("/?lang=zh", {}, "zh-CN"),
        ("/", {"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.1"}, "zh-CN"),
        ("/", {"Accept-Language": "fr, en;q=0.3, zh;q=0.2"}, "en"),
        ("/", {"Accept-Language": "zh;q=0"}, "en"),
        ("/?lang=en", {"Accept-Language": "zh"}, "en"),
        ("/?lang=xx", {"Accept-Language": ";;q=x,,"}, "en"),
    ],
)
def test_the_language_is_that_of_the_address_or_of_the_browser(address, asked, headers, language):
    status, page, told = visit(address, asked, **headers)
    assert status == 200 and page.one("html")["lang"] == language == told["Content-Language"]
    assert page.one("h1").text == {"en": "Tone of reviews", "zh-CN": "评论语气"}[language]
    assert told["Vary"] == "Accept-Language"


def test_the_quality_is_that_of_the_live_release_with_its_interval(site):
    address, store = site
    variant = store.releases.current()[0]["variant"]
    m = store.measures.of(variant)["macro_f1"]
    _, page, _ = visit(address)
    said = page.by_id("quality").text
    for figure in (m["value"], m["low"], m["high"]):
        assert f"{figure:.3f}" in said
    assert f"{m['n']} records" in said and "version 3" in said and m["created"][:10] in said
    assert variant[:12] in said and "calibration error" in said
    assert "宏平均 F1" in visit(address, "/?lang=zh")[1].by_id("quality").text


def test_another_release_changes_the_page_and_the_same_one_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(routes, "FRESH_S", 0.0)
    file = product(tmp_path)
    with closing(Store.open(file)) as store:
        first = publish(store, task_of(file), seed=0)
        release(store, first, "live")
        with Server(store, file) as address:
            status, body, told = call(address, "GET", "/")
            tag = told["ETag"]
            assert call(address, "GET", "/", headers={"If-None-Match": tag})[0] == 304
            assert call(address, "GET", "/", headers={"If-None-Match": f'"a", W/{tag}'})[0] == 304
        second = publish(store, task_of(file), seed=7)
        release(store, second, "live")
        release(store, first, "retired")
        with Server(store, file) as address:
            status, body, told = call(address, "GET", "/", headers={"If-None-Match": tag})
            assert status == 200 and told["ETag"] != tag
            assert second[:12] in body and first[:12] not in body


def test_a_ledger_that_is_away_leaves_the_page_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(routes, "FRESH_S", 0.0)
    with launched(tmp_path) as (address, _, _):
        before = call(address, "GET", "/")[1]

        def away(*_):
            raise Unavailable("ledger", "one that can be read", "none")

        monkeypatch.setattr(routes, "live_of", away)
        assert call(address, "GET", "/")[:2] == (200, before)
    with launched(tmp_path / "other") as (address, _, _):
        assert call(address, "GET", "/")[0] == 503


def test_a_product_that_is_not_released_says_so(tmp_path):
    with launched(tmp_path, live=False, url=URL) as (address, _, _):
        status, page, _ = visit(address)
        assert status == 200 and "Not released yet" in page.one("main").text
        assert not page.all("form") and "PreOrder" in structured(page)["offers"][0]["availability"]
        assert "尚未发布" in visit(address, "/?lang=zh")[1].one("main").text
        assert "Not released yet" in call(address, "GET", "/llms.txt")[1]
        assert call(address, "GET", "/preview.en.png")[0] == 200


def test_a_release_that_was_never_measured_says_so(tmp_path):
    file = product(tmp_path)
    with closing(Store.open(file)) as store:
        release(store, bare(store), "live")
        with Server(store, file) as address:
            assert "was not measured" in visit(address)[1].by_id("quality").text


def test_measures_of_other_things_are_no_quality(site):
    _, store = site
    variant = store.releases.current()[0]["variant"]

    def work(step):
        step.measure(variant, "gain", 0.5, low=0.4, high=0.6, n=9, on="holdout of d")
        step.measure(variant, "p95_ms", 3.0, n=9, on="this machine")
        return {}

    store.step(store.begin_turn("t"), "measured", "m", work, cpu_price=0)

    task = open_task("text_classification", {"labels": ("negative", "positive")})
    served = SimpleNamespace(variant=variant, release=None)
    names = [figure.name for figure in facts.live_of(store, task, served).figures]
    assert names[0] == "macro_f1" and not {"gain", "p95_ms", "utility"} & set(names)


def test_what_took_no_part_in_the_choice_is_claimed_until_the_variant_is_measured_again(site):
    _, store = site
    variant = store.releases.current()[0]["variant"]
    task = open_task("text_classification", {"labels": ("negative", "positive")})
    served, seen = SimpleNamespace(variant=variant, release=None), []
    for turn, (name, value) in enumerate(
        [("macro_f1", 0.9), ("macro_f1_unchosen", 0.88), ("macro_f1", 0.8)]
    ):

        def work(step, name=name, value=value):
            step.measure(
                variant, name, value, low=value - 0.1, high=value + 0.1, n=99, on="holdout of d"
            )
            return {}

        store.step(store.begin_turn(f"t{turn}"), "measured", f"m{turn}", work, cpu_price=0)
        seen.append(facts.live_of(store, task, served).figures[0].interval.value)
    assert seen == [0.9, 0.88, 0.8]


def test_the_page_needs_no_key_and_the_api_still_does(tmp_path):
    with launched(tmp_path, key="key-of-the-api") as (address, _, _):
        proxied = {"Host": "shop.example"}
        assert visit(address, **proxied)[0] == 200
        assert call(address, "POST", "/v1/predict", {"input": "很好"}, proxied)[0] == 401
        assert "key-of-the-api" not in call(address, "GET", "/")[1]


def test_nothing_on_the_page_comes_from_another_host(address):
    for path in ("/", "/?lang=zh"):
        _, page, told = visit(address, path)
        loads = {"img", "iframe", "video", "audio", "object", "embed", "source"}
        assert not page.all(*loads) and not page.all("base")
        assert [s["type"] for s in page.all("script")] == ["application/ld+json"]
        assert not any(name.startswith("on") for e in page.elements for name in e.attributes)
        assert not any("style" in e.attributes for e in page.elements)
        links = [e for e in page.all("link") if e["rel"] not in ("canonical", "alternate")]
        assert [(e["rel"], e["href"]) for e in links] == [("icon", "data:,")]
        assert not re.search(r"url\(|@import|https?:", page.one("style").text)
        policy = told["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "script-src" not in policy  # none may run


def test_addresses_inside_the_page_hold_behind_a_prefix(address):
    for path in ("/", "/demo"):
        _, page, _ = visit(address, path)
        inside = [e["href"] for e in page.all("a")] + [e["action"] for e in page.all("form")]
        assert inside and not [a for a in inside if a.startswith(("/", "http"))]
        assert not [a for a in inside if a.startswith("?")]  # would lead to /demo from there


def test_search_engines_find_each_language_once(address):
    _, page, _ = visit(address, "/?lang=zh")
    links = {(e["rel"], e.get("hreflang")): e["href"] for e in page.all("link")}
    assert links["canonical", None] == f"{URL}?lang=zh"
    assert links["alternate", "en"] == f"{URL}?lang=en"
    assert links["alternate", "zh-CN"] == f"{URL}?lang=zh"
    assert links["alternate", "x-default"] == URL


def test_the_structured_data_are_json_and_say_what_is_sold(address):
    said = structured(visit(address)[1])
    assert said["@type"] == "SoftwareApplication" and said["url"] == f"{URL}?lang=en"
    offers = {offer["name"]: offer for offer in said["offers"]}
    assert offers["Trial"]["price"] == "0" and offers["By use"]["price"] == "4.5"
    assert offers["Shop"]["priceSpecification"]["unitCode"] == "MON"
    assert list(offers) == ["Trial", "Shop", "By use"]  # the hidden one is sold to nobody here
    assert {o["priceCurrency"] for o in offers.values()} == {"CNY"}
    assert all(o["availability"].endswith("InStock") for o in offers.values())
    assert structured(visit(address, "/?lang=zh")[1])["inLanguage"] == "zh-CN"


def test_previews_elsewhere_are_told_title_text_and_picture(address):
    _, page, _ = visit(address)
    said = {e["property"]: e["content"] for e in page.all("meta") if e.get("property")}
    assert said["og:title"] == "Tone of reviews" and said["og:locale"] == "en_US"
    assert said["og:url"] == f"{URL}?lang=en" and said["og:locale:alternate"] == "zh_CN"
    assert said["og:image"].startswith(f"{URL}preview.en.png?v=")


def test_without_an_address_nothing_pretends_to_one(tmp_path):
    with launched(tmp_path) as (address, _, _):
        _, page, _ = visit(address)
        assert {e["rel"] for e in page.all("link")} == {"icon"}
        said = {e["property"] for e in page.all("meta") if e.get("property")}
        assert not {"og:url", "og:image"} & said and "url" not in structured(page)
        assert call(address, "GET", "/sitemap.xml")[0] == 404
        assert "Sitemap" not in call(address, "GET", "/robots.txt")[1]


def test_machines_find_robots_sitemap_and_llms(address):
    status, robots, told = call(address, "GET", "/robots.txt")
    assert status == 200 and told["Content-Type"].startswith("text/plain")
    assert f"Sitemap: {URL}sitemap.xml" in robots and "Disallow: /tools/demo" in robots
    status, sitemap, told = call(address, "GET", "/sitemap.xml")
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    places = [e.text for e in ET.fromstring(sitemap).iter(f"{space}loc")]
    assert places == [f"{URL}?lang=en", f"{URL}?lang=zh"]
    status, llms, _ = call(address, "GET", "/llms.txt")
    assert llms.startswith("# Tone of reviews\n\n> ") and f"({URL}docs)" in llms
    assert "- Shop: 199 CNY per month (50,000 requests a month; Answers by e-mail" in llms
    assert "- Trial: free (1,000 requests a month)" in llms and "[0." in llms
    assert "- By use: 4.50 CNY per 1,000 requests\n" in llms
    assert (
        "店铺: 199 CNY 每月 (每月 50,000 次请求; " in call(address, "GET", "/llms.txt?lang=zh")[1]
    )
    assert call(address, "GET", "/llms.txt?lang=zh")[1].startswith("# 评论语气")
    for path in ("/", "/robots.txt", "/llms.txt", "/sitemap.xml", "/preview.zh.png"):
        assert call(address, "HEAD", path)[:2] == (200, "")


def test_mark_up_in_the_product_file_is_text(tmp_path):
    line = json.dumps(HOSTILE)
    page = f"""\
  title: {{en: {line}}}
  summary: {{en: {line}}}
  points: [{{en: {line}}}]
  plans: {{use: {{name: {{en: {line}}}, includes: [{{en: {line}}}]}}}}
"""
    with launched(tmp_path, page=page, url=URL) as (address, _, _):
        _, seen, _ = visit(address)
        assert seen.one("h1").text == seen.one("title").text == HOSTILE
        assert not seen.all("img") and len(seen.all("script")) == 1
        assert structured(seen)["offers"][0]["name"] == HOSTILE
        assert [e["content"] for e in seen.all("meta") if e.get("property") == "og:title"] == [
            HOSTILE
        ]
        assert not [
            e for e in seen.all("a") if e.get("hreflang")
        ]  # one language, nothing to choose
        ET.fromstring(call(address, "GET", "/sitemap.xml")[1])


def test_the_page_is_light(address):
    assert len(call(address, "GET", "/")[1].encode()) < 20_000


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            "title: {en: A}\n  summary: {zh: 甲}",
            "expected summary in the languages of the title (en), found zh",
        ),
        ("title: {}\n  summary: {}", "title"),
        ("title: {fr: A}\n  summary: {fr: A}", "expected 'en' or 'zh'"),
        ('title: {en: "a\\nb"}\n  summary: {en: a}', "a line of text that can be seen"),
        (
            "title: {en: a}\n  summary: {en: a}\n  url: javascript:alert(1)",
            "expected an address as in",
        ),
        (
            "title: {en: a}\n  summary: {en: a}\n  contact: javascript:x",
            "expected an e-mail address",
        ),
        (
            "title: {en: a}\n  summary: {en: a}\n  plans: [{name: {en: a}, price: 1, per: month}]",
            "expected the plans of money.plans by their names, {shop: {name: {en: Shop}}}, found a list; did you mean money.plans",
        ),
        (
            "title: {en: a}\n  summary: {en: a}\n  plans: {shop: {name: {en: a}, price: 1}}",
            "market.page.plans.shop: 'price' is no field here; did you mean money.plans",
        ),
        (
            "title: {en: a}\n  summary: {en: a}\n  plans: {shp: {name: {en: a}}}",
            "product.yaml:15:13 market.page.plans.shp: expected a plan of money.plans (trial, hidden, shop, use), found 'shp'; did you mean 'shop'?",
        ),
        (
            "title: {en: a, zh: a}\n  summary: {en: a, zh: a}\n  plans: {shop: {name: {en: a}}}",
            "expected plans.shop.name in the languages of the title",
        ),
    ],
)
def test_a_wrong_section_is_told_with_its_place(tmp_path, wrong, told):
    with pytest.raises(SpecError) as error:
        product(tmp_path, page=f"  {wrong}\n")
    assert told in str(error.value) and "market.page" in str(error.value)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_in_the_documents_is_one_that_a_product_file_may_have(tmp_path, language):
    text = (DOCS / language / "launch.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\nmarket:\n  page:\n(.*?)```", text, re.DOTALL)
    (plans,) = re.findall(r"```yaml\nmoney:\n  plans:\n(.*?)```", text, re.DOTALL)
    spec = product(
        tmp_path,
        page=textwrap.indent(textwrap.dedent(block), "  "),
        plans="\n" + textwrap.indent(textwrap.dedent(plans), "    "),
    ).spec
    page = spec.market.page
    assert page.languages == ("en", "zh") and list(page.plans) == ["trial", "shop"]
    assert [one.prices for one in sold(page, spec.money)] == [(), ((199, "month"),)]


SEVERAL = """\
  title: {en: a}
  summary: {en: a}
  plans: {team: {name: {en: Team}}, year: {name: {en: Year}}, gift: {name: {en: Gift}}}
"""


def test_a_plan_of_several_prices_says_each_of_them(tmp_path):
    plans = "{year: {a_year: 1200}, gift: {once: 0}, team: {a_user_month: 8, once: 50, a_request: 0.02}}"
    with launched(tmp_path, page=SEVERAL, plans=plans) as (address, _, _):
        _, page, _ = visit(address)
        shown = [price.text for price in page.all("p") if price.get("class") == "price"]
        assert shown[0].split("+") == [
            "8 CNY per user and month ",
            " 50 CNY once ",
            " 0.02 CNY per request",
        ]
        assert shown[1].strip() == "1,200 CNY per year" and shown[2].strip() == "free"
        team, year, gift = structured(page)["offers"]
        assert [one["unitCode"] for one in team["priceSpecification"]] == ["MON", "C62"]
        assert (year["price"], year["priceSpecification"]["unitCode"]) == ("1200", "ANN")
        assert gift["price"] == "0" and "priceSpecification" not in gift


def test_the_page_of_the_tests_is_one_that_a_product_file_may_have(tmp_path):
    page = product(tmp_path, page=PAGE, url="https://shop.example").spec.market.page
    assert page.languages == ("en", "zh") and page.url == "https://shop.example/"


def test_labels_with_too_few_examples_stand_where_the_interval_would():
    figure = Figure("macro_f1", Interval(0.8, 0.3, 1.0, 90), ("fraud",))
    assert "too few examples of fraud" in figure.shown("en")
    assert "fraud 的样本太少" in figure.shown("zh")
    assert Figure("macro_f1", figure.interval).shown("en", " – ") == "0.300 – 1.000"
