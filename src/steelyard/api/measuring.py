"""What the market does for the product: tests of channels, and the marketing mix. Opens no terminal.

Example: `design_test(load("product.yaml"), "tv", lift=0.1)["smallest_lift"]`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.clock import Clock
from steelyard.errors import UserError
from steelyard.files import write, write_new
from steelyard.market.calendar import calendar
from steelyard.market.keeping import TEST, kept
from steelyard.market.lifts import read
from steelyard.market.mixing import fitted
from steelyard.market.series import history, no_channel, regions
from steelyard.market.telling import fit_facts, said, test_facts, told_fit, told_tests
from steelyard.market.testing import Asked, blocks, design, of_fact, record
from steelyard.report.market_page import render
from steelyard.spec import ProductFile
from steelyard.stats.mix import Settings
from steelyard.store import Store

FORMS = ("switchback", "regions")


def design_test(
    file: ProductFile,
    channel: str,
    *,
    lift: float = 0.1,
    start: str = "",
    form: str = "",
    block: int | None = None,
    washout: int | None = None,
    treat: int | None = None,
    length: int = 4,
    outcome: str = "",
    dry: bool = False,
    to: Path | None = None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Design a test of a channel from what is booked, and write it down unless `dry`; `to` is where its calendar
    goes. `lift` is relative; `start` a Monday to come, left out: the next one. `block` and `washout` are weeks, left
    out: two and one where history carries such a test, else one and none."""
    _check(form, lift)
    with closing(Store.open(file, clock=clock, create=False)) as store:
        today = _today(store, file)
        first = _start(start, today)
        past = history(store, outcome or file.spec.market.mix.outcome)
        past.channel(channel)
        if not past.periods:
            raise UserError("market test", "whole weeks that are booked", "none", "import more")
        block, washout = _blocks(block, washout, weeks=len(past.periods))
        asked = Asked(
            channel=channel,
            lift=lift,
            start=first,
            seed=_seed(store, channel, first),
            form=form,
            block=block,
            washout=washout,
            treat=treat,
            length=length,
        )
        test = design(past, regions(store, past), asked)
        facts = test_facts(test, file.spec.money.currency)
        if dry:
            return facts | {"id": None, "state": "planned", "calendar": None}
        if to is not None:
            _refuse_other(to)
        identity = record(store, test)
        made = next(one for one in kept(store, TEST) if one.id == identity)
        if to is not None:
            write_new(to, calendar(test, identity, made=made.created))
        return facts | {"id": identity, "state": "planned", "calendar": to and str(to)}


def read_test(
    file: ProductFile, channel: str, *, early: bool = False, clock: Clock | None = None
) -> dict[str, Any]:
    """The newest test of a channel that has begun, read out and booked when it is over; before that what is missing,
    and with `early` a look at it that is written down."""
    with closing(Store.open(file, clock=clock, create=False)) as store:
        facts = kept(store, TEST)
        own = [one for one in facts if one.channel == channel]
        if not own:
            if not facts:
                raise UserError(
                    "channel",
                    "one that a test was designed for",
                    repr(channel),
                    f"design one: steelyard market test {channel}",
                )
            raise no_channel(channel, {one.channel for one in facts})
        today = _today(store, file)
        begun = [one for one in own if date.fromisoformat(one.day) <= today] or own[:1]
        found = read(store, begun[-1], today=today, early=early)
        test = of_fact(begun[-1])
        return test_facts(test, file.spec.money.currency) | {
            "id": begun[-1].id,
            "state": found.state,
            "days_left": found.days_left,
            "readout": found.body,
            "notes": [said(note) for note in found.notes],
        }


def channel_tests(file: ProductFile, *, clock: Clock | None = None) -> list[dict[str, Any]]:
    """Every test that was designed, oldest first, with its lift where it was read."""
    with closing(Store.open(file, clock=clock, create=False)) as store:
        today, currency = _today(store, file), file.spec.money.currency
        return told_tests(store, today=today, currency=currency)


def fit_mix(
    file: ProductFile,
    *,
    tests: bool = True,
    again: bool = False,
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """The marketing mix of what is booked: as it was kept, or fitted where series, settings or tests changed."""
    with closing(Store.open(file, clock=clock, create=False)) as store:
        money, market = file.spec.money, file.spec.market
        made = fitted(store, market, money.currency, settings=settings, tests=tests, again=again)
        return fit_facts(made) | {"simulated": market.simulated}


def mix(file: ProductFile) -> dict[str, Any] | None:
    """The newest fit as it was kept, None before the first one; nothing is fitted."""
    with closing(Store.open(file, create=False)) as store:
        told = told_fit(store)
        return None if told is None else told | {"simulated": file.spec.market.simulated}


def write_page(facts: Mapping[str, Any], path: Path, *, product: str, language: str) -> None:
    """One page of a fit that loads nothing, over an earlier page of that name."""
    write(path, render(facts, product=product, language=language))


def _check(form: str, lift: float) -> None:
    if form not in ("", *FORMS):
        raise UserError("--by", f"one of {', '.join(FORMS)}", repr(form))
    if not lift > 0:
        raise UserError("--lift", "a share above 0, as 0.1 for 10 %", f"{lift:g}")


def _blocks(block: int | None, washout: int | None, *, weeks: int) -> tuple[int, int]:
    long, out = blocks(weeks, block, washout)
    if not 0 <= out < long:
        raise UserError("--washout", f"fewer weeks than a block has ({long})", str(out))
    return long, out


def _today(store: Store, file: ProductFile) -> date:
    zone = ZoneInfo(file.spec.market.time_zone)
    return datetime.fromisoformat(store.clock.now()).astimezone(zone).date()


def _start(said: str, today: date) -> date:
    """A Monday to come: a design that is drawn behind its weeks proves nothing."""
    if not said:
        return today + timedelta(days=7 - today.weekday())
    try:
        start = date.fromisoformat(said)
    except ValueError:
        raise UserError("--start", "a day such as 2026-02-02", repr(said)) from None
    if start <= today or start.weekday():
        behind = start <= today
        monday = max(start, today) + timedelta(days=7 - max(start, today).weekday())
        raise UserError(
            "--start",
            "a Monday to come",
            f"{said}, which is {'not to come' if behind else 'no Monday'}",
            f"say --start {monday}",
        )
    return start


def _seed(store: Store, channel: str, first: date) -> int:
    """Of the store's own secret: nobody can tell the draw before it is written down."""
    said = store.salt() + f"{channel} {first}".encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:4])


def _refuse_other(path: Path) -> None:
    if path.exists():
        raise UserError(str(path), "no file of that name", "one", "name another, or move it away")
