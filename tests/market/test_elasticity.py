"""What experiments left is pooled into what a point of quality and 100 ms do; until then a prior says so."""

import json

import numpy as np
import pytest
from tests.buying import COUNTED, Later, asked, bought
from tests.release.common import canary_of, edit, replayed
from tests.serving import publish
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.market.elasticity import elasticities, finished
from steelyard.release.effects import NAMES
from steelyard.report.market_section import _elasticity
from steelyard.report.market_words import CHAPTER
from steelyard.serve import Server
from steelyard.spec import load

PER_POINT, PER_100_MS = 0.05, -0.02  # of log conversion


def experiments(store, n, *, decision="promote", seed=0, leave_out=()):
    """Facts of decided experiments whose truth is known."""
    rng, live = np.random.default_rng(seed), publish(store)
    for i in range(n):
        points, hundreds = rng.normal(0, 2), rng.normal(0, 1)
        lift = PER_POINT * points + PER_100_MS * hundreds + rng.normal(0, 0.02)
        values = (
            (points / 100 + rng.normal(0, 0.004), 0.004),
            (hundreds * 100 + rng.normal(0, 5), 5.0),
            (lift + rng.normal(0, 0.03), 0.03),
            (0.0, 0.02),
        )

        def work(step, i=i, values=values):
            step.add(
                "experiment",
                id=f"e{seed}-{i}",
                product=store.product,
                arms={"live": live, "canary": f"c{i}"},
                unit="user",
                metric="conversion",
                rule={},
                readout={"decision": decision},
            )
            for name, (value, error) in zip(NAMES, values, strict=True):
                half = 1.959964 * error
                if name not in leave_out:
                    step.measure(
                        f"e{seed}-{i}",
                        name,
                        value,
                        low=value - half,
                        high=value + half,
                        n=900,
                        on="x",
                    )
            return {}

        store.step(store.begin_turn("t"), "replay", f"e{seed}-{i}", work, cpu_price=0)


def test_before_an_experiment_each_figure_is_its_prior_and_says_that_it_is_assumed(store):
    told = elasticities(store)
    for outcome in ("conversion", "retention"):
        for cause in ("quality", "p95", "price"):
            figure = told[outcome][cause]
            assert figure.evidence == "assumed" and figure.n == 0 and figure.low < figure.high
    assert told["conversion"]["p95"].value == pytest.approx(np.expm1(-0.01))
    assert told["conversion"]["price"].value == pytest.approx(np.expm1(-0.026))


def test_many_experiments_measure_what_a_point_and_100_ms_do(store):
    experiments(store, 14)
    told = elasticities(store)["conversion"]
    assert told["price"].evidence == "assumed"  # none of them changed a price
    for cause, true in (("quality", PER_POINT), ("p95", PER_100_MS)):
        figure = told[cause]
        assert figure.low < np.expm1(true) < figure.high and figure.n == 14
    assert told["quality"].evidence == "measured" and told["quality"].low > 0
    assert told["quality"].events == {"experiments": 14}


def test_one_experiment_is_extrapolated_since_the_prior_still_weighs(store):
    experiments(store, 1)
    assert elasticities(store)["retention"]["p95"].evidence == "extrapolated"


@pytest.mark.parametrize(
    "how",
    [{"decision": "keep"}, {"leave_out": ("p95_difference_ms",)}, {"leave_out": NAMES[:1]}],
    ids=["undecided", "no p95", "no quality"],
)
def test_an_experiment_that_is_open_or_did_not_measure_all_of_it_does_not_count(store, how):
    experiments(store, 2, **how)
    assert elasticities(store)["conversion"]["quality"].evidence == "assumed"


def test_what_was_decided_later_is_not_in_a_report_of_before(store):
    experiments(store, 2)
    assert len(finished(store)) == 2 and not finished(store, until="2020")


def test_a_pair_that_was_read_out_twice_is_one_experiment(store):
    experiments(store, 2)
    experiments(store, 2, seed=1)
    assert [one.id for one in finished(store)] == ["e1-0", "e1-1"]


def test_a_decided_experiment_leaves_what_is_pooled_and_the_command_shows_it(store, product_file):
    store.clock = Later()
    pair = canary_of(store, product_file, flip=False, loss_max=0.3)
    edit(product_file, ("release: {", "release: {metric: conversion, "))
    product_file.write_text(product_file.read_text(encoding="utf-8") + COUNTED, encoding="utf-8")
    product, users = load(product_file), [f"user {i}" for i in range(160)]
    checked(store, pair)
    replayed(store, product_file, pair, turn=store.begin_turn("l"), key="9")  # the stream guards
    with Server(store, product) as url:
        states = asked(url, users)
        buyers = [u for i, u in enumerate(users) if states[u] == "canary" or i % 5 == 0]
        bought(url, [(user, None) for user in buyers])
        store.clock.days = 1.1
        asked(url, users[::2])
    store.clock.days = 8
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "promote"
    left = store.measures.of(found["experiment"])
    assert set(NAMES) <= set(left)
    shares = {
        arm: np.mean([user in buyers for user in users if states[user] == arm])
        for arm in ("live", "canary")
    }
    lift = left["conversion_log_lift"]
    assert lift["value"] == pytest.approx(np.log(shares["canary"] / shares["live"]))
    assert lift["n"] == 160 and lift["low"] < lift["value"] < lift["high"]
    assert left["quality_difference"]["value"] == pytest.approx(0.02)
    assert left["p95_difference_ms"]["low"] <= left["p95_difference_ms"]["value"]
    assert elasticities(store)["conversion"]["quality"].n == 1
    shown = CliRunner().invoke(app, ["economics", str(product_file)], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "one point of quality" in shown.output and "n = 1" in shown.output
    assert "1 % of price" in shown.output
    facts = json.loads(CliRunner().invoke(app, ["economics", str(product_file), "--json"]).output)
    assert facts["elasticity"]["conversion"]["quality"]["events"] == {"experiments": 1}
    for language, word in (("en", "100 ms of p95"), ("zh", "p95 延迟 100 毫秒")):
        assert word in _elasticity(facts["elasticity"], CHAPTER[language], language)


def checked(store, pair):
    """The check of the hold-out that the walk made before the canary met a user."""

    def work(step):
        on = f"holdout of d against {pair['live']}"
        step.measure(
            pair["canary"], "holdout_quality_against_live", 0.02, low=0.0, high=0.04, n=99, on=on
        )
        return {}

    store.step(store.begin_turn("t"), "release", "checked", work, cpu_price=0)
