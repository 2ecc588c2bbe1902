"""What is no series is refused with its place; what a base is made of."""

import sys
from datetime import date, timedelta

import numpy as np
import pytest

from steelyard.errors import DataError, Missing, UserError
from steelyard.stats.mix import LiftTest, Series, Settings
from steelyard.stats.mix.design import base_of

N = 110
WEEKS = [date(2023, 1, 2) + timedelta(weeks=k) for k in range(N)]
RNG = np.random.default_rng(0)
OUTCOME, TV = RNG.normal(100, 5, N), RNG.gamma(2, 10, N)


def changed(values, at, value):
    copy = np.array(values, dtype=float)
    copy[at] = value
    return copy


def lift(**changes):
    given = {
        "channel": "tv",
        "first": WEEKS[3],
        "last": WEEKS[5],
        "change": 5.0,
        "lift": 3.0,
        "se": 1.0,
    }
    return LiftTest(**{**given, **changes})


BAD = {
    "a gap": (lambda: Series(WEEKS[:50] + WEEKS[51:], OUTCOME[1:], {"tv": TV[1:]}), "2023-12-25"),
    "a week twice": (
        lambda: Series([WEEKS[0], *WEEKS[:-1]], OUTCOME, {"tv": TV}),
        "one week after",
    ),
    "few periods": (lambda: Series(WEEKS[:5], OUTCOME[:5], {"tv": TV[:5]}), "at least 20"),
    "odd steps": (lambda: Series(WEEKS[::2], OUTCOME[::2], {"tv": TV[::2]}), "14 days apart"),
    "lengths": (lambda: Series(WEEKS, OUTCOME, {"tv": TV[1:]}), "each of the 110 periods"),
    "not a number": (lambda: Series(WEEKS, changed(OUTCOME, 7, np.nan), {"tv": TV}), "2023-02-20"),
    "infinite": (lambda: Series(WEEKS, OUTCOME, {"tv": changed(TV, 2, np.inf)}), "spend.tv"),
    "negative": (lambda: Series(WEEKS, OUTCOME, {"tv": changed(TV, 2, -1)}), "at least 0"),
    "no channel": (lambda: Series(WEEKS, OUTCOME, {}), "at least one channel"),
    "flat outcome": (lambda: Series(WEEKS, np.ones(N), {"tv": TV}), "varies"),
    "stranger": (lambda: Series(WEEKS, OUTCOME, {"tv": TV}, captures={"seo": TV}), "captures"),
    "no such test": (lambda: with_test(channel="seo"), "'seo'"),
    "sure test": (lambda: with_test(se=0.0), "se above 0"),
    "late test": (lambda: with_test(first=date(2030, 1, 1), last=date(2030, 2, 1)), "inside"),
    "test below none": (lambda: with_test(change=-1e6), "leaves a spend"),
    "no change": (lambda: with_test(change=0.0), "not 0"),
}


def with_test(**changes):
    return Series(WEEKS, OUTCOME, {"tv": TV}, lift_tests=[lift(**changes)])


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_series_is_refused_with_its_place(what):
    make, says = BAD[what]
    with pytest.raises(DataError, match="series") as refused:
        make()
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"adstock": "weibull"}, "geometric"),
        ({"chains": 1}, "at least 2"),
        ({"share": 0.0}, "share"),
    ],
)
def test_settings_that_cannot_be_are_told(change, says):
    with pytest.raises(UserError, match=says):
        Settings(**change)


def test_a_series_keeps_a_copy_that_nobody_can_change():
    given = OUTCOME.copy()
    series = Series(WEEKS, given, {"tv": TV})
    given[0] = -1
    assert series.array("outcome")[0] == OUTCOME[0]
    with pytest.raises(ValueError, match="read-only"):
        series.array("outcome")[0] = 1


@pytest.mark.parametrize(
    ("days", "step"),
    [
        ([date(2024, 1, 1) + timedelta(days=k) for k in range(30)], "day"),
        (WEEKS[:30], "week"),
        ([date(2022 + k // 12, k % 12 + 1, 1) for k in range(30)], "month"),
        ([date(1900 + k, 1, 1) for k in range(30)], "year"),
    ],
)
def test_the_step_is_read_from_the_days(days, step):
    assert Series(days, OUTCOME[:30], {"tv": TV[:30]}).step == step


def test_periods_that_come_follow_the_last_one():
    months = [date(2022 + k // 12, k % 12 + 1, 1) for k in range(23)]
    longer = Series(months, OUTCOME[:23], {"tv": TV[:23]}).longer(
        {"tv": [1.0, 2.0]}, controls={}, captures={}
    )
    assert longer.periods[-2:] == (date(2023, 12, 1), date(2024, 1, 1))
    with pytest.raises(DataError, match="coming periods"):
        longer.longer({"radio": [1.0]}, controls={}, captures={})


def test_a_base_of_a_longer_series_has_the_same_columns_on_what_is_known():
    price = RNG.normal(5, 1, N)
    settings = Settings(bends=2, harmonics=3)
    whole = base_of(
        Series(WEEKS, OUTCOME, {"tv": TV}, controls={"price": price}), settings, known=80
    )
    part = base_of(
        Series(WEEKS[:80], OUTCOME[:80], {"tv": TV[:80]}, controls={"price": price[:80]}), settings
    )
    assert whole.names == part.names
    assert whole.columns[:80] == pytest.approx(part.columns)


def test_no_season_is_made_of_years_or_of_less_than_a_cycle():
    years = [date(1900 + k, 1, 1) for k in range(30)]
    for days in (years, WEEKS[:40]):
        names = base_of(
            Series(days, OUTCOME[: len(days)], {"tv": TV[: len(days)]}), Settings()
        ).names
        assert not [name for name in names if name.startswith("year")]


def test_the_demand_behind_a_capturing_channel_is_a_control():
    names = base_of(Series(WEEKS, OUTCOME, {"tv": TV}, captures={"tv": OUTCOME}), Settings()).names
    assert "demand tv" in names


@pytest.mark.parametrize("country", ["CN", "US", "DE"])
def test_holidays_are_columns_of_the_days_they_take(country):
    pytest.importorskip("holidays")
    series = Series(WEEKS, OUTCOME, {"tv": TV})
    base = base_of(series, Settings(holidays=(country,)))
    found = [name for name in base.names if name.startswith(f"{country} ")]
    assert len(found) > 4
    assert base.columns[:, [base.names.index(name) for name in found]].max() <= 7


def test_chinese_new_year_moves():
    pytest.importorskip("holidays")
    base = base_of(Series(WEEKS, OUTCOME, {"tv": TV}), Settings(holidays=("CN",)))
    [name] = [n for n in base.names if "Chinese New Year" in n or "Spring Festival" in n]
    weeks = [
        WEEKS[k].isocalendar().week for k in np.flatnonzero(base.columns[:, base.names.index(name)])
    ]
    assert {3, 4} & set(weeks) and {6, 7} & set(weeks)


def test_a_country_that_is_none_is_told():
    pytest.importorskip("holidays")
    with pytest.raises(UserError, match="two letters"):
        base_of(Series(WEEKS, OUTCOME, {"tv": TV}), Settings(holidays=("XX",)))


def test_without_the_package_of_holidays_its_command_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(Missing, match=r"steelyard\[market\]"):
        base_of(Series(WEEKS, OUTCOME, {"tv": TV}), Settings(holidays=("CN",)))
