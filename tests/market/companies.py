"""A company whose market is known, as the exports that a shop imports: what each ad did is not in the books.

Its weeks are Mondays from 2023-01-02; sales fall on every day of a week, spend on its first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import numpy as np

from steelyard.api.market import import_file
from steelyard.clock import Clock
from steelyard.stats.mix import Settings
from steelyard.stats.mix.simulated import company

QUICK = Settings(chains=4, warm_up=300, sweeps=500, draws=400, harmonics=1)


@dataclass
class At(Clock):
    """A clock that stands on a day, and goes on by a second with each look."""

    day: object
    seconds: int = 0

    def now(self):
        self.seconds += 1
        at = datetime.combine(self.day, time(12), UTC) + timedelta(seconds=self.seconds)
        return at.isoformat(timespec="microseconds")


def book(shop, folder, series, *, weeks=slice(None), constant=(), name="a"):
    """Import the weeks of a series."""
    days = series.periods[weeks]
    sales, spend = ["day,id,amount"], ["day,channel,amount"]
    for day, sold in zip(days, series.array("outcome")[weeks], strict=True):
        sales += [
            f"{day + timedelta(days=i)},{name}{day}-{i},{max(sold, 0.07) / 7:.4f}" for i in range(7)
        ]
    for channel in series.channels:
        column = series.array("spend", channel)[weeks]
        spend += [
            f"{day},{channel},{1.0 if channel in constant else amount:.4f}"
            for day, amount in zip(days, column, strict=True)
            if amount > 0 or channel in constant
        ]
    _import(shop, folder / f"sales-{name}.csv", sales, "plain_sales")
    _import(shop, folder / f"spend-{name}.csv", spend, "plain_spend")


def _import(shop, path, rows, preset):
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_file(shop, path, preset=preset)


def made(*, seed, periods, channels=2, noise=0.03, memory=None):
    """`memory` is how much of tv's effect is left a week later, of which a switchback sees a part only."""
    one = company(seed=seed, periods=periods, channels=channels, noise=noise)
    if memory is None:
        return one
    curve = (memory, *one.curves["tv"][1:])
    other = replace(one, curves={**one.curves, "tv": curve})
    outcome = one.series.array("outcome") + _effect(other, "tv", one.series)
    outcome = outcome - _effect(one, "tv", one.series)
    brought = {**one.contributions, "tv": float(_effect(other, "tv", one.series).sum())}
    return replace(other, series=replace(one.series, outcome=outcome), contributions=brought)


def under(one, channel, on, first):
    """The series with a channel off in the weeks from `first` on where `on` says so: what its truth would be."""
    spend = {name: np.array(one.series.array("spend", name)) for name in one.series.channels}
    stop = first + len(on)
    usual = float(spend[channel][:first].mean())
    spend[channel][first:stop] = np.where(on, usual, 0.0)
    before, after = one.series, replace(one.series, spend=spend)
    outcome = before.array("outcome") + _effect(one, channel, after) - _effect(one, channel, before)
    return replace(after, outcome=outcome)


def _effect(one, channel, series):
    """What a channel brings in each week of a series [T], by the company's own curve."""
    from steelyard.stats.mix.simulated import _made

    mean = float(one.series.array("spend", channel).mean())
    return _made(series.array("spend", channel), mean, one.curves[channel])


REGIONS = tuple(f"r{i:02}" for i in range(12))


def regional(shop, folder, one, *, until):
    """Import a company whose outcome and spend are parted among twelve regions, up to a week; what is left is
    imported by the function that comes back, with tv off in some regions: (what tv would have brought there in
    these weeks, what it brought in all)."""
    rng = np.random.default_rng(9)
    share = rng.dirichlet(np.full(len(REGIONS), 40.0))
    series = one.series
    tv = _effect(one, "tv", series)
    rest = series.array("outcome") - tv
    wander = 1 + 0.01 * rng.normal(size=(len(rest), len(REGIONS)))
    _book_regions(
        shop, folder, one, share, (rest[:, None] * wander + tv[:, None]) * share, slice(0, until)
    )

    def lived(treated):
        on = np.array([name not in treated for name in REGIONS])
        dark = replace(
            series,
            spend={
                **series.spend,
                "tv": np.where(np.arange(len(rest)) < until, series.array("spend", "tv"), 0.0),
            },
        )
        without = _effect(one, "tv", dark)
        by_region = np.where(on, tv[:, None], without[:, None])
        y = (rest[:, None] * wander + by_region) * share
        _book_regions(shop, folder, one, share, y, slice(until, None), on=on)
        lost = ((tv - without)[:, None] * share)[until:, ~on].sum()
        return float(lost), float((by_region * share).sum())

    return lived


def _book_regions(shop, folder, one, share, outcome, weeks, on=True):
    days = one.series.periods[weeks]
    sales, spend = ["day,id,amount,region"], ["day,channel,region,amount"]
    on = np.broadcast_to(on, len(REGIONS))
    for day, row in zip(days, outcome[weeks], strict=True):
        sales += [
            f"{day + timedelta(days=i)},{day}-{i}-{name},{sold / 7:.4f},{name}"
            for name, sold in zip(REGIONS, row, strict=True)
            for i in range(7)
        ]
    for channel in one.series.channels:
        for day, amount in zip(days, one.series.array("spend", channel)[weeks], strict=True):
            spend += [
                f"{day},{channel},{name},{amount * part:.4f}"
                for name, part, there in zip(REGIONS, share, on, strict=True)
                if amount > 0 and (there or channel != "tv")
            ]
    name = days[0]
    _import(shop, folder / f"sales-{name}.csv", sales, "plain_sales")
    _import(shop, folder / f"spend-{name}.csv", spend, "plain_spend")
