"""Which periods of a series have no row because nothing was, and which because it was not imported. Knows no money.

A period without a row is one of nothing only where its neighbors are often without one too, and have so few rows that
none may come by chance; else its outcome is not known. Example: `gaps({day: 3}, periods, "week").missing`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

NEAR = 13  # neighbors on each side that say how a period usually is
RARE = 0.05  # a run of so many empty periods, expected so often in a series, was not imported
OFTEN = 0.9  # of weeks: a day of the week on which something, or nothing, is usually booked
# A rhythm, as of weeks between two days of billing: so many of the periods are empty, in so many other runs as long.
RHYTHM_SHARE, RHYTHM_RUNS = 0.3, 3
WEEK = 7
_Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Gaps:
    """First days of periods without a row, or of weeks that lack days of a longer gap: `missing` were not imported,
    in `empty` ones nothing was."""

    missing: tuple[date, ...]
    empty: tuple[date, ...]


NO_GAPS = Gaps((), ())


def gaps(rows: Mapping[date, int], periods: Sequence[date], period: str) -> Gaps:
    """Of how many rows are booked on which day, for periods of a day or a week."""
    if not periods:
        return NO_GAPS
    long = WEEK if period == "week" else 1
    days = [periods[0] + timedelta(days=i) for i in range(long * len(periods))]
    by_day = np.array([rows.get(day, 0) for day in days]).reshape(-1, long)
    counts = by_day.sum(axis=1)
    missing = _not_by_chance(counts, alike=1 if period == "week" else WEEK)
    if period == "week":
        missing |= _cut(by_day) & (counts > 0)
    return Gaps(
        tuple(day for day, gone in zip(periods, missing, strict=True) if gone),
        tuple(
            day for day, n, gone in zip(periods, counts, missing, strict=True) if not n and not gone
        ),
    )


def _not_by_chance(counts: _Counts, *, alike: int) -> NDArray[np.bool_]:
    """Empty periods [T] of runs that hardly come by chance; `alike` is how far apart periods are that are usually the
    same: a closed Sunday says nothing of a Monday."""
    missing = np.zeros(len(counts), dtype=bool)
    runs = list(_runs(counts == 0))
    lengths = np.array([stop - first for first, stop in runs], dtype=np.int64)
    often = float(np.mean(counts == 0)) >= RHYTHM_SHARE
    for first, stop in runs:
        if often and int((lengths >= stop - first).sum()) > RHYTHM_RUNS:
            continue
        chances = [_chance(counts, at, first, stop, alike) for at in range(first, stop)]
        if len(counts) * float(np.prod(chances)) < RARE:
            missing[first:stop] = np.array(chances) < OFTEN
    return missing


def _chance(counts: _Counts, at: int, first: int, stop: int, alike: int) -> float:
    """That a period is empty, by those like it around its run: how many are, and how few rows they have (Poisson)."""
    like = np.arange(at % alike, len(counts), alike)
    before, behind = like[like < first][-NEAR:], like[like >= stop][:NEAR]
    near = counts[np.concatenate([before, behind])]
    if not len(near):
        return 0.0
    return float(min(np.mean(near == 0), np.exp(-near.mean())))


def _cut(by_day: _Counts) -> NDArray[np.bool_]:
    """Weeks [T] in which a usual day is part of a week or more without a row."""
    booked = by_day > 0
    whole = booked[booked.any(axis=1)]
    usual = np.tile(whole.mean(axis=0) >= OFTEN, len(by_day)) if len(whole) else False
    gone = np.zeros(booked.size, dtype=bool)
    for first, stop in _runs(~booked.reshape(-1)):
        gone[first:stop] = stop - first >= WEEK
    return np.asarray((gone & usual).reshape(by_day.shape).any(axis=1))


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of each stretch that is set."""
    steps = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    yield from zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
