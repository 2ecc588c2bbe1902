"""The marketing mix of what is booked: known truth inside its intervals, kept once, told with what it rests on."""

import json
from contextlib import closing
from datetime import date, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.market.companies import QUICK, At, book, made, regional
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.api.measuring import design_test, fit_mix, mix, read_test, write_page
from steelyard.cli.commands import app
from steelyard.errors import UserError
from steelyard.market.keeping import FIT, kept
from steelyard.spec import load
from steelyard.stats.mix import fit
from steelyard.store import Store

WEEKS = 100


@pytest.fixture(autouse=True)
def same_draw(monkeypatch):
    """What is drawn hangs on the store's secret, which is another one in each store."""
    monkeypatch.setattr(Store, "salt", lambda store: b"of a test")


@pytest.fixture(scope="module")
def known():
    return made(seed=3, periods=WEEKS)


@pytest.fixture
def company(shop, known, tmp_path):
    book(shop, tmp_path, known.series)
    return shop


def say(shop, text):
    said = shop.path.read_text(encoding="utf-8")
    shop.path.write_text(said.replace("market:\n", f"market:\n{text}", 1), encoding="utf-8")
    return load(shop.path)


def test_the_truth_is_inside_the_intervals_and_the_fit_is_kept(company, known):
    facts = fit_mix(company, settings=QUICK)
    assert [c["channel"] for c in facts["channels"]] == ["search", "tv"]
    for c in facts["channels"]:
        assert c["brought"][1] < known.contributions[c["channel"]] < c["brought"][2]
    assert facts["series"]["periods"] == WEEKS and facts["forecast"]["horizon"] == 4
    assert facts["fresh"] and mix(company)["fresh"] is False
    again = fit_mix(company, settings=QUICK)
    assert again["fresh"] is False and again["channels"] == facts["channels"]
    assert again["contributions"] == mix(company)["contributions"]


def test_the_series_of_the_books_is_the_companys(company, known):
    facts = fit_mix(company, settings=QUICK)
    np.testing.assert_allclose(
        facts["contributions"]["outcome"], known.series.array("outcome"), rtol=1e-4
    )
    by_hand = fit(known.series, QUICK, seed=0).contributions()["tv"].value
    told = next(c for c in facts["channels"] if c["channel"] == "tv")["brought"][0]
    assert told == pytest.approx(by_hand, rel=0.2)


def test_another_row_or_another_setting_is_another_fit(company, tmp_path):
    fit_mix(company, settings=QUICK)
    path = tmp_path / "one.csv"
    path.write_text("day,id,amount\n2024-06-03,late,50\n", encoding="utf-8")
    import_file(company, path, preset="plain_sales")
    assert fit_mix(company, settings=QUICK)["fresh"]
    other = say(company, "  mix: {controls: [price]}\n")
    assert fit_mix(other, settings=QUICK)["fresh"]
    with closing(Store.open(company)) as store:
        assert len(kept(store, FIT)) == 3


def test_a_regional_test_is_a_row_that_narrows_the_interval_around_the_truth(shop, tmp_path):
    """Eight weeks in which half of the regions lose tv: the contrast of regions is in no national series."""
    one = made(seed=11, periods=WEEKS, noise=0.03, memory=0.2)
    begun = WEEKS - 8
    today = one.series.periods[begun] - timedelta(days=1)
    lived = regional(shop, tmp_path, one, until=begun)
    facts = design_test(
        shop,
        "tv",
        lift=1.0,
        form="regions",
        length=8,
        clock=At(today),
        start=str(today + timedelta(days=1)),
    )
    assert facts["form"] == "regions" and len(facts["treated"]) == 6
    assert facts["blocks"][0]["on"] is False
    truth, total = lived(facts["treated"])
    found = read_test(shop, "tv", clock=At(date.fromisoformat(facts["last"]) + timedelta(days=1)))
    brought = found["readout"]["brought"]
    assert brought[1] < truth < brought[2]
    without = fit_mix(shop, settings=QUICK, tests=False)
    with_it = fit_mix(shop, settings=QUICK)
    assert with_it["lift_tests"] and not without["lift_tests"]
    low, high = (
        next(c for c in facts["channels"] if c["channel"] == "tv")["brought"]
        for facts in (with_it, without)
    )
    assert low[1] < total < low[2]
    assert low[2] - low[1] < 0.9 * (high[2] - high[1])


def test_under_twenty_weeks_a_test_is_named_in_place_of_a_model(shop, known, tmp_path):
    book(shop, tmp_path, known.series, weeks=slice(0, 12))
    with pytest.raises(
        UserError, match=r"at least 20 weeks.*found 12.*steelyard market test search"
    ):
        fit_mix(shop)


