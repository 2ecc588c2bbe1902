"""`steelyard economics`: what one more request, customer and channel costs and brings. Knows no formula.

Example: `steelyard economics product.yaml --from 2026-01-01`
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import typer

from steelyard.cli.options import DEFAULT, AsJson, File

MONTHS = 0, 1, 3, 6, 12, 18, 23  # shown of the two years


def economics(
    product: File = DEFAULT,
    since: Annotated[str, typer.Option("--from", help="the first day; else 90 days back")] = "",
    until: Annotated[str, typer.Option("--to", help="the last day; else today")] = "",
    customers: Annotated[
        int | None, typer.Option(help="in --json: so many that leave most; else all", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a request, a right answer, a customer and a channel cost and bring, and how sure that is."""
    from steelyard.api.economics import economics as made
    from steelyard.cli.show import out
    from steelyard.spec import load

    facts = made(load(product), since=since, until=until, customers=customers)
    if as_json:
        return out(facts)
    _variants(facts)
    _customers(facts)
    _months(facts)
    _plans(facts)
    _channels(facts)
    _elasticity(facts)
    return _break_even(facts)


def _variants(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, market_title, said, table

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
    title = market_title(said("title", "economics"), simulated=facts["simulated"])
    title += f", {facts['currency']}, {facts['from']} – {facts['to']}"
    names = heads("variant", "answers", "per_request", "right", "per_right")
    if not rows:
        return typer.echo(f"{title}\n{said('note', 'nobody_asked')}")
    return table(title, names, rows, note=_why([one["right"] for one in facts["variants"]]))


def _customers(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, market_title, said, table

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
    title = market_title(said("head", "customer"), simulated=facts["simulated"])
    table(title, heads("what", "figure"), rows, note=_why(figures))


def _months(facts: Mapping[str, Any]) -> None:
    """What a new one leaves, and who is still here, after some months."""
    from steelyard.cli.show import heads, market_title, said, table

    worth = facts["worth"]
    parts = {"so_far": worth["by_month"], "here": worth["survival"]}
    shown = {name: part for name, part in parts.items() if part}
    if shown:
        last = min(len(part) for part in shown.values())
        rows = [
            [month, *(_between(part[month]) for part in shown.values())]
            for month in MONTHS
            if month < last
        ]
        title = market_title(said("head", "worth_of_new"), simulated=facts["simulated"])
        table(title, heads("months_since", *shown), rows)


def _between(one: Mapping[str, Any]) -> str:
    """A number and its interval, which a model tells."""
    return _figure({**one, "evidence": "extrapolated"})


def _plans(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, market_title, said, table

    rows = [
        [one["plan"], one["customers"], _figure(one["owed"]), _figure(one["received"])]
        for one in facts["plans"]
    ]
    if rows:
        names = heads("plan", "customers", "due", "received")
        title = market_title(said("head", "plan"), simulated=facts["simulated"])
        table(title, names, rows)


def _channels(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import heads, market_title, said, table

    rows = [
        [
            one["channel"] or said("channel", "none"),
            f"{one['spend']:,.2f}",
            one["won"],
            _figure(one["cost"]),
            _figure(one["months"]),
        ]
        for one in facts["channels"]
    ]
    if rows:
        names = heads("channel", "spend", "won", "cac", "pays_back")
        title = market_title(said("head", "channel"), simulated=facts["simulated"])
        table(title, names, rows, note=_why_of_channels(facts["channels"]))


def _why_of_channels(channels: list[Mapping[str, Any]]) -> str:
    from steelyard.cli.show import said

    reasons = {
        one["channel"] or said("channel", "none"): _why([one["cost"], one["months"]])
        for one in channels
    }
    return "\n".join(f"{name}: {why}" for name, why in reasons.items() if why)


def _elasticity(facts: Mapping[str, Any]) -> None:
    """Relative change of conversion and retention by one unit of each cause."""
    from steelyard.cli.show import heads, market_title, said, table

    told = facts["elasticity"]
    causes = list(told["conversion"])
    rows = [
        [said("cause", cause), *(_change(told[outcome][cause]) for outcome in told)]
        for cause in causes
    ]
    title = market_title(said("title", "elasticity"), simulated=facts["simulated"])
    names = [*heads("what"), *(said("metric", outcome) for outcome in told)]
    table(title, names, rows, note=_why([told["conversion"][cause] for cause in causes]))


def _change(one: Mapping[str, Any]) -> str:
    """In percent, with its interval, how it is known, and by how many experiments."""
    from steelyard.cli.show import said

    if one["value"] is None:
        return "-"
    value, low, high = (f"{100 * one[name]:+.2g} %" for name in ("value", "low", "high"))
    return f"{value} ({low} – {high}) {said('evidence', one['evidence'])}, n = {one['n']}"


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
    """Three digits that tell something, and never a power of ten."""
    if abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{Decimal(f'{value:.2g}'):f}"


def _why(figures: list[Mapping[str, Any]]) -> str:
    """Why figures are not known, each reason once."""
    from steelyard.cli.show import language

    reasons = [one["why"][language()] for one in figures if "why" in one]
    return "; ".join(dict.fromkeys(reasons))
