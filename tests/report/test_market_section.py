"""The market's part of a turn's report: what is booked and kept, never fitted for it, in both languages."""

import json
import re
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.market.companies import QUICK, At, book, made
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.api.measuring import design_test, fit_mix
from steelyard.api.turns import reported
from steelyard.cli.commands import app
from steelyard.loop import turn
from steelyard.market.chapter import chapter
from steelyard.report import gather, render
from steelyard.report.market_words import CHAPTER
from steelyard.spec import load
from steelyard.store import Store, tables

FIRST = date(2026, 1, 5)  # a Monday
TODAY = FIRST + timedelta(days=27)  # four weeks, the last one over
HOSTILE = "<img src=x onerror=alert(1)>"


def shop_in(folder, *, encoder="x/y"):
    path = folder / "product.yaml"
    text = (
        PRODUCT.format(encoder=encoder)
        .replace("start: 200", "start: 40")
        .replace("  prices:", PRICES, 1)
    )
    path.write_text(text, encoding="utf-8")
    write_jsonl(folder / "reviews.jsonl", reviews(300))
    return load(path)


PRICES = "  budgets: {ads: {a_month: 1000}}\n  prices:"


@pytest.fixture
def shop(tmp_path):
    return shop_in(tmp_path)


def put(shop, name, rows, preset):
    path = shop.path.parent / f"{name}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_file(shop, path, preset=preset)


def four_weeks(shop, *, channel="search"):
    """Each week: 70 spent on a channel and 30 on video, 20 visits and 2 conversions a day, 10 paid a day."""
    days = [FIRST + timedelta(days=i) for i in range(28)]
    spend = [f"{d},{c},{n}" for d in days for c, n in ((channel, 10), ("video", "4.2857"))]
    visits = [f"{d},{channel},20,2" for d in days]
    sales = [f"{d},s{i},10,{channel},c{i % 9}@x" for i, d in enumerate(days)]
    put(shop, "spend", ["day,channel,amount", *spend], "plain_spend")
    put(shop, "visits", ["day,channel,visits,conversions", *visits], "plain_visits")
    put(shop, "sales", ["day,id,amount,channel,customer", *sales], "plain_sales")


def told(shop, *, day=TODAY, moment=""):
    with closing(Store.open(shop, clock=At(day))) as store:
        return chapter(store, shop, moment=moment)


def page_of(shop, *, language="en", day=TODAY):
    with closing(Store.open(shop, clock=At(day))) as store:
        facts = gather(store, shop, {}, market=chapter(store, shop))
    return render(facts, language=language)


def words_of(page):
    return re.sub(r"<[^>]*>", "\n", page.split("</style>")[1])


def test_weeks_add_up_to_what_was_imported_by_channel(shop):
    four_weeks(shop)
    weeks = told(shop)["weeks"]
    assert [(w["week"], w["channel"]) for w in weeks[:2]] == [
        ("2026-01-05", "search"),
        ("2026-01-05", "video"),
    ]
    first = weeks[0]
    assert (first["spend"], first["visits"], first["conversions"]) == ("70", 140, 14)
    assert first["revenue"] == "70" and len(weeks) == 8 and all(w["over"] for w in weeks)


def test_a_week_that_is_not_over_in_the_books_says_so(shop):
    four_weeks(shop)
    put(shop, "more", ["day,channel,amount", "2026-02-02,search,5"], "plain_spend")
    assert [w["over"] for w in told(shop, day=TODAY + timedelta(days=3))["weeks"]][-2:] == [
        True,
        False,
    ]
    page = page_of(shop, day=TODAY + timedelta(days=3))
    assert CHAPTER["en"]["not_over"] in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_what_is_booked_in_both_languages(shop, language):
    four_weeks(shop)
    words, page = CHAPTER[language], page_of(shop, language=language)
    said = words_of(page)
    for name in ("market", "cash", "economics", "tests", "budgets", "mix"):
        assert words[name] in said
    for what in ("spend", "visits", "conversions", "revenue"):
        assert words["a_week"].format(what=words[what]) in said
    assert "400.00 CNY" in said or "399." in said  # of the budget of ads
    assert {"en": "measured", "zh": "实测"}[language] in said
    for forbidden in ("<script", "http", "src=", "@import", "url("):
        assert forbidden not in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_where_nothing_is_booked_one_line_says_how_to_begin(shop, language):
    facts, page = told(shop), page_of(shop, language=language)
    assert facts["booked"] is False and "weeks" not in facts
    assert CHAPTER[language]["begin"] in page and "steelyard market import" in page
    assert CHAPTER[language]["economics"] not in page


