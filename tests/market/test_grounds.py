"""What lowers the figures of a fit, and tests that are recommended only where they can be designed."""

import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.market.companies import QUICK, At, book, made

from steelyard.api.market import import_file
from steelyard.api.measuring import design_test, fit_mix
from steelyard.api.rows import events, lines
from steelyard.errors import UserError
from steelyard.interval import Interval
from steelyard.market import mixing
from steelyard.market.beliefs import run
from steelyard.stats.mix.fit import Score
from steelyard.store import Store

WEEKS = 100


@pytest.fixture(autouse=True)
def quick_and_same_draw(monkeypatch):
    monkeypatch.setattr(Store, "salt", lambda store: b"of a test")
    monkeypatch.setattr(mixing, "settings_of", lambda market: QUICK)


@pytest.fixture(scope="module")
def known():
    return made(seed=3, periods=WEEKS)


@pytest.fixture
def company(shop, known, tmp_path):
    book(shop, tmp_path, known.series)
    return shop


def spend_of(shop, *rows):
    path = shop.folder / "more.csv"
    path.write_text("\n".join(["day,channel,amount", *rows]) + "\n", encoding="utf-8")
    import_file(shop, path, preset="plain_spend")


def test_forecasts_worse_than_the_last_season_leave_nothing_measured(company, monkeypatch):
    sure = {c["evidence"] for c in fit_mix(company)["channels"]}
    assert sure == {"measured"}
    worse = Score(324.7, 70.6, Interval(-254.1, -300.0, -200.0, 12), 0.5)
    monkeypatch.setattr(mixing, "leave_future_out", lambda *given, **how: worse)
    facts = fit_mix(company, again=True)
    assert {c["evidence"] for c in facts["channels"]} == {"extrapolated"}
    assert {c["curve_evidence"] for c in facts["channels"]} <= {"extrapolated", "assumed"}
    (said,) = [m["text"] for m in facts["misfits"]]
    assert "error of 325, the last season repeated with 70.60" in said
    assert "no figure of this fit is measured" in said


def test_the_step_of_the_market_leaves_curves_as_sure_as_the_fit_says(company, known, monkeypatch):
    worse = Score(324.7, 70.6, Interval(-254.1, -300.0, -200.0, 12), 0.5)
    monkeypatch.setattr(mixing, "leave_future_out", lambda *given, **how: worse)
    with closing(Store.open(company, clock=At(known.series.periods[-1] + timedelta(7)))) as store:
        left = run(store, company)
    assert left.market.no_fit is None
    assert {c.evidence for c in left.market.channels} <= {"extrapolated", "assumed"}


def test_residuals_with_a_memory_leave_nothing_measured(shop, known, tmp_path):
    rng, noise = np.random.default_rng(5), [0.0]
    for _ in range(WEEKS - 1):
        noise.append(0.95 * noise[-1] + rng.normal(0, 40))
    series = replace(known.series, outcome=known.series.array("outcome") + np.array(noise))
    book(shop, tmp_path, series)
    facts = fit_mix(shop)
    assert any("a memory of the last period" in m["text"] for m in facts["misfits"])
    assert "measured" not in {c["evidence"] for c in facts["channels"]}


def test_a_test_is_recommended_where_it_can_be_designed_and_else_why_not(company, known):
    first, last = known.series.periods[10], known.series.periods[-1]
    spend_of(company, *(f"{first + timedelta(weeks=k)},radio,{50 + k}" for k in range(3)))
    spend_of(company, *(f"{last - timedelta(weeks=k)},print,{50 + k}" for k in range(2)))
    told = {one["channel"]: one["text"] for one in fit_mix(company)["not_identified"]}
    assert {"radio", "print"} <= told.keys()
    for channel, text in told.items():
        found = re.search(r"market test (\S+?)(?: --lift (\S+?))?`", text)
        how = {"clock": At(last), "dry": True}
        if found is None:
            with pytest.raises(UserError):
                design_test(company, channel, **how)
            assert "no test can be designed yet" in text
        else:
            assert found[1] == channel
            assert design_test(company, channel, lift=float(found[2] or 0.1), **how)["blocks"]
    silent = (first + timedelta(weeks=2)).isoformat()
    assert f"it last did on {silent}" in told["radio"] and "market test print" in told["print"]


def test_a_channel_that_is_silent_of_late_is_refused_with_its_last_day(company, known):
    spend_of(company, *(f"{day},radio,50" for day in known.series.periods[:60]))
    at = At(known.series.periods[-1])
    with pytest.raises(UserError, match=f"last 4 weeks.*last did on {known.series.periods[59]}"):
        design_test(company, "radio", dry=True, clock=at)


def test_noisy_weeks_are_recommended_a_test_that_they_carry(shop, tmp_path):
    one = made(seed=3, periods=WEEKS, noise=0.8)
    book(shop, tmp_path, one.series)
    spend_of(shop, *(f"{day},print,5" for day in one.series.periods[-2:]))
    told = {one["channel"]: one["text"] for one in fit_mix(shop)["not_identified"]}
    lift = float(re.search(r"market test print --lift (\S+?)`", told["print"])[1])
    at = At(one.series.periods[-1])
    with pytest.raises(UserError, match="smallest lift"):
        design_test(shop, "print", dry=True, clock=at)
    assert design_test(shop, "print", lift=lift, dry=True, clock=at)["smallest_lift"] <= lift


def test_what_a_switchback_saves_is_what_is_spent_today(company, known):
    spend_of(company, *(f"{day},radio,500" for day in known.series.periods[:90]))
    spend_of(company, *(f"{day},radio,20" for day in known.series.periods[90:]))
    facts = design_test(company, "radio", dry=True, clock=At(known.series.periods[-1]))
    off = facts["weeks"] / 2
    assert facts["spend_saved"] == pytest.approx(20 * off)
    assert facts["warnings"] == []


def test_two_weeks_of_a_channel_say_what_the_power_is_for(company, known):
    spend_of(company, *(f"{day},radio,50" for day in known.series.periods[-2:]))
    facts = design_test(company, "radio", dry=True, clock=At(known.series.periods[-1]))
    (said,) = facts["warnings"]
    sold = float(known.series.array("outcome").mean())
    assert "has spent in 2 weeks only" in said["text"] and "lift of 10 %" in said["text"]
    returns = 0.1 / 1.1 * sold / 25  # of the last four weeks two were spent in
    assert f"would have to bring {returns:.2f}" in said["text"]


def test_a_fit_names_the_rows_of_its_outcome_and_of_each_spend(company, known):
    facts = fit_mix(company)

    def asked(rows):
        for one in rows:
            yield {{"from": "since", "to": "until"}.get(n, n): said for n, said in one.items()}

    for c in facts["channels"]:
        (how,) = asked(c["rows"])
        assert -sum(row["nano"] for row in lines(company, **how)) / 1e9 == pytest.approx(c["spent"])
    (how,) = asked(facts["series"]["rows"])
    sold = sum(row["nano"] for row in events(company, how.pop("events"), **how)) / 1e9
    assert sold == pytest.approx(sum(facts["contributions"]["outcome"]))
