"""`steelyard ledger`: what everything cost and earned, and whether it stands as it was written.

Knows no stage. Example: `steelyard ledger verify product.yaml --against seal.json`
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli.groups import by_default
from steelyard.cli.options import DEFAULT, AsJson, File, Html, Language
from steelyard.errors import UserError

if TYPE_CHECKING:
    from steelyard.spec import ProductFile

ledger_app = typer.Typer(help="What everything cost and earned.", cls=by_default("show"))


@ledger_app.command("show")
def ledger_show(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Money by account."""
    from steelyard.api.facts import sums, totals
    from steelyard.cli.show import heads, market_title, out, said, table
    from steelyard.spec import load

    file = load(product)
    rows = sums(file)
    if as_json:
        return out(rows)
    shown = [
        [_account(r), r["lines"], _brief(r["quantity"]), said("unit", r["unit"]), r["money"]]
        for r in rows
    ]
    note = "; ".join(f"{said('basis', basis)} {total}" for basis, total in totals(rows))
    return table(
        market_title(said("title", "ledger"), simulated=file.spec.market.simulated),
        heads("account", "lines", "quantity", "unit", "money"),
        shown,
        note=note,
    )


@ledger_app.command("lines")
def ledger_lines(
    product: File = DEFAULT,
    account: Annotated[str, typer.Option(help="as ads.spend")] = "",
    variant: Annotated[str, typer.Option(help="its id")] = "",
    channel: Annotated[str, typer.Option(help="as search")] = "",
    customer: Annotated[str, typer.Option(help="as a statement by customer shows it")] = "",
    segment: Annotated[str, typer.Option(help="of customers, as small")] = "",
    without: Annotated[
        str, typer.Option(help="of none: channel, variant, customer or segment")
    ] = "",
    events: Annotated[
        str, typer.Option(help="in place of lines the rows of a kind: payments, visits, ...")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="the first day, as 2026-01-01")] = "",
    until: Annotated[str, typer.Option("--to", help="the last day")] = "",
    as_json: AsJson = False,
) -> None:
    """The very lines, or imported rows, that a figure rests on."""
    from steelyard.api import rows as found
    from steelyard.cli.show import out
    from steelyard.spec import load

    file, days = load(product), {"since": since, "until": until}
    if events:
        _refuse_of_lines(account=account, variant=variant, segment=segment, without=without)
        rows = found.events(file, events, channel=channel, customer=customer, **days)
    else:
        about = {"variant": variant, "channel": channel, "customer": customer}
        rows = found.lines(file, account=account, segment=segment, without=without, **about, **days)
    if as_json:
        return out(rows)
    return _show_rows(rows, events=bool(events), simulated=file.spec.market.simulated)


def _refuse_of_lines(**options: str) -> None:
    """Imported rows have a channel and a customer; the rest is of the ledger's lines."""
    said = [f"--{name}" for name, value in options.items() if value]
    if said:
        raise UserError("--events", "--channel, --customer, --from or --to beside it", said[0])


def _show_rows(rows: list[dict[str, Any]], *, events: bool, simulated: bool) -> None:
    from steelyard.cli.show import heads, market_title, said, table

    title = market_title(said("title", "ledger"), simulated=simulated)
    if events:
        columns = heads("line", "day", "account", "channel", "customer", "money")
        shown = [
            [r["id"], r["day"], r["kind"], r["channel"], r["customer"], r["money"]] for r in rows
        ]
        return table(title, columns, shown)
    shown = [
        [
            r["id"],
            r["day"],
            r["account"],
            _brief(r["quantity"]),
            said("unit", r["unit"]),
            r["money"],
            r["evidence"],
        ]
        for r in rows
    ]
    columns = heads("line", "day", "account", "quantity", "unit", "money", "evidence")
    return table(title, columns, shown)


