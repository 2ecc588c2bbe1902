"""Periods without an outcome: what was not imported is left out of a fit and named, what never was is nothing."""

from datetime import date, timedelta

import numpy as np
import pytest
from tests.market.companies import QUICK, book, made

from steelyard.api.market import import_file
from steelyard.api.measuring import fit_mix
from steelyard.errors import UserError
from steelyard.market.gaps import gaps

MONDAY = date(2024, 1, 1)
WEEKS = 100


def periods(n, long):
    return [MONDAY + timedelta(days=long * i) for i in range(n)]


def rows(counts, *, long=1):
    return {MONDAY + timedelta(days=long * i): int(n) for i, n in enumerate(counts) if n}


def test_weeks_without_a_row_among_busy_ones_were_not_imported():
    counts = np.full(104, 20)
    counts[[10, 60, 61, 62, 63]] = 0
    found = gaps(rows(counts, long=7), periods(104, 7), "week")
    assert found.missing == tuple(MONDAY + timedelta(weeks=k) for k in (10, 60, 61, 62, 63))
    assert found.empty == ()


@pytest.mark.parametrize("every", [2, 4, 5])
def test_weeks_between_two_days_of_billing_are_weeks_of_nothing(every):
    counts = np.zeros(104, dtype=int)
    counts[::every] = 60
    found = gaps(rows(counts, long=7), periods(104, 7), "week")
    assert found.missing == () and len(found.empty) == int((counts == 0).sum())
    counts[40:64] = 0  # half a year without a bill is another thing
    assert len(gaps(rows(counts, long=7), periods(104, 7), "week").missing) >= 20


def test_days_of_a_small_shop_are_days_of_nothing_but_a_silent_month_is_not():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.7, 400)
    counts[200:230] = 0
    counts[[199, 230]] = 1
    found = gaps(rows(counts), periods(400, 1), "day")
    assert set(found.missing) == {MONDAY + timedelta(days=k) for k in range(200, 230)}
    assert len(found.empty) == int((counts == 0).sum()) - 30 > 100


def test_closed_sundays_are_nothing_and_a_lost_monday_behind_one_is_missing():
    counts = np.where(np.arange(350) % 7 == 6, 0, 12)
    counts[7 * 20] = 0
    found = gaps(rows(counts), periods(350, 1), "day")
    assert found.missing == (MONDAY + timedelta(days=140),)
    assert len(found.empty) == 50


def test_few_sales_a_week_leave_a_week_of_none_and_never_a_quarter():
    counts = np.random.default_rng(1).poisson(2.0, 104)
    alone = np.flatnonzero(counts == 0)
    assert len(alone) > 5
    assert gaps(rows(counts, long=7), periods(104, 7), "week").missing == ()
    counts[50:63] = 0
    assert len(gaps(rows(counts, long=7), periods(104, 7), "week").missing) >= 13


def test_weeks_that_a_gap_cuts_are_missing_and_weekly_exports_lose_only_their_own():
    days = np.full(700, 3)
    days[7 * 30 + 3 : 7 * 32 + 2] = 0  # Thursday to Tuesday, a whole week in between
    found = gaps(rows(days), periods(100, 7), "week")
    assert found.missing == tuple(MONDAY + timedelta(weeks=k) for k in (30, 31, 32))
    mondays = np.zeros(700, dtype=int)
    mondays[::7] = 1
    mondays[7 * 40] = 0
    found = gaps(rows(mondays), periods(100, 7), "week")
    assert found.missing == (MONDAY + timedelta(weeks=40),)


@pytest.fixture(scope="module")
def known():
    return made(seed=3, periods=WEEKS)


@pytest.fixture
def lacking(shop, tmp_path, known, monkeypatch):
    """The company's books without the sales of four weeks, whose spend is booked."""
    from tests.market import companies

    lost = {str(day + timedelta(days=i)) for day in known.series.periods[48:52] for i in range(7)}
    kept = companies._import

    def some(shop, path, lines, preset):
        if preset == "plain_sales":
            lines = [line for line in lines if line.split(",")[0] not in lost]
        kept(shop, path, lines, preset)

    monkeypatch.setattr(companies, "_import", some)
    book(shop, tmp_path, known.series)
    monkeypatch.setattr(companies, "_import", kept)
    return shop


def test_lost_weeks_of_sales_are_named_and_change_no_contribution(lacking, known):
    facts = fit_mix(lacking, settings=QUICK)
    lost = [str(day) for day in known.series.periods[48:52]]
    assert facts["series"]["missing"] == lost and facts["series"]["periods"] == WEEKS
    (note,) = [n for n in facts["notes"] if n["code"] == "series.missing"]
    assert f"4 of the weeks from {lost[0]} to {lost[-1]} no sales are booked" in note["text"]
    assert [v for v in facts["contributions"]["outcome"] if v is None] == [None] * 4
    for c in facts["channels"]:
        truth = known.contributions[c["channel"]]
        assert c["brought"][1] < truth < c["brought"][2]
        assert c["brought"][0] == pytest.approx(truth, rel=0.3)


def test_rows_of_nothing_say_that_there_was_nothing(lacking, known, tmp_path):
    path = tmp_path / "none.csv"
    lines = [f"{day},none{day},0" for day in known.series.periods[48:52]]
    path.write_text("\n".join(["day,id,amount", *lines]) + "\n", encoding="utf-8")
    import_file(lacking, path, preset="plain_sales")
    facts = fit_mix(lacking, settings=QUICK)
    assert facts["contributions"]["outcome"][48:52] == [0.0] * 4


def test_weeks_that_lack_sales_do_not_count_as_history(shop, known, tmp_path):
    book(shop, tmp_path, known.series, weeks=slice(0, 18))
    book(shop, tmp_path, known.series, weeks=slice(24, 25), name="later")
    with pytest.raises(UserError, match=r"at least 20 weeks.*found 19"):
        fit_mix(shop, settings=QUICK)


def test_spend_behind_the_last_sale_is_named(shop, known, tmp_path):
    book(shop, tmp_path, known.series, weeks=slice(0, 60))
    path = tmp_path / "more.csv"
    day = known.series.periods[64]
    path.write_text(f"day,channel,amount\n{day},tv,50\n", encoding="utf-8")
    import_file(shop, path, preset="plain_spend")
    facts = fit_mix(shop, settings=QUICK)
    assert any(f"spend until {day}" in note["text"] for note in facts["notes"])
    assert facts["series"]["periods"] == 60
