"""`steelyard market test`, `read`, `tests` and `fit`: what an ad did. Knows no mathematics.

Example: `steelyard market test tv --lift 0.1 --calendar tv.ics`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli.marketing import market_app
from steelyard.cli.options import DEFAULT, AsJson, File, Html, Language

if TYPE_CHECKING:
    from steelyard.spec import ProductFile

Channel = Annotated[str, typer.Argument(help="as its spend is booked")]


@market_app.command("test")
def market_test(
    channel: Channel,
    product: File = DEFAULT,
    lift: Annotated[float, typer.Option(help="to be detected: 0.1 is 10 % more")] = 0.1,
    start: Annotated[str, typer.Option(help="a Monday to come; default: the next one")] = "",
    by: Annotated[
        str, typer.Option(help="switchback or regions; default: regions where there are enough")
    ] = "",
    block: Annotated[
        int | None,
        typer.Option(
            help="weeks on or off at a stretch; default: 2, or 1 with under 24 weeks", min=1
        ),
    ] = None,
    washout: Annotated[
        int | None,
        typer.Option(help="first weeks of a block that are left out; default: half of it", min=0),
    ] = None,
    treat: Annotated[int | None, typer.Option(help="regions; default: half of them", min=1)] = None,
    length: Annotated[int, typer.Option(help="weeks of a test by regions", min=1)] = 4,
    outcome: Annotated[
        str, typer.Option(help="sales, visits or conversions; default: market.mix.outcome")
    ] = "",
    calendar: Annotated[Path | None, typer.Option(help="write its weeks as an .ics file")] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="show it; write nothing down")] = False,
    as_json: AsJson = False,
) -> None:
    """Design a test of a channel: weeks on and off by lot, or regions, and what it costs."""
    from steelyard.api.measuring import design_test
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    facts = design_test(
        file,
        channel,
        lift=lift,
        start=start,
        form=by,
        block=block,
        washout=washout,
        treat=treat,
        length=length,
        outcome=outcome,
        dry=dry,
        to=calendar,
    )
    return out(facts) if as_json else _show_design(facts, simulated=file.spec.market.simulated)


@market_app.command("read")
def market_read(
    channel: Channel,
    product: File = DEFAULT,
    early: Annotated[
        bool, typer.Option("--early", help="look before the end; the look is written down")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a channel's test out: the lift, by the test that its draw allows."""
    from steelyard.api.measuring import read_test
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    facts = read_test(file, channel, early=early)
    return out(facts) if as_json else _show_readout(facts, simulated=file.spec.market.simulated)