def test_a_hostile_name_of_a_channel_is_shown_as_text(shop):
    four_weeks(shop, channel=HOSTILE)
    page = page_of(shop)
    assert HOSTILE not in page and "&lt;img src=x" in page


def test_more_channels_than_colors_are_added_up_as_others(shop):
    rows = [f"{FIRST},channel{i:02},{100 - i}" for i in range(12)]
    put(shop, "many", ["day,channel,amount", *rows], "plain_spend")
    page = page_of(shop)
    assert CHAPTER["en"]["others"] in page and "channel05" in page
    key = page.split("<ul class=key>")[1].split("</ul>")[0]
    assert key.count("<li>") == 7 and "channel06" not in key
    assert f"{sum(100 - i for i in range(12)):,}.00" in page  # all of them


def test_a_fit_is_shown_as_it_was_kept_and_never_made(shop, monkeypatch, tmp_path):
    book(shop, tmp_path, made(seed=3, periods=60).series)
    day = date(2024, 3, 4)
    fit_mix(shop, settings=QUICK, clock=At(day))
    design_test(shop, "tv", lift=0.3, clock=At(day))
    monkeypatch.setattr("steelyard.stats.mix.fit", None)
    monkeypatch.setattr("steelyard.market.mixing.fitted", None)
    page = page_of(shop, day=day + timedelta(days=1))
    said = words_of(page)
    assert "Fitted on 2024-03-04" in said and "R-hat" in said
    assert "search: what a steady spend brings" in said
    assert "What the books cannot tell" in said and "planned" in said
    before = told(shop, day=day, moment="2024-03-03T00:00:00+00:00")
    assert before["mix"] is None and before["tests"] == []


def test_a_fact_that_was_changed_is_named_and_the_turn_has_its_report(shop):
    four_weeks(shop)
    with closing(Store.open(shop)) as store, store.database.write() as connection:
        row = {"id": "a" * 32, "product": store.product, "kind": "market_fit", "key": "k"}
        row |= {"day": "2026-01-05", "body": {}, "file": "f", "row": 0, "revision": 0}
        row["created"] = "2026-01-05T00:00:00"
        connection.execute(tables.event.insert().values(**row))
    page = page_of(shop)
    assert "Not shown:" in page and "restore the ledger from a backup" in page


def test_the_report_of_an_old_turn_says_as_of_when_the_market_is_booked(tmp_path, encoder):
    file = shop_in(tmp_path, encoder=encoder)
    four_weeks(file)
    with closing(Store.open(file, clock=At(TODAY))) as store:
        number = store.begin_turn(file.sha256, text=file.text)
    made_first = turn(file, until="label", clock=At(TODAY))
    with closing(Store.open(file, clock=At(TODAY))) as store:
        store.end_turn(made_first.id)
    later = [f"{TODAY + timedelta(days=9)},radio,77"]
    put(file, "later", ["day,channel,amount", *later], "plain_spend")
    page = words_of(Path(reported(file, number)[0]).read_text(encoding="utf-8"))
    assert "Days up to 2026-02-01, as booked on" in page and CHAPTER["en"]["again"] in page
    assert "radio" not in page
    with closing(Store.open(file, clock=At(TODAY))) as store:
        spent = [
            sum(r["nano"] for r in sums if r["account"] == "ads.spend")
            for sums in (store.ledger.sums(), store.ledger.sums(until=number, day="2026-02-01"))
        ]
    assert spent[1] - spent[0] == 77 * 10**9
    assert f"advertising {spent[1] / 10**9:,.2f}" in " ".join(page.split())


def test_the_same_weeks_are_in_the_json_of_the_command(shop):
    four_weeks(shop)
    shown = CliRunner().invoke(app, ["market", "show", str(shop.path), "--json"])
    assert json.loads(shown.stdout)["weeks"] == told(shop)["weeks"]
