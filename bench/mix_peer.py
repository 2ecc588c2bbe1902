"""pymc-marketing on the series that bench/mix.py gives it; run in an environment of its own.

`PYTHON bench/mix_peer.py < series.json > found.json`: for each series its seconds, and the mean and 94 % interval of
what each channel brought. Its own defaults, but for the season (two waves of a year, as ours has) and the lags (8).
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402  # after the warnings are silenced
import pandas as pd  # noqa: E402
from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation  # noqa: E402


def main() -> None:
    given = json.load(sys.stdin)
    print(json.dumps([fitted(one, seed) for seed, one in enumerate(given)]))


def fitted(series: dict, seed: int) -> dict:
    names = list(series["spend"])
    x = pd.DataFrame({"date": pd.to_datetime(series["periods"]), **series["spend"]})
    x["trend"] = np.linspace(-1, 1, len(x))
    y = pd.Series(series["outcome"], name="y")
    before = time.perf_counter()
    model = MMM(
        date_column="date",
        channel_columns=names,
        control_columns=["trend"],
        adstock=GeometricAdstock(l_max=8),
        saturation=LogisticSaturation(),
        yearly_seasonality=2,
    )
    model.fit(
        X=x,
        y=y,
        chains=2,
        cores=2,
        tune=1000,
        draws=1000,
        nuts_sampler="nutpie",
        random_seed=seed,
        progressbar=False,
    )
    seconds = time.perf_counter() - before
    posterior = model.fit_result
    each = posterior["channel_contribution"].stack(draw_=("chain", "draw")).sum("date")
    scale = float(y.max())
    found = {}
    for name in names:
        draws = each.sel(channel=name).to_numpy() * scale
        low, high = np.quantile(draws, [0.03, 0.97])
        found[name] = [float(draws.mean()), float(low), float(high)]
    return {"seconds": seconds, "contributions": found}


if __name__ == "__main__":
    main()
