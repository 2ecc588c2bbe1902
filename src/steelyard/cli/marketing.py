"""`steelyard market`: exports of ads, payments, visits and usage, into the books. Knows no format.

Example: `steelyard market import google.csv --with ads`
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard.cli.groups import Group
from steelyard.cli.options import DEFAULT, AsJson, File
from steelyard.errors import UserError

_SHEET, _PARTED = "XLSX, sheet ", "cells parted by "  # words of `market.sheets`
_SHOWN = 3  # amounts of totals that were left out
_TOLD_FROM_S = 5.0  # an import of a few rows says nothing of how long it took
market_app = typer.Typer(help="What the market costs and brings.", cls=Group)


@market_app.command("import")
def market_import(
    export: Annotated[Path, typer.Argument(help="CSV, XLSX or JSONL, as it was exported")],
    product: File = DEFAULT,
    kind: Annotated[
        str | None,
        typer.Option("--as", help="spend, sales, customers, visits, invoices, api_usage or usage"),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--with", help="a name under market.imports in the product file")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="a known export: see market presets")] = None,
    sheet: Annotated[str | None, typer.Option(help="of a workbook with several")] = None,
    say: Annotated[
        list[str] | None, typer.Option("--say", help="FIELD=VALUE of every row, as currency=EUR")
    ] = None,
    correct: Annotated[
        bool, typer.Option("--correct", help="rows that say something else take their place")
    ] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="say what would be read")] = False,
    as_json: AsJson = False,
) -> None:
    """Book the rows of an export; the same rows again change nothing. All of the file, or nothing."""
    from steelyard.api.market import import_file
    from steelyard.cli.progress import Screen
    from steelyard.cli.show import market_title, out
    from steelyard.spec import load

    file = load(product)
    with Screen(told_from_s=_TOLD_FROM_S) as screen:
        facts = import_file(
            file,
            export,
            kind=kind,
            mapping=mapping,
            preset=preset,
            page=sheet,
            says=_says(say or []),
            correct=correct,
            dry=dry,
            watcher=screen,
        )
    if as_json:
        return out(facts)
    return _tell(facts, market_title(export.name, simulated=file.spec.market.simulated))


def _tell(facts: dict[str, Any], name: str) -> None:
    """What a file says, by channel, and what became of it."""
    from steelyard.cli.market_words import told
    from steelyard.cli.show import heads, said, table

    rows = [
        [
            a["channel"] or said("channel", "none"),
            a["rows"],
            f"{Decimal(a['amount']):,.2f}",
            a["currency"],
        ]
        for a in facts["amounts"]
    ]
    typer.echo(
        told(
            "import.title",
            name=name,
            rows=facts["rows"],
            kind=said("event", facts["kind"]),
            first=facts["first"],
            last=facts["last"],
            how=_read_as(facts),
        )
    )
    if rows:
        table("", heads("channel", "rows", "amount", "currency"), rows)
    for remark in facts["remarks"]:
        typer.echo(f"- {told('remark.' + remark['code'], **remark)}")
    return typer.echo(_booked(facts.get("booked")))


def _says(pairs: list[str]) -> dict[str, str]:
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise UserError("--say", "FIELD=VALUE, as currency=EUR", repr(wrong))
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _read_as(facts: dict[str, Any]) -> str:
    from steelyard.cli.market_words import told

    parts = [_form(facts["read_as"])]
    parts += [told("import.columns", name=facts["mapping"])] if facts["mapping"] else []
    parts += [told("import.unpaid", n=facts["unpaid"])] if facts["unpaid"] else []
    if facts["totals"]:
        said = [f"{Decimal(one['amount']):,.2f}" for one in facts["left_out"] if one["amount"]]
        amounts = ", ".join(said[:_SHOWN]) + (", ..." if len(said) > _SHOWN else "")
        sentence = "import.totals_of" if said else "import.totals"
        parts += [told(sentence, n=facts["totals"], amounts=amounts)]
    return "; ".join(parts)


def _form(read_as: str) -> str:
    """How a file was read, as `sheets` says it in English."""
    from steelyard.cli.market_words import told

    if read_as.startswith(_SHEET):
        return told("import.sheet", name=read_as.removeprefix(_SHEET))
    form, _, encoding = read_as.rpartition(" in ")
    mark = form.removeprefix(_PARTED)
    if mark != form:
        form = told("import.tabs") if mark == "tabs" else told("import.parted", mark=mark)
    return told("import.in", form=form, encoding=encoding)


def _booked(booked: dict[str, Any] | None) -> str:
    from steelyard.cli.market_words import told

    if booked is None:
        return told("import.dry")
    return told("import.corrected" if booked["corrected"] else "import.booked", **booked)


@market_app.command("show")
def market_show(
    product: File = DEFAULT,
    html: Annotated[
        Path | None, typer.Option("--html", help="write the page of the newest fit")
    ] = None,
    language: Annotated[str | None, typer.Option(help="of the page: en or zh")] = None,
    as_json: AsJson = False,
) -> None:
    """What is booked of each kind and channel, every test, and the newest fit as it was kept."""
    from steelyard.api.market import imported, weeks
    from steelyard.api.measuring import channel_tests, mix
    from steelyard.cli.measuring import show_mix, show_tests, write_html
    from steelyard.cli.show import heads, market_title, out, said, table
    from steelyard.spec import load

    file = load(product)
    rows, tests, fit = imported(file), channel_tests(file), mix(file)
    if html is not None:
        if fit is None:
            raise UserError("--html", "a fit", "none yet", "run: steelyard market fit")
        write_html(fit, html, file=file, language=language)
    if as_json:
        facts = {"booked": rows, "weeks": weeks(file), "tests": tests, "mix": fit}
        return out(facts | {"simulated": file.spec.market.simulated})
    shown = [
        [
            said("event", r["kind"]),
            r["channel"] or said("channel", "none"),
            r["rows"],
            r["first"],
            r["last"],
            r["money"] or "",
        ]
        for r in rows
    ]
    names = heads("what", "channel", "rows", "first", "last", "money")
    simulated = file.spec.market.simulated
    table(market_title(said("title", "market"), simulated=simulated), names, shown)
    if tests:
        show_tests(tests, simulated=simulated)
    if fit is not None:
        show_mix(fit, simulated=simulated)
    return None


@market_app.command("presets")
def market_presets(as_json: AsJson = False) -> None:
    """Exports that are known, with the columns that are read of each."""
    from steelyard.api.market import presets
    from steelyard.cli.show import heads, out, said, table

    known = presets()
    if as_json:
        return out(known)
    rows = [
        [
            name,
            said("event", one["kind"]),
            "; ".join(f"{f}: {' / '.join(headers)}" for f, headers in one["columns"].items()),
        ]
        for name, one in known.items()
    ]
    return table(said("title", "presets"), heads("name", "what", "columns"), rows)