def test_a_constant_spend_is_named_with_the_test_that_would_tell(shop, known, tmp_path):
    book(shop, tmp_path, known.series, constant=("search",))
    facts = fit_mix(shop, settings=QUICK)
    (told,) = [one for one in facts["not_identified"] if one["channel"] == "search"]
    assert "always spent 1" in told["text"] and "steelyard market test search" in told["text"]
    search = next(c for c in facts["channels"] if c["channel"] == "search")
    assert search["evidence"] == "assumed" and search["brought"] is None


def test_two_weeks_of_a_channel_are_not_enough_to_tell(company, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(
        "day,channel,amount\n2024-10-07,radio,50\n2024-10-14,radio,70\n", encoding="utf-8"
    )
    import_file(company, path, preset="plain_spend")
    facts = fit_mix(company, settings=QUICK)
    (told,) = [one for one in facts["not_identified"] if one["channel"] == "radio"]
    assert "2 periods only" in told["text"]


def test_nothing_booked_and_no_spend_say_what_to_import(shop, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("day,id,amount\n2024-06-03,a,50\n", encoding="utf-8")
    import_file(shop, path, preset="plain_sales")
    with pytest.raises(UserError, match="import one: steelyard market import FILE --as spend"):
        fit_mix(shop)
    with pytest.raises(UserError, match="visits: expected visits that are booked"):
        fit_mix(say(shop, "  mix: {outcome: visits}\n"))


def test_a_channel_of_the_file_that_is_not_booked_is_refused_with_the_one_that_was_meant(company):
    other = say(company, "  channels: {serch: {captures: true}}\n")
    with pytest.raises(UserError, match="did you mean 'search'"):
        fit_mix(other)


def test_a_channel_that_takes_up_demand_needs_it_and_has_it_as_a_control(company, known, tmp_path):
    other = say(company, "  channels: {search: {captures: true}}\n")
    with pytest.raises(UserError, match="impressions"):
        fit_mix(other)
    rng = np.random.default_rng(0)
    rows = [
        f"{day},search,{n}"
        for day, n in zip(known.series.periods, rng.integers(50, 99, WEEKS), strict=True)
    ]
    path = tmp_path / "visits.csv"
    path.write_text("\n".join(["day,channel,visits", *rows]) + "\n", encoding="utf-8")
    import_file(other, path, preset="plain_visits")
    search = next(c for c in fit_mix(other, settings=QUICK)["channels"] if c["channel"] == "search")
    assert search["captures"] is True


def test_spend_that_is_not_imported_to_the_end_is_told(company, known, tmp_path):
    more = made(seed=3, periods=WEEKS + 6)
    sales = more.series
    book(company, tmp_path, sales, weeks=slice(WEEKS, WEEKS + 6), name="later")
    path = tmp_path / "gone.csv"
    path.write_text("day,channel,amount\n2023-06-05,mail,50\n", encoding="utf-8")
    import_file(company, path, preset="plain_spend")
    facts = fit_mix(company, settings=QUICK)
    assert any("mail is booked until 2023-06-05" in note["text"] for note in facts["notes"])


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.svgs, self.titles, self.links, self.open = 0, 0, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.svgs += tag == "svg"
        self.titles += tag == "title"
        self.links += [v for k, v in attributes if k in ("src", "href")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_loads_nothing_and_says_what_each_figure_rests_on(company, tmp_path, language):
    facts = fit_mix(company, settings=QUICK)
    path = tmp_path / "mix.html"
    write_page(facts, path, product="<b>shop", language=language)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    # two widths of one picture over all, and of three of each channel; a title each, and the page's own
    assert page.svgs == 2 + 2 * 3 * 2 and page.titles == page.svgs + 1
    assert page.links == [] and "http" not in text and "<b>shop" not in text
    assert {"en": "measured", "zh": "实测"}[language] in text


def test_the_commands_fit_show_and_write_the_page(company, tmp_path):
    path, html = str(company.path), tmp_path / "mix.html"
    run = CliRunner()
    none = run.invoke(app, ["market", "show", path, "--html", str(html)])
    assert isinstance(none.exception, UserError) and "steelyard market fit" in str(none.exception)
    fit_mix(company, settings=QUICK)
    shown = run.invoke(
        app,
        ["market", "show", path, "--html", str(html), "--language", "zh"],
        env={"COLUMNS": "160"},
    )
    assert (
        shown.exit_code == 0
        and "R-hat" in shown.stdout
        and 'lang="zh"' in html.read_text(encoding="utf-8")
    )
    told = json.loads(run.invoke(app, ["market", "show", path, "--json"]).stdout)
    assert told["mix"]["channels"][0]["channel"] == "search" and told["tests"] == []
