"""pymc-marketing or Meridian on the series that bench/mix_geo.py gives it; run in an environment of its own.

`PYTHON bench/mix_geo_peer.py pymc|meridian < series.json > found.json`: seconds of the fit, the forecast of the weeks
behind the first `known` given their spend, and the mean and 94 % interval of what each channel brought in those known.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402  # after the warnings are silenced
import pandas as pd  # noqa: E402


def main() -> None:
    given = json.load(sys.stdin)
    print(json.dumps({"pymc": pymc, "meridian": meridian}[sys.argv[1]](given)))


def pymc(given: dict) -> dict:
    """Its own defaults, but for the season (two waves of a year) and the lags (8), as in bench/mix_peer.py."""
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

    names, controls, known = list(given["spend"]), list(given["controls"]), given["known"]
    x = pd.DataFrame(
        {"date": pd.to_datetime(given["periods"]), **given["spend"], **given["controls"]}
    )
    x["trend"] = np.linspace(-1, 1, len(x))
    y = pd.Series(given["outcome"][:known], name="y")
    before = time.perf_counter()
    model = MMM(
        date_column="date",
        channel_columns=names,
        control_columns=["trend", *controls],
        adstock=GeometricAdstock(l_max=8),
        saturation=LogisticSaturation(),
        yearly_seasonality=2,
    )
    model.fit(
        X=x[:known],
        y=y,
        chains=2,
        cores=2,
        tune=1000,
        draws=1000,
        nuts_sampler="nutpie",
        random_seed=0,
        progressbar=False,
    )
    seconds = time.perf_counter() - before
    ahead = model.sample_posterior_predictive(
        X=x[known:], include_last_observations=True, extend_idata=False, progressbar=False
    )
    told = (
        ahead["y"].mean([d for d in ahead["y"].dims if d != "date"]).to_numpy()[-(len(x) - known) :]
    )
    each = model.fit_result["channel_contribution"].stack(draw_=("chain", "draw")).sum("date")
    brought = {name: each.sel(channel=name).to_numpy() * float(y.max()) for name in names}
    return {"seconds": seconds, "forecast": told.tolist(), "brought": ends(brought)}


def meridian(given: dict) -> dict:
    """Its own priors; a knot of its intercept for about every twenty weeks, since it has no season of its own."""
    from meridian.analysis import analyzer
    from meridian.data import data_frame_input_data_builder as builder
    from meridian.model import model, spec

    names, controls, known = list(given["spend"]), list(given["controls"]), given["known"]
    frame = pd.DataFrame(
        {
            "time": given["periods"],
            "outcome": given["outcome"],
            **given["controls"],
            **{f"{name}_spend": given["spend"][name] for name in names},
        }
    )
    made = builder.DataFrameInputDataBuilder(kpi_type="revenue")
    made = made.with_kpi(frame, kpi_col="outcome").with_controls(frame, control_cols=controls)
    spent = [f"{name}_spend" for name in names]
    data = made.with_media(
        frame, media_cols=spent, media_spend_cols=spent, media_channels=names
    ).build()
    held_out = np.arange(len(frame)) >= known
    before = time.perf_counter()
    one = model.Meridian(input_data=data, model_spec=spec.ModelSpec(knots=8, holdout_id=held_out))
    one.sample_prior(500)
    one.sample_posterior(n_chains=2, n_adapt=500, n_burnin=500, n_keep=1000, seed=0)
    seconds = time.perf_counter() - before
    told = analyzer.Analyzer(one)
    expected = (
        np.asarray(told.expected_outcome(aggregate_times=False)).mean(axis=(0, 1)).reshape(-1)
    )
    first = [str(day) for day in given["periods"][:known]]
    each = np.asarray(told.incremental_outcome(selected_times=first, aggregate_times=True))
    brought = {name: each[..., i].reshape(-1) for i, name in enumerate(names)}
    return {"seconds": seconds, "forecast": expected[known:].tolist(), "brought": ends(brought)}


def ends(brought: dict) -> dict:
    return {
        name: [float(draws.mean()), *map(float, np.quantile(draws, [0.03, 0.97]))]
        for name, draws in brought.items()
    }


if __name__ == "__main__":
    main()
