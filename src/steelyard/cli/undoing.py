"""`steelyard market imports` and `undo`: which files were imported, and one of them taken back. Knows no ledger.

Example: `steelyard market undo google.csv --yes`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from steelyard.cli.marketing import market_app
from steelyard.cli.options import DEFAULT, AsJson, File

_DIGITS = 12  # of a hash, which name a file for the eye
_LEFT = ("corrected", "replaced", "refunds", "customers")


@market_app.command("imports")
def market_imports(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Files that were imported, by the SHA-256 of their bytes: what of them is in force."""
    from steelyard.api.imports import imported_files
    from steelyard.cli.show import heads, market_title, out, said, table
    from steelyard.spec import load

    file = load(product)
    files = imported_files(file)
    if as_json:
        return out(files)
    rows = [
        [
            one["file"][:_DIGITS],
            said("event", one["kind"]),
            one["rows"],
            one["first"],
            one["last"],
            str(one["imported"])[:16].replace("T", " "),
        ]
        for one in files
    ]
    title = market_title(said("title", "imports"), simulated=file.spec.market.simulated)
    return table(title, heads("file", "what", "rows", "first", "last", "imported"), rows)


@market_app.command("undo")
def market_undo(
    export: Annotated[
        str, typer.Argument(help="the file, or digits of its SHA-256 as market imports has them")
    ],
    product: File = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="do it; else it is only told")] = False,
    as_json: AsJson = False,
) -> None:
    """Take an imported file back: its rows say nothing any more, its money goes back by lines of its own."""
    from steelyard.api.imports import undo_import
    from steelyard.cli.market_words import told
    from steelyard.cli.show import heads, out, said, table
    from steelyard.spec import load

    file = load(product)
    facts = undo_import(file, export, dry=True)
    if as_json:
        return out(undo_import(file, facts["file"]) if yes else facts)
    if not facts["rows"]:
        return typer.echo(f"{facts['file'][:_DIGITS]}: {told('undo.nothing')}")
    typer.echo(_title(facts))
    if facts["money"]:
        rows = [[said("account", m["account"]), m["lines"], m["money"]] for m in facts["money"]]
        table("", heads("account", "lines", "money"), rows)
    for sentence in _left(facts):
        typer.echo(f"- {sentence}")
    if not yes:
        return typer.echo(told("undo.ask"))
    done = undo_import(file, facts["file"])
    return typer.echo(told("undo.done", rows=done["rows"], lines=done["lines"]))


def _title(facts: Mapping[str, Any]) -> str:
    from steelyard.cli.market_words import told
    from steelyard.cli.show import said

    kinds = (
        told("undo.kind", rows=n, kind=said("event", kind)) for kind, n in facts["kinds"].items()
    )
    return told(
        "undo.title",
        file=facts["file"][:_DIGITS],
        rows=facts["rows"],
        first=facts["first"],
        last=facts["last"],
        kinds=", ".join(kinds),
    )


def _left(facts: Mapping[str, Any]) -> Iterator[str]:
    """What the file leaves behind, where it does."""
    from steelyard.cli.market_words import told

    for name in _LEFT:
        if facts[name]:
            yield told(f"undo.{name}", n=facts[name])
