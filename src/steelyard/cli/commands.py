"""Every command, each a thin skin over one public function. Knows no stage's inside.

Example: `steelyard check product.yaml --json`
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard.cli.groups import by_default
from steelyard.cli.releasing import release_app
from steelyard.errors import UserError
from steelyard.version import __version__

app = typer.Typer(
    name="steelyard", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Does the next unit of money go into technology or into the market?",
)  # fmt: skip
File = Annotated[Path, typer.Argument(help="the product file")]
AsJson = Annotated[bool, typer.Option("--json", help="facts as JSON on standard output")]
DEFAULT = Path("product.yaml")
SHORT = 10  # of an id, for the eye; --json shows the whole


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Does the next unit of money go into technology or into the market?"""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="where product.yaml is written")] = Path(),
    example: Annotated[
        str, typer.Option(help="reviews (Chinese), intents (English) or digits")
    ] = "reviews",
) -> None:
    """Write a commented product.yaml to start from, and the data of the example if it has any."""
    from steelyard.cli.examples import example_files
    from steelyard.store.files import write

    made = {folder / name: text for name, text in example_files(example).items()}
    there = next((path for path in made if path.exists()), None)
    if there is not None:  # nothing is written when one of them would be lost
        raise UserError(str(there), "no file there yet", "one", "edit it, or name another folder")
    for path, text in made.items():
        write(path, text)
    typer.echo(
        f"wrote {', '.join(map(str, made))}; next: steelyard check {folder / 'product.yaml'}"
    )


