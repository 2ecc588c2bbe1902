"""What the figures of a fit rest on: what lowers them, which rows they are made of, and which test would tell more.

Knows no store. Example: `doubts(mix, forecast)` is empty where residuals and forecasts hold
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from steelyard.market.series import DAYS, History, Regions
from steelyard.market.testing import Asked, blocks, designed
from steelyard.reason import Reason
from steelyard.stats.mix import Mix

LIFT = 0.1  # that a test is recommended for, where it can be had
# what leaves a contribution to the assumptions of before the data; of the others only the curve is
_ASSUMED = {
    "mix.constant",
    "mix.few_periods",
    "mix.collinear",
    "mix.traded",
    "mix.faint",
    "mix.beyond",
    "mix.beyond_together",
}
_OUTCOME = {"sales": ("payments",), "visits": ("visits", "visit")}
_OUTCOME["conversions"] = ("visits", "conversion")


def evidence(mix: Mix, name: str, *, silent: bool, doubted: bool) -> tuple[str, str]:
    """Of what a channel brought, and of its curve at today's spend, which is none for a `silent` one."""
    if name not in mix.channels:
        return "assumed", "assumed"
    found = {code for one, reason in told(mix) if one == name for code in _codes(reason)}
    measured = "extrapolated" if doubted else "measured"
    if mix.not_measured is not None or found & _ASSUMED:
        return "assumed", "assumed"
    if "mix.unmoved" in found:
        return measured, "assumed"
    return measured, "extrapolated" if silent else measured


def doubts(mix: Mix, forecast: Mapping[str, Any] | None) -> tuple[Reason, ...]:
    """Why no figure of a fit is measured, though its chains agree: residuals that the model does not make, and
    forecasts that are worse than the last season repeated."""
    found = [*mix.misfits]
    if forecast is not None and forecast["error"] > forecast["naive_error"]:
        errors = (forecast["error"], forecast["naive_error"])
        found.append(Reason("mix.worse_than_naive", {"error": errors[0], "naive": errors[1]}))
    return tuple(Reason("mix.lowers", {"why": reason}) for reason in found)


def told(mix: Mix) -> Iterator[tuple[str, Reason]]:
    """What is not identified, each with the channel that it speaks of."""
    for reason in mix.not_identified:
        test = reason.numbers["test"]
        assert isinstance(test, Reason)
        yield str(test.numbers["channel"]), reason


def _codes(reason: Reason) -> Iterator[str]:
    yield reason.code
    for value in reason.numbers.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Reason):
                yield from _codes(each)


def with_command(reason: Reason, command: Reason) -> Reason:
    """With what a person types to have the test, or why there can be none yet."""
    return Reason("mix.and_test", {"why": reason, "test": command})


def command(past: History, by_region: Regions, channel: str) -> Reason:
    """What designs a test of a channel, as `steelyard market test` itself would answer: by the weeks that are booked,
    for a larger lift where they are too noisy for the usual one."""
    long, out = blocks(len(past.periods))
    start = past.periods[-1] + timedelta(days=DAYS["week"])
    asked = Asked(channel=channel, lift=LIFT, start=start, seed=0, block=long, washout=out)
    found = designed(past, by_region, asked)
    if not isinstance(found, Reason):
        return Reason("mix.test_command", {"channel": channel})
    if found.code == "design.too_noisy":
        # another seed is drawn by the command itself, so what it detects is another one by a little
        lift = math.ceil(110 * float(str(found.numbers["smallest"]))) / 100
        return Reason("mix.test_for", {"channel": channel, "lift": lift, "usual": LIFT})
    return Reason("mix.no_test", {"why": found})


def gone(past: History) -> Iterator[Reason]:
    """What the books lack of a series: channels whose spend stops before the outcome does, spend behind the last
    outcome, periods without an outcome, and those that are taken as ones of nothing."""
    for name, until in past.spent_until.items():
        if until < past.periods[-1]:
            yield Reason("series.spend_ends", {"channel": name, "until": until.isoformat()})
    spent = max(past.spent_until.values(), default=past.until)
    if (spent - past.until).days >= DAYS[past.period]:
        yield Reason(
            "series.outcome_ends",
            {"outcome": past.of, "until": past.until.isoformat(), "spent": spent.isoformat()},
        )
    if past.gaps.missing:
        days = past.gaps.missing
        yield Reason(
            "series.missing",
            {
                "outcome": past.of,
                "period": past.period,
                "n": len(days),
                "first": days[0].isoformat(),
                "last": days[-1].isoformat(),
            },
        )
    if past.gaps.empty:
        days = past.gaps.empty
        yield Reason(
            "series.empty",
            {
                "outcome": past.of,
                "period": past.period,
                "n": len(days),
                "first": days[0].isoformat(),
                "last": days[-1].isoformat(),
            },
        )


def rows_of(past: History, channel: str = "") -> list[dict[str, str]]:
    """What `steelyard ledger lines` takes to show the rows of the outcome, or those of a channel's spend."""
    last = past.periods[-1] + timedelta(days=DAYS[past.period] - 1)
    days = {"from": past.periods[0].isoformat(), "to": last.isoformat()}
    if channel:
        return [{"account": "ads.spend", "channel": channel, **days}]
    return [{"events": kind, **days} for kind in _OUTCOME[past.of]]
