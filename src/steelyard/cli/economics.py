"""`steelyard economics`: what one more request, customer and channel costs and brings. Knows no formula.

Example: `steelyard economics product.yaml --from 2026-01-01`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from steelyard.cli.options import DEFAULT, AsJson, File


def economics(
    product: File = DEFAULT,
    since: Annotated[str, typer.Option("--from", help="the first day; else 90 days back")] = "",
    until: Annotated[str, typer.Option("--to", help="the last day; else today")] = "",
    as_json: AsJson = False,
) -> None:
    """What a request, a right answer, a customer and a channel cost and bring, and how sure that is."""
    from steelyard.api.economics import economics as made
    from steelyard.cli.show import out
    from steelyard.spec import load

    facts = made(load(product), since=since, until=until)
    if as_json:
        return out(facts)
    _variants(facts)
    _customers(facts)
    _plans(facts)
    _channels(facts)
    return _break_even(facts)


def _variants(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, said, table

    rows = [
        [
            one["name"],
            f"{one['answers']:,}",
            _figure(one["per_request"]),
            _figure(one["right"]),
            _figure(one["per_right"]),
        ]
        for one in facts["variants"]
    ]
    title = f"{said('title', 'economics')}, {facts['currency']}, {facts['from']} – {facts['to']}"
    names = heads("variant", "answers", "per_request", "right", "per_right")
    table(title, names, rows, note=_why([one["right"] for one in facts["variants"]]))


def _customers(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, said, table

    own, worth = facts["customers"], facts["worth"]
    kept = "kept" if worth["model"] == "subscriptions" else "came_back"
    rows = [
        [said("head", "paid"), own["paid"]],
        [said("head", "margin"), _figure(own["margin"])],
        [said("head", "margin_share"), _figure(own["margin_share"])],
        [said("head", kept), _figure(worth["retention"])],
        [said("head", "worth_of_new"), _figure(worth["value"])],
    ]
    figures = [own["margin"], own["margin_share"], worth["retention"], worth["value"]]
    table(said("head", "customer"), heads("what", "figure"), rows, note=_why(figures))


def _plans(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, said, table

    rows = [
        [one["plan"], one["customers"], _figure(one["owed"]), _figure(one["received"])]
        for one in facts["plans"]
    ]
    if rows:
        names = heads("plan", "customers", "due", "received")
        table(said("head", "plan"), names, rows)


def _channels(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, said, table

    rows = [
        [
            one["channel"] or "-",
            f"{one['spend']:,.2f}",
            one["won"],
            _figure(one["cost"]),
            _figure(one["months"]),
        ]
        for one in facts["channels"]
    ]
    if rows:
        names = heads("channel", "spend", "won", "cac", "pays_back")
        figures = [f for one in facts["channels"] for f in (one["cost"], one["months"])]
        table(said("head", "channel"), names, rows, note=_why(figures))


def _break_even(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, language, said, table

    even = facts["break_even"]
    if "why" in even:
        typer.echo(f"{said('title', 'break_even')}: {even['why'][language()]}")
        return
    names = ("requests", "now", "fixed", "own", "theirs")
    rows = [[said("head", f"even_{name}"), _figure(even[name])] for name in names]
    table(said("title", "break_even"), heads("what", "figure"), rows)


def _figure(one: Mapping[str, Any]) -> str:
    """The number, its interval, and how it is known; a dash where it is not."""
    from steelyard.cli.show import said

    if one["value"] is None:
        return "-"
    text = _short(one["value"])
    if one["low"] is not None:
        high = "?" if one["high"] is None else _short(one["high"])
        text += f" ({_short(one['low'])} – {high})"
    return f"{text} {said('evidence', one['evidence'])}"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"


def _why(figures: list[Mapping[str, Any]]) -> str:
    """Why figures are not known, each reason once."""
    from steelyard.cli.show import language

    reasons = [one["why"][language()] for one in figures if "why" in one]
    return "; ".join(dict.fromkeys(reasons))
