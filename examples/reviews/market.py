"""A simulated market: a company that nobody owns, as the files that a real one would export.

Three channels, visits, sales of customers who come back, a list of customers, two invoices a month. A day's rows
are the same for a seed wherever the files end, so that a later set of files overlaps an earlier one.
Example: `python examples/reviews/market.py FOLDER --seed 7 --before 2026-11-01`
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

SAID = "simulated market"  # in every file's name, and in every row that has room for it
FIRST = date(2024, 1, 1)  # a Monday: here the company begins
WEEKS = 104
ORDER_CNY = 180.0
COMES_BACK = (1.2, 1.4)  # of the beta distribution of the share that buys once more
DAYS_BETWEEN = 35.0
REFUNDED_SHARE, FEE_SHARE = 0.04, 0.006
ORGANIC = 10.0  # new customers a week that no channel brought
INVOICES = (("machine", "cpu", 420), ("rent", "", 6000))
Rows = list[list[object]]


@dataclass(frozen=True)
class Channel:
    """What a channel costs a week in CNY, and what that truly brings: new customers, at most `most`."""

    name: str
    spend: float
    most: float
    carries: float  # of last week's effect, into this one
    visits: float  # for a new customer


CHANNELS = (
    Channel("search", 900.0, 16.0, 0.1, 25.0),
    Channel("social", 700.0, 9.0, 0.4, 60.0),
    Channel("video", 500.0, 4.0, 0.6, 90.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files of a simulated market.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--before", type=date.fromisoformat, default=date.today())
    asked = parser.parse_args()
    for path in write(asked.folder, seed=asked.seed, before=asked.before):
        print(path)


def write(folder: Path, *, seed: int, before: date) -> list[Path]:
    """The files, with the last 104 whole weeks before a day; no row is of that day or a later one."""
    folder.mkdir(parents=True, exist_ok=True)
    last = before - timedelta(days=before.weekday())
    paths = []
    for kind, (head, rows) in tables(seed=seed, since=last - timedelta(weeks=WEEKS), before=last):
        path = folder / f"simulated-market-{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head.split(), *rows])
        paths.append(path)
    return paths


def tables(*, seed: int, since: date, before: date) -> Iterator[tuple[str, tuple[str, Rows]]]:
    """(kind, (head, rows)) of each file; a customer of an earlier day is in the list too."""
    ads: Rows = []
    visits: Rows = []
    customers: Rows = []
    sales: Rows = []
    carried = dict.fromkeys((c.name for c in CHANNELS), 0.0)
    for week in range((before - FIRST).days // 7):
        rng = np.random.default_rng((seed, week))
        monday = FIRST + timedelta(weeks=week)
        won = {"": int(rng.poisson(ORGANIC * _season(week)))}
        for channel in CHANNELS:
            spend = _spend(rng, channel, week)
            carried[channel.name] = channel.carries * carried[channel.name] + spend / channel.spend
            level = carried[channel.name] * (1 - channel.carries)
            won[channel.name] = int(rng.poisson(channel.most * math.tanh(level / 1.5)))
            ads.append([monday, channel.name, SAID, f"{spend:.2f}"])
            seen = int(rng.poisson(20 + channel.visits * won[channel.name]))
            visits.append([monday, channel.name, SAID, seen, won[channel.name]])
        for name, count in won.items():
            _people(rng, monday, name, count, customers, sales)
    within = f"{since}", f"{before}"
    yield "spend", ("day channel campaign amount", _cut(ads, *within))
    yield "visits", ("day channel campaign visits conversions", _cut(visits, *within))
    yield "customers", ("since id channel", _cut(customers, "", within[1]))
    yield "sales", ("day id customer amount refund fee channel", _cut(sales, *within))
    yield (
        "invoices",
        ("day account covers since until supplier amount", _cut(_invoices(before), *within)),
    )


def _season(week: int) -> float:
    return 1 + 0.2 * math.sin(2 * math.pi * week / 52.18)


def _spend(rng: np.random.Generator, channel: Channel, week: int) -> float:
    """Budgets follow the season a little and wander; now and then a channel rests."""
    spend = channel.spend * _season(week) * float(np.exp(rng.normal(0, 0.5)))
    return 0.0 if rng.random() < 0.12 else round(spend, 2)


def _people(
    rng: np.random.Generator, monday: date, channel: str, count: int, customers: Rows, sales: Rows
) -> None:
    """New customers of a week and all that each of them will ever pay."""
    for number in range(count):
        day = monday + timedelta(days=int(rng.integers(7)))
        who = f"{monday}-{channel or 'direct'}-{number}@simulated-market.example"
        customers.append([day, who, channel])
        usual, order = ORDER_CNY * float(rng.gamma(6, 1 / 6)), 0
        again, between = float(rng.beta(*COMES_BACK)), DAYS_BETWEEN / float(rng.gamma(3, 1 / 3))
        while order == 0 or rng.random() < again:
            paid = round(usual * float(rng.uniform(0.7, 1.3)), 2)
            refund = paid if rng.random() < REFUNDED_SHARE else 0.0
            name = f"{monday}-{channel or 'direct'}-{number}-{order}"
            fee = f"{paid * FEE_SHARE:.2f}"
            sales.append([day, name, who, f"{paid:.2f}", f"{refund:.2f}", fee, channel])
            day += timedelta(days=min(1 + int(rng.exponential(between)), 3650))
            order += 1


def _invoices(before: date) -> Rows:
    """Two of each month that is over: one pays for the CPU that is metered, the other does not."""
    rows: Rows = []
    first = FIRST
    while (after := (first + timedelta(days=31)).replace(day=1)) < before:
        last = after - timedelta(days=1)
        rows += [
            [after, account, covers, first, last, SAID, amount]
            for account, covers, amount in INVOICES
        ]
        first = after
    return rows


def _cut(rows: Rows, since: str, before: str) -> Rows:
    """The rows of the days from `since` on and before `before`, in order of their days."""
    return sorted((r for r in rows if since <= str(r[0]) < before), key=lambda r: str(r[0]))


if __name__ == "__main__":
    main()
