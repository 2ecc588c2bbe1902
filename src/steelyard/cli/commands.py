"""Every command, each a thin skin over one public function. Knows no stage's inside.

Example: `steelyard check product.yaml --json`
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.as_json import of_json
from steelyard.cli import measuring, undoing  # noqa: F401  # their commands are those of market_app
from steelyard.cli.booking import ledger_app, statement
from steelyard.cli.economics import economics
from steelyard.cli.groups import Group
from steelyard.cli.looking import diff, report, show
from steelyard.cli.marketing import market_app
from steelyard.cli.options import DEFAULT, AsJson, File
from steelyard.cli.partners import market_partners
from steelyard.cli.planning import plan_app
from steelyard.cli.releasing import release_app
from steelyard.cli.sandbox import sandbox
from steelyard.errors import UserError
from steelyard.version import __version__

if TYPE_CHECKING:
    from steelyard.spec import ProductFile

app = typer.Typer(
    name="steelyard",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Does the next unit of money go into technology or into the market?",
)


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
        str,
        typer.Option(help="reviews (Chinese), intents (English), names (spans, Chinese) or digits"),
    ] = "reviews",
) -> None:
    """Write a commented product.yaml to start from, and the data of the example if it has any."""
    from steelyard.cli.examples import example_files
    from steelyard.files import write

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
    from steelyard.api.estimate import estimate
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
    from steelyard.cli.show import heads, said, table

    rows = [
        [
            said("step", r["step"]),
            r["quantity"],
            said("unit", r["unit"]),
            r["money"],
            r["minutes"],
            r["because"],
        ]
        for r in facts["steps"]
    ]
    verdict = "cannot work yet; without that," if facts["problems"] else "is valid;"
    table(
        f"{product} {verdict} a turn is estimated at {facts['total']} and {facts['minutes']:g} minutes of one core",
        heads("step", "quantity", "unit", "money", "minutes", "because"),
        rows,
    )
    for place, n in facts["data"]["read"].items():
        first = "" if facts["data"]["whole"] else "the first "
        typer.echo(f"read {first}{n:,} records of {place}")
    from steelyard.data.left import RejectCounts

    rejects = of_json(RejectCounts, facts["data"]["rejects"])
    if rejects.total:
        from steelyard.data.rejects import labels_said

        reasons = ", ".join(f"{n:,} for {reason}" for reason, n in rejects.reasons.items())
        told = labels_said(rejects.labels)
        where = rejects.examples[0].where
        typer.echo(
            f"rejected {rejects.total:,}: {reasons}{f' ({told})' if told else ''}; the first at {where}"
        )


@app.command()
def schema() -> None:
    """Print the JSON schema of product.yaml."""
    from steelyard.cli.reference import schema as whole
    from steelyard.cli.show import out

    out(whole())


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
def turn(
    product: File = DEFAULT,
    until: Annotated[str | None, typer.Option(help="the last step that is run")] = None,
    over_budget: Annotated[
        bool, typer.Option("--over-budget", help="spend more than money.budgets say")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run one turn of the loop, or continue the one that was interrupted."""
    run_until(product, until=until, as_json=as_json, over_budget=over_budget)


def _stage(step: str, words: str) -> Callable[..., None]:
    def command(product: File = DEFAULT, as_json: AsJson = False) -> None:
        run_until(product, until=step, as_json=as_json)

    command.__doc__ = words
    return command


for _name, _step, _words in (
    ("data", "data", "Read, clean, deduplicate and split the data."),
    ("label", "label", "Take labels from the training pool, each at money.prices.label."),
    ("train", "train", "Fit the baseline and train the model."),
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
    path: Path,
    *,
    until: str | None,
    as_json: bool,
    again: bool = False,
    over_budget: bool = False,
) -> None:
    """Run a turn up to a step, or the whole of it, and show what came of it; `again` measures the
    step anew."""
    from steelyard.api.facts import headlines
    from steelyard.cli.progress import Screen
    from steelyard.cli.show import language, out
    from steelyard.loop import gate
    from steelyard.loop import turn as turn_the_wheel
    from steelyard.spec import load

    file = load(path)
    with Screen() as screen:
        done = turn_the_wheel(
            file, until=until, again=again, over_budget=over_budget, watcher=screen
        )
    report = str(done.report) if done.report else None
    if as_json:  # for a program, whatever the environment speaks
        said = headlines(file, done.outputs)
        out(
            {
                "turn": done.id,
                "headline": said,
                "ran": done.ran,
                "report": report,
                "outputs": done.outputs,
            }
        )
    elif until in (None, "plan"):
        from rich.console import Console

        from steelyard.report import closing_table, gather
        from steelyard.stage import names
        from steelyard.store import Store

        with closing(Store.open(file)) as store:
            Console().print(
                closing_table(gather(store, file, done.outputs, steps=names()), language=language())
            )
        if done.report:
            name = done.report.name.replace(".en.", f".{language()}.")
            typer.echo(f"report: {done.report.with_name(name)}")
    _alerts(file)
    gate(done)  # the facts are shown all the same


def _alerts(file: ProductFile) -> None:
    """Budgets of which so much is spent that it is said."""
    from steelyard.api.budgets import budgets

    for one in budgets(file):
        if one["alert"]:
            typer.echo(
                f"budget {one['name']}: {one['spent']} of {one['a_month']} spent in {one['month']}",
                err=True,
            )


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
    from steelyard.api.replaying import replay_against
    from steelyard.cli.progress import Screen
    from steelyard.cli.show import out
    from steelyard.spec import load

    with Screen() as screen:
        readout = replay_against(load(product), url=url, records=records, watcher=screen)
    return out(readout)


for _look in (show, diff, report):
    app.command()(_look)
app.command()(statement)
app.command()(economics)
app.command()(sandbox)
app.add_typer(ledger_app, name="ledger")
market_app.command("partners")(market_partners)
app.add_typer(market_app, name="market")
app.add_typer(release_app, name="release")
app.add_typer(plan_app, name="plan")
