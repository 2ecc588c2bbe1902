"""What a marketing mix is fitted to: periods, outcome, spend, controls, lift tests. Knows no curve.

A series is right by construction: what cannot be read as one is refused with its place.
Example: `Series(periods, orders, {"tv": tv, "search": search}, controls={"price": price})`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError

Array = NDArray[np.float64]
PERIODS_MIN = 20
# name -> days between two periods (shortest, longest)
STEPS = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "quarter": (90, 92), "year": (365, 366)}


@dataclass(frozen=True, kw_only=True)
class LiftTest:
    """An experiment: with `change` more spend a period from `first` to `last` (less if negative),
    the outcome of these periods was `lift` more in all, give or take `se`."""

    channel: str
    first: date
    last: date
    change: float
    lift: float
    se: float


@dataclass(frozen=True)
class Series:
    """`periods` [T] are first days, `outcome` [T], each spend and control [T].

    `captures` names channels that take up a demand which is there already, such as brand search,
    each with that demand [T]: it becomes a control. `before` is a channel's spend a period before
    the series begins; without it, that of the first period. `unknown` names periods whose outcome
    nobody knows: it is not read, and their spend still works in the periods behind them.
    """

    periods: Sequence[date]
    outcome: ArrayLike
    spend: Mapping[str, ArrayLike]
    controls: Mapping[str, ArrayLike] = field(default_factory=dict, kw_only=True)
    lift_tests: Sequence[LiftTest] = field(default=(), kw_only=True)
    captures: Mapping[str, ArrayLike] = field(default_factory=dict, kw_only=True)
    before: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    unknown: Sequence[date] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Arrays are copied; DataError for what is no series."""
        _put(self, "periods", tuple(self.periods))
        _put(self, "lift_tests", tuple(self.lift_tests))
        _put(self, "unknown", tuple(self.unknown))
        self.step  # noqa: B018  # its error is the point
        _put(self, "outcome", self._column("outcome", self.outcome))
        for name in ("spend", "controls", "captures"):
            given: Mapping[str, ArrayLike] = getattr(self, name)
            columns = {k: self._column(f"{name}.{k}", v) for k, v in given.items()}
            _put(self, name, columns)
        _put(self, "before", dict(self.before))
        self._refuse()

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.spend)

    @property
    def step(self) -> str:
        """What a period is: day, week, month, quarter or year; DataError for gaps."""
        if len(self.periods) < PERIODS_MIN:
            raise DataError(
                "series.periods",
                f"at least {PERIODS_MIN} periods",
                str(len(self.periods)),
                "give a longer history, or shorter periods",
            )
        days = [(b - a).days for a, b in zip(self.periods, self.periods[1:], strict=False)]
        usual = sorted(days)[len(days) // 2]
        for name, (low, high) in STEPS.items():
            if low <= usual <= high:
                return self._without_gaps(name, days, low, high)
        raise DataError("series.periods", f"one of {list(STEPS)}", f"{usual} days apart")

    def _without_gaps(self, name: str, days: list[int], low: int, high: int) -> str:
        for before, after, apart in zip(self.periods, self.periods[1:], days, strict=False):
            if not low <= apart <= high:
                raise DataError(
                    f"series.periods: {after}",
                    f"one {name} after {before}",
                    f"{apart} days",
                    "give every period once and in order; a period without spend has spend 0",
                )
        return name

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which periods [T] have an outcome that is known."""
        return ~np.isin(_ordinals(self.periods), _ordinals(self.unknown))

    @property
    def order(self) -> NDArray[np.int64]:
        """Periods [T] as a model has them: those whose outcome is known, then the others."""
        seen = self.seen
        return np.concatenate([np.flatnonzero(seen), np.flatnonzero(~seen)])

    def in_time(self, rows: Array) -> Array:
        """Rows [..., T] of a model in the order of time."""
        placed = np.empty_like(rows)
        placed[..., self.order] = rows
        return placed

    def array(self, kind: str, name: str = "") -> Array:
        """A column as it was read: `array("outcome")`, `array("spend", "tv")`."""
        column = getattr(self, kind)
        return np.asarray(column[name] if name else column, dtype=np.float64)

    def first(self, periods: int) -> Series:
        """The series as it stood after so many periods; lift tests that ended by then stay."""
        last = self.periods[periods - 1]

        def cut(columns: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
            return {name: np.asarray(column)[:periods] for name, column in columns.items()}

        return Series(
            self.periods[:periods],
            self.array("outcome")[:periods],
            cut(self.spend),
            controls=cut(self.controls),
            lift_tests=[test for test in self.lift_tests if test.last <= last],
            captures=cut(self.captures),
            before=self.before,
            unknown=[day for day in self.unknown if day <= last],
        )

    def longer(
        self,
        spend: Mapping[str, ArrayLike],
        *,
        controls: Mapping[str, ArrayLike],
        captures: Mapping[str, ArrayLike],
    ) -> Series:
        """The series with periods behind it whose outcome is not known yet, and is 0 here."""

        def joined(kind: str, more: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
            known = getattr(self, kind)
            if set(known) != set(more):
                raise DataError(
                    f"series.{kind}", f"the coming periods of {sorted(known)}", str(sorted(more))
                )
            return {k: np.concatenate([v, np.asarray(more[k])]) for k, v in known.items()}

        count = len(np.asarray(next(iter(spend.values()), ())))
        return Series(
            [*self.periods, *_coming(self.periods, count, self.step)],
            np.concatenate([self.array("outcome"), np.zeros(count)]),
            joined("spend", spend),
            controls=joined("controls", controls),
            lift_tests=self.lift_tests,
            captures=joined("captures", captures),
            before=self.before,
            unknown=self.unknown,
        )

    def _column(self, place: str, values: ArrayLike) -> Array:
        column = np.array(values, dtype=np.float64)
        if column.shape != (len(self.periods),):
            raise DataError(
                f"series.{place}",
                f"a number for each of the {len(self.periods)} periods",
                f"shape {column.shape}",
                "give one value a period",
            )
        for at in np.flatnonzero(~np.isfinite(column))[:1]:
            raise DataError(
                f"series.{place}: {self.periods[at]}",
                "a finite number",
                str(column[at]),
                "say 0 where nothing was spent, and fill what was not measured",
            )
        column.flags.writeable = False
        return column

    def _refuse(self) -> None:
        if not self.spend:
            raise DataError("series.spend", "at least one channel", "none")
        for day in sorted(set(self.unknown) - set(self.periods))[:1]:
            raise DataError("series.unknown", "one of the periods", str(day))
        known = self.array("outcome")[self.seen]
        if len(known) < PERIODS_MIN:
            raise DataError(
                "series.outcome",
                f"at least {PERIODS_MIN} periods whose outcome is known",
                str(len(known)),
                "give a longer history, or shorter periods",
            )
        if np.ptp(known) == 0:
            raise DataError("series.outcome", "an outcome that varies", "one value in all periods")
        for name in self.channels:
            for at in np.flatnonzero(self.array("spend", name) < 0)[:1]:
                raise DataError(
                    f"series.spend.{name}: {self.periods[at]}",
                    "a spend of at least 0",
                    str(self.array("spend", name)[at]),
                    "book a refund in the period of its spend",
                )
        channels = {*self.channels}
        for place, names in (("captures", self.captures), ("before", self.before)):
            for name in sorted(set(names) - channels):
                raise DataError(f"series.{place}", f"one of {sorted(channels)}", f"'{name}'")
        for test in self.lift_tests:
            self._refuse_test(test)

    def _refuse_test(self, test: LiftTest) -> None:
        place = f"series.lift_tests: {test.channel} from {test.first}"
        if test.channel not in self.spend:
            raise DataError(place, f"a channel of {sorted(self.spend)}", f"'{test.channel}'")
        if not (test.se > 0 and np.isfinite([test.se, test.lift, test.change]).all()):
            raise DataError(place, "finite numbers and an se above 0", str(test))
        window = self.window(test)
        if not window.any():
            raise DataError(place, "a window inside the series", f"{test.first} to {test.last}")
        least = float(self.array("spend", test.channel)[window].min())
        if test.change == 0 or least + test.change < 0:
            raise DataError(
                place,
                f"a change that is not 0 and leaves a spend of at least 0 (least {least:g})",
                f"{test.change:g}",
                "give the change of the spend of one period",
            )

    def window(self, test: LiftTest) -> NDArray[np.bool_]:
        """Which periods [T] a test covers."""
        return np.array([test.first <= day <= test.last for day in self.periods])


def _ordinals(days: Sequence[date]) -> list[int]:
    return [day.toordinal() for day in days]


def _coming(periods: Sequence[date], count: int, step: str) -> list[date]:
    """First days of the next periods."""
    last = periods[-1]
    if step in ("day", "week"):
        return [last + timedelta(days=STEPS[step][0] * k) for k in range(1, count + 1)]
    months = {"month": 1, "quarter": 3, "year": 12}[step]
    at = [last.year * 12 + last.month - 1 + months * k for k in range(1, count + 1)]
    return [date(m // 12, m % 12 + 1, min(last.day, 28)) for m in at]


def _put(series: Series, name: str, value: object) -> None:
    object.__setattr__(series, name, value)  # frozen for everybody else