@app.command()
def check(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Open the data, estimate what a turn costs, and exit 2 where it cannot work; spends nothing."""
    from steelyard.cli.estimate import estimate
    from steelyard.cli.show import out
    from steelyard.errors import SpecError
    from steelyard.spec import load

    try:
        facts = estimate(load(product))
    except SpecError as error:
        if as_json:
            out({"problems": error.problems})
        raise
    if as_json:
        out(facts)
    else:
        _show_estimate(product, facts)
    if facts["problems"]:
        raise SpecError(facts["problems"])


def _show_estimate(product: Path, facts: dict[str, Any]) -> None:
    from steelyard.cli.show import table

    rows = [
        [r["step"], r["quantity"], r["unit"], r["money"], r["minutes"], r["because"]]
        for r in facts["steps"]
    ]
    verdict = "cannot work yet; without that," if facts["problems"] else "is valid;"
    table(
        f"{product} {verdict} a turn is estimated at {facts['total']} and {facts['minutes']:g} minutes of one core",
        ["step", "quantity", "unit", "money", "minutes", "because"], rows,
    )  # fmt: skip
    for place, n in facts["data"]["read"].items():
        first = "" if facts["data"]["whole"] else "the first "
        typer.echo(f"read {first}{n:,} records of {place}")
    rejects = facts["data"]["rejects"]
    if rejects.get("total"):
        from steelyard.data.rejects import labels_said

        reasons = ", ".join(f"{n:,} for {reason}" for reason, n in rejects["reasons"].items())
        told = labels_said(rejects.get("labels") or [])
        where = rejects["examples"][0]["where"]
        typer.echo(f"rejected {rejects['total']:,}: {reasons}{f' ({told})' if told else ''}; the first at {where}")  # fmt: skip


@app.command()
def schema() -> None:
    """Print the JSON schema of product.yaml."""
    from steelyard.cli.show import out
    from steelyard.spec import Product

    out(Product.model_json_schema())


@app.command()
def doctor(
    product: Annotated[Path | None, typer.Argument(help="verify the store of this file")] = None,
    as_json: AsJson = False,
) -> None:
    """What is present, what is missing, and the line that repairs it.

    With a product file its whole store is verified; exit 2 when something is damaged or missing.
    """
    from steelyard.cli.doctor import examine, show_store
    from steelyard.cli.show import out, table

    if product is not None:
        if show_store(product, as_json=as_json):
            raise typer.Exit(2)
        return None
    facts = examine()
    if as_json:
        return out(facts)
    rows = [[f["name"], f["found"] or "missing", f["for"], f["repair"]] for f in facts]
    table("steelyard doctor", ["what", "found", "for", "repair"], rows)


@app.command()
def turn(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Run one turn of the loop, or continue the one that was interrupted."""
    run_until(product, until=None, as_json=as_json)


def _stage(step: str, words: str) -> Callable[..., None]:
    def command(product: File = DEFAULT, as_json: AsJson = False) -> None:
        run_until(product, until=step, as_json=as_json)

    command.__doc__ = words
    return command


for _name, _step, _words in (
    ("data", "data", "Read, clean, deduplicate and split the data."),
    ("label", "label", "Take labels from the training pool, each at money.prices.label."),
    ("train", "train", "Fit the baseline and train the model."),
    ("plan", "plan", "Say where the next unit of money returns most."),
):
    app.command(_name)(_stage(_step, f"{_words} Runs the steps before it that are not done."))


@app.command()
def compress(
    product: File = DEFAULT,
    again: Annotated[
        bool, typer.Option("--again", help="measure and choose anew, build and train nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build smaller variants, measure them here, choose by money. Runs the steps before it that are not done."""
    run_until(product, until="compress", as_json=as_json, again=again)


def run_until(
    path: Path, *, until: str | None, as_json: bool, again: bool = False
) -> None:  # fmt: skip
    """Run a turn up to a step, or the whole of it, and show what came of it; `again` measures the
    step anew."""
    from steelyard.cli.facts import headlines
    from steelyard.cli.progress import Screen
    from steelyard.cli.show import language, out
    from steelyard.loop import gate
    from steelyard.loop import turn as turn_the_wheel
    from steelyard.spec import load

    file = load(path)
    with Screen() as screen:
        done = turn_the_wheel(file, until=until, again=again, watcher=screen)
    report = str(done.report) if done.report else None
    if as_json:  # for a program, whatever the environment speaks
        said = headlines(file, done.outputs)
        out({"turn": done.id, "headline": said, "ran": done.ran, "report": report, "outputs": done.outputs})  # fmt: skip
    elif until in (None, "plan"):
        from rich.console import Console

        from steelyard.report import closing_table, gather
        from steelyard.store import Store

        with closing(Store.open(file)) as store:
            Console().print(closing_table(gather(store, file, done.outputs), language=language()))
        if done.report:
            name = done.report.name.replace(".en.", f".{language()}.")
            typer.echo(f"report: {done.report.with_name(name)}")
    gate(done)  # the facts are shown all the same


@app.command()
def serve(
    product: File = DEFAULT,
    host: Annotated[str | None, typer.Option(help="instead of serve.host")] = None,
    port: Annotated[
        int | None, typer.Option(help="instead of serve.port", min=0, max=65535)
    ] = None,
) -> None:
    """Serve the released variants over HTTP."""
    from steelyard.serve import serve as serve_forever
    from steelyard.spec import load

    serve_forever(load(product), host=host, port=port)


@app.command()
def replay(
    product: File = DEFAULT,
    url: Annotated[str | None, typer.Option(help="a running server; default: start one")] = None,
    records: Annotated[int | None, typer.Option(help="how many, with --url", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Send stream records as users' requests, return their labels, read the canary out.

    Against a server of your own (--url) the readout is shown and the next turn decides on it.
    """
    if url is None:
        return run_until(product, until="replay", as_json=as_json)
    from steelyard.cli.replaying import replay_against
    from steelyard.cli.show import out

    return out(replay_against(product, url=url, records=records))


@app.command()
def show(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Variants with their measures, and what is released."""
    from steelyard.cli.facts import released, variants
    from steelyard.cli.show import out, table
    from steelyard.spec import load

    file = load(product)
    found, live = variants(file), released(file)
    if as_json:
        return out({"variants": found, "releases": live})
    columns = ["name", "variant", "macro_f1", "p95_ms", "memory_mb", "cost_per_1000", "state"]
    heads = ["name", "variant", "macro_f1", "p95 ms", "MB", "cost/1,000", "state"]
    short = [row | {"variant": row["variant"][:SHORT]} for row in found]
    table("Variants", heads, [[row.get(c) for c in columns] for row in short])
    name = {row["variant"]: row["name"] for row in found}
    rows = [
        [r["created"][:19].replace("T", " "), name.get(r["variant"]), r["state"], r["share"], r["reason"]]
        for r in live
    ]  # fmt: skip
    return table("Releases", ["when (UTC)", "variant", "state", "share", "reason"], rows)


@app.command()
def report(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Where the newest report is."""
    from steelyard.cli.facts import reports
    from steelyard.cli.show import out
    from steelyard.spec import load

    found = reports(load(product))
    if as_json:
        return out(found)
    return typer.echo("\n".join(found))


ledger_app = typer.Typer(help="What everything cost and earned.", cls=by_default("show"))
app.add_typer(ledger_app, name="ledger")
app.add_typer(release_app, name="release")


@ledger_app.command("show")
def ledger_show(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Money by account."""
    from steelyard.cli.facts import sums
    from steelyard.cli.show import out, table
    from steelyard.spec import load

    rows = sums(load(product))
    if as_json:
        return out(rows)
    shown = [[r["account"], r["lines"], r["quantity"], r["unit"], r["money"]] for r in rows]
    return table("Ledger", ["account", "lines", "quantity", "unit", "money"], shown)


@ledger_app.command("verify")
def ledger_verify(
    product: File = DEFAULT,
    against: Annotated[Path | None, typer.Option(help="a seal that was made before")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the hash chain and every row; exit 2 names the first line that was changed.

    Against a seal, lines that were cut off and a chain that was computed anew are found too.
    """
    from steelyard.cli.facts import verified
    from steelyard.cli.show import out
    from steelyard.spec import load

    lines = verified(load(product), sealed=against)
    if as_json:
        return out({"lines": lines, "unbroken": True})
    return typer.echo(f"{lines:,} ledger lines, unbroken chain")


@ledger_app.command("seal")
def ledger_seal(
    product: File = DEFAULT,
    out: Annotated[Path | None, typer.Option(help="a file, best kept on another machine")] = None,
) -> None:
    """Write an anchor of the ledger, to keep outside it: how far it went, its hash and its sums."""
    from steelyard.cli import show
    from steelyard.cli.facts import sealed
    from steelyard.spec import load
    from steelyard.store.seal import write_seal

    made = sealed(load(product))
    if out is None:
        return show.out(made)
    write_seal(out, made)
    return typer.echo(f"sealed {made['lines']:,} lines in {out}; keep it where the ledger is not")
