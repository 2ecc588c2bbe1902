"""What moves the outcome without any spend: level, trend, season, holidays, controls. Knows no curve.

Each column is shrunk a little towards zero, so columns that say the same are no error.
Example: `base_of(series, Settings(holidays=("CN",))).names`
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import UserError
from steelyard.plugins import need
from steelyard.stats.mix.series import Series
from steelyard.stats.mix.settings import Settings

Array = NDArray[np.float64]
YEAR_DAYS = 365.25
SEEN_MIN = 2  # a holiday that was seen once cannot be told from the noise of its period
# prior deviation of a column's coefficient, in noise of one period
WIDE, SHRUNK = 1000.0, 20.0


@dataclass(frozen=True)
class Base:
    """Columns [T, p] with their names, and the prior deviation [p] of each, in noise of a period."""

    names: tuple[str, ...]
    columns: Array
    spread: Array


def base_of(series: Series, settings: Settings, *, known: int | None = None) -> Base:
    """All columns of a series. Only its first `known` periods say how a column is scaled and which are
    left out for never changing, so a forecast has the columns that its fit had."""
    n = known or len(series.periods)
    found = [*_trend(series, settings, n), *_season(series, settings, n)]
    found += [*_holidays(series, settings.holidays, n), *_controls(series, n)]
    names = ("level", *(name for name, _ in found))
    columns = np.stack([np.ones(len(series.periods)), *(column for _, column in found)], axis=1)
    spread = np.where(np.arange(len(names)) == 0, WIDE, SHRUNK)
    return Base(names, columns, spread)


def _trend(series: Series, settings: Settings, known: int) -> Iterator[tuple[str, Array]]:
    """A line, and a bend at each of evenly spaced periods (Taylor & Letham 2018, section 3.1.2)."""
    time = 2 * np.arange(len(series.periods)) / (known - 1) - 1
    yield "trend", time
    for at in np.linspace(-1.0, 1.0, settings.bends + 2)[1:-1]:
        turn = series.periods[int(np.argmin(np.abs(time - at)))]
        yield f"bend {turn}", np.maximum(time - at, 0.0)


def _season(series: Series, settings: Settings, known: int) -> Iterator[tuple[str, Array]]:
    """Waves of the year, and of the week for days (Harvey 1989, section 2.3.4)."""
    day = np.array([d.toordinal() for d in series.periods], dtype=np.float64)
    span = day[known - 1] - day[0]
    cycles = [("year", YEAR_DAYS, settings.harmonics)]
    cycles += [("week", 7.0, 3)] if series.step == "day" else []
    for name, length, harmonics in cycles:
        # under one cycle a wave is a trend; at two periods a cycle its sine is gone
        apart = span / (known - 1)
        for k in range(1, harmonics + 1 if span >= length else 1):
            if 2 * k * apart < length:
                yield f"{name} sin {k}", np.sin(2 * math.pi * k * day / length)
                yield f"{name} cos {k}", np.cos(2 * math.pi * k * day / length)


def _holidays(
    series: Series, countries: tuple[str, ...], known: int
) -> Iterator[tuple[str, Array]]:
    """A column for each holiday: how many days of a period it takes. It moves where the holiday
    does, as Chinese New Year; a day off in lieu counts as a day of its holiday."""
    starts = np.array([day.toordinal() for day in series.periods])
    ends = np.append(starts[1:], 2 * starts[-1] - starts[-2])
    for country in countries:
        columns: dict[str, Array] = {}
        for day, name in _days_off(country, series.periods):
            at = int(np.searchsorted(starts, day.toordinal(), side="right")) - 1
            if at >= 0 and day.toordinal() < ends[at]:
                columns.setdefault(name, np.zeros(len(starts)))[at] += 1
        for name, column in sorted(columns.items()):
            if np.count_nonzero(column[:known]) >= SEEN_MIN and np.ptp(column[:known]) > 0:
                yield f"{country} {name}", column


def _days_off(country: str, periods: Sequence[datetime.date]) -> list[tuple[datetime.date, str]]:
    library = need("holidays", extra="market")
    years = range(periods[0].year, periods[-1].year + 2)
    try:
        known = library.country_holidays(country, years=years, language="en_US")
    except NotImplementedError as error:
        raise UserError(
            "settings.holidays", "a country's two letters, such as CN or DE", f"'{country}'"
        ) from error
    found = [(day, name) for day, names in known.items() for name in names.split("; ")]
    return [(day, _plain(name)) for day, name in sorted(found)]


def _plain(name: str) -> str:
    """The holiday itself: `Labor Day (observed)` is Labor Day."""
    return name.split(" (")[0].removesuffix(" Holiday")


def _controls(series: Series, known: int) -> Iterator[tuple[str, Array]]:
    """Standardised; the demand behind a capturing channel is one (Chen et al. 2018)."""
    named = [("control", "controls", name) for name in series.controls]
    named += [("demand", "captures", name) for name in series.captures]
    for prefix, kind, name in named:
        column = series.array(kind, name)
        if np.ptp(column[:known]) > 0:
            yield f"{prefix} {name}", (column - column[:known].mean()) / column[:known].std()