@market_app.command("tests")
def market_tests(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Every test that was designed, and what it showed."""
    from steelyard.api.measuring import channel_tests
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    facts = channel_tests(file)
    return out(facts) if as_json else show_tests(facts, simulated=file.spec.market.simulated)


@market_app.command("fit")
def market_fit(
    product: File = DEFAULT,
    html: Html = None,
    language: Language = None,
    without_tests: Annotated[
        bool, typer.Option("--without-tests", help="leave lifts that were measured out")
    ] = False,
    again: Annotated[bool, typer.Option(help="fit even where nothing changed")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit the marketing mix: what each channel brought, and what its next unit would."""
    from steelyard.api.measuring import fit_mix
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    facts = fit_mix(file, tests=not without_tests, again=again)
    write_html(facts, html, file=file, language=language)
    return out(facts) if as_json else show_mix(facts, simulated=file.spec.market.simulated)


def write_html(
    facts: Mapping[str, Any], path: Path | None, *, file: ProductFile, language: str | None
) -> None:
    """The page of a fit where one is asked for; UserError for a language that there is not."""
    if path is None:
        return
    from steelyard.api.measuring import write_page
    from steelyard.cli.show import language_of
    from steelyard.terms import term

    chosen = language_of(language)
    simulated = f" ({term('title', 'simulated', chosen)})" if file.spec.market.simulated else ""
    write_page(facts, path, product=f"{file.spec.product}{simulated}", language=chosen)


def _show_design(facts: Mapping[str, Any], *, simulated: bool) -> None:
    from steelyard.cli.market_words import told
    from steelyard.cli.show import heads, market_title, said, table

    rows = [[b["first"], b["last"], _text(b)] for b in facts["blocks"]]
    title = f"{facts['channel']}: {said('form', facts['form'])}"
    table(market_title(title, simulated=simulated), heads("first", "last", "what"), rows)
    typer.echo(
        told(
            "test.detects",
            lift=_percent(facts["smallest_lift"]),
            weeks=facts["weeks"],
            lost=f"{facts['lost_outcome']:,.0f}{_unit(facts)}",
            outcome=_outcome(facts),
            saved=f"{facts['spend_saved']:,.0f} {facts['currency']}",
        )
    )
    for warning in facts["warnings"]:
        typer.echo(_text(warning))
    typer.echo(_written(facts))


def _written(facts: Mapping[str, Any]) -> str:
    from steelyard.cli.market_words import told

    if facts["id"] is None:
        return told("test.dry")
    said = {"id": facts["id"][:10], "channel": facts["channel"]}
    if facts["calendar"]:
        return told("test.calendar", calendar=facts["calendar"], **said)
    return told("test.written", **said)


def _show_readout(facts: Mapping[str, Any], *, simulated: bool) -> None:
    from steelyard.cli.market_words import told
    from steelyard.cli.show import market_title, said

    typer.echo(
        told(
            "test.title",
            channel=market_title(facts["channel"], simulated=simulated),
            form=said("form", facts["form"]),
            first=facts["first"],
            last=facts["last"],
            state=said("test", facts["state"]),
        )
    )
    body = facts["readout"]
    if body is not None:
        typer.echo(
            told(
                "test.lift",
                lift=_lift(body),
                p=f"{body['p_value']:.3f}",
                draws=body["assignments"],
                brought=f"{_span(body['brought'])}{_unit(facts)}",
                evidence=said("evidence", body["evidence"]),
            )
        )
    for note in facts["notes"]:
        typer.echo(_text(note))


def show_tests(facts: list[dict[str, Any]], *, simulated: bool) -> None:
    """A row for each test."""
    from steelyard.cli.show import heads, market_title, said, table

    rows = [
        [
            t["channel"],
            said("form", t["form"]),
            t["first"],
            t["last"],
            said("test", t["state"]),
            _percent(t["smallest_lift"]),
            _lift(t["readout"]),
        ]
        for t in facts
    ]
    names = ("channel", "form", "first", "last", "state", "smallest_lift", "lift")
    table(market_title(said("title", "tests"), simulated=simulated), heads(*names), rows)


def show_mix(facts: Mapping[str, Any], *, simulated: bool) -> None:
    """A row for each channel, and what is not known."""
    from steelyard.cli.market_words import told
    from steelyard.cli.show import heads, market_title, said, table

    rows = [
        [
            c["channel"],
            f"{c['spent']:,.0f}",
            _span(c["brought"]),
            _span(c["roi"]),
            _span(c["marginal"]),
            said("evidence", c["evidence"]),
        ]
        for c in facts["channels"]
    ]
    s = facts["series"]
    names = ("channel", "spend", "brought", "roi", "marginal", "evidence")
    title = told(
        "mix.title",
        title=market_title(said("title", "mix"), simulated=simulated),
        outcome=_outcome(facts),
        first=s["first"],
        last=s["last"],
    )
    table(title, heads(*names), rows)
    for note in (
        *filter(None, [facts["not_measured"]]),
        *facts["not_identified"],
        *facts["misfits"],
        *facts["notes"],
    ):
        typer.echo(f"- {_text(note)}")
    typer.echo(_forecast(facts))


def _forecast(facts: Mapping[str, Any]) -> str:
    from steelyard.cli.market_words import told

    d, f = facts["diagnostics"], facts["forecast"]
    known = told("mix.known", rhat=f"{d['rhat']:.3f}", draws=round(d["ess"]))
    if f is None:
        return told("mix.none", known=known, why=_text(facts["no_forecast"]))
    errors = {"error": f"{f['error']:,.0f}", "naive": f"{f['naive_error']:,.0f}"}
    return told(f"mix.{facts['period']}", known=known, **errors)


def _outcome(facts: Mapping[str, Any]) -> str:
    """What was to be brought, in words."""
    from steelyard.cli.show import language
    from steelyard.figures import written

    return written(facts["outcome"], "outcome", numbers={}, language=language())


def _text(said: Mapping[str, Any]) -> str:
    from steelyard.cli.show import language

    return str(said["text_zh"] if language() == "zh" else said["text"])


def _unit(facts: Mapping[str, Any]) -> str:
    return f" {facts['currency']}" if facts["outcome"] == "sales" else ""


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:+.1f} %"


def _lift(body: Mapping[str, Any] | None) -> str:
    if body is None:
        return ""
    value, low, high = map(_percent, body["lift"])
    return f"{value} [{low}, {high}]"


def _span(three: list[float] | None) -> str:
    if three is None:
        return "?"
    value, low, high = ("?" if one is None else _short(one) for one in three)
    return f"{value} ({low} – {high})"  # a comma would stand among those of thousands


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"
