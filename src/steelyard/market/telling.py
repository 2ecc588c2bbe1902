"""Tests of channels and a kept fit as JSON, with sentences in both languages. Fits nothing.

Example: `told_tests(store, today=date(2026, 1, 5), currency="CNY")[0]["state"]`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from steelyard.market.calendar import title
from steelyard.market.keeping import FIT, LIFT, TEST, Kept, kept
from steelyard.market.testing import ChannelTest, little_known, of_fact
from steelyard.reason import Reason
from steelyard.stats.designs import RegionDesign
from steelyard.store import Store
from steelyard.words import both

ALWAYS = "9999"  # a moment behind all others


def told_tests(
    store: Store, *, today: date, currency: str, until: str = ALWAYS
) -> list[dict[str, Any]]:
    """Every test that was designed up to a moment, oldest first, with its lift where it was read by then."""
    lifts = {one.body["test"]: one.body for one in kept(store, LIFT) if one.created <= until}
    return [
        test_facts(of_fact(one), currency)
        | {"id": one.id, "state": _state(one, lifts, today), "readout": lifts.get(one.id)}
        for one in kept(store, TEST)
        if one.created <= until
    ]


def told_fit(store: Store, *, until: str = ALWAYS) -> dict[str, Any] | None:
    """The newest fit that was kept up to a moment, None before the first one; nothing is fitted."""
    fits = [one for one in kept(store, FIT) if one.created <= until]
    newest = max(fits, key=lambda one: one.created, default=None)
    if newest is None:
        return None
    return fit_facts(newest.body | {"made": newest.created, "fresh": False})


def _state(one: Kept, lifts: Mapping[str, Any], today: date) -> str:
    if one.id in lifts:
        return "read"
    if today.isoformat() < one.day:
        return "planned"
    return "running" if today.isoformat() <= one.body["last"] else "ended"


def test_facts(test: ChannelTest, currency: str) -> dict[str, Any]:
    """What was designed, with a sentence for each of its blocks."""
    made = test.design
    treated = list(made.treated) if isinstance(made, RegionDesign) else []
    return {
        "channel": test.channel,
        "form": test.form,
        "outcome": test.of,
        "first": test.first.isoformat(),
        "last": test.last.isoformat(),
        "weeks": test.weeks,
        "seed": made.seed,
        "smallest_lift": made.smallest_lift,
        "lift_wanted": test.lift_wanted,
        "power": 0.8,
        "alpha": 0.05,
        "lost_outcome": test.cost[0],
        "spend_saved": test.cost[1],
        "currency": currency,
        "evidence": "extrapolated",
        "warnings": [said(one) for one in (little_known(test),) if one is not None],
        "treated": treated,
        "blocks": [
            {
                "first": b.first.isoformat(),
                "last": b.last.isoformat(),
                "on": b.on,
                "regions": list(b.regions),
                **said(title(test, b)),
            }
            for b in test.blocks
        ],
    }


def said(reason: Reason) -> dict[str, Any]:
    """A sentence in both languages, and its code."""
    words = both(reason)
    return {"text": words["en"], "text_zh": words["zh"], "code": reason.code}


def fit_facts(body: dict[str, Any]) -> dict[str, Any]:
    """A kept fit with sentences beside its reasons."""

    def sentence(one: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return None if one is None else said(Reason.of_json(one))

    return body | {
        "not_measured": sentence(body["not_measured"]),
        "no_forecast": sentence(body["no_forecast"]),
        "not_identified": [
            {"channel": one["channel"], **(sentence(one["reason"]) or {})}
            for one in body["not_identified"]
        ],
        **{name: [sentence(one) for one in body[name]] for name in ("misfits", "notes")},
    }