def statement(
    product: File = DEFAULT,
    since: Annotated[str, typer.Option("--from", help="the first day, as 2026-01-01")] = "",
    until: Annotated[str, typer.Option("--to", help="the last day")] = "",
    by: Annotated[
        str, typer.Option(help="account, channel, variant, month, customer or segment")
    ] = "account",
    as_csv: Annotated[bool, typer.Option("--csv", help="for a spreadsheet")] = False,
    html: Html = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """What came in, what it cost and what is left, in cash; what answers are declared to be worth beside it."""
    from steelyard.api.statement import statement as made
    from steelyard.cli.show import heads, market_title, out, said, table
    from steelyard.spec import load

    file = load(product)
    facts = made(file, since=since, until=until, by=by)
    if html is not None:
        return _page(file, facts, html, language)
    if as_json:
        return out(facts)
    rows = [[_named(by, row[by]), *(row[n] for n in _FIGURES)] for row in facts["rows"]] + [
        [said("head", "total"), *(facts["total"][n] for n in _FIGURES)]
    ]
    names = heads(by, *_FIGURES)
    if as_csv:
        names[0] = market_title(names[0], simulated=facts["simulated"])
        csv.writer(sys.stdout, lineterminator="\n").writerows([names, *rows])
        return None
    title = market_title(said("title", "statement"), simulated=facts["simulated"])
    table(title, names, [[row[0], *map(_rounded, row[1:])] for row in rows])
    from steelyard.cli.market_words import told

    for one in facts["budgets"]:
        mark = " (!)" if one["alert"] else ""
        spent = {"name": one["name"], "mark": mark, "spent": one["spent"], "month": one["month"]}
        typer.echo(told("statement.budget", limit=one["a_month"], **spent))
    period = {"first": facts["from"], "last": facts["to"], "currency": facts["currency"]}
    typer.echo(told("statement.period", left=_left(facts), **period))
    return None


def _page(file: ProductFile, facts: dict[str, Any], path: Path, language: str | None) -> None:
    """One page for whoever reads no terminal."""
    from steelyard.cli.show import language_of
    from steelyard.files import write
    from steelyard.report.statement_page import render

    write(path, render(facts, product=file.spec.product, language=language_of(language)))
    typer.echo(str(path))


_FIGURES = ("income", "cost", "profit", "imputed")


def _named(by: str, name: str | None) -> str:
    from steelyard.cli.show import said

    if name is None and by == "channel":
        return said("channel", "none")
    return "-" if name is None else said("account", name) if by == "account" else name


def _rounded(amount: str) -> str:
    """Two digits behind the point, or as many as show that it is something."""
    value = Decimal(amount)
    return f"{value:,.2f}" if abs(value) >= Decimal("0.005") or not value else f"{value:.6f}"


def _brief(quantity: str) -> str:
    """Whole where it is counted, else in three digits that tell something."""
    value = Decimal(quantity)
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{Decimal(f'{value:.3g}'):f}"


def _left(facts: Mapping[str, Any]) -> str:
    from steelyard.cli.market_words import told

    cash = facts["cash"]
    if cash is None:
        return told("statement.no_cash")
    balance = _rounded(cash["balance"])
    first, last = cash["months"]
    if cash["burnt_a_month"] is None:
        return told("statement.too_short", cash=balance)
    if cash["runway_months"] is None:
        return told("statement.not_burnt", cash=balance, first=first, last=last)
    burnt, months = _rounded(cash["burnt_a_month"]), cash["runway_months"]
    return told(
        "statement.runway", cash=balance, months=months, burnt=burnt, first=first, last=last
    )


def _account(row: Mapping[str, Any]) -> str:
    """By its name; what no money moved for says so."""
    from steelyard.cli.show import said

    name = said("account", row["account"])
    return name if row["basis"] == "cash" else f"{name} ({said('basis', row['basis'])})"


@ledger_app.command("verify")
def ledger_verify(
    product: File = DEFAULT,
    against: Annotated[Path | None, typer.Option(help="a seal that was made before")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="with --against: only the lines behind the seal")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the hash chain and every row; exit 2 names the first line that was changed.

    Against a seal, lines that were cut off and a chain that was computed anew are found too.
    """
    from steelyard.api.facts import verified
    from steelyard.cli.show import out
    from steelyard.spec import load

    lines = verified(load(product), sealed=against, quick=quick)
    if as_json:
        return out({"lines": lines, "unbroken": True})
    since = ", read from the seal on" if quick else ""
    return typer.echo(f"{lines:,} ledger lines, unbroken chain{since}")


@ledger_app.command("seal")
def ledger_seal(
    product: File = DEFAULT,
    out: Annotated[Path | None, typer.Option(help="a file, best kept on another machine")] = None,
) -> None:
    """Write an anchor of the ledger, to keep outside it: how far it went, its hash and its sums."""
    from steelyard.api.facts import sealed
    from steelyard.cli import show
    from steelyard.spec import load
    from steelyard.store.seal import write_seal

    made = sealed(load(product))
    if out is None:
        return show.out(made)
    write_seal(out, made)
    return typer.echo(f"sealed {made['lines']:,} lines in {out}; keep it where the ledger is not")
